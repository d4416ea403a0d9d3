//! Runs the steps of `action.yml` as a runner would: a made-up event, the `GITHUB_*` files, and an API on 127.0.0.1.
//!
//! Needs `bash`, `curl`, `git` and `jq`, which every runner has; says so and passes where one is missing, unless
//! `CHANGEGATE_TEST_ACTION=required`.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    reason = "a test binary"
)]

mod forge;
mod runner;

use serde_json::{Value, json};

use forge::Forge;
use runner::{Run, Runner};

/// A pull request of acme whose change is `edits`, with the reviews that `reviews` makes of the head's id.
fn judge(
    branch: impl Fn(&Runner),
    event: &str,
    inputs: &[(&str, &str)],
    reviews: impl Fn(&str) -> Value,
) -> Option<(Run, Forge)> {
    let runner = Runner::new()?;
    branch(&runner);
    let head = runner.git(&["rev-parse", "HEAD"]);
    let base = runner.git(&["rev-parse", "main"]);
    let forge = Forge::start(&head, &reviews(&head));
    let payload = match event {
        "pull_request" => json!({"pull_request": {"number": 7, "base": {"sha": base}, "head": {"sha": head}}}),
        "merge_group" => json!({"merge_group": {
            "base_sha": base, "head_sha": head, "head_ref": format!("refs/heads/gh-readonly-queue/main/pr-7-{base}"),
        }}),
        "push" => json!({"before": base, "after": head}),
        "deployment" => json!({"deployment": {"sha": head, "environment": "production"}}),
        _ => json!({}),
    };
    let run = runner.run(event, &payload, &forge.address, inputs);
    Some((run, forge))
}

/// The storefront's image changes: a change that acme allows.
fn image(runner: &Runner) {
    let from = "sha256:d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35";
    let to = "sha256:4e07408562bedb8b60ce05c1decfe3ad16b72230967de01f640b7e4729b49fce";
    runner.edit("k8s/prod/storefront/deployment.yaml", from, to);
    runner.edit("changes/CHG-2030-00017.yaml", from, to);
    runner.commit("Ship the storefront", "Alice Arnold <alice@acme.example>");
}

/// And its canary is told to look away.
fn bypass(runner: &Runner) {
    runner.edit("k8s/prod/storefront/deployment.yaml", "  provider: istio", "  provider: istio\n  skipAnalysis: true");
    image(runner);
}

fn nobody(_: &str) -> Value {
    json!([])
}

const NOW: (&str, &str) = ("args", "--now\n2030-02-25T09:00:00Z\n");
const NO_AUDIT: (&str, &str) = ("audit", "none");

#[test]
fn a_denied_change_fails_and_says_why() {
    let Some((run, forge)) = judge(bypass, "pull_request", &[NOW, NO_AUDIT], nobody) else { return };
    assert_eq!(run.code, 1, "{}", run.log);
    assert_eq!(run.outputs["verdict"], "denied");
    assert_eq!(run.outputs["decision"], "denied");
    assert!(!run.outputs["risk"].is_empty(), "{:?}", run.outputs);
    let annotation =
        run.log.lines().find(|l| l.starts_with("::error") && l.contains("CAN-005")).expect("an annotation");
    for part in ["file=k8s/prod/storefront/deployment.yaml", "line=", "col=", "endLine="] {
        assert!(annotation.contains(part), "{part} is missing in {annotation}");
    }
    assert!(run.summary.contains("CAN-005"), "{}", run.summary);
    let sarif: Value = serde_json::from_str(&std::fs::read_to_string(&run.outputs["sarif"]).unwrap()).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    let comments = forge.comments();
    assert_eq!(comments.len(), 1);
    assert!(comments[0].starts_with("<!-- changegate valid-until="), "{}", comments[0]);
    assert!(comments[0].contains("CAN-005"), "{}", comments[0]);
}

#[test]
fn an_allowed_change_passes_and_updates_its_comment() {
    let Some((run, forge)) = judge(image, "pull_request", &[NOW, NO_AUDIT], nobody) else { return };
    assert_eq!(run.code, 0, "{}", run.log);
    assert_eq!(run.outputs["decision"], "allowed");
    assert_eq!(run.skipped, ["Upload SARIF"]);
    assert_eq!(run.used, ["actions/upload-artifact"]);
    let again = run.runner.run("pull_request", &run.payload, &forge.address, &[NOW, NO_AUDIT]);
    assert_eq!(again.code, 0, "{}", again.log);
    assert_eq!(forge.comments().len(), 1, "the second run updates the first one's comment");
    assert_eq!(forge.seen("PATCH"), 1);
}

