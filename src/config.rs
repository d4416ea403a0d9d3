//! `changegate.yaml` as plain data. Every key has a default, so that an absent file is a valid configuration.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// The configuration file at the root of a run.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Which policies apply.
    pub policies: Policies,
    /// Environments by name; added to the defaults.
    pub environments: BTreeMap<String, Environment>,
    /// Services by name.
    pub services: BTreeMap<String, ServicePaths>,
    /// Terraform and OpenTofu.
    pub terraform: Terraform,
    /// Kubernetes.
    pub kubernetes: Kubernetes,
    /// Database migrations.
    pub migrations: Migrations,
    /// Change requests.
    pub changes: Changes,
    /// Context documents.
    pub context: Context,
    /// Approvals.
    pub approvals: Approvals,
    /// Waivers.
    pub waivers: Waivers,
    /// Audit trail.
    pub audit: Audit,
}

/// Which policies apply, and their numbers.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Policies {
    /// Directories with more policies, relative to the root.
    pub paths: Vec<String>,
    /// Whether the embedded library applies.
    pub builtin: bool,
    /// Thresholds, handed to the policies as `input.config.thresholds`.
    pub thresholds: BTreeMap<String, serde_json::Value>,
    /// Ids of policies that do not apply here.
    pub disabled: Vec<String>,
    /// Packages of policies written for other tools.
    pub foreign_namespaces: Vec<String>,
}

impl Default for Policies {
    fn default() -> Self {
        Self {
            paths: Vec::new(),
            builtin: true,
            thresholds: BTreeMap::new(),
            disabled: Vec::new(),
            foreign_namespaces: vec!["main".into()],
        }
    }
}

/// Puts a value over another: objects member by member, anything else as a whole.
pub fn put_over(over: &mut serde_json::Value, value: &serde_json::Value) {
    match (over, value) {
        (serde_json::Value::Object(over), serde_json::Value::Object(members)) => {
            for (key, value) in members {
                put_over(over.entry(key.clone()).or_insert(serde_json::Value::Null), value);
            }
        }
        (over, value) => over.clone_from(value),
    }
}

/// How an environment is recognised.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Environment {
    /// Globs of paths that belong to it.
    pub paths: Vec<String>,
    /// Other spellings of its name in labels and tags.
    pub synonyms: Vec<String>,
}

/// How a service is recognised by path.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ServicePaths {
    /// Globs of paths that belong to it.
    pub paths: Vec<String>,
}

/// Terraform and OpenTofu roots.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Terraform {
    /// Root modules; found by themselves when empty.
    pub roots: Vec<TerraformRoot>,
}

/// One root module.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TerraformRoot {
    /// Directory relative to the root of the run.
    pub path: String,
    /// Variable files, in order.
    pub var_files: Vec<String>,
    /// `terraform.workspace`.
    pub workspace: Option<String>,
    /// Environment of everything in it.
    pub environment: Option<String>,
}

/// Whether charts and overlays are rendered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Render {
    /// With the tools on this machine.
    #[default]
    Auto,
    /// Never: templates are listed and not judged.
    Off,
}

impl JsonSchema for Render {
    fn schema_name() -> Cow<'static, str> {
        "Render".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"enum": ["auto", "off", true, false]})
    }
}

/// `auto` or `off`. To YAML 1.1, `off` without quotes is `false`.
impl<'de> Deserialize<'de> for Render {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Word;
        impl serde::de::Visitor<'_> for Word {
            type Value = Render;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`auto` or `off`")
            }

            fn visit_bool<E: serde::de::Error>(self, on: bool) -> Result<Render, E> {
                Ok(if on { Render::Auto } else { Render::Off })
            }

            fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<Render, E> {
                match word {
                    "auto" => Ok(Render::Auto),
                    "off" => Ok(Render::Off),
                    other => Err(E::invalid_value(serde::de::Unexpected::Str(other), &self)),
                }
            }
        }
        deserializer.deserialize_any(Word)
    }
}

/// Kubernetes roots.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Kubernetes {
    /// Whether charts and overlays are rendered.
    pub render: Render,
    /// Helm charts with their values files.
    pub helm: Vec<HelmRoot>,
    /// Kustomize roots besides those that no other one uses.
    pub kustomize: Vec<String>,
    /// Longest time of one render as a duration (`60s`, `PT2M`); one minute when absent.
    pub timeout: Option<String>,
}

/// One Helm chart.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HelmRoot {
    /// Directory of the chart.
    pub chart: String,
    /// Values files, in order.
    pub values: Vec<String>,
    /// Name of the release; the chart's folder when absent.
    pub release: Option<String>,
    /// Namespace of the release.
    pub namespace: Option<String>,
}

/// Database migrations.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Migrations {
    /// Globs of SQL files that are migrations, besides those that a tool's layout tells.
    pub paths: Vec<String>,
    /// `postgresql`, `mysql`, `sqlite`, `mssql` or another word.
    pub dialect: String,
}

