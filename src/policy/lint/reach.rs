//! Rules that nobody asks for, and bodies that never hold.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::library::RISK_MODEL;
use super::super::rego::ast::{Body, Expr, ExprKind, Rule, Term, TermKind};
use super::super::rego::visit::{self, Visitor};
use super::naming::ANSWERS;
use super::{Linted, Program, fault};
use crate::finding::Diagnostic;

pub(super) const CODE: &str = "lint::unreachable";

/// What the gate asks the risk model for.
const OF_THE_MODEL: [&str; 3] = ["assessment", "explanation", "faults"];

type RulePath = Vec<Arc<str>>;

pub(super) fn check(program: &Program<'_>, found: &mut Vec<Diagnostic>) {
    let wanted = || program.modules.iter().filter(|module| module.wanted);
    wanted().for_each(|module| never(module, found));
    // What cannot be parsed may ask for anything.
    if !program.has_policies || !program.complete {
        return;
    }
    let reached = reached(program);
    for module in wanted().filter(|module| !module.is_test() && !module.of_conftest) {
        let mut seen = BTreeSet::new();
        for rule in module.resolved.rules.iter().filter(|rule| !rule.head.name().starts_with("test_")) {
            let path = path(module, rule);
            if !reached.contains(&path) && seen.insert(path) {
                let message = format!("nothing asks for `{}`", rule.head.name());
                let help = "leave it out, or let `deny` depend on it; a test alone does not count";
                found.push(fault(CODE, module, rule.head.range, message).help(help));
            }
        }
    }
}

/// The paths of all rules that an answer depends on, in whatever way.
fn reached(program: &Program<'_>) -> BTreeSet<RulePath> {
    let production = || program.modules.iter().filter(|module| !module.is_test());
    let mut by_path: BTreeMap<RulePath, Vec<&Rule>> = BTreeMap::new();
    let mut open: Vec<RulePath> = Vec::new();
    for module in production() {
        let model = RISK_MODEL.strip_prefix("data.") == Some(module.package().as_str());
        for rule in &module.resolved.rules {
            let (path, name) = (path(module, rule), rule.head.name());
            if !module.sound
                || module.metadata.is_some() && ANSWERS.contains(&name)
                || model && OF_THE_MODEL.contains(&name)
            {
                open.push(path.clone());
            }
            by_path.entry(path).or_default().push(rule);
        }
    }
    let mut reached = BTreeSet::new();
    while let Some(next) = open.pop() {
        if !reached.insert(next.clone()) {
            continue;
        }
        let asked = by_path.get(&next).into_iter().flatten().flat_map(|rule| needs(rule));
        for asked in asked {
            // `data.lib.f.x` asks for the rule `data.lib.f`, and `data.lib` for all rules below it.
            let on_the_way = (1..=asked.len()).filter_map(|n| asked.get(..n)).filter(|p| by_path.contains_key(*p));
            open.extend(on_the_way.map(<[Arc<str>]>::to_vec));
            let below = by_path.range(asked.clone()..).take_while(|(path, _)| path.starts_with(&asked));
            open.extend(below.map(|(path, _)| path.clone()));
        }
    }
    reached
}

fn path(module: &Linted<'_>, rule: &Rule) -> RulePath {
    module.resolved.package.iter().cloned().chain(rule.head.ground()).collect()
}

/// The constant paths below `data` that a rule names, without the `data`.
pub(super) fn needs(rule: &Rule) -> Vec<RulePath> {
    let mut finder = Needs(Vec::new());
    visit::each_part_of_rule(&mut finder, rule);
    finder.0
}

struct Needs(Vec<RulePath>);

impl Visitor for Needs {
    fn term(&mut self, term: &Term) {
        if let TermKind::Ref(head, path) = &term.kind
            && matches!(&head.kind, TermKind::Var(name) if &**name == "data")
        {
            let names = path.iter().map_while(|part| match &part.kind {
                TermKind::String(name) => Some(name.clone()),
                _ => None,
            });
            self.0.push(names.collect());
        }
        visit::each_part(self, term);
    }
}

/// Bodies with an expression that is false, and branches behind one that always holds.
fn never(module: &Linted<'_>, found: &mut Vec<Diagnostic>) {
    let is = |expr: &Expr, truth| matches!(&expr.kind, ExprKind::Term(t) if t.kind == TermKind::Bool(truth));
    for rule in module.written.rules.iter().filter(|rule| !rule.head.name().starts_with("todo_test_")) {
        for expr in rule.body.iter().flatten().filter(|expr| is(expr, false)) {
            let help = "leave the rule out, or write the condition";
            found.push(fault(CODE, module, expr.range, "this body never holds").help(help));
        }
        let always = |body: &Option<Body>| body.iter().flatten().all(|expr| is(expr, true));
        let mut taken = always(&rule.body) && !rule.default && !rule.chained;
        for branch in &rule.elses {
            if taken {
                let help = "what stands before it always holds: leave one of them out";
                found.push(fault(CODE, module, branch.range, "this branch is never taken").help(help));
            }
            taken |= always(&branch.body);
        }
    }
}
