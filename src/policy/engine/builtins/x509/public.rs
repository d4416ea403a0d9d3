//! Public keys, as Go reads them and writes them.

use p256::elliptic_curve::sec1::ToEncodedPoint;
use regorus::Value;
use x509_cert::der::asn1::{BitString, Uint};
use x509_cert::der::{Decode, Tag, Tagged};
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use super::{bytes, fields, number, uncertain};

/// A public key of a kind that Go knows, or none.
#[derive(Clone, PartialEq)]
pub(super) enum PublicKey {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    Dsa([Vec<u8>; 4]),
    Curve(Point),
    Ed25519(ed25519_dalek::VerifyingKey),
    Unknown,
}

/// A point of a curve.
#[derive(Clone, PartialEq)]
pub(super) enum Point {
    P256(p256::PublicKey),
    P384(p384::PublicKey),
    P521(p521::PublicKey),
}

pub(super) const P256: &str = "1.2.840.10045.3.1.7";
pub(super) const P384: &str = "1.3.132.0.34";
pub(super) const P521: &str = "1.3.132.0.35";
/// A curve that Go knows and this engine does not.
pub(super) const P224: &str = "1.3.132.0.33";

impl PublicKey {
    pub(super) fn of(info: &SubjectPublicKeyInfoOwned) -> Result<Self, String> {
        let parameters = info.algorithm.parameters.as_ref();
        let key = info.subject_public_key.raw_bytes();
        if info.subject_public_key.unused_bits() != 0 {
            return Err(uncertain("a public key that does not end with a byte"));
        }
        match &*info.algorithm.oid.to_string() {
            "1.2.840.113549.1.1.1" => {
                if parameters.is_none_or(|parameters| parameters.tag() != Tag::Null) {
                    return Err("x509: RSA key missing NULL parameters".to_owned());
                }
                let key = rsa::pkcs1::RsaPublicKey::from_der(key).map_err(|_| "x509: invalid RSA public key")?;
                let modulus = bounded(key.modulus.as_bytes())?;
                let exponent = bounded(key.public_exponent.as_bytes())?;
                // Go keeps an exponent in an int of its own.
                if exponent.len() > 3 || exponent.iter().all(|byte| *byte == 0) || modulus.iter().all(|byte| *byte == 0)
                {
                    return Err(uncertain("an RSA key with unusual numbers"));
                }
                Ok(Self::Rsa { modulus, exponent })
            }
            "1.2.840.10040.4.1" => {
                let parameters = parameters.and_then(|parameters| parameters.decode_as::<Vec<Uint>>().ok());
                let parts = parameters.zip(Uint::from_der(key).ok());
                let (parameters, y) = parts.ok_or("x509: invalid DSA public key")?;
                let [p, q, g] = &*parameters else { return Err("x509: invalid DSA parameters".to_owned()) };
                let part = |number: &Uint| bounded(number.as_bytes());
                Ok(Self::Dsa([part(p)?, part(q)?, part(g)?, part(&y)?]))
            }
            "1.2.840.10045.2.1" => {
                let curve = parameters.and_then(|parameters| parameters.decode_as().ok());
                let curve: x509_cert::der::asn1::ObjectIdentifier = curve.ok_or("x509: invalid ECDSA parameters")?;
                Point::of(&curve.to_string(), key).map(Self::Curve)
            }
            "1.3.101.112" => {
                if parameters.is_some() {
                    return Err("x509: Ed25519 key encoded with illegal parameters".to_owned());
                }
                let key = <[u8; 32]>::try_from(key).map_err(|_| "x509: wrong Ed25519 public key size")?;
                // Go does not look whether it is a point.
                let key = ed25519_dalek::VerifyingKey::from_bytes(&key);
                key.map(Self::Ed25519).map_err(|_| uncertain("an Ed25519 key that is no point"))
            }
            _ => Ok(Self::Unknown),
        }
    }

    /// Go's `x509.PublicKeyAlgorithm`.
    pub(super) fn algorithm(&self) -> u64 {
        match self {
            Self::Unknown => 0,
            Self::Rsa { .. } => 1,
            Self::Dsa(_) => 2,
            Self::Curve(_) => 3,
            Self::Ed25519(_) => 4,
        }
    }

    pub(super) fn value(&self) -> Value {
        match self {
            Self::Rsa { modulus, exponent } => fields([("N", number(modulus)), ("E", number(exponent))]),
            Self::Dsa(parts) => fields(["P", "Q", "G", "Y"].into_iter().zip(parts.iter().map(|part| number(part)))),
            Self::Curve(point) => fields(point.entries()),
            Self::Ed25519(key) => bytes(key.as_bytes()),
            Self::Unknown => Value::Null,
        }
    }
}

impl Point {
    /// As SEC 1 writes it, uncompressed.
    pub(super) fn of(curve: &str, point: &[u8]) -> Result<Self, String> {
        let invalid = "x509: failed to unmarshal elliptic curve point";
        if point.first() != Some(&4) {
            return Err(invalid.to_owned());
        }
        let read = match curve {
            P256 => p256::PublicKey::from_sec1_bytes(point).map(Self::P256),
            P384 => p384::PublicKey::from_sec1_bytes(point).map(Self::P384),
            P521 => p521::PublicKey::from_sec1_bytes(point).map(Self::P521),
            P224 => return Err(uncertain("a key on the curve P-224")),
            _ => return Err("x509: unsupported elliptic curve".to_owned()),
        };
        read.map_err(|_| invalid.to_owned())
    }

    /// Both coordinates, of the curve's length.
    pub(super) fn coordinates(&self) -> [Vec<u8>; 2] {
        let whole = match self {
            Self::P256(key) => key.to_encoded_point(false).as_bytes().to_vec(),
            Self::P384(key) => key.to_encoded_point(false).as_bytes().to_vec(),
            Self::P521(key) => key.to_encoded_point(false).as_bytes().to_vec(),
        };
        let both = whole.get(1..).unwrap_or_default();
        let (x, y) = both.split_at_checked(both.len() / 2).unwrap_or_default();
        [x.to_vec(), y.to_vec()]
    }

    pub(super) fn entries(&self) -> Vec<(&'static str, Value)> {
        let [x, y] = self.coordinates();
        vec![("Curve", fields([])), ("X", number(&x)), ("Y", number(&y))]
    }

    /// As a JSON web key names it.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::P256(_) => "P-256",
            Self::P384(_) => "P-384",
            Self::P521(_) => "P-521",
        }
    }
}

/// A bit string that is a number of whole bytes, as Go aligns it.
pub(super) fn whole_bytes(bits: &BitString) -> Result<Vec<u8>, String> {
    bits.as_bytes().map(<[u8]>::to_vec).ok_or_else(|| uncertain("a signature that does not end with a byte"))
}

/// Most bytes of one number of a key: what a larger one costs is not bounded by the time limit.
const MOST_BYTES: usize = 2048;

/// A number of a key, unless it is far larger than any that is used.
pub(super) fn bounded(number: &[u8]) -> Result<Vec<u8>, String> {
    match number.len() {
        0..=MOST_BYTES => Ok(number.to_vec()),
        _ => Err(uncertain("a number of a key with more than 16,384 bits")),
    }
}
