//! As much of a GitHub runner as a composite action needs: expressions in `env:` and `if:`, the files for outputs and the
//! summary, and a shell for each step.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use changegate::parse::tree::Node;
use changegate::parse::yaml::{self, Limits};
use changegate::source::{Revision, Source, Sources};
use serde_json::Value;

/// A scratch repository with acme on `main`, checked out on the branch `change`.
pub struct Runner {
    folder: tempfile::TempDir,
}

/// What a run of the action did.
pub struct Run {
    pub runner: Runner,
    pub payload: Value,
    /// Exit code of the first step that failed, or 0.
    pub code: i32,
    /// Everything that the steps printed.
    pub log: String,
    /// Outputs of the action.
    pub outputs: BTreeMap<String, String>,
    /// The step summary.
    pub summary: String,
    /// Steps whose condition did not hold.
    pub skipped: Vec<String>,
    /// Other actions that would have been used.
    pub used: Vec<String>,
}

impl Run {
    /// A path below the runner's temporary folder.
    pub fn temp(&self, path: &str) -> PathBuf {
        self.runner.folder.path().join("temp").join(path)
    }
}

/// The action as it is written.
pub fn action() -> Node {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("action.yml")).unwrap();
    let mut sources = Sources::default();
    let id = sources.add(Source::new("action.yml", Revision::Head, text.clone()));
    let read = yaml::parse(id, &text, &Limits::default());
    assert!(read.diagnostics.is_empty(), "{:?}", read.diagnostics);
    read.documents.into_iter().next().unwrap()
}

impl Runner {
    /// `None`, with a word about it, where a program is missing.
    pub fn new() -> Option<Self> {
        for program in ["bash", "curl", "git", "jq"] {
            if Command::new(program).arg("--version").output().is_err() {
                assert!(std::env::var_os("CHANGEGATE_TEST_ACTION").is_none(), "{program} is missing");
                eprintln!("skipped: {program} is missing");
                return None;
            }
        }
        let runner = Self { folder: tempfile::tempdir().unwrap() };
        let acme = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/acme");
        copy(&acme, &runner.repo());
        runner.git(&["init", "-q", "-b", "main", "--template="]);
        runner.commit("State of production", "Olga Ops <olga@acme.example>");
        runner.git(&["checkout", "-q", "-b", "change"]);
        Some(runner)
    }

    fn repo(&self) -> PathBuf {
        self.folder.path().join("repo")
    }

    /// Replaces every `from`, which must be there.
    pub fn edit(&self, path: &str, from: &str, to: &str) {
        let path = self.repo().join(path);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{} does not hold {from:?}", path.display());
        std::fs::write(path, text.replace(from, to)).unwrap();
    }

