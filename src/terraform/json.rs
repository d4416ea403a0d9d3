//! Configuration in JSON syntax (`.tf.json`), as the same blocks that native syntax has.
//!
//! JSON does not tell an argument from a nested block; without the provider's schema a nested block stays
//! what was written: an object, or a list of objects.

use std::sync::Arc;

use crate::finding::Diagnostic;
use crate::parse::hcl::{Attribute, Block, Body, Label};
use crate::parse::json;
use crate::parse::tree::{Entry, Map, Node, Value};
use crate::source::SourceId;

/// Top-level blocks that matter here, with the number of their labels.
const BLOCKS: [(&str, usize); 2] = [("resource", 2), ("provider", 1)];

/// Blocks inside a resource or a provider that are no arguments, with the number of their labels.
const NESTED: [(&str, usize); 4] = [("lifecycle", 0), ("connection", 0), ("default_tags", 0), ("provisioner", 1)];

/// Reads a file in JSON syntax.
pub(super) fn read(source: SourceId, text: &str) -> (Body, Vec<Diagnostic>) {
    match json::parse(source, text) {
        Ok(node) if matches!(node.value, Value::Map(_) | Value::Seq(_)) => (top_level(&node), Vec::new()),
        Ok(node) => (Body::default(), vec![not_an_object(&node)]),
        Err(diagnostic) => (Body::default(), vec![diagnostic]),
    }
}

fn not_an_object(node: &Node) -> Diagnostic {
    Diagnostic::error("terraform::json_shape", format!("a configuration file is an object, this is {}", node.kind()))
        .at(node.span)
        .label("expected `{`")
        .help("see \"JSON Configuration Syntax\" in Terraform's documentation")
}

fn top_level(node: &Node) -> Body {
    let mut body = Body::default();
    for entry in objects(node).flatten() {
        if let Some((_, labels)) = BLOCKS.iter().find(|(kind, _)| *kind == &*entry.key) {
            blocks(&entry.key, entry, &mut Vec::new(), *labels, &mut body.blocks);
        }
    }
    body
}

/// The objects of a value that may be one object or a list of them.
fn objects(node: &Node) -> impl Iterator<Item = &Map> {
    let several = node.as_seq().unwrap_or_default().iter().filter_map(Node::as_map);
    node.as_map().into_iter().chain(several)
}

/// Reads blocks: `more` levels of objects whose keys are labels, then the bodies.
fn blocks(kind: &Arc<str>, entry: &Entry, labels: &mut Vec<Label>, more: usize, out: &mut Vec<Block>) {
    for map in objects(&entry.node) {
        if let Some(more) = more.checked_sub(1) {
            for inner in map.iter().filter(|e| &*e.key != "//") {
                labels.push(Label { text: inner.key.clone(), span: inner.key_span });
                blocks(kind, inner, labels, more, out);
                labels.pop();
            }
        } else {
            let header = entry.key_span;
            let span = header.to(entry.node.span);
            let labels = labels.clone();
            out.push(Block { kind: kind.clone(), kind_span: header, labels, body: body(map), header, span });
        }
    }
}

fn body(map: &Map) -> Body {
    let mut out = Body::default();
    for entry in map.iter().filter(|e| &*e.key != "//") {
        let nested = NESTED.iter().find(|(kind, _)| *kind == &*entry.key);
        match nested {
            Some((_, labels)) => blocks(&entry.key, entry, &mut Vec::new(), *labels, &mut out.blocks),
            None if &*entry.key == "dynamic" => blocks(&entry.key, entry, &mut Vec::new(), 1, &mut out.blocks),
            None => out.attributes.push(Attribute {
                name: entry.key.clone(),
                name_span: entry.key_span,
                value: literal(&entry.node),
                expression: None,
            }),
        }
    }
    out
}

/// The value with each template in it unknown, and with the escapes of templates resolved.
fn literal(node: &Node) -> Node {
    let value = match &node.value {
        Value::String(text) => template(text),
        Value::Seq(items) => Value::Seq(items.iter().map(literal).collect()),
        Value::Map(map) if map.iter().any(|e| template(&e.key) == Value::Unknown) => Value::Unknown,
        Value::Map(map) => Value::Map(members(map)),
        other => other.clone(),
    };
    Node::new(value, node.span)
}

fn members(map: &Map) -> Map {
    let mut out = Map::default();
    map.iter().for_each(|e| out.push(Entry { node: literal(&e.node), ..e.clone() }));
    out
}

/// A string of JSON configuration is a template: unknown when it interpolates.
fn template(text: &Arc<str>) -> Value {
    if !text.contains("${") && !text.contains("%{") {
        return Value::String(text.clone());
    }
    let plain = text.replace("$${", "").replace("%%{", "");
    if plain.contains("${") || plain.contains("%{") {
        return Value::Unknown;
    }
    Value::from(text.replace("$${", "${").replace("%%{", "%{"))
}
