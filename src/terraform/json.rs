//! Configuration in JSON syntax (`.tf.json`), as the same blocks that native syntax has.
//!
//! JSON does not tell an argument from a nested block; without the provider's schema a nested block stays
//! what was written: an object, or a list of objects.

use std::sync::Arc;

use hcl_edit::expr::{Expression as Tree, Object, ObjectKey, ObjectValue};

use super::config;
use crate::finding::Diagnostic;
use crate::parse::hcl::{self, Attribute, Block, Body, Expression, Label};
use crate::parse::json;
use crate::parse::tree::{Entry, Map, Node, Value};
use crate::source::SourceId;

/// Blocks inside a resource or a provider that are no arguments, besides Terraform's own, with the number of
/// their labels.
const NESTED: [(&str, usize); 5] =
    [("connection", 0), ("default_tags", 0), ("provisioner", 1), ("dynamic", 1), ("timeouts", 0)];

/// Reads a file in JSON syntax.
pub(super) fn read(source: SourceId, text: &str) -> (Body, Vec<Diagnostic>) {
    match json::parse(source, text) {
        Ok(node) if matches!(node.value, Value::Map(_) | Value::Seq(_)) => {
            let mut reader = Reader { text, source, diagnostics: Vec::new() };
            let body = reader.top_level(&node);
            (body, reader.diagnostics)
        }
        Ok(node) => (Body::default(), vec![not_an_object(&node)]),
        Err(diagnostic) => (Body::default(), vec![diagnostic]),
    }
}

/// Reads the arguments of a variables file in JSON syntax.
pub(super) fn read_arguments(source: SourceId, text: &str) -> (Vec<Attribute>, Vec<Diagnostic>) {
    match json::parse(source, text) {
        Ok(Node { value: Value::Map(map), .. }) => {
            let mut reader = Reader { text, source, diagnostics: Vec::new() };
            let arguments = map.iter().filter(|e| &*e.key != "//").map(|e| reader.argument(e)).collect();
            (arguments, reader.diagnostics)
        }
        Ok(node) => (Vec::new(), vec![not_an_object(&node)]),
        Err(diagnostic) => (Vec::new(), vec![diagnostic]),
    }
}

fn not_an_object(node: &Node) -> Diagnostic {
    Diagnostic::error("terraform::json_shape", format!("a configuration file is an object, this is {}", node.kind()))
        .at(node.span)
        .label("expected `{`")
        .help("see \"JSON Configuration Syntax\" in Terraform's documentation")
}

/// The objects of a value that may be one object or a list of them.
fn objects(node: &Node) -> impl Iterator<Item = &Map> {
    let several = node.as_seq().unwrap_or_default().iter().filter_map(Node::as_map);
    node.as_map().into_iter().chain(several)
}

