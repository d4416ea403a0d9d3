//! The stores under test, and the records that go in.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use changegate::audit::verify::Problem;
use changegate::audit::{
    Access, AuditLevel, Entry, FileStore, GitStore, Hash, Part, PostgresStore, Record, Remote, Store,
};
use std::ops::ControlFlow;
use tempfile::TempDir;

use crate::server::{Server, server};

/// A place that any number of stores can be opened on.
pub(crate) struct Place {
    pub(crate) kind: Kind,
    pub(crate) directory: TempDir,
}

pub(crate) enum Kind {
    File,
    Git,
    Postgres { server: Arc<Server>, database: String },
}

/// A fresh place of each kind that this machine can have.
pub(crate) fn places() -> Vec<Place> {
    [Some(Place::file()), Some(Place::git()), Place::postgres()].into_iter().flatten().collect()
}

impl Place {
    pub(crate) fn file() -> Self {
        Self { kind: Kind::File, directory: tempfile::tempdir().expect("a directory") }
    }

    /// A bare repository on disk.
    pub(crate) fn git() -> Self {
        let place = Self { kind: Kind::Git, directory: tempfile::tempdir().expect("a directory") };
        git(place.directory.path(), &["init", "--quiet", "--bare", "log.git"]);
        place
    }

    pub(crate) fn postgres() -> Option<Self> {
        let server = server()?;
        let database = server.database();
        let place =
            Self { kind: Kind::Postgres { server, database }, directory: tempfile::tempdir().expect("a directory") };
        let store = PostgresStore::new(&place.destination(), Path::new("."), None).expect("an address");
        assert!(store.init(&[]).expect("created"));
        assert!(!store.init(&[]).expect("there already"));
        Some(place)
    }

    pub(crate) fn name(&self) -> &'static str {
        match self.kind {
            Kind::File => "file",
            Kind::Git => "git",
            Kind::Postgres { .. } => "postgres",
        }
    }

    pub(crate) fn bare(&self) -> PathBuf {
        self.directory.path().join("log.git")
    }

    /// As it is typed after `--audit`.
    pub(crate) fn destination(&self) -> String {
        match &self.kind {
            Kind::File => format!("file:{}", self.directory.path().join("log").display()),
            Kind::Git => format!("git:{}", self.bare().display()),
            Kind::Postgres { server, database } => server.address("owner", database),
        }
    }

    pub(crate) fn open(&self) -> Box<dyn Store + Send> {
        match &self.kind {
            Kind::File => Box::new(FileStore::new(self.directory.path().join("log"))),
            Kind::Git => Box::new(self.git_at(AuditLevel::Integrated)),
            Kind::Postgres { .. } => {
                Box::new(PostgresStore::new(&self.destination(), Path::new("."), None).expect("an address"))
            }
        }
    }

    pub(crate) fn git_at(&self, level: AuditLevel) -> GitStore {
        let bare = self.bare().display().to_string();
        GitStore::new(Remote::find(&bare, self.directory.path()).expect("a remote"), level)
    }

    /// The way the gate opens it.
    pub(crate) fn opened_by_name(&self) -> Box<dyn Store> {
        changegate::audit::open(&self.destination(), self.directory.path(), &Access::default()).expect("a destination")
    }
}

/// Runs git, without the configuration of whoever runs the tests, and returns what it printed.
pub(crate) fn git(directory: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main"])
        .args(arguments)
        .current_dir(directory)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .expect("git");
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

/// A record whose leaf has its number.
pub(crate) fn record(n: usize) -> Record {
    let id = format!("019b3c5e-{:04x}-7000-8000-{:012x}", n % 7, n);
    let leaf = format!(r#"{{"predicate":{{"id":"{id}","kind":"decision","n":{n},"text":"{}"}}}}"#, "é".repeat(n % 50));
    let key = format!("key {}", n / 2);
    Record { id, idempotency_key: key, leaf: leaf.into_bytes(), parts: Vec::new(), disclosures: Vec::new() }
}

/// The same with a part of its own.
pub(crate) fn with_part(n: usize) -> Record {
    let bytes = format!("[{n}]").into_bytes();
    Record { parts: vec![Part { sha256: Hash::of(&bytes).to_string(), bytes }], ..record(n) }
}

/// All leaves, and what the store itself says is wrong.
pub(crate) fn read(store: &dyn Store) -> (Vec<Vec<u8>>, Option<Problem>) {
    let mut leaves = Vec::new();
    let problem = store.leaves(0..u64::MAX, &mut |index, entry| {
        assert_eq!(index, leaves.len() as u64, "in order");
        let Entry::Leaf(leaf) = entry else { panic!("record {index} was pruned") };
        leaves.push(leaf);
        ControlFlow::Continue(())
    });
    (leaves, problem.expect("readable"))
}

/// The numbers of the records, sorted.
pub(crate) fn numbers(leaves: &[Vec<u8>]) -> Vec<u64> {
    let number =
        |leaf: &Vec<u8>| serde_json::from_slice::<serde_json::Value>(leaf).expect("JSON")["predicate"]["n"].as_u64();
    let mut numbers: Vec<u64> = leaves.iter().filter_map(number).collect();
    numbers.sort_unstable();
    numbers
}

/// How many times more than in `cargo test`; the soak script asks for more.
pub(crate) fn soak() -> usize {
    std::env::var("CHANGEGATE_SOAK").ok().and_then(|factor| factor.parse().ok()).unwrap_or(1)
}
