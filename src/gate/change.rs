//! One change request of a run, and the world around it as the policies see it.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::change::identity::Person;
use crate::change::pull_request::PullRequest;
use crate::change::request::Request as ChangeRequest;
use crate::change::{self, documents};
use crate::discover;
use crate::facts::{Actor, AuditFacts, ChangeFacts, ConfigFacts, GitFacts, Instant, World};
use crate::finding::Diagnostic;
use crate::git::{Commit, Snapshot};
use crate::outcome::{ChangeRef, Input};
use crate::parse::yaml;

use super::inputs::Inputs;
use super::subjects::Subjects;
use super::workspace::Workspace;
use super::{AuditRequest, Request, Session};

/// The change request of a run.
#[derive(Default)]
pub(super) struct Judged {
    /// As written; `None` when there is none.
    pub request: Option<ChangeRequest>,
    /// Its digest (contract 3).
    pub digest: Option<String>,
    /// The pull request that carries it, when the forge's description was handed over.
    pub pull: Option<Arc<PullRequest>>,
    /// Files that were read.
    pub read: Vec<Input>,
}

impl Judged {
    /// `metadata.id` of the request.
    pub(super) fn id(&self) -> Option<&str> {
        self.request.as_ref().map(ChangeRequest::id)
    }

    /// The request as the outcome names it.
    pub(super) fn reference(&self) -> Option<ChangeRef> {
        let request = self.request.as_ref()?;
        Some(ChangeRef {
            id: Some(request.id().to_owned()),
            digest: self.digest.clone(),
            path: request.file.clone(),
            origin: request.origin.clone(),
        })
    }

    /// Shown path of the request's file.
    pub(super) fn file(&self) -> Option<&str> {
        self.request.as_ref().map(|r| &*r.file)
    }

    /// Environments of the request's scope, as written.
    pub(super) fn environments(&self) -> Vec<String> {
        let scope = self.request.as_ref().and_then(|r| r.spec().scope.as_ref());
        scope.map(|scope| scope.environments.clone()).unwrap_or_default()
    }

    /// The shared part of the policy input; `changed` are the resources that count as this request's.
    pub(super) fn world(
        &mut self,
        request: &Request,
        workspace: &Workspace,
        inputs: &Inputs,
        subjects: &Subjects,
        changed: &[usize],
        session: &mut Session,
    ) -> Result<World, Diagnostic> {
        let now = Instant(request.clock.now);
        let mut git = self.git(workspace, inputs, session);
        if let Some(git) = &mut git {
            git.pipelines = subjects.pipelines.clone();
            git.migrations = subjects.migrations.clone();
        }
        let said = self.said(request, workspace, inputs, git.as_ref(), session)?;
        let window = self.request.as_ref().and_then(|r| r.window(request.stage, request.clock.now));
        let documents = &inputs.documents;
        let change = self.request.as_ref().map(|r| ChangeFacts {
            document: r.node.clone(),
            file: r.file.clone(),
            digest: self.digest.clone().unwrap_or_default(),
            window,
            services: documents.catalog.scoped(r, &session.sources),
            origin: r.origin.clone(),
        });
        let paths = git.as_ref().map(|g| g.files.iter().map(|f| f.path.clone()).collect());
        let subject = super::scope::subject(self.request.as_ref(), subjects, changed, inputs, paths);
        let config = &inputs.config;
        Ok(World {
            stage: request.stage,
            mode: subjects.mode,
            now,
            now_ns: now.ns(),
            actor: self.actor(request, inputs),
            git,
            change,
            plans: subjects.plans.clone(),
            calendar: change::calendar::facts(
                &documents.calendars,
                &subject,
                window.map(|w| w.occupied),
                request.clock.now,
                &session.sources,
            ),
            approvals: said.approvals,
            freeze_override: said.freeze_override,
            waivers: Vec::new(),
            matrix: documents.matrix.as_ref().map(|m| m.facts(&session.sources)),
            context: documents::context(documents, &inputs.max_ages, request.clock.now, &session.sources),
            risk: self.request.as_ref().map(ChangeRequest::risk).unwrap_or_default(),
            config: ConfigFacts {
                thresholds: serde_json::to_value(&config.policies.thresholds).unwrap_or_default(),
                policy_owners: config.approvals.policy_owners.clone(),
                minimum_assurance: config.approvals.minimum_assurance.as_str().into(),
                audit: AuditFacts { required: config.audit.required, recorded: request.audit != AuditRequest::Off },
                controls: inputs.library.controls(),
            },
        })
    }

