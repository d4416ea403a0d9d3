//! `providers.aws.sign_req`: Signature Version 4 over a request, which nobody sends here.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;
use jiff::Timestamp;
use regorus::Value;
use sha2::{Digest, Sha256};

use super::crypto::mac;
use super::encoding::json_text;
use super::{Entry, LIMIT, at, object, string, whole, wrong};

pub(super) const TABLE: &[Entry] = &[("providers.aws.sign_req", 3, sign_request)];

/// What a configuration must have.
const CREDENTIALS: [&str; 4] = ["aws_access_key", "aws_region", "aws_secret_access_key", "aws_service"];

/// What a request may have: the keys that `http.send` knows.
const KNOWN: &[&str] = &[
    "body",
    "cache",
    "cache_ignored_headers",
    "caching_mode",
    "enable_redirect",
    "force_cache",
    "force_cache_duration_seconds",
    "force_json_decode",
    "force_yaml_decode",
    "headers",
    "max_retry_attempts",
    "method",
    "raise_error",
    "raw_body",
    "timeout",
    "tls_ca_cert",
    "tls_ca_cert_env_variable",
    "tls_ca_cert_file",
    "tls_client_cert",
    "tls_client_cert_env_variable",
    "tls_client_cert_file",
    "tls_client_key",
    "tls_client_key_env_variable",
    "tls_client_key_file",
    "tls_insecure_skip_verify",
    "tls_server_name",
    "tls_use_system_certs",
    "url",
];

/// Headers that proxies change.
const UNSIGNED: [&str; 3] = ["authorization", "user-agent", "x-amzn-trace-id"];

fn sign_request(args: &[Value]) -> Result<Value, String> {
    let (request, config) = (at(args, 1), at(args, 2));
    let Value::Object(fields) = request else { return Err(wrong(1, "object", request)) };
    if !matches!(config, Value::Object(_)) {
        return Err(wrong(1, "object", config));
    }
    required(config, 2, "AWS config", &CREDENTIALS)?;
    let time = whole(args, 3).map_err(|_| "operand 3 could not convert time_ns value into a unix timestamp")?;
    let unknown = fields.keys().filter(|key| !matches!(key, Value::String(key) if KNOWN.contains(&&**key)));
    let unknown: Vec<String> = unknown.map(ToString::to_string).collect();
    if !unknown.is_empty() {
        return Err(format!("operand 1 invalid request parameters(s): {{{}}}", unknown.join(", ")));
    }
    required(request, 1, "request", &["method", "url"])?;
    let headers = match field(request, "headers") {
        None => BTreeMap::new(),
        Some(Value::Object(headers)) => headers.iter().map(|(key, value)| (plain(key), plain(value))).collect(),
        Some(other) => return Err(wrong(0, "object", other)),
    };
    let signing = Signing { request, config, headers: &headers, target: Target::read(&text_of(request, "url"))? };
    let mut signed = headers.clone();
    signed.extend(signing.headers(time)?);
    let signed = object(signed.into_iter().map(|(key, value)| (string(key), string(value))));
    let mut answer: BTreeMap<Value, Value> = fields.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    answer.insert(string("headers"), signed);
    Ok(object(answer))
}

fn required(of: &Value, position: usize, what: &str, keys: &[&str]) -> Result<(), String> {
    let listed = |wanted: fn(Option<&Value>) -> bool| {
        let found: Vec<String> = keys.iter().filter(|key| wanted(field(of, key))).map(|k| format!("{k:?}")).collect();
        (!found.is_empty()).then(|| format!("{{{}}}", found.join(", ")))
    };
    if let Some(keys) = listed(|value| value.is_none()) {
        return Err(format!("operand {position} missing required {what} parameters(s): {keys}"));
    }
    match listed(|value| !matches!(value, Some(Value::String(_)))) {
        Some(keys) => Err(format!("operand {position} invalid values for required {what} parameters(s): {keys}")),
        None => Ok(()),
    }
}

fn field<'a>(of: &'a Value, name: &str) -> Option<&'a Value> {
    of.as_object().ok()?.get(&string(name))
}

/// A text, or nothing, as OPA reads what should be one.
fn plain(value: &Value) -> String {
    if let Value::String(text) = value { text.to_string() } else { String::new() }
}

fn text_of(of: &Value, name: &str) -> String {
    field(of, name).map(plain).unwrap_or_default()
}

/// Where a request goes, as it is signed.
struct Target {
    host: String,
    path: String,
    query: String,
}

