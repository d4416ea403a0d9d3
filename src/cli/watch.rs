//! `--watch`: runs again when a file below the watched directories changes.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::Answer;

/// Between two looks. A look at a few hundred files takes about a millisecond, so nobody notices it.
const PERIOD: Duration = Duration::from_millis(300);

/// Path, length and time of the last change of every file, in order.
type Seen = Vec<(PathBuf, u64, Option<SystemTime>)>;

/// Prints the answer of `work`, and again after every change; ends with the last answer when it cannot print any more.
pub(super) fn run(watched: &[PathBuf], work: &mut dyn FnMut() -> Answer) -> Answer {
    if watched.is_empty() {
        let stderr = b"nothing to watch: the built-in library does not change; name a directory\n".to_vec();
        return Answer { stderr, code: 2, ..Answer::default() };
    }
    loop {
        let before = seen(watched);
        let answer = work();
        if print(&answer).is_err() {
            return Answer { code: answer.code, ..Answer::default() };
        }
        while seen(watched) == before {
            std::thread::sleep(PERIOD);
        }
    }
}

fn print(answer: &Answer) -> std::io::Result<()> {
    std::io::stderr().lock().write_all(&answer.stderr)?;
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(&answer.stdout)?;
    stdout.write_all(b"waiting for a change\n")?;
    stdout.flush()
}

fn seen(watched: &[PathBuf]) -> Seen {
    let mut found = Seen::new();
    watched.iter().for_each(|path| look(path, &mut found));
    found.sort_unstable();
    found
}

fn look(path: &Path, found: &mut Seen) {
    if let Ok(entries) = std::fs::read_dir(path) {
        entries.flatten().for_each(|entry| look(&entry.path(), found));
    } else if let Ok(file) = path.metadata() {
        found.push((path.to_owned(), file.len(), file.modified().ok()));
    }
}
