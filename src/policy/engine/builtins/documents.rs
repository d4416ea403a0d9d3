//! Objects and paths into them: `json.patch` with OPA's errors, filters, subsets, graphs.

use std::collections::BTreeSet;

use regorus::Value;

use super::{Entry, LIMIT, array, at, kind, members, object, set, string, wrong};

pub(super) const TABLE: &[Entry] = &[
    ("json.patch", 2, patch),
    ("json.filter", 2, filter),
    ("object.subset", 2, subset),
    ("graph.reachable_paths", 2, reachable_paths),
];

type Path = Vec<Value>;

/// A JSON pointer, or an array of keys.
fn path(value: &Value) -> Result<Path, String> {
    match value {
        Value::String(text) => {
            let parts = text.trim_start_matches('/').split('/');
            Ok(parts.map(|part| string(part.replace("~1", "/").replace("~0", "~"))).collect())
        }
        Value::Array(items) => Ok(items.iter().cloned().collect()),
        other => Err(format!(
            "must be one of {{set, array}} containing string paths or array of path segments but got {}",
            kind(other)
        )),
    }
}

fn patch(args: &[Value]) -> Result<Value, String> {
    let Value::Array(operations) = at(args, 2) else { return Err(wrong(2, "array", at(args, 2))) };
    let not_objects = "must be an array of JSON-Patch objects, but at least one element is not an object";
    let mut document = at(args, 1).clone();
    for operation in operations.iter() {
        let Value::Object(fields) = operation else { return Err(not_objects.to_owned()) };
        let field =
            |name: &str| fields.get(&string(name)).cloned().ok_or(format!("missing required attribute '{name}'"));
        let to = pointer(&field("path")?)?;
        document = match field("op")? {
            Value::String(op) => match &*op {
                "add" => added(&document, &to, &field("value")?)?,
                "remove" => removed(&document, &to)?,
                "replace" if to.is_empty() => field("value")?,
                "replace" => added(&removed(&document, &to)?, &to, &field("value")?)?,
                "move" => {
                    let from = pointer(&field("from")?)?;
                    let value = found(&document, &from)?;
                    added(&removed(&document, &from)?, &to, &value)?
                }
                "copy" => added(&document, &to, &found(&document, &pointer(&field("from")?)?)?)?,
                "test" if found(&document, &to)? == field("value")? => document,
                "test" => return Err("value from EditTree != patch value.".to_owned()),
                other => return Err(format!("unrecognized op '{other}'")),
            },
            _ => return Err("attribute 'op' must be a string".to_owned()),
        };
    }
    Ok(document)
}

fn pointer(value: &Value) -> Result<Path, String> {
    match value {
        Value::String(text) if text.is_empty() => Ok(Vec::new()),
        other => path(other),
    }
}

/// The place in an array; `-` is behind the last.
fn index(key: &Value, length: usize, adding: bool) -> Result<usize, String> {
    let out = |what: &str| format!("index for array {what} out of bounds");
    let what = if adding { "insertion" } else { "delete" };
    let text = match key {
        Value::String(text) => text.to_string(),
        Value::Number(_) => super::super::decimal::shown(key),
        _ => return Err("expected a number as the index of an array".to_owned()),
    };
    if text == "-" {
        return if adding { Ok(length) } else { Err(out(what)) };
    }
    if text.len() > 1 && text.starts_with('0') {
        return Err("leading zeros are not allowed in JSON paths".to_owned());
    }
    let place: i64 = text.parse().map_err(|_| format!("expected an array index, got {text}"))?;
    let most = if adding { length + 1 } else { length };
    usize::try_from(place).ok().filter(|i| *i < most).ok_or_else(|| out(what))
}

fn found(document: &Value, path: &[Value]) -> Result<Value, String> {
    path.iter().try_fold(document.clone(), |value, key| match &value {
        Value::Object(entries) => entries.get(key).cloned().ok_or_else(|| missing(key)),
        Value::Array(items) => {
            let place = index(key, items.len(), false)?;
            items.get(place).cloned().ok_or_else(|| missing(key))
        }
        Value::Set(items) if items.contains(key) => Ok(key.clone()),
        _ => Err(missing(key)),
    })
}

