use super::*;
use crate::terraform::eval::value::Value;

fn tuple(items: Vec<Value>) -> Value {
    Value::tuple(items)
}

fn text(value: &Value, ty: &Type) -> String {
    match convert(value, ty) {
        Ok(value) => format!("{}: {}", value.ty(), serde_json::to_string(&value.to_node(Default::default())).unwrap()),
        Err(fault) => fault.to_string(),
    }
}

#[test]
fn tuples_become_lists_of_the_most_general_type() {
    let mixed = tuple(vec![true.into(), "x".into()]);
    assert_eq!(text(&mixed, &Type::list(Type::Dynamic)), r#"list(string): ["true","x"]"#);
    let none = tuple(vec![true.into(), tuple(vec![])]);
    assert_eq!(text(&none, &Type::list(Type::Dynamic)), "all list elements must have the same type");
    assert_eq!(text(&tuple(vec!["x".into()]), &Type::list(Type::Number)), "[0]: a number is required");
    assert_eq!(text(&tuple(vec![]), &Type::set(Type::Number)), "set(number): []");
}

#[test]
fn objects_keep_wanted_attributes_and_fill_in_null() {
    let object = Value::object([("a".into(), "1".into()), ("z".into(), true.into())].into());
    let mut wanted = match Type::object([("a", Type::Number), ("b", Type::String)]) {
        Type::Object(object) => Arc::unwrap_or_clone(object),
        _ => unreachable!(),
    };
    assert_eq!(text(&object, &Type::Object(wanted.clone().into())), "attribute \"b\" is required");
    wanted.attributes.get_mut("b").unwrap().optional = true;
    let expected = r#"object({a=number, b=string}): {"a":1,"b":null}"#;
    assert_eq!(text(&object, &Type::Object(wanted.into())), expected);
}

use std::sync::Arc;

#[test]
fn ten_thousand_types_are_unified_in_no_time() {
    let many: Vec<Value> = (0..10_000).map(|i| Value::object([(format!("k{i}").into(), true.into())].into())).collect();
    assert!(convert(&tuple(many), &Type::list(Type::Dynamic)).is_err());
    let same: Vec<Value> = (0..100_000i64).map(|i| Value::from(super::super::Number::from(i))).collect();
    assert!(convert(&tuple(same), &Type::set(Type::String)).is_ok());
}
