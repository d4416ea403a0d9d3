//! Ways around an approval, a freeze or an override that somebody might try, each refused, beside the honest way, which
//! is not. Production of the shop asks for one peer.

use std::process::Command;

use serde_json::{Value, json};

use crate::shop::{NOW, Ran, Shop};

const ALICE: &str = "Alice Arnold <alice@acme.example>";
const DAVE: &str = "Dave Dent <dave@acme.example>";
const OLGA: &str = "Olga Ops <olga@acme.example>";
const REQUEST: &str = "changes/CHG-2030-00017.yaml";
const WORKLOAD: &str = "k8s/prod/storefront/deployment.yaml";
const IDENTITIES: &str = ".changegate/identities.yaml";
const FREEZE: &str = ".changegate/freeze.yaml";
const IMAGE: [&str; 2] = [
    "d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35",
    "4e07408562bedb8b60ce05c1decfe3ad16b72230967de01f640b7e4729b49fce",
];

/// A change of Alice's on its way to production.
struct Change {
    shop: Shop,
    keys: tempfile::TempDir,
    reviews: Vec<Value>,
}

/// One way around.
struct Attempt {
    what: &'static str,
    attempt: fn(&mut Change),
    /// Exit code: 1 denied, 3 pending.
    code: i32,
    policy: &'static str,
    /// The code, or the words, of why it is refused.
    why: &'static str,
}

const ATTEMPTS: &[Attempt] = &[
    Attempt {
        what: "the author approves",
        attempt: |c| c.review("alice-acme"),
        code: 3,
        policy: "CAB-003",
        why: "contributor",
    },
    Attempt {
        what: "the author approves under a second login",
        attempt: |c| c.review("alice-alt"),
        code: 3,
        policy: "CAB-003",
        why: "contributor",
    },
    Attempt {
        what: "the implementer approves",
        attempt: |c| c.review("bob-acme"),
        code: 3,
        policy: "CAB-003",
        why: "contributor",
    },
    Attempt {
        what: "two co-authors approve each other's work",
        attempt: |c| {
            c.edit_workload("replicas: 6", "replicas: 7");
            c.shop.commit("More\n\nCo-authored-by: Dave Dent <dave@acme.example>", "Bob Best <bob@acme.example>");
            c.review("dave-acme");
            c.review("bob-acme");
        },
        code: 3,
        policy: "CAB-003",
        why: "contributor",
    },
    Attempt {
        what: "somebody approves, then pushes",
        attempt: |c| {
            c.review("dave-acme");
            c.edit_workload("replicas: 6", "replicas: 7");
            c.shop.commit("One more thing", DAVE);
        },
        code: 3,
        policy: "CAB-003",
        why: "contributor",
    },
    Attempt {
        what: "the author pushes after the approval",
        attempt: |c| {
            c.review("dave-acme");
            c.edit_workload("replicas: 6", "replicas: 7");
            c.shop.commit("One more thing", ALICE);
        },
        code: 3,
        policy: "CAB-002",
        why: "stale-commit",
    },
    Attempt {
        what: "a review of an older commit, by a date that lies in the future",
        attempt: |c| {
            c.review("dave-acme");
            c.reviews[0]["submitted_at"] = json!("2031-01-01T00:00:00Z");
        },
        code: 3,
        policy: "CAB-002",
        why: "in-the-future",
    },
    Attempt {
        what: "a bot approves under a name that somebody has",
        attempt: |c| {
            c.review("dave-acme");
            c.reviews[0]["user"]["type"] = json!("Bot");
        },
        code: 3,
        policy: "CAB-002",
        why: "bot",
    },
    Attempt {
        what: "a bot approves by its name",
        attempt: |c| c.review("dave-acme[bot]"),
        code: 3,
        policy: "CAB-002",
        why: "bot",
    },
    Attempt {
        what: "a role is added in the same pull request",
        attempt: |c| {
            c.shop.edit(
                IDENTITIES,
                "aliases: [erin-acme], team: group:default/web, roles: []",
                "aliases: [erin-acme], team: group:default/web, roles: [{role: peer}]",
            );
            c.shop.commit("Erin may approve", ALICE);
            c.review("erin-acme");
        },
        code: 3,
        policy: "CAB-002",
        why: "no-role",
    },
    Attempt {
        what: "an approval is only typed in",
        attempt: |c| {
            let digest = c.digest();
            c.approvals(&format!("    - {{by: dave@acme.example, role: peer, decision: approved, at: \"2030-02-24T18:00:00Z\", boundDigest: \"{digest}\"}}\n"));
            c.shop.commit("Dave said yes", ALICE);
        },
        code: 3,
        policy: "CAB-002",
        why: "self-asserted",
    },
    Attempt {
        what: "a freeze is removed in the same pull request",
        attempt: |c| {
            c.plan_into_freeze();
            c.shop.edit(FREEZE, "kind: deny\n      name: Peak season", "kind: allow\n      name: Peak season");
            c.shop.commit("No peak season", ALICE);
            c.review("dave-acme");
        },
        code: 1,
        policy: "CHG-001",
        why: "Peak season",
    },
    Attempt {
        what: "the calendar is set to UTC in the same pull request",
        attempt: |c| {
            // Half past midnight in Berlin, where the season has begun; not yet in UTC.
            c.schedule("2030-11-25T00:10:00+01:00", "2030-11-25T00:30:00+01:00");
            c.shop.edit(FREEZE, "timezone: Europe/Berlin", "timezone: UTC");
            c.shop.commit("Another zone", ALICE);
            c.review("dave-acme");
        },
        code: 1,
        policy: "CHG-001",
        why: "Peak season",
    },
];

