//! Exceptions from policies as the policies see them.

use schemars::JsonSchema;
use serde::Serialize;

use super::Instant;

/// One waiver with the answer whether it counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct WaiverFacts {
    /// Its id; of an inline waiver, policy and place.
    pub id: String,
    /// `document`, `comment` or `annotation`.
    pub form: &'static str,
    /// Id of the policy, as written.
    pub policy: Option<String>,
    /// What it covers: as written, or the resource that an inline waiver stands at.
    pub resource: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Where the debt is written down.
    pub ticket: Option<String>,
    /// Who pays it back.
    pub owner: Option<String>,
    /// Who allowed it: canonical person, or as written.
    pub approver: Option<String>,
    /// What protects meanwhile.
    pub compensating_control: Option<String>,
    /// First instant.
    pub created_at: Option<Instant>,
    /// The same in nanoseconds.
    pub created_at_ns: Option<i64>,
    /// First instant after it.
    pub expires_at: Option<Instant>,
    /// The same in nanoseconds.
    pub expires_at_ns: Option<i64>,
    /// For how many days a waiver of this policy may be given.
    pub limit_days: u32,
    /// An inline waiver that the change itself adds.
    pub added: bool,
    /// Fields that it must have and does not.
    pub missing: Vec<&'static str>,
    /// Whether it counts.
    pub valid: bool,
    /// Codes of why it does not, sorted.
    pub why_not: Vec<&'static str>,
    /// Whether its policy was asked about what it covers, so that it can be known to be of no use.
    pub judged: bool,
    /// Whether a finding is there that it covers, or would cover if it counted.
    pub needed: bool,
    /// Whether it silences a finding.
    pub used: bool,
    /// Place, `path:line:column`.
    pub source: String,
}
