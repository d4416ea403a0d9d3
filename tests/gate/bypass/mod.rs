//! Ways around an approval, a freeze or an override that somebody might try, each refused, beside the honest way, which
//! is not. Production of the shop asks for one peer. That the gate's own step cannot be removed: `switched_off.rs`.

mod change;
mod code_owners;

use serde_json::{Value, json};

use self::change::{ALICE, Change, DAVE, FREEZE, IDENTITIES, REQUEST, has_ssh_keygen};

/// Ways around, each a test of its name: the exit code (1 denied, 3 pending), the policy that refuses it, and the code, or
/// the words, of why.
macro_rules! refused {
    ($change:path; $($name:ident: $code:literal, $policy:literal, $why:literal, |$c:ident| $attempt:expr;)*) => {$(
        #[test]
        fn $name() {
            let Some(mut change) = $change() else { return };
            let attempt: fn(&mut Change) = |$c| $attempt;
            attempt(&mut change);
            refuse(&change, $code, $policy, $why);
        }
    )*};
}

refused! {
    Change::plain;

    self_approval: 3, "CAB-003", "contributor", |c| c.review("alice-acme");

    a_second_login: 3, "CAB-003", "contributor", |c| c.review("alice-alt");

    the_implementer_approves: 3, "CAB-003", "contributor", |c| c.review("bob-acme");

    co_authors_approve_each_other: 3, "CAB-003", "contributor", |c| {
        c.edit_workload("replicas: 6", "replicas: 7");
        c.shop.commit("More\n\nCo-authored-by: Dave Dent <dave@acme.example>", "Bob Best <bob@acme.example>");
        c.review("dave-acme");
        c.review("bob-acme");
    };

    approving_then_pushing: 3, "CAB-003", "contributor", |c| {
        c.review("dave-acme");
        c.edit_workload("replicas: 6", "replicas: 7");
        c.shop.commit("One more thing", DAVE);
    };

    a_review_of_an_older_commit: 3, "CAB-002", "stale-commit", |c| {
        c.review("dave-acme");
        c.edit_workload("replicas: 6", "replicas: 7");
        c.shop.commit("One more thing", ALICE);
    };

    a_review_that_is_dated_in_the_future: 3, "CAB-002", "in-the-future", |c| {
        c.review("dave-acme");
        c.reviews[0]["submitted_at"] = json!("2031-01-01T00:00:00Z");
    };

    a_bot_under_a_name_that_somebody_has: 3, "CAB-002", "bot", |c| {
        c.review("dave-acme");
        c.reviews[0]["user"]["type"] = json!("Bot");
    };

    a_bot_name: 3, "CAB-002", "bot", |c| c.review("dave-acme[bot]");

    a_role_added_in_the_same_pull_request: 3, "CAB-002", "no-role", |c| {
        c.shop.edit(
            IDENTITIES,
            "aliases: [erin-acme], team: group:default/web, roles: []",
            "aliases: [erin-acme], team: group:default/web, roles: [{role: peer}]",
        );
        c.shop.commit("Erin may approve", ALICE);
        c.review("erin-acme");
    };

    an_approval_that_is_only_typed_in: 3, "CAB-002", "self-asserted", |c| {
        let digest = c.digest();
        c.approvals(&format!("    - {{by: dave@acme.example, role: peer, decision: approved, at: \"2030-02-24T18:00:00Z\", boundDigest: \"{digest}\"}}\n"));
        c.shop.commit("Dave said yes", ALICE);
    };

    a_freeze_removed_in_the_same_pull_request: 1, "CHG-001", "Peak season", |c| {
        c.plan_into_freeze();
        c.shop.edit(FREEZE, "kind: deny\n      name: Peak season", "kind: allow\n      name: Peak season");
        c.shop.commit("No peak season", ALICE);
        c.review("dave-acme");
    };

    a_calendar_set_to_utc: 1, "CHG-001", "Peak season", |c| {
        // Half past midnight in Berlin, where the season has begun; not yet in UTC.
        c.schedule("2030-11-25T00:10:00+01:00", "2030-11-25T00:30:00+01:00");
        c.shop.edit(FREEZE, "timezone: Europe/Berlin", "timezone: UTC");
        c.shop.commit("Another zone", ALICE);
        c.review("dave-acme");
    };
}

