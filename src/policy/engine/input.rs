//! Values on their way into the engine.

use regorus::Value as Rego;
use serde::Serialize;

use crate::parse::tree::{Map, Node, Number, Value};

/// A part of the policy input, ready for the engine. Cloning is cheap: values are shared.
#[derive(Clone, Debug)]
pub struct Input(pub(super) Rego);

impl Input {
    /// The input of a value that serialises.
    ///
    /// # Errors
    /// A message, when the value has no JSON form.
    pub fn of<T: Serialize>(value: &T) -> Result<Self, String> {
        let json = serde_json::to_value(value).map_err(|e| e.to_string())?;
        Ok(Self(json_to_rego(json)))
    }

    /// The input of a tree: unknown and sensitive entries are left out, such list items become null.
    pub fn of_node(node: &Node) -> Self {
        Self(node_to_rego(node))
    }

    /// A list.
    pub fn list(items: Vec<Input>) -> Self {
        Self(Rego::from(items.into_iter().map(|i| i.0).collect::<Vec<_>>()))
    }

    /// An object.
    pub fn object(entries: Vec<(&'static str, Input)>) -> Self {
        Self(Rego::from(entries.into_iter().map(|(k, v)| (Rego::from(k), v.0)).collect::<regorus::value::Object>()))
    }

    /// This object with more entries; `self` when it is not an object.
    #[must_use]
    pub fn with(&self, entries: Vec<(&'static str, Input)>) -> Self {
        let mut whole = self.clone();
        if let Ok(object) = whole.0.as_object_mut() {
            for (key, value) in entries {
                object.insert(Rego::from(key), value.0);
            }
        }
        whole
    }
}

impl From<&str> for Input {
    fn from(text: &str) -> Self {
        Self(Rego::from(text))
    }
}

impl From<Option<&str>> for Input {
    fn from(text: Option<&str>) -> Self {
        Self(text.map_or(Rego::Null, Rego::from))
    }
}

impl From<bool> for Input {
    fn from(b: bool) -> Self {
        Self(Rego::from(b))
    }
}

impl From<i64> for Input {
    fn from(i: i64) -> Self {
        Self(Rego::from(i))
    }
}

/// As JSON, for `changegate facts`: what a policy sees, byte for byte.
impl Serialize for Input {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(s)
    }
}

pub(super) fn json_to_rego(json: serde_json::Value) -> Rego {
    match json {
        serde_json::Value::Null => Rego::Null,
        serde_json::Value::Bool(b) => Rego::from(b),
        serde_json::Value::String(text) => Rego::from(text),
        serde_json::Value::Number(n) => match (n.as_i64(), n.as_u64()) {
            (Some(i), _) => Rego::from(i),
            (None, Some(u)) => Rego::from(u),
            (None, None) => Rego::from_numeric_string(&n.to_string()).unwrap_or(Rego::Undefined),
        },
        serde_json::Value::Array(items) => Rego::from(items.into_iter().map(json_to_rego).collect::<Vec<_>>()),
        serde_json::Value::Object(map) => Rego::from(
            map.into_iter().map(|(k, v)| (Rego::from(k), json_to_rego(v))).collect::<regorus::value::Object>(),
        ),
    }
}

pub(super) fn node_to_rego(node: &Node) -> Rego {
    match &node.value {
        Value::Null | Value::Unknown | Value::Sensitive => Rego::Null,
        Value::Bool(b) => Rego::from(*b),
        Value::Number(n) => number_to_rego(n),
        Value::String(text) => Rego::String(text.clone()),
        Value::Seq(items) => Rego::from(items.iter().map(node_to_rego).collect::<Vec<_>>()),
        Value::Map(map) => map_to_rego(map),
    }
}

fn map_to_rego(map: &Map) -> Rego {
    let known = map.iter().filter(|e| !matches!(e.node.value, Value::Unknown | Value::Sensitive));
    let entries = known.map(|e| (Rego::String(e.key.clone()), node_to_rego(&e.node)));
    Rego::from(entries.collect::<regorus::value::Object>())
}

fn number_to_rego(number: &Number) -> Rego {
    match number {
        Number::Int(i) => Rego::from(*i),
        Number::Uint(u) => Rego::from(*u),
        Number::Float(f) => Rego::from(*f),
        Number::Big(text) => Rego::from_numeric_string(text).unwrap_or_else(|_| Rego::String(text.clone())),
    }
}
