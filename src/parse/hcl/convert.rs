//! From the parser's tree to ours: literals become values, the rest unknown.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use hcl_edit::Span as _;
use hcl_edit::expr::{Expression as Tree, Object, ObjectKey, TraversalOperator};
use hcl_edit::structure as edit;
use hcl_edit::template::Element;

use super::{Argument, Attribute, Block, Body, Expression, Label};
use crate::parse::tree::{Entry, Map, Node, Number, Value};
use crate::source::{SourceId, Span};

/// Reads one parsed text that starts at `base` of its source.
pub(super) struct Reader<'a> {
    pub(super) source: SourceId,
    /// The text as it was before it was mended.
    pub(super) text: &'a str,
    pub(super) base: usize,
    /// Expressions that the parser was not shown.
    pub(super) unread: &'a [Range<usize>],
}

impl Reader<'_> {
    pub(super) fn body(&self, body: edit::Body) -> Body {
        let mut out = Body::default();
        for structure in body {
            match structure {
                edit::Structure::Attribute(attribute) => out.attributes.push(self.attribute(attribute)),
                edit::Structure::Block(block) => out.blocks.push(self.block(block)),
            }
        }
        out
    }

    fn attribute(&self, attribute: edit::Attribute) -> Attribute {
        let name_span = self.span(attribute.key.span());
        let name = Arc::from(attribute.key.as_str());
        let start = attribute.value.span().unwrap_or_default().start;
        let unread = self.unread.binary_search_by_key(&start, |u| u.start);
        if let Some(unread) = unread.ok().and_then(|at| self.unread.get(at)) {
            let value = Node::new(Value::Unknown, self.span(Some(unread.clone())));
            return Attribute { name, name_span, value, expression: None };
        }
        let (value, expression) = self.argument(attribute.value);
        Attribute { name, name_span, value, expression }
    }

    pub(super) fn argument(&self, tree: Tree) -> Argument {
        let value = self.value(&tree);
        let expression =
            (!is_literal(&value)).then(|| Arc::new(Expression { tree, source: self.source, base: self.base }));
        (value, expression)
    }

    fn block(&self, block: edit::Block) -> Block {
        let span = self.span(block.span());
        let kind_span = self.span(block.ident.span());
        let label = |l: &edit::BlockLabel| Label { text: Arc::from(l.as_str()), span: self.span(l.span()) };
        let labels: Vec<Label> = block.labels.iter().map(label).collect();
        let header = labels.last().map_or(kind_span, |last| kind_span.to(last.span));
        Block { kind: Arc::from(block.ident.as_str()), kind_span, labels, body: self.body(block.body), header, span }
    }

    fn span(&self, range: Option<Range<usize>>) -> Span {
        let range = range.unwrap_or_default();
        Span::new(self.source, self.base + range.start, self.base + range.end)
    }

    fn value(&self, tree: &Tree) -> Node {
        let span = self.span(tree.span());
        let value = match tree {
            Tree::Null(_) => Value::Null,
            Tree::Bool(b) => Value::Bool(*b.value()),
            Tree::Number(_) => self.number(tree.span()),
            Tree::String(text) => Value::from(text.as_str()),
            Tree::Array(items) => Value::Seq(items.iter().map(|item| self.value(item)).collect()),
            Tree::Object(object) => self.object(object),
            Tree::StringTemplate(template) => text(template.iter()),
            Tree::HeredocTemplate(heredoc) => text(heredoc.template.iter()),
            Tree::Parenthesis(inner) => self.value(inner.inner()).value,
            _ => Value::Unknown,
        };
        Node::new(value, span)
    }

    /// The number as it is written: the parser's own number has lost digits.
    fn number(&self, range: Option<Range<usize>>) -> Value {
        let written = range.and_then(|r| self.text.get(r)).unwrap_or_default();
        let text: String = written.chars().filter(|c| !c.is_whitespace()).collect();
        number(&text).map_or(Value::Unknown, Value::Number)
    }

    /// An object is unknown as a whole when one of its keys is: any key could be that one.
    fn object(&self, object: &Object) -> Value {
        let mut entries: Vec<Entry> = Vec::with_capacity(object.len());
        let mut index: HashMap<Arc<str>, usize> = HashMap::with_capacity(object.len());
        for (key, value) in object.iter() {
            let Some(name) = self.key(key) else { return Value::Unknown };
            let entry = Entry { key: name.clone(), key_span: self.span(key.span()), node: self.value(value.expr()) };
            match index.get(&name).and_then(|at| entries.get_mut(*at)) {
                Some(earlier) => *earlier = entry,
                None => {
                    index.insert(name, entries.len());
                    entries.push(entry);
                }
            }
        }
        let mut map = Map::default();
        entries.into_iter().for_each(|entry| map.push(entry));
        Value::Map(map)
    }

    fn key(&self, key: &ObjectKey) -> Option<Arc<str>> {
        match key {
            ObjectKey::Ident(name) => Some(Arc::from(name.as_str())),
            ObjectKey::Expression(tree) => match self.value(tree).value {
                Value::String(text) => Some(text),
                Value::Number(number) => Some(number.to_string().into()),
                Value::Bool(b) => Some(b.to_string().into()),
                Value::Null => Some("null".into()),
                _ => None,
            },
        }
    }
}