/// The same with keys, where ssh-keygen is there to make them.
const SIGNED: &[Attempt] = &[
    Attempt {
        what: "an approval is copied from another change",
        attempt: |c| {
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
        },
        code: 3,
        policy: "CAB-002",
        why: "bad-signature",
    },
    Attempt {
        what: "a signed approval of other content",
        attempt: |c| {
            c.sign("dave", &[]);
            c.shop.commit("Approved", DAVE);
            c.edit_workload("replicas: 6", "replicas: 7");
            c.shop.commit("One more thing", ALICE);
        },
        code: 3,
        policy: "CAB-002",
        why: "digest-mismatch",
    },
    Attempt {
        what: "a signature by somebody else's key",
        attempt: |c| {
            c.sign_as("erin", "dave@acme.example", &[]);
            c.shop.commit("Approved", ALICE);
        },
        code: 3,
        policy: "CAB-002",
        why: "key-unlisted",
    },
    Attempt {
        what: "a key is listed in the same pull request",
        attempt: |c| {
            let key = c.public("mallory");
            let signers = c.shop.read(".changegate/allowed_signers");
            c.shop.write(".changegate/allowed_signers", format!("{signers}dave@acme.example {key}\n"));
            c.shop.commit("A new key for Dave", ALICE);
            c.sign_as("mallory", "dave@acme.example", &[]);
            c.shop.commit("Approved", ALICE);
        },
        code: 3,
        policy: "CAB-002",
        why: "key-unlisted",
    },
    Attempt {
        what: "a key that has expired",
        attempt: |c| {
            c.sign_as("old", "dave@acme.example", &[]);
            c.shop.commit("Approved", ALICE);
        },
        code: 3,
        policy: "CAB-002",
        why: "key-expired",
    },
    Attempt {
        what: "a signature that is dated in the future",
        attempt: |c| {
            c.sign("dave", &["--now", "2030-02-26T00:00:00Z"]);
            c.shop.commit("Approved", DAVE);
        },
        code: 3,
        policy: "CAB-002",
        why: "in-the-future",
    },
    Attempt {
        what: "a signature of the decision is turned around",
        attempt: |c| {
            c.sign("dave", &["--decision", "changes-requested"]);
            c.shop.edit(REQUEST, "decision: \"changes-requested\"", "decision: \"approved\"");
            c.shop.commit("Approved", ALICE);
        },
        code: 3,
        policy: "CAB-002",
        why: "bad-signature",
    },
    Attempt {
        what: "one key signs for two people",
        attempt: |c| {
            c.sign_as("shared", "dave@acme.example", &[]);
            c.sign_as("shared", "frank@acme.example", &[]);
            c.shop.commit("Approved", ALICE);
        },
        code: 3,
        policy: "CAB-002",
        why: "shared-key",
    },
    Attempt {
        what: "a commit that is dated in the future carries the approval",
        attempt: |c| c.sign_commit("dave", "2030-02-26T00:00:00Z"),
        code: 3,
        policy: "CAB-002",
        why: "in-the-future",
    },
    Attempt {
        what: "an Approved-by line in a commit that somebody else signed",
        attempt: |c| c.sign_commit("erin", "2030-02-24T20:00:00Z"),
        code: 3,
        policy: "CAB-002",
        why: "key-unlisted",
    },
    Attempt {
        what: "a signed commit, then a push",
        attempt: |c| {
            c.sign_commit("dave", "2030-02-24T20:00:00Z");
            c.edit_workload("replicas: 6", "replicas: 7");
            c.shop.commit("One more thing", ALICE);
        },
        code: 3,
        policy: "CAB-002",
        why: "stale-commit",
    },
];

