//! `changegate report controls`.

use std::path::PathBuf;

use changegate::audit::tally::{Question, tally};
use changegate::audit::{self, Access};
use changegate::finding::Diagnostic;
use changegate::gate::{self, Request, policies};
use changegate::metrics::controls::{Matrix, Scope, matrix, serving};
use changegate::policy::bundle::GitSource;
use changegate::report::{Format, controls};
use clap::Args;

use super::super::{Answer, PolicyArgs, check, environment};
use super::{located, write_all};

#[derive(Debug, Args)]
pub(crate) struct ControlsArgs {
    #[command(flatten)]
    policy: PolicyArgs,
    /// Directory of context documents; ControlAssessment is read [default: .changegate]
    #[arg(long, value_name = "DIR")]
    context: Option<PathBuf>,
    /// The audit trail [default: as configured]
    #[arg(long, value_name = "DEST")]
    audit: Option<String>,
    /// Decisions from this instant on, RFC 3339
    #[arg(long, value_name = "INSTANT", value_parser = crate::cli::instant)]
    since: Option<jiff::Timestamp>,
    /// The instant of the report, RFC 3339 [default: the clock]
    #[arg(long, value_name = "INSTANT", value_parser = crate::cli::instant)]
    now: Option<jiff::Timestamp>,
    /// Where controls.html, controls.md, controls.json and controls.csv are written
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
    /// html or markdown (repeatable) [default: both]
    #[arg(long, value_name = "FORMAT", value_delimiter = ',')]
    format: Vec<Format>,
}

/// Sums up the trail, writes the pages and says where they are.
pub(super) fn run(args: &ControlsArgs) -> Answer {
    match report(args) {
        Ok(answer) => answer,
        Err(fault) => super::super::audit::fault(&fault),
    }
}

fn report(args: &ControlsArgs) -> Result<Answer, Diagnostic> {
    let mut request = check::bare();
    request.context.clone_from(&args.context);
    let around = gate::surroundings(&request).map_err(|(fault, sources)| located(fault, &sources))?;
    let configured = around.config.policies.paths.iter().map(|path| match GitSource::is(path) {
        true => PathBuf::from(path),
        false => around.root.join(path),
    });
    let dirs: Vec<PathBuf> = configured.chain(args.policy.dirs.iter().cloned()).collect();
    let loaded = policies::load_named(
        !args.policy.no_builtin && around.config.policies.builtin,
        &dirs,
        &Request { policies: args.policy.request(), ..check::bare() },
    );
    if let Some(fault) = loaded.library.diagnostics.first() {
        return Err(located(fault.clone(), &loaded.sources));
    }
    let access = Access { password: request.audit_password.clone(), ..Access::default() };
    let store = match &args.audit {
        Some(given) => audit::open(given, &request.directory, &access)?,
        None => audit::open(&around.config.audit.destination, &around.root, &access)?,
    };
    let question = Question { production: around.production(), since: args.since };
    let sums = tally(&*store, &question)?;
    let scope = Scope { now: environment::clock(args.now).now, since: args.since, trail: store.name() };
    write(args, &matrix(&serving(&loaded.library), &sums, &around.documents, scope))
}

fn write(args: &ControlsArgs, matrix: &Matrix) -> Result<Answer, Diagnostic> {
    let json = controls::json(matrix)
        .map_err(|e| Diagnostic::error("report::json", format!("the figures cannot be written: {e}")))?;
    let page = |format| controls::render(matrix, format);
    write_all(&args.out, "controls", &args.format, &page, json, controls::csv(matrix))
}
