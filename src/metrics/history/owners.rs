//! Who owns a service, as the catalogue says.

use std::collections::BTreeMap;

use crate::change::catalog::Catalog;
use crate::change::request::bare_name;

/// What the catalogue says about a service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Owner {
    /// Bare name of the team.
    pub team: Option<String>,
    /// Recovery time objective, in hours.
    pub rto: Option<f64>,
}

/// Owners by bare name of the service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Owners(pub BTreeMap<String, Owner>);

impl Owners {
    /// From the catalogue.
    pub fn of(catalog: &Catalog) -> Self {
        let owner = |entry: &crate::facts::ServiceEntry| Owner {
            team: entry.owner.as_deref().map(|team| bare_name(team).to_owned()),
            rto: entry.rto_ns.map(|ns| ns as f64 / 3.6e12),
        };
        Self(catalog.services().iter().map(|s| (s.name.to_lowercase(), owner(&s.entry))).collect())
    }

    /// The owner of a service.
    pub(super) fn find(&self, service: &str) -> Option<&Owner> {
        self.0.get(&service.to_lowercase())
    }

    /// Whether somebody owns something under this name.
    pub(super) fn is_team(&self, name: &str) -> bool {
        self.0.values().any(|owner| owner.team.as_deref() == Some(name))
    }
}
