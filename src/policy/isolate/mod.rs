//! Policies from outside of the trusted base, evaluated in a process of their own with a limit to its memory.
//!
//! The process is this program again, with a hidden command. It reads the modules and then one question a line, and
//! answers each with a line, as JSON. What it cannot survive ends it alone, and the policy that was asked is named. One
//! question is asked at a time, so there is never a doubt about which it was.

mod child;

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::engine::{EvalError, Input, Mode, TIME_LIMIT};
use crate::source::{Revision, SourceId, Sources};

pub use child::serve;

/// Name of the hidden command.
pub const COMMAND: &str = "isolated";

/// Address space of the process, in bytes.
const MEMORY: u64 = 2 << 30;

/// How long an answer may take: an evaluation is repeated where an error is gone over, and the first one loads the modules.
const PATIENCE: Duration = Duration::from_secs(2 * TIME_LIMIT.as_secs() + 3);

/// What a process is started with.
#[derive(Clone, Debug)]
pub struct Isolation {
    program: PathBuf,
    modules: Arc<[Text]>,
}

/// A module on its way into the process.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Text {
    path: String,
    /// One of our own, which was checked when this program was built.
    embedded: bool,
    text: String,
}

/// A question.
#[derive(Serialize)]
struct Question<'a> {
    rule: &'a str,
    mode: Mode,
    input: &'a Input,
}

/// An answer: what the rule gives, and the errors that were gone over.
#[derive(Serialize, Deserialize)]
struct Answer {
    members: Result<Vec<serde_json::Value>, EvalError>,
    swallowed: Vec<EvalError>,
}

impl Isolation {
    /// The program to start, and the modules that it reads.
    pub fn new(program: PathBuf, sources: &Sources, modules: &[SourceId]) -> Self {
        let text = |id: &SourceId| {
            let source = sources.get(*id)?;
            let embedded = source.revision == Revision::Embedded;
            Some(Text { path: source.path.to_string(), embedded, text: source.text.to_string() })
        };
        Self { program, modules: modules.iter().filter_map(text).collect() }
    }
}

/// A process that answers, started when it is first asked and again after it has ended.
pub struct Worker {
    isolation: Isolation,
    running: Option<Running>,
    input: Input,
    mode: Mode,
    swallowed: Vec<EvalError>,
}

struct Running {
    child: Child,
    questions: ChildStdin,
    answers: Receiver<String>,
}

impl Worker {
    /// A worker that runs nothing yet.
    pub fn new(isolation: Isolation) -> Self {
        Self {
            isolation,
            running: None,
            input: Input::object(Vec::new()),
            mode: Mode::default(),
            swallowed: Vec::new(),
        }
    }

    /// What the next rules are asked about, and what an error of a built-in function means in them.
    pub fn prepare(&mut self, input: Input, mode: Mode) {
        (self.input, self.mode) = (input, mode);
    }

    /// Evaluates a set rule, see [`Engine::set`](super::engine::Engine::set).
    ///
    /// # Errors
    /// See [`EvalError`]; a limit when the process ended.
    pub fn set(&mut self, rule: &str) -> Result<Vec<serde_json::Value>, EvalError> {
        let answer = self.ask(rule)?;
        self.swallowed.extend(answer.swallowed);
        answer.members
    }

    /// Errors that were gone over since the last call.
    pub fn swallowed(&mut self) -> Vec<EvalError> {
        std::mem::take(&mut self.swallowed)
    }

    fn ask(&mut self, rule: &str) -> Result<Answer, EvalError> {
        let broken = |error: &dyn std::fmt::Display| EvalError::Limit(format!("its process gives no answer: {error}"));
        let question = Question { rule, mode: self.mode, input: &self.input };
        let question = serde_json::to_string(&question).map_err(|error| broken(&error))?;
        let running = match &mut self.running {
            Some(running) => running,
            none => none.insert(Running::start(&self.isolation).map_err(|error| broken(&error))?),
        };
        // A process that has ended does not read; why it ended is told below.
        let _ = writeln!(running.questions, "{question}").and_then(|()| running.questions.flush());
        match running.answers.recv_timeout(PATIENCE) {
            Ok(line) => serde_json::from_str(&line).map_err(|error| broken(&error)),
            Err(error) => {
                self.running = None;
                Err(match error {
                    RecvTimeoutError::Timeout => EvalError::Timeout,
                    RecvTimeoutError::Disconnected => {
                        EvalError::Limit(format!("its process ended: it may take {} MiB of memory", MEMORY >> 20))
                    }
                })
            }
        }
    }
}

impl Running {
    fn start(isolation: &Isolation) -> std::io::Result<Self> {
        let mut command = Command::new(&isolation.program);
        command.arg(COMMAND).env_clear().current_dir("/");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn()?;
        let pipes = (child.stdin.take(), child.stdout.take());
        let (Some(questions), Some(stdout)) = pipes else { return Err(std::io::Error::other("it has no pipes")) };
        let (sender, answers) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let mut running = Self { child, questions, answers };
        // It waits for the modules, so the limit holds before anything from outside is read.
        limit_memory(&running.child)?;
        let modules = serde_json::to_string(&*isolation.modules)?;
        writeln!(running.questions, "{modules}")?;
        Ok(running)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(target_os = "linux")]
fn limit_memory(child: &Child) -> std::io::Result<()> {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};
    let limit = Rlimit { current: Some(MEMORY), maximum: Some(MEMORY) };
    prlimit(Some(Pid::from_child(child)), Resource::As, limit).map(|_| ()).map_err(Into::into)
}

#[cfg(not(target_os = "linux"))]
fn limit_memory(_: &Child) -> std::io::Result<()> {
    Err(std::io::Error::other("this system cannot limit the memory of another process"))
}
