//! `json.match_schema` and `json.verify_schema`: the part of JSON Schema draft-07 in which OPA's messages are known here.
//!
//! A schema with other keywords is refused, and so is one that is malformed in a way whose message is not known. OPA names faults in any order;
//! here they are sorted by the names of properties.

use regorus::Value;
use regorus::value::Object;

use super::super::decimal::shown;
use super::encoding::{json_text, json_value};
use super::regex::compiled;
use super::{Entry, LIMIT, array, at, object, string};

pub(super) const TABLE: &[Entry] = &[("json.match_schema", 2, match_schema), ("json.verify_schema", 1, verify_schema)];

const TYPES: [&str; 7] = ["array", "boolean", "integer", "number", "null", "object", "string"];

/// Keywords that say something about the schema itself.
const REMARKS: [&str; 5] = ["$comment", "default", "examples", "readOnly", "writeOnly"];

const DRAFT: [&str; 2] = ["http://json-schema.org/draft-07/schema#", "http://json-schema.org/draft-07/schema"];

fn match_schema(args: &[Value]) -> Result<Value, String> {
    let (document, schema) = (document(at(args, 1))?, document(at(args, 2))?);
    check(&schema)?;
    let mut faults = Vec::new();
    faults_of(&document, &schema, &mut Vec::new(), &mut faults)?;
    Ok(array([Value::Bool(faults.is_empty()), array(faults)]))
}

fn verify_schema(args: &[Value]) -> Result<Value, String> {
    match document(at(args, 1)).and_then(|schema| check(&schema)) {
        Ok(()) => Ok(array([Value::Bool(true), Value::Null])),
        Err(message) if message.starts_with(LIMIT) => Err(message),
        Err(message) => Ok(array([Value::Bool(false), string(format!("jsonschema: {message}"))])),
    }
}

/// A JSON document as a value or as text.
fn document(value: &Value) -> Result<Value, String> {
    match value {
        Value::String(text) => json_value(text).map_err(|_| "invalid JSON string".to_owned()),
        Value::Object(_) | Value::Array(_) => json_value(&json_text(value)),
        _ => Err("wrong type, expected string or object".to_owned()),
    }
}

fn get<'a>(schema: &'a Object, key: &str) -> Option<&'a Value> {
    schema.get(&string(key))
}

/// Whether a schema is one that is understood here, and well-formed.
fn check(schema: &Value) -> Result<(), String> {
    let fields = match schema {
        Value::Bool(_) => return Ok(()),
        Value::Object(fields) => fields,
        _ => return Err("schema is invalid".to_owned()),
    };
    for (key, value) in fields.iter() {
        let Value::String(key) = key else { continue };
        let fine = match (&**key, value) {
            ("$schema", Value::String(draft)) => DRAFT.contains(&&**draft),
            ("title" | "description", Value::String(_)) => true,
            ("type", Value::String(name)) => known_type(name)?,
            ("type", Value::Array(names)) => {
                let names: Vec<_> = names.iter().collect();
                let repeated = names.iter().enumerate().any(|(i, name)| names.iter().skip(i + 1).any(|n| n == name));
                let texts = names.iter().all(|name| matches!(name, Value::String(name) if TYPES.contains(&&**name)));
                texts && !repeated && !names.is_empty()
            }
            ("properties", Value::Object(all)) => {
                all.values().try_for_each(check)?;
                true
            }
            ("items", Value::Object(_)) => check(value).map(|()| true)?,
            ("required", Value::Array(names)) => {
                let names: Vec<_> = names.iter().collect();
                let repeated = names.iter().enumerate().any(|(i, name)| names.iter().skip(i + 1).any(|n| n == name));
                !repeated && names.iter().all(|name| matches!(name, Value::String(_)))
            }
            ("enum", Value::Array(_)) | ("additionalProperties", Value::Bool(_)) => true,
            ("minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum", Value::Number(number)) => {
                number.as_f64().is_some_and(|f| f.abs() < 1e15 && (f == 0.0 || f.abs() > 1e-4))
            }
            ("minLength" | "maxLength" | "minItems" | "maxItems", Value::Number(number)) => number.as_u64().is_some(),
            ("pattern", Value::String(pattern)) => compiled(pattern).is_ok(),
            (key, _) => REMARKS.contains(&key),
        };
        if !fine {
            return Err(format!("{LIMIT}the keyword `{key}` of a schema, as it is used here, is not supported"));
        }
    }
    ordered(fields, "minLength", "maxLength")?;
    ordered(fields, "minItems", "maxItems")
}

fn known_type(name: &str) -> Result<bool, String> {
    if TYPES.contains(&name) {
        return Ok(true);
    }
    let valid = TYPES.join(" ");
    Err(format!("has a primitive type that is NOT VALID -- given: /{name}/ Expected valid values are:[{valid}]"))
}

fn ordered(fields: &Object, least: &str, most: &str) -> Result<(), String> {
    match (get(fields, least), get(fields, most)) {
        (Some(a), Some(b)) if a > b => Err(format!("{least} cannot be greater than {most}")),
        _ => Ok(()),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Number(_) if shown(value).contains(['.', 'e']) => "number",
        Value::Number(_) => "integer",
        other => super::kind(other),
    }
}

