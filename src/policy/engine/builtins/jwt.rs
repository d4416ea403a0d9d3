//! JSON web tokens: decoding, and verification against a secret or a public key (PEM or JWK).

use std::sync::LazyLock;

use data_encoding::{BASE64URL_NOPAD, Encoding, HEXLOWER};
use regorus::Value;

use super::super::decimal::{Decimal, Rounding};
use super::crypto::mac;
use super::jwt_keys::{keys, verified};
use super::strings::lax;
use super::{Entry, LIMIT, array, at, object, string, text};

pub(super) const TABLE: &[Entry] = &[
    ("io.jwt.decode", 1, decode),
    ("io.jwt.decode_verify", 2, decode_verify),
    ("io.jwt.verify_hs256", 2, |args| by_secret(args, "HS256")),
    ("io.jwt.verify_hs384", 2, |args| by_secret(args, "HS384")),
    ("io.jwt.verify_hs512", 2, |args| by_secret(args, "HS512")),
    ("io.jwt.verify_rs256", 2, |args| by_key(args, "RS256")),
    ("io.jwt.verify_rs384", 2, |args| by_key(args, "RS384")),
    ("io.jwt.verify_rs512", 2, |args| by_key(args, "RS512")),
    ("io.jwt.verify_ps256", 2, |args| by_key(args, "PS256")),
    ("io.jwt.verify_ps384", 2, |args| by_key(args, "PS384")),
    ("io.jwt.verify_ps512", 2, |args| by_key(args, "PS512")),
    ("io.jwt.verify_es256", 2, |args| by_key(args, "ES256")),
    ("io.jwt.verify_es384", 2, |args| by_key(args, "ES384")),
    ("io.jwt.verify_es512", 2, |args| by_key(args, "ES512")),
    ("io.jwt.verify_eddsa", 2, |args| by_key(args, "EdDSA")),
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
        let [first, payload, signature] = parts.as_slice() else {
            return Err(match parts.len() {
                1 => "encoded JWT had no period separators".to_owned(),
                n => format!("encoded JWT must have 3 sections, found {n}"),
            });
        };
        let header = header(first)?;
        let signature = url_decoded(signature).map_err(|e| format!("JWT signature had invalid encoding: {e}"))?;
        let signed = text.rsplit_once('.').map_or("", |(signed, _)| signed);
        Ok(Self { header, payload, signature, signed })
    }

    /// The token that is this one's payload.
    fn inner(&self) -> Result<String, String> {
        let bytes = url_decoded(self.payload).map_err(|e| format!("JWT payload had invalid encoding: {e}"))?;
        String::from_utf8(bytes).map_err(|e| e.to_string())
    }

    fn claims(&self) -> Result<Value, String> {
        json(&url_decoded(self.payload).map_err(|e| format!("JWT payload had invalid encoding: {e}"))?)
    }
}

fn header(part: &str) -> Result<Value, String> {
    let bytes = url_decoded(part).map_err(|e| format!("JWT header had invalid encoding: {e}"))?;
    let header = json(&bytes).map_err(|e| format!("bad JWT header: {e}"))?;
    match header.as_object().is_ok_and(|fields| fields.contains_key(&string("enc"))) {
        true => Err("JWT is a JWE object, which is not supported".to_owned()),
        false => Ok(header),
    }
}

static LAX: LazyLock<Encoding> = LazyLock::new(|| lax(BASE64URL_NOPAD));

pub(super) fn url_decoded(text: &str) -> Result<Vec<u8>, String> {
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
    if named(&token.header, "cty")? == "JWT" {
        let inner = string(token.inner()?.trim_matches(['"', '\'']));
        return decode(&[inner]);
    }
    Ok(array([token.header.clone(), token.claims()?, string(HEXLOWER.encode(&token.signature))]))
}

fn by_secret(args: &[Value], algorithm: &str) -> Result<Value, String> {
    let (token, secret) = (Token::parts(text(args, 1)?)?, text(args, 2)?);
    Ok(Value::Bool(by_shared_secret(algorithm, secret.as_bytes(), token.0) == Some(token.1)))
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

pub(super) fn by_shared_secret(algorithm: &str, secret: &[u8], signed: &str) -> Option<Vec<u8>> {
    match algorithm {
        "HS256" => Some(mac::<sha2::Sha256>(secret, signed.as_bytes(), 64)),
        "HS384" => Some(mac::<sha2::Sha384>(secret, signed.as_bytes(), 128)),
        "HS512" => Some(mac::<sha2::Sha512>(secret, signed.as_bytes(), 128)),
        _ => None,
    }
}

fn by_key(args: &[Value], algorithm: &str) -> Result<Value, String> {
    let token = text(args, 1)?;
    let (signed, signature) = Token::parts(token)?;
    let keys = keys(text(args, 2)?)?;
    let header = header(token.split('.').next().unwrap_or_default())?;
    // A header that asks for more than is known here is the business of `decode_verify`; one that is broken is not.
    understood(&header)?;
    let named = |name: &str| named(&header, name);
    Ok(Value::Bool(verified(&keys, &named("kid")?, &named("alg")?, algorithm, signed, &signature)))
}

/// A text of a header, which is empty when it is absent.
fn named(header: &Value, name: &str) -> Result<String, String> {
    match header.as_object().ok().and_then(|fields| fields.get(&string(name))) {
        None => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.to_string()),
        Some(_) => Err(format!("{name}: must be a string")),
    }
}

