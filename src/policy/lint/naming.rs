//! Names: a package is its folder, words are joined with `_`, and what only the file itself needs starts with `_`.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::metadata;
use super::super::rego::ast::Rule;
use super::{Linted, Program, fault, reach};
use crate::finding::Diagnostic;

pub(super) const CODE: &str = "lint::naming";

/// Rules that the gate asks a policy for.
pub(super) const ANSWERS: [&str; 4] = ["deny", "unknown", "valid_until", "lifts"];

pub(super) fn check(program: &Program<'_>, module: &Linted<'_>, found: &mut Vec<Diagnostic>) {
    twice(program, module, found);
    if module.of_conftest {
        return;
    }
    package(module, found);
    let mut seen = BTreeSet::new();
    for rule in module.written.rules.iter().filter(|rule| seen.insert(rule.head.name().to_owned())) {
        words(module, rule, found);
        private(program, module, rule, found);
    }
    if let Some(metadata) = &module.metadata {
        let id = &metadata.custom.id;
        if !metadata::is_id(id) {
            let message = format!("`{id}` is no id");
            let help = "an id is a family in capitals, `-` and a number: ACME-001";
            found.push(fault(CODE, module, module.written.package_range, message).help(help));
        }
    }
}

/// Tests that share a name are one rule: it holds when either does, so that one of them may fail unseen.
fn twice(program: &Program<'_>, module: &Linted<'_>, found: &mut Vec<Diagnostic>) {
    let is_test = |rule: &&Rule| rule.head.name().starts_with("test_") && rule.head.path.len() == 1 && !rule.chained;
    let mut seen = BTreeSet::new();
    let before = program.modules.iter().take_while(|other| other.id != module.id);
    for other in before.filter(|other| other.written.package == module.written.package) {
        seen.extend(other.written.rules.iter().filter(is_test).map(|rule| rule.head.name()));
    }
    for rule in module.written.rules.iter().filter(is_test).filter(|rule| !seen.insert(rule.head.name())) {
        let message = format!("there is another test `{}`: they pass when either of them does", rule.head.name());
        found.push(fault(CODE, module, rule.head.range, message).help("give each test a name of its own"));
    }
}

fn words(module: &Linted<'_>, rule: &Rule, found: &mut Vec<Diagnostic>) {
    let name = rule.head.name();
    if name.chars().any(|c| c.is_uppercase()) {
        let message = format!("`{name}` is not written in lower case");
        let help = format!("write `{}`", snake_case(name));
        found.push(fault(CODE, module, rule.head.range, message).help(help));
    }
}

/// `hasPlan` as `has_plan`.
fn snake_case(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_uppercase() && !out.is_empty() && !out.ends_with('_') {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}

/// A helper of a policy that no other package asks for.
fn private(program: &Program<'_>, module: &Linted<'_>, rule: &Rule, found: &mut Vec<Diagnostic>) {
    let name = rule.head.name();
    if module.metadata.is_none() || module.is_test() || name.starts_with('_') || ANSWERS.contains(&name) {
        return;
    }
    let path: Vec<Arc<str>> = module.written.package.iter().cloned().chain([name.into()]).collect();
    let elsewhere = program.modules.iter().filter(|other| other.written.package != module.written.package);
    if !elsewhere.flat_map(|other| &other.resolved.rules).any(|rule| reach::needs(rule).contains(&path)) {
        let message = format!("`{name}` is a helper of this policy and looks like an answer of it");
        found.push(fault(CODE, module, rule.head.range, message).help(format!("write `_{name}`")));
    }
}

fn package(module: &Linted<'_>, found: &mut Vec<Diagnostic>) {
    let last = module.written.package.last().map_or("", |name| &**name);
    let folder = module.source.path.rsplit('/').nth(1).unwrap_or_default();
    // Further tests of a policy are told apart from those of its neighbours by the name of its folder.
    let further = || module.is_test() && last == format!("{folder}_{}", module.stem());
    if last != module.stem() && !further() {
        let message =
            format!("the package `{}` is not named after its file `{}.rego`", module.package(), module.stem());
        let help = "a package is where its file is: policies/change/freeze_window/freeze_window.rego";
        found.push(fault(CODE, module, module.written.package_range, message).help(help));
    }
    if module.metadata.is_some() && folder != module.stem() {
        let message = format!("the policy `{}` has no folder of its own", module.stem());
        let help = format!("move it and its tests to a folder `{}`", module.stem());
        found.push(fault(CODE, module, module.written.package_range, message).help(help));
    }
}
