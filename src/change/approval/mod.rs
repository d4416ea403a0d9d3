//! Approvals: who said yes to what, and whether it counts (change-control, Approvals; contract 4 and 6).
//!
//! Reviews come from the forge and are bound to a commit, or from an ITSM system and quote the change digest; entries of
//! the request's `approvals` carry a signature, or are claims, unless they name a review by the same person. Commits may
//! carry signed `Approved-by` lines. Everything is kept, with the codes of why it does not count, so that a reader
//! sees what is missing and a policy sees who objects.

mod commit;
mod entry;
mod record;
mod review;
mod signed;

use std::collections::{BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp};

pub use self::commit::of_commits;
pub use self::entry::{Entry, Place};
pub use self::record::Records;
pub use self::review::{Binding, Decision, Method, Review};
pub use self::signed::{NAMESPACE, Statement, terms, without_approvals};

use super::code_owners::{self, Ownership};
use super::identity::{Identities, Person};
use super::request::{Approval, Request};
use crate::config::Assurance;
use crate::facts::{ApprovalFacts, Instant};
use crate::parse::de::Spanned;
use crate::source::{Sources, Span};
use crate::sshsig::AllowedSigners;

/// An approval is good for `[submitted, submitted + 14 days)`.
pub const LIFETIME: SignedDuration = SignedDuration::from_hours(14 * 24);

/// What approvals are held against.
pub struct Circumstances<'a> {
    /// The instant to judge at.
    pub now: Timestamp,
    /// The commit to be merged or applied; without one no review can be for it.
    pub head: Option<&'a str>,
    /// Whether the content at another commit is the head's (contract 4).
    pub same_content: &'a dyn Fn(&str) -> bool,
    /// `metadata.id` of the request.
    pub change: &'a str,
    /// The change digest.
    pub digest: &'a str,
    /// Who may sign.
    pub signers: &'a AllowedSigners,
    /// Canonical ids of everybody who contributed; see [`contributors`].
    pub contributors: &'a BTreeSet<String>,
    /// Who is who. Somebody who is not in it holds no role.
    pub identities: &'a Identities,
    /// Who owns what the change touches.
    pub ownership: &'a Ownership,
    /// Logins of machines, besides those that say so themselves.
    pub bots: &'a [String],
    /// Lowest assurance at which an approval counts.
    pub minimum: Assurance,
    /// To name places.
    pub sources: &'a Sources,
}

/// Canonical ids of everybody who contributed: `emails` of authors, committers, co-authors and signers, and the
/// request's requester and implementer.
pub fn contributors<'a>(
    emails: impl IntoIterator<Item = &'a str>,
    request: Option<&'a Request>,
    identities: &Identities,
) -> BTreeSet<String> {
    let participants = request.into_iter().flat_map(Request::participants);
    identities.canonical_set(emails.into_iter().chain(participants))
}

/// Every review and every claim with the answer whether it counts, sorted by instant, then by who it is.
pub fn judge(reviews: &[Review], request: Option<&Request>, circumstances: &Circumstances<'_>) -> Vec<ApprovalFacts> {
    let claims = request.map(|request| request.spec().approvals.as_slice()).unwrap_or_default();
    let signed = claims.iter().filter_map(|claim| circumstances.signed(claim, None));
    let mut reviews: Vec<Review> = reviews.iter().cloned().chain(signed).collect();
    reviews.sort_by_key(|review| review.at);
    let (mut backed, claimed) = pair(claims, &reviews, circumstances);
    let latest = latest(&reviews, circumstances);
    let mut judged: Vec<ApprovalFacts> = reviews
        .iter()
        .enumerate()
        .map(|(index, review)| {
            let superseded = latest.get(&circumstances.identity(review)).is_some_and(|last| *last > index);
            circumstances.of_review(review, backed.remove(&index), superseded)
        })
        .chain(claimed.into_iter().map(|claim| circumstances.of_claim(claim)))
        .collect();
    refuse_shared_keys(&mut judged);
    circumstances.keep_code_owners(&mut judged);
    judged.sort_by(|a, b| {
        let key = |f: &ApprovalFacts| (f.at_ns, f.login.clone(), f.method, f.source.clone());
        key(a).cmp(&key(b))
    });
    judged
}

