//! The tree as text for the engine, with a map back to the places that it came from.
//!
//! What is printed is Rego v1, every operator in parentheses, an expression of a body a line.

use std::fmt::Write;

use super::ast::{Body, Expr, ExprKind, Module, Part, Range, Rule, Term, TermKind};
use super::flat::{self, Names};

/// The text of a module and where its parts came from.
#[derive(Clone, Debug, Default)]
pub struct Emitted {
    /// What the engine reads.
    pub text: String,
    /// Offsets in `text` and in the original, in ascending order of the first.
    places: Vec<(u32, u32)>,
}

impl Emitted {
    /// The original offset of an offset in the text.
    pub fn original(&self, offset: u32) -> u32 {
        let n = self.places.partition_point(|(at, _)| *at <= offset);
        n.checked_sub(1).and_then(|i| self.places.get(i)).map_or(0, |(_, original)| *original)
    }

    /// Offsets in the text and in the original of everything that came from somewhere, in the order of the text.
    pub fn expressions(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.places.iter().copied()
    }

    /// The original offset of a 1-based line and column in the text; columns count characters.
    pub fn original_at(&self, line: u32, column: u32) -> u32 {
        let mut start = 0;
        for _ in 1..line {
            start += self.text.get(start..).and_then(|t| t.find('\n')).map_or(0, |n| n + 1);
        }
        let rest = self.text.get(start..).unwrap_or_default();
        let column = usize::try_from(column.saturating_sub(1)).unwrap_or(usize::MAX);
        let within = rest.char_indices().nth(column).map_or(rest.len(), |(i, _)| i);
        self.original(u32::try_from(start + within).unwrap_or(u32::MAX))
    }
}

/// Prints a module; rules whose first name is a keyword as modules of their own: `if.reason := 1` in the package `a`
/// is `reason := 1` in the package `a.if`. With short names every rule is of one package.
pub(super) fn modules(module: &Module, short: Option<&Names>) -> Vec<Emitted> {
    let keyword = |rule: &Rule| KEYWORDS.iter().copied().find(|word| *word == rule.head.name());
    let mut names: Vec<Option<&str>> = module.rules.iter().map(keyword).filter(Option::is_some).collect();
    names.sort_unstable();
    names.dedup();
    let print = |name: Option<&str>| {
        let mut printer = Printer { out: Emitted::default(), module, short };
        printer.mark(module.package_range);
        printer.text("package ");
        printer.package(name);
        printer.text("\n\n");
        for rule in module.rules.iter().filter(|rule| keyword(rule) == name) {
            printer.rule(rule, name.is_some());
        }
        printer.out
    };
    std::iter::once(None).chain(names).map(print).collect()
}

struct Printer<'a> {
    out: Emitted,
    module: &'a Module,
    short: Option<&'a Names>,
}