// The same with keys, where ssh-keygen is there to make them.
refused! {
    Change::signed;

    an_approval_copied_from_another_change: 3, "CAB-002", "bad-signature", |c| {
        c.sign("dave", &[]);
        let signed = c.shop.read(REQUEST);
        let entry = signed.split_once("  approvals:\n").unwrap().1.to_owned();
        c.shop.git(&["checkout", "-q", "--", "."]);
        c.shop.edit(REQUEST, "id: CHG-2030-00017", "id: CHG-2030-00018");
        c.shop.commit("Another change", ALICE);
        // With the digest put right, the signature is not of it.
        let (here, there) = (c.digest(), entry.split_once("boundDigest: \"").unwrap().1[..71].to_owned());
        c.approvals(&entry.replace(&there, &here));
        c.shop.commit("Approved", ALICE);
    };

    a_signed_approval_of_other_content: 3, "CAB-002", "digest-mismatch", |c| {
        c.sign("dave", &[]);
        c.shop.commit("Approved", DAVE);
        c.edit_workload("replicas: 6", "replicas: 7");
        c.shop.commit("One more thing", ALICE);
    };

    a_signature_by_somebody_elses_key: 3, "CAB-002", "key-unlisted", |c| {
        c.sign_as("erin", "dave@acme.example", &[]);
        c.shop.commit("Approved", ALICE);
    };

    a_key_listed_in_the_same_pull_request: 3, "CAB-002", "key-unlisted", |c| {
        let key = c.public("mallory");
        let signers = c.shop.read(".changegate/allowed_signers");
        c.shop.write(".changegate/allowed_signers", format!("{signers}dave@acme.example {key}\n"));
        c.shop.commit("A new key for Dave", ALICE);
        c.sign_as("mallory", "dave@acme.example", &[]);
        c.shop.commit("Approved", ALICE);
    };

    an_expired_key: 3, "CAB-002", "key-expired", |c| {
        c.sign_as("old", "dave@acme.example", &[]);
        c.shop.commit("Approved", ALICE);
    };

    a_signature_that_is_dated_in_the_future: 3, "CAB-002", "in-the-future", |c| {
        c.sign("dave", &["--now", "2030-02-26T00:00:00Z"]);
        c.shop.commit("Approved", DAVE);
    };

    a_decision_that_is_turned_around: 3, "CAB-002", "bad-signature", |c| {
        c.sign("dave", &["--decision", "changes-requested"]);
        c.shop.edit(REQUEST, "decision: \"changes-requested\"", "decision: \"approved\"");
        c.shop.commit("Approved", ALICE);
    };

    one_key_for_two_people: 3, "CAB-002", "shared-key", |c| {
        c.sign_as("shared", "dave@acme.example", &[]);
        c.sign_as("shared", "frank@acme.example", &[]);
        c.shop.commit("Approved", ALICE);
    };

    a_future_dated_commit: 3, "CAB-002", "in-the-future", |c| c.sign_commit("dave", "2030-02-26T00:00:00Z");

    an_approved_by_line_that_somebody_else_signed: 3, "CAB-002", "key-unlisted", |c| c.sign_commit("erin", "2030-02-24T20:00:00Z");

    a_signed_commit_then_a_push: 3, "CAB-002", "stale-commit", |c| {
        c.sign_commit("dave", "2030-02-24T20:00:00Z");
        c.edit_workload("replicas: 6", "replicas: 7");
        c.shop.commit("One more thing", ALICE);
    };
}

fn refuse(change: &Change, code: i32, policy: &str, why: &str) {
    let ran = change.judge();
    let findings = &ran.json()["findings"];
    let open = |f: &Value| f["policy"] == policy && f["status"] == "open" && f["result"] == "fail";
    assert_eq!(ran.code, code, "{findings:#}");
    assert!(findings.as_array().unwrap().iter().any(open), "{policy} is not open in {findings:#}");
    assert!(ran.stdout.contains(why), "nothing says {why:?} in {findings:#}");
}

