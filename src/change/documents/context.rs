//! `input.context`: the documents by kind, with their age.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Documents, Given, Kind};
use crate::change::Elapsed;
use crate::change::catalog::Service;
use crate::change::identity::Person;
use crate::facts::ContextFacts;
use crate::finding::Diagnostic;
use crate::source::{Sources, Span};

/// How old documents may be, by kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MaxAges(BTreeMap<Kind, Elapsed>);

impl MaxAges {
    /// Reads `context.max_age` of the configuration.
    ///
    /// # Errors
    ///
    /// One `context::max-age` for each name that is no kind, and each value that is no duration.
    pub fn read(configured: &BTreeMap<String, String>) -> Result<Self, Vec<Diagnostic>> {
        let mut ages = BTreeMap::new();
        let mut told = Vec::new();
        for (name, text) in configured {
            match (Kind::named(name), Elapsed::parse(text)) {
                (Some(kind), Ok(age)) => drop(ages.insert(kind, age)),
                (None, _) => told.push(wrong_age(name, "no kind of document", super::kinds_like(name))),
                (_, Err(why)) => told.push(wrong_age(name, &why, "write a duration such as `PT15M`".into())),
            }
        }
        if told.is_empty() { Ok(Self(ages)) } else { Err(told) }
    }
}

/// Every kind of context under its key, given or not.
pub fn context(
    documents: &Documents,
    ages: &MaxAges,
    now: Timestamp,
    sources: &Sources,
) -> BTreeMap<String, ContextFacts> {
    let facts = |kind: Kind| (kind.key().to_owned(), facts_of(kind, documents, ages, now, sources));
    Kind::of_context().map(facts).collect()
}

fn facts_of(kind: Kind, documents: &Documents, ages: &MaxAges, now: Timestamp, sources: &Sources) -> ContextFacts {
    let given = documents.given(kind);
    let services = documents.catalog.services();
    let entities = kind == Kind::ServiceCatalog && !services.is_empty();
    let is_given = entities || !given.is_empty();
    let first = given.first().map(|given| given.span).or_else(|| services.first().filter(|_| entities).map(|s| s.span));
    let as_of = oldest(given);
    let age = as_of.map(|at| now.duration_since(at));
    let limit = ages.0.get(&kind);
    let stale = match (limit, age) {
        (Some(limit), Some(age)) => age > limit.signed(),
        // An allowed age is configured, and nobody says how old this is.
        (Some(_), None) => is_given,
        (None, _) => false,
    };
    ContextFacts {
        given: is_given,
        as_of: as_of.map(|at| at.to_string()),
        age_ns: age.and_then(|age| i64::try_from(age.as_nanos()).ok()),
        stale,
        max_age_ns: limit.map(|limit| limit.ns),
        source: first.and_then(|span| place(span, sources)),
        entries: entries(kind, documents, sources),
        sources: given.iter().flat_map(|given| &given.entries).map(|entry| place(entry.span, sources)).collect(),
    }
}

/// The oldest `asOf`; `None` as soon as one document does not say.
fn oldest(given: &[Given]) -> Option<Timestamp> {
    let instants: Option<Vec<Timestamp>> = given.iter().map(|g| g.header.as_of.map(|as_of| as_of.0)).collect();
    instants?.into_iter().min()
}

fn entries(kind: Kind, documents: &Documents, sources: &Sources) -> Value {
    match kind {
        Kind::ServiceCatalog => documents.catalog.services().iter().map(|s| service(s, sources)).collect(),
        Kind::Identities => documents.identities.people().iter().map(person).collect(),
        _ => documents.given(kind).iter().flat_map(|given| &given.entries).map(|node| json!(node)).collect(),
    }
}

fn service(service: &Service, sources: &Sources) -> Value {
    let mut value = json!(service.facts(sources));
    if let Value::Object(fields) = &mut value {
        fields.insert("name".into(), json!(service.name));
        fields.insert("ref".into(), json!(service.reference));
    }
    value
}

/// Addresses and roles stay out: approvals carry the roles that count.
fn person(person: &Person) -> Value {
    json!({"person": person.id, "team": person.team, "bot": person.bot})
}

fn place(span: Span, sources: &Sources) -> Option<String> {
    sources.locate(span).map(|place| place.to_string())
}

fn wrong_age(name: &str, why: &str, help: String) -> Diagnostic {
    Diagnostic::error("context::max-age", format!("`context.max_age.{name}`: {why}")).help(help)
}
