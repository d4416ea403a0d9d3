//! ServiceNow: a record of `change_request` as the Table API or the Change Management API answers.
//!
//! A field is a string, `{value, link}` or `{display_value, value}`, as `sysparm_display_value` was false, absent or all. `value` is
//! the database's: numbers for choices, UTC for times. `display_value` is what the user of the API is shown: labels, and times in
//! that user's zone.

use super::{Draft, Imported, Options, Permission, draft};
use crate::finding::Diagnostic;
use crate::parse::de::header;
use crate::parse::tree::{Node, Value};
use crate::source::Span;

const SYSTEM: &str = "servicenow";

/// Fields that are taken as the database has them, with their place in the request.
const VALUES: [(&str, &str); 6] = [
    ("type", "spec.type"),
    ("impact", "spec.impact"),
    ("priority", "spec.priority"),
    ("cab_required", "spec.cab.required"),
    ("cab_recommendation", "spec.cab.recommendation"),
    ("cab_date", "spec.cab.date"),
];

/// Fields that are taken as people read them, since the database has ids of other records.
const LABELS: [(&str, &str); 10] = [
    ("short_description", "metadata.title"),
    ("description", "spec.description"),
    ("justification", "spec.justification"),
    ("implementation_plan", "spec.implementationPlan"),
    ("backout_plan", "spec.rollback.steps"),
    ("requested_by", "spec.requester.id"),
    ("assigned_to", "spec.implementer.id"),
    ("assignment_group", "spec.team"),
    ("business_service", "spec.scope.services"),
    ("cmdb_ci", "spec.scope.resources"),
];

/// States by their number and label.
const STATES: [(&str, &str, Permission); 8] = [
    ("-5", "new", Permission::Wait),
    ("-4", "assess", Permission::Wait),
    ("-3", "authorize", Permission::Wait),
    ("-2", "scheduled", Permission::Wait),
    ("-1", "implement", Permission::Go),
    ("0", "review", Permission::Stop),
    ("3", "closed", Permission::Stop),
    ("4", "canceled", Permission::Stop),
];

/// Reads one record.
pub(super) fn read(record: &Node, options: &Options<'_>) -> Result<Imported, Diagnostic> {
    let number = value(record, "number").ok_or_else(|| {
        Diagnostic::error("import::id", "a ServiceNow record without its number")
            .at(header(record))
            .label("no `number`")
            .help("ask for the field `number`")
    })?;
    let mut draft = Draft::new(SYSTEM, &number.0, number.1, options, options.from_system);
    for (field, path) in VALUES {
        set(&mut draft, path, value(record, field), field)?;
    }
    for (field, path) in LABELS {
        set(&mut draft, path, person(record, field).or_else(|| label(record, field)), field)?;
    }
    set(&mut draft, "spec.risk.declared", risk(record), "risk")?;
    set(&mut draft, "spec.cab.decision", decision(record), "approval")?;
    let state = state(record)?;
    for (field, path) in [("start_date", "spec.schedule.start"), ("end_date", "spec.schedule.end")] {
        set(&mut draft, path, time(record, field), field)?;
    }
    if let Some((text, span)) = label(record, "test_plan") {
        draft.set_validation(&text, span, "test_plan");
    }
    let fields: Vec<&str> = record.as_map().into_iter().flatten().map(|entry| &*entry.key).collect();
    for field in fields {
        if let Some(path) = draft.configured(field) {
            set(&mut draft, path, label(record, field), field)?;
        }
    }
    Ok(draft.finish(Some(state)))
}

type Text = (String, Span);

fn set(draft: &mut Draft<'_>, path: &str, text: Option<Text>, field: &str) -> Result<(), Diagnostic> {
    text.map_or(Ok(()), |(text, span)| draft.set(path, &text, span, field))
}

/// The database's value.
fn value(record: &Node, field: &str) -> Option<Text> {
    let node = record.get(field)?;
    text(node.get("value").unwrap_or(node))
}

/// What people are shown.
fn label(record: &Node, field: &str) -> Option<Text> {
    let node = record.get(field)?;
    text(node.get("display_value").unwrap_or(node)).or_else(|| value(record, field))
}

/// A person's address or login, where the query asked for it (`requested_by.email`).
fn person(record: &Node, field: &str) -> Option<Text> {
    let walked = |key: &str| label(record, &format!("{field}.{key}"));
    walked("email").or_else(|| walked("user_name")).or_else(|| text(record.at(&[field, "email"])?))
}

fn text(node: &Node) -> Option<Text> {
    let text = match &node.value {
        Value::String(text) => text.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Bool(b) => b.to_string(),
        _ => return None,
    };
    (!text.trim().is_empty()).then_some((text, node.span))
}

/// A time with `Z` where the database's value is there. A plain string is that, unless the other fields show labels.
fn time(record: &Node, field: &str) -> Option<Text> {
    let node = record.get(field)?;
    let shown = node.get("value").is_none() && (node.get("display_value").is_some() || shows_labels(record));
    let (text, span) = if shown { label(record, field)? } else { value(record, field)? };
    let utc = !shown && super::instant::is_local(&text);
    Some(if utc { (format!("{}Z", text.trim().replacen(' ', "T", 1)), span) } else { (text, span) })
}

/// Whether the answer was asked for with `sysparm_display_value=true`: then a choice is a word.
fn shows_labels(record: &Node) -> bool {
    let state = record.get("state").and_then(Node::as_str).unwrap_or_default();
    state.parse::<i64>().is_err()
}

fn risk(record: &Node) -> Option<Text> {
    let (text, span) = value(record, "risk").or_else(|| label(record, "risk"))?;
    let level = match text.trim() {
        "1" => "very-high",
        "2" => "high",
        "3" => "medium",
        "4" => "low",
        word => word,
    };
    Some((level.to_owned(), span))
}

/// Only what was decided: `requested` and `not requested` are no decisions.
fn decision(record: &Node) -> Option<Text> {
    value(record, "approval").filter(|(word, _)| matches!(word.to_lowercase().as_str(), "approved" | "rejected"))
}

fn state(record: &Node) -> Result<(String, Permission, Span), Diagnostic> {
    let told = |what: &str, span: Span| {
        Diagnostic::error("import::state", what.to_owned())
            .at(span)
            .label("expected -5 New to 4 Canceled")
            .help("ask for the field `state`; states of your own have to be mapped to those of ServiceNow")
    };
    let (text, span) =
        value(record, "state").ok_or_else(|| told("a ServiceNow record without its state", header(record)))?;
    let word = text.trim().to_lowercase();
    let known = STATES
        .iter()
        .find(|(number, name, _)| *number == word || *name == word || word == "cancelled" && *name == "canceled");
    let (_, name, permission) = known.ok_or_else(|| told(&format!("`{text}` is no state of a change"), span))?;
    Ok(((*name).to_owned(), *permission, span))
}

impl Draft<'_> {
    /// A test plan is one validation.
    pub(super) fn set_validation(&mut self, text: &str, span: Span, field: &str) {
        self.put_list("spec.validation", draft::mapping(span, [("name", "test plan"), ("expect", text)]), field);
    }
}
