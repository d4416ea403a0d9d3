//! The METADATA block of a policy: the only place where its id, scope and weight are written.
//!
//! The block is OPA's (<https://www.openpolicyagent.org/docs/policy-language#annotations>); what is ours
//! stands under `custom`, and unknown keys there are refused. regorus does not read annotations, so they
//! are read here, through the same spanned tree as every other document.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::facts::Stage;
use crate::finding::{Diagnostic, Enforcement, Severity};
use crate::parse::{de, yaml};
use crate::source::{SourceId, Span};

/// What a policy is evaluated on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Once per run.
    Change,
    /// Once per resource whose kind is among the targets.
    Resource,
    /// Once per document of a context kind among the targets.
    Document,
}

/// METADATA as written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metadata {
    /// States the fault in a few words.
    pub title: String,
    /// What is demanded, and why.
    #[serde(default)]
    pub description: String,
    /// Further reading.
    #[serde(default)]
    pub related_resources: Vec<RelatedResource>,
    /// Annotations of OPA that we carry but do not read.
    #[serde(default)]
    pub scope: Option<String>,
    /// See `scope`.
    #[serde(default)]
    pub authors: Vec<serde_json::Value>,
    /// See `scope`.
    #[serde(default)]
    pub organizations: Vec<String>,
    /// See `scope`.
    #[serde(default)]
    pub schemas: Vec<serde_json::Value>,
    /// See `scope`.
    #[serde(default)]
    pub entrypoint: Option<bool>,
    /// Ours.
    pub custom: Custom,
}

/// A link, with or without a description.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum RelatedResource {
    /// Just the address.
    Link(String),
    /// Address and description.
    Described {
        /// The address.
        r#ref: String,
        /// What is found there.
        #[serde(default)]
        description: String,
    },
}

impl RelatedResource {
    /// The address.
    pub fn link(&self) -> &str {
        match self {
            Self::Link(link) | Self::Described { r#ref: link, .. } => link,
        }
    }
}

/// Our part of METADATA.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Custom {
    /// `CHG-001`.
    pub id: String,
    /// What it is evaluated on.
    pub scope: Scope,
    /// Kinds and types, for scope resource; `["*"]` for every resource.
    #[serde(default)]
    pub targets: Vec<String>,
    /// How bad a failure is.
    pub severity: Severity,
    /// Whether a failure blocks.
    pub enforcement: Enforcement,
    /// Enforcement at single stages, where it differs.
    #[serde(default)]
    pub stage_enforcement: BTreeMap<String, Enforcement>,
    /// Stages at which the policy applies.
    pub stages: Vec<String>,
    /// Control framework → controls.
    #[serde(default)]
    pub controls: BTreeMap<String, Vec<String>>,
    /// What to do about a failure.
    #[serde(default)]
    pub remediation: String,
    /// Version of this tool that brought it.
    #[serde(default)]
    pub since: String,
}

impl Metadata {
    /// What is known of a rule that was written for another tool: `main.deny_run_as_root`, at every stage.
    pub(super) fn foreign(package: &str, rule: &str, severity: Severity, enforcement: Enforcement) -> Self {
        let stages = [Stage::Commit, Stage::PullRequest, Stage::Apply];
        Self {
            title: format!("{rule} of package {package}"),
            description: String::new(),
            related_resources: Vec::new(),
            scope: None,
            authors: Vec::new(),
            organizations: Vec::new(),
            schemas: Vec::new(),
            entrypoint: None,
            custom: Custom {
                id: format!("{package}.{rule}"),
                scope: Scope::Document,
                targets: Vec::new(),
                severity,
                enforcement,
                stage_enforcement: BTreeMap::new(),
                stages: stages.iter().map(|stage| stage.as_str().to_owned()).collect(),
                controls: BTreeMap::new(),
                remediation: String::new(),
                since: String::new(),
            },
        }
    }
}

impl Custom {
    /// Whether the policy applies at a stage.
    pub fn applies(&self, stage: Stage) -> bool {
        self.stages.iter().any(|s| s == stage.as_str())
    }

    /// Enforcement at a stage.
    pub fn enforcement_at(&self, stage: Stage) -> Enforcement {
        self.stage_enforcement.get(stage.as_str()).copied().unwrap_or(self.enforcement)
    }
}

