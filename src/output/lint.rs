//! What `changegate policy lint` says: the same faults for people, programs, code scanning and annotations.

use std::str::FromStr;

use serde::Serialize;
use serde_json::json;

use super::style::Style;
use super::{encode, github, json as outcome};
use crate::finding::{Diagnostic, Level};
use crate::source::Sources;

/// A format that faults can be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LintFormat {
    /// For people, with the lines that matter.
    Pretty,
    /// `changegate/lint/v1`.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Workflow commands of GitHub Actions.
    Github,
}

impl FromStr for LintFormat {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "pretty" => Ok(Self::Pretty),
            "json" => Ok(Self::Json),
            "sarif" => Ok(Self::Sarif),
            "github" => Ok(Self::Github),
            _ => Err(format!("unknown format `{word}`; known are pretty, json, sarif, github")),
        }
    }
}

/// What was linted, and what was found.
pub struct Linted<'a> {
    /// In the order in which they are shown.
    pub faults: &'a [Diagnostic],
    /// How many files were looked at.
    pub files: usize,
    /// The kinds of faults: code and meaning.
    pub rules: &'a [(&'static str, &'static str)],
}

/// Writes faults; the text ends with a newline.
pub fn lint(format: LintFormat, linted: &Linted<'_>, sources: &Sources, style: &Style) -> String {
    match format {
        LintFormat::Pretty => pretty(linted, sources, style),
        LintFormat::Json => super::to_json(&Document {
            schema: "changegate/lint/v1",
            files: linted.files,
            faults: outcome::diagnostics(linted.faults, sources),
        }),
        LintFormat::Sarif => super::to_json(&sarif(linted, sources)),
        LintFormat::Github => github::diagnostics(linted.faults, sources),
    }
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    files: usize,
    faults: Vec<outcome::Diagnostic<'a>>,
}

fn pretty(linted: &Linted<'_>, sources: &Sources, style: &Style) -> String {
    let mut out = super::diagnostics(linted.faults, sources, style);
    if !out.is_empty() {
        out.push('\n');
    }
    let files = super::count(linted.files, "file", "files");
    let faults = super::count(linted.faults.len(), "fault", "faults");
    out.push_str(&format!("{faults} in {files}\n"));
    out
}

fn sarif(linted: &Linted<'_>, sources: &Sources) -> serde_json::Value {
    let rule = |(code, meaning): &(&str, &str)| json!({"id": code, "shortDescription": {"text": meaning}});
    json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "changegate policy lint",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": linted.rules.iter().map(rule).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": linted.faults.iter().map(|d| result(d, sources)).collect::<Vec<_>>(),
        }],
    })
}

fn result(d: &Diagnostic, sources: &Sources) -> serde_json::Value {
    let text = if d.help.is_empty() { d.message.clone() } else { format!("{}\nHelp: {}", d.message, d.help) };
    let place = d.span.and_then(|span| sources.locate(span));
    let path = place.as_ref().map(|p| p.path.clone()).or_else(|| d.path.clone());
    let location = path.map(|path| {
        let mut physical = json!({"artifactLocation": {"uri": encode(&path)}});
        if let (Some(p), Some(physical)) = (&place, physical.as_object_mut()) {
            let region = json!({
                "startLine": p.line, "startColumn": p.column, "endLine": p.end_line, "endColumn": p.end_column,
            });
            physical.insert("region".into(), region);
        }
        json!({"physicalLocation": physical})
    });
    json!({
        "ruleId": d.code,
        "level": match d.level { Level::Error => "error", Level::Warning => "warning", Level::Note => "note" },
        "message": {"text": text},
        "locations": location.into_iter().collect::<Vec<_>>(),
    })
}
