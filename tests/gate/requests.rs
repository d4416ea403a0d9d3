//! Which change requests a run judges, and what it says when there are several.

use serde_json::{Value, json};

use crate::shop::Shop;

const REQUEST: &str = "changes/CHG-2030-00017.yaml";
const DIFFERENCE: [&str; 4] = ["--base", "main", "--head", "change"];

/// acme with a change to the storefront, and the request of the repository taken away or not.
fn shop(with_request: bool) -> Shop {
    let shop = Shop::acme();
    if !with_request {
        shop.git(&["checkout", "-q", "main"]);
        std::fs::remove_file(shop.root().join(REQUEST)).unwrap();
        shop.commit("Nothing is planned", "Olga Ops <olga@acme.example>");
        shop.git(&["checkout", "-q", "-B", "change"]);
    }
    shop.edit("k8s/prod/storefront/deployment.yaml", "limits: {memory: ", "limits: {cpu: \"1\", memory: ");
    shop
}

fn request(id: &str) -> String {
    std::fs::read_to_string(crate::shop::fixtures().join("acme").join(REQUEST)).unwrap().replace("CHG-2030-00017", id)
}

fn commit(shop: &Shop, message: &str) {
    shop.commit(message, "Alice Arnold <alice@acme.example>");
}

/// A pull request by alice in a file of its own.
fn pull_request(shop: &Shop, body: &str, labels: &[&str]) -> tempfile::NamedTempFile {
    let labels: Vec<Value> = labels.iter().map(|name| json!({"name": name})).collect();
    let repository = json!({"full_name": "acme/shop"});
    let pull = json!({
        "number": 7, "user": {"login": "alice-acme", "type": "User"}, "title": "Later", "body": body, "labels": labels,
        "draft": false, "head": {"sha": shop.git(&["rev-parse", "HEAD"]), "repo": repository}, "base": {"ref": "main", "repo": repository},
    });
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), pull.to_string()).unwrap();
    file
}

fn ids(outcome: &Value) -> Vec<&str> {
    outcome["changes"].as_array().unwrap().iter().map(|change| change["id"].as_str().unwrap()).collect()
}

#[test]
fn trailers_bodies_labels_and_files_all_name_requests() {
    let shop = shop(false);
    for id in ["CHG-1", "CHG-2", "CHG-3", "CHG-4", "CHG-5"] {
        shop.write(&format!("changes/{id}.yaml"), request(id));
    }
    shop.write("changes/by-id.yaml", request("CHG-6"));
    shop.git(&["stash", "-q", "--include-untracked"]);
    shop.git(&["checkout", "-q", "main"]);
    shop.git(&["stash", "pop", "-q"]);
    shop.git(&["checkout", "-q", "--", "k8s"]);
    shop.commit("Six requests", "Olga Ops <olga@acme.example>");
    shop.git(&["checkout", "-q", "-B", "change"]);
    shop.edit("k8s/prod/storefront/deployment.yaml", "limits: {memory: ", "limits: {cpu: \"1\", memory: ");
    shop.edit("changes/CHG-4.yaml", "impact: 3", "impact: 2");
    commit(&shop, "Detail\n\nChange-Request: CHG-1, CHG-2\n");
    let pull = pull_request(&shop, "Text\n\nChange-Request: CHG-3\n", &["change-request/CHG-6", "bug"]);
    let path = pull.path().to_string_lossy().into_owned();
    let outcome = shop.check(&[&DIFFERENCE[..], &["--pull-request", &path]].concat()).json();
    assert_eq!(ids(&outcome), ["CHG-1", "CHG-2", "CHG-3", "CHG-4", "CHG-6"], "{:#}", outcome["diagnostics"]);
    assert_eq!(outcome["change"]["id"], "CHG-1");
    let without = shop.check(&DIFFERENCE).json();
    assert_eq!(ids(&without), ["CHG-1", "CHG-2", "CHG-4"]);
}

#[test]
fn a_name_without_a_request_is_told() {
    let shop = shop(false);
    commit(&shop, "Detail\n\nChange-Request: CHG-9\n");
    let outcome = shop.check(&DIFFERENCE).json();
    let told = outcome["diagnostics"].as_array().unwrap().iter().find(|d| d["code"] == "change::missing").unwrap();
    assert!(told["message"].as_str().unwrap().contains("names the change request `CHG-9`"), "{told:#}");
    assert!(outcome["findings"].as_array().unwrap().iter().any(|f| f["policy"] == "CHG-003"));
}

