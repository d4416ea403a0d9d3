//! Terraform configuration and plans to resources, as data: each folder of `tests/data/terraform` holds files
//! and `expected.json`. `CHANGEGATE_REWRITE=1 cargo test --test terraform_reading` writes what is read now.

#![allow(missing_docs, clippy::expect_used, clippy::indexing_slicing, reason = "a test binary")]

use std::fs;
use std::path::{Path, PathBuf};

use changegate::facts::Resource;
use changegate::finding::Diagnostic;
use changegate::parse::json;
use changegate::parse::tree::{Node, Value};
use changegate::source::{Revision, Source, SourceId, Sources, Span};
use changegate::terraform::{self, plan, source};
use serde_json::json;

#[test]
fn cases_read_as_expected() {
    let cases = sorted(Path::new("tests/data/terraform"));
    assert!(cases.len() >= 10, "cases are missing");
    for case in cases {
        let expected = case.join("expected.json");
        let actual = serde_json::to_string_pretty(&Case::read(&case)).expect("JSON") + "\n";
        if rewrite() {
            fs::write(&expected, &actual).expect("writable");
        }
        let expected = fs::read_to_string(&expected).unwrap_or_default();
        assert!(actual == expected, "{} now reads as\n{actual}", case.display());
    }
}

#[expect(clippy::disallowed_methods, reason = "a switch for developers, read by this test only")]
fn rewrite() -> bool {
    std::env::var("CHANGEGATE_REWRITE").is_ok()
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).expect("folder").map(|e| e.expect("entry").path()).collect();
    paths.sort();
    paths
}

/// Everything that one folder is read as.
struct Case {
    sources: Sources,
    root: PathBuf,
    files: Vec<source::File>,
    diagnostics: Vec<Diagnostic>,
}

impl Case {
    fn read(root: &Path) -> serde_json::Value {
        let (sources, files, diagnostics) = Default::default();
        let mut case = Case { sources, root: root.to_owned(), files, diagnostics };
        case.configuration(root);
        let (resources, said) = source::resources(&case.files);
        case.diagnostics.extend(said);
        let plan = root.join("plan.json");
        let mut out = if plan.exists() {
            case.plan(&plan, &resources)
        } else {
            json!({"resources": resources.iter().map(|r| case.show(r)).collect::<Vec<_>>()})
        };
        out["diagnostics"] = case.diagnostics.iter().map(|d| case.tell(d)).collect();
        out
    }

    fn text(&mut self, path: &Path) -> (SourceId, String, String) {
        let text = fs::read_to_string(path).expect("text");
        let shown = path.strip_prefix(&self.root).expect("below the case").to_string_lossy().into_owned();
        (self.sources.add(Source::new(shown.clone(), Revision::Head, text.clone())), shown, text)
    }

    fn configuration(&mut self, folder: &Path) {
        for path in sorted(folder) {
            if path.is_dir() {
                self.configuration(&path);
            } else if source::syntax(&path.to_string_lossy()).is_some() {
                let (id, shown, text) = self.text(&path);
                let (file, said) = source::read(id, &shown, &text);
                self.files.push(file);
                self.diagnostics.extend(said);
            }
        }
    }

    fn plan(&mut self, path: &Path, resources: &[Resource]) -> serde_json::Value {
        let (id, _, text) = self.text(path);
        let node = json::parse(id, &text).expect("JSON");
        let mut plan = plan::read(id, &node).expect("a plan");
        self.diagnostics.append(&mut plan.diagnostics);
        terraform::locate(&mut plan.resources, resources);
        let show = |list: &[Resource]| list.iter().map(|r| self.show(r)).collect::<Vec<_>>();
        let deferred: Vec<_> = plan.deferred.iter().map(|d| json!([&*d.reason, &*d.resource.id])).collect();
        let moves: Vec<_> = plan.moves.iter().map(|m| json!([&*m.from, &*m.to])).collect();
        let checks: Vec<_> = plan.checks.iter().map(|c| json!([c.address, c.status, c.problems])).collect();
        let reads: Vec<_> = plan.reads.iter().map(|r| json!([r.address, r.reason])).collect();
        let invocations: Vec<_> = plan.invocations.iter().map(|i| json!([i.address, i.kind, i.triggered_by])).collect();
        let mut out = json!({
            "terraform_version": plan.terraform_version, "complete": plan.complete, "errored": plan.errored,
            "moves": moves, "deferred": deferred, "resources": show(&plan.resources), "drift": show(&plan.drift),
            "checks": checks, "reads": reads, "invocations": invocations,
        });
        let fields = out.as_object_mut().expect("object");
        let quiet = ["checks", "reads", "invocations"];
        fields.retain(|key, v| !quiet.contains(&&**key) || v.as_array().is_some_and(|list| !list.is_empty()));
        out
    }

