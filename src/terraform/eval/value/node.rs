//! Values to and from the tree that the other formats are read into.

use std::sync::Arc;

use super::{Data, Marks, Origin, Value};
use crate::parse::tree::{Entry, Map, Node, Number as TreeNumber, Value as Tree};
use crate::source::Span;
use crate::terraform::eval::number::Number;
use crate::terraform::eval::types::Type;

/// Digits that every decimal keeps in a double.
const EXACT_DIGITS: usize = 15;

impl Value {
    /// The value as a tree: what is unknown or marked stays so, without its content. Parts that were made
    /// without a place get that of the whole, and the whole `place`.
    pub fn to_node(&self, place: Span) -> Node {
        let span = self.span().unwrap_or(place);
        if !self.marks.is_empty() {
            return Node::new(Tree::Sensitive, span);
        }
        let seq = |items: &[Value]| Tree::Seq(items.iter().map(|item| item.to_node(span)).collect());
        let tree = match &self.data {
            Data::Null(_) => Tree::Null,
            Data::Unknown(..) => Tree::Unknown,
            Data::Bool(b) => Tree::Bool(*b),
            Data::Number(number) => Tree::Number(tree_number(number)),
            Data::String(text) => Tree::String(text.clone()),
            Data::List(_, items) | Data::Set(_, items) | Data::Tuple(items) => seq(items),
            Data::Map(_, entries) | Data::Object(entries) => {
                let entry = |(key, value): (&Arc<str>, &Value)| {
                    let node = value.to_node(span);
                    Entry { key: key.clone(), key_span: node.span, node }
                };
                Tree::Map(Map::from(entries.iter().map(entry).collect::<Vec<_>>()))
            }
        };
        Node::new(tree, span)
    }

    /// A tree as the value that Terraform makes of it: lists are tuples, mappings are objects, and
    /// everything has its place as origin. What was marked has lost its content and is unknown.
    pub fn from_node(node: &Node) -> Value {
        let value = match &node.value {
            Tree::Null => Value::null(Type::Dynamic),
            Tree::Bool(b) => (*b).into(),
            Tree::Number(number) => number_of(number),
            Tree::String(text) => Value::string(text),
            Tree::Seq(items) => Value::tuple(items.iter().map(Value::from_node).collect::<Vec<_>>()),
            Tree::Map(map) => Value::object(map.iter().map(|e| (e.key.clone(), Value::from_node(&e.node))).collect()),
            Tree::Unknown => Value::unknown(Type::Dynamic),
            Tree::Sensitive => Value::unknown(Type::Dynamic).with_marks(Marks::SENSITIVE),
        };
        value.with_origin(Origin::at(node.span))
    }
}

fn number_of(number: &TreeNumber) -> Value {
    Number::parse(&number.to_string()).map_or_else(|| Value::unknown_not_null(Type::Number), Value::from)
}

fn tree_number(number: &Number) -> TreeNumber {
    let text = number.to_string();
    if let Ok(int) = text.parse() {
        return TreeNumber::Int(int);
    }
    if let Ok(uint) = text.parse() {
        return TreeNumber::Uint(uint);
    }
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    match text.parse::<f64>() {
        Ok(float) if float.is_finite() && digits <= EXACT_DIGITS => TreeNumber::Float(float),
        _ => TreeNumber::Big(text.into()),
    }
}
