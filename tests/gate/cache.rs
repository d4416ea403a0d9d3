//! `--cache`: the same bytes as without, whatever is in it.

use proptest::prelude::*;

use crate::shop::{NOW, Ran, Shop};

const DEPLOYMENT: &str = "k8s/prod/storefront/deployment.yaml";
const ROLLOUT: &str = "k8s/prod/checkout/rollout.yaml";
const DATABASE: &str = "terraform/prod/orders_db.tf";

/// A cache outside of the repository, and a key.
struct Cache(tempfile::TempDir);

impl Cache {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn run(&self, shop: &Shop, key: &str, args: &[&str]) -> Ran {
        let cache = self.0.path().to_string_lossy().into_owned();
        shop.changegate_with(&[("CHANGEGATE_CACHE_KEY", key)], &[args, &["--cache", &cache]].concat())
    }

    fn packs(&self) -> Vec<std::path::PathBuf> {
        let mut packs: Vec<_> = std::fs::read_dir(self.0.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        packs.sort();
        packs
    }
}

fn args<'a>(stage: &'a str, format: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["check", "--now", NOW, "--no-audit", "--stage", stage, "--format", format], more].concat()
}

fn same(cached: &Ran, fresh: &Ran, what: &str) {
    assert_eq!((cached.code, &cached.stdout), (fresh.code, &fresh.stdout), "{what}: {}", cached.stderr);
}

fn staged() -> Shop {
    let shop = Shop::acme();
    shop.edit(DEPLOYMENT, "replicas: 3", "replicas: 1").git(&["add", "-A"]);
    shop
}

#[test]
fn a_second_run_finds_everything_and_says_the_same() {
    let (shop, cache) = (staged(), Cache::new());
    for stage in ["commit", "pull-request"] {
        for format in ["pretty", "json"] {
            let args = args(stage, format, &["--base", "HEAD"]);
            let fresh = shop.changegate(&args);
            let first = cache.run(&shop, "k", &args);
            let packs = cache.packs();
            let second = cache.run(&shop, "k", &args);
            same(&first, &fresh, "first");
            same(&second, &fresh, "second");
            assert_eq!(first.stderr, "");
            assert_eq!(cache.packs(), packs, "nothing was evaluated anew");
        }
    }
}

#[test]
fn at_a_commit_the_clock_does_not_empty_the_cache() {
    use changegate::memory::{Kind, Pack, Secret};
    let answers = |path: &std::path::PathBuf| {
        Pack::read(Kind::Cache, std::fs::read(path).unwrap(), &Secret::of(b"k")).unwrap().len()
    };
    let (shop, cache) = (staged(), Cache::new());
    let at = |now: &str| cache.run(&shop, "k", &["check", "--stage", "commit", "--no-audit", "--now", now]);
    at("2030-02-25T09:00:00Z");
    let first = cache.packs();
    assert!(first.len() == 1 && answers(&first[0]) > 10);
    at("2030-02-25T09:00:07Z");
    let later: usize = cache.packs().iter().filter(|pack| !first.contains(pack)).map(answers).sum();
    assert!(later <= 1, "DEP-001 alone reads the clock at a commit: {later} answers");
}

