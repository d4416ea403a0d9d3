//! The process's side: modules, then questions and answers, a line each.

use std::io::{self, BufRead, Write};

use serde::Deserialize;

use super::{Answer, COMPUTING, Loaded, Text};
use crate::policy::conftest;
use crate::policy::engine::{Engine, EvalError, Input, Mode};
use crate::policy::library;
use crate::source::{Revision, Source, Sources};

#[derive(Deserialize)]
struct Question {
    rule: String,
    mode: Mode,
    data: Option<serde_json::Value>,
    input: serde_json::Value,
}

/// Answers until nobody asks any more.
///
/// # Errors
/// When a line cannot be read, understood or written.
pub fn serve(mut questions: impl BufRead, mut answers: impl Write) -> io::Result<()> {
    allow_time()?;
    let mut line = String::new();
    questions.read_line(&mut line)?;
    let fresh = load(serde_json::from_str(&line)?)?;
    let mut engine = fresh.clone();
    let mut added = None;
    for line in questions.lines() {
        let line = line?;
        allow_time()?;
        let question: Question = serde_json::from_str(&line)?;
        if question.data != added {
            // Data cannot be taken back.
            engine = fresh.clone();
            if let Some(data) = &question.data {
                engine.add_data(data.clone()).map_err(io::Error::other)?;
            }
            added = question.data;
        }
        engine.set_mode(question.mode);
        engine.set_input(Input::of(&question.input).map_err(io::Error::other)?);
        let members = engine.set(&question.rule);
        let (swallowed, prints) = (engine.swallowed(), engine.prints());
        if members == Err(EvalError::Panicked) {
            (engine, added) = (fresh.clone(), None);
        }
        let answer = Answer { members, swallowed, prints };
        writeln!(answers, "{}", serde_json::to_string(&answer)?)?;
        answers.flush()?;
    }
    Ok(())
}

fn load(loaded: Loaded) -> io::Result<Engine> {
    let mut sources = Sources::default();
    let add = |module: Text| {
        let revision = if module.embedded { Revision::Embedded } else { Revision::Head };
        sources.add(Source::new(module.path, revision, module.text))
    };
    let ids: Vec<_> = loaded.modules.into_iter().map(add).collect();
    if loaded.of_conftest {
        let mut engine = conftest::engine(&sources, &ids).map_err(|faults| {
            io::Error::other(faults.into_iter().map(|fault| fault.message).collect::<Vec<_>>().join("; "))
        })?;
        loaded.data.into_iter().try_for_each(|data| engine.add_data(data)).map_err(io::Error::other)?;
        return Ok(engine);
    }
    let mut library = library::load(&sources, &ids);
    library.data = loaded.data;
    library.engine().map_err(|fault| io::Error::other(fault.message))
}

/// Lets the system end this process when it computes for longer than an answer may cost.
#[cfg(unix)]
fn allow_time() -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    use rustix::time::{ClockId, clock_gettime};
    let used = u64::try_from(clock_gettime(ClockId::ProcessCPUTime).tv_sec).unwrap_or_default();
    let maximum = getrlimit(Resource::Cpu).maximum;
    let most = used + COMPUTING;
    let current = Some(maximum.map_or(most, |maximum| most.min(maximum)));
    setrlimit(Resource::Cpu, Rlimit { current, maximum }).map_err(Into::into)
}

#[cfg(not(unix))]
fn allow_time() -> io::Result<()> {
    Ok(())
}
