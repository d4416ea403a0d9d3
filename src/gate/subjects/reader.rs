//! Reads states of the repository: the head and the base, from commits, the index or the disk.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::configuration::{self, CommittedFiles, Configured};
use super::parse::{Parsed, parse};
use crate::config::{Render, TerraformRoot};
use crate::discover::{self, Format};
use crate::facts::{Action, Resource};
use crate::finding::{Diagnostic, Level};
use crate::gate::inputs::{Inputs, sha256};
use crate::gate::workspace::{Difference, Workspace, read_disk};
use crate::gate::{Progress, Session, Silent};
use crate::git::{FileStatus, Snapshot};
use crate::parse::json;
use crate::source::{Revision, Source, SourceId, Sources};
use crate::terraform::config::{self, Folder, Options};
use crate::{diff, terraform};

/// Resources of one state, with how many documents they came from.
#[derive(Default)]
pub(super) struct State {
    pub(super) resources: Vec<Resource>,
    pub(super) documents: usize,
    /// Configuration files, not yet evaluated.
    pub(super) files: Vec<terraform::source::File>,
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
    inputs: &'a Inputs,
    request_files: Vec<&'a str>,
    terraform: &'a Options,
}

impl<'a> Reader<'a> {
    /// A reader; `request_files` are the shown paths of the change requests, which are not judged as manifests.
    pub(super) fn new(
        workspace: &'a Workspace,
        inputs: &'a Inputs,
        request_files: Vec<&'a str>,
        terraform: &'a Options,
    ) -> Self {
        Self { workspace, inputs, request_files, terraform }
    }

    /// Whether a shown path is judged: not a document of the gate itself, and not a change request.
    fn wants(&self, shown: &str) -> bool {
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
        let mut state = self.state(texts, Revision::Head, session, progress);
        let files = std::mem::take(&mut state.files);
        let configured = match committed {
            Some(snapshot) => {
                let committed = CommittedFiles::open(self.workspace.shown_root(), snapshot, Revision::Head)?;
                self.evaluate(files, &committed, session)
            }
            None => match Folder::new(self.workspace.shown_root()) {
                Ok(folder) => self.evaluate(files, &folder, session),
                Err(e) => {
                    return Err(Diagnostic::error("discover::unreadable", format!("the folder cannot be read: {e}")));
                }
            },
        };
        let faults = configured.diagnostics.iter().map(|fault| self.weigh_at(fault.clone(), &session.sources));
        let faults: Vec<_> = faults.collect();
        session.diagnostics.extend(faults);
        Ok((state, configured))
    }

    fn evaluate(
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

    /// The base: objects of the files that differ, since the others are the same at both ends, and all configurations,
    /// since any of their files may decide about any of their values.
    pub(super) fn base(
        &self,
        difference: &Difference,
        session: &mut Session,
    ) -> Result<(State, Configured), Diagnostic> {
        let Some(repository) = &self.workspace.repository else { return Ok(Default::default()) };
        let base = Snapshot::Commit(difference.merge_base);
        let changed = difference.changes.iter().filter(|c| c.status != FileStatus::Added);
        let mut paths: BTreeSet<String> =
            changed.map(|c| c.previous_path.as_ref().unwrap_or(&c.path).clone()).collect();
        let listed = repository.list(base, "")?.into_iter().map(|file| file.path);
        paths.extend(listed.filter(|path| is_terraform(path)));
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
        let mut state = self.state(texts, Revision::Base, &mut quiet, &Silent);
        let files = std::mem::take(&mut state.files);
        let committed = CommittedFiles::open(self.workspace.shown_root(), base, Revision::Base);
        let configured = committed.map(|committed| self.evaluate(files, &committed, &mut quiet));
        session.sources = quiet.sources;
        Ok((state, configured?))
    }

    /// Whether a shown path lies under the paths that are judged.
    fn in_scope(&self, shown: &str) -> bool {
        let full = self.workspace.shown_root().join(shown);
        self.workspace.paths.iter().any(|start| {
            let below = full.strip_prefix(start).ok().map(|p| p.to_string_lossy().replace('\\', "/"));
            below.is_some_and(|below| !discover::skip(&below))
        })
    }

    /// Compares the objects of the files that differ; everything else is the same.
    pub(super) fn compare(
        &self,
        difference: &Difference,
        base: Vec<Resource>,
        head: Vec<Resource>,
        session: &Session,
    ) -> Vec<Resource> {
        let touched: HashSet<&str> = difference.changes.iter().map(|c| c.path.as_str()).collect();
        let is_touched = |r: &Resource| touched.contains(diff::path_of(r, &session.sources));
        let (changed, same): (Vec<_>, Vec<_>) = head.into_iter().partition(is_touched);
        let mut all = diff::compare(base, changed, &session.sources, &[]);
        all.extend(same.into_iter().map(|r| Resource { action: Action::NoOp, ..r }));
        all
    }

    /// Parses texts in parallel; ids, diagnostics and resources stand in the order of the texts.
    pub(super) fn state(
        &self,
        texts: Vec<Text>,
        revision: Revision,
        session: &mut Session,
        progress: &dyn Progress,
    ) -> State {
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
        for file in parsed {
            state.documents += file.documents;
            state.resources.extend(file.resources);
            session
                .diagnostics
                .extend(file.diagnostics.into_iter().map(|fault| self.weigh_at(fault, &session.sources)));
            state.files.extend(file.terraform);
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
        if fault.code == "terraform::missing_variable" {
            // Its value comes from elsewhere and is unknown here; a policy that needs it says so.
            fault.level = Level::Note;
        }
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

    /// Changed files that only mean something once they are rendered: what they do to the cluster was not judged.
    pub(super) fn unrendered(&self, difference: &Difference) -> Result<Vec<Diagnostic>, Diagnostic> {
        let mut found = Vec::new();
        for change in difference.changes.iter().filter(|c| self.in_scope(&c.path) && self.wants(&c.path)) {
            let Some(what) = self.rendered_by(difference, &change.path)? else { continue };
            let message = format!("the change touches a {what}, and what it renders to was not judged");
            let off = self.inputs.config.kubernetes.render == Render::Off;
            let make = if off { Diagnostic::warning } else { Diagnostic::error };
            found.push(make("kubernetes::not-rendered", message).in_file(change.path.as_str()).help(
                "render it (`kustomize build`, `helm template`) and judge the result, or set `kubernetes: {render: off}` \
                 in changegate.yaml",
            ));
        }
        Ok(found)
    }

    /// What renders a file, by the names that Kustomize and Helm give their files.
    fn rendered_by(&self, difference: &Difference, path: &str) -> Result<Option<&'static str>, Diagnostic> {
        let Some(repository) = &self.workspace.repository else { return Ok(None) };
        let name = path.rsplit('/').next().unwrap_or(path);
        Ok(match name {
            "kustomization.yaml" | "kustomization.yml" | "Kustomization" => Some("Kustomize overlay"),
            "Chart.yaml" => Some("Helm chart"),
            _ if name.starts_with("values") && name.ends_with("ml") => {
                let chart = format!("{}/Chart.yaml", folder(path));
                repository.read(difference.head, chart.trim_start_matches('/'))?.map(|_| "Helm chart")
            }
            _ => None,
        })
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

fn is_terraform(path: &str) -> bool {
    matches!(discover::format_of(path), Some(Format::Terraform | Format::TerraformJson))
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}
