//! Walking the tree: each node's parts, once, in the order of the text.

use super::ast::{Body, Expr, ExprKind, Part, Rule, Term, TermKind};

/// What is done at each term and each body. A visitor decides itself whether it goes deeper.
pub(in crate::policy) trait Visitor {
    /// A term; by default, its parts.
    fn term(&mut self, term: &Term) {
        each_part(self, term);
    }

    /// An expression; by default, its parts.
    fn expr(&mut self, expr: &Expr) {
        each_part_of(self, expr);
    }

    /// A body of a comprehension, of `every`, or of a rule; by default, its expressions.
    fn body(&mut self, body: &Body) {
        for expr in body {
            self.expr(expr);
        }
    }
}

/// Visits what a term is made of.
pub(in crate::policy) fn each_part<V: Visitor + ?Sized>(visitor: &mut V, term: &Term) {
    match &term.kind {
        TermKind::Ref(head, path) | TermKind::Call(head, path) => {
            visitor.term(head);
            path.iter().for_each(|t| visitor.term(t));
        }
        TermKind::Infix(_, left, right) => {
            visitor.term(left);
            visitor.term(right);
        }
        TermKind::In { key, value, domain } => {
            key.iter().for_each(|t| visitor.term(t));
            visitor.term(value);
            visitor.term(domain);
        }
        TermKind::Array(items) | TermKind::Set(items) => items.iter().for_each(|t| visitor.term(t)),
        TermKind::Object(entries) => entries.iter().for_each(|(k, v)| {
            visitor.term(k);
            visitor.term(v);
        }),
        TermKind::ArrayComprehension(head, body) | TermKind::SetComprehension(head, body) => {
            visitor.term(head);
            visitor.body(body);
        }
        TermKind::ObjectComprehension(key, value, body) => {
            visitor.term(key);
            visitor.term(value);
            visitor.body(body);
        }
        TermKind::Template(parts) => parts.iter().for_each(|part| {
            if let Part::Term(term) = part {
                visitor.term(term);
            }
        }),
        TermKind::Null | TermKind::Bool(_) | TermKind::Number(_) | TermKind::String(_) | TermKind::Var(_) => {}
    }
}

/// Visits what an expression is made of.
pub(in crate::policy) fn each_part_of<V: Visitor + ?Sized>(visitor: &mut V, expr: &Expr) {
    each_part_without_with(visitor, expr);
    for with in &expr.with {
        visitor.term(&with.target);
        visitor.term(&with.value);
    }
}

/// Visits what an expression is made of, its modifiers excepted.
pub(in crate::policy) fn each_part_without_with<V: Visitor + ?Sized>(visitor: &mut V, expr: &Expr) {
    match &expr.kind {
        ExprKind::Term(term) => visitor.term(term),
        ExprKind::Assign(left, right) | ExprKind::Unify(left, right) => {
            visitor.term(left);
            visitor.term(right);
        }
        ExprKind::Some(names) => names.iter().for_each(|t| visitor.term(t)),
        ExprKind::SomeIn { key, value, domain } => {
            key.iter().for_each(|t| visitor.term(t));
            visitor.term(value);
            visitor.term(domain);
        }
        ExprKind::Every { key, value, domain, body } => {
            key.iter().for_each(|t| visitor.term(t));
            visitor.term(value);
            visitor.term(domain);
            visitor.body(body);
        }
        ExprKind::Not(inner) => visitor.expr(inner),
        ExprKind::NotBody(body) | ExprKind::And(body) => visitor.body(body),
        ExprKind::Or(left, right) => {
            visitor.expr(left);
            visitor.expr(right);
        }
    }
}

/// Visits the terms of a rule's head and its bodies.
pub(in crate::policy) fn each_part_of_rule<V: Visitor + ?Sized>(visitor: &mut V, rule: &Rule) {
    let head = &rule.head;
    head.path.iter().skip(1).for_each(|t| visitor.term(t));
    head.args.iter().flatten().for_each(|t| visitor.term(t));
    head.key.iter().chain(&head.value).for_each(|t| visitor.term(t));
    rule.body.iter().for_each(|b| visitor.body(b));
    for branch in &rule.elses {
        branch.value.iter().for_each(|t| visitor.term(t));
        branch.body.iter().for_each(|b| visitor.body(b));
    }
}

/// The variables of a term outside comprehensions, wildcards excepted.
pub(in crate::policy) fn variables(term: &Term) -> Vec<&std::sync::Arc<str>> {
    let mut found = Vec::new();
    collect(term, &mut found);
    found
}

fn collect<'a>(term: &'a Term, found: &mut Vec<&'a std::sync::Arc<str>>) {
    match &term.kind {
        TermKind::Var(name) if &**name != "_" => found.push(name),
        TermKind::Ref(head, path) => {
            collect(head, found);
            path.iter().for_each(|t| collect(t, found));
        }
        TermKind::Call(_, args) => args.iter().for_each(|t| collect(t, found)),
        TermKind::Infix(_, left, right) => {
            collect(left, found);
            collect(right, found);
        }
        TermKind::Array(items) | TermKind::Set(items) => items.iter().for_each(|t| collect(t, found)),
        TermKind::Object(entries) => entries.iter().for_each(|(k, v)| {
            collect(k, found);
            collect(v, found);
        }),
        TermKind::In { key, value, domain } => {
            key.iter().for_each(|t| collect(t, found));
            collect(value, found);
            collect(domain, found);
        }
        _ => {}
    }
}
