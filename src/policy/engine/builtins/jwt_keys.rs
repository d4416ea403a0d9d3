//! Public keys that verify tokens: of a PEM text, a JSON web key (RFC 7517) or a set of them.

use jsonwebtoken::{Algorithm, DecodingKey};
use p521::ecdsa::signature::Verifier;
use serde_json::Value as Json;
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use super::jwt::url_decoded;

/// Algorithms that a key may name.
const ALGORITHMS: [&str; 13] = [
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "HS256", "HS384", "HS512", "EdDSA",
];

const RSA: &str = "1.2.840.113549.1.1.1";
const EC: &str = "1.2.840.10045.2.1";
const ED25519: &str = "1.3.101.112";

/// A key, with what a set says about it.
pub(super) struct Key {
    id: Option<String>,
    algorithm: Option<String>,
    material: Material,
}

enum Material {
    /// With its kind of key: `RS`, `ES256`, `ES384` or `EdDSA`.
    Known(&'static str, DecodingKey),
    P521(p521::ecdsa::VerifyingKey),
    /// Verifies nothing here: a shared secret, or a curve that no algorithm uses.
    Other,
}

/// Whether one of the keys made the signature. A key of the token's own id is the only one that is asked, and keys for
/// another algorithm than the token's are left out.
pub(super) fn verified(keys: &[Key], id: &str, named: &str, algorithm: &str, signed: &str, signature: &[u8]) -> bool {
    let holds = |key: &Key| key.material.holds(algorithm, signed, signature);
    if !id.is_empty()
        && let Some(own) = keys.iter().find(|key| key.id.as_deref() == Some(id))
    {
        return holds(own);
    }
    keys.iter().filter(|key| key.algorithm.as_deref().is_none_or(|wanted| wanted == named)).any(holds)
}

impl Material {
    fn holds(&self, algorithm: &str, signed: &str, signature: &[u8]) -> bool {
        match self {
            Self::Known(kind, key) => {
                let fits = algorithm == *kind || *kind == "RS" && algorithm.starts_with(['R', 'P']);
                let signature = data_encoding::BASE64URL_NOPAD.encode(signature);
                let verify = |algorithm: Algorithm| {
                    jsonwebtoken::crypto::verify(&signature, signed.as_bytes(), key, algorithm).unwrap_or(false)
                };
                fits && algorithm.parse().is_ok_and(verify)
            }
            Self::P521(key) => {
                let signature = p521::ecdsa::Signature::from_slice(signature);
                algorithm == "ES512" && signature.is_ok_and(|s| key.verify(signed.as_bytes(), &s).is_ok())
            }
            Self::Other => false,
        }
    }

    /// Of the point of a curve, as SEC 1 writes it.
    fn point(curve: &str, point: &[u8]) -> Result<Self, String> {
        let invalid = |_| "invalid elliptic curve point".to_owned();
        Ok(match curve {
            "P-256" => {
                p256::PublicKey::from_sec1_bytes(point).map_err(invalid)?;
                Self::Known("ES256", DecodingKey::from_ec_der(point))
            }
            "P-384" => {
                p384::PublicKey::from_sec1_bytes(point).map_err(invalid)?;
                Self::Known("ES384", DecodingKey::from_ec_der(point))
            }
            "P-521" => Self::P521(p521::ecdsa::VerifyingKey::from_sec1_bytes(point).map_err(|e| e.to_string())?),
            _ => Self::Other,
        })
    }

    fn of(info: &SubjectPublicKeyInfoOwned) -> Result<Self, String> {
        let bytes = info.subject_public_key.raw_bytes();
        match &*info.algorithm.oid.to_string() {
            RSA => Ok(Self::Known("RS", DecodingKey::from_rsa_der(bytes))),
            ED25519 => Ok(Self::Known("EdDSA", DecodingKey::from_ed_der(bytes))),
            EC => Self::point(curve(info).ok_or("unsupported elliptic curve")?, bytes),
            _ => Ok(Self::Other),
        }
    }
}

/// The curve of a public key.
fn curve(info: &SubjectPublicKeyInfoOwned) -> Option<&'static str> {
    let oid: x509_cert::spki::ObjectIdentifier = info.algorithm.parameters.as_ref()?.decode_as().ok()?;
    match &*oid.to_string() {
        "1.3.132.0.33" => Some("P-224"),
        "1.2.840.10045.3.1.7" => Some("P-256"),
        "1.3.132.0.34" => Some("P-384"),
        "1.3.132.0.35" => Some("P-521"),
        _ => None,
    }
}

/// Every key of a text.
pub(super) fn keys(text: &str) -> Result<Vec<Key>, String> {
    if text.contains("-----BEGIN") {
        return Ok(vec![Key { id: None, algorithm: None, material: of_pem(text)? }]);
    }
    let bad = |why: String| format!("failed to parse a JWK key (set): {why}");
    let json: Json = serde_json::from_str(text).map_err(|e| bad(e.to_string()))?;
    let all = match json.get("keys") {
        Some(Json::Array(all)) => all.clone(),
        _ => vec![json],
    };
    let keys: Vec<Key> = all.iter().map(of_jwk).collect::<Result<_, _>>().map_err(bad)?;
    let known = |key: &Key| key.algorithm.as_deref().is_none_or(|alg| ALGORITHMS.contains(&alg));
    Ok(keys.into_iter().filter(known).collect())
}

fn of_pem(text: &str) -> Result<Material, String> {
    let trailing = text.rsplit_once("-----END").is_some_and(|(_, rest)| !rest.trim_end().ends_with("-----"));
    if trailing || text.matches("-----BEGIN").count() > 1 {
        return Err("extra data after a PEM certificate block".to_owned());
    }
    let block = pem::parse(text).map_err(|e| format!("failed to parse a PEM key: {e}"))?;
    let bad = |e: x509_cert::der::Error| format!("failed to parse a PEM {}: {e}", block.tag().to_lowercase());
    let info = match block.tag() {
        "CERTIFICATE" => Certificate::from_der(block.contents()).map_err(bad)?.tbs_certificate.subject_public_key_info,
        "PUBLIC KEY" => SubjectPublicKeyInfoOwned::from_der(block.contents()).map_err(bad)?,
        _ => return Err("failed to extract a Key from the PEM certificate".to_owned()),
    };
    Material::of(&info)
}

fn of_jwk(key: &Json) -> Result<Key, String> {
    let text = |name: &str| key.get(name).and_then(Json::as_str);
    let bytes = |name: &str| url_decoded(text(name).ok_or_else(|| format!("required field {name} is missing"))?);
    let material = match text("kty").unwrap_or_default() {
        "RSA" => Material::Known("RS", DecodingKey::from_rsa_raw_components(&bytes("n")?, &bytes("e")?)),
        "EC" => {
            let curve = text("crv").unwrap_or_default();
            let size = match curve {
                "P-256" => 32,
                "P-384" => 48,
                _ => 66,
            };
            let padded = |part: Vec<u8>| [vec![0; size - part.len().min(size)], part].concat();
            let point = [vec![4], padded(bytes("x")?), padded(bytes("y")?)].concat();
            Material::point(curve, &point)?
        }
        "OKP" if text("crv") == Some("Ed25519") => Material::Known("EdDSA", DecodingKey::from_ed_der(&bytes("x")?)),
        "OKP" | "oct" => Material::Other,
        other => return Err(format!("invalid key type from JSON ({other})")),
    };
    Ok(Key { id: text("kid").map(str::to_owned), algorithm: text("alg").map(str::to_owned), material })
}

pub(super) fn is_algorithm(name: &str) -> bool {
    ALGORITHMS.contains(&name)
}
