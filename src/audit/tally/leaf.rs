//! Of a record what is summed up, and nothing else: a million of them are read.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::policies::{Marks, Policies};
use super::{Production, Question};
use crate::audit::reading;
use crate::audit::store::Store;
use crate::audit::tree::Hash;
use crate::finding::Diagnostic;

/// What a leaf is.
pub(super) enum Read {
    Decision(Box<Decision>),
    /// No decision about a change, or one that is not asked for.
    Other,
    Unreadable,
}

/// One decision.
pub(super) struct Decision {
    pub(super) index: u64,
    /// What holds the decisions about one change together: its id; else its digest, the commit or the record.
    pub(super) key: String,
    pub(super) at: Timestamp,
    pub(super) apply: bool,
    pub(super) decided: Decided,
    /// Whether `key` is the id of a change.
    pub(super) named: bool,
    pub(super) digest: Option<String>,
    pub(super) head: Option<String>,
    /// Services with the number of their resources; no service alone when none is known, nothing when all lies
    /// elsewhere.
    pub(super) touched: Vec<(Option<String>, u64)>,
    /// The latest approval that counted.
    pub(super) approved: Option<Timestamp>,
    pub(super) marks: Marks,
    beside: Beside,
}

/// Digests of lists that lie beside the log: they are not summed up yet.
#[derive(Default)]
struct Beside {
    resources: Option<String>,
    approvals: Option<String>,
    policies: Option<String>,
}

/// How it ended.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Decided {
    Allowed,
    Denied,
    #[serde(other)]
    Other,
}

/// Reads a leaf. Policies that lie in it are added to `policies`.
pub(super) fn read(index: u64, leaf: &[u8], question: &Question, policies: &mut Policies) -> Read {
    let Some(payload) = reading::payload_of(leaf) else { return Read::Unreadable };
    // Looked at once as a whole, not once for each of its texts.
    let Ok(payload) = str::from_utf8(&payload) else { return Read::Unreadable };
    match serde_json::from_str::<Statement<'_>>(payload) {
        Ok(statement) => statement.decision(index, question, policies),
        Err(_) => {
            unreadable(serde_json::from_str::<OfKind<'_>>(payload).ok().and_then(|of| of.predicate.kind).as_ref())
        }
    }
}

/// What a leaf is that cannot be read whole: of another kind, or a decision that is lost.
fn unreadable(kind: Option<&Text<'_>>) -> Read {
    match kind {
        Some(kind) if kind.0 != "decision" => Read::Other,
        _ => Read::Unreadable,
    }
}

impl Decision {
    /// Fetches the lists that lie beside the log.
    ///
    /// # Errors
    ///
    /// `audit::unreadable`.
    pub(super) fn inline(
        &mut self,
        store: &dyn Store,
        question: &Question,
        policies: &mut Policies,
    ) -> Result<(), Diagnostic> {
        let Beside { resources, approvals, policies: of_policies } = std::mem::take(&mut self.beside);
        if let Some(sha256) = resources {
            let bytes = part(store, &sha256)?;
            self.touched = touched(&items(store, &sha256, &bytes)?, &question.production);
        }
        if let Some(sha256) = approvals {
            let bytes = part(store, &sha256)?;
            self.approved = approved(&items(store, &sha256, &bytes)?);
        }
        if let Some(sha256) = of_policies {
            let bytes = part(store, &sha256)?;
            let sayings = policies.read(&items(store, &sha256, &bytes)?).ok_or_else(|| gone(store, &sha256))?;
            self.marks = self.marks.and(policies.add(sayings, self.index));
        }
        Ok(())
    }
}

/// The bytes of a list; none when there are none.
fn part(store: &dyn Store, sha256: &str) -> Result<Vec<u8>, Diagnostic> {
    let bytes = Hash::from_hex(sha256).map(|hash| store.part(hash)).transpose()?.flatten();
    bytes.ok_or_else(|| gone(store, sha256))
}

fn items<'a, T: Deserialize<'a>>(store: &dyn Store, sha256: &str, bytes: &'a [u8]) -> Result<Vec<T>, Diagnostic> {
    serde_json::from_slice(bytes).map_err(|_| gone(store, sha256))
}

/// The services that resources touch, with the number of those in production; see [`Decision::touched`].
fn touched(resources: &[Resource<'_>], production: &Production) -> Vec<(Option<String>, u64)> {
    let mut counted = 0;
    let mut named: BTreeMap<&str, u64> = BTreeMap::new();
    for resource in resources.iter().filter(|r| r.counts(production)) {
        counted += 1;
        if let Some(service) = &resource.service {
            *named.entry(&service.0).or_default() += 1;
        }
    }
    match counted {
        0 if !resources.is_empty() => Vec::new(),
        _ if named.is_empty() => vec![(None, counted)],
        _ => named.into_iter().map(|(service, n)| (Some(service.to_owned()), n)).collect(),
    }
}

fn approved(approvals: &[Approval<'_>]) -> Option<Timestamp> {
    approvals.iter().filter(|a| a.valid).filter_map(|a| seconds(&a.at.as_ref()?.0)).max()
}

fn gone(store: &dyn Store, sha256: &str) -> Diagnostic {
    Diagnostic::error("audit::unreadable", format!("the part {sha256} of a record is gone or cannot be read"))
        .in_file(store.name())
        .help("run `changegate audit verify`")
}

#[derive(Deserialize)]
struct OfKind<'a> {
    #[serde(borrow)]
    predicate: KindOnly<'a>,
}

#[derive(Deserialize)]
struct KindOnly<'a> {
    #[serde(borrow, default)]
    kind: Option<Text<'a>>,
}

