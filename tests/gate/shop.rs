//! A scratch repository to judge: files, two commits, and the binary run in it with an empty environment.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The instant that tests judge at, unless they say otherwise.
pub const NOW: &str = "2030-02-25T09:00:00Z";

/// A temporary folder that goes when the test ends.
pub struct Shop {
    folder: tempfile::TempDir,
}

/// What a run printed and how it ended.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// Standard output as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|e| panic!("not JSON ({e}): {}\n{}", self.stdout, self.stderr))
    }
}

impl Shop {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// A repository whose first commit is a copy of `fixtures/acme`.
    pub fn acme() -> Self {
        let shop = Self::new();
        copy(&fixtures().join("acme"), shop.root());
        shop.git(&["init", "-q", "-b", "main", "--template="]);
        shop.commit("State of production", "Olga Ops <olga@acme.example>");
        shop.git(&["checkout", "-q", "-b", "change"]);
        shop
    }

    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) -> &Self {
        let path = self.root().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    pub fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.root().join(path)).unwrap()
    }

    /// Replaces `from`, which must be there, in a file.
    pub fn edit(&self, path: &str, from: &str, to: &str) -> &Self {
        let text = self.read(path);
        assert!(text.contains(from), "{path} does not hold {from:?}");
        self.write(path, text.replacen(from, to, 1))
    }

    /// Does the edits of a case: path → `[[from, to]]`.
    pub fn edit_all(&self, edits: &serde_json::Value) -> &Self {
        for (path, edits) in edits.as_object().into_iter().flatten() {
            for edit in edits.as_array().unwrap() {
                self.edit(path, edit[0].as_str().unwrap(), edit[1].as_str().unwrap());
            }
        }
        self
    }

    pub fn git(&self, args: &[&str]) -> String {
        let output = self.command("git").args(["-c", "commit.gpgsign=false"]).args(args).output().unwrap();
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Commits everything as one person and returns the commit id.
    pub fn commit(&self, message: &str, who: &str) -> String {
        let (name, email) = who.trim_end_matches('>').split_once(" <").unwrap();
        self.git(&["add", "-A", "-f"]);
        let commit = ["-c", &format!("user.name={name}"), "-c", &format!("user.email={email}")];
        let rest = ["commit", "-q", "--allow-empty", "-m", message];
        self.git(&[&commit[..], &rest[..]].concat());
        self.git(&["rev-parse", "HEAD"])
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.root()).env_clear().env("PATH", env!("PATH")).env("HOME", self.root());
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_AUTHOR_DATE", "2030-02-24T09:00:00Z");
        command.env("GIT_COMMITTER_DATE", "2030-02-24T09:00:00Z").env("LC_ALL", "C.UTF-8").env("TZ", "UTC");
        command
    }

    /// Runs the binary with exactly these arguments.
    pub fn changegate(&self, args: &[&str]) -> Ran {
        Self::ran(self.command(binary()).args(args))
    }

    /// Runs the binary twice, with the embedded modules that it thinks it needs and with all of them: the answers are the
    /// same bytes.
    pub fn changegate_lazy_and_eager(&self, args: &[&str]) -> Ran {
        let (lazy, everything) = (self.changegate(args), everything());
        let eager = self.changegate(&[args, &["--policy", &everything.path().to_string_lossy()]].concat());
        assert_eq!((lazy.code, &lazy.stdout), (eager.code, &eager.stdout), "{args:?}: {}", eager.stderr);
        lazy
    }

    /// Runs the binary with variables in its environment.
    pub fn changegate_with(&self, variables: &[(&str, &str)], args: &[&str]) -> Ran {
        Self::ran(self.command(binary()).envs(variables.iter().copied()).args(args))
    }

    /// Runs the binary with a search path of its own.
    pub fn changegate_with_path(&self, path: &std::ffi::OsStr, args: &[&str]) -> Ran {
        Self::ran(self.command(binary()).env("PATH", path).args(args))
    }

    fn ran(command: &mut Command) -> Ran {
        let output: Output = command.output().unwrap();
        Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Judges at [`NOW`] without an audit record, as JSON.
    pub fn check(&self, args: &[&str]) -> Ran {
        let fixed = ["check", "--now", NOW, "--no-audit", "--format", "json"];
        self.changegate(&[&fixed[..], args].concat())
    }
}

/// A folder with a module from elsewhere that can reach every embedded one, so that all of them are loaded.
pub fn everything() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let library = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let families = std::fs::read_dir(library).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let reached = families.filter(|name| name != "lib" && !name.contains('.'));
    let reached: String = reached.map(|family| format!("reached if count(data.policies.{family}) > 0\n")).collect();
    std::fs::write(folder.path().join("everything.rego"), format!("package policies.lib.everything\n\n{reached}"))
        .unwrap();
    folder
}

pub fn binary() -> PathBuf {
    env!("CARGO_BIN_EXE_changegate").into()
}

pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// Copies a folder with everything in it.
pub fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            if entry.file_name() != "audit" {
                copy(&entry.path(), &target);
            }
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
