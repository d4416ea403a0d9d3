//! Rewrites resolved modules into the Rego that the engine evaluates as OPA evaluates the original.
//!
//! What is rewritten, and why:
//! - calls and references below `not` move in front of it: an undefined argument makes the body undefined;
//! - arithmetic becomes calls: decimals are exact, and an error is handled as the mode says;
//! - `walk` becomes a relation with two outputs; a built-in function's extra argument becomes a unification;
//! - computed values of heads move into bodies; `with` values are computed outside;
//! - references to whole packages become references to generated documents ([`documents`]);
//! - `$"…"`, `or`, `and`, `not { … }` become what they mean.

mod documents;
mod metadata;
mod mocks;
mod negation;
mod scopes;
mod terms;

use std::sync::Arc;

use super::ast::{Body, Expr, ExprKind, Module, Range, Rule, Term, TermKind, With};
use super::parse::always;
use super::program::Index;
use super::signatures;
use crate::source::SourceId;

pub(super) use documents::Documents;
pub(super) use mocks::Mocks;

/// Start of every name that this pass makes up.
pub(super) const FRESH: &str = "__cg";

/// Package of the generated modules, below `data`.
pub(super) const PACKAGE: &str = "changegate";

/// Rewrites every module.
pub(super) fn program(modules: &mut [(SourceId, Module)], index: &Index, documents: &mut Documents, mocks: &mut Mocks) {
    metadata::insert(modules);
    mocks::join_functions(modules);
    for (_, module) in modules {
        let mut lowering = Lowering { fresh: 0, index, documents, mocks, front: Vec::new() };
        for rule in &mut module.rules {
            lowering.rule(rule);
        }
    }
}

struct Lowering<'a> {
    fresh: usize,
    index: &'a Index,
    documents: &'a mut Documents,
    mocks: &'a mut Mocks,
    /// Expressions that must stand before the one at hand.
    front: Vec<Expr>,
}

