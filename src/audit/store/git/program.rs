//! Runs the `git` program so that nothing but the arguments decides what it does.
//!
//! Every call works in a bare repository of our own, in a temporary directory. No configuration of the system, of the
//! user or of the repository that is judged is read, so no hook, filter, alias, credential prompt or rewritten address
//! can act. Only what is needed to authenticate is handed over, and from the judged repository only data, no programs.

use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use crate::git::ELSEWHERE;

/// How long one call may take: a network that hangs must not hang the gate.
const PATIENCE: Duration = Duration::from_secs(120);

/// Variables that make git do more than it was asked to, besides those that point it elsewhere.
const FOREIGN: [&str; 15] = [
    "GIT_PREFIX",
    "GIT_GRAFT_FILE",
    "GIT_SHALLOW_FILE",
    "GIT_REPLACE_REF_BASE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_CONFIG",
    "GIT_CONFIG_PARAMETERS",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_SYSTEM",
    "GIT_DEFAULT_HASH",
    "GIT_QUARANTINE_PATH",
    "GIT_PUSH_OPTION_COUNT",
    "GIT_TRACE",
    "GIT_CEILING_DIRECTORIES",
    "GIT_IMPLICIT_WORK_TREE",
];

/// A setting that is handed over: key and value.
pub(super) type Setting = (String, String);

/// A bare repository of our own that is gone when it is dropped.
#[derive(Debug)]
pub(super) struct Scratch {
    directory: TempDir,
    settings: Vec<Setting>,
}

/// What a call printed, when it succeeded.
pub(super) type Printed = Vec<u8>;

/// Why a call failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// It could not be started, fed or read.
    Io(io::Error),
    /// It took longer than two minutes.
    TimedOut,
    /// It said no. Both texts, standard output first.
    Refused(String),
}

impl From<io::Error> for Failure {
    fn from(e: io::Error) -> Self {
        Self::Io(e)
    }
}

impl Scratch {
    /// A fresh repository whose remote `audit` is `url`.
    pub(super) fn new(url: &str, settings: Vec<Setting>) -> Result<Self, Failure> {
        let scratch = Self { directory: tempfile::Builder::new().prefix("changegate-").tempdir()?, settings };
        scratch.run(&["init", "--quiet", "--bare", "--template=", "."], &[])?;
        // In the file and not among the arguments, which everybody on the machine can read.
        let config = scratch.directory.path().join("config");
        std::fs::write(config, configuration(url))?;
        Ok(scratch)
    }

    /// Runs `git ARGUMENTS` with `input` on its standard input.
    pub(super) fn run(&self, arguments: &[&str], input: &[u8]) -> Result<Printed, Failure> {
        let mut command = Command::new("git");
        command.args(["-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "gc.auto=0"]);
        command.args(arguments).current_dir(self.directory.path());
        isolate(&mut command, &self.settings);
        command.env("GIT_DIR", self.directory.path());
        finish(command.spawn()?, input)
    }
}

/// The URL and password of a remote, and how to authenticate, as the repository at `directory` knows them.
pub(super) fn ask(directory: &Path, arguments: &[&str]) -> Result<Printed, Failure> {
    let mut command = Command::new("git");
    command.args(["-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"]).args(arguments);
    command.current_dir(directory).env("LC_ALL", "C").env("GIT_TERMINAL_PROMPT", "0");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    finish(command.spawn()?, &[])
}

fn isolate(command: &mut Command, settings: &[Setting]) {
    for name in ELSEWHERE.into_iter().chain(FOREIGN) {
        command.env_remove(name);
    }
    command
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", if cfg!(windows) { "NUL" } else { "/dev/null" })
        .env("GIT_ATTR_NOSYSTEM", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        // `ext::` would run any program.
        .env("GIT_ALLOW_PROTOCOL", "file:git:http:https:ssh")
        .env("LC_ALL", "C")
        .env("GIT_CONFIG_COUNT", settings.len().to_string());
    for (n, (key, value)) in settings.iter().enumerate() {
        command.env(format!("GIT_CONFIG_KEY_{n}"), key).env(format!("GIT_CONFIG_VALUE_{n}"), value);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
}

/// The configuration of the scratch repository. Blobs are left out when the branch is fetched: to append, only the
/// shape of the tree and its head are needed. Nothing is synced: it is the remote that must not forget.
fn configuration(url: &str) -> String {
    let url = url.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!(
        "[core]\n\trepositoryformatversion = 1\n\tbare = true\n\tfsync = none\n[extensions]\n\tpartialClone = audit\n\
         [remote \"audit\"]\n\turl = \"{url}\"\n\tpromisor = true\n\tpartialclonefilter = blob:none\n\
         [http]\n\tlowSpeedLimit = 1\n\tlowSpeedTime = 30\n[pack]\n\tthreads = 1\n"
    )
}

/// Feeds a child and gathers what it prints, for as long as patience lasts.
fn finish(mut child: Child, input: &[u8]) -> Result<Printed, Failure> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (done, ended) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(move || {
            // A child that stops reading has said why on standard error.
            stdin.map(|mut stdin| stdin.write_all(input))
        });
        let errors = scope.spawn(move || gather(stderr));
        scope.spawn(move || done.send(gather(stdout)));
        let printed = ended.recv_timeout(PATIENCE);
        if printed.is_err() {
            child.kill()?;
        }
        let status = child.wait()?;
        let errors = errors.join().unwrap_or_default();
        match printed {
            Err(_) => Err(Failure::TimedOut),
            Ok(printed) if status.success() => Ok(printed),
            Ok(printed) => Err(Failure::Refused(String::from_utf8_lossy(&[printed, errors].concat()).into_owned())),
        }
    })
}

fn gather(from: Option<impl Read>) -> Vec<u8> {
    let mut bytes = Vec::new();
    // What came before a read error is what there is; the exit code tells the rest.
    let _ = from.map(|mut from| from.read_to_end(&mut bytes));
    bytes
}
