//! `changegate check`: judge a change.

use std::path::Path;
use std::sync::Arc;

use changegate::audit::Attestation;
use changegate::facts::Stage;
use changegate::gate::{self, AuditRequest, PolicyRequest, Progress, Request, Silent};
use changegate::memory::Memory;
use changegate::outcome::Outcome;
use changegate::output::{self, Format, Show, Style};
use changegate::waiver::baseline;

use super::progress::Bar;
use super::{Answer, CheckArgs, InputArgs, cache, environment, merge, recheck};

/// Judges, writes the outputs, and answers with the exit code of the decision.
pub(super) fn run(args: &CheckArgs) -> Answer {
    if let Some(record) = &args.replay {
        return recheck::run(args, record);
    }
    if let (Some(part), Some(file)) = (args.shard, &args.shard_output) {
        return merge::part(args, part, file);
    }
    let (memory, notes) = args.cache.as_deref().map(cache::open).unwrap_or_default();
    let mut answer = judge(args, memory.clone());
    let notes = notes.into_iter().chain(memory.and_then(|memory| cache::save(&memory)));
    notes.for_each(|note| answer.stderr.extend(format!("changegate: {note}\n").bytes()));
    answer
}

/// Judges with what a memory knows.
pub(super) fn judge(args: &CheckArgs, memory: Option<Arc<Memory>>) -> Answer {
    let attestation = match args.attest.read(args.no_audit) {
        Ok(attestation) => attestation,
        Err(fault) => return super::audit::fault(&fault),
    };
    let request = match request_of(args, memory) {
        Ok(request) => Request { attestation, ..request },
        Err(answer) => return *answer,
    };
    let outcome = with_progress(args.quiet, |progress| {
        gate::in_pool(environment::jobs(args.input.jobs), || gate::check(&request, progress))
    });
    let mut answer = printed(args, &outcome);
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

/// The library's request for what `check` was asked.
pub(super) fn request_of(args: &CheckArgs, memory: Option<Arc<Memory>>) -> Result<Request, Box<Answer>> {
    let audit = match (&args.audit, args.no_audit) {
        (_, true) => AuditRequest::Off,
        (Some(destination), false) => AuditRequest::To(destination.clone()),
        (None, false) => AuditRequest::Configured,
    };
    let isolate = args.isolate.then(std::env::current_exe).transpose().map_err(|error| {
        let stderr = format!("changegate: --isolate does not find this program: {error}\n").into_bytes();
        Answer { stderr, code: 2, ..Answer::default() }
    })?;
    let policies = PolicyRequest { isolate, ..args.policy.request() };
    let (audit_level, baseline) = (args.audit_level, args.baseline.clone());
    Ok(Request { memory, audit_level, baseline, ..request(&args.input, policies, audit) })
}

/// An outcome as it was asked for, with its exit code.
pub(super) fn printed(args: &CheckArgs, outcome: &Outcome) -> Answer {
    let show = if args.show.is_some() { Show::Everything } else { Show::Introduced };
    let style = Style { show, ..environment::style(args.color, args.quiet) };
    let stdout = output::render(args.format, outcome, &style).into_bytes();
    Answer { stdout, code: outcome.exit_code(), ..Answer::default() }
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
        memory: None,
        past: None,
    }
}

fn write(format: Format, path: &Path, outcome: &Outcome) -> std::io::Result<()> {
    std::fs::write(path, output::render(format, outcome, &output::Style::default()))
}
