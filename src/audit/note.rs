//! Signed notes (C2SP signed-note) with Ed25519 keys, and the keys' text forms.

use std::fmt;

use data_encoding::{BASE64, HEXLOWER};
use ed25519_dalek::{Signature, Signer};
use sha2::{Digest, Sha256};

/// The byte that says Ed25519 in key ids and encoded keys.
const ED25519: u8 = 1;
/// Signature lines that are read; a longer note is refused.
const MAX_SIGNATURES: usize = 100;

/// A public key that notes and envelopes are checked with: `NAME+ID+BASE64`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    /// Whose key it is; the origin of the log's checkpoints.
    pub name: String,
    id: [u8; 4],
    key: ed25519_dalek::VerifyingKey,
}

/// A private key: `PRIVATE+KEY+NAME+ID+BASE64`.
pub struct SigningKey {
    public: VerifierKey,
    key: ed25519_dalek::SigningKey,
}

/// Why a note is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is not a signed note.
    Malformed,
    /// None of the known keys signed it.
    UnknownKey,
    /// A known key's signature does not fit the text.
    BadSignature,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "it is not a signed note",
            Self::UnknownKey => "none of the given keys signed it",
            Self::BadSignature => "its signature does not fit its text",
        })
    }
}

impl VerifierKey {
    fn new(name: &str, key: ed25519_dalek::VerifyingKey) -> Self {
        let digest = Sha256::new().chain_update(name).chain_update([b'\n', ED25519]).chain_update(key).finalize();
        let id = digest.first_chunk().copied().unwrap_or_default();
        Self { name: name.to_owned(), id, key }
    }

    /// Reads a verifier key; `None` when it is not one, or its id does not follow from name and key.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, id, bytes) = parts(text.trim())?;
        let key = Self::new(name, ed25519_dalek::VerifyingKey::from_bytes(&bytes).ok()?);
        (key.id == id).then_some(key)
    }

    /// `NAME+ID`: names the key in an envelope.
    pub fn key_id(&self) -> String {
        format!("{}+{}", self.name, HEXLOWER.encode(&self.id))
    }

    /// Whether `signature` is this key's over `message`.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature).is_ok_and(|s| self.key.verify_strict(message, &s).is_ok())
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&[ED25519], self.key.as_bytes().as_slice()].concat();
        write!(f, "{}+{}", self.key_id(), BASE64.encode(&bytes))
    }
}

impl SigningKey {
    /// The key of `name` that follows from 32 random bytes; `None` when no note can carry the name.
    pub fn new(name: &str, seed: [u8; 32]) -> Option<Self> {
        let key = ed25519_dalek::SigningKey::from_bytes(&seed);
        is_name(name).then(|| Self { public: VerifierKey::new(name, key.verifying_key()), key })
    }

    /// Reads a private key; `None` when it is not one.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, id, seed) = parts(text.trim().strip_prefix("PRIVATE+KEY+")?)?;
        Self::new(name, seed).filter(|key| key.public.id == id)
    }

    /// The text of the private key, for its file.
    pub fn to_private_text(&self) -> String {
        let bytes = [&[ED25519], self.key.as_bytes().as_slice()].concat();
        format!("PRIVATE+KEY+{}+{}", self.public.key_id(), BASE64.encode(&bytes))
    }

    /// The key that checks what this one signs.
    pub fn verifier(&self) -> &VerifierKey {
        &self.public
    }

    /// The 64 bytes of the signature over `message`.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message).to_bytes()
    }

    /// The note over `text`, which ends with a newline.
    pub fn sign_note(&self, text: &str) -> String {
        let bytes = [self.public.id.as_slice(), &self.sign(text.as_bytes())].concat();
        format!("{text}\n\u{2014} {} {}\n", self.public.name, BASE64.encode(&bytes))
    }
}

/// The key is secret: only its public half is shown.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SigningKey").field(&self.public.key_id()).finish_non_exhaustive()
    }
}

