//! Which waivers count (contract 11), as codes: AUD-004 says what they mean.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::{Form, Waiver};
use crate::change::approval::LIFETIME;
use crate::change::identity::{Identities, Person};
use crate::config;
use crate::facts::{ApprovalFacts, Instant, Resource, Stage, WaiverFacts};
use crate::finding::{Enforcement, Severity};
use crate::policy::library::{Policy, is_per_resource};
use crate::source::Sources;

/// What waivers are held against.
pub struct Circumstances<'a> {
    /// The instant to judge at.
    pub now: Timestamp,
    /// Every policy that is loaded.
    pub policies: &'a [Policy],
    /// Those that were asked.
    pub asked: &'a [&'a Policy],
    /// Every resource.
    pub resources: &'a [Resource],
    /// Indexes of those that were judged, ascending.
    pub judged: &'a [usize],
    /// The whole tree was read: a resource that is not in it does not exist.
    pub whole: bool,
    /// Id of the change.
    pub change: Option<&'a str>,
    /// Canonical ids of everybody who contributed.
    pub contributors: BTreeSet<String>,
    /// Who is who.
    pub identities: &'a Identities,
    /// Approvals with the answer whether they count.
    pub approvals: &'a [ApprovalFacts],
    /// Roles and teams that may approve waivers; of documents, everybody when empty.
    pub approvers: &'a [String],
    /// How long a waiver may last.
    pub limits: config::Waivers,
    /// To name places.
    pub sources: &'a Sources,
}

impl Circumstances<'_> {
    /// The waiver with the answer whether it counts; not yet whether it is needed.
    pub(super) fn judge(&self, waiver: &Waiver) -> WaiverFacts {
        let policy = self.policy(waiver);
        let missing = missing(waiver, policy);
        let mut why: BTreeSet<&'static str> = BTreeSet::new();
        why.extend((!missing.is_empty()).then_some("missing-field"));
        why.extend(waiver.malformed.then_some("malformed"));
        why.extend(self.is_too_broad(waiver).then_some("too-broad"));
        why.extend((waiver.policy.is_some() && policy.is_none()).then_some("unknown-policy"));
        why.extend(policy.is_some_and(is_hard).then_some("hard-policy"));
        why.extend(self.of_time(waiver, policy));
        if waiver.is_inline() {
            why.extend((waiver.added && self.approved_until().is_none()).then_some("unapproved"));
        } else {
            why.extend(self.of_approver(waiver));
        }
        let place = self.sources.locate(waiver.span).map(|place| place.to_string()).unwrap_or_default();
        WaiverFacts {
            id: waiver.id.clone().unwrap_or_else(|| format!("{}@{place}", waiver.policy.as_deref().unwrap_or("?"))),
            form: waiver.form.as_str(),
            policy: policy.map(|p| p.id().to_owned()).or_else(|| waiver.policy.clone()),
            resource: waiver.resource.clone(),
            reason: waiver.reason.clone(),
            ticket: waiver.ticket.clone(),
            owner: waiver.owner.clone(),
            approver: waiver.approver.as_ref().map(|name| self.identities.canonical(name)),
            compensating_control: waiver.compensating_control.clone(),
            created_at: waiver.created_at.map(Instant),
            created_at_ns: waiver.created_at.map(|at| Instant(at).ns()),
            expires_at: waiver.expires_at.map(Instant),
            expires_at_ns: waiver.expires_at.map(|at| Instant(at).ns()),
            limit_days: self.limit(policy),
            added: waiver.added,
            missing,
            valid: why.is_empty(),
            why_not: why.into_iter().collect(),
            source: place,
            ..WaiverFacts::default()
        }
    }

    /// The policy that it names.
    pub(super) fn policy(&self, waiver: &Waiver) -> Option<&Policy> {
        let id = waiver.policy.as_deref()?;
        self.policies.iter().find(|p| p.id().eq_ignore_ascii_case(id))
    }

    /// Whether its policy was asked about what it covers.
    pub(super) fn was_judged(&self, waiver: &Waiver) -> bool {
        let Some(policy) = self.policy(waiver).filter(|p| self.asked.iter().any(|asked| asked.id() == p.id())) else {
            return false;
        };
        let covered: Vec<usize> = self.covered(waiver).collect();
        if covered.is_empty() {
            let this_change = waiver.resource.as_deref().is_some_and(|id| self.change == Some(id));
            return if this_change { !is_per_resource(policy) } else { self.whole };
        }
        let targets = &policy.metadata.custom.targets;
        let asked = |r: &Resource| targets.iter().any(|t| t == "*" || **t == *r.kind);
        let judged = |index: &usize| self.judged.binary_search(index).is_ok();
        covered.iter().any(|i| judged(i) && (!is_per_resource(policy) || self.resources.get(*i).is_some_and(asked)))
    }

    /// Indexes of the resources that it covers.
    fn covered<'w>(&'w self, waiver: &'w Waiver) -> impl Iterator<Item = usize> + 'w {
        let named = |r: &Resource| !waiver.is_inline() && waiver.resource.as_deref() == Some(&*r.id);
        let by_name = self.resources.iter().enumerate().filter(move |(_, r)| named(r)).map(|(index, _)| index);
        by_name.chain(waiver.at.iter().copied())
    }

    /// Whether it names more than one policy or one resource.
    pub(super) fn is_too_broad(&self, waiver: &Waiver) -> bool {
        let several = |text: &str| text.contains(['*', '?', ',']) || text.trim().contains(char::is_whitespace);
        let all = |text: &str| matches!(text.to_ascii_lowercase().as_str(), "all" | "any");
        let policy = waiver.policy.as_deref().is_some_and(|id| several(id) || all(id));
        let resource = waiver.resource.as_deref().filter(|_| !waiver.is_inline()).is_some_and(|id| {
            // The key of an instance may hold any sign.
            let exists = self.resources.iter().any(|r| *r.id == *id);
            let group = |r: &Resource| {
                let name = |text: &Option<std::sync::Arc<str>>| text.as_deref() == Some(id);
                *r.kind == *id || name(&r.service) || name(&r.module) || name(&r.namespace) || name(&r.environment)
            };
            !exists && (several(id) || all(id) || self.resources.iter().any(group))
        });
        policy || resource
    }

    fn of_time(&self, waiver: &Waiver, policy: Option<&Policy>) -> impl Iterator<Item = &'static str> + use<> {
        let from = waiver.created_at.unwrap_or(self.now);
        let most = SignedDuration::from_hours(i64::from(self.limit(policy)) * 24);
        let expired = waiver.expires_at.is_some_and(|end| end <= self.now);
        let long = waiver.expires_at.is_some_and(|end| end.duration_since(from) > most);
        let early = waiver.created_at.is_some_and(|start| start > self.now);
        [expired.then_some("expired"), long.then_some("too-long"), early.then_some("in-the-future")]
            .into_iter()
            .flatten()
    }

    fn limit(&self, policy: Option<&Policy>) -> u32 {
        match policy.map(|p| p.metadata.custom.severity) {
            Some(Severity::Critical) => self.limits.critical_max_days.min(self.limits.max_days),
            _ => self.limits.max_days,
        }
    }

    /// Not the author, not a machine, and somebody whom the configuration entitles.
    fn of_approver(&self, waiver: &Waiver) -> Option<&'static str> {
        let name = waiver.approver.as_deref()?;
        let canonical = self.identities.canonical(name);
        let owner = waiver.owner.as_deref().map(|owner| self.identities.canonical(owner));
        if self.contributors.contains(&canonical) || owner.as_deref() == Some(&*canonical) {
            return Some("self-approved");
        }
        let person = self.identities.person(name);
        match person {
            None if self.identities.people().is_empty() && self.approvers.is_empty() => None,
            None => Some("unknown-person"),
            Some(person) if person.bot => Some("bot"),
            Some(person) => {
                let roles = person.roles_at(waiver.created_at.unwrap_or(self.now));
                (!self.approvers.is_empty() && !self.is_entitled(person, &roles)).then_some("not-entitled")
            }
        }
    }

    fn is_entitled(&self, person: &Person, roles: &[String]) -> bool {
        let bare = |name: &str| name.rsplit(['/', ':']).next().unwrap_or(name).to_owned();
        let team = person.team.as_deref();
        let listed = |name: &String| roles.contains(name) || team.is_some_and(|team| bare(team) == bare(name));
        self.approvers.iter().any(listed)
    }

    /// Until when somebody who may approve waivers has approved this change; `None` when nobody has.
    pub(super) fn approved_until(&self) -> Option<Timestamp> {
        let entitled = |a: &&ApprovalFacts| {
            let person = a.by.as_deref().and_then(|by| self.identities.person(by));
            a.valid && !a.contributor && person.is_some_and(|p| self.is_entitled(p, &a.roles))
        };
        let end = |a: &ApprovalFacts| {
            let at = Timestamp::from_nanosecond(a.at_ns?.into()).ok()?;
            at.checked_add(LIFETIME).ok()
        };
        self.approvals.iter().filter(entitled).map(|a| end(a).unwrap_or(Timestamp::MAX)).max()
    }
}

