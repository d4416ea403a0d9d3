//! From a statement to the bytes of a leaf: plain, or in an envelope with a signature and the token of a workload.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::too_large;
use crate::audit::dsse::{Envelope, Identity};
use crate::audit::frame::MAX_LEAF;
use crate::audit::note::SigningKey;
use crate::audit::store::Part;
use crate::audit::tree::Hash;
use crate::finding::Diagnostic;

/// What an envelope needs beside its payload: signature and token.
const ENVELOPE: usize = 12 * 1024;
/// Lists that may be long. They move beside the log, the longest first, until the statement fits.
pub(crate) const LISTS: [&str; 6] = [
    "/predicate/why",
    "/predicate/what/resources",
    "/predicate/used/approvals",
    "/predicate/inputs",
    "/predicate/diagnostics",
    "/predicate/basis/asked/paths",
];

/// How a statement is attested.
#[derive(Clone, Copy, Default)]
pub struct Seal<'a> {
    /// Signs the statement.
    pub key: Option<&'a SigningKey>,
    /// Vouches for who made it.
    pub token: Option<&'a dyn TokenSource>,
    /// Salts personal fields, which then lie beside the log; `None` leaves them in the statement.
    pub salt: Option<[u8; 32]>,
}

/// How the records of a run are attested: what a [`Seal`] borrows from.
#[derive(Clone, Default)]
pub struct Attestation {
    /// Signs the statements.
    pub key: Option<Arc<SigningKey>>,
    /// Vouches for who made them.
    pub token: Option<Arc<dyn TokenSource + Send + Sync>>,
    /// Salts personal fields.
    pub salt: Option<[u8; 32]>,
    /// Hexadecimal SHA-256 of the running program.
    pub binary_sha256: Option<String>,
}

impl Attestation {
    /// What attests a statement.
    pub fn seal(&self) -> Seal<'_> {
        let token = self.token.as_deref().map(|token| token as &dyn TokenSource);
        Seal { key: self.key.as_deref(), token, salt: self.salt }
    }
}

/// Neither the salt nor anything secret of the key is shown.
impl fmt::Debug for Attestation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attestation")
            .field("key", &self.key)
            .field("token", &self.token.is_some())
            .finish_non_exhaustive()
    }
}

/// A provider of tokens for the workload that the gate runs in.
pub trait TokenSource {
    /// A token for `audience`.
    ///
    /// # Errors
    ///
    /// `audit::token`.
    fn token(&self, audience: &str) -> Result<String, Diagnostic>;
    /// The provider's key set, as it was read.
    fn jwks(&self) -> &[u8];
}

/// The audience that names a statement: a token for it is good for nothing else.
pub fn audience(payload: &[u8]) -> String {
    format!("changegate:sha256:{}", Hash::of(payload))
}

/// The leaf of a statement, and the lists that did not fit.
pub(crate) fn seal(mut statement: Value, seal: Seal<'_>) -> Result<(Vec<u8>, Vec<Part>), Diagnostic> {
    let wrapped = seal.key.is_some() || seal.token.is_some();
    // Base 64 takes four bytes for three.
    let limit = if wrapped { (MAX_LEAF - ENVELOPE) / 4 * 3 } else { MAX_LEAF };
    let mut parts = Vec::new();
    let payload = loop {
        let payload = bytes(&statement)?;
        if payload.len() <= limit {
            break payload;
        }
        parts.push(move_longest_out(&mut statement).ok_or_else(|| too_large(payload.len()))?);
    };
    if !wrapped {
        return Ok((payload, parts));
    }
    let identity = seal.token.map(|source| identity(source, &payload, &mut parts)).transpose()?;
    let leaf = bytes(&Envelope::new(&payload, seal.key, identity))?;
    if leaf.len() > MAX_LEAF { Err(too_large(leaf.len())) } else { Ok((leaf, parts)) }
}

fn identity(source: &dyn TokenSource, payload: &[u8], parts: &mut Vec<Part>) -> Result<Identity, Diagnostic> {
    let token = source.token(&audience(payload))?;
    let jwks = Hash::of(source.jwks()).to_string();
    parts.push(Part { sha256: jwks.clone(), bytes: source.jwks().to_vec() });
    Ok(Identity { token, jwks })
}

fn bytes(value: &impl serde::Serialize) -> Result<Vec<u8>, Diagnostic> {
    serde_json::to_vec(value)
        .map_err(|e| Diagnostic::error("audit::unwritable", format!("the audit record cannot be stated: {e}")))
}

fn move_longest_out(statement: &mut Value) -> Option<Part> {
    let length = |list: &&str| match statement.pointer(list) {
        Some(Value::Array(items)) => serde_json::to_vec(items).map_or(0, |bytes| bytes.len()),
        _ => 0,
    };
    let longest = LISTS.iter().max_by_key(|list| length(list)).filter(|list| length(list) > 256)?;
    let list = statement.pointer_mut(longest)?;
    let bytes = serde_json::to_vec(list).ok()?;
    let sha256 = Hash::of(&bytes).to_string();
    let count = list.as_array().map_or(0, Vec::len);
    // A reference takes about 200 bytes itself.
    *list = serde_json::json!({"part": format!("parts/{sha256}.json"), "sha256": sha256, "count": count});
    Some(Part { sha256, bytes })
}