/// The text of a note that at least one of `keys` signed, with the newline at its end.
///
/// # Errors
///
/// A [`Fault`]; also when any known key's signature is bad, even if another one's is good.
pub fn open<'a>(note: &'a str, keys: &[VerifierKey]) -> Result<&'a str, Fault> {
    let (text, signatures) = split(note).ok_or(Fault::Malformed)?;
    let mut signed = false;
    for line in signatures {
        let (name, bytes) = signature(line).ok_or(Fault::Malformed)?;
        let Some((id, signature)) = bytes.split_first_chunk::<4>() else { return Err(Fault::Malformed) };
        let Some(key) = keys.iter().find(|key| key.name == name && key.id == *id) else { continue };
        if !key.verifies(text.as_bytes(), signature) {
            return Err(Fault::BadSignature);
        }
        signed = true;
    }
    if signed { Ok(text) } else { Err(Fault::UnknownKey) }
}

/// Text and signature lines, which the last empty line separates.
fn split(note: &str) -> Option<(&str, Vec<&str>)> {
    if note.chars().any(|c| c < ' ' && c != '\n') {
        return None;
    }
    let at = note.rfind("\n\n")?;
    let (text, rest) = (note.get(..=at)?, note.get(at + 2..)?);
    let lines: Vec<&str> = rest.strip_suffix('\n')?.split('\n').collect();
    (lines.len() <= MAX_SIGNATURES).then_some((text, lines))
}

fn signature(line: &str) -> Option<(&str, Vec<u8>)> {
    let (name, base64) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
    Some((name, BASE64.decode(base64.as_bytes()).ok().filter(|_| is_name(name))?))
}

/// Name, id and 32 bytes of an encoded key.
fn parts(text: &str) -> Option<(&str, [u8; 4], [u8; 32])> {
    let mut parts = text.splitn(3, '+');
    let (name, id, base64) = (parts.next()?, parts.next()?, parts.next()?);
    let id = HEXLOWER.decode(id.as_bytes()).ok()?.try_into().ok()?;
    let bytes = BASE64.decode(base64.as_bytes()).ok()?;
    let (kind, key) = bytes.split_first()?;
    (is_name(name) && *kind == ED25519).then_some((name, id, key.try_into().ok()?))
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|c| c.is_whitespace() || c.is_control() || c == '+')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification.
    const KEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    const NOTE: &str = "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

    #[test]
    fn the_example_of_the_specification_opens() {
        let key = VerifierKey::parse(KEY).expect("a key");
        assert_eq!(key.to_string(), KEY);
        assert_eq!(open(NOTE, &[key]), Ok("This is an example message.\n"));
        assert_eq!(open(NOTE, &[]), Err(Fault::UnknownKey));
    }

    #[test]
    fn every_changed_character_of_the_text_is_noticed() {
        let key = VerifierKey::parse(KEY).expect("a key");
        for at in 0..NOTE.find("\n\n").expect("a gap") {
            let mut bytes = NOTE.as_bytes().to_vec();
            bytes[at] ^= 1;
            let Ok(changed) = String::from_utf8(bytes) else { continue };
            assert!(open(&changed, std::slice::from_ref(&key)).is_err(), "byte {at}");
        }
    }

    #[test]
    fn what_a_key_signs_it_opens() {
        let key = SigningKey::new("acme.example/audit", [7; 32]).expect("a name");
        let again = SigningKey::parse(&key.to_private_text()).expect("a key");
        let note = again.sign_note("one\n\ntwo\n");
        assert_eq!(open(&note, &[key.verifier().clone()]), Ok("one\n\ntwo\n"));
        assert_eq!(VerifierKey::parse(&key.verifier().to_string()).as_ref(), Some(key.verifier()));
        assert!(!format!("{key:?}").contains(key.to_private_text().rsplit('+').next().expect("a part")));
    }

    #[test]
    fn keys_that_are_none_are_refused() {
        for text in ["", "a+b", "a+00000000+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "a b+530d903a+AQ=="] {
            assert!(VerifierKey::parse(text).is_none(), "{text}");
        }
        assert!(SigningKey::new("a+b", [0; 32]).is_none());
        for note in ["", "text\n", "text\n\n", "text\n\n— a\n", "a\tb\n\n— a AAAAAA==\n", "text\n\n— a AAAAAA=="]
        {
            assert_eq!(open(note, &[]), Err(Fault::Malformed), "{note:?}");
        }
    }
}
