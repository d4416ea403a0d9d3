//! Base and head become actions: what the change creates, updates, deletes, and which paths differ.
//!
//! Pure. Knows resources by identity and values by meaning; it does not know which tool they came from,
//! beyond the few lists whose order is their meaning.

mod attribute;
mod pairing;
mod paths;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::facts::{Action, Resource};
use crate::parse::tree::{Node, Step};
use crate::source::Sources;

pub use attribute::attribute;
pub use paths::changed_paths;

/// Gives each resource its action, from what there was at the base and what there is at the head.
///
/// Pairs by identity: id, file and content, then id and file, then id and folder, then id alone as long as both
/// belong to the same environment. A Terraform resource of a root module changes its folder only together with
/// the whole folder: the same address in two roots names two things. Instances of shared modules have one
/// place in several roots, so call this once per root module.
///
/// `moved` are Terraform's `moved` blocks, `(from, to)`, of resources or whole modules.
///
/// What is only at the base comes back as deleted, with its attributes and place at the base. Result and pairs
/// do not depend on the order of the input.
pub fn compare(
    mut base: Vec<Resource>,
    head: Vec<Resource>,
    sources: &Sources,
    moved: &[(Arc<str>, Arc<str>)],
) -> Vec<Resource> {
    pairing::apply_moves(&mut base, &head, moved);
    let mut result: Vec<Resource> = pairing::pair(base, head, sources)
        .into_iter()
        .filter_map(|pair| match pair {
            (Some(before), Some(after)) => Some(updated(before, after, sources)),
            (None, Some(after)) => Some(Resource { action: Action::Create, before: None, ..after }),
            (Some(before), None) => Some(deleted(before)),
            (None, None) => None,
        })
        .collect();
    pairing::sort(&mut result, sources);
    result
}

/// The path of the file that a resource stands in; empty for a resource without a place.
pub fn path_of<'a>(resource: &Resource, sources: &'a Sources) -> &'a str {
    sources.get(resource.span.source).map_or("", |s| &s.path)
}

fn updated(before: Resource, after: Resource, sources: &Sources) -> Resource {
    let mut changed = changed_paths(&before.attrs, &after.attrs, sources);
    changed.extend(lifecycle_paths(before.lifecycle.as_ref(), after.lifecycle.as_ref(), sources));
    let action = if changed.is_empty() { Action::NoOp } else { Action::Update };
    Resource { action, before: Some(before.attrs.clone()), changed, base: Some(Arc::new(before)), ..after }
}

fn deleted(before: Resource) -> Resource {
    Resource { action: Action::Delete, before: Some(before.attrs.clone()), changed: Vec::new(), ..before }
}

/// Differences of the `lifecycle` block, which lies beside the attributes, as paths below `lifecycle`.
fn lifecycle_paths(before: Option<&Node>, after: Option<&Node>, sources: &Sources) -> Vec<Vec<Step>> {
    let under = |path: Vec<Step>| std::iter::once(Step::from("lifecycle")).chain(path).collect();
    match (before, after) {
        (None, None) => Vec::new(),
        (Some(before), Some(after)) => changed_paths(before, after, sources).into_iter().map(under).collect(),
        _ => vec![under(Vec::new())],
    }
}
