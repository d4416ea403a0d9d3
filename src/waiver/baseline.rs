//! Findings that a team has accepted as they are, for repositories without a history to compare with.
//!
//! A baseline names findings about resources by their fingerprint. It silences nothing about the change itself, and no hard
//! policy where the change touches the resource or at stage apply.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::facts::Stage;
use crate::finding::{Answer, Diagnostic, Enforcement, Finding, Status};
use crate::outcome::Outcome;
use crate::parse::de::{Spanned, from_node};
use crate::parse::json;
use crate::source::SourceId;

const SCHEMA: &str = "changegate/baseline/v1";

/// A baseline as it was read.
#[derive(Debug, Default)]
pub struct Baseline {
    entries: Vec<Spanned<Entry>>,
}

/// One accepted finding. Only the fingerprint decides; the rest is for those who read the file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    fingerprint: String,
    policy: String,
    resource: Option<String>,
    message: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document<T> {
    schema: String,
    findings: Vec<T>,
}

/// What a baseline is held against.
pub struct Known<'a> {
    /// Stage of the run.
    pub stage: Stage,
    /// Ids of the policies that judge resources and were asked.
    pub per_resource: BTreeSet<&'a str>,
    /// Ids of the resources that were judged: whether the change touches them.
    pub judged: BTreeMap<Arc<str>, bool>,
}

impl Baseline {
    /// Reads a baseline.
    ///
    /// # Errors
    /// JSON that does not parse, a wrong shape, another schema.
    pub fn read(source: SourceId, text: &str) -> Result<Self, Diagnostic> {
        let node = json::parse(source, text)?;
        let document: Document<Spanned<Entry>> = from_node(&node)?;
        if document.schema != SCHEMA {
            let message =
                format!("the baseline is of schema `{}`, and `{SCHEMA}` is what is read here", document.schema);
            let fault = Diagnostic::error("baseline::schema", message).at(node.span);
            return Err(fault.help("write it anew with `changegate check --write-baseline FILE`"));
        }
        Ok(Self { entries: document.findings })
    }

    /// Marks what it accepts as older than the change, and says which entries match nothing any more.
    pub fn apply(&self, findings: &mut [Finding], known: &Known<'_>) -> Option<Diagnostic> {
        let accepted: BTreeSet<&str> = self.entries.iter().map(|e| e.fingerprint.as_str()).collect();
        let mut met = BTreeSet::new();
        for finding in findings.iter_mut().filter(|f| accepted.contains(f.fingerprint.as_str())) {
            met.insert(finding.fingerprint.clone());
            if finding.status == Status::Open && known.may_accept(finding) {
                finding.status = Status::Preexisting;
            }
        }
        let judged = |e: &&Spanned<Entry>| {
            let resource = e.resource.as_deref().is_some_and(|id| known.judged.contains_key(id));
            resource && known.per_resource.contains(e.policy.as_str())
        };
        let gone = || self.entries.iter().filter(judged).filter(|e| !met.contains(&e.fingerprint));
        let first = gone().next()?;
        let message = match gone().count() {
            1 => "an entry of the baseline matches nothing any more".to_owned(),
            n => format!("{n} entries of the baseline match nothing any more"),
        };
        let fault =
            Diagnostic::warning("baseline::unused", message).at(first.span).label("mended, or another fault now");
        Some(
            fault
                .help("write it anew with `changegate check --write-baseline FILE`: what is mended must not come back"),
        )
    }
}

impl Known<'_> {
    fn may_accept(&self, finding: &Finding) -> bool {
        let Some(touched) = finding.resource.as_ref().and_then(|id| self.judged.get(id)) else { return false };
        let hard = finding.enforcement == Enforcement::Hard;
        let counts = hard && (*touched || self.stage == Stage::Apply);
        self.per_resource.contains(&*finding.policy) && finding.answer == Answer::Fail && !counts
    }
}

/// Every failure of a resource, open or accepted before, sorted by policy and resource; ends with a newline.
pub fn write(outcome: &Outcome) -> String {
    let about_resources = |f: &&Finding| outcome.policies.iter().any(|p| p.per_resource && p.id == f.policy);
    let counts = |f: &&Finding| f.answer == Answer::Fail && matches!(f.status, Status::Open | Status::Preexisting);
    let entry = |f: &Finding| Entry {
        fingerprint: f.fingerprint.clone(),
        policy: f.policy.to_string(),
        resource: f.resource.as_deref().map(str::to_owned),
        message: f.message.clone(),
    };
    let mut findings: Vec<Entry> = outcome.findings.iter().filter(about_resources).filter(counts).map(entry).collect();
    findings.sort_by(|a, b| {
        (&a.policy, &a.resource, &a.message, &a.fingerprint).cmp(&(&b.policy, &b.resource, &b.message, &b.fingerprint))
    });
    crate::output::to_json(&Document { schema: SCHEMA.into(), findings })
}
