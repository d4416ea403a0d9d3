//! JSON web tokens: decoding, and verification against a secret or a public key (PEM or JWK).

use std::sync::LazyLock;

use data_encoding::{BASE64URL_NOPAD, Encoding, HEXLOWER};
use jsonwebtoken::{Algorithm, DecodingKey, jwk};
use regorus::Value;

use super::super::decimal::{Decimal, Rounding};
use super::crypto::mac;
use super::{Entry, LIMIT, array, at, object, string, text, wrong};

pub(super) const TABLE: &[Entry] = &[
    ("io.jwt.decode", 1, decode),
    ("io.jwt.encode_sign", 3, encode_sign),
    ("io.jwt.decode_verify", 2, decode_verify),
    ("io.jwt.verify_hs256", 2, |args| by_secret(args, "HS256")),
    ("io.jwt.verify_hs384", 2, |args| by_secret(args, "HS384")),
    ("io.jwt.verify_hs512", 2, |args| by_secret(args, "HS512")),
    ("io.jwt.verify_rs256", 2, |args| by_key(args, Algorithm::RS256)),
    ("io.jwt.verify_rs384", 2, |args| by_key(args, Algorithm::RS384)),
    ("io.jwt.verify_rs512", 2, |args| by_key(args, Algorithm::RS512)),
    ("io.jwt.verify_ps256", 2, |args| by_key(args, Algorithm::PS256)),
    ("io.jwt.verify_ps384", 2, |args| by_key(args, Algorithm::PS384)),
    ("io.jwt.verify_ps512", 2, |args| by_key(args, Algorithm::PS512)),
    ("io.jwt.verify_es256", 2, |args| by_key(args, Algorithm::ES256)),
    ("io.jwt.verify_es384", 2, |args| by_key(args, Algorithm::ES384)),
    ("io.jwt.verify_eddsa", 2, |args| by_key(args, Algorithm::EdDSA)),
];

/// A token's parts.
struct Token<'a> {
    header: Value,
    payload: &'a str,
    signature: Vec<u8>,
    /// Header and payload as they were signed.
    signed: &'a str,
}

impl<'a> Token<'a> {
    fn read(text: &'a str) -> Result<Self, String> {
        let parts: Vec<&str> = text.split('.').collect();
        let [header, payload, signature] = parts.as_slice() else {
            return Err(match parts.len() {
                1 => "encoded JWT had no period separators".to_owned(),
                n => format!("encoded JWT must have 3 sections, found {n}"),
            });
        };
        let header = url_decoded(header).map_err(|e| format!("JWT header had invalid encoding: {e}"))?;
        let header = json(&header).map_err(|e| format!("bad JWT header: {e}"))?;
        if field(&header, "cty").is_some_and(|cty| cty.eq_ignore_ascii_case("JWT")) {
            return Err(format!("{LIMIT}tokens inside of tokens are not supported"));
        }
        if field(&header, "enc").is_some() {
            return Err("JWT is a JWE object, which is not supported".to_owned());
        }
        let signature = url_decoded(signature).map_err(|e| format!("JWT signature had invalid encoding: {e}"))?;
        let signed = text.rsplit_once('.').map_or("", |(signed, _)| signed);
        Ok(Self { header, payload, signature, signed })
    }

    fn claims(&self) -> Result<Value, String> {
        json(&url_decoded(self.payload).map_err(|e| format!("JWT payload had invalid encoding: {e}"))?)
    }

    fn algorithm(&self) -> Option<String> {
        field(&self.header, "alg")
    }
}

/// Go does not look at the bits behind the last whole byte.
static LAX: LazyLock<Encoding> = LazyLock::new(|| {
    let mut lax = BASE64URL_NOPAD.specification();
    lax.check_trailing_bits = false;
    lax.encoding().unwrap_or(BASE64URL_NOPAD)
});

fn url_decoded(text: &str) -> Result<Vec<u8>, String> {
    let plain = text.trim_end_matches('=').as_bytes();
    LAX.decode(plain).map_err(|_| format!("illegal base64url string: {text}"))
}

fn json(bytes: &[u8]) -> Result<Value, String> {
    let text = std::str::from_utf8(bytes).map_err(|e| e.to_string())?;
    match Value::from_json_str(text).map_err(|_| "invalid JSON".to_owned())? {
        value @ Value::Object(_) => Ok(value),
        _ => Err("decoded JSON type was not an Object".to_owned()),
    }
}

