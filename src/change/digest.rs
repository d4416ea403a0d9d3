//! The change digest: what an approval is bound to (contract 3).

use sha2::{Digest, Sha256};

use super::canonical;
use super::request::Request;
use crate::parse::tree::{Entry, Map, Node, Value};
use crate::source::Span;

/// One file that differs between the merge base and the head.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentEntry {
    /// Path from the root of the repository.
    pub path: String,
    /// File mode in octal, `100644`.
    pub mode: String,
    /// Blob id at the head; `None` for a deleted file.
    pub blob: Option<String>,
}

/// Parts of the request's `spec` that an approval, not the requester, writes.
const LEFT_OUT: [&str; 3] = ["approvals", "cab", "freezeOverride"];

/// `sha256:` and the SHA-256 of the RFC 8785 text of `{"content", "id", "spec"}`. The caller leaves the request's own
/// file out of `content`, which is empty where there is no git; the order of `content` does not matter.
pub fn digest(content: &[ContentEntry], request: &Request) -> String {
    let mut content: Vec<&ContentEntry> = content.iter().collect();
    content.sort();
    let subject = mapping([
        ("content", Value::Seq(content.into_iter().map(triple).collect())),
        ("id", request.id().into()),
        ("spec", request.node.get("spec").map_or(Value::Null, substance)),
    ]);
    let hash = Sha256::digest(canonical::text(&subject));
    hash.iter().fold(String::from("sha256:"), |hex, byte| format!("{hex}{byte:02x}"))
}

fn triple(entry: &ContentEntry) -> Node {
    let text = |text: &str| Node::new(text, Span::default());
    let blob = entry.blob.as_deref().map_or_else(Node::default, text);
    Node::new(vec![text(&entry.path), text(&entry.mode), blob], Span::default())
}

fn substance(spec: &Node) -> Value {
    match spec.as_map() {
        Some(map) => Value::Map(map.iter().filter(|entry| !LEFT_OUT.contains(&&*entry.key)).cloned().collect()),
        None => spec.value.clone(),
    }
}

fn mapping<const N: usize>(entries: [(&str, Value); N]) -> Value {
    let mut map = Map::default();
    for (key, value) in entries {
        map.push(Entry { key: key.into(), key_span: Span::default(), node: Node::new(value, Span::default()) });
    }
    Value::Map(map)
}
