//! The shape of a change request: envelope, what is promised, by whom.
//!
//! Every field is optional where contract 8 leaves its absence to the policies; no field is unknown.

use schemars::JsonSchema;
use serde::Deserialize;

use super::delivery::ProgressiveDelivery;
use super::effects::{Communications, DataConsistency, DrImpact, FeatureFlag, SchemaMigration};
use super::evidence::{Approval, Attestation, Cab, FreezeOverride, PreChecks};
use super::rollback::Rollback;
use super::scope::{Artifacts, Coordination, Dependencies, Schedule, Scope};
use crate::change::{Any, ChangeId, Elapsed, Free, Id};
use crate::parse::de::Spanned;

/// The document.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ChangeRequest {
    /// `changegate/v1`.
    pub api_version: String,
    /// `ChangeRequest`.
    pub kind: String,
    /// Name and labels.
    pub metadata: Metadata,
    /// What is promised.
    #[serde(default)]
    pub spec: Spec,
    /// Written by tools; not part of the promise.
    #[serde(default)]
    pub status: Option<Any>,
}

/// Name and labels of a request.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Metadata {
    /// `CHG-2026-00417`.
    pub id: ChangeId,
    /// One line.
    #[serde(default)]
    pub title: Option<String>,
    /// The author's own words by key.
    #[serde(default)]
    pub labels: Free,
    /// The same change in other systems.
    #[serde(default)]
    pub external_refs: Vec<ExternalRef>,
}

/// The same change in another system.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ExternalRef {
    /// `servicenow`, `github`.
    pub system: Option<String>,
    /// Its id there.
    pub id: Option<Id>,
}

/// What is promised about a change.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Spec {
    /// Standard, normal or emergency.
    pub r#type: Option<ChangeType>,
    /// What kind of change it is.
    pub change_class: Option<ChangeClass>,
    /// The template that a standard change follows.
    pub template: Option<TemplateRef>,
    /// What changes.
    pub description: Option<String>,
    /// Why it must change.
    pub justification: Option<String>,
    /// 1 high to 3 low.
    pub impact: Option<Impact<3>>,
    /// 1 critical to 4 low.
    pub priority: Option<Impact<4>>,
    /// What customers will notice.
    pub customer_impact: Option<CustomerImpact>,
    /// For how long they will.
    pub expected_downtime: Option<Elapsed>,
    /// CVE or regulator's reference behind a security fix.
    pub advisory_ref: Option<Id>,
    /// How risky its author finds it.
    pub risk: Option<Risk>,
    /// Who asks for it.
    pub requester: Option<Requester>,
    /// Who carries it out.
    pub implementer: Option<Implementer>,
    /// The team that owns it, `group:default/orders`.
    pub team: Option<String>,
    /// What it may touch.
    pub scope: Option<Scope>,
    /// What exactly is approved.
    pub artifacts: Option<Artifacts>,
    /// When it happens.
    pub schedule: Option<Schedule>,
    /// What it depends on.
    pub dependencies: Option<Dependencies>,
    /// What was agreed with other teams.
    pub coordination: Vec<Coordination>,
    /// How it is carried out.
    pub implementation_plan: Vec<PlanStep>,
    /// How one sees that it worked.
    pub validation: Vec<Validation>,
    /// How it is taken back.
    pub rollback: Option<Rollback>,
    /// How it reaches production bit by bit.
    pub progressive_delivery: Option<ProgressiveDelivery>,
    /// What was checked beforehand.
    pub pre_checks: Option<PreChecks>,
    /// Flags that it introduces or flips.
    pub feature_flags: Vec<FeatureFlag>,
    /// Why it needs no flag.
    pub feature_flag_not_applicable: Option<String>,
    /// Action items of post-mortems that it closes.
    pub closes: Vec<Id>,
    /// Database migrations that it carries.
    pub schema_migrations: Vec<SchemaMigration>,
    /// The decision behind a multi-writer setup.
    pub data_consistency: Option<DataConsistency>,
    /// What it does to disaster recovery.
    pub dr_impact: Option<DrImpact>,
    /// Who is told, and what is silenced.
    pub communications: Option<Communications>,
    /// Incidents that it answers.
    pub related_incidents: Vec<Id>,
    /// Permission to change inside one freeze.
    pub freeze_override: Option<FreezeOverride>,
    /// Approvals as claimed.
    pub approvals: Vec<Spanned<Approval>>,
    /// The advisory board's decision.
    pub cab: Option<Cab>,
    /// Addresses whose drift is known.
    pub drift_acknowledged: Vec<String>,
    /// What somebody vouches for.
    pub attestations: Vec<Attestation>,
}

