//! What a change touches, as far as a calendar asks: and whether a window's scope and exemptions fit it.

use std::collections::BTreeMap;

use globset::GlobSet;

use crate::change::request::{ChangeClass, ChangeType, Request, bare_name};
use crate::parse::tree::{Node, Value};

/// What a change touches. What is `None` or left empty could not be told, and fits every scope: a freeze that may
/// apply applies.
#[derive(Clone, Debug, Default)]
pub struct Subject<'a> {
    /// One for each distinct combination that is touched; an empty list is one about which nothing is known.
    pub targets: Vec<Target>,
    /// Teams of the change and of the services, bare or as references.
    pub teams: Vec<String>,
    /// Files that differ; `None` without git.
    pub paths: Option<Vec<String>>,
    /// Other spellings of an environment, in lower case, and its name.
    pub environment_names: BTreeMap<String, String>,
    /// The change request.
    pub request: Option<&'a Request>,
}

/// One combination that a change touches.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    /// `prod`, after synonyms.
    pub environment: Option<String>,
    /// Bare name.
    pub service: Option<String>,
    /// What the catalogue says.
    pub tier: Option<u8>,
    /// Cloud region.
    pub region: Option<String>,
    /// Kubernetes namespace.
    pub namespace: Option<String>,
}

/// What a window applies to. An empty list matches everything.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Environments.
    pub environments: Vec<String>,
    /// Services, bare names.
    pub services: Vec<String>,
    /// Tiers.
    pub tiers: Vec<u8>,
    /// Cloud regions.
    pub regions: Vec<String>,
    /// Teams, bare names.
    pub teams: Vec<String>,
    /// Types of change.
    pub change_types: Vec<ChangeType>,
    /// Files; `None` matches everything.
    pub paths: Option<GlobSet>,
    /// What another system's window selects; `None` matches everything.
    pub selector: Option<Selector>,
}

/// Globs over the names that Argo CD knows a workload by; `None` is a list that was not given.
#[derive(Clone, Debug, Default)]
pub struct Selector {
    /// Applications, taken for services of the same name.
    pub applications: Option<GlobSet>,
    /// Destination namespaces.
    pub namespaces: Option<GlobSet>,
    /// Destination clusters, of which a change says nothing.
    pub clusters: Option<GlobSet>,
    /// Whether all lists must match, not one of them.
    pub all: bool,
}

/// When a window does not apply although its scope fits: all that is named must hold.
#[derive(Clone, Debug, Default)]
pub struct Exemption {
    /// The change's class.
    pub change_class: Option<ChangeClass>,
    /// One of these types.
    pub change_types: Vec<ChangeType>,
    /// Every touched service is one of these, bare names.
    pub services: Vec<String>,
    /// Fields below the request's `spec` that must be filled in.
    pub requires: Vec<String>,
}

impl Scope {
    /// Whether some touched combination fits, for a freeze: what is unknown fits, because a freeze that may apply
    /// applies.
    pub fn fits(&self, subject: &Subject<'_>) -> bool {
        self.fits_change(subject, true)
            && subject.targets().iter().any(|target| self.fits_target(target, subject, true))
    }

    /// Whether every touched combination fits, for an open slot: what is unknown does not, because a slot that may
    /// be meant for something else opens nothing.
    pub fn covers(&self, subject: &Subject<'_>) -> bool {
        self.covers_change(subject) && subject.targets().iter().all(|target| self.fits_target(target, subject, false))
    }

    fn fits_change(&self, subject: &Subject<'_>, unknown: bool) -> bool {
        let path_fits = |globs: &GlobSet| {
            subject.paths.as_ref().map_or(unknown, |paths| paths.iter().any(|path| globs.is_match(path)))
        };
        self.fits_author(subject, unknown) && self.paths.as_ref().is_none_or(path_fits)
    }

    fn covers_change(&self, subject: &Subject<'_>) -> bool {
        // The request itself is part of every change.
        let request = subject.request.map(|request| &*request.file);
        let covered = |globs: &GlobSet| {
            let all = |paths: &Vec<String>| paths.iter().all(|p| globs.is_match(p) || Some(p.as_str()) == request);
            subject.paths.as_ref().is_some_and(all)
        };
        self.fits_author(subject, false) && self.paths.as_ref().is_none_or(covered)
    }

    /// Type of change and teams.
    fn fits_author(&self, subject: &Subject<'_>, unknown: bool) -> bool {
        let type_fits = |change_type| self.change_types.contains(&change_type);
        let team_fits = |team: &String| named(&self.teams, bare_name(team));
        (self.change_types.is_empty() || subject.change_type().map_or(unknown, type_fits))
            && (self.teams.is_empty()
                || if subject.teams.is_empty() { unknown } else { subject.teams.iter().any(team_fits) })
    }

