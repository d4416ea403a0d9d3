//! Reads states of the repository: the head and the base, from commits, the index or the disk.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::configuration::{self, CommittedFiles, Configured};
use super::parse::{Parsed, parse};
use super::rendering::{self, Renders};
use super::weigh::Touched;
use crate::config::TerraformRoot;
use crate::discover::{self, Format};
use crate::facts::Resource;
use crate::finding::Diagnostic;
use crate::gate::inputs::{Inputs, sha256};
use crate::gate::workspace::{Workspace, read_disk};
use crate::gate::{Progress, Request, Session, Silent};
use crate::git::Snapshot;
use crate::kubernetes::render::Programs;
use crate::parse::json;
use crate::source::{Revision, Source, SourceId, Sources};
use crate::terraform;
use crate::terraform::config::{self, Folder, Options};

/// One state of the repository.
#[derive(Default)]
pub(super) struct State {
    /// Objects that stand in files, and are not rendered.
    pub(super) resources: Vec<Resource>,
    /// Objects that are rendered.
    pub(super) renders: Renders,
    /// How many documents there were.
    pub(super) documents: usize,
    /// Configuration files, not yet evaluated.
    pub(super) files: Vec<terraform::source::File>,
}

impl State {
    /// Does something to every resource, whatever it came from.
    pub(super) fn each(&mut self, work: &dyn Fn(&mut [Resource])) {
        work(&mut self.resources);
        self.renders.roots.iter_mut().for_each(|root| work(&mut root.came.resources));
    }

    /// Everything, in one list.
    pub(super) fn into_resources(self) -> Vec<Resource> {
        let rendered = self.renders.roots.into_iter().flat_map(|root| root.came.resources);
        self.resources.into_iter().chain(rendered).collect()
    }
}

/// A text that was parsed.
pub(super) struct Read {
    pub(super) path: String,
    pub(super) id: SourceId,
    pub(super) parsed: Parsed,
}

/// One text that is to be parsed.
pub(super) struct Text {
    pub(super) path: String,
    pub(super) format: Format,
    pub(super) text: String,
}

/// Reads states of the repository.
pub(super) struct Reader<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) inputs: &'a Inputs,
    pub(super) programs: &'a Programs,
    request_files: Vec<&'a str>,
    terraform: &'a Options,
}

impl<'a> Reader<'a> {
    /// A reader; `request_files` are the shown paths of the change requests, which are not judged as manifests.
    pub(super) fn new(
        workspace: &'a Workspace,
        inputs: &'a Inputs,
        request_files: Vec<&'a str>,
        request: &'a Request,
    ) -> Self {
        let (terraform, programs) = (&request.terraform, &request.programs);
        Self { workspace, inputs, programs, request_files, terraform }
    }

