//! Services: what the catalogue says about each of them, and under which names they are found.

mod backstage;
mod native;
mod peak;

use std::collections::HashMap;

use super::request::{Request, bare_name};
use super::{Elapsed, duration};
use crate::facts::{ScopedService, ServiceEntry};
use crate::finding::{Diagnostic, Level};
use crate::source::{Sources, Span};

pub(super) use self::backstage::read as read_backstage;
pub(super) use self::native::NativeService;

/// Services by name, reference and Kubernetes id.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    services: Vec<Service>,
    references: HashMap<String, usize>,
    names: HashMap<String, usize>,
    /// An id that two services share stands for neither.
    kubernetes_ids: HashMap<String, Option<usize>>,
}

/// One service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Service {
    /// Bare name.
    pub name: String,
    /// `component:default/orders-api`, in lower case.
    pub reference: String,
    /// What it calls itself in `backstage.io/kubernetes-id`.
    pub kubernetes_id: Option<String>,
    /// What is said about it; `source` is filled in by [`Service::facts`].
    pub entry: ServiceEntry,
    /// Its name in the catalogue.
    pub span: Span,
}

impl Catalog {
    /// Adds a service. One that is there already is an error: two entries may disagree about its tier.
    ///
    /// A Backstage API or System may bear the name of the Component behind it; the bare name then is the Component's.
    pub(super) fn add(&mut self, service: Service) -> Option<Diagnostic> {
        let index = self.services.len();
        if self.references.insert(service.reference.clone(), index).is_some() {
            return Some(duplicate(&service, &service.reference));
        }
        let name = service.name.to_lowercase();
        let holder = self.names.get(&name).and_then(|holder| self.services.get(*holder));
        let told = match holder {
            Some(holder) if holder.runs() && service.runs() => Some(duplicate(&service, &holder.reference)),
            Some(holder) if holder.runs() || !service.runs() => None,
            _ => {
                self.names.insert(name, index);
                None
            }
        };
        if let Some(id) = service.kubernetes_id.clone().filter(|_| service.runs()) {
            self.kubernetes_ids.entry(id.to_lowercase()).and_modify(|shared| *shared = None).or_insert(Some(index));
        }
        self.services.push(service);
        told
    }

    /// The service of a reference (`component:default/orders-api`), a bare name or a Kubernetes id.
    pub fn find(&self, name: &str) -> Option<&Service> {
        let name = name.trim().to_lowercase();
        let bare = || self.names.get(bare_name(&name)).filter(|_| is_default(&name));
        let by_id = || self.kubernetes_ids.get(&name).copied().flatten();
        let index = self.references.get(&name).or_else(bare).copied().or_else(by_id)?;
        self.services.get(index).filter(|service| service.answers_to(&name))
    }

    /// In the order of the documents.
    pub fn services(&self) -> &[Service] {
        &self.services
    }

    /// The services of the request's scope as the catalogue knows them. Tiers that the request claims are not read.
    pub fn scoped(&self, request: &Request, sources: &Sources) -> Vec<ScopedService> {
        let scope = request.spec().scope.as_ref();
        let references = scope.map(|scope| scope.services.as_slice()).unwrap_or_default();
        let look_up = |reference: &String| {
            let found = self.find(reference);
            ScopedService {
                r#ref: reference.clone(),
                name: found.map_or_else(|| bare_name(reference).to_owned(), |service| service.name.clone()),
                known: found.is_some(),
                entry: found.map(|service| service.facts(sources)).unwrap_or_default(),
            }
        };
        references.iter().filter_map(|service| service.r#ref.as_ref()).map(look_up).collect()
    }
}

impl Service {
    /// What is said about it, with its place.
    pub fn facts(&self, sources: &Sources) -> ServiceEntry {
        let source = sources.locate(self.span).map(|place| place.to_string());
        ServiceEntry { source, ..self.entry.clone() }
    }

    /// Whether it is something that runs, not a contract or a grouping.
    fn runs(&self) -> bool {
        !matches!(self.entry.kind.as_deref(), Some("API" | "System"))
    }

    /// Whether what was asked for, once it names a kind, is of that kind.
    fn answers_to(&self, asked: &str) -> bool {
        match asked.split_once(':') {
            Some((kind, _)) => self.reference.split(':').next() == Some(kind),
            None => true,
        }
    }
}

/// One fact about a service as text, from an annotation or a field. Unknown facts are for the caller.
fn set_fact(entry: &mut ServiceEntry, fact: &str, text: &str, span: Span) -> Result<(), Diagnostic> {
    let wrong = |why: String| {
        Diagnostic::error("catalogue::value", format!("`{fact}`: {why}")).at(span).label("cannot be used")
    };
    let owned = || Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let truth = || match text.trim() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(wrong(format!("`{text}` is neither `true` nor `false`"))),
    };
    let length = || duration::Elapsed::parse(text.trim()).map(|Elapsed { ns }| Some(ns)).map_err(wrong);
    match fact {
        "tier" => entry.tier = Some(tier(text).ok_or_else(|| wrong(format!("`{text}` is not a tier from 0 to 3")))?),
        "rto" => (entry.rto, entry.rto_ns) = (owned(), length()?),
        "rpo" => (entry.rpo, entry.rpo_ns) = (owned(), length()?),
        "core" => entry.core = truth()?,
        "ephemeral" => entry.ephemeral = truth()?,
        "singleton" => entry.singleton = truth()?,
        "dr-pair" => entry.dr_pair = owned(),
        // A report read it before any policy did: what it cannot read is told and stops nothing.
        "peak-hours" => {
            entry.peak =
                Some(peak::parse(text.trim()).map_err(|why| Diagnostic { level: Level::Warning, ..wrong(why) })?);
        }
        "slo" => entry.slo = owned(),
        "runbook" => entry.runbook = owned(),
        "regulatory" => {
            entry.regulatory = text.split(',').map(|name| name.trim().to_owned()).filter(|n| !n.is_empty()).collect();
        }
        _ => {}
    }
    Ok(())
}

/// Whether a link of the catalogue leads to a dashboard: its type says so, or its title.
fn is_dashboard(kind: &str, title: &str, url: &str) -> bool {
    let says_so = |text: &str| text.to_lowercase().contains("dashboard");
    !url.is_empty() && (says_so(kind) || says_so(title))
}

fn tier(text: &str) -> Option<u8> {
    text.trim().parse().ok().filter(|tier| *tier <= 3)
}

/// A reference into another namespace is not the service of the same name in the default one.
fn is_default(reference: &str) -> bool {
    reference.split_once('/').is_none_or(|(front, _)| front.rsplit(':').next() == Some("default"))
}

fn duplicate(service: &Service, other: &str) -> Diagnostic {
    Diagnostic::error("catalogue::duplicate", format!("a second service `{}`", service.name))
        .at(service.span)
        .label(format!("`{other}` is there already"))
        .help("two entries may disagree about tier and owner; keep one")
}

#[cfg(test)]
mod tests;