impl Default for Migrations {
    fn default() -> Self {
        Self { paths: Vec::new(), dialect: "postgresql".into() }
    }
}

/// Where change requests live.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Changes {
    /// Globs of change request files.
    pub paths: Vec<String>,
    /// Commit trailer that names the request.
    pub trailer: String,
    /// Where fields of imported records belong, by their name there: `customfield_10041: spec.scope.environments`.
    pub fields: BTreeMap<String, String>,
    /// IANA zone of times without an offset in imported records.
    pub timezone: Option<String>,
}

impl Default for Changes {
    fn default() -> Self {
        Self {
            paths: vec!["changes/**/*.yaml".into(), "changes/**/*.yml".into()],
            trailer: "Change-Request".into(),
            fields: BTreeMap::new(),
            timezone: None,
        }
    }
}

/// Context documents.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Context {
    /// Directory of the documents.
    pub path: String,
    /// Further documents, relative to the root: Backstage's `catalog-info.yaml` where it lies.
    pub files: Vec<String>,
    /// Kinds that must be there.
    pub required: Vec<String>,
    /// Kind → largest age as a duration (`PT15M`, `15m`).
    pub max_age: BTreeMap<String, String>,
}

impl Default for Context {
    fn default() -> Self {
        Self { path: ".changegate".into(), files: Vec::new(), required: Vec::new(), max_age: BTreeMap::new() }
    }
}

/// Who may approve, and how sure that must be.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Approvals {
    /// allowed_signers file for signed approvals.
    pub allowed_signers: String,
    /// Lowest assurance level at which an approval counts: `A0` … `A4`.
    pub minimum_assurance: Assurance,
    /// Roles or teams that may approve waivers.
    pub waiver_approvers: Vec<String>,
    /// Roles or teams that own the gate itself.
    pub policy_owners: Vec<String>,
    /// Logins that are machines, besides those whose names say so.
    pub bots: Vec<String>,
}

impl Default for Approvals {
    fn default() -> Self {
        Self {
            allowed_signers: ".changegate/allowed_signers".into(),
            minimum_assurance: Assurance::A2,
            waiver_approvers: Vec::new(),
            policy_owners: vec!["policy-owners".into()],
            bots: Vec::new(),
        }
    }
}

/// How long an exception from a policy may last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Waivers {
    /// Days from when it was given, or from now when that is not known.
    pub max_days: u32,
    /// The same for policies of severity critical.
    pub critical_max_days: u32,
}

impl Default for Waivers {
    fn default() -> Self {
        Self { max_days: 90, critical_max_days: 30 }
    }
}

/// How sure an identity is (change-control, Assurance levels).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
pub enum Assurance {
    /// Self-asserted.
    A0,
    /// CI environment.
    A1,
    /// Forge API.
    A2,
    /// Signature checked against allowed_signers.
    A3,
    /// OIDC token whose audience is the digest.
    A4,
}

impl Assurance {
    /// `A0` … `A4`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::A0 => "A0",
            Self::A1 => "A1",
            Self::A2 => "A2",
            Self::A3 => "A3",
            Self::A4 => "A4",
        }
    }
}

/// What happens when the audit record cannot be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnFailure {
    /// The outcome is undecided.
    #[default]
    Deny,
    /// The record waits on this machine.
    Spool,
}

/// How far a record has come. Each level includes those before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AuditLevel {
    /// Durable on this machine; `changegate audit push` brings it to the log.
    Spooled,
    /// In the keeping of the repository or server, not yet at a place of its own in the log.
    Accepted,
    /// In the log, under a root.
    #[default]
    Integrated,
}

impl AuditLevel {
    /// `spooled`, `accepted`, `integrated`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Spooled => "spooled",
            Self::Accepted => "accepted",
            Self::Integrated => "integrated",
        }
    }
}

impl fmt::Display for AuditLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for AuditLevel {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let levels = [Self::Spooled, Self::Accepted, Self::Integrated];
        let found = levels.into_iter().find(|level| level.as_str() == text);
        found.ok_or_else(|| "the levels are spooled, accepted and integrated".into())
    }
}

/// The audit trail.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Audit {
    /// `file`, `file:DIR`, `git`, `git:REMOTE#BRANCH` or `postgres://…`.
    pub destination: String,
    /// How far a record must have come before anything is called allowed.
    pub level: AuditLevel,
    /// Whether a run at stage apply must write a record.
    pub required: bool,
    /// What happens when it cannot be written.
    pub on_failure: OnFailure,
    /// Retention class written into each record.
    pub retention: String,
}

impl Default for Audit {
    fn default() -> Self {
        Self {
            destination: "file".into(),
            level: AuditLevel::default(),
            required: false,
            on_failure: OnFailure::Deny,
            retention: "soc2-400d".into(),
        }
    }
}
