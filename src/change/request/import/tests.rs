use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::change::request::Request;
use crate::source::{Revision, Source, Sources};

macro_rules! payload {
    ($name:literal) => {
        ($name, include_str!(concat!("../../../../tests/data/change/import/", $name)))
    };
}

/// The document, its origin, and what was told, with the place of each field as `line:column`.
fn import(
    (path, text): (&str, &str),
    fields: &[(&str, &str)],
    zone: Option<&str>,
) -> Result<serde_json::Value, String> {
    let mut sources = Sources::default();
    let id = sources.add(Source::new(path, Revision::Head, text));
    let fields: BTreeMap<String, String> = fields.iter().map(|(a, b)| ((*a).into(), (*b).into())).collect();
    let zone = zone.map(|name| TimeZone::get(name).expect("a zone"));
    let options = Options { fields: &fields, zone: zone.as_ref(), from_system: true };
    let mut told = Vec::new();
    let place = |span: Span| sources.locate(span).map(|l| format!("{}:{}", l.line, l.column)).unwrap_or_default();
    let fault = |d: Diagnostic| format!("{} {}: {}", d.span.map(place).unwrap_or_default(), d.code, d.message);
    let read = read(id, &path.into(), text, &options, &mut told).map_err(fault)?;
    let one = |imported: Imported| {
        let request = Request::read(path, &imported.document).expect("a request that can be read");
        let at = |path: &str| {
            let keys: Vec<&str> = path.split('.').collect();
            request.node.at(&keys).map(|node| place(node.span)).unwrap_or_default()
        };
        let origin = imported.origin.expect("an origin");
        let places: BTreeMap<&str, String> = origin.fields.keys().map(|path| (path.as_str(), at(path))).collect();
        json!({"document": request.node, "origin": origin, "places": places})
    };
    let told: Vec<String> = told.into_iter().map(fault).collect();
    Ok(json!({"requests": read.into_iter().map(one).collect::<Vec<_>>(), "told": told}))
}

fn snapshot(name: &str, value: &serde_json::Value) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../../../tests/data/change/import");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, serde_json::to_string_pretty(value).expect("JSON")));
}

#[test]
fn servicenow_with_values_and_labels() {
    let fields = [("u_environment", "spec.scope.environments")];
    snapshot("servicenow.all", &import(payload!("servicenow.all.json"), &fields, None).unwrap());
}

#[test]
fn servicenow_with_values_only() {
    snapshot("servicenow.values", &import(payload!("servicenow.values.json"), &[], Some("Europe/Berlin")).unwrap());
}

#[test]
fn servicenow_with_labels_only_needs_a_zone() {
    let told = import(payload!("servicenow.labels.json"), &[], None).unwrap_err();
    assert_eq!(told, "10:21 import::time: `2026-10-25 02:30:00` of start_date has no offset");
    snapshot("servicenow.labels", &import(payload!("servicenow.labels.json"), &[], Some("Europe/Berlin")).unwrap());
}

#[test]
fn jira_with_names() {
    let fields = [("customfield_10071", "spec.scope.environments")];
    snapshot("jira", &import(payload!("jira.json"), &fields, None).unwrap());
}

#[test]
fn an_issue_form_in_markdown_and_in_json() {
    snapshot("issue-form", &import(payload!("OPS-77.md"), &[], None).unwrap());
    snapshot("github-issue", &import(payload!("github-issue.json"), &[], None).unwrap());
}

#[test]
fn states_of_servicenow() {
    let rows = [
        ("-5", Permission::Wait),
        ("-4", Permission::Wait),
        ("-3", Permission::Wait),
        ("-2", Permission::Wait),
        ("-1", Permission::Go),
        ("0", Permission::Stop),
        ("3", Permission::Stop),
        ("4", Permission::Stop),
        ("\"Implement\"", Permission::Go),
        ("\"-1\"", Permission::Go),
        ("{\"value\": -1, \"link\": \"x\"}", Permission::Go),
        ("{\"display_value\": \"Scheduled\", \"value\": \"-2\"}", Permission::Wait),
        ("\"Cancelled\"", Permission::Stop),
    ];
    for (state, expected) in rows {
        let text = format!("{{\"number\": \"CHG0000001\", \"sys_id\": \"1\", \"state\": {state}}}");
        let read = import(("r.json", &text), &[], None).unwrap();
        assert_eq!(read["requests"][0]["origin"]["permission"], json!(expected), "{state}");
    }
    for state in ["\"7\"", "\"Pending\"", "null", "\"\""] {
        let text = format!("{{\"number\": \"CHG0000001\", \"sys_id\": \"1\", \"state\": {state}}}");
        assert!(import(("r.json", &text), &[], None).unwrap_err().contains("import::state"), "{state}");
    }
}

#[test]
fn what_is_no_record_is_told() {
    let rows = [
        ("{}", "import::shape"),
        ("[]", "import::empty"),
        ("{\"result\": []}", "import::empty"),
        ("{\"result\": [1]}", "import::shape"),
        ("{\"key\": 1, \"fields\": 1, \"x\": ", "json::"),
        ("{\"error\": {\"message\": \"No Record found\"}, \"status\": \"failure\"}", "import::shape"),
        ("{\"number\": \"CHG0000001\", \"sys_id\": \"1\", \"state\": \"-1\", \"impact\": \"low\"}", "import::value"),
        (
            "{\"number\": \"CHG0000001\", \"sys_id\": \"1\", \"state\": \"-1\", \"start_date\": \"24.11.2026\"}",
            "import::time",
        ),
        ("{\"number\": \"\", \"sys_id\": \"1\"}", "import::id"),
    ];
    for (text, code) in rows {
        let told = import(("r.json", text), &[], None).unwrap_err();
        assert!(told.contains(code), "{text}: {told}");
    }
}

#[test]
fn a_document_that_is_nested_without_end_is_bounded() {
    let deep = format!("{}{}", "{\"type\": \"paragraph\", \"content\": [".repeat(200), "]}".repeat(200));
    let text = format!(
        "{{\"key\": \"OPS-1\", \"fields\": {{\"description\": {{\"type\": \"doc\", \"content\": [{deep}]}}}}}}"
    );
    assert!(
        import(("r.json", &text), &[], None).is_ok()
            || import(("r.json", &text), &[], None).unwrap_err().contains("json::")
    );
}
