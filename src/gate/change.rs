//! Which change request a run judges, and the world around it as the policies see it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::change::request::Request as ChangeRequest;
use crate::change::{self, ContentEntry, documents};
use crate::discover;
use crate::facts::{Actor, ChangeFacts, ConfigFacts, GitFacts, Instant, Stage, World};
use crate::finding::{Diagnostic, Level};
use crate::git::{self, FileStatus, Snapshot};
use crate::outcome::Input;
use crate::parse::yaml;
use crate::source::{Revision, Source, Span};

use super::inputs::{Inputs, first, sha256};
use super::subjects::Subjects;
use super::workspace::{File, Workspace};
use super::{Request, Session};

/// The change request of a run.
#[derive(Default)]
pub(super) struct Judged {
    /// As written; `None` when there is none.
    pub request: Option<ChangeRequest>,
    /// Its digest (contract 3).
    pub digest: Option<String>,
    /// Files that were read.
    pub read: Vec<Input>,
}

impl Judged {
    /// Finds and reads the request: as named on the command line, else the one that the change adds or edits, else the
    /// one that a commit trailer names, else the only one there is.
    pub(super) fn find(
        request: &Request,
        workspace: &Workspace,
        inputs: &Inputs,
        session: &mut Session,
    ) -> Result<Self, Diagnostic> {
        let path = match &request.change {
            Some(path) => Some(workspace.absolute(path)),
            None => find(request, workspace, inputs, session)?,
        };
        let Some(path) = path else { return Ok(Self::default()) };
        let file = workspace.read_head(&path)?.ok_or_else(|| missing(&workspace.shown(&path)))?;
        let read = vec![Input { path: file.path.as_str().into(), sha256: sha256(&file.bytes), as_of: None }];
        let change = read_request(file, session)?;
        let content = workspace.content(&change.file).into_iter().map(entry).collect::<Vec<_>>();
        let digest = change::digest(&content, &change);
        Ok(Self { request: Some(change), digest: Some(digest), read })
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

    /// The shared part of the policy input.
    pub(super) fn world(
        &mut self,
        request: &Request,
        workspace: &Workspace,
        inputs: &Inputs,
        subjects: &Subjects,
        session: &mut Session,
    ) -> Result<World, Diagnostic> {
        let now = Instant(request.clock.now);
        let git = self.git(workspace, inputs);
        let said = self.said(request, workspace, inputs, git.as_ref(), session)?;
        let window = self.request.as_ref().and_then(|r| r.window(request.stage, request.clock.now));
        let documents = &inputs.documents;
        let change = self.request.as_ref().map(|r| ChangeFacts {
            document: r.node.clone(),
            file: r.file.clone(),
            digest: self.digest.clone().unwrap_or_default(),
            window,
            services: documents.catalog.scoped(r, &session.sources),
        });
        let paths = git.as_ref().map(|g| g.files.iter().map(|f| f.path.clone()).collect());
        let subject = super::scope::subject(self.request.as_ref(), subjects, inputs, paths);
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
            matrix: documents.matrix.as_ref().map(|m| m.facts(&session.sources)),
            context: documents::context(documents, &inputs.max_ages, request.clock.now, &session.sources),
            risk: self.request.as_ref().map(ChangeRequest::risk).unwrap_or_default(),
            config: ConfigFacts {
                thresholds: serde_json::to_value(&config.policies.thresholds).unwrap_or_default(),
                policy_owners: config.approvals.policy_owners.clone(),
                minimum_assurance: config.approvals.minimum_assurance.as_str().into(),
            },
        })
    }

    /// The repository's side, with the gate's own files marked and the contributors named.
    fn git(&self, workspace: &Workspace, inputs: &Inputs) -> Option<GitFacts> {
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
        for commit in &difference.range.commits {
            let claimed = [&commit.author, &commit.committer].into_iter().chain(&commit.co_authors);
            people.extend(claimed.map(|p| identities.canonical(&p.email)));
            people.extend(
                commit.signature.iter().filter_map(|s| s.fingerprint.as_ref()).map(|key| identities.canonical(key)),
            );
        }
        people.extend(self.participants(inputs));
        facts.contributors = people.into_iter().collect();
        Some(facts)
    }

    /// Who runs the gate; the identity map names the person, and that makes nobody more certain.
    fn actor(&self, request: &Request, inputs: &Inputs) -> Actor {
        let claimed = request.actor.login.iter().chain(&request.actor.email);
        let person = claimed.filter_map(|name| inputs.documents.identities.person(name)).map(|p| p.id.clone()).next();
        Actor { id: person, ..request.actor.clone() }
    }

    pub(super) fn participants(&self, inputs: &Inputs) -> BTreeSet<String> {
        let names = self.request.iter().flat_map(ChangeRequest::participants);
        names.map(|name| inputs.documents.identities.canonical(name)).collect()
    }
}

