//! Defaults of optional attributes (`typeexpr.Defaults` of `hcl`).

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::terraform::eval::convert::{Mode, unify_values};
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::{Data, Value};

/// The defaults inside a constraint.
#[derive(Clone, Debug)]
pub(super) struct Defaults {
    /// The type that they belong to.
    pub(super) ty: Type,
    /// Values of optional attributes.
    pub(super) values: BTreeMap<Arc<str>, Value>,
    /// Defaults of attributes and tuple elements by name or number, of collection elements by `""`.
    pub(super) children: BTreeMap<Arc<str>, Defaults>,
}

impl Defaults {
    /// Fills in what is missing or null, at any depth; a null or unknown whole stays as it is. Never fails:
    /// what does not fit is left to the conversion.
    pub(super) fn apply(&self, value: &Value) -> Value {
        let filled = match value.data() {
            Data::List(element, items) => self.collection(items, |items| as_list(element, items)),
            Data::Set(element, items) => self.collection(items, |items| as_set(element, items)),
            Data::Tuple(items) => Value::tuple(self.items(items)),
            Data::Map(element, entries) => {
                let entries = self.entries(entries);
                as_map(element, entries)
            }
            Data::Object(entries) => Value::object(self.entries(entries)),
            _ => return value.clone(),
        };
        let filled = filled.with_marks(value.marks());
        match value.origin() {
            Some(origin) => filled.with_origin(origin.clone()),
            None => filled,
        }
    }

    fn collection(&self, items: &[Value], wrap: impl FnOnce(Vec<Value>) -> Value) -> Value {
        wrap(self.items(items))
    }

    fn items(&self, items: &[Value]) -> Vec<Value> {
        let item = |(at, item): (usize, &Value)| {
            let child = match self.ty {
                Type::Tuple(_) => self.children.get(at.to_string().as_str()),
                _ => self.children.get(""),
            };
            child.map_or_else(|| item.clone(), |child| child.apply(item))
        };
        items.iter().enumerate().map(item).collect()
    }

    fn entries(&self, entries: &BTreeMap<Arc<str>, Value>) -> BTreeMap<Arc<str>, Value> {
        let child = |name: &str| match self.ty {
            Type::Object(_) => self.children.get(name),
            _ => self.children.get(""),
        };
        let mut filled: BTreeMap<_, _> = entries
            .iter()
            .map(|(name, value)| (name.clone(), child(name).map_or_else(|| value.clone(), |child| child.apply(value))))
            .collect();
        for (name, default) in &self.values {
            if filled.get(name).is_none_or(Value::is_null) {
                let default = self.children.get(name).map_or_else(|| default.clone(), |child| child.apply(default));
                filled.insert(name.clone(), default);
            }
            if default.is_surely_not_null()
                && let Some(value) = filled.get_mut(name)
            {
                *value = value.clone().refined(|range| range.not_null = true);
            }
        }
        filled
    }
}

/// Filled elements may have different types; where they have none in common, the conversion will say so.
fn as_list(element: &Type, items: Vec<Value>) -> Value {
    match unify_values(&items, Mode::Unsafe) {
        _ if items.is_empty() => Value::list(element.clone(), items),
        Some((element, items)) => Value::list(element, items),
        None => Value::tuple(items),
    }
}

fn as_set(element: &Type, items: Vec<Value>) -> Value {
    match unify_values(&items, Mode::Unsafe) {
        _ if items.is_empty() => Value::set(element.clone(), items),
        Some((element, items)) => Value::set(element, items),
        None => Value::tuple(items),
    }
}

fn as_map(element: &Type, entries: BTreeMap<Arc<str>, Value>) -> Value {
    let values: Vec<Value> = entries.values().cloned().collect();
    match unify_values(&values, Mode::Unsafe) {
        _ if values.is_empty() => Value::map(element.clone(), entries),
        Some((element, values)) => Value::map(element, entries.into_keys().zip(values).collect()),
        None => Value::object(entries),
    }
}
