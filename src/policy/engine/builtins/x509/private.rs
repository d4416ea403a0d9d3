//! Private keys, as Go writes them and as JSON web keys (RFC 7517).

use data_encoding::BASE64URL_NOPAD;
use regorus::Value;
use rsa::pkcs1::RsaPrivateKey as Pkcs1;
use rsa::pkcs8::PrivateKeyInfo;
use rsa::traits::PrivateKeyParts;
use rsa::{BigUint, RsaPrivateKey};
use sec1::EcPrivateKey;
use x509_cert::der::Decode;
use x509_cert::der::asn1::{ObjectIdentifier, OctetStringRef};

use super::armour::Blocks;
use super::certificate::Certificate;
use super::public::{P224, P256, P384, P521, Point, PublicKey, bounded};
use super::{CERTIFICATE, array, base64, bytes, fields, list, number, string, uncertain};

/// A private key of a kind that Go knows.
pub(super) enum Key {
    Rsa(Rsa),
    /// The secret number has the curve's length.
    Curve {
        point: Point,
        secret: Vec<u8>,
    },
    Ed25519(Box<ed25519_dalek::SigningKey>),
}

/// The numbers of an RSA key (RFC 8017 section A.1.2), big-endian.
pub(super) struct Rsa {
    modulus: Vec<u8>,
    exponent: Vec<u8>,
    secret: Vec<u8>,
    primes: [Vec<u8>; 2],
    /// `d mod (p - 1)`, `d mod (q - 1)` and the inverse of `q` mod `p`.
    precomputed: [Vec<u8>; 3],
}

/// Every private key of a text: PEM, or base64 of PEM.
pub(super) fn keys(text: &str) -> Result<Vec<Key>, String> {
    let decoded = base64(text).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let mut keys = Vec::new();
    for block in Blocks::of(decoded.as_deref().unwrap_or(text)) {
        keys.push(match &*block.label {
            "RSA PRIVATE KEY" => Key::pkcs1(&block.bytes)?,
            "PRIVATE KEY" => Key::pkcs8(&block.bytes)?,
            "EC PRIVATE KEY" => Key::sec1(&block.bytes, None)?,
            _ => continue,
        });
    }
    Ok(keys)
}

/// Go's `tls.Certificate` of certificates and the key of the first of them: PEM, or DER.
pub(super) fn pair(certificates: &[u8], key: &[u8]) -> Result<Value, String> {
    let armoured = |bytes: &[u8]| bytes.starts_with(b"-----BEGIN");
    let certificates = if armoured(certificates) {
        let text = String::from_utf8_lossy(certificates);
        Blocks::of(&text).filter(|block| block.label == CERTIFICATE).map(|block| block.bytes).collect()
    } else {
        vec![certificates.to_vec()]
    };
    let first = certificates.first().ok_or("tls: failed to find any PEM data in certificate input")?;
    let key = if armoured(key) {
        let text = String::from_utf8_lossy(key);
        let is_key = |label: &str| label == "PRIVATE KEY" || label.ends_with(" PRIVATE KEY");
        let block = Blocks::of(&text).find(|block| is_key(&block.label));
        block.ok_or("tls: failed to find any PEM data in key input")?.bytes
    } else {
        key.to_vec()
    };
    let mut read = Certificate::all(first)?;
    let leaf = read.pop().filter(|_| read.is_empty()).ok_or("x509: trailing data")?;
    let key = Key::read(&key)?;
    if key.public() != leaf.key {
        return Err("tls: private key does not match public key".to_owned());
    }
    Ok(fields([
        ("Certificate", array(certificates.iter().map(|one| bytes(one)))),
        ("PrivateKey", key.value()),
        ("SupportedSignatureAlgorithms", Value::Null),
        ("OCSPStaple", Value::Null),
        ("SignedCertificateTimestamps", Value::Null),
        ("Leaf", leaf.value()),
    ]))
}

impl Key {
    /// In whichever form.
    fn read(der: &[u8]) -> Result<Self, String> {
        if Pkcs1::from_der(der).is_ok() {
            Self::pkcs1(der)
        } else if PrivateKeyInfo::from_der(der).is_ok() {
            Self::pkcs8(der)
        } else {
            Self::sec1(der, None)
        }
    }

    fn pkcs1(der: &[u8]) -> Result<Self, String> {
        let unusual = |_| uncertain("an RSA private key that is not as RFC 8017 asks");
        let key = Pkcs1::from_der(der).map_err(unusual)?;
        if key.other_prime_infos.is_some() || key.public_exponent.as_bytes().len() > 3 {
            return Err(uncertain("an RSA private key with several primes, or an unusual exponent"));
        }
        let parts = [key.modulus, key.public_exponent, key.private_exponent, key.prime1, key.prime2];
        for part in &parts {
            bounded(part.as_bytes())?;
        }
        let [n, e, d, p, q] = parts.map(|part| BigUint::from_bytes_be(part.as_bytes()));
        let checked = RsaPrivateKey::from_components(n, e, d, vec![p, q]);
        let checked = checked.and_then(|key| key.validate().map(|()| key));
        let checked = checked.map_err(|fault| uncertain(&format!("an RSA private key ({fault})")))?;
        let given = [key.exponent1, key.exponent2, key.coefficient].map(|part| part.as_bytes().to_vec());
        let computed = [
            checked.dp().map(BigUint::to_bytes_be),
            checked.dq().map(BigUint::to_bytes_be),
            checked.crt_coefficient().map(|qinv| qinv.to_bytes_be()),
        ];
        if computed.iter().zip(&given).any(|(computed, given)| computed.as_ref() != Some(given)) {
            return Err(uncertain("an RSA private key with numbers that do not fit"));
        }
        let plain = |part: rsa::pkcs1::UintRef<'_>| part.as_bytes().to_vec();
        Ok(Self::Rsa(Rsa {
            modulus: plain(key.modulus),
            exponent: plain(key.public_exponent),
            secret: plain(key.private_exponent),
            primes: [plain(key.prime1), plain(key.prime2)],
            precomputed: given,
        }))
    }