    /// The repository's side, with the gate's own files marked and the contributors named.
    pub(super) fn git(&self, workspace: &Workspace, inputs: &Inputs, session: &Session) -> Option<GitFacts> {
        let (difference, repository) = (workspace.difference.as_ref()?, workspace.repository.as_ref()?);
        let mut facts =
            repository.facts(difference.base, difference.merge_base, &difference.range, &difference.changes);
        for file in &mut facts.files {
            let previous = file.previous_path.as_deref().and_then(|p| inputs.gate_part(p));
            file.gate = inputs.gate_part(&file.path).or(previous).map(|part| match part {
                "context" => kind_of_context(workspace, inputs, &file.path),
                part => part,
            });
        }
        let mut people: BTreeSet<String> = BTreeSet::new();
        let identities = &inputs.documents.identities;
        // Only somebody who may approve gains by being no contributor.
        let may_approve = |commit: &Commit| {
            identities.person(&commit.author.email).is_some_and(Person::holds_roles)
                && super::approvals::only_approves(workspace, inputs, commit)
        };
        for commit in difference.range.commits.iter().filter(|commit| !may_approve(commit)) {
            let claimed = [&commit.author, &commit.committer].into_iter().chain(&commit.co_authors);
            people.extend(claimed.map(|p| identities.canonical(&p.email)));
            people.extend(
                commit.signature.iter().filter_map(|s| s.fingerprint.as_ref()).map(|key| identities.canonical(key)),
            );
        }
        people.extend(self.participants(inputs));
        facts.contributors = people.into_iter().collect();
        facts.pull_request = self.pull.as_ref().map(|pull| {
            let person = pull.author.as_deref().and_then(|login| identities.person(login));
            pull.facts(person.map(|person| person.id.clone()), &session.sources)
        });
        Some(facts)
    }

    /// Who runs the gate; the identity map names the person, and that makes nobody more certain.
    fn actor(&self, request: &Request, inputs: &Inputs) -> Actor {
        let claimed = request.actor.login.iter().chain(&request.actor.email);
        let person = claimed.filter_map(|name| inputs.documents.identities.person(name)).map(|p| p.id.clone()).next();
        Actor { id: person, ..request.actor.clone() }
    }

    /// Requester, implementer, and whoever opened the pull request.
    pub(super) fn participants(&self, inputs: &Inputs) -> BTreeSet<String> {
        let names = self.request.iter().flat_map(ChangeRequest::participants);
        let author = self.pull.iter().filter_map(|pull| pull.author.as_deref());
        names.chain(author).map(|name| inputs.documents.identities.canonical(name)).collect()
    }
}

/// Which of the gate's documents a context file is, by the kind that it holds at the base, or at the head when it is new.
fn kind_of_context(workspace: &Workspace, inputs: &Inputs, shown: &str) -> &'static str {
    if inputs.is_signers(shown) {
        return "identities";
    }
    let read = inputs.kind_of(shown).map(str::to_owned);
    let kind = read.or_else(|| {
        let difference = workspace.difference.as_ref()?;
        let repository = workspace.repository.as_ref()?;
        let snapshots = [Snapshot::Commit(difference.merge_base), difference.head];
        snapshots.into_iter().find_map(|snapshot| {
            let bytes = repository.read(snapshot, shown).ok()??;
            let text = discover::decode(bytes, shown).ok()?;
            let parsed = yaml::parse(crate::source::SourceId(u32::MAX), &text, &yaml::Limits::default());
            parsed.documents.first()?.get("kind")?.as_str().map(str::to_owned)
        })
    });
    match kind.as_deref() {
        Some("FreezeCalendar") => "calendar",
        Some("ApprovalMatrix") => "matrix",
        Some("Identities") => "identities",
        Some("Waivers") => "waivers",
        Some("ServiceCatalog" | "Component" | "Resource" | "API" | "System" | "Group" | "User") => "catalogue",
        _ if shown.ends_with(".ics") => "calendar",
        _ => "context",
    }
}
