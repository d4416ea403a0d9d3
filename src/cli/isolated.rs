//! `changegate isolated`, which `check --isolate` starts: evaluates policies that are not trusted, away from the gate.

use changegate::{gate, policy};

use super::Answer;

/// Serves standard input until it ends.
pub(super) fn run() -> Answer {
    let served = gate::in_pool(1, || policy::isolate::serve(std::io::stdin().lock(), std::io::stdout().lock()));
    let stderr = served.as_ref().err().map(|error| format!("changegate: {error}\n")).unwrap_or_default();
    Answer { stderr: stderr.into_bytes(), code: if served.is_ok() { 0 } else { 2 }, ..Answer::default() }
}