impl Target {
    /// The parts as they are written. What Go would write anew with other escapes is refused.
    fn read(url: &str) -> Result<Self, String> {
        if !url.is_empty() {
            super::encoding::url_is_valid(url)?;
        }
        let rest = url.split_once('#').map_or(url, |(before, _)| before);
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (host, path) = match rest.split_once("://") {
            Some((_, rest)) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
            None => ("", rest),
        };
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        let kept = |c: char| c.is_ascii_alphanumeric() || "-_.~$&+,/:;=@!'()*[]%".contains(c);
        if !path.chars().all(kept)
            || host.contains('%')
            || (host.is_empty() && (path.contains(':') || path.starts_with("//")))
        {
            return Err(format!("{LIMIT}write the URL with its host and with `%…` for what stands in no path: {url}"));
        }
        Ok(Self { host: host.to_owned(), path: path.to_owned(), query: query.to_owned() })
    }
}

struct Signing<'a> {
    request: &'a Value,
    config: &'a Value,
    headers: &'a BTreeMap<String, String>,
    target: Target,
}

impl Signing<'_> {
    /// The headers that the signature adds.
    fn headers(&self, time: i64) -> Result<BTreeMap<String, String>, String> {
        let at = Timestamp::from_nanosecond(i128::from(time)).map_err(|e| e.to_string())?;
        let (day, moment) = (at.strftime("%Y%m%d").to_string(), at.strftime("%Y%m%dT%H%M%SZ").to_string());
        let service = text_of(self.config, "aws_service");
        let hash = self.body_hash()?;
        let mut added =
            BTreeMap::from([("host".to_owned(), self.target.host.clone()), ("x-amz-date".to_owned(), moment.clone())]);
        if service == "s3" || service == "glacier" {
            added.insert("x-amz-content-sha256".to_owned(), hash.clone());
        }
        let session = text_of(self.config, "aws_session_token");
        if !session.is_empty() {
            added.insert("x-amz-security-token".to_owned(), session);
        }
        let (canonical, names) = self.canonical(&added, &hash);
        let region = text_of(self.config, "aws_region");
        let scope = format!("{day}/{region}/{service}/aws4_request");
        let digest = HEXLOWER.encode(&Sha256::digest(canonical));
        let to_sign = format!("AWS4-HMAC-SHA256\n{moment}\n{scope}\n{digest}");
        let secret = format!("AWS4{}", text_of(self.config, "aws_secret_access_key")).into_bytes();
        let steps = [&*day, &*region, &*service, "aws4_request", &*to_sign];
        let signature = steps.iter().fold(secret, |key, step| mac::<Sha256>(&key, step.as_bytes(), 64));
        let (key, signature) = (text_of(self.config, "aws_access_key"), HEXLOWER.encode(&signature));
        let authorization =
            format!("AWS4-HMAC-SHA256 Credential={key}/{scope},SignedHeaders={names},Signature={signature}");
        added.insert("Authorization".to_owned(), authorization);
        Ok(added)
    }

    /// The request in the form that is hashed, and the names of the headers that it holds.
    fn canonical(&self, added: &BTreeMap<String, String>, hash: &str) -> (String, String) {
        let mut all = added.clone();
        let own = self.headers.iter().map(|(key, value)| (key.to_lowercase(), value.clone()));
        all.extend(own.filter(|(key, _)| !UNSIGNED.contains(&&**key)));
        let lines: String = all.iter().map(|(key, value)| format!("{key}:{value}\n")).collect();
        let names = all.into_keys().collect::<Vec<_>>().join(";");
        let (method, Target { path, query, .. }) = (text_of(self.request, "method"), &self.target);
        (format!("{method}\n{path}\n{query}\n{lines}\n{names}\n{hash}"), names)
    }

    fn body_hash(&self) -> Result<String, String> {
        match field(self.config, "disable_payload_signing") {
            Some(Value::Bool(true)) => return Ok("UNSIGNED-PAYLOAD".to_owned()),
            None | Some(Value::Bool(false)) => {}
            Some(_) => return Err("operand 2 invalid value for 'disable_payload_signing' in AWS config".to_owned()),
        }
        let body = match (field(self.request, "raw_body"), field(self.request, "body")) {
            (Some(raw), _) => plain(raw),
            (None, Some(body)) => json_text(body),
            (None, None) => String::new(),
        };
        Ok(HEXLOWER.encode(&Sha256::digest(body)))
    }
}
