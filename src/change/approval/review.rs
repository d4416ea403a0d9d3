//! One word of one person about a change, wherever it was given, and how the forges hand it out: GitHub's list of pull
//! request reviews, GitLab's approvals of a merge request.

use std::sync::Arc;

use jiff::Timestamp;

use crate::change::Moment;
use crate::config::Assurance;
use crate::facts::ApprovalProof;
use crate::finding::Diagnostic;
use crate::parse::de::header;
use crate::parse::tree::{Node, Value};
use crate::source::Span;

/// Where a review comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// An object of `GET /repos/{owner}/{repo}/pulls/{number}/reviews`.
    GitHub,
    /// An entry of `approved_by` of `GET /projects/{id}/merge_requests/{iid}/approvals` or `…/approval_state`.
    GitLab,
    /// An entry of the request with a signature of its own.
    Signature,
    /// The `Approved-by` line of a commit.
    CommitTrailer,
    /// A record of `sysapproval_approver`.
    ServiceNow,
    /// An approver of `GET /rest/servicedeskapi/request/{key}/approval`.
    JiraServiceManagement,
}

/// What a review is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Binding {
    /// The commit that was looked at. GitLab may not say which; then it cannot be told to be the head's.
    Commit(Option<String>),
    /// The change digest that it names; `None` when it names none.
    Digest(Option<String>),
}

/// What a review says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Decision {
    /// Yes.
    Approved,
    /// No, until something changes.
    ChangesRequested,
    /// Neither.
    Commented,
    /// Taken back.
    Dismissed,
}

/// One review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// Which forge.
    pub method: Method,
    /// Its id there; GitLab's approvals have none.
    pub id: Option<String>,
    /// Login; `None` for a deleted account.
    pub login: Option<String>,
    /// Whether the forge says that it is a machine.
    pub bot: bool,
    /// What it says.
    pub decision: Decision,
    /// When the forge received it.
    pub at: Option<Timestamp>,
    /// What it is about.
    pub binding: Binding,
    /// Codes of what is wrong with its proof; empty for what a forge vouches for.
    pub flaws: Vec<&'static str>,
    /// `SHA256:…` of the key that signed it.
    pub key: Option<String>,
    /// What the audit trail keeps, so that the signature can be checked again.
    pub proof: Option<Arc<ApprovalProof>>,
    /// Its place in the file.
    pub span: Span,
}

impl Review {
    /// Reads the values of a reviews file, sorted by when the forge received them. Pages may be concatenated or
    /// wrapped in one more list.
    ///
    /// # Errors
    ///
    /// One `reviews::*` diagnostic for each object that is neither forge's, or says what no review can say.
    pub fn read(values: &[Node]) -> Result<Vec<Self>, Vec<Diagnostic>> {
        let mut reviews = Vec::new();
        let mut told = Vec::new();
        let mut open: Vec<&Node> = values.iter().rev().collect();
        while let Some(node) = open.pop() {
            match &node.value {
                Value::Seq(items) => open.extend(items.iter().rev()),
                Value::Map(_) => match of_object(node) {
                    Ok(found) => reviews.extend(found),
                    Err(fault) => told.push(fault),
                },
                _ => told.push(not_a_review(node)),
            }
        }
        reviews.sort_by_key(|review| review.at);
        if told.is_empty() { Ok(reviews) } else { Err(told) }
    }
}

impl Review {
    /// The commit that it is about, when it is about one.
    pub fn commit(&self) -> Option<&str> {
        match &self.binding {
            Binding::Commit(commit) => commit.as_deref(),
            Binding::Digest(_) => None,
        }
    }
}

impl Method {
    /// The word in the policy input.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::GitHub => "github-review",
            Self::GitLab => "gitlab-approval",
            Self::Signature => "signature",
            Self::CommitTrailer => "signed-commit",
            Self::ServiceNow => "servicenow-approval",
            Self::JiraServiceManagement => "jsm-approval",
        }
    }

    /// How sure it is who gave it, when nothing is wrong with the proof.
    pub fn assurance(self) -> Assurance {
        match self {
            Self::GitHub | Self::GitLab | Self::ServiceNow | Self::JiraServiceManagement => Assurance::A2,
            Self::Signature | Self::CommitTrailer => Assurance::A3,
        }
    }

    /// The method of a word.
    pub fn named(word: &str) -> Option<Self> {
        const NAMED: [Method; 4] = [Method::GitHub, Method::GitLab, Method::ServiceNow, Method::JiraServiceManagement];
        NAMED.into_iter().find(|method| method.as_str() == word)
    }
}

