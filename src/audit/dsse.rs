//! Envelopes (DSSE v1.0): a statement with the signature of the gate that made it.

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

use super::note::{SigningKey, VerifierKey};

/// The media type of in-toto statements.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// An envelope. Members that DSSE does not know are let be by its readers: `identity` is ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    payload: String,
    payload_type: String,
    signatures: Vec<Signature>,
    /// Who stood behind the statement, by a token that names its digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Signature {
    keyid: String,
    sig: String,
}

/// A token of an OpenID Connect provider, and the keys to check it with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The token, a JWS in compact form. Its audience names the statement, so it opens nothing else.
    pub token: String,
    /// SHA-256 of the provider's key set, which is a part of the record.
    pub jwks: String,
}

/// What the signatures of an envelope are worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signed {
    /// A known key signed it.
    Yes,
    /// No known key signed it.
    UnknownKey,
    /// A known key's signature does not fit.
    Bad,
}

impl Envelope {
    /// Wraps a statement, signed when there is a key.
    pub fn new(payload: &[u8], key: Option<&SigningKey>, identity: Option<Identity>) -> Self {
        let sign = |key: &SigningKey| Signature {
            keyid: key.verifier().key_id(),
            sig: BASE64.encode(&key.sign(&pae(PAYLOAD_TYPE, payload))),
        };
        let signatures = key.map(sign).into_iter().collect();
        Self { payload: BASE64.encode(payload), payload_type: PAYLOAD_TYPE.into(), signatures, identity }
    }

    /// The statement; `None` when it is not base 64.
    pub fn payload(&self) -> Option<Vec<u8>> {
        BASE64.decode(self.payload.as_bytes()).ok()
    }

    /// Whether anybody signed it.
    pub fn is_signed(&self) -> bool {
        !self.signatures.is_empty()
    }

    /// Checks the signatures.
    pub fn check(&self, keys: &[VerifierKey]) -> Signed {
        let message = pae(&self.payload_type, &self.payload().unwrap_or_default());
        let mut signed = Signed::UnknownKey;
        for signature in &self.signatures {
            let Some(key) = keys.iter().find(|key| key.key_id() == signature.keyid) else { continue };
            let bytes = BASE64.decode(signature.sig.as_bytes()).unwrap_or_default();
            if !key.verifies(&message, &bytes) {
                return Signed::Bad;
            }
            signed = Signed::Yes;
        }
        signed
    }
}

/// The pre-authentication encoding: what is signed.
fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    bytes.extend(payload);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the DSSE protocol.
    #[test]
    fn the_encoding_is_that_of_the_protocol() {
        assert_eq!(
            pae("http://example.com/HelloWorld", b"hello world"),
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        );
        assert_eq!(pae("", b""), b"DSSEv1 0  0 ");
    }

    #[test]
    fn a_signature_holds_for_its_payload_and_its_key() {
        let key = SigningKey::new("gate", [3; 32]).expect("a name");
        let other = SigningKey::new("other", [4; 32]).expect("a name");
        let envelope = Envelope::new(b"{}", Some(&key), None);
        assert_eq!(envelope.payload().as_deref(), Some(b"{}".as_slice()));
        assert_eq!(envelope.check(&[other.verifier().clone()]), Signed::UnknownKey);
        assert_eq!(envelope.check(&[other.verifier().clone(), key.verifier().clone()]), Signed::Yes);
        let forged = Envelope { payload: BASE64.encode(b"{ }"), ..envelope };
        assert_eq!(forged.check(&[key.verifier().clone()]), Signed::Bad);
    }
}