fn missing(key: &Value) -> String {
    format!("path {key} does not exist")
}

/// The document with what stands below a path changed.
fn changed(
    document: &Value,
    path: &[Value],
    last: &dyn Fn(&Value, &Value) -> Result<Value, String>,
) -> Result<Value, String> {
    let Some((key, rest)) = path.split_first() else { return Err("the path is empty".to_owned()) };
    if rest.is_empty() {
        return last(document, key);
    }
    match document {
        Value::Object(entries) => {
            let inner = changed(entries.get(key).ok_or_else(|| missing(key))?, rest, last)?;
            Ok(object(entries.iter().map(|(k, v)| (k.clone(), if k == key { inner.clone() } else { v.clone() }))))
        }
        Value::Array(items) => {
            let place = index(key, items.len(), false)?;
            let inner = changed(items.get(place).ok_or_else(|| missing(key))?, rest, last)?;
            Ok(array(items.iter().enumerate().map(|(i, v)| if i == place { inner.clone() } else { v.clone() })))
        }
        Value::Set(items) if items.contains(key) => {
            let inner = changed(key, rest, last)?;
            Ok(set(items.iter().filter(|v| *v != key).cloned().chain([inner])))
        }
        other => Err(format!("expected composite type, found value: {other}")),
    }
}

fn added(document: &Value, path: &[Value], value: &Value) -> Result<Value, String> {
    if path.is_empty() {
        return Ok(value.clone());
    }
    changed(document, path, &|parent, key| match parent {
        Value::Object(entries) => {
            let others = entries.iter().filter(|(k, _)| *k != key).map(|(k, v)| (k.clone(), v.clone()));
            Ok(object(others.chain([(key.clone(), value.clone())])))
        }
        Value::Array(items) => {
            let place = index(key, items.len(), true)?;
            let mut all: Vec<Value> = items.iter().cloned().collect();
            all.insert(place, value.clone());
            Ok(array(all))
        }
        Value::Set(items) if key == value => Ok(set(items.iter().cloned().chain([value.clone()]))),
        other => Err(format!("expected composite type, found value: {other}")),
    })
}

fn removed(document: &Value, path: &[Value]) -> Result<Value, String> {
    changed(document, path, &|parent, key| match parent {
        Value::Object(entries) if entries.get(key).is_some() => {
            Ok(object(entries.iter().filter(|(k, _)| *k != key).map(|(k, v)| (k.clone(), v.clone()))))
        }
        Value::Object(_) => Err(format!("cannot delete child key {key} that does not exist")),
        Value::Array(items) => {
            let place = index(key, items.len(), false)?;
            Ok(array(items.iter().enumerate().filter(|(i, _)| *i != place).map(|(_, v)| v.clone())))
        }
        Value::Set(items) if items.contains(key) => Ok(set(items.iter().filter(|v| *v != key).cloned())),
        other => Err(format!("expected composite type, found value: {other}")),
    })
}

/// What stands at the paths, and nothing else.
fn filter(args: &[Value]) -> Result<Value, String> {
    let whole = at(args, 1);
    if !matches!(whole, Value::Object(_)) {
        return Err(wrong(1, "object", whole));
    }
    let paths = members(at(args, 2)).ok_or_else(|| wrong(2, "one of {set, array}", at(args, 2)))?;
    let paths = paths.iter().map(path).collect::<Result<Vec<Path>, String>>()?;
    let borrowed: Vec<&[Value]> = paths.iter().map(Vec::as_slice).collect();
    Ok(filtered(whole, &borrowed).unwrap_or_else(|| object(std::iter::empty())))
}

fn filtered(value: &Value, paths: &[&[Value]]) -> Option<Value> {
    if paths.iter().any(|path| path.is_empty()) {
        return Some(value.clone());
    }
    let below = |key: &Value| -> Vec<&[Value]> {
        paths
            .iter()
            .filter_map(|path| path.split_first().filter(|(first, _)| *first == key).map(|(_, rest)| rest))
            .collect()
    };
    match value {
        Value::Object(entries) => {
            let kept = entries.iter().filter_map(|(key, value)| {
                let paths = below(key);
                if paths.is_empty() { None } else { Some((key.clone(), filtered(value, &paths)?)) }
            });
            Some(object(kept))
        }
        Value::Array(items) => {
            let kept = items.iter().enumerate().filter_map(|(i, value)| {
                let paths = below(&string(i.to_string()));
                if paths.is_empty() { None } else { filtered(value, &paths) }
            });
            Some(array(kept))
        }
        _ => None,
    }
}

