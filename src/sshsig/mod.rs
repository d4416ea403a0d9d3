//! Signatures that `ssh-keygen -Y sign` makes (PROTOCOL.sshsig), checked without any program, and the `allowed_signers`
//! file that says who may make them (ssh-keygen(1), ALLOWED SIGNERS).
//!
//! Every answer is the one that `ssh-keygen -Y verify` gives; what is not checked here (keys on the curve P-521, DSA,
//! what browsers sign) is [`Fault::Unknown`] and never taken for good.

mod allowed_signers;
mod certificate;
mod key;
mod pattern;
mod wire;

use data_encoding::BASE64;
use sha2::{Digest, Sha256, Sha512};

pub use allowed_signers::{AllowedSigners, Refusal};
pub use key::PublicKey;

use wire::{Wire, framed};

/// The namespace that git signs in.
pub const GIT: &str = "git";
const MAGIC: &[u8] = b"SSHSIG";
const VERSION: u32 = 1;
const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----";
const END: &str = "-----END SSH SIGNATURE-----";

/// Why a signature is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is none, or does not fit.
    Bad,
    /// Its key is of a kind that is not checked here.
    Unknown,
}

/// A signature that was read and not yet checked.
#[derive(Clone, Debug)]
pub struct Signature {
    key: PublicKey,
    namespace: Vec<u8>,
    hash: Vec<u8>,
    bytes: Vec<u8>,
}

impl Signature {
    /// Reads armoured text.
    ///
    /// # Errors
    ///
    /// A [`Fault`].
    pub fn parse(armored: &str) -> Result<Self, Fault> {
        let blob = dearmor(armored).ok_or(Fault::Bad)?;
        let mut wire = Wire(blob.strip_prefix(MAGIC).ok_or(Fault::Bad)?);
        let parts = |wire: &mut Wire<'_>| {
            let version = wire.u32()?;
            // The fourth is reserved, and not signed.
            let parts = [(); 5].map(|()| wire.string().map(<[u8]>::to_vec));
            wire.end()?;
            (version == VERSION).then_some(parts)
        };
        let [Some(key), Some(namespace), Some(_), Some(hash), Some(bytes)] = parts(&mut wire).ok_or(Fault::Bad)? else {
            return Err(Fault::Bad);
        };
        Ok(Self { key: PublicKey::parse(&key)?, namespace, hash, bytes })
    }

    /// The key that it names.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Whether the key signed `message` in `namespace`. Whose key it is, and whether it may sign, is not asked.
    ///
    /// # Errors
    ///
    /// A [`Fault`].
    pub fn verify(&self, message: &[u8], namespace: &str) -> Result<(), Fault> {
        if self.namespace != namespace.as_bytes() {
            return Err(Fault::Bad);
        }
        let digest = match self.hash.as_slice() {
            b"sha256" => Sha256::digest(message).to_vec(),
            b"sha512" => Sha512::digest(message).to_vec(),
            _ => return Err(Fault::Bad),
        };
        let signed = [MAGIC, &framed(&self.namespace), &framed(b""), &framed(&self.hash), &framed(&digest)].concat();
        self.key.verify(&self.bytes, &signed)
    }
}

/// The fingerprint (`SHA256:…`) of the key that signed `message` in `namespace`.
///
/// # Errors
///
/// A [`Fault`].
pub fn check(armored: &str, message: &[u8], namespace: &str) -> Result<String, Fault> {
    let signature = Signature::parse(armored)?;
    signature.verify(message, namespace)?;
    Ok(signature.key.fingerprint())
}

fn dearmor(armored: &str) -> Option<Vec<u8>> {
    let body = armored.trim().strip_prefix(BEGIN)?.strip_suffix(END)?;
    let base64: String = body.split_whitespace().collect();
    BASE64.decode(base64.as_bytes()).ok()
}
