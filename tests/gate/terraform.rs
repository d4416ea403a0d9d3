//! The same fault gives the same finding, whichever way its value takes.

use crate::shop::Shop;

const TAGS: &str = "tags = {\n    service     = \"orders-db\"\n    environment = \"prod\"\n  }\n";

fn database(multi_az: &str) -> String {
    format!(
        "resource \"aws_db_instance\" \"ledger\" {{\n  identifier = \"ledger\"\n  multi_az   = {multi_az}\n  {TAGS}}}\n"
    )
}

/// Where HA-009 stands about the ledger, and what decided.
fn finding(files: &[(&str, String)], args: &[&str]) -> (String, u64, Vec<String>) {
    let shop = Shop::acme();
    for (path, text) in files {
        shop.write(path, text);
    }
    shop.commit("A ledger", "Alice Arnold <alice@acme.example>");
    let fixed = ["--base", "main", "--head", "change", "--only", "HA-009"];
    let json = shop.check(&[&fixed[..], args].concat()).json();
    let findings: Vec<_> = json["findings"].as_array().unwrap().iter().filter(|f| f["result"] == "fail").collect();
    let [finding] = findings.as_slice() else { panic!("{json:#}") };
    assert!(finding["message"].as_str().unwrap().contains("multi_az"), "{finding:#}");
    let because = finding["because"].as_array().unwrap().iter();
    let because = because.map(|b| format!("{}:{}", b["path"].as_str().unwrap(), b["line"])).collect();
    let place = &finding["location"];
    (place["path"].as_str().unwrap().to_owned(), place["line"].as_u64().unwrap(), because)
}

#[test]
fn a_literal_a_variable_a_module_input_and_a_plan_are_one() {
    let main = "terraform/ledger/main.tf";
    let literal = finding(&[(main, database("false"))], &[]);
    assert_eq!(literal, (main.to_owned(), 3, vec![]));

    let variable = format!("variable \"ha\" {{\n  type = bool\n}}\n\n{}", database("var.ha"));
    let tfvars = "terraform/ledger/terraform.tfvars";
    let (path, line, because) = finding(&[(main, variable), (tfvars, "ha = false\n".into())], &[]);
    assert_eq!((path.as_str(), line), (main, 7));
    assert!(because.contains(&format!("{tfvars}:1")), "{because:?}");

    let module = "terraform/modules/ledger/main.tf";
    let call = "module \"ledger\" {\n  source = \"../modules/ledger\"\n  ha     = false\n}\n";
    let input = format!("variable \"ha\" {{\n  type = bool\n}}\n\n{}", database("var.ha"));
    let (path, line, because) = finding(&[(main, call.into()), (module, input)], &[]);
    assert_eq!((path.as_str(), line), (module, 7));
    assert!(because.contains(&format!("{main}:3")), "{because:?}");

    let out = tempfile::tempdir().unwrap();
    let plan = out.path().join("plan.json");
    let after = serde_json::json!({"identifier": "ledger", "multi_az": false, "tags": {"service": "orders-db", "environment": "prod"}});
    let change = serde_json::json!({"actions": ["create"], "before": null, "after": after, "after_unknown": {}});
    let resource = serde_json::json!({
        "address": "aws_db_instance.ledger", "mode": "managed", "type": "aws_db_instance", "name": "ledger",
        "provider_name": "registry.terraform.io/hashicorp/aws", "change": change,
    });
    let json =
        serde_json::json!({"format_version": "1.2", "terraform_version": "1.11.4", "resource_changes": [resource]});
    std::fs::write(&plan, json.to_string()).unwrap();
    let planned = finding(&[(main, database("false"))], &["--plan", plan.to_str().unwrap()]);
    assert_eq!((planned.0.as_str(), planned.1), (main, 3));
}
