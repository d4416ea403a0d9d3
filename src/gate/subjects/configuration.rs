//! Terraform configurations of one state of the repository, evaluated root module by root module.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::config::TerraformRoot;
use crate::diff;
use crate::facts::Resource;
use crate::finding::{Diagnostic, Level};
use crate::git::{Repository, Snapshot};
use crate::source::{Revision, Sources};
use crate::terraform::config::{self, Entry, MAX_FILE, Options, Unread};
use crate::terraform::force_new;
use crate::terraform::source::File;

/// `moved` blocks as addresses: from, to.
type Moves = Vec<(Arc<str>, Arc<str>)>;

/// Resources of one root module at both ends: before, after.
type Ends = (Vec<Resource>, Vec<Resource>);

/// What the root modules of one state amount to.
#[derive(Default)]
pub(super) struct Configured {
    /// Managed resources of every root module.
    pub(super) resources: Vec<Resource>,
    /// `moved` blocks by root directory.
    moved: BTreeMap<Arc<str>, Moves>,
    /// Faults of the configurations, in Terraform's words.
    pub(super) diagnostics: Vec<Diagnostic>,
    /// What `changegate facts` prints about each root module.
    pub(super) roots: Vec<RootFacts>,
}

/// One root module, for people who want to know what was understood.
#[derive(Clone, Debug, serde::Serialize)]
pub struct RootFacts {
    /// Directory, relative to the repository.
    pub path: Arc<str>,
    /// Output values: name → value, unknown, sensitive, type.
    pub outputs: BTreeMap<Arc<str>, serde_json::Value>,
    /// Faults of the configuration, and what could not be known.
    pub diagnostics: Vec<RootDiagnostic>,
}

/// One diagnostic of a root module.
#[derive(Clone, Debug, serde::Serialize)]
pub struct RootDiagnostic {
    /// `error`, `warning` or `note`.
    pub severity: Level,
    /// Stable code.
    pub code: &'static str,
    /// What is wrong, beginning with Terraform's own summary.
    pub message: String,
    /// `path:line:column`.
    pub place: Option<String>,
}

/// Evaluates all root modules of `files`; `named` are those of the configuration, `options` holds for all of them.
pub(super) fn evaluate(
    files: Vec<File>,
    state: &dyn config::Snapshot,
    named: &[TerraformRoot],
    options: &Options,
    sources: &mut Sources,
) -> Configured {
    if files.is_empty() {
        return Configured::default();
    }
    let configuration = config::assemble(files, state, sources);
    let mut roots = config::roots(&configuration, named, state);
    let is_named = |directory: &Arc<str>| named.iter().any(|root| root.path.trim_matches('/') == &**directory);
    if !named.is_empty() {
        // A root module that nobody named is judged, too: a change must not hide one beside those that are.
        roots.extend(config::roots(&configuration, &[], state).into_iter().filter(|root| !is_named(&root.directory)));
    }
    for root in &mut roots {
        root.options.given.extend(options.given.iter().cloned());
        root.options.environment.clone_from(&options.environment);
        root.options.workspace = options.workspace.clone().or(root.options.workspace.take());
    }
    let mut configured = Configured { diagnostics: configuration.diagnostics.clone(), ..Configured::default() };
    for mut planned in config::resources_of(&configuration, &roots, state, sources) {
        if !named.is_empty() && !is_named(&planned.root.directory) {
            // It may be a library that is planned with other values elsewhere.
            planned.evaluation.diagnostics.iter_mut().for_each(|d| d.level = d.level.max(Level::Warning));
        }
        configured.resources.extend(planned.resources);
        configured.moved.insert(planned.root.directory.clone(), planned.evaluation.moved);
        let told = |d: &Diagnostic| RootDiagnostic {
            severity: d.level,
            code: d.code,
            message: d.message.clone(),
            place: d.span.and_then(|span| sources.locate(span)).map(|place| place.to_string()),
        };
        let diagnostics = planned.evaluation.diagnostics.iter().map(told).collect();
        configured.diagnostics.extend(planned.evaluation.diagnostics);
        let outputs = planned.evaluation.outputs.iter().map(|output| (output.name.clone(), output.to_json()));
        configured.roots.push(RootFacts { path: planned.root.directory, outputs: outputs.collect(), diagnostics });
    }
    configured
}

/// Gives the resources of the head their actions, root module by root module: a shared module stands in several, and
/// the same address in two of them names two things. What has no counterpart on the other side is compared
/// together, since a root module may have moved as a whole.
pub(super) fn compare(base: Configured, head: Configured, sources: &Sources) -> Vec<Resource> {
    let known = |side: &Configured| side.moved.keys().cloned().collect::<BTreeSet<_>>();
    let both: BTreeSet<Arc<str>> = known(&base).intersection(&known(&head)).cloned().collect();
    let group = |r: &Resource| r.root.clone().filter(|root| both.contains(root));
    let mut pairs: BTreeMap<Option<Arc<str>>, Ends> = BTreeMap::new();
    for resource in base.resources {
        pairs.entry(group(&resource)).or_default().0.push(resource);
    }
    for resource in head.resources {
        pairs.entry(group(&resource)).or_default().1.push(resource);
    }
    let mut all = Vec::new();
    for (root, (before, after)) in pairs {
        let moved = match &root {
            Some(root) => head.moved.get(root).cloned().unwrap_or_default(),
            None => head.moved.iter().filter(|(root, _)| !both.contains(*root)).flat_map(|(_, m)| m.clone()).collect(),
        };
        all.extend(diff::compare(before, after, sources, &moved));
    }
    force_new::mark_replacements(&mut all);
    all
}

/// The files of a commit or of the index, as configurations may read them.
pub(super) struct CommittedFiles {
    repository: Mutex<Repository>,
    state: Snapshot,
    revision: Revision,
    paths: BTreeSet<String>,
}

impl CommittedFiles {
    /// The files of a state; the repository is opened once more, since several threads read.
    pub(super) fn open(root: &Path, state: Snapshot, revision: Revision) -> Result<Self, Diagnostic> {
        let none = || Diagnostic::error("git::none", "the repository is gone").help("judge again");
        let repository = Repository::discover(root)?.ok_or_else(none)?;
        let paths = repository.list(state, "")?.into_iter().map(|file| file.path).collect();
        Ok(Self { repository: Mutex::new(repository), state, revision, paths })
    }
}

impl config::Snapshot for CommittedFiles {
    fn list(&self, directory: &str) -> Option<Vec<Entry>> {
        let prefix = if directory.is_empty() { String::new() } else { format!("{directory}/") };
        let below = self.paths.range(prefix.clone()..).map_while(|path| path.strip_prefix(&prefix));
        let entries: BTreeSet<Entry> = below
            .map(|rest| match rest.split_once('/') {
                Some((name, _)) => Entry { name: name.into(), is_directory: true },
                None => Entry { name: rest.into(), is_directory: false },
            })
            .collect();
        (!entries.is_empty() || directory.is_empty()).then(|| entries.into_iter().collect())
    }

    fn read(&self, path: &str) -> Result<Arc<[u8]>, Unread> {
        let repository = self.repository.lock().unwrap_or_else(PoisonError::into_inner);
        match repository.read(self.state, path) {
            Ok(None) => Err(Unread::Missing),
            Ok(Some(bytes)) if bytes.len() as u64 > MAX_FILE => Err(Unread::TooLarge),
            Ok(Some(bytes)) => Ok(bytes.into()),
            Err(fault) => Err(Unread::Failed(fault.message)),
        }
    }

    fn revision(&self) -> Revision {
        self.revision
    }
}
