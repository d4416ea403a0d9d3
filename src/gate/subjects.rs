//! What is judged: files of the head and the base become resources, and resources become a difference.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use rayon::prelude::*;

use crate::config::Render;
use crate::discover::{self, Format};
use crate::facts::{Iac, Mode, Resource};
use crate::finding::{Diagnostic, Level};
use crate::git::{FileStatus, Snapshot, Touch, Touches};
use crate::kubernetes::{self, Document};
use crate::parse::{json, yaml};
use crate::source::{Revision, Source, SourceId, Sources};
use crate::{diff, terraform};

use super::change::Judged;
use super::inputs::Inputs;
use super::workspace::{Difference, Workspace};
use super::{Progress, Request, Session};

/// Every resource of a run, and which of them are judged.
#[derive(Default)]
pub(super) struct Subjects {
    /// Sorted by file and place.
    pub resources: Vec<Resource>,
    /// Indexes of the resources that are judged.
    pub judged: Vec<usize>,
    /// How many documents were read at the head.
    pub documents: usize,
    /// SHA-256 of each plan, by its path.
    pub plans: Vec<(Arc<str>, String)>,
    /// Whether there is something to compare with.
    pub mode: Mode,
}

impl Subjects {
    /// Reads, compares, joins and resolves.
    pub(super) fn read(
        request: &Request,
        workspace: &Workspace,
        inputs: &Inputs,
        judged: &Judged,
        session: &mut Session,
        progress: &dyn Progress,
    ) -> Result<Self, Diagnostic> {
        let reader = Reader { workspace, inputs, request_file: judged.file() };
        let resolver = inputs.resolver(judged)?;
        let prefix = workspace.prefix();
        let resolve = |resources: &mut [Resource], sources: &Sources| {
            resources.par_iter_mut().for_each(|r| {
                let path = diff::path_of(r, sources).to_owned();
                resolver.resolve(r, prefix.strip(&path).unwrap_or(&path));
            });
        };
        let mut head = reader.head(session, progress)?;
        resolve(&mut head.resources, &session.sources);
        let mut subjects = Self { documents: head.documents, ..Self::default() };
        subjects.resources = match &workspace.difference {
            None => head.resources,
            Some(difference) => {
                let mut base = reader.base(difference, session)?;
                resolve(&mut base, &session.sources);
                subjects.mode = Mode::Difference;
                reader.compare(difference, base, head.resources, session)
            }
        };
        subjects.add_plans(request, &reader, session)?;
        resolve(&mut subjects.resources, &session.sources);
        kubernetes::join(&mut subjects.resources, &session.sources);
        subjects.attribute(&reader, session)?;
        subjects.judged = subjects.select();
        Ok(subjects)
    }

    /// A resource of a plan stands for the block of the source that it was made from.
    fn add_plans(&mut self, request: &Request, reader: &Reader<'_>, session: &mut Session) -> Result<(), Diagnostic> {
        for path in &request.plans {
            let (plan, source, sha256) = reader.plan(path, session)?;
            session.diagnostics.extend(plan.diagnostics);
            let mut planned = plan.resources;
            terraform::locate(&mut planned, &self.resources);
            let spans: HashSet<_> = planned.iter().map(|r| (r.header, r.kind.clone())).collect();
            self.resources.retain(|r| r.iac != Some(Iac::Terraform) || !spans.contains(&(r.header, r.kind.clone())));
            self.resources.extend(planned);
            self.mode = Mode::Difference;
            self.documents += 1;
            let shown = session.sources.get(source).map_or_else(|| "".into(), |s| s.path.clone());
            self.plans.push((shown, sha256));
        }
        Ok(())
    }