fn refused(attempts: &[Attempt], change: fn() -> Change) {
    for Attempt { what, attempt, code, policy, why } in attempts {
        let mut change = change();
        attempt(&mut change);
        let ran = change.judge();
        let open = |f: &Value| f["policy"] == *policy && f["status"] == "open" && f["result"] == "fail";
        let json = ran.json();
        assert_eq!(ran.code, *code, "{what}: {:#}", json["findings"]);
        assert!(
            json["findings"].as_array().unwrap().iter().any(open),
            "{what}: {policy} is not open in {:#}",
            json["findings"]
        );
        assert!(ran.stdout.contains(why), "{what}: nothing says {why:?} in {:#}", json["findings"]);
    }
}

#[test]
fn every_way_around_is_refused() {
    refused(ATTEMPTS, Change::new);
}

#[test]
fn every_way_around_with_keys_is_refused() {
    if has_ssh_keygen() {
        refused(SIGNED, Change::with_keys);
    }
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

impl Change {
    fn new() -> Self {
        Self::on(|_, _| {})
    }

    /// With keys of several people, and a file that says who may sign.
    fn with_keys() -> Self {
        Self::on(|shop, keys| {
            let mut signers = String::new();
            for name in ["dave", "erin", "ivan", "grace", "old", "shared", "mallory"] {
                let path = keys.path().join(name);
                let made = Command::new("ssh-keygen")
                    .args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"])
                    .arg(path)
                    .status();
                assert!(made.unwrap().success());
                let key = std::fs::read_to_string(keys.path().join(format!("{name}.pub"))).unwrap();
                signers += &match name {
                    "old" => format!("dave@acme.example valid-before=\"20300101Z\" {key}"),
                    "shared" => format!("dave@acme.example,frank@acme.example {key}"),
                    "mallory" => String::new(),
                    _ => format!("{name}@acme.example namespaces=\"git,changegate-approval@v1\" {key}"),
                };
            }
            shop.write(".changegate/allowed_signers", signers);
        })
    }

    fn on(prepare: impl FnOnce(&Shop, &tempfile::TempDir)) -> Self {
        let (shop, keys) = (Shop::acme(), tempfile::tempdir().unwrap());
        shop.git(&["checkout", "-q", "main"]);
        shop.edit(
            ".changegate/approvals.yaml",
            "low: {} # the branch protection asks for a review already",
            "low: {peer: 1}",
        );
        shop.edit(
            IDENTITIES,
            "aliases: [alice-acme], team: group:default/web, roles: []}",
            "aliases: [alice-acme, alice-alt], team: group:default/web, roles: [{role: peer}]}\n    - {person: erin@acme.example, aliases: [erin-acme], team: group:default/web, roles: []}",
        );
        shop.edit(IDENTITIES, "roles: [{role: service-owner, from", "roles: [{role: peer}, {role: service-owner, from");
        prepare(&shop, &keys);
        shop.commit("A peer approves", OLGA);
        shop.git(&["checkout", "-q", "-B", "change"]);
        for path in [REQUEST, WORKLOAD] {
            let text = shop.read(path).replace(IMAGE[0], IMAGE[1]);
            shop.write(path, text);
        }
        shop.commit("Ship it", ALICE);
        Self { shop, keys, reviews: Vec::new() }
    }

    /// Where the records go.
    fn trail(&self) -> String {
        self.keys.path().join("trail").to_string_lossy().into_owned()
    }

    fn edit_workload(&self, from: &str, to: &str) {
        let text = self.shop.read(WORKLOAD);
        let changed = if text.contains(from) { text.replacen(from, to, 1) } else { format!("{text}# {to}\n") };
        self.shop.write(WORKLOAD, changed);
    }

    fn schedule(&self, start: &str, end: &str) {
        self.shop.edit(REQUEST, "2030-03-05T10:00:00+01:00", start);
        self.shop.edit(REQUEST, "2030-03-05T11:30:00+01:00", end);
        self.shop.edit(REQUEST, "testedAt: \"2030-02-20T09:00:00Z\"", "testedAt: \"2030-11-10T09:00:00Z\"");
    }

    fn plan_into_freeze(&self) {
        self.schedule("2030-11-26T10:00:00+01:00", "2030-11-26T11:30:00+01:00");
        self.shop.commit("In the season", ALICE);
    }

    /// Asks to go ahead in the freeze, with these approvals.
    fn ask_for_override(&self, approvals: &str) {
        self.plan_into_freeze();
        let digest = self.digest();
        let asked = format!(
            "  freezeOverride:\n    freezeRef: peak-2030\n    requestedBy: alice@acme.example\n    category: security-fix\n    \
             justification: \"CVE-2030-1234 is exploited in the wild; the fix cannot wait for the end of the season.\"\n    \
             approvals:{approvals}\n    grantedAt: \"2030-11-26T08:00:00Z\"\n    expiresAt: \"2030-11-26T16:00:00Z\"\n    \
             boundDigest: \"{digest}\"\n"
        );
        self.shop.edit(REQUEST, "  approvals: []\n", &format!("{asked}  approvals: []\n"));
        self.shop.commit("It cannot wait", ALICE);
    }

    /// Judges at stage apply, in the freeze, by the two policies that it is about.
    fn apply(&self) -> Ran {
        let trail = self.trail();
        let policies = ["lib", "change/freeze_window", "change/incomplete_override"];
        let policies = policies.map(|p| format!("{}/policies/{p}", env!("CARGO_MANIFEST_DIR")));
        let policies = policies.iter().flat_map(|p| ["--policy", p]);
        let fixed = ["--stage", "apply", "--now", "2030-11-26T09:10:00Z", "--audit", &trail, "--no-builtin"];
        self.run(&fixed.into_iter().chain(policies).collect::<Vec<_>>())
    }

    /// Adds an approval of the present head on the forge.
    fn review(&mut self, login: &str) {
        let (id, head) = (self.reviews.len() + 1, self.shop.git(&["rev-parse", "HEAD"]));
        self.reviews.push(json!({
            "id": id, "user": {"login": login, "type": "User"}, "state": "APPROVED",
            "submitted_at": "2030-02-24T18:00:00Z", "commit_id": head,
        }));
    }

    /// Replaces the request's list.
    fn approvals(&self, entries: &str) {
        self.shop.edit(REQUEST, "  approvals: []\n", &format!("  approvals:\n{entries}"));
    }

    fn public(&self, key: &str) -> String {
        std::fs::read_to_string(self.keys.path().join(format!("{key}.pub"))).unwrap().trim().to_owned()
    }

    fn sign(&self, who: &str, more: &[&str]) {
        self.sign_as(who, &format!("{who}@acme.example"), more);
    }

    fn sign_as(&self, key: &str, by: &str, more: &[&str]) {
        let key = self.keys.path().join(key).to_string_lossy().into_owned();
        let now = if more.contains(&"--now") { &[][..] } else { &["--now", "2030-02-24T18:00:00Z"] };
        let args = ["approve", REQUEST, "--base", "main", "--key", &key, "--by", by, "--role", "peer"];
        let ran = self.shop.changegate(&[&args[..], now, more].concat());
        assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    }

    /// A commit without content, signed, with the line of Dave's approval.
    fn sign_commit(&self, key: &str, date: &str) {
        let key = self.keys.path().join(key).to_string_lossy().into_owned();
        let status = Command::new("git")
            .args(["-c", "gpg.format=ssh", "-c", &format!("user.signingkey={key}"), "-c", "user.name=Dave"])
            .args(["-c", "user.email=dave@acme.example", "commit", "-q", "-S", "--allow-empty"])
            .args(["-m", "Approve\n\nApproved-by: Dave Dent <dave@acme.example>"])
            .current_dir(self.shop.root())
            .env("GIT_AUTHOR_DATE", date)
            .env("GIT_COMMITTER_DATE", date)
            .env("HOME", self.shop.root())
            .status();
        assert!(status.unwrap().success());
    }

    fn digest(&self) -> String {
        self.judge().json()["change"]["digest"].as_str().unwrap().to_owned()
    }

    fn judge(&self) -> Ran {
        self.run(&["--now", NOW, "--no-audit", "--only", "CAB-002,CAB-003,CHG-001,CHG-002"])
    }

    /// The decision and the signed approval that it rests on stand in the trail, where the signature is checked again.
    fn recorded(&self) {
        let trail = self.trail();
        let ran = self.run(&["--now", NOW, "--only", "CAB-002,CAB-003", "--audit", &trail]);
        assert_eq!(ran.code, 0, "{}", ran.stdout);
        let listed = self.shop.changegate(&["audit", "export", "--format", "jsonl", "--audit", &trail]).stdout;
        let approval =
            listed.lines().find(|line| line.contains("changegate/record") || line.contains("\"approval\"")).unwrap();
        assert!(approval.contains("\"evidence\"") && approval.contains("A3"), "{approval}");
        let verified = self.shop.changegate(&["audit", "verify", "--audit", &trail]);
        assert!([0, 3].contains(&verified.code), "{}{}", verified.stdout, verified.stderr);
        let parts = std::path::Path::new(&trail).join("parts");
        for part in std::fs::read_dir(parts).unwrap().map(|e| e.unwrap().path()) {
            let bytes = std::fs::read(&part).unwrap();
            std::fs::write(&part, [&bytes[..], b" "].concat()).unwrap();
        }
        let verified = self.shop.changegate(&["audit", "verify", "--audit", &trail]);
        assert_eq!(verified.code, 1, "{}{}", verified.stdout, verified.stderr);
    }

    fn run(&self, more: &[&str]) -> Ran {
        let reviews = self.keys.path().join("reviews.json");
        std::fs::write(&reviews, Value::from(self.reviews.clone()).to_string()).unwrap();
        let reviews = reviews.to_string_lossy().into_owned();
        let fixed = ["check", "--base", "main", "--head", "change", "--format", "json", "--reviews", &reviews];
        self.shop.changegate(&[&fixed[..], more].concat())
    }
}

#[allow(clippy::print_stderr, clippy::disallowed_macros, reason = "a test that was skipped says so")]
fn has_ssh_keygen() -> bool {
    let there = Command::new("ssh-keygen").arg("-?").output().is_ok();
    if !there {
        eprintln!("skipped: ssh-keygen is not installed");
    }
    there
}