    fn pkcs8(der: &[u8]) -> Result<Self, String> {
        let info = PrivateKeyInfo::from_der(der).map_err(|_| "x509: failed to parse private key")?;
        match &*info.algorithm.oid.to_string() {
            "1.2.840.113549.1.1.1" => Self::pkcs1(info.private_key),
            "1.2.840.10045.2.1" => {
                let curve = info.algorithm.parameters_oid().map_err(|_| "x509: unknown elliptic curve")?;
                Self::sec1(info.private_key, Some(curve))
            }
            "1.3.101.112" => {
                let seed =
                    OctetStringRef::from_der(info.private_key).map_err(|_| "x509: invalid Ed25519 private key")?;
                let seed =
                    <[u8; 32]>::try_from(seed.as_bytes()).map_err(|_| "x509: invalid Ed25519 private key length")?;
                Ok(Self::Ed25519(Box::new(ed25519_dalek::SigningKey::from_bytes(&seed))))
            }
            "1.3.101.110" => Err(uncertain("an X25519 key")),
            other => Err(format!("x509: PKCS#8 wrapping contained private key with unknown algorithm: {other}")),
        }
    }

    /// The curve stands in the key, or around it.
    fn sec1(der: &[u8], curve: Option<ObjectIdentifier>) -> Result<Self, String> {
        let key = EcPrivateKey::from_der(der).map_err(|_| "x509: failed to parse EC private key")?;
        let named = key.parameters.and_then(|parameters| parameters.named_curve());
        let curve = curve.or(named).ok_or("x509: unknown elliptic curve")?.to_string();
        let unfit = |_| "x509: invalid elliptic curve private key value".to_owned();
        let point = match &*curve {
            P256 => Point::P256(p256::SecretKey::from_slice(key.private_key).map_err(unfit)?.public_key()),
            P384 => Point::P384(p384::SecretKey::from_slice(key.private_key).map_err(unfit)?.public_key()),
            P521 => Point::P521(p521::SecretKey::from_slice(key.private_key).map_err(unfit)?.public_key()),
            P224 => return Err(uncertain("a key on the curve P-224")),
            _ => return Err("x509: unknown elliptic curve".to_owned()),
        };
        Ok(Self::Curve { point, secret: key.private_key.to_vec() })
    }

    fn public(&self) -> PublicKey {
        match self {
            Self::Rsa(key) => PublicKey::Rsa { modulus: key.modulus.clone(), exponent: key.exponent.clone() },
            Self::Curve { point, .. } => PublicKey::Curve(point.clone()),
            Self::Ed25519(key) => PublicKey::Ed25519(key.verifying_key()),
        }
    }

    /// As Go writes it.
    pub(super) fn value(&self) -> Value {
        match self {
            Self::Rsa(key) => {
                let [dp, dq, qinv] = &key.precomputed;
                let precomputed =
                    fields([("Dp", number(dp)), ("Dq", number(dq)), ("Qinv", number(qinv)), ("CRTValues", array([]))]);
                fields([
                    ("N", number(&key.modulus)),
                    ("E", number(&key.exponent)),
                    ("D", number(&key.secret)),
                    ("Primes", list(key.primes.iter().map(|prime| number(prime)))),
                    ("Precomputed", precomputed),
                ])
            }
            Self::Curve { point, secret } => fields(point.entries().into_iter().chain([("D", number(secret))])),
            Self::Ed25519(key) => bytes(&key.to_keypair_bytes()),
        }
    }

    /// As a JSON web key.
    pub(super) fn jwk(&self) -> Value {
        let part = |bytes: &[u8]| string(BASE64URL_NOPAD.encode(bytes));
        match self {
            Self::Rsa(key) => {
                let ([p, q], [dp, dq, qi]) = (&key.primes, &key.precomputed);
                let parts = [&key.modulus, &key.exponent, &key.secret, p, q, dp, dq, qi];
                let named = ["n", "e", "d", "p", "q", "dp", "dq", "qi"].into_iter();
                fields(named.zip(parts.map(|bytes| part(bytes))).chain([("kty", string("RSA"))]))
            }
            Self::Curve { point, secret } => {
                let [x, y] = point.coordinates();
                let curve = string(point.name());
                fields([("crv", curve), ("d", part(secret)), ("kty", string("EC")), ("x", part(&x)), ("y", part(&y))])
            }
            Self::Ed25519(key) => fields([
                ("crv", string("Ed25519")),
                ("d", part(key.as_bytes())),
                ("kty", string("OKP")),
                ("x", part(key.verifying_key().as_bytes())),
            ]),
        }
    }
}
