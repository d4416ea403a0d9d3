//! Approvals with a signature of their own: what is signed, and whether the key is one that may sign for this person.

use std::sync::Arc;

use data_encoding::HEXLOWER;
use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::review::{Binding, Decision, Method, Review};
use super::{Approval, Circumstances};
use crate::change::canonical;
use crate::facts::ApprovalProof;
use crate::finding::Level;
use crate::parse::de::Spanned;
use crate::parse::tree::{Map, Node, Value};
use crate::parse::yaml;
use crate::source::SourceId;
use crate::sshsig::{AllowedSigners, Fault, PublicKey, Refusal, Signature};

/// The namespace of signed approvals: a signature for anything else is none of these.
pub const NAMESPACE: &str = "changegate-approval@v1";

/// What an approver signs: one line of JSON with its members sorted (RFC 8785) and a line feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Statement<'a> {
    /// When, RFC 3339 in UTC.
    pub at: String,
    /// Who, as in the request.
    pub by: &'a str,
    /// `metadata.id`.
    pub change: &'a str,
    /// `approved`, `changes-requested`.
    pub decision: &'a str,
    /// The change digest.
    pub digest: &'a str,
    /// Digest of the terms of an override (see [`terms`]); null for the change itself.
    #[serde(rename = "override")]
    pub terms: Option<&'a str>,
    /// In which role; null for any.
    pub role: Option<&'a str>,
}

impl Statement<'_> {
    /// The bytes that are signed.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(self).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }
}

/// `sha256:` and the SHA-256 of the RFC 8785 text of `spec.freezeOverride` without its approvals: who signs an override
/// agrees to these terms and no others.
pub fn terms(asked: &Node) -> String {
    let terms = match asked.as_map() {
        Some(map) => Value::Map(map.iter().filter(|entry| &*entry.key != "approvals").cloned().collect()),
        None => asked.value.clone(),
    };
    format!("sha256:{}", HEXLOWER.encode(&Sha256::digest(canonical::text(&terms))))
}

/// The canonical text of a request without anybody's approval of it; `None` when it is not one document. What differs in
/// nothing else differs in nothing that is approved.
pub fn without_approvals(text: &str) -> Option<String> {
    let mut parsed = yaml::parse(SourceId(u32::MAX), text, &yaml::Limits::default());
    let broken = parsed.diagnostics.iter().any(|d| d.level == Level::Error);
    let mut document = parsed.documents.pop().filter(|_| !broken && parsed.documents.is_empty())?;
    let spec = members(members(&mut document)?.get_mut("spec")?)?;
    spec.remove("approvals");
    if let Some(asked) = spec.get_mut("freezeOverride").and_then(members) {
        asked.remove("approvals");
    }
    canonical::first_inexact(&document).is_none().then(|| canonical::text(&document.value))
}

fn members(node: &mut Node) -> Option<&mut Map> {
    match &mut node.value {
        Value::Map(map) => Some(map),
        _ => None,
    }
}

/// Codes of why a key may not sign for somebody.
pub(super) fn refusal(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::NotListed => "key-unlisted",
        Refusal::Certificate(_) => "key-certificate",
        Refusal::Namespace => "key-namespace",
        Refusal::NotYet => "key-not-yet-valid",
        Refusal::Expired => "key-expired",
    }
}

impl Circumstances<'_> {
    /// A claim that carries a signature, as a review; `None` without one.
    pub(super) fn signed(&self, claim: &Spanned<Approval>, terms: Option<&str>) -> Option<Review> {
        let armored = claim.signature.as_deref()?;
        let by = claim.by.as_ref().map_or("", |id| id.0.as_str());
        let digest = claim.bound_digest.as_ref().map(|digest| digest.0.clone());
        let at = claim.at.map(|at| at.0);
        let decision = claim.decision.as_deref().unwrap_or("approved");
        let payload = Statement {
            at: at.map(|at| at.to_string()).unwrap_or_default(),
            by,
            change: self.change,
            decision,
            digest: digest.as_deref().unwrap_or_default(),
            terms,
            role: claim.role.as_deref(),
        }
        .bytes();
        let (key, mut flaws) = self.check(armored, &payload, NAMESPACE, &[by]);
        flaws.extend(at.is_none().then_some("undated"));
        Some(Review {
            method: Method::Signature,
            id: None,
            login: Some(by.to_owned()).filter(|by| !by.is_empty()),
            bot: false,
            decision: Decision::claimed(decision),
            at,
            binding: Binding::Digest(digest),
            proof: flaws.is_empty().then(|| proof(NAMESPACE, payload, armored)),
            flaws,
            key,
            span: claim.span,
        })
    }

    /// The fingerprint of the key that signed, when it did, and what is wrong with it. `names` are those of one person: it
    /// is enough that the key may sign for one of them, or for the person behind them.
    pub(super) fn check(
        &self,
        armored: &str,
        payload: &[u8],
        namespace: &str,
        names: &[&str],
    ) -> (Option<String>, Vec<&'static str>) {
        let signature = Signature::parse(armored).and_then(|s| s.verify(payload, namespace).map(|()| s));
        let signature = match signature {
            Ok(signature) => signature,
            Err(Fault::Bad) => return (None, vec!["bad-signature"]),
            Err(Fault::Unknown) => return (None, vec!["key-unchecked"]),
        };
        let persons = names.iter().filter_map(|name| self.identities.person(name)).map(|person| person.id.as_str());
        let principals: Vec<&str> = names.iter().copied().chain(persons).collect();
        let allowed = allow(self.signers, &principals, signature.key(), namespace, self.now);
        (Some(signature.key().fingerprint()), allowed.err().map(refusal).into_iter().collect())
    }
}

/// Whether a key may sign for one of these principals; the refusal that came closest when not.
fn allow(
    signers: &AllowedSigners,
    principals: &[&str],
    key: &PublicKey,
    namespace: &str,
    at: Timestamp,
) -> Result<(), Refusal> {
    let mut closest = Refusal::NotListed;
    for principal in principals {
        match signers.allow(principal, key, namespace, at) {
            Ok(()) => return Ok(()),
            Err(refusal) => closest = closest.max(refusal),
        }
    }
    Err(closest)
}

pub(super) fn proof(namespace: &'static str, payload: Vec<u8>, armored: &str) -> Arc<ApprovalProof> {
    Arc::new(ApprovalProof { namespace, payload, signature: armored.as_bytes().to_vec() })
}
