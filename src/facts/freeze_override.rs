//! The emergency override of a change request, with what could be verified about it.

use schemars::JsonSchema;
use serde::Serialize;

use super::{ApprovalFacts, Instant};

/// `spec.freezeOverride`; which of its words are missing is for the policies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OverrideFacts {
    /// Its id in the audit trail: as given, else derived from what was approved and by whom.
    pub id: String,
    /// Who asks: canonical person.
    pub requested_by: Option<String>,
    /// Teams that ask: of the request, its requester, its implementer and of who asks for the override.
    pub teams: Vec<String>,
    /// First instant, in nanoseconds.
    pub granted_at_ns: Option<i64>,
    /// First instant after it, in nanoseconds.
    pub expires_at_ns: Option<i64>,
    /// Who agrees, each with the answer whether it counts.
    pub approvals: Vec<OverrideApprovalFacts>,
    /// Whether the audit trail was asked; not with `--no-audit`.
    pub trail_read: bool,
    /// Applications of this override at another head.
    pub used: Vec<OverrideUse>,
    /// Applications of earlier overrides of the same teams.
    pub earlier: Vec<OverrideUse>,
    /// Place, `path:line:column`.
    pub source: String,
}

/// One approval of an override.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OverrideApprovalFacts {
    /// As every approval.
    #[serde(flatten)]
    pub approval: ApprovalFacts,
    /// Role that is claimed for it.
    pub role: Option<String>,
    /// Team of the person.
    pub team: Option<String>,
    /// Names it in the audit trail without naming the person.
    pub key: String,
}

/// An override that was applied, as the audit trail has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OverrideUse {
    /// Its id.
    pub id: String,
    /// Id of the change.
    pub change: String,
    /// The freeze that it lifted.
    pub freeze: Option<String>,
    /// Teams that asked.
    pub teams: Vec<String>,
    /// Keys of its approvals.
    pub approvals: Vec<String>,
    /// The commit that was applied.
    pub head: Option<String>,
    /// When.
    pub at: Option<Instant>,
    /// The same in nanoseconds.
    pub at_ns: Option<i64>,
    /// Id of the record of that decision.
    pub record: String,
    /// Its index; null while it waits on this machine.
    pub index: Option<u64>,
}
