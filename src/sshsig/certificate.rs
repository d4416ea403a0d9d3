//! Certificates of OpenSSH (PROTOCOL.certkeys): who vouches for a key, for whom, from when until when.

use super::Fault;
use super::key::PublicKey;
use super::wire::Wire;

const OF_A_USER: u32 = 1;

/// What a certificate says. Its signature was checked when it was read.
#[derive(Clone, Debug)]
pub(super) struct Certificate {
    kind: u32,
    principals: Vec<String>,
    /// Seconds since 1970: the first at which it holds.
    valid_after: u64,
    /// The first at which it does not hold any more.
    valid_before: u64,
    /// Who vouches.
    pub(super) authority: PublicKey,
}

impl Certificate {
    /// Reads what follows the key; `blob` is all of it, up to the end of which it is signed.
    pub(super) fn read(blob: &[u8], wire: Wire<'_>) -> Result<Self, Fault> {
        let (certificate, signed, signature) = Self::fields(blob, wire).ok_or(Fault::Bad)??;
        certificate.authority.verify(signature, signed)?;
        Ok(certificate)
    }

    #[expect(clippy::type_complexity, reason = "a certificate with the bytes it is checked by, once")]
    fn fields<'a>(blob: &'a [u8], mut wire: Wire<'a>) -> Option<Result<(Self, &'a [u8], &'a [u8]), Fault>> {
        let (_serial, kind, _id) = (wire.u64()?, wire.u32()?, wire.string()?);
        let mut listed = Wire(wire.string()?);
        let mut principals = Vec::new();
        while listed.end().is_none() {
            principals.push(listed.text()?.to_owned());
        }
        let (valid_after, valid_before) = (wire.u64()?, wire.u64()?);
        // Critical options restrict logins, and `ssh-keygen -Y verify` looks at none of them.
        let (_critical, _extensions, _reserved) = (wire.string()?, wire.string()?, wire.string()?);
        let authority = wire.string()?;
        let signed = blob.get(..blob.len() - wire.0.len())?;
        let signature = wire.string()?;
        wire.end()?;
        let authority = match PublicKey::parse(authority) {
            Ok(key) if key.certificate.is_none() => key,
            Ok(_) => return None,
            Err(fault) => return Some(Err(fault)),
        };
        Some(Ok((Self { kind, principals, valid_after, valid_before, authority }, signed, signature)))
    }

    /// Why it does not speak for `principal` at an instant; `None` when it does. One without principals speaks for nobody.
    pub(super) fn refuses(&self, principal: &str, at: u64) -> Option<&'static str> {
        if self.kind != OF_A_USER {
            Some("the certificate is not a user's")
        } else if at < self.valid_after {
            Some("the certificate is not valid yet")
        } else if at >= self.valid_before {
            Some("the certificate has expired")
        } else if !self.principals.iter().any(|name| name == principal) {
            Some("the certificate is for somebody else")
        } else {
            None
        }
    }
}
