//! Makes commits with `git fast-import`: one process for all blobs, folders and the commit.

use super::program::{Failure, Scratch};

/// A commit in the making.
pub(super) struct Commit {
    stream: Vec<u8>,
}

/// Name and address in the commits; who judged stands in the records.
const COMMITTER: &str = "changegate <changegate@localhost>";

impl Commit {
    /// A commit made at `seconds` after the epoch on top of `parent`. The same content gives the same commit.
    pub(super) fn new(parent: Option<&str>, seconds: u64, message: &str) -> Self {
        let mut stream =
            format!("commit refs/audit/work\nmark :1\ncommitter {COMMITTER} {seconds} +0000\n").into_bytes();
        data(&mut stream, message.as_bytes());
        if let Some(parent) = parent {
            stream.extend(format!("from {parent}\n").bytes());
        }
        Self { stream }
    }

    /// Adds or replaces a file.
    pub(super) fn file(&mut self, path: &str, bytes: &[u8]) {
        self.stream.extend(format!("M 100644 inline {path}\n").bytes());
        data(&mut self.stream, bytes);
    }

    /// Writes the commit and returns its id.
    pub(super) fn write(mut self, into: &Scratch) -> Result<String, Failure> {
        // Without a parent the ref's former commit would become it.
        let reset = b"reset refs/audit/work\n\n".to_vec();
        self.stream.splice(0..0, reset);
        self.stream.extend(b"get-mark :1\ndone\n");
        let printed = into.run(&["fast-import", "--quiet", "--force", "--done"], &self.stream)?;
        Ok(String::from_utf8_lossy(&printed).trim().to_owned())
    }
}

fn data(stream: &mut Vec<u8>, bytes: &[u8]) {
    stream.extend(format!("data {}\n", bytes.len()).bytes());
    stream.extend(bytes);
    stream.push(b'\n');
}