struct Reader<'a> {
    text: &'a str,
    source: SourceId,
    diagnostics: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn top_level(&mut self, node: &Node) -> Body {
        let mut body = Body::default();
        for entry in objects(node).flat_map(Map::iter).filter(|e| &*e.key != "//") {
            match config::labels_of("", &entry.key) {
                Some(labels) => self.blocks(&entry.key, entry, &mut Vec::new(), labels, &mut body.blocks),
                None => self.diagnostics.push(extraneous(entry)),
            }
        }
        body
    }

    /// Reads blocks: `more` levels of objects whose keys are labels, then the bodies.
    fn blocks(&mut self, kind: &Arc<str>, entry: &Entry, labels: &mut Vec<Label>, more: usize, out: &mut Vec<Block>) {
        for map in objects(&entry.node) {
            if let Some(more) = more.checked_sub(1) {
                for inner in map.iter().filter(|e| &*e.key != "//") {
                    labels.push(Label { text: inner.key.clone(), span: inner.key_span });
                    self.blocks(kind, inner, labels, more, out);
                    labels.pop();
                }
            } else {
                let header = entry.key_span;
                let span = header.to(entry.node.span);
                let body = self.body(kind, map);
                out.push(Block { kind: kind.clone(), kind_span: header, labels: labels.clone(), body, header, span });
            }
        }
    }

    fn body(&mut self, kind: &str, map: &Map) -> Body {
        let mut out = Body::default();
        // Which arguments a dynamic block generates is the provider's business.
        let is_own = matches!(kind, "resource" | "data" | "ephemeral" | "provider");
        for entry in map.iter().filter(|e| &*e.key != "//") {
            let others = NESTED.iter().find(|(nested, _)| is_own && *nested == &*entry.key).map(|(_, labels)| *labels);
            let content = (kind == "dynamic" && &*entry.key == "content").then_some(0);
            match config::labels_of(kind, &entry.key).or(others).or(content) {
                Some(labels) => self.blocks(&entry.key, entry, &mut Vec::new(), labels, &mut out.blocks),
                None => out.attributes.push(self.argument(entry)),
            }
        }
        out
    }

    fn argument(&mut self, entry: &Entry) -> Attribute {
        let value = literal(&entry.node);
        let expression = self.expression(&entry.node, &value).map(Arc::new);
        Attribute { name: entry.key.clone(), name_span: entry.key_span, value, expression }
    }

    /// The expression of a value with templates in it. JSON without escapes is also HCL, with its own spans; for
    /// all other the tree is made.
    fn expression(&mut self, node: &Node, value: &Node) -> Option<Expression> {
        if is_known(value) {
            return None;
        }
        let start = node.span.start as usize;
        let text = self.text.get(start..node.span.end as usize).unwrap_or_default();
        if !text.contains('\\')
            && text.len() <= SMALL
            && let Ok((_, Some(expression))) = hcl::parse_argument(self.source, start, text)
        {
            return Some(Arc::unwrap_or_clone(expression));
        }
        match tree(node) {
            Ok(tree) => Some(Expression::made(tree, node.span)),
            Err(fault) => {
                self.diagnostics.push(*fault);
                None
            }
        }
    }
}

/// Texts below this size cannot hold an object that takes the parser too long.
const SMALL: usize = 32 * 1024;

/// An expression looks up each key in all keys before it; above this it takes too long.
const MAX_OBJECT: usize = 10_000;

/// The value as an expression.
fn tree(node: &Node) -> Result<Tree, Box<Diagnostic>> {
    Ok(match &node.value {
        Value::Bool(b) => Tree::from(*b),
        Value::Number(number) => match hcl::parse_argument_tree(&number.to_string()) {
            Some(tree) => tree,
            None => Tree::null(),
        },
        Value::String(text) => string(node, text)?,
        Value::Seq(items) => Tree::Array(items.iter().map(tree).collect::<Result<Vec<_>, _>>()?.into()),
        Value::Map(map) if map.len() > MAX_OBJECT => return Err(Box::new(hcl::too_large(node.span))),
        Value::Map(map) => {
            let mut object = Object::new();
            for entry in map {
                let key = string(node, &entry.key)?;
                object.insert(ObjectKey::Expression(key), ObjectValue::new(tree(&entry.node)?));
            }
            Tree::Object(object)
        }
        _ => Tree::null(),
    })
}

fn string(node: &Node, text: &Arc<str>) -> Result<Tree, Box<Diagnostic>> {
    match template(text) {
        Value::Unknown => hcl::parse_template(node.span, text).map_err(Box::new),
        _ => Ok(Tree::from(&**text)),
    }
}

fn extraneous(entry: &Entry) -> Diagnostic {
    let message = format!("Extraneous JSON object property: no block type is named \"{}\"", entry.key);
    Diagnostic::error("terraform::unsupported_block", message)
        .at(entry.key_span)
        .label("not known here")
        .help("see \"JSON Configuration Syntax\" in Terraform's documentation")
}

/// Whether nothing in it needs evaluation.
fn is_known(node: &Node) -> bool {
    match &node.value {
        Value::Unknown => false,
        Value::Seq(items) => items.iter().all(is_known),
        Value::Map(map) => map.iter().all(|e| is_known(&e.node)),
        _ => true,
    }
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
