//! The user's own renderers: where they are, and how they are run.
//!
//! A program starts in a process group of its own with an empty environment, an empty home, no standard input, no
//! search path and proxies that lead nowhere. It ends within [`Limits`]: of time, of what it prints and of the memory that it may
//! address.

use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use super::scratch::Scratch;

/// Which renderer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tool {
    /// `kustomize`, or else `kubectl kustomize`.
    Kustomize,
    /// `helm`.
    Helm,
}

impl Tool {
    /// What renders, in words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kustomize => "kustomize",
            Self::Helm => "helm",
        }
    }
}

/// Bounds on one render.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Wall time.
    pub time: Duration,
    /// Bytes of standard output.
    pub output: u64,
    /// Bytes of address space, where the system can limit that.
    pub memory: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { time: Duration::from_secs(60), output: 64 << 20, memory: 4 << 30 }
    }
}

/// The folders that programs are looked for in.
#[derive(Clone, Debug, Default)]
pub struct Programs {
    folders: Vec<PathBuf>,
}

impl Programs {
    /// The absolute folders of a search path (`PATH`). Relative ones would depend on what is judged.
    pub fn new(search_path: Option<&OsStr>) -> Self {
        let folders = search_path.map(|path| std::env::split_paths(path).filter(|p| p.is_absolute()).collect());
        Self { folders: folders.unwrap_or_default() }
    }

    /// Without folders inside of `root`: what is judged must not bring the program that reads it.
    #[must_use]
    pub fn outside(&self, root: &Path) -> Self {
        let root = root.canonicalize().unwrap_or_else(|_| root.to_path_buf());
        let outside = |f: &&PathBuf| !f.canonicalize().unwrap_or_else(|_| (*f).clone()).starts_with(&root);
        Self { folders: self.folders.iter().filter(outside).cloned().collect() }
    }

    /// Whether a tool is installed.
    pub fn has(&self, tool: Tool) -> bool {
        self.find(tool).is_some()
    }

    /// The program of a tool with the arguments that come first; `None` when it is not installed.
    pub(super) fn find(&self, tool: Tool) -> Option<(PathBuf, &'static [&'static str])> {
        match tool {
            Tool::Helm => Some((self.named("helm")?, &["template"])),
            Tool::Kustomize => match self.named("kustomize") {
                Some(program) => Some((program, &["build"])),
                None => Some((self.named("kubectl")?, &["kustomize"])),
            },
        }
    }

    fn named(&self, name: &str) -> Option<PathBuf> {
        let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        self.folders.iter().map(|folder| folder.join(&name)).find(|path| is_program(path))
    }
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}

/// Why a program gave no answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// It could not be started.
    Start(std::io::Error),
    /// It took too long.
    Time,
    /// It printed too much.
    Output,
    /// It ended with an error: the status, and what it said.
    Ended(ExitStatus, String),
}

/// Runs a program in a scratch copy; standard output, when it ends well.
pub(super) fn run(
    program: &Path,
    arguments: &[OsString],
    scratch: &Scratch,
    limits: &Limits,
) -> Result<Vec<u8>, Failure> {
    let mut child = spawn(program, arguments, scratch).map_err(Failure::Start)?;
    limit_memory(&child, limits.memory);
    let answer = listen(&mut child, limits);
    if matches!(answer, Err(Failure::Start(_) | Failure::Time | Failure::Output)) {
        kill(&mut child);
    }
    answer
}

fn spawn(program: &Path, arguments: &[OsString], scratch: &Scratch) -> std::io::Result<Child> {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(scratch.tree()).env_clear();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let (home, nowhere) = (scratch.home(), scratch.home().join("none"));
    command.env("HOME", &home).env("TMPDIR", scratch.tmp()).env("PATH", &nowhere).env("KUBECONFIG", &nowhere);
    for (name, folder) in [
        ("XDG_CONFIG_HOME", "config"),
        ("XDG_CACHE_HOME", "cache"),
        ("XDG_DATA_HOME", "data"),
        ("HELM_CONFIG_HOME", "helm-config"),
        ("HELM_CACHE_HOME", "helm-cache"),
        ("HELM_DATA_HOME", "helm-data"),
        ("HELM_PLUGINS", "helm-plugins"),
    ] {
        command.env(name, home.join(folder));
    }
    // Port 9 discards, where anybody listens at all.
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"] {
        command.env(name, "http://127.0.0.1:9");
    }
    command.env("GIT_ALLOW_PROTOCOL", "none").env("GIT_TERMINAL_PROMPT", "0").env("GOMAXPROCS", "2");
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.spawn()
}

