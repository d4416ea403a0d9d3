//! `transpose`
//!
//! <https://developer.hashicorp.com/terraform/language/functions/transpose>

use std::collections::BTreeMap;
use std::sync::Arc;

use super::call::{arity, strings};
use super::{Function, Parameter, Refusal, Shape};
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::Value;

const MAP: Shape = Shape::Map(&Shape::List(&Shape::String));

pub(super) static TRANSPOSE: Function = Function::new("transpose", &[Parameter::new("values", MAP)], MAP, |args, _| {
    let map = args.first().ok_or_else(arity)?;
    if !map.is_wholly_known() {
        return Ok(Value::unknown(MAP.ty()));
    }
    let mut turned: BTreeMap<Arc<str>, Vec<Arc<str>>> = BTreeMap::new();
    for (key, list) in map.as_entries().into_iter().flat_map(|entries| entries.iter()) {
        if list.is_null() {
            return Err(Refusal::new("input must not contain null list"));
        }
        for item in list.children() {
            let text = item.as_str().ok_or_else(|| Refusal::new("input list must not contain null string"))?;
            turned.entry(Arc::from(text)).or_default().push(key.clone());
        }
    }
    // The keys came in order, so each list is sorted.
    let lists = turned.into_iter().map(|(key, keys)| (key, strings(keys))).collect();
    Ok(Value::map(Type::list(Type::String), lists))
});
