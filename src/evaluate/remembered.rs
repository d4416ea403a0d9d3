//! What an answer depends on, and how it is kept: the seam between evaluations and [`Memory`].
//!
//! An answer depends on the build, on every module and data document, on the policy, on the members of the input that it
//! can read, and on the resource as policies see it. It is what the rules gave: the findings with their places, whatever
//! waives them and the outcome are made of it anew each time.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::input::{Shared, Views};
use super::{Subject, Task};
use crate::finding::Diagnostic;
use crate::memory::{BUILD, Difference, Key, Memory, Witness};
use crate::policy::engine::{EvalError, Input};
use crate::policy::judge::Judge;
use crate::policy::library::{self, Policy};

/// What rules gave, in the order in which they were asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Recorded {
    sets: Vec<Result<Vec<serde_json::Value>, EvalError>>,
    swallowed: Vec<EvalError>,
}

impl Recorded {
    fn read(bytes: &[u8]) -> Option<Self> {
        if let [rules] = bytes {
            return Some(Self { sets: vec![Ok(Vec::new()); usize::from(*rules)], swallowed: Vec::new() });
        }
        serde_json::from_slice(bytes).ok()
    }

    /// One byte for the answer that most give: so many rules, and nothing from any.
    fn write(&self) -> Option<Vec<u8>> {
        let nothing = self.swallowed.is_empty() && self.sets.iter().all(|set| set.as_ref().is_ok_and(Vec::is_empty));
        match u8::try_from(self.sets.len()) {
            Ok(rules) if nothing => Some(vec![rules]),
            _ => serde_json::to_vec(self).ok(),
        }
    }

    fn failed(&self) -> bool {
        self.sets.iter().any(Result::is_err)
    }
}

/// Gives again what was recorded.
pub(super) struct Replayed {
    sets: std::vec::IntoIter<Result<Vec<serde_json::Value>, EvalError>>,
    swallowed: Vec<EvalError>,
}

impl From<Recorded> for Replayed {
    fn from(recorded: Recorded) -> Self {
        Self { sets: recorded.sets.into_iter(), swallowed: recorded.swallowed }
    }
}

impl Judge for Replayed {
    fn set(&mut self, rule: &str) -> Result<Vec<serde_json::Value>, EvalError> {
        let short = || EvalError::Failed { message: format!("the recorded answer ends before `{rule}`"), place: None };
        self.sets.next().unwrap_or_else(|| Err(short()))
    }

    fn swallowed(&mut self) -> Vec<EvalError> {
        std::mem::take(&mut self.swallowed)
    }

    fn prints(&mut self) -> Vec<String> {
        Vec::new()
    }
}

/// Asks somebody, and records what they answer.
pub(super) struct Recorder<'a, J> {
    judge: &'a mut J,
    recorded: Recorded,
}

impl<'a, J: Judge> Recorder<'a, J> {
    pub(super) fn new(judge: &'a mut J) -> Self {
        Self { judge, recorded: Recorded::default() }
    }
}

impl<J: Judge> Judge for Recorder<'_, J> {
    fn set(&mut self, rule: &str) -> Result<Vec<serde_json::Value>, EvalError> {
        let set = self.judge.set(rule);
        self.recorded.sets.push(set.clone());
        set
    }

    fn swallowed(&mut self) -> Vec<EvalError> {
        let swallowed = self.judge.swallowed();
        self.recorded.swallowed.extend(swallowed.iter().cloned());
        swallowed
    }

    fn prints(&mut self) -> Vec<String> {
        self.judge.prints()
    }
}

/// The memory of a run, with what the answers of its policies depend on besides their subject.
pub(super) struct Remembered<'a> {
    memory: &'a Memory,
    /// By the index of the policy; none where the input alone does not decide.
    policies: BTreeMap<usize, Key>,
}

