//! Whole configurations, compared with what terraform 1.11.4 planned for them (see
//! `tests/data/terraform_configs`).

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, reason = "a test binary")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use changegate::finding::{Diagnostic, Level};
use changegate::source::Sources;
use changegate::terraform::config::{self, Evaluation, Folder, Given, Index, Inputs, Mode, Options};
use changegate::terraform::eval::Value;
use changegate::terraform::eval::value::Data;
use serde_json::{Map, Value as Json, json};

/// What differs from terraform, and why that is right or bearable.
const DIFFERENT: &[(&str, &str)] = &[];

#[test]
fn configurations_are_planned_as_terraform_plans_them() {
    let mut faults = Vec::new();
    let all = configurations();
    for directory in &all {
        let name = name(directory);
        let said = compare(directory);
        let is_listed = DIFFERENT.iter().any(|(listed, _)| *listed == name);
        match (said.is_empty(), is_listed) {
            (false, false) => faults.push(format!("{name}:\n    {}", said.join("\n    "))),
            (true, true) => faults.push(format!("{name}: is like terraform's now; take it off the list")),
            _ => {}
        }
    }
    assert_eq!(all.len(), 52);
    assert!(faults.is_empty(), "{} of {} differ:\n{}", faults.len(), all.len(), faults.join("\n"));
}

fn name(directory: &Path) -> String {
    let parts: Vec<_> = directory.iter().rev().take(2).map(|p| p.to_string_lossy().into_owned()).collect();
    format!("{}/{}", parts[1], parts[0])
}

fn configurations() -> Vec<PathBuf> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/terraform_configs");
    let below = |dir: &Path| fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_dir());
    let mut all: Vec<PathBuf> = below(&data).flat_map(|group| below(&group).collect::<Vec<_>>()).collect();
    all.sort();
    all
}

fn read(path: &Path) -> Option<Json> {
    Some(serde_json::from_str(&fs::read_to_string(path).ok()?).unwrap())
}

fn options(directory: &Path) -> Options {
    let given = read(&directory.join("args.json")).unwrap_or_else(|| json!({"args": [], "env": {}}));
    let mut options = Options { strict: true, ..Options::default() };
    let mut args = given["args"].as_array().unwrap().iter().map(|a| a.as_str().unwrap());
    while let Some(arg) = args.next() {
        options.given.push(match arg.strip_prefix("-var-file=") {
            Some(path) => Given::File(path.into()),
            None => {
                assert_eq!(arg, "-var");
                let (name, text) = args.next().unwrap().split_once('=').unwrap();
                Given::Variable(name.into(), text.into())
            }
        });
    }
    for (name, text) in given["env"].as_object().unwrap() {
        let text = text.as_str().unwrap().to_owned();
        match name.strip_prefix("TF_VAR_") {
            Some(name) => drop(options.environment.insert(name.into(), text)),
            None if name == "TF_WORKSPACE" => options.workspace = Some(text),
            None => {}
        }
    }
    options
}

fn evaluate(directory: &Path) -> (Evaluation, Vec<Diagnostic>, Sources) {
    let mut sources = Sources::default();
    let files = Folder::new(directory).unwrap();
    let configuration = config::load("", &files, &mut sources);
    let inputs = Inputs::read("", &options(directory), &files, &mut sources);
    let evaluation = config::evaluate(&configuration, "", &inputs, &files, &sources);
    let mut diagnostics = configuration.diagnostics;
    diagnostics.extend(evaluation.diagnostics.iter().cloned());
    (evaluation, diagnostics, sources)
}

fn compare(directory: &Path) -> Vec<String> {
    let (evaluation, diagnostics, sources) = evaluate(directory);
    match (read(&directory.join("expected.json")), read(&directory.join("expected_error.json"))) {
        (Some(expected), _) => compare_plan(&expected, &evaluation, &diagnostics),
        (None, Some(error)) => compare_error(&error, &diagnostics, &sources).into_iter().collect(),
        (None, None) => vec!["no expectation".into()],
    }
}

