//! Suites that others wrote, on our parser and engine: `REGO_SUITES=DIR cargo test --test rego_suites -- --ignored --nocapture`,
//! where DIR holds checkouts of `gatekeeper-library`, `swift-opa`, `trivy-checks`, and Kubescape's `regolibrary` and
//! `opa-utils`. The counts stand in `docs/rego.md`.

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

use changegate::parse::yaml;
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
        format!(
            "given := {term}\nanswer := found if found := data.suite_query.asked with input as data.suite_query.given\n"
        )
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

/// What Trivy's own built-in function `result.new` returns, but for the parents of a cause, which no test has.
const RESULT: &str = r#"package trivy_builtins
_found(cause, names, otherwise) := value if {
	values := [cause[name] | some name in names]
	value := array.concat([otherwise], values)[count(values)]
}
result(msg, cause) := {
	"msg": msg,
	"startline": _found(source, ["startline", "StartLine"], 0),
	"endline": _found(source, ["endline", "EndLine"], 0),
	"sourceprefix": _found(source, ["sourceprefix"], ""),
	"filepath": _found(source, ["filepath", "Path"], ""),
	"explicit": _found(source, ["explicit"], false),
	"managed": _found(source, ["managed"], true),
	"fskey": _found(source, ["fskey"], ""),
	"resource": _found(source, ["resource"], ""),
	"parent": null,
} if source := _source(cause)
_source(cause) := cause.__defsec_metadata if true
else := cause
"#;

/// Whether each case of a test holds, as OPA counts them: `test_a[case]` is as many tests as it has members.
fn cases(engine: &mut Engine, path: &str) -> Result<Vec<bool>, EvalError> {
    let value = engine.value(path)?;
    let members = value.as_ref().and_then(Value::as_object).filter(|members| !members.is_empty());
    Ok(match members {
        Some(members) => members.values().map(|verdict| *verdict == json!(true)).collect(),
        None => vec![value == Some(json!(true))],
    })
}

#[test]
#[ignore = "needs a checkout of trivy-checks"]
fn trivy_kubernetes() {
    let mut found = Vec::new();
    for folder in ["lib/kubernetes", "lib/test", "checks/kubernetes"] {
        files(&suite("trivy-checks").join(folder), "rego", &mut found);
    }
    // The others below `lib/cloud` are for cloud resources.
    found.extend(["metadata.rego", "metadata_test.rego"].map(|name| suite("trivy-checks/lib/cloud").join(name)));
    let read = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).unwrap().replace("result.new(", "data.trivy_builtins.result(");
        (path.display().to_string(), text, Dialect::V1)
    };
    let mut texts: Vec<_> = found.iter().map(read).collect();
    texts.push(("trivy.rego".to_owned(), RESULT.to_owned(), Dialect::V1));
    let (mut engine, modules) = engine(&texts, Mode::Lenient).unwrap();
    let (mut rules, mut passed, mut failed) = (0, 0, 0);
    for (module, (path, ..)) in modules.iter().zip(&texts) {
        for name in module.rules.iter().map(|rule| rule.head.name()).filter(|name| name.starts_with("test_")) {
            engine.set_input(Input::of(&json!({})).unwrap());
            let verdicts = cases(&mut engine, &format!("data.{}.{name}", module.package.join(".")));
            rules += 1;
            let held = verdicts.as_ref().map_or(0, |all| all.iter().filter(|held| **held).count());
            let all = verdicts.as_ref().map_or(1, Vec::len);
            (passed, failed) = (passed + held, failed + all - held);
            if held != all {
                println!("{path} {name}: {verdicts:?}");
            }
        }
    }
    println!("trivy-checks, Kubernetes: {rules} rules, {passed} passed, {failed} failed");
    assert_eq!(failed, 0);
}

/// The Rego texts that Kubescape compiles in, from their Go source.
fn kubescape_modules() -> Vec<(String, String, Dialect)> {
    let go = std::fs::read_to_string(suite("opa-utils/resources/dependencies.go")).unwrap();
    let texts = go.split('`').skip(1).step_by(2);
    texts.enumerate().map(|(i, text)| (format!("dependency{i}.rego"), text.to_owned(), Dialect::V0)).collect()
}

fn read_yaml(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap();
    let mut sources = Sources::default();
    let id = sources.add(Source::new(path.display().to_string(), Revision::Head, text.as_str()));
    let parsed = yaml::parse(id, &text, &yaml::Limits::default());
    parsed.documents.first().map_or(Value::Null, |node| serde_json::to_value(Input::of_node(node)).unwrap())
}

/// Kubescape reads what its host sensor tells into a Go structure, which always has a name.
fn enveloped(mut object: Value) -> Value {
    let group = object["apiVersion"].as_str().and_then(|version| version.split('/').next());
    if group == Some("hostdata.kubescape.cloud") {
        let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        object["metadata"] = json!({"name": name});
    }
    object
}

/// Each subject of a binding with the binding and its role.
fn by_subject(objects: &[Value]) -> Vec<Value> {
    let kind = |object: &Value, end: &str| object["kind"].as_str().is_some_and(|kind| kind.ends_with(end));
    let mut found = Vec::new();
    for binding in objects.iter().filter(|o| kind(o, "Binding")) {
        let named = |role: &&Value| {
            role["kind"] == binding["roleRef"]["kind"] && role["metadata"]["name"] == binding["roleRef"]["name"]
        };
        for role in objects.iter().filter(|o| kind(o, "Role")).filter(named) {
            for subject in binding["subjects"].as_array().into_iter().flatten() {
                let mut subject = subject.clone();
                subject["relatedObjects"] = json!([binding, role]);
                found.push(subject);
            }
        }
    }
    found
}

