//! METADATA comments as OPA reads them: what `rego.metadata.rule()` and `rego.metadata.chain()` give.

use std::sync::Arc;

use super::ast::{Module, Range, Rule, Term, TermKind};
use super::program::path_of;
use crate::finding::Level;
use crate::parse::tree::{Node, Number, Value};
use crate::parse::yaml;
use crate::source::SourceId;

/// One METADATA block.
#[derive(Clone, Debug)]
struct Block {
    /// The end of its last line.
    end: u32,
    /// `rule`, `document`, `package` or `subpackages`; nothing when it does not say so.
    scope: Option<Arc<str>>,
    fields: Vec<(Arc<str>, Term)>,
}

/// Fields that annotations have; others are passed over.
const FIELDS: &[&str] = &[
    "authors",
    "compile",
    "custom",
    "description",
    "entrypoint",
    "organizations",
    "related_resources",
    "schemas",
    "title",
];

/// The annotations of all modules.
#[derive(Clone, Debug, Default)]
pub(super) struct Annotations {
    modules: Vec<(Vec<Arc<str>>, u32, Vec<Block>)>,
}

impl Annotations {
    pub(super) fn of(modules: &[(SourceId, Module)]) -> Self {
        let read =
            |(_, module): &(SourceId, Module)| (module.package.clone(), module.package_range.start, blocks(module));
        Self { modules: modules.iter().map(read).collect() }
    }

    /// The annotations of a rule as an object; empty when it has none.
    pub(super) fn rule(&self, module: usize, rules: &[Rule], rule: &Rule, at: Range) -> Term {
        match self.own(module, rules, rule, "rule") {
            Some(block) => block.object(at, "rule"),
            None => Term::new(at, TermKind::Object(Vec::new())),
        }
    }

    /// The rule, its document, its package and the packages above, each with its path.
    pub(super) fn chain(&self, module: usize, source: &Module, rules: &[Rule], rule: &Rule, at: Range) -> Term {
        let path = path_of(source, rule);
        let mut chain = vec![entry(at, &path, self.own(module, rules, rule, "rule").map(|b| b.object(at, "rule")))];
        let document = rules
            .iter()
            .filter(|other| path_of(source, other) == path)
            .find_map(|other| self.own(module, rules, other, "document"));
        if let Some(block) = document {
            chain.push(entry(at, &path, Some(block.object(at, "document"))));
        }
        for depth in (1..=source.package.len()).rev() {
            let package = source.package.get(..depth).unwrap_or_default();
            let whole = depth == source.package.len();
            let scopes: &[&str] = if whole { &["package", "subpackages"] } else { &["subpackages"] };
            for scope in scopes {
                chain.extend(
                    self.package(package, scope).map(|block| entry(at, package, Some(block.object(at, scope)))),
                );
            }
        }
        Term::new(at, TermKind::Array(chain))
    }

    /// The block that stands before a rule, of a scope.
    fn own(&self, module: usize, rules: &[Rule], rule: &Rule, scope: &str) -> Option<&Block> {
        let (_, package, blocks) = self.modules.get(module)?;
        let before = rules.iter().map(|r| r.range.start).filter(|start| *start < rule.range.start).max();
        let from = before.unwrap_or(*package);
        let mut near = blocks.iter().filter(|b| b.end <= rule.range.start && b.end > from);
        near.rfind(|b| b.scope.as_deref().unwrap_or("rule") == scope)
    }

    fn package(&self, package: &[Arc<str>], scope: &str) -> Option<&Block> {
        self.modules.iter().filter(|(name, ..)| name == package).find_map(|(_, start, blocks)| {
            let mut before = blocks.iter().filter(|b| b.end <= *start);
            before.rfind(|b| b.scope.as_deref().unwrap_or("package") == scope)
        })
    }
}

impl Block {
    fn object(&self, at: Range, scope: &str) -> Term {
        let scope = (Term::string(at, "scope"), Term::string(at, scope));
        let fields = self.fields.iter().map(|(name, value)| (Term::string(at, name), value.clone()));
        Term::new(at, TermKind::Object(std::iter::once(scope).chain(fields).collect()))
    }
}

fn entry(at: Range, path: &[Arc<str>], annotations: Option<Term>) -> Term {
    let path = Term::new(at, TermKind::Array(path.iter().map(|p| Term::string(at, p)).collect()));
    let mut entries: Vec<(Term, Term)> = Vec::new();
    entries.extend(annotations.map(|a| (Term::string(at, "annotations"), a)));
    entries.push((Term::string(at, "path"), path));
    Term::new(at, TermKind::Object(entries))
}

