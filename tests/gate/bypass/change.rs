//! The change that somebody tries to get through, and the means to try it.

use std::process::Command;

use serde_json::{Value, json};

use crate::shop::{NOW, Ran, Shop};

pub const ALICE: &str = "Alice Arnold <alice@acme.example>";
pub const DAVE: &str = "Dave Dent <dave@acme.example>";
const OLGA: &str = "Olga Ops <olga@acme.example>";
pub const REQUEST: &str = "changes/CHG-2030-00017.yaml";
const WORKLOAD: &str = "k8s/prod/storefront/deployment.yaml";
pub const IDENTITIES: &str = ".changegate/identities.yaml";
pub const FREEZE: &str = ".changegate/freeze.yaml";
const IMAGE: [&str; 2] = [
    "d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35",
    "4e07408562bedb8b60ce05c1decfe3ad16b72230967de01f640b7e4729b49fce",
];

/// A change of Alice's on its way to production.
pub struct Change {
    pub shop: Shop,
    pub keys: tempfile::TempDir,
    pub reviews: Vec<Value>,
}

impl Change {
    /// Without keys; always there.
    pub fn plain() -> Option<Self> {
        Some(Self::new())
    }

    /// With keys; `None` where nothing can make them.
    pub fn signed() -> Option<Self> {
        has_ssh_keygen().then(Self::with_keys)
    }

    pub fn new() -> Self {
        Self::on(|_, _| {})
    }

    /// With keys of several people, and a file that says who may sign.
    pub fn with_keys() -> Self {
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

    pub fn on(prepare: impl FnOnce(&Shop, &tempfile::TempDir)) -> Self {
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
    pub fn trail(&self) -> String {
        self.keys.path().join("trail").to_string_lossy().into_owned()
    }

    pub fn edit_workload(&self, from: &str, to: &str) {
        let text = self.shop.read(WORKLOAD);
        let changed = if text.contains(from) { text.replacen(from, to, 1) } else { format!("{text}# {to}\n") };
        self.shop.write(WORKLOAD, changed);
    }

    pub fn schedule(&self, start: &str, end: &str) {
        self.shop.edit(REQUEST, "2030-03-05T10:00:00+01:00", start);
        self.shop.edit(REQUEST, "2030-03-05T11:30:00+01:00", end);
        self.shop.edit(REQUEST, "testedAt: \"2030-02-20T09:00:00Z\"", "testedAt: \"2030-11-10T09:00:00Z\"");
    }

    pub fn plan_into_freeze(&self) {
        self.schedule("2030-11-26T10:00:00+01:00", "2030-11-26T11:30:00+01:00");
        self.shop.commit("In the season", ALICE);
    }

    /// Asks to go ahead in the freeze, with these approvals.
    pub fn ask_for_override(&self, approvals: &str) {
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
    pub fn apply(&self) -> Ran {
        let trail = self.trail();
        let policies = ["lib", "change/freeze_window", "change/incomplete_override"];
        let policies = policies.map(|p| format!("{}/policies/{p}", env!("CARGO_MANIFEST_DIR")));
        let policies = policies.iter().flat_map(|p| ["--policy", p]);
        let fixed = ["--stage", "apply", "--now", "2030-11-26T09:10:00Z", "--audit", &trail, "--no-builtin"];
        self.run(&fixed.into_iter().chain(policies).collect::<Vec<_>>())
    }

    /// Adds an approval of the present head on the forge.
    pub fn review(&mut self, login: &str) {
        let (id, head) = (self.reviews.len() + 1, self.shop.git(&["rev-parse", "HEAD"]));
        self.reviews.push(json!({
            "id": id, "user": {"login": login, "type": "User"}, "state": "APPROVED",
            "submitted_at": "2030-02-24T18:00:00Z", "commit_id": head,
        }));
    }

    /// Replaces the request's list.
    pub fn approvals(&self, entries: &str) {
        self.shop.edit(REQUEST, "  approvals: []\n", &format!("  approvals:\n{entries}"));
    }

    pub fn public(&self, key: &str) -> String {
        std::fs::read_to_string(self.keys.path().join(format!("{key}.pub"))).unwrap().trim().to_owned()
    }

    pub fn sign(&self, who: &str, more: &[&str]) {
        self.sign_as(who, &format!("{who}@acme.example"), more);
    }

    pub fn sign_as(&self, key: &str, by: &str, more: &[&str]) {
        let key = self.keys.path().join(key).to_string_lossy().into_owned();
        let now = if more.contains(&"--now") { &[][..] } else { &["--now", "2030-02-24T18:00:00Z"] };
        let args = ["approve", REQUEST, "--base", "main", "--key", &key, "--by", by, "--role", "peer"];
        let ran = self.shop.changegate(&[&args[..], now, more].concat());
        assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    }

    /// A commit without content, signed, with the line of Dave's approval.
    pub fn sign_commit(&self, key: &str, date: &str) {
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

    pub fn digest(&self) -> String {
        self.judge().json()["change"]["digest"].as_str().unwrap().to_owned()
    }

    pub fn judge(&self) -> Ran {
        self.run(&["--now", NOW, "--no-audit", "--only", "CAB-002,CAB-003,CHG-001,CHG-002"])
    }

    /// The decision and the signed approval that it rests on stand in the trail, where the signature is checked again.
    pub fn recorded(&self) {
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
pub fn has_ssh_keygen() -> bool {
    let there = Command::new("ssh-keygen").arg("-?").output().is_ok();
    if !there {
        eprintln!("skipped: ssh-keygen is not installed");
    }
    there
}
