//! The shape of a change request: checks made beforehand, approvals, the board, overrides.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::change::{Any, Elapsed, Id, Moment, Sha256};
use crate::parse::de::Spanned;

/// What was checked beforehand.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct PreChecks {
    /// Backups of stateful resources.
    pub backups: Vec<Backup>,
    /// Whether it is watched.
    pub monitoring: Option<Monitoring>,
    /// Where it ran before.
    pub staging: Option<Staging>,
    /// What it stands.
    pub load_test: Option<LoadTest>,
    /// Why it may shrink.
    pub right_sizing: Option<RightSizing>,
}

/// A backup of a stateful resource.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Backup {
    /// Address of the resource.
    pub resource: Option<String>,
    /// Its id; announced when absent.
    pub backup_id: Option<Id>,
    /// When it is planned.
    pub planned_at: Option<Moment>,
    /// When it was taken.
    pub taken_at: Option<Moment>,
    /// `snapshot`, `point-in-time`, ….
    pub method: Option<String>,
    /// Latest instant that point-in-time recovery can reach.
    pub latest_restorable_time: Option<Moment>,
    /// Where it lies.
    pub location: Option<String>,
    /// How one knows that it can be restored.
    pub verification: Option<BackupVerification>,
}

/// How one knows that a backup can be restored.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct BackupVerification {
    /// `restore-test`, `checksum`, `row-count`.
    pub kind: Option<String>,
    /// When.
    pub at: Option<Moment>,
    /// `pass`.
    pub result: Option<String>,
    /// Where that can be seen.
    pub evidence: Option<String>,
}

/// Whether a change is watched.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Monitoring {
    /// Names of alerts.
    pub alerts: Vec<String>,
    /// Links.
    pub dashboards: Vec<String>,
    /// When the normal state was recorded.
    pub baseline_captured_at: Option<Moment>,
    /// `pagerduty:PABC123`.
    pub on_call: Option<Id>,
}

/// Where a change ran before.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Staging {
    /// Its environment.
    pub environment: Option<String>,
    /// The deployment.
    pub deploy_id: Option<Id>,
    /// What ran.
    pub artifact_digest: Option<Sha256>,
    /// For how long.
    pub soak: Option<Elapsed>,
    /// `pass`.
    pub result: Option<String>,
    /// Where that can be seen.
    pub evidence: Option<String>,
}

/// What a change stands.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct LoadTest {
    /// When.
    pub ran_at: Option<Moment>,
    /// `production-like`.
    pub profile: Option<String>,
    /// Requests per second at the peak.
    pub peak_rps: Option<f64>,
    /// Whether it scaled out.
    pub scale_out_observed: Option<bool>,
    /// `pass`.
    pub result: Option<String>,
    /// Link.
    pub report_url: Option<String>,
}

/// Why a resource may shrink.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct RightSizing {
    /// 95th percentile of CPU.
    pub p95_cpu: Option<Any>,
    /// 95th percentile of memory.
    pub p95_mem: Option<Any>,
    /// Over how long.
    pub window: Option<Elapsed>,
    /// Where it was measured.
    pub source: Option<String>,
}

/// An approval as claimed in the request.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Approval {
    /// Who.
    pub by: Option<Id>,
    /// In which role.
    pub role: Option<String>,
    /// `approved`, ….
    pub decision: Option<String>,
    /// When.
    pub at: Option<Moment>,
    /// The change digest at that time.
    pub bound_digest: Option<Sha256>,
    /// Where it can be verified.
    pub evidence: Option<Evidence>,
    /// Detached signature.
    pub signature: Option<String>,
}

/// Where an approval can be verified.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Evidence {
    /// `github-review`, `gitlab-approval`, ….
    pub kind: Option<String>,
    /// Id there.
    pub id: Option<Id>,
    /// Commit that it was given for.
    pub commit: Option<String>,
    /// Link.
    pub url: Option<String>,
}

/// Permission to change inside one freeze.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct FreezeOverride {
    /// Its id in the audit trail.
    pub id: Option<Id>,
    /// The one window that it lifts.
    pub freeze_ref: Option<Id>,
    /// Who asks.
    pub requested_by: Option<Id>,
    /// `incident-mitigation`, `security-fix`, `regulatory`, `data-loss-prevention`.
    pub category: Option<String>,
    /// Why.
    pub justification: Option<String>,
    /// The incident.
    pub incident_ref: Option<Id>,
    /// Who agrees.
    pub approvals: Vec<Spanned<OverrideApproval>>,
    /// First instant.
    pub granted_at: Option<Moment>,
    /// First instant after it.
    pub expires_at: Option<Moment>,
    /// The change digest that it was granted for.
    pub bound_digest: Option<Sha256>,
    /// `reduced-canary`, ….
    pub conditions: Vec<String>,
}

/// Who agrees to an override.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct OverrideApproval {
    /// Who.
    pub by: Option<Id>,
    /// In which role.
    pub role: Option<String>,
    /// When.
    pub at: Option<Moment>,
    /// The change digest at that time.
    pub bound_digest: Option<Sha256>,
    /// Where it can be verified.
    pub evidence: Option<Evidence>,
    /// Detached signature.
    pub signature: Option<String>,
}

/// The advisory board's decision.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Cab {
    /// Whether its author thinks it necessary.
    pub required: Option<bool>,
    /// The meeting.
    pub meeting_ref: Option<Id>,
    /// When it meets.
    pub date: Option<Any>,
    /// What it is advised.
    pub recommendation: Option<String>,
    /// `approved`, `rejected`, ….
    pub decision: Option<String>,
    /// When.
    pub decided_at: Option<Moment>,
    /// Who was there.
    pub attendees: Vec<Attendee>,
    /// Under which conditions.
    pub conditions: Vec<CabCondition>,
    /// When an emergency was ratified.
    pub ratified_at: Option<Moment>,
    /// The change digest that it decided on.
    pub bound_digest: Option<Sha256>,
}

/// Somebody at the board's meeting.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Attendee {
    /// Who.
    pub by: Option<Id>,
    /// In which role.
    pub role: Option<String>,
}

/// A condition of the board.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct CabCondition {
    /// What.
    pub text: Option<String>,
    /// `met` or `open`.
    pub status: Option<String>,
}

/// What somebody vouches for.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Attestation {
    /// What.
    pub statement: Option<String>,
    /// Who.
    pub by: Option<Id>,
    /// When.
    pub at: Option<Moment>,
    /// Where that can be seen.
    pub evidence: Option<Any>,
}