    /// What the change touches.
    pub(super) fn touched(&self) -> Touched<'_> {
        Touched { difference: self.workspace.difference.as_ref(), render: self.inputs.config.kubernetes.render }
    }

    /// Whether a shown path is judged: not a document of the gate itself, and not a change request.
    pub(super) fn wants(&self, shown: &str) -> bool {
        wants(self.inputs, &self.request_files, shown)
    }

    /// The judged state; its configurations are evaluated.
    pub(super) fn head(
        &self,
        session: &mut Session,
        progress: &dyn Progress,
    ) -> Result<(State, Configured), Diagnostic> {
        let committed = match self.workspace.difference.as_ref().map(|d| d.head) {
            Some(state @ (Snapshot::Commit(_) | Snapshot::Index)) => Some(state),
            Some(Snapshot::WorkingTree) | None => None,
        };
        let (texts, faults) = match committed {
            Some(state) => self.snapshot(state)?,
            None => self.disk()?,
        };
        session.diagnostics.extend(faults);
        progress.step("reading", texts.len());
        let read = parse_all(texts, Revision::Head, session, progress);
        let tree: Box<dyn config::Snapshot> = match committed {
            Some(snapshot) => Box::new(CommittedFiles::open(self.workspace.shown_root(), snapshot, Revision::Head)?),
            None => {
                Box::new(Folder::new(self.workspace.shown_root()).map_err(|e| {
                    Diagnostic::error("discover::unreadable", format!("the folder cannot be read: {e}"))
                })?)
            }
        };
        let judged = read.iter().map(|r| r.path.clone()).collect();
        let renders = self.render(as_rendered(&*tree, judged, &read), None, session, progress)?;
        let mut state = self.assemble(read, renders, session);
        let configured = self.evaluate(std::mem::take(&mut state.files), &*tree, session);
        let faults = configured.diagnostics.iter().map(|d| self.touched().weigh_at(d.clone(), &session.sources));
        let faults: Vec<_> = faults.collect();
        session.diagnostics.extend(faults);
        Ok((state, configured))
    }

    pub(super) fn evaluate(
        &self,
        files: Vec<terraform::source::File>,
        state: &dyn config::Snapshot,
        session: &mut Session,
    ) -> Configured {
        let prefix = self.workspace.prefix();
        let named = self.inputs.config.terraform.roots.iter().cloned();
        let named: Vec<_> = named.map(|root| TerraformRoot { path: prefix.join(&root.path), ..root }).collect();
        configuration::evaluate(files, state, &named, self.terraform, &mut session.sources)
    }

    /// Files of the working tree.
    fn disk(&self) -> Result<(Vec<Text>, Vec<Diagnostic>), Diagnostic> {
        let root = self.workspace.shown_root();
        let tracked = match &self.workspace.repository {
            Some(repository) => repository.list(Snapshot::Index, "")?.into_iter().map(|f| root.join(f.path)).collect(),
            None => Vec::<PathBuf>::new(),
        };
        let (inputs, request_files) = (self.inputs, self.request_files.as_slice());
        let keep = move |path: &str| wants(inputs, request_files, path);
        let found = discover::walk(root, &self.workspace.paths, &tracked, &keep);
        let mut faults = found.diagnostics;
        let mut texts = Vec::with_capacity(found.files.len());
        for read in discover::read(&found.files) {
            match read {
                Ok(t) => texts.push(Text { path: t.path.to_string(), format: t.format, text: t.text }),
                Err(fault) => faults.push(self.touched().weigh(fault)),
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
                    Err(fault) => faults.push(self.touched().weigh(fault)),
                }
            }
        }
        Ok((texts, faults))
    }

    pub(super) fn is_judged(&self, path: &str) -> bool {
        discover::format_of(path).is_some() && self.wants(path) && self.in_scope(path)
    }

    /// Whether a shown path lies under the paths that are judged.
    pub(super) fn in_scope(&self, shown: &str) -> bool {
        let full = self.workspace.shown_root().join(shown);
        self.workspace.paths.iter().any(|start| {
            let below = full.strip_prefix(start).ok().map(|p| p.to_string_lossy().replace('\\', "/"));
            below.is_some_and(|below| !discover::skip(&below))
        })
    }

    /// A state of some texts alone, with nothing rendered.
    pub(super) fn state(&self, texts: Vec<Text>, revision: Revision, session: &mut Session) -> State {
        let read = parse_all(texts, revision, session, &Silent);
        self.assemble(read, Renders::default(), session)
    }

    /// What was read and rendered. A file that is rendered is no manifest of its own, and its faults are the renderer's.
    pub(super) fn assemble(&self, read: Vec<Read>, renders: Renders, session: &mut Session) -> State {
        let consumed = renders.consumed();
        let touched = self.touched();
        let mut state = State::default();
        for Read { path, parsed, .. } in read {
            state.files.extend(parsed.terraform);
            if consumed.contains(path.as_str()) {
                continue;
            }
            state.documents += parsed.documents;
            state.resources.extend(parsed.resources);
            let faults = parsed.diagnostics.into_iter().map(|fault| touched.weigh_at(fault, &session.sources));
            let faults: Vec<_> = faults.collect();
            session.diagnostics.extend(faults);
        }
        state.documents += renders.roots.iter().map(|r| r.came.documents).sum::<usize>();
        session.diagnostics.extend(renders.diagnostics(&touched));
        state.renders = renders;
        state
    }

    pub(super) fn plan(
        &self,
        path: &Path,
        session: &mut Session,
    ) -> Result<(terraform::plan::Plan, SourceId, String), Diagnostic> {
        let full = self.workspace.absolute(path);
        let shown = self.workspace.shown(&full);
        let file = read_disk(&full, &shown)?.ok_or_else(|| {
            Diagnostic::error("plan::missing", format!("there is no plan `{shown}`"))
                .in_file(shown.clone())
                .help("write it with `terraform show -json plan.out > plan.json`")
        })?;
        let sha256 = sha256(&file);
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

fn wants(inputs: &Inputs, request_files: &[&str], shown: &str) -> bool {
    !request_files.contains(&shown) && !inputs.is_own(shown)
}

pub(super) fn is_terraform(path: &str) -> bool {
    matches!(discover::format_of(path), Some(Format::Terraform | Format::TerraformJson))
}

/// Parses texts in parallel; ids, diagnostics and resources stand in the order of the texts.
pub(super) fn parse_all(
    texts: Vec<Text>,
    revision: Revision,
    session: &mut Session,
    progress: &dyn Progress,
) -> Vec<Read> {
    let add =
        |t: Text, sources: &mut Sources| (t.path.clone(), sources.add(Source::new(t.path, revision, t.text)), t.format);
    let formats: Vec<_> = texts.into_iter().map(|t| add(t, &mut session.sources)).collect();
    let sources = &session.sources;
    let one = |(path, id, format): (String, SourceId, Format)| {
        let parsed = sources.get(id).map(|source| parse(id, format, source)).unwrap_or_default();
        progress.tick();
        Read { path, id, parsed }
    };
    formats.into_par_iter().map(one).collect()
}

pub(super) fn as_rendered<'a>(
    tree: &'a dyn config::Snapshot,
    judged: Vec<String>,
    read: &[Read],
) -> rendering::State<'a> {
    let written = read.iter().flat_map(|r| r.parsed.resources.iter());
    let deploys = |r: &&Resource| rendering::deploys(r) || &*r.kind == "ConfigMap";
    rendering::State {
        tree,
        judged,
        written: written.filter(deploys).cloned().collect(),
        ids: read.iter().map(|r| (r.path.clone(), r.id)).collect::<BTreeMap<_, _>>(),
    }
}
