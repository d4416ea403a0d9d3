//! `changegate policy lint|new|show|docs`, through the binary. Each folder of `tests/data/lint` is a case: policies, and in
//! `expected.txt` what the lint says about them (`UPDATE=1` writes it).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use changegate::policy::lint::RULES;

use crate::shop::{Shop, copy};

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/lint");
    let mut cases: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    cases.sort();
    cases
}

fn updates() -> bool {
    std::env::var_os("UPDATE").is_some()
}

#[test]
fn every_fault_is_found_where_it_is() {
    let mut codes = BTreeSet::new();
    for case in cases() {
        let shop = Shop::new();
        copy(&case.join("acme"), &shop.root().join("acme"));
        let ran = shop.changegate(&["policy", "lint", "acme"]);
        let expected = case.join("expected.txt");
        if updates() {
            std::fs::write(&expected, &ran.stdout).unwrap();
        }
        assert_eq!(ran.stdout, std::fs::read_to_string(&expected).unwrap_or_default(), "{}", case.display());
        let clean = case.ends_with("clean");
        assert_eq!(ran.code, i32::from(!clean), "{}: {}", case.display(), ran.stderr);
        codes.extend(RULES.iter().map(|(code, _)| *code).filter(|code| ran.stdout.contains(code)));
    }
    assert_eq!(codes.len(), RULES.len(), "a kind of fault has no case: {codes:?}");
}

#[test]
fn the_own_policies_are_clean() {
    let ran = Shop::new().changegate(&["policy", "lint"]);
    assert_eq!(ran.code, 0, "{}", ran.stdout);
}

#[test]
fn programs_get_the_same_faults() {
    let shop = Shop::new();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/lint/clock/acme"), &shop.root().join("acme"));
    let json = shop.changegate(&["policy", "lint", "acme", "--format", "json"]).json();
    assert_eq!(json["faults"][0]["code"], "lint::clock", "{json:#}");
    let sarif = shop.changegate(&["policy", "lint", "acme", "--format", "sarif"]).json();
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "lint::clock");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "acme/missing_owner/missing_owner.rego");
    let github = shop.changegate(&["policy", "lint", "acme", "--format", "github"]).stdout;
    assert!(github.starts_with("::warning file=acme/missing_owner/missing_owner.rego,line="), "{github}");
}

