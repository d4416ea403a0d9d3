//! Terms: operators, calls, references and interpolated strings.

use std::sync::Arc;

use super::super::ast::{Expr, ExprKind, Op, Part, Range, Term, TermKind};
use super::{Lowering, internal, is_walk_name, joined_name};

impl Lowering<'_> {
    /// Lowers a term in place; what must stand before its expression is added to `self.front`.
    pub(super) fn term(&mut self, term: &mut Term) {
        match &mut term.kind {
            TermKind::Var(name) if &**name == "data" => *term = self.documents.whole(term, self.index),
            TermKind::Null | TermKind::Bool(_) | TermKind::String(_) | TermKind::Var(_) => {}
            TermKind::Number(text) => *text = integral(text),
            TermKind::Ref(head, path) => {
                if !matches!(head.kind, TermKind::Var(_)) {
                    self.term(head);
                }
                path.iter_mut().for_each(|t| self.term(t));
                self.documents.redirect(term, self.index);
            }
            TermKind::Call(..) => self.call(term),
            TermKind::Infix(op, left, right) => {
                self.term(left);
                self.term(right);
                if !is_comparison(*op) {
                    let args = vec![left.take(), right.take()];
                    *term = internal(term.range, op.function(), args);
                }
            }
            TermKind::In { key, value, domain } => {
                key.iter_mut().for_each(|t| self.term(t));
                self.term(value);
                self.term(domain);
                let parts: Vec<Term> = key.iter_mut().chain([value, domain]).map(|t| t.take()).collect();
                *term = member(term.range, parts);
            }
            TermKind::Array(items) | TermKind::Set(items) => items.iter_mut().for_each(|t| self.term(t)),
            TermKind::Object(entries) => entries.iter_mut().for_each(|(k, v)| {
                self.term(k);
                self.term(v);
            }),
            TermKind::ArrayComprehension(head, body) | TermKind::SetComprehension(head, body) => {
                let mut front = Vec::new();
                self.outside(head, &mut front);
                let lowered = self.body(std::mem::take(body));
                *body = lowered.into_iter().chain(front).collect();
            }
            TermKind::ObjectComprehension(key, value, body) => {
                let mut front = Vec::new();
                self.outside(key, &mut front);
                self.outside(value, &mut front);
                let lowered = self.body(std::mem::take(body));
                *body = lowered.into_iter().chain(front).collect();
            }
            TermKind::Template(parts) => {
                let parts = std::mem::take(parts);
                *term = self.interpolated(term.range, parts);
            }
        }
    }

    pub(super) fn arguments(&mut self, call: &mut Term) {
        let walks = is_walk_name(call);
        if let TermKind::Call(_, args) = &mut call.kind {
            args.iter_mut().for_each(|t| self.term(t));
            // The engine makes a list of all that is in it.
            if let Some(whole) = args.first_mut().filter(|_| walks) {
                *whole = internal(whole.range, "walkable", vec![whole.take()]);
            }
        }
    }

    fn call(&mut self, term: &mut Term) {
        self.arguments(term);
        let range = term.range;
        if is_walk_name(term) {
            return self.walked(term);
        }
        let TermKind::Call(function, args) = &mut term.kind else { return };
        let Some(names) = function.names() else { return };
        let name = joined_name(&names);
        match (operator(&name), args.as_mut_slice()) {
            (Some(op), [left, right]) if is_comparison(op) => {
                let kind = TermKind::Infix(op, Box::new(left.take()), Box::new(right.take()));
                *term = Term::new(range, kind);
            }
            (Some(op), [_, _]) => *term = internal(range, op.function(), std::mem::take(args)),
            _ if matches!(&*name, "internal.member_2" | "internal.member_3") => {
                *term = member(range, std::mem::take(args));
            }
            _ => self.mocks.redirect(function, &name),
        }
    }

    /// `walk(x)` in the middle of a term: its pairs, bound before.
    fn walked(&mut self, term: &mut Term) {
        let TermKind::Call(_, args) = &term.kind else { return };
        if args.len() != 1 {
            return;
        }
        let range = term.range;
        let (path, value) = (self.variable(range), self.variable(range));
        let pair = Term::new(range, TermKind::Array(vec![path, value]));
        let mut call = std::mem::replace(term, pair.clone());
        if let TermKind::Call(_, args) = &mut call.kind {
            args.push(pair);
        }
        self.front.push(Expr::new(range, ExprKind::Term(call)));
    }

    /// `$"a {b}"`: each expression as a set, empty when it is undefined.
    fn interpolated(&mut self, range: Range, parts: Vec<Part>) -> Term {
        let parts = parts
            .into_iter()
            .map(|part| match part {
                Part::Text(text) => Term::new(range, TermKind::String(text)),
                Part::Term(mut term) => {
                    let kept = std::mem::take(&mut self.front);
                    self.term(&mut term);
                    let mut body = std::mem::replace(&mut self.front, kept);
                    let name = self.variable(term.range);
                    let range = term.range;
                    body.push(Expr::new(range, ExprKind::Assign(name.clone(), term)));
                    Term::new(range, TermKind::SetComprehension(Box::new(name), body))
                }
            })
            .collect();
        internal(range, "interpolate", vec![Term::new(range, TermKind::Array(parts))])
    }
}

fn member(range: Range, parts: Vec<Term>) -> Term {
    let name = if parts.len() == 3 { "member_of" } else { "member" };
    internal(range, name, parts)
}

fn is_comparison(op: Op) -> bool {
    use Op::{Equal, Greater, GreaterEqual, Less, LessEqual, NotEqual};
    matches!(op, Equal | NotEqual | Less | LessEqual | Greater | GreaterEqual)
}

fn operator(name: &str) -> Option<Op> {
    use Op::{
        Add, And, Divide, Equal, Greater, GreaterEqual, Less, LessEqual, Multiply, NotEqual, Or, Remainder, Subtract,
    };
    let all =
        [Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual, Add, Subtract, Multiply, Divide, Remainder, And, Or];
    all.into_iter().find(|op| op.function() == name)
}

/// A whole number beyond what a float holds, without its decimals: `9007199254740993.0`.
fn integral(text: &Arc<str>) -> Arc<str> {
    match text.split_once('.') {
        Some((whole, zeros)) if whole.len() > 15 && zeros.bytes().all(|b| b == b'0') => whole.into(),
        _ => text.clone(),
    }
}
