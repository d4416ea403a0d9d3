//! What every document of ours carries around its `spec`.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::change::{Any, Free, Moment};

/// A document of ours: envelope and `spec`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Envelope<S> {
    #[serde(rename = "apiVersion")]
    _api_version: String,
    #[serde(rename = "kind")]
    _kind: String,
    #[serde(default)]
    pub(crate) metadata: Header,
    pub(crate) spec: S,
    #[serde(default, rename = "signature")]
    _signature: Option<Any>,
}

/// `metadata` of a context document.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Header {
    /// Its name.
    pub name: Option<String>,
    /// The instant whose state it shows.
    pub as_of: Option<Moment>,
    /// Where it comes from.
    pub source: Option<String>,
    /// The author's own words by key.
    pub labels: Free,
    /// Proof of where it comes from; not verified yet.
    #[serde(rename = "signature")]
    _signature: Option<Any>,
}

impl Header {
    /// The header of a document that has only a name.
    pub(super) fn named(name: &str) -> Self {
        Self { name: Some(name.to_owned()), ..Self::default() }
    }
}