impl Printer<'_> {
    fn text(&mut self, text: &str) {
        self.out.text.push_str(text);
    }

    fn mark(&mut self, range: Range) {
        let at = u32::try_from(self.out.text.len()).unwrap_or(u32::MAX);
        self.out.places.push((at, range.start));
    }

    fn package(&mut self, below: Option<&str>) {
        if self.short.is_some() {
            return self.text(flat::PACKAGE);
        }
        for (i, name) in self.module.package.iter().map(|name| &**name).chain(below).enumerate() {
            match name {
                name if is_name(name) => {
                    self.text(if i > 0 { "." } else { "" });
                    self.text(name);
                }
                name => {
                    self.text("[");
                    self.string(name);
                    self.text("]");
                }
            }
        }
    }

    fn rule(&mut self, rule: &Rule, below: bool) {
        self.mark(rule.range);
        if rule.default {
            self.text("default ");
        }
        self.head(rule, below);
        if let Some(body) = &rule.body {
            self.text(" if ");
            self.braced(body);
        }
        for branch in &rule.elses {
            self.mark(branch.range);
            self.text(" else");
            if let Some(value) = &branch.value {
                self.text(" := ");
                self.term(value);
            }
            if let Some(body) = &branch.body {
                self.text(" if ");
                self.braced(body);
            }
        }
        self.text("\n\n");
    }

    /// The head; without its first name when that is part of the package.
    fn head(&mut self, rule: &Rule, below: bool) {
        let head = &rule.head;
        self.mark(head.range);
        let path = if below { head.path.get(1..).unwrap_or_default() } else { &head.path };
        match path.split_first() {
            Some((Term { kind: TermKind::Var(name) | TermKind::String(name), .. }, rest)) => {
                match self.short.and_then(|short| short.head(self.module, name)) {
                    Some(short) => self.text(&short),
                    None => self.text(name),
                }
                self.path(rest);
            }
            _ => self.path(path),
        }
        if let Some(args) = &head.args {
            self.text("(");
            self.list(args);
            self.text(")");
        }
        if let Some(key) = &head.key {
            self.text(" contains ");
            self.term(key);
        }
        if let Some(value) = &head.value {
            self.text(" := ");
            self.term(value);
        }
    }

    fn braced(&mut self, body: &Body) {
        self.text("{\n");
        self.lines(body);
        self.text("}");
    }

    /// A line each; the engine would read a bracket at the start of a line as a call or an index.
    fn lines(&mut self, body: &Body) {
        for (i, expr) in body.iter().enumerate() {
            self.text(if i > 0 { ";\n" } else { "" });
            self.expr(expr);
        }
        self.text("\n");
    }

    fn inline(&mut self, body: &Body) {
        for (i, expr) in body.iter().enumerate() {
            self.text(if i > 0 { "; " } else { "" });
            self.expr(expr);
        }
    }

    fn expr(&mut self, expr: &Expr) {
        self.mark(expr.range);
        match &expr.kind {
            ExprKind::Term(term) => self.term(term),
            ExprKind::Assign(left, right) => self.pair(left, " := ", right),
            ExprKind::Unify(left, right) => self.pair(left, " = ", right),
            ExprKind::Some(names) => {
                self.text("some ");
                self.list(names);
            }
            ExprKind::SomeIn { key, value, domain } => self.quantified("some ", key.as_ref(), value, domain),
            ExprKind::Every { key, value, domain, body } => {
                self.quantified("every ", key.as_ref(), value, domain);
                self.text(" {\n");
                self.lines(body);
                self.text("}");
            }
            ExprKind::Not(inner) => {
                self.text("not ");
                self.expr(inner);
            }
            // Lowered before anything is printed.
            ExprKind::NotBody(body) | ExprKind::And(body) => self.inline(body),
            ExprKind::Or(left, right) => {
                self.expr(left);
                self.text("; ");
                self.expr(right);
            }
        }
        for with in &expr.with {
            self.text(" with ");
            self.term(&with.target);
            self.text(" as ");
            self.term(&with.value);
        }
    }

    fn pair(&mut self, left: &Term, between: &str, right: &Term) {
        self.term(left);
        self.text(between);
        self.term(right);
    }

    fn quantified(&mut self, word: &str, key: Option<&Term>, value: &Term, domain: &Term) {
        self.text(word);
        if let Some(key) = key {
            self.pair(key, ", ", value);
        } else {
            self.term(value);
        }
        self.text(" in ");
        self.term(domain);
    }

    fn list(&mut self, terms: &[Term]) {
        for (i, term) in terms.iter().enumerate() {
            self.text(if i > 0 { ", " } else { "" });
            self.term(term);
        }
    }

    fn path(&mut self, path: &[Term]) {
        for part in path {
            match &part.kind {
                TermKind::String(name) if is_name(name) => {
                    self.text(".");
                    self.text(name);
                }
                _ => {
                    self.text("[");
                    self.term(part);
                    self.text("]");
                }
            }
        }
    }

    fn term(&mut self, term: &Term) {
        self.mark(term.range);
        match &term.kind {
            TermKind::Null => self.text("null"),
            TermKind::Bool(b) => self.text(if *b { "true" } else { "false" }),
            TermKind::Number(text) | TermKind::Var(text) => self.text(text),
            TermKind::String(text) => self.string(text),
            TermKind::Ref(head, path) => match self.shortened(term) {
                Some((name, rest)) => {
                    self.text("data.");
                    self.text(flat::PACKAGE);
                    self.text(".");
                    self.text(&name);
                    self.path(rest);
                }
                None => {
                    self.term(head);
                    self.path(path);
                }
            },
            TermKind::Call(function, args) => {
                match self.shortened(function) {
                    Some((name, [])) => self.text(&name),
                    _ => self.term(function),
                }
                self.text("(");
                self.list(args);
                self.text(")");
            }
            TermKind::Infix(op, left, right) => {
                self.text("(");
                self.pair(left, &format!(" {} ", op.symbol()), right);
                self.text(")");
            }
            TermKind::In { key, value, domain } => {
                self.text("(");
                self.quantified("", key.as_deref(), value, domain);
                self.text(")");
            }
            TermKind::Array(items) => {
                self.text("[");
                self.list(items);
                self.text("]");
            }
            TermKind::Set(items) if items.is_empty() => self.text("set()"),
            TermKind::Set(items) => {
                self.text("{");
                self.list(items);
                self.text("}");
            }
            TermKind::Object(entries) => self.object(entries),
            TermKind::ArrayComprehension(head, body) => self.comprehension("[", &[head], body, "]"),
            TermKind::SetComprehension(head, body) => self.comprehension("{", &[head], body, "}"),
            TermKind::ObjectComprehension(key, value, body) => self.comprehension("{", &[key, value], body, "}"),
            TermKind::Template(parts) => self.template(parts),
        }
    }

    /// The short name of the rule that a path from `data` leads to, and what of the path lies behind it.
    fn shortened<'t>(&self, term: &'t Term) -> Option<(String, &'t [Term])> {
        let TermKind::Ref(head, path) = &term.kind else { return None };
        let of_data = matches!(&head.kind, TermKind::Var(name) if &**name == "data");
        let (name, depth) = self.short.filter(|_| of_data)?.rule(path)?;
        Some((name, path.get(depth..).unwrap_or_default()))
    }

    fn object(&mut self, entries: &[(Term, Term)]) {
        self.text("{");
        for (i, (key, value)) in entries.iter().enumerate() {
            self.text(if i > 0 { ", " } else { "" });
            self.pair(key, ": ", value);
        }
        self.text("}");
    }

    fn comprehension(&mut self, open: &str, heads: &[&Term], body: &Body, close: &str) {
        self.text(open);
        for (i, head) in heads.iter().enumerate() {
            self.text(if i > 0 { ": " } else { "" });
            self.term(head);
        }
        self.text(" | ");
        self.inline(body);
        self.text(close);
    }

    /// Lowered before anything is printed; kept readable for whoever prints a tree as it was parsed.
    fn template(&mut self, parts: &[Part]) {
        self.text("$\"");
        for part in parts {
            match part {
                Part::Text(text) => {
                    let quoted = quote(text).replace('{', "\\{");
                    self.text(quoted.trim_matches('"'));
                }
                Part::Term(term) => {
                    self.text("{");
                    self.term(term);
                    self.text("}");
                }
            }
        }
        self.text("\"");
    }

    fn string(&mut self, text: &str) {
        let quoted = quote(text);
        self.text(&quoted);
    }
}

/// A string as a JSON literal.
pub(super) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if u32::from(c) < 0x20 || u32::from(c) == 0x7f => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Whether a name can follow a dot.
pub(super) fn is_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Whether a word cannot name a rule of the engine's.
pub(super) fn is_keyword(name: &str) -> bool {
    KEYWORDS.contains(&name)
}

/// Words that cannot name a rule of the engine's; behind a dot they are names.
const KEYWORDS: &[&str] = &[
    "as", "contains", "default", "else", "every", "false", "if", "import", "in", "not", "null", "package", "some",
    "true", "with",
];
