//! Policies from outside of the trusted base, evaluated in a process of their own with a limit to its memory.
//!
//! The process is this program again, with a hidden command. It reads the modules and then one question a line, and
//! answers each with a line, as JSON. What it cannot survive ends it alone, and the policy that was asked is named. One
//! question is asked at a time, so there is never a doubt about which it was.

mod child;

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::bundle::DataFile;
use super::engine::{EvalError, Input, MOST_SWALLOWED, Mode, TIME_LIMIT, WALL_LIMIT};
use crate::source::{Revision, SourceId, Sources};

pub use child::serve;

/// Name of the hidden command.
pub const COMMAND: &str = "isolated";

/// Address space of the process, in bytes.
const MEMORY: u64 = 2 << 30;

/// What an answer may cost the process, in seconds of computing: an evaluation is repeated where an error is gone over, and
/// the first one loads the modules.
const COMPUTING: u64 = 2 * TIME_LIMIT.as_secs() + 3;

/// How long an answer may take in all.
const PATIENCE: Duration = Duration::from_secs(2 * WALL_LIMIT.as_secs() + 3);

/// What a process is started with.
#[derive(Clone, Debug)]
pub struct Isolation {
    program: PathBuf,
    loaded: Arc<Loaded>,
}

/// What the process loads before it is asked.
#[derive(Debug, Serialize, Deserialize)]
struct Loaded {
    /// The modules were written for Conftest.
    of_conftest: bool,
    modules: Vec<Text>,
    /// Documents of `data`.
    data: Vec<serde_json::Value>,
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
    /// What `data` has besides, for this question.
    data: Option<&'a serde_json::Value>,
    input: &'a Input,
}

/// An answer: what the rule gives, the errors that were gone over, and what was printed.
#[derive(Serialize, Deserialize)]
struct Answer {
    members: Result<Vec<serde_json::Value>, EvalError>,
    swallowed: Vec<EvalError>,
    prints: Vec<String>,
}

impl Isolation {
    /// The program to start, and the modules and documents of `data` that it reads.
    pub fn new(program: PathBuf, sources: &Sources, modules: &[SourceId], data: Vec<serde_json::Value>) -> Self {
        Self { program, loaded: Arc::new(Loaded { of_conftest: false, modules: texts(sources, modules), data }) }
    }

    /// [`new`](Self::new) for modules that were written for Conftest.
    pub fn of_conftest(program: PathBuf, sources: &Sources, modules: &[SourceId], data: &[DataFile]) -> Self {
        let data = data.iter().map(DataFile::nested).collect();
        Self { program, loaded: Arc::new(Loaded { of_conftest: true, modules: texts(sources, modules), data }) }
    }
}

fn texts(sources: &Sources, modules: &[SourceId]) -> Vec<Text> {
    let text = |id: &SourceId| {
        let source = sources.get(*id)?;
        let embedded = source.revision == Revision::Embedded;
        Some(Text { path: source.path.to_string(), embedded, text: source.text.to_string() })
    };
    modules.iter().filter_map(text).collect()
}

/// A process that answers, started when it is first asked and again after it has ended.
pub struct Worker {
    isolation: Isolation,
    running: Option<Running>,
    input: Input,
    mode: Mode,
    data: Option<serde_json::Value>,
    swallowed: Vec<EvalError>,
    prints: Vec<String>,
}

struct Running {
    child: Child,
    questions: ChildStdin,
    /// Locked by nobody: a worker that no thread uses yet may be seen by all.
    answers: Mutex<Receiver<String>>,
}

impl Worker {
    /// A worker that runs nothing yet.
    pub fn new(isolation: Isolation) -> Self {
        Self {
            isolation,
            running: None,
            input: Input::object(Vec::new()),
            mode: Mode::default(),
            data: None,
            swallowed: Vec::new(),
            prints: Vec::new(),
        }
    }

    /// What the next rules are asked about, what an error of a built-in function means in them, and what `data` has
    /// besides for them.
    pub fn prepare(&mut self, input: Input, mode: Mode, data: Option<serde_json::Value>) {
        (self.input, self.mode, self.data) = (input, mode, data);
    }

    /// Evaluates a set rule, see [`Engine::set`](super::engine::Engine::set).
    ///
    /// # Errors
    /// See [`EvalError`]; a limit when the process ended.
    pub fn set(&mut self, rule: &str) -> Result<Vec<serde_json::Value>, EvalError> {
        let answer = self.ask(rule)?;
        for error in answer.swallowed {
            if self.swallowed.len() < MOST_SWALLOWED && !self.swallowed.contains(&error) {
                self.swallowed.push(error);
            }
        }
        self.prints.extend(answer.prints);
        answer.members
    }

    /// Errors that were gone over since the last call.
    pub fn swallowed(&mut self) -> Vec<EvalError> {
        std::mem::take(&mut self.swallowed)
    }

    /// What was printed since the last call.
    pub fn prints(&mut self) -> Vec<String> {
        std::mem::take(&mut self.prints)
    }

    fn ask(&mut self, rule: &str) -> Result<Answer, EvalError> {
        let broken = |error: &dyn std::fmt::Display| EvalError::Limit(format!("its process gives no answer: {error}"));
        let question = Question { rule, mode: self.mode, data: self.data.as_ref(), input: &self.input };
        let question = serde_json::to_string(&question).map_err(|error| broken(&error))?;
        let running = match &mut self.running {
            Some(running) => running,
            none => none.insert(Running::start(&self.isolation).map_err(|error| broken(&error))?),
        };
        // A process that has ended does not read; why it ended is told below.
        let _ = writeln!(running.questions, "{question}").and_then(|()| running.questions.flush());
        let answers = running.answers.get_mut().unwrap_or_else(PoisonError::into_inner);
        match answers.recv_timeout(PATIENCE) {
            Ok(line) => serde_json::from_str(&line).map_err(|error| broken(&error)),
            Err(error) => {
                let ran_out = self.running.take().is_some_and(|mut running| running.ran_out_of_time());
                Err(match error {
                    RecvTimeoutError::Disconnected if !ran_out => {
                        EvalError::Limit(format!("its process ended: it may take {} MiB of memory", MEMORY >> 20))
                    }
                    _ => EvalError::Timeout,
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
        let mut running = Self { child, questions, answers: Mutex::new(answers) };
        // It waits for the modules, so the limit holds before anything from outside is read.
        limit_memory(&running.child)?;
        let loaded = serde_json::to_string(&*isolation.loaded)?;
        writeln!(running.questions, "{loaded}")?;
        Ok(running)
    }

    /// Whether the process has ended because it computed longer than it may.
    #[cfg(unix)]
    fn ran_out_of_time(&mut self) -> bool {
        use std::os::unix::process::ExitStatusExt;
        let _ = self.child.kill();
        let ended = self.child.wait().ok().and_then(|status| status.signal());
        ended == Some(rustix::process::Signal::XCPU.as_raw())
    }

    #[cfg(not(unix))]
    fn ran_out_of_time(&mut self) -> bool {
        false
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
    let set = |resource, most| {
        let limit = Rlimit { current: Some(most), maximum: Some(most) };
        prlimit(Some(Pid::from_child(child)), resource, limit)
    };
    // What ends it leaves no image of its memory behind.
    set(Resource::Core, 0)?;
    set(Resource::As, MEMORY)?;
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn limit_memory(_: &Child) -> std::io::Result<()> {
    Err(std::io::Error::other("this system cannot limit the memory of another process"))
}
