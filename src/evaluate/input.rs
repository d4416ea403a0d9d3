//! Facts as the policies see them (docs/policy-input.md).

use std::sync::OnceLock;

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::Task;
use crate::facts::{Dangling, Iac, Related, Resource, World};
use crate::finding::Diagnostic;
use crate::kubernetes;
use crate::parse::tree::{Path, Step};
use crate::policy::engine::Input;
use crate::source::Sources;

/// All resources, and what evaluations share of each: attributes are converted once, however many others are joined
/// with a resource.
pub(super) struct Views<'a> {
    all: &'a [Resource],
    sources: &'a Sources,
    /// Whether somebody asks for `effective`.
    with_effective: bool,
    shared: Vec<OnceLock<View>>,
}

/// One resource as others see it.
struct View {
    attrs: Input,
    /// Null where the kind has no defaults, and when nobody asks.
    effective: Input,
    /// Without the relation, which differs.
    as_related: Input,
    /// What identifies it.
    digest: OnceLock<[u8; 32]>,
}

impl<'a> Views<'a> {
    pub(super) fn new(all: &'a [Resource], sources: &'a Sources, with_effective: bool) -> Self {
        Self { all, sources, with_effective, shared: std::iter::repeat_with(OnceLock::new).take(all.len()).collect() }
    }

    fn of(&self, index: usize) -> Option<&View> {
        let resource = self.all.get(index)?;
        let view = || {
            let attrs = Input::of_node(&resource.attrs);
            let effective = Some(resource).filter(|_| self.with_effective).and_then(kubernetes::effective);
            let effective = effective.map_or(Input::from(None), |node| Input::of_node(&node));
            let mut entries = summary(resource, self.sources);
            let names = resource.related.iter().filter_map(|join| name_of(join, self.all)).collect();
            entries.extend([
                ("attrs", attrs.clone()),
                ("effective", effective.clone()),
                ("related", Input::list(names)),
            ]);
            View { attrs, effective, as_related: Input::object(entries), digest: OnceLock::new() }
        };
        Some(self.shared.get(index)?.get_or_init(view))
    }

    /// One resource as a policy sees it (docs/policy-input.md, Resource). Null when there is no such index.
    pub(super) fn resource(&self, index: usize) -> Input {
        let Some((resource, mut entries)) = self.alone(index) else { return Input::from(None) };
        let related = resource
            .related
            .iter()
            .filter_map(|join| Some(self.of(join.index)?.as_related.with(vec![("relation", join.relation.into())])));
        entries.push(("related", Input::list(related.collect())));
        Input::object(entries)
    }

    /// What identifies what [`Self::resource`] gives. What is joined with many resources is digested once.
    pub(super) fn digest(&self, index: usize) -> [u8; 32] {
        let Some((resource, entries)) = self.alone(index) else { return [0; 32] };
        let mut hash = Sha256::new();
        hash.update(Input::object(entries).digest());
        for (join, view) in resource.related.iter().filter_map(|join| Some((join, self.of(join.index)?))) {
            hash.update((join.relation.len() as u64).to_le_bytes());
            hash.update(join.relation.as_bytes());
            hash.update(view.digest.get_or_init(|| view.as_related.digest()));
        }
        hash.finalize().into()
    }

    /// What identifies a list of resources.
    pub(super) fn digest_of(&self, list: &[usize]) -> [u8; 32] {
        let digests: Vec<[u8; 32]> = list.par_iter().map(|index| self.digest(*index)).collect();
        let mut hash = Sha256::new();
        digests.iter().for_each(|digest| hash.update(digest));
        hash.finalize().into()
    }

    /// Whether `effective` is filled in.
    pub(super) fn with_effective(&self) -> bool {
        self.with_effective
    }