impl<'a> Remembered<'a> {
    /// Digests what subjects share.
    ///
    /// # Errors
    /// When another part of the run rested on something else.
    pub(super) fn new(
        memory: &'a Memory,
        task: &Task<'_>,
        views: &Views<'_>,
        shared: &Shared,
        asked: &[usize],
    ) -> Result<Self, Diagnostic> {
        let policies = || asked.iter().filter_map(|index| Some((*index, *task.policies.get(*index)?)));
        let reads = task.library.reads(policies().map(|(_, policy)| policy));
        let is_read = |name: &str| reads.values().any(|reads| reads.member(name));
        let content = task.library.digest();
        let members = members(task, views, shared, |name| memory.wants_witness() || is_read(name));
        if memory.wants_witness() {
            let witness = witness(task, views, &content, &members, policies().map(|(_, policy)| policy));
            memory.witness(witness).map_err(foreign)?;
        }
        let key = |(index, policy): (usize, &Policy)| {
            let reads = reads.get(&policy.source).filter(|reads| reads.is_pure())?;
            let mut hash = Sha256::new();
            hash.update(BUILD.as_bytes());
            hash.update(content);
            hash.update([u8::from(policy.isolated), u8::from(views.with_effective())]);
            let rules =
                [Some(&policy.deny), policy.unknown.as_ref(), policy.valid_until.as_ref(), policy.lifts.as_ref()];
            text(&mut hash, &format!("{:?} {rules:?}", policy.mode));
            let read = |name: &str| {
                if name == AGELESS {
                    !reads.field(AGE) && reads.member(CONTEXT)
                } else {
                    reads.member(name) && (name != CONTEXT || reads.field(AGE))
                }
            };
            for (name, digest) in members.iter().filter(|(name, _)| read(name)) {
                text(&mut hash, name);
                hash.update(digest);
            }
            Some((index, hash.finalize().into()))
        };
        Ok(Self { memory, policies: policies().filter_map(key).collect() })
    }

    /// What identifies what a policy answers about a subject.
    pub(super) fn key(&self, policy: usize, subject: Option<Key>) -> Option<Key> {
        let mut hash = Sha256::new();
        hash.update(self.policies.get(&policy)?);
        hash.update(subject.unwrap_or_default());
        Some(hash.finalize().into())
    }

    /// The answers about a subject that are known, by their policies' indexes.
    pub(super) fn recall(&self, views: &Views<'_>, subject: &Subject) -> Known {
        let digest = subject.resource.map(|index| views.digest(index));
        let keys = subject.policies.iter().filter_map(|policy| Some((*policy, self.key(*policy, digest)?)));
        let keys: BTreeMap<usize, Key> = keys.collect();
        let recorded = |(policy, key): (&usize, &Key)| Some((*policy, Recorded::read(self.memory.recall(key)?)?));
        Known { answers: keys.iter().filter_map(recorded).collect(), keys }
    }

    /// Keeps an answer.
    pub(super) fn remember<J>(&self, key: Key, recorder: &Recorder<'_, J>) {
        if let Some(bytes) = recorder.recorded.write() {
            self.memory.remember(key, bytes, recorder.recorded.failed());
        }
    }

    /// What is said when the parts of a run do not have what they should.
    pub(super) fn missing(&self, task: &Task<'_>, subject: &Subject, known: &Known) -> Option<Diagnostic> {
        if !self.memory.is_complete() {
            return None;
        }
        let policy = known.keys.keys().find(|policy| !known.answers.contains_key(policy))?;
        let id = task.policies.get(*policy).map_or("", |policy| policy.id());
        let about = subject.resource.and_then(|index| task.resources.get(index));
        let about = about.map_or_else(|| "the change".to_owned(), |resource| format!("`{}`", resource.id));
        let message = format!("no shard has the answer of {id} about {about}");
        Some(Diagnostic::error("shard::incomplete", message).help(AGAIN))
    }
}

/// What is known about a subject.
#[derive(Default)]
pub(super) struct Known {
    /// What identifies each policy's answer.
    pub(super) keys: BTreeMap<usize, Key>,
    /// The answers.
    pub(super) answers: BTreeMap<usize, Recorded>,
}

/// What to do about shards that do not fit.
const AGAIN: &str =
    "make all shards and merge them on one commit, with the same flags, `--now` among them; see docs/scale.md";

fn foreign(difference: Difference) -> Diagnostic {
    let Difference { name, what } = difference;
    let message = match what.is_empty() {
        true => format!("the shard `{name}` judged another number of change requests"),
        false => format!("the shard `{name}` is not one of this run: it saw another {}", what.join(", ")),
    };
    Diagnostic::error("shard::foreign", message).help(AGAIN)
}

