//! `not f(input.x)`: where `x` is absent the call is undefined, and so is the body around it: nothing is denied.

use super::super::rego::ast::{Body, Expr, ExprKind, Op, Rule, Term, TermKind};
use super::super::rego::visit::{self, Visitor};
use super::shape::{Led, Places};
use super::{Linted, Program, fault};
use crate::finding::Diagnostic;
use crate::source::Span;

pub(super) const CODE: &str = "lint::negated-missing";

pub(super) fn check(program: &Program<'_>, module: &Linted<'_>, found: &mut Vec<Diagnostic>) {
    if module.is_test() {
        return;
    }
    let input = program.input_of(module);
    for rule in &module.resolved.rules {
        let places = Places::of(&input, rule);
        let mut checker = Checker { module, places: &places, found };
        checker.rule(rule);
    }
}

const OF_OURS: &str = "write a helper that is true when the field is there and right, of what stands above the field: `not _has_x(input.resource)`";
const OF_CONFTEST: &str =
    "write a helper that is true when the field is there and right, of what stands above the field: `not has_x(input)`";

struct Checker<'a, 'f> {
    module: &'a Linted<'a>,
    places: &'a Places<'a>,
    found: &'f mut Vec<Diagnostic>,
}

impl Visitor for Checker<'_, '_> {
    fn body(&mut self, body: &Body) {
        for expr in body {
            if let ExprKind::Not(inner) = &expr.kind {
                self.negated(expr, inner, body);
            }
            visit::each_part_of(self, expr);
        }
    }
}

impl Checker<'_, '_> {
    fn rule(&mut self, rule: &Rule) {
        visit::each_part_of_rule(self, rule);
    }

    fn negated(&mut self, expr: &Expr, inner: &Expr, body: &Body) {
        let ExprKind::Term(term) = &inner.kind else { return };
        let mut before = Vec::new();
        hoisted(term, &mut before);
        let doubtful = before.into_iter().find(|term| {
            matches!(self.places.follow(term), Led::To(_, false)) && !self.is_established(term, expr, body)
        });
        let Some(term) = doubtful else { return };
        let text = self.text(term);
        let message =
            format!("`{text}` may be absent: then `not …` is undefined, and what follows from it is not said");
        let help = if self.module.of_conftest { OF_CONFTEST } else { OF_OURS };
        self.found.push(fault(CODE, self.module, expr.range, message).help(help));
    }

    /// Another expression of the body needs the same path: where it is absent, the body does not hold anyway.
    fn is_established(&self, term: &Term, negation: &Expr, body: &Body) -> bool {
        let mut texts = References { checker: self, found: Vec::new() };
        let others = body.iter().filter(|e| e.range != negation.range && !matches!(e.kind, ExprKind::Not(_)));
        others.for_each(|e| texts.expr(e));
        let wanted = self.text(term);
        texts
            .found
            .iter()
            .any(|text| text.strip_prefix(&wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '['])))
    }

    fn text(&self, term: &Term) -> String {
        let Span { start, end, .. } = self.module.at(term.range);
        self.module.source.text.get(start as usize..end as usize).unwrap_or_default().to_owned()
    }
}

struct References<'a> {
    checker: &'a Checker<'a, 'a>,
    found: Vec<String>,
}

impl Visitor for References<'_> {
    fn term(&mut self, term: &Term) {
        if matches!(term.kind, TermKind::Ref(..)) {
            self.found.push(self.checker.text(term));
        }
        visit::each_part(self, term);
    }

    /// What a comprehension asks for may be absent without harm.
    fn body(&mut self, _: &Body) {}
}

/// The references whose value is asked for before the negation, as the engine and OPA do it.
fn hoisted<'a>(term: &'a Term, found: &mut Vec<&'a Term>) {
    match &term.kind {
        TermKind::Call(_, args) => args.iter().for_each(|arg| needed(arg, found)),
        TermKind::Infix(Op::Equal, left, right) => {
            for side in [left, right] {
                match &side.kind {
                    TermKind::Ref(..) => {}
                    _ => needed(side, found),
                }
            }
        }
        TermKind::Infix(_, left, right) => [left, right].into_iter().for_each(|side| needed(side, found)),
        TermKind::In { value, domain, .. } => [value, domain].into_iter().for_each(|side| needed(side, found)),
        _ => {}
    }
}

fn needed<'a>(term: &'a Term, found: &mut Vec<&'a Term>) {
    match &term.kind {
        TermKind::Ref(..) => found.push(term),
        TermKind::Call(_, items) | TermKind::Array(items) | TermKind::Set(items) => {
            items.iter().for_each(|item| needed(item, found));
        }
        TermKind::Infix(_, left, right) => [left, right].into_iter().for_each(|side| needed(side, found)),
        TermKind::Object(entries) => entries.iter().for_each(|(_, value)| needed(value, found)),
        _ => {}
    }
}