impl Decision {
    /// The word in the policy input.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::ChangesRequested => "changes-requested",
            Self::Commented => "commented",
            Self::Dismissed => "dismissed",
        }
    }

    /// Whether it replaces what the person said before.
    pub fn is_opinion(self) -> bool {
        self != Self::Commented
    }

    /// What an entry of the request claims; whatever is not an approval is an objection.
    pub(super) fn claimed(word: &str) -> Self {
        match word {
            "approved" => Self::Approved,
            "dismissed" | "revoked" => Self::Dismissed,
            "commented" | "pending" => Self::Commented,
            _ => Self::ChangesRequested,
        }
    }

    /// `APPROVED` as REST writes it, `approved` as webhooks do.
    fn of_state(state: &str) -> Option<Self> {
        match state.to_ascii_uppercase().as_str() {
            "APPROVED" => Some(Self::Approved),
            "CHANGES_REQUESTED" => Some(Self::ChangesRequested),
            "COMMENTED" | "PENDING" => Some(Self::Commented),
            "DISMISSED" => Some(Self::Dismissed),
            _ => None,
        }
    }
}

fn of_object(node: &Node) -> Result<Vec<Review>, Diagnostic> {
    if let Some(rules) = node.get("rules").and_then(Node::as_seq) {
        let approvers = rules.iter().filter_map(|rule| rule.get("approved_by").and_then(Node::as_seq)).flatten();
        let mut reviews = gitlab(approvers, node)?;
        // Somebody who satisfies two rules approved once.
        let mut seen = std::collections::HashSet::new();
        reviews.retain(|review| seen.insert((review.login.clone(), review.at)));
        return Ok(reviews);
    }
    if let Some(approvers) = node.get("approved_by") {
        return gitlab(approvers.as_seq().unwrap_or_default(), node);
    }
    github(node).map(|review| vec![review])
}

fn github(node: &Node) -> Result<Review, Diagnostic> {
    let Some(state) = node.get("state").filter(|_| node.get("user").is_some()) else { return Err(not_a_review(node)) };
    let decision = state.as_str().and_then(Decision::of_state).ok_or_else(|| {
        Diagnostic::error("reviews::state", "a review in an unknown state")
            .at(state.span)
            .label("expected APPROVED, CHANGES_REQUESTED, COMMENTED, DISMISSED or PENDING")
            .help("hand over the answer of the forge's API untouched")
    })?;
    let at = instant(node.get("submitted_at"))?;
    if at.is_none() && decision.is_opinion() {
        return Err(Diagnostic::error("reviews::time", "a review that does not say when it was submitted")
            .at(header(node))
            .label("no `submitted_at`")
            .help("hand over the answer of the forge's API untouched"));
    }
    let user = node.get("user");
    Ok(Review {
        method: Method::GitHub,
        id: node.get("id").and_then(id),
        login: user.and_then(|user| login(user, "login")),
        bot: user.and_then(|user| user.get("type")).and_then(Node::as_str) == Some("Bot"),
        decision,
        at,
        binding: Binding::Commit(node.get("commit_id").and_then(Node::as_str).map(str::to_owned)),
        flaws: Vec::new(),
        key: None,
        proof: None,
        span: header(node),
    })
}

/// `approved_by` lists users, or objects with a user. The commit is the merge request's `sha`, where the object has it.
fn gitlab<'a>(approvers: impl IntoIterator<Item = &'a Node>, request: &Node) -> Result<Vec<Review>, Diagnostic> {
    let commit = ["sha", "diff_head_sha"].iter().find_map(|key| request.get(key)).and_then(Node::as_str);
    let review = |node: &Node| {
        let user = node.get("user").unwrap_or(node);
        Ok(Review {
            method: Method::GitLab,
            id: None,
            login: Some(login(user, "username").ok_or_else(|| not_a_review(node))?),
            bot: user.get("bot").and_then(Node::as_bool).unwrap_or(false),
            decision: Decision::Approved,
            at: instant(node.get("approved_at"))?,
            binding: Binding::Commit(commit.map(str::to_owned)),
            flaws: Vec::new(),
            key: None,
            proof: None,
            span: header(node),
        })
    };
    approvers.into_iter().map(review).collect()
}

/// A login; `None` for nobody. `ghost` is what GitHub calls the user of a deleted account.
fn login(user: &Node, key: &str) -> Option<String> {
    let login = user.get(key)?.as_str()?.trim();
    (!login.is_empty() && !login.eq_ignore_ascii_case("ghost")).then(|| login.to_owned())
}

fn id(node: &Node) -> Option<String> {
    match &node.value {
        Value::String(text) => Some(text.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn instant(node: Option<&Node>) -> Result<Option<Timestamp>, Diagnostic> {
    let Some(node) = node.filter(|node| !node.is_null()) else { return Ok(None) };
    let wrong = |why: String| Diagnostic::error("reviews::time", why).at(node.span).label("expected an instant");
    let text = node.as_str().ok_or_else(|| wrong(format!("expected an instant, found {}", node.kind())))?;
    Moment::parse(text).map(|Moment(at)| Some(at)).map_err(wrong)
}

fn not_a_review(node: &Node) -> Diagnostic {
    Diagnostic::error("reviews::shape", "neither a GitHub review nor GitLab approvals")
        .at(header(node))
        .label("expected `user` and `state`, or `approved_by`")
        .help("hand over the answer of `pulls/{number}/reviews` (GitHub) or `merge_requests/{iid}/approvals` (GitLab) untouched")
}
