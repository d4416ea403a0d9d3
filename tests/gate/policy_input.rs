//! The schema of the policy input against what the gate hands to policies.

use serde_json::{Value, json};

use crate::shop::{Shop, fixtures};

/// Nothing may stand in the input that the schema does not name.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if fields.contains_key("properties") && !fields.contains_key("additionalProperties") {
                fields.insert("additionalProperties".into(), json!(false));
            }
            fields.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

#[test]
fn facts_are_what_the_schema_of_the_input_says() {
    let shop = Shop::acme();
    let spec = std::fs::read_to_string(fixtures().join("variants/allowed/variant.json")).unwrap();
    let spec: Value = serde_json::from_str(&spec).unwrap();
    shop.edit_all(&spec["edits"]);
    shop.write("db/migrations/V1__a.sql", "CREATE TABLE a (id bigint PRIMARY KEY);\n");
    shop.commit("Ship the change", "Alice Arnold <alice@acme.example>");
    let mut schema = shop.changegate(&["schema", "input"]).json();
    close(&mut schema);
    let validator = jsonschema::options().build(&schema).unwrap();
    for base in [&["--base", "main"][..], &[]] {
        let mut facts = shop.changegate(&[&["facts", ".", "--now", crate::shop::NOW][..], base].concat()).json();
        facts.as_object_mut().unwrap().remove("terraform_roots");
        assert!(facts["resources"].as_array().unwrap().len() > 10);
        let faults: Vec<String> =
            validator.iter_errors(&facts).take(20).map(|e| format!("{}: {e:.200}", e.instance_path())).collect();
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}
