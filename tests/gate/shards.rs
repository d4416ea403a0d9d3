//! `check --shard` and `merge`: the same bytes as one run, or no answer.

use std::path::PathBuf;

use crate::shop::{NOW, Ran, Shop};

const FORMATS: [&str; 7] = ["pretty", "json", "sarif", "junit", "github", "gitlab", "markdown"];

/// Edits of several kinds, two change requests among what is judged, and findings that are older than the change.
fn change() -> Shop {
    let shop = Shop::acme();
    shop.edit("k8s/prod/checkout/rollout.yaml", "minReplicas: 4", "minReplicas: 1");
    shop.edit("k8s/prod/storefront/deployment.yaml", "replicas: 3", "replicas: 2");
    shop.edit("terraform/prod/orders_db.tf", "deletion_protection       = true", "deletion_protection       = false");
    shop.commit("Save money", "Alice Arnold <alice@acme.example>");
    shop
}

const FLAGS: [&str; 7] = ["--base", "main", "--head", "change", "--now", NOW, "--no-audit"];

/// Shard files of a run, outside of the repository.
struct Parts {
    folder: tempfile::TempDir,
    key: &'static str,
}

impl Parts {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), key: "" }
    }

    fn file(&self, index: u32) -> PathBuf {
        self.folder.path().join(format!("{index}.shard"))
    }

    fn make(&self, shop: &Shop, index: u32, of: u32, flags: &[&str]) -> Ran {
        let (part, file) = (format!("{index}/{of}"), self.file(index).to_string_lossy().into_owned());
        let args = [&["check", "--shard", &part, "--shard-output", &file], flags].concat();
        shop.changegate_with(&[("CHANGEGATE_CACHE_KEY", self.key)], &args)
    }

    fn all(of: u32, shop: &Shop, flags: &[&str]) -> Self {
        let parts = Self::new();
        for index in 1..=of {
            let ran = parts.make(shop, index, of, flags);
            assert_eq!(ran.code, 3, "{}{}", ran.stdout, ran.stderr);
        }
        parts
    }

    fn merge(&self, shop: &Shop, indexes: &[u32], flags: &[&str]) -> Ran {
        let files: Vec<String> = indexes.iter().map(|i| self.file(*i).to_string_lossy().into_owned()).collect();
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        let args = [&["merge"], files.as_slice(), flags].concat();
        shop.changegate_with(&[("CHANGEGATE_CACHE_KEY", self.key)], &args)
    }
}

fn refused(ran: &Ran, says: &str) {
    assert_eq!(ran.code, 2, "{}{}", ran.stdout, ran.stderr);
    let told = format!("{}{}", ran.stdout, ran.stderr).replace('│', " ");
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains(says), "{says}: {told}");
}

#[test]
fn any_number_of_shards_is_one_run_in_every_format() {
    let shop = change();
    let whole = |format: &str| shop.changegate(&[&["check"], &FLAGS[..], &["--format", format]].concat());
    for of in 1..=5 {
        let parts = Parts::all(of, &shop, &[&FLAGS[..], &["--jobs", if of % 2 == 0 { "1" } else { "8" }]].concat());
        let indexes: Vec<u32> = (1..=of).rev().collect();
        // Each format at one number of shards, and those that say most at all of them.
        let formats = FORMATS.iter().enumerate().filter(|(nth, _)| *nth < 2 || nth % 5 == of as usize - 1);
        for (_, format) in formats {
            let one = whole(format);
            for jobs in ["1", "8"] {
                let merged =
                    parts.merge(&shop, &indexes, &[&FLAGS[..], &["--format", format, "--jobs", jobs]].concat());
                assert_eq!((merged.code, &merged.stdout), (one.code, &one.stdout), "{format}, {of}: {}", merged.stderr);
                assert_eq!(merged.stderr, one.stderr);
            }
        }
    }
    assert_eq!(whole("json").code, 1);
}

#[test]
fn without_a_base_and_for_given_paths() {
    let shop = change();
    let flags = ["--now", NOW, "--no-audit", "--format", "json"];
    let parts = Parts::all(3, &shop, &[&flags[..], &["k8s"]].concat());
    let merged = parts.merge(&shop, &[1, 2, 3], &[&flags[..], &["--", "k8s"]].concat());
    let one = shop.changegate(&[&["check"], &flags[..], &["k8s"]].concat());
    assert_eq!((merged.code, &merged.stdout), (one.code, &one.stdout), "{}", merged.stderr);
    refused(&parts.merge(&shop, &[1, 2, 3], &flags), "it saw another");
}

/// Whatever is evaluated comes from the shards.
#[test]
fn the_audit_record_is_the_same() {
    let shop = change();
    let flags: Vec<&str> = FLAGS.iter().copied().filter(|flag| *flag != "--no-audit").collect();
    let parts = Parts::all(2, &shop, &flags);
    assert!(!shop.root().join(".changegate/audit").exists(), "a shard writes no record");
    let record = |ran: Ran, folder: &str| {
        let audit = shop.changegate(&["audit", "show", "0", "--format", "json", "--audit", folder]);
        assert_eq!(audit.code, 0, "{}{}{}", ran.stderr, audit.stdout, audit.stderr);
        let mut value: serde_json::Value = serde_json::from_str(&audit.stdout).unwrap();
        scrub(&mut value);
        value
    };
    let one = record(shop.changegate(&[&["check"], &flags[..], &["--audit", "one"]].concat()), "one");
    let merged = record(parts.merge(&shop, &[1, 2], &[&flags[..], &["--audit", "two"]].concat()), "two");
    assert!(merged["statement"]["predicate"]["why"].is_array());
    assert!(merged == one, "{merged}\n{one}");
}

