//! Who stood behind a record.

use std::fs;
use std::process::Command;

use changegate::audit::{Event, Expected, FileStore, Kind, Seal, Store, TokenSource, audience, event, verify};
use changegate::facts::Actor;
use changegate::finding::Diagnostic;
use jsonwebtoken::Algorithm;
use serde_json::{Map, Value, json};

use crate::log::{has, id, json_of, program, run};
use crate::provider::Key;

#[test]
fn every_pipeline_says_who_with_its_own_variables() {
    for (environment, login, method, assurance) in [
        (&[("GITHUB_ACTIONS", "true"), ("GITHUB_ACTOR", "mona")][..], "mona", "github-actions", "A1"),
        (&[("GITLAB_CI", "true"), ("GITLAB_USER_LOGIN", "tanuki")], "tanuki", "gitlab-ci", "A1"),
        (&[("BUILDKITE", "true"), ("BUILDKITE_BUILD_CREATOR", "kite")], "kite", "buildkite", "A1"),
        (&[("JENKINS_URL", "https://j"), ("BUILD_USER_ID", "butler")], "butler", "jenkins", "A1"),
        (&[], "alice", "git-config", "A0"),
    ] {
        let dir = tempfile::tempdir().expect("a directory");
        fs::write(dir.path().join(".gitconfig"), "[user]\n\temail = alice@acme.example\n").expect("written");
        let hold =
            program(dir.path()).envs(environment.iter().copied()).args(["audit", "hold", "--reason", "x"]).output();
        assert!(hold.expect("started").status.success());
        let who =
            &json_of(&run(dir.path(), &["audit", "show", "0", "--format", "json"]))["statement"]["predicate"]["who"];
        assert_eq!(
            (&who["login"], &who["method"], &who["assurance"]),
            (&json!(login), &json!(method), &json!(assurance))
        );
        if assurance == "A0" && has("git", "--version") {
            assert_eq!(who["email"], "alice@acme.example");
        }
    }
}

/// A provider of tokens with a key of its own.
struct Provider {
    key: Key,
    jwks: Vec<u8>,
    claims: Value,
    /// Says what stands in the place of the audience that was asked for.
    audience: Option<&'static str>,
}

impl Provider {
    fn new() -> Self {
        Self::with(Key::Ed25519(ed25519_dalek::SigningKey::from_bytes(&[9; 32])))
    }

    fn with(key: Key) -> Self {
        let jwks = json!({"keys": [{"kty": "RSA", "kid": "another", "n": "AQAB", "e": "AQAB"}, key.jwk()]});
        let at = uuid::Uuid::parse_str(&id(0)).expect("an id").get_timestamp().expect("a time").to_unix().0;
        let claims = json!({"iss": "https://token.example", "sub": "repo:acme/shop", "actor": "mona", "iat": at, "exp": at + 300});
        Self { key, jwks: jwks.to_string().into_bytes(), claims, audience: None }
    }
}

impl TokenSource for Provider {
    fn token(&self, audience: &str) -> Result<String, Diagnostic> {
        let mut claims = self.claims.clone();
        claims["aud"] = self.audience.unwrap_or(audience).into();
        Ok(self.key.token(&claims))
    }

    fn jwks(&self) -> &[u8] {
        &self.jwks
    }
}

/// Exit code, proved records and first flaw of a record with a token of `provider`.
fn judged(provider: &Provider, forget_keys: bool) -> (u8, u64, String) {
    let dir = tempfile::tempdir().expect("a directory");
    let actor = Actor { login: Some("mona".into()), assurance: "A4".into(), method: "oidc".into(), ..Actor::default() };
    let at = "2026-01-01T00:00:00Z".parse().expect("an instant");
    let stated = Event { kind: Kind::Hold, id: id(0), at, actor: &actor, retention: "90d", detail: Map::new() };
    let record = event(stated, Seal { token: Some(provider), ..Seal::default() }).expect("stated");
    FileStore::new(dir.path()).append(&record).expect("appended");
    if forget_keys {
        fs::remove_dir_all(dir.path().join("parts")).expect("there");
    }
    let report = verify(&FileStore::new(dir.path()), &Expected::default()).expect("readable");
    (report.exit_code(), report.proved, report.flaws.first().map(|f| f.what.clone()).unwrap_or_default())
}

