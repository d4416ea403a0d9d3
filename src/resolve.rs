//! Which environment, service and tier a resource belongs to (contract 2).
//!
//! Label or annotation, then tag, then the configuration's path map, then the catalogue. The tier always comes
//! from the catalogue. What a change says about itself can make this stricter, never looser: a resource that
//! was production before the change stays production while the change is judged.

use std::collections::BTreeMap;
use std::sync::Arc;

use globset::{Glob, GlobSet, GlobSetBuilder};

use crate::change::catalog::Catalog;
use crate::config::Config;
use crate::facts::{Iac, Resource, is_stateful};
use crate::finding::Diagnostic;
use crate::{kubernetes, terraform};

/// The environment that hard policies protect.
pub const PRODUCTION: &str = "prod";

/// Environments that are known without a configuration, with their other spellings. A value that is in no
/// list is not resolved, so that a typo (`prdo`) does not exempt anything.
const KNOWN: &[(&str, &[&str])] = &[
    (PRODUCTION, &["production", "prd", "live"]),
    ("staging", &["stage", "stg", "preprod", "pre-prod", "preproduction", "pre-production"]),
    ("test", &["testing", "qa", "uat", "integration", "ci"]),
    ("dev", &["development", "local", "sandbox", "preview", "demo"]),
];

const ENVIRONMENT_ANNOTATION: &str = "changegate/environment";
const SERVICE_ANNOTATIONS: &[&str] = &["changegate/service", "backstage.io/kubernetes-id"];
const SERVICE_LABELS: &[&str] = &["app.kubernetes.io/part-of", "app.kubernetes.io/name", "app.kubernetes.io/instance"];
const ENVIRONMENT_KEYS: &[&str] = &["environment", "env"];
const REGION_LABEL: &str = "topology.kubernetes.io/region";

/// Resolves resources with one configuration and one catalogue.
pub struct Resolver<'a> {
    catalogue: &'a Catalog,
    /// Lower-case spelling → name.
    spellings: BTreeMap<String, Arc<str>>,
    environments: Vec<(Arc<str>, GlobSet)>,
    services: Vec<(Arc<str>, GlobSet)>,
    fill: Option<Arc<str>>,
}

impl<'a> Resolver<'a> {
    /// A resolver; `requested` are the environments of the change request's scope, which fill what stays
    /// unknown, and only towards production.
    ///
    /// # Errors
    /// A glob of the configuration that does not parse.
    pub fn new(config: &Config, catalogue: &'a Catalog, requested: &[String]) -> Result<Self, Diagnostic> {
        let spellings = spellings(config);
        let mut environments = Vec::new();
        for (name, others) in declared(config) {
            let shared: Arc<str> = name.into();
            let paths = match config.environments.get(name).map(|e| e.paths.as_slice()) {
                None | Some([]) => {
                    std::iter::once(name).chain(others.iter().copied()).map(|n| format!("**/{n}/**")).collect()
                }
                Some(paths) => paths.to_vec(),
            };
            environments.push((shared, globs(&paths, "environments")?));
        }
        let service = |(name, s): (&String, &crate::config::ServicePaths)| {
            Ok((name.as_str().into(), globs(&s.paths, "services")?))
        };
        let services = config.services.iter().map(service).collect::<Result<_, Diagnostic>>()?;
        let roots = config.terraform.roots.iter().filter_map(|r| Some((r.environment.as_ref()?, &r.path)));
        let mut by_root = Vec::new();
        for (environment, path) in roots {
            let name =
                spellings.get(&environment.to_lowercase()).cloned().unwrap_or_else(|| environment.as_str().into());
            by_root.push((name, globs(&[below(path)], "terraform.roots")?));
        }
        // A root module that is named for several environments is production where one of them is.
        by_root.sort_by_key(|(name, _)| &**name != PRODUCTION);
        environments.splice(0..0, by_root);
        let production = |name: &String| spellings.get(&name.to_lowercase()).is_some_and(|n| &**n == PRODUCTION);
        let fill = requested.iter().any(production).then(|| PRODUCTION.into());
        Ok(Self { catalogue, spellings, environments, services, fill })
    }

    /// The name of an environment after synonyms; `None` for a spelling that nobody declared.
    pub fn environment(&self, spelling: &str) -> Option<Arc<str>> {
        self.spellings.get(&spelling.trim().to_lowercase()).cloned()
    }

    /// Fills in environment, service, tier, region, zones, owners and statefulness. `path` is relative to the
    /// root of the run.
    pub fn resolve(&self, resource: &mut Resource, path: &str) {
        let after = self.place(resource, path);
        let before = resource.before.clone().filter(|_| resource.action.is_change()).map(|attrs| {
            let earlier = Resource { attrs, iac: resource.iac, ..Resource::default() };
            self.place(&earlier, path)
        });
        let place = before.map_or_else(|| after.clone(), |before| after.clone().stricter(before));
        resource.environment = place.environment.or_else(|| self.fill.clone());
        resource.service = place.service;
        resource.tier = place.tier;
        resource.region = place.region;
        resource.owners = place.owners;
        resource.stateful = is_stateful(&resource.kind);
        if resource.iac == Some(Iac::Terraform) {
            resource.zones = terraform::zones(resource);
        }
    }

