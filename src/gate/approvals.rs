//! What people said about the change: approvals, and the emergency override with what the audit trail knows of it.

use std::collections::BTreeSet;
use std::path::Path;

use crate::change::approval::{self, Circumstances, Review};
use crate::change::freeze_override;
use crate::discover;
use crate::facts::{ApprovalFacts, GitFacts, OverrideFacts, OverrideUse};
use crate::finding::{Diagnostic, Level};
use crate::git;
use crate::outcome::Input;
use crate::parse::json;
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
        let reviews = match &request.reviews {
            Some(path) => self.reviews(path, workspace, session)?,
            None => Vec::new(),
        };
        let trail = self.trail(request, workspace, inputs, session)?;
        let contributors: BTreeSet<String> =
            git.map_or_else(|| self.participants(inputs), |g| g.contributors.iter().cloned().collect());
        let same_content = |commit: &str| same_content(workspace, self.file(), commit);
        let circumstances = Circumstances {
            now: request.clock.now,
            head: git.and_then(|g| g.head.as_deref()),
            same_content: &same_content,
            digest: self.digest.as_deref().unwrap_or_default(),
            contributors: &contributors,
            identities: &inputs.documents.identities,
            bots: &inputs.config.approvals.bots,
            minimum: inputs.config.approvals.minimum_assurance,
            sources: &session.sources,
        };
        let asked = self.request.as_ref();
        Ok(Said {
            approvals: approval::judge(&reviews, asked, &circumstances),
            freeze_override: asked
                .and_then(|asked| freeze_override::facts(asked, &reviews, &circumstances, trail.as_deref())),
        })
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

    /// The reviews file. One that the change itself carries could have been written by its author.
    fn reviews(
        &mut self,
        path: &Path,
        workspace: &Workspace,
        session: &mut Session,
    ) -> Result<Vec<Review>, Diagnostic> {
        let full = workspace.absolute(path);
        let shown = workspace.shown(&full);
        if workspace.is_committed(&shown) {
            return Err(Diagnostic::error(
                "reviews::untrusted",
                format!("`{shown}` is committed in the repository that it approves a change of"),
            )
            .in_file(shown)
            .help("fetch the reviews from the forge's API into a file outside the repository"));
        }
        let bytes = super::workspace::read_disk(&full, &shown)?.ok_or_else(|| {
            Diagnostic::error("reviews::missing", format!("there is no file `{shown}`"))
                .in_file(shown.clone())
                .help("write it with `gh api repos/OWNER/REPO/pulls/N/reviews --paginate`")
        })?;
        self.read.push(Input { path: shown.as_str().into(), sha256: sha256(&bytes), as_of: None });
        let id = session.sources.add(Source::new(shown.clone(), Revision::Head, discover::decode(bytes, &shown)?));
        let text = session.sources.get(id).map(|s| s.text.clone()).unwrap_or_default();
        let parsed = json::parse_all(id, &text);
        let (errors, rest): (Vec<_>, Vec<_>) = parsed.diagnostics.into_iter().partition(|d| d.level == Level::Error);
        session.diagnostics.extend(rest);
        match errors.is_empty() {
            true => Review::read(&parsed.documents).map_err(|faults| first(faults, session)),
            false => Err(first(errors, session)),
        }
    }
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
