//! Policies without a test that denies, one that allows, and one that leaves a field out.
//!
//! Found by running the tests: whenever one of them asks a policy for `deny`, the answer and the input are noted
//! ([`crate::policy::rego::observe`]). Which words a test is written with does not matter.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use serde_json::Value;

use super::super::engine::{Engine, Input};
use super::super::outline::Outline;
use super::super::rego::observe;
use super::super::test::Suite;
use super::{Linted, Program, fault};
use crate::finding::Diagnostic;

pub(super) const NO_DENY: &str = "lint::no-deny-test";
pub(super) const NO_ALLOW: &str = "lint::no-allow-test";
pub(super) const NO_MISSING: &str = "lint::no-missing-field-test";

/// What the tests saw of one policy.
#[derive(Default)]
struct Seen {
    denied: bool,
    allowed: bool,
    /// The keys that objects had, by where they stood.
    keys: BTreeMap<String, BTreeSet<String>>,
    inputs: Vec<Value>,
}

/// Tests that share an engine.
const SHARE: usize = 16;

pub(super) fn check(program: &Program<'_>, suite: &Suite<'_>, found: &mut Vec<Diagnostic>) -> Result<(), String> {
    // A module with a fault may be the one that tests a policy.
    let judged = |policy: &&Linted<'_>| {
        let own = Outline::scan(&policy.source.text);
        !program.faulty.iter().any(|faulty| faulty.package == own.package || faulty.reaches(&own))
    };
    let wanted = program.modules.iter().filter(|m| m.wanted && m.metadata.is_some());
    let policies: Vec<&Linted<'_>> = wanted.filter(judged).collect();
    if policies.is_empty() {
        return Ok(());
    }
    let seen = observed(program, suite, &policies)?;
    let none = Seen::default();
    for policy in policies {
        let seen = seen.get(&policy.package()).unwrap_or(&none);
        let mut missing = |is: bool, code, message: &str, help: &str| {
            if is {
                found.push(fault(code, policy, policy.written.package_range, message).help(help));
            }
        };
        missing(
            !seen.denied,
            NO_DENY,
            "no test makes the policy deny",
            "write one: `test_denied if count(policy.deny) == 1 with input as …`",
        );
        missing(
            !seen.allowed,
            NO_ALLOW,
            "no test shows what the policy allows",
            "write one: `test_allowed if count(policy.deny) == 0 with input as …`",
        );
        missing(
            !seen.leaves_out(&policy.source.text),
            NO_MISSING,
            "no test leaves a field out that the policy reads",
            "write one whose input lacks the field, and say what the policy then answers",
        );
    }
    Ok(())
}

fn observed(
    program: &Program<'_>,
    suite: &Suite<'_>,
    policies: &[&Linted<'_>],
) -> Result<BTreeMap<String, Seen>, String> {
    let modules = program.modules.iter().filter(|m| m.sound).map(|m| (m.id, m.written.clone()));
    let packages: Vec<_> = policies.iter().map(|policy| policy.written.package.clone()).collect();
    let compiled = observe::compile(modules.collect(), &packages, &|id| {
        suite.sources.get(id).is_some_and(|s| super::super::library::is_test(&s.path))
    });
    let mut engine = Engine::new();
    engine.install(suite.sources, compiled);
    suite.data.iter().try_for_each(|document| engine.add_data(document.clone()))?;
    // Once, and not again in every clone.
    engine.set_input(Input::object(Vec::new()));
    engine.prepare();
    let tests: Vec<_> =
        suite.library.tests.iter().filter(|test| !test.todo && !suite.library.is_of_conftest(test.source)).collect();
    let notes = tests.par_chunks(SHARE).flat_map_iter(|tests| {
        let mut engine = engine.clone();
        let noted = tests.iter().flat_map(move |test| {
            engine.set_input(Input::object(Vec::new()));
            let _ = engine.value(&test.path);
            engine.prints()
        });
        noted.collect::<Vec<_>>()
    });
    let mut seen: BTreeMap<String, Seen> = BTreeMap::new();
    for note in notes.collect::<Vec<_>>().iter().filter_map(|print| observe::read(print)) {
        let (package, count, input) = note;
        seen.entry(package.to_owned()).or_default().note(count, input);
    }
    Ok(seen)
}

impl Seen {
    fn note(&mut self, count: usize, input: &str) {
        self.denied |= count > 0;
        self.allowed |= count == 0;
        if let Ok(input) = serde_json::from_str(input) {
            gather(&input, "", &mut self.keys);
            self.inputs.push(input);
        }
    }

    /// Whether an object of one input lacks a key that it has in another, and that the policy names.
    fn leaves_out(&self, text: &str) -> bool {
        let words: BTreeSet<&str> = text.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
        self.inputs.iter().any(|input| lacks(input, "", &self.keys, &words))
    }
}

fn gather(value: &Value, at: &str, keys: &mut BTreeMap<String, BTreeSet<String>>) {
    match value {
        Value::Object(map) => {
            let known = keys.entry(at.to_owned()).or_default();
            known.extend(map.iter().filter(|(_, v)| !v.is_null()).map(|(key, _)| key.clone()));
            map.iter().for_each(|(key, value)| gather(value, &format!("{at}/{key}"), keys));
        }
        Value::Array(items) => items.iter().for_each(|item| gather(item, &format!("{at}/*"), keys)),
        _ => {}
    }
}

fn lacks(value: &Value, at: &str, keys: &BTreeMap<String, BTreeSet<String>>, words: &BTreeSet<&str>) -> bool {
    match value {
        Value::Object(map) => {
            let absent = |key: &String| map.get(key).is_none_or(Value::is_null) && words.contains(key.as_str());
            keys.get(at).is_some_and(|known| known.iter().any(absent))
                || map.iter().any(|(key, value)| lacks(value, &format!("{at}/{key}"), keys, words))
        }
        Value::Array(items) => items.iter().any(|item| lacks(item, &format!("{at}/*"), keys, words)),
        _ => false,
    }
}
