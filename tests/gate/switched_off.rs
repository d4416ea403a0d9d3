//! A change cannot switch the gate off: edits of workflows, hooks and branch protection, through the binary.

use serde_json::Value;

use crate::shop::Shop;

const WORKFLOW: &str = ".github/workflows/gate.yml";
const GATE: &str = "\
name: gate
on:
  pull_request:
jobs:
  gate:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@0123456789012345678901234567890123456789
      - name: Gate
        run: changegate check --base origin/main --head HEAD
";
const PROTECTION: &str = "\
resource \"github_branch_protection\" \"main\" {
  repository_id  = \"shop\"
  pattern        = \"main\"
  enforce_admins = true
  required_status_checks {
    strict   = true
    contexts = [\"gate\", \"unit\"]
  }
}
";

/// acme with a gate that runs.
fn shop() -> Shop {
    let shop = Shop::acme();
    shop.git(&["checkout", "-q", "main"]);
    shop.write(WORKFLOW, GATE).write("terraform/forge/main.tf", PROTECTION);
    shop.commit("The gate runs", "Olga Ops <olga@acme.example>");
    shop.git(&["checkout", "-q", "-B", "change"]);
    shop
}

/// Findings of GOV-004 that fail, after a commit of everything.
fn judged(shop: &Shop) -> Vec<Value> {
    shop.commit("A small cleanup", "Alice Arnold <alice@acme.example>");
    let outcome = shop.check(&["--base", "main", "--head", "change", "--only", "GOV-004"]).json();
    assert_ne!(outcome["decision"], "undecided", "{:#}", outcome["diagnostics"]);
    let findings = outcome["findings"].as_array().unwrap().iter();
    findings.filter(|f| f["policy"] == "GOV-004" && f["result"] == "fail").cloned().collect()
}

/// What no approval lifts: message and line.
fn fatal(found: &[Value]) -> Vec<(&str, u64)> {
    let fatal = found.iter().filter(|f| f["pending"] == false);
    fatal.map(|f| (f["message"].as_str().unwrap(), f["location"]["line"].as_u64().unwrap())).collect()
}

#[test]
fn an_edit_that_leaves_it_on_waits_for_the_owner() {
    let shop = shop();
    shop.edit(WORKFLOW, "ubuntu-latest", "ubuntu-24.04");
    let found = judged(&shop);
    assert_eq!((found.len(), fatal(&found).len()), (1, 0), "{found:#?}");
    assert_eq!(found[0]["location"]["path"], WORKFLOW);
}

#[test]
fn the_gates_own_step_is_removed() {
    let shop = shop();
    shop.edit(WORKFLOW, "      - name: Gate\n        run: changegate check --base origin/main --head HEAD\n", "");
    let found = judged(&shop);
    assert_eq!(
        fatal(&found),
        [(
            ".github/workflows/gate.yml no longer runs the gate at stage pull-request on pull_request, the base does (gate)",
            1
        )]
    );
}

#[test]
fn the_workflow_is_deleted_moved_away_or_broken() {
    let shop = shop();
    std::fs::remove_file(shop.root().join(WORKFLOW)).unwrap();
    assert_eq!(fatal(&judged(&shop)).len(), 1);
    shop.write(".github/old/gate.yml", GATE);
    assert_eq!(fatal(&judged(&shop)).len(), 1);
    shop.write(WORKFLOW, format!("{GATE}  x: [\n"));
    assert_eq!(fatal(&judged(&shop)).len(), 1);
}

#[test]
fn the_gate_is_disarmed_and_the_line_is_shown() {
    let rows = [
        ("      - name: Gate\n", "      - name: Gate\n        continue-on-error: true\n", "continue-on-error is true"),
        ("      - name: Gate\n", "      - name: Gate\n        if: false\n", "its condition is false"),
        ("--head HEAD\n", "--head HEAD || true\n", "its exit code is ignored"),
    ];
    for (from, to, why) in rows {
        let shop = shop();
        shop.edit(WORKFLOW, from, to);
        let found = judged(&shop);
        let [(message, line), ..] = fatal(&found)[..] else { panic!("{why}: {found:#?}") };
        assert!(message.ends_with(why), "{message}");
        assert_eq!(line, 9, "{message}");
    }
}

#[test]
fn the_required_check_is_dropped() {
    let shop = shop();
    shop.edit("terraform/forge/main.tf", "[\"gate\", \"unit\"]", "[\"unit\"]");
    let found = judged(&shop);
    let [(message, line)] = fatal(&found)[..] else { panic!("{found:#?}") };
    assert_eq!(message, "github_branch_protection.main no longer requires the gate's check gate");
    assert!(line > 1, "{line}");
}

#[test]
fn a_workflow_of_something_else_is_free() {
    let shop = shop();
    shop.write(".github/workflows/docs.yml", "on: push\njobs:\n  docs:\n    steps:\n      - run: make docs\n");
    assert!(judged(&shop).is_empty());
}
