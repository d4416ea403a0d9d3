//! What can go wrong between this machine and the repository that keeps the log, and what to do then.

use super::program::Failure;
use super::remote::Remote;
use crate::audit::frame::MAX_LEAF;
use crate::finding::Diagnostic;

/// Why a record was not acknowledged.
#[derive(Debug)]
pub(super) enum Fault {
    /// The program failed.
    Git(Failure),
    /// The branch is not the log that it was, or never was one.
    Tampered(String),
    /// Others were faster until time ran out; the record waits in the inbox.
    Busy(String),
    TooLong(usize),
    /// The record cannot be written as it is.
    Unfit(String),
    /// Git keeps everything for good.
    CannotForget,
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        Self::Git(failure)
    }
}

/// Whether a refusal is only that somebody else was faster.
pub(super) fn is_contention(text: &str) -> bool {
    const WORDS: [&str; 9] = [
        "stale info",
        "cannot lock ref",
        "failed to update ref",
        "incorrect old value",
        "reference already exists",
        "atomic transaction failed",
        "atomic push failed",
        "failed to lock",
        "Unable to create",
    ];
    WORDS.iter().any(|word| text.contains(word))
        && !text.contains("hook declined")
        && !text.contains("Permission denied")
}

/// The line of git's words that says why: what the other side says first, then git's own.
fn reason(text: &str) -> String {
    let line =
        |start: &str| text.lines().map(str::trim).find(|line| line.starts_with(start) && line.len() > start.len());
    let line = ["remote: ", "fatal: ", "!\t", "error: "].into_iter().find_map(line);
    let line = line.or_else(|| text.lines().last()).unwrap_or("no reason given");
    line.replace('\t', " ").chars().take(300).collect()
}

impl Fault {
    pub(super) fn diagnostic(&self, remote: &Remote) -> Diagnostic {
        let unwritable = |message: String| Diagnostic::error("audit::unwritable", message);
        let diagnostic = match self {
            Self::Git(Failure::Io(e)) => unwritable(format!("`git` cannot be run: {e}"))
                .help("install git, and see that the directory for temporary files has room"),
            Self::Git(Failure::TimedOut) => unwritable("the repository of the audit log did not answer in time".into())
                .help("check the network; `--audit-level spooled` keeps the record here until `changegate audit push`"),
            Self::Git(Failure::Refused(text)) => {
                unwritable(format!("the repository of the audit log refused: {}", remote.redact(&reason(text)))).help(
                    "see that it exists and that you may push to the audit branch and to refs/changegate/inbox/*; \
                     `--audit-level spooled` keeps the record here until `changegate audit push`",
                )
            }
            Self::Tampered(what) => Diagnostic::error("audit::tampered", format!("the audit log was changed: {what}"))
                .help("keep the repository as evidence, run `changegate audit verify`, and begin a new log on another branch"),
            Self::Busy(why) => {
                let message = format!("the record waits in the inbox of the audit log; it was not integrated in time: {why}");
                unwritable(message).help(
                    "run `changegate audit push` to integrate it, or be content with `--audit-level accepted`",
                )
            }
            Self::TooLong(n) => {
                let message = format!("the audit record takes {n} bytes; at most {MAX_LEAF} are kept");
                Diagnostic::error("audit::too_large", message).help("this is a fault of the program: please report it")
            }
            Self::Unfit(what) => unwritable(format!("the audit record cannot be written: {what}"))
                .help("this is a fault of the program: please report it"),
            Self::CannotForget => {
                let message = "the record has personal fields that may have to be erased, and git keeps everything";
                Diagnostic::error("audit::unsupported", message)
                    .help("use the file store or PostgreSQL where personal fields must be forgotten")
            }
        };
        diagnostic.in_file(remote.name.clone())
    }

    /// The same fault, seen while reading.
    pub(super) fn reading(&self, remote: &Remote) -> Diagnostic {
        let diagnostic = self.diagnostic(remote);
        if diagnostic.code == "audit::unwritable" {
            let help = "see that the repository and the branch exist and that you may fetch them";
            return Diagnostic { code: "audit::unreadable", help: help.into(), ..diagnostic };
        }
        diagnostic
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_other_side_is_heard_first() {
        let text = "To a\n!\tx:y\t[remote rejected] (hook declined)\nremote: \nremote: no force\nerror: failed";
        assert_eq!(reason(text), "remote: no force");
        assert_eq!(reason("!\tx:y\t[rejected] (no)\nerror: failed to push"), "! x:y [rejected] (no)");
        assert_eq!(reason(""), "no reason given");
    }

    #[test]
    fn losing_a_race_is_not_being_refused() {
        assert!(is_contention("!\ta:b\t[rejected] (stale info)"));
        assert!(!is_contention(
            "!\ta:b\t[remote rejected] (pre-receive hook declined)\n! [rejected] (atomic push failed)"
        ));
        assert!(!is_contention("fatal: could not read Username"));
    }
}
