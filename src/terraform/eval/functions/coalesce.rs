//! `coalesce`, `coalescelist`.
//!
//! <https://developer.hashicorp.com/terraform/language/functions/coalesce>
//! <https://developer.hashicorp.com/terraform/language/functions/coalescelist>

use super::{Function, Parameter, Refusal, Shape};
use crate::terraform::eval::convert::{Mode, convert, unify};
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::Value;

const VALS: Parameter = Parameter::new("vals", Shape::Any).unknown().dynamic().null();

pub(super) static COALESCE: Function =
    Function::generic("coalesce", &[], common_type, |args, _| coalesce(args)).variadic(VALS);

pub(super) static COALESCELIST: Function =
    Function::generic("coalescelist", &[], |args| first_list(args).map(|value| value.ty()), |args, _| first_list(args))
        .variadic(VALS);

fn common_type(args: &[Value]) -> Result<Type, Refusal> {
    let types: Vec<Type> = args.iter().map(Value::ty).collect();
    unify(&types, Mode::Unsafe).ok_or_else(|| Refusal::new("all arguments must have the same type"))
}

fn coalesce(args: &[Value]) -> Result<Value, Refusal> {
    let ty = common_type(args)?;
    for value in args {
        let value = convert(value, &ty).map_err(|fault| Refusal::new(fault.message))?;
        match () {
            () if !value.is_known() => return Ok(Value::unknown(ty)),
            () if value.is_null() || value.as_str() == Some("") => {}
            () => return Ok(value),
        }
    }
    Err(Refusal::new("no non-null, non-empty-string arguments"))
}

fn first_list(args: &[Value]) -> Result<Value, Refusal> {
    if args.is_empty() {
        return Err(Refusal::new("at least one argument is required"));
    }
    let types: Vec<Type> = args.iter().take_while(|value| value.is_known()).map(Value::ty).collect();
    if types.iter().any(|ty| !matches!(ty, Type::List(_) | Type::Tuple(_))) {
        return Err(Refusal::new("coalescelist arguments must be lists or tuples"));
    }
    let all_one = types.len() == args.len() && types.windows(2).all(|pair| pair.first() == pair.last());
    let ty = types.first().filter(|_| all_one).cloned().unwrap_or(Type::Dynamic);
    for value in args {
        match value.as_items() {
            _ if !value.is_known() => return Ok(Value::unknown(ty)),
            Some(items) if !items.is_empty() => return Ok(value.clone()),
            _ => {}
        }
    }
    Err(Refusal::new("no non-null arguments"))
}
