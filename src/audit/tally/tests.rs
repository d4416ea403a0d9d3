use serde_json::{Value, json};

use super::*;
use crate::audit::{FileStore, Record};

/// A decision about `change` to the services of `resources`.
fn decision(n: usize, change: &str, decided: &str, more: &Value) -> Record {
    let id = format!("019b3c5e-0000-7000-8000-{n:012}");
    let mut predicate = json!({
        "id": id, "kind": "decision", "stage": "apply", "mode": "difference", "decision": decided, "verdict": decided,
        "when": {"judged_at": format!("2030-01-{:02}T10:00:00.25Z", n % 28 + 1)},
        "what": {"change": change, "change_digest": format!("sha256:{n}"), "resources": [
            {"id": "a", "service": "orders", "environment": "prod"},
            {"id": "b", "service": "orders", "environment": "PROD"},
            {"id": "c", "service": "cart", "environment": "staging"},
        ]},
        "why": [{"id": "CHG-001", "verdict": "pass", "evaluations": 1, "findings": []}],
        "used": {"approvals": [{"valid": true, "at": "2030-01-01T08:00:00Z"}, {"valid": false, "at": "2031-01-01T08:00:00Z"}]},
    });
    for (key, value) in more.as_object().into_iter().flatten() {
        predicate[key] = value.clone();
    }
    let leaf = json!({"_type": "s", "subject": [{"name": "x", "digest": {"gitCommit": format!("c{n}")}}], "predicate": predicate});
    let leaf = serde_json::to_vec(&leaf).unwrap();
    Record { id: id.clone(), idempotency_key: id, leaf, parts: Vec::new(), disclosures: Vec::new() }
}

fn question() -> Question {
    Question { production: Production(["prod".to_owned()].into()), since: None }
}

fn sums(records: &[Record], question: &Question) -> Tally {
    let directory = tempfile::tempdir().unwrap();
    let store = FileStore::new(directory.path().to_owned());
    for record in records {
        store.append(record).unwrap();
    }
    tally(&store, question).unwrap()
}

#[test]
fn decisions_about_one_change_are_one() {
    let denied = json!({"why": [{"id": "CHG-001", "verdict": "fail", "evaluations": 1, "findings": [{"status": "overridden"}]}]});
    let records = [
        decision(1, "CHG-1", "denied", &denied),
        decision(2, "CHG-1", "allowed", &json!({"used": {"waivers": [{"id": "w"}]}})),
        decision(3, "CHG-2", "allowed", &json!({})),
    ];
    let tally = sums(&records, &question());
    assert_eq!((tally.decisions, tally.changes.len()), (3, 2));
    let one = &tally.changes[0];
    assert_eq!((&*one.key, one.service.as_deref(), one.decisions, one.denied), ("CHG-1", Some("orders"), 2, 1));
    assert!(one.frozen && one.overridden && one.waived);
    assert_eq!((one.resources, one.digest.as_deref(), one.head.as_deref()), (2, Some("sha256:2"), Some("c2")));
    assert_eq!(one.applied, Some("2030-01-03T10:00:00Z".parse().unwrap()), "whole seconds");
    assert_eq!(one.approved, Some("2030-01-01T08:00:00Z".parse().unwrap()), "one that counted");
    let freeze = &tally.policies["CHG-001"];
    assert_eq!((freeze.decisions, freeze.passed, freeze.failed, freeze.overridden, freeze.last), (3, 2, 1, 1, Some(2)));
}

#[test]
fn what_is_not_counted_is_told() {
    let staging = json!({"what": {"change": "CHG-3", "change_digest": null, "resources": [{"service": "cart", "environment": "staging"}]}});
    let nobody = json!({"what": {"change": null, "change_digest": null, "resources": []}});
    let records = [
        decision(1, "", "allowed", &staging),
        decision(2, "", "allowed", &nobody),
        decision(3, "CHG-3", "allowed", &json!({"stage": "commit"})),
        decision(
            4,
            "",
            "allowed",
            &json!({"mode": "present", "what": {"change": null, "change_digest": null, "resources": []}}),
        ),
        decision(5, "CHG-3", "allowed", &json!({"when": {"judged_at": "yesterday"}})),
        decision(6, "CHG-3", "allowed", &json!({"kind": "hold"})),
    ];
    let tally = sums(&records, &question());
    assert_eq!((tally.decisions, tally.elsewhere, tally.unreadable), (1, 1, 1));
    assert_eq!((&*tally.changes[0].key, &tally.changes[0].service), ("c2", &None), "by its commit, without a service");
    let late = Question { since: Some("2030-01-03T00:00:00Z".parse().unwrap()), ..question() };
    assert_eq!(sums(&records[..2], &late).decisions, 1);
}
