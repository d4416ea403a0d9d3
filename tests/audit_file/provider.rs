//! Keys that providers of tokens sign with.

use data_encoding::{BASE64, BASE64URL_NOPAD};
use ed25519_dalek::Signer;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

pub(crate) enum Key {
    Ed25519(ed25519_dalek::SigningKey),
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
    /// PKCS #1, the algorithm, the modulus.
    Rsa(Vec<u8>, Algorithm, String),
    /// What no third party can check.
    Shared(Vec<u8>),
}

impl Key {
    pub(crate) fn rsa(algorithm: Algorithm) -> Self {
        let kept: Value =
            serde_json::from_str(include_str!("../data/audit/token-rsa-key.json")).expect("a key for tests");
        let text = |name: &str| kept[name].as_str().expect("text").to_owned();
        Self::Rsa(BASE64.decode(text("pkcs1").as_bytes()).expect("base 64"), algorithm, text("n"))
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        match self {
            Self::Ed25519(_) => Algorithm::EdDSA,
            Self::P256(_) => Algorithm::ES256,
            Self::P384(_) => Algorithm::ES384,
            Self::Rsa(_, algorithm, _) => *algorithm,
            Self::Shared(_) => Algorithm::HS256,
        }
    }

    /// As the provider's key set has it.
    pub(crate) fn jwk(&self) -> Value {
        let base64 = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
        let point = |curve: &str, point: &[u8]| {
            let (x, y) = point[1..].split_at(point.len() / 2);
            json!({"kty": "EC", "crv": curve, "x": base64(x), "y": base64(y)})
        };
        let mut jwk = match self {
            Self::Ed25519(key) => json!({"kty": "OKP", "crv": "Ed25519", "x": base64(key.verifying_key().as_bytes())}),
            Self::P256(key) => point("P-256", key.verifying_key().to_encoded_point(false).as_bytes()),
            Self::P384(key) => point("P-384", key.verifying_key().to_encoded_point(false).as_bytes()),
            Self::Rsa(_, _, modulus) => json!({"kty": "RSA", "n": modulus, "e": "AQAB"}),
            Self::Shared(secret) => json!({"kty": "oct", "k": base64(secret)}),
        };
        jwk["kid"] = "k1".into();
        jwk["use"] = "sig".into();
        jwk
    }

    /// A token with these claims.
    pub(crate) fn token(&self, claims: &Value) -> String {
        let header = Header { kid: Some("k1".into()), ..Header::new(self.algorithm()) };
        let with = |key: &EncodingKey| jsonwebtoken::encode(&header, claims, key).expect("signed");
        let encode = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let signed = format!("{}.{}", encode(&serde_json::to_value(&header).expect("JSON")), encode(claims));
        let signature = match self {
            Self::Ed25519(key) => key.sign(signed.as_bytes()).to_bytes().to_vec(),
            Self::P256(key) => {
                let signature: p256::ecdsa::Signature = p256::ecdsa::signature::Signer::sign(key, signed.as_bytes());
                signature.to_bytes().to_vec()
            }
            Self::P384(key) => {
                let signature: p384::ecdsa::Signature = p384::ecdsa::signature::Signer::sign(key, signed.as_bytes());
                signature.to_bytes().to_vec()
            }
            Self::Rsa(der, ..) => return with(&EncodingKey::from_rsa_der(der)),
            Self::Shared(secret) => return with(&EncodingKey::from_secret(secret)),
        };
        format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature))
    }
}
