//! The shape of the policy input, from the types that it is made of: what a path can lead to.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use super::World;

/// What can stand at a place of the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Anything: what others wrote, or what is not described.
    Any,
    /// A text, a number, a truth value or null.
    Scalar,
    /// A list of one shape.
    List(Box<Shape>),
    /// An object.
    Object {
        /// The keys that it is known to have.
        fields: BTreeMap<String, Field>,
        /// What stands under other keys; none when there are no others.
        more: Option<Box<Shape>>,
    },
}

/// One key of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// What stands there.
    pub shape: Shape,
    /// Whether what stands there may be null although its shape is an object or a list.
    pub nullable: bool,
}

/// What a step leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// A place, and whether it is always there.
    Place(&'a Shape, bool),
    /// There is no such key; the nearest one, if one is near.
    Missing(Option<&'a str>),
}

static ANY: Shape = Shape::Any;

impl Shape {
    /// The shape of the input without resources, which are made from more than one type.
    pub fn world() -> Self {
        let settings = SchemaSettings::draft2020_12().for_serialize();
        let schema = settings.into_generator().into_root_schema_for::<World>();
        let definitions = schema.get("$defs").and_then(Value::as_object).cloned().unwrap_or_default();
        read(schema.as_value(), &definitions, 0)
    }

    /// The shape that a value shows: what is null may be anything.
    pub fn of_sample(value: &Value) -> Self {
        match value {
            Value::Null => Self::Any,
            Value::Bool(_) | Value::Number(_) | Value::String(_) => Self::Scalar,
            Value::Array(items) => Self::List(Box::new(items.first().map_or(Self::Any, Self::of_sample))),
            Value::Object(map) => Self::Object {
                fields: map
                    .iter()
                    .map(|(k, v)| (k.clone(), Field { shape: Self::of_sample(v), nullable: v.is_null() }))
                    .collect(),
                more: None,
            },
        }
    }

    /// This object with one more key.
    #[must_use]
    pub fn with(mut self, name: &str, shape: Self) -> Self {
        if let Self::Object { fields, .. } = &mut self {
            fields.insert(name.to_owned(), Field { shape, nullable: false });
        }
        self
    }

    /// This object without a key.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        if let Self::Object { fields, .. } = &mut self {
            fields.remove(name);
        }
        self
    }

    /// What stands under a constant key.
    pub fn key(&self, name: &str) -> Found<'_> {
        match self {
            Self::Any => Found::Place(&ANY, false),
            Self::Scalar | Self::List(_) => Found::Missing(None),
            Self::Object { fields, more } => match (fields.get(name), more) {
                (Some(field), _) => Found::Place(&field.shape, true),
                (None, Some(more)) => Found::Place(more, false),
                (None, None) => Found::Missing(nearest(fields, name)),
            },
        }
    }

    /// What stands at an index or under a key that is not known.
    pub fn element(&self) -> &Self {
        match self {
            Self::List(element) => element,
            Self::Object { more: Some(more), .. } => more,
            _ => &ANY,
        }
    }

    /// Whether a constant key of it can be null, so that what would stand below it is not there.
    pub fn is_nullable(&self, name: &str) -> bool {
        match self {
            Self::Object { fields, .. } => fields.get(name).is_none_or(|field| field.nullable),
            _ => true,
        }
    }
}

/// The known key that differs least from a name.
fn nearest<'a>(fields: &'a BTreeMap<String, Field>, name: &str) -> Option<&'a str> {
    let near = |known: &&String| strsim::jaro_winkler(known, name);
    let best = fields.keys().max_by(|a, b| near(a).total_cmp(&near(b)))?;
    (near(&best) > 0.8).then_some(best)
}

/// References that are followed: the types of the input are not recursive.
const DEEPEST: usize = 40;

fn read(schema: &Value, definitions: &Map<String, Value>, depth: usize) -> Shape {
    let Some(schema) = schema.as_object().filter(|_| depth < DEEPEST) else { return Shape::Any };
    if let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(|r| r.rsplit('/').next()) {
        let found = definitions.get(name).map_or(Shape::Any, |s| read(s, definitions, depth + 1));
        return merged(found, schema, definitions, depth);
    }
    if let Some(one) = alternative(schema) {
        return read(one, definitions, depth + 1);
    }
    match types(schema).as_slice() {
        ["object"] => object(schema, definitions, depth),
        ["array"] => {
            let items = schema.get("items").map_or(Shape::Any, |items| read(items, definitions, depth + 1));
            Shape::List(Box::new(items))
        }
        [] if schema.contains_key("enum") || schema.contains_key("const") || schema.contains_key("oneOf") => {
            Shape::Scalar
        }
        [] => Shape::Any,
        _ => Shape::Scalar,
    }
}

/// `{"anyOf": [x, null]}`: the `x`.
fn alternative(schema: &Map<String, Value>) -> Option<&Value> {
    let all = schema.get("anyOf")?.as_array()?;
    let mut others = all.iter().filter(|s| s.get("type").and_then(Value::as_str) != Some("null"));
    others.next().filter(|_| others.next().is_none())
}

/// The types of a schema, null excepted.
fn types(schema: &Map<String, Value>) -> Vec<&str> {
    let all = match schema.get("type") {
        Some(Value::String(one)) => vec![one.as_str()],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    all.into_iter().filter(|t| *t != "null").collect()
}

fn object(schema: &Map<String, Value>, definitions: &Map<String, Value>, depth: usize) -> Shape {
    let field = |value: &Value| {
        let nullable = value.get("anyOf").is_some() || value.get("type").is_some_and(Value::is_array);
        Field { shape: read(value, definitions, depth + 1), nullable }
    };
    let properties = schema.get("properties").and_then(Value::as_object);
    let fields: BTreeMap<String, Field> =
        properties.into_iter().flatten().map(|(name, value)| (name.clone(), field(value))).collect();
    let more = match schema.get("additionalProperties") {
        None if fields.is_empty() => Some(Box::new(Shape::Any)),
        None | Some(Value::Bool(false)) => None,
        Some(more) => Some(Box::new(read(more, definitions, depth + 1))),
    };
    Shape::Object { fields, more }
}

/// A reference beside properties of its own, as a flattened member gives.
fn merged(found: Shape, schema: &Map<String, Value>, definitions: &Map<String, Value>, depth: usize) -> Shape {
    let (Shape::Object { mut fields, more }, true) = (found.clone(), schema.contains_key("properties")) else {
        return found;
    };
    if let Shape::Object { fields: own, .. } = object(schema, definitions, depth) {
        fields.extend(own);
    }
    Shape::Object { fields, more }
}

/// What a change request is written with, for the schema; its parts are their owner's words.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "only its schema is of interest")]
pub(super) struct WrittenRequest {
    api_version: String,
    kind: String,
    metadata: Value,
    spec: Value,
}
