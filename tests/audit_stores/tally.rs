//! The sums of a trail are the same whoever computes them: this program from a file, or the database.

use changegate::audit::tally::{Production, Question, tally};
use changegate::audit::{Hash, Part, Record};
use serde_json::{Value, json};

use crate::place::Place;

fn record(n: usize, predicate: &Value, parts: Vec<Part>) -> Record {
    let id = format!("019b3c5e-0000-7000-8000-{n:012}");
    let mut all = json!({
        "id": id, "kind": "decision", "stage": "apply", "mode": "difference", "decision": "allowed",
        "when": {"judged_at": format!("2030-01-{:02}T10:00:00.999999999Z", n % 28 + 1)},
        "what": {"change": format!("CHG-{}", n / 2), "change_digest": format!("sha256:{n}"), "resources": [
            {"service": "orders", "environment": "prod"}, {"service": "orders", "environment": "PROD"},
            {"service": "cart", "environment": "staging"}, {"service": "Zoë", "environment": null}]},
        "why": [{"id": "CHG-001", "verdict": "pass", "evaluations": 2, "findings": []},
                {"id": "HA-001", "verdict": "not_applicable", "evaluations": 0, "findings": []}],
        "used": {"approvals": [{"valid": true, "at": "2030-01-01T08:00:00+01:00"}, {"valid": true, "at": "soon"}]},
    });
    for (key, value) in predicate.as_object().into_iter().flatten() {
        all[key] = value.clone();
    }
    let statement = json!({"_type": "s", "subject": [{"digest": {"gitCommit": format!("c{n}")}}], "predicate": all});
    let leaf = serde_json::to_vec(&statement).unwrap();
    Record { id: id.clone(), idempotency_key: id, leaf, parts, disclosures: Vec::new() }
}

fn records() -> Vec<Record> {
    let fails = json!([{"id": "CHG-001", "verdict": "fail", "evaluations": 1, "findings": [{"status": "overridden"}, {"status": "waived"}]}]);
    let beside = serde_json::to_vec(&json!([{"service": "pay", "environment": null}])).unwrap();
    let sha256 = Hash::of(&beside).to_string();
    let part = Part { sha256: sha256.clone(), bytes: beside };
    let what = |resources: Value| json!({"what": {"change": null, "change_digest": null, "resources": resources}});
    let mut all: Vec<Record> = (0..6).map(|n| record(n, &json!({}), Vec::new())).collect();
    all.push(record(6, &json!({"decision": "denied", "why": fails, "used": {"override": {"id": "o"}}}), Vec::new()));
    all.push(record(7, &what(json!({"part": "p", "sha256": sha256, "count": 1})), vec![part]));
    all.push(record(8, &what(json!([{"service": "cart", "environment": "staging"}])), Vec::new()));
    all.push(record(9, &what(json!([])), Vec::new()));
    all.push(record(10, &json!({"stage": "commit"}), Vec::new()));
    all.push(record(11, &json!({"kind": "hold"}), Vec::new()));
    all.push(record(12, &what(json!([{"service": null, "environment": "prod"}])), Vec::new()));
    all
}

#[test]
fn the_database_and_the_program_sum_up_alike() {
    let (Some(database), file) = (Place::postgres(), Place::file()) else { return };
    let stores = [file.open(), database.open()];
    for store in &stores {
        for record in records() {
            store.append(&record).unwrap();
        }
    }
    let production = Production(["prod".to_owned(), "production".to_owned()].into());
    for since in [None, Some("2030-01-04T00:00:00Z".parse().unwrap())] {
        let question = Question { production: production.clone(), since };
        let [one, other] = stores.each_ref().map(|store| tally(&**store, &question).unwrap());
        assert_eq!(one, other);
        assert!(!one.changes.is_empty() && one.elsewhere == 1, "{one:?}");
    }
}