    fn attribute(&mut self, reader: &Reader<'_>, session: &mut Session) -> Result<(), Diagnostic> {
        let (Some(difference), Some(repository)) = (&reader.workspace.difference, &reader.workspace.repository) else {
            return Ok(());
        };
        let touches = repository.touches(&difference.range, &difference.changes)?;
        let by_id: BTreeMap<String, _> = difference.range.commits.iter().map(|c| (c.id.to_string(), c)).collect();
        let touched = |path: &str| {
            touches
                .of(path)
                .iter()
                .filter_map(|t| by_id.get(&t.commit.to_string()))
                .map(|c| c.introduced_by())
                .collect()
        };
        let mut history = History { reader, touches: &touches, seen: BTreeMap::new() };
        diff::attribute(&mut self.resources, &session.sources, touched, |resource, by| {
            history.changed(resource, &by.commit, &session.sources)
        });
        Ok(())
    }

    /// What differs, and what a difference reaches: the workload whose scaler changed is judged, too.
    fn select(&self) -> Vec<usize> {
        let changed = |index: &usize| self.resources.get(*index).is_some_and(|r| r.action.is_change());
        let wanted = |(index, r): &(usize, &Resource)| {
            r.action != crate::facts::Action::NoOp
                || changed(index)
                || r.related.iter().any(|join| changed(&join.index))
        };
        self.resources.iter().enumerate().filter(wanted).map(|(index, _)| index).collect()
    }
}

/// Resources of one state, with how many documents they came from.
#[derive(Default)]
struct State {
    resources: Vec<Resource>,
    documents: usize,
}

/// One text that is to be parsed.
struct Text {
    path: String,
    format: Format,
    text: String,
}

/// One parsed file.
#[derive(Default)]
struct Parsed {
    resources: Vec<Resource>,
    terraform: Option<terraform::source::File>,
    documents: usize,
    diagnostics: Vec<Diagnostic>,
}

/// Reads states of the repository.
struct Reader<'a> {
    workspace: &'a Workspace,
    inputs: &'a Inputs,
    request_file: Option<&'a str>,
}

