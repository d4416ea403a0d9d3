//! The shape of a change request: what the change touches, what exactly is approved, when, and with whom.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::change::{Id, Moment, Sha256, ZoneName};

/// What a change may touch.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Scope {
    /// `prod`, `staging`.
    pub environments: Vec<String>,
    /// Cloud regions.
    pub regions: Vec<String>,
    /// Services.
    pub services: Vec<ServiceRef>,
    /// Resource addresses.
    pub resources: Vec<String>,
    /// What is destroyed on purpose.
    pub destructive_actions: Vec<DestructiveAction>,
    /// Where redundancy is given up on purpose.
    pub redundancy_reduction: Vec<RedundancyReduction>,
}

/// A service of the scope.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ServiceRef {
    /// `component:default/orders-api` or `orders-api`.
    pub r#ref: Option<String>,
    /// The author's claim; the catalogue's tier is the one that counts.
    pub tier: Option<u8>,
}

/// One thing that is destroyed on purpose.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct DestructiveAction {
    /// Resource address or glob.
    pub address: Option<String>,
    /// `delete`, `replace` or `forget`.
    pub action: Option<String>,
    /// How many a glob may match.
    pub max_count: Option<u32>,
    /// Why.
    pub reason: Option<String>,
}

/// One place where redundancy is given up on purpose.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct RedundancyReduction {
    /// Resource address or id.
    pub address: Option<String>,
    /// The same under another name.
    pub resource: Option<String>,
    /// Service that loses it.
    pub service: Option<String>,
    /// Attribute that shrinks.
    pub attribute: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Until when.
    pub until: Option<Moment>,
}

/// What exactly is approved.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Artifacts {
    /// Commit id.
    pub commit: Option<String>,
    /// Over the bytes of `terraform show -json`.
    pub plan_digest: Option<Sha256>,
    /// Over the canonical rendered manifests.
    pub manifest_digest: Option<Sha256>,
    /// Container images.
    pub images: Vec<Image>,
}

/// A container image by digest.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Image {
    /// Name without tag.
    pub name: Option<String>,
    /// Its manifest's digest.
    pub digest: Option<Sha256>,
}

/// When a change happens.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Schedule {
    /// First instant.
    pub start: Option<Moment>,
    /// First instant after it.
    pub end: Option<Moment>,
    /// In which people think about it.
    pub timezone: Option<ZoneName>,
    /// Who ends an indefinite pause.
    pub manual_promotion_by: Option<Id>,
    /// What was reserved for it.
    pub bookings: Vec<Booking>,
}

/// Something reserved for a change.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Booking {
    /// `on-call`.
    pub kind: Option<String>,
    /// `pagerduty:PABC123`.
    pub r#ref: Option<Id>,
}

/// What a change depends on.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Dependencies {
    /// Services that it calls.
    pub upstream: Vec<String>,
    /// Services that call it.
    pub downstream: Vec<String>,
    /// Changes that must be closed before.
    pub requires: Vec<Id>,
}

/// What was agreed with another team.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Coordination {
    /// The other change.
    pub change: Option<Id>,
    /// `before`, `after`, `same-window`.
    pub relation: Option<String>,
    /// Who agreed.
    pub agreed_by: Option<Id>,
    /// The service whose team knows.
    pub service: Option<String>,
    /// Who knows.
    pub acknowledged_by: Option<Id>,
    /// When.
    pub at: Option<Moment>,
}