#[test]
fn the_honest_way_is_open() {
    let mut change = Change::new();
    assert_eq!(change.judge().code, 3);
    change.review("dave-acme");
    assert_eq!(change.judge().code, 0);
    // The same content under another commit is still what was approved (contract 4).
    change.shop.git(&[
        "-c",
        "user.name=Alice",
        "-c",
        "user.email=alice@acme.example",
        "commit",
        "-q",
        "--amend",
        "-m",
        "Reworded",
    ]);
    assert_eq!(change.judge().code, 0);
}

#[test]
fn the_honest_way_with_keys_is_open() {
    if !has_ssh_keygen() {
        return;
    }
    let change = Change::with_keys();
    change.sign("dave", &[]);
    // Who brings nothing but an approval contributes nothing.
    change.shop.commit("Approve", DAVE);
    assert_eq!(change.judge().code, 0, "signed entry");
    change.recorded();

    let change = Change::with_keys();
    change.sign_commit("dave", "2030-02-24T20:00:00Z");
    assert_eq!(change.judge().code, 0, "signed commit");
    change.recorded();
}

/// An override is applied to one commit: again to the same one is a retry, to another one is a reuse.
#[test]
fn an_override_is_used_once() {
    let mut change = Change::new();
    change.ask_for_override(
        "\n      - {by: ivan@acme.example, role: incident-commander, evidence: {kind: github-review, id: 1}}\n      \
         - {by: grace@acme.example, role: change-manager, evidence: {kind: github-review, id: 2}}",
    );
    let apply = |change: &mut Change| {
        change.reviews.clear();
        for login in ["ivan-acme", "grace-acme"] {
            change.review(login);
            change.reviews.last_mut().unwrap()["submitted_at"] = json!("2030-11-26T08:00:00Z");
        }
        change.apply()
    };
    let first = apply(&mut change);
    let json = first.json();
    assert_eq!(
        (first.code, json["verdict"].as_str(), json["decision"].as_str()),
        (0, Some("denied"), Some("allowed")),
        "{json:#}"
    );
    let freeze = json["findings"].as_array().unwrap().iter().find(|f| f["policy"] == "CHG-001").unwrap();
    assert_eq!(freeze["status"], "overridden");
    assert_eq!(apply(&mut change).code, 0, "a retry");

    change.shop.git(&[
        "-c",
        "user.name=Alice",
        "-c",
        "user.email=alice@acme.example",
        "commit",
        "-q",
        "--amend",
        "-m",
        "Again",
    ]);
    let again = apply(&mut change);
    assert_eq!(again.code, 1);
    assert!(again.stdout.contains("it was applied to commit"), "{}", again.stdout);
    let verified = change.shop.changegate(&["audit", "verify", "--audit", &change.trail()]);
    assert_ne!(verified.code, 1, "{}{}", verified.stdout, verified.stderr);
}

/// Who signs an override agrees to its terms: another freeze, or another end, is not what was signed.
#[test]
fn an_override_is_signed_with_its_terms() {
    if !has_ssh_keygen() {
        return;
    }
    let change = Change::with_keys();
    change.ask_for_override(" []");
    for (who, role) in [("ivan", "incident-commander"), ("grace", "change-manager")] {
        let key = change.keys.path().join(who).to_string_lossy().into_owned();
        let by = format!("{who}@acme.example");
        let args = ["approve", REQUEST, "--override", "--base", "main", "--now", "2030-11-26T08:00:00Z"];
        let ran = change.shop.changegate(&[&args[..], &["--key", &key, "--by", &by, "--role", role]].concat());
        assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    }
    change.shop.commit("Two agree", ALICE);
    let ran = change.apply();
    assert_eq!(ran.code, 0, "{:#}", ran.json()["findings"]);
    change.shop.edit(REQUEST, "expiresAt: \"2030-11-26T16:00:00Z\"", "expiresAt: \"2030-11-26T20:00:00Z\"");
    change.shop.commit("A little longer", ALICE);
    let ran = change.apply();
    assert_eq!(ran.code, 1);
    assert!(ran.stdout.contains("0 of 2 approvers count") && ran.stdout.contains("bad-signature"), "{}", ran.stdout);
}
