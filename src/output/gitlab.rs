//! The code quality report of GitLab, shown in the merge request's widget and beside the changed lines.
//!
//! <https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format>

use std::collections::BTreeSet;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::text::visible;
use super::words;
use crate::facts::Stage;
use crate::finding::{Answer, Diagnostic, Finding, Level, Severity as Weight, Status};
use crate::outcome::Outcome;
use crate::policy::library::hex;
use crate::source::Location as Place;

/// The file that governs the gate: GitLab leaves out what has no file.
const WHOLE_CHANGE: &str = "changegate.yaml";

/// Writes errors of the input and all findings; what does not count is of severity info and says why.
pub(super) fn render(outcome: &Outcome) -> String {
    let errors = outcome.diagnostics.iter().filter(|d| d.level == Level::Error).map(|d| of_diagnostic(d, outcome));
    let mut issues: Vec<Issue> = errors.collect();
    issues.extend(outcome.findings.iter().map(|f| of_finding(f, outcome)));
    // GitLab refuses a report in which a fingerprint stands twice.
    let mut seen = BTreeSet::new();
    issues.retain(|issue| seen.insert(issue.fingerprint.clone()));
    super::to_json(&issues)
}

#[derive(Serialize)]
struct Issue {
    description: String,
    check_name: String,
    fingerprint: String,
    severity: Severity,
    location: Location,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
enum Severity {
    Info,
    Minor,
    Major,
    Critical,
    Blocker,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
    end: u32,
}

fn of_finding(f: &Finding, outcome: &Outcome) -> Issue {
    let place = f.span.and_then(|span| outcome.sources.locate(span));
    let message = visible(&f.message);
    let description = match (words::lifted(f, outcome), f.answer) {
        (Some(lifted), _) => format!("{message} ({})", visible(&lifted)),
        (None, Answer::Unknown) => format!("{message} (not judged)"),
        (None, Answer::Fail) => message.into_owned(),
    };
    Issue {
        description: format!("{}: {description}", visible(&f.policy)),
        check_name: f.policy.to_string(),
        fingerprint: f.fingerprint.clone(),
        severity: severity(f, outcome.stage),
        location: location(place, None),
    }
}

fn severity(f: &Finding, stage: Stage) -> Severity {
    if f.status != Status::Open || f.answer == Answer::Unknown && !f.blocks(stage == Stage::Apply) {
        return Severity::Info;
    }
    match (f.blocks(stage == Stage::Apply), f.severity) {
        (true, Weight::Critical) => Severity::Blocker,
        (true, Weight::High) => Severity::Critical,
        (true, Weight::Medium | Weight::Low) => Severity::Major,
        (false, _) => Severity::Minor,
    }
}

fn of_diagnostic(d: &Diagnostic, outcome: &Outcome) -> Issue {
    let place = d.span.and_then(|span| outcome.sources.locate(span));
    let location = location(place, d.path.as_deref());
    let text = format!("{}\n{}\n{}", d.code, location.path, d.message);
    let help = if d.help.is_empty() { String::new() } else { format!(" ({})", visible(&d.help)) };
    Issue {
        description: format!("{}{help}", visible(&d.message)),
        check_name: d.code.into(),
        fingerprint: hex(Sha256::digest(text.as_bytes()).get(..16).unwrap_or_default()),
        severity: Severity::Blocker,
        location,
    }
}

fn location(place: Option<Place>, path: Option<&str>) -> Location {
    match place {
        Some(p) => Location { path: p.path.to_string(), lines: Lines { begin: p.line, end: p.end_line } },
        None => Location { path: path.unwrap_or(WHOLE_CHANGE).into(), lines: Lines { begin: 1, end: 1 } },
    }
}
