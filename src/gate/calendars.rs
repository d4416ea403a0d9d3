//! The calendars of a root, for questions about freezes that no change asks.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::change::calendar::{Known, Subject, Target};
use crate::change::documents::Documents;
use crate::change::request::bare_name;
use crate::finding::{Diagnostic, Level};
use crate::resolve;
use crate::source::Sources;

use super::workspace::Workspace;
use super::{Request, Session, inputs};

/// The calendars, and the names that their scopes use.
pub struct Calendars {
    /// Context documents: calendars and services.
    pub documents: Documents,
    /// Services and environments that are declared.
    pub known: Known,
    /// Lower-case spelling of an environment, and its name.
    environments: BTreeMap<String, String>,
    /// All texts.
    pub sources: Arc<Sources>,
    /// Sorted by place. With an error among them, the calendars are not complete.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads the context documents as [`super::check`] would.
pub fn calendars(request: &Request) -> Calendars {
    let mut session = Session::default();
    let read = Workspace::open(request).and_then(|workspace| inputs::context(request, &workspace, &mut session));
    let (config, documents) = read.unwrap_or_else(|fault| {
        session.diagnostics.push(fault);
        Default::default()
    });
    crate::outcome::sort_diagnostics(&mut session.diagnostics, &session.sources);
    let environments = resolve::spellings(&config).into_iter().map(|(spelling, name)| (spelling, name.to_string()));
    let environments: BTreeMap<String, String> = environments.collect();
    let services = documents.catalog.services().iter().map(|service| service.name.to_lowercase());
    let known = Known { services: services.collect(), environments: environments.keys().cloned().collect() };
    let Session { sources, diagnostics } = session;
    Calendars { documents, known, environments, sources: Arc::new(sources), diagnostics }
}

impl Calendars {
    /// Whether every calendar could be read.
    pub fn is_complete(&self) -> bool {
        self.diagnostics.iter().all(|d| d.level != Level::Error)
    }

    /// What a change to this target would touch. The tier is the catalogue's where it is not given.
    pub fn subject(&self, target: Target) -> Subject<'_> {
        let service = target.service.as_deref().and_then(|name| self.documents.catalog.find(name));
        let target = Target {
            tier: target.tier.or_else(|| service.and_then(|service| service.entry.tier)),
            service: target.service.map(|name| bare_name(&name).to_owned()),
            ..target
        };
        let owner = service.and_then(|service| service.entry.owner.clone());
        let targets = if target == Target::default() { Vec::new() } else { vec![target] };
        Subject {
            targets,
            teams: owner.into_iter().collect(),
            environment_names: self.environments.clone(),
            ..Subject::default()
        }
    }
}
