//! `sum`
//!
//! <https://developer.hashicorp.com/terraform/language/functions/sum>

use super::call::arity;
use super::{Function, Parameter, Refusal, Shape};
use crate::terraform::eval::convert::convert;
use crate::terraform::eval::number::{ArithmeticFault, Number};
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::Value;

pub(super) static SUM: Function =
    Function::new("sum", &[Parameter::new("list", Shape::Any)], Shape::Number, |args, _| {
        sum(args.first().ok_or_else(arity)?)
    });

fn sum(list: &Value) -> Result<Value, Refusal> {
    let items = match (list.as_items(), list.as_entries()) {
        (Some(items), _) => items,
        (None, Some(entries)) if entries.is_empty() => return Err(Refusal::argument(0, "cannot sum an empty list")),
        (None, Some(_)) => {
            let name = list.ty().friendly_name();
            return Err(Refusal::argument(0, format!("argument must be list, set, or tuple. Received {name}")));
        }
        (None, None) => return Err(Refusal::argument(0, "cannot sum noniterable")),
    };
    if items.is_empty() {
        return Err(Refusal::argument(0, "cannot sum an empty list"));
    }
    if !list.is_wholly_known() {
        return Ok(Value::unknown(Type::Number));
    }
    let wrong = || Refusal::argument(0, "argument must be list, set, or tuple of number values");
    let mut total: Option<Number> = None;
    for item in items.iter() {
        let number =
            convert(item, &Type::Number).ok().and_then(|value| value.as_number().cloned()).ok_or_else(wrong)?;
        total = Some(match total {
            None => number,
            Some(total) => total.add(&number).map_err(no_sum)?,
        });
    }
    total.map(Value::from).ok_or_else(wrong)
}

fn no_sum(fault: ArithmeticFault) -> Refusal {
    match fault {
        ArithmeticFault::NotANumber => Refusal::new("can't compute sum of opposing infinities"),
        ArithmeticFault::TooLarge => Refusal::refused("the sum has too many digits"),
    }
}