impl Reader<'_> {
    /// Whether a shown path is judged: not a document of the gate itself, and not the change request.
    fn wants(&self, shown: &str) -> bool {
        wants(self.inputs, self.request_file, shown)
    }

    fn head(&self, session: &mut Session, progress: &dyn Progress) -> Result<State, Diagnostic> {
        let snapshot = self.workspace.difference.as_ref().map(|d| d.head);
        let (texts, faults) = match snapshot {
            Some(snapshot @ (Snapshot::Commit(_) | Snapshot::Index)) => self.snapshot(snapshot)?,
            Some(Snapshot::WorkingTree) | None => self.disk()?,
        };
        session.diagnostics.extend(faults);
        progress.step("reading", texts.len());
        Ok(self.state(texts, Revision::Head, session, progress))
    }

    /// Files of the working tree.
    fn disk(&self) -> Result<(Vec<Text>, Vec<Diagnostic>), Diagnostic> {
        let root = self.workspace.shown_root();
        let tracked = match &self.workspace.repository {
            Some(repository) => repository.list(Snapshot::Index, "")?.into_iter().map(|f| root.join(f.path)).collect(),
            None => Vec::<PathBuf>::new(),
        };
        let (inputs, request_file) = (self.inputs, self.request_file);
        let keep = move |path: &str| wants(inputs, request_file, path);
        let found = discover::walk(root, &self.workspace.paths, &tracked, &keep);
        let mut faults = found.diagnostics;
        let mut texts = Vec::with_capacity(found.files.len());
        for read in discover::read(&found.files) {
            match read {
                Ok(t) => texts.push(Text { path: t.path.to_string(), format: t.format, text: t.text }),
                Err(fault) => faults.push(self.weigh(fault)),
            }
        }
        Ok((texts, faults))
    }

    /// Files of a commit or the index.
    fn snapshot(&self, snapshot: Snapshot) -> Result<(Vec<Text>, Vec<Diagnostic>), Diagnostic> {
        let Some(repository) = &self.workspace.repository else { return Ok(Default::default()) };
        let (mut texts, mut faults) = (Vec::new(), Vec::new());
        let mut seen = HashSet::new();
        for start in &self.workspace.paths {
            let under = self.workspace.in_repository(start).unwrap_or_default();
            for file in repository.list(snapshot, &under)? {
                let below = file.path.strip_prefix(&under).unwrap_or(&file.path).trim_start_matches('/');
                let format =
                    discover::format_of(&file.path).filter(|_| !discover::skip(below) && self.wants(&file.path));
                let Some(format) = format.filter(|_| seen.insert(file.path.clone())) else { continue };
                let text = repository.read(snapshot, &file.path).and_then(|bytes| match bytes {
                    Some(bytes) => discover::decode(bytes, &file.path).map(Some),
                    None => Ok(None),
                });
                match text {
                    Ok(text) => texts.extend(text.map(|text| Text { path: file.path, format, text })),
                    Err(fault) => faults.push(self.weigh(fault)),
                }
            }
        }
        Ok((texts, faults))
    }

    /// Resources of the base, from the files that differ; the others are the same at both ends.
    fn base(&self, difference: &Difference, session: &mut Session) -> Result<Vec<Resource>, Diagnostic> {
        let Some(repository) = &self.workspace.repository else { return Ok(Vec::new()) };
        let base = Snapshot::Commit(difference.merge_base);
        let changed = difference.changes.iter().filter(|c| c.status != FileStatus::Added);
        let mut paths: BTreeSet<String> =
            changed.map(|c| c.previous_path.as_ref().unwrap_or(&c.path).clone()).collect();
        // The files of a Terraform module mean something only together.
        for module in touched_modules(difference) {
            let files = repository.list(base, module)?.into_iter().map(|f| f.path);
            paths.extend(files.filter(|path| is_terraform(path) && folder(path) == module));
        }
        let mut texts = Vec::new();
        for path in paths {
            let Some(format) = discover::format_of(&path).filter(|_| self.wants(&path) && self.in_scope(&path)) else {
                continue;
            };
            let bytes = repository.read(base, &path)?;
            // What cannot be read at the base cannot be compared: the resource then counts as created.
            if let Some(text) = bytes.and_then(|bytes| discover::decode(bytes, &path).ok()) {
                texts.push(Text { path, format, text });
            }
        }
        let mut quiet = Session { sources: std::mem::take(&mut session.sources), diagnostics: Vec::new() };
        let state = self.state(texts, Revision::Base, &mut quiet, &super::Silent);
        session.sources = quiet.sources;
        Ok(state.resources)
    }

    /// Whether a shown path lies under the paths that are judged.
    fn in_scope(&self, shown: &str) -> bool {
        let full = self.workspace.shown_root().join(shown);
        self.workspace.paths.iter().any(|start| {
            let below = full.strip_prefix(start).ok().map(|p| p.to_string_lossy().replace('\\', "/"));
            below.is_some_and(|below| !discover::skip(&below))
        })
    }

    /// Compares the files that differ; everything else is the same.
    fn compare(
        &self,
        difference: &Difference,
        base: Vec<Resource>,
        head: Vec<Resource>,
        session: &Session,
    ) -> Vec<Resource> {
        let touched: HashSet<&str> = difference.changes.iter().map(|c| c.path.as_str()).collect();
        let modules = touched_modules(difference);
        let (changed, same): (Vec<_>, Vec<_>) = head.into_iter().partition(|r| {
            let path = diff::path_of(r, &session.sources);
            touched.contains(path) || (r.iac == Some(Iac::Terraform) && modules.contains(folder(path)))
        });
        let mut all = diff::compare(base, changed, &session.sources, &[]);
        all.extend(same.into_iter().map(|r| Resource { action: crate::facts::Action::NoOp, ..r }));
        all.sort_by(|a, b| {
            let key = |r: &Resource| (diff::path_of(r, &session.sources).to_owned(), r.span.start, r.id.clone());
            key(a).cmp(&key(b))
        });
        all
    }

    /// Parses texts in parallel; ids, diagnostics and resources stand in the order of the texts.
    fn state(&self, texts: Vec<Text>, revision: Revision, session: &mut Session, progress: &dyn Progress) -> State {
        let formats: Vec<(SourceId, Format)> =
            texts.into_iter().map(|t| (session.sources.add(Source::new(t.path, revision, t.text)), t.format)).collect();
        let sources = &session.sources;
        let parsed: Vec<Parsed> = formats
            .par_iter()
            .map(|(id, format)| {
                let parsed = sources.get(*id).map(|source| parse(*id, *format, source)).unwrap_or_default();
                progress.tick();
                parsed
            })
            .collect();
        let mut state = State::default();
        let mut modules: BTreeMap<String, Vec<terraform::source::File>> = BTreeMap::new();
        for file in parsed {
            state.documents += file.documents;
            state.resources.extend(file.resources);
            session
                .diagnostics
                .extend(file.diagnostics.into_iter().map(|fault| self.weigh_at(fault, &session.sources)));
            if let Some(terraform) = file.terraform {
                let path = session.sources.get(terraform.source).map_or("", |s| &s.path);
                modules.entry(folder(path).to_owned()).or_default().push(terraform);
            }
        }
        for files in modules.values() {
            let (resources, faults) = terraform::source::resources(files);
            state.resources.extend(resources);
            session.diagnostics.extend(faults.into_iter().map(|fault| self.weigh_at(fault, &session.sources)));
        }
        state
    }

    /// What a change did not touch must not stop it: a fault in such a file is a warning. A template that is not
    /// rendered cannot be judged, so it stops the gate unless the configuration turns rendering off.
    fn weigh(&self, fault: Diagnostic) -> Diagnostic {
        let path = fault.path.clone();
        self.weigh_in(fault, path.as_deref())
    }

    fn weigh_at(&self, fault: Diagnostic, sources: &Sources) -> Diagnostic {
        let path =
            fault.span.and_then(|s| sources.get(s.source)).map(|s| s.path.clone()).or_else(|| fault.path.clone());
        self.weigh_in(fault, path.as_deref())
    }

    fn weigh_in(&self, mut fault: Diagnostic, path: Option<&str>) -> Diagnostic {
        let Some(difference) = &self.workspace.difference else { return fault };
        let touched = path.is_none_or(|path| difference.changes.iter().any(|c| c.path == path));
        let template = fault.code == "yaml::template";
        if !touched && fault.level == Level::Error {
            fault.level = Level::Warning;
        } else if touched && template && self.inputs.config.kubernetes.render == Render::Auto {
            fault.level = Level::Error;
            fault.help = "the change touches a template, and what it renders to was not judged: judge the rendered manifests, or set \
                          `kubernetes: {render: off}` in changegate.yaml"
                .into();
        }
        fault
    }

    fn plan(
        &self,
        path: &std::path::Path,
        session: &mut Session,
    ) -> Result<(terraform::plan::Plan, SourceId, String), Diagnostic> {
        let full = self.workspace.absolute(path);
        let shown = self.workspace.shown(&full);
        let file = super::workspace::read_disk(&full, &shown)?.ok_or_else(|| {
            Diagnostic::error("plan::missing", format!("there is no plan `{shown}`"))
                .in_file(shown.clone())
                .help("write it with `terraform show -json plan.out > plan.json`")
        })?;
        let sha256 = super::inputs::sha256(&file);
        let text = discover::decode(file, &shown)?;
        let id = session.sources.next_id();
        let parsed = json::parse(id, &text);
        // A plan holds secrets in clear text; the text that excerpts are cut from must not. What does not parse
        // cannot be redacted, so nothing of it is shown.
        let kept = parsed.as_ref().map(|node| terraform::plan::redact(&text, node)).unwrap_or_default();
        session.sources.add(Source::new(shown, Revision::Head, kept));
        let plan = terraform::plan::read(id, &parsed?)?;
        Ok((plan, id, sha256))
    }
}

