//! The extensions of a certificate (RFC 5280 section 4.2) that Go knows.

use std::collections::BTreeSet;
use std::net::IpAddr;

use regorus::Value;
use x509_cert::der::asn1::{ObjectIdentifier, OctetString};
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{
    AuthorityInfoAccessSyntax, AuthorityKeyIdentifier, BasicConstraints, CertificatePolicies, CrlDistributionPoints,
    ExtendedKeyUsage, KeyUsage, NameConstraints, PolicyConstraints, PolicyMappings, SubjectAltName,
};

use super::names::{Uri, address};
use super::{bytes, fields, list, oid, string, texts, uncertain};

/// Purposes of a key, in the order of Go's `x509.ExtKeyUsage`.
const PURPOSES: [&str; 14] = [
    "2.5.29.37.0",
    "1.3.6.1.5.5.7.3.1",
    "1.3.6.1.5.5.7.3.2",
    "1.3.6.1.5.5.7.3.3",
    "1.3.6.1.5.5.7.3.4",
    "1.3.6.1.5.5.7.3.5",
    "1.3.6.1.5.5.7.3.6",
    "1.3.6.1.5.5.7.3.7",
    "1.3.6.1.5.5.7.3.8",
    "1.3.6.1.5.5.7.3.9",
    "1.3.6.1.4.1.311.10.3.3",
    "2.16.840.1.113730.4.1",
    "1.3.6.1.4.1.311.2.1.22",
    "1.3.6.1.4.1.311.61.1.1",
];

const ALTERNATIVE_NAME: &str = "2.5.29.17";
const OCSP: &str = "1.3.6.1.5.5.7.48.1";
const CA_ISSUERS: &str = "1.3.6.1.5.5.7.48.2";

/// What the extensions of a certificate say.
#[derive(Default)]
pub(super) struct Extensions {
    all: Vec<Value>,
    /// Bits, that for certificates being the sixth.
    pub(super) key_usage: u16,
    /// Whether it is an authority, and how many may stand below it.
    pub(super) basic: Option<(bool, Option<u8>)>,
    pub(super) names: Names,
    pub(super) constrained: bool,
    constraints: [Constraints; 2],
    constraints_critical: bool,
    crl: Vec<String>,
    pub(super) authority_key: Option<Vec<u8>>,
    pub(super) subject_key: Option<Vec<u8>>,
    policies: Vec<ObjectIdentifier>,
    mappings: Vec<Value>,
    require_explicit: Option<u32>,
    inhibit_mapping: Option<u32>,
    inhibit_any: Option<u32>,
    /// Places in [`PURPOSES`].
    pub(super) purposes: Vec<usize>,
    pub(super) unknown_purposes: Vec<Value>,
    ocsp: Vec<String>,
    issuers: Vec<String>,
    pub(super) unhandled: Vec<Value>,
}

/// Names beside that of the subject.
#[derive(Default)]
pub(super) struct Names {
    pub(super) dns: Vec<String>,
    emails: Vec<String>,
    pub(super) addresses: Vec<IpAddr>,
    uris: Vec<Uri>,
}

/// Names that are permitted, or excluded.
#[derive(Default)]
struct Constraints {
    dns: Vec<String>,
    ranges: Vec<Value>,
    emails: Vec<String>,
    uris: Vec<String>,
}

/// Reads what an extension holds: exactly one value, in DER.
fn read<'a, T: Decode<'a> + Encode>(extension: &'a Extension) -> Result<T, String> {
    let held = extension.extn_value.as_bytes();
    let what = || uncertain(&format!("the extension {}", extension.extn_id));
    let value = T::from_der(held).map_err(|_| what())?;
    if value.to_der().is_ok_and(|back| back == held) { Ok(value) } else { Err(what()) }
}

impl Extensions {
    pub(super) fn of(all: &[Extension]) -> Result<Self, String> {
        let mut read = Self::listed(all)?;
        for extension in all {
            let known = read.add(extension)?;
            if extension.critical && !known {
                read.unhandled.push(oid(&extension.extn_id));
            }
        }
        Ok(read)
    }

