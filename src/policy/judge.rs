//! Who evaluates rules: an engine of this process, or a process of its own.

use super::engine::{Engine, EvalError};
use super::isolate::Worker;

/// Evaluates rules about what it was told last.
pub trait Judge {
    /// The members of a set rule.
    ///
    /// # Errors
    /// See [`EvalError`].
    fn set(&mut self, rule: &str) -> Result<Vec<serde_json::Value>, EvalError>;

    /// Errors that were gone over since the last call.
    fn swallowed(&mut self) -> Vec<EvalError>;

    /// What was printed since the last call.
    fn prints(&mut self) -> Vec<String>;
}

impl Judge for Engine {
    fn set(&mut self, rule: &str) -> Result<Vec<serde_json::Value>, EvalError> {
        self.set(rule)
    }

    fn swallowed(&mut self) -> Vec<EvalError> {
        self.swallowed()
    }

    fn prints(&mut self) -> Vec<String> {
        self.prints()
    }
}

impl Judge for Worker {
    fn set(&mut self, rule: &str) -> Result<Vec<serde_json::Value>, EvalError> {
        self.set(rule)
    }

    fn swallowed(&mut self) -> Vec<EvalError> {
        self.swallowed()
    }

    fn prints(&mut self) -> Vec<String> {
        self.prints()
    }
}