fn compare_error(expected: &Json, diagnostics: &[Diagnostic], sources: &Sources) -> Option<String> {
    let summary = expected["summary"].as_str().unwrap();
    let is_it = |d: &&Diagnostic| {
        let place = d.span.and_then(|span| sources.locate(span));
        let (file, line) = (place.as_ref().map(|p| p.path.to_string()), place.as_ref().map(|p| p.line));
        d.level == Level::Error
            && is_summary(&d.message, summary)
            && file == expected["file"].as_str().map(str::to_owned)
            && line.map(u64::from) == expected["line"].as_u64()
    };
    let first = diagnostics.iter().find(|d| d.level == Level::Error);
    match first.filter(is_it) {
        Some(_) => None,
        None => {
            let place = |d: &Diagnostic| d.span.and_then(|s| sources.locate(s)).map(|l| l.to_string());
            let said: Vec<_> = diagnostics.iter().map(|d| format!("{} ({:?})", d.message, place(d))).collect();
            Some(format!("expected {summary} at {}:{}, said {said:?}", expected["file"], expected["line"]))
        }
    }
}

/// The members of a cycle have no order.
fn is_summary(message: &str, summary: &str) -> bool {
    let members = |text: &str| text.strip_prefix("Cycle: ").map(|m| m.split(", ").map(str::to_owned).collect());
    match (members(message), members(summary)) {
        (Some(ours), Some(theirs)) => {
            let (ours, theirs): (BTreeSet<String>, BTreeSet<String>) = (ours, theirs);
            ours == theirs
        }
        _ => message.starts_with(summary),
    }
}

