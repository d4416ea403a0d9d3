//! Suites that others wrote, on our parser and engine: `REGO_SUITES=DIR cargo test --test rego_suites -- --ignored --nocapture`,
//! where DIR holds checkouts of `gatekeeper-library` and `swift-opa`. The counts stand in `docs/rego.md`.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    reason = "a test binary"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use changegate::policy::engine::{Engine, EvalError, Input, Mode};
use changegate::policy::rego::{self, Dialect, Module};
use changegate::source::{Revision, Source, Sources};
use serde_json::{Value, json};

fn suite(name: &str) -> PathBuf {
    let root = std::env::var("REGO_SUITES").unwrap_or_default();
    assert!(!root.is_empty(), "set REGO_SUITES to the directory with the checkouts");
    Path::new(&root).join(name)
}

fn files(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, extension, found);
        } else if path.extension().is_some_and(|e| e == extension) {
            found.push(path);
        }
    }
    found.sort();
}

fn engine(texts: &[(String, String, Dialect)], mode: Mode) -> Result<(Engine, Vec<Module>), String> {
    let mut sources = Sources::default();
    let mut modules = Vec::new();
    for (path, text, dialect) in texts {
        let id = sources.add(Source::new(path.as_str(), Revision::Head, text.as_str()));
        modules.push((id, rego::parse(text, *dialect).map_err(|fault| format!("{path}: {}", fault.message))?));
    }
    let parsed = modules.iter().map(|(_, module)| module.clone()).collect();
    let compiled = rego::compile(modules).map_err(|faults| faults[0].1.message.clone())?;
    let mut engine = Engine::with_mode(mode);
    match engine.install(&sources, compiled).pop() {
        Some((_, fault)) => Err(fault.message),
        None => Ok((engine, parsed)),
    }
}

#[test]
#[ignore = "needs a checkout of gatekeeper-library"]
fn gatekeeper_library() {
    let mut found = Vec::new();
    files(&suite("gatekeeper-library/src"), "rego", &mut found);
    let mut folders: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
    for path in found {
        folders.entry(path.parent().unwrap().to_owned()).or_default().push(path);
    }
    let (mut passed, mut failed) = (0, 0);
    for (folder, paths) in folders {
        let text = |path: &PathBuf| (path.display().to_string(), std::fs::read_to_string(path).unwrap(), Dialect::V0);
        let texts: Vec<_> = paths.iter().map(text).collect();
        let (mut engine, modules) = engine(&texts, Mode::Lenient).unwrap();
        for module in &modules {
            // OPA runs a test once for each rule of its name.
            for name in module.rules.iter().map(|rule| rule.head.name()).filter(|name| name.starts_with("test_")) {
                engine.set_input(Input::of(&json!({})).unwrap());
                let verdict = engine.holds(&format!("data.{}.{name}", module.package.join(".")));
                if verdict == Ok(true) {
                    passed += 1;
                } else {
                    failed += 1;
                    println!("{} {name}: {verdict:?}", folder.display());
                }
            }
        }
    }
    println!("gatekeeper-library: {passed} passed, {failed} failed");
    assert_eq!(failed, 0);
}

/// Sets are compared as sets, and so is everything else: the cases do not say which arrays are sets.
fn unordered(value: &Value) -> Value {
    match value {
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(unordered).collect();
            items.sort_by_key(ToString::to_string);
            Value::Array(items)
        }
        Value::Object(map) => {
            let sorted: BTreeMap<_, _> = map.iter().map(|(key, value)| (key.clone(), unordered(value))).collect();
            json!(sorted)
        }
        Value::Number(number) => json!(number.to_string().parse::<f64>().unwrap()),
        other => other.clone(),
    }
}

fn case(case: &Value) -> Result<Option<Value>, String> {
    let first = case["want_result"].as_array().and_then(|all| all.first()).and_then(Value::as_object);
    let names: Vec<String> = first.map(|o| o.keys().map(|k| format!("\"{k}\": {k}")).collect()).unwrap_or_default();
    let query = case["query"].as_str().unwrap();
    // A term may hold sets, which JSON cannot.
    let given = case["input_term"].as_str().map(|term| {
        format!("given := {term}\nanswer := found if found := data.suite_query.asked with input as data.suite_query.given\n")
    });
    let given = given.unwrap_or_else(|| "answer := asked\n".to_owned());
    let asked = format!("package suite_query\nasked contains {{{}}} if {{ {query} }}\n{given}", names.join(", "));
    let modules = case["modules"].as_array().into_iter().flatten().enumerate();
    let mut texts: Vec<_> =
        modules.map(|(i, m)| (format!("{i}.rego"), m.as_str().unwrap().to_owned(), Dialect::V1)).collect();
    texts.push(("query.rego".to_owned(), asked, Dialect::V1));
    let mode = if case["strict_error"] == json!(true) { Mode::Strict } else { Mode::Lenient };
    let (mut engine, _) = engine(&texts, mode).map_err(|message| format!("refused: {message}"))?;
    if let Some(data) = case.get("data") {
        engine.add_data(data.clone()).map_err(|message| format!("refused: {message}"))?;
    }
    let failed = |error: EvalError| format!("failed: {error}");
    if let Some(input) = case.get("input") {
        engine.set_input(Input::of(input)?);
    }
    engine.value("data.suite_query.answer").map_err(failed)
}

#[test]
#[ignore = "needs a checkout of swift-opa"]
fn opa_conformance() {
    let mut found = Vec::new();
    files(&suite("swift-opa/ComplianceSuite/Tests/RegoComplianceTests/TestData"), "json", &mut found);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for path in found {
        let Ok(parsed) = serde_json::from_str::<Value>(&std::fs::read_to_string(&path).unwrap()) else { continue };
        for one in parsed["cases"].as_array().into_iter().flatten() {
            let wants_error = one.get("want_error").is_some() || one.get("want_error_code").is_some();
            let mut wanted = unordered(one.get("want_result").unwrap_or(&json!([])));
            if let Value::Array(items) = &mut wanted {
                items.dedup();
            }
            let answer = case(one);
            let class = match &answer {
                Err(_) if wants_error => "agree",
                Err(message) if message.starts_with("refused") => "refused",
                Err(_) => "failed",
                Ok(value) if !wants_error && unordered(value.as_ref().unwrap_or(&json!([]))) == wanted => "agree",
                Ok(_) => "differ",
            };
            *counts.entry(class).or_default() += 1;
            if class != "agree" {
                println!("{class} {}: {answer:?}", one["note"]);
            }
        }
    }
    println!("OPA's conformance cases: {counts:?}");
}
