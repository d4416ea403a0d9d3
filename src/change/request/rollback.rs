//! The shape of a change request: how the change is taken back.

use schemars::JsonSchema;
use serde::Deserialize;

use super::document::PlanStep;
use crate::change::{Any, Elapsed, Id, Moment};

/// How a change is taken back.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Rollback {
    /// The way.
    pub strategy: Option<Strategy>,
    /// What starts it.
    pub triggers: Vec<Trigger>,
    /// In order.
    pub steps: Vec<PlanStep>,
    /// Who decides.
    pub decision_owner: Option<Id>,
    /// How long it may take; part of what the change occupies.
    pub max_duration: Option<Elapsed>,
    /// How one sees that it worked.
    pub verification: Vec<String>,
    /// When it was tried.
    pub tested_at: Option<Moment>,
    /// Where that can be seen.
    pub test_evidence: Option<String>,
    /// What happens to data.
    pub data_reversibility: Option<DataReversibility>,
    /// Step of the implementation after which there is no way back.
    pub point_of_no_return: Option<u32>,
    /// The way forward when there is none back.
    pub forward_fix_plan: Option<String>,
    /// What is kept for the investigation.
    pub evidence_capture: Vec<String>,
}

/// The way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// Deploy what ran before.
    RedeployPrevious,
    /// Send traffic back.
    TrafficSwitch,
    /// Switch the flag off.
    FeatureFlagOff,
    /// Restore data.
    RestoreFromBackup,
    /// There is no way back.
    RollForwardOnly,
}

/// What happens to data on the way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DataReversibility {
    /// Nothing is lost.
    Reversible,
    /// What was written since is lost.
    ReversibleWithDataLoss,
    /// It cannot be undone.
    Irreversible,
}

/// What starts a rollback: a metric over its threshold, or an alert.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Trigger {
    /// Name or query.
    pub metric: Option<String>,
    /// `>`, `>=`, `<`, `<=`, `==`, `!=`.
    pub comparator: Option<Comparator>,
    /// A number, or text with a unit.
    pub threshold: Option<Any>,
    /// For how long.
    pub r#for: Option<Elapsed>,
    /// Name of an alert.
    pub alert: Option<String>,
}

/// How a metric is compared with its threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum Comparator {
    /// Greater.
    #[serde(rename = ">")]
    Greater,
    /// Greater or equal.
    #[serde(rename = ">=")]
    AtLeast,
    /// Less.
    #[serde(rename = "<")]
    Less,
    /// Less or equal.
    #[serde(rename = "<=")]
    AtMost,
    /// Equal.
    #[serde(rename = "==")]
    Equal,
    /// Not equal.
    #[serde(rename = "!=")]
    NotEqual,
}
