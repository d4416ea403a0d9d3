//! What shows that a file was written by somebody who holds the key.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// Length of the seal, in bytes.
pub(super) const LENGTH: usize = 32;

/// A key that files are sealed with (HMAC-SHA256).
#[derive(Clone, PartialEq, Eq)]
pub struct Key([u8; 32]);

impl Key {
    /// The key of a secret text or of random bytes.
    pub fn of(secret: &[u8]) -> Self {
        Self(Sha256::new().chain_update(b"changegate cache key\n").chain_update(secret).finalize().into())
    }

    /// A key that everybody knows: it finds damage, and nothing else.
    pub fn open() -> Self {
        Self([0; 32])
    }

    pub(super) fn seal(&self, bytes: &[u8]) -> [u8; LENGTH] {
        self.mac(bytes).map_or([0; LENGTH], |mac| mac.finalize().into_bytes().into())
    }

    /// Whether a seal is that of these bytes; compared in constant time.
    pub(super) fn fits(&self, bytes: &[u8], seal: &[u8]) -> bool {
        self.mac(bytes).is_some_and(|mac| mac.verify_slice(seal).is_ok())
    }

    fn mac(&self, bytes: &[u8]) -> Option<Hmac<Sha256>> {
        // A key of any length is accepted.
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        mac.update(bytes);
        Some(mac)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}
