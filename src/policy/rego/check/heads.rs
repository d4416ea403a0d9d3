//! Heads: what several rules of one name must agree on.

use std::sync::Arc;

use super::super::Fault;
use super::super::annotations::empty_block;
use super::super::ast::{Module, Rule, TermKind};
use super::super::program::{Index, Node, Place};
use crate::source::SourceId;

/// Checks the rules of each path against each other.
pub(super) fn check(modules: &[(SourceId, Module)], index: &Index) -> Vec<(SourceId, Fault)> {
    let mut faults = Vec::new();
    node(modules, &index.root, &mut Vec::new(), &mut faults);
    for (id, module) in modules {
        if let Some(range) = empty_block(module) {
            faults.push((*id, Fault::new("policy::metadata", range, "nothing stands below METADATA")));
        }
        faults.extend(module.rules.iter().filter_map(parameters).map(|fault| (*id, fault)));
    }
    faults
}

/// What the rules of one path are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Value,
    Set,
    Map,
    Function(usize),
}

fn kind(rule: &Rule) -> Kind {
    let head = &rule.head;
    match &head.args {
        Some(args) => Kind::Function(args.len()),
        None if head.path.len() > head.ground().len() => Kind::Map,
        None if head.key.is_some() => Kind::Set,
        None => Kind::Value,
    }
}

fn node(modules: &[(SourceId, Module)], at: &Node, path: &mut Vec<Arc<str>>, faults: &mut Vec<(SourceId, Fault)>) {
    let rule = |place: &Place| modules.get(place.module).and_then(|(id, m)| Some((*id, m.rules.get(place.rule)?)));
    let rules: Vec<(SourceId, &Rule)> = at.rules.iter().filter_map(rule).collect();
    let name = path.join(".");
    if let Some(((_, first), rest)) = rules.split_first() {
        for (id, other) in rest {
            if kind(first) != kind(other) {
                let message = format!("`data.{name}` is defined in ways that contradict each other");
                faults.push((*id, Fault::new("policy::conflict", other.head.range, message)));
            }
        }
        for (id, other) in rules.iter().filter(|(_, r)| r.default).skip(1) {
            let message = format!("`data.{name}` has more than one default");
            faults.push((*id, Fault::new("policy::conflict", other.head.range, message)));
        }
        let ground = rules.iter().any(|(_, r)| matches!(kind(r), Kind::Value | Kind::Set | Kind::Function(_)));
        if ground && at.children.values().any(has_package) {
            let (id, rule) = rules.first().map_or((SourceId(0), *first), |(id, r)| (*id, *r));
            let message = format!("the rule `data.{name}` has the name of a package");
            faults.push((id, Fault::new("policy::conflict", rule.head.range, message)));
        }
    }
    for (child, below) in &at.children {
        path.push(child.clone());
        node(modules, below, path, faults);
        path.pop();
    }
}

fn has_package(node: &Node) -> bool {
    node.package || node.children.values().any(has_package)
}

/// Parameters must not hide `input` and `data`.
fn parameters(rule: &Rule) -> Option<Fault> {
    let hides = rule
        .head
        .args
        .iter()
        .flatten()
        .find(|arg| matches!(&arg.kind, TermKind::Var(name) if matches!(&**name, "input" | "data")))?;
    Some(Fault::new("policy::conflict", hides.range, "a parameter must not be named `input` or `data`"))
}