/// A forged answer in a file that is sealed with the right key is believed: so answers do come from there.
#[test]
fn answers_come_from_the_cache() {
    use changegate::memory::{Answers, BUILD, Kind, Pack, Secret};
    let (shop, cache) = (staged(), Cache::new());
    let args = args("commit", "pretty", &[]);
    let fresh = cache.run(&shop, "k", &args);
    assert_eq!(fresh.code, 1, "{}", fresh.stdout);
    let pack = cache.packs().remove(0);
    let read = Pack::read(Kind::Cache, std::fs::read(&pack).unwrap(), &Secret::of(b"k")).unwrap();
    let nothing = |(key, answer): (_, &[u8])| (key, if answer.len() > 1 { vec![4] } else { answer.to_vec() });
    let answers: Answers = read.iter().map(nothing).collect();
    let forge = |secret: &[u8]| {
        std::fs::write(&pack, Pack::write(Kind::Cache, BUILD.as_bytes(), &answers, &Secret::of(secret)))
    };
    forge(b"k").unwrap();
    assert_ne!(cache.run(&shop, "k", &args).stdout, fresh.stdout);
    // Whoever does not hold the key forges nothing.
    forge(b"another key").unwrap();
    let ran = cache.run(&shop, "k", &args);
    same(&ran, &fresh, "forged with another key");
    assert!(ran.stderr.contains("note: 1 of the files in the cache"), "{}", ran.stderr);
    assert_eq!(cache.run(&shop, "k", &args).stderr, "", "it was replaced");
}

#[test]
fn a_damaged_cache_costs_time_only() {
    let (shop, cache) = (staged(), Cache::new());
    let args = args("commit", "json", &[]);
    let fresh = shop.changegate(&args);
    cache.run(&shop, "k", &args);
    let pack = cache.packs().remove(0);
    let bytes = std::fs::read(&pack).unwrap();
    let mut flipped = bytes.clone();
    flipped[bytes.len() / 2] ^= 4;
    for damaged in [&bytes[..bytes.len() / 2], &[], &flipped] {
        cache.packs().iter().for_each(|path| std::fs::remove_file(path).unwrap());
        std::fs::write(&pack, damaged).unwrap();
        let ran = cache.run(&shop, "k", &args);
        same(&ran, &fresh, "damaged");
        assert!(ran.stderr.contains("not used"), "{}", ran.stderr);
    }
}

#[test]
fn a_cache_that_cannot_be_used_is_a_warning() {
    let shop = staged();
    let args = args("commit", "json", &["--cache", "file"]);
    shop.write("file", "no folder");
    let ran = shop.changegate(&args);
    same(&ran, &shop.changegate(&args[..args.len() - 2]), "no folder");
    assert!(ran.stderr.contains("warning: the cache cannot be written"), "{}", ran.stderr);
}

#[cfg(unix)]
#[test]
fn a_key_of_the_user_is_made_and_must_be_private() {
    use std::os::unix::fs::PermissionsExt;
    let (shop, home) = (staged(), tempfile::tempdir().unwrap());
    let home_path = home.path().to_string_lossy().into_owned();
    let run = || shop.changegate_with(&[("HOME", &home_path)], &args("commit", "json", &["--cache", "user"]));
    let first = run();
    assert_eq!(first.stderr, "");
    let key = home.path().join(".local/state/changegate/cache.key");
    assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(home.path().join(".cache/changegate/answers")).unwrap().count(), 1);
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let open = run();
    same(&open, &first, "key that others read");
    assert!(open.stderr.contains("warning: no cache is used: others can read or write its key"), "{}", open.stderr);
}

/// One thing that may change between two runs.
#[derive(Clone, Copy, Debug)]
enum Edit {
    Replicas(u8),
    Rollout(u8),
    Protection(bool),
    /// A line above everything: places move.
    Moved(u8),
    Threshold(u8),
    Policy(u8),
    Calendar(u8),
    Now(u8),
    Stage(u8),
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let edit = prop_oneof![
        (0..5_u8).prop_map(Edit::Replicas),
        (1..5_u8).prop_map(Edit::Rollout),
        any::<bool>().prop_map(Edit::Protection),
        (0..3_u8).prop_map(Edit::Moved),
        (0..3_u8).prop_map(Edit::Threshold),
        (0..4_u8).prop_map(Edit::Policy),
        (0..2_u8).prop_map(Edit::Calendar),
        (0..3_u8).prop_map(Edit::Now),
        (0..2_u8).prop_map(Edit::Stage),
    ];
    proptest::collection::vec(edit, 1..4)
}

/// Where a sequence of edits stands.
struct State {
    now: &'static str,
    stage: &'static str,
}

