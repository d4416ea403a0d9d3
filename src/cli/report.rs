//! `changegate report`: pages for a meeting.

mod controls;
mod teams;

use std::path::{Path, PathBuf};

use changegate::audit::tally::Question;
use changegate::audit::{self, Access, Store, query};
use changegate::finding::Diagnostic;
use changegate::gate::{self, AuditRequest, Request, Surroundings};
use changegate::metrics::history::{History, Owners, link};
use changegate::metrics::record::Records;
use changegate::metrics::source;
use changegate::outcome::{Outcome, Verdict};
use changegate::report::{Format, cab};
use changegate::source::Sources;
use clap::{Args, Subcommand};
use jiff::tz::TimeZone;
use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::{Answer, InputArgs, PolicyArgs, check, environment};

/// Endings of change requests in a directory.
const REQUESTS: [&str; 3] = ["yaml", "yml", "json"];

#[derive(Debug, Subcommand)]
pub(crate) enum ReportCommand {
    /// The pack for the change advisory board: decision, risk, schedule, blast radius, evidence, approvals, questions
    Cab(Box<CabArgs>),
    /// What teams deliver and how it goes: DORA's five with intervals, trends, who could use support
    Teams(Box<teams::TeamsArgs>),
    /// What the gate did for each control of SOC 2, ISO 27001, NIST, HIPAA, PCI and GDPR, from the audit trail
    Controls(Box<controls::ControlsArgs>),
}

#[derive(Debug, Args)]
pub(crate) struct CabArgs {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    policy: PolicyArgs,
    /// Directory of change requests that are on the agenda together
    #[arg(long, value_name = "DIR", conflicts_with = "change")]
    changes: Option<PathBuf>,
    /// Where cab.html and cab.md are written
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
    /// html or markdown (repeatable) [default: both]
    #[arg(long, value_name = "FORMAT", value_delimiter = ',')]
    format: Vec<Format>,
    /// Time zone of the board, for example Europe/Berlin [default: that of the first request, else UTC]
    #[arg(long, value_name = "ZONE", value_parser = zone)]
    timezone: Option<TimeZone>,
}

fn zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name).map_err(|_| "a time zone has an IANA name, for example Europe/Berlin".into())
}

/// Judges what is on the agenda, writes the pages, and says where they are. A page about a change that is denied is as
/// good as any: only what keeps a page from being written, or a change from being judged, is a failure.
pub(crate) fn run(command: &ReportCommand) -> Answer {
    let args = match command {
        ReportCommand::Cab(args) => args,
        ReportCommand::Teams(args) => return teams::run(args),
        ReportCommand::Controls(args) => return controls::run(args),
    };
    match pack(args) {
        Ok(answer) => answer,
        Err(fault) => super::audit::fault(&fault),
    }
}

/// One run of the gate with the cases it judged.
struct Judged {
    outcome: Outcome,
    cases: Vec<cab::Case>,
}

fn pack(args: &CabArgs) -> Result<Answer, Diagnostic> {
    let requests = requests(args)?;
    let judged: Vec<Judged> = check::with_progress(false, |progress| {
        gate::in_pool(environment::jobs(args.input.jobs), || {
            let judge = |request: &Request| {
                let (outcome, cases) = gate::dossier(request, progress);
                Judged { outcome, cases }
            };
            requests.iter().map(judge).collect()
        })
    });
    let mut items = Vec::new();
    for (request, judged) in requests.iter().zip(&judged) {
        if judged.cases.is_empty() {
            items.push(cab::Item { outcome: &judged.outcome, case: None, record: None });
        }
        for case in &judged.cases {
            let record = last_record(request, case)?;
            items.push(cab::Item { outcome: &judged.outcome, case: Some(case), record });
        }
    }
    let zone = args.timezone.clone().unwrap_or_else(|| planned_zone(&items));
    let mut answer = write(args, &items, &zone)?;
    if judged.iter().any(|j| j.outcome.decision == Verdict::Undecided) {
        answer.stderr.extend(b"changegate: a change could not be judged; the report says what could not be read\n");
        answer.code = 2;
    }
    Ok(answer)
}

/// One request of the gate for each change request of the directory, else one for what was named or found.
fn requests(args: &CabArgs) -> Result<Vec<Request>, Diagnostic> {
    let policies = args.policy.request();
    let request = check::request(&args.input, policies, AuditRequest::Off);
    let Some(directory) = &args.changes else { return Ok(vec![request]) };
    let unreadable = |error: std::io::Error| {
        Diagnostic::error("report::changes", format!("the directory cannot be read: {error}"))
            .in_file(directory.display().to_string())
            .help("name the directory that holds the change requests")
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|e| REQUESTS.iter().any(|known| e.eq_ignore_ascii_case(known))) {
            files.push(path);
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(Diagnostic::error("report::changes", "there is no change request here")
            .in_file(directory.display().to_string())
            .help("a change request is a YAML or JSON file"));
    }
    Ok(files.into_iter().map(|path| Request { changes: vec![path], ..request.clone() }).collect())
}