fn wants(inputs: &Inputs, request_file: Option<&str>, shown: &str) -> bool {
    Some(shown) != request_file && !inputs.is_own(shown)
}

/// Folders of Terraform files that differ.
fn touched_modules(difference: &Difference) -> BTreeSet<&str> {
    let paths = difference.changes.iter().flat_map(|c| [Some(&c.path), c.previous_path.as_ref()]).flatten();
    paths.filter(|path| is_terraform(path)).map(|path| folder(path)).collect()
}

fn is_terraform(path: &str) -> bool {
    matches!(discover::format_of(path), Some(Format::Terraform | Format::TerraformJson))
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Reads one text.
fn parse(id: SourceId, format: Format, source: &Source) -> Parsed {
    match format {
        Format::Terraform | Format::TerraformJson => {
            let (file, diagnostics) = terraform::source::read(id, &source.path, &source.text);
            Parsed { terraform: Some(file), documents: 1, diagnostics, ..Parsed::default() }
        }
        Format::Json if !may_be_an_object(&source.text) => Parsed::default(),
        Format::Json | Format::Yaml => {
            let read = kubernetes::read(id, &source.text, &yaml::Limits::default());
            let mut parsed = Parsed { documents: read.documents.len(), ..Parsed::default() };
            parsed.diagnostics = read.diagnostics.into_iter().map(|fault| soften(fault, &source.text)).collect();
            for document in read.documents {
                if let Document::Kubernetes(objects) = kubernetes::objects(document) {
                    parsed.resources.extend(objects.resources);
                    parsed.diagnostics.extend(objects.diagnostics);
                }
            }
            parsed
        }
    }
}

/// Whether a text could hold a Kubernetes object: it has the words, or escapes that could hide them.
fn may_be_an_object(text: &str) -> bool {
    text.contains("apiVersion") || text.contains('\\')
}

/// A YAML file that no cluster would take, because the word `apiVersion` is nowhere in it, is not a manifest.
fn soften(mut fault: Diagnostic, text: &str) -> Diagnostic {
    if fault.level == Level::Error && !may_be_an_object(text) {
        fault.level = Level::Warning;
    }
    fault
}

/// Resources of one file by their id.
type ById = BTreeMap<Arc<str>, Resource>;

/// Looks into the past of single resources.
struct History<'a> {
    reader: &'a Reader<'a>,
    touches: &'a Touches,
    /// By path and commit: the file's resources at the parent and at the commit.
    seen: BTreeMap<(String, String), [ById; 2]>,
}

