//! Override files: how a block of one is laid over the block that it overrides.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::parse::hcl::{Block, Body};

/// Lays an override over a base block as Terraform does: attributes one by one, nested blocks all of a kind at
/// once, `lifecycle` and `required_providers` attribute by attribute; a backend takes the place of any other.
pub(super) fn lay_over(base: &mut Body, over: &Body) {
    lay_attributes(base, over);
    let replaced: HashSet<&str> = over.blocks.iter().filter(|b| !by_attribute(b)).flat_map(kinds).collect();
    base.blocks.retain(|b| by_attribute(b) || !kinds(b).iter().any(|kind| replaced.contains(kind)));
    for block in &over.blocks {
        let same = |b: &&mut Block| by_attribute(block) && b.kind == block.kind;
        match base.blocks.iter_mut().find(same) {
            Some(old) => lay_over(&mut old.body, &block.body),
            None => base.blocks.push(block.clone()),
        }
    }
}

fn lay_attributes(base: &mut Body, over: &Body) {
    let index: HashMap<Arc<str>, usize> = (0..).zip(&base.attributes).map(|(i, a)| (a.name.clone(), i)).collect();
    for attribute in &over.attributes {
        match index.get(&attribute.name).and_then(|at| base.attributes.get_mut(*at)) {
            Some(old) => *old = attribute.clone(),
            None => base.attributes.push(attribute.clone()),
        }
    }
}

fn by_attribute(block: &Block) -> bool {
    matches!(&*block.kind, "lifecycle" | "required_providers")
}

/// The kinds that a nested block stands for: a `dynamic` block for its label, a backend for any place of the state.
fn kinds(block: &Block) -> [&str; 2] {
    match &*block.kind {
        "dynamic" => [block.label(0).unwrap_or(&block.kind); 2],
        "backend" | "cloud" => ["backend", "cloud"],
        kind => [kind; 2],
    }
}
