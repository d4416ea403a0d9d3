//! `Approved-by: Name <address>` lines of commits. Such a line counts when the commit is signed by a key that may sign
//! for that person, and the content at the commit is the content that is judged.

use super::Circumstances;
use super::review::{Binding, Decision, Method, Review};
use super::signed::proof;
use crate::git::{Commit, Range, Repository};
use crate::source::Span;
use crate::sshsig;

/// The trailer.
const TRAILER: &str = "Approved-by";

/// One review for each commit of the range that carries the line.
pub fn of_commits(range: &Range, repository: &Repository, circumstances: &Circumstances<'_>) -> Vec<Review> {
    range.commits.iter().filter_map(|commit| of_commit(commit, repository, circumstances)).collect()
}

fn of_commit(commit: &Commit, repository: &Repository, circumstances: &Circumstances<'_>) -> Option<Review> {
    let address = address(commit.trailers(TRAILER).last()?);
    let signed = repository.signed(commit.id);
    let armored = signed.as_ref().map(|(_, signature)| String::from_utf8_lossy(signature).into_owned());
    let (key, mut flaws) = match (&signed, &armored) {
        (Some((payload, _)), Some(armored)) => circumstances.check(armored, payload, sshsig::GIT, &[address]),
        _ => (None, vec!["self-asserted"]),
    };
    // The date is the signer's own word; one that is none must not be taken for now.
    let at = commit.at.parse().ok();
    flaws.extend(at.is_none().then_some("undated"));
    let proof = signed.zip(armored).filter(|_| flaws.is_empty());
    Some(Review {
        method: Method::CommitTrailer,
        id: Some(commit.id.to_string()),
        login: Some(address.to_owned()),
        bot: false,
        decision: Decision::Approved,
        at,
        binding: Binding::Commit(Some(commit.id.to_string())),
        proof: proof.map(|((payload, _), armored)| proof_of(payload, &armored)),
        flaws,
        key,
        span: Span::default(),
    })
}

fn proof_of(payload: Vec<u8>, armored: &str) -> std::sync::Arc<crate::facts::ApprovalProof> {
    proof(sshsig::GIT, payload, armored)
}

/// The address of `Name <address>`; text without brackets is one already.
fn address(text: &str) -> &str {
    let inside = text.split_once('<').and_then(|(_, rest)| Some(rest.split_once('>')?.0));
    inside.unwrap_or(text).trim()
}
