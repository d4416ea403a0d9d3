//! `changegate.lock`: which commit of another repository policies come from, and what it must hold.

use std::fmt::Write as _;

use serde::Deserialize;

use crate::finding::{Diagnostic, Level};
use crate::parse::{de, yaml};
use crate::source::{SourceId, Span};

/// The file's name, beside `changegate.yaml`.
pub const FILE: &str = "changegate.lock";

/// The lock as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// Of the format.
    pub version: u32,
    /// Sorted by source.
    #[serde(default)]
    pub policies: Vec<Pin>,
}

/// One source that is pinned.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// As it was named: `git::https://…//policy?ref=v1`.
    pub source: String,
    /// Full commit id.
    pub commit: String,
    /// `sha256:` over paths and bytes of the files.
    pub digest: String,
}

impl Default for Lock {
    fn default() -> Self {
        Self { version: 1, policies: Vec::new() }
    }
}

impl Lock {
    /// Reads a lock.
    ///
    /// # Errors
    /// `lock::syntax` and the faults of the document's reader, with their places.
    pub fn read(source: SourceId, text: &str) -> Result<Self, Diagnostic> {
        let mut parsed = yaml::parse(source, text, &yaml::Limits::default());
        if let Some(fault) = parsed.diagnostics.into_iter().find(|d| d.level == Level::Error) {
            return Err(fault);
        }
        let here = Span::new(source, 0, 0);
        let node = parsed.documents.pop().ok_or_else(|| wrong(here, "it is empty"))?;
        let lock: Self = de::from_node(&node)?;
        if lock.version != 1 {
            return Err(wrong(here, "its version is not 1"));
        }
        let hex = |text: &str, length: usize| text.len() == length && text.bytes().all(|b| b.is_ascii_hexdigit());
        for pin in &lock.policies {
            let digest = pin.digest.strip_prefix("sha256:").is_some_and(|digits| hex(digits, 64));
            if !digest || !(hex(&pin.commit, 40) || hex(&pin.commit, 64)) {
                return Err(wrong(here, "a commit is 40 hexadecimal digits, and a digest `sha256:` with 64"));
            }
        }
        Ok(lock)
    }

    /// The pin of a source.
    pub fn pin(&self, source: &str) -> Option<&Pin> {
        self.policies.iter().find(|pin| pin.source == source)
    }

    /// Pins a source anew.
    pub fn set(&mut self, pin: Pin) {
        self.policies.retain(|known| known.source != pin.source);
        self.policies.push(pin);
        self.policies.sort_by(|a, b| a.source.cmp(&b.source));
    }

    /// As it is written.
    pub fn to_text(&self) -> String {
        let mut out = String::from(
            "# Written by `changegate policy fetch`. Commit it: policies are read as it says.\nversion: 1\npolicies:\n",
        );
        for pin in &self.policies {
            let source = serde_json::Value::from(pin.source.as_str());
            let _ = writeln!(out, "  - source: {source}\n    commit: {:?}\n    digest: {}", pin.commit, pin.digest);
        }
        out
    }
}

fn wrong(span: Span, why: &str) -> Diagnostic {
    Diagnostic::error("lock::syntax", format!("`{FILE}` is not as `changegate policy fetch` writes it: {why}"))
        .at(span)
        .help("let `changegate policy fetch` write it")
}
