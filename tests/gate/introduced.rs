//! Only what the change introduced counts: findings are new, pre-existing or fixed.

use crate::shop::{NOW, Shop};

const DATABASE: &str = "terraform/prod/reports_db.tf";

/// A database with everything in order but its zone.
fn database(name: &str, multi_az: &str, storage: u32) -> String {
    format!(
        "resource \"aws_db_instance\" \"{name}\" {{\n  engine = \"postgres\"\n  multi_az = {multi_az}\n  allocated_storage = {storage}\n  \
         backup_retention_period = 35\n  deletion_protection = true\n  tags = {{ env = \"prod\", service = \"orders-db\" }}\n}}\n"
    )
}

/// Acme with one more file on main.
fn shop(text: &str) -> Shop {
    let shop = Shop::acme();
    shop.git(&["checkout", "-q", "main"]);
    shop.write(DATABASE, text).commit("Before", "Olga Ops <olga@acme.example>");
    shop.git(&["checkout", "-q", "-B", "change"]);
    shop
}

/// Commits what is there and judges it with one policy.
fn judge(shop: &Shop, policy: &str, more: &[&str]) -> serde_json::Value {
    shop.commit("Change", "Alice Arnold <alice@acme.example>");
    let args = ["--base", "main", "--head", "change", "--only", policy];
    shop.check(&[&args[..], more].concat()).json()
}

fn statuses(json: &serde_json::Value) -> Vec<String> {
    let of =
        |f: &serde_json::Value| format!("{} {}", f["resource"].as_str().unwrap_or("-"), f["status"].as_str().unwrap());
    json["findings"].as_array().unwrap().iter().map(of).collect()
}

#[test]
fn an_old_fault_of_a_touched_resource_does_not_block() {
    let shop = shop(&database("reports", "false", 100));
    shop.write(DATABASE, format!("# moved\n\n{}", database("reports", "false", 200).replace(" = ", "    =  ")));
    let json = judge(&shop, "HA-009", &[]);
    assert_eq!(statuses(&json), ["aws_db_instance.reports preexisting"]);
    assert_eq!((json["decision"].as_str(), json["verdict"].as_str()), (Some("allowed"), Some("allowed")));
    assert_eq!(json["summary"]["preexisting"], 1);
    assert_eq!(json["summary"]["new"], 0);
}

#[test]
fn a_fault_in_a_file_of_another_name_is_as_old() {
    let shop = shop(&database("reports", "false", 100));
    shop.git(&["mv", DATABASE, "terraform/prod/renamed.tf"]);
    shop.write("terraform/prod/renamed.tf", database("reports", "false", 200));
    assert_eq!(statuses(&judge(&shop, "HA-009", &[])), ["aws_db_instance.reports preexisting"]);
}

#[test]
fn a_fault_that_the_change_brings_blocks() {
    let shop = shop(&database("reports", "true", 100));
    shop.write(DATABASE, database("reports", "false", 100) + &database("second", "false", 100));
    let json = judge(&shop, "HA-009", &[]);
    assert_eq!(statuses(&json), ["aws_db_instance.reports open", "aws_db_instance.second open"]);
    assert_eq!(json["decision"], "denied");
}

#[test]
fn a_value_that_the_change_writes_is_its_own() {
    let shop = shop(&database("reports", "null", 100));
    shop.write(DATABASE, database("reports", "false", 100));
    assert_eq!(statuses(&judge(&shop, "HA-009", &[])), ["aws_db_instance.reports open"]);
}

#[test]
fn what_the_change_mends_is_counted() {
    let shop = shop(&(database("reports", "false", 100) + &database("second", "false", 100)));
    shop.write(DATABASE, database("reports", "true", 100));
    let json = judge(&shop, "HA-009", &[]);
    assert_eq!(statuses(&json), Vec::<String>::new());
    assert_eq!(json["summary"]["fixed"], 2, "one mended, one deleted");
}

/// A resource that becomes production brings its faults with it.
#[test]
fn another_environment_makes_an_old_fault_new() {
    let staging = database("reports", "false", 100).replace("prod", "staging");
    let shop = shop(&staging);
    shop.write(DATABASE, database("reports", "false", 100));
    let json = judge(&shop, "HA-009", &[]);
    assert!(statuses(&json).contains(&"aws_db_instance.reports open".to_owned()), "{json:#}");
}

#[test]
fn an_old_fault_of_a_hard_policy_counts_where_the_change_touches() {
    let shop = Shop::acme();
    shop.git(&["checkout", "-q", "main"]);
    let path = "k8s/prod/checkout/extra.yaml";
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: extra\n  namespace: checkout\n  labels: {env: prod, \
                      app.kubernetes.io/part-of: checkout}\nspec:\n  replicas: 3\n  template:\n    spec:\n      containers:\n        - name: a\n          \
                      image: a:1\n          ports: [{containerPort: 80}]\n";
    shop.write(path, deployment).commit("Before", "Olga Ops <olga@acme.example>");
    shop.git(&["checkout", "-q", "-B", "change"]);
    shop.edit(path, "a:1", "a:2");
    let json = judge(&shop, "CAN-001", &[]);
    assert_eq!(statuses(&json), ["apps/Deployment/checkout/extra open"], "{json:#}");
}

/// A team without history accepts what is there, and nothing more.
#[test]
fn a_baseline_accepts_what_was_there_when_it_was_written() {
    let shop = Shop::new();
    shop.write("main.tf", database("reports", "false", 100));
    let check = |more: &[&str]| {
        let args = ["check", ".", "--now", NOW, "--no-audit", "--format", "json", "--only", "HA-009"];
        shop.changegate(&[&args[..], more].concat())
    };
    assert_eq!(check(&["--write-baseline", "accepted.json"]).code, 1);
    let json = check(&["--baseline", "accepted.json"]).json();
    assert_eq!(statuses(&json), ["aws_db_instance.reports preexisting"]);
    assert_eq!(json["decision"], "allowed");
    shop.write("main.tf", database("reports", "false", 100) + &database("second", "false", 100));
    let json = check(&["--baseline", "accepted.json"]).json();
    assert_eq!(statuses(&json), ["aws_db_instance.reports preexisting", "aws_db_instance.second open"]);
    shop.write("main.tf", database("reports", "true", 100));
    let json = check(&["--baseline", "accepted.json"]).json();
    assert_eq!(json["diagnostics"][0]["code"], "baseline::unused", "{json:#}");
    shop.write("accepted.json", "{\"schema\": \"other\", \"findings\": []}");
    assert_eq!(check(&["--baseline", "accepted.json"]).code, 2);
    assert_eq!(check(&["--baseline", "nowhere.json"]).code, 2);
}

/// A baseline that the change itself writes accepts nothing of it.
#[test]
fn a_baseline_of_the_change_does_not_count() {
    let shop = shop(&database("reports", "true", 100));
    shop.write(DATABASE, database("reports", "false", 100));
    judge(&shop, "HA-009", &["--write-baseline", "accepted.json"]);
    let json = judge(&shop, "HA-009", &["--baseline", "accepted.json"]);
    assert_eq!(statuses(&json), ["aws_db_instance.reports open"]);
    assert_eq!(json["diagnostics"].as_array().unwrap().iter().filter(|d| d["code"] == "baseline::new").count(), 1);
}
