//! Answers of policies that were given before, by what they depend on.
//!
//! An answer is looked up by a digest of everything that it depends on (`evaluate/remembered.rs` makes it): it is that of
//! the same evaluation, or it is not found. Nothing that is decided from answers is kept. One mechanism serves two ends: a
//! cache on disk, and parts of a run that several machines share (shards), whose answers are put together by a run that
//! may look up what they say and evaluates nothing that they should have.
//!
//! This module knows bytes. It knows neither policies nor verdicts.

mod folder;
mod pack;
mod seal;
mod shard;

use std::io;
use std::sync::{Mutex, PoisonError};

pub use folder::Folder;
pub use pack::{Answers, Fault, Key, Kind, Pack};
pub use seal::Key as Secret;
pub use shard::{Difference, Misfit, Part, Shard, Shards, Witness};

/// What names this build of the program: other code may answer otherwise.
pub const BUILD: &str = concat!(env!("CARGO_PKG_VERSION"), "-", env!("CHANGEGATE_BUILD"));

/// Where answers are looked up, and which new ones are kept.
#[derive(Debug)]
pub struct Memory {
    source: Source,
    fresh: Mutex<Answers>,
    witnesses: Mutex<Vec<Witness>>,
}

#[derive(Debug)]
enum Source {
    Cache(Folder),
    Part(Part),
    Shards(Shards),
}

impl Memory {
    /// Looks up in a folder.
    pub fn cache(folder: Folder) -> Self {
        Self::new(Source::Cache(folder))
    }

    /// Keeps the answers of one part of a run.
    pub fn part(part: Part) -> Self {
        Self::new(Source::Part(part))
    }

    /// Looks up in the parts of a run, which have everything.
    pub fn shards(shards: Shards) -> Self {
        Self::new(Source::Shards(shards))
    }

    fn new(source: Source) -> Self {
        Self { source, fresh: Mutex::default(), witnesses: Mutex::default() }
    }

    /// The answer of a key.
    pub fn recall(&self, key: &Key) -> Option<&[u8]> {
        match &self.source {
            Source::Cache(folder) => folder.get(key),
            Source::Part(_) => None,
            Source::Shards(shards) => shards.get(key),
        }
    }

    /// Keeps an answer. One that `failed` is part of a shard, and is tried again by whoever has a cache.
    pub fn remember(&self, key: Key, answer: Vec<u8>, failed: bool) {
        let kept = match self.source {
            Source::Cache(_) => !failed,
            Source::Part(_) => true,
            Source::Shards(_) => false,
        };
        if kept {
            self.fresh.lock().unwrap_or_else(PoisonError::into_inner).insert(key, answer);
        }
    }

    /// The part of the run that is evaluated; the whole when there is none.
    pub fn of_part(&self) -> Option<Part> {
        match self.source {
            Source::Part(part) => Some(part),
            Source::Cache(_) | Source::Shards(_) => None,
        }
    }

    /// Whether what parts of a run share has to be told.
    pub fn wants_witness(&self) -> bool {
        !matches!(self.source, Source::Cache(_))
    }

    /// Whether an answer that is not found must not be given anew.
    pub fn is_complete(&self) -> bool {
        matches!(self.source, Source::Shards(_))
    }

    /// Tells what the next evaluations rest on; evaluations come in the same order in every part of a run.
    ///
    /// # Errors
    /// What a part rested on instead.
    pub fn witness(&self, witness: Witness) -> Result<(), Difference> {
        let mut told = self.witnesses.lock().unwrap_or_else(PoisonError::into_inner);
        if let Source::Shards(shards) = &self.source {
            shards.compare(told.len(), &witness)?;
        }
        told.push(witness);
        Ok(())
    }

    /// How many answers were given anew and kept.
    pub fn kept(&self) -> usize {
        self.fresh.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// How many files of a cache were not used, because they are damaged or not sealed with the key.
    pub fn refused(&self) -> usize {
        match &self.source {
            Source::Cache(folder) => folder.refused(),
            Source::Part(_) | Source::Shards(_) => 0,
        }
    }

    /// Writes what was kept into the cache's folder, once.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self) -> io::Result<()> {
        let fresh = std::mem::take(&mut *self.fresh.lock().unwrap_or_else(PoisonError::into_inner));
        match &self.source {
            Source::Cache(folder) => folder.keep(fresh),
            Source::Part(_) | Source::Shards(_) => Ok(()),
        }
    }

    /// The file of a part of a run: its answers, and what they rest on. Nothing of other memories.
    pub fn shard(&self, secret: &Secret) -> Option<Vec<u8>> {
        let Source::Part(part) = self.source else { return None };
        let witnesses = self.witnesses.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let answers = self.fresh.lock().unwrap_or_else(PoisonError::into_inner);
        shard::write(part, witnesses, &answers, secret)
    }
}
