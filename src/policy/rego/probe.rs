//! Probes: rules added to a resolved module that tell how far the body of another rule came, and with which values.
//!
//! The engine says only whether a rule holds. For the expressions `e0; e1; …` of a body (in the order in which they can
//! be evaluated) probe `i` has the body `e0; …; e(i-1)`, so it is empty from the first expression on that fails; its
//! members are what the parts of `ei` are worth there.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::ast::{self, Body, Expr, ExprKind, Head, Module, Range, Rule, Term, TermKind, With};
use super::check::safety::{self, Settled};
use super::program::{Index, path_of};
use super::visit::{self, Visitor};
use super::{Compiled, finish, lower, resolve};
use crate::source::SourceId;

/// Start of the names of probes and of the variables in them.
const PROBE: &str = "__cgprobe";

/// The probes of one body of a rule.
#[derive(Clone, Debug, Default)]
pub struct Probed {
    /// One for each expression in the order of evaluation, and a last one for the body as a whole.
    pub steps: Vec<Step>,
    /// Path of the set of what a variable in the rule's path (`test_x[case]`) is bound to.
    pub cases: Option<String>,
}

/// One probe.
#[derive(Clone, Debug)]
pub struct Step {
    /// Path of the rule to evaluate: each member is a list with an entry for each part, itself a list of values (empty when the
    /// part is undefined).
    pub rule: String,
    /// The expression that is evaluated next; that of the whole rule behind the last one.
    pub expression: Range,
    /// Parts of it, in the order of the text.
    pub parts: Vec<Part>,
}

/// Part of an expression whose value helps to understand it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Where it stands.
    pub range: Range,
    /// The members of an `every` for which its body does not hold.
    pub counterexample: bool,
}

/// A rule to look into: its module and name.
pub type Wanted<'a> = (SourceId, &'a str);

