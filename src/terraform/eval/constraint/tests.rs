use super::*;
use crate::parse::hcl;
use crate::source::SourceId;

fn constraint(text: &str) -> Result<Constraint, String> {
    let hcl = hcl::parse(SourceId(0), &format!("type = {text}\n"));
    let expression = hcl.body.attribute("type").unwrap().expression.clone().unwrap();
    Constraint::parse(&expression, &Budget::default()).map_err(|faults| faults.first().unwrap().detail.clone())
}

fn apply(ty: &str, value: &str) -> String {
    let hcl = hcl::parse(SourceId(0), &format!("v = {value}\n"));
    let value = Value::from_node(&hcl.body.attribute("v").unwrap().value);
    match constraint(ty).unwrap().apply(&value) {
        Ok(value) => serde_json::to_string(&value.to_node(Default::default())).unwrap(),
        Err(fault) => fault.to_string(),
    }
}

#[test]
fn types_are_read_as_they_are_written() {
    for ty in
        ["string", "any", "list(set(map(number)))", "tuple([string, bool])", "object({a=string, b=optional(any)})"]
    {
        assert_eq!(constraint(ty).unwrap().ty.to_string(), ty);
    }
    let wrong = [
        ("list", "The list type constructor requires one argument specifying the element type."),
        ("strin", "The keyword \"strin\" is not a valid type specification."),
        ("object([])", "Object type constructor requires a map"),
        ("string(any)", "Primitive type keyword \"string\" does not expect arguments."),
        ("optional(string)", "Keyword \"optional\" is valid only as a modifier"),
        ("object({ a = optional(number, \"x\") })", "This default value is not compatible"),
    ];
    for (ty, expected) in wrong {
        let said = constraint(ty).unwrap_err();
        assert!(said.starts_with(expected), "{ty}: {said}");
    }
}

#[test]
fn defaults_fill_in_what_is_missing_or_null() {
    let cases = [
        ("object({ a = optional(string, \"x\") })", "{}", r#"{"a":"x"}"#),
        ("object({ a = optional(string, \"x\") })", "{ a = null }", r#"{"a":"x"}"#),
        ("object({ a = optional(object({ b = optional(number, 4) }), {}) })", "{}", r#"{"a":{"b":4}}"#),
        ("object({ a = optional(object({ b = optional(number, 4) })) })", "{}", r#"{"a":null}"#),
        ("list(object({ a = optional(number, 1), b = string }))", "[{ b = 2 }]", r#"[{"a":1,"b":"2"}]"#),
        ("map(object({ a = optional(number, 1) }))", "{ k = {}, l = { a = 3 } }", r#"{"k":{"a":1},"l":{"a":3}}"#),
        ("list(object({ a = string }))", "[{}]", "element 0: attribute \"a\" is required"),
    ];
    for (ty, value, expected) in cases {
        assert_eq!(apply(ty, value), expected, "{ty} {value}");
    }
}
