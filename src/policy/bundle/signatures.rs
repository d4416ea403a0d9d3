//! `.signatures.json`: a token over the digests of all files
//! (<https://www.openpolicyagent.org/docs/management-bundles#signing>).

use std::collections::{BTreeMap, BTreeSet};

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::Value as Json;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::archive::{Files, fault, structured};
use crate::finding::Diagnostic;
use crate::policy::library;

/// Where signatures stand.
const FILE: &str = ".signatures.json";

/// A public key that bundles are checked with. A shared secret is none: who can check with it can sign with it.
#[derive(Clone)]
pub struct Key {
    key: DecodingKey,
    algorithms: Vec<Algorithm>,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({:?})", self.algorithms)
    }
}

impl Key {
    /// Reads a public key in PEM: RSA, ECDSA on P-256 or P-384, or Ed25519.
    ///
    /// # Errors
    /// `bundle::key`.
    pub fn of_pem(path: &str, pem: &[u8]) -> Result<Self, Diagnostic> {
        use Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
        let rsa = DecodingKey::from_rsa_pem(pem).map(|key| (key, vec![RS256, RS384, RS512, PS256, PS384, PS512]));
        let elliptic = || DecodingKey::from_ec_pem(pem).map(|key| (key, vec![ES256, ES384]));
        let edwards = || DecodingKey::from_ed_pem(pem).map(|key| (key, vec![EdDSA]));
        let is_public = String::from_utf8_lossy(pem).contains("PUBLIC KEY");
        match rsa.or_else(|_| elliptic()).or_else(|_| edwards()) {
            Ok((key, algorithms)) if is_public => Ok(Self { key, algorithms }),
            _ => Err(Diagnostic::error("bundle::key", format!("`{path}` is no public key in PEM"))
                .in_file(path)
                .help(
                    "write it with `openssl pkey -in key.pem -pubout`, or of a certificate with `openssl x509 -pubkey`; a shared secret is not taken",
                )),
        }
    }
}

#[derive(Deserialize)]
struct Signatures {
    signatures: Vec<String>,
}

#[derive(Deserialize)]
struct Payload {
    files: Vec<Signed>,
}

#[derive(Deserialize)]
struct Signed {
    name: String,
    hash: String,
    #[serde(default)]
    algorithm: String,
}

/// Checks the signatures of a bundle. One that is signed is not believed without a key, and one that is not signed not with one.
pub(super) fn check(path: &str, files: &Files, key: Option<&Key>) -> Result<(), Diagnostic> {
    let bad = |message: String| fault("bundle::signature", path, message);
    let (key, bytes) = match (key, files.get(FILE)) {
        (None, None) => return Ok(()),
        (Some(key), Some(bytes)) => (key, bytes),
        (Some(_), None) => return Err(bad(format!("`{path}` is not signed, and a key was given"))),
        (None, Some(_)) => {
            let told = bad(format!("`{path}` is signed, and there is no key to check it with"));
            return Err(told.help("name the public key with `--verification-key FILE`"));
        }
    };
    let signatures: Signatures =
        serde_json::from_slice(bytes).map_err(|e| bad(format!("`{FILE}` in `{path}` cannot be read: {e}")))?;
    // OPA takes one; of several, each would have to say the same.
    let [token] = signatures.signatures.as_slice() else {
        return Err(bad(format!("`{FILE}` in `{path}` holds {} signatures: one is read", signatures.signatures.len())));
    };
    let payload =
        verified(token, key).map_err(|why| refused(path, format!("the signature of `{path}` does not hold: {why}")))?;
    digests(path, files, &payload)
}

/// What does not match was changed on its way, or was never what it claims to be.
fn refused(path: &str, message: String) -> Diagnostic {
    fault("bundle::signature", path, message)
        .help("get the bundle again from where it is published, and ask there which key it is signed with")
}

fn verified(token: &str, key: &Key) -> Result<Payload, String> {
    let header = decode_header(token).map_err(|e| format!("its header cannot be read: {e}"))?;
    if !key.algorithms.contains(&header.alg) {
        return Err(format!("it is made with {:?}, which the key is not for", header.alg));
    }
    let mut validation = Validation::new(header.alg);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    decode::<Payload>(token, &key.key, &validation).map(|data| data.claims).map_err(|e| match e.kind() {
        ErrorKind::InvalidSignature => "it was not made with this key, or what it says was changed".to_owned(),
        _ => format!("it cannot be read: {e}"),
    })
}

fn digests(path: &str, files: &Files, payload: &Payload) -> Result<(), Diagnostic> {
    let bad = |message: String| refused(path, message);
    let signed: BTreeMap<&str, &Signed> = payload.files.iter().map(|f| (f.name.trim_start_matches('/'), f)).collect();
    for (name, bytes) in files.iter().filter(|(name, _)| *name != FILE) {
        let signed = signed.get(name.as_str()).ok_or_else(|| bad(format!("`{name}` in `{path}` is not signed")))?;
        let content = match is_structured(name) {
            true => canonical(&structured(path, name, bytes)?),
            false => bytes.clone(),
        };
        let digest = hash(&signed.algorithm, &content).ok_or_else(|| {
            bad(format!("`{name}` in `{path}` is signed with the digest `{}`, which is not read", signed.algorithm))
        })?;
        if !digest.eq_ignore_ascii_case(&signed.hash) {
            return Err(bad(format!(
                "`{name}` in `{path}` is not what was signed: its digest is {digest}, signed is {}",
                signed.hash
            )));
        }
    }
    let there: BTreeSet<&str> = files.keys().map(String::as_str).collect();
    match signed.keys().find(|name| !there.contains(*name)) {
        Some(name) => Err(bad(format!("`{name}` was signed and is missing in `{path}`"))),
        None => Ok(()),
    }
}

/// Files whose meaning is signed, not their bytes (OPA, `IsStructuredDoc`).
fn is_structured(name: &str) -> bool {
    matches!(name.rsplit('/').next(), Some("data.json" | "data.yaml" | "data.yml" | ".manifest"))
}

fn hash(algorithm: &str, content: &[u8]) -> Option<String> {
    Some(match algorithm {
        "SHA-256" => library::hex(&Sha256::digest(content)),
        "SHA-384" => library::hex(&Sha384::digest(content)),
        "SHA-512" => library::hex(&Sha512::digest(content)),
        _ => return None,
    })
}

/// What OPA digests of a document: JSON without blanks, keys in the order of their bytes, texts as Go writes them.
fn canonical(value: &Json) -> Vec<u8> {
    let mut out = Vec::new();
    write(value, &mut out);
    out
}

fn write(value: &Json, out: &mut Vec<u8>) {
    match value {
        Json::Object(members) => {
            out.push(b'{');
            let members: BTreeMap<&String, &Json> = members.iter().collect();
            for (i, (key, value)) in members.into_iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                primitive(&Json::String(key.clone()), out);
                out.push(b':');
                write(value, out);
            }
            out.push(b'}');
        }
        Json::Array(items) => {
            out.push(b'[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                write(item, out);
            }
            out.push(b']');
        }
        other => primitive(other, out),
    }
}

/// Go's encoder also escapes the two line separators of Unicode.
fn primitive(value: &Json, out: &mut Vec<u8>) {
    let text = value.to_string().replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029");
    out.extend(text.into_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_digested_by_their_meaning() {
        let text = |json: &str| String::from_utf8(canonical(&serde_json::from_str(json).unwrap())).unwrap();
        assert_eq!(text("{ \"b\": [1.50, null],\n \"a\": \"<\u{2028}\" }"), "{\"a\":\"<\\u2028\",\"b\":[1.50,null]}");
    }
}
