//! SSH signatures of commits (PROTOCOL.sshsig) by Ed25519 keys, checked without any program.

use data_encoding::{BASE64, BASE64_NOPAD};
use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest, Sha256, Sha512};

/// The namespace that git signs in.
pub const GIT: &str = "git";
const MAGIC: &[u8] = b"SSHSIG";
const ED25519: &[u8] = b"ssh-ed25519";

/// Why a signature is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is none, or does not fit.
    Bad,
    /// Its key is of a kind that is not checked here.
    Unknown,
}

/// The fingerprint (`SHA256:…`) of the key that signed `message` in `namespace`.
///
/// # Errors
///
/// A [`Fault`].
pub fn check(armored: &str, message: &[u8], namespace: &str) -> Result<String, Fault> {
    let blob = dearmor(armored).ok_or(Fault::Bad)?;
    let mut rest = blob.strip_prefix(MAGIC).and_then(|b| b.strip_prefix(&[0, 0, 0, 1])).ok_or(Fault::Bad)?;
    let mut next = || string(&mut rest).ok_or(Fault::Bad);
    let (key, space, reserved, hash, signature) = (next()?, next()?, next()?, next()?, next()?);
    if space != namespace.as_bytes() || !rest.is_empty() {
        return Err(Fault::Bad);
    }
    let digest = match hash {
        b"sha256" => Sha256::digest(message).to_vec(),
        b"sha512" => Sha512::digest(message).to_vec(),
        _ => return Err(Fault::Bad),
    };
    let signed = [MAGIC, &framed(space), &framed(reserved), &framed(hash), &framed(&digest)].concat();
    verify(key, signature, &signed)?;
    Ok(format!("SHA256:{}", BASE64_NOPAD.encode(&Sha256::digest(key))))
}

fn verify(mut key: &[u8], mut signature: &[u8], signed: &[u8]) -> Result<(), Fault> {
    let kind = string(&mut key).ok_or(Fault::Bad)?;
    if kind != ED25519 {
        return Err(Fault::Unknown);
    }
    let bytes = string(&mut key).and_then(|b| b.try_into().ok()).ok_or(Fault::Bad)?;
    let key = VerifyingKey::from_bytes(&bytes).map_err(|_| Fault::Bad)?;
    let same_kind = string(&mut signature) == Some(ED25519);
    let bytes = string(&mut signature).filter(|_| same_kind).ok_or(Fault::Bad)?;
    let signature = Signature::from_slice(bytes).map_err(|_| Fault::Bad)?;
    key.verify_strict(signed, &signature).map_err(|_| Fault::Bad)
}

fn dearmor(armored: &str) -> Option<Vec<u8>> {
    let body = armored.trim().strip_prefix("-----BEGIN SSH SIGNATURE-----")?;
    let body = body.strip_suffix("-----END SSH SIGNATURE-----")?;
    let base64: String = body.split_whitespace().collect();
    BASE64.decode(base64.as_bytes()).ok()
}

/// Takes a string with its length before it.
fn string<'a>(from: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = from.split_first_chunk::<4>()?;
    let (string, rest) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
    *from = rest;
    Some(string)
}

fn framed(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    [&length.to_be_bytes(), bytes].concat()
}
