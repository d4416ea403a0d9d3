use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::*;
use crate::change::documents::{ContextFile, Documents};
use crate::change::request::Request;
use crate::parse::{de, yaml};
use crate::source::SourceId;

const REQUEST: &str = include_str!("../../tests/data/change/request.yaml");
const CONTEXT: &str = include_str!("../../tests/data/change/context.yaml");
const CALENDAR: &str = include_str!("../../tests/data/change/calendar.yaml");

fn validator(name: &str) -> jsonschema::Validator {
    jsonschema::options().build(&of(name).expect("a schema")).expect("a valid schema")
}

/// Documents of a text as JSON.
fn documents(text: &str) -> Vec<Value> {
    let parsed = yaml::parse(SourceId(0), text, &yaml::Limits::default());
    parsed.documents.iter().map(|node| serde_json::to_value(node).expect("JSON")).collect()
}

fn faults(name: &str, document: &Value) -> Vec<String> {
    validator(name).iter_errors(document).map(|e| format!("{}: {e}", e.instance_path())).collect()
}

/// Every document of ours in the repository with its path: files, and examples of the guide.
fn examples() -> Vec<(String, String, Value)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    ["fixtures", "tests/data", "docs"].iter().for_each(|folder| walk_files(&root.join(folder), &mut files));
    files.push(root.join("README.md"));
    files.sort();
    files.iter().flat_map(|path| of_file(path)).collect()
}

fn walk_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for path in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if path.is_dir() { walk_files(&path, files) } else { files.push(path) }
    }
}

fn of_file(path: &Path) -> Vec<(String, String, Value)> {
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
    let Some(text) = ["yaml", "yml", "md"].contains(&extension).then(|| std::fs::read_to_string(path).ok()).flatten()
    else {
        return Vec::new();
    };
    let texts = match extension {
        "md" => text.split("```yaml\n").skip(1).filter_map(|t| t.split("\n```").next()).map(str::to_owned).collect(),
        _ => vec![text],
    };
    let is_config = path.file_name().is_some_and(|name| name == "changegate.yaml");
    let named = |document: Value| {
        let ours = document["apiVersion"] == "changegate/v1";
        let kind = document["kind"].as_str().filter(|_| ours).or(is_config.then_some("config"))?.to_owned();
        Some((path.display().to_string(), kind, document))
    };
    texts
        .iter()
        .filter(|t| is_config || t.contains("changegate/v1"))
        .flat_map(|t| documents(t))
        .filter_map(named)
        .collect()
}

#[test]
fn every_example_of_the_repository_is_valid() {
    let examples = examples();
    let wrong: Vec<String> = examples
        .iter()
        .flat_map(|(path, kind, document)| {
            faults(kind, document).into_iter().map(move |f| format!("{path}: {kind}{f}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(examples.len() > 60, "{}", examples.len());
}

#[test]
fn a_misspelt_key_is_refused_wherever_keys_are_ours() {
    for (path, kind, document) in examples() {
        let places: &[&str] = match kind.as_str() {
            "config" => &["", "/policies", "/context", "/approvals", "/audit"],
            _ => &["", "/metadata", "/spec", "/spec/entries/0", "/spec/schedule", "/spec/rollback", "/spec/windows/0"],
        };
        for place in places {
            let mut wrong = document.clone();
            let Some(Value::Object(fields)) = wrong.pointer_mut(place) else { continue };
            fields.insert("mispelt".into(), json!("x"));
            assert!(!validator(&kind).is_valid(&wrong), "{path}: {kind}{place}");
        }
    }
}

#[test]
fn fields_of_ones_own_stand_in_log_entries() {
    let log =
        |key: &str| json!({"apiVersion": "changegate/v1", "kind": "IncidentLog", "spec": {"entries": [{key: 1}]}});
    assert_eq!(faults("IncidentLog", &log("x-pager")), Vec::<String>::new());
    assert!(!validator("IncidentLog").is_valid(&log("started_at")));
}

fn read(name: &str, document: &Value) -> bool {
    let text = document.to_string();
    let parsed = yaml::parse(SourceId(0), &text, &yaml::Limits::default());
    let node = parsed.documents.first().expect("a document");
    match name {
        "config" => de::from_node::<Config>(node).is_ok(),
        "ChangeRequest" => Request::read("r.yaml", node).is_ok(),
        _ => Documents::read([ContextFile::new("c.yaml", &parsed.documents)]).1.is_empty(),
    }
}

/// Every way to break or keep a document by one step: a misspelt key, a value of another kind, an empty value.
fn variants(document: &Value) -> Vec<Value> {
    let mut pointers = Vec::new();
    walk(document, String::new(), &mut pointers);
    let mut variants = Vec::new();
    for pointer in pointers {
        for other in [json!(null), json!([17]), json!({"no": 1}), json!(true), json!("no such word"), json!(-1)] {
            let mut changed = document.clone();
            *changed.pointer_mut(&pointer).expect("a value") = other;
            variants.push(changed);
        }
        let mut changed = document.clone();
        if let Some(Value::Object(fields)) = changed.pointer_mut(&pointer) {
            fields.insert("misspelt".into(), json!(1));
            variants.push(changed);
        }
    }
    variants
}

fn walk(value: &Value, pointer: String, pointers: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields
            .iter()
            .for_each(|(key, value)| walk(value, format!("{pointer}/{}", key.replace('/', "~1")), pointers)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(i, item)| walk(item, format!("{pointer}/{i}"), pointers));
        }
        _ => {}
    }
    if !pointer.is_empty() {
        pointers.push(pointer);
    }
}

/// What the reader takes, the schema takes. The other way round a schema cannot see everything: that an instant
/// exists, that a window ends after its start; it must see whatever is about the shape.
#[test]
fn reader_and_schema_agree() {
    const TYPED: [&str; 6] =
        ["ChangeRequest", "FreezeCalendar", "ApprovalMatrix", "Identities", "ServiceCatalog", "Waivers"];
    let documents = [REQUEST, CONTEXT, CALENDAR].into_iter().flat_map(documents);
    let (mut taken, mut refused, mut unseen) = (0, 0, 0);
    for document in documents {
        let kind = document["kind"].as_str().expect("a kind").to_owned();
        if !TYPED.contains(&kind.as_str()) {
            continue;
        }
        let schema = validator(&kind);
        for variant in variants(&document) {
            match (read(&kind, &variant), schema.is_valid(&variant)) {
                (true, true) => taken += 1,
                (false, false) => refused += 1,
                (true, false) => {
                    let why = schema.iter_errors(&variant).map(|e| format!("{}: {e}", e.instance_path()));
                    panic!("{kind}: the reader takes what the schema refuses: {:?}", why.collect::<Vec<_>>());
                }
                (false, true) => unseen += 1,
            }
        }
    }
    let seen = refused * 100 / (refused + unseen);
    assert!(taken > 300 && seen >= 80, "taken {taken}, refused {refused}, unseen {unseen}: {seen} %");
}

#[test]
fn names_are_found_in_any_case_and_others_are_not() {
    assert!(of("changerequest").is_some() && of("SLOStatus").is_some() && of("Outcome").is_some());
    assert!(of("Deployment").is_none() && of("").is_none());
    let schema = of("ChangeRequest").expect("a schema");
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(schema["properties"]["kind"]["const"], "ChangeRequest");
    assert_eq!(schema["additionalProperties"], false);
    let text = schema.to_string();
    assert!(text.contains("Who asks for it.") && text.contains("\"emergency\""), "editors show what stands there");
}
