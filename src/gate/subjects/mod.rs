//! What is judged: files of the head and the base become resources, and resources become a difference.

mod base;
mod configuration;
mod history;
mod migrations;
mod parse;
mod pipelines;
mod reader;
mod rendering;
mod unrendered;
mod weigh;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use rayon::prelude::*;

use crate::facts::{
    Action, DeferredFacts, DriftFacts, Iac, Instant, MigrationFacts, Mode, PipelineFacts, PlanFacts, Related, Resource,
};
use crate::finding::Diagnostic;
use crate::source::Sources;
use crate::{diff, kubernetes, terraform};

use super::change::Judged;
use super::inputs::Inputs;
use super::workspace::Workspace;
use super::{Progress, Request, Session};

pub use configuration::RootFacts;

use history::History;
use reader::Reader;

/// Changed files behind each thing that is rendered.
type FilesByRoot = BTreeMap<Arc<str>, BTreeSet<String>>;

/// Every resource of a run, and which of them are judged.
#[derive(Default)]
pub(super) struct Subjects {
    /// Sorted by file and place.
    pub resources: Vec<Resource>,
    /// Indexes of the resources that are judged.
    pub judged: Vec<usize>,
    /// How many documents were read at the head.
    pub documents: usize,
    /// Plans that were handed over.
    pub plans: Vec<PlanFacts>,
    /// Whether there is something to compare with.
    pub mode: Mode,
    /// Root modules of Terraform configurations.
    pub roots: Vec<RootFacts>,
    /// Files that decide whether the gate runs.
    pub pipelines: Vec<PipelineFacts>,
    /// Database migrations that the change touches.
    pub migrations: Vec<MigrationFacts>,
}

/// A plan as the policies see it.
fn plan_facts(plan: &terraform::plan::Plan, path: Arc<str>, sha256: String) -> PlanFacts {
    let created_at = plan.timestamp.clone();
    let instant = created_at.as_ref().and_then(|text| text.parse().ok()).map(Instant);
    let drifted = |r: &Resource| DriftFacts {
        address: r.id.clone(),
        r#type: r.kind.clone(),
        action: r.action.as_str(),
        stateful: r.stateful,
        tier: None,
    };
    let deferred =
        |d: &terraform::plan::Deferred| DeferredFacts { address: d.resource.id.clone(), reason: d.reason.clone() };
    PlanFacts {
        path,
        sha256,
        format_version: plan.format_version.clone(),
        terraform_version: plan.terraform_version.clone(),
        created_at,
        created_at_ns: instant.map(Instant::ns),
        complete: plan.complete,
        errored: plan.errored,
        drift: plan.drift.iter().map(drifted).collect(),
        deferred: plan.deferred.iter().map(deferred).collect(),
    }
}

/// A planned resource as it was: the attributes that the plan has for that, in the block of the base where there is one.
fn planned_base(planned: &Resource, configured: &[Resource]) -> Option<Arc<Resource>> {
    if matches!(planned.action, Action::Create | Action::Delete) {
        return None;
    }
    let block = configured.iter().filter(|r| r.header == planned.header && r.kind == planned.kind);
    let place = block.filter_map(|r| r.base.as_ref()).map(|base| (base.span, base.header)).next();
    let (span, header) = place.unwrap_or((planned.span, planned.header));
    let attrs = planned.before.clone().unwrap_or_else(|| planned.attrs.clone());
    Some(Arc::new(Resource {
        attrs,
        before: None,
        unknown: Vec::new(),
        changed: Vec::new(),
        span,
        header,
        ..planned.clone()
    }))
}

/// Where a resource belongs, as paths of the configuration are matched: a resource of a root module belongs there,
/// wherever the module stands that declares it.
fn place(resource: &Resource, sources: &Sources) -> String {
    if let Some(place) = &resource.place {
        return place.to_string();
    }
    match &resource.root {
        Some(root) if root.is_empty() => "main.tf".into(),
        Some(root) if !diff::path_of(resource, sources).starts_with(&format!("{root}/")) => format!("{root}/main.tf"),
        _ => diff::path_of(resource, sources).to_owned(),
    }
}

