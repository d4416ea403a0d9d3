//! Parts of a run, and what has to be the same in all of them.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::BUILD;
use super::pack::{Answers, Fault, Key, Kind, Pack};
use super::seal::Key as Secret;

/// Most parts of a run.
const MOST: u32 = 1000;

/// One of several parts of a run: `2/5`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// From 1.
    pub index: u32,
    /// How many there are.
    pub of: u32,
}

impl Part {
    /// Whether a subject is evaluated in this part. It depends on nothing but its name.
    pub fn has(self, subject: &str) -> bool {
        let digest: [u8; 32] = Sha256::digest(subject.as_bytes()).into();
        let start = digest.iter().take(8).fold(0_u64, |n, byte| n << 8 | u64::from(*byte));
        start % u64::from(self.of.max(1)) + 1 == u64::from(self.index)
    }
}

impl FromStr for Part {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = text.split_once('/').and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
        match numbers {
            Some((index, of)) if (1..=of).contains(&index) && of <= MOST => Ok(Self { index, of }),
            _ => Err(format!("write I/N, for example 2/5: the second of five parts, at most {MOST}")),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

/// What evaluations rest on, by name, as digests.
pub type Witness = BTreeMap<String, String>;

/// The header of a shard's file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    build: String,
    index: u32,
    of: u32,
    rests_on: Vec<Witness>,
}

pub(super) fn write(part: Part, rests_on: Vec<Witness>, answers: &Answers, secret: &Secret) -> Option<Vec<u8>> {
    let header = Header { build: BUILD.to_owned(), index: part.index, of: part.of, rests_on };
    Some(Pack::write(Kind::Shard, &serde_json::to_vec(&header).ok()?, answers, secret))
}

/// One part of a run, read from its file.
#[derive(Debug)]
pub struct Shard {
    name: String,
    header: Header,
    pack: Pack,
}

impl Shard {
    /// Reads a file; `name` is how it is shown.
    ///
    /// # Errors
    /// See [`Fault`].
    pub fn read(name: &str, bytes: Vec<u8>, secret: &Secret) -> Result<Self, Fault> {
        let pack = Pack::read(Kind::Shard, bytes, secret)?;
        let header = serde_json::from_slice(pack.header()).map_err(|_| Fault::Shape)?;
        Ok(Self { name: name.to_owned(), header, pack })
    }
}

/// All parts of a run.
#[derive(Debug)]
pub struct Shards(Vec<Shard>);

/// Why files are not the parts of a run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// Nothing was given.
    #[error("no shard was given")]
    None,
    /// Parts that nobody handed over.
    #[error("{} of {of} is missing: {}", if missing.len() == 1 { "one shard" } else { "more than one shard" }, missing.iter().map(|index| format!("{index}/{of}")).collect::<Vec<_>>().join(", "))]
    Missing {
        /// Their indexes.
        missing: Vec<u32>,
        /// How many there are.
        of: u32,
    },
    /// One part, twice.
    #[error("`{first}` and `{second}` are both shard {part}")]
    Doubled {
        /// A file.
        first: String,
        /// Another file.
        second: String,
        /// What both are.
        part: String,
    },
    /// Parts of runs that were divided otherwise.
    #[error("`{first}` is one of {of} shards, and `{second}` one of {other}")]
    Divided {
        /// A file.
        first: String,
        /// One of how many.
        of: u32,
        /// Another file.
        second: String,
        /// One of how many.
        other: u32,
    },
    /// A part that another build of the program made.
    #[error("`{name}` was made by build {theirs} of changegate, and this is {BUILD}")]
    Build {
        /// The file.
        name: String,
        /// Its build.
        theirs: String,
    },
}

/// What a part rested on that this run does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The file.
    pub name: String,
    /// What differs, sorted; empty when the part judged another number of change requests.
    pub what: Vec<String>,
}