/// A field as Go's JSON reader finds it: whatever the case of its letters, and the zero of its type when it is absent.
fn field<'a>(object: &'a Value, name: &str, zero: &'a Value) -> &'a Value {
    let mut entries = object.as_object().into_iter().flatten();
    let found = entries.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    found.filter(|value| !value.is_null()).unwrap_or(zero)
}

/// What Kubescape's own runner compares of a rule's answers, the judged objects by kind and name.
fn responses(found: &Value) -> Vec<Value> {
    let (text, number, list, object) = (json!(""), json!(0), json!([]), json!({}));
    let objects = |response: &Value| {
        let all = field(field(response, "alertObject", &object), "k8sApiObjects", &list);
        all.as_array().into_iter().flatten().map(|o| json!([o["kind"], o["metadata"]["name"]])).collect::<Vec<_>>()
    };
    let one = |r: &Value| {
        let paths = ["failedPaths", "fixPaths", "reviewPaths", "deletePaths"].map(|key| field(r, key, &list).clone());
        let score = field(r, "alertScore", &number).as_f64();
        json!([field(r, "alertMessage", &text), field(r, "packagename", &text), score, paths, objects(r)])
    };
    let mut all: Vec<Value> = found.as_array().into_iter().flatten().map(one).collect();
    all.sort_by_key(ToString::to_string);
    all
}

fn kubescape_case(rule: &Path, case: &Path, settings: &Value) -> Result<bool, String> {
    let raw = rule.join("raw.rego");
    let text = std::fs::read_to_string(&raw).unwrap();
    let mut texts = kubescape_modules();
    // Kubescape loads its client of the Kubernetes API with every rule; who does not ask it, does not need it.
    texts.retain(|(_, module, _)| !module.contains("http.send") || text.contains("data.kubernetes.api.client"));
    texts.push((raw.display().to_string(), text, Dialect::V0));
    texts.push(("q.rego".to_owned(), "package suite_query\nanswer = data.armo_builtins\n".to_owned(), Dialect::V0));
    let (mut engine, _) = engine(&texts, Mode::Lenient)?;
    let metadata: Value =
        serde_json::from_str(&std::fs::read_to_string(rule.join("rule.metadata.json")).unwrap()).unwrap();
    let own = std::fs::read_to_string(case.join("data.json")).unwrap_or_else(|_| "{}".to_owned());
    let own: Value = serde_json::from_str(&own).unwrap();
    let mut inputs = settings.clone();
    for (key, value) in own["postureControlInputs"].as_object().into_iter().flatten() {
        inputs[key] = value.clone();
    }
    engine.add_data(json!({"postureControlInputs": inputs, "dataControlInputs": own["dataControlInputs"]}))?;
    let mut paths: Vec<_> = std::fs::read_dir(case.join("input")).unwrap().map(|e| e.unwrap().path()).collect();
    paths.sort();
    let objects: Vec<Value> = paths.iter().map(|path| enveloped(read_yaml(path))).collect();
    let objects = match metadata["attributes"]["resourcesAggregator"].as_str() {
        Some("subject-role-rolebinding") => by_subject(&objects),
        Some("apiserver-pod") => objects.into_iter().filter(is_api_server).take(1).collect(),
        _ => objects,
    };
    engine.set_input(Input::of(&json!(objects))?);
    let answer = engine.value("data.suite_query.answer").map_err(|error| error.to_string())?.unwrap_or(Value::Null);
    let found: Vec<Value> =
        answer.as_object().into_iter().flatten().filter_map(|(_, v)| v.as_array()).flatten().cloned().collect();
    let wanted: Value = serde_json::from_str(&std::fs::read_to_string(case.join("expected.json")).unwrap()).unwrap();
    let wanted = if wanted.is_object() { json!([wanted]) } else { wanted };
    let same = responses(&json!(found)) == responses(&wanted);
    if !same {
        println!("differ {}: {:?}\n  wanted {:?}", case.display(), responses(&json!(found)), responses(&wanted));
    }
    Ok(same)
}

fn is_api_server(object: &Value) -> bool {
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    object["kind"] == "Pod"
        && object["metadata"]["namespace"] == "kube-system"
        && (name.contains("apiserver") || name.contains("api-server"))
}

#[test]
#[ignore = "needs checkouts of regolibrary and opa-utils"]
fn kubescape() {
    let text = std::fs::read_to_string(suite("regolibrary/default-config-inputs.json")).unwrap();
    let settings = serde_json::from_str::<Value>(&text).unwrap()["settings"]["postureControlInputs"].clone();
    let mut rules: Vec<_> = std::fs::read_dir(suite("regolibrary/rules")).unwrap().map(|e| e.unwrap().path()).collect();
    rules.sort();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for rule in rules.iter().filter(|rule| rule.join("raw.rego").is_file() && rule.join("test").is_dir()) {
        for case in std::fs::read_dir(rule.join("test")).unwrap().map(|e| e.unwrap().path()) {
            if !case.join("expected.json").is_file() || !case.join("input").is_dir() {
                continue;
            }
            let class = match kubescape_case(rule, &case, &settings) {
                Ok(true) => "agree",
                Ok(false) => "differ",
                Err(message) => {
                    println!("refused {}: {message}", case.display());
                    "refused or failed"
                }
            };
            *counts.entry(class).or_default() += 1;
        }
    }
    println!("Kubescape's rule tests: {counts:?}");
}