/// Modules with probes for the bodies of some rules, and what the probes of each are, in the order of `wanted`. The modules must
/// be free of faults.
pub fn compile(mut modules: Vec<(SourceId, Module)>, wanted: &[Wanted<'_>]) -> (Compiled, Vec<Vec<Probed>>) {
    let index = Index::new(&modules);
    modules.iter_mut().for_each(|(_, module)| resolve::module(module, &index));
    let mut probes = Vec::new();
    for (n, (id, name)) in wanted.iter().enumerate() {
        let module = modules.iter_mut().find(|(other, _)| other == id).map(|(_, module)| module);
        probes.push(module.map(|module| of_rule(module, name, n, &index)).unwrap_or_default());
    }
    let probed = Index::new(&modules);
    let mocks = lower::Mocks::of(&modules);
    (finish(modules, &probed, mocks), probes)
}

fn of_rule(module: &mut Module, name: &str, n: usize, index: &Index) -> Vec<Probed> {
    let rules = module.rules.iter().filter(|rule| rule.head.name() == name);
    let rules: Vec<(Head, Body)> =
        rules.map(|rule| (rule.head.clone(), rule.body.clone().unwrap_or_default())).collect();
    let mut probed = Vec::new();
    for (b, (head, body)) in rules.into_iter().enumerate() {
        let name = format!("{PROBE}_{n}_{b}");
        let Some((rules, steps)) = of_body(module, head.range, &body, &name, index) else { continue };
        let cases = head.path.get(1).and_then(|case| cases(case, &body, &format!("{name}_cases")));
        let path = cases.as_ref().map(|rule| format!("data.{}", path_of(module, rule).join(".")));
        module.rules.extend(rules.into_iter().chain(cases));
        probed.push(Probed { steps, cases: path });
    }
    probed
}

/// The set of what a variable is bound to by the first expressions of a body that bind it.
fn cases(case: &Term, body: &Body, name: &str) -> Option<Rule> {
    let order = Settled::of(body, &BTreeSet::new()).order;
    let ordered: Body = order.iter().filter_map(|at| body.get(*at).cloned()).collect();
    let rule = |n: usize| {
        let head = Head {
            range: case.range,
            path: vec![Term::var(case.range, name)],
            args: None,
            key: Some(case.clone()),
            value: None,
        };
        let body = Some(ordered.iter().take(n).cloned().collect());
        Rule { range: case.range, default: false, head, body, elses: Vec::new(), chained: false }
    };
    (1..=ordered.len()).map(rule).find(safety::is_safe)
}

/// The probes of a body; none when its order cannot be told.
fn of_body(module: &Module, head: Range, body: &Body, name: &str, index: &Index) -> Option<(Vec<Rule>, Vec<Step>)> {
    let order = Settled::of(body, &BTreeSet::new()).order;
    let ordered: Vec<&Expr> = order.iter().filter_map(|at| body.get(*at)).collect();
    if ordered.len() != body.len() {
        return None;
    }
    let (mut rules, mut steps) = (Vec::new(), Vec::new());
    let mut known = Mentioned(BTreeSet::new());
    for i in 0..=ordered.len() {
        let before: Body = ordered.iter().take(i).map(|e| (*e).clone()).collect();
        let next = ordered.get(i);
        let parts = next.map(|expr| parts(expr, &known.0, index)).unwrap_or_default();
        let rule = probe(head, before, &parts, &format!("{name}_{i}"));
        if !safety::is_safe(&rule) {
            return None;
        }
        let path = path_of(module, &rule).join(".");
        rules.push(rule);
        steps.push(Step {
            rule: format!("data.{path}"),
            expression: next.map_or(head, |expr| expr.range),
            parts: parts.into_iter().map(|(part, _)| part).collect(),
        });
        next.iter().for_each(|expr| known.expr(expr));
    }
    Some((rules, steps))
}

/// `name contains [[v | v := part], …] if { before }`.
fn probe(range: Range, before: Body, parts: &[(Part, Body)], name: &str) -> Rule {
    let value = Term::var(range, &format!("{PROBE}_v"));
    let lists = parts.iter().map(|(_, body)| {
        let list = TermKind::ArrayComprehension(Box::new(value.clone()), body.clone());
        Term::new(range, list)
    });
    let row = Term::new(range, TermKind::Array(lists.collect()));
    let always = Expr::new(range, ExprKind::Term(Term::new(range, TermKind::Bool(true))));
    let body = before.into_iter().chain([always]).collect();
    let head = Head { range, path: vec![Term::var(range, name)], args: None, key: Some(row), value: None };
    Rule { range, default: false, head, body: Some(body), elses: Vec::new(), chained: false }
}

/// The parts of an expression that are worth showing, each with the body that binds its value.
fn parts(expr: &Expr, known: &BTreeSet<Arc<str>>, index: &Index) -> Vec<(Part, Body)> {
    let mut terms = Vec::new();
    let mut found = Vec::new();
    interesting(expr, &mut terms, &mut found, &expr.with);
    let shown = terms.into_iter().filter(|(term, _)| is_known(term, known) && !is_function(term, index));
    let values = shown.map(|(term, with)| {
        let value = Term::var(term.range, &format!("{PROBE}_v"));
        let bind = Expr { range: term.range, kind: ExprKind::Assign(value, term.clone()), with: with.to_vec() };
        (Part { range: term.range, counterexample: false }, vec![bind])
    });
    let mut all: Vec<(Part, Body)> = values.chain(found).collect();
    all.sort_by_key(|(part, _)| (part.range.start, std::cmp::Reverse(part.range.end)));
    all.dedup_by(|a, b| a.0 == b.0);
    all
}

/// A term and the modifiers in force where it stands.
type Modified<'a> = (&'a Term, &'a [With]);

fn interesting<'a>(expr: &'a Expr, terms: &mut Vec<Modified<'a>>, found: &mut Vec<(Part, Body)>, with: &'a [With]) {
    match &expr.kind {
        ExprKind::Term(term) | ExprKind::SomeIn { domain: term, .. } | ExprKind::Assign(_, term) => {
            inside(term, terms, with);
        }
        ExprKind::Unify(left, right) => {
            inside(left, terms, with);
            inside(right, terms, with);
        }
        ExprKind::Every { key, value, domain, body } => {
            inside(domain, terms, with);
            let range = value.range;
            let member = Term::var(range, &format!("{PROBE}_v"));
            let each = ExprKind::SomeIn { key: key.clone(), value: value.clone(), domain: domain.clone() };
            let bind = ExprKind::Assign(member, value.clone());
            let with = |kind| Expr { range, kind, with: with.to_vec() };
            let fails = vec![with(each), with(ExprKind::NotBody(body.clone())), Expr::new(range, bind)];
            found.push((Part { range, counterexample: true }, fails));
        }
        ExprKind::Not(inner) => interesting(inner, terms, found, if with.is_empty() { &inner.with } else { with }),
        ExprKind::Some(_) | ExprKind::NotBody(_) | ExprKind::Or(..) | ExprKind::And(_) => {}
    }
    terms.extend(expr.with.iter().filter(|w| !is_literal(&w.value)).map(|w| (&w.value, &[][..])));
}