/// Reads the METADATA block that stands before the package declaration; `Ok(None)` when there is none.
///
/// # Errors
/// A diagnostic at the place: YAML that does not parse, an unknown key, a wrong type, a stage that does not exist.
pub fn read(source: SourceId, text: &str) -> Result<Option<Metadata>, Diagnostic> {
    let Some((start, block)) = block(text) else { return Ok(None) };
    let mut parsed = yaml::parse(source, &block, &yaml::Limits::default());
    if let Some(fault) = parsed.diagnostics.into_iter().find(|d| d.level == crate::finding::Level::Error) {
        return Err(Diagnostic { code: "policy::metadata", message: format!("METADATA: {}", fault.message), ..fault });
    }
    let here = Span::new(source, start, start + "# METADATA".len());
    let Some(node) = parsed.documents.pop() else {
        return Err(Diagnostic::error("policy::metadata", "METADATA is empty").at(here));
    };
    let metadata: Metadata = de::from_node(&node).map_err(|fault| {
        let span = fault.span.or(Some(here));
        Diagnostic { code: "policy::metadata", message: format!("METADATA: {}", fault.message), span, ..fault }
    })?;
    let stages = || metadata.custom.stages.iter().chain(metadata.custom.stage_enforcement.keys());
    if let Some(wrong) = stages().find(|s| !["commit", "pull-request", "apply"].contains(&s.as_str())) {
        let message = format!("METADATA: there is no stage `{wrong}`");
        return Err(Diagnostic::error("policy::metadata", message)
            .at(here)
            .help("the stages are commit, pull-request and apply"));
    }
    Ok(Some(metadata))
}

/// Whether a text is an id as the library has them: `ACME-001`.
pub fn is_id(text: &str) -> bool {
    text.split_once('-').is_some_and(|(family, number)| {
        family.starts_with(|c: char| c.is_ascii_uppercase())
            && family.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
            && !number.is_empty()
            && number.chars().all(|c| c.is_ascii_digit())
    })
}

/// Whether the METADATA block gives an id, as only policies do.
pub fn claims_to_be_a_policy(source: SourceId, text: &str) -> bool {
    let Some((_, block)) = block(text) else { return false };
    let parsed = yaml::parse(source, &block, &yaml::Limits::default());
    parsed.documents.first().is_some_and(|node| node.at(&["custom", "id"]).is_some())
}

/// The offset of `# METADATA` and a text of the same length as the file in which everything but the block is blank, so that
/// a position in it is a position in the file.
fn block(text: &str) -> Option<(usize, String)> {
    let mut start = None;
    let mut out = String::with_capacity(text.len());
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim_end();
        match (start, trimmed.strip_prefix('#')) {
            (None, Some(rest)) if rest.trim() == "METADATA" => {
                start = Some(offset);
                blank(&mut out, line);
            }
            (Some(_), Some(rest)) => {
                out.push(' ');
                out.push_str(rest);
                blank(&mut out, &line[trimmed.len()..]);
            }
            (Some(_), None) => break,
            (None, _) if trimmed.starts_with("package ") => break,
            (None, _) => blank(&mut out, line),
        }
        offset += line.len();
    }
    start.map(|start| (start, out))
}

/// As many bytes of white space as `line` has, with its line ending.
fn blank(out: &mut String, line: &str) {
    let body = line.trim_end_matches(['\n', '\r']);
    out.extend(std::iter::repeat_n(' ', body.len()));
    out.push_str(line.get(body.len()..).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "# a comment\n# METADATA\n# title: Fewer replicas\n# custom:\n#   id: HA-001\n#   scope: resource\n#   \
                        targets: [apps/Deployment]\n#   severity: high\n#   enforcement: soft\n#   stages: [commit]\npackage p\n";

    #[test]
    fn the_block_is_read_and_positions_are_those_of_the_file() {
        let metadata = read(SourceId(0), GOOD).unwrap().unwrap();
        assert_eq!(metadata.custom.id, "HA-001");
        let bad = GOOD.replace("severity: high", "severity: hihg");
        let fault = read(SourceId(0), &bad).unwrap_err();
        let span = fault.span.unwrap();
        assert_eq!(&bad[span.start as usize..span.end as usize], "hihg");
    }

    #[test]
    fn no_block_is_no_error_and_an_unknown_key_is_one() {
        assert!(read(SourceId(0), "package p\n").unwrap().is_none());
        let bad = GOOD.replace("targets", "tragets");
        assert!(read(SourceId(0), &bad).unwrap_err().message.contains("tragets"));
    }

    #[test]
    fn a_stage_that_does_not_exist_is_refused() {
        let bad = GOOD.replace("[commit]", "[comit]");
        assert!(read(SourceId(0), &bad).unwrap_err().message.contains("comit"));
    }
}