/// Whether the second is part of the first: keys of objects at every depth, members of sets, a run of an array.
fn subset(args: &[Value]) -> Result<Value, String> {
    let (whole, part) = (at(args, 1), at(args, 2));
    let holds = match (whole, part) {
        (Value::Object(_), Value::Object(_)) => contains(whole, part),
        (Value::Set(a), Value::Set(b)) => b.iter().all(|v| a.contains(v)),
        (Value::Array(a), Value::Array(b)) => {
            let (a, b): (Vec<&Value>, Vec<&Value>) = (a.iter().collect(), b.iter().collect());
            b.is_empty() || a.windows(b.len()).any(|window| window == b)
        }
        (Value::Array(a), Value::Set(b)) => b.iter().all(|v| a.iter().any(|x| x == v)),
        _ => return Err("both arguments object.subset must be of the same type or array and set".to_owned()),
    };
    Ok(Value::Bool(holds))
}

fn contains(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(a), Value::Object(b)) => {
            b.iter().all(|(key, value)| a.get(key).is_some_and(|other| contains(other, value)))
        }
        (Value::Set(a), Value::Set(b)) => b.iter().all(|v| a.contains(v)),
        (Value::Array(a), Value::Array(b)) => {
            let (a, b): (Vec<&Value>, Vec<&Value>) = (a.iter().collect(), b.iter().collect());
            b.is_empty() || a.windows(b.len()).any(|window| window == b)
        }
        _ => whole == part,
    }
}

/// Most paths that are followed.
const MOST_PATHS: usize = 100_000;

/// Longest path that is followed.
const LONGEST_PATH: usize = 2_000;

/// The ways from the roots as OPA walks them: below one neighbour of a root no node is entered from two sides, and a
/// way ends where it meets a node that was passed already.
fn reachable_paths(args: &[Value]) -> Result<Value, String> {
    let Value::Object(graph) = at(args, 1) else { return Err(wrong(1, "object", at(args, 1))) };
    let roots = members(at(args, 2)).ok_or_else(|| wrong(2, "one of {array, set}", at(args, 2)))?;
    let mut found = BTreeSet::new();
    for root in roots {
        let Some(edges) = graph.get(&root) else { continue };
        let next = members(edges).unwrap_or_default();
        if next.is_empty() {
            found.insert(array([root.clone()]));
        }
        for node in &next {
            let mut walk = Walk { graph, passed: BTreeSet::from([root.clone()]), path: vec![root.clone()], found };
            walk.enter(node)?;
            found = walk.found;
        }
    }
    Ok(set(found))
}

/// One walk through a graph.
struct Walk<'a> {
    graph: &'a regorus::value::Object,
    passed: BTreeSet<Value>,
    path: Vec<Value>,
    found: BTreeSet<Value>,
}

impl Walk<'_> {
    fn enter(&mut self, node: &Value) -> Result<(), String> {
        let Some(edges) = self.graph.get(node) else { return self.end() };
        self.path.push(node.clone());
        if self.path.len() > LONGEST_PATH {
            return self.end();
        }
        let next = members(edges).unwrap_or_default();
        if next.is_empty() {
            self.end()?;
        }
        for further in &next {
            if self.passed.contains(further) {
                self.end()?;
            } else {
                self.passed.insert(node.clone());
                self.enter(further)?;
            }
        }
        self.path.pop();
        Ok(())
    }

    fn end(&mut self) -> Result<(), String> {
        if self.path.len() > LONGEST_PATH || self.found.len() >= MOST_PATHS {
            return Err(format!("{LIMIT}more than {MOST_PATHS} paths, or one of more than {LONGEST_PATH} nodes"));
        }
        self.found.insert(array(self.path.iter().cloned()));
        Ok(())
    }
}
