//! `formatdate`, `timeadd`, `timecmp`.
//!
//! <https://developer.hashicorp.com/terraform/language/functions/formatdate>

mod duration;
mod layout;
mod stamp;

use super::call::{arity, text};
use super::{Function, Parameter, Refusal, Shape};
use crate::terraform::eval::number::Number;
use stamp::Stamp;

pub(super) static FORMATDATE: Function = Function::new(
    "formatdate",
    &[Parameter::new("format", Shape::String), Parameter::new("time", Shape::String)],
    Shape::String,
    |args, context| {
        let [format, time] = args else { return Err(arity()) };
        let stamp = Stamp::parse(text(time)).map_err(|why| Refusal::argument(1, why))?;
        context.grow(text(format).len())?;
        layout::format(text(format), &stamp).map(Into::into).map_err(|why| Refusal::argument(0, why))
    },
);

pub(super) static TIMEADD: Function = Function::new(
    "timeadd",
    &[Parameter::new("timestamp", Shape::String), Parameter::new("duration", Shape::String)],
    Shape::String,
    |args, _| {
        let [time, duration] = args else { return Err(arity()) };
        let stamp = Stamp::parse(text(time)).map_err(Refusal::new)?;
        let nanoseconds = duration::parse(text(duration)).map_err(Refusal::new)?;
        let later = stamp.plus(nanoseconds).ok_or_else(|| Refusal::new("the result is out of range"))?;
        Ok(later.to_string().into())
    },
);

pub(super) static TIMECMP: Function = Function::new(
    "timecmp",
    &[Parameter::new("timestamp_a", Shape::String), Parameter::new("timestamp_b", Shape::String)],
    Shape::Number,
    |args, _| {
        let [a, b] = args else { return Err(arity()) };
        let [a, b] =
            [(0, a), (1, b)].map(|(at, time)| Stamp::parse(text(time)).map_err(|why| Refusal::argument(at, why)));
        let order = a?.instant().cmp(&b?.instant());
        Ok(Number::from(order as i64).into())
    },
);
