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

/// As whose policy it is evaluated.
#[derive(Clone, Copy, PartialEq)]
enum As {
    Ours,
    Conftest,
}

fn stopped(path: &Path, isolate: bool, whose: As) -> Result<(), String> {
    let text = std::fs::read_to_string(path).unwrap();
    let (expected, rest) = text.strip_prefix("# expect: ").unwrap().split_once('\n').unwrap();
    let (code, told) = expected.split_once(": ").map_or((expected, ""), |(code, told)| (code, told.trim()));
    let rest = rest.strip_prefix("# isolate\n").unwrap_or(rest);
    let shop = Shop::new();
    let (text, name) = match whose {
        As::Ours => (format!("{METADATA}{rest}"), "X-666"),
        As::Conftest => (rest.replace("package policies.hostile", "package main"), "data.main.deny"),
    };
    shop.write("k8s/x.yaml", OBJECT).write("policy/hostile.rego", text);
    let isolated: &[&str] = if isolate { &["--isolate"] } else { &[] };
    let ran = shop.check(&[&[".", "--no-builtin", "--policy", "policy"], isolated].concat());
    let json = ran.json();
    let is_expected = |fault: &&serde_json::Value| {
        let message = fault["message"].as_str().unwrap();
        let named = message.contains(name) || fault["path"] == "policy/hostile.rego";
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
    let stopped = |path: &PathBuf| stopped(path, cfg!(target_os = "linux") && is_for_isolation(path), As::Ours).err();
    let failed: Vec<String> = policies.iter().filter_map(stopped).collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

fn is_for_isolation(path: &Path) -> bool {
    std::fs::read_to_string(path).unwrap().contains("\n# isolate\n")
}

/// What only a process of its own survives, and some of what an engine stops itself.
#[test]
#[cfg(target_os = "linux")]
fn hostile_policies_for_conftest_are_stopped_and_named() {
    let some = |path: &PathBuf| {
        is_for_isolation(path) || path.ends_with("endless_every.rego") || path.ends_with("huge_range.rego")
    };
    let policies: Vec<_> = policies().into_iter().filter(some).collect();
    assert!(policies.len() >= 3, "{policies:?}");
    let failed: Vec<String> = policies.iter().filter_map(|path| stopped(path, true, As::Conftest).err()).collect();
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

/// The same for policies that were written for Conftest: with data, the file's name, exceptions, prints and errors that
/// count as undefined.
#[test]
#[cfg(target_os = "linux")]
fn isolated_policies_for_conftest_answer_the_same() {
    let shop = Shop::new();
    shop.write(
        "policy/main.rego",
        "package main\n\nimport data.limits\n\ndeny_name contains msg if {\n\tsome name in limits.names\n\tinput.metadata.name == \
         name\n\tprint(\"looking at\", name)\n\tmsg := sprintf(\"%s in %s is %v\", [name, data.conftest.file.name, 1.5])\n}\n\nwarn contains \
         {\"msg\": \"kind\", \"details\": {\"n\": 1}} if input.kind\n\nviolation contains {\"msg\": \"no number\"} if not \
         to_number(input.kind)\n\nviolation_number contains {\"msg\": \"number\"} if to_number(input.metadata.name) > 0\n\nexception \
         contains [\"name\"] if input.metadata.name == \"b\"\n",
    );
    shop.write("data/limits/names.json", "{\"names\": [\"a\", \"b\"]}");
    for name in ["a", "b", "7", "d"] {
        shop.write(&format!("k8s/{name}.yaml"), OBJECT.replace("name: x", &format!("name: \"{name}\"")));
    }
    for more in [&[][..], &["--combine"]] {
        let check = |args: &[&str]| {
            shop.check(&[&["k8s", "--no-builtin", "--policy", "policy", "--data", "data"], more, args].concat())
        };
        let here = check(&[]);
        for jobs in ["1", "8"] {
            let there = check(&["--isolate", "--jobs", jobs]);
            assert_eq!(there.stdout, here.stdout);
            assert_eq!((there.code, there.stderr), (here.code, here.stderr.clone()));
        }
        if more.is_empty() {
            for part in ["a in a.yaml is 1.5", "looking at a", "conftest::builtin", "waived", "number"] {
                assert!(here.stdout.contains(part), "{part} in {}", here.stdout);
            }
        }
    }
}

#[test]
fn what_is_not_trusted_adds_nothing_to_trusted_packages() {
    let shop = Shop::acme();
    shop.write("policy/x.rego", "package policies.lib.shape\n\nlist(x) := [] if x == 1\n");
    let ran = shop.check(&[".", "--policy", "policy", "--isolate"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stdout.contains("policy::shared-package"), "{}", ran.stdout);
}
