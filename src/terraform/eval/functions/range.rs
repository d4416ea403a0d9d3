//! `range`: at most 1,024 numbers, as in Terraform.
//!
//! <https://developer.hashicorp.com/terraform/language/functions/range>

use std::cmp::Ordering;

use super::{Function, Parameter, Refusal, Shape};
use crate::terraform::eval::number::Number;
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::Value;

const MAX_LENGTH: usize = 1024;

pub(super) static RANGE: Function = Function::new("range", &[], Shape::List(&Shape::Number), |args, _| range(args))
    .variadic(Parameter::new("params", Shape::Number));

fn range(args: &[Value]) -> Result<Value, Refusal> {
    let numbers: Vec<&Number> = args.iter().filter_map(Value::as_number).collect();
    let zero = Number::from(0);
    let step_to = |start: &Number, end: &Number| Number::from(if end.compare(start).is_lt() { -1 } else { 1 });
    let (start, end, step) = match numbers.as_slice() {
        [end] => (&zero, *end, step_to(&zero, end)),
        [start, end] => (*start, *end, step_to(start, end)),
        [start, end, step] => (*start, *end, Number::clone(step)),
        _ => return Err(Refusal::new("must have one, two, or three arguments")),
    };
    if step.is_zero() {
        return Err(Refusal::argument(2, "step must not be zero"));
    }
    let down = step.is_negative();
    match end.compare(start) {
        Ordering::Greater if down => {
            return Err(Refusal::argument(1, "end must be less than start when step is negative"));
        }
        Ordering::Less if !down => {
            return Err(Refusal::argument(1, "end must be greater than start when step is positive"));
        }
        _ => {}
    }
    let mut values = Vec::new();
    let mut next = start.clone();
    while if down { next.compare(end).is_gt() } else { next.compare(end).is_lt() } {
        if values.len() >= MAX_LENGTH {
            return Err(Refusal::new(
                "more than 1024 values were generated; either decrease the difference between start and end or use a \
                 smaller step",
            ));
        }
        values.push(Value::from(next.clone()));
        next = next.add(&step).map_err(|_| Refusal::new("the numbers are too large"))?;
    }
    Ok(Value::list(Type::Number, values))
}
