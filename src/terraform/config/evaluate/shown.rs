//! Output values as they may be shown.

use serde_json::{Map, Value as Json, json};

use super::Output;
use crate::terraform::eval::value::Data;
use crate::terraform::eval::{Type, Value};

impl Output {
    /// `{value, unknown, sensitive, type}`: what is sensitive or unknown is null or left out of `value`; `unknown` is
    /// true, false or the shape of the value with true at the unknown places; `type` is cty's JSON form, only for
    /// what is wholly known.
    pub fn to_json(&self) -> Json {
        let sensitive = self.sensitive || self.value.deep_marks().sensitive;
        let mut out = json!({
            "value": if self.sensitive { Json::Null } else { content(&self.value) },
            "unknown": unknown(&self.value),
            "sensitive": sensitive,
        });
        if let (Some(map), true) = (out.as_object_mut(), self.value.is_wholly_known()) {
            // A plan does not keep the type of a null.
            let ty = if self.value.is_null() { Type::Dynamic } else { self.value.ty() };
            map.insert("type".into(), type_json(&ty));
        }
        out
    }
}

fn is_shown(value: &Value) -> bool {
    value.is_known() && value.marks().is_empty()
}

fn content(value: &Value) -> Json {
    if !is_shown(value) {
        return Json::Null;
    }
    match value.data() {
        Data::Null(_) | Data::Unknown(..) => Json::Null,
        Data::Bool(b) => (*b).into(),
        Data::Number(number) => number.to_string().parse::<serde_json::Number>().map_or(Json::Null, Json::Number),
        Data::String(text) => (**text).into(),
        Data::List(_, items) | Data::Set(_, items) | Data::Tuple(items) => items.iter().map(content).collect(),
        Data::Map(_, entries) | Data::Object(entries) => entries
            .iter()
            .filter(|(_, v)| is_shown(v))
            .map(|(k, v)| (k.to_string(), content(v)))
            .collect::<Map<_, _>>()
            .into(),
    }
}

fn unknown(value: &Value) -> Json {
    if value.is_wholly_known() || !value.is_known() {
        return (!value.is_known()).into();
    }
    match (value.as_items(), value.as_entries()) {
        (Some(items), _) => items.iter().map(unknown).collect(),
        (_, Some(entries)) => {
            let places = entries.iter().filter(|(_, v)| !v.is_wholly_known());
            places.map(|(k, v)| (k.to_string(), unknown(v))).collect::<Map<_, _>>().into()
        }
        _ => false.into(),
    }
}

/// A type as cty writes it in JSON: `"string"`, `["list", "string"]`.
fn type_json(ty: &Type) -> Json {
    match ty {
        Type::Dynamic => "dynamic".into(),
        Type::String => "string".into(),
        Type::Number => "number".into(),
        Type::Bool => "bool".into(),
        Type::List(element) => json!(["list", type_json(element)]),
        Type::Set(element) => json!(["set", type_json(element)]),
        Type::Map(element) => json!(["map", type_json(element)]),
        Type::Tuple(elements) => json!(["tuple", elements.iter().map(type_json).collect::<Vec<_>>()]),
        Type::Object(object) => {
            let attributes = object.attributes.iter().map(|(name, a)| (name.to_string(), type_json(&a.ty)));
            json!(["object", attributes.collect::<Map<_, _>>()])
        }
    }
}
