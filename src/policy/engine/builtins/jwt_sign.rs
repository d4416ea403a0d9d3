//! Signed tokens. Only signatures that come out the same each time: a policy has one answer.

use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::{Signer, SigningKey};
use jsonwebtoken::{Algorithm, EncodingKey};
use regorus::Value;
use rsa::pkcs1::EncodeRsaPrivateKey;
use rsa::{BigUint, RsaPrivateKey};
use serde_json::Value as Json;

use super::encoding::json_text;
use super::jwt::{by_shared_secret, url_decoded};
use super::jwt_keys::is_algorithm;
use super::{Entry, LIMIT, at, string, text, wrong};

pub(super) const TABLE: &[Entry] =
    &[("io.jwt.encode_sign", 3, encode_sign), ("io.jwt.encode_sign_raw", 3, encode_sign_raw)];

/// The keys of header and claims are written in order.
fn encode_sign(args: &[Value]) -> Result<Value, String> {
    for position in 1..=3 {
        if !matches!(at(args, position), Value::Object(_)) {
            return Err(wrong(position, "object", at(args, position)));
        }
    }
    let part = |position| json_text(at(args, position));
    encoded(&part(1), &part(2), &part(3))
}

fn encode_sign_raw(args: &[Value]) -> Result<Value, String> {
    encoded(text(args, 1)?, text(args, 2)?, text(args, 3)?)
}

fn encoded(header: &str, payload: &str, key: &str) -> Result<Value, String> {
    let key = first_key(key)?;
    let fields: Json = serde_json::from_str(header).map_err(|e| format!("missing or invalid 'alg' header: {e}"))?;
    let algorithm = fields.get("alg").and_then(Json::as_str).ok_or("missing or invalid 'alg' header")?;
    if !is_algorithm(algorithm) {
        return Err(format!("unknown JWS algorithm: {algorithm}"));
    }
    let is_token = fields.get("typ").and_then(Json::as_str).is_none_or(|kind| kind == "JWT");
    if is_token && serde_json::from_str::<serde::de::IgnoredAny>(payload).is_err() {
        return Err("type is JWT but payload is not JSON".to_owned());
    }
    let part = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
    let signed = format!("{}.{}", part(header), part(payload));
    let signature = key.sign(algorithm, &signed)?;
    Ok(string(format!("{signed}.{signature}")))
}

/// A key that signs.
enum Key {
    Secret(Vec<u8>),
    Rsa(Box<RsaPrivateKey>),
    Ed25519(Box<SigningKey>),
    Curve,
    Public,
}

fn first_key(text: &str) -> Result<Key, String> {
    let json: Json = serde_json::from_str(text).map_err(|e| format!("failed to parse the key: {e}"))?;
    match json.get("keys").and_then(Json::as_array) {
        Some(all) => Key::read(all.first().ok_or("no keys found in JWK set")?),
        None => Key::read(&json),
    }
}

impl Key {
    fn read(json: &Json) -> Result<Self, String> {
        let text = |name: &str| json.get(name).and_then(Json::as_str);
        let bytes = |name: &str| {
            let text = text(name)
                .filter(|text| !text.is_empty())
                .ok_or_else(|| format!("required field {name} is missing"))?;
            if text.contains(['=', '+', '/']) {
                return Err(format!("{LIMIT}write the parts of a key as base64url without padding"));
            }
            url_decoded(text)
        };
        let private = json.get("d").is_some();
        match text("kty").unwrap_or_default() {
            "oct" => Ok(Self::Secret(bytes("k")?)),
            "RSA" if private => {
                let number = |name: &str| Ok::<_, String>(BigUint::from_bytes_be(&bytes(name)?));
                let primes = match json.get("p") {
                    Some(_) => vec![number("p")?, number("q")?],
                    None => Vec::new(),
                };
                let key = RsaPrivateKey::from_components(number("n")?, number("e")?, number("d")?, primes);
                Ok(Self::Rsa(Box::new(key.map_err(|e| format!("{LIMIT}a private key that does not fit: {e}"))?)))
            }
            "OKP" if private && text("crv") == Some("Ed25519") => {
                let seed = <[u8; 32]>::try_from(bytes("d")?).map_err(|_| "ed25519: wrong private key size")?;
                let key = SigningKey::from_bytes(&seed);
                if bytes("x")? != key.verifying_key().to_bytes() {
                    return Err(format!("{LIMIT}`x` is not the public key of `d`"));
                }
                Ok(Self::Ed25519(Box::new(key)))
            }
            "EC" if private => Ok(Self::Curve),
            "RSA" | "OKP" | "EC" => Ok(Self::Public),
            other => Err(format!("invalid key type from JSON ({other})")),
        }
    }

    /// The signature, as base64url.
    fn sign(&self, algorithm: &str, signed: &str) -> Result<String, String> {
        let bytes = signed.as_bytes();
        match (self, algorithm.get(..2).unwrap_or_default()) {
            (Self::Secret(secret), "HS") => {
                let signature = by_shared_secret(algorithm, secret, signed).ok_or("unknown JWS algorithm")?;
                Ok(BASE64URL_NOPAD.encode(&signature))
            }
            (Self::Rsa(key), "RS") => {
                let algorithm: Algorithm = algorithm.parse().map_err(|_| "unknown JWS algorithm")?;
                let der = key.to_pkcs1_der().map_err(|e| e.to_string())?;
                let key = EncodingKey::from_rsa_der(der.as_bytes());
                jsonwebtoken::crypto::sign(bytes, &key, algorithm).map_err(|e| e.to_string())
            }
            (Self::Ed25519(key), "Ed") => Ok(BASE64URL_NOPAD.encode(&key.sign(bytes).to_bytes())),
            (Self::Rsa(_), "PS") | (Self::Curve, "ES") => {
                Err(format!("{LIMIT}a signature with {algorithm} is another one each time"))
            }
            _ => Err(format!("invalid key type for {algorithm}")),
        }
    }
}
