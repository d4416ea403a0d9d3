//! SARIF 2.1.0, for code scanning.
//!
//! Every finding is a result of kind `fail`, also one that could not be judged: the kind `open` would oblige us to the
//! level `none`, and code scanning hides that. What was lifted stays in the list, with a suppression that says why.

mod log;
mod place;
mod rule;

use std::collections::BTreeMap;

use self::log::{
    AutomationDetails, Configuration, Descriptor, Driver, Invocation, Level, Location, Log, Notification,
    ResultProperties, Run, RunProperties, SarifResult, Suppression, Text, Tool, UriBase,
};
use self::rule::Rules;
use super::words;
use crate::facts::{Mode, Stage};
use crate::finding::{self, Answer, Diagnostic, Enforcement, Finding, Status};
use crate::outcome::{Outcome, Verdict};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
const BASE: &str = "SRCROOT";

/// Writes the outcome as a SARIF log with one run.
pub(super) fn render(outcome: &Outcome) -> String {
    let rules = Rules::of(outcome);
    let run = Run {
        automation_details: AutomationDetails { id: format!("changegate/{}/", outcome.stage.as_str()) },
        column_kind: "unicodeCodePoints",
        original_uri_base_ids: BTreeMap::from([(BASE, UriBase { description: text("The root of the repository.") })]),
        invocations: [invocation(outcome)],
        results: outcome.findings.iter().map(|f| result(f, outcome, &rules)).collect(),
        properties: properties(outcome),
        tool: Tool {
            driver: Driver {
                name: "changegate",
                version: env!("CARGO_PKG_VERSION"),
                semantic_version: env!("CARGO_PKG_VERSION"),
                rules: rules.list,
            },
        },
    };
    super::to_json(&Log { schema: SCHEMA, version: "2.1.0", runs: [run] })
}

fn properties(outcome: &Outcome) -> RunProperties {
    RunProperties {
        judged_at: outcome.judged_at.to_string(),
        stage: outcome.stage.as_str(),
        mode: match outcome.mode {
            Mode::Present => "present",
            Mode::Difference => "difference",
        },
        verdict: outcome.verdict.as_str(),
        decision: outcome.decision.as_str(),
        valid_until: outcome.valid_until.map(|t| t.to_string()),
        partial: outcome.partial,
    }
}

fn invocation(outcome: &Outcome) -> Invocation {
    Invocation {
        execution_successful: outcome.decision != Verdict::Undecided,
        exit_code: outcome.exit_code(),
        exit_code_description: outcome.decision.as_str(),
        tool_execution_notifications: outcome.diagnostics.iter().map(|d| notification(d, outcome)).collect(),
    }
}

fn notification(d: &Diagnostic, outcome: &Outcome) -> Notification {
    let message = if d.help.is_empty() { d.message.clone() } else { format!("{}\nHelp: {}", d.message, d.help) };
    Notification {
        descriptor: Descriptor { id: d.code },
        level: match d.level {
            finding::Level::Error => Level::Error,
            finding::Level::Warning => Level::Warning,
            finding::Level::Note => Level::Note,
        },
        message: text(message),
        locations: place::of(d.span, &outcome.sources)
            .or_else(|| d.path.as_deref().map(place::of_file))
            .into_iter()
            .collect(),
    }
}

fn result(f: &Finding, outcome: &Outcome, rules: &Rules) -> SarifResult {
    SarifResult {
        rule_id: f.policy.to_string(),
        rule_index: rules.index(&f.policy),
        level: level(f, outcome.stage),
        message: text(f.message.clone()),
        locations: vec![place::of_finding(f, &outcome.sources)],
        related_locations: related(f, outcome),
        partial_fingerprints: BTreeMap::from([("changegate/v1", f.fingerprint.clone())]),
        suppressions: suppression(f, outcome).into_iter().collect(),
        baseline_state: baseline_state(f, outcome),
        properties: ResultProperties {
            severity: f.severity.as_str(),
            enforcement: f.enforcement.as_str(),
            result: match f.answer {
                Answer::Fail => "fail",
                Answer::Unknown => "unknown",
            },
            status: words::status(f.status),
            pending: f.pending,
            owners: f.owners.iter().map(ToString::to_string).collect(),
        },
    }
}

/// Error: blocks, or would if it were not lifted. Note: advice that could not be judged. Warning: the rest.
fn level(f: &Finding, stage: Stage) -> Level {
    let open = Finding { status: Status::Open, ..f.clone() };
    match (open.blocks(stage == Stage::Apply), f.answer, f.enforcement) {
        (true, ..) => Level::Error,
        (false, Answer::Unknown, Enforcement::Advisory) => Level::Note,
        (false, ..) => Level::Warning,
    }
}

fn related(f: &Finding, outcome: &Outcome) -> Vec<Location> {
    let places = f.because.iter().filter_map(|span| place::of(Some(*span), &outcome.sources));
    (1..)
        .zip(places)
        .map(|(id, place)| Location { id: Some(id), message: Some(text("The line that decided.")), ..place })
        .collect()
}

/// What was lifted stays in the list and says why it does not count. What is older than the change is no exception:
/// the baseline state tells it apart.
fn suppression(f: &Finding, outcome: &Outcome) -> Option<Suppression> {
    let justification = match f.status {
        Status::Open | Status::Preexisting => return None,
        Status::Waived | Status::Overridden => words::lifted(f, outcome)?,
    };
    let inline = outcome.waivers.iter().any(|w| Some(w.id.as_str()) == f.lifted_by.as_deref() && w.form != "document");
    Some(Suppression { kind: if inline { "inSource" } else { "external" }, status: "accepted", justification })
}

/// Whether the finding is older than the change; without a base nobody knows.
fn baseline_state(f: &Finding, outcome: &Outcome) -> Option<&'static str> {
    match (f.status, outcome.mode) {
        (Status::Preexisting, _) => Some("unchanged"),
        (_, Mode::Difference) => Some("new"),
        (_, Mode::Present) => None,
    }
}

fn text(text: impl Into<String>) -> Text {
    Text { text: text.into(), markdown: None }
}