/// A `METADATA` comment without anything below it.
pub(super) fn empty_block(module: &Module) -> Option<Range> {
    let mut comments = module.comments.iter().peekable();
    while let Some(comment) = comments.next() {
        let follows = comments.peek().is_some_and(|c| c.line == comment.line + 1);
        if comment.text.trim() == "METADATA" && !follows {
            return Some(comment.range);
        }
    }
    None
}

/// The blocks of a module: a `METADATA` comment and those on the lines below it.
fn blocks(module: &Module) -> Vec<Block> {
    let mut found = Vec::new();
    let mut comments = module.comments.iter().peekable();
    while let Some(first) = comments.next() {
        if first.text.trim() != "METADATA" {
            continue;
        }
        let (mut line, mut end, mut text) = (first.line, first.range.end, String::new());
        while let Some(next) = comments.next_if(|c| c.line == line + 1 && c.column == first.column) {
            (line, end) = (next.line, next.range.end);
            text.push_str(&next.text);
            text.push('\n');
        }
        found.extend(block(&text, first.range, end));
    }
    found
}

fn block(text: &str, at: Range, end: u32) -> Option<Block> {
    let parsed = yaml::parse(SourceId::default(), text, &yaml::Limits::default());
    if parsed.diagnostics.iter().any(|d| d.level == Level::Error) {
        return None;
    }
    let map = parsed.documents.first()?.as_map()?;
    let scope = map.get("scope").and_then(Node::as_str).map(Into::into);
    let fields = map.iter().filter(|e| FIELDS.contains(&&*e.key));
    let fields = fields.map(|e| (e.key.clone(), shaped(&e.key, term(at, &e.node, text)))).collect();
    Some(Block { end, scope, fields })
}

/// A link that is only a text is an object with `ref`; an author, one with `name` and `email`.
fn shaped(field: &str, value: Term) -> Term {
    let TermKind::Array(items) = value.kind else { return value };
    let at = value.range;
    let link = |item: Term| match &item.kind {
        TermKind::String(_) if field == "related_resources" => {
            Term::new(at, TermKind::Object(vec![(Term::string(at, "ref"), item)]))
        }
        TermKind::String(text) if field == "authors" => author(at, text),
        _ => item,
    };
    Term::new(at, TermKind::Array(items.into_iter().map(link).collect()))
}

/// `Jane Doe <jane@example.com>`.
fn author(at: Range, text: &str) -> Term {
    let (name, email) = match text.trim().strip_suffix('>').and_then(|t| t.rsplit_once('<')) {
        Some((name, email)) => (name.trim(), Some(email)),
        None => (text.trim(), None),
    };
    let given = [("email", email), ("name", Some(name).filter(|n| !n.is_empty()))];
    let given = given.into_iter().filter_map(|(key, value)| Some((Term::string(at, key), Term::string(at, value?))));
    Term::new(at, TermKind::Object(given.collect()))
}

fn term(at: Range, node: &Node, text: &str) -> Term {
    let kind = match &node.value {
        Value::Null | Value::Unknown | Value::Sensitive => TermKind::Null,
        Value::Bool(b) => TermKind::Bool(*b),
        Value::Number(number) => TermKind::Number(match number {
            Number::Int(i) => i.to_string().into(),
            Number::Uint(u) => u.to_string().into(),
            Number::Float(f) => f.to_string().into(),
            Number::Big(text) => text.clone(),
        }),
        Value::String(day) if is_date(day) && plain(text, node) => TermKind::String(format!("{day}T00:00:00Z").into()),
        Value::String(text) => TermKind::String(text.clone()),
        Value::Seq(items) => TermKind::Array(items.iter().map(|item| term(at, item, text)).collect()),
        Value::Map(map) => {
            TermKind::Object(map.iter().map(|e| (Term::string(at, &e.key), term(at, &e.node, text))).collect())
        }
    };
    Term::new(at, kind)
}

/// Whether a scalar stands without quotes.
fn plain(text: &str, node: &Node) -> bool {
    let first = text.get(node.span.start as usize..).and_then(|rest| rest.chars().next());
    !matches!(first, Some('"' | '\''))
}

/// A date by itself is an instant to OPA's reader of YAML.
fn is_date(text: &str) -> bool {
    let shape = |(i, b): (usize, u8)| if matches!(i, 4 | 7) { b == b'-' } else { b.is_ascii_digit() };
    text.len() == 10 && text.bytes().enumerate().all(shape)
}
