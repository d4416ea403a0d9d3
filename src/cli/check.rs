//! `changegate check`: judge a change.

use std::path::Path;

use changegate::audit::Attestation;
use changegate::facts::Stage;
use changegate::gate::{self, AuditRequest, PolicyRequest, Progress, Request, Silent};
use changegate::outcome::Outcome;
use changegate::output::{self, Format, Show, Style};
use changegate::waiver::baseline;

use super::progress::Bar;
use super::{Answer, CheckArgs, InputArgs, environment, recheck};

/// Judges, writes the outputs, and answers with the exit code of the decision.
pub(super) fn run(args: &CheckArgs) -> Answer {
    if let Some(record) = &args.replay {
        return recheck::run(args, record);
    }
    let audit = match (&args.audit, args.no_audit) {
        (_, true) => AuditRequest::Off,
        (Some(destination), false) => AuditRequest::To(destination.clone()),
        (None, false) => AuditRequest::Configured,
    };
    let isolate = match args.isolate.then(std::env::current_exe).transpose() {
        Ok(program) => program,
        Err(error) => {
            let stderr = format!("changegate: --isolate does not find this program: {error}\n").into_bytes();
            return Answer { stderr, code: 2, ..Answer::default() };
        }
    };
    let policies = PolicyRequest { isolate, ..args.policy.request() };
    let attestation = match args.attest.read(matches!(audit, AuditRequest::Off)) {
        Ok(attestation) => attestation,
        Err(fault) => return super::audit::fault(&fault),
    };
    let baseline = args.baseline.clone();
    let request =
        Request { attestation, audit_level: args.audit_level, baseline, ..request(&args.input, policies, audit) };
    let outcome = with_progress(args.quiet, |progress| {
        gate::in_pool(environment::jobs(args.input.jobs), || gate::check(&request, progress))
    });
    let show = if args.show.is_some() { Show::Everything } else { Show::Introduced };
    let style = Style { show, ..environment::style(args.color, args.quiet) };
    let mut answer = Answer {
        stdout: output::render(args.format, &outcome, &style).into_bytes(),
        code: outcome.exit_code(),
        ..Answer::default()
    };
    let outputs = args.output.iter().map(|(format, path)| (path, write(*format, path, &outcome)));
    let baseline = args.write_baseline.iter().map(|path| (path, std::fs::write(path, baseline::write(&outcome))));
    for (path, written) in outputs.chain(baseline) {
        if let Err(error) = written {
            answer.stderr.extend(format!("changegate: {} cannot be written: {error}\n", path.display()).bytes());
            answer.code = 2;
        }
    }
    answer
}

/// Runs with a progress bar where a person watches.
pub(super) fn with_progress<T>(quiet: bool, work: impl FnOnce(&dyn Progress) -> T) -> T {
    match Bar::new(quiet) {
        Some(bar) => work(&bar),
        None => work(&Silent),
    }
}

/// A request about the directory as it is, for commands that judge nothing.
pub(super) fn bare() -> Request {
    let input = InputArgs {
        paths: Vec::new(),
        base: None,
        head: None,
        plan: Vec::new(),
        change: Vec::new(),
        pull_request: None,
        context: None,
        reviews: None,
        approvals: None,
        stage: Stage::PullRequest,
        now: None,
        jobs: None,
    };
    request(&input, PolicyRequest::default(), AuditRequest::Off)
}

/// The library's request for what was typed.
pub(super) fn request(input: &InputArgs, policies: PolicyRequest, audit: AuditRequest) -> Request {
    Request {
        directory: std::env::current_dir().unwrap_or_else(|_| ".".into()),
        paths: input.paths.clone(),
        base: input.base.clone(),
        head: input.head.clone(),
        plans: input.plan.clone(),
        changes: input.change.clone(),
        pull_request: input.pull_request.clone(),
        context: input.context.clone(),
        reviews: input.reviews.clone(),
        approvals: input.approvals.clone(),
        baseline: None,
        terraform: environment::terraform(),
        programs: environment::programs(),
        stage: input.stage,
        clock: environment::clock(input.now),
        policies,
        actor: environment::actor(),
        run: environment::run(),
        audit,
        audit_level: None,
        audit_password: environment::database_password(),
        record_id: environment::record_id(),
        attestation: Attestation::default(),
        past: None,
    }
}

fn write(format: Format, path: &Path, outcome: &Outcome) -> std::io::Result<()> {
    std::fs::write(path, output::render(format, outcome, &output::Style::default()))
}
