//! `terraform_remote_state`: the outputs of another root module, when its state is a file of the repository.
//!
//! <https://developer.hashicorp.com/terraform/language/state/remote-state-data>

use std::collections::BTreeMap;
use std::sync::Arc;

use super::run::Run;
use crate::finding::{Diagnostic, Level};
use crate::parse::hcl::Block;
use crate::parse::json;
use crate::parse::tree::{Node, Value as Tree};
use crate::source::SourceId;
use crate::terraform::config::snapshot::{Unread, join};
use crate::terraform::eval::value::Origin;
use crate::terraform::eval::{Marks, Type, Value, convert};

/// The data source as it is after reading.
pub(super) fn read(run: &Run<'_>, block: &Block, configured: &Value) -> Value {
    let get = |name: &str| configured.get(name).cloned().unwrap_or_else(|| Value::null(Type::Dynamic));
    let outputs = outputs(run, block, configured).unwrap_or_else(|| Value::unknown(Type::Dynamic));
    let names = ["backend", "config", "defaults", "workspace"];
    let mut attributes: BTreeMap<Arc<str>, Value> = names.iter().map(|name| ((*name).into(), get(name))).collect();
    attributes.insert("outputs".into(), outputs.with_origin(Origin::at(block.header)));
    Value::object(attributes)
}

/// The outputs; `None` when they cannot be known.
fn outputs(run: &Run<'_>, block: &Block, configured: &Value) -> Option<Value> {
    let text = |name: &str| configured.get(name).and_then(Value::as_str);
    if text("backend") != Some("local") || block.body.attribute("depends_on").is_some() {
        return None;
    }
    let defaults = match configured.get("defaults") {
        None => BTreeMap::new(),
        Some(defaults) if defaults.is_null() => BTreeMap::new(),
        Some(defaults) => defaults.as_entries().map(|e| (**e).clone())?,
    };
    let path = configured.get("config")?.get("path")?.as_str()?;
    let place = join(run.root, path);
    let bytes = match place.as_deref().ok_or(Unread::Outside).and_then(|p| run.snapshot().read(p)) {
        Ok(bytes) => bytes,
        Err(why) => {
            run.say(unread(path, &why, block, run.inputs.strict));
            return None;
        }
    };
    let state = json::parse(SourceId(u32::MAX), &String::from_utf8_lossy(&bytes)).ok()?;
    let read = state.get("outputs")?.as_map()?.iter().map(|e| Some((e.key.clone(), output(&e.node)?)));
    let mut all = defaults;
    all.extend(read.collect::<Option<BTreeMap<_, _>>>()?);
    Some(Value::object(all))
}

/// One output of a state: its value in its type.
fn output(node: &Node) -> Option<Value> {
    let value = Value::from_node(node.get("value")?);
    let value = convert(&value, &type_of(node.get("type")?)?).ok()?;
    let sensitive = node.get("sensitive").and_then(Node::as_bool).unwrap_or_default();
    Some(if sensitive { value.with_marks(Marks::SENSITIVE) } else { value })
}

/// A type as states write it: `"string"`, `["list", "string"]`, `["object", {…}]`.
fn type_of(node: &Node) -> Option<Type> {
    match (&node.value, node.as_seq()) {
        (Tree::String(name), _) => match &**name {
            "string" => Some(Type::String),
            "number" => Some(Type::Number),
            "bool" => Some(Type::Bool),
            "dynamic" => Some(Type::Dynamic),
            _ => None,
        },
        (_, Some([kind, inner, ..])) => match kind.as_str()? {
            "list" => Some(Type::list(type_of(inner)?)),
            "set" => Some(Type::set(type_of(inner)?)),
            "map" => Some(Type::map(type_of(inner)?)),
            "tuple" => Some(Type::tuple(inner.as_seq()?.iter().map(type_of).collect::<Option<Vec<_>>>()?)),
            "object" => {
                let attributes = inner.as_map()?.iter().map(|e| Some((e.key.clone(), type_of(&e.node)?)));
                Some(Type::object(attributes.collect::<Option<Vec<_>>>()?))
            }
            _ => None,
        },
        _ => None,
    }
}

fn unread(path: &str, why: &Unread, block: &Block, strict: bool) -> Diagnostic {
    let why = match why {
        Unread::Missing => "is not there",
        Unread::Outside => "lies outside the repository",
        Unread::TooLarge => "is too large",
        Unread::Failed(_) => "cannot be read",
    };
    let message = format!("Unable to find remote state: the state file {path:?} {why}; its outputs are unknown");
    let level = if strict { Level::Error } else { Level::Warning };
    Diagnostic { level, ..Diagnostic::error("terraform::remote_state", message) }
        .at(block.header)
        .label("not read")
        .help("hand over a plan (`--plan`) where the values matter")
}
