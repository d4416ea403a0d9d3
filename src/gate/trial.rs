//! What is tried out on past decisions: policies and thresholds in the place of those that decided.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::{Map, Value};

use crate::config::{Config, put_over};
use crate::finding::Diagnostic;
use crate::policy::{conftest, library};
use crate::source::SourceId;

use super::workspace::Workspace;
use super::{Session, policies};

/// A candidate. It is never part of a run that is recorded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trial {
    /// Folders or modules on disk: each module takes the place of those of its package, or is added.
    pub policies: Vec<PathBuf>,
    /// Put over `policies.thresholds`, member by member.
    pub thresholds: Map<String, Value>,
}

/// Modules of a run: our policies, and those that were written for Conftest.
pub(super) struct Modules<'a> {
    pub(super) ours: &'a mut Vec<SourceId>,
    pub(super) of_conftest: &'a mut Vec<SourceId>,
}

impl Trial {
    /// Puts its thresholds over those of a configuration.
    pub(super) fn tune(&self, config: &mut Config) {
        for (id, value) in &self.thresholds {
            put_over(config.policies.thresholds.entry(id.clone()).or_default(), value);
        }
    }

    /// Puts its modules in the place of those that were loaded.
    ///
    /// # Errors
    ///
    /// What keeps a folder from being read; `policy::none` for a folder without policies.
    pub(super) fn replace(
        &self,
        loaded: Modules<'_>,
        workspace: &Workspace,
        session: &mut Session,
    ) -> Result<(), Diagnostic> {
        let Modules { ours, of_conftest } = loaded;
        for path in &self.policies {
            let path = workspace.absolute(path);
            let found = policies::from_disk(&path, workspace.shown_root(), &mut session.sources, false)?;
            if found.is_empty() {
                return Err(Diagnostic::error("policy::none", "there is no policy here")
                    .in_file(workspace.shown(&path))
                    .help("name the folder that holds the `.rego` files"));
            }
            let package = |id: &SourceId| session.sources.get(*id).map(|source| library::package(&source.text));
            let packages: BTreeSet<String> = found.iter().filter_map(package).collect();
            let stays = |id: &SourceId| package(id).is_none_or(|package| !packages.contains(&package));
            ours.retain(stays);
            of_conftest.retain(stays);
            let place = if conftest::is_foreign(&session.sources, &found) { &mut *of_conftest } else { &mut *ours };
            place.extend(found);
        }
        Ok(())
    }
}
