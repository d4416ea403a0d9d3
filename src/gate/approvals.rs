//! What people said about the change: approvals, and the emergency override with what the audit trail knows of it.

use std::collections::BTreeSet;
use std::path::Path;

use crate::change::approval::{self, Circumstances, Records, Review};
use crate::change::code_owners::Ownership;
use crate::change::freeze_override;
use crate::change::identity::Identities;
use crate::discover;
use crate::facts::{ApprovalFacts, FileFacts, GitFacts, OverrideFacts, OverrideUse};
use crate::finding::{Diagnostic, Level};
use crate::git::{self, Commit, FileStatus, Snapshot};
use crate::outcome::Input;
use crate::parse::json;
use crate::parse::tree::Node;
use crate::source::{Revision, Source};

use super::change::Judged;
use super::inputs::{Inputs, first, sha256};
use super::trail;
use super::workspace::Workspace;
use super::{Request, Session};

/// What people said.
pub(super) struct Said {
    /// Every approval with the answer whether it counts.
    pub approvals: Vec<ApprovalFacts>,
    /// The override that the request asks for.
    pub freeze_override: Option<OverrideFacts>,
}

impl Judged {
    /// Reads what the pipeline hands over and holds it against the change.
    pub(super) fn said(
        &mut self,
        request: &Request,
        workspace: &Workspace,
        inputs: &Inputs,
        git: Option<&GitFacts>,
        session: &mut Session,
    ) -> Result<Said, Diagnostic> {
        let mut reviews = self.handed_over(request, workspace, session)?;
        let trail = self.trail(request, workspace, inputs, session)?;
        let contributors: BTreeSet<String> =
            git.map_or_else(|| self.participants(inputs), |g| g.contributors.iter().cloned().collect());
        let ownership = ownership(inputs, git);
        let same_content = |commit: &str| same_content(workspace, self.file(), commit);
        let circumstances = Circumstances {
            now: request.clock.now,
            head: git.and_then(|g| g.head.as_deref()),
            same_content: &same_content,
            change: self.id().unwrap_or_default(),
            digest: self.digest.as_deref().unwrap_or_default(),
            signers: &inputs.signers,
            contributors: &contributors,
            identities: &inputs.documents.identities,
            ownership: &ownership,
            bots: &inputs.config.approvals.bots,
            minimum: inputs.config.approvals.minimum_assurance,
            sources: &session.sources,
        };
        if let (Some(difference), Some(repository)) = (&workspace.difference, &workspace.repository) {
            reviews.extend(approval::of_commits(&difference.range, repository, &circumstances));
        }
        reviews.sort_by_key(|review| review.at);
        let asked = self.request.as_ref();
        let approvals = approval::judge(&reviews, asked, &circumstances);
        let freeze_override =
            asked.and_then(|asked| freeze_override::facts(asked, &reviews, &circumstances, trail.as_deref()));
        session.diagnostics.extend(waiting(&ownership, &approvals, &inputs.documents.identities));
        Ok(Said { approvals, freeze_override })
    }

    /// Reviews of the forge and approvals of an ITSM system.
    fn handed_over(
        &mut self,
        request: &Request,
        workspace: &Workspace,
        session: &mut Session,
    ) -> Result<Vec<Review>, Diagnostic> {
        let mut reviews = Vec::new();
        if let Some(path) = &request.reviews {
            let values = self.values(&REVIEWS, path, workspace, session)?;
            reviews.extend(Review::read(&values).map_err(|faults| first(faults, session))?);
        }
        if let Some(path) = &request.approvals {
            let values = self.values(&APPROVALS, path, workspace, session)?;
            let records = Records::read(&values).map_err(|faults| first(faults, session))?;
            reviews.extend(records.reviews(&self.names(), self.digest.as_deref().unwrap_or_default()));
        }
        Ok(reviews)
    }

    /// Ids of the change, here and in other systems.
    fn names(&self) -> BTreeSet<&str> {
        let elsewhere = self.request.iter().flat_map(|request| &request.typed.metadata.external_refs);
        self.id().into_iter().chain(elsewhere.filter_map(|other| Some(other.id.as_ref()?.0.as_str()))).collect()
    }

    /// Overrides that were applied before, when the request asks for one; `None` when the run keeps no trail.
    fn trail(
        &self,
        request: &Request,
        workspace: &Workspace,
        inputs: &Inputs,
        session: &mut Session,
    ) -> Result<Option<Vec<OverrideUse>>, Diagnostic> {
        if self.request.as_ref().is_none_or(|r| r.spec().freeze_override.is_none()) {
            return Ok(None);
        }
        let uses = trail::uses(request, &workspace.root, &inputs.config)?;
        if uses.is_none() {
            session.diagnostics.push(
                Diagnostic::warning(
                    "override::single-use",
                    "the request asks for a freeze override, and without an audit trail nobody can tell whether it was used before",
                )
                .help("leave `--no-audit` out; `audit.required: true` in the configuration refuses it at stage apply"),
            );
        }
        Ok(uses)
    }

