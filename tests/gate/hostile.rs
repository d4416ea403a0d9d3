//! Policies that mean harm, or mean well and cost too much: each is stopped, and named.
//!
//! `tests/data/hostile/*.rego` say in their first line which diagnostic is expected.

use std::path::{Path, PathBuf};

use crate::shop::Shop;

const METADATA: &str = "# METADATA\n# title: x\n# description: x\n# custom:\n#   id: X-666\n#   scope: change\n#   severity: low\n#   \
                        enforcement: advisory\n#   stages: [pull-request]\n#   remediation: x\n#   since: 0.1.0\n";

const OBJECT: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n";

fn policies() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/hostile");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn stopped(path: &Path, isolate: bool) -> Result<(), String> {
    let text = std::fs::read_to_string(path).unwrap();
    let (expected, rest) = text.strip_prefix("# expect: ").unwrap().split_once('\n').unwrap();
    let (code, told) = expected.split_once(": ").map_or((expected, ""), |(code, told)| (code, told.trim()));
    let rest = rest.strip_prefix("# isolate\n").unwrap_or(rest);
    let shop = Shop::new();
    shop.write("k8s/x.yaml", OBJECT).write("policy/hostile.rego", format!("{METADATA}{rest}"));
    let isolated: &[&str] = if isolate { &["--isolate"] } else { &[] };
    let ran = shop.check(&[&[".", "--no-builtin", "--policy", "policy"], isolated].concat());
    let json = ran.json();
    let is_expected = |fault: &&serde_json::Value| {
        let message = fault["message"].as_str().unwrap();
        let named = message.contains("X-666") || fault["path"] == "policy/hostile.rego";
        fault["code"] == code && message.contains(told) && named
    };
    let found = json["diagnostics"].as_array().unwrap().iter().find(is_expected);
    let code = if code == "policy::swallowed" { 0 } else { 2 };
    if found.is_some() && ran.code == code {
        return Ok(());
    }
    Err(format!("{}: exit {} and {}", path.display(), ran.code, json["diagnostics"]))
}

#[test]
fn hostile_policies_are_stopped_and_named() {
    let policies = policies();
    assert!(policies.len() >= 29, "{}", policies.len());
    let alone = |path: &&PathBuf| std::fs::read_to_string(path).unwrap().contains("\n# isolate\n");
    let failed: Vec<String> =
        policies.iter().filter_map(|path| stopped(path, cfg!(target_os = "linux") && alone(&path)).err()).collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

/// What a process of its own answers is what the gate would have answered.
#[test]
#[cfg(target_os = "linux")]
fn isolated_policies_answer_the_same() {
    let shop = Shop::acme();
    let body = "package policies.x\n\ndeny contains {\"msg\": sprintf(\"%s has %v\", [r.name, [r.attrs.spec.replicas, 1.5]]), \"path\": \
                [\"spec\"]} if {\n\tr := input.resource\n\tto_number(r.name) > 0\n}\n\ndeny contains {\"msg\": \"told\", \"path\": [\"spec\", \
                \"replicas\"]} if input.resource.attrs.spec.replicas > 0\n";
    let metadata = METADATA.replace("scope: change", "scope: resource\n#   targets: [apps/Deployment]");
    shop.write("policy/x.rego", format!("{metadata}{body}"));
    let here = shop.check(&[".", "--policy", "policy"]);
    for jobs in ["1", "8"] {
        let there = shop.check(&[".", "--policy", "policy", "--isolate", "--jobs", jobs]);
        assert_eq!(there.stdout, here.stdout);
        assert_eq!(there.code, here.code);
    }
    assert!(here.stdout.contains("X-666"), "{}", here.stdout);
}

#[test]
fn what_is_not_trusted_adds_nothing_to_trusted_packages() {
    let shop = Shop::acme();
    shop.write("policy/x.rego", "package policies.lib.shape\n\nlist(x) := [] if x == 1\n");
    let ran = shop.check(&[".", "--policy", "policy", "--isolate"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stdout.contains("policy::shared-package"), "{}", ran.stdout);
}
