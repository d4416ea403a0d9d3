//! Exceptions from policies, as a `Waivers` document lists them.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::change::{Id, Moment};

/// An exception from one policy. What is missing makes it ineffective, which is a finding, not an error (contract 11).
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Waiver {
    /// Its id.
    pub id: Option<Id>,
    /// Id of the policy.
    pub policy: Option<String>,
    /// Resource id, address or service that it covers.
    pub resource: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Where the debt is written down.
    pub ticket: Option<Id>,
    /// Who pays it back.
    pub owner: Option<String>,
    /// Who allowed it.
    pub approver: Option<Id>,
    /// First instant.
    pub created_at: Option<Moment>,
    /// First instant after it.
    pub expires_at: Option<Moment>,
    /// What protects meanwhile.
    pub compensating_control: Option<String>,
}
