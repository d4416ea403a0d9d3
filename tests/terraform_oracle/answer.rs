//! An answer in the form of terraform's plan JSON.

use std::fmt;

use changegate::terraform::eval::value::Data;
use changegate::terraform::eval::{Type, Value};
use serde_json::{Value as Json, json};

/// What an expression came to.
pub enum Answer {
    Value(Marked),
    Refused { summary: String, detail: String, has_place: bool },
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(value) => {
                write!(
                    f,
                    "{} {} unknown {:?} sensitive {:?}",
                    value.json(),
                    value.ty(),
                    value.unknown(),
                    value.sensitive()
                )
            }
            Self::Refused { summary, detail, has_place } => write!(f, "{summary}: {detail} (place: {has_place})"),
        }
    }
}

/// A value, to be taken apart.
pub struct Marked(pub Value);

impl Marked {
    /// The value as text of JSON: what is unknown is null in lists and absent in objects.
    pub fn json(&self) -> String {
        write(&self.0).unwrap_or_else(|| "null".to_owned())
    }

    /// The type as `cty` writes it in JSON.
    pub fn ty(&self) -> Json {
        type_json(&self.0.ty())
    }

    /// Places of unknown parts.
    pub fn unknown(&self) -> Vec<String> {
        let mut paths = Vec::new();
        collect(&self.0, "", &|value| !value.is_known(), &mut paths);
        paths
    }

    /// Places of sensitive parts.
    pub fn sensitive(&self) -> Vec<String> {
        let mut paths = Vec::new();
        collect(&self.0, "", &Value::is_sensitive, &mut paths);
        paths
    }

    /// Whether nothing of it is known.
    pub fn is_wholly_unknown(&self) -> bool {
        !self.0.is_known()
    }

    /// The places of `true` in terraform's `after_unknown` and `after_sensitive`.
    pub fn paths(shape: Option<&Json>) -> Vec<String> {
        fn walk(shape: &Json, at: String, out: &mut Vec<String>) {
            match shape {
                Json::Bool(true) => out.push(at),
                Json::Array(items) => {
                    items.iter().enumerate().for_each(|(i, item)| walk(item, format!("{at}/{i}"), out));
                }
                Json::Object(map) => map.iter().for_each(|(key, item)| walk(item, format!("{at}/{key}"), out)),
                _ => {}
            }
        }
        let mut out = Vec::new();
        if let Some(shape) = shape {
            walk(shape, String::new(), &mut out);
        }
        out.sort();
        out
    }
}

fn collect(value: &Value, at: &str, is: &dyn Fn(&Value) -> bool, out: &mut Vec<String>) {
    if is(value) {
        out.push(at.to_owned());
        return;
    }
    for (index, item) in value.as_items().into_iter().flat_map(|items| items.iter()).enumerate() {
        collect(item, &format!("{at}/{index}"), is, out);
    }
    for (key, item) in value.as_entries().into_iter().flat_map(|entries| entries.iter()) {
        collect(item, &format!("{at}/{key}"), is, out);
    }
    out.sort();
}

fn write(value: &Value) -> Option<String> {
    let quote = |text: &str| serde_json::to_string(text).unwrap();
    Some(match value.data() {
        Data::Unknown(..) => return None,
        Data::Null(_) => "null".to_owned(),
        Data::Bool(b) => b.to_string(),
        Data::Number(n) => n.to_string().replacen("-0", if n.is_zero() { "0" } else { "-0" }, 1),
        Data::String(text) => quote(text),
        Data::List(_, items) | Data::Set(_, items) | Data::Tuple(items) => {
            let items: Vec<String> = items.iter().map(|i| write(i).unwrap_or_else(|| "null".to_owned())).collect();
            format!("[{}]", items.join(","))
        }
        Data::Map(_, entries) | Data::Object(entries) => {
            let entry =
                |(key, value): (&std::sync::Arc<str>, &Value)| Some(format!("{}:{}", quote(key), write(value)?));
            let entries: Vec<String> = entries.iter().filter_map(entry).collect();
            format!("{{{}}}", entries.join(","))
        }
    })
}

/// Terraform's value as text, with sorted keys and numbers as they are written.
pub fn text(json: &Json) -> String {
    match json {
        Json::Array(items) => format!("[{}]", items.iter().map(text).collect::<Vec<_>>().join(",")),
        Json::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| key.as_str());
            let entry =
                |(key, value): (&String, &Json)| format!("{}:{}", serde_json::to_string(key).unwrap(), text(value));
            format!("{{{}}}", entries.into_iter().map(entry).collect::<Vec<_>>().join(","))
        }
        simple => simple.to_string(),
    }
}

fn type_json(ty: &Type) -> Json {
    match ty {
        Type::Dynamic => json!("dynamic"),
        Type::String => json!("string"),
        Type::Number => json!("number"),
        Type::Bool => json!("bool"),
        Type::List(element) => json!(["list", type_json(element)]),
        Type::Set(element) => json!(["set", type_json(element)]),
        Type::Map(element) => json!(["map", type_json(element)]),
        Type::Tuple(elements) => json!(["tuple", elements.iter().map(type_json).collect::<Vec<_>>()]),
        Type::Object(object) => {
            let attributes = object.attributes.iter().map(|(name, a)| (name.to_string(), type_json(&a.ty)));
            json!(["object", attributes.collect::<serde_json::Map<_, _>>()])
        }
    }
}
