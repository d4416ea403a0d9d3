//! Workflows, hooks and settings at both ends of a change: whether the gate itself still runs.

use std::collections::BTreeMap;

use crate::discover;
use crate::facts::{PipelineFacts, PipelineKind};
use crate::finding::{Diagnostic, Level};
use crate::gate::Session;
use crate::gate::workspace::{Difference, Workspace};
use crate::git::{FileChange, FileStatus, Repository, Snapshot};
use crate::parse::tree::Node;
use crate::parse::yaml;
use crate::source::{Revision, Source};

/// Every pipeline file of the head, and those that the change takes away, sorted by path. None of them without a
/// difference, and none when the change touches nothing that could switch the gate off.
pub(super) fn read(
    workspace: &Workspace,
    relevant: bool,
    session: &mut Session,
) -> Result<Vec<PipelineFacts>, Diagnostic> {
    let (Some(difference), Some(repository)) = (&workspace.difference, &workspace.repository) else {
        return Ok(Vec::new());
    };
    let touched = difference.changes.iter().filter(|c| kind(c).is_some());
    let touched: BTreeMap<&str, &FileChange> = touched.map(|c| (c.path.as_str(), c)).collect();
    if touched.is_empty() && !relevant {
        return Ok(Vec::new());
    }
    let listed = repository.list(difference.head, "")?.into_iter().map(|file| file.path);
    let mut paths: Vec<String> = listed.filter(|path| PipelineKind::of(path).is_some()).collect();
    paths.extend(touched.keys().map(|path| (*path).to_owned()));
    paths.sort();
    paths.dedup();
    let facts =
        paths.iter().map(|path| Reader { repository, difference }.file(path, touched.get(path.as_str()), session));
    facts.collect()
}

/// What a file is at the head, or was before it was moved away.
fn kind(change: &FileChange) -> Option<PipelineKind> {
    PipelineKind::of(&change.path).or_else(|| PipelineKind::of(change.previous_path.as_deref()?))
}

struct Reader<'a> {
    repository: &'a Repository,
    difference: &'a Difference,
}

impl Reader<'_> {
    fn file(
        &self,
        path: &str,
        change: Option<&&FileChange>,
        session: &mut Session,
    ) -> Result<PipelineFacts, Diagnostic> {
        let mut facts = PipelineFacts {
            path: path.to_owned(),
            kind: change.map_or_else(|| PipelineKind::of(path), |c| kind(c)).unwrap_or_default(),
            status: change.map_or("unchanged", |c| c.status.as_str()),
            previous_path: change.and_then(|c| c.previous_path.clone()),
            ..PipelineFacts::default()
        };
        if facts.kind == PipelineKind::Owners {
            return Ok(facts);
        }
        let earlier = facts.previous_path.as_deref().unwrap_or(path).to_owned();
        let status = change.map(|c| c.status);
        // A file that was moved to where nothing reads it is gone.
        let is_there = status != Some(FileStatus::Deleted) && PipelineKind::of(path).is_some();
        if is_there {
            facts.after =
                self.side(self.difference.head, Revision::Head, path, "after", &mut facts.unreadable, session)?;
        }
        let base = Snapshot::Commit(self.difference.merge_base);
        match status {
            None => facts.before = facts.after.clone(),
            Some(FileStatus::Added) => {}
            Some(_) if PipelineKind::of(&earlier).is_none() => {}
            Some(_) => {
                facts.before = self.side(base, Revision::Base, &earlier, "before", &mut facts.unreadable, session)?;
            }
        }
        Ok(facts)
    }

    fn side(
        &self,
        snapshot: Snapshot,
        revision: Revision,
        path: &str,
        name: &'static str,
        unreadable: &mut Vec<&'static str>,
        session: &mut Session,
    ) -> Result<Option<Node>, Diagnostic> {
        let Some(bytes) = self.repository.read(snapshot, path)? else { return Ok(None) };
        let document = discover::decode(bytes, path).ok().and_then(|text| {
            let id = session.sources.add(Source::new(path, revision, text));
            let text = session.sources.get(id).map(|s| s.text.clone())?;
            let parsed = yaml::parse(id, &text, &yaml::Limits::default());
            let faulty = parsed.diagnostics.iter().any(|d| d.level == Level::Error || d.code == "yaml::template");
            parsed.documents.into_iter().next().filter(|_| !faulty)
        });
        unreadable.extend(document.is_none().then_some(name));
        Ok(document)
    }
}
