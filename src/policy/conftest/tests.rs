use super::*;
use crate::finding::{Enforcement, Status};
use crate::parse::conftest::{self, Parser};
use crate::source::{Revision, Source};

/// `line:column pointer = observed` of each message, with the message.
fn judged(policy: &str, text: &str) -> Vec<String> {
    let (mut sources, modules) = modules(&[policy]);
    let bundle = Bundle::load(&sources, &modules, &[], &Namespaces::All).unwrap();
    let id = sources.add(Source::new("a.yaml", Revision::Head, text));
    let read = conftest::read(Parser::Yaml, id, text);
    let mut engine = bundle.evaluator();
    let mut lines = Vec::new();
    for node in &read.documents {
        let judged = bundle.judge(&mut engine, &[Document { path: "a.yaml", node }], false, &sources);
        assert!(judged.diagnostics.is_empty(), "{:?}", judged.diagnostics);
        for Message { finding, .. } in judged.messages {
            let place = sources.locate(finding.span.unwrap()).unwrap();
            let told = &finding.evidence[0];
            let observed = told.observed.split(':').next().unwrap_or_default();
            lines.push(format!("{}:{} {} = {observed} | {}", place.line, place.column, told.pointer, finding.message));
        }
    }
    lines
}

fn modules(texts: &[&str]) -> (Sources, Vec<SourceId>) {
    let mut sources = Sources::default();
    let add = |(i, text): (usize, &&str)| sources.add(Source::new(format!("p{i}.rego"), Revision::Head, *text));
    let ids = texts.iter().enumerate().map(add).collect();
    (sources, ids)
}

fn faults(texts: &[&str], namespaces: &[&str]) -> Vec<&'static str> {
    let (sources, ids) = modules(texts);
    let named = Namespaces::Named(namespaces.iter().map(|n| (*n).to_owned()).collect());
    Bundle::load(&sources, &ids, &[], &named).err().unwrap_or_default().iter().map(|d| d.code).collect()
}

const DEPLOYMENT: &str = "kind: Deployment\nmetadata:\n  name: shop\nspec:\n  replicas: 1\n  template:\n    spec:\n      containers:\n        \
                          - name: a\n          image: a:1\n        - name: b\n          image: b:latest\n";

#[test]
fn a_value_has_its_own_place() {
    let policy = "package main\ndeny contains msg if {\n  input.kind == \"Deployment\"\n  input.spec.replicas < 2\n  msg := \
                  sprintf(\"%s has too few\", [input.metadata.name])\n}\n";
    assert_eq!(judged(policy, DEPLOYMENT), ["5:3 spec.replicas = 1 | shop has too few"]);
}

#[test]
fn what_is_missing_is_shown_at_what_is_above_it() {
    let policy = "package main\ndeny contains msg if {\n  input.kind == \"Deployment\"\n  not \
                  input.spec.template.spec.securityContext.runAsNonRoot\n  msg := \"root\"\n}\n";
    assert_eq!(judged(policy, DEPLOYMENT), ["7:5 spec.template.spec.securityContext.runAsNonRoot = absent | root"]);
}

#[test]
fn iteration_leads_to_the_element() {
    for condition in [
        "some c in input.spec.template.spec.containers\n  endswith(c.image, \":latest\")",
        "c := input.spec.template.spec.containers[_]\n  endswith(c.image, \":latest\")",
        "some i\n  endswith(input.spec.template.spec.containers[i].image, \":latest\")",
        "endswith(input.spec.template.spec.containers[_].image, \":latest\")",
        "some c in containers\n  endswith(c.image, \":latest\")",
        "containers[c]\n  is_latest(c)",
        "c := lib.all[_]\n  is_latest(c)",
    ] {
        let policy = format!(
            "package main\nimport data.main as lib\ncontainers contains c if some c in input.spec.template.spec.containers\nall := \
             input.spec.template.spec.containers\nis_latest(c) if endswith(c.image, \":latest\")\ndeny contains msg if {{\n  {condition}\n  msg := \
             \"latest\"\n}}\n"
        );
        let expected = "12:11 spec.template.spec.containers[1].image = b | latest";
        assert_eq!(judged(&policy, DEPLOYMENT), [expected], "{condition}");
    }
}

#[test]
fn helper_rules_are_followed() {
    let policy = "package main\nimport data.main as k\nname := input.metadata.name\nis_deployment if input.kind == \"Deployment\"\nlabelled if {\n  \
                  input.metadata.labels.app\n}\ndeny contains msg if {\n  k.is_deployment\n  not labelled\n  msg := sprintf(\"%s\", [name])\n}\n";
    assert_eq!(judged(policy, DEPLOYMENT), ["2:1 metadata.labels.app = absent | shop"]);
}

