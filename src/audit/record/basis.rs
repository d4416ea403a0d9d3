//! What a decision can be given again from: what was asked for, and digests of what was read and of what was found.
//!
//! Instant, actor, inputs and policies stand elsewhere in the record. Values of variables are nowhere: they may be secret.

use serde::{Deserialize, Serialize};

use crate::audit::tree::Hash;

/// The basis of a decision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Basis {
    /// What was asked for.
    pub asked: Asked,
    /// Every file that was read, policies left out.
    pub read: Digested,
    /// Every Rego module, those of shared functions among them.
    pub modules: Digested,
    /// The findings: `sha256` is that of the list `findings` of the JSON outcome, on one line.
    pub findings: Digested,
}

/// The request of a run. Paths are relative to the repository's root, or absolute outside of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// Where the run was started.
    pub directory: String,
    /// What was judged; empty for the directory.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// Commit id of the base.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// Commit id that the index or the working tree stood on, where no commit was judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_commit: Option<String>,
    /// Plans.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub plans: Vec<String>,
    /// Change requests that were named.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<String>,
    /// The pull request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pull_request: Option<String>,
    /// Directory of context documents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// Reviews of the forge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reviews: Option<String>,
    /// Approvals of an ITSM system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approvals: Option<String>,
    /// The baseline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<String>,
    /// Directories of policies.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<String>,
    /// Public key that bundles were checked with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verification_key: Option<String>,
    /// Whether the embedded library applied.
    pub builtin: bool,
    /// `--only`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<String>,
    /// `--skip`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub skip: Vec<String>,
    /// How policies that were written for Conftest were asked.
    #[serde(skip_serializing_if = "AskedOfConftest::is_default")]
    pub conftest: AskedOfConftest,
    /// Terraform's workspace, where the environment named one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace: Option<String>,
    /// Names of the variables `TF_VAR_…` that were set.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<String>,
    /// How certain the policies were told the actor is, before the record proved more.
    pub assurance: String,
    /// By what method.
    pub method: String,
}

/// How policies that were written for Conftest were asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AskedOfConftest {
    /// `--namespace`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub namespaces: Vec<String>,
    /// `--all-namespaces`.
    pub all_namespaces: bool,
    /// `--data`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub data: Vec<String>,
    /// `--combine`.
    pub combine: bool,
    /// `--parser`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parser: Option<String>,
}

impl AskedOfConftest {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// A digest of several texts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Digested {
    /// How many.
    pub count: usize,
    /// 64 hexadecimal digits.
    pub sha256: String,
}

impl Digested {
    /// Of texts whose order and names do not matter: SHA-256 over their sorted SHA-256.
    pub fn of<'a>(texts: impl Iterator<Item = &'a str>) -> Self {
        let mut hashes: Vec<[u8; 32]> = texts.map(|text| Hash::of(text.as_bytes()).0).collect();
        hashes.sort_unstable();
        Self { count: hashes.len(), sha256: Hash::of(hashes.as_flattened()).to_string() }
    }
}
