//! Nothing changes by time alone before `valid_until` (contract 14): at each such instant, at both stages, for several
//! changes of the made-up company.

use jiff::{SignedDuration, Timestamp};

use crate::shop::{NOW, Shop, copy, fixtures};

/// acme with the edits of a variant.
fn shipped(variant: &str) -> Shop {
    let folder = fixtures().join("variants").join(variant);
    let spec = std::fs::read_to_string(folder.join("variant.json")).unwrap();
    let spec: serde_json::Value = serde_json::from_str(&spec).unwrap();
    let shop = Shop::acme();
    shop.edit_all(&spec["edits"]);
    if folder.join("tree").is_dir() {
        copy(&folder.join("tree"), shop.root());
    }
    shop.commit("Ship the change", "Alice Arnold <alice@acme.example>");
    shop
}

/// What the policies say (the audit trail is left out on purpose, which alone would leave apply undecided), and until when.
fn judged(shop: &Shop, stage: &str, now: Timestamp) -> (&'static str, Option<Timestamp>) {
    let now = now.to_string();
    let args = ["check", "--base", "main", "--head", "change", "--no-audit", "--format", "json"];
    let json = shop.changegate(&[&args[..], &["--stage", stage, "--now", &now]].concat()).json();
    let until = json["valid_until"].as_str().map(|until| until.parse().unwrap());
    let counts = |f: &&serde_json::Value| {
        let judged = f["result"] == "fail" || (stage == "apply" && f["enforcement"] == "hard");
        f["status"] == "open" && f["enforcement"] != "advisory" && judged
    };
    let blocking: Vec<_> = json["findings"].as_array().unwrap().iter().filter(counts).collect();
    let verdict = match (blocking.is_empty(), blocking.iter().all(|f| f["pending"] == true)) {
        (true, _) => "allowed",
        (false, true) => "pending",
        (false, false) => "denied",
    };
    (verdict, until)
}

#[test]
fn nothing_changes_before_valid_until() {
    for variant in ["allowed", "freeze"] {
        let shop = shipped(variant);
        for stage in ["pull-request", "apply"] {
            let mut now: Timestamp = NOW.parse().unwrap();
            for _ in 0..4 {
                let (verdict, until) = judged(&shop, stage, now);
                let Some(until) = until else { break };
                assert!(until > now, "{variant} {stage} {now}");
                let before = until - SignedDuration::from_nanos(1);
                assert_eq!(judged(&shop, stage, before).0, verdict, "{variant} {stage} {now} to {before}");
                now = until;
            }
        }
    }
}

/// Without a request only the tree is judged, and nothing in it ages.
#[test]
fn what_does_not_depend_on_time_has_no_end() {
    let shop = Shop::new();
    shop.write("k8s/namespace.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n");
    let json = shop.check(&["."]).json();
    assert!(json["valid_until"].is_null(), "{}", json["valid_until"]);
}