impl Shards {
    /// Puts parts together.
    ///
    /// # Errors
    /// See [`Misfit`].
    pub fn new(shards: Vec<Shard>) -> Result<Self, Misfit> {
        let first = shards.first().ok_or(Misfit::None)?;
        let of = first.header.of;
        let mut by_index: BTreeMap<u32, &Shard> = BTreeMap::new();
        for shard in &shards {
            if shard.header.build != BUILD {
                return Err(Misfit::Build { name: shard.name.clone(), theirs: shard.header.build.clone() });
            }
            if shard.header.of != of {
                let (first, second) = (first.name.clone(), shard.name.clone());
                return Err(Misfit::Divided { first, of, second, other: shard.header.of });
            }
            if let Some(other) = by_index.insert(shard.header.index, shard) {
                let part = Part { index: shard.header.index, of }.to_string();
                return Err(Misfit::Doubled { first: other.name.clone(), second: shard.name.clone(), part });
            }
        }
        let missing: Vec<u32> = (1..=of.min(MOST)).filter(|index| !by_index.contains_key(index)).collect();
        if missing.is_empty() { Ok(Self(shards)) } else { Err(Misfit::Missing { missing, of }) }
    }

    pub(super) fn get(&self, key: &Key) -> Option<&[u8]> {
        self.0.iter().find_map(|shard| shard.pack.get(key))
    }

    /// Compares what the nth evaluations rest on.
    pub(super) fn compare(&self, nth: usize, ours: &Witness) -> Result<(), Difference> {
        for shard in &self.0 {
            let theirs = shard.header.rests_on.get(nth);
            if theirs == Some(ours) {
                continue;
            }
            let empty = Witness::new();
            let theirs = theirs.unwrap_or(&empty);
            let differs = |name: &&String| ours.get(*name) != theirs.get(*name);
            let mut what: Vec<String> = ours.keys().chain(theirs.keys()).filter(differs).cloned().collect();
            what.sort();
            what.dedup();
            let what = if theirs.is_empty() { Vec::new() } else { what };
            return Err(Difference { name: shard.name.clone(), what });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shard(name: &str, index: u32, of: u32) -> Shard {
        let witness = Witness::from([("now".to_owned(), "a".to_owned())]);
        let bytes = write(Part { index, of }, vec![witness], &Answers::new(), &Secret::open()).unwrap();
        Shard::read(name, bytes, &Secret::open()).unwrap()
    }

    #[test]
    fn each_subject_is_of_one_part() {
        for of in 1..6 {
            for subject in ["apps/Deployment/shop/orders", "aws_db_instance.orders", "", "CHG-001"] {
                assert_eq!((1..=of).filter(|index| Part { index: *index, of }.has(subject)).count(), 1);
            }
        }
        let share = |index| (0..1000).filter(|n| Part { index, of: 4 }.has(&n.to_string())).count();
        assert!((1..=4).all(|index| (200..300).contains(&share(index))));
    }

    #[test]
    fn parts_are_written_as_i_of_n() {
        assert_eq!("2/5".parse(), Ok(Part { index: 2, of: 5 }));
        for text in ["0/5", "6/5", "2", "2/", "/5", "a/b", "-1/5", "1/0", "1/1001"] {
            assert!(text.parse::<Part>().is_err(), "{text}");
        }
    }

    #[test]
    fn parts_that_are_not_those_of_one_run_are_told() {
        assert_eq!(Shards::new(Vec::new()).unwrap_err(), Misfit::None);
        let missing = Shards::new(vec![shard("a", 2, 3)]).unwrap_err();
        assert_eq!(missing.to_string(), "more than one shard of 3 is missing: 1/3, 3/3");
        let doubled = Shards::new(vec![shard("a", 1, 2), shard("b", 1, 2)]).unwrap_err();
        assert_eq!(doubled.to_string(), "`a` and `b` are both shard 1/2");
        let divided = Shards::new(vec![shard("a", 1, 2), shard("b", 2, 3)]).unwrap_err();
        assert_eq!(divided.to_string(), "`a` is one of 2 shards, and `b` one of 3");
        let whole = Shards::new(vec![shard("b", 2, 2), shard("a", 1, 2)]).unwrap();
        let other = |value: &str| Witness::from([("now".to_owned(), value.to_owned())]);
        assert_eq!(whole.compare(0, &other("a")), Ok(()));
        assert_eq!(whole.compare(0, &other("b")).unwrap_err().what, ["now"]);
        assert_eq!(whole.compare(1, &other("a")).unwrap_err().what, Vec::<String>::new());
    }
}
