//! The shape of a change request: what the change does beyond its resources: flags, data, recovery, people.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::change::{Any, Day, Elapsed, Id, Moment};

/// A flag that a change introduces or flips.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct FeatureFlag {
    /// Its key.
    pub key: Option<String>,
    /// Where it lives.
    pub system: Option<String>,
    /// `"on"` or `"off"`, in quotes.
    pub default_state: Option<String>,
    /// Who owns it.
    pub owner: Option<Id>,
    /// When switching it off was tried.
    pub kill_switch_tested_at: Option<Moment>,
    /// When it must be gone.
    pub remove_by: Option<Day>,
    /// `ops` for a switch that stays for good.
    pub kind: Option<String>,
}

/// A database migration that a change carries.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct SchemaMigration {
    /// `flyway`.
    pub tool: Option<String>,
    /// Its version.
    pub version: Option<Id>,
    /// `expand`, `migrate` or `contract`.
    pub phase: Option<String>,
    /// Whether the old application still works.
    pub backward_compatible: Option<bool>,
    /// How long it waits for a lock.
    pub lock_timeout: Option<Elapsed>,
    /// How long it takes.
    pub estimated_duration: Option<Elapsed>,
    /// Oldest application that may still run.
    pub min_app_version: Option<Id>,
    /// The change that expanded.
    pub expanded_in: Option<Id>,
}

/// The decision behind a multi-writer setup.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct DataConsistency {
    /// `async`, `sync`, ….
    pub mode: Option<String>,
    /// What it does to the RPO.
    pub rpo_impact: Option<String>,
    /// How conflicts are resolved.
    pub conflict_resolution: Option<String>,
    /// Where it was decided.
    pub decision_record: Option<String>,
}

/// What a change does to disaster recovery.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct DrImpact {
    /// `none` or what changes.
    pub rto_change: Option<String>,
    /// `none` or what changes.
    pub rpo_change: Option<String>,
    /// The change that does the same at the other site.
    pub mirrored_by: Option<Id>,
    /// The way back.
    pub failback: Option<Failback>,
}

/// The way back after a failover.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Failback {
    /// In order.
    pub steps: Option<Any>,
    /// How data is reconciled.
    pub data_reconciliation: Option<Any>,
    /// What keeps two sites from both writing.
    pub split_brain_guard: Option<Any>,
    /// How one sees that it worked.
    pub validation: Option<Any>,
}

/// Who is told, and what is silenced.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Communications {
    /// Messages.
    pub notices: Vec<Notice>,
    /// Alerts that stay quiet meanwhile.
    pub silences: Vec<Silence>,
    /// How often one hears more.
    pub update_cadence: Option<Elapsed>,
}

/// One message.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Notice {
    /// `internal` or `external`.
    pub audience: Option<String>,
    /// `#ops`, `statuspage`.
    pub channel: Option<String>,
    /// Component of the status page.
    pub component_id: Option<Id>,
    /// When it goes out.
    pub send_at: Option<Moment>,
}

/// Alerts that stay quiet meanwhile.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Silence {
    /// Alertmanager matchers.
    pub matchers: Vec<String>,
    /// First instant.
    pub starts_at: Option<Moment>,
    /// First instant after it.
    pub ends_at: Option<Moment>,
}
