//! Each policy on changes to acme, through the whole gate: `fixtures/policies/ID/NAME/` is one change, and NAME says how
//! the policy must answer: `fail…` is denied by it, `pass…` is not, `unknown…` could not be judged.
//!
//! A case holds `case.json` (why, stage, instant, further arguments, `edits` to files of the change and `base_edits` to
//! those before it, files that are `removed`, `actor`), `base/` (files laid over acme before the change, as its context documents
//! are) and `tree/` (files of the change). The change is the
//! allowed variant, as far as the case does not say otherwise.

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde_json::Value;

use crate::shop::{NOW, Shop, copy, everything, fixtures};

pub fn folders(inside: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(inside).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<_> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

pub fn name(folder: &Path) -> String {
    folder.file_name().unwrap().to_string_lossy().into_owned()
}

fn lay(from: &Path, shop: &Shop) {
    if from.exists() {
        copy(from, shop.root());
    }
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().map(|text| text.as_str().unwrap()).collect()
}

/// The repository of a case, and the arguments to judge it with.
pub fn prepared(case: &Path) -> (Shop, Vec<String>) {
    let read = |path: PathBuf| serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let (spec, allowed): (Value, Value) =
        (read(case.join("case.json")), read(fixtures().join("variants/allowed/variant.json")));
    let shop = Shop::acme();
    shop.git(&["checkout", "-q", "main"]);
    lay(&case.join("base"), &shop);
    shop.edit_all(&spec["base_edits"]);
    shop.commit("The state of the world", "Olga Ops <olga@acme.example>");
    shop.git(&["checkout", "-q", "-B", "change"]);
    shop.edit_all(&allowed["edits"]);
    lay(&case.join("tree"), &shop);
    shop.edit_all(&spec["edits"]);
    for gone in texts(&spec["removed"]) {
        std::fs::remove_file(shop.root().join(gone)).unwrap();
    }
    shop.commit("Ship the change", "Alice Arnold <alice@acme.example>");
    if let Some(actor) = spec["actor"].as_str() {
        shop.git(&["config", "user.email", actor]);
    }
    let now = spec["now"].as_str().unwrap_or(NOW);
    let stage = spec["stage"].as_str().unwrap_or("pull-request");
    let mut args = vec!["--base", "main", "--head", "change", "--now", now, "--stage", stage];
    args.extend(texts(&spec["args"]));
    (shop, args.into_iter().map(str::to_owned).collect())
}

/// What the policy said: the results of its open findings.
fn answers(id: &str, case: &Path) -> Vec<String> {
    let (shop, args) = prepared(case);
    let mut args: Vec<&str> = args.iter().map(String::as_str).collect();
    args.splice(0..0, ["check", "--format", "json"]);
    // With the embedded modules that it thinks it needs, and with all of them: one answer, in two audit trails.
    let run = |trail: &str, more: &[&str]| {
        let mut json = shop.changegate(&[&args[..], &["--audit", trail], more].concat()).json();
        json["audit"].take();
        json
    };
    let everything = everything();
    let json = run("file:.git/audit", &[]);
    assert_eq!(json, run("file:.git/again", &["--policy", &everything.path().to_string_lossy()]), "{}", case.display());
    assert_ne!(json["decision"], "undecided", "{}: {:#}", case.display(), json["diagnostics"]);
    let findings = json["findings"].as_array().unwrap().iter();
    let own = findings.filter(|f| f["policy"] == id && f["status"] == "open");
    own.map(|f| f["result"].as_str().unwrap().to_owned()).collect()
}

/// What is wrong with the answers to a case, if anything is.
fn wrong(policy: &Path, case: &Path) -> Option<String> {
    let answers = answers(&name(policy), case);
    let has = |result: &str| answers.iter().any(|answer| answer == result);
    let right = match name(case) {
        fail if fail.starts_with("fail") => has("fail"),
        unknown if unknown.starts_with("unknown") => has("unknown") && !has("fail"),
        pass => pass.starts_with("pass") && answers.is_empty(),
    };
    (!right).then(|| format!("{}: {answers:?}", case.display()))
}

/// Every case with the folder of its policy.
pub fn all() -> Vec<(PathBuf, PathBuf)> {
    let policies = folders(&fixtures().join("policies"));
    let cases: Vec<_> = policies
        .into_iter()
        .flat_map(|policy| folders(&policy).into_iter().map(move |case| (policy.clone(), case)))
        .collect();
    assert!(cases.len() >= 30, "{}", cases.len());
    cases
}

#[test]
fn changes_are_denied_or_not() {
    let wrong: Vec<_> = all().par_iter().filter_map(|(policy, case)| wrong(policy, case)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