fn entry(c: git::Content) -> ContentEntry {
    ContentEntry { path: c.path, mode: c.mode, blob: c.blob }
}

fn missing(shown: &str) -> Diagnostic {
    Diagnostic::error("change::missing", format!("there is no change request `{shown}`"))
        .in_file(shown)
        .help("check the path given with `--change`; with `--head` it is read from that commit")
}

fn find(
    request: &Request,
    workspace: &Workspace,
    inputs: &Inputs,
    session: &mut Session,
) -> Result<Option<PathBuf>, Diagnostic> {
    let full = |shown: &str| workspace.shown_root().join(shown);
    let Some(difference) = &workspace.difference else {
        let mut all = on_disk(workspace, inputs)?;
        if all.len() > 1 {
            session.diagnostics.push(
                Diagnostic::note(
                    "change::several",
                    format!("{} change requests are here, and none is judged", all.len()),
                )
                .in_file(all.remove(0))
                .help("name the one that is meant with `--change FILE`"),
            );
            return Ok(None);
        }
        return Ok(all.pop().map(|shown| full(&shown)));
    };
    let changed = difference.changes.iter().filter(|c| c.status != FileStatus::Deleted && inputs.is_request(&c.path));
    let changed: Vec<&str> = changed.map(|c| c.path.as_str()).collect();
    match changed.as_slice() {
        [one] => return Ok(Some(full(one))),
        [] => {}
        [first, ..] => {
            return Err(Diagnostic::error(
                "change::several",
                format!("the change holds {} change requests: {}", changed.len(), changed.join(", ")),
            )
            .in_file(*first)
            .help("one change, one request: name it with `--change FILE`, or split the change"));
        }
    }
    if request.stage == Stage::Commit {
        return Ok(None);
    }
    let trailer = &inputs.config.changes.trailer;
    let Some(id) = difference.range.trailer(trailer) else { return Ok(None) };
    let Some(repository) = &workspace.repository else { return Ok(None) };
    let listed = repository.list(difference.head, "")?;
    let named = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or(path);
        name.rsplit_once('.').is_some_and(|(stem, _)| stem == id)
    };
    match listed.iter().find(|f| inputs.is_request(&f.path) && named(&f.path)) {
        Some(file) => Ok(Some(full(&file.path))),
        None => {
            session.diagnostics.push(
                Diagnostic::warning(
                    "change::missing",
                    format!("a commit names the change request `{id}`, and no file of that name is here"),
                )
                .help(format!("add it as changes/{id}.yaml, or correct the `{trailer}:` trailer")),
            );
            Ok(None)
        }
    }
}

/// Shown paths of all change requests in the working tree.
fn on_disk(workspace: &Workspace, inputs: &Inputs) -> Result<Vec<String>, Diagnostic> {
    let mut found = BTreeSet::new();
    for pattern in &inputs.config.changes.paths {
        // Only the part before the first wildcard is walked: `changes/` of `changes/**/*.yaml`.
        let fixed: PathBuf = pattern.split('/').take_while(|part| !part.contains(['*', '?', '[', '{'])).collect();
        let walk = ignore::WalkBuilder::new(workspace.root.join(fixed)).require_git(false).build();
        for entry in walk.filter_map(Result::ok).filter(|e| e.file_type().is_some_and(|t| t.is_file())) {
            found.extend(Some(workspace.shown(entry.path())).filter(|shown| inputs.is_request(shown)));
        }
    }
    Ok(found.into_iter().collect())
}

fn read_request(file: File, session: &mut Session) -> Result<ChangeRequest, Diagnostic> {
    let text = discover::decode(file.bytes, &file.path)?;
    let id = session.sources.add(Source::new(file.path.clone(), Revision::Head, text));
    let text = session.sources.get(id).map(|s| s.text.clone()).unwrap_or_default();
    let parsed = yaml::parse(id, &text, &yaml::Limits::default());
    let (errors, rest): (Vec<_>, Vec<_>) = parsed.diagnostics.into_iter().partition(|d| d.level == Level::Error);
    session.diagnostics.extend(rest);
    if let Some(fault) = errors.into_iter().next() {
        return Err(fault);
    }
    let [document] = parsed.documents.as_slice() else {
        return Err(Diagnostic::error(
            "change::documents",
            format!("a change request is one YAML document, and here are {}", parsed.documents.len()),
        )
        .at(Span::new(id, 0, 0))
        .help("keep one request in one file"));
    };
    ChangeRequest::read(file.path, document).map_err(|faults| first(faults, session))
}

/// Which of the gate's documents a context file is, by the kind that it holds at the base, or at the head when it is new.
fn kind_of_context(workspace: &Workspace, inputs: &Inputs, shown: &str) -> &'static str {
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
        _ if shown.ends_with("allowed_signers") => "identities",
        _ => "context",
    }
}