/// Reads what the program prints until it ends or a limit is passed.
fn listen(child: &mut Child, limits: &Limits) -> Result<Vec<u8>, Failure> {
    let started = Instant::now();
    let (sender, receiver) = channel();
    let stdout = child.stdout.take().map(|pipe| read(pipe, limits.output + 1, sender.clone()));
    let stderr = child.stderr.take().map(|pipe| read(pipe, 64 << 10, sender));
    // Both readers send when they are done; then nobody holds a sender.
    loop {
        match receiver.recv_timeout(limits.time.saturating_sub(started.elapsed())) {
            Ok(read) if read > limits.output => return Err(Failure::Output),
            Ok(_) => {}
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => return Err(Failure::Time),
        }
    }
    let status = loop {
        match child.try_wait().map_err(Failure::Start)? {
            Some(status) => break status,
            None if started.elapsed() > limits.time => return Err(Failure::Time),
            None => std::thread::sleep(Duration::from_millis(1)),
        }
    };
    let text =
        |reader: Option<std::thread::JoinHandle<Vec<u8>>>| reader.and_then(|r| r.join().ok()).unwrap_or_default();
    let (printed, said) = (text(stdout), text(stderr));
    match status.success() {
        true => Ok(printed),
        false => Err(Failure::Ended(status, String::from_utf8_lossy(&said).into_owned())),
    }
}

/// Reads at most `limit` bytes in a thread of its own and tells how many there were.
fn read(
    pipe: impl Read + Send + 'static,
    limit: u64,
    done: std::sync::mpsc::Sender<u64>,
) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // A pipe that breaks has nothing more to say; the exit status tells the rest.
        let _ = pipe.take(limit).read_to_end(&mut bytes);
        let _ = done.send(bytes.len() as u64);
        bytes
    })
}

#[cfg(target_os = "linux")]
fn limit_memory(child: &Child, bytes: u64) {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};
    let limit = Rlimit { current: Some(bytes), maximum: Some(bytes) };
    // A program that has already ended needs no limit.
    let _ = prlimit(Some(Pid::from_child(child)), Resource::As, limit);
}

#[cfg(not(target_os = "linux"))]
fn limit_memory(_: &Child, _: u64) {}

/// Ends a program, whose status nobody has taken yet, with everything that it started.
fn kill(child: &mut Child) {
    #[cfg(unix)]
    {
        use rustix::process::{Pid, Signal, kill_process_group};
        let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
    }
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::collections::BTreeMap;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn ran(script: &str, limits: &Limits) -> Result<String, Failure> {
        let scratch = Scratch::new(&BTreeMap::new()).map_err(Failure::Start)?;
        let printed = run(Path::new("/bin/sh"), &["-c".into(), script.into()], &scratch, limits)?;
        Ok(String::from_utf8_lossy(&printed).into_owned())
    }

    #[test]
    fn the_environment_is_empty_and_the_answer_is_what_was_printed() {
        let out = ran("echo \"$HOME $PATH $USER\"; echo x >&2", &Limits::default()).expect("answer");
        assert!(out.contains("/home ") && out.contains("/none ") && !out.contains("/usr/bin"), "{out}");
        match ran("echo no such chart >&2; exit 3", &Limits::default()) {
            Err(Failure::Ended(status, said)) => assert_eq!((status.code(), &*said), (Some(3), "no such chart\n")),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn limits_of_time_and_output_hold_for_children_too() {
        let quick = Limits { time: Duration::from_millis(200), ..Limits::default() };
        let started = Instant::now();
        assert!(matches!(ran("/bin/sleep 30 & /bin/sleep 30", &quick), Err(Failure::Time)));
        assert!(matches!(ran("exec >&- 2>&-; /bin/sleep 30", &quick), Err(Failure::Time)));
        assert!(started.elapsed() < Duration::from_secs(5));
        let small = Limits { output: 1000, ..Limits::default() };
        assert!(matches!(ran("while :; do echo lots; done", &small), Err(Failure::Output)));
    }

    #[test]
    fn programs_come_from_absolute_folders_outside_of_what_is_judged() {
        let (inside, outside) = (tempfile::tempdir().expect("folder"), tempfile::tempdir().expect("folder"));
        for folder in [&inside, &outside] {
            let path = folder.path().join("helm");
            std::fs::write(&path, "").expect("file");
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("mode");
        }
        let path = std::env::join_paths([Path::new("bin"), inside.path(), outside.path()]).expect("path");
        let programs = Programs::new(Some(&path));
        assert_eq!(programs.find(Tool::Helm).map(|p| p.0), Some(inside.path().join("helm")));
        assert_eq!(programs.outside(inside.path()).find(Tool::Helm).map(|p| p.0), Some(outside.path().join("helm")));
        assert!(programs.find(Tool::Kustomize).is_none());
        assert!(Programs::new(None).find(Tool::Helm).is_none());
    }
}
