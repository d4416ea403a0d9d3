//! Completeness: which commits of a branch came in without a decision of the gate.

use std::collections::HashMap;

use serde::Serialize;

use super::query::{self, Filter};
use super::store::Store;
use crate::finding::Diagnostic;

/// A first-parent commit of a branch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Commit {
    /// Its id.
    pub id: String,
    /// Its parents; the first is the branch before it.
    #[serde(skip)]
    pub parents: Vec<String>,
    /// Its tree.
    #[serde(skip)]
    pub tree: String,
    /// Committer date, RFC 3339.
    pub at: String,
    /// First line of its message.
    pub subject: String,
}

/// A commit that came in although the gate had not allowed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// The commit.
    #[serde(flatten)]
    pub commit: Commit,
    /// Index of the last decision about it.
    pub index: u64,
    /// That decision.
    pub decision: String,
}

/// What became of the commits of a branch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Commits that were looked at.
    pub commits: usize,
    /// Commits that a decision allowed.
    pub covered: usize,
    /// Commits without a decision.
    pub missing: Vec<Commit>,
    /// Commits whose last decision was another.
    pub refused: Vec<Refused>,
}

impl Coverage {
    /// 0 when every commit was allowed, 2 (incomplete) otherwise.
    pub fn exit_code(&self) -> u8 {
        if self.missing.is_empty() && self.refused.is_empty() { 0 } else { 2 }
    }
}

/// The decision about a head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// Index of its record.
    pub index: u64,
    /// `allowed`, ….
    pub decision: String,
}

/// The last decision about each head; one that allowed stands, whatever was said before or after at another stage.
///
/// # Errors
///
/// As [`query::each`].
pub fn decisions(store: &dyn Store) -> Result<HashMap<String, Decided>, Diagnostic> {
    let mut heads: HashMap<String, Decided> = HashMap::new();
    let filter = Filter { kind: Some("decision".into()), ..Filter::default() };
    query::each(store, &filter, &mut |reading| {
        let Some(head) = reading.head() else { return };
        let decision = reading.text("/decision").unwrap_or_default().to_owned();
        if heads.get(head).is_none_or(|known| known.decision != "allowed") {
            heads.insert(head.to_owned(), Decided { index: reading.index, decision });
        }
    })?;
    Ok(heads)
}

/// Compares commits with decisions. A commit is decided about when a decision names it, one of the commits that it
/// merges, or a head with the same tree (a squash or a rebase); `trees` has the trees of heads that the repository
/// still knows.
pub fn coverage(commits: &[Commit], heads: &HashMap<String, Decided>, trees: &HashMap<String, String>) -> Coverage {
    let mut by_tree: HashMap<&str, Vec<&Decided>> = HashMap::new();
    for (tree, decided) in trees.iter().filter_map(|(head, tree)| Some((tree.as_str(), heads.get(head)?))) {
        by_tree.entry(tree).or_default().push(decided);
    }
    let mut coverage = Coverage { commits: commits.len(), ..Coverage::default() };
    for commit in commits {
        let merged = commit.parents.iter().skip(1);
        let named = std::iter::once(&commit.id).chain(merged).filter_map(|id| heads.get(id));
        let mut all: Vec<&Decided> =
            named.chain(by_tree.get(commit.tree.as_str()).into_iter().flatten().copied()).collect();
        all.sort_by_key(|decided| decided.index);
        match all.last() {
            _ if all.iter().any(|decided| decided.decision == "allowed") => coverage.covered += 1,
            None => coverage.missing.push(commit.clone()),
            Some(last) => coverage.refused.push(Refused {
                commit: commit.clone(),
                index: last.index,
                decision: last.decision.clone(),
            }),
        }
    }
    coverage
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_counts_by_itself_by_what_it_merges_and_by_its_tree() {
        let commit = |id: &str, parents: &[&str], tree: &str| Commit {
            id: id.into(),
            parents: parents.iter().map(|p| (*p).into()).collect(),
            tree: tree.into(),
            at: String::new(),
            subject: String::new(),
        };
        let commits = [
            commit("a", &["0"], "t1"),
            commit("m", &["a", "b"], "t2"),
            commit("s", &["m"], "t3"),
            commit("x", &["s"], "t4"),
            commit("d", &["x"], "t5"),
        ];
        let heads = [("a", "allowed"), ("b", "allowed"), ("c", "allowed"), ("0", "allowed"), ("d", "denied")];
        let heads =
            heads.iter().map(|(head, d)| ((*head).to_owned(), Decided { index: 1, decision: (*d).into() })).collect();
        let trees = HashMap::from([("c".to_owned(), "t3".to_owned())]);
        let coverage = coverage(&commits, &heads, &trees);
        assert_eq!((coverage.covered, coverage.exit_code()), (3, 2));
        assert_eq!(coverage.missing, [commits[3].clone()]);
        assert_eq!(coverage.refused.iter().map(|r| r.commit.id.as_str()).collect::<Vec<_>>(), ["d"]);
    }
}
