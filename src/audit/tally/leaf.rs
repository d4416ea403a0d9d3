//! Of a record what is summed up, and nothing else: a million of them are read.

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;
use serde::de::{self, DeserializeOwned, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::Question;
use super::policies::{Marks, Policies, Policy};
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
    pub(super) resources: List<Resource>,
    pub(super) approvals: List<Approval>,
    pub(super) marks: Marks,
    /// Digest of the policies, when they lie beside the log: they are not summed up yet.
    pub(super) policies: Option<String>,
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
    let kind = match serde_json::from_slice::<Statement<'_>>(&payload) {
        Ok(statement) => return statement.decision(index, question, policies),
        Err(_) => serde_json::from_slice::<OfKind<'_>>(&payload).map(|of| of.predicate.kind),
    };
    match kind {
        Ok(Some(kind)) if kind != "decision" => Read::Other,
        _ => Read::Unreadable,
    }
}

impl Decision {
    /// Fetches the lists that lie beside the log.
    ///
    /// # Errors
    ///
    /// `audit::unreadable`.
    pub(super) fn inline(&mut self, store: &dyn Store, policies: &mut Policies) -> Result<(), Diagnostic> {
        self.resources.inline(store)?;
        self.approvals.inline(store)?;
        if let Some(sha256) = self.policies.take() {
            let gone = || gone(store, &sha256);
            let bytes = part(store, &sha256)?.ok_or_else(gone)?;
            let items: Vec<Policy<'_>> = serde_json::from_slice(&bytes).map_err(|_| gone())?;
            self.marks = self.marks.and(policies.add(&items, self.index));
        }
        Ok(())
    }
}

fn part(store: &dyn Store, sha256: &str) -> Result<Option<Vec<u8>>, Diagnostic> {
    Ok(Hash::from_hex(sha256).map(|hash| store.part(hash)).transpose()?.flatten())
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
    kind: Option<Cow<'a, str>>,
}

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
    git_commit: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Predicate<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow, default)]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow)]
    stage: Cow<'a, str>,
    #[serde(borrow, default)]
    mode: Option<Cow<'a, str>>,
    decision: Decided,
    #[serde(borrow)]
    when: When<'a>,
    what: What,
    #[serde(borrow, default)]
    why: List<Policy<'a>>,
    #[serde(default)]
    used: Used,
}

#[derive(Deserialize)]
struct When<'a> {
    #[serde(borrow)]
    judged_at: Cow<'a, str>,
}

#[derive(Deserialize)]
struct What {
    change: Option<String>,
    change_digest: Option<String>,
    #[serde(default)]
    resources: List<Resource>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Used {
    approvals: List<Approval>,
    #[serde(rename = "override")]
    lifted: Option<de::IgnoredAny>,
    waivers: Vec<de::IgnoredAny>,
}

#[derive(Deserialize)]
pub(super) struct Resource {
    pub(super) service: Option<String>,
    pub(super) environment: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Approval {
    #[serde(default)]
    pub(super) valid: bool,
    #[serde(default)]
    pub(super) at: Option<String>,
}

impl Statement<'_> {
    fn decision(self, index: u64, question: &Question, policies: &mut Policies) -> Read {
        let Predicate { id, kind, stage, mode, decision, when, what, why, used } = self.predicate;
        let about_change = mode.as_deref() == Some("difference") || what.change.is_some();
        if kind.is_some_and(|kind| kind != "decision") || stage == "commit" || !about_change {
            return Read::Other;
        }
        let Some(at) = seconds(&when.judged_at) else { return Read::Unreadable };
        if question.since.is_some_and(|since| at < since) {
            return Read::Other;
        }
        let own = Marks { overridden: used.lifted.is_some(), waived: !used.waivers.is_empty(), frozen: false };
        let (marks, beside) = match why {
            List::Items(items) => (own.and(policies.add(&items, index)), None),
            List::Beside(sha256) => (own, Some(sha256)),
        };
        let mut heads = self.subject.into_iter().filter_map(|s| s.digest.git_commit);
        let head = heads.next().map(Cow::into_owned);
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
            resources: what.resources,
            approvals: used.approvals,
            marks,
            policies: beside,
        }))
    }
}

/// An instant in whole seconds.
pub(super) fn seconds(text: &str) -> Option<Timestamp> {
    let at: Timestamp = text.parse().ok()?;
    Timestamp::from_second(at.as_second()).ok()
}

/// A list, or the digest of one that lies beside the log.
pub(super) enum List<T> {
    Items(Vec<T>),
    Beside(String),
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self::Items(Vec::new())
    }
}

impl<T: DeserializeOwned> List<T> {
    /// Its items, as far as they are here.
    pub(super) fn items(&self) -> &[T] {
        match self {
            Self::Items(items) => items,
            Self::Beside(_) => &[],
        }
    }

    fn inline(&mut self, store: &dyn Store) -> Result<(), Diagnostic> {
        let Self::Beside(sha256) = self else { return Ok(()) };
        let items = part(store, sha256)?.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        *self = Self::Items(items.ok_or_else(|| gone(store, sha256))?);
        Ok(())
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