fn compare_plan(expected: &Json, evaluation: &Evaluation, diagnostics: &[Diagnostic]) -> Vec<String> {
    let errors = diagnostics.iter().filter(|d| d.level == Level::Error);
    let mut faults: Vec<String> = errors.map(|d| format!("error: {} {}", d.message, d.label)).collect();
    let mut differ = |what: &str, ours: Json, theirs: Json| {
        if ours != theirs {
            faults.push(format!("{what}:\n      ours   {ours}\n      theirs {theirs}"));
        }
    };
    differ("outputs", outputs(evaluation), expected_outputs(&expected["outputs"]));
    let ours: BTreeMap<String, Json> = evaluation
        .resources
        .iter()
        .filter(|r| r.key.mode != Mode::Data || r.attributes.is_wholly_known())
        .map(|r| (r.address.to_string(), resource(r)))
        .collect();
    let theirs: BTreeMap<String, Json> = expected["resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (r["address"].as_str().unwrap().to_owned(), expected_resource(r)))
        .collect();
    for address in ours.keys().chain(theirs.keys()).collect::<BTreeSet<_>>() {
        let get = |map: &BTreeMap<String, Json>| map.get(address).cloned().unwrap_or_default();
        differ(address, get(&ours), get(&theirs));
    }
    let checks = |c: &Json| c.as_array().cloned().unwrap_or_default();
    let ours = evaluation.checks.iter().map(|c| json!({"address": &*c.address, "status": c.status.as_str()}));
    differ("checks", ours.collect::<Vec<_>>().into(), checks(&expected["checks"]).into());
    let warnings = diagnostics.iter().filter(|d| d.level == Level::Warning);
    let warnings: Vec<&str> = warnings.map(|d| d.message.split(':').next().unwrap()).collect();
    let theirs = expected["warnings"].as_array().cloned().unwrap_or_default();
    differ("warnings", json!(warnings), theirs.iter().map(|w| w["summary"].clone()).collect::<Vec<_>>().into());
    faults
}

fn outputs(evaluation: &Evaluation) -> Json {
    let all = evaluation.outputs.iter();
    let one = |o: &config::Output| {
        let mut one =
            json!({"value": content(&o.value), "sensitive": o.sensitive, "unknown": places(&o.value, &unknown)});
        if let Some(ty) = o.to_json().get("type") {
            one["type"] = ty.clone();
        }
        (o.name.to_string(), one)
    };
    Json::Object(all.map(one).collect())
}

/// The same with marks where there are any, `false` elsewhere.
fn expected_outputs(outputs: &Json) -> Json {
    let one = |(name, o): (&String, &Json)| {
        let mut one = o.clone();
        one["unknown"] = only_marks(&o["unknown"]);
        (name.clone(), one)
    };
    Json::Object(outputs.as_object().unwrap().iter().map(one).collect())
}

fn resource(instance: &config::Instance) -> Json {
    let index = match &instance.index {
        Index::Single | Index::Unknown => Json::Null,
        Index::Number(n) => json!(n),
        Index::Key(key) => json!(&**key),
    };
    let key = &instance.key;
    json!({
        "module": &*instance.module, "mode": if key.mode == Mode::Data { "data" } else { "managed" },
        "type": &*key.kind, "name": &*key.name, "index": index, "values": content(&instance.attributes),
        "unknown": places(&instance.attributes, &unknown), "sensitive": places(&instance.attributes, &sensitive),
    })
}

fn expected_resource(resource: &Json) -> Json {
    let get = |key: &str| resource.get(key).cloned().unwrap_or_default();
    json!({
        "module": get("module"), "mode": get("mode"), "type": get("type"), "name": get("name"), "index": get("index"),
        "values": get("values"), "unknown": only_marks(&get("unknown")), "sensitive": only_marks(&get("sensitive")),
    })
}

fn unknown(value: &Value) -> bool {
    !value.is_known()
}

fn sensitive(value: &Value) -> bool {
    value.is_sensitive()
}

/// Where a mark is: `true`, or the shape with `true` at the places; empty shapes and `false` become `false`.
fn places(value: &Value, mark: &dyn Fn(&Value) -> bool) -> Json {
    if mark(value) {
        return json!(true);
    }
    let shape = match (value.as_items(), value.as_entries()) {
        (Some(items), _) => items.iter().map(|v| places(v, mark)).collect::<Vec<_>>().into(),
        (_, Some(entries)) => {
            Json::Object(entries.iter().map(|(k, v)| (k.to_string(), places(v, mark))).collect::<Map<_, _>>())
        }
        _ => json!(false),
    };
    only_marks(&shape)
}

fn only_marks(shape: &Json) -> Json {
    let is_marked = |j: &Json| *j != json!(false);
    match shape {
        Json::Array(items) => {
            let mut items: Vec<Json> = items.iter().map(only_marks).collect();
            while items.last().is_some_and(|j| !is_marked(j)) {
                items.pop();
            }
            if items.is_empty() { json!(false) } else { items.into() }
        }
        Json::Object(map) => {
            let marked: Map<String, Json> =
                map.iter().map(|(k, v)| (k.clone(), only_marks(v))).filter(|(_, v)| is_marked(v)).collect();
            if marked.is_empty() { json!(false) } else { marked.into() }
        }
        Json::Null => json!(false),
        other => other.clone(),
    }
}

/// As plan JSON has it: an unknown is null in a list and absent from an object.
fn content(value: &Value) -> Json {
    match value.data() {
        Data::Null(_) | Data::Unknown(..) => Json::Null,
        Data::Bool(b) => json!(b),
        Data::Number(number) => serde_json::from_str(&number.to_string()).unwrap(),
        Data::String(text) => json!(&**text),
        Data::List(_, items) | Data::Set(_, items) | Data::Tuple(items) => {
            items.iter().map(content).collect::<Vec<_>>().into()
        }
        Data::Map(_, entries) | Data::Object(entries) => {
            let known = entries.iter().filter(|(_, v)| v.is_known());
            Json::Object(known.map(|(k, v)| (k.to_string(), content(v))).collect())
        }
    }
}
