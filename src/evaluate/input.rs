//! Facts as the policies see them (docs/policy-input.md).

use rayon::prelude::*;

use super::Task;
use crate::facts::{Iac, Related, Resource, World};
use crate::finding::Diagnostic;
use crate::parse::tree::{Path, Step};
use crate::policy::engine::Input;
use crate::source::Sources;

/// The parts of the input that evaluations share.
pub(super) struct Shared {
    /// Without the list of all resources.
    pub(super) base: Input,
    /// With it, when some policy reads it.
    pub(super) with_resources: Input,
}

impl Shared {
    /// `with_resources` is only built when somebody who is asked reads it: it holds every attribute of the tree.
    pub(super) fn new(task: &Task<'_>, with_resources: bool) -> Result<Self, Diagnostic> {
        let failed = |e: String| Diagnostic::error("gate::input", format!("the policy input cannot be built: {e}"));
        let world = Input::of(task.world).map_err(failed)?;
        let changed = task.changed.iter().filter_map(|index| task.resources.get(*index));
        let changed = Input::list(changed.map(|r| resource_input(r, task.resources, task.sources)).collect());
        let base = world.with(vec![("changed", changed)]);
        let with_resources = if with_resources {
            let all = task.resources.par_iter().map(|r| resource_input(r, task.resources, task.sources)).collect();
            base.with(vec![("resources", Input::list(all))])
        } else {
            base.clone()
        };
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
    let all: Vec<Input> = resources.par_iter().map(|r| resource_input(r, resources, sources)).collect();
    let changed = changed.iter().filter_map(|index| all.get(*index).cloned()).collect();
    Ok(Input::of(world)?.with(vec![("changed", Input::list(changed)), ("resources", Input::list(all))]))
}

/// One resource as a policy sees it (docs/policy-input.md, Resource).
pub fn resource_input(resource: &Resource, all: &[Resource], sources: &Sources) -> Input {
    let related = resource.related.iter().filter_map(|join| {
        let other = all.get(join.index)?;
        let mut entries = summary(other, sources);
        entries.push(("relation", join.relation.into()));
        entries.push(("attrs", Input::of_node(&other.attrs)));
        entries.push(("related", Input::list(other.related.iter().filter_map(|join| name_of(join, all)).collect())));
        Some(Input::object(entries))
    });
    let mut entries = summary(resource, sources);
    entries.extend([
        ("attrs", Input::of_node(&resource.attrs)),
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
        ("related", Input::list(related.collect())),
    ]);
    Input::object(entries)
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
    let step = |step: &Step| match step {
        Step::Key(key) => Input::from(&**key),
        Step::Index(index) => i64::try_from(*index).unwrap_or(i64::MAX).into(),
    };
    Input::list(paths.iter().map(|path| Input::list(path.iter().map(step).collect())).collect())
}
