//! Kustomize roots and charts of one state, rendered; and which of them the change reaches.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::reader::Reader;
use super::weigh::Touched;
use crate::change::Elapsed;
use crate::config::Render;
use crate::facts::Resource;
use crate::finding::{Diagnostic, Level};
use crate::gate::{Progress, Session};
use crate::git::FileChange;
use crate::kubernetes::render::{
    self, Asked, Closure, Deployment, Limits, Programs, Rendered, Root, Roots, Tree, ValuesFile,
};
use crate::source::SourceId;
use crate::terraform::config::{Snapshot, Unread};

/// How often what was rendered may ask for more to be rendered (an application that deploys applications).
const ROUNDS: usize = 4;

/// Code of what could not be rendered at the base.
pub(super) const UNCOMPARED: &str = "kubernetes::render-base";

/// One root of one state with what came of it.
pub(super) struct RenderedRoot {
    pub(super) root: Root,
    pub(super) closure: Closure,
    pub(super) came: Rendered,
    digest: [u8; 32],
}

impl RenderedRoot {
    fn is_reached(&self, changes: &[FileChange]) -> bool {
        changes.iter().any(|c| paths(c).any(|path| self.closure.touches(path)))
    }
}

/// All roots of one state.
#[derive(Default)]
pub(super) struct Renders {
    pub(super) roots: Vec<RenderedRoot>,
    /// What is deployed otherwise than it was rendered.
    notes: Vec<Diagnostic>,
    /// This is the base, and no change reaches anything that is rendered: it is the same as at the head.
    pub(super) same: bool,
}

impl Renders {
    /// Files that were rendered, and so are no manifests of their own.
    pub(super) fn consumed(&self) -> BTreeSet<&str> {
        let complete = self.roots.iter().filter(|r| r.came.complete);
        complete.flat_map(|r| r.closure.consumed.iter().map(String::as_str)).collect()
    }

    /// Whether a path is read by a root, be it rendered or not.
    pub(super) fn touches(&self, path: &str) -> bool {
        self.roots.iter().any(|r| r.closure.touches(path))
    }

    /// Whether a values file is one that some root names.
    pub(super) fn names_values(&self, path: &str) -> bool {
        self.roots.iter().any(|r| r.root.deployment.values.iter().any(|v| v.path == path))
    }

    fn find(&self, id: &str) -> Option<&RenderedRoot> {
        self.roots.iter().find(|r| r.root.id() == id)
    }

    /// What was rendered.
    pub(super) fn resources(&self) -> impl Iterator<Item = &Resource> {
        self.roots.iter().flat_map(|r| &r.came.resources)
    }

    /// What went wrong, in the light of what the change touches. A missing program is told once.
    pub(super) fn diagnostics(&self, touched: &Touched<'_>) -> Vec<Diagnostic> {
        let mut found: Vec<Diagnostic> = self.notes.clone();
        for root in &self.roots {
            let reached = touched.changes().is_none_or(|changes| root.is_reached(changes));
            for fault in &root.came.diagnostics {
                let mut fault = fault.clone();
                if !reached && fault.level == Level::Error {
                    fault.level = Level::Warning;
                }
                let same = |other: &&mut Diagnostic| other.code == fault.code && other.message == fault.message;
                match found.iter_mut().find(same).filter(|other| other.span == fault.span || other.span.is_none()) {
                    Some(other) => other.level = other.level.min(fault.level),
                    None => found.push(fault),
                }
            }
        }
        found
    }

    /// Leaves out what cannot be rendered at the head: it is compared by its files, so that nothing of it counts as deleted.
    pub(super) fn without_failed_at(&mut self, head: &Renders) {
        self.roots.retain(|r| head.find(&r.root.id()).is_none_or(|twin| twin.came.complete));
    }

    /// What could not be rendered at the base, so that its objects count as created.
    pub(super) fn uncompared(&self) -> Vec<Diagnostic> {
        let failed = self.roots.iter().filter(|r| !r.came.complete);
        failed
            .map(|r| {
                let why = r.came.diagnostics.first().map_or_else(String::new, |d| format!(": {}", d.message));
                let message = format!("{} could not be rendered at the base{why}", r.root.id());
                Diagnostic::warning(UNCOMPARED, message)
                    .in_file(r.root.place())
                    .help("its objects count as created by this change")
            })
            .collect()
    }

