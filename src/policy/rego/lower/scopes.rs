//! Names that a body declares and only bodies below it use.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::ast::{Body, Expr, ExprKind, Term, TermKind};
use super::super::visit::{Visitor, each_part, each_part_of};

/// Without the names of `some` that only comprehensions and other bodies below use. Nothing binds them here, so that each of
/// these has one of its own; the engine takes them for one, and defines it twice.
pub(super) fn declared_where_used(mut body: Body) -> Body {
    if !body.iter().any(|expr| matches!(expr.kind, ExprKind::Some(_))) {
        return body;
    }
    let mut used = Used::default();
    used.body(&body);
    body.retain_mut(|expr| {
        let ExprKind::Some(names) = &mut expr.kind else { return true };
        names.retain(|name| !matches!(&name.kind, TermKind::Var(name) if !used.0.contains(name)));
        !names.is_empty()
    });
    body
}

/// The names that a body uses itself.
#[derive(Default)]
struct Used(BTreeSet<Arc<str>>);

impl Visitor for Used {
    fn term(&mut self, term: &Term) {
        match &term.kind {
            TermKind::Var(name) => drop(self.0.insert(name.clone())),
            TermKind::ArrayComprehension(..) | TermKind::SetComprehension(..) | TermKind::ObjectComprehension(..) => {}
            _ => each_part(self, term),
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Some(_) | ExprKind::NotBody(_) => {}
            ExprKind::Every { domain, .. } => self.term(domain),
            _ => return each_part_of(self, expr),
        }
        for with in &expr.with {
            self.term(&with.value);
        }
    }
}
