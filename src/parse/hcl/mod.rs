//! HCL, Terraform's native syntax, read with `hcl-edit` into a small tree in which everything has a span.
//!
//! This module owns syntax only: which blocks mean what is [`crate::terraform`]'s business. What needs
//! evaluation (a reference, a call, an interpolation) is [`Value::Unknown`] here, and its expression is
//! kept beside it, so that an evaluator can finish the work on the same tree.
//!
//! The parser gives up at the first fault. So when a file does not parse, [`outline`] splits it into its
//! top-level items and each is parsed alone: a broken block loses that block, not the file. Two
//! constructs of valid HCL that the parser refuses are mended first, without moving a byte ([`mend`]).
//!
//! [`Value::Unknown`]: crate::parse::tree::Value::Unknown

mod convert;
mod mend;
mod outline;
mod token;

use std::ops::Range;
use std::sync::Arc;

use hcl_edit::expr::Expression as Tree;

use crate::finding::Diagnostic;
use crate::parse::tree::{Node, Value};
use crate::source::{SourceId, Span};

use convert::Reader;
use outline::Item;

/// What one file says, and what could not be read in it.
#[derive(Clone, Debug, Default)]
pub struct Hcl {
    /// Attributes and blocks of the top level.
    pub body: Body,
    /// `hcl::syntax` (an error, once per block that was lost), `hcl::too_large`.
    pub diagnostics: Vec<Diagnostic>,
}

/// Attributes and blocks, each list in the order of the source.
#[derive(Clone, Debug, Default)]
pub struct Body {
    /// `name = value`.
    pub attributes: Vec<Attribute>,
    /// `kind "label" { … }`.
    pub blocks: Vec<Block>,
}

impl Body {
    /// The attribute of a name.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|a| &*a.name == name)
    }

    /// The blocks of a kind.
    pub fn blocks<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Block> {
        self.blocks.iter().filter(move |b| &*b.kind == kind)
    }
}

/// One `name = value`.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// The name.
    pub name: Arc<str>,
    /// Bytes of the name.
    pub name_span: Span,
    /// The value as far as it is literal; its span is the expression's.
    pub value: Node,
    /// The expression, kept only when the value is not wholly literal.
    pub expression: Option<Arc<Expression>>,
}

impl Attribute {
    /// A reference such as `aws.west` or `tags["Name"]` as text, when the expression is one.
    /// JSON configuration writes the same as a string.
    pub fn reference(&self) -> Option<String> {
        match (&self.value.value, &self.expression) {
            (Value::String(text), _) => Some(text.to_string()),
            (_, Some(expression)) => convert::reference(&expression.tree),
            _ => None,
        }
    }