/// ITIL 4's three types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeType {
    /// Pre-approved by a template.
    Standard,
    /// Assessed and approved each time.
    Normal,
    /// Now, documented afterwards.
    Emergency,
}

impl ChangeType {
    /// The word in the request.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Normal => "normal",
            Self::Emergency => "emergency",
        }
    }
}

/// What kind of change it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeClass {
    /// Something new.
    Feature,
    /// Makes an outage less likely.
    ReliabilityFix,
    /// Closes a vulnerability.
    SecurityFix,
    /// Ends or contains an incident.
    IncidentMitigation,
    /// Takes an earlier change back.
    Rollback,
    /// Upkeep.
    Maintenance,
    /// Moves data or platform.
    Migration,
    /// Moves traffic to the other site.
    Failover,
    /// Disaster recovery.
    Dr,
    /// Takes something out of service.
    Decommission,
}

impl ChangeClass {
    /// The word in the request.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Feature => "feature",
            Self::ReliabilityFix => "reliability-fix",
            Self::SecurityFix => "security-fix",
            Self::IncidentMitigation => "incident-mitigation",
            Self::Rollback => "rollback",
            Self::Maintenance => "maintenance",
            Self::Migration => "migration",
            Self::Failover => "failover",
            Self::Dr => "dr",
            Self::Decommission => "decommission",
        }
    }
}

/// What customers will notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CustomerImpact {
    /// Nothing.
    None,
    /// Slower or with errors.
    Degraded,
    /// Unavailable.
    Outage,
}

/// A rank from 1 (worst) to `MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "u8")]
pub struct Impact<const MAX: u8>(pub u8);

impl<const MAX: u8> TryFrom<u8> for Impact<MAX> {
    type Error = String;

    fn try_from(rank: u8) -> Result<Self, String> {
        if (1..=MAX).contains(&rank) { Ok(Self(rank)) } else { Err(format!("{rank} is not a rank from 1 to {MAX}")) }
    }
}

/// The template that a standard change follows.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct TemplateRef {
    /// Its id.
    pub r#ref: Option<Id>,
}

/// How risky its author finds a change.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Risk {
    /// The level.
    pub declared: Option<RiskLevel>,
    /// Why it is lower than computed.
    pub override_justification: Option<String>,
}

/// Four levels of risk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RiskLevel {
    /// Routine.
    Low,
    /// Ordinary.
    Medium,
    /// Goes to the board.
    High,
    /// Goes to the board and the incident commander.
    VeryHigh,
}

impl RiskLevel {
    /// The word in the request and in the matrix.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::VeryHigh => "very-high",
        }
    }
}

/// Who asks for a change.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Requester {
    /// E-mail address or login.
    pub id: Option<Id>,
}

/// Who carries a change out.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Implementer {
    /// E-mail address or login.
    pub id: Option<Id>,
    /// Stand-in.
    pub backup: Option<Id>,
}

/// One step of a plan.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct PlanStep {
    /// Its number.
    pub step: Option<u32>,
    /// What is done.
    pub action: Option<String>,
    /// Who does it.
    pub owner: Option<Id>,
    /// How long it takes.
    pub duration: Option<Elapsed>,
    /// Runbook.
    pub r#ref: Option<String>,
}

/// How one sees that it worked.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Validation {
    /// Name of the check.
    pub name: Option<String>,
    /// Command to run.
    pub command: Option<String>,
    /// What it answers.
    pub expect: Option<String>,
}
