//! What the policies found, which exceptions were made, and which controls that is evidence of.

use std::collections::{BTreeMap, BTreeSet};

use super::page::{Control, Finding as Row, Input, Word};
use crate::facts::Stage;
use crate::finding::{Answer, Finding, Status};
use crate::outcome::Outcome;
use crate::source::Span;

/// Findings that count, those that block first.
pub(super) fn findings(outcome: &Outcome) -> Vec<Row> {
    let at_apply = outcome.stage == Stage::Apply;
    let mut open: Vec<&Finding> = outcome.findings.iter().filter(|f| f.status == Status::Open).collect();
    open.sort_by_key(|f| (!f.blocks(at_apply), f.answer, f.severity));
    open.into_iter().map(|f| row(f, outcome)).collect()
}

/// Waivers, overrides and what was there before: marked, never gone.
pub(super) fn exceptions(outcome: &Outcome) -> Vec<Row> {
    outcome.findings.iter().filter(|f| f.status != Status::Open).map(|f| row(f, outcome)).collect()
}

fn row(finding: &Finding, outcome: &Outcome) -> Row {
    let status = match finding.status {
        Status::Open if finding.blocks(outcome.stage == Stage::Apply) && finding.pending => {
            Word::new("pending", "warn")
        }
        Status::Open if finding.blocks(outcome.stage == Stage::Apply) => Word::new("blocks", "bad"),
        Status::Open if finding.answer == Answer::Unknown => Word::new("not judged", "warn"),
        Status::Open => Word::new("noted", ""),
        Status::Waived => Word::new("waived", "warn"),
        Status::Overridden => Word::new("overridden", "warn"),
        Status::Preexisting => Word::new("was there before", ""),
    };
    let place = |span: Span| {
        outcome.sources.locate(span).map(|p| format!("{}:{}:{}", p.path, p.line, p.column)).unwrap_or_default()
    };
    Row {
        policy: finding.policy.to_string(),
        title: finding.title.to_string(),
        severity: finding.severity.as_str().into(),
        enforcement: finding.enforcement.as_str().into(),
        status,
        message: finding.message.clone(),
        remediation: finding.remediation.clone(),
        place: finding.span.map(place).unwrap_or_default(),
        because: finding.because.iter().map(|span| place(*span)).collect::<Vec<_>>().join(", "),
    }
}

pub(super) fn diagnostics(outcome: &Outcome) -> Vec<String> {
    let errors = outcome.diagnostics.iter().filter(|d| d.level == crate::finding::Level::Error);
    errors.map(|d| format!("{}: {}", d.code, d.message)).collect()
}

/// Each control with the policies that speak for it and the worst that one of them said.
pub(super) fn controls(outcome: &Outcome) -> Vec<Control> {
    let mut by_control: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for policy in outcome.policies.iter().filter(|p| p.evaluations > 0) {
        for (framework, controls) in &policy.controls {
            for control in controls {
                by_control.entry((framework, control)).or_default().insert(&policy.id);
            }
        }
    }
    let control = |((framework, control), ids): ((&str, &str), BTreeSet<&str>)| Control {
        framework: framework.to_owned(),
        control: control.to_owned(),
        result: result(outcome, &ids),
        policies: ids.into_iter().collect::<Vec<_>>().join(", "),
    };
    by_control.into_iter().map(control).collect()
}

fn result(outcome: &Outcome, ids: &BTreeSet<&str>) -> Word {
    let said: Vec<&Finding> = outcome.findings.iter().filter(|f| ids.contains(&*f.policy)).collect();
    let open = |answer| said.iter().any(|f| f.answer == answer && f.status == Status::Open);
    if open(Answer::Fail) {
        Word::new("not met", "bad")
    } else if open(Answer::Unknown) {
        Word::new("not judged", "warn")
    } else if said.iter().any(|f| matches!(f.status, Status::Waived | Status::Overridden)) {
        Word::new("met with an exception", "warn")
    } else {
        Word::new("met", "good")
    }
}

pub(super) fn inputs(outcome: &Outcome) -> Vec<Input> {
    let input = |input: &crate::outcome::Input| Input {
        path: input.path.to_string(),
        sha256: input.sha256.clone(),
        as_of: input.as_of.clone().unwrap_or_default(),
    };
    outcome.inputs.iter().map(input).collect()
}