/// Claims held one by one against the reviews that they name. A newer approval by the same person takes nothing from the
/// one that is named; anything else they said since does.
///
/// A signature is held against the override's `terms`, too.
pub fn judge_each(
    claims: &[Spanned<Approval>],
    terms: &str,
    reviews: &[Review],
    circumstances: &Circumstances<'_>,
) -> Vec<ApprovalFacts> {
    let latest = latest(reviews, circumstances);
    let stands = |index: usize| {
        let review = reviews.get(index)?;
        Some(circumstances.of_review(review, None, false).valid)
    };
    let facts = |claim: &Spanned<Approval>| {
        if let Some(review) = circumstances.signed(claim, Some(terms)) {
            return circumstances.of_review(&review, None, false);
        }
        let named = reviews.iter().enumerate().find(|(_, r)| circumstances.is_named(r, claim));
        let Some((index, review)) = named else { return circumstances.of_claim(claim) };
        let last = latest.get(&circumstances.identity(review)).copied().filter(|last| *last > index);
        let superseded = last.is_some_and(|last| stands(last) != Some(true));
        circumstances.of_review(review, Some(&claim.value), superseded)
    };
    let mut judged: Vec<ApprovalFacts> = claims.iter().map(facts).collect();
    refuse_shared_keys(&mut judged);
    judged
}

/// Canonical ids of everybody whose approval counts as a code owner's.
pub fn code_owners_of(judged: &[ApprovalFacts]) -> BTreeSet<String> {
    let owner = |facts: &&ApprovalFacts| facts.valid && facts.roles.iter().any(|role| role == code_owners::ROLE);
    judged.iter().filter(owner).filter_map(|facts| facts.by.clone()).collect()
}

/// A key that signs for two people says of neither that it was them.
fn refuse_shared_keys(judged: &mut [ApprovalFacts]) {
    let mut holders: HashMap<String, BTreeSet<String>> = HashMap::new();
    for facts in judged.iter().filter(|facts| facts.valid) {
        if let (Some(key), Some(by)) = (&facts.key, &facts.by) {
            holders.entry(key.clone()).or_default().insert(by.clone());
        }
    }
    let shared = |facts: &&mut ApprovalFacts| {
        facts.key.as_ref().and_then(|key| holders.get(key)).is_some_and(|people| people.len() > 1)
    };
    judged.iter_mut().filter(shared).for_each(|facts| facts.refuse("shared-key"));
}

/// Claims that name a review by the same person, by that review's index, and those that do not.
fn pair<'a>(
    claims: &'a [Spanned<Approval>],
    reviews: &[Review],
    circumstances: &Circumstances<'_>,
) -> (HashMap<usize, &'a Approval>, Vec<&'a Spanned<Approval>>) {
    let by_id: HashMap<(Method, &str), usize> =
        reviews.iter().enumerate().filter_map(|(i, r)| Some(((r.method, r.id.as_deref()?), i))).collect();
    let mut backed = HashMap::new();
    let mut claimed = Vec::new();
    for claim in claims.iter().filter(|claim| claim.signature.is_none()) {
        let found = named_review(claim).and_then(|key| by_id.get(&key)).copied();
        let same = found.filter(|index| reviews.get(*index).is_some_and(|r| circumstances.is_by(r, claim)));
        match same {
            // A second claim to one review stays a claim.
            Some(index) if !backed.contains_key(&index) => drop(backed.insert(index, &claim.value)),
            _ => claimed.push(claim),
        }
    }
    (backed, claimed)
}

/// The review that a claim names as its evidence.
fn named_review(claim: &Approval) -> Option<(Method, &str)> {
    let evidence = claim.evidence.as_ref()?;
    Some((Method::named(evidence.kind.as_deref()?)?, evidence.id.as_ref()?.0.as_str()))
}

/// The last opinion of each person about this change: its index. A comment is none, and replaces none. Neither does what
/// is not proved, or was said of another change: anybody could put it there.
fn latest(reviews: &[Review], circumstances: &Circumstances<'_>) -> HashMap<String, usize> {
    let mut latest: HashMap<String, usize> = HashMap::new();
    // Reviews are sorted by when the forge received them.
    let counts = |review: &Review| {
        let of_this = match &review.binding {
            Binding::Commit(_) => true,
            Binding::Digest(digest) => digest.as_deref() == Some(circumstances.digest),
        };
        review.decision.is_opinion() && review.flaws.is_empty() && of_this
    };
    for (index, review) in reviews.iter().enumerate().filter(|(_, review)| counts(review)) {
        latest.insert(circumstances.identity(review), index);
    }
    latest
}

