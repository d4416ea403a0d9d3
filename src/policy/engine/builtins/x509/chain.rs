//! A chain from a certificate to the authority that is trusted, as Go's `Certificate.Verify` builds it.

use regorus::Value;

use super::certificate::Certificate;
use super::{LIMIT, uncertain};

/// The names of purposes that a policy may ask for; their places are Go's numbers.
const PURPOSES: [&str; 14] = [
    "KeyUsageAny",
    "KeyUsageServerAuth",
    "KeyUsageClientAuth",
    "KeyUsageCodeSigning",
    "KeyUsageEmailProtection",
    "KeyUsageIPSECEndSystem",
    "KeyUsageIPSECTunnel",
    "KeyUsageIPSECUser",
    "KeyUsageTimeStamping",
    "KeyUsageOCSPSigning",
    "KeyUsageMicrosoftServerGatedCrypto",
    "KeyUsageNetscapeServerGatedCrypto",
    "KeyUsageMicrosoftCommercialCodeSigning",
    "KeyUsageMicrosoftKernelCodeSigning",
];

const ANY: usize = 0;
const SERVER: usize = 1;
/// The bit of a key that signs certificates.
const SIGNS: u16 = 1 << 5;
const NO_INSTANT: &str =
    "give the instant: `CurrentTime` of `crypto.x509.parse_and_verify_certificates_with_options`, in nanoseconds";
/// Most signatures that are looked at for one chain.
const MOST_CHECKS: usize = 100;

/// What is asked of a chain.
#[derive(Default)]
pub(super) struct Options {
    host: String,
    /// Nanoseconds since 1970.
    at: Option<i64>,
    purposes: Vec<usize>,
}

impl Options {
    pub(super) fn read<'a>(given: impl Iterator<Item = (&'a Value, &'a Value)>) -> Result<Self, String> {
        let mut options = Self::default();
        for (key, value) in given {
            let Value::String(key) = key else { continue };
            match (&**key, value) {
                ("DNSName", Value::String(host)) => options.host = host.trim_matches('"').to_owned(),
                ("DNSName", _) => return Err("'DNSName' should be a string".to_owned()),
                ("CurrentTime", Value::Number(at)) => {
                    options.at = Some(at.as_i64().ok_or("'CurrentTime' should be a valid int64 number")?);
                }
                ("CurrentTime", _) => return Err("'CurrentTime' should be a number".to_owned()),
                // Counts comparisons of name constraints, which are refused.
                ("MaxConstraintComparisons", Value::Number(_)) => {}
                ("MaxConstraintComparisons", _) => {
                    return Err("'MaxConstraintComparisons' should be a number".to_owned());
                }
                ("KeyUsages", value) => {
                    let all = super::super::members(value).ok_or("'KeyUsages' should be an Array or Set")?;
                    options.purposes = all.iter().filter_map(purpose).collect::<Result<_, _>>()?;
                }
                _ => return Err("invalid key option".to_owned()),
            }
        }
        Ok(options)
    }
}

/// What is no text is gone over.
fn purpose(value: &Value) -> Option<Result<usize, String>> {
    let Value::String(text) = value else { return None };
    let text = text.trim_matches('"');
    let place = PURPOSES.iter().position(|known| *known == text);
    Some(place.ok_or_else(|| format!("invalid entries for 'KeyUsages' found: [{text}]")))
}

/// The first is trusted, the last is asked about, the others may stand between them.
pub(super) fn verified<'a>(all: &'a [Certificate], options: &Options) -> Result<Vec<&'a Certificate>, String> {
    let [root, between @ .., leaf] = all else {
        return Err("must supply at least two certificates to be able to verify".to_owned());
    };
    // A policy must not depend on the clock. Zero is Go's way to ask for it.
    let at = options.at.filter(|at| *at != 0).ok_or_else(|| format!("{LIMIT}{NO_INSTANT}"))?;
    let search = Search { root, between, at: at.into() };
    search.fits(leaf, Kind::Leaf, &[])?;
    if !options.host.is_empty() && !leaf.extensions.names.include(&options.host) {
        return Err("x509: certificate is not valid for the name".to_owned());
    }
    let mut chains = Vec::new();
    if leaf.raw == root.raw {
        chains.push(vec![leaf]);
    } else {
        search.extend(&[leaf], &mut 0, &mut chains)?;
    }
    let wanted = if options.purposes.is_empty() { &[SERVER] } else { &*options.purposes };
    for chain in &chains {
        if chain.iter().any(|one| one.extensions.constrains_policies()) {
            return Err(uncertain("a chain with constraints of policies"));
        }
    }
    let allowed = |chain: &Vec<&Certificate>| wanted.contains(&ANY) || allows(chain, wanted);
    chains.into_iter().find(allowed).ok_or_else(|| "x509: certificate signed by unknown authority".to_owned())
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Leaf,
    Between,
    Root,
}

