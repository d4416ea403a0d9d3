//! What was learned, as thresholds that are not in force yet: what reviews decided, and what the history says about the
//! risk model. A proposal changes nothing by itself; it becomes a patch that people review, with a back-test beside it.

mod patch;
#[cfg(test)]
mod tests;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::history::History;
use super::statistics::Proportion;
use super::summary::HEADLINE_DAYS;
use super::window::Window;
use crate::change::documents::{Documents, Kind};
use crate::config::{Config, put_over};
use crate::finding::Diagnostic;
use crate::parse::yaml;
use crate::source::SourceId;

pub use patch::patch;

/// Fewer deployments than this do not set the prior of the risk model anew.
const LEAST_DEPLOYMENTS: u64 = 100;
/// `R-HISTORY.prior` of the risk model where the configuration does not say another, in thousandths.
const USUAL_PRIOR: u64 = 100;

/// Whether a proposal is still one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// The configuration does not say it yet.
    Open,
    /// The configuration says it: the loop is closed.
    InForce,
    /// A later review decided otherwise.
    Superseded,
}

/// Thresholds below one policy, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Proposal {
    /// Id of the policy, or `risk`.
    pub policy: String,
    /// What stands below it in `policies.thresholds`.
    pub thresholds: Map<String, Value>,
    /// Where it comes from, in words.
    pub because: String,
    /// Whether it is still to be done.
    pub state: State,
}

/// Everything that reviews and history propose, reviews in the order of their time.
pub fn all(documents: &Documents, config: &Config, history: &History) -> Vec<Proposal> {
    let mut all = reviewed(documents);
    all.extend(prior(config, history));
    let mut last = Map::new();
    for one in &all {
        put_over(last.entry(one.policy.clone()).or_insert(Value::Null), &Value::Object(one.thresholds.clone()));
    }
    for one in &mut all {
        let says = |written: Option<&Value>| written.is_some_and(|written| holds(written, &one.thresholds));
        one.state = if !says(last.get(&one.policy)) {
            State::Superseded
        } else if says(config.policies.thresholds.get(&one.policy)) {
            State::InForce
        } else {
            State::Open
        };
    }
    all
}

/// The thresholds of those that are open, as they stand in `policies.thresholds`.
pub fn thresholds(proposals: &[Proposal]) -> Map<String, Value> {
    let mut thresholds = Map::new();
    for one in proposals.iter().filter(|one| one.state == State::Open) {
        let under = thresholds.entry(one.policy.clone()).or_insert(Value::Null);
        put_over(under, &Value::Object(one.thresholds.clone()));
    }
    thresholds
}

/// The proposals as a list for people.
pub fn text(proposals: &[Proposal]) -> String {
    let word = |state| match state {
        State::Open => "proposed",
        State::InForce => "in force",
        State::Superseded => "superseded",
    };
    let line = |one: &Proposal| {
        let thresholds = Value::Object(one.thresholds.clone());
        format!("- {}: {} {thresholds}, {}\n", word(one.state), one.policy, one.because)
    };
    match proposals.is_empty() {
        true => "Neither a review nor the history proposes another threshold.\n".into(),
        false => proposals.iter().map(line).collect::<String>() + "\n",
    }
}

/// Reads a file with members of `policies.thresholds`.
///
/// # Errors
///
/// What is wrong with the YAML; `replay::thresholds` when it is no mapping.
pub fn read(path: &str, text: &str) -> Result<Map<String, Value>, Diagnostic> {
    let mut parsed = yaml::parse(SourceId(u32::MAX), text, &yaml::Limits::default()).without_repeated_keys();
    if let Some(fault) = parsed.diagnostics.into_iter().next() {
        return Err(Diagnostic { span: None, ..fault }.in_file(path));
    }
    let node = parsed.documents.pop().filter(|_| parsed.documents.is_empty());
    match node.map(serde_json::to_value) {
        Some(Ok(Value::Object(thresholds))) if thresholds.values().all(Value::is_object) => Ok(thresholds),
        _ => Err(Diagnostic::error("replay::thresholds", "the file holds no thresholds")
            .in_file(path)
            .help("write ids of policies with their thresholds below, for example `HA-001: {replicas: {\"2\": 3}}`")),
    }
}

/// `controlUpdates` of the reviews that name thresholds.
fn reviewed(documents: &Documents) -> Vec<Proposal> {
    let mut reviews: Vec<(String, Proposal)> = Vec::new();
    for given in documents.given(Kind::Pir) {
        for entry in given.entries.iter().filter_map(|entry| serde_json::to_value(entry).ok()) {
            let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
            let change = entry.get("change").map(plain).unwrap_or_else(|| "an unknown change".into());
            let at = text(&entry, "at").unwrap_or_default();
            for update in entry.get("controlUpdates").and_then(Value::as_array).into_iter().flatten() {
                let (Some(policy), Some(Value::Object(thresholds))) =
                    (text(update, "policy"), update.get("thresholds"))
                else {
                    continue;
                };
                let what = text(update, "change").map(|what| format!(": {what}")).unwrap_or_default();
                let because = format!("review of {change} in {}{what}", given.path);
                let proposal = Proposal { policy, thresholds: thresholds.clone(), because, state: State::Open };
                reviews.push((at.clone(), proposal));
            }
        }
    }
    reviews.sort_by(|a, b| a.0.cmp(&b.0));
    reviews.into_iter().map(|(_, proposal)| proposal).collect()
}

/// An id may be a number.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The organisation's fail rate, when it is surely not the one that the risk model starts from.
fn prior(config: &Config, history: &History) -> Option<Proposal> {
    let window = Window::last(HEADLINE_DAYS, history.now);
    let deployed = history.deployments.iter().filter(|d| !d.caught && window.has(d.at));
    let fails = Proportion::of(deployed, |d| d.failed);
    let current = config.policies.thresholds.get("risk").and_then(|risk| risk.pointer("/R-HISTORY/prior"));
    let current = current.and_then(Value::as_u64).unwrap_or(USUAL_PRIOR);
    let interval = fails.wilson()?;
    if fails.n < LEAST_DEPLOYMENTS || interval.contains(current as f64 / 1000.0) {
        return None;
    }
    let because = format!(
        "{} of {} deployments failed in {HEADLINE_DAYS} days, {:.1} to {:.1} %: the model starts from {:.1} %",
        fails.k,
        fails.n,
        interval.low * 100.0,
        interval.high * 100.0,
        current as f64 / 10.0,
    );
    // The centre of Wilson's interval, (k + z²/2) / (n + z²), in thousandths: never none, however few have failed.
    let thresholds = json!({"R-HISTORY": {"prior": (fails.k * 100 + 192) * 1000 / (fails.n * 100 + 384)}});
    let thresholds = thresholds.as_object().cloned().unwrap_or_default();
    Some(Proposal { policy: "risk".into(), thresholds, because, state: State::Open })
}

/// Whether everything of `part` stands in a value.
fn holds(written: &Value, part: &Map<String, Value>) -> bool {
    part.iter().all(|(key, value)| match (written.get(key), value) {
        (Some(written), Value::Object(part)) => holds(written, part),
        (Some(written), value) => written == value,
        (None, _) => false,
    })
}