impl Subjects {
    /// Reads, compares, joins and resolves.
    pub(super) fn read(
        request: &Request,
        workspace: &Workspace,
        inputs: &Inputs,
        judged: &[Judged],
        session: &mut Session,
        progress: &dyn Progress,
    ) -> Result<Self, Diagnostic> {
        let files = judged.iter().filter_map(Judged::file).collect();
        let reader = Reader::new(workspace, inputs, files, request);
        let resolver = inputs.resolver(judged)?;
        let prefix = workspace.prefix();
        let resolve = |resources: &mut [Resource], sources: &Sources| {
            resources.par_iter_mut().for_each(|r| {
                let path = place(r, sources);
                resolver.resolve(r, prefix.strip(&path).unwrap_or(&path));
            });
        };
        let (mut objects, mut head) = reader.head(session, progress)?;
        objects.each(&|resources| resolve(resources, &session.sources));
        resolve(&mut head.resources, &session.sources);
        let roots = std::mem::take(&mut head.roots);
        let mut subjects = Self { documents: objects.documents, roots, ..Self::default() };
        let mut changed = FilesByRoot::new();
        subjects.resources = match &workspace.difference {
            None => [objects.into_resources(), head.resources].concat(),
            Some(difference) => {
                let (mut before, mut base) = reader.base(difference, &objects, session)?;
                before.each(&|resources| resolve(resources, &session.sources));
                resolve(&mut base.resources, &session.sources);
                subjects.mode = Mode::Difference;
                session.diagnostics.extend(reader.unrendered(difference, [&before.renders, &objects.renders])?);
                let configured = configuration::compare(base, head, &session.sources);
                before.renders.changed_files(&difference.changes, &mut changed);
                objects.renders.changed_files(&difference.changes, &mut changed);
                [reader.compare(difference, before, objects, session), configured].concat()
            }
        };
        subjects.add_plans(request, &reader, session)?;
        subjects.sort(&session.sources);
        resolve(&mut subjects.resources, &session.sources);
        subjects.resolve_planned(|base| resolve(base, &session.sources));
        subjects.weigh_drift();
        session.diagnostics.extend(kubernetes::join(&mut subjects.resources, &session.sources));
        subjects.attribute(&reader, &changed, session)?;
        subjects.judged = subjects.select();
        subjects.pipelines = pipelines::read(workspace, subjects.protects(), session)?;
        subjects.migrations = migrations::read(&reader, &resolver, session)?;
        Ok(subjects)
    }

    /// A resource of a plan stands for the block of the source that it was made from.
    fn add_plans(&mut self, request: &Request, reader: &Reader<'_>, session: &mut Session) -> Result<(), Diagnostic> {
        for path in &request.plans {
            let (plan, source, sha256) = reader.plan(path, session)?;
            let shown = session.sources.get(source).map_or_else(|| "".into(), |s| s.path.clone());
            self.plans.push(plan_facts(&plan, shown, sha256));
            session.diagnostics.extend(plan.diagnostics);
            let mut planned = plan.resources;
            terraform::locate(&mut planned, &self.resources);
            let spans: HashSet<_> = planned.iter().map(|r| (r.header, r.kind.clone())).collect();
            let stays = |r: &Resource| r.iac != Some(Iac::Terraform) || !spans.contains(&(r.header, r.kind.clone()));
            let (kept, replaced) = std::mem::take(&mut self.resources).into_iter().partition(stays);
            self.resources = kept;
            planned.iter_mut().for_each(|r| r.base = planned_base(r, &replaced));
            self.resources.extend(planned);
            self.mode = Mode::Difference;
            self.documents += 1;
        }
        Ok(())
    }