    /// Files that are rendered at one end and stand for themselves at the other.
    pub(super) fn consumed_by_one(&self, head: &Renders) -> BTreeSet<String> {
        if self.same {
            return BTreeSet::new();
        }
        self.consumed().symmetric_difference(&head.consumed()).map(|path| (*path).to_owned()).collect()
    }

    /// Changed files behind each root of either end.
    pub(super) fn changed_files(&self, changes: &[FileChange], into: &mut BTreeMap<Arc<str>, BTreeSet<String>>) {
        for root in &self.roots {
            let reached = changes.iter().filter(|c| paths(c).any(|path| root.closure.touches(path)));
            into.entry(root.root.id().into()).or_default().extend(reached.map(|c| c.path.clone()));
        }
    }
}

/// The paths of a change at both ends.
fn paths(change: &FileChange) -> impl Iterator<Item = &str> {
    std::iter::once(change.path.as_str()).chain(change.previous_path.as_deref())
}

/// One state as renders see it.
pub(super) struct State<'a> {
    pub(super) tree: &'a dyn Snapshot,
    /// Files that are judged.
    pub(super) judged: Vec<String>,
    /// Objects that stand in files.
    pub(super) written: Vec<Resource>,
    /// Sources of this state.
    pub(super) ids: BTreeMap<String, SourceId>,
}

impl Reader<'_> {
    /// Renders everything of one state; what `known` has rendered from the same bytes is not rendered again.
    pub(super) fn render(
        &self,
        state: State<'_>,
        known: Option<&Renders>,
        session: &mut Session,
        progress: &dyn Progress,
    ) -> Result<Renders, Diagnostic> {
        let roots = Roots::among(state.judged.iter().map(String::as_str));
        if self.inputs.config.kubernetes.render == Render::Off || roots.is_empty() {
            return Ok(Renders::default());
        }
        let tree = Files(state.tree);
        let (programs, limits) = (self.programs.outside(self.workspace.shown_root()), self.limits()?);
        let mut renders = Renders::default();
        let mut rendering =
            render::Session { tree: &tree, revision: state.tree.revision(), ids: state.ids, read: BTreeMap::new() };
        for _ in 0..ROUNDS {
            let asked = self.asked(&state.written, &renders, &tree, session);
            renders.notes.clone_from(&asked.notes);
            let prepared = render::prepare(&roots, &asked, &mut rendering, &mut session.sources);
            let settled: BTreeSet<String> = prepared.iter().map(|(root, _)| root.id()).collect();
            // A chart that turns out to be deployed is not rendered with its own values alone.
            renders.roots.retain(|r| settled.contains(&r.root.id()));
            let new: Vec<_> = prepared.into_iter().filter(|(root, _)| renders.find(&root.id()).is_none()).collect();
            if new.is_empty() {
                break;
            }
            renders.roots.extend(come(new, known, &programs, &limits, session, progress));
        }
        renders.roots.sort_by_key(|r| (r.root.tool, r.root.id()));
        Ok(renders)
    }

    /// What the configuration and the objects of the state ask for.
    fn asked(&self, written: &[Resource], renders: &Renders, tree: &dyn Tree, session: &Session) -> Asked {
        let path_of = |r: &Resource| crate::diff::path_of(r, &session.sources).to_owned();
        let consumed = renders.consumed();
        let raw = written.iter().filter(|r| !consumed.contains(crate::diff::path_of(r, &session.sources)));
        let mut asked = self.configured();
        asked.extend(render::asked(raw.chain(renders.resources()), tree, &path_of));
        asked
    }

    fn configured(&self) -> Asked {
        let prefix = self.workspace.prefix();
        let path = |path: &str| render::join("", &prefix.join(path)).unwrap_or_else(|| path.to_owned());
        let kubernetes = &self.inputs.config.kubernetes;
        let charts = kubernetes.helm.iter().map(|helm| {
            let chart = path(&helm.chart);
            let release =
                helm.release.clone().unwrap_or_else(|| chart.rsplit('/').next().unwrap_or_default().to_owned());
            let values = helm.values.iter().map(|v| ValuesFile { path: path(v), span: None }).collect();
            Deployment { chart, release, namespace: helm.namespace.clone(), values, ..Deployment::default() }
        });
        let kustomizations = kubernetes.kustomize.iter().map(|p| path(p)).collect();
        Asked { charts: charts.collect(), kustomizations, ..Asked::default() }
    }

    fn limits(&self) -> Result<Limits, Diagnostic> {
        let Some(text) = &self.inputs.config.kubernetes.timeout else { return Ok(Limits::default()) };
        let elapsed = Elapsed::parse(text).map_err(|fault| {
            Diagnostic::error("config::timeout", format!("`kubernetes.timeout`: {fault}")).help("write `60s` or `2m`")
        })?;
        Ok(Limits { time: Duration::from_nanos(elapsed.ns.unsigned_abs()), ..Limits::default() })
    }

    /// Whether a change can alter what is rendered at the base: else both ends are the same.
    pub(super) fn reaches_renders(&self, changes: &[FileChange], head: &Renders, objects: &[Resource]) -> bool {
        let marker = |c: &FileChange| paths(c).any(Roots::is_marker);
        changes.iter().any(|c| marker(c) || paths(c).any(|path| head.touches(path))) || objects.iter().any(deploys)
    }
}