#[test]
fn without_a_path_the_first_line_is_shown_and_said_so() {
    let policy = "package main\ndeny contains \"never\" if {\n  count(input) > 0\n}\n";
    assert_eq!(judged(policy, "# c\nkind: x\n"), ["2:1 input = the rule names no path of its own | never"]);
}

#[test]
fn rego_v0_is_read_where_it_is_no_v1() {
    let policy =
        "package main\n\ndeny[msg] {\n  input.kind = \"Deployment\"\n  not input.spec.paused\n  msg = \"v0\"\n}\n";
    assert_eq!(judged(policy, DEPLOYMENT), ["4:1 spec.paused = absent | v0"]);
}

#[test]
fn complete_rules_and_objects_give_messages() {
    let policy = "package main\nviolation := [{\"msg\": msg, \"details\": {}, \"severity\": \"LOW\"}] if {\n  input.kind == \"Deployment\"\n  msg := \
                  \"no deployments\"\n}\n";
    assert_eq!(judged(policy, DEPLOYMENT), ["1:1 kind = Deployment | no deployments"]);
}

#[test]
fn a_place_that_the_policy_names_is_taken() {
    let policy = "package main\ndeny contains {\"msg\": \"m\", \"_loc\": {\"line\": 3}} if input.kind\n";
    assert!(judged(policy, DEPLOYMENT)[0].starts_with("3:1 "));
}

#[test]
fn exceptions_mark_and_warnings_are_soft() {
    let policy = "package main\ndeny_root contains \"a\" if input.kind\nwarn_b contains \"b\" if input.kind\nexception contains rules if {\n  input.kind == \
                  \"Deployment\"\n  rules := [\"root\"]\n}\n";
    let (mut sources, ids) = modules(&[policy]);
    let bundle = Bundle::load(&sources, &ids, &[], &Namespaces::All).unwrap();
    let id = sources.add(Source::new("a.yaml", Revision::Head, DEPLOYMENT));
    let read = conftest::read(Parser::Yaml, id, DEPLOYMENT);
    let document = Document { path: "a.yaml", node: &read.documents[0] };
    let found = bundle.judge(&mut bundle.evaluator(), &[document], false, &sources);
    let told: Vec<_> =
        found.messages.iter().map(|m| (&*m.finding.policy, m.finding.enforcement, m.finding.status)).collect();
    assert_eq!(
        told,
        [("main.deny_root", Enforcement::Hard, Status::Waived), ("main.warn_b", Enforcement::Soft, Status::Open)]
    );
    let combined = bundle.judge(&mut bundle.evaluator(), &[document, document], true, &sources);
    assert!(combined.messages.is_empty(), "the input is a list now");
}

#[test]
fn what_asks_nothing_is_refused() {
    let good = "package main\ndeny contains \"x\" if input.a\n";
    assert_eq!(faults(&[good], &["main"]), Vec::<&str>::new());
    assert_eq!(faults(&[good], &["other"]), ["conftest::namespace"]);
    assert_eq!(faults(&["package main\nallow if input.a\n"], &["main"]), ["conftest::no-rule"]);
    assert_eq!(faults(&["package main\ndeny if input.a\n"], &["main"]), ["conftest::no-message"]);
    assert_eq!(faults(&["package main\ndeny contains x if\n"], &["main"]), ["policy::syntax"]);
    assert_eq!(faults(&["package main\ndeny contains x if nope(input)\nnever := x\n"], &["main"]).len(), 3);
}

#[test]
fn what_a_rule_prints_is_told_once() {
    let policy = "package main\ndeny contains \"few\" if {\n  print(\"replicas\", input.spec.replicas)\n  input.spec.replicas < 2\n}\n";
    let (mut sources, ids) = modules(&[policy]);
    let bundle = Bundle::load(&sources, &ids, &[], &Namespaces::All).unwrap();
    let id = sources.add(Source::new("a.yaml", Revision::Head, DEPLOYMENT));
    let read = conftest::read(Parser::Yaml, id, DEPLOYMENT);
    let document = Document { path: "a.yaml", node: &read.documents[0] };
    let found = bundle.judge(&mut bundle.evaluator(), &[document], false, &sources);
    let told: Vec<_> = found.diagnostics.iter().map(|d| &*d.message).collect();
    assert_eq!((told, found.messages.len()), (vec!["p0.rego:3: replicas 1"], 1));
}