/// Text that is not copied where that can be: serde borrows a `Cow` as a field of its own, not in an `Option`.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Deserialize)]
struct Statement<'a> {
    #[serde(borrow, default)]
    subject: Vec<Subject<'a>>,
    #[serde(borrow)]
    predicate: Predicate<'a>,
}

#[derive(Deserialize)]
struct Subject<'a> {
    #[serde(borrow)]
    digest: Digest<'a>,
}

#[derive(Deserialize)]
struct Digest<'a> {
    #[serde(borrow, default, rename = "gitCommit")]
    git_commit: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Predicate<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow, default)]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    stage: Cow<'a, str>,
    #[serde(borrow, default)]
    mode: Option<Text<'a>>,
    decision: Decided,
    #[serde(borrow)]
    when: When<'a>,
    #[serde(borrow)]
    what: What<'a>,
    #[serde(borrow, default)]
    why: List<&'a RawValue>,
    #[serde(borrow, default)]
    used: Used<'a>,
}

#[derive(Deserialize)]
struct When<'a> {
    #[serde(borrow)]
    judged_at: Cow<'a, str>,
}

#[derive(Deserialize)]
struct What<'a> {
    change: Option<String>,
    change_digest: Option<String>,
    #[serde(borrow, default)]
    resources: List<Resource<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Used<'a> {
    #[serde(borrow)]
    approvals: List<Approval<'a>>,
    #[serde(rename = "override")]
    lifted: Option<de::IgnoredAny>,
    waivers: Vec<de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Resource<'a> {
    #[serde(borrow, default)]
    service: Option<Text<'a>>,
    #[serde(borrow, default)]
    environment: Option<Text<'a>>,
}

impl Resource<'_> {
    /// Whether it lies in production, or nobody knows where.
    fn counts(&self, production: &Production) -> bool {
        self.environment.as_ref().is_none_or(|environment| production.has(&environment.0))
    }
}

#[derive(Deserialize)]
struct Approval<'a> {
    #[serde(default)]
    valid: bool,
    #[serde(borrow, default)]
    at: Option<Text<'a>>,
}

impl Statement<'_> {
    fn decision(self, index: u64, question: &Question, policies: &mut Policies) -> Read {
        let Predicate { id, kind, stage, mode, decision, when, what, why, used } = self.predicate;
        let (why, of_policies) = why.split();
        let Some(sayings) = policies.read(&why) else { return unreadable(kind.as_ref()) };
        let about_change = mode.is_some_and(|mode| mode.0 == "difference") || what.change.is_some();
        if kind.is_some_and(|kind| kind.0 != "decision") || stage == "commit" || !about_change {
            return Read::Other;
        }
        let Some(at) = seconds(&when.judged_at) else { return Read::Unreadable };
        if question.since.is_some_and(|since| at < since) {
            return Read::Other;
        }
        let own = Marks { overridden: used.lifted.is_some(), waived: !used.waivers.is_empty(), frozen: false };
        let (resources, of_resources) = what.resources.split();
        let (approvals, of_approvals) = used.approvals.split();
        let mut heads = self.subject.into_iter().filter_map(|s| s.digest.git_commit);
        let head = heads.next().map(|head| head.0.into_owned());
        let named = what.change.is_some();
        let key = what.change.or_else(|| what.change_digest.clone()).or_else(|| head.clone());
        Read::Decision(Box::new(Decision {
            index,
            key: key.unwrap_or_else(|| id.into_owned()),
            at,
            apply: stage == "apply",
            decided: decision,
            named,
            digest: what.change_digest,
            head,
            touched: touched(&resources, &question.production),
            approved: approved(&approvals),
            marks: own.and(policies.add(sayings, index)),
            beside: Beside { resources: of_resources, approvals: of_approvals, policies: of_policies },
        }))
    }
}

/// An instant in whole seconds.
pub(in crate::audit) fn seconds(text: &str) -> Option<Timestamp> {
    let at: Timestamp = text.parse().ok()?;
    Timestamp::from_second(at.as_second()).ok()
}

/// A list, or the digest of one that lies beside the log.
enum List<T> {
    Items(Vec<T>),
    Beside(String),
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self::Items(Vec::new())
    }
}

impl<T> List<T> {
    /// Its items as far as they are here, and the digest where they are not.
    fn split(self) -> (Vec<T>, Option<String>) {
        match self {
            Self::Items(items) => (items, None),
            Self::Beside(sha256) => (Vec::new(), Some(sha256)),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Either<T> {
            type Value = List<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list, or the digest of one")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<List<T>, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Ok(List::Items(items))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<List<T>, A::Error> {
                let mut sha256 = None;
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "sha256" => sha256 = Some(map.next_value()?),
                        _ => drop(map.next_value::<de::IgnoredAny>()?),
                    }
                }
                sha256.map(List::Beside).ok_or_else(|| de::Error::missing_field("sha256"))
            }
        }
        deserializer.deserialize_any(Either(std::marker::PhantomData))
    }
}
