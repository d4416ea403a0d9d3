//! What a run says, in the format that the reader understands. One file per format.
//!
//! Pure: the same outcome gives the same bytes. No format decides anything; each maps what the gate decided onto the
//! words of its reader, and each owns the structs it serialises, so that a change in the model cannot change a format
//! by accident.

mod alike;
mod diagnostic;
mod github;
mod gitlab;
mod json;
mod junit;
mod lint;
mod markdown;
mod pretty;
#[cfg(test)]
pub(crate) mod sample;
mod sarif;
mod sections;
mod snippet;
mod style;
mod suite;
#[cfg(test)]
mod tests;
mod text;
mod words;

use std::str::FromStr;

use crate::finding::Diagnostic;
use crate::outcome::Outcome;
use crate::source::Sources;

pub use lint::{LintFormat, Linted, lint};
pub use style::{Show, Style};
pub use suite::{SuiteFormat, percentage, suite, totals};

/// A format that an outcome can be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// For people, with the lines that matter.
    Pretty,
    /// `changegate/outcome/v1`, everything.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// JUnit XML, for CI systems.
    Junit,
    /// Workflow commands of GitHub Actions: annotations on the pull request.
    Github,
    /// Code quality report of GitLab.
    Gitlab,
    /// Step summary, or note on a pull or merge request.
    Markdown,
}

impl Format {
    /// Every format, in the order of the help text.
    pub const ALL: [Self; 7] =
        [Self::Pretty, Self::Json, Self::Sarif, Self::Junit, Self::Github, Self::Gitlab, Self::Markdown];

    /// The word on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pretty => "pretty",
            Self::Json => "json",
            Self::Sarif => "sarif",
            Self::Junit => "junit",
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Markdown => "markdown",
        }
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|f| f.as_str() == word).ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join(", ");
            format!("unknown format `{word}`; known are {known}")
        })
    }
}

/// Writes `outcome` in `format`; the text ends with a newline. Only [`Format::Pretty`] looks at `style`.
pub fn render(format: Format, outcome: &Outcome, style: &Style) -> String {
    match format {
        Format::Pretty => pretty::render(outcome, style),
        Format::Json => json::render(outcome),
        Format::Sarif => sarif::render(outcome),
        Format::Junit => junit::render(outcome),
        Format::Github => github::render(outcome),
        Format::Gitlab => gitlab::render(outcome),
        Format::Markdown => markdown::render(outcome),
    }
}

/// The JSON Schema of [`Format::Json`].
pub fn schema(generator: schemars::SchemaGenerator) -> schemars::Schema {
    json::schema(generator)
}

/// The findings as they stand in the JSON outcome, on one line.
pub fn findings(outcome: &Outcome) -> String {
    json::findings(outcome)
}

/// What stops a command that has no outcome, for people; empty when there is nothing.
pub fn diagnostics(diagnostics: &[Diagnostic], sources: &Sources, style: &Style) -> String {
    diagnostics.iter().map(|d| diagnostic::render(d, sources, style)).collect::<Vec<_>>().join("\n")
}

/// Pretty JSON with two spaces and a newline at the end.
pub(crate) fn to_json(value: &impl serde::Serialize) -> String {
    // Structs with string keys cannot fail to serialise; should one ever do so, the reader gets invalid JSON and
    // fails closed, never an empty object that looks like an answer.
    let mut text = serde_json::to_string_pretty(value).unwrap_or_else(|e| format!("changegate: {e}"));
    text.push('\n');
    text
}

/// Percent-encodes all but the unreserved characters of RFC 3986 and `/`; a `:` in the first segment would otherwise
/// read as a scheme.
fn encode(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => out.push(char::from(byte)),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// `1 resource`, `2 resources`.
fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}
