//! `contains`, `index`.
//!
//! <https://developer.hashicorp.com/terraform/language/functions/contains>
//! <https://developer.hashicorp.com/terraform/language/functions/index_function>

use super::call::{Context, arity};
use super::{Function, Parameter, Refusal, Shape};
use crate::terraform::eval::number::Number;
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::{Data, Truth, Value};

const PARAMETERS: &[Parameter] = &[Parameter::new("list", Shape::Any), Parameter::new("value", Shape::Any)];

pub(super) static CONTAINS: Function = Function::new("contains", PARAMETERS, Shape::Bool, contains);
pub(super) static INDEX: Function = Function::new("index", PARAMETERS, Shape::Number, index);

fn contains(args: &[Value], context: &Context) -> Result<Value, Refusal> {
    let [list, wanted] = args else { return Err(arity()) };
    let items = list.as_items().ok_or_else(|| Refusal::new("argument must be list, tuple, or set"))?;
    context.spend(items.len())?;
    let mut open = false;
    for item in items.iter() {
        match wanted.equals(item) {
            Truth::True => return Ok(true.into()),
            Truth::Unknown => open = true,
            Truth::False => {}
        }
    }
    Ok(if open { Value::unknown(Type::Bool) } else { false.into() })
}

fn index(args: &[Value], context: &Context) -> Result<Value, Refusal> {
    let [list, wanted] = args else { return Err(arity()) };
    let (Data::List(_, items) | Data::Tuple(items)) = list.data() else {
        return Err(Refusal::new("argument must be a list or tuple"));
    };
    if items.is_empty() {
        return Err(Refusal::new("cannot search an empty list"));
    }
    context.spend(items.len())?;
    for (at, item) in items.iter().enumerate() {
        match item.equals(wanted) {
            Truth::True => return Ok(Number::counted(at).into()),
            Truth::Unknown => return Ok(Value::unknown(Type::Number)),
            Truth::False => {}
        }
    }
    Err(Refusal::new("item not found"))
}
