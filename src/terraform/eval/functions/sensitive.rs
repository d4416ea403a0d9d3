//! `sensitive`, `nonsensitive`, `issensitive`, `ephemeralasnull`.
//!
//! <https://developer.hashicorp.com/terraform/language/functions/sensitive>

use super::call::arity;
use super::{Function, Parameter, Shape};
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::{Marks, Value};

const VALUE: &[Parameter] = &[Parameter::new("value", Shape::Any).null().unknown().dynamic().marks()];

pub(super) static SENSITIVE: Function = Function::new("sensitive", VALUE, Shape::Any, |args, _| {
    Ok(args.first().ok_or_else(arity)?.clone().with_marks(Marks::SENSITIVE))
})
.nullable();

pub(super) static NONSENSITIVE: Function = Function::new("nonsensitive", VALUE, Shape::Any, |args, _| {
    let value = args.first().ok_or_else(arity)?.clone();
    let marks = Marks { sensitive: false, ..value.marks() };
    Ok(value.with_marks_alone(marks))
})
.nullable();

pub(super) static ISSENSITIVE: Function = Function::new("issensitive", VALUE, Shape::Bool, |args, _| {
    let value = args.first().ok_or_else(arity)?;
    Ok(match value.is_known() {
        _ if value.is_sensitive() => true.into(),
        false => Value::unknown(Type::Bool),
        true => false.into(),
    })
})
.nullable();

pub(super) static EPHEMERALASNULL: Function = Function::new("ephemeralasnull", VALUE, Shape::Any, |args, _| {
    Ok(without_ephemeral(args.first().ok_or_else(arity)?))
})
.nullable();

fn without_ephemeral(value: &Value) -> Value {
    if value.marks().ephemeral {
        let marks = Marks { ephemeral: false, ..value.marks() };
        return Value::null(value.ty()).with_marks(marks);
    }
    value.map_children(without_ephemeral)
}