#[test]
fn a_token_vouches_for_one_record_at_its_time_for_its_actor() {
    assert!(audience(b"x").starts_with("changegate:sha256:2d711642"));
    let good = Provider::new();
    assert_eq!(judged(&good, false), (0, 1, String::new()));
    assert_eq!(judged(&good, true).0, 2);
    let with = |change: &dyn Fn(&mut Provider)| {
        let mut provider = Provider::new();
        change(&mut provider);
        judged(&provider, false)
    };
    for (what, code, found) in [
        ("another record", 1, with(&|p| p.audience = Some("changegate:sha256:00"))),
        ("another key", 1, with(&|p| p.key = Key::Ed25519(ed25519_dalek::SigningKey::from_bytes(&[8; 32])))),
        ("another actor", 1, with(&|p| p.claims["actor"] = "mallory".into())),
        ("later", 1, with(&|p| p.claims["iat"] = 4_000_000_000_u64.into())),
        ("expired", 1, with(&|p| p.claims["exp"] = 1_000_000_000.into())),
        ("no such key", 3, with(&|p| p.jwks = br#"{"keys":[]}"#.to_vec())),
    ] {
        assert_eq!((found.0, found.1), (code, 0), "{what}: {}", found.2);
    }
}

/// What GitHub and GitLab (RS256) and others sign with.
#[test]
fn tokens_of_every_asymmetric_algorithm_are_checked() {
    let p256 = |n: u8| Key::P256(p256::ecdsa::SigningKey::from_slice(&[n; 32]).expect("a key"));
    let p384 = |n: u8| Key::P384(p384::ecdsa::SigningKey::from_slice(&[n; 48]).expect("a key"));
    let rsa =
        [Algorithm::RS256, Algorithm::RS384, Algorithm::RS512, Algorithm::PS256, Algorithm::PS384, Algorithm::PS512];
    let keys: Vec<Key> = [p256(7), p384(7)].into_iter().chain(rsa.map(Key::rsa)).collect();
    let proved = keys.len();
    for key in keys {
        let algorithm = key.algorithm();
        assert_eq!(judged(&Provider::with(key), false), (0, 1, String::new()), "{algorithm:?}");
    }
    let shared = || Key::Shared(b"AQAB".to_vec());
    let forged = [
        ("another key on P-256", Provider { key: p256(8), ..Provider::with(p256(7)) }),
        ("another key on P-384", Provider { key: p384(8), ..Provider::with(p384(7)) }),
        ("a key of another kind", Provider { key: p256(7), ..Provider::new() }),
        ("a shared secret", Provider::with(shared())),
        ("a public key taken for a shared secret", Provider { key: shared(), ..Provider::with(Key::rsa(rsa[0])) }),
    ];
    for (what, provider) in &forged {
        let (code, proved, why) = judged(provider, false);
        assert_eq!((code, proved), (1, 0), "{what}: {why}");
    }
    println!("tokens: {} algorithms proved, {} forgeries refused", proved + 1, forged.len());
}

#[test]
fn a_commit_that_the_actor_signed_proves_who_it_was() {
    if !has("ssh-keygen", "-?") || !has("git", "--version") {
        println!("skipped: there is no ssh-keygen, or no git");
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    let root = dir.path();
    let call = |name: &str, args: &[&str]| {
        let output =
            Command::new(name).current_dir(root).env("HOME", root).env("GIT_CONFIG_NOSYSTEM", "1").args(args).output();
        let output = output.expect("started");
        assert!(output.status.success(), "{name} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        crate::log::stdout(&output)
    };
    call("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", "key"]);
    let fingerprint = call("ssh-keygen", &["-l", "-f", "key.pub"]).split(' ').nth(1).expect("a fingerprint").to_owned();
    fs::create_dir(root.join(".changegate")).expect("created");
    let identities = format!(
        "apiVersion: changegate/v1\nkind: Identities\nmetadata: {{name: people, asOf: 2026-01-01T00:00:00Z, source: test}}\nspec:\n  entries:\n    - {{person: alice@acme.example, aliases: [alice, \"{fingerprint}\"], team: shop, roles: []}}\n"
    );
    fs::write(root.join(".changegate/identities.yaml"), identities).expect("written");
    fs::write(root.join("changegate.yaml"), "{}\n").expect("written");
    fs::write(root.join(".gitignore"), "key*\n").expect("written");
    call("git", &["init", "-q", "-b", "main"]);
    let commit = [
        "-c",
        "user.name=alice",
        "-c",
        "user.email=alice@acme.example",
        "-c",
        "gpg.format=ssh",
        "-c",
        "user.signingkey=key.pub",
    ];
    call("git", &["add", "-A"]);
    call("git", &[&commit[..], &["commit", "-q", "-m", "one"]].concat());
    fs::write(
        root.join("config.yaml"),
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: shop}\ndata: {a: b}\n",
    )
    .expect("written");
    call("git", &["add", "-A"]);
    call("git", &[&commit[..], &["commit", "-q", "-S", "-m", "two"]].concat());
    run(root, &["check", "--quiet", "--base", "HEAD~1", "--head", "HEAD"]);
    let shown = json_of(&run(root, &["audit", "show", "0", "--format", "json"]));
    let who = &shown["statement"]["predicate"]["who"];
    assert_eq!(
        (&who["assurance"], &who["method"], &who["evidence"]["signer"]),
        (&json!("A3"), &json!("ssh-signed-commit"), &json!(fingerprint))
    );
    let report = json_of(&run(root, &["audit", "verify", "--format", "json"]));
    assert_eq!((&report["result"], &report["proved"]), (&json!("ok"), &json!(1)));
    let signature = who["evidence"]["signature"].as_str().expect("a digest");
    fs::remove_file(root.join(format!(".changegate/audit/parts/{signature}.json"))).expect("there");
    assert_eq!(run(root, &["audit", "verify"]).status.code(), Some(2));
}
