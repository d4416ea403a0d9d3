//! `not`: what it negates is one call or comparison of names and constants; the rest stands before it.
//!
//! OPA computes the arguments of a negated call outside of the negation, so that `not f(input.missing)` is
//! undefined and not true.

use super::super::ast::{Body, Expr, ExprKind, Op, Range, Term, TermKind, With};
use super::{Lowering, internal};

impl Lowering<'_> {
    pub(super) fn negated(&mut self, range: Range, mut inner: Expr, out: &mut Body) {
        let with = self.modifiers(std::mem::take(&mut inner.with), out);
        let mut before = Vec::new();
        let kind = match inner.kind {
            ExprKind::Term(mut term) => match self.split_output(&mut term) {
                Some((mut call, mut result)) => {
                    self.lowered(&mut call, &mut before);
                    self.parts(&mut call, &mut before);
                    self.lowered(&mut result, &mut before);
                    self.hoist(&mut result, &mut before);
                    let equal = Expr::new(range, ExprKind::Unify(result, call));
                    before.push(self.absent(range, vec![equal]));
                    return out.extend(modified(before, &with));
                }
                None => {
                    self.lower_negated(&mut term, &mut before);
                    ExprKind::Term(term)
                }
            },
            ExprKind::Assign(mut left, mut right) | ExprKind::Unify(mut left, mut right) => {
                for side in [&mut left, &mut right] {
                    self.lowered(side, &mut before);
                    self.side(side, &mut before);
                }
                ExprKind::Term(Term::new(inner.range, TermKind::Infix(Op::Equal, Box::new(left), Box::new(right))))
            }
            other => {
                let mut lowered = Vec::new();
                self.kind(Expr::new(inner.range, other), &mut lowered);
                let last = lowered.pop();
                before.extend(lowered);
                match last {
                    Some(last) => last.kind,
                    None => return,
                }
            }
        };
        before.push(Expr::new(range, ExprKind::Not(Box::new(Expr::new(inner.range, kind)))));
        out.extend(modified(before, &with));
    }

    fn lower_negated(&mut self, term: &mut Term, before: &mut Body) {
        if let TermKind::In { key, value, domain } = &mut term.kind {
            for part in key.iter_mut().chain([value, domain]) {
                self.lowered(part, before);
                self.hoist(part, before);
            }
            return;
        }
        self.lowered(term, before);
        self.parts(term, before);
    }

    /// Moves what a negated term is made of before the negation.
    fn parts(&mut self, term: &mut Term, before: &mut Body) {
        match &mut term.kind {
            TermKind::Call(_, args) => args.iter_mut().for_each(|t| self.hoist(t, before)),
            TermKind::Infix(Op::Equal, left, right) => {
                self.side(left, before);
                self.side(right, before);
            }
            TermKind::Infix(_, left, right) => {
                self.hoist(left, before);
                self.hoist(right, before);
            }
            TermKind::Ref(head, path) => {
                if !matches!(head.kind, TermKind::Var(_)) {
                    self.hoist(head, before);
                }
                path.iter_mut().for_each(|t| self.hoist(t, before));
            }
            TermKind::Array(items) | TermKind::Set(items) => items.iter_mut().for_each(|t| self.hoist(t, before)),
            TermKind::Object(entries) => entries.iter_mut().for_each(|(k, v)| {
                self.hoist(k, before);
                self.hoist(v, before);
            }),
            _ => {}
        }
    }

    /// A side of an equation: a reference stays inside the negation, so that a missing value is unequal.
    fn side(&mut self, term: &mut Term, before: &mut Body) {
        if matches!(term.kind, TermKind::Ref(..)) {
            self.parts(term, before);
        } else {
            self.hoist(term, before);
        }
    }

    /// Replaces a computed term by a name that is bound before.
    fn hoist(&mut self, term: &mut Term, before: &mut Body) {
        if let TermKind::In { key, value, domain } = &mut term.kind {
            let parts = key.iter_mut().chain([value, domain]).map(|part| part.take()).collect();
            *term = internal(term.range, "member", parts);
        }
        self.parts(term, before);
        let is_input = matches!(&term.kind, TermKind::Var(name) if &**name == "input");
        if is_input || matches!(term.kind, TermKind::Call(..) | TermKind::Infix(..) | TermKind::Ref(..)) {
            let name = self.variable(term.range);
            let value = std::mem::replace(term, name.clone());
            before.push(Expr::new(term.range, ExprKind::Assign(name, value)));
        }
    }
}

/// The expressions with modifiers.
fn modified(body: Body, with: &[With]) -> impl Iterator<Item = Expr> {
    body.into_iter().map(|mut expr| {
        expr.with.extend(with.iter().cloned());
        expr
    })
}