    fn show(&self, r: &Resource) -> serde_json::Value {
        let tags = terraform::tags(r);
        let tag = |key: &str| match tags.get(key) {
            Some((text, span)) => json!(format!("{text} @ {}", self.place(span))),
            None if tags.is_unknown(key) => json!("unknown"),
            None => json!(null),
        };
        let tags: serde_json::Map<_, _> =
            ["environment", "env", "service", "owner", "tier"].iter().map(|k| ((*k).into(), tag(k))).collect();
        let mut out = json!({
            "id": r.id, "type": r.kind, "name": r.name, "module": r.module, "action": r.action.as_str(),
            "action_reason": r.action_reason,
            "at": self.place(r.header), "attrs": &*r.attrs, "before": r.before.as_deref(), "lifecycle": r.lifecycle,
            "changed": r.changed, "unknown": r.unknown, "sensitive": r.sensitive,
            "replace_paths": r.replace_paths, "region": r.region, "zones": r.zones, "stateful": r.stateful,
            "tags": tags, "places": self.places(&r.attrs),
        });
        let empty = |v: &serde_json::Value| v.is_null() || v.as_array().is_some_and(Vec::is_empty);
        let fields = out.as_object_mut().expect("object");
        fields["tags"].as_object_mut().expect("object").retain(|_, v| !v.is_null());
        fields.retain(|_, v| !empty(v));
        out
    }

    /// Where each attribute is shown.
    fn places(&self, attrs: &Node) -> serde_json::Value {
        let mut out = serde_json::Map::new();
        self.walk(attrs, &mut Vec::new(), &mut |path, span| {
            out.insert(path.join("."), json!(self.place(span)));
        });
        out.into()
    }

    fn walk(&self, node: &Node, at: &mut Vec<String>, see: &mut dyn FnMut(&[String], Span)) {
        let children: Vec<(String, Span, &Node)> = match &node.value {
            Value::Map(map) => map.iter().map(|e| (e.key.to_string(), e.key_span, &e.node)).collect(),
            Value::Seq(items) => items.iter().enumerate().map(|(i, n)| (i.to_string(), n.span, n)).collect(),
            _ => Vec::new(),
        };
        for (step, span, child) in children {
            at.push(step);
            see(at, span);
            self.walk(child, at, see);
            at.pop();
        }
    }

    fn place(&self, span: Span) -> String {
        self.sources.locate(span).map_or("nowhere".into(), |l| l.to_string())
    }

    fn tell(&self, d: &Diagnostic) -> serde_json::Value {
        let place = d.span.map_or_else(String::new, |s| self.place(s));
        json!(format!("{:?} {} {place} {}", d.level, d.code, d.message))
    }
}

/// A secret of the plans in `tests/data/terraform`.
const SECRETS: [&str; 2] = ["s3cr3t-value-that-must-not-survive", "hunter2hunter2"];

#[test]
fn no_secret_survives_in_a_resource_or_a_redacted_plan() {
    for case in ["plan_actions", "plan_real"] {
        let path = Path::new("tests/data/terraform").join(case).join("plan.json");
        let text = fs::read_to_string(path).expect("plan");
        assert!(SECRETS.iter().any(|s| text.contains(s)), "{case} tests nothing");
        let node = json::parse(SourceId(0), &text).expect("JSON");
        let plan = plan::read(SourceId(0), &node).expect("plan");
        let redacted = plan::redact(&text, &node);
        assert_eq!(redacted.lines().count(), text.lines().count());
        assert_eq!(redacted.len(), text.len());
        assert!(redacted.contains("\"after\"") || redacted.contains("\"address\""));
        for secret in SECRETS {
            assert!(!format!("{plan:?}").contains(secret), "{case}: in a resource");
            assert!(!redacted.contains(secret), "{case}: in the redacted text");
        }
    }
}

#[test]
fn what_is_no_plan_of_a_known_format_is_refused() {
    let cases = [
        (r#"{"format_version": "0.2", "planned_values": {}}"#, "plan format 0.2 is not read"),
        (r#"{"format_version": "2.0", "resource_changes": []}"#, "plan format 2.0 is not read"),
        (r#"{"format_version": 1, "resource_changes": []}"#, "expected a string"),
        (r#"{"format_version": "1.0", "values": {}}"#, "JSON of a state"),
        (r#"{"resource_changes": []}"#, "not the JSON of a plan"),
        (r#"[]"#, "not the JSON of a plan"),
    ];
    for (text, expected) in cases {
        let id = SourceId(0);
        let said = plan::read(id, &json::parse(id, text).expect("JSON")).expect_err(text);
        assert_eq!(said.code, "terraform::plan_format");
        assert!(said.message.contains(expected), "{text}: {}", said.message);
    }
}

#[test]
fn an_errored_plan_and_one_without_its_changes_are_not_trusted() {
    let read = |text: &str| {
        let id = SourceId(0);
        let plan = plan::read(id, &json::parse(id, text).expect("JSON")).expect("plan");
        plan.diagnostics.into_iter().map(|d| d.code).collect::<Vec<_>>()
    };
    let errored = r#"{"format_version": "1.2", "planned_values": {}, "errored": true, "complete": false}"#;
    assert_eq!(read(errored), ["terraform::plan_errored"]);
    let cut = r#"{"format_version": "1.0", "planned_values": {"root_module": {"resources": []}}}"#;
    assert_eq!(read(cut), ["terraform::plan_shape"]);
    assert_eq!(read(r#"{"format_version": "1.1", "planned_values": {"root_module": {}}}"#), [""; 0]);
}
