//! The signature of a commit: which kind it is, and for SSH whose key made it. Not verified here.

use std::fmt;

use data_encoding::{BASE64, BASE64_NOPAD};
use sha2::{Digest, Sha256};

/// How a commit was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SignatureKind {
    /// `ssh-keygen -Y sign` (PROTOCOL.sshsig).
    Ssh,
    /// GnuPG.
    OpenPgp,
    /// `gpgsm`, `smimesign`, gitsign.
    X509,
    /// Something else.
    Other,
}

/// A signature that was found and not verified.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signature {
    /// How it was made.
    pub kind: SignatureKind,
    /// `SHA256:…` of the public key inside an SSH signature, as `ssh-keygen -l` prints it. A claim: anybody
    /// can put a key there; only verification proves who signed.
    pub fingerprint: Option<String>,
}

impl Signature {
    /// Reads the armored text of a `gpgsig` header.
    pub(super) fn parse(armored: &str) -> Self {
        let kind = match armored.trim_start() {
            text if text.starts_with("-----BEGIN SSH SIGNATURE-----") => SignatureKind::Ssh,
            text if text.starts_with("-----BEGIN PGP ") => SignatureKind::OpenPgp,
            text if text.starts_with("-----BEGIN SIGNED MESSAGE-----") => SignatureKind::X509,
            _ => SignatureKind::Other,
        };
        let fingerprint = (kind == SignatureKind::Ssh).then(|| ssh_fingerprint(armored)).flatten();
        Self { kind, fingerprint }
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            SignatureKind::Ssh => "ssh",
            SignatureKind::OpenPgp => "openpgp",
            SignatureKind::X509 => "x509",
            SignatureKind::Other => "signature of an unknown kind",
        };
        match &self.fingerprint {
            Some(fingerprint) => write!(f, "{fingerprint} (not verified)"),
            None => write!(f, "{kind} (not verified)"),
        }
    }
}

/// `SHA256:` and the digest of the public key blob in an SSHSIG: magic, version, then the key as a string.
fn ssh_fingerprint(armored: &str) -> Option<String> {
    let body: String = armored.lines().map(str::trim).filter(|l| !l.starts_with("-----")).collect();
    let blob = BASE64.decode(body.as_bytes()).ok()?;
    let rest = blob.strip_prefix(b"SSHSIG")?.strip_prefix(&[0, 0, 0, 1])?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let key = rest.get(..usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    Some(format!("SHA256:{}", BASE64_NOPAD.encode(&Sha256::digest(key))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truncated_and_foreign_armor_has_no_fingerprint() {
        let armor = |body: &str| format!("-----BEGIN SSH SIGNATURE-----\n{body}\n-----END SSH SIGNATURE-----");
        for body in ["", "%%%", "U1NIU0lH", "U1NIU0lHAAAAAf////8="] {
            let signature = Signature::parse(&armor(body));
            assert_eq!((signature.kind, signature.fingerprint), (SignatureKind::Ssh, None), "{body}");
        }
        let pgp = Signature::parse("-----BEGIN PGP SIGNATURE-----\n\nabc");
        assert_eq!(pgp.to_string(), "openpgp (not verified)");
    }
}
