//! `format`, `formatlist`.
//!
//! <https://developer.hashicorp.com/terraform/language/functions/format>

mod verb;

use super::call::{Context, arity, text};
use super::{Function, Parameter, Refusal, Shape};
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::{Data, Value};
use verb::Verb;

const FORMAT_PARAMETERS: &[Parameter] = &[Parameter::new("format", Shape::String)];
const ARGS: Parameter = Parameter::new("args", Shape::Any).null().unknown();

pub(super) static FORMAT: Function = Function::new("format", FORMAT_PARAMETERS, Shape::String, format).variadic(ARGS);
pub(super) static FORMATLIST: Function =
    Function::new("formatlist", FORMAT_PARAMETERS, Shape::List(&Shape::String), formatlist).variadic(ARGS);

fn format(args: &[Value], context: &Context) -> Result<Value, Refusal> {
    let (pattern, args) = args.split_first().ok_or_else(arity)?;
    if args.iter().all(Value::is_wholly_known) {
        return render(text(pattern), args, context).map(Value::from);
    }
    // What stands before the first verb is there whatever comes.
    let prefix = text(pattern).split('%').next().filter(|prefix| prefix.len() > 1 && prefix.is_ascii());
    let known = prefix.and_then(|prefix| prefix.get(..prefix.len() - 1)).map(std::sync::Arc::from);
    Ok(Value::unknown_not_null(Type::String).refined(|range| range.prefix = known))
}

/// One line per element of the lists; what is no list is the same in each.
fn formatlist(args: &[Value], context: &Context) -> Result<Value, Refusal> {
    let (pattern, args) = args.split_first().ok_or_else(arity)?;
    if args.is_empty() {
        return Ok(Value::list(Type::String, vec![render(text(pattern), args, context)?.into()]));
    }
    let unsure =
        |value: &Value| matches!(value.data(), Data::Set(_, items) if items.len() > 1) && !value.is_wholly_known();
    let is_list = |value: &Value| value.is_known() && value.as_items().is_some() && !unsure(value);
    let mut length: Option<(usize, usize)> = None;
    for (at, value) in args.iter().enumerate() {
        let Some(count) = value.as_items().filter(|_| is_list(value)).map(|items| items.len()) else { continue };
        match length {
            None => length = Some((count, at)),
            Some((wanted, first)) if wanted != count => {
                let (at, first) = (at + 1, first + 1);
                let message = format!(
                    "argument {at} has length {count}, which is inconsistent with argument {first} of length {wanted}"
                );
                return Err(Refusal::argument(at, message));
            }
            Some(_) => {}
        }
    }
    let is_open = |value: &Value| {
        unsure(value)
            || (!value.is_known()
                && (matches!(value.ty(), Type::List(_) | Type::Set(_) | Type::Tuple(_) | Type::Dynamic)))
    };
    if args.iter().any(is_open) {
        return Ok(Value::unknown(Type::list(Type::String)));
    }
    let count = length.map_or(1, |(count, _)| count);
    context.spend(count.saturating_mul(args.len()))?;
    let mut lines = Vec::with_capacity(count);
    for at in 0..count {
        let element = |value: &Value| match value.as_items() {
            Some(items) if is_list(value) => items.get(at).cloned().unwrap_or_else(|| Value::null(Type::Dynamic)),
            _ => value.clone(),
        };
        let args: Vec<Value> = args.iter().map(element).collect();
        if !args.iter().all(Value::is_wholly_known) {
            lines.push(Value::unknown_not_null(Type::String));
            continue;
        }
        let line = render(text(pattern), &args, context).map_err(|refusal| Refusal {
            argument: None,
            message: format!("error on format iteration {at}: {}", refusal.message),
            ..refusal
        })?;
        lines.push(line.into());
    }
    Ok(Value::list(Type::String, lines))
}

fn render(pattern: &str, args: &[Value], context: &Context) -> Result<String, Refusal> {
    let mut out = String::new();
    let mut rest = pattern;
    let mut next = 1;
    let mut highest = 0;
    while let Some(at) = rest.find('%') {
        out.push_str(rest.get(..at).unwrap_or_default());
        let verb_text = rest.get(at..).unwrap_or_default();
        let offset = pattern.len() - verb_text.len();
        if let Some(behind) = verb_text.strip_prefix("%%") {
            out.push('%');
            rest = behind;
            continue;
        }
        let verb = Verb::parse(verb_text, offset, next)?;
        highest = highest.max(verb.argument);
        next = verb.argument + 1;
        context.grow(verb.size())?;
        verb.append(&mut out, args)?;
        context.grow(out.len().saturating_sub(rest.len()))?;
        rest = verb_text.get(verb.raw.len()..).unwrap_or_default();
    }
    out.push_str(rest);
    match highest {
        _ if highest >= args.len() => Ok(out),
        0 => Err(Refusal::argument(1, "too many arguments; no verbs in format string")),
        _ => Err(Refusal::argument(highest + 1, format!("too many arguments; only {highest} used by format string"))),
    }
}