    /// The entries of an object whose values are references, as text: `{ aws = aws.west }`.
    pub fn reference_entries(&self) -> Vec<(String, String)> {
        match (&self.expression, &self.value.value) {
            (Some(expression), _) => convert::reference_entries(&expression.tree),
            (None, Value::Map(map)) => {
                map.iter().filter_map(|e| Some((e.key.to_string(), e.node.as_str()?.to_owned()))).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The value with each reference in it as text: `[tags, a.b]` is `["tags", "a.b"]`. For arguments that
    /// name things instead of using their values. `None` when something else is in it.
    pub fn references(&self) -> Option<Node> {
        match &self.expression {
            None => Some(self.value.clone()),
            Some(expression) => convert::references(expression),
        }
    }
}

/// An expression that is still to be evaluated, with the origin of its spans.
#[derive(Clone, Debug)]
pub struct Expression {
    /// The parser's tree.
    pub tree: Tree,
    /// The text that the spans of `tree` count in.
    source: SourceId,
    /// Where in that text the spans of `tree` count from.
    base: usize,
}

impl Expression {
    /// The span of a part of the tree in its source; `None` for a part that was made, not read.
    pub fn span_of(&self, part: &impl hcl_edit::Span) -> Option<Span> {
        part.span().map(|r| Span::new(self.source, self.base + r.start, self.base + r.end))
    }
}

/// One block.
#[derive(Clone, Debug)]
pub struct Block {
    /// `resource`, `lifecycle`, ….
    pub kind: Arc<str>,
    /// Bytes of the kind.
    pub kind_span: Span,
    /// Labels in their order.
    pub labels: Vec<Label>,
    /// What stands between the braces.
    pub body: Body,
    /// From the kind to the last label: where a missing attribute is shown.
    pub header: Span,
    /// From the kind to the closing brace.
    pub span: Span,
}

impl Block {
    /// The text of the label at an index.
    pub fn label(&self, index: usize) -> Option<&Arc<str>> {
        self.labels.get(index).map(|l| &l.text)
    }
}

/// One label of a block.
#[derive(Clone, Debug)]
pub struct Label {
    /// The label without quotes.
    pub text: Arc<str>,
    /// Its bytes, with quotes.
    pub span: Span,
}

/// Texts below this size cannot hold a mapping that is too large for the parser (see [`mend`]).
const SMALL: usize = 32 * 1024;

/// Reads a file. Never fails as a whole: what cannot be read is named in the diagnostics.
///
/// A byte order mark is skipped, and spans count from behind it, as the text of a `Source` does.
pub fn parse(source: SourceId, text: &str) -> Hcl {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.len() <= SMALL
        && let Ok(body) = hcl_edit::parser::parse_body(text)
    {
        let body = Reader { source, text, base: 0, unread: &[] }.body(body);
        return Hcl { body, diagnostics: Vec::new() };
    }
    by_items(source, text)
}

/// Where the comments of a text stand, without the ends of their lines. Understands broken text, too.
pub fn comments(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    token::Tokens::new(text).filter(|(kind, _)| *kind == token::Kind::Comment).map(|(_, range)| range)
}

/// Reads one expression that stands at `base` of its source, as the argument that it would be.
///
/// # Errors
/// `hcl::syntax`, at the place of the fault.
pub fn parse_argument(source: SourceId, base: usize, text: &str) -> Result<Argument, Diagnostic> {
    match hcl_edit::parser::parse_expr(text) {
        Ok(tree) => Ok(Reader { source, text, base, unread: &[] }.argument(tree)),
        Err(error) => {
            let at = base + error.location().offset();
            Err(syntax("this expression", error.message(), Span::new(source, at, at + 1)))
        }
    }
}

/// A value as far as it is literal, and its expression where it is not.
pub type Argument = (Node, Option<Arc<Expression>>);

/// A template that was not written as HCL (JSON writes templates as strings) as an expression; its parts have
/// no spans.
///
/// # Errors
/// `hcl::syntax` at `span`.
pub fn parse_template(span: Span, text: &str) -> Result<Tree, Diagnostic> {
    match hcl_edit::parser::parse_template(text) {
        Ok(template) => Ok(Tree::StringTemplate(template.into())),
        Err(error) => Err(syntax("this template", error.message(), span)),
    }
}

/// The tree of an expression; `None` when it is not one.
pub fn parse_argument_tree(text: &str) -> Option<Tree> {
    hcl_edit::parser::parse_expr(text).ok()
}

impl Expression {
    /// A tree whose parts have no spans of their own.
    pub fn made(tree: Tree, span: Span) -> Self {
        Self { tree, source: span.source, base: span.start as usize }
    }
}

/// Reads each top-level item alone.
fn by_items(source: SourceId, text: &str) -> Hcl {
    let mut hcl = Hcl::default();
    for item in outline::items(text) {
        hcl.read_item(source, text, &item);
    }
    // Text that is no HCL at all is broken on every line; nobody reads a thousand of these.
    hcl.diagnostics.truncate(MAX_DIAGNOSTICS);
    hcl
}

/// How many faults of one file are told.
const MAX_DIAGNOSTICS: usize = 20;

/// How often one block is mended before it counts as unreadable.
const ATTEMPTS: usize = 8;

impl Hcl {
    fn read_item(&mut self, source: SourceId, text: &str, item: &Item) {
        let base = item.range.start;
        let Some(piece) = text.get(item.range.clone()) else { return };
        let mut mended = mend::mend(piece);
        let mut outcome = hcl_edit::parser::parse_body(&mended.text);
        for _ in 0..ATTEMPTS {
            match &outcome {
                Err(error) if mended.give_up_on(error) => {
                    outcome = hcl_edit::parser::parse_body(&mended.text);
                }
                _ => break,
            }
        }
        let at = |r: &Range<usize>| Span::new(source, base + r.start, base + r.end);
        self.diagnostics.extend(mended.unread.iter().map(|r| too_large(at(r))));
        match outcome {
            Ok(body) => {
                let read = Reader { source, text: piece, base, unread: &mended.unread }.body(body);
                self.body.attributes.extend(read.attributes);
                self.body.blocks.extend(read.blocks);
            }
            Err(_) if !item.closed => self.diagnostics.push(unclosed(at(&item.header(piece)))),
            Err(error) => {
                let offset = error.location().offset();
                self.diagnostics.push(syntax("this block", error.message(), at(&(offset..offset + 1))));
            }
        }
    }
}

/// The parser says `invalid WHAT; expected A, B or C`, and `expected …` alone is a long list for expressions.
fn syntax(subject: &str, message: &str, span: Span) -> Diagnostic {
    if message.contains("found redefined attribute") {
        return redefined(span);
    }
    let (what, expected) = message.split_once("; ").unwrap_or((message, ""));
    Diagnostic::error("hcl::syntax", format!("{subject} cannot be read: {what}"))
        .at(span)
        .label(if expected.len() > 60 || expected.is_empty() { "here" } else { expected })
        .help("`terraform fmt` or `tofu fmt` points at the same fault; the rest of the file was read")
}

fn redefined(span: Span) -> Diagnostic {
    Diagnostic::error("hcl::syntax", "Attribute redefined: each argument may be set only once; this block was not read")
        .at(span)
        .label("set again")
        .help("remove one of them")
}

fn unclosed(span: Span) -> Diagnostic {
    Diagnostic::error("hcl::syntax", "this block is never closed")
        .at(span)
        .label("opened here")
        .help("look for a missing `}`, `]`, `)`, quote or heredoc end inside it; the rest of the file was read")
}

/// The warning about an expression that is not read for its size.
pub fn too_large(span: Span) -> Diagnostic {
    Diagnostic::warning("hcl::too_large", "this expression is too large to read; its value counts as unknown")
        .at(span)
        .label("not read")
        .help("move the data into a file and read it with `jsondecode(file(…))`, or hand over a plan")
}

#[cfg(test)]
mod tests;
