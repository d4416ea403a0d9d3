//! A certificate as Go's `x509.Certificate`.

use regorus::Value;
use x509_cert::der::{Decode, Encode, Header, Reader, SliceReader};
use x509_cert::time::Time;
use x509_cert::{Certificate as Der, Version};

use super::extensions::Extensions;
use super::public::PublicKey;
use super::signature::Signature;
use super::{bytes, fields, names, number, uncertain};

/// A certificate that was read, with what is asked of it.
pub(super) struct Certificate {
    pub(super) raw: Vec<u8>,
    /// What is signed.
    pub(super) signed: Vec<u8>,
    pub(super) version: u8,
    pub(super) issuer: Vec<u8>,
    pub(super) subject: Vec<u8>,
    /// Seconds since 1970 that it holds from and to.
    pub(super) validity: [u64; 2],
    pub(super) key: PublicKey,
    pub(super) key_info: Vec<u8>,
    pub(super) signature: Signature,
    pub(super) extensions: Extensions,
    issuer_name: Value,
    subject_name: Value,
    serial: Value,
    times: [Value; 2],
}

impl Certificate {
    /// Certificates in DER, one after the other.
    pub(super) fn all(mut rest: &[u8]) -> Result<Vec<Self>, String> {
        let mut all = Vec::new();
        while !rest.is_empty() {
            let (one, behind) = element(rest).ok_or("x509: malformed certificate")?;
            all.push(Self::read(one)?);
            rest = behind;
        }
        Ok(all)
    }

    fn read(raw: &[u8]) -> Result<Self, String> {
        let broken = |_| uncertain("a certificate that is not as RFC 5280 asks");
        let der = Der::from_der(raw).map_err(broken)?;
        if der.to_der().map_err(broken)? != raw {
            return Err(uncertain("a certificate that is not DER"));
        }
        let tbs = &der.tbs_certificate;
        if tbs.serial_number.as_bytes().first().is_some_and(|first| first & 0x80 != 0) {
            return Err("x509: negative serial number".to_owned());
        }
        if tbs.signature != der.signature_algorithm {
            return Err("x509: inner and outer signature algorithm identifiers don't match".to_owned());
        }
        if tbs.version == Version::V1 && (tbs.issuer_unique_id.is_some() || tbs.subject_unique_id.is_some())
            || tbs.version != Version::V3 && tbs.extensions.is_some()
        {
            return Err(uncertain("a certificate with parts of a later version"));
        }
        let key_info = tbs.subject_public_key_info.to_der().map_err(broken)?;
        Ok(Self {
            raw: raw.to_vec(),
            signed: tbs.to_der().map_err(broken)?,
            version: tbs.version as u8 + 1,
            issuer: tbs.issuer.to_der().map_err(broken)?,
            subject: tbs.subject.to_der().map_err(broken)?,
            validity: [&tbs.validity.not_before, &tbs.validity.not_after].map(|at| at.to_unix_duration().as_secs()),
            key: PublicKey::of(&tbs.subject_public_key_info)?,
            key_info,
            signature: Signature::of(&der.signature_algorithm, &der.signature)?,
            extensions: Extensions::of(tbs.extensions.as_deref().unwrap_or_default())?,
            issuer_name: names::name(&tbs.issuer)?,
            subject_name: names::name(&tbs.subject)?,
            serial: number(tbs.serial_number.as_bytes()),
            times: [&tbs.validity.not_before, &tbs.validity.not_after].map(instant),
        })
    }

    /// Go's structure.
    pub(super) fn value(&self) -> Value {
        fields(self.entries())
    }

    /// With the URIs as texts, which OPA adds.
    pub(super) fn extended(&self) -> Value {
        let uris = self.extensions.names.uri_texts();
        fields(self.entries().into_iter().chain([("URIStrings", uris)]))
    }

    fn entries(&self) -> Vec<(&'static str, Value)> {
        let [from, to] = &self.times;
        let mut entries = vec![
            ("Raw", bytes(&self.raw)),
            ("RawTBSCertificate", bytes(&self.signed)),
            ("RawSubjectPublicKeyInfo", bytes(&self.key_info)),
            ("RawSubject", bytes(&self.subject)),
            ("RawIssuer", bytes(&self.issuer)),
            ("Signature", bytes(&self.signature.bytes)),
            ("SignatureAlgorithm", Value::from(self.signature.algorithm)),
            ("PublicKeyAlgorithm", Value::from(self.key.algorithm())),
            ("PublicKey", self.key.value()),
            ("Version", Value::from(u64::from(self.version))),
            ("SerialNumber", self.serial.clone()),
            ("Issuer", self.issuer_name.clone()),
            ("Subject", self.subject_name.clone()),
            ("NotBefore", from.clone()),
            ("NotAfter", to.clone()),
        ];
        entries.extend(self.extensions.entries());
        entries
    }
}

/// As RFC 3339 in UTC.
fn instant(time: &Time) -> Value {
    super::string(time.to_date_time().to_string())
}

/// The first sequence, and what stands behind it.
pub(super) fn element(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut reader = SliceReader::new(bytes).ok()?;
    let header = Header::decode(&mut reader).ok()?;
    let length = (reader.position() + header.length).ok()?;
    (bytes.first() == Some(&0x30)).then(|| bytes.split_at_checked(usize::try_from(length).ok()?)).flatten()
}