/// Ids of a record and what is drawn for it are never the same twice.
fn scrub(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(map) => {
            let is_uuid = |value: &serde_json::Value| value.as_str().is_some_and(|text| text.len() == 36);
            map.retain(|key, value| !["run", "idempotency_key"].contains(&key.as_str()) && !is_uuid(value));
            map.values_mut().for_each(scrub);
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(scrub),
        _ => {}
    }
}

#[test]
fn a_shard_alone_decides_nothing() {
    let shop = Shop::acme();
    shop.edit("k8s/prod/storefront/deployment.yaml", "replicas: 3", "replicas: 4");
    shop.commit("More", "Alice Arnold <alice@acme.example>");
    let flags = [&FLAGS[..], &["--stage", "commit"]].concat();
    let parts = Parts::all(1, &shop, &flags);
    assert_eq!(shop.changegate(&[&["check"], &flags[..]].concat()).code, 0);
    assert_eq!(parts.make(&shop, 1, 1, &flags).code, 3);
    assert_eq!(parts.merge(&shop, &[1], &flags).code, 0);
    let broken = shop.changegate(&["check", "--shard", "1/2", "--now", NOW]);
    assert_eq!(broken.code, 2, "{}", broken.stderr);
    assert!(!shop.root().join(".changegate/audit").exists());
}

#[test]
fn shards_that_are_not_those_of_this_run_are_refused() {
    let shop = change();
    let parts = Parts::all(3, &shop, &FLAGS);
    refused(&parts.merge(&shop, &[1, 3], &FLAGS), "one shard of 3 is missing: 2/3");
    refused(&parts.merge(&shop, &[1, 2, 3, 2], &FLAGS), "are both shard 2/3");
    let later: Vec<&str> = FLAGS.iter().map(|flag| if *flag == NOW { "2030-02-25T09:00:01Z" } else { flag }).collect();
    refused(&parts.merge(&shop, &[1, 2, 3], &later), "now_ns");
    refused(&parts.merge(&shop, &[1, 2, 3], &[&FLAGS[..], &["--skip", "HA-001"]].concat()), "selection of policies");
    refused(&parts.merge(&shop, &[1, 2, 3], &[&FLAGS[..], &["--stage", "apply"]].concat()), "stage");

    // One that was made of another commit, however it is named.
    shop.edit("k8s/prod/storefront/deployment.yaml", "replicas: 2", "replicas: 3");
    shop.commit("Another", "Alice Arnold <alice@acme.example>");
    assert_eq!(parts.make(&shop, 2, 3, &FLAGS).code, 3);
    refused(&parts.merge(&shop, &[1, 2, 3], &FLAGS), "is not one of this run");
    for index in [1, 3] {
        assert_eq!(parts.make(&shop, index, 3, &FLAGS).code, 3);
    }
    assert_eq!(parts.merge(&shop, &[1, 2, 3], &FLAGS).code, 1);
}

#[test]
fn a_shard_that_was_changed_or_sealed_otherwise_is_refused() {
    let shop = change();
    let mut parts = Parts::all(1, &shop, &FLAGS);
    let bytes = std::fs::read(parts.file(1)).unwrap();
    for damaged in [&bytes[..bytes.len() - 1], &bytes[1..], &[]] {
        std::fs::write(parts.file(1), damaged).unwrap();
        refused(&parts.merge(&shop, &[1], &FLAGS), "is not used");
    }
    std::fs::write(parts.file(1), &bytes).unwrap();
    parts.key = "a secret";
    refused(&parts.merge(&shop, &[1], &FLAGS), "its seal does not fit");
    assert_eq!(parts.make(&shop, 1, 1, &FLAGS).code, 3);
    assert_eq!(parts.merge(&shop, &[1], &FLAGS).code, 1);
    parts.key = "";
    refused(&parts.merge(&shop, &[1], &FLAGS), "its seal does not fit");
}

/// A policy that runs into an error: the merged run says so, as one run does.
#[test]
fn an_error_in_a_shard_is_an_error_of_the_whole() {
    let shop = Shop::acme();
    let policy = "# METADATA\n# title: Broken\n# description: x\n# custom:\n#   id: X-001\n#   scope: resource\n#   targets: \
                  [apps/Deployment]\n#   severity: low\n#   enforcement: advisory\n#   stages: [pull-request]\n#   remediation: x\n#   \
                  since: 0.1.0\npackage own.x\n\nimport rego.v1\n\ndeny contains msg if {\n\tvalue := [\"a\", \"b\"][_]\n\tmsg := \
                  {\"msg\": value, \"nonsense\": input.resource.id}\n}\n";
    shop.write("own/x.rego", policy).commit("A policy", "Olga Ops <olga@acme.example>");
    let flags = ["--now", NOW, "--no-audit", "--policy", "own", "--format", "json"];
    let parts = Parts::all(2, &shop, &flags);
    let (merged, one) = (parts.merge(&shop, &[1, 2], &flags), shop.changegate(&[&["check"], &flags[..]].concat()));
    assert_eq!((merged.code, &merged.stdout), (one.code, &one.stdout));
    assert_eq!(one.code, 2);
}