#[test]
fn a_fault_is_told_once_and_no_policy_is_no_pass() {
    let shop = Shop::new();
    shop.write("a/x/x.rego", "package a.x\n\ndeny contains msg if msg := unknown(input)\n");
    shop.write("a/x/x_test.rego", "package a.x\n\ntest_a if count(deny) == 0\n\ntest_b if count(deny) == 1\n");
    let faults = shop.changegate(&["policy", "lint", "a", "--format", "json"]).json();
    let codes: Vec<_> = faults["faults"].as_array().unwrap().iter().map(|f| f["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["policy::undefined-function", "policy::needs-faulty"], "{faults:#}");
    std::fs::create_dir(shop.root().join("empty")).unwrap();
    let ran = shop.changegate(&["policy", "lint", "empty"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stdout.contains("policy::none"), "{}", ran.stdout);
}

/// Every fault of loading is listed, and what loads is linted all the same.
#[test]
fn what_does_not_load_hides_nothing() {
    let shop = Shop::new();
    let clean = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/lint/clock/acme");
    copy(&clean, &shop.root().join("acme"));
    let alone = shop.changegate(&["policy", "lint", "acme", "--format", "json"]).json();
    shop.write("acme/a/a.rego", "package acme.a\n\nx := nope(1)\n\ny := nope(2)\n");
    shop.write("acme/b/b.rego", "package acme.b\n\nx := y\n");
    shop.write("acme/c/c.rego", "package acme.c\n\nx := {\n");
    let ran = shop.changegate(&["policy", "lint", "acme", "--format", "json"]);
    let told = |json: &serde_json::Value| -> Vec<String> {
        let one = |f: &serde_json::Value| format!("{} {} {}", f["code"].as_str().unwrap(), f["path"], f["line"]);
        json["faults"].as_array().unwrap().iter().map(one).collect()
    };
    let (faults, expected) = (told(&ran.json()), told(&alone));
    assert_eq!(ran.code, 1);
    let place = |code: &str, path: &str, line: u32| format!("{code} \"acme/{path}\" {line}");
    for fault in [
        place("policy::undefined-function", "a/a.rego", 3),
        place("policy::undefined-function", "a/a.rego", 5),
        place("policy::unsafe-variable", "b/b.rego", 3),
    ] {
        assert!(faults.contains(&fault), "{fault} is not in {faults:#?}");
    }
    assert!(faults.iter().any(|fault| fault.starts_with("policy::syntax \"acme/c/c.rego\"")), "{faults:#?}");
    assert!(!expected.is_empty() && expected.iter().all(|fault| faults.contains(fault)), "{expected:?} {faults:#?}");
    assert_eq!(faults.len(), expected.len() + 4, "{faults:#?}");
}

#[test]
fn suppressions_of_others_are_listed() {
    let shop = Shop::new();
    shop.write("a.tf", "resource \"aws_s3_bucket\" \"a\" { #tfsec:ignore:aws-s3-enable-versioning\n}\n");
    shop.write("k/b.yaml", "metadata:\n  annotations:\n    ignore-check.kube-linter.io/run-as-non-root: why\n");
    let list = |format: &str| shop.changegate(&["policy", "lint", "--foreign-suppressions", "--format", format]);
    let shown = list("pretty");
    assert_eq!(shown.code, 0);
    assert!(shown.stdout.contains("a.tf:1:46  tfsec        aws-s3-enable-versioning\n"), "{}", shown.stdout);
    assert!(shown.stdout.contains("k/b.yaml:3:33  kube-linter  run-as-non-root\n"), "{}", shown.stdout);
    let json = list("json").json();
    assert_eq!(json["faults"][1]["path"], "k/b.yaml", "{json:#}");
    assert_eq!(json["faults"][1]["line"], 3);
    assert!(list("github").stdout.starts_with("::notice file=a.tf,line=1,"));
    assert_eq!(list("sarif").json()["runs"][0]["results"][0]["level"], "note");
}

/// `conftest verify`: the tests of policies that have no METADATA, in Rego v0 too.
#[test]
fn tests_of_a_conftest_bundle_run() {
    let shop = Shop::new();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/lint/conftest/acme"), shop.root());
    let ran = shop.changegate(&["test", "policy"]);
    assert_eq!((ran.code, &*ran.stdout), (0, "1 passed, 0 failed\n"), "{}", ran.stderr);
}

#[test]
fn a_new_policy_passes_its_tests_and_the_lint() {
    for scope in ["resource", "change"] {
        let shop = Shop::new();
        let new = ["policy", "new", "ACME-007", "--scope", scope, "--title", "Nobody: knows", "--family", "owners"];
        let ran = shop.changegate(&new);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert!(shop.root().join("policies/owners/nobody_knows/nobody_knows_test.rego").exists());
        assert_eq!(shop.changegate(&new).code, 2);
        for args in [&["test", "policies"][..], &["policy", "lint", "policies"]] {
            let ran = shop.changegate(args);
            assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
        }
        let shown = shop.changegate(&["policy", "show", "ACME-007", "--policy", "policies"]).stdout;
        for part in
            ["ACME-007 · Nobody: knows", "What to do", "Denied, for example", "Not denied, for example", "SOC2: CC8.1"]
        {
            assert!(shown.contains(part), "{part} in\n{shown}");
        }
    }
}

/// Whatever the title is, and a family that cannot be a package is refused before anything is written.
#[test]
fn a_new_policy_loads_whatever_it_is_called() {
    let shop = Shop::new();
    for (n, title) in
        ["yes", "9 lives", "import", "Fewer: than \"two\" # replicas", "a\nb", "'quoted'"].iter().enumerate()
    {
        let ran = shop.changegate(&["policy", "new", &format!("ACME-00{n}"), "--title", title]);
        assert_eq!(ran.code, 0, "{title}: {}", ran.stderr);
    }
    for args in [&["test", "policies"][..], &["policy", "lint", "policies"]] {
        let ran = shop.changegate(args);
        assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    }
    let listed = shop.changegate(&["policy", "list", "--no-builtin", "--policy", "policies"]).stdout;
    assert!(listed.contains("ACME-000  medium    advisory  yes\n"), "{listed}");
    for family in ["k8s/x", "Kube", "default", "9", ""] {
        let ran = shop.changegate(&["policy", "new", "ACME-010", "--family", family]);
        assert_eq!(ran.code, 2, "{family}");
        assert!(ran.stderr.contains("a family is one word of a package"), "{}", ran.stderr);
    }
}

/// Pages of policies of one's own; what somebody else wrote is neither replaced nor removed.
#[test]
fn pages_are_written_beside_nothing_else() {
    let shop = Shop::new();
    assert_eq!(shop.changegate(&["policy", "new", "ACME-001"]).code, 0);
    let docs = |more: &[&str]| {
        shop.changegate(&[&["policy", "docs", "--no-builtin", "--policy", "policies", "--out"], more].concat())
    };
    shop.write("docs/guide.md", "# Guide\n");
    let ran = docs(&["docs"]);
    assert_eq!((ran.code, &*ran.stdout), (0, "2 pages in docs\n"), "{}", ran.stderr);
    assert_eq!(shop.read("docs/guide.md"), "# Guide\n");
    let page = shop.read("docs/ACME-001.md");
    for part in
        ["# ACME-001 Missing owner annotation", "## Denied", "\"attrs\": {\"metadata\": {}}", "(../policies/acme/"]
    {
        assert!(page.contains(part), "{part} in\n{page}");
    }
    std::fs::rename(shop.root().join("docs/ACME-001.md"), shop.root().join("docs/OLD-001.md")).unwrap();
    assert_eq!(docs(&["docs"]).code, 0);
    assert!(!shop.root().join("docs/OLD-001.md").exists());
    shop.write("other/README.md", "# Mine\n");
    let ran = docs(&["other"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.starts_with("other/README.md is not a page"), "{}", ran.stderr);
    assert_eq!(shop.read("other/README.md"), "# Mine\n");
    assert!(!shop.root().join("other/ACME-001.md").exists());
}

#[test]
fn the_pages_are_those_of_the_policies() {
    let shop = Shop::new();
    assert_eq!(shop.changegate(&["policy", "docs"]).code, 0);
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/policies");
    if updates() {
        let _ = std::fs::remove_dir_all(&committed);
        std::fs::create_dir_all(&committed).unwrap();
        copy(&shop.root().join("docs/policies"), &committed);
    }
    let names = |folder: &Path| -> BTreeSet<String> {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    };
    assert_eq!(names(&shop.root().join("docs/policies")), names(&committed), "UPDATE=1 writes docs/policies");
    for name in names(&committed) {
        let text = std::fs::read_to_string(committed.join(&name)).unwrap();
        assert!(
            shop.read(&format!("docs/policies/{name}")) == text,
            "{name} has changed: UPDATE=1 writes docs/policies"
        );
    }
}