    pub fn git(&self, args: &[&str]) -> String {
        let output = Command::new("git").args(args).current_dir(self.repo()).output().unwrap();
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    pub fn commit(&self, message: &str, who: &str) {
        let (name, email) = who.trim_end_matches('>').split_once(" <").unwrap();
        self.git(&["add", "-A", "-f"]);
        let name = format!("user.name={name}");
        let email = format!("user.email={email}");
        self.git(&["-c", &name, "-c", &email, "-c", "commit.gpgsign=false", "commit", "-q", "-m", message]);
    }

    /// Runs the action for an event.
    pub fn run(self, event: &str, payload: &Value, api: &str, inputs: &[(&str, &str)]) -> Run {
        let action = action();
        let temp = self.folder.path().join("temp");
        std::fs::create_dir_all(&temp).unwrap();
        let (event_file, summary) = (temp.join("event.json"), temp.join("summary.md"));
        std::fs::write(&event_file, payload.to_string()).unwrap();
        std::fs::write(&summary, "").unwrap();
        let mut values = defaults(&action);
        values.insert("github.token".into(), "the-token".into());
        values.insert("inputs.token".into(), "the-token".into());
        values.insert("inputs.binary".into(), env!("CARGO_BIN_EXE_changegate").into());
        for (name, value) in inputs {
            values.insert(format!("inputs.{name}"), (*value).to_owned());
        }
        let head = self.git(&["rev-parse", "HEAD"]);
        let mut run = Run {
            payload: payload.clone(),
            code: 0,
            log: String::new(),
            outputs: BTreeMap::new(),
            summary: String::new(),
            skipped: Vec::new(),
            used: Vec::new(),
            runner: self,
        };
        for step in action.at(&["runs", "steps"]).and_then(Node::as_seq).unwrap() {
            let text = |key: &str| step.get(key).and_then(Node::as_str);
            let name = text("name").unwrap();
            if text("if").is_some_and(|condition| !holds(condition, &values)) {
                run.skipped.push(name.to_owned());
                continue;
            }
            if let Some(uses) = text("uses") {
                run.used.push(uses.split('@').next().unwrap().to_owned());
                continue;
            }
            let output = temp.join(format!("output-{}", text("id").unwrap_or("none")));
            std::fs::write(&output, "").unwrap();
            let place = text("working-directory").map_or_else(|| ".".to_owned(), |t| expand(t, &values));
            let mut command = Command::new("bash");
            command.args(["--noprofile", "--norc", "-e", "-o", "pipefail", "-c", text("run").unwrap()]);
            command.current_dir(run.runner.repo().join(place)).env_clear();
            command.env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", &temp).env("LC_ALL", "C.UTF-8");
            command.env("CI", "true").env("GITHUB_ACTIONS", "true").env("GITHUB_ACTOR", "alice-acme");
            command.env("GITHUB_ACTION_PATH", env!("CARGO_MANIFEST_DIR")).env("GITHUB_API_URL", api);
            command.env("GITHUB_EVENT_NAME", event).env("GITHUB_EVENT_PATH", &event_file);
            command.env("GITHUB_REPOSITORY", "acme/shop").env("GITHUB_SHA", &head).env("GITHUB_RUN_ID", "42");
            command.env("GITHUB_OUTPUT", &output).env("GITHUB_STEP_SUMMARY", &summary);
            command.env("RUNNER_TEMP", &temp).env("RUNNER_OS", "Linux").env("RUNNER_ARCH", "X64");
            for entry in step.get("env").and_then(Node::as_map).into_iter().flat_map(|map| map.iter()) {
                command.env(&*entry.key, expand(entry.node.as_str().unwrap(), &values));
            }
            let ran = command.output().unwrap();
            run.log.push_str(&String::from_utf8_lossy(&ran.stdout));
            run.log.push_str(&String::from_utf8_lossy(&ran.stderr));
            for line in std::fs::read_to_string(&output).unwrap().lines() {
                let (key, value) = line.split_once('=').unwrap();
                values.insert(format!("steps.{}.outputs.{key}", text("id").unwrap()), value.to_owned());
            }
            if !ran.status.success() {
                run.code = ran.status.code().unwrap();
                break;
            }
        }
        for entry in action.get("outputs").and_then(Node::as_map).unwrap().iter() {
            let value = entry.node.get("value").and_then(Node::as_str).unwrap();
            run.outputs.insert(entry.key.to_string(), expand(value, &values));
        }
        run.summary = std::fs::read_to_string(&summary).unwrap();
        run
    }
}

/// `inputs.NAME` of every input that has a default.
fn defaults(action: &Node) -> BTreeMap<String, String> {
    let inputs = action.get("inputs").and_then(Node::as_map).unwrap();
    let default = |node: &Node| node.get("default").and_then(Node::as_str).unwrap_or_default().to_owned();
    inputs.iter().map(|entry| (format!("inputs.{}", entry.key), default(&entry.node))).collect()
}

/// Replaces `${{ NAME }}`; anything but a plain name is a fault of the action.
fn expand(text: &str, values: &BTreeMap<String, String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${{") {
        let (name, tail) = after.split_once("}}").unwrap();
        out.push_str(before);
        out.push_str(values.get(name.trim()).map_or("", String::as_str));
        rest = tail;
    }
    out + rest
}

/// `A == 'x' && B != 'y'`.
fn holds(condition: &str, values: &BTreeMap<String, String>) -> bool {
    condition.split("&&").all(|part| {
        let (name, value, equal) = match (part.split_once("=="), part.split_once("!=")) {
            (Some((name, value)), _) => (name, value, true),
            (_, Some((name, value))) => (name, value, false),
            _ => panic!("not a comparison: {part}"),
        };
        let known = values.get(name.trim()).map_or("", String::as_str);
        (known == value.trim().trim_matches('\'')) == equal
    })
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
