//! Policies as they are handed around: OPA's bundles (`.tar.gz`), and folders of other repositories that `changegate.lock`
//! pins.
//!
//! Nothing here reaches over the network, and nothing that was packed is written to disk: a bundle is read in memory, within
//! limits, and what a lock pins is believed only when its digest is right.

mod archive;
mod lock;
mod manifest;
mod pinned;
mod signatures;

pub use archive::read as read_archive;
pub use lock::{FILE as LOCK_FILE, Lock, Pin};
pub use pinned::{GitSource, digest, in_cache, is_kept, load as load_pinned, store as store_pinned};
pub use signatures::Key;

use serde_json::Value as Json;

/// A document of `data`, with the names of the folders that it lies in.
#[derive(Clone, Debug, PartialEq)]
pub struct DataFile {
    /// Folders below the root.
    pub folders: Vec<String>,
    /// What it says.
    pub value: Json,
}

impl DataFile {
    /// The document where it belongs below `data`.
    pub fn nested(&self) -> Json {
        self.folders.iter().rev().fold(self.value.clone(), |value, folder| {
            Json::Object(serde_json::Map::from_iter([(folder.clone(), value)]))
        })
    }
}

/// One module: its path in the bundle and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModuleFile {
    /// With `/`, below the bundle's root.
    pub path: String,
    /// Rego.
    pub text: String,
}

/// What a bundle holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Contents {
    /// Modules by path; tests too.
    pub modules: Vec<ModuleFile>,
    /// Documents of `data`.
    pub data: Vec<DataFile>,
}
