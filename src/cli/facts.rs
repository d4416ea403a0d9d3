//! `changegate facts`: what a policy sees.

use changegate::gate::{self, AuditRequest, PolicyRequest};
use changegate::output;

use super::check::{request, with_progress};
use super::{Answer, FactsArgs, When, environment};

/// Exit code 0, or 2 when a diagnostic is an error; what could be read is printed all the same.
pub(super) fn run(args: &FactsArgs) -> Answer {
    let policies = PolicyRequest { builtin: true, ..PolicyRequest::default() };
    let request = request(&args.input, policies, AuditRequest::Off);
    let facts = with_progress(args.quiet, |progress| {
        gate::in_pool(environment::jobs(args.input.jobs), || gate::facts(&request, progress))
    });
    let style = environment::style(When::Auto, false);
    let failed = facts.diagnostics.iter().any(|d| d.level == changegate::finding::Level::Error);
    let mut stderr = output::diagnostics(&facts.diagnostics, &facts.sources, &style);
    let mut stdout = Vec::new();
    match (&facts.input, args.quiet) {
        (_, true) => {
            let unknown: usize = facts.resources.iter().map(|r| r.unknown.len()).sum();
            stdout = format!("{} resources, {unknown} unknown values\n", facts.resources.len()).into_bytes();
        }
        (Some(input), false) => match serde_json::to_vec_pretty(input) {
            Ok(json) => stdout = json,
            Err(error) => stderr.push_str(&format!("changegate: the facts cannot be printed: {error}\n")),
        },
        (None, false) => {}
    }
    if !stdout.is_empty() && !args.quiet {
        stdout.push(b'\n');
    }
    Answer { stdout, stderr: stderr.into_bytes(), code: if failed { 2 } else { 0 } }
}