    /// What a policy sees of a resource, without those that it is joined with.
    fn alone(&self, index: usize) -> Option<(&Resource, Vec<(&'static str, Input)>)> {
        let (resource, view) = (self.all.get(index)?, self.of(index)?);
        let mut entries = summary(resource, self.sources);
        entries.extend([
            ("attrs", view.attrs.clone()),
            ("effective", view.effective.clone()),
            ("before", resource.before.as_ref().map_or(Input::from(None), |node| Input::of_node(node))),
            ("changed", paths(&resource.changed)),
            ("unknown", paths(&resource.unknown)),
            ("sensitive", paths(&resource.sensitive)),
            ("replace_paths", paths(&resource.replace_paths)),
            ("lifecycle", resource.lifecycle.as_ref().map_or(Input::from(None), Input::of_node)),
            ("region", resource.region.as_deref().into()),
            ("zones", Input::list(resource.zones.iter().map(|z| (&**z).into()).collect())),
            ("stateful", resource.stateful.into()),
            ("owners", Input::list(resource.owners.iter().map(|o| (&**o).into()).collect())),
            ("introduced_by", Input::of(&resource.introduced_by).unwrap_or_else(|_| Input::list(Vec::new()))),
            ("dangling", Input::list(resource.dangling.iter().map(dangling).collect())),
        ]);
        Some((resource, entries))
    }

    fn changed(&self, changed: &[usize]) -> Input {
        Input::list(changed.iter().map(|index| self.resource(*index)).collect())
    }

    fn every(&self) -> Input {
        Input::list((0..self.all.len()).into_par_iter().map(|index| self.resource(index)).collect())
    }
}

/// The parts of the input that evaluations share.
pub(super) struct Shared {
    /// Without the list of all resources.
    pub(super) base: Input,
    /// With it, when some policy reads it.
    pub(super) with_resources: Input,
}

impl Shared {
    /// `with_resources` is only built when somebody who is asked reads it: it holds every attribute of the tree.
    pub(super) fn new(task: &Task<'_>, views: &Views<'_>, with_resources: bool) -> Result<Self, Diagnostic> {
        let failed = |e: String| Diagnostic::error("gate::input", format!("the policy input cannot be built: {e}"));
        let base = Input::of(task.world).map_err(failed)?.with(vec![("changed", views.changed(task.changed))]);
        let with_resources = if with_resources { base.with(vec![("resources", views.every())]) } else { base.clone() };
        Ok(Self { base, with_resources })
    }
}

/// The whole input document, as a policy sees it with every resource; `changed` are indexes of the changed ones.
///
/// # Errors
/// A message, when the world does not serialise.
pub fn whole_input(
    world: &World,
    resources: &[Resource],
    changed: &[usize],
    sources: &Sources,
) -> Result<Input, String> {
    let views = Views::new(resources, sources, true);
    Ok(Input::of(world)?.with(vec![("changed", views.changed(changed)), ("resources", views.every())]))
}

/// A reference that nothing answers. What a selector misses has no name.
fn dangling(missing: &Dangling) -> Input {
    let id = missing.kind.as_ref().zip(missing.name.as_ref()).map(|(kind, name)| match &missing.namespace {
        Some(namespace) => format!("{kind}/{namespace}/{name}"),
        None => format!("{kind}/{name}"),
    });
    let among = missing.among.and_then(|n| i64::try_from(n).ok());
    Input::object(vec![
        ("relation", missing.relation.into()),
        ("id", id.as_deref().into()),
        ("type", missing.kind.as_deref().into()),
        ("namespace", missing.namespace.as_deref().into()),
        ("name", missing.name.as_deref().into()),
        ("path", path(&missing.path)),
        ("among", among.map_or(Input::from(None), Input::from)),
    ])
}

/// What a related resource is itself related to, by name only: one step further, and no more.
fn name_of(join: &Related, all: &[Resource]) -> Option<Input> {
    let other = all.get(join.index)?;
    let action = other.action.as_str();
    Some(Input::object(vec![
        ("relation", join.relation.into()),
        ("id", (&*other.id).into()),
        ("action", action.into()),
    ]))
}

fn summary(r: &Resource, sources: &Sources) -> Vec<(&'static str, Input)> {
    let place = sources.get(r.span.source);
    let iac = r.iac.map_or("", Iac::as_str);
    let address = (r.iac == Some(Iac::Terraform)).then_some(&*r.id);
    vec![
        ("id", (&*r.id).into()),
        ("iac", iac.into()),
        ("type", (&*r.kind).into()),
        ("name", (&*r.name).into()),
        ("namespace", r.namespace.as_deref().into()),
        ("address", address.into()),
        ("module", r.module.as_deref().into()),
        ("file", place.map(|s| &*s.path).into()),
        ("line", place.map_or(0, |s| i64::from(s.line(r.header.start))).into()),
        ("action", r.action.as_str().into()),
        ("environment", r.environment.as_deref().into()),
        ("service", r.service.as_deref().into()),
        ("tier", r.tier.map_or(Input::from(None), |t| i64::from(t).into())),
    ]
}

fn paths(paths: &[Path]) -> Input {
    Input::list(paths.iter().map(path).collect())
}

fn path(path: &Path) -> Input {
    let step = |step: &Step| match step {
        Step::Key(key) => Input::from(&**key),
        Step::Index(index) => i64::try_from(*index).unwrap_or(i64::MAX).into(),
    };
    Input::list(path.iter().map(step).collect())
}
