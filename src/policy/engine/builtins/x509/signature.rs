//! Signatures of certificates, and whether a key made them.

use p256::ecdsa::signature::hazmat::PrehashVerifier;
use rsa::{BigUint, Pkcs1v15Sign, Pss, RsaPublicKey};
use sha2::Digest;
use x509_cert::der::asn1::BitString;
use x509_cert::der::{Encode, Tag, Tagged};
use x509_cert::spki::AlgorithmIdentifierOwned;

use super::public::{Point, PublicKey, whole_bytes};
use super::uncertain;

/// A signature, with Go's number of its algorithm (`x509.SignatureAlgorithm`).
pub(super) struct Signature {
    pub(super) algorithm: u64,
    pub(super) bytes: Vec<u8>,
}

/// The largest RSA key that is asked, in bits.
const MOST_BITS: usize = 8192;

impl Signature {
    pub(super) fn of(algorithm: &AlgorithmIdentifierOwned, bits: &BitString) -> Result<Self, String> {
        Ok(Self { algorithm: number(algorithm)?, bytes: whole_bytes(bits)? })
    }

    /// Whether this key made the signature of these bytes. Go takes no MD5 and no SHA-1.
    pub(super) fn is_by(&self, key: &PublicKey, signed: &[u8]) -> Result<bool, String> {
        let hashed = match self.algorithm {
            4 | 8 | 10 | 13 => sha2::Sha256::digest(signed).to_vec(),
            5 | 11 | 14 => sha2::Sha384::digest(signed).to_vec(),
            6 | 12 | 15 => sha2::Sha512::digest(signed).to_vec(),
            16 => Vec::new(),
            _ => return Ok(false),
        };
        Ok(match (key, self.algorithm) {
            (PublicKey::Rsa { modulus, exponent }, 4..=6 | 13..=15) => {
                let (n, e) = (BigUint::from_bytes_be(modulus), BigUint::from_bytes_be(exponent));
                if n.bits() < 1024 {
                    return Ok(false);
                }
                let key = RsaPublicKey::new_with_max_size(n, e, MOST_BITS);
                let key = key.map_err(|fault| uncertain(&format!("an RSA key ({fault})")))?;
                match self.algorithm {
                    4 => key.verify(prefixed(SHA256, 32), &hashed, &self.bytes),
                    5 => key.verify(prefixed(SHA384, 48), &hashed, &self.bytes),
                    6 => key.verify(prefixed(SHA512, 64), &hashed, &self.bytes),
                    13 => key.verify(Pss::new::<rsa::sha2::Sha256>(), &hashed, &self.bytes),
                    14 => key.verify(Pss::new::<rsa::sha2::Sha384>(), &hashed, &self.bytes),
                    _ => key.verify(Pss::new::<rsa::sha2::Sha512>(), &hashed, &self.bytes),
                }
                .is_ok()
            }
            (PublicKey::Curve(point), 10..=12) => by_curve(point, &hashed, &self.bytes),
            (PublicKey::Ed25519(key), 16) => {
                let signature = ed25519_dalek::Signature::from_slice(&self.bytes);
                signature.is_ok_and(|signature| ed25519_dalek::Verifier::verify(key, signed, &signature).is_ok())
            }
            _ => false,
        })
    }
}

fn by_curve(point: &Point, hashed: &[u8], signature: &[u8]) -> bool {
    match point {
        Point::P256(key) => p256::ecdsa::Signature::from_der(signature)
            .is_ok_and(|s| p256::ecdsa::VerifyingKey::from(key).verify_prehash(hashed, &s).is_ok()),
        Point::P384(key) => p384::ecdsa::Signature::from_der(signature)
            .is_ok_and(|s| p384::ecdsa::VerifyingKey::from(key).verify_prehash(hashed, &s).is_ok()),
        Point::P521(key) => {
            let verifying = p521::ecdsa::VerifyingKey::from_affine(*key.as_affine());
            p521::ecdsa::Signature::from_der(signature)
                .is_ok_and(|s| verifying.is_ok_and(|v| v.verify_prehash(hashed, &s).is_ok()))
        }
    }
}

/// The prefixes of RFC 8017 section 9.2, without the length of the hash.
const SHA256: u8 = 1;
const SHA384: u8 = 2;
const SHA512: u8 = 3;

fn prefixed(hash: u8, length: u8) -> Pkcs1v15Sign {
    let oid = [0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, hash, 0x05, 0x00, 0x04, length];
    let prefix = [&[0x30, 0x11 + length][..], &oid].concat();
    Pkcs1v15Sign { hash_len: Some(usize::from(length)), prefix: prefix.into() }
}

/// Go's number; 0 where it knows none.
fn number(algorithm: &AlgorithmIdentifierOwned) -> Result<u64, String> {
    Ok(match &*algorithm.oid.to_string() {
        "1.2.840.113549.1.1.4" => 2,
        "1.2.840.113549.1.1.5" | "1.3.14.3.2.29" => 3,
        "1.2.840.113549.1.1.11" => 4,
        "1.2.840.113549.1.1.12" => 5,
        "1.2.840.113549.1.1.13" => 6,
        "1.2.840.10040.4.3" => 7,
        "2.16.840.1.101.3.4.3.2" => 8,
        "1.2.840.10045.4.1" => 9,
        "1.2.840.10045.4.3.2" => 10,
        "1.2.840.10045.4.3.3" => 11,
        "1.2.840.10045.4.3.4" => 12,
        "1.2.840.113549.1.1.10" => {
            let parameters = algorithm.parameters.as_ref().filter(|parameters| parameters.tag() == Tag::Sequence);
            let parameters = parameters.and_then(|parameters| parameters.to_der().ok());
            let known = [(SHA256, 32), (SHA384, 48), (SHA512, 64)].map(|(hash, length)| pss(hash, length));
            let place = parameters.and_then(|given| known.iter().position(|known| *known == given));
            place.map_or(0, |place| 13 + place as u64)
        }
        "1.3.101.112" if algorithm.parameters.is_none() => 16,
        // Newer programs of Go know more algorithms.
        other if other.starts_with("2.16.840.1.101.3.4.3.") => {
            return Err(uncertain(&format!("the signature algorithm {other}")));
        }
        _ => 0,
    })
}

/// The only parameters (RFC 4055 section 3.1) that Go knows: one hash for both, a salt of its length.
fn pss(hash: u8, length: u8) -> Vec<u8> {
    let hash = [0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, hash, 0x05, 0x00];
    let mask = [0x30, 0x1a, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08];
    [&[0x30, 0x34, 0xa0, 0x0f], &hash[..], &[0xa1, 0x1c], &mask, &hash, &[0xa2, 0x03, 0x02, 0x01, length]].concat()
}