    /// What plans say about the past belongs somewhere, too.
    fn resolve_planned(&mut self, resolve: impl Fn(&mut [Resource])) {
        if self.plans.is_empty() {
            return;
        }
        let planned = self.resources.iter_mut().filter(|r| r.iac == Some(Iac::Terraform));
        for base in planned.filter_map(|r| r.base.as_mut()) {
            let mut was = [Resource::clone(base)];
            resolve(&mut was);
            let [was] = was;
            *base = Arc::new(was);
        }
    }

    /// What a drifted object is worth is known from the resource of the same address.
    fn weigh_drift(&mut self) {
        for drift in self.plans.iter_mut().flat_map(|plan| &mut plan.drift) {
            if let Some(resource) = self.resources.iter().find(|r| r.id == drift.address) {
                drift.tier = resource.tier;
                drift.stateful = resource.stateful;
            }
        }
    }

    /// Whether the change touches what a forge protects its branches with.
    fn protects(&self) -> bool {
        let forge = |r: &Resource| ["github_", "gitlab_"].iter().any(|provider| r.kind.starts_with(provider));
        self.resources.iter().any(|r| r.action.is_change() && forge(r))
    }

    fn sort(&mut self, sources: &Sources) {
        self.resources
            .sort_by_cached_key(|r| (diff::path_of(r, sources).to_owned(), r.span.start, r.id.clone(), r.root.clone()));
    }

    fn attribute(&mut self, reader: &Reader<'_>, files: &FilesByRoot, session: &mut Session) -> Result<(), Diagnostic> {
        let (Some(difference), Some(repository)) = (&reader.workspace.difference, &reader.workspace.repository) else {
            return Ok(());
        };
        let touches = repository.touches(&difference.range, &difference.changes)?;
        let of = |path: &str| touches.of(path).iter().map(|t| t.commit.to_string()).collect::<Vec<_>>();
        let sources = &session.sources;
        let touched = |resource: &Resource| {
            // What is rendered comes from every changed file behind it.
            let behind = resource.root.as_ref().and_then(|root| files.get(root)).filter(|_| resource.place.is_some());
            let commits: HashSet<String> = match behind {
                Some(files) => files.iter().flat_map(|path| of(path)).collect(),
                None => of(diff::path_of(resource, sources)).into_iter().collect(),
            };
            let commits = difference.range.commits.iter().filter(|c| commits.contains(&c.id.to_string()));
            commits.map(|c| c.introduced_by()).collect()
        };
        let mut history = History::new(reader, &touches);
        diff::attribute(&mut self.resources, touched, |resource, by| {
            resource.place.is_some() || history.changed(resource, &by.commit, sources)
        });
        Ok(())
    }

    /// What differs, and what a difference reaches: the workload whose scaler changed is judged, too. What is gone is
    /// not seen by what it belonged to, so it is asked itself.
    fn select(&self) -> Vec<usize> {
        let changed = |index: &usize| self.resources.get(*index).is_some_and(|r| r.action.is_change());
        let reaches = |join: &&Related| !IN_COMMON.contains(&join.relation);
        let deleted = self.resources.iter().filter(|r| r.action == Action::Delete);
        let lost: HashSet<usize> = deleted.flat_map(|r| &r.related).filter(reaches).map(|join| join.index).collect();
        let wanted = |(index, r): &(usize, &Resource)| {
            let near = || r.related.iter().filter(reaches).any(|join| changed(&join.index));
            r.action != Action::NoOp || changed(index) || lost.contains(index) || near()
        };
        self.resources.iter().enumerate().filter(wanted).map(|(index, _)| index).collect()
    }
}

/// Relations to what many share: a change of it is judged there, not at each of them.
const IN_COMMON: [&str; 9] = [
    "config",
    "secret",
    "service-account",
    "priority-class",
    "storage-class",
    "namespace",
    "quota",
    "limit-range",
    "subject",
];
