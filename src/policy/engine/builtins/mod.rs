//! Built-in functions with OPA's meaning: those that regorus lacks, and those that it answers differently.
//!
//! Each is a plain function of its arguments. An error fails the evaluation, or makes the expression undefined while
//! this thread evaluates [`leniently`].

mod arithmetic;
mod aws;
mod collections;
mod crypto;
mod documents;
mod encoding;
mod format;
mod glob;
mod internal;
mod jwt;
mod jwt_keys;
mod jwt_sign;
mod layout;
mod meeting;
mod net;
mod regex;
mod schema;
mod strings;
mod template;
mod time;
mod versions;
mod x509;

use std::cell::Cell;
use std::sync::Arc;

use anyhow::anyhow;
use regorus::Value;

use super::limits::{self, LIMIT};

/// A built-in function.
type Builtin = fn(&[Value]) -> Result<Value, String>;

/// Name, number of arguments, function.
type Entry = (&'static str, u8, Builtin);

thread_local! {
    /// Whether errors are gone over. The engine's clones share these functions, and an evaluation stays on its thread.
    static LENIENT: Cell<bool> = const { Cell::new(false) };
}

/// Runs an evaluation in which an error of a built-in function makes its expression undefined.
pub(super) fn leniently<T>(evaluate: impl FnOnce() -> T) -> T {
    LENIENT.set(true);
    let answer = evaluate();
    LENIENT.set(false);
    answer
}

/// Adds every function to an engine.
pub(super) fn register(engine: &mut regorus::Engine) {
    let tables = [
        internal::TABLE,
        arithmetic::TABLE,
        collections::TABLE,
        format::TABLE,
        strings::TABLE,
        crypto::TABLE,
        jwt::TABLE,
        jwt_sign::TABLE,
        time::TABLE,
        regex::TABLE,
        net::TABLE,
        versions::TABLE,
        encoding::TABLE,
        documents::TABLE,
        glob::TABLE,
        meeting::TABLE,
        aws::TABLE,
        schema::TABLE,
        template::TABLE,
        x509::TABLE,
    ];
    for (name, arity, function) in tables.into_iter().flatten().copied() {
        let writes = WRITES.contains(&name);
        let shown = name.strip_prefix(OWN).unwrap_or(name);
        let bounded = move |args: &[Value]| {
            if writes {
                args.iter().try_for_each(limits::parts)?;
            }
            let value = function(args)?;
            limits::size(&value).map(|()| value)
        };
        let call = move |args: Vec<Value>| match bounded(&args) {
            Err(message) if LENIENT.get() && !message.starts_with(LIMIT) => Ok(Value::Undefined),
            answer => answer.map_err(|message| anyhow!("{shown}: {message}")),
        };
        // Only a name that is taken is refused, and the tables name each function once.
        let _ = engine.add_extension(name.to_owned(), arity, Box::new(call));
    }
}

/// What the names of functions begin with that only lowered code calls.
const OWN: &str = "__cg_";

/// Functions that go through the whole of their arguments.
const WRITES: &[&str] = &[
    "__cg_interpolate",
    "__cg_walkable",
    "io.jwt.encode_sign",
    "json.filter",
    "json.marshal",
    "json.match_schema",
    "json.patch",
    "json.verify_schema",
    "object.subset",
    "providers.aws.sign_req",
    "sprintf",
    "strings.render_template",
    "yaml.marshal",
];

/// The kind of a value, as OPA names it.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Set(_) => "set",
        Value::Object(_) => "object",
        Value::Undefined => "undefined",
    }
}

fn wrong(position: usize, wanted: &str, got: &Value) -> String {
    format!("operand {position} must be {wanted} but got {}", kind(got))
}

/// The text at a position, counted from 1.
fn text(args: &[Value], position: usize) -> Result<&str, String> {
    match at(args, position) {
        Value::String(text) => Ok(text),
        other => Err(wrong(position, "string", other)),
    }
}

fn at(args: &[Value], position: usize) -> &Value {
    args.get(position.wrapping_sub(1)).unwrap_or(&Value::Undefined)
}

/// The members of an array or a set.
fn members(value: &Value) -> Option<Vec<Value>> {
    match value {
        Value::Array(items) => Some(items.iter().cloned().collect()),
        Value::Set(items) => Some(items.iter().cloned().collect()),
        _ => None,
    }
}

/// The whole number at a position.
fn whole(args: &[Value], position: usize) -> Result<i64, String> {
    let value = at(args, position);
    let Value::Number(number) = value else { return Err(wrong(position, "number", value)) };
    number.as_i64().ok_or_else(|| format!("operand {position} must be integer number but got floating-point number"))
}

fn string(text: impl Into<Arc<str>>) -> Value {
    Value::String(text.into())
}

fn object(entries: impl IntoIterator<Item = (Value, Value)>) -> Value {
    Value::from(entries.into_iter().collect::<regorus::value::Object>())
}

fn set(items: impl IntoIterator<Item = Value>) -> Value {
    Value::from(items.into_iter().collect::<regorus::value::Set>())
}

fn array(items: impl IntoIterator<Item = Value>) -> Value {
    Value::from(items.into_iter().collect::<Vec<_>>())
}
