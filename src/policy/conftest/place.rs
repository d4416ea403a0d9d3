//! From the paths that a rule touched to one place in the document.

use serde_json::Value as Json;

use super::judge::Document;
use crate::parse::tree::{Node, Path, Step, Value};
use crate::source::Span;

/// How near the place is to what the rule read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The value that the rule read.
    Value {
        /// Key and value, or only the key of a collection.
        span: Span,
        /// Below the document.
        path: Path,
        /// The value as JSON, shortened.
        observed: String,
    },
    /// What the rule read is not there: the nearest thing above it that is.
    Absent {
        /// Its key.
        span: Span,
        /// What was looked for, below the document.
        path: Path,
    },
    /// The rule read no path that can be told: the first line.
    Document {
        /// The start of the document.
        span: Span,
    },
}

impl Place {
    /// Where it is shown.
    pub(super) fn span(&self) -> Span {
        match self {
            Self::Value { span, .. } | Self::Absent { span, .. } | Self::Document { span } => *span,
        }
    }

    /// The path, where there is one.
    pub(super) fn path(&self) -> &[Step] {
        match self {
            Self::Value { path, .. } | Self::Absent { path, .. } => path,
            Self::Document { .. } => &[],
        }
    }
}

/// Most bytes of a value that are shown.
const SHOWN: usize = 120;

/// One touched path, found in the document.
struct Candidate {
    /// Lower is better.
    rank: u64,
    length: usize,
    document: usize,
    place: Place,
}

/// The best place for a message, of the members `[rank, base, steps]` that its copies told.
///
/// What a negation looked for and did not find comes first, then what conditions read, then what was only named. Of equals,
/// the longest path, and then the first in the text.
pub(super) fn of(documents: &[Document<'_>], combined: bool, touches: &[&Json]) -> (usize, Place) {
    let candidates = touches.iter().filter_map(|touch| candidate(documents, combined, touch));
    let key = |c: &Candidate| (c.rank, std::cmp::Reverse(c.length), c.document, c.place.span().start);
    match candidates.min_by_key(key) {
        Some(best) => (best.document, best.place),
        None => (0, first_line(documents)),
    }
}

fn first_line(documents: &[Document<'_>]) -> Place {
    let span = documents.first().map(|d| d.node.span).unwrap_or_default();
    Place::Document { span: Span { end: span.start, ..span } }
}

fn candidate(documents: &[Document<'_>], combined: bool, touch: &Json) -> Option<Candidate> {
    let [rank, base, steps] = touch.as_array()?.as_slice() else { return None };
    let mut rank = rank.as_u64()?;
    let steps: Path = steps.as_array()?.iter().map_while(step).collect();
    let (document, path) = match base {
        Json::Null => below(documents, combined, steps)?,
        value => {
            let (document, start) = find(documents, value)?;
            (document, [start, steps].concat())
        }
    };
    let root = documents.get(document)?.node;
    if path.is_empty() {
        return None;
    }
    let (node, key, taken) = root.deepest(&path);
    let is_there = taken == path.len();
    // A negation that found what it looked for says no more than a condition does.
    if rank == 0 && is_there && !matches!(node.value, Value::Null | Value::Bool(false)) {
        rank = 1;
    }
    let length = path.len();
    let key = if taken == 0 { Span { end: root.span.start, ..root.span } } else { key };
    let scalar = node.as_map().is_none() && node.as_seq().is_none();
    let place = match is_there {
        true => Place::Value { span: if scalar { key.to(node.span) } else { key }, path, observed: observed(node) },
        false => Place::Absent { span: key, path },
    };
    Some(Candidate { rank, length, document, place })
}

/// Which document a path of the input leads into. Of combined ones the input is a list of `{path, contents}`.
fn below(documents: &[Document<'_>], combined: bool, steps: Path) -> Option<(usize, Path)> {
    if !combined {
        return Some((0, steps));
    }
    let mut steps = steps.into_iter();
    let Step::Index(document) = steps.next()? else { return None };
    match steps.next()? {
        Step::Key(key) if &*key == "contents" && document < documents.len() => Some((document, steps.collect())),
        _ => None,
    }
}

fn step(step: &Json) -> Option<Step> {
    match step {
        Json::String(key) => Some(Step::Key(key.as_str().into())),
        Json::Number(index) => index.as_u64().and_then(|i| usize::try_from(i).ok()).map(Step::Index),
        _ => None,
    }
}

/// Where an object or a list stands that a helper rule handed out: the first that is equal.
fn find(documents: &[Document<'_>], value: &Json) -> Option<(usize, Path)> {
    if !matches!(value, Json::Object(map) if !map.is_empty())
        && !matches!(value, Json::Array(items) if !items.is_empty())
    {
        return None;
    }
    documents.iter().enumerate().find_map(|(index, document)| {
        let mut path = Path::new();
        search(document.node, value, &mut path).then_some((index, path))
    })
}

fn search(node: &Node, value: &Json, path: &mut Path) -> bool {
    if equal(node, value) {
        return true;
    }
    let mut enter = |step: Step, node: &Node| {
        path.push(step);
        let found = search(node, value, path);
        if !found {
            path.pop();
        }
        found
    };
    match &node.value {
        Value::Map(map) => map.iter().any(|e| enter(Step::Key(e.key.clone()), &e.node)),
        Value::Seq(items) => items.iter().enumerate().any(|(i, item)| enter(Step::Index(i), item)),
        _ => false,
    }
}

fn equal(node: &Node, value: &Json) -> bool {
    match (&node.value, value) {
        (Value::Null, Json::Null) => true,
        (Value::Bool(a), Json::Bool(b)) => a == b,
        (Value::String(a), Json::String(b)) => **a == **b,
        (Value::Number(a), Json::Number(b)) => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => a == b,
            _ => b.as_f64().is_some_and(|b| b == a.as_f64()),
        },
        (Value::Seq(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Value::Map(a), Json::Object(b)) => {
            a.len() == b.len() && b.iter().all(|(key, value)| a.get(key).is_some_and(|node| equal(node, value)))
        }
        _ => false,
    }
}

fn observed(node: &Node) -> String {
    let text = match &node.value {
        Value::Map(map) => return format!("{} keys", map.len()),
        Value::Seq(items) => return format!("{} items", items.len()),
        Value::String(text) => text.to_string(),
        _ => serde_json::to_string(node).unwrap_or_default(),
    };
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// `spec.containers[0].image`.
pub(super) fn pointer(path: &[Step]) -> String {
    let mut out = String::new();
    for step in path {
        match step {
            Step::Index(index) => out.push_str(&format!("[{index}]")),
            Step::Key(key) if key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')) => {
                let dot = if out.is_empty() { "" } else { "." };
                out.push_str(dot);
                out.push_str(key);
            }
            Step::Key(key) => out.push_str(&format!("[{key:?}]")),
        }
    }
    out
}
