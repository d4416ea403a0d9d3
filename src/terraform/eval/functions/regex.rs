//! `regex`, `regexall`, `replace`.
//!
//! <https://developer.hashicorp.com/terraform/language/functions/regex>
//! <https://developer.hashicorp.com/terraform/language/functions/replace>

use regex::{Captures, Regex};

use super::call::{Context, arity, text};
use super::{Function, Parameter, Refusal, Shape, pattern};
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::Value;

const PARAMETERS: &[Parameter] = &[Parameter::new("pattern", Shape::String), Parameter::new("string", Shape::String)];

pub(super) static REGEX: Function = Function::generic("regex", PARAMETERS, result_type, |args, context| {
    let (regex, shape, string) = prepared(args, context)?;
    match regex.captures(string) {
        Some(captures) => Ok(shape.value(&captures)),
        None => Err(Refusal::new("pattern did not match any part of the given string")),
    }
});

pub(super) static REGEXALL: Function = Function::generic(
    "regexall",
    PARAMETERS,
    |args| result_type(args).map(Type::list),
    |args, context| {
        let (regex, shape, string) = prepared(args, context)?;
        let found: Vec<Value> = regex.captures_iter(string).map(|captures| shape.value(&captures)).collect();
        context.spend(found.len())?;
        Ok(Value::list(shape.ty(), found))
    },
);

pub(super) static REPLACE: Function = Function::new(
    "replace",
    &[
        Parameter::new("str", Shape::String),
        Parameter::new("substr", Shape::String),
        Parameter::new("replace", Shape::String),
    ],
    Shape::String,
    |args, context| {
        let [string, wanted, with] = args else { return Err(arity()) };
        replace(text(string), text(wanted), text(with), context).map(Value::from)
    },
);

/// What a match gives, by the groups of its pattern.
enum Groups {
    Whole,
    Numbered(usize),
    Named(Vec<String>),
}

impl Groups {
    fn of(regex: &Regex) -> Result<Self, Refusal> {
        let names: Vec<Option<&str>> = regex.capture_names().skip(1).collect();
        let named: Vec<String> = names.iter().flatten().map(|name| (*name).to_owned()).collect();
        match (names.len(), named.len()) {
            (0, _) => Ok(Self::Whole),
            (all, 0) => Ok(Self::Numbered(all)),
            (all, some) if all == some => Ok(Self::Named(named)),
            _ => Err(Refusal::argument(0, "invalid regexp pattern: cannot mix both named and unnamed capture groups")),
        }
    }

    fn ty(&self) -> Type {
        match self {
            Self::Whole => Type::String,
            Self::Numbered(count) => Type::tuple(vec![Type::String; *count]),
            Self::Named(names) => Type::object(names.iter().map(|name| (name.as_str(), Type::String))),
        }
    }

    fn value(&self, captures: &Captures) -> Value {
        let group = |found: Option<regex::Match>| match found {
            Some(found) => Value::string(found.as_str()),
            None => Value::null(Type::String),
        };
        match self {
            Self::Whole => group(captures.get(0)),
            Self::Numbered(count) => Value::tuple((1..=*count).map(|at| group(captures.get(at))).collect::<Vec<_>>()),
            Self::Named(names) => {
                Value::object(names.iter().map(|name| (name.as_str().into(), group(captures.name(name)))).collect())
            }
        }
    }
}

fn result_type(args: &[Value]) -> Result<Type, Refusal> {
    match args.first().and_then(Value::as_str) {
        Some(written) => Groups::of(&pattern::compile(written).map_err(invalid)?).map(|groups| groups.ty()),
        None => Ok(Type::Dynamic),
    }
}

fn invalid(why: impl std::fmt::Display) -> Refusal {
    Refusal::argument(0, format!("invalid regexp pattern: {why}"))
}

fn prepared<'a>(args: &'a [Value], context: &Context) -> Result<(Regex, Groups, &'a str), Refusal> {
    let [written, string] = args else { return Err(arity()) };
    let (written, string) = (text(written), text(string));
    context.spend(written.len() + string.len())?;
    let regex = pattern::compile(written).map_err(invalid)?;
    let groups = Groups::of(&regex)?;
    Ok((regex, groups, string))
}

/// `/…/` is a pattern, whose groups the replacement may name; anything else is replaced as it stands.
fn replace(string: &str, wanted: &str, with: &str, context: &Context) -> Result<String, Refusal> {
    context.spend(string.len())?;
    let inner = wanted.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'));
    let Some(inner) = inner else {
        let count = if wanted.is_empty() { string.chars().count() + 1 } else { string.matches(wanted).count() };
        context.grow(count.saturating_mul(with.len()))?;
        return Ok(string.replace(wanted, with));
    };
    let regex = pattern::compile(inner).map_err(|why| Refusal::new(format!("error parsing regexp: {why}")))?;
    let count = regex.find_iter(string).count();
    context.grow(count.saturating_mul(with.len()).saturating_add(string.len()))?;
    let result = regex.replace_all(string, with).into_owned();
    context.grow(result.len().saturating_sub(string.len()))?;
    Ok(result)
}
