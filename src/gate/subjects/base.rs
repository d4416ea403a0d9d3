//! The other end of a change: the base, and what differs between it and the head.

use std::collections::{BTreeSet, HashSet};

use super::configuration::{CommittedFiles, Configured};
use super::reader::{Reader, State, Text, as_rendered, is_terraform, parse_all};
use super::rendering::{self, Ends, Renders};
use crate::diff;
use crate::discover;
use crate::facts::{Action, Resource};
use crate::finding::Diagnostic;
use crate::gate::workspace::Difference;
use crate::gate::{Session, Silent};
use crate::git::{FileStatus, Snapshot};
use crate::source::Revision;

impl Reader<'_> {
    /// The base: objects of the files that differ or that only one end renders, since the others are the same at both ends, and
    /// all configurations, since any of their files may decide about any of their values.
    pub(super) fn base(
        &self,
        difference: &Difference,
        head: &State,
        session: &mut Session,
    ) -> Result<(State, Configured), Diagnostic> {
        let Some(repository) = &self.workspace.repository else { return Ok(Default::default()) };
        let base = Snapshot::Commit(difference.merge_base);
        let changed = difference.changes.iter().filter(|c| c.status != FileStatus::Added);
        let mut paths: BTreeSet<String> =
            changed.map(|c| c.previous_path.as_ref().unwrap_or(&c.path).clone()).collect();
        let listed: Vec<String> = repository.list(base, "")?.into_iter().map(|file| file.path).collect();
        let judged: Vec<String> = listed.into_iter().filter(|path| self.is_judged(path)).collect();
        paths.extend(judged.iter().filter(|path| is_terraform(path)).cloned());
        let mut quiet = Session { sources: std::mem::take(&mut session.sources), diagnostics: Vec::new() };
        let known = self.base_of(difference, head, &judged, &paths, &mut quiet);
        session.sources = quiet.sources;
        let faults = quiet.diagnostics.into_iter().filter(|d| d.code == rendering::UNCOMPARED);
        session.diagnostics.extend(faults);
        known
    }

    fn base_of(
        &self,
        difference: &Difference,
        head: &State,
        judged: &[String],
        paths: &BTreeSet<String>,
        session: &mut Session,
    ) -> Result<(State, Configured), Diagnostic> {
        let snapshot = Snapshot::Commit(difference.merge_base);
        let mut read = parse_all(self.texts(snapshot, paths)?, Revision::Base, session, &Silent);
        let tree = CommittedFiles::open(self.workspace.shown_root(), snapshot, Revision::Base)?;
        let gone: Vec<Resource> = read.iter().flat_map(|r| r.parsed.resources.iter().cloned()).collect();
        let touched = self.touched_resources(difference, head, session);
        let mut renders = Renders::default();
        if self.reaches_renders(&difference.changes, &head.renders, &[gone, touched].concat()) {
            let mut state = as_rendered(&tree, judged.to_vec(), &read);
            // An object in a file that did not change deploys at both ends.
            let is_same = |r: &&Resource| !paths.contains(diff::path_of(r, &session.sources));
            state.written.extend(head.resources.iter().filter(is_same).cloned());
            renders = self.render(state, Some(&head.renders), session, &Silent)?;
            renders.without_failed_at(&head.renders);
            session.diagnostics.extend(renders.uncompared());
            let only_one = renders.consumed_by_one(&head.renders);
            let more: BTreeSet<String> =
                only_one.into_iter().filter(|p| !paths.contains(p) && self.is_judged(p)).collect();
            read.extend(parse_all(self.texts(snapshot, &more)?, Revision::Base, session, &Silent));
        } else {
            renders.same = true;
        }
        let mut state = self.assemble(read, renders, session);
        let configured = self.evaluate(std::mem::take(&mut state.files), &tree, session);
        Ok((state, configured))
    }

    /// Objects of the head in files that differ.
    fn touched_resources(&self, difference: &Difference, head: &State, session: &Session) -> Vec<Resource> {
        let touched: HashSet<&str> = difference.changes.iter().map(|c| c.path.as_str()).collect();
        head.resources.iter().filter(|r| touched.contains(diff::path_of(r, &session.sources))).cloned().collect()
    }

    /// What cannot be read at the base cannot be compared: the resource then counts as created.
    fn texts(&self, snapshot: Snapshot, paths: &BTreeSet<String>) -> Result<Vec<Text>, Diagnostic> {
        let Some(repository) = &self.workspace.repository else { return Ok(Vec::new()) };
        let mut texts = Vec::new();
        for path in paths.iter().filter(|path| self.is_judged(path)) {
            let Some(format) = discover::format_of(path) else { continue };
            let bytes = repository.read(snapshot, path)?;
            if let Some(text) = bytes.and_then(|bytes| discover::decode(bytes, path).ok()) {
                texts.push(Text { path: path.clone(), format, text });
            }
        }
        Ok(texts)
    }

    /// Compares the objects of files that differ or that one end only renders, and those of the roots that differ, root by root; everything
    /// else is the same.
    pub(super) fn compare(
        &self,
        difference: &Difference,
        base: State,
        head: State,
        session: &Session,
    ) -> Vec<Resource> {
        let mut touched: HashSet<String> = difference.changes.iter().map(|c| c.path.clone()).collect();
        touched.extend(base.renders.consumed_by_one(&head.renders));
        let ends = Ends::new(&base.renders, &head.renders);
        let is_touched = |r: &Resource| touched.contains(diff::path_of(r, &session.sources));
        let (changed, same): (Vec<_>, Vec<_>) = head.resources.into_iter().partition(is_touched);
        let before = [base.resources, ends.before].concat();
        let mut all = diff::compare(before, [changed, ends.after].concat(), &session.sources, &[]);
        for (before, after) in ends.both.into_values() {
            all.extend(diff::compare(before, after, &session.sources, &[]));
        }
        all.extend(same.into_iter().chain(ends.same).map(|r| Resource { action: Action::NoOp, ..r }));
        all
    }
}