fn field(value: &Value, name: &str) -> Option<String> {
    match value.as_object().ok()?.get(&string(name))? {
        Value::String(text) => Some(text.to_string()),
        _ => None,
    }
}

fn decode(args: &[Value]) -> Result<Value, String> {
    let token = Token::read(text(args, 1)?)?;
    Ok(array([token.header.clone(), token.claims()?, string(HEXLOWER.encode(&token.signature))]))
}

fn by_secret(args: &[Value], algorithm: &str) -> Result<Value, String> {
    let (token, secret) = (Token::parts(text(args, 1)?)?, text(args, 2)?);
    Ok(Value::Bool(signature(algorithm, secret.as_bytes(), token.0) == Some(token.1)))
}

impl Token<'_> {
    /// What was signed, and the signature: all that verification reads.
    fn parts(text: &str) -> Result<(&str, Vec<u8>), String> {
        let parts = text.split('.').count();
        let (signed, signature) = text.rsplit_once('.').ok_or("encoded JWT had no period separators")?;
        if parts != 3 {
            return Err(format!("encoded JWT must have 3 sections, found {parts}"));
        }
        Ok((signed, url_decoded(signature)?))
    }
}

fn signature(algorithm: &str, secret: &[u8], signed: &str) -> Option<Vec<u8>> {
    match algorithm {
        "HS256" => Some(mac::<sha2::Sha256>(secret, signed.as_bytes(), 64)),
        "HS384" => Some(mac::<sha2::Sha384>(secret, signed.as_bytes(), 128)),
        "HS512" => Some(mac::<sha2::Sha512>(secret, signed.as_bytes(), 128)),
        _ => None,
    }
}

fn by_key(args: &[Value], algorithm: Algorithm) -> Result<Value, String> {
    let (signed, signature) = Token::parts(text(args, 1)?)?;
    let keys = keys(text(args, 2)?, algorithm)?;
    Ok(Value::Bool(keys.iter().any(|key| holds(key, signed, &signature, algorithm))))
}

fn holds(key: &DecodingKey, signed: &str, signature: &[u8], algorithm: Algorithm) -> bool {
    let signature = BASE64URL_NOPAD.encode(signature);
    jsonwebtoken::crypto::verify(&signature, signed.as_bytes(), key, algorithm).unwrap_or(false)
}

/// Keys of a PEM text, a JWK or a JWK set.
fn keys(text: &str, algorithm: Algorithm) -> Result<Vec<DecodingKey>, String> {
    if text.trim_start().starts_with("-----BEGIN") {
        let pem = text.as_bytes();
        if text.rsplit_once("-----END").is_some_and(|(_, rest)| !rest.trim_end().ends_with("-----")) {
            return Err("extra data after a PEM certificate block".to_owned());
        }
        let key = match algorithm {
            Algorithm::ES256 | Algorithm::ES384 => DecodingKey::from_ec_pem(pem),
            Algorithm::EdDSA => DecodingKey::from_ed_pem(pem),
            _ => DecodingKey::from_rsa_pem(pem),
        };
        let other = DecodingKey::from_rsa_pem(pem).or_else(|_| DecodingKey::from_ec_pem(pem));
        return match (key, other.or_else(|_| DecodingKey::from_ed_pem(pem))) {
            (Ok(key), _) => Ok(vec![key]),
            // A key of another kind verifies nothing.
            (Err(_), Ok(_)) => Ok(Vec::new()),
            (Err(_), Err(_)) => Err("failed to parse a PEM key".to_owned()),
        };
    }
    let bad = |_| "failed to parse a JWK key (set)".to_owned();
    let all = match serde_json::from_str::<jwk::JwkSet>(text) {
        Ok(set) => set.keys,
        Err(_) => {
            let key: serde_json::Value = serde_json::from_str(text).map_err(bad)?;
            let known = |kind: &serde_json::Value| ["EC", "OKP", "RSA", "oct"].iter().any(|known| kind == known);
            if !key.get("kty").is_some_and(known) {
                return Err("failed to parse a JWK key (set)".to_owned());
            }
            vec![serde_json::from_value::<jwk::Jwk>(key).map_err(bad)?]
        }
    };
    Ok(all.iter().filter_map(|key| DecodingKey::from_jwk(key).ok()).collect())
}

