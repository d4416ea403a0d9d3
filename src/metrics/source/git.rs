//! The history of an environment's branch: what lands on it is deployed. Commits are verified by their ids.

use globset::{Glob, GlobSet, GlobSetBuilder};
use jiff::Timestamp;

use super::super::record::{Deployment, DeploymentResult, Name, Provenance, Records, Trust};
use crate::config::Config;
use crate::finding::Diagnostic;
use crate::git::{Landing, Repository};

/// The branch of an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// A ref.
    pub name: String,
    /// Commits before this are not looked at.
    pub since: Option<Timestamp>,
}

/// Adds one deployment for each step of the branch and each service whose paths it touches. A merge names the head that
/// it merges, a squash the change request in its trailer; a revert is a rollback, also one that is merged alone.
///
/// # Errors
///
/// As [`Repository::landings`], and `config::glob` for a path that is no glob.
pub fn read(
    repository: &Repository,
    branch: &Branch,
    config: &Config,
    records: &mut Records,
) -> Result<(), Diagnostic> {
    let services = services(config)?;
    let source = records.names.of(&format!("branch {}", branch.name));
    // Oldest first, as the other sources are.
    for (index, landing) in (0..).zip(repository.landings(&branch.name, branch.since)?.iter().rev()) {
        let provenance = Provenance { source: source.clone(), index, trust: Trust::Verified };
        let rollback_of = rolled_back(repository, landing)?;
        for (service, paths) in &services {
            if landing.paths.iter().any(|path| paths.is_match(path)) {
                let deployment = deployment(landing, service, config, &provenance, records);
                let rollback_of = rollback_of.as_deref().map(|id| records.names.of(id));
                records.deployments.push(Deployment { rollback_of, ..deployment });
            }
        }
    }
    Ok(())
}

fn deployment(
    landing: &Landing,
    service: &str,
    config: &Config,
    provenance: &Provenance,
    records: &mut Records,
) -> Deployment {
    let commit = &landing.commit;
    // The head of a merged branch is what the gate judged; else the commit is.
    let judged = commit.parents.get(1).unwrap_or(&commit.id).to_string();
    let mut name = |text: &str| -> Name { records.names.of(text) };
    Deployment {
        id: Some(name(&commit.id.to_string())),
        change: commit.trailers(&config.changes.trailer).next().map(&mut name),
        digest: None,
        commit: Some(name(&judged)),
        service: name(service),
        started: None,
        finished: landing.at,
        committed: landing.begun,
        result: DeploymentResult::Success,
        rollback_of: None,
        unplanned: false,
        actor: Some(name(&commit.author.email)),
        provenance: provenance.clone(),
    }
}

/// What a step of the branch takes back: it says so, or the only commit that it merges does.
fn rolled_back(repository: &Repository, landing: &Landing) -> Result<Option<String>, Diagnostic> {
    let alone = landing.commit.parents.get(1).filter(|_| landing.commits == 1);
    let merged = alone.map(|id| repository.commit(*id)).transpose()?;
    let told = reverted(&landing.commit.message).or_else(|| reverted(&merged.as_ref()?.message));
    Ok(told.map(str::to_owned))
}

/// The commit that `git revert` says it takes back.
fn reverted(message: &str) -> Option<&str> {
    let rest = message.split_once("This reverts commit ")?.1;
    let id = rest.split(|c: char| !c.is_ascii_hexdigit()).next()?;
    (id.len() >= 40).then_some(id)
}

fn services(config: &Config) -> Result<Vec<(&str, GlobSet)>, Diagnostic> {
    let set = |paths: &[String]| {
        let mut set = GlobSetBuilder::new();
        for path in paths {
            set.add(Glob::new(path).map_err(|e| Diagnostic::error("config::glob", e.to_string()))?);
        }
        set.build().map_err(|e| Diagnostic::error("config::glob", e.to_string()))
    };
    config.services.iter().map(|(name, service)| Ok((name.as_str(), set(&service.paths)?))).collect()
}