fn policy(n: u8) -> String {
    let body =
        ["input.resource.attrs.spec.replicas < 3", "true", "input.now_ns > 1", "startswith(input.config.team, \"x\")"];
    format!(
        "# METADATA\n# title: Own\n# description: x\n# custom:\n#   id: X-001\n#   scope: resource\n#   targets: [apps/Deployment]\n#   \
         severity: low\n#   enforcement: advisory\n#   stages: [commit, pull-request]\n#   remediation: x\n#   since: 0.1.0\npackage \
         own.x\n\nimport rego.v1\n\ndeny contains \"own {n}\" if {}\n",
        body[usize::from(n) % body.len()]
    )
}

impl State {
    fn apply(&mut self, shop: &Shop, edit: Edit) {
        let replace = |path: &str, line: &str, value: String| {
            let text = shop.read(path);
            let old = text.lines().find(|l| l.trim_start().starts_with(line)).unwrap().to_owned();
            let indent = &old[..old.len() - old.trim_start().len()];
            shop.edit(path, &old, &format!("{indent}{line}{value}"));
        };
        match edit {
            Edit::Replicas(n) => replace(DEPLOYMENT, "replicas:", format!(" {n}")),
            Edit::Rollout(n) => replace(ROLLOUT, "minReplicas:", format!(" {n}")),
            Edit::Protection(on) => replace(DATABASE, "deletion_protection ", format!("      = {on}")),
            Edit::Moved(n) => {
                let text = shop.read(DEPLOYMENT);
                let text = text.trim_start_matches("# moved\n");
                shop.write(DEPLOYMENT, format!("{}{text}", "# moved\n".repeat(n.into())));
            }
            Edit::Threshold(n) => {
                let text = shop.read("changegate.yaml");
                let text = text.split("# thresholds\n").next().unwrap().to_owned();
                let own = format!("# thresholds\nwaivers:\n  max_days: {}\n", 30 + u32::from(n));
                shop.write("changegate.yaml", if text.contains("waivers:") { text } else { text + &own });
            }
            Edit::Policy(n) => drop(shop.write("own/x.rego", policy(n))),
            Edit::Calendar(n) => {
                let text = shop.read(".changegate/freeze.yaml");
                let text = text.trim_start_matches("# moved\n");
                shop.write(".changegate/freeze.yaml", format!("{}{text}", "# moved\n".repeat(n.into())));
            }
            Edit::Now(n) => self.now = [NOW, "2030-02-26T09:00:00Z", "2030-12-24T23:00:00Z"][usize::from(n)],
            Edit::Stage(n) => self.stage = ["commit", "pull-request"][usize::from(n)],
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, max_shrink_iters: 8, ..ProptestConfig::default() })]

    /// One cache sees a repository change in all ways, and never changes an answer.
    #[test]
    fn cached_and_fresh_are_the_same_bytes(steps in proptest::collection::vec(edits(), 2..5)) {
        let (shop, cache) = (Shop::acme(), Cache::new());
        shop.write("own/x.rego", policy(0)).commit("A policy of our own", "Olga Ops <olga@acme.example>");
        let mut state = State { now: NOW, stage: "commit" };
        for edits in steps {
            edits.iter().for_each(|edit| state.apply(&shop, *edit));
            shop.git(&["add", "-A"]);
            for format in ["json", "pretty"] {
                let args = ["check", "--no-audit", "--base", "HEAD", "--policy", "own", "--now", state.now, "--stage", state.stage, "--format", format];
                let fresh = shop.changegate(&args);
                for round in ["filling", "full"] {
                    let cached = cache.run(&shop, "k", &args);
                    prop_assert_eq!((cached.code, &cached.stdout), (fresh.code, &fresh.stdout), "{} {:?}", round, edits);
                    prop_assert_eq!(&cached.stderr, &fresh.stderr);
                }
            }
        }
    }
}