impl Circumstances<'_> {
    fn of_review(&self, review: &Review, claim: Option<&Approval>, superseded: bool) -> ApprovalFacts {
        let named = match &review.binding {
            Binding::Digest(digest) => digest.clone(),
            Binding::Commit(_) => None,
        };
        let bound = claim.and_then(|claim| claim.bound_digest.as_ref()).map(|digest| digest.0.clone()).or(named);
        let assurance = if review.flaws.is_empty() { review.method.assurance() } else { Assurance::A0 };
        let person = review.login.as_deref().and_then(|login| self.identities.person(login));
        let bot = review.bot || self.is_bot(review.login.as_deref(), person);
        let mut why = self.of_person(person, review.login.as_deref(), bot, review.at.unwrap_or(self.now));
        why.extend(self.of_time(review.at));
        why.extend(of_decision(review.decision));
        why.extend(self.of_binding(&review.binding));
        why.extend(review.flaws.iter().copied());
        why.extend(review.key.as_deref().filter(|key| self.contributed(key)).map(|_| "contributor"));
        why.extend(bound.as_ref().is_some_and(|digest| digest != self.digest).then_some("digest-mismatch"));
        why.extend((superseded && review.decision.is_opinion()).then_some("superseded"));
        why.extend((review.flaws.is_empty() && assurance < self.minimum).then_some("assurance"));
        let facts = ApprovalFacts {
            method: review.method.as_str(),
            assurance: assurance.as_str(),
            bound_digest: bound,
            commit: review.commit().map(str::to_owned),
            decision: review.decision.as_str(),
            key: review.key.clone(),
            proof: review.proof.clone(),
            ..ApprovalFacts::default()
        };
        self.complete(facts, person.filter(|_| !bot), review.login.as_deref(), review.at, why, review.span)
    }

    /// A name typed into the request is a claim: assurance A0.
    fn of_claim(&self, claim: &Spanned<Approval>) -> ApprovalFacts {
        let login = claim.by.as_ref().map(|id| id.0.as_str());
        let at = claim.at.map(|at| at.0);
        let person = login.and_then(|login| self.identities.person(login));
        let bot = self.is_bot(login, person);
        let decision = claim.decision.as_deref().map_or(Decision::Commented, Decision::claimed);
        let bound = claim.bound_digest.as_ref().map(|digest| digest.0.clone());
        let mut why = self.of_person(person, login, bot, at.unwrap_or(self.now));
        why.extend(self.of_time(at));
        why.extend(of_decision(decision));
        why.extend((bound.as_deref() != Some(self.digest)).then_some("digest-mismatch"));
        why.extend((Assurance::A0 < self.minimum).then_some("self-asserted"));
        let facts = ApprovalFacts {
            method: "asserted",
            assurance: Assurance::A0.as_str(),
            bound_digest: bound,
            commit: claim.evidence.as_ref().and_then(|evidence| evidence.commit.clone()),
            decision: decision.as_str(),
            ..ApprovalFacts::default()
        };
        self.complete(facts, person.filter(|_| !bot), login, at, why, claim.span)
    }

    fn complete(
        &self,
        facts: ApprovalFacts,
        person: Option<&Person>,
        login: Option<&str>,
        at: Option<Timestamp>,
        why_not: BTreeSet<&'static str>,
        span: Span,
    ) -> ApprovalFacts {
        ApprovalFacts {
            by: person.map(|person| person.id.clone()),
            login: login.unwrap_or("ghost").to_owned(),
            roles: person.map(|person| self.roles(person, at.unwrap_or(self.now))).unwrap_or_default(),
            at: at.map(|at| at.to_string()),
            at_ns: at.map(|at| Instant(at).ns()),
            valid: why_not.is_empty(),
            contributor: why_not.contains("contributor"),
            why_not: why_not.into_iter().collect(),
            source: self.sources.locate(span).map(|place| place.to_string()).unwrap_or_default(),
            ..facts
        }
    }

    fn of_person(
        &self,
        person: Option<&Person>,
        login: Option<&str>,
        bot: bool,
        at: Timestamp,
    ) -> BTreeSet<&'static str> {
        let contributed = login.is_some_and(|login| self.contributed(login));
        let who = match person {
            _ if bot => Some("bot"),
            None => Some("unknown-person"),
            Some(person) => self.roles(person, at).is_empty().then_some("no-role"),
        };
        who.into_iter().chain(contributed.then_some("contributor")).collect()
    }

    /// Roles of Identities, and the one that CODEOWNERS gives; sorted.
    fn roles(&self, person: &Person, at: Timestamp) -> Vec<String> {
        let mut roles: BTreeSet<String> = person.roles_at(at).into_iter().collect();
        if !person.bot && self.ownership.includes(person, self.identities) {
            roles.insert(code_owners::ROLE.to_owned());
        }
        roles.into_iter().collect()
    }

    /// Code owners have approved when an owner of each file has: until then none of them fills a slot as one.
    fn keep_code_owners(&self, judged: &mut [ApprovalFacts]) {
        let approved = code_owners_of(judged);
        if self.ownership.without(&approved, self.identities).next().is_none() {
            return;
        }
        for facts in judged.iter_mut() {
            let granted = facts.by.as_deref().and_then(|id| self.identities.person(id));
            let at = facts.at.as_deref().and_then(|at| at.parse().ok()).unwrap_or(self.now);
            let granted = granted.map(|person| person.roles_at(at)).unwrap_or_default();
            facts.roles.retain(|role| role != code_owners::ROLE || granted.contains(role));
            if facts.valid && facts.roles.is_empty() {
                facts.refuse("other-owners");
            }
        }
    }

    fn of_time(&self, at: Option<Timestamp>) -> Option<&'static str> {
        let age = self.now.duration_since(at?);
        if age.is_negative() { Some("in-the-future") } else { (age >= LIFETIME).then_some("too-old") }
    }

    fn contributed(&self, name: &str) -> bool {
        self.contributors.contains(&self.identities.canonical(name))
    }

    fn of_binding(&self, binding: &Binding) -> Option<&'static str> {
        match binding {
            Binding::Commit(commit) => (!self.is_for_head(commit.as_deref())).then_some("stale-commit"),
            Binding::Digest(None) => Some("unbound"),
            Binding::Digest(Some(digest)) => (digest != self.digest).then_some("digest-mismatch"),
        }
    }

    fn is_for_head(&self, commit: Option<&str>) -> bool {
        let (Some(commit), Some(head)) = (commit, self.head) else { return false };
        commit.eq_ignore_ascii_case(head) || (self.same_content)(commit)
    }

    fn is_bot(&self, login: Option<&str>, person: Option<&Person>) -> bool {
        let named = |login: &str| {
            login.to_ascii_lowercase().ends_with("[bot]") || self.bots.iter().any(|bot| bot.eq_ignore_ascii_case(login))
        };
        person.is_some_and(|person| person.bot) || login.is_some_and(named)
    }

    /// Whether a claim names this review, by its id or, where the forge gives none, by its method alone.
    fn is_named(&self, review: &Review, claim: &Approval) -> bool {
        let Some(evidence) = &claim.evidence else { return false };
        let method = evidence.kind.as_deref().and_then(Method::named);
        let id = evidence.id.as_ref().map(|id| id.0.as_str());
        method == Some(review.method) && id == review.id.as_deref() && self.is_by(review, claim)
    }

    fn is_by(&self, review: &Review, claim: &Approval) -> bool {
        let names = review.login.as_deref().zip(claim.by.as_ref());
        names.is_some_and(|(login, by)| self.identities.canonical(login) == self.identities.canonical(&by.0))
    }

    /// Two logins of one human have one opinion.
    fn identity(&self, review: &Review) -> String {
        review.login.as_deref().map(|login| self.identities.canonical(login)).unwrap_or_default()
    }
}

fn of_decision(decision: Decision) -> Option<&'static str> {
    match decision {
        Decision::Approved => None,
        Decision::Dismissed => Some("dismissed"),
        Decision::ChangesRequested | Decision::Commented => Some("not-approved"),
    }
}

#[cfg(test)]
mod tests;