/// Whether an object says what is deployed.
pub(super) fn deploys(resource: &Resource) -> bool {
    let kinds = ["argoproj.io/Application", "helm.toolkit.fluxcd.io/", "kustomize.toolkit.fluxcd.io/"];
    kinds.iter().any(|kind| resource.kind.starts_with(kind))
}

/// Renders what is not known yet.
fn come(
    prepared: Vec<(Root, Closure)>,
    known: Option<&Renders>,
    programs: &Programs,
    limits: &Limits,
    session: &Session,
    progress: &dyn Progress,
) -> Vec<RenderedRoot> {
    let mut found = Vec::new();
    let mut new = Vec::new();
    for (root, closure) in prepared {
        let digest = root.digest(&closure);
        match known.and_then(|known| known.find(&root.id())) {
            Some(twin) if twin.digest == digest => {
                found.push(RenderedRoot { root, closure, came: twin.came.clone(), digest });
            }
            _ => new.push((root, closure)),
        }
    }
    progress.step("rendering", new.len());
    let came = render::render(&new, programs, limits, &session.sources, &|| progress.tick());
    let rendered = new.into_iter().zip(came).map(|((root, closure), came)| {
        let digest = root.digest(&closure);
        RenderedRoot { root, closure, came, digest }
    });
    found.extend(rendered);
    found
}

/// Both ends of the roots: what is the same, and what is compared.
#[derive(Default)]
pub(super) struct Ends {
    /// Resources of roots whose bytes are the same.
    pub(super) same: Vec<Resource>,
    /// Root → before, after; only of roots that are there at both ends.
    pub(super) both: BTreeMap<String, (Vec<Resource>, Vec<Resource>)>,
    /// Of roots that are there at one end only.
    pub(super) before: Vec<Resource>,
    pub(super) after: Vec<Resource>,
}

impl Ends {
    /// Pairs the roots of both ends.
    pub(super) fn new(base: &Renders, head: &Renders) -> Self {
        let mut ends = Self::default();
        if base.same {
            ends.same = head.resources().cloned().collect();
            return ends;
        }
        for root in head.roots.iter().filter(|r| r.came.complete) {
            let id = root.root.id();
            let after = root.came.resources.clone();
            match base.find(&id).filter(|twin| twin.came.complete) {
                Some(twin) if twin.digest == root.digest => ends.same.extend(after),
                Some(twin) => drop(ends.both.insert(id, (twin.came.resources.clone(), after))),
                None => ends.after.extend(after),
            }
        }
        let gone = base.roots.iter().filter(|r| r.came.complete && head.find(&r.root.id()).is_none());
        ends.before = gone.flat_map(|r| r.came.resources.iter().cloned()).collect();
        ends
    }
}

/// The files of a state, as a render reads them.
struct Files<'a>(&'a dyn Snapshot);

impl Tree for Files<'_> {
    fn list(&self, directory: &str) -> Option<Vec<(String, bool)>> {
        Some(self.0.list(directory)?.into_iter().map(|entry| (entry.name, entry.is_directory)).collect())
    }

    fn read(&self, path: &str) -> Result<Option<Arc<[u8]>>, String> {
        match self.0.read(path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(Unread::Missing | Unread::Outside) => Ok(None),
            Err(Unread::TooLarge) => Err("it is too large".into()),
            // A directory reads as a failure on some systems.
            Err(Unread::Failed(_)) if self.0.list(path).is_some() => Ok(None),
            Err(Unread::Failed(why)) => Err(why),
        }
    }
}