impl Lowering<'_> {
    fn variable(&mut self, range: Range) -> Term {
        self.fresh += 1;
        Term::var(range, &format!("{FRESH}{}", self.fresh))
    }

    fn rule(&mut self, rule: &mut Rule) {
        let head = &mut rule.head;
        if head.args.is_some() && rule.body.is_none() && head.value.is_none() {
            head.value = Some(Term::new(head.range, TermKind::Bool(true)));
        }
        if rule.default {
            return;
        }
        let partial = head.key.is_some() || head.path.iter().skip(1).any(|t| !matches!(t.kind, TermKind::String(_)));
        let mut front = Vec::new();
        let heads = head.path.iter_mut().skip(1).chain(&mut head.key).chain(&mut head.value);
        for term in heads {
            if partial || rule.body.is_some() {
                self.outside(term, &mut front);
            } else {
                self.lowered(term, &mut front);
            }
        }
        let body = rule.body.take().map(|body| self.body(body));
        rule.body = joined(body, front, rule.range);
        for branch in &mut rule.elses {
            let mut front = Vec::new();
            if let Some(value) = &mut branch.value {
                if branch.body.is_some() { self.outside(value, &mut front) } else { self.lowered(value, &mut front) }
            }
            let body = branch.body.take().map(|body| self.body(body));
            branch.body = joined(body, front, branch.range);
        }
    }

    /// Lowers a term of a head and gives it a variable of its own when it has to be computed.
    fn outside(&mut self, term: &mut Term, front: &mut Vec<Expr>) {
        self.lowered(term, front);
        if is_plain(term) {
            return;
        }
        let name = self.variable(term.range);
        let value = std::mem::replace(term, name.clone());
        front.push(Expr::new(term.range, ExprKind::Assign(name, value)));
    }

    fn lowered(&mut self, term: &mut Term, front: &mut Vec<Expr>) {
        let kept = std::mem::take(&mut self.front);
        self.term(term);
        front.extend(std::mem::replace(&mut self.front, kept));
    }

    fn body(&mut self, body: Body) -> Body {
        let kept = std::mem::take(&mut self.front);
        let mut out = Vec::with_capacity(body.len());
        for expr in scopes::declared_where_used(body) {
            self.expr(expr, &mut out);
        }
        self.front = kept;
        out
    }

    fn expr(&mut self, mut expr: Expr, out: &mut Body) {
        let with = self.modifiers(std::mem::take(&mut expr.with), out);
        let mut lowered = Vec::new();
        self.kind(expr, &mut lowered);
        let front = std::mem::take(&mut self.front);
        out.extend(front.into_iter().chain(lowered).map(|mut expr| {
            expr.with.extend(with.iter().cloned());
            expr
        }));
    }

    /// The values of modifiers are computed before any of them is in force.
    fn modifiers(&mut self, with: Vec<With>, out: &mut Body) -> Vec<With> {
        with.into_iter()
            .flat_map(|mut with| {
                if !self.mocks.replacement(&mut with, self.index) {
                    self.lowered(&mut with.value, out);
                    if !is_constant(&with.value) && !matches!(with.value.kind, TermKind::Var(_)) {
                        let name = self.variable(with.value.range);
                        let value = std::mem::replace(&mut with.value, name.clone());
                        out.push(Expr::new(with.range, ExprKind::Assign(name, value)));
                    }
                }
                let base = self.documents.base(&with, self.index);
                std::iter::once(with).chain(base)
            })
            .collect()
    }

    fn kind(&mut self, expr: Expr, out: &mut Body) {
        let Expr { range, kind, .. } = expr;
        match kind {
            ExprKind::Term(term) => self.statement(range, term, out),
            ExprKind::Assign(left, right) => self.equation(range, left, right, true, out),
            ExprKind::Unify(left, right) => self.equation(range, left, right, false, out),
            ExprKind::Some(_) => out.push(Expr::new(range, kind)),
            ExprKind::SomeIn { key, value, mut domain } => {
                self.term(&mut domain);
                out.append(&mut self.front);
                out.push(Expr::new(range, ExprKind::SomeIn { key, value, domain: collection(domain) }));
            }
            ExprKind::Every { key, value, mut domain, body } => {
                self.term(&mut domain);
                out.append(&mut self.front);
                let body = self.body(body);
                out.push(Expr::new(range, ExprKind::Every { key, value, domain, body }));
            }
            ExprKind::Not(inner) => self.negated(range, *inner, out),
            ExprKind::NotBody(body) => {
                let body = self.body(body);
                out.push(self.absent(range, body));
            }
            ExprKind::And(body) => body.into_iter().for_each(|e| self.expr(e, out)),
            ExprKind::Or(left, right) => self.alternative(range, *left, *right, out),
        }
    }

    /// Holds when a body, lowered already, fails.
    fn absent(&self, range: Range, body: Body) -> Expr {
        let none = Term::new(range, TermKind::Array(Vec::new()));
        compared(range, super::ast::Op::Equal, witness(range, body), none)
    }

    /// `a or b`: the second is only asked when the first fails.
    fn alternative(&mut self, range: Range, left: Expr, right: Expr, out: &mut Body) {
        use super::ast::Op;
        let none = Term::new(range, TermKind::Array(Vec::new()));
        let (first, second) = (self.variable(range), self.variable(range));
        let left = witness(range, self.body(vec![left]));
        out.push(Expr::new(range, ExprKind::Assign(first.clone(), left)));
        let unless = compared(range, Op::Equal, first.clone(), none.clone());
        let right = witness(range, self.body(vec![unless, right]));
        out.push(Expr::new(range, ExprKind::Assign(second.clone(), right)));
        let both = Term::new(range, TermKind::Array(vec![first, second]));
        let neither = Term::new(range, TermKind::Array(vec![none.clone(), none]));
        out.push(compared(range, Op::NotEqual, both, neither));
    }

    /// A term that must hold; a built-in function with one argument too many gives its result there.
    fn statement(&mut self, range: Range, mut term: Term, out: &mut Body) {
        if let TermKind::In { key, value, domain } = &mut term.kind {
            key.iter_mut().for_each(|t| self.term(t));
            self.term(value);
            self.term(domain);
            out.append(&mut self.front);
            out.push(Expr::new(range, ExprKind::Term(term)));
            return;
        }
        if let Some((call, result)) = self.split_output(&mut term) {
            self.equation(range, result, call, false, out);
            return;
        }
        self.term(&mut term);
        out.append(&mut self.front);
        out.push(Expr::new(range, ExprKind::Term(term)));
    }

    fn split_output(&self, term: &mut Term) -> Option<(Term, Term)> {
        let TermKind::Call(function, args) = &mut term.kind else { return None };
        let arity = self.arity(function)?;
        if args.len() != arity + 1 {
            return None;
        }
        let result = args.pop()?;
        Some((term.clone(), result))
    }

    /// How many arguments a function takes.
    fn arity(&self, function: &Term) -> Option<usize> {
        let names = function.names()?;
        if names.first().is_some_and(|n| &**n == "data") {
            let node = self.index.node(names.get(1..)?)?;
            let place = node.rules.first()?;
            return self.index.arity(*place);
        }
        signatures::arity(&joined_name(&names))
    }

    /// `left := right` or `left = right`.
    fn equation(&mut self, range: Range, mut left: Term, mut right: Term, assign: bool, out: &mut Body) {
        if is_walk(&left) && !assign {
            std::mem::swap(&mut left, &mut right);
        }
        if is_walk(&right) {
            self.walk(range, left, right, out);
            return;
        }
        self.term(&mut left);
        self.term(&mut right);
        out.append(&mut self.front);
        let (left_binds, right_binds) = (has_object(&left), !assign && has_object(&right));
        if left_binds != right_binds {
            let (pattern, value) = if left_binds { (left, right) } else { (right, left) };
            return self.matched(range, pattern, value, assign, out);
        }
        let kind = if assign { ExprKind::Assign(left, right) } else { ExprKind::Unify(left, right) };
        out.push(Expr::new(range, kind));
    }

    /// `[p, v] := walk(x)` as `walk(x, [p, v])`.
    fn walk(&mut self, range: Range, left: Term, mut call: Term, out: &mut Body) {
        self.arguments(&mut call);
        out.append(&mut self.front);
        let direct = matches!(&left.kind, TermKind::Array(items) if items.len() == 2
            && items.iter().all(|t| matches!(t.kind, TermKind::Var(_))));
        let pair = if direct {
            left.clone()
        } else {
            let (path, value) = (self.variable(range), self.variable(range));
            Term::new(range, TermKind::Array(vec![path, value]))
        };
        if let TermKind::Call(_, args) = &mut call.kind {
            args.push(pair.clone());
        }
        out.push(Expr::new(range, ExprKind::Term(call)));
        if !direct && !left.is_wildcard() {
            out.push(Expr::new(range, ExprKind::Unify(left, pair)));
        }
    }

    /// An object that is matched has exactly the keys of the pattern, at every depth.
    fn matched(&mut self, range: Range, mut pattern: Term, value: Term, assign: bool, out: &mut Body) {
        let mut inner = Vec::new();
        self.separate(&mut pattern, &mut inner);
        // A name may be what the equation defines: then it cannot be copied before.
        let value = if matches!(pattern.kind, TermKind::Object(_)) && !matches!(value.kind, TermKind::Var(_)) {
            let name = self.variable(range);
            out.push(Expr::new(range, ExprKind::Assign(name.clone(), value)));
            name
        } else {
            value
        };
        if let TermKind::Object(entries) = &pattern.kind {
            let size = Term::new(range, TermKind::Number(entries.len().to_string().into()));
            let counted = internal(range, "size", vec![value.clone()]);
            out.push(compared(range, super::ast::Op::Equal, counted, size));
        }
        let kind = if assign { ExprKind::Assign(pattern, value) } else { ExprKind::Unify(pattern, value) };
        out.push(Expr::new(range, kind));
        for (name, pattern) in inner {
            self.matched(range, pattern, name, false, out);
        }
    }

    /// Replaces the objects inside a pattern by names.
    fn separate(&mut self, pattern: &mut Term, inner: &mut Vec<(Term, Term)>) {
        let parts: Vec<&mut Term> = match &mut pattern.kind {
            TermKind::Array(items) => items.iter_mut().collect(),
            TermKind::Object(entries) => entries.iter_mut().map(|(_, v)| v).collect(),
            _ => return,
        };
        for part in parts {
            if matches!(part.kind, TermKind::Object(_)) && binds(part) {
                let name = self.variable(part.range);
                let object = std::mem::replace(part, name.clone());
                inner.push((name, object));
            } else {
                self.separate(part, inner);
            }
        }
    }
}

