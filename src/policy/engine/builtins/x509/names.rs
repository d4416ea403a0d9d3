//! Distinguished names, texts and addresses in certificates.

use std::net::IpAddr;

use regorus::Value;
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::der::asn1::Any;
use x509_cert::der::{Tag, Tagged};
use x509_cert::name::Name;

use super::{fields, list, oid, string, texts, uncertain};

/// Go's `pkix.Name`: the members that it names, and all of them in order.
pub(super) fn name(name: &Name) -> Result<Value, String> {
    let mut known: [Vec<String>; 9] = Default::default();
    let mut all = Vec::new();
    for part in name.0.iter().flat_map(|set| set.0.iter()) {
        let value = asn1_text(&part.value)?;
        if let Some(place) = place(part).and_then(|place| known.get_mut(place)) {
            place.push(value.clone());
        }
        all.push(fields([("Type", oid(&part.oid)), ("Value", string(value))]));
    }
    let [country, organization, unit, locality, province, street, code, serial, common] = known;
    let last = |mut values: Vec<String>| string(values.pop().unwrap_or_default());
    Ok(fields([
        ("Country", texts(&country)),
        ("Organization", texts(&organization)),
        ("OrganizationalUnit", texts(&unit)),
        ("Locality", texts(&locality)),
        ("Province", texts(&province)),
        ("StreetAddress", texts(&street)),
        ("PostalCode", texts(&code)),
        ("SerialNumber", last(serial)),
        ("CommonName", last(common)),
        ("Names", list(all)),
        ("ExtraNames", Value::Null),
    ]))
}

/// Where an attribute of a name belongs, in the order of [`name`].
fn place(part: &AttributeTypeAndValue) -> Option<usize> {
    const ORDER: [&str; 9] =
        ["2.5.4.6", "2.5.4.10", "2.5.4.11", "2.5.4.7", "2.5.4.8", "2.5.4.9", "2.5.4.17", "2.5.4.5", "2.5.4.3"];
    let named = part.oid.to_string();
    ORDER.iter().position(|known| *known == named)
}

/// A text of a type that Go reads, with the characters that it allows there.
fn asn1_text(value: &Any) -> Result<String, String> {
    let bytes = value.value();
    let ascii = |allowed: fn(u8) -> bool| match bytes.iter().all(|byte| byte.is_ascii() && allowed(*byte)) {
        true => Ok(String::from_utf8_lossy(bytes).into_owned()),
        false => Err(format!("x509: invalid {}", value.tag())),
    };
    match value.tag() {
        Tag::PrintableString => ascii(|byte| byte.is_ascii_alphanumeric() || b" '()+,-./:=?*&".contains(&byte)),
        Tag::Ia5String => ascii(|_| true),
        Tag::NumericString => ascii(|byte| byte.is_ascii_digit() || byte == b' '),
        Tag::Utf8String => String::from_utf8(bytes.to_vec()).map_err(|_| "invalid UTF-8 string".to_owned()),
        Tag::TeletexString if bytes.is_ascii() => ascii(|_| true),
        Tag::TeletexString | Tag::BmpString => Err(uncertain("a name in an alphabet of its own")),
        other => Err(format!("unsupported string type: {other}")),
    }
}

/// An address as its bytes give it.
pub(super) fn address(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return Some(IpAddr::from(four));
    }
    // Go writes an IPv4 address in IPv6 as IPv4.
    <[u8; 16]>::try_from(bytes).ok().map(|sixteen| IpAddr::from(sixteen).to_canonical())
}

/// A URI of a certificate: Go's `url.URL`, and the text that it gives back.
pub(super) struct Uri {
    pub(super) text: String,
    pub(super) value: Value,
}

impl Uri {
    /// Plain URIs: those with escapes, users or other unusual parts are refused.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let unusual = || uncertain("a URI with unusual parts");
        let (scheme, rest) = text.split_once(':').ok_or_else(unusual)?;
        let mut letters = scheme.bytes();
        let is_scheme = letters.next().is_some_and(|first| first.is_ascii_alphabetic())
            && letters.all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (opaque, host, path) = match rest.strip_prefix("//") {
            Some(rest) => {
                rest.split_at_checked(rest.find('/').unwrap_or(rest.len())).map(|(host, path)| ("", host, path))
            }
            None if rest.starts_with('/') => None,
            None => Some((rest, "", "")),
        }
        .ok_or_else(unusual)?;
        let plain = |text: &str, more: &[u8]| {
            text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) || more.contains(&byte))
        };
        let (name, port) = host.split_once(':').unwrap_or((host, "0"));
        let known = is_scheme
            && plain(name, b"")
            && port.bytes().all(|digit| digit.is_ascii_digit())
            && plain(path, b"$&+,/:;=@")
            && plain(opaque, b":+,=@")
            && plain(query, b"$&+,/:;=@")
            && plain(fragment, b"/");
        let scheme = scheme.to_ascii_lowercase();
        let mut shown = format!("{scheme}:{opaque}");
        if opaque.is_empty() {
            shown.push_str(&format!("//{host}{path}"));
        }
        for (mark, part) in [('?', query), ('#', fragment)] {
            if !part.is_empty() {
                shown.push(mark);
                shown.push_str(part);
            }
        }
        // What is not given back as it stands has parts that are empty, but there.
        if !known || !shown.eq_ignore_ascii_case(text) || opaque.is_empty() && host.is_empty() {
            return Err(unusual());
        }
        if !name.is_empty() && name.split('.').any(str::is_empty) {
            return Err(format!("x509: cannot parse URI {text:?}: invalid domain"));
        }
        let value = fields([
            ("Scheme", string(scheme)),
            ("Opaque", string(opaque)),
            ("User", Value::Null),
            ("Host", string(host)),
            ("Path", string(path)),
            ("RawPath", string("")),
            ("ForceQuery", Value::Bool(false)),
            ("RawQuery", string(query)),
            ("Fragment", string(fragment)),
            ("RawFragment", string("")),
            ("OmitHost", Value::Bool(false)),
        ]);
        Ok(Self { text: shown, value })
    }
}
