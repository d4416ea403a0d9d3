//! Why an evaluation gave no answer, read from what regorus says.

use serde::{Deserialize, Serialize};

use super::{TIME_LIMIT, WALL_LIMIT};

/// Why an evaluation gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum EvalError {
    /// It computed longer than [`TIME_LIMIT`], or took longer than [`WALL_LIMIT`].
    #[error("took longer than {} s of computing, or {} s in all", TIME_LIMIT.as_secs(), WALL_LIMIT.as_secs())]
    Timeout,
    /// The engine reported an error; `place` is `path:line:column` in the policy where it names one.
    #[error("{message}")]
    Failed {
        /// What the engine says.
        message: String,
        /// Where, if it says so.
        place: Option<String>,
    },
    /// It needs more than it may take.
    #[error("{0}")]
    Limit(String),
    /// The engine panicked; it must not be used again.
    #[error("the engine panicked")]
    Panicked,
}

impl EvalError {
    /// `path:line:column` in the policy, where the engine names one.
    pub fn place(&self) -> Option<&str> {
        match self {
            Self::Failed { place, .. } => place.as_deref(),
            _ => None,
        }
    }
}

pub(super) fn failed(text: &str) -> EvalError {
    EvalError::Failed { message: message_of(text), place: place_of(text).map(|(path, l, c)| format!("{path}:{l}:{c}")) }
}

/// The message of an engine error: its text ends with `error: …` below a picture of the place.
pub(super) fn message_of(text: &str) -> String {
    let last = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("error: ").or_else(|| line.trim().strip_prefix("| error: ")));
    last.unwrap_or_else(|| text.lines().next().unwrap_or_default()).trim().to_owned()
}

/// The place of an engine error, from its `--> path:line:column` line.
pub(super) fn place_of(text: &str) -> Option<(String, u32, u32)> {
    let line = text.lines().find_map(|line| line.trim().strip_prefix("--> "))?;
    let mut parts = line.rsplitn(3, ':');
    let column = parts.next()?.trim().parse().ok()?;
    let row = parts.next()?.parse().ok()?;
    Some((parts.next()?.to_owned(), row, column))
}
