//! The process's side: modules, then questions and answers, a line each.

use std::io::{self, BufRead, Write};

use serde::Deserialize;

use super::{Answer, Text};
use crate::policy::engine::{EvalError, Input, Mode};
use crate::policy::library;
use crate::source::{Revision, Source, Sources};

#[derive(Deserialize)]
struct Question {
    rule: String,
    mode: Mode,
    input: serde_json::Value,
}

/// Answers until nobody asks any more.
///
/// # Errors
/// When a line cannot be read, understood or written.
pub fn serve(mut questions: impl BufRead, mut answers: impl Write) -> io::Result<()> {
    let mut line = String::new();
    questions.read_line(&mut line)?;
    let modules: Vec<Text> = serde_json::from_str(&line)?;
    let mut sources = Sources::default();
    let add = |module: Text| {
        let revision = if module.embedded { Revision::Embedded } else { Revision::Head };
        sources.add(Source::new(module.path, revision, module.text))
    };
    let ids: Vec<_> = modules.into_iter().map(add).collect();
    let library = library::load(&sources, &ids);
    let fresh = library.engine().map_err(|fault| io::Error::other(fault.message))?;
    let mut engine = fresh.clone();
    for line in questions.lines() {
        let question: Question = serde_json::from_str(&line?)?;
        engine.set_mode(question.mode);
        engine.set_input(Input::of(&question.input).map_err(io::Error::other)?);
        let members = engine.set(&question.rule);
        if members == Err(EvalError::Panicked) {
            engine = fresh.clone();
        }
        let answer = Answer { members, swallowed: engine.swallowed() };
        writeln!(answers, "{}", serde_json::to_string(&answer)?)?;
        answers.flush()?;
    }
    Ok(())
}
