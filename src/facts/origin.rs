//! Where a change request comes from that was not written as one.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::source::Span;

/// Where an imported request comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Origin {
    /// `servicenow`, `jira`, `github-issue`.
    pub system: &'static str,
    /// The record's id there.
    pub id: String,
    /// Whether the system vouches for the record.
    pub verified: bool,
    /// The record's state in the system's own words; null where it has none.
    pub state: Option<String>,
    /// What the state says about going ahead; null where it has none.
    pub permission: Option<Permission>,
    /// Where the state stands.
    #[serde(skip)]
    pub span: Span,
    /// For each field of the request whether it is `asserted` or `verified`, and by what.
    pub fields: BTreeMap<String, Provenance>,
}

/// What the state of a record says about going ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Permission {
    /// It is being implemented.
    Go,
    /// It is not that far.
    Wait,
    /// It is over, or was refused.
    Stop,
}

/// How sure one field is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Provenance {
    /// `asserted` or `verified`.
    pub kind: &'static str,
    /// The system, and the field there.
    pub source: String,
    /// The record's id there.
    pub id: String,
}
