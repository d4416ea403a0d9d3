//! Sentences that several formats share, so that they say the same thing.

use super::count;
use crate::facts::{ApprovalFacts, Stage};
use crate::finding::{Finding, Level, Status};
use crate::outcome::{Outcome, Verdict};

/// Why the decision is what it is, in one line without a full stop.
pub(super) fn reason(outcome: &Outcome) -> String {
    let errors = outcome.diagnostics.iter().filter(|d| d.level == Level::Error).count();
    let blocking: Vec<&Finding> = outcome.findings.iter().filter(|f| f.blocks(outcome.stage == Stage::Apply)).collect();
    let pending = blocking.iter().filter(|f| f.pending).count();
    let fixed = blocking.len() - pending;
    let mut parts = Vec::new();
    if errors > 0 {
        parts.push(count(errors, "error in the input", "errors in the input"));
    }
    if fixed > 0 {
        parts.push(count(fixed, "finding stands in the way", "findings stand in the way"));
    }
    if pending > 0 {
        parts.push(count(pending, "thing can still arrive", "things can still arrive"));
    }
    match (parts.is_empty(), outcome.decision) {
        (true, Verdict::Allowed) if outcome.verdict != Verdict::Allowed => {
            format!("the policies say {}; a waiver or an override lifts it", outcome.verdict.as_str())
        }
        (true, Verdict::Allowed) => "nothing stands in the way".into(),
        (true, _) => "the gate could not judge".into(),
        (false, _) => parts.join(", "),
    }
}

/// What the reader does next, without a full stop.
pub(super) fn next(decision: Verdict) -> &'static str {
    match decision {
        Verdict::Allowed => "go ahead",
        Verdict::Pending => "get what is missing, then judge again; the change itself need not be touched",
        Verdict::Denied => "change what stands in the way, then judge again",
        Verdict::Undecided => "repair the errors above: what cannot be judged is never allowed",
    }
}

/// The word for a status in every format.
pub(super) fn status(status: Status) -> &'static str {
    match status {
        Status::Open => "open",
        Status::Waived => "waived",
        Status::Overridden => "overridden",
        Status::Preexisting => "preexisting",
    }
}

/// By what a finding was lifted and until when; `None` for one that was not.
pub(super) fn lifted(f: &Finding, outcome: &Outcome) -> Option<String> {
    match f.status {
        Status::Open => None,
        Status::Preexisting => Some("was there before this change".into()),
        Status::Overridden => Some(match &f.lifted_by {
            Some(id) => format!("lifted by the emergency override {id}"),
            None => "lifted by an emergency override".into(),
        }),
        Status::Waived => Some(waived(f, outcome)),
    }
}

fn waived(f: &Finding, outcome: &Outcome) -> String {
    let Some(waiver) = outcome.waivers.iter().find(|w| Some(w.id.as_str()) == f.lifted_by.as_deref()) else {
        return "silenced by a waiver".into();
    };
    let until = waiver.expires_at.map(|at| format!(" until {}", at.0)).unwrap_or_default();
    let parts = [
        waiver.ticket.clone(),
        waiver.owner.as_ref().map(|owner| format!("owned by {owner}")),
        waiver.approver.as_ref().map(|by| format!("approved by {by}")),
        waiver.reason.clone(),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let said = if parts.is_empty() { String::new() } else { format!(": {}", parts.join("; ")) };
    format!("silenced by the waiver {}{until}{said}", waiver.id)
}

/// Whether the approvals belong into the answer: something is awaited, or something stands in the way and an approval
/// does not count.
pub(super) fn approvals_matter(outcome: &Outcome) -> bool {
    let blocks = |pending: bool| {
        outcome.findings.iter().any(|f| f.blocks(outcome.stage == Stage::Apply) && (f.pending || !pending))
    };
    blocks(true) || (blocks(false) && outcome.approvals.iter().any(|a| !a.valid))
}

/// How an approval came.
pub(super) fn method(a: &ApprovalFacts) -> &str {
    match a.method {
        "github-review" => "GitHub review",
        "gitlab-approval" => "GitLab approval",
        "signature" => "signature",
        "signed-commit" => "signed commit",
        "servicenow-approval" => "ServiceNow approval",
        "jsm-approval" => "Jira approval",
        "asserted" => "only typed in",
        other => other,
    }
}

/// Whether an approval counts and, if not, why not.
pub(super) fn counts(a: &ApprovalFacts) -> String {
    if a.valid {
        return "yes".into();
    }
    let reasons: Vec<&str> = a.why_not.iter().map(|code| in_words(code)).collect();
    let reasons = if reasons.is_empty() { "no reason was given".into() } else { reasons.join("; ") };
    format!("no: {reasons}")
}

/// The codes of `docs/policy-input.md` as sentences; a code that is new here is shown as it is.
fn in_words(code: &'static str) -> &'static str {
    match code {
        "contributor" => "contributed to the change",
        "stale-commit" => "was given for an older commit with other content",
        "digest-mismatch" => "is bound to another version of the change",
        "superseded" => "was replaced by a later review",
        "dismissed" => "was dismissed",
        "not-approved" => "is not an approval",
        "no-role" => "held no role at that time",
        "other-owners" => "waits for the owners of the other files",
        "bot" => "is a bot",
        "unknown-person" => "is nobody whom Identities knows",
        "self-asserted" => "is only a claim in the request, nobody verified it",
        "in-the-future" => "is dated in the future",
        "too-old" => "is too old",
        "requested-it" => "asked for the override",
        "unbound" => "names no version of the change",
        "other-change" => "is of another change",
        "undated" => "says at no instant when it was given",
        "bad-signature" => "is not signed as it stands",
        "key-unchecked" => "is signed by a kind of key that is not checked",
        "key-unlisted" => "is signed by a key that allowed_signers does not give to them",
        "key-certificate" => "is signed with a certificate that does not hold for them",
        "key-namespace" => "is signed by a key that may not sign approvals",
        "key-not-yet-valid" => "is signed by a key that is not valid yet",
        "key-expired" => "is signed by a key that has expired",
        "shared-key" => "is signed by a key that somebody else signs with, too",
        "assurance" => "is less assured than the configuration asks for",
        other => other,
    }
}