/// The text of a template that has no interpolation and no directive.
fn text<'a>(elements: impl Iterator<Item = &'a Element>) -> Value {
    let literal = |e: &'a Element| e.as_literal().map(|text| text.as_str());
    elements.map(literal).collect::<Option<String>>().map_or(Value::Unknown, Value::from)
}

/// Whether nothing in it needs evaluation.
fn is_literal(node: &Node) -> bool {
    match &node.value {
        Value::Unknown => false,
        Value::Seq(items) => items.iter().all(is_literal),
        Value::Map(map) => map.iter().all(|e| is_literal(&e.node)),
        _ => true,
    }
}

/// Digits that every decimal keeps in a double.
const EXACT_DIGITS: usize = 15;

/// A number from its text (HCL spec, NumericLiteral; a minus in front).
fn number(text: &str) -> Option<Number> {
    if let Ok(int) = text.parse() {
        return Some(Number::Int(int));
    }
    if let Ok(uint) = text.parse() {
        return Some(Number::Uint(uint));
    }
    let float: f64 = text.parse().ok().filter(|f: &f64| f.is_finite())?;
    if let Some(int) = Number::Float(float).as_i64() {
        return Some(Number::Int(int));
    }
    let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
    let digits = mantissa.bytes().filter(u8::is_ascii_digit).count();
    Some(if digits <= EXACT_DIGITS { Number::Float(float) } else { Number::Big(text.into()) })
}

/// `aws.west`, `var.tags["a"]`, `list[0]` as text; `None` for anything else.
pub(super) fn reference(tree: &Tree) -> Option<String> {
    match tree {
        Tree::Variable(name) => Some(name.as_str().to_owned()),
        Tree::Traversal(traversal) => {
            let mut out = reference(&traversal.expr)?;
            for operator in &traversal.operators {
                out.push_str(&step(operator.value())?);
            }
            Some(out)
        }
        _ => None,
    }
}

fn step(operator: &TraversalOperator) -> Option<String> {
    match operator {
        TraversalOperator::GetAttr(name) => Some(format!(".{}", name.as_str())),
        TraversalOperator::LegacyIndex(index) => Some(format!("[{}]", **index)),
        TraversalOperator::Index(Tree::Number(n)) => Some(format!("[{}]", n.value())),
        TraversalOperator::Index(Tree::String(key)) => Some(format!("[{:?}]", key.as_str())),
        _ => None,
    }
}

/// A reference or a list of them as text.
pub(super) fn references(expression: &Expression) -> Option<Node> {
    let named = |tree: &Tree| Some(Node::new(reference_or_text(tree)?, expression.span_of(tree)?));
    match &expression.tree {
        Tree::Array(items) => {
            let names = items.iter().map(named).collect::<Option<Vec<Node>>>()?;
            Some(Node::new(names, expression.span_of(&expression.tree)?))
        }
        tree => named(tree),
    }
}

/// The entries of an object whose keys and values are references or text.
pub(super) fn reference_entries(tree: &Tree) -> Vec<(String, String)> {
    let Tree::Object(object) = tree else { return Vec::new() };
    let key = |key: &ObjectKey| match key {
        ObjectKey::Ident(name) => Some(name.as_str().to_owned()),
        ObjectKey::Expression(tree) => reference_or_text(tree),
    };
    object.iter().filter_map(|(k, value)| Some((key(k)?, reference_or_text(value.expr())?))).collect()
}

fn reference_or_text(tree: &Tree) -> Option<String> {
    reference(tree).or_else(|| tree.as_str().map(str::to_owned))
}
