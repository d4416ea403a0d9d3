//! One change of a plan to a resource.

use std::sync::Arc;

use super::{diff, marks, shape, text};
use crate::facts::{Action, Iac, Resource, is_stateful};
use crate::finding::Diagnostic;
use crate::parse::tree::{Node, Path, Step};
use crate::terraform::{marks as paths, place};

/// Reads an item of `resource_changes`; `None` for what is not managed (data sources, ephemeral values).
pub(super) fn read(item: &Node) -> Result<Option<Resource>, Diagnostic> {
    if item.get("mode").and_then(Node::as_str).is_some_and(|mode| mode != "managed") {
        return Ok(None);
    }
    let field = |key: &str| text(item, key).ok_or_else(|| missing(item, key));
    let (address, kind, name) = (field("address")?, field("type")?, field("name")?);
    let change = item.get("change").ok_or_else(|| missing(item, "change"))?;
    let Some(action) = action(change)? else { return Ok(None) };
    let sides = Sides::read(change);
    let attrs = sides.after.clone().or_else(|| sides.before.clone()).unwrap_or_default();
    let mut resource = Resource {
        id: id(address, text(item, "deposed")),
        iac: Some(Iac::Terraform),
        stateful: is_stateful(&kind),
        kind,
        name,
        module: text(item, "module_address"),
        unknown: paths::unknown(&attrs),
        sensitive: sensitive(&attrs, sides.before.as_ref()),
        attrs: Arc::new(attrs),
        before: sides.before.map(Arc::new),
        span: item.span,
        header: item.get("address").map_or(item.span, |n| n.span),
        action,
        action_reason: text(item, "action_reason"),
        replace_paths: replace_paths(change),
        changed: sides.changed,
        ..Resource::default()
    };
    resource.region = place::region(&resource);
    resource.zones = place::zones(&resource);
    Ok(Some(resource))
}

/// The address; a deposed object (the old one of an interrupted create-before-destroy) shares it with the
/// current object and is told apart as Terraform prints it.
fn id(address: Arc<str>, deposed: Option<Arc<str>>) -> Arc<str> {
    match deposed {
        Some(key) => format!("{address} (deposed object {key})").into(),
        None => address,
    }
}

/// What the list of actions amounts to; `None` for a read, which changes nothing.
///
/// `create` with `forget` puts a new object in the place of one that Terraform stops managing: whatever the
/// address stands for is gone from it, so it counts as a replacement.
fn action(change: &Node) -> Result<Option<Action>, Diagnostic> {
    let list = change.get("actions").ok_or_else(|| missing(change, "actions"))?;
    let words: Option<Vec<&str>> = list.as_seq().and_then(|items| items.iter().map(Node::as_str).collect());
    match words.as_deref() {
        Some(["no-op"]) => Ok(Some(Action::NoOp)),
        Some(["create"]) => Ok(Some(Action::Create)),
        Some(["update"]) => Ok(Some(Action::Update)),
        Some(["delete"]) => Ok(Some(Action::Delete)),
        Some(["forget"]) => Ok(Some(Action::Forget)),
        Some(["delete" | "forget", "create"] | ["create", "delete" | "forget"]) => Ok(Some(Action::Replace)),
        Some(["read"]) => Ok(None),
        _ => Err(shape(list.span, "these actions are not known")),
    }
}

/// Both sides of a change, masked.
struct Sides {
    before: Option<Node>,
    after: Option<Node>,
    changed: Vec<Path>,
}

impl Sides {
    fn read(change: &Node) -> Self {
        let present = |key: &str| change.get(key).filter(|n| !n.is_null()).cloned();
        let (before, mut after) = (present("before"), present("after"));
        if let (Some(after), Some(unknown)) = (&mut after, change.get("after_unknown")) {
            marks::place_unknown(after, unknown);
        }
        let changed = match (&before, &after) {
            (Some(before), Some(after)) => diff::changed(before, after),
            _ => Vec::new(),
        };
        let mut sides = [before, after];
        marks::mask_sides(&mut sides, change);
        let [before, after] = sides;
        Self { before, after, changed }
    }
}

/// Paths that are sensitive on either side, each once.
fn sensitive(attrs: &Node, before: Option<&Node>) -> Vec<Path> {
    let mut all = paths::sensitive(attrs);
    all.extend(before.map(paths::sensitive).unwrap_or_default());
    all.sort();
    all.dedup();
    all
}

fn replace_paths(change: &Node) -> Vec<Path> {
    let step = |node: &Node| match node.as_i64() {
        Some(index) => usize::try_from(index).ok().map(Step::Index),
        None => node.as_str().map(Step::from),
    };
    let paths = change.get("replace_paths").and_then(Node::as_seq).unwrap_or_default();
    paths.iter().map(|path| path.as_seq().unwrap_or_default().iter().filter_map(step).collect()).collect()
}

fn missing(node: &Node, key: &str) -> Diagnostic {
    shape(node.span, format!("a change without `{key}`"))
}