/// The zone in which the first request is planned.
fn planned_zone(items: &[cab::Item<'_>]) -> TimeZone {
    let name = items.iter().find_map(|item| {
        let change = item.case?.world.change.as_ref()?;
        change.document.at(&["spec", "schedule", "timezone"])?.as_str()
    });
    name.and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC)
}

/// The latest decision about the change in the configured audit trail, if there is a trail.
fn last_record(request: &Request, case: &cab::Case) -> Result<Option<cab::Record>, Diagnostic> {
    let Some(change) = &case.world.change else { return Ok(None) };
    let id = change.document.at(&["metadata", "id"]).and_then(|n| n.as_str());
    let (root, config) = gate::audit_place(request)?;
    let access =
        Access { level: config.level, on_failure: config.on_failure, password: request.audit_password.clone() };
    let store = audit::open(&config.destination, &root, &access)?;
    if store.size()? == 0 {
        return Ok(None);
    }
    let filter = query::Filter { change: id.map(str::to_owned), kind: Some("decision".into()), ..Default::default() };
    let mut latest = None;
    query::each(&*store, &filter, &mut |reading| {
        latest = Some(cab::Record {
            id: reading.id().to_owned(),
            index: Some(reading.index),
            decision: reading.text("/decision").unwrap_or_default().to_owned(),
            at: reading.at_instant().map(|at| at.to_string()).unwrap_or_default(),
        });
    })?;
    Ok(latest)
}

fn write(args: &CabArgs, items: &[cab::Item<'_>], zone: &TimeZone) -> Result<Answer, Diagnostic> {
    let now = environment::clock(args.input.now).now;
    let formats = if args.format.is_empty() { vec![Format::Html, Format::Markdown] } else { args.format.clone() };
    let mut answer = Answer::default();
    create(&args.out)?;
    for format in formats {
        let page = cab::render(items, format, zone, now)
            .map_err(|error| Diagnostic::error("report::template", format!("the page cannot be made: {error:#}")))?;
        let path = args.out.join(format!("cab.{}", format.extension()));
        std::fs::write(&path, page).map_err(|error| unwritable(&path, &error))?;
        answer.stdout.extend(format!("{}\n", path.display()).bytes());
    }
    Ok(answer)
}

fn create(directory: &Path) -> Result<(), Diagnostic> {
    std::fs::create_dir_all(directory).map_err(|error| unwritable(directory, &error))
}

fn unwritable(path: &Path, error: &std::io::Error) -> Diagnostic {
    Diagnostic::error("report::unwritable", format!("the page cannot be written: {error}"))
        .in_file(path.display().to_string())
        .help("name another directory with `--out DIR`")
}

/// What the audit trail and the documents tell, up to an instant.
pub(super) fn history(around: &Surroundings, store: &dyn Store, now: jiff::Timestamp) -> Result<History, Diagnostic> {
    let question = Question { production: around.production(), since: None };
    let mut records = Records::default();
    source::trail(store, &question, &mut records)?;
    source::documents(&around.documents, &question.production, &mut records);
    Ok(link(records, &Owners::of(&around.documents.catalog), now))
}

/// A fault with its place in words: what points into a document is shown by its path and line.
pub(super) fn located(fault: Diagnostic, sources: &Sources) -> Diagnostic {
    match fault.span.and_then(|span| sources.locate(span)) {
        Some(place) => Diagnostic { span: None, ..fault }.in_file(place.to_string()),
        None => fault,
    }
}

/// Writes the pages, and the figures for programs beside them, as `NAME.html`, `NAME.md`, `NAME.json`, `NAME.csv`.
fn write_all(
    out: &Path,
    name: &str,
    formats: &[Format],
    page: &dyn Fn(Format) -> Result<String, minijinja::Error>,
    json: String,
    csv: String,
) -> Result<Answer, Diagnostic> {
    let formats = if formats.is_empty() { &[Format::Html, Format::Markdown] } else { formats };
    let mut files = Vec::new();
    for format in formats {
        let page = page(*format)
            .map_err(|error| Diagnostic::error("report::template", format!("the page cannot be made: {error:#}")))?;
        files.push((format.extension(), page));
    }
    files.extend([("json", json), ("csv", csv)]);
    create(out)?;
    let mut answer = Answer::default();
    let write = |(extension, text): (&str, String)| {
        let path = out.join(format!("{name}.{extension}"));
        std::fs::write(&path, text).map_err(|error| unwritable(&path, &error))?;
        Ok::<_, Diagnostic>(path)
    };
    for path in files.into_par_iter().map(write).collect::<Result<Vec<_>, _>>()? {
        answer.stdout.extend(format!("{}\n", path.display()).bytes());
    }
    Ok(answer)
}