struct Search<'a> {
    root: &'a Certificate,
    between: &'a [Certificate],
    /// Nanoseconds since 1970.
    at: i128,
}

impl<'a> Search<'a> {
    /// Whether a certificate may stand behind these.
    fn fits(&self, one: &Certificate, kind: Kind, chain: &[&Certificate]) -> Result<(), String> {
        if !one.extensions.unhandled.is_empty() {
            return Err("x509: unhandled critical extension".to_owned());
        }
        if chain.last().is_some_and(|child| child.issuer != one.subject) {
            return Err("x509: issuer name does not match subject from issuing certificate".to_owned());
        }
        let [from, to] = one.validity.map(|seconds| i128::from(seconds) * 1_000_000_000);
        if self.at < from || self.at > to {
            return Err("x509: certificate has expired or is not yet valid".to_owned());
        }
        if kind != Kind::Leaf && one.extensions.constrained {
            return Err(uncertain("an authority with name constraints"));
        }
        if kind == Kind::Between && one.extensions.basic.is_none_or(|(authority, _)| !authority) {
            return Err("x509: certificate is not authorized to sign other certificates".to_owned());
        }
        let most = one.extensions.basic.and_then(|(_, below)| below).map(usize::from);
        if most.is_some_and(|most| chain.len().saturating_sub(1) > most) {
            return Err("x509: too many intermediates for path length constraint".to_owned());
        }
        Ok(())
    }

    /// Every chain from here to the root, the root first wherever it follows.
    fn extend(
        &self,
        chain: &[&'a Certificate],
        checks: &mut usize,
        chains: &mut Vec<Vec<&'a Certificate>>,
    ) -> Result<(), String> {
        let Some(last) = chain.last() else { return Ok(()) };
        let mut between: Vec<&Certificate> = self.between.iter().filter(|one| one.subject == last.issuer).collect();
        between.sort_by_key(|one| closeness(last, one));
        let root = Some(self.root).filter(|root| root.subject == last.issuer);
        let candidates = root.map(|root| (Kind::Root, root)).into_iter();
        for (kind, candidate) in candidates.chain(between.into_iter().map(|one| (Kind::Between, one))) {
            if chain.iter().any(|one| is_same(one, candidate)) {
                continue;
            }
            *checks += 1;
            if *checks > MOST_CHECKS {
                return Err("x509: signature check attempts limit reached while verifying certificate chain".to_owned());
            }
            if !is_signed_by(last, candidate)? {
                continue;
            }
            match self.fits(candidate, kind, chain) {
                Ok(()) => {}
                Err(refused) if refused.starts_with(LIMIT) => return Err(refused),
                Err(_) => continue,
            }
            let longer = [chain, &[candidate]].concat();
            match kind {
                Kind::Root => chains.push(longer),
                _ => self.extend(&longer, checks, chains)?,
            }
        }
        Ok(())
    }
}

/// Candidates whose key is named come first, those whose key is another last.
fn closeness(child: &Certificate, parent: &Certificate) -> u8 {
    match (&child.extensions.authority_key, &parent.extensions.subject_key) {
        (wanted, has) if wanted == has => 0,
        (Some(_), Some(_)) => 2,
        _ => 1,
    }
}

fn is_same(one: &Certificate, other: &Certificate) -> bool {
    let names = |one: &Certificate| one.extensions.names.entries().map(|(_, value)| value);
    one.subject == other.subject && one.key == other.key && names(one) == names(other)
}

fn is_signed_by(child: &Certificate, parent: &Certificate) -> Result<bool, String> {
    let authority = match parent.extensions.basic {
        Some((authority, _)) => authority,
        None => parent.version != 3,
    };
    let signs = parent.extensions.key_usage == 0 || parent.extensions.key_usage & SIGNS != 0;
    if authority && signs { child.signature.is_by(&parent.key, &child.signed) } else { Ok(false) }
}

/// Whether one of the purposes is left by every certificate of a chain.
fn allows(chain: &[&Certificate], wanted: &[usize]) -> bool {
    wanted.iter().any(|purpose| {
        chain.iter().all(|one| {
            let (known, unknown) = (&one.extensions.purposes, &one.extensions.unknown_purposes);
            known.is_empty() && unknown.is_empty() || known.contains(&ANY) || known.contains(purpose)
        })
    })
}
