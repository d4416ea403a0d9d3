//! Recursion: no rule may depend on itself, whatever the way.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::Fault;
use super::super::ast::{Expr, Module, Term, TermKind};
use super::super::program::{Index, Node, Place, RulePath, path_of};
use super::super::visit::{self, Visitor};
use crate::source::SourceId;

/// Finds the rules that depend on themselves.
pub(super) fn check(modules: &[(SourceId, Module)], index: &Index) -> Vec<(SourceId, Fault)> {
    let mut numbers: BTreeMap<RulePath, usize> = BTreeMap::new();
    let mut of_place: BTreeMap<Place, usize> = BTreeMap::new();
    let mut first: Vec<Place> = Vec::new();
    for (m, (_, module)) in modules.iter().enumerate() {
        for (r, rule) in module.rules.iter().enumerate() {
            let place = Place { module: m, rule: r };
            let number = *numbers.entry(path_of(module, rule)).or_insert_with(|| {
                first.push(place);
                first.len() - 1
            });
            of_place.insert(place, number);
        }
    }
    let mut edges: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); first.len()];
    for (place, number) in &of_place {
        let Some(rule) = modules.get(place.module).and_then(|(_, m)| m.rules.get(place.rule)) else { continue };
        let mut needs = Needs { index, found: Vec::new() };
        visit::each_part_of_rule(&mut needs, rule);
        if let Some(edges) = edges.get_mut(*number) {
            edges.extend(needs.found.iter().filter_map(|p| of_place.get(p)).copied());
        }
    }
    let cyclic = cycles(&edges);
    if cyclic.is_empty()
        && let Some(n) = too_long(&edges)
    {
        return first.get(n).and_then(|place| chained(modules, *place)).into_iter().collect();
    }
    cyclic.into_iter().filter_map(|n| fault(modules, *first.get(n)?)).collect()
}

/// Most rules that may need each other one after the other: the engine goes down a level of its stack for each.
const LONGEST_CHAIN: usize = 2_000;

/// A rule at the end of a chain that is too long, where nothing depends on itself.
fn too_long(edges: &[BTreeSet<usize>]) -> Option<usize> {
    let mut lengths = vec![0_usize; edges.len()];
    for start in 0..edges.len() {
        let mut stack = vec![(start, false)];
        while let Some((node, done)) = stack.pop() {
            let next = edges.get(node)?;
            if lengths.get(node).is_some_and(|length| *length > 0) {
                continue;
            }
            if !done {
                stack.push((node, true));
                stack.extend(next.iter().map(|n| (*n, false)));
                continue;
            }
            let longest = next.iter().filter_map(|n| lengths.get(*n)).max().copied().unwrap_or_default();
            if longest >= LONGEST_CHAIN {
                return Some(node);
            }
            *lengths.get_mut(node)? = longest + 1;
        }
    }
    None
}

fn chained(modules: &[(SourceId, Module)], place: Place) -> Option<(SourceId, Fault)> {
    let (id, module) = modules.get(place.module)?;
    let rule = module.rules.get(place.rule)?;
    let message = format!("a chain of more than {LONGEST_CHAIN} rules ends here");
    let fault = Fault::new("policy::nesting", rule.head.range, message);
    Some((*id, fault.help("let one rule do what several in a row do")))
}

fn fault(modules: &[(SourceId, Module)], place: Place) -> Option<(SourceId, Fault)> {
    let (id, module) = modules.get(place.module)?;
    let rule = module.rules.get(place.rule)?;
    let message = format!("the rule `data.{}` depends on itself", path_of(module, rule).join("."));
    Some((*id, Fault::new("policy::recursion", rule.head.range, message)))
}

/// One node of each cycle, by a depth-first walk without recursion of its own.
fn cycles(edges: &[BTreeSet<usize>]) -> Vec<usize> {
    let mut state = vec![0_u8; edges.len()];
    let mut found = Vec::new();
    for start in 0..edges.len() {
        let mut stack = vec![(start, false)];
        while let Some((node, done)) = stack.pop() {
            let Some(seen) = state.get_mut(node) else { continue };
            if done {
                *seen = 2;
                continue;
            }
            if *seen != 0 {
                continue;
            }
            *seen = 1;
            stack.push((node, true));
            for next in edges.get(node).into_iter().flatten() {
                match state.get(*next) {
                    Some(0) => stack.push((*next, false)),
                    Some(1) => found.push(*next),
                    _ => {}
                }
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

struct Needs<'a> {
    index: &'a Index,
    found: Vec<Place>,
}

impl Visitor for Needs<'_> {
    fn term(&mut self, term: &Term) {
        if let TermKind::Ref(head, path) = &term.kind
            && matches!(&head.kind, TermKind::Var(name) if &**name == "data")
        {
            let steps: Vec<Option<Arc<str>>> = path.iter().map(step).collect();
            reached(&self.index.root, &steps, &mut self.found);
        } else if matches!(&term.kind, TermKind::Var(name) if &**name == "data") {
            self.index.root.all(&mut self.found);
        }
        match &term.kind {
            TermKind::Ref(_, path) => path.iter().for_each(|t| self.term(t)),
            _ => visit::each_part(self, term),
        }
    }

    /// What `with` replaces is not needed.
    fn expr(&mut self, expr: &Expr) {
        visit::each_part_without_with(self, expr);
        expr.with.iter().for_each(|w| self.term(&w.value));
    }
}

fn step(term: &Term) -> Option<Arc<str>> {
    match &term.kind {
        TermKind::String(text) => Some(text.clone()),
        _ => None,
    }
}

/// The rules that a path can reach; an unknown step reaches every child.
fn reached(node: &Node, path: &[Option<Arc<str>>], found: &mut Vec<Place>) {
    let Some((step, rest)) = path.split_first() else { return node.all(found) };
    found.extend(&node.rules);
    match step {
        Some(name) => node.children.get(name).into_iter().for_each(|child| reached(child, rest, found)),
        None => node.children.values().for_each(|child| reached(child, rest, found)),
    }
}
