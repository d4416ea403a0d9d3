//! A change request in the making: imported texts become values of the kind that their field wants.

use std::collections::BTreeMap;

use super::instant::{self, End};
use super::{Imported, Options, Origin, Permission, Provenance};
use crate::change::request::API_VERSION;
use crate::finding::Diagnostic;
use crate::parse::tree::{Entry, Map, Node, Value};
use crate::source::Span;

/// What a field of the request holds.
enum Shape {
    Text,
    /// One of a few words, in lower case with hyphens.
    Word,
    /// A number at the start of a text: `2 - Medium`.
    Rank,
    Instant(End),
    Bool,
    List,
    /// A list of `{ref: …}`.
    References,
    /// A list of `{step: …, action: …}`, one a line.
    Steps,
    /// A list of `{address: …}`.
    Addresses,
}

/// Shapes by path; any other field is a text.
const SHAPES: [(&str, Shape); 27] = [
    ("spec.type", Shape::Word),
    ("spec.changeClass", Shape::Word),
    ("spec.customerImpact", Shape::Word),
    ("spec.risk.declared", Shape::Word),
    ("spec.rollback.strategy", Shape::Word),
    ("spec.rollback.dataReversibility", Shape::Word),
    ("spec.progressiveDelivery.method", Shape::Word),
    ("spec.progressiveDelivery.controller", Shape::Word),
    ("spec.impact", Shape::Rank),
    ("spec.priority", Shape::Rank),
    ("spec.rollback.pointOfNoReturn", Shape::Rank),
    ("spec.schedule.start", Shape::Instant(End::First)),
    ("spec.schedule.end", Shape::Instant(End::Last)),
    ("spec.rollback.testedAt", Shape::Instant(End::First)),
    ("spec.cab.decidedAt", Shape::Instant(End::Last)),
    ("spec.cab.required", Shape::Bool),
    ("spec.scope.environments", Shape::List),
    ("spec.scope.regions", Shape::List),
    ("spec.scope.resources", Shape::List),
    ("spec.relatedIncidents", Shape::List),
    ("spec.rollback.verification", Shape::List),
    ("spec.dependencies.upstream", Shape::List),
    ("spec.dependencies.downstream", Shape::List),
    ("spec.scope.services", Shape::References),
    ("spec.scope.destructiveActions", Shape::Addresses),
    ("spec.implementationPlan", Shape::Steps),
    ("spec.rollback.steps", Shape::Steps),
];

/// A change request in the making.
pub(super) struct Draft<'a> {
    system: &'static str,
    id: String,
    options: &'a Options<'a>,
    document: Node,
    fields: BTreeMap<String, Provenance>,
    verified: bool,
}

impl<'a> Draft<'a> {
    /// An empty request about the record `id`, which stands at `span`.
    pub(super) fn new(system: &'static str, id: &str, span: Span, options: &'a Options<'a>, verified: bool) -> Self {
        let mut document = Node::new(Value::Map(Map::default()), span);
        put(&mut document, &["apiVersion"], Node::new(API_VERSION, span));
        put(&mut document, &["kind"], Node::new("ChangeRequest", span));
        put(&mut document, &["metadata", "id"], Node::new(id, span));
        put(&mut document, &["spec"], Node::new(Value::Map(Map::default()), span));
        let reference = mapping(span, [("system", system), ("id", id)]);
        put(&mut document, &["metadata", "externalRefs"], Node::new(vec![reference], span));
        let mut draft = Self { system, id: id.to_owned(), options, document, fields: BTreeMap::new(), verified };
        draft.note("metadata.id", "id");
        draft
    }