/// Signs with a shared secret; the keys of header and claims are written in order.
fn encode_sign(args: &[Value]) -> Result<Value, String> {
    for position in 1..=3 {
        if !matches!(at(args, position), Value::Object(_)) {
            return Err(wrong(position, "object", at(args, position)));
        }
    }
    let algorithm = field(at(args, 1), "alg").ok_or("missing or invalid 'alg' header")?;
    let secret = match (field(at(args, 3), "kty").as_deref(), field(at(args, 3), "k")) {
        (Some("oct"), Some(secret)) => url_decoded(&secret)?,
        _ => return Err(format!("{LIMIT}only keys of type oct sign here")),
    };
    let part = |position| {
        let text = at(args, position).to_json_str().map_err(|e| e.to_string())?;
        let compact: serde_json::Value = serde_json::from_str(&text).map_err(|e| e.to_string())?;
        Ok::<_, String>(BASE64URL_NOPAD.encode(compact.to_string().as_bytes()))
    };
    let signed = format!("{}.{}", part(1)?, part(2)?);
    let signature = signature(&algorithm, &secret, &signed)
        .ok_or_else(|| format!("{LIMIT}only HS256, HS384 and HS512 sign here"))?;
    Ok(string(format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature))))
}

/// Verifies a token and its claims by constraints; `time` must be given: policies do not know the time.
fn decode_verify(args: &[Value]) -> Result<Value, String> {
    let text = text(args, 1)?;
    let constraints = at(args, 2);
    let token = Token::read(text)?;
    let failed = || array([Value::Bool(false), empty(), empty()]);
    let algorithm = token.algorithm().unwrap_or_default();
    if field(constraints, "alg").is_some_and(|wanted| wanted != algorithm) {
        return Ok(failed());
    }
    let verified = match (field(constraints, "secret"), field(constraints, "cert")) {
        (Some(secret), None) => signature(&algorithm, secret.as_bytes(), token.signed) == Some(token.signature.clone()),
        (None, Some(cert)) => match algorithm.parse::<Algorithm>() {
            Ok(parsed) if !algorithm.starts_with("HS") => {
                keys(&cert, parsed)?.iter().any(|key| holds(key, token.signed, &token.signature, parsed))
            }
            _ => false,
        },
        _ => return Err("exactly one of `secret` and `cert` must be given".to_owned()),
    };
    let claims = token.claims()?;
    let critical = token.header.as_object().is_ok_and(|h| h.get(&string("crit")).is_some());
    if !verified || critical || !claims_hold(&claims, constraints)? {
        return Ok(failed());
    }
    Ok(array([Value::Bool(true), token.header, claims]))
}

fn claims_hold(claims: &Value, constraints: &Value) -> Result<bool, String> {
    let get = |of: &Value, name: &str| of.as_object().ok().and_then(|o| o.get(&string(name)).cloned());
    if let Some(issuer) = get(constraints, "iss")
        && get(claims, "iss") != Some(issuer)
    {
        return Ok(false);
    }
    let audience = match (get(constraints, "aud"), get(claims, "aud")) {
        (None, None) => true,
        (Some(wanted), Some(Value::Array(all))) => all.iter().any(|one| *one == wanted),
        (Some(wanted), Some(one)) => one == wanted,
        _ => false,
    };
    let instants = [get(claims, "exp"), get(claims, "nbf")];
    if !audience || instants.iter().all(Option::is_none) {
        return Ok(audience);
    }
    let now = get(constraints, "time").and_then(|t| t.as_i64().ok());
    let now = now.ok_or_else(|| format!("{LIMIT}the token has a time claim: give the constraint `time`"))?;
    // Seconds may have decimals.
    let ns = |value: &Option<Value>| {
        let seconds = value.as_ref().and_then(Decimal::of)?;
        let ns = seconds.times(&Decimal::read("1e9")?)?.rounded(Rounding::Down)?;
        i64::try_from(&ns).ok()
    };
    let [expires, starts] = &instants;
    Ok(ns(expires).is_none_or(|at| now < at) && ns(starts).is_none_or(|at| now >= at))
}

fn empty() -> Value {
    object(std::iter::empty())
}
