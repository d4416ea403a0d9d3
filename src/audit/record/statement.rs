//! The statement as it is written: in-toto Statement v1 with the predicate `gate-decision/v1`.
//!
//! Frozen: keys are only ever added. It names values by digest and by what policies said about them; attribute values
//! are not in it.

use serde::Serialize;

use super::basis::Basis;

/// <https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md>
pub(crate) const STATEMENT: &str = "https://in-toto.io/Statement/v1";
/// The predicate type of every record.
pub(crate) const PREDICATE: &str = "https://changegate.dev/gate-decision/v1";

#[derive(Serialize)]
pub(super) struct Statement<'a> {
    #[serde(rename = "_type")]
    pub(super) kind: &'static str,
    pub(super) subject: Vec<Subject>,
    #[serde(rename = "predicateType")]
    pub(super) predicate_type: &'static str,
    pub(super) predicate: Decision<'a>,
}

#[derive(Serialize)]
pub(super) struct Subject {
    pub(super) name: String,
    pub(super) digest: DigestSet,
}

/// Hexadecimal digits by algorithm.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum DigestSet {
    GitCommit(String),
    Sha256(String),
}

#[derive(Serialize)]
pub(super) struct Decision<'a> {
    pub(super) id: &'a str,
    pub(super) kind: &'static str,
    pub(super) idempotency_key: &'a str,
    pub(super) stage: &'static str,
    pub(super) mode: &'static str,
    pub(super) partial: bool,
    pub(super) verdict: &'static str,
    pub(super) decision: &'static str,
    pub(super) valid_until: Option<String>,
    pub(super) who: Who<'a>,
    pub(super) what: What<'a>,
    pub(super) when: When,
    pub(super) r#where: Where<'a>,
    pub(super) why: Vec<Policy<'a>>,
    pub(super) used: Used<'a>,
    pub(super) inputs: Vec<Input<'a>>,
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) tool: Tool<'a>,
    pub(super) basis: &'a Basis,
    pub(super) retention: &'a str,
}

#[derive(Serialize)]
pub(super) struct Who<'a> {
    pub(super) id: Option<&'a str>,
    pub(super) login: Option<&'a str>,
    pub(super) email: Option<&'a str>,
    pub(super) on_behalf_of: Option<&'a str>,
    pub(super) assurance: &'a str,
    pub(super) method: &'a str,
    /// The signed commit that the assurance rests on; its parts lie beside the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) evidence: Option<CommitEvidence<'a>>,
}

#[derive(Serialize)]
pub(super) struct CommitEvidence<'a> {
    pub(super) commit: &'a str,
    pub(super) signer: &'a str,
    pub(super) payload: String,
    pub(super) signature: String,
}

#[derive(Serialize)]
pub(super) struct What<'a> {
    pub(super) change: Option<&'a str>,
    pub(super) change_digest: Option<&'a str>,
    pub(super) risk: Option<&'a str>,
    pub(super) resources: Vec<Resource<'a>>,
}

#[derive(Serialize)]
pub(super) struct Resource<'a> {
    pub(super) id: &'a str,
    pub(super) action: &'static str,
    pub(super) service: Option<&'a str>,
    pub(super) environment: Option<&'a str>,
    pub(super) file: Option<&'a str>,
    pub(super) introduced_by: Vec<Commit<'a>>,
}

#[derive(Serialize)]
pub(super) struct Commit<'a> {
    pub(super) commit: &'a str,
    pub(super) author: &'a str,
    pub(super) committer: &'a str,
    pub(super) signer: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct When {
    pub(super) judged_at: String,
    pub(super) clock_source: &'static str,
    pub(super) tzdata: &'static str,
}

#[derive(Serialize)]
pub(super) struct Where<'a> {
    pub(super) repository: Option<&'a str>,
    pub(super) branch: Option<&'a str>,
    pub(super) pull_request: Option<&'a str>,
    pub(super) run: &'a str,
}

#[derive(Serialize)]
pub(super) struct Policy<'a> {
    pub(super) id: &'a str,
    pub(super) digest: Option<&'a str>,
    pub(super) verdict: &'static str,
    pub(super) evaluations: usize,
    pub(super) findings: Vec<Finding<'a>>,
}

#[derive(Serialize)]
pub(super) struct Finding<'a> {
    pub(super) fingerprint: &'a str,
    pub(super) result: &'static str,
    pub(super) status: &'static str,
    pub(super) enforcement: &'static str,
    pub(super) pending: bool,
    pub(super) resource: Option<&'a str>,
    pub(super) evidence: Vec<Evidence<'a>>,
}

#[derive(Serialize)]
pub(super) struct Evidence<'a> {
    pub(super) pointer: &'a str,
    pub(super) observed: &'a str,
    pub(super) expected: &'a str,
}

#[derive(Serialize)]
pub(super) struct Used<'a> {
    pub(super) approvals: Vec<Approval<'a>>,
    #[serde(rename = "override", skip_serializing_if = "Option::is_none")]
    pub(super) lifted: Option<Cited<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) waivers: Vec<Cited<'a>>,
}

/// A record that the decision rests on.
#[derive(Serialize)]
pub(super) struct Cited<'a> {
    /// What it grants, by id.
    pub(super) id: &'a str,
    /// Id of the record.
    pub(super) record: &'a str,
    /// Its index, where it was known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) index: Option<u64>,
}

#[derive(Serialize)]
pub(super) struct Approval<'a> {
    pub(super) by: Option<&'a str>,
    pub(super) login: &'a str,
    pub(super) roles: &'a [String],
    pub(super) at: Option<&'a str>,
    pub(super) method: &'static str,
    pub(super) assurance: &'static str,
    pub(super) bound_digest: Option<&'a str>,
    pub(super) commit: Option<&'a str>,
    pub(super) decision: &'static str,
    pub(super) valid: bool,
    pub(super) why_not: &'a [&'static str],
    /// Id of its record; only one that counts has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) record: Option<&'a str>,
    /// Index of its record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) index: Option<u64>,
}

#[derive(Serialize)]
pub(super) struct Input<'a> {
    pub(super) path: &'a str,
    pub(super) sha256: &'a str,
    pub(super) as_of: Option<&'a str>,
}

/// Without the message: it may quote the input.
#[derive(Serialize)]
pub(super) struct Diagnostic {
    pub(super) severity: &'static str,
    pub(super) code: &'static str,
    pub(super) path: Option<String>,
    pub(super) line: Option<u32>,
}

#[derive(Serialize)]
pub(super) struct Tool<'a> {
    pub(super) name: &'static str,
    pub(super) version: &'static str,
    pub(super) binary_sha256: Option<&'a str>,
}
