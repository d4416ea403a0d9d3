//! A certificate request (RFC 2986) as Go's `x509.CertificateRequest`.

use regorus::Value;
use x509_cert::attr::Attribute;
use x509_cert::der::{Decode, Encode, Tag, Tagged};
use x509_cert::ext::Extension;
use x509_cert::request::CertReq;

use super::certificate::element;
use super::extensions::Extensions;
use super::public::PublicKey;
use super::signature::Signature;
use super::{bytes, fields, list, names, oid, uncertain};

const EXTENSION_REQUEST: &str = "1.2.840.113549.1.9.14";

pub(super) fn value(raw: &[u8]) -> Result<Value, String> {
    let (whole, behind) = element(raw).ok_or("asn1: structure error: not a certificate request")?;
    if !behind.is_empty() {
        return Err("asn1: syntax error: trailing data".to_owned());
    }
    let broken = |_| uncertain("a certificate request that is not as RFC 2986 asks");
    let der = CertReq::from_der(whole).map_err(broken)?;
    if der.to_der().map_err(broken)? != whole {
        return Err(uncertain("a certificate request that is not DER"));
    }
    let info = &der.info;
    let key = PublicKey::of(&info.public_key)?;
    let signature = Signature::of(&der.algorithm, &der.signature)?;
    let mut attributes = Vec::new();
    let mut extensions = Vec::new();
    for attribute in info.attributes.iter() {
        if attribute.oid.to_string() != EXTENSION_REQUEST {
            other_attribute(attribute)?;
            continue;
        }
        let [one] = attribute.values.as_slice() else { return Err(uncertain("several requests for extensions")) };
        let bytes = one.to_der().map_err(broken)?;
        let wanted = Vec::<Extension>::from_der(&bytes).map_err(broken)?;
        attributes.push(fields([("Type", oid(&attribute.oid)), ("Value", list([list(wanted.iter().map(requested))]))]));
        extensions.extend(wanted);
    }
    let extensions = Extensions::requested(&extensions)?;
    let mut entries = vec![
        ("Raw", bytes(whole)),
        ("RawTBSCertificateRequest", bytes(&info.to_der().map_err(broken)?)),
        ("RawSubjectPublicKeyInfo", bytes(&info.public_key.to_der().map_err(broken)?)),
        ("RawSubject", bytes(&info.subject.to_der().map_err(broken)?)),
        ("Version", Value::from(info.version as u64)),
        ("Signature", bytes(&signature.bytes)),
        ("SignatureAlgorithm", Value::from(signature.algorithm)),
        ("PublicKeyAlgorithm", Value::from(key.algorithm())),
        ("PublicKey", key.value()),
        ("Subject", names::name(&info.subject)?),
        ("Attributes", list(attributes)),
        ("Extensions", extensions.all()),
        ("ExtraExtensions", Value::Null),
    ];
    entries.extend(extensions.names.entries());
    Ok(fields(entries))
}

/// An extension as Go reads it where it expects the type and the value of an attribute.
fn requested(extension: &Extension) -> Value {
    let value = match extension.critical {
        true => Value::Bool(true),
        false => bytes(extension.extn_value.as_bytes()),
    };
    fields([("Type", oid(&extension.extn_id)), ("Value", value)])
}

/// Go leaves out attributes that are no sets of sequences, as a challenge password is; what it makes of others is not
/// certain.
fn other_attribute(attribute: &Attribute) -> Result<(), String> {
    let is_text = |tag: Tag| matches!(tag, Tag::PrintableString | Tag::Utf8String | Tag::Ia5String);
    match attribute.values.iter().all(|value| is_text(value.tag())) {
        true => Ok(()),
        false => Err(uncertain(&format!("the attribute {} of a certificate request", attribute.oid))),
    }
}