    /// Those of a request, of which Go reads the names alone.
    pub(super) fn requested(all: &[Extension]) -> Result<Self, String> {
        let mut read = Self::listed(all)?;
        for extension in all.iter().filter(|one| one.extn_id.to_string() == ALTERNATIVE_NAME) {
            read.add(extension)?;
        }
        Ok(read)
    }

    /// As they stand.
    fn listed(all: &[Extension]) -> Result<Self, String> {
        if all.iter().map(|one| one.extn_id).collect::<BTreeSet<_>>().len() < all.len() {
            return Err("x509: duplicate extensions".to_owned());
        }
        let listed = all.iter().map(|extension| {
            fields([
                ("Id", oid(&extension.extn_id)),
                ("Critical", Value::Bool(extension.critical)),
                ("Value", bytes(extension.extn_value.as_bytes())),
            ])
        });
        Ok(Self { all: listed.collect(), ..Self::default() })
    }

    /// Whether it is known.
    fn add(&mut self, extension: &Extension) -> Result<bool, String> {
        let not_critical = |name: &str| match extension.critical {
            true => Err(format!("x509: {name} incorrectly marked critical")),
            false => Ok(()),
        };
        match &*extension.extn_id.to_string() {
            "2.5.29.14" => {
                not_critical("subject key identifier")?;
                self.subject_key = Some(read::<OctetString>(extension)?.into_bytes());
            }
            "2.5.29.15" => self.key_usage = read::<KeyUsage>(extension)?.0.bits(),
            ALTERNATIVE_NAME => {
                self.names = Names::of(&read::<SubjectAltName>(extension)?.0)?;
                return Ok(!self.names.is_empty());
            }
            "2.5.29.19" => {
                let basic: BasicConstraints = read(extension)?;
                self.basic = Some((basic.ca, basic.path_len_constraint));
            }
            "2.5.29.30" => return self.constrain(&read(extension)?, extension.critical),
            "2.5.29.31" => self.crl = distribution_points(&read(extension)?),
            "2.5.29.32" => {
                let policies = read::<CertificatePolicies>(extension)?.0;
                self.policies = policies.iter().map(|policy| policy.policy_identifier).collect();
                if self.policies.iter().collect::<BTreeSet<_>>().len() < policies.len() {
                    return Err("x509: invalid certificate policies".to_owned());
                }
            }
            "2.5.29.33" => {
                let mapping = |one: &x509_cert::ext::pkix::PolicyMapping| {
                    fields([
                        ("IssuerDomainPolicy", string(one.issuer_domain_policy.to_string())),
                        ("SubjectDomainPolicy", string(one.subject_domain_policy.to_string())),
                    ])
                };
                self.mappings = read::<PolicyMappings>(extension)?.0.iter().map(mapping).collect();
            }
            "2.5.29.35" => {
                not_critical("authority key identifier")?;
                self.authority_key =
                    read::<AuthorityKeyIdentifier>(extension)?.key_identifier.map(OctetString::into_bytes);
            }
            "2.5.29.36" => {
                let constraints: PolicyConstraints = read(extension)?;
                self.require_explicit = constraints.require_explicit_policy;
                self.inhibit_mapping = constraints.inhibit_policy_mapping;
            }
            "2.5.29.37" => self.add_purposes(&read(extension)?),
            "2.5.29.54" => self.inhibit_any = Some(read::<u32>(extension)?),
            "1.3.6.1.5.5.7.1.1" => {
                not_critical("authority info access")?;
                self.add_access(&read(extension)?);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn add_purposes(&mut self, usage: &ExtendedKeyUsage) {
        for purpose in &usage.0 {
            let named = purpose.to_string();
            match PURPOSES.iter().position(|known| *known == named) {
                Some(known) => self.purposes.push(known),
                None => self.unknown_purposes.push(oid(purpose)),
            }
        }
    }

    fn add_access(&mut self, access: &AuthorityInfoAccessSyntax) {
        for one in &access.0 {
            let GeneralName::UniformResourceIdentifier(uri) = &one.access_location else { continue };
            match &*one.access_method.to_string() {
                OCSP => self.ocsp.push(uri.to_string()),
                CA_ISSUERS => self.issuers.push(uri.to_string()),
                _ => {}
            }
        }
    }

    /// Whether every constraint is of a kind that Go knows.
    fn constrain(&mut self, given: &NameConstraints, critical: bool) -> Result<bool, String> {
        self.constrained = true;
        self.constraints_critical = critical;
        let mut known = true;
        for (subtrees, into) in
            [&given.permitted_subtrees, &given.excluded_subtrees].into_iter().zip(&mut self.constraints)
        {
            for subtree in subtrees.iter().flatten() {
                known &= into.add(&subtree.base)?;
            }
        }
        match (&given.permitted_subtrees, &given.excluded_subtrees) {
            (None, None) => Err("x509: empty name constraints extension".to_owned()),
            _ => Ok(known),
        }
    }

    /// Whether policies would have to be followed along a chain.
    pub(super) fn constrains_policies(&self) -> bool {
        self.require_explicit.is_some() || self.inhibit_mapping.is_some() || self.inhibit_any.is_some()
    }

    /// The members of Go's `x509.Certificate` that extensions fill.
    pub(super) fn entries(&self) -> Vec<(&'static str, Value)> {
        let flag = |of: Option<u32>| Value::Bool(of == Some(0));
        let count = |of: Option<u32>| Value::from(u64::from(of.unwrap_or_default()));
        let (authority, below) = self.basic.unwrap_or_default();
        let path_length = if self.basic.is_some() { below.map_or(-1, i64::from) } else { 0 };
        let optional = |key: &Option<Vec<u8>>| key.as_deref().map_or(Value::Null, bytes);
        let mut entries = vec![
            ("Extensions", list(self.all.iter().cloned())),
            ("ExtraExtensions", Value::Null),
            ("UnhandledCriticalExtensions", list(self.unhandled.iter().cloned())),
            ("KeyUsage", Value::from(u64::from(self.key_usage))),
            ("ExtKeyUsage", list(self.purposes.iter().map(|purpose| Value::from(*purpose as u64)))),
            ("UnknownExtKeyUsage", list(self.unknown_purposes.iter().cloned())),
            ("BasicConstraintsValid", Value::Bool(self.basic.is_some())),
            ("IsCA", Value::Bool(authority)),
            ("MaxPathLen", Value::from(path_length)),
            ("MaxPathLenZero", Value::Bool(below == Some(0))),
            ("SubjectKeyId", optional(&self.subject_key)),
            ("AuthorityKeyId", optional(&self.authority_key)),
            ("OCSPServer", texts(&self.ocsp)),
            ("IssuingCertificateURL", texts(&self.issuers)),
            ("PermittedDNSDomainsCritical", Value::Bool(self.constraints_critical)),
            ("CRLDistributionPoints", texts(&self.crl)),
            ("PolicyIdentifiers", list(self.policies.iter().map(oid))),
            ("Policies", list(self.policies.iter().map(|policy| string(policy.to_string())))),
            ("PolicyMappings", list(self.mappings.iter().cloned())),
            ("InhibitAnyPolicy", count(self.inhibit_any)),
            ("InhibitAnyPolicyZero", flag(self.inhibit_any)),
            ("InhibitPolicyMapping", count(self.inhibit_mapping)),
            ("InhibitPolicyMappingZero", flag(self.inhibit_mapping)),
            ("RequireExplicitPolicy", count(self.require_explicit)),
            ("RequireExplicitPolicyZero", flag(self.require_explicit)),
        ];
        entries.extend(self.names.entries());
        let [permitted, excluded] = &self.constraints;
        entries.extend([
            ("PermittedDNSDomains", texts(&permitted.dns)),
            ("ExcludedDNSDomains", texts(&excluded.dns)),
            ("PermittedIPRanges", list(permitted.ranges.iter().cloned())),
            ("ExcludedIPRanges", list(excluded.ranges.iter().cloned())),
            ("PermittedEmailAddresses", texts(&permitted.emails)),
            ("ExcludedEmailAddresses", texts(&excluded.emails)),
            ("PermittedURIDomains", texts(&permitted.uris)),
            ("ExcludedURIDomains", texts(&excluded.uris)),
        ]);
        entries
    }

    pub(super) fn all(&self) -> Value {
        list(self.all.iter().cloned())
    }
}

impl Names {
    fn of(all: &[GeneralName]) -> Result<Self, String> {
        let mut names = Self::default();
        for name in all {
            match name {
                GeneralName::Rfc822Name(text) => names.emails.push(text.to_string()),
                GeneralName::DnsName(text) => names.dns.push(text.to_string()),
                GeneralName::UniformResourceIdentifier(text) => names.uris.push(Uri::read(text.as_str())?),
                GeneralName::IpAddress(held) => {
                    let found = address(held.as_bytes());
                    names.addresses.push(found.ok_or("x509: cannot parse IP address of its length")?);
                }
                _ => {}
            }
        }
        Ok(names)
    }

    fn is_empty(&self) -> bool {
        self.dns.is_empty() && self.emails.is_empty() && self.addresses.is_empty() && self.uris.is_empty()
    }

    pub(super) fn entries(&self) -> [(&'static str, Value); 4] {
        [
            ("DNSNames", texts(&self.dns)),
            ("EmailAddresses", texts(&self.emails)),
            ("IPAddresses", list(self.addresses.iter().map(|address| string(address.to_string())))),
            ("URIs", list(self.uris.iter().map(|uri| uri.value.clone()))),
        ]
    }

    pub(super) fn uri_texts(&self) -> Value {
        list(self.uris.iter().map(|uri| string(&*uri.text)))
    }
}

impl Constraints {
    /// Whether it is of a kind that Go knows.
    fn add(&mut self, base: &GeneralName) -> Result<bool, String> {
        let plain = |text: &str| {
            let known = |byte: u8| byte.is_ascii_alphanumeric() || b".-_@".contains(&byte);
            match text.bytes().all(known) && !text.contains("..") && !text.ends_with('.') {
                true => Ok(text.to_owned()),
                false => Err(uncertain("an unusual name constraint")),
            }
        };
        match base {
            GeneralName::DnsName(text) => self.dns.push(plain(text.as_str())?),
            GeneralName::Rfc822Name(text) => self.emails.push(plain(text.as_str())?),
            GeneralName::UniformResourceIdentifier(text) => self.uris.push(plain(text.as_str())?),
            GeneralName::IpAddress(held) => {
                let held = held.as_bytes();
                let invalid = || "x509: invalid IP address constraint".to_owned();
                let (address_bytes, mask) = held.split_at_checked(held.len() / 2).ok_or_else(invalid)?;
                let found = address(address_bytes).filter(|_| held.len() % 8 == 0).ok_or_else(invalid)?;
                let ones = mask.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1));
                if !ones.is_sorted_by(|a, b| a >= b) {
                    return Err("x509: invalid IP mask in a constraint".to_owned());
                }
                self.ranges.push(fields([("IP", string(found.to_string())), ("Mask", bytes(mask))]));
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

fn distribution_points(points: &CrlDistributionPoints) -> Vec<String> {
    let names = points.0.iter().filter_map(|point| match &point.distribution_point {
        Some(DistributionPointName::FullName(names)) => Some(names),
        _ => None,
    });
    let uri = |name: &GeneralName| match name {
        GeneralName::UniformResourceIdentifier(uri) => Some(uri.to_string()),
        _ => None,
    };
    names.flatten().filter_map(uri).collect()
}
