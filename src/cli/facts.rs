//! `changegate facts`: what a policy sees.

use changegate::gate::{self, AuditRequest, PolicyRequest, RootFacts};
use changegate::output;
use changegate::policy::engine::Input;
use changegate::terraform::config::Given;

use super::check::{request, with_progress};
use super::{Answer, FactsArgs, When, environment};

/// Exit code 0, or 2 when a diagnostic is an error; what could be read is printed all the same.
pub(super) fn run(args: &FactsArgs) -> Answer {
    let policies = PolicyRequest { builtin: true, ..PolicyRequest::default() };
    let mut request = request(&args.input, policies, AuditRequest::Off);
    let files = args.var_file.iter().map(|path| Given::File(path.clone()));
    let values = args.var.iter().map(|(name, value)| Given::Variable(name.clone(), value.clone()));
    request.terraform.given = files.chain(values).collect();
    request.terraform.workspace = args.workspace.clone().or(request.terraform.workspace);
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
            let (resources, roots) = (facts.resources.len(), facts.roots.len());
            stdout = format!("{resources} resources, {unknown} unknown values, {roots} Terraform root modules\n")
                .into_bytes();
        }
        (Some(input), false) => match whole(input, &facts.roots) {
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

/// The policy input, and beside it what was understood of each Terraform root module.
fn whole(input: &Input, roots: &[RootFacts]) -> Result<Vec<u8>, String> {
    let whole = input.with(vec![("terraform_roots", Input::of(&roots)?)]);
    serde_json::to_vec_pretty(&whole).map_err(|e| e.to_string())
}