#[test]
fn a_request_may_lie_outside_among_the_context_documents() {
    let shop = shop(false);
    commit(&shop, "Detail\n\nChange-Request: CHG-70\n");
    let context = tempfile::tempdir().unwrap();
    crate::shop::copy(&shop.root().join(".changegate"), context.path());
    std::fs::write(context.path().join("CHG-70.yaml"), request("CHG-70")).unwrap();
    let folder = context.path().to_string_lossy().into_owned();
    let outcome = shop.check(&[&DIFFERENCE[..], &["--context", &folder]].concat()).json();
    assert_eq!(ids(&outcome), ["CHG-70"]);
}

#[test]
fn every_request_is_judged_and_findings_name_theirs() {
    let shop = shop(true);
    shop.write("changes/CHG-2030-00018.yaml", request("CHG-2030-00018"));
    // A window inside the peak season, and nothing else that differs.
    let frozen = shop.read("changes/CHG-2030-00018.yaml").replace("2030-03-05T", "2030-11-28T");
    shop.write("changes/CHG-2030-00018.yaml", frozen);
    commit(&shop, "Detail\n\nChange-Request: CHG-2030-00017\n");
    let outcome = shop.check(&DIFFERENCE).json();
    assert_eq!(ids(&outcome), ["CHG-2030-00017", "CHG-2030-00018"]);
    let findings = outcome["findings"].as_array().unwrap();
    let freeze: Vec<&Value> = findings.iter().filter(|f| f["policy"] == "CHG-001").collect();
    assert_eq!(freeze.len(), 1, "{findings:#?}");
    assert!(freeze[0]["message"].as_str().unwrap().starts_with("CHG-2030-00018: "), "{:#}", freeze[0]);
    assert_eq!(freeze[0]["location"]["path"], "changes/CHG-2030-00018.yaml");
}

#[test]
fn scopes_are_joined_and_what_none_covers_is_undeclared() {
    let shop = shop(true);
    let other = request("CHG-2030-00018").replace("component:default/storefront", "component:default/checkout");
    shop.write("changes/CHG-2030-00018.yaml", other.replace("tier: 2", "tier: 1"));
    shop.edit("k8s/prod/checkout/rollout.yaml", "limits: {memory: ", "limits: {cpu: \"1\", memory: ");
    commit(&shop, "Detail\n\nChange-Request: CHG-2030-00017\n");
    let scope = |shop: &Shop| {
        let outcome = shop.check(&[&DIFFERENCE[..], &["--only", "CHG-004"]].concat()).json();
        let findings = outcome["findings"].as_array().unwrap().clone();
        findings.into_iter().filter(|f| f["enforcement"] == "hard").count()
    };
    assert_eq!(scope(&shop), 0, "each request covers a part");
    shop.edit("changes/CHG-2030-00018.yaml", "component:default/checkout", "component:default/orders-db");
    commit(&shop, "Another scope");
    assert_eq!(scope(&shop), 2, "both requests lack checkout");
}

#[test]
fn whoever_opened_the_pull_request_is_a_contributor() {
    let shop = shop(true);
    shop.commit("Detail", "Zoe Zero <zoe@acme.example>");
    let pull = pull_request(&shop, "", &[]);
    let path = pull.path().to_string_lossy().into_owned();
    let ran =
        shop.changegate(&[&["facts", "--now", crate::shop::NOW, "--pull-request", &path], &DIFFERENCE[..]].concat());
    let git = &ran.json()["git"];
    assert_eq!(git["pull_request"]["author"], "alice-acme");
    assert!(git["contributors"].as_array().unwrap().contains(&git["pull_request"]["author_id"]), "{git:#}");
}

#[test]
fn a_pull_request_in_the_repository_is_not_believed() {
    let shop = shop(true);
    shop.write("pr.json", "{}");
    commit(&shop, "Detail");
    let outcome = shop.check(&[&DIFFERENCE[..], &["--pull-request", "pr.json"]].concat());
    assert_eq!(outcome.code, 2);
    assert!(outcome.stdout.contains("pull-request::untrusted"));
}

#[test]
fn two_requests_with_one_id_stop_the_gate() {
    let shop = shop(true);
    shop.write("changes/again.yaml", request("CHG-2030-00017"));
    commit(&shop, "Detail\n\nChange-Request: CHG-2030-00017\n");
    let outcome = shop.check(&DIFFERENCE);
    assert_eq!(outcome.code, 2);
    assert!(outcome.stdout.contains("change::duplicate"), "{}", outcome.stdout);
}