    fn place(&self, resource: &Resource, path: &str) -> Place {
        let spelled = written(resource, Fact::Environment).into_iter().next();
        let environment = match spelled {
            Some(spelling) => self.environment(&spelling),
            None => self.environments.iter().find(|(_, globs)| globs.is_match(path)).map(|(name, _)| name.clone()),
        };
        let candidates = written(resource, Fact::Service);
        let known = candidates.iter().find(|name| self.catalogue.find(name).is_some());
        let by_path = || self.services.iter().find(|(_, globs)| globs.is_match(path)).map(|(name, _)| name.to_string());
        let service = known.cloned().or_else(by_path).or_else(|| candidates.first().cloned());
        let entry = service.as_deref().and_then(|name| self.catalogue.find(name));
        let owner = entry.and_then(|e| e.entry.owner.clone()).into_iter().chain(written(resource, Fact::Owner)).next();
        Place {
            environment,
            tier: entry.and_then(|e| e.entry.tier),
            service: entry.map(|e| Arc::from(e.name.as_str())).or_else(|| service.map(Into::into)),
            region: written(resource, Fact::Region).into_iter().next().map(Into::into),
            owners: owner.into_iter().map(Into::into).collect(),
        }
    }
}

/// The glob of everything below a folder that is written relative to the root, `.` for the root itself.
fn below(folder: &str) -> String {
    match folder.trim_start_matches("./").trim_end_matches('/') {
        "" | "." => "**".into(),
        folder => format!("{folder}/**"),
    }
}

/// Every environment with its built-in spellings: the known ones, then those of the configuration.
fn declared(config: &Config) -> impl Iterator<Item = (&str, &'static [&'static str])> {
    let known = KNOWN.iter().map(|(name, others)| (*name, *others));
    let own = config.environments.keys().map(|name| (name.as_str(), &[][..]));
    known.chain(own.filter(|(name, _)| !KNOWN.iter().any(|(k, _)| k == name)))
}

/// Lower-case spelling of an environment → its name.
pub fn spellings(config: &Config) -> BTreeMap<String, Arc<str>> {
    let mut spellings = BTreeMap::new();
    for (name, others) in declared(config) {
        let shared: Arc<str> = name.into();
        let synonyms = config.environments.get(name).into_iter().flat_map(|e| &e.synonyms).map(String::as_str);
        for spelling in std::iter::once(name).chain(others.iter().copied()).chain(synonyms) {
            spellings.insert(spelling.to_lowercase(), shared.clone());
        }
    }
    spellings
}

/// What was resolved from one state of a resource.
#[derive(Clone, Debug, Default)]
struct Place {
    environment: Option<Arc<str>>,
    service: Option<Arc<str>>,
    tier: Option<u8>,
    region: Option<Arc<str>>,
    owners: Vec<Arc<str>>,
}

impl Place {
    /// The stricter of two states: production wins, the lower tier wins, what one does not know the other tells.
    fn stricter(self, before: Place) -> Place {
        let was_production = before.environment.as_deref() == Some(PRODUCTION);
        Place {
            environment: if was_production { before.environment } else { self.environment.or(before.environment) },
            service: self.service.or(before.service),
            tier: self.tier.into_iter().chain(before.tier).min(),
            region: self.region.or(before.region),
            owners: if self.owners.is_empty() { before.owners } else { self.owners },
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fact {
    Environment,
    Service,
    Region,
    Owner,
}

/// What the resource itself says about a fact, strongest first.
fn written(resource: &Resource, fact: Fact) -> Vec<String> {
    let own = |found: Option<(&str, crate::source::Span)>| found.map(|(value, _)| value.to_owned());
    match resource.iac {
        Some(Iac::Kubernetes) => {
            let annotations = |keys: &[&str]| -> Vec<String> {
                keys.iter().filter_map(|key| own(kubernetes::annotation(resource, key))).collect()
            };
            let labels = |keys: &[&str]| -> Vec<String> {
                keys.iter().filter_map(|key| own(kubernetes::label(resource, key))).collect()
            };
            match fact {
                Fact::Environment => [annotations(&[ENVIRONMENT_ANNOTATION]), labels(ENVIRONMENT_KEYS)].concat(),
                Fact::Service => [annotations(SERVICE_ANNOTATIONS), labels(SERVICE_LABELS)].concat(),
                Fact::Region => [annotations(&["changegate/region"]), labels(&[REGION_LABEL])].concat(),
                Fact::Owner => annotations(&["changegate/owner"]),
            }
        }
        Some(Iac::Terraform) => {
            let all = terraform::tags(resource);
            let tags = |keys: &[&str]| keys.iter().filter_map(|key| all.get(key)).map(|(v, _)| v.to_string()).collect();
            match fact {
                Fact::Environment => tags(ENVIRONMENT_KEYS),
                Fact::Service => tags(&["service"]),
                Fact::Region => terraform::region(resource).map(|r| r.to_string()).into_iter().collect(),
                Fact::Owner => tags(&["owner"]),
            }
        }
        None => Vec::new(),
    }
}

/// A set of globs in which `*` stays inside one path component.
pub fn globs(patterns: &[String], key: &str) -> Result<GlobSet, Diagnostic> {
    let wrong = |pattern: &str, e: &globset::Error| {
        Diagnostic::error("config::glob", format!("`{pattern}` under `{key}` is not a glob: {}", e.kind()))
            .in_file("changegate.yaml")
            .help("globs are like `k8s/prod/**`; `**` spans directories")
    };
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let glob = globset::GlobBuilder::new(pattern).literal_separator(true).build();
        set.add(glob.map_err(|e| wrong(pattern, &e))?);
        if let Some(top) = pattern.strip_prefix("**/") {
            // `**/prod/**` means `prod/x.yaml` at the root, too.
            set.add(Glob::new(top).map_err(|e| wrong(pattern, &e))?);
        }
    }
    set.build().map_err(|e| wrong(&patterns.join(" "), &e))
}