/// A term and, of calls and operators, what it is made of; constants speak for themselves.
fn inside<'a>(term: &'a Term, terms: &mut Vec<Modified<'a>>, with: &'a [With]) {
    match &term.kind {
        TermKind::Var(_) | TermKind::Ref(..) => terms.push((term, with)),
        TermKind::Call(_, args) => {
            terms.push((term, with));
            args.iter().for_each(|arg| inside(arg, terms, with));
        }
        TermKind::Infix(_, left, right) => [left, right].into_iter().for_each(|side| inside(side, terms, with)),
        TermKind::In { value, domain, .. } => [value, domain].into_iter().for_each(|side| inside(side, terms, with)),
        TermKind::Array(items) | TermKind::Set(items) => items.iter().for_each(|item| inside(item, terms, with)),
        TermKind::Object(entries) => entries.iter().for_each(|(_, value)| inside(value, terms, with)),
        TermKind::ArrayComprehension(..) | TermKind::SetComprehension(..) | TermKind::ObjectComprehension(..) => {
            terms.push((term, with));
        }
        TermKind::Template(parts) => parts.iter().for_each(|part| {
            if let ast::Part::Term(term) = part {
                inside(term, terms, with);
            }
        }),
        TermKind::Null | TermKind::Bool(_) | TermKind::Number(_) | TermKind::String(_) => {}
    }
}

/// Whether a term reads nothing: it stands in the text as it is.
fn is_literal(term: &Term) -> bool {
    let mut mentioned = Mentioned(BTreeSet::new());
    mentioned.term(term);
    mentioned.0.is_empty()
}

/// Whether a term names a function: a mock that stands in for another has no value.
fn is_function(term: &Term, index: &Index) -> bool {
    let TermKind::Ref(head, path) = &term.kind else { return false };
    let constant = |part: &Term| match &part.kind {
        TermKind::String(name) => Some(name.clone()),
        _ => None,
    };
    let path: Option<Vec<Arc<str>>> = path.iter().map(constant).collect();
    matches!(&head.kind, TermKind::Var(name) if &**name == "data")
        && path.and_then(|path| index.node(&path)).is_some_and(|node| index.is_function(&node.rules))
}

/// Whether all variables of a term have their values before it.
fn is_known(term: &Term, known: &BTreeSet<Arc<str>>) -> bool {
    if matches!(&term.kind, TermKind::Var(name) if matches!(&**name, "_" | "input" | "data")) {
        return false;
    }
    if matches!(
        term.kind,
        TermKind::ArrayComprehension(..) | TermKind::SetComprehension(..) | TermKind::ObjectComprehension(..)
    ) {
        return true;
    }
    let names = visit::variables(term);
    names.into_iter().all(|name| known.contains(name) || matches!(&**name, "input" | "data"))
}

/// Every variable that is named.
struct Mentioned(BTreeSet<Arc<str>>);

impl Visitor for Mentioned {
    fn term(&mut self, term: &Term) {
        if let TermKind::Var(name) = &term.kind {
            self.0.insert(name.clone());
        }
        visit::each_part(self, term);
    }
}