    /// The values of a file that the pipeline hands over. One that the change itself carries could have been written by
    /// its author.
    fn values(
        &mut self,
        handed: &Handed,
        path: &Path,
        workspace: &Workspace,
        session: &mut Session,
    ) -> Result<Vec<Node>, Diagnostic> {
        let full = workspace.absolute(path);
        let shown = workspace.shown(&full);
        if workspace.is_committed(&shown) {
            let message = format!("`{shown}` is committed in the repository that it approves a change of");
            return Err(Diagnostic::error(handed.untrusted, message)
                .in_file(shown)
                .help("fetch it from the API into a file outside the repository"));
        }
        let bytes = super::workspace::read_disk(&full, &shown)?.ok_or_else(|| {
            Diagnostic::error(handed.missing, format!("there is no file `{shown}`"))
                .in_file(shown.clone())
                .help(handed.help)
        })?;
        self.read.push(Input { path: shown.as_str().into(), sha256: sha256(&bytes), as_of: None });
        let id = session.sources.add(Source::new(shown.clone(), Revision::Head, discover::decode(bytes, &shown)?));
        let text = session.sources.get(id).map(|s| s.text.clone()).unwrap_or_default();
        let parsed = json::parse_all(id, &text);
        let (errors, rest): (Vec<_>, Vec<_>) = parsed.diagnostics.into_iter().partition(|d| d.level == Level::Error);
        session.diagnostics.extend(rest);
        if errors.is_empty() { Ok(parsed.documents) } else { Err(first(errors, session)) }
    }
}

/// Who owns what the change touches, the requests left out.
fn ownership(inputs: &Inputs, git: Option<&GitFacts>) -> Ownership {
    let files = git.into_iter().flat_map(|git| &git.files).filter(|file| !inputs.is_request(&file.path));
    let both = |file: &'_ FileFacts| [Some(file.path.clone()), file.previous_path.clone()];
    let paths: BTreeSet<String> = files.flat_map(both).flatten().collect();
    inputs.code_owners.ownership(paths.iter().map(String::as_str))
}

/// Files whose owners have not approved yet.
fn waiting(ownership: &Ownership, approvals: &[ApprovalFacts], identities: &Identities) -> Option<Diagnostic> {
    let approved = approval::code_owners_of(approvals);
    let files: Vec<_> = ownership.without(&approved, identities).collect();
    let (path, owners) = files.first()?;
    let others = if files.len() > 1 { format!(", and {} more", files.len() - 1) } else { String::new() };
    let message = format!("`{path}` waits for one of its code owners: {}{others}", owners.join(", "));
    Some(Diagnostic::note("codeowners::waiting", message))
}

/// A file that the pipeline hands over.
struct Handed {
    untrusted: &'static str,
    missing: &'static str,
    help: &'static str,
}

const REVIEWS: Handed = Handed {
    untrusted: "reviews::untrusted",
    missing: "reviews::missing",
    help: "write it with `gh api repos/OWNER/REPO/pulls/N/reviews --paginate`",
};

const APPROVALS: Handed = Handed {
    untrusted: "approvals::untrusted",
    missing: "approvals::missing",
    help: "write the answer of the ITSM system's API into it; docs/approvals.md has the calls",
};

/// Whether a commit only brings approvals of the change: nothing, or entries of `approvals` in a request. Whoever made it
/// contributed nothing by it. A merge is never one.
pub(super) fn only_approves(workspace: &Workspace, inputs: &Inputs, commit: &Commit) -> bool {
    let (Some(repository), [parent]) = (&workspace.repository, commit.parents.as_slice()) else { return false };
    let Ok(changes) = repository.changes(*parent, Snapshot::Commit(commit.id)) else { return false };
    let text = |commit, path: &str| {
        let bytes = repository.read(Snapshot::Commit(commit), path).ok()??;
        approval::without_approvals(&discover::decode(bytes, path).ok()?)
    };
    changes.iter().all(|change| {
        let same = || Some(text(*parent, &change.path)? == text(commit.id, &change.path)?);
        change.status == FileStatus::Modified && inputs.is_request(&change.path) && same() == Some(true)
    })
}

/// Whether a commit holds the same content as what is judged (contract 4).
fn same_content(workspace: &Workspace, without: Option<&str>, commit: &str) -> bool {
    let (Some(difference), Some(repository)) = (&workspace.difference, &workspace.repository) else { return false };
    let Ok(commit) = repository.resolve(commit) else { return false };
    let Ok(base) = repository.merge_base(difference.base, commit) else { return false };
    let Ok(there) = repository.content_at(base, commit) else { return false };
    let kept = |c: &git::Content| Some(c.path.as_str()) != without;
    let there: Vec<_> = there.into_iter().filter(kept).collect();
    there == workspace.content(without.unwrap_or_default())
}