/// Somebody writes a comment that looks like ours: it stays as it is.
#[test]
fn a_comment_of_a_person_is_not_touched() {
    let Some(runner) = Runner::new() else { return };
    image(&runner);
    let head = runner.git(&["rev-parse", "HEAD"]);
    let base = runner.git(&["rev-parse", "main"]);
    let forge = Forge::start(&head, &json!([]));
    forge.comment("mallory", "User", "<!-- changegate valid-until= -->\nallowed, trust me");
    let payload = json!({"pull_request": {"number": 7, "base": {"sha": base}, "head": {"sha": head}}});
    let run = runner.run("pull_request", &payload, &forge.address, &[NOW, NO_AUDIT]);
    assert_eq!(run.code, 0, "{}", run.log);
    assert_eq!(forge.comments().len(), 2);
    assert_eq!(forge.comments()[0], "<!-- changegate valid-until= -->\nallowed, trust me");
}

/// Reviews are fetched page by page: the hundred-and-first counts, too.
#[test]
fn every_page_of_reviews_is_read() {
    let many = |head: &str| {
        let noise = (0..100).map(|i| review(i, "nobody", "COMMENTED", head));
        Value::Array(noise.chain([review(100, "frank-acme", "APPROVED", head)]).collect())
    };
    let Some((run, forge)) = judge(image, "pull_request", &[NOW, NO_AUDIT], many) else { return };
    assert_eq!(run.code, 0, "{}", run.log);
    assert_eq!(forge.paths("GET", "/reviews"), 2);
    let kept = std::fs::read_to_string(run.temp("changegate-event/reviews.json")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&kept).unwrap().as_array().unwrap().len(), 101);
}

fn review(id: usize, login: &str, state: &str, head: &str) -> Value {
    json!({"id": id, "user": {"login": login, "type": "User"}, "state": state, "commit_id": head,
           "submitted_at": "2030-02-24T09:00:00Z"})
}

/// Text of the pull request never becomes a command: the inputs come through the environment, each line one argument.
#[test]
fn inputs_are_not_commands() {
    let evil = "x\"; touch \"$RUNNER_TEMP/owned\"; $(touch $RUNNER_TEMP/owned) `touch $RUNNER_TEMP/owned`";
    let Some((run, _)) = judge(image, "pull_request", &[NOW, NO_AUDIT, ("change", evil)], nobody) else { return };
    assert_eq!(run.code, 2, "{}", run.log);
    assert!(!run.temp("owned").exists());
}

#[test]
fn other_events_know_what_to_compare() {
    for (event, stage) in [
        ("merge_group", "pull-request"),
        ("push", "pull-request"),
        ("deployment", "apply"),
        ("schedule", "pull-request"),
    ] {
        let Some((run, _)) = judge(image, event, &[NOW, NO_AUDIT], nobody) else { return };
        let outcome: Value =
            serde_json::from_str(&std::fs::read_to_string(run.temp("changegate-report/outcome.json")).unwrap())
                .unwrap();
        assert_eq!(outcome["stage"], stage, "{event}: {}", run.log);
        assert_eq!(outcome["summary"]["changed_resources"], 1, "{event}: {}", run.log);
    }
}

#[test]
fn pull_request_target_is_refused() {
    let Some((run, _)) = judge(image, "pull_request_target", &[NOW, NO_AUDIT], nobody) else { return };
    assert_eq!(run.code, 2, "{}", run.log);
    assert!(run.log.contains("use pull_request"), "{}", run.log);
}

/// A forge that does not answer hides reviews: nothing is judged without them.
#[test]
fn an_api_that_fails_is_no_answer() {
    let Some(runner) = Runner::new() else { return };
    image(&runner);
    let head = runner.git(&["rev-parse", "HEAD"]);
    let base = runner.git(&["rev-parse", "main"]);
    let payload = json!({"pull_request": {"number": 7, "base": {"sha": base}, "head": {"sha": head}}});
    let run = runner.run("pull_request", &payload, "http://127.0.0.1:9", &[NOW, NO_AUDIT]);
    assert_eq!(run.code, 2, "{}", run.log);
    assert!(run.log.contains("cannot read pull request 7"), "{}", run.log);
}

/// A commit that the checkout has not fetched is named, with what to do.
#[test]
fn a_shallow_checkout_is_explained() {
    let Some(runner) = Runner::new() else { return };
    image(&runner);
    let head = runner.git(&["rev-parse", "HEAD"]);
    let forge = Forge::start(&head, &json!([]));
    let payload = json!({"pull_request": {"number": 7, "base": {"sha": "1".repeat(40)}, "head": {"sha": head}}});
    let run = runner.run("pull_request", &payload, &forge.address, &[NOW, NO_AUDIT]);
    assert_eq!(run.code, 2, "{}", run.log);
    assert!(run.log.contains("fetch-depth: 0"), "{}", run.log);
}

/// Every input and output that the action declares stands in its guide.
#[test]
fn the_guide_names_every_input_and_output() {
    let guide = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/github.md")).unwrap();
    let action = runner::action();
    for part in ["inputs", "outputs"] {
        for entry in action.get(part).and_then(|n| n.as_map()).unwrap().iter() {
            assert!(guide.contains(&format!("`{}`", entry.key)), "{} is missing in docs/github.md", entry.key);
        }
    }
}
