//! What a policy is said not to read changes none of its answers: remembered answers rest on that.

use std::path::PathBuf;

use changegate::policy::engine::{Engine, Input};
use changegate::policy::library::{self, Library, Policy};
use changegate::source::Sources;
use rayon::prelude::*;
use serde_json::Value;

use crate::cases;

/// All that the rules of a policy give.
fn answers(engine: &mut Engine, policy: &Policy, input: &Value) -> Vec<Value> {
    engine.set_mode(policy.mode);
    engine.set_input(Input::of(input).unwrap());
    let rules = [Some(&policy.deny), policy.unknown.as_ref(), policy.valid_until.as_ref(), policy.lifts.as_ref()];
    rules.into_iter().flatten().map(|rule| Value::from(engine.set(rule).unwrap())).collect()
}

/// The input without the members, and the ages of documents, that the policy cannot read.
fn poorer(library: &Library, policy: &Policy, input: &Value) -> Value {
    let reads = library.reads([policy]).remove(&policy.source).unwrap();
    let mut poorer = input.clone();
    poorer.as_object_mut().unwrap().retain(|name, _| reads.member(name));
    if !reads.field("age_ns") {
        let documents = poorer.get_mut("context").and_then(Value::as_object_mut);
        for document in documents.into_iter().flat_map(|documents| documents.values_mut()) {
            document.as_object_mut().map(|document| document.remove("age_ns"));
        }
    }
    poorer
}

/// What differs for the case's own policy, and for every fifth of the others about changes; and how much was answered.
fn compared(library: &Library, nth: usize, (policy, case): &(PathBuf, PathBuf)) -> (Vec<String>, usize) {
    let policy = cases::name(policy);
    let (shop, args) = cases::prepared(case);
    // What only a whole run takes.
    let known = args.chunks(2).filter(|pair| !matches!(pair[0].as_str(), "--baseline" | "--audit"));
    let args: Vec<&str> = ["facts"].into_iter().chain(known.flatten().map(String::as_str)).collect();
    let whole = shop.changegate(&args).json();
    let mut engine = library.engine().unwrap();
    let (mut wrong, mut answered) = (Vec::new(), 0);
    let mut compare = |policy: &Policy, input: &Value| {
        let (full, less) = (answers(&mut engine, policy, input), poorer(library, policy, input));
        if full != answers(&mut engine, policy, &less) {
            wrong.push(format!("{} in {}", policy.id(), case.display()));
        }
        answered += usize::from(full.iter().any(|set| !set.as_array().unwrap().is_empty()));
    };
    for (index, one) in library.policies.iter().enumerate() {
        if !library::is_per_resource(one) {
            if one.id() == policy || index % 5 == nth % 5 {
                compare(one, &whole);
            }
        } else if one.id() == policy {
            for resource in whole["resources"].as_array().unwrap() {
                let mut input = whole.clone();
                input["resource"] = resource.clone();
                compare(one, &input);
            }
        }
    }
    (wrong, answered)
}

#[test]
fn what_is_not_read_changes_no_answer() {
    let mut sources = Sources::default();
    let ids = library::embedded(&mut sources, false);
    let library = library::load(&sources, &ids);
    let results: Vec<_> =
        cases::all().par_iter().enumerate().map(|(nth, case)| compared(&library, nth, case)).collect();
    let wrong: Vec<&String> = results.iter().flat_map(|(wrong, _)| wrong).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    // Nothing is proved by policies that have nothing to say.
    let answered: usize = results.iter().map(|(_, answered)| answered).sum();
    assert!(answered > 50, "{answered}");
    // And there is something that is left out.
    let input =
        serde_json::json!({"now_ns": 1, "git": {}, "approvals": [], "calendar": {}, "change": {}, "resource": {}});
    let left = library.policies.iter().filter(|policy| poorer(&library, policy, &input) != input).count();
    assert!(left > 20, "{left}");
}