/// Verifies a token and its claims by constraints; `time` must be given: policies do not know the time.
fn decode_verify(args: &[Value]) -> Result<Value, String> {
    let constraints = at(args, 2);
    let given = constraints.as_object().ok().and_then(|all| all.get(&string("time")).cloned());
    if given.as_ref().is_some_and(|at| !matches!(at, Value::Number(_))) {
        return Err("token time constraint: must be a number".to_owned());
    }
    let failed = || array([Value::Bool(false), empty(), empty()]);
    let mut outer = text(args, 1)?.to_owned();
    // A token in a token is verified with the same keys.
    let (header, claims) = loop {
        let token = Token::read(&outer)?;
        if !token.verified(constraints)? {
            return Ok(failed());
        }
        if named(&token.header, "cty")?.eq_ignore_ascii_case("JWT") {
            outer = token.inner()?;
            continue;
        }
        break (token.header.clone(), token.claims()?);
    };
    let holds = claims_hold(&claims, constraints, given.as_ref())?;
    Ok(if holds { array([Value::Bool(true), header, claims]) } else { failed() })
}

impl Token<'_> {
    /// Whether the header is one that is understood, and the signature that of the constraints' key.
    fn verified(&self, constraints: &Value) -> Result<bool, String> {
        let understood = understood(&self.header)?;
        let algorithm = named(&self.header, "alg")?;
        if !understood || algorithm.is_empty() || field(constraints, "alg").is_some_and(|wanted| wanted != algorithm) {
            return Ok(false);
        }
        match (field(constraints, "secret"), field(constraints, "cert")) {
            (Some(secret), None) => {
                let signature = by_shared_secret(&algorithm, secret.as_bytes(), self.signed);
                Ok(signature.as_ref() == Some(&self.signature))
            }
            (None, Some(cert)) => {
                let id = named(&self.header, "kid")?;
                Ok(verified(&keys(&cert)?, &id, &algorithm, &algorithm, self.signed, &self.signature))
            }
            _ => Err("exactly one of `secret` and `cert` must be given".to_owned()),
        }
    }
}

/// Whether no header that must be understood is unknown here (RFC 7515, 4.1.11).
fn understood(header: &Value) -> Result<bool, String> {
    for name in ["alg", "kid", "typ", "cty"] {
        named(header, name)?;
    }
    let Ok(fields) = header.as_object() else { return Ok(true) };
    let Some(critical) = fields.get(&string("crit")) else { return Ok(true) };
    let Value::Array(critical) = critical else { return Err("crit: must be a list".to_owned()) };
    if !critical.iter().any(|name| matches!(name, Value::String(_))) {
        return Err("crit: must be a nonempty list".to_owned());
    }
    let known = ["alg", "kid", "typ", "cty", "crit"].map(string);
    Ok(!critical.iter().any(|name| fields.contains_key(name) && !known.contains(name)))
}

/// `now` is in nanoseconds since 1970. Without it a claim of time is not judged: a policy must not depend on the clock.
fn claims_hold(claims: &Value, constraints: &Value, now: Option<&Value>) -> Result<bool, String> {
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
    if !audience {
        return Ok(false);
    }
    let instant = |name: &str| match get(claims, name) {
        Some(at @ Value::Number(_)) => Ok(Some(at)),
        Some(_) => Err(format!("{name} value must be a number")),
        None => Ok(None),
    };
    let (expires, starts) = (instant("exp")?, instant("nbf")?);
    if expires.is_none() && starts.is_none() {
        return Ok(true);
    }
    let now = now.ok_or_else(|| format!("{LIMIT}the token has a time claim: give the constraint `time`"))?;
    // Seconds may have decimals, and so may the instant.
    let whole = |value: &Value, scale: &str| Decimal::of(value)?.times(&Decimal::read(scale)?)?.rounded(Rounding::Down);
    let late = || format!("{LIMIT}an instant that is no decimal");
    let now = whole(now, "1").ok_or_else(late)?;
    let ns = |at: Option<Value>| at.map(|at| whole(&at, "1e9").ok_or_else(late)).transpose();
    let (expires, starts) = (ns(expires)?, ns(starts)?);
    Ok(expires.is_none_or(|at| now < at) && starts.is_none_or(|at| now >= at))
}

fn empty() -> Value {
    object(std::iter::empty())
}