/// Whether a term is a pattern that holds an object with variables.
fn has_object(term: &Term) -> bool {
    match &term.kind {
        TermKind::Object(entries) => binds(term) || entries.iter().any(|(_, v)| has_object(v)),
        TermKind::Array(items) => items.iter().any(has_object),
        _ => false,
    }
}

fn binds(term: &Term) -> bool {
    !super::resolve::pattern(term).is_empty()
}

/// Calls that a head's terms need stand before the body that uses them: order is the engine's matter.
fn joined(body: Option<Body>, front: Body, range: Range) -> Option<Body> {
    if front.is_empty() {
        return body;
    }
    let mut body = body.unwrap_or_else(|| always(range));
    body.extend(front);
    Some(body)
}

/// `[1 | body]`: empty when the body fails.
fn witness(range: Range, body: Body) -> Term {
    let one = Term::new(range, TermKind::Number("1".into()));
    Term::new(range, TermKind::ArrayComprehension(Box::new(one), body))
}

fn compared(range: Range, op: super::ast::Op, left: Term, right: Term) -> Expr {
    let kind = TermKind::Infix(op, Box::new(left), Box::new(right));
    Expr::new(range, ExprKind::Term(Term::new(range, kind)))
}

/// How a function of the engine's own is called: in one word, since the engine writes the name out at each call.
fn internal_name(name: &str) -> String {
    format!("{FRESH}_{name}")
}