    /// Where a field of the system belongs, as the configuration says.
    pub(super) fn configured(&self, field: &str) -> Option<&'a str> {
        let named = |(name, _): &(&String, &String)| name.eq_ignore_ascii_case(field);
        self.options.fields.iter().find(named).map(|(_, path)| path.as_str())
    }

    /// Puts the text of a field where it belongs, as a value of the kind that is wanted there. Empty text is none.
    ///
    /// # Errors
    ///
    /// `import::time` for a time that cannot be read, or whose zone nobody knows; `import::value` for a number that is none.
    pub(super) fn set(&mut self, path: &str, text: &str, span: Span, field: &str) -> Result<(), Diagnostic> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(());
        }
        let value = self.value(path, text, span, field)?;
        let keys: Vec<&str> = path.split('.').collect();
        put(&mut self.document, &keys, Node::new(value, span));
        self.note(path, field);
        Ok(())
    }

    /// Puts one entry into a list.
    pub(super) fn put_list(&mut self, path: &str, entry: Node, field: &str) {
        let keys: Vec<&str> = path.split('.').collect();
        let span = entry.span;
        put(&mut self.document, &keys, Node::new(vec![entry], span));
        self.note(path, field);
    }

    /// The finished document.
    pub(super) fn finish(self, state: Option<(String, Permission, Span)>) -> Imported {
        let span = state.as_ref().map_or(self.document.span, |(_, _, span)| *span);
        let (state, permission) = state.map(|(state, permission, _)| (state, permission)).unzip();
        let (system, id, verified, fields) = (self.system, self.id, self.verified, self.fields);
        let origin = Origin { system, id, verified, state, permission, span, fields };
        Imported { document: self.document, origin: Some(origin) }
    }

    fn note(&mut self, path: &str, field: &str) {
        let kind = if self.verified { "verified" } else { "asserted" };
        let provenance = Provenance { kind, source: format!("{} {field}", self.system), id: self.id.clone() };
        self.fields.insert(path.to_owned(), provenance);
    }

    fn value(&self, path: &str, text: &str, span: Span, field: &str) -> Result<Value, Diagnostic> {
        let list = |node: fn(&str, Span) -> Node| Value::Seq(entries(text).map(|entry| node(entry, span)).collect());
        let shape = SHAPES.iter().find(|(known, _)| *known == path).map_or(&Shape::Text, |(_, shape)| shape);
        Ok(match shape {
            Shape::Text => text.into(),
            Shape::Word => word(text).as_str().into(),
            Shape::Rank => rank(text, span, field)?.into(),
            Shape::Instant(end) => self.instant(text, *end, span, field)?.as_str().into(),
            Shape::Bool => Value::Bool(matches!(word(text).as_str(), "true" | "yes" | "1")),
            Shape::List => list(|entry, span| Node::new(entry, span)),
            Shape::References => list(|entry, span| mapping(span, [("ref", entry)])),
            Shape::Addresses => list(|entry, span| mapping(span, [("address", entry)])),
            Shape::Steps => Value::Seq(steps(text, span)),
        })
    }

    fn instant(&self, text: &str, end: End, span: Span, field: &str) -> Result<String, Diagnostic> {
        if let Some(instant) = instant::with_offset(text) {
            return Ok(instant.to_string());
        }
        let wrong = |why: String| Diagnostic::error("import::time", why).at(span);
        if !instant::is_local(text) {
            return Err(wrong(format!("`{text}` of {field} is not a time such as `2026-11-24 21:00:00`"))
                .label("cannot be read")
                .help("fetch the record with times as the system keeps them"));
        }
        let Some(zone) = self.options.zone else {
            return Err(wrong(format!("`{text}` of {field} has no offset"))
                .label("in which time zone?")
                .help("set `changes.timezone` in changegate.yaml to the zone that the system shows times in"));
        };
        instant::local(text, zone, end)
            .map(|instant| instant.to_string())
            .ok_or_else(|| wrong(format!("`{text}` of {field} is not a time in its zone")))
    }
}

/// `Very High` → `very-high`; the words of other systems for ours.
fn word(text: &str) -> String {
    let word = text.trim().to_lowercase().split_whitespace().collect::<Vec<_>>().join("-");
    match word.as_str() {
        "moderate" => "medium".into(),
        "critical" => "very-high".into(),
        _ => word,
    }
}

fn rank(text: &str, span: Span, field: &str) -> Result<i64, Diagnostic> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    text.get(..digits).and_then(|digits| digits.parse().ok()).ok_or_else(|| {
        Diagnostic::error("import::value", format!("`{text}` of {field} does not begin with a number"))
            .at(span)
            .label("expected a rank such as `2`")
            .help("fetch the record with values, not only with what is shown to people")
    })
}

/// Entries of a list in one text: lines, or parts between commas. Bullets and ticked boxes are left out, unticked ones with
/// their text.
fn entries(text: &str) -> impl Iterator<Item = &str> {
    let unticked = |line: &&str| !line.trim_start().starts_with("- [ ]");
    let lines = text.lines().filter(unticked).flat_map(|line| line.split(','));
    lines.map(bare).filter(|entry| !entry.is_empty())
}

fn bare(entry: &str) -> &str {
    let entry = entry.trim();
    let marks = ["- [x]", "- [X]", "- ", "* "];
    marks.iter().find_map(|mark| entry.strip_prefix(mark)).unwrap_or(entry).trim().trim_matches('`')
}

fn steps(text: &str, span: Span) -> Vec<Node> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let action = |line: &str| {
        let numbered = line.trim_start_matches(|c: char| c.is_ascii_digit());
        let rest = if numbered.len() < line.len() { numbered.trim_start_matches(['.', ')', ':']) } else { line };
        bare(rest).to_owned()
    };
    let step = |(index, line): (usize, &str)| {
        let mut step = mapping(span, [("action", action(line).as_str())]);
        put(&mut step, &["step"], Node::new(i64::try_from(index + 1).unwrap_or(i64::MAX), span));
        step
    };
    lines.enumerate().map(step).collect()
}

/// A mapping of texts, all at one place.
pub(super) fn mapping<const N: usize>(span: Span, entries: [(&str, &str); N]) -> Node {
    let mut node = Node::new(Value::Map(Map::default()), span);
    entries.into_iter().for_each(|(key, text)| put(&mut node, &[key], Node::new(text, span)));
    node
}

/// Puts a value at a path; what stands in the way of it is replaced.
fn put(node: &mut Node, path: &[&str], value: Node) {
    let Some((first, rest)) = path.split_first() else {
        *node = value;
        return;
    };
    if !matches!(node.value, Value::Map(_)) {
        node.value = Value::Map(Map::default());
    }
    let Value::Map(map) = &mut node.value else { return };
    let span = value.span;
    if map.get(first).is_none() {
        let empty = Node::new(Value::Map(Map::default()), span);
        map.push(Entry { key: (*first).into(), key_span: span, node: empty });
    }
    if let Some(inner) = map.get_mut(first) {
        put(inner, rest, value);
    }
}
