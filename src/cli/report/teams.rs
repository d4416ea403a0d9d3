//! `changegate report teams`.

use std::path::PathBuf;

use changegate::audit::govern::{self, By};
use changegate::audit::tally::Question;
use changegate::audit::{self, Access, Store};
use changegate::finding::Diagnostic;
use changegate::gate::{self, Surroundings};
use changegate::metrics::history::{Owners, link};
use changegate::metrics::record::Records;
use changegate::metrics::source::{self, Branch};
use changegate::metrics::summary::{Summary, summarise};
use changegate::report::{Format, teams};
use clap::Args;
use jiff::tz::TimeZone;

use super::super::attest::AttestArgs;
use super::super::{Answer, check, environment};
use super::{located, write_all, zone};

#[derive(Debug, Args)]
pub(crate) struct TeamsArgs {
    /// Directory of context documents: DeployHistory, IncidentLog, PIR, Postmortem, catalogue, … [default: .changegate]
    #[arg(long, value_name = "DIR")]
    context: Option<PathBuf>,
    /// The audit trail [default: as configured]
    #[arg(long, value_name = "DEST")]
    audit: Option<String>,
    /// A branch that is deployed to production as it grows: merges, squashes, reverts (repeatable)
    #[arg(long, value_name = "REF")]
    branch: Vec<String>,
    /// Deployments of the GitHub API, each with its `statuses` (repeatable); `SERVICE=FILE` where they do not name one
    #[arg(long, value_name = "FILE", value_parser = deployments)]
    github: Vec<(Option<String>, PathBuf)>,
    /// Nothing before this instant, RFC 3339
    #[arg(long, value_name = "INSTANT", value_parser = crate::cli::instant)]
    since: Option<jiff::Timestamp>,
    /// The instant of the report, RFC 3339 [default: the clock]
    #[arg(long, value_name = "INSTANT", value_parser = crate::cli::instant)]
    now: Option<jiff::Timestamp>,
    /// Time zone of weeks, quarters and hours, for example Europe/Berlin [default: UTC]
    #[arg(long, value_name = "ZONE", value_parser = zone)]
    timezone: Option<TimeZone>,
    /// Where teams.html, teams.md, teams.json and teams.csv are written
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
    /// html or markdown (repeatable) [default: both]
    #[arg(long, value_name = "FORMAT", value_delimiter = ',')]
    format: Vec<Format>,
    /// Show what single people deployed; the reason is written into the audit trail first
    #[arg(long, requires = "reason")]
    people: bool,
    /// Why people are shown
    #[arg(long, value_name = "TEXT", requires = "people")]
    reason: Option<String>,
    #[command(flatten)]
    attest: AttestArgs,
}

fn deployments(text: &str) -> Result<(Option<String>, PathBuf), String> {
    match text.split_once('=') {
        Some((service, path)) if !service.is_empty() && !path.is_empty() => Ok((Some(service.into()), path.into())),
        Some(_) => Err("write FILE or SERVICE=FILE".into()),
        None => Ok((None, text.into())),
    }
}

/// Reads every source, writes the pages and says where they are.
pub(super) fn run(args: &TeamsArgs) -> Answer {
    match report(args) {
        Ok(answer) => answer,
        Err(fault) => super::super::audit::fault(&fault),
    }
}

fn report(args: &TeamsArgs) -> Result<Answer, Diagnostic> {
    let mut request = check::bare();
    request.context.clone_from(&args.context);
    let around = gate::surroundings(&request).map_err(|(fault, sources)| located(fault, &sources))?;
    let access = Access { password: request.audit_password.clone(), ..Access::default() };
    let store = match &args.audit {
        Some(given) => audit::open(given, &request.directory, &access)?,
        None => audit::open(&around.config.audit.destination, &around.root, &access)?,
    };
    if let (true, Some(reason)) = (args.people, &args.reason) {
        state_reason(args, &around, &*store, reason)?;
    }
    let now = environment::clock(args.now).now;
    let records = read(args, &around, &*store)?;
    let history = link(records, &Owners::of(&around.documents.catalog), now);
    let summary = summarise(&history, args.timezone.as_ref().unwrap_or(&TimeZone::UTC), args.people);
    write(args, &summary)
}

fn state_reason(args: &TeamsArgs, around: &Surroundings, store: &dyn Store, reason: &str) -> Result<(), Diagnostic> {
    let attestation = args.attest.read(false)?;
    let actor = environment::actor();
    let by = By {
        id: environment::record_id(),
        at: environment::clock(None).now,
        actor: &actor,
        retention: &around.config.audit.retention,
        seal: attestation.seal(),
    };
    govern::inspect(store, "report teams --people", reason, by).map(|_| ())
}

fn read(args: &TeamsArgs, around: &Surroundings, store: &dyn Store) -> Result<Records, Diagnostic> {
    let production = around.production();
    let mut records = Records::default();
    let question = Question { production: production.clone(), since: args.since };
    source::trail(store, &question, &mut records)?;
    source::documents(&around.documents, &production, &mut records);
    for name in &args.branch {
        let repository = around.repository.as_ref().ok_or_else(|| {
            Diagnostic::error("report::branch", "there is no repository here")
                .help("run it in a clone, or leave --branch out")
        })?;
        let branch = Branch { name: name.clone(), since: args.since };
        source::git(repository, &branch, &around.config, &mut records)?;
    }
    for (service, path) in &args.github {
        let text = std::fs::read_to_string(path).map_err(|e| {
            Diagnostic::error("report::github", format!("the deployments cannot be read: {e}"))
                .in_file(path.display().to_string())
                .help("name a file with the JSON of `GET /repos/{owner}/{repo}/deployments`")
        })?;
        let shown = path.display().to_string();
        source::github(&shown, &text, service.as_deref(), &production, &mut records)?;
    }
    if let Some(since) = args.since {
        records.deployments.retain(|d| d.finished >= since);
        records.incidents.retain(|i| i.started >= since);
    }
    Ok(records)
}

fn write(args: &TeamsArgs, summary: &Summary) -> Result<Answer, Diagnostic> {
    let json = teams::json(summary)
        .map_err(|e| Diagnostic::error("report::json", format!("the figures cannot be written: {e}")))?;
    let page = |format| teams::render(summary, format);
    write_all(&args.out, "teams", &args.format, &page, json, teams::csv(summary))
}
