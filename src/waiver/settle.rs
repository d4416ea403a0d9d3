//! Waivers meet findings.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::json;

use super::Waiver;
use super::validity::Circumstances;
use crate::audit::Granted;
use crate::evaluate::Raised;
use crate::facts::WaiverFacts;
use crate::finding::{Enforcement, Status};

/// What came of the waivers.
#[derive(Debug, Default)]
pub struct Settled {
    /// Every waiver, in the order they were given.
    pub facts: Vec<WaiverFacts>,
    /// Those that silence a finding, for the audit record.
    pub grants: Vec<Granted>,
    /// Earliest instant after now at which one of them begins or ends to count.
    pub valid_until: Option<Timestamp>,
}

/// Judges all waivers and marks the findings that a valid one covers.
///
/// Of several that cover one finding the one that lasts longest is used. A finding of a hard policy is never marked.
pub fn settle(waivers: &[Waiver], findings: &mut [Raised], circumstances: &Circumstances<'_>) -> Settled {
    let mut facts: Vec<WaiverFacts> = waivers.iter().map(|waiver| circumstances.judge(waiver)).collect();
    let mut order: Vec<usize> = (0..waivers.len()).collect();
    order.sort_by_key(|i| std::cmp::Reverse(waivers.get(*i).and_then(|w| w.expires_at)));
    let mut instants = Vec::new();
    for index in order {
        let (Some(waiver), Some(fact)) = (waivers.get(index), facts.get_mut(index)) else { continue };
        fact.judged = circumstances.was_judged(waiver);
        for raised in findings.iter_mut() {
            if !covers(waiver, fact, raised, circumstances) {
                continue;
            }
            fact.needed = true;
            let may = fact.valid && raised.finding.status == Status::Open;
            if may && raised.finding.enforcement != Enforcement::Hard {
                fact.used = true;
                silence(raised, waiver, fact);
            }
        }
        instants.extend(turns(waiver, fact, circumstances));
    }
    let grants = facts.iter().filter(|fact| fact.used).map(granted).collect();
    let valid_until = instants.into_iter().filter(|at| *at > circumstances.now).min();
    Settled { facts, grants, valid_until }
}

fn silence(raised: &mut Raised, waiver: &Waiver, fact: &WaiverFacts) {
    raised.finding.status = Status::Waived;
    raised.finding.lifted_by = Some(fact.id.as_str().into());
    raised.finding.because.push(waiver.span);
}

/// Whether a finding is one that the waiver means. One that is too broad means many, and silences none.
fn covers(waiver: &Waiver, fact: &WaiverFacts, raised: &Raised, circumstances: &Circumstances<'_>) -> bool {
    let finding = &raised.finding;
    let broad = fact.why_not.contains(&"too-broad");
    let policy = waiver.policy.as_deref();
    if !policy.is_some_and(|id| finding.policy.eq_ignore_ascii_case(id)) {
        return broad
            && circumstances.policy(waiver).is_none()
            && policy.is_some_and(|id| matches(id, &finding.policy));
    }
    if waiver.is_inline() {
        return raised.resource.is_some_and(|index| waiver.at.contains(&index))
            || about_one_of(waiver, raised, circumstances);
    }
    let Some(wanted) = waiver.resource.as_deref() else { return true };
    match finding.resource.as_deref() {
        _ if broad => true,
        Some(id) => id == wanted || finding.fingerprint == wanted,
        None => circumstances.change == Some(wanted),
    }
}

/// A policy about the change may name the resource that a finding is about.
fn about_one_of(waiver: &Waiver, raised: &Raised, circumstances: &Circumstances<'_>) -> bool {
    let resource = |index: &usize| circumstances.resources.get(*index).map(|r| Arc::clone(&r.id));
    raised.resource.is_none() && waiver.at.iter().any(|index| resource(index) == raised.finding.resource)
}

/// Whether what a broad waiver names could mean a policy: a list with it, or a pattern.
fn matches(pattern: &str, policy: &str) -> bool {
    let one = |part: &str| {
        let (start, end) = part.split_once('*').unwrap_or((part, ""));
        let all = matches!(part.to_ascii_lowercase().as_str(), "all" | "any");
        all || (part.contains('*') && policy.starts_with(start) && policy.ends_with(end)) || policy == part
    };
    pattern.split([',', ' ']).map(str::trim).filter(|part| !part.is_empty()).any(one)
}

/// Instants at which time alone changes what the waiver does to this change.
fn turns(waiver: &Waiver, fact: &WaiverFacts, circumstances: &Circumstances<'_>) -> Vec<Timestamp> {
    let ends = waiver.expires_at.filter(|_| fact.used);
    let approval = circumstances.approved_until().filter(|_| fact.used && fact.added);
    let begins = waiver.created_at.filter(|_| fact.needed && fact.why_not == ["in-the-future"]);
    [ends, approval, begins].into_iter().flatten().collect()
}

fn granted(fact: &WaiverFacts) -> Granted {
    let detail = json!({
        "policy": fact.policy, "resource": fact.resource, "reason": fact.reason, "ticket": fact.ticket,
        "owner": fact.owner, "approver": fact.approver, "form": fact.form, "source": fact.source,
        "granted_at": fact.created_at, "expires_at": fact.expires_at,
    });
    let detail = if let serde_json::Value::Object(members) = detail { members } else { Default::default() };
    Granted { id: fact.id.clone(), detail }
}
