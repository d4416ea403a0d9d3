use super::*;
use crate::change::fixture;
use crate::change::{ContentEntry, digest};

const COMPLETE: &str = include_str!("../../../tests/data/change/request.yaml");

fn read(text: &str) -> Result<Request, Vec<String>> {
    let (sources, documents) = fixture::yaml(text);
    Request::read("changes/CHG-1.yaml", &documents[0]).map_err(|told| fixture::told(&sources, &told))
}

fn with_spec(spec: &str) -> Result<Request, Vec<String>> {
    read(&format!("apiVersion: changegate/v1\nkind: ChangeRequest\nmetadata: {{id: CHG-1}}\nspec: {spec}\n"))
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

#[test]
fn every_field_of_the_schema_is_read() {
    let request = read(COMPLETE).expect("a complete request");
    assert_eq!(request.id(), "CHG-2026-00417");
    assert!(request.node.get("status").is_none(), "tools write the status");
    let participants: Vec<&str> = request.participants().collect();
    assert_eq!(participants, ["alice@acme.example", "bob@acme.example"]);
    assert_eq!(request.risk().declared.as_deref(), Some("medium"));
    assert_eq!(request.spec().approvals.len(), 1);
}

#[test]
fn a_request_that_promises_nothing_is_well_formed() {
    for spec in ["{}", "", "{schedule: {}, scope: {}, artifacts: {}, requester: null, approvals: null}"] {
        assert!(with_spec(spec).is_ok(), "{spec}");
    }
}

#[test]
fn what_does_not_fit_is_told_at_its_place() {
    let rows = [
        ("{descripton: x}", "document::unknown-field: unknown field `descripton` in `spec`"),
        ("{type: urgent}", "document::value: `spec.type`: unknown value `urgent`"),
        ("{changeClass: security}", "document::value: `spec.changeClass`: unknown value `security`"),
        ("{impact: 4}", "document::value: `spec.impact`: 4 is not a rank from 1 to 3"),
        ("{impact: '2'}", "document::type: `spec.impact`: expected a whole number from 0 to 255, found a string"),
        (
            "{schedule: {start: 2026-06-11T20:00:00}}",
            "document::value: `spec.schedule.start`: `2026-06-11T20:00:00` has no offset",
        ),
        ("{schedule: {timezone: Mars/Base}}", "document::value: `spec.schedule.timezone`: unknown time zone"),
        (
            "{rollback: {maxDuration: 20}}",
            "document::type: `spec.rollback.maxDuration`: expected a duration as a string",
        ),
        ("{rollback: {maxDuration: P1M}}", "document::value: `spec.rollback.maxDuration`: `P1M` has years or months"),
        (
            "{artifacts: {planDigest: 'sha256:abc'}}",
            "document::value: `spec.artifacts.planDigest`: `sha256:abc` is not `sha256:`",
        ),
        (
            "{progressiveDelivery: {steps: [{weight: 101}]}}",
            "document::value: `spec.progressiveDelivery.steps[0].weight`: 101 is not a percentage",
        ),
        (
            "{featureFlags: [{defaultState: off}]}",
            "document::type: `spec.featureFlags[0].defaultState`: expected a string, found the boolean false",
        ),
        (
            "{rollback: {triggers: [{threshold: 9007199254740993}]}}",
            "document::value: a number too large or too long to be exact",
        ),
        (
            "{schedule: {start: '2026-01-01T00:00:00Z', end: '2027-01-03T00:00:00Z'}}",
            "document::value: a change longer than a year",
        ),
    ];
    for (spec, expected) in rows {
        let told = with_spec(spec).expect_err(spec);
        assert!(told.len() == 1 && told[0].starts_with(&format!("4: {expected}")), "{spec}: {told:?}");
    }
}

#[test]
fn another_kind_is_not_a_change_request() {
    let rows = [
        (
            "apiVersion: changegate/v1\nkind: FreezeCalendar\nmetadata: {}",
            "2: request::kind: this is not a change request: `kind` is `FreezeCalendar`",
        ),
        (
            "apiVersion: v1\nkind: ChangeRequest\nmetadata: {id: CHG-1}",
            "1: request::kind: this is not a change request: `apiVersion` is `v1`",
        ),
        (
            "kind: ChangeRequest\nmetadata: {id: CHG-1}",
            "1: document::missing-field: missing field `apiVersion` at the top level",
        ),
        (
            "apiVersion: changegate/v1\nkind: ChangeRequest\nmetadata: {id: chg_1}",
            "3: document::value: `metadata.id`: `chg_1` is not a change id",
        ),
        (
            "apiVersion: changegate/v1\nkind: ChangeRequest\nmetadata: {}",
            "3: document::missing-field: missing field `id` in `metadata`",
        ),
        (
            "apiVersion: changegate/v1\nkind: ChangeRequest\nmetdata: {}",
            "3: document::unknown-field: unknown field `metdata` at the top level",
        ),
        ("- a", "1: document::type: expected a mapping, found a list"),
    ];
    for (text, expected) in rows {
        let told = read(text).expect_err(text);
        assert!(told[0].starts_with(expected), "{text}: {told:?}");
    }
}

#[test]
fn ids_may_be_numbers_and_services_references() {
    let request = with_spec("{relatedIncidents: [17, INC-2], approvals: [{evidence: {id: 2231}}]}").unwrap();
    assert_eq!(request.spec().related_incidents[0].0, "17");
    assert_eq!(bare_name("component:default/orders-api"), "orders-api");
    assert_eq!(bare_name("component:orders-api"), "orders-api");
    assert_eq!(bare_name("default/orders-api"), "orders-api");
    assert_eq!(bare_name("orders-api"), "orders-api");
}

#[test]
fn a_change_occupies_its_window_and_the_rollback() {
    let request = with_spec(
        "{schedule: {start: '2026-06-11T20:00:00+01:00', end: '2026-06-11T22:30:00+01:00'}, rollback: {maxDuration: PT20M}}",
    )
    .unwrap();
    let occupied = |stage, now: &str| {
        let window = request.window(stage, at(now)).unwrap();
        assert_eq!((window.start_ns, window.end_ns), (1_781_204_400_000_000_000, 1_781_213_400_000_000_000));
        assert_eq!(window.rollback_ns, 1_200_000_000_000);
        format!("{}/{}", window.occupied.start.0, window.occupied.end.0)
    };
    assert_eq!(occupied(Stage::PullRequest, "2026-06-09T09:00:00Z"), "2026-06-11T19:00:00Z/2026-06-11T21:50:00Z");
    assert_eq!(occupied(Stage::Apply, "2026-06-11T20:00:00Z"), "2026-06-11T20:00:00Z/2026-06-11T21:50:00Z");
    assert_eq!(occupied(Stage::Apply, "2026-06-11T21:30:00Z"), "2026-06-11T21:30:00Z/2026-06-11T21:50:00Z");
    assert_eq!(occupied(Stage::Apply, "2026-06-11T23:00:00Z"), "2026-06-11T23:00:00Z/2026-06-11T23:20:00Z");
}

#[test]
fn what_is_missing_falls_back_and_never_shortens() {
    let window = |spec: &str| with_spec(spec).unwrap().window(Stage::PullRequest, at("2026-06-01T00:00:00Z"));
    assert_eq!(window("{}"), None);
    assert_eq!(window("{schedule: {end: '2026-06-11T20:00:00Z'}}"), None);
    let only_start = window("{schedule: {start: '2026-06-11T20:00:00Z'}}").unwrap();
    assert_eq!((only_start.end, only_start.rollback_ns), (only_start.start, 0));
    assert_eq!(only_start.occupied.end, only_start.start);
    let backwards =
        window("{schedule: {start: '2026-06-11T20:00:00Z', end: '2026-06-11T19:00:00Z'}, rollback: {maxDuration: 1h}}")
            .unwrap();
    assert_eq!(backwards.occupied.end.0.to_string(), "2026-06-11T21:00:00Z");
}

fn entry(path: &str, blob: Option<&str>) -> ContentEntry {
    ContentEntry { path: path.into(), mode: "100644".into(), blob: blob.map(str::to_owned) }
}

#[test]
fn the_digest_is_the_hash_of_the_canonical_text() {
    let request = with_spec("{type: normal, impact: 2, scope: {regions: [eu-west-1]}, cab: {required: true}}").unwrap();
    let content = [entry("b.yaml", None), entry("a.yaml", Some("0badc0de"))];
    // printf '%s' '{"content":[["a.yaml","100644","0badc0de"],["b.yaml","100644",null]],"id":"CHG-1","spec":{"impact":2,"scope":{"regions":["eu-west-1"]},"type":"normal"}}' | sha256sum
    assert_eq!(digest(&content, &request), "sha256:1071a3b83cd6bf7ef1654f238d09bd5a8554c42c34036c55e80368d7d0b91858");
}

#[test]
fn the_digest_changes_with_the_substance_and_with_nothing_else() {
    let base = with_spec("{type: normal, rollback: {triggers: [{threshold: 0.01}]}}").unwrap();
    let content = [entry("a.yaml", Some("1")), entry("b.yaml", Some("2"))];
    let expected = digest(&content, &base);
    let same = [
        "{rollback: {triggers: [{threshold: 1e-2}]}, type: normal}",
        "{type: normal, rollback: {triggers: [{threshold: 0.01}]}, approvals: [{by: x}], cab: {required: true}, freezeOverride: {category: x}}",
        "{\"type\": 'normal', rollback: {triggers: [{threshold: 0.010}]}} # comment\nstatus: {state: closed}",
    ];
    for spec in same {
        assert_eq!(digest(&content, &with_spec(spec).unwrap()), expected, "{spec}");
    }
    let reversed: Vec<ContentEntry> = content.iter().rev().cloned().collect();
    assert_eq!(digest(&reversed, &base), expected, "the order of the content does not matter");
    for spec in ["{type: normal}", "{type: emergency, rollback: {triggers: [{threshold: 0.01}]}}"] {
        assert_ne!(digest(&content, &with_spec(spec).unwrap()), expected, "{spec}");
    }
    let others = [vec![entry("a.yaml", Some("1"))], vec![entry("a.yaml", Some("1")), entry("b.yaml", None)], vec![]];
    for other in others {
        assert_ne!(digest(&other, &base), expected);
    }
}
