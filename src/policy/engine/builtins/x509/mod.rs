//! Certificates, certificate requests and private keys, as Go's `crypto/x509` reads them and `encoding/json` writes
//! them: OPA answers with Go's structures, field by field.
//!
//! What is read here is DER to the letter. Where Go may read what is not, or where a structure has parts whose form in
//! Go is not certain, the call is refused in both modes: an answer that differs is worse than none.

mod armour;
mod certificate;
mod chain;
mod extensions;
mod hosts;
mod names;
mod private;
mod public;
mod request;
mod signature;

use data_encoding::BASE64;
use num_bigint::BigUint;
use regorus::Value;
use x509_cert::der::asn1::ObjectIdentifier;

use self::certificate::Certificate;
use super::strings::base64;
use super::{Entry, LIMIT, array, at, object, string, text, wrong};

pub(super) const TABLE: &[Entry] = &[
    ("crypto.parse_private_keys", 1, parse_private_keys),
    ("crypto.x509.parse_and_verify_certificates", 1, parse_and_verify),
    ("crypto.x509.parse_and_verify_certificates_with_options", 2, parse_and_verify_with_options),
    ("crypto.x509.parse_certificate_request", 1, parse_request),
    ("crypto.x509.parse_certificates", 1, parse_certificates),
    ("crypto.x509.parse_keypair", 2, parse_key_pair),
    ("crypto.x509.parse_rsa_private_key", 1, parse_key),
];

const CERTIFICATE: &str = "CERTIFICATE";
const REQUEST: &str = "CERTIFICATE REQUEST";

fn parse_certificates(args: &[Value]) -> Result<Value, String> {
    let all = certificates(text(args, 1)?)?;
    Ok(array(all.iter().map(Certificate::extended)))
}

fn parse_and_verify(args: &[Value]) -> Result<Value, String> {
    verified(text(args, 1)?, || Ok(chain::Options::default()), Certificate::extended)
}

fn parse_and_verify_with_options(args: &[Value]) -> Result<Value, String> {
    let text = text(args, 1)?;
    let Value::Object(given) = at(args, 2) else { return Err(wrong(2, "object", at(args, 2))) };
    verified(text, || chain::Options::read(given.iter()), Certificate::value)
}

/// Whether the last certificate leads to the first, and the way: from the last to the first. Certificates that cannot be
/// read are answered before the options are looked at.
fn verified(
    text: &str,
    options: impl FnOnce() -> Result<chain::Options, String>,
    shown: fn(&Certificate) -> Value,
) -> Result<Value, String> {
    let answer = |fault: String| match fault.starts_with(LIMIT) {
        true => Err(fault),
        false => Ok(array([Value::Bool(false), array([])])),
    };
    let all = match certificates(text) {
        Ok(all) => all,
        Err(fault) => return answer(fault),
    };
    match chain::verified(&all, &options()?) {
        Ok(chain) => Ok(array([Value::Bool(true), array(chain.into_iter().map(shown))])),
        Err(fault) => answer(fault),
    }
}

fn parse_request(args: &[Value]) -> Result<Value, String> {
    let text = text(args, 1)?;
    let bytes = match text.starts_with("-----BEGIN CERTIFICATE REQUEST-----") {
        true => text.as_bytes().to_vec(),
        false => base64(text).ok_or(ILLEGAL)?,
    };
    match armour::Blocks::of(&String::from_utf8_lossy(&bytes)).next() {
        Some(block) if block.label != REQUEST => Err("invalid PEM-encoded certificate signing request".to_owned()),
        Some(block) => request::value(&block.bytes),
        None => request::value(&bytes),
    }
}

fn parse_private_keys(args: &[Value]) -> Result<Value, String> {
    let text = text(args, 1)?;
    if text.is_empty() {
        return Ok(Value::Null);
    }
    Ok(array(private::keys(text)?.iter().map(private::Key::value)))
}

/// The first private key as a JSON web key, whatever its kind: the name is OPA's.
fn parse_key(args: &[Value]) -> Result<Value, String> {
    let text = text(args, 1)?;
    if text.is_empty() {
        return Err("input PEM data was empty".to_owned());
    }
    let decoded;
    let text = if text.starts_with("-----BEGIN") {
        text
    } else {
        decoded = String::from_utf8_lossy(&base64(text).ok_or(ILLEGAL)?).into_owned();
        &decoded
    };
    match private::keys(text)?.first() {
        Some(key) => Ok(key.jwk()),
        None => Ok(Value::Null),
    }
}

fn parse_key_pair(args: &[Value]) -> Result<Value, String> {
    let decoded = |text: &str| match text.starts_with("-----BEGIN ") {
        true => Ok(text.as_bytes().to_vec()),
        false => base64(text).ok_or(ILLEGAL.to_owned()),
    };
    private::pair(&decoded(text(args, 1)?)?, &decoded(text(args, 2)?)?)
}

const ILLEGAL: &str = "illegal base64 data";

/// Every certificate of a text: PEM, or base64 of PEM or of DER.
fn certificates(text: &str) -> Result<Vec<Certificate>, String> {
    if text.starts_with("-----BEGIN") {
        return of_pem(text);
    }
    let bytes = base64(text).ok_or(ILLEGAL)?;
    if bytes.starts_with(b"-----BEGIN") { of_pem(&String::from_utf8_lossy(&bytes)) } else { Certificate::all(&bytes) }
}

fn of_pem(text: &str) -> Result<Vec<Certificate>, String> {
    let mut bytes = Vec::new();
    for block in armour::Blocks::of(text) {
        if block.label != CERTIFICATE {
            return Err(format!("PEM block type is '{}', expected {CERTIFICATE}", block.label));
        }
        bytes.extend(block.bytes);
    }
    Certificate::all(&bytes)
}

/// A refusal of what Go might read.
fn uncertain(what: &str) -> String {
    format!("{LIMIT}{what}: what OPA answers is not certain")
}

/// Fields of a structure.
fn fields<'a>(entries: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    object(entries.into_iter().map(|(name, value)| (string(name), value)))
}

/// Bytes as Go writes them in JSON.
fn bytes(bytes: &[u8]) -> Value {
    string(BASE64.encode(bytes))
}

/// A list as Go writes it: `null` when nothing was added.
fn list(items: impl IntoIterator<Item = Value>) -> Value {
    let items: Vec<Value> = items.into_iter().collect();
    if items.is_empty() { Value::Null } else { array(items) }
}

fn texts(items: &[String]) -> Value {
    list(items.iter().map(|item| string(&**item)))
}

/// An object identifier as its numbers.
fn oid(oid: &ObjectIdentifier) -> Value {
    array(oid.arcs().map(Value::from))
}

/// A number of big-endian bytes.
fn number(bytes: &[u8]) -> Value {
    let digits = BigUint::from_bytes_be(bytes).to_string();
    Value::from_numeric_string(&digits).unwrap_or_else(|_| string(digits))
}