/// Digests of the members of the input that are wanted.
fn members(
    task: &Task<'_>,
    views: &Views<'_>,
    shared: &Shared,
    wanted: impl Fn(&str) -> bool,
) -> BTreeMap<String, Key> {
    let every: Vec<usize> = (0..task.resources.len()).collect();
    let lists = [("changed", task.changed), ("resources", &every)];
    let of_list = |(name, list): &(&str, &[usize])| ((*name).to_owned(), views.digest_of(list));
    let is_list = |name: &str| lists.iter().any(|(list, _)| *list == name);
    let entries = shared.base.entries().into_iter().filter(|(name, _)| !is_list(name) && wanted(name));
    let entries: Vec<_> = entries.collect();
    let context = entries.iter().find(|(name, _)| name == CONTEXT);
    let ageless = context.map(|(_, value)| (AGELESS.to_owned(), ageless(value))).into_iter();
    let entries = entries.iter().map(|(name, value)| (name.clone(), value.digest()));
    entries.chain(ageless).chain(lists.iter().filter(|(name, _)| wanted(name)).map(of_list)).collect()
}

/// Documents by their kind.
const CONTEXT: &str = "context";

/// How old a document is: it changes with the clock, and few look at it.
const AGE: &str = "age_ns";

/// What stands for the documents where nobody asks how old they are.
const AGELESS: &str = "context without ages";

/// What identifies the documents, however old they are.
fn ageless(context: &Input) -> Key {
    let mut hash = Sha256::new();
    for (kind, document) in context.entries() {
        text(&mut hash, &kind);
        for (name, value) in document.entries().into_iter().filter(|(name, _)| name != AGE) {
            text(&mut hash, &name);
            hash.update(value.digest());
        }
        // The next kind is no field of this one.
        hash.update([0]);
    }
    hash.finalize().into()
}

/// What every part of a run has to share.
fn witness<'p>(
    task: &Task<'_>,
    views: &Views<'_>,
    content: &Key,
    members: &BTreeMap<String, Key>,
    asked: impl Iterator<Item = &'p Policy>,
) -> Witness {
    let short = |key: &Key| library::hex(key.get(..16).unwrap_or_default());
    let shared = members.iter().filter(|(name, _)| *name != AGELESS);
    let mut witness: Witness = shared.map(|(name, key)| (name.clone(), short(key))).collect();
    let mut selection = Sha256::new();
    asked.for_each(|policy| text(&mut selection, policy.id()));
    witness.insert("policies".to_owned(), short(content));
    witness.insert("selection of policies".to_owned(), short(&selection.finalize().into()));
    witness.insert("choice of what is judged".to_owned(), short(&views.digest_of(&task.judged)));
    witness
}

fn text(hash: &mut Sha256, text: &str) {
    hash.update((text.len() as u64).to_le_bytes());
    hash.update(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_recorded_is_given_again() {
        let failed = || EvalError::Failed { message: "m".into(), place: Some("p:1:2".into()) };
        let big: serde_json::Value =
            serde_json::from_str("{\"b\":1.50,\"a\":[123456789012345678901234567890]}").unwrap();
        let all = [
            Recorded { sets: vec![Ok(Vec::new()); 3], swallowed: Vec::new() },
            Recorded { sets: vec![Ok(vec!["a".into(), big]), Ok(Vec::new())], swallowed: vec![failed()] },
            Recorded { sets: vec![Ok(Vec::new()), Err(failed())], swallowed: Vec::new() },
            Recorded { sets: vec![Err(EvalError::Timeout)], swallowed: Vec::new() },
            Recorded::default(),
        ];
        for recorded in all {
            let again = Recorded::read(&recorded.write().unwrap()).unwrap();
            assert_eq!(serde_json::to_string(&again).unwrap(), serde_json::to_string(&recorded).unwrap());
            let mut replayed = Replayed::from(again);
            for set in &recorded.sets {
                assert_eq!(&replayed.set("r"), set);
            }
            assert!(replayed.set("r").is_err());
            assert_eq!(replayed.swallowed(), recorded.swallowed);
        }
        assert_eq!(Recorded::read(b""), None);
        assert_eq!(Recorded::read(b"{\"sets\":"), None);
    }
}
