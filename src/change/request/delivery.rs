//! The shape of a change request: how the change reaches production bit by bit.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::change::{Elapsed, Id, Percent};

/// How a change reaches production bit by bit.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ProgressiveDelivery {
    /// The method.
    pub method: Option<Method>,
    /// Who drives it.
    pub controller: Option<Controller>,
    /// Shares of traffic, in order.
    pub steps: Vec<DeliveryStep>,
    /// What is watched.
    pub metrics: Vec<DeliveryMetric>,
    /// Regions, in order.
    pub waves: Vec<Wave>,
    /// Two environments side by side.
    pub blue_green: Option<BlueGreen>,
    /// Why there is none.
    pub exempt: Option<Exemption>,
}

/// The method of delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// A growing share of traffic.
    Canary,
    /// Two environments and a switch.
    BlueGreen,
    /// Region by region.
    RollingWaves,
    /// Shipped dark.
    FeatureFlag,
    /// All at once.
    None,
}

/// Who drives the delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Controller {
    /// Argo Rollouts.
    ArgoRollouts,
    /// Flagger.
    Flagger,
    /// AWS `CodeDeploy`.
    Codedeploy,
    /// Amazon ECS itself.
    Ecs,
    /// AWS Lambda aliases.
    Lambda,
    /// A person.
    Manual,
}

/// A share of traffic and how long it is kept.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct DeliveryStep {
    /// Per cent of traffic.
    pub weight: Option<Percent>,
    /// How long.
    pub bake: Option<Elapsed>,
}

/// What is watched meanwhile.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct DeliveryMetric {
    /// Name.
    pub name: Option<String>,
    /// `error-rate`, `latency`, ….
    pub kind: Option<String>,
    /// Query or recording rule.
    pub query: Option<String>,
    /// Condition that ends the delivery, `< 0.995`.
    pub abort_if: Option<String>,
    /// How many samples make it count.
    pub min_samples: Option<u64>,
}

/// One wave of regions.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Wave {
    /// Name.
    pub name: Option<String>,
    /// Regions of this wave.
    pub regions: Vec<String>,
    /// How long before the next.
    pub bake: Option<Elapsed>,
}

/// Two environments side by side.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct BlueGreen {
    /// Whether the new one was validated before the switch.
    pub preview_validated: Option<bool>,
    /// Where that can be seen.
    pub validation_evidence: Option<String>,
    /// How long the old one stays.
    pub keep_old_for: Option<Elapsed>,
}

/// Why there is no progressive delivery.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Exemption {
    /// `infrastructure-addon`.
    pub reason: Option<String>,
    /// Who agreed.
    pub approved_by: Option<Id>,
}
