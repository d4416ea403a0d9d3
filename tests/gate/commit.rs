//! At a commit: what is weighed then.

use crate::shop::Shop;

const DEPLOYMENT: &str = "k8s/prod/storefront/deployment.yaml";
const POLICY: &str = "\
# METADATA
# title: Risky commit
# description: x
# custom:
#   id: X-001
#   scope: change
#   severity: low
#   enforcement: advisory
#   stages: [commit]
#   remediation: x
#   since: 0.1.0
package policies.own.risky

deny contains sprintf(\"the risk is %s\", [input.risk.computed])
";

fn staged() -> Shop {
    let shop = Shop::acme();
    shop.edit(DEPLOYMENT, "replicas: 3", "replicas: 4").git(&["add", "-A"]);
    shop
}

#[test]
fn nothing_is_promised_yet_and_no_risk_weighed() {
    let shop = staged();
    let outcome = shop.check(&["--stage", "commit"]).json();
    assert_eq!((&outcome["decision"], &outcome["risk"]["computed"]), (&"allowed".into(), &serde_json::Value::Null));
    let weighed = shop.check(&["--base", "HEAD"]).json();
    assert!(weighed["risk"]["computed"].is_string(), "{:#}", weighed["risk"]);
}

#[test]
fn a_policy_that_reads_the_risk_has_it() {
    let shop = Shop::acme();
    shop.write("own/risky.rego", POLICY).commit("A policy of our own", "Olga Ops <olga@acme.example>");
    shop.edit(DEPLOYMENT, "replicas: 3", "replicas: 4").git(&["add", "-A"]);
    let outcome = shop.check(&["--stage", "commit", "--policy", "own"]).json();
    let found: Vec<_> = outcome["findings"].as_array().unwrap().iter().filter(|f| f["policy"] == "X-001").collect();
    assert_eq!(found.len(), 1, "{outcome:#}");
    assert_eq!(found[0]["message"], format!("the risk is {}", outcome["risk"]["computed"].as_str().unwrap()));
}

#[test]
fn warnings_about_other_files_are_counted() {
    let shop = Shop::acme();
    let twice = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  name: b\n";
    shop.write("k8s/old/twice.yaml", twice.replace("name", "namespace"))
        .commit("It was there", "Olga Ops <olga@acme.example>");
    shop.write("k8s/new/twice.yaml", twice).git(&["add", "-A"]);
    let run = |more: &[&str]| shop.changegate(&[&["check", "--stage", "commit", "--no-audit"], more].concat()).stdout;
    let shown = run(&[]);
    assert!(shown.contains("k8s/new/twice.yaml") && !shown.contains("k8s/old/twice.yaml"), "{shown}");
    assert!(shown.contains("1 warning is about files that this change leaves alone"), "{shown}");
    assert!(run(&["--show", "preexisting"]).contains("k8s/old/twice.yaml"));
    assert!(run(&["--format", "json"]).contains("k8s/old/twice.yaml"));
    let annotations = run(&["--format", "github"]);
    assert!(annotations.lines().any(|line| !line.starts_with("::") && line.contains("k8s/old/twice.yaml")));
}
