//! The sums of a trail are the same whoever computes them: this program from a file, or the database.

use changegate::audit::tally::{Production, Question, tally};
use changegate::audit::{Hash, Part, Record};
use serde_json::{Value, json};

use crate::place::Place;

pub(crate) fn record(n: usize, predicate: &Value, parts: Vec<Part>) -> Record {
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

pub(crate) fn records() -> Vec<Record> {
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

/// Instants as nobody should write them, and decisions that lack what is summed up.
pub(crate) fn odd_records() -> Vec<Record> {
    let judged = [
        "yesterday",
        "now",
        "infinity",
        "epoch",
        "",
        "2030",
        "2030-01-05",
        "20300105T100000Z",
        "2030-01-05 10:00:00Z",
        "2030-01-05t10:00:00z",
        "2030-01-05T10:00Z",
        "2030-01-05T10Z",
        "2030-01-05T10:00:00",
        "2030-01-05T10:00:00+01",
        "2030-01-05T10:00:00+0130",
        "2030-01-05T10:00:00-23:59",
        "2030-01-05T24:00:00Z",
        "2030-01-05T23:59:60Z",
        "2030-02-29T10:00:00Z",
        "2028-02-29T10:00:00Z",
        "2030-04-31T10:00:00Z",
        "2030-13-01T10:00:00Z",
        "2030-01-05T10:00:00,5Z",
        "2030-01-05T10:00:00.Z",
        "2030-01-05T10:00:00.1234567891Z",
        " 2030-01-05T10:00:00Z",
        "2030-01-05T10:00:00Z ",
        "2030-01-05T10:00:00 UTC",
        "2030-01-05T10:00:00Z[Europe/Berlin]",
        "J2462507",
        "1969-12-31T23:59:59.5Z",
        "0001-01-01T00:00:00Z",
        "-000044-03-15T00:00:00Z",
        "12030-01-05T10:00:00Z",
        "2030-01-05T10:00:00 BC",
        "٢030-01-05T10:00:00Z",
    ];
    let approved = |at: Value| json!({"used": {"approvals": [{"valid": true, "at": at}, {"valid": true}]}});
    let odd = [
        json!({"when": {"judged_at": null}}),
        json!({"when": {"judged_at": 20300105}}),
        json!({"when": {}}),
        json!({"when": null}),
        json!({"stage": null}),
        json!({"stage": 1}),
        json!({"decision": null}),
        json!({"kind": 5}),
        json!({"kind": null}),
        json!({"mode": 5}),
        json!({"mode": ["difference"]}),
        json!({"stage": ["apply"]}),
        json!({"why": [{"id": "X", "verdict": "pass", "findings": null}]}),
        json!({"what": null}),
        json!({"what": {}}),
        json!({"what": {"change": 5}}),
        json!({"what": {"change": "a", "resources": "all"}}),
        json!({"what": {"change": "a", "resources": null}}),
        json!({"what": {"change": "a", "resources": [5]}}),
        json!({"what": {"change": "a", "resources": [{"service": 5}]}}),
        json!({"what": {"change": "a", "resources": {}}}),
        json!({"why": null}),
        json!({"why": [{"id": "X"}]}),
        json!({"why": {"count": 1}}),
        json!({"why": [{"id": "X", "verdict": "pass", "evaluations": -1}]}),
        json!({"why": [{"id": "X", "verdict": "odd", "evaluations": null}]}),
        json!({"why": [{"id": "X", "verdict": "odd", "findings": [{"status": "new"}]}]}),
        json!({"why": [{"id": "X", "verdict": "pass", "findings": [{}]}]}),
        json!({"used": null}),
        json!({"used": {"waivers": null}}),
        json!({"used": {"waivers": {}}}),
        json!({"used": {"override": null}}),
        json!({"used": {"approvals": 1}}),
        json!({"used": {"approvals": [{"valid": "true"}]}}),
        json!({"kind": "hold", "stage": null}),
        json!({"stage": "commit", "when": {"judged_at": "yesterday"}}),
        approved(json!(5)),
        approved(json!(null)),
    ];
    let judged =
        judged.map(|at| json!({"when": {"judged_at": at}, "used": {"approvals": [{"valid": true, "at": at}]}}));
    let approvals = judged.iter().map(|j| approved(j["when"]["judged_at"].clone()));
    let all = approvals.chain(judged.clone()).chain(odd);
    (100..).zip(all).map(|(n, predicate)| record(n, &predicate, Vec::new())).collect()
}

#[test]
fn odd_records_are_counted_alike() {
    let (Some(database), file) = (Place::postgres(), Place::file()) else { return };
    let stores = [file.open(), database.open()];
    let question = |since: Option<&str>| Question {
        production: Production(["prod".to_owned()].into()),
        since: since.map(|at| at.parse().unwrap()),
    };
    let both = |question: &Question| stores.each_ref().map(|store| tally(&**store, question).unwrap());
    let mut unreadable = 0;
    for record in odd_records() {
        let shown = String::from_utf8_lossy(&record.leaf).into_owned();
        for store in &stores {
            store.append(&record).unwrap();
        }
        let [one, other] = both(&question(None));
        assert_eq!(one, other, "{shown}");
        unreadable = one.unreadable;
    }
    assert!(unreadable > 30, "{unreadable}");
    for since in ["1970-01-01T00:00:00Z", "2030-01-05T09:00:00Z", "2030-01-05T10:00:01Z"] {
        let [one, other] = both(&question(Some(since)));
        assert_eq!(one, other, "since {since}");
        assert_eq!(one.unreadable, unreadable);
    }
}

#[test]
fn a_list_that_is_gone_is_a_fault_of_both() {
    let list = json!({"part": "p", "sha256": "ab".repeat(32), "count": 1});
    let places = [
        json!({"what": {"change": "CHG-1", "resources": list}}),
        json!({"why": list}),
        json!({"used": {"approvals": list}}),
    ];
    for (n, predicate) in places.iter().enumerate() {
        let question =
            Question { production: Production::default(), since: Some("2030-01-01T00:00:00Z".parse().unwrap()) };
        let (Some(database), file) = (Place::postgres(), Place::file()) else { return };
        let faults = [file.open(), database.open()].map(|store| {
            store.append(&record(n, predicate, Vec::new())).unwrap();
            let fault = tally(&*store, &question).unwrap_err();
            (fault.code, fault.message, fault.help)
        });
        assert_eq!(faults[0], faults[1]);
        assert!(faults[0].1.contains(&"ab".repeat(32)), "{faults:?}");
    }
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