/// A call of a function of the engine's own.
fn internal(range: Range, name: &str, args: Vec<Term>) -> Term {
    let function = Term::var(range, &internal_name(name));
    Term::new(range, TermKind::Call(Box::new(function), args))
}

/// What `some … in` goes through: nothing when it is no collection.
fn collection(domain: Term) -> Term {
    match &domain.kind {
        TermKind::Array(_)
        | TermKind::Set(_)
        | TermKind::Object(_)
        | TermKind::ArrayComprehension(..)
        | TermKind::SetComprehension(..)
        | TermKind::ObjectComprehension(..) => domain,
        _ => internal(domain.range, "collection", vec![domain]),
    }
}

fn joined_name(names: &[Arc<str>]) -> String {
    names.iter().map(|n| &**n).collect::<Vec<_>>().join(".")
}

/// `walk(x)`, without its output.
fn is_walk(term: &Term) -> bool {
    is_walk_name(term) && matches!(&term.kind, TermKind::Call(_, args) if args.len() == 1)
}

fn is_walk_name(term: &Term) -> bool {
    matches!(&term.kind, TermKind::Call(f, _) if matches!(&f.kind, TermKind::Var(name) if &**name == "walk"))
}

/// A name or a constant: nothing to compute.
fn is_plain(term: &Term) -> bool {
    matches!(term.kind, TermKind::Var(_)) || is_constant(term)
}

fn is_constant(term: &Term) -> bool {
    match &term.kind {
        TermKind::Null | TermKind::Bool(_) | TermKind::Number(_) | TermKind::String(_) => true,
        TermKind::Array(items) | TermKind::Set(items) => items.iter().all(is_constant),
        TermKind::Object(entries) => entries.iter().all(|(k, v)| is_constant(k) && is_constant(v)),
        _ => false,
    }
}