/// Whether no waiver can lift it, at this stage or at another.
fn is_hard(policy: &Policy) -> bool {
    let custom = &policy.metadata.custom;
    let at = |stage: Stage| custom.applies(stage) && custom.enforcement_at(stage) == Enforcement::Hard;
    [Stage::Commit, Stage::PullRequest, Stage::Apply].into_iter().any(at)
}

/// Names of the fields that a waiver of this policy must have and that are absent or blank. Advice may be silenced for a
/// reason and a while.
fn missing(waiver: &Waiver, policy: Option<&Policy>) -> Vec<&'static str> {
    let text = |text: &Option<String>| text.as_deref().is_some_and(|t| !t.trim().is_empty());
    let always = [
        ("policy", text(&waiver.policy)),
        ("resource", text(&waiver.resource)),
        ("reason", text(&waiver.reason)),
        ("expiresAt", waiver.expires_at.is_some()),
    ];
    let written = [("ticket", text(&waiver.ticket))];
    let document = [
        ("id", text(&waiver.id)),
        ("owner", text(&waiver.owner)),
        ("approver", text(&waiver.approver)),
        ("createdAt", waiver.created_at.is_some()),
        ("compensatingControl", text(&waiver.compensating_control)),
    ];
    let advice = policy.is_some_and(|p| p.metadata.custom.enforcement == Enforcement::Advisory);
    let demanded = always
        .into_iter()
        .chain(written.into_iter().filter(|_| !advice))
        .chain(document.into_iter().filter(|_| !advice && waiver.form == Form::Document));
    demanded.filter(|(_, there)| !there).map(|(name, _)| name).collect()
}