impl History<'_> {
    /// Whether a commit changed a resource: its attributes differ between the file at the commit and at its parent.
    fn changed(&mut self, resource: &Resource, commit: &str, sources: &Sources) -> bool {
        let path = diff::path_of(resource, sources).to_owned();
        let Some(touch) = self.touches.of(&path).iter().find(|t| t.commit.to_string() == *commit) else { return true };
        let touch = touch.clone();
        let [before, after] =
            self.seen.entry((path.clone(), commit.to_owned())).or_insert_with(|| versions(self.reader, &path, &touch));
        let attrs = |state: &ById| state.get(&resource.id).map(|r| (r.attrs.clone(), r.lifecycle.clone()));
        attrs(before) != attrs(after)
    }
}

fn versions(reader: &Reader<'_>, path: &str, touch: &Touch) -> [ById; 2] {
    let read = reader.workspace.repository.as_ref().and_then(|r| r.versions(touch).ok());
    let (before, after) = read.map_or((None, None), |versions| (versions.before, versions.after));
    let resources = |bytes: Option<Vec<u8>>| {
        let text = bytes.and_then(|bytes| discover::decode(bytes, path).ok());
        let (Some(text), Some(format)) = (text, discover::format_of(path)) else { return ById::new() };
        let mut session = Session::default();
        let texts = vec![Text { path: path.to_owned(), format, text }];
        let state = reader.state(texts, Revision::Base, &mut session, &super::Silent);
        state.resources.into_iter().map(|r| (r.id.clone(), r)).collect()
    };
    [resources(before), resources(after)]
}