/// Adds what is wrong with a value at a path.
fn faults_of(value: &Value, schema: &Value, path: &mut Vec<String>, out: &mut Vec<Value>) -> Result<(), String> {
    let fields = match schema {
        Value::Object(fields) => fields,
        Value::Bool(false) => {
            out.push(fault(path, "false", "False always fails validation".to_owned()));
            return Ok(());
        }
        _ => return Ok(()),
    };
    if let Some(message) = wrong_type(value, fields) {
        out.push(fault(path, "invalid_type", message));
        return Ok(());
    }
    match value {
        Value::Object(entries) => {
            of_object(entries, fields, path, out);
            allowed(value, fields, path, out);
            let known = get(fields, "properties").and_then(|all| all.as_object().ok());
            for (name, schema) in known.into_iter().flat_map(|all| all.iter()) {
                let (Some(value), Value::String(text)) = (entries.get(name), name) else { continue };
                path.push(text.to_string());
                faults_of(value, schema, path, out)?;
                path.pop();
            }
            return Ok(());
        }
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                let Some(schema) = get(fields, "items") else { break };
                path.push(i.to_string());
                faults_of(item, schema, path, out)?;
                path.pop();
            }
            of_length(items.len(), fields, &ITEMS, path, out);
        }
        Value::String(text) => {
            of_length(text.chars().count(), fields, &CHARACTERS, path, out);
            if let Some(Value::String(pattern)) = get(fields, "pattern")
                && !compiled(pattern)?.is_match(text)
            {
                out.push(fault(path, "pattern", format!("Does not match pattern '{pattern}'")));
            }
        }
        Value::Number(_) => of_number(value, fields, path, out),
        _ => {}
    }
    allowed(value, fields, path, out);
    Ok(())
}

fn wrong_type(value: &Value, fields: &Object) -> Option<String> {
    let given = kind(value);
    let fits = |name: &Value| *name == string(given) || given == "integer" && *name == string("number");
    let expected = match get(fields, "type")? {
        Value::Array(names) if names.iter().any(fits) => return None,
        Value::Array(names) => {
            let names: Vec<_> = names.iter().filter_map(|name| name.as_string().ok()).map(|n| n.to_string()).collect();
            format!("[{}]", names.join(","))
        }
        name if fits(name) => return None,
        name => name.as_string().ok()?.to_string(),
    };
    Some(format!("Invalid type. Expected: {expected}, given: {given}"))
}

fn of_object(entries: &Object, fields: &Object, path: &[String], out: &mut Vec<Value>) {
    if let Some(Value::Array(required)) = get(fields, "required") {
        for name in required.iter().filter(|name| !entries.contains_key(name)) {
            out.push(fault(path, "required", format!("{} is required", name.as_string().map_or("", |n| n))));
        }
    }
    if get(fields, "additionalProperties") == Some(&Value::Bool(false)) {
        let known = get(fields, "properties").and_then(|all| all.as_object().ok());
        for name in entries.keys().filter(|name| !known.is_some_and(|all| all.contains_key(name))) {
            let message = format!("Additional property {} is not allowed", name.as_string().map_or("", |n| n));
            out.push(fault(path, "additional_property_not_allowed", message));
        }
    }
}

/// The keywords of a length, the types of their faults, and the starts and the end of their messages.
struct Length([(&'static str, &'static str, &'static str); 2], &'static str);

const ITEMS: Length = Length(
    [
        ("minItems", "array_min_items", "Array must have at least"),
        ("maxItems", "array_max_items", "Array must have at most"),
    ],
    " items",
);

const CHARACTERS: Length = Length(
    [
        ("minLength", "string_gte", "String length must be greater than or equal to"),
        ("maxLength", "string_lte", "String length must be less than or equal to"),
    ],
    "",
);

fn of_length(length: usize, fields: &Object, words: &Length, path: &[String], out: &mut Vec<Value>) {
    let length = Value::from(length as u64);
    for (keyword, kind, start) in words.0 {
        let Some(bound) = get(fields, keyword) else { continue };
        if if keyword.starts_with("min") { length < *bound } else { length > *bound } {
            out.push(fault(path, kind, format!("{start} {}{}", shown(bound), words.1)));
        }
    }
}

fn of_number(value: &Value, fields: &Object, path: &[String], out: &mut Vec<Value>) {
    type Fails = fn(&Value, &Value) -> bool;
    let bounds: [(&str, &str, &str, Fails); 4] = [
        ("maximum", "number_lte", "Must be less than or equal to", |a, b| a > b),
        ("exclusiveMaximum", "number_lt", "Must be less than", |a, b| a >= b),
        ("minimum", "number_gte", "Must be greater than or equal to", |a, b| a < b),
        ("exclusiveMinimum", "number_gt", "Must be greater than", |a, b| a <= b),
    ];
    for (keyword, kind, start, fails) in bounds {
        if let Some(bound) = get(fields, keyword).filter(|bound| fails(value, bound)) {
            out.push(fault(path, kind, format!("{start} {}", shown(bound))));
        }
    }
}

fn allowed(value: &Value, fields: &Object, path: &[String], out: &mut Vec<Value>) {
    let Some(Value::Array(wanted)) = get(fields, "enum") else { return };
    if !wanted.iter().any(|one| one == value) {
        let list: Vec<String> = wanted.iter().map(json_text).collect();
        let message = format!("{} must be one of the following: {}", shown_path(path), list.join(", "));
        out.push(fault(path, "enum", message));
    }
}

fn shown_path(path: &[String]) -> String {
    if path.is_empty() { "(Root)".to_owned() } else { path.join(".") }
}

fn fault(path: &[String], kind: &str, message: String) -> Value {
    let field = shown_path(path);
    let entries =
        [("error", format!("{field}: {message}")), ("type", kind.to_owned()), ("field", field), ("desc", message)];
    object(entries.map(|(key, text)| (string(key), string(text))))
}
