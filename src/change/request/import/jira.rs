//! Jira and Jira Service Management: an issue of `GET /rest/api/{2,3}/issue/{key}?expand=names`.
//!
//! Custom fields have numbers; their names come with `expand=names`, or the configuration says where a number belongs.

use super::{Draft, Imported, Options, Permission};
use crate::finding::Diagnostic;
use crate::parse::tree::{Node, Value};
use crate::source::Span;

/// Fields by their names in a service project's change, in lower case.
const NAMED: [(&str, &str); 17] = [
    ("summary", "metadata.title"),
    ("description", "spec.description"),
    ("reporter", "spec.requester.id"),
    ("assignee", "spec.implementer.id"),
    ("change type", "spec.type"),
    ("change risk", "spec.risk.declared"),
    ("change reason", "spec.justification"),
    ("planned start", "spec.schedule.start"),
    ("planned start date", "spec.schedule.start"),
    ("planned end", "spec.schedule.end"),
    ("planned end date", "spec.schedule.end"),
    ("implementation plan", "spec.implementationPlan"),
    ("backout plan", "spec.rollback.steps"),
    ("rollback plan", "spec.rollback.steps"),
    ("affected services", "spec.scope.services"),
    ("environments", "spec.scope.environments"),
    ("regions", "spec.scope.regions"),
];

/// Reads one issue; `names` of custom fields stand beside it, or around all issues of an answer.
pub(super) fn read(issue: &Node, whole: &Node, options: &Options<'_>) -> Result<Imported, Diagnostic> {
    let key = issue.get("key").filter(|key| key.as_str().is_some()).unwrap_or(issue);
    let mut draft = Draft::new("jira", key.as_str().unwrap_or_default(), key.span, options, options.from_system);
    let names = issue.get("names").or_else(|| whole.get("names"));
    let fields = issue.get("fields").and_then(Node::as_map).into_iter().flatten();
    for entry in fields {
        let name = names.and_then(|names| names.get(&entry.key)).and_then(Node::as_str).unwrap_or(&entry.key);
        let known = NAMED.iter().find(|(known, _)| *known == name.to_lowercase()).map(|(_, path)| *path);
        let path = draft.configured(&entry.key).or_else(|| draft.configured(name)).or(known);
        let text = text(&entry.node);
        match path {
            Some(path) => draft.set(path, &text, entry.node.span, name)?,
            None if name.eq_ignore_ascii_case("test plan") && !text.trim().is_empty() => {
                draft.set_validation(text.trim(), entry.node.span, name);
            }
            None => {}
        }
    }
    let state = issue.at(&["fields", "status"]).and_then(state);
    Ok(draft.finish(state))
}

/// The state in the workflow's words. A change goes ahead while it is implemented; what is done, in whatever way, is over.
fn state(status: &Node) -> Option<(String, Permission, Span)> {
    let name = status.get("name")?.as_str()?;
    let word = name.to_lowercase();
    let category = status.at(&["statusCategory", "key"]).and_then(Node::as_str);
    let waits = ["await", "wait", "before", "ready", "to implement", "pending"].iter().any(|sign| word.contains(sign));
    let permission = match category {
        Some("done") => Permission::Stop,
        _ if word.contains("implement") && !waits => Permission::Go,
        _ => Permission::Wait,
    };
    Some((name.to_owned(), permission, status.span))
}

/// The text of a field: plain, a choice, a person, a document of Atlassian's format, or a list of these.
fn text(node: &Node) -> String {
    match &node.value {
        Value::String(text) => text.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Bool(b) => b.to_string(),
        Value::Seq(items) => items.iter().map(text).filter(|t| !t.is_empty()).collect::<Vec<_>>().join("\n"),
        Value::Map(_) if node.get("type").and_then(Node::as_str) == Some("doc") => {
            let mut out = String::new();
            prose(node, &mut out, 0);
            out
        }
        Value::Map(_) => {
            let keys = ["emailAddress", "value", "name", "displayName", "accountId", "key"];
            keys.iter().find_map(|key| node.get(key)?.as_str()).unwrap_or_default().to_owned()
        }
        Value::Null | Value::Unknown | Value::Sensitive => String::new(),
    }
}

/// Deepest nesting of a document that is read; lists in lists in tables are not deeper.
const DEEPEST: usize = 64;

/// Paragraphs and items become lines.
fn prose(node: &Node, out: &mut String, depth: usize) {
    if let Some(text) = node.get("text").and_then(Node::as_str) {
        out.push_str(text);
    }
    if depth < DEEPEST {
        let parts = node.get("content").and_then(Node::as_seq).unwrap_or_default();
        parts.iter().for_each(|part| prose(part, out, depth + 1));
    }
    let ends = ["paragraph", "heading", "listItem", "hardBreak"];
    if node.get("type").and_then(Node::as_str).is_some_and(|kind| ends.contains(&kind)) && !out.ends_with('\n') {
        out.push('\n');
    }
}