    fn fits_target(&self, target: &Target, subject: &Subject<'_>, unknown: bool) -> bool {
        let environment_fits = |name: &String| {
            self.environments
                .iter()
                .any(|wanted| subject.environment(wanted).eq_ignore_ascii_case(subject.environment(name)))
        };
        let service_fits = |service: &String| named(&self.services, bare_name(service));
        (self.environments.is_empty() || target.environment.as_ref().map_or(unknown, environment_fits))
            && (self.services.is_empty() || target.service.as_ref().map_or(unknown, service_fits))
            && (self.tiers.is_empty() || target.tier.map_or(unknown, |tier| self.tiers.contains(&tier)))
            && (self.regions.is_empty()
                || target.region.as_ref().map_or(unknown, |region| named(&self.regions, region)))
            && self.selector.as_ref().is_none_or(|selector| selector.fits(target, unknown))
    }
}

impl Selector {
    fn fits(&self, target: &Target, unknown: bool) -> bool {
        let list = |globs: &Option<GlobSet>, name: Option<&str>| {
            // What matches even an empty name matches every name.
            globs.as_ref().map(|globs| name.map_or_else(|| unknown || globs.is_match(""), |name| globs.is_match(name)))
        };
        let lists = [
            list(&self.applications, target.service.as_deref().map(bare_name)),
            list(&self.namespaces, target.namespace.as_deref()),
            list(&self.clusters, None),
        ];
        let mut given = lists.into_iter().flatten();
        if self.all { given.all(|fits| fits) } else { given.any(|fits| fits) }
    }
}

impl Exemption {
    /// Why the window does not apply, or `None` when it does. What is unknown exempts nothing.
    pub fn applies(&self, subject: &Subject<'_>) -> Option<String> {
        let class_fits = self.change_class.is_none_or(|class| subject.change_class() == Some(class));
        let type_fits = self.change_types.is_empty()
            || subject.change_type().is_some_and(|change_type| self.change_types.contains(&change_type));
        let holds = class_fits && type_fits && self.covers_services(subject) && self.has_required(subject);
        holds.then(|| self.describe(subject))
    }

    fn covers_services(&self, subject: &Subject<'_>) -> bool {
        let covered = |target: &Target| target.service.as_ref().is_some_and(|s| named(&self.services, bare_name(s)));
        self.services.is_empty() || (!subject.targets.is_empty() && subject.targets.iter().all(covered))
    }

    fn has_required(&self, subject: &Subject<'_>) -> bool {
        let spec = subject.request.and_then(|request| request.node.get("spec"));
        self.requires.iter().all(|field| {
            let keys: Vec<&str> = field.strip_prefix("spec.").unwrap_or(field).split('.').collect();
            spec.and_then(|spec| spec.at(&keys)).is_some_and(filled_in)
        })
    }

    fn describe(&self, subject: &Subject<'_>) -> String {
        let class = self.change_class.map(|class| format!("changeClass {}", class.as_str()));
        let change_type = subject.change_type().filter(|_| !self.change_types.is_empty());
        let change_type = change_type.map(|change_type| format!("type {}", change_type.as_str()));
        let services = (!self.services.is_empty()).then(|| format!("services {}", self.services.join(", ")));
        let claimed = class.is_some() || change_type.is_some();
        let named: Vec<String> = [class, change_type, services].into_iter().flatten().collect();
        let proof = match self.requires.as_slice() {
            [] if claimed => " (self-declared)".to_owned(),
            [] => String::new(),
            fields => format!(" with {}", fields.join(", ")),
        };
        named.join(", ") + &proof
    }
}

impl Subject<'_> {
    /// The combinations that are touched; one about which nothing is known when none was found.
    fn targets(&self) -> &[Target] {
        const UNKNOWN: &[Target] =
            &[Target { environment: None, service: None, tier: None, region: None, namespace: None }];
        if self.targets.is_empty() { UNKNOWN } else { &self.targets }
    }

    /// `spec.type`.
    pub fn change_type(&self) -> Option<ChangeType> {
        self.request.and_then(|request| request.spec().r#type)
    }

    /// `spec.changeClass`.
    pub fn change_class(&self) -> Option<ChangeClass> {
        self.request.and_then(|request| request.spec().change_class)
    }

    fn environment<'s>(&'s self, spelling: &'s str) -> &'s str {
        self.environment_names.get(&spelling.to_lowercase()).map_or(spelling, String::as_str)
    }
}

fn named(names: &[String], name: &str) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

fn filled_in(node: &Node) -> bool {
    match &node.value {
        Value::Null | Value::Unknown | Value::Sensitive => false,
        Value::String(text) => !text.trim().is_empty(),
        Value::Seq(items) => !items.is_empty(),
        Value::Map(map) => !map.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

#[cfg(test)]
mod tests;
