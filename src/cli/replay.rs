//! `changegate replay`: candidate policies and thresholds on recorded decisions.

use std::path::{Path, PathBuf};

use changegate::audit::query::Filter;
use changegate::config::put_over;
use changegate::facts::Stage;
use changegate::finding::Diagnostic;
use changegate::gate::{self, AuditRequest, PolicyRequest, Questions, Request, Trial};
use changegate::metrics::proposal::{self, Proposal};
use changegate::report::backtest;
use clap::{Args, ValueEnum};
use serde_json::{Map, Value};

use super::audit::Place;
use super::report::located;
use super::{Answer, check, environment};

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("candidate").required(true).multiple(true))]
pub(crate) struct ReplayArgs {
    /// Candidate policies: a directory or a module; each takes the place of the policy of its package, or is added
    /// (repeatable)
    #[arg(long = "policy", value_name = "DIR", group = "candidate")]
    dirs: Vec<PathBuf>,
    /// Candidate thresholds: a YAML or JSON file with members of `policies.thresholds`
    #[arg(long, value_name = "FILE", group = "candidate")]
    thresholds: Option<PathBuf>,
    /// What post-implementation reviews and the history propose and the configuration does not say yet
    #[arg(long, group = "candidate")]
    reviews: bool,
    /// Write what `--reviews` proposes as a patch of changegate.yaml, for `git apply`
    #[arg(long, value_name = "FILE", requires = "reviews")]
    patch: Option<PathBuf>,
    /// Decisions from this instant on, RFC 3339
    #[arg(long, value_name = "INSTANT", value_parser = super::instant)]
    since: Option<jiff::Timestamp>,
    /// Decisions before this instant, RFC 3339
    #[arg(long, value_name = "INSTANT", value_parser = super::instant)]
    until: Option<jiff::Timestamp>,
    /// Decisions at this stage alone
    #[arg(long, value_name = "STAGE", value_parser = super::stage)]
    stage: Option<Stage>,
    /// Decisions about this change alone
    #[arg(long, value_name = "ID")]
    change: Option<String>,
    /// The audit trail [default: as configured]
    #[arg(long, value_name = "DEST")]
    audit: Option<String>,
    /// The instant up to which the history counts for `--reviews`, RFC 3339 [default: the clock]
    #[arg(long, value_name = "INSTANT", value_parser = super::instant)]
    now: Option<jiff::Timestamp>,
    /// Output on standard output
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Form::Pretty)]
    format: Form,
    /// Threads [default: the number of processors]
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// Print the headline only
    #[arg(long, short)]
    quiet: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    Pretty,
    Json,
    Markdown,
}

/// Exit code 0: every verdict stays as it was; 1: some differ; 2: the candidate does not load, or nothing could be judged.
pub(super) fn run(args: &ReplayArgs) -> Answer {
    match replay(args) {
        Ok(answer) => answer,
        Err(fault) => super::audit::fault(&fault),
    }
}

fn replay(args: &ReplayArgs) -> Result<Answer, Diagnostic> {
    let place = Place::open(args.audit.as_deref())?;
    place.must_exist()?;
    let proposals = if args.reviews { proposed(args, &place)? } else { Vec::new() };
    let trial = Trial { policies: args.dirs.clone(), thresholds: candidate(args, &proposals)? };
    if trial == Trial::default() {
        return Ok(Answer { stdout: listed(&proposals, args).into_bytes(), ..Answer::default() });
    }
    let questions = Questions {
        filter: Filter { since: args.since, until: args.until, change: args.change.clone(), ..Filter::default() },
        stage: args.stage,
    };
    let here = here(args);
    let (jobs, store) = (environment::jobs(args.jobs), &*place.store);
    let report = check::with_progress(args.quiet, |progress| {
        gate::backtest(store, &questions, &gate::Bench { here: &here, jobs }, trial, progress)
    })?;
    let text = match args.format {
        _ if args.quiet => format!("{}\n", report.headline()),
        Form::Pretty => listed(&proposals, args) + &backtest::text(&report),
        Form::Markdown => listed(&proposals, args) + &backtest::markdown(&report),
        Form::Json => {
            let mut told = backtest::json(&report);
            put_over(&mut told, &serde_json::json!({"proposals": proposals}));
            format!("{told:#}\n")
        }
    };
    let differ = report.other_verdicts().next().is_some();
    Ok(Answer { stdout: text.into_bytes(), code: u8::from(differ), ..Answer::default() })
}

/// Where decisions are given again: nothing that was typed for one of them holds for all.
fn here(args: &ReplayArgs) -> Request {
    let audit = args.audit.clone().map_or(AuditRequest::Configured, AuditRequest::To);
    let policies = PolicyRequest { builtin: true, cache: environment::cache(), ..PolicyRequest::default() };
    Request { policies, audit, ..check::bare() }
}

fn candidate(args: &ReplayArgs, proposals: &[Proposal]) -> Result<Map<String, Value>, Diagnostic> {
    let mut thresholds = proposal::thresholds(proposals);
    if let Some(path) = &args.thresholds {
        for (id, value) in proposal::read(&path.display().to_string(), &text_of(path)?)? {
            put_over(thresholds.entry(id).or_insert(Value::Null), &value);
        }
    }
    Ok(thresholds)
}

fn text_of(path: &Path) -> Result<String, Diagnostic> {
    std::fs::read_to_string(path).map_err(|error| {
        Diagnostic::error("replay::unreadable", format!("the file cannot be read: {error}"))
            .in_file(path.display().to_string())
            .help("name a file with members of `policies.thresholds`, for example `HA-001: {replicas: {\"2\": 3}}`")
    })
}

/// What reviews and history propose; with `--patch`, also as a file.
fn proposed(args: &ReplayArgs, place: &Place) -> Result<Vec<Proposal>, Diagnostic> {
    let around = gate::surroundings(&check::bare()).map_err(|(fault, sources)| located(fault, &sources))?;
    let now = environment::clock(args.now).now;
    let history = super::report::history(&around, &*place.store, now)?;
    let proposals = proposal::all(&around.documents, &around.config, &history);
    if let Some(patch) = &args.patch {
        let name = changegate::discover::CONFIG_FILE;
        let text = std::fs::read_to_string(around.root.join(name)).unwrap_or_default();
        let patch_text = proposal::patch(name, &text, &proposal::thresholds(&proposals))?;
        std::fs::write(patch, patch_text).map_err(|error| {
            Diagnostic::error("replay::unwritable", format!("the patch cannot be written: {error}"))
                .in_file(patch.display().to_string())
                .help("name another file")
        })?;
    }
    Ok(proposals)
}

fn listed(proposals: &[Proposal], args: &ReplayArgs) -> String {
    match (args.reviews, args.format) {
        (false, _) => String::new(),
        (true, Form::Json) => format!("{:#}\n", serde_json::json!({"proposals": proposals})),
        (true, _) => proposal::text(proposals),
    }
}
