//! Change requests of other systems: ServiceNow records, Jira issues, GitHub issue forms.
//!
//! Each becomes the same document that a request in YAML is, with every value at its place in the imported file. A value that
//! the system itself vouches for is verified; what its author typed anywhere else is asserted.

mod draft;
mod instant;
mod issue_form;
mod jira;
mod servicenow;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::tz::TimeZone;

use self::draft::Draft;
use crate::facts::{Origin, Permission, Provenance};
use crate::finding::{Diagnostic, Level};
use crate::parse::tree::Node;
use crate::parse::{json, yaml};
use crate::source::{SourceId, Span};

/// How imported records are read.
pub struct Options<'a> {
    /// Where an imported field belongs, by its name there: `customfield_10041` → `spec.scope.environments`.
    pub fields: &'a BTreeMap<String, String>,
    /// Zone of times without an offset.
    pub zone: Option<&'a TimeZone>,
    /// Whether the file came from the system itself, and not with the change.
    pub from_system: bool,
}

/// One document with what is known about where it comes from.
#[derive(Debug)]
pub struct Imported {
    /// A `ChangeRequest`.
    pub document: Node,
    /// `None` for a request that was written as such.
    pub origin: Option<Origin>,
}

/// What a text holds, told by its content.
enum Content {
    Ours,
    Json(Node),
    Form,
}

/// Reads the documents of a file: a request, or records of another system.
///
/// # Errors
///
/// `yaml::*` and `json::*` for what does not parse, `change::documents` for anything but one document, `import::*` for a record
/// that cannot be read.
pub fn read(
    source: SourceId,
    path: &Arc<str>,
    text: &str,
    options: &Options<'_>,
    told: &mut Vec<Diagnostic>,
) -> Result<Vec<Imported>, Diagnostic> {
    match content(source, text)? {
        Content::Ours => one_document(source, text, told).map(|document| vec![Imported { document, origin: None }]),
        Content::Form => issue_form::read(source, path, text, options, told).map(|one| vec![one]),
        Content::Json(node) => records(&node, options, told),
    }
}

fn content(source: SourceId, text: &str) -> Result<Content, Diagnostic> {
    let start = text.trim_start();
    if start.starts_with(['{', '[']) && !text.contains("changegate/v1") {
        return json::parse(source, text).map(Content::Json);
    }
    let heading = text.lines().any(|line| line.starts_with("### "));
    let ours = text.lines().any(|line| line.starts_with("apiVersion:"));
    Ok(if heading && !ours { Content::Form } else { Content::Ours })
}

fn records(node: &Node, options: &Options<'_>, told: &mut Vec<Diagnostic>) -> Result<Vec<Imported>, Diagnostic> {
    let list = ["result", "issues"].iter().find_map(|key| node.get(key)).unwrap_or(node);
    let records: Vec<&Node> = list.as_seq().map_or_else(|| vec![list], |items| items.iter().collect());
    if records.is_empty() {
        return Err(Diagnostic::error("import::empty", "the answer holds no record")
            .at(node.span)
            .label("nothing was found")
            .help("check the query: it must find the change that is meant"));
    }
    records.into_iter().map(|record| one_record(record, node, options, told)).collect()
}

fn one_record(
    record: &Node,
    whole: &Node,
    options: &Options<'_>,
    told: &mut Vec<Diagnostic>,
) -> Result<Imported, Diagnostic> {
    let has = |key: &str| record.get(key).is_some();
    if has("fields") && has("key") {
        return jira::read(record, whole, options);
    }
    if has("number") && (has("sys_id") || has("short_description")) {
        return servicenow::read(record, options);
    }
    if has("number") && has("title") && has("body") {
        return issue_form::read_issue(record, options, told);
    }
    Err(Diagnostic::error("import::shape", "neither a change request nor a record that can be imported")
        .at(crate::parse::de::header(record))
        .label("no `kind: ChangeRequest`, no ServiceNow record, no Jira or GitHub issue")
        .help("hand over a ChangeRequest, or the untouched answer of the system's API; see docs/change-requests.md"))
}

fn one_document(source: SourceId, text: &str, told: &mut Vec<Diagnostic>) -> Result<Node, Diagnostic> {
    let parsed = yaml::parse(source, text, &yaml::Limits::default()).without_repeated_keys();
    let (errors, rest): (Vec<_>, Vec<_>) = parsed.diagnostics.into_iter().partition(|d| d.level == Level::Error);
    told.extend(rest);
    if let Some(fault) = errors.into_iter().next() {
        return Err(fault);
    }
    let count = parsed.documents.len();
    match <[Node; 1]>::try_from(parsed.documents) {
        Ok([document]) => Ok(document),
        Err(_) => Err(Diagnostic::error(
            "change::documents",
            format!("a change request is one YAML document, and here are {count}"),
        )
        .at(Span::new(source, 0, 0))
        .help("keep one request in one file")),
    }
}

#[cfg(test)]
mod tests;
