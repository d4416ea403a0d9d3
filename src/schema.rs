//! `changegate schema`: what may stand in each document, for editors and validators.
//!
//! JSON Schema, draft 2020-12, generated from the types that read the documents, that policies are asked about and
//! that write the outcome.

mod input;

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::Value;

use crate::change;
use crate::change::documents::Kind;
use crate::config::Config;
use crate::output;

/// Names of everything that has a schema, sorted.
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<_> = Kind::names().chain(["config", "input", "outcome"]).collect();
    names.sort_unstable();
    names
}

/// The schema of a kind of document, of `config`, of `input`, what a policy sees, or of `outcome`, the JSON output; `None`
/// for any other name. Case does not matter.
pub fn of(name: &str) -> Option<Value> {
    let named = |known: &&str| known.eq_ignore_ascii_case(name);
    match names().into_iter().find(named)? {
        "outcome" => Some(output::schema(written()).to_value()),
        "input" => Some(input::schema(written()).to_value()),
        "config" => Some(read(generator().into_root_schema_for::<Config>())),
        kind => Some(read(change::schema::of(Kind::named(kind)?, &mut generator()))),
    }
}

fn generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12().into_generator()
}

/// For what is written rather than read.
fn written() -> SchemaGenerator {
    SchemaSettings::draft2020_12().for_serialize().into_generator()
}

/// The schema of what is read from YAML.
fn read(schema: Schema) -> Value {
    let mut schema = schema.to_value();
    allow_null(&mut schema);
    schema
}

/// A list or a mapping that was left empty is null in YAML, and is read as an empty one; a mapping with required
/// fields lacks them then.
fn allow_null(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            let empty_will_do = match fields.get("type").and_then(Value::as_str) {
                Some("array") => true,
                Some("object") => !fields.contains_key("required"),
                _ => false,
            };
            if empty_will_do && let Some(kind) = fields.get("type").cloned() {
                fields.insert("type".into(), Value::Array(vec![kind, "null".into()]));
            }
            fields.iter_mut().filter(|(key, _)| *key != "examples").for_each(|(_, value)| allow_null(value));
        }
        Value::Array(items) => items.iter_mut().for_each(allow_null),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
