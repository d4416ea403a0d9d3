//! `rego.metadata.rule()` and `rego.metadata.chain()`: constants, known when the modules are read.

use super::super::annotations::Annotations;
use super::super::ast::{Body, Expr, ExprKind, Module, Part, Rule, Term, TermKind};
use super::super::visit;
use crate::source::SourceId;

/// Replaces the calls by what they give; comments are only read when somebody asks for them.
pub(super) fn insert(modules: &mut [(SourceId, Module)]) {
    let asking: Vec<bool> = modules.iter().map(|(_, module)| asks(module)).collect();
    if !asking.contains(&true) {
        return;
    }
    let annotations = Annotations::of(modules);
    let modules = modules.iter_mut().zip(asking).enumerate();
    for (m, ((_, module), _)) in modules.filter(|(_, (_, asks))| *asks) {
        let original = module.clone();
        for (rule, source) in module.rules.iter_mut().zip(&original.rules) {
            let value = |name: &str, term: &Term| match name {
                "rule" => Some(annotations.rule(m, &original.rules, source, term.range)),
                "chain" => Some(annotations.chain(m, &original, &original.rules, source, term.range)),
                _ => None,
            };
            self::rule(rule, &value);
        }
    }
}

/// Whether a module asks for its METADATA.
fn asks(module: &Module) -> bool {
    struct Finder(bool);
    impl visit::Visitor for Finder {
        fn term(&mut self, term: &Term) {
            if let TermKind::Call(function, _) = &term.kind {
                let names = function.names().unwrap_or_default();
                self.0 |= names.first().is_some_and(|n| &**n == "rego") && names.len() == 3;
            }
            visit::each_part(self, term);
        }
    }
    let mut finder = Finder(false);
    module.rules.iter().for_each(|rule| visit::each_part_of_rule(&mut finder, rule));
    finder.0
}

type Values<'a> = dyn Fn(&str, &Term) -> Option<Term> + 'a;

fn rule(rule: &mut Rule, value: &Values<'_>) {
    let head = &mut rule.head;
    head.path.iter_mut().chain(&mut head.key).chain(&mut head.value).for_each(|t| term(t, value));
    rule.body.iter_mut().for_each(|b| body(b, value));
    for branch in &mut rule.elses {
        branch.value.iter_mut().for_each(|t| term(t, value));
        branch.body.iter_mut().for_each(|b| body(b, value));
    }
}

fn body(body: &mut Body, value: &Values<'_>) {
    body.iter_mut().for_each(|e| expr(e, value));
}

fn expr(expr: &mut Expr, value: &Values<'_>) {
    match &mut expr.kind {
        ExprKind::Term(t) => term(t, value),
        ExprKind::Assign(left, right) | ExprKind::Unify(left, right) => {
            term(left, value);
            term(right, value);
        }
        ExprKind::Some(_) => {}
        ExprKind::SomeIn { domain, .. } => term(domain, value),
        ExprKind::Every { domain, body: inner, .. } => {
            term(domain, value);
            body(inner, value);
        }
        ExprKind::Not(inner) => self::expr(inner, value),
        ExprKind::NotBody(inner) | ExprKind::And(inner) => body(inner, value),
        ExprKind::Or(left, right) => {
            self::expr(left, value);
            self::expr(right, value);
        }
    }
    expr.with.iter_mut().for_each(|w| term(&mut w.value, value));
}

fn term(at: &mut Term, value: &Values<'_>) {
    match &mut at.kind {
        TermKind::Call(function, args) => {
            args.iter_mut().for_each(|t| term(t, value));
            let names = function.names().unwrap_or_default();
            if let [rego, metadata, name] = names.as_slice()
                && (&**rego, &**metadata) == ("rego", "metadata")
                && let Some(found) = value(name, at)
            {
                *at = found;
            }
        }
        TermKind::Ref(head, path) => {
            term(head, value);
            path.iter_mut().for_each(|t| term(t, value));
        }
        TermKind::Infix(_, left, right) => {
            term(left, value);
            term(right, value);
        }
        TermKind::In { key, value: member, domain } => {
            key.iter_mut().for_each(|t| term(t, value));
            term(member, value);
            term(domain, value);
        }
        TermKind::Array(items) | TermKind::Set(items) => items.iter_mut().for_each(|t| term(t, value)),
        TermKind::Object(entries) => entries.iter_mut().for_each(|(k, v)| {
            term(k, value);
            term(v, value);
        }),
        TermKind::ArrayComprehension(head, inner) | TermKind::SetComprehension(head, inner) => {
            term(head, value);
            body(inner, value);
        }
        TermKind::ObjectComprehension(key, head, inner) => {
            term(key, value);
            term(head, value);
            body(inner, value);
        }
        TermKind::Template(parts) => parts.iter_mut().for_each(|part| {
            if let Part::Term(t) = part {
                term(t, value);
            }
        }),
        TermKind::Null | TermKind::Bool(_) | TermKind::Number(_) | TermKind::String(_) | TermKind::Var(_) => {}
    }
}
