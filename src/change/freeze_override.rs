//! The emergency override of a freeze (change-control, Emergency override; contract 18): who agrees to it, and whether it
//! was used before.
//!
//! An override is its approvals: whoever writes the request can give it another id, but not other approvals. So one that
//! was applied is known again by its id and by each approval that carried it.

use std::collections::BTreeSet;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::approval::{self, Circumstances, Review};
use super::request::{Approval, FreezeOverride, OverrideApproval, Request};
use crate::facts::{ApprovalFacts, Instant, OverrideApprovalFacts, OverrideFacts, OverrideUse};
use crate::parse::de::Spanned;

/// The override of a request; `None` when it asks for none. `trail` are the overrides that were applied before, `None`
/// when nobody could look.
pub fn facts(
    request: &Request,
    reviews: &[Review],
    circumstances: &Circumstances<'_>,
    trail: Option<&[OverrideUse]>,
) -> Option<OverrideFacts> {
    let asked = request.spec().freeze_override.as_ref()?;
    let requested_by = asked.requested_by.as_ref().map(|id| circumstances.identities.canonical(&id.0));
    let approvals = approvals(request, asked, reviews, circumstances, requested_by.as_deref());
    let id = asked.id.as_ref().map_or_else(|| derived_id(request, asked, &approvals, circumstances), |id| id.0.clone());
    let teams = teams(request, asked, circumstances);
    let ns = |moment: Option<super::Moment>| moment.map(|moment| Instant(moment.0).ns());
    let trail_read = trail.is_some();
    let (same, others): (Vec<_>, Vec<_>) =
        trail.unwrap_or_default().iter().cloned().partition(|one| is_use(one, &id, &approvals));
    let at_head = |one: &OverrideUse| one.head.is_some() && one.head.as_deref() == circumstances.head;
    Some(OverrideFacts {
        used: same.into_iter().filter(|one| !at_head(one)).collect(),
        earlier: others.into_iter().filter(|one| one.teams.iter().any(|team| teams.contains(team))).collect(),
        granted_at_ns: ns(asked.granted_at),
        expires_at_ns: ns(asked.expires_at),
        source: source(request, circumstances),
        teams: teams.into_iter().collect(),
        id,
        requested_by,
        approvals,
        trail_read,
    })
}

/// Whether an override that was applied is the one with this id, or was carried by one of these approvals.
pub fn is_use(one: &OverrideUse, id: &str, approvals: &[OverrideApprovalFacts]) -> bool {
    one.id == id || approvals.iter().any(|a| a.approval.valid && one.approvals.contains(&a.audit_key))
}

fn approvals(
    request: &Request,
    asked: &FreezeOverride,
    reviews: &[Review],
    circumstances: &Circumstances<'_>,
    requested_by: Option<&str>,
) -> Vec<OverrideApprovalFacts> {
    let claims: Vec<Spanned<Approval>> = asked.approvals.iter().map(claim).collect();
    let terms = request.node.at(&["spec", "freezeOverride"]).map(approval::terms).unwrap_or_default();
    let judged = approval::judge_each(&claims, &terms, reviews, circumstances);
    let facts = |(mut approval, given): (ApprovalFacts, &Spanned<OverrideApproval>)| {
        if approval.by.is_some() && approval.by.as_deref() == requested_by {
            approval.refuse("requested-it");
        }
        let person = approval.by.as_deref().and_then(|id| circumstances.identities.person(id));
        OverrideApprovalFacts {
            role: given.role.clone(),
            team: person.and_then(|person| person.team.clone()),
            audit_key: audit_key(&approval),
            approval,
        }
    };
    judged.into_iter().zip(&asked.approvals).map(facts).collect()
}

fn claim(given: &Spanned<OverrideApproval>) -> Spanned<Approval> {
    let OverrideApproval { by, role, at, bound_digest, evidence, signature } = given.value.clone();
    let value = Approval { by, role, decision: Some("approved".into()), at, bound_digest, evidence, signature };
    Spanned { span: given.span, value }
}

/// The same for one approval whenever it is handed over, and for no other.
fn audit_key(approval: &ApprovalFacts) -> String {
    let who = approval.by.as_deref().unwrap_or(&approval.login);
    digest(&[approval.method, who, approval.at.as_deref().unwrap_or_default()])
}

fn derived_id(
    request: &Request,
    asked: &FreezeOverride,
    approvals: &[OverrideApprovalFacts],
    circumstances: &Circumstances<'_>,
) -> String {
    let freeze = asked.freeze_ref.as_ref().map_or("", |id| id.0.as_str());
    let mut parts = vec![circumstances.digest, freeze];
    let keys: BTreeSet<&str> = approvals.iter().map(|approval| approval.audit_key.as_str()).collect();
    parts.extend(keys);
    let hash = digest(&parts);
    format!("{}-override-{}", request.id(), hash.get(..12).unwrap_or_default())
}

/// Hexadecimal SHA-256 of texts, each with its length so that no two lists run together.
fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    HEXLOWER.encode(&hash.finalize())
}

/// What the request says of its own team can only make more people belong to it.
fn teams(request: &Request, asked: &FreezeOverride, circumstances: &Circumstances<'_>) -> BTreeSet<String> {
    let people = request.participants().chain(asked.requested_by.as_ref().map(|id| id.0.as_str()));
    let known = people.filter_map(|name| circumstances.identities.person(name)?.team.clone());
    known.chain(request.spec().team.clone()).collect()
}

fn source(request: &Request, circumstances: &Circumstances<'_>) -> String {
    let node = request.node.at(&["spec", "freezeOverride"]);
    let place = node.and_then(|node| circumstances.sources.locate(crate::parse::de::header(node)));
    place.map(|place| place.to_string()).unwrap_or_default()
}
