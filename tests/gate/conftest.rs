//! Policies that were written for Conftest, through the binary.

use crate::shop::{NOW, Shop};

const POLICY: &str = "package main\n\ndeny contains msg if {\n\tinput.kind == \"Service\"\n\tsome port in input.spec.ports\n\tport.port == 22\n\tmsg := \
                      sprintf(\"%s opens port 22\", [input.metadata.name])\n}\n\nwarn_name contains \"it is called shop\" if \
                      input.metadata.name == \"shop\"\n";
const SERVICE: &str =
    "apiVersion: v1\nkind: Service\nmetadata:\n  name: shop\nspec:\n  ports:\n    - port: 443\n    - port: 22\n";

/// `policy path:line:column status enforcement` of every finding.
fn findings(json: &serde_json::Value) -> Vec<String> {
    let one = |f: &serde_json::Value| {
        let place = &f["location"];
        let place = format!("{}:{}:{}", place["path"].as_str().unwrap_or("?"), place["line"], place["column"]);
        let text = |key: &str| f[key].as_str().unwrap().to_owned();
        format!("{} {place} {} {}", text("policy"), text("status"), text("enforcement"))
    };
    json["findings"].as_array().unwrap().iter().map(one).collect()
}

fn codes(json: &serde_json::Value) -> Vec<&str> {
    let errors = json["diagnostics"].as_array().unwrap().iter().filter(|d| d["severity"] == "error");
    errors.map(|d| d["code"].as_str().unwrap()).collect()
}

fn shop() -> Shop {
    let shop = Shop::new();
    shop.write("policy/base.rego", POLICY).write("k8s/service.yaml", SERVICE);
    shop.git(&["init", "-q", "-b", "main", "--template="]);
    shop
}

fn check(shop: &Shop, args: &[&str]) -> (i32, serde_json::Value) {
    let ran = shop.check(&[&["--no-builtin"], args].concat());
    (ran.code, ran.json())
}

#[test]
fn a_directory_without_our_metadata_is_asked_as_conftest_would() {
    let (code, json) = check(&shop(), &["--policy", "policy", "k8s"]);
    let expected = ["main.warn_name k8s/service.yaml:4:3 open soft", "main.deny k8s/service.yaml:8:7 open hard"];
    assert_eq!((code, findings(&json)), (1, expected.map(str::to_owned).to_vec()));
    let pointers: Vec<_> = json["findings"].as_array().unwrap().iter().map(|f| &f["evidence"][0]["pointer"]).collect();
    assert_eq!(pointers, ["metadata.name", "spec.ports[1].port"]);
    let policies: Vec<_> = json["summary"]["policies"].as_u64().into_iter().collect();
    assert_eq!(policies, [2]);
}

#[test]
fn one_thread_and_many_say_the_same() {
    let shop = shop();
    for i in 0..20 {
        shop.write(&format!("k8s/{i}.yaml"), SERVICE.replace("shop", &format!("s{i}")));
    }
    let bytes = |jobs: &str| {
        shop.changegate(&["check", "--now", NOW, "--no-audit", "--no-builtin", "--policy", "policy", "--jobs", jobs])
            .stdout
    };
    assert_eq!(bytes("1"), bytes("8"));
}

#[test]
fn what_asks_nothing_is_undecided() {
    let shop = shop();
    shop.write("empty/README.md", "").write("lib/lib.rego", "package lib\nx := 1\n").write("notes.txt", "");
    for (args, code) in [
        (vec!["--policy", "policy", "--namespace", "mian", "k8s"], "conftest::namespace"),
        (vec!["--policy", "lib", "k8s"], "conftest::namespace"),
        (vec!["--policy", "lib", "--all-namespaces", "k8s"], "conftest::no-rule"),
        (vec!["--policy", "empty", "k8s"], "policy::none"),
        (vec!["--policy", "policy", "notes.txt"], "conftest::format"),
        (vec!["--policy", "policy", "empty"], "conftest::nothing"),
    ] {
        let (exit, json) = check(&shop, &args);
        assert_eq!((exit, codes(&json).first().copied()), (2, Some(code)), "{args:?}");
    }
}

#[test]
fn data_and_combined_documents_are_handed_over() {
    let shop = shop();
    shop.write(
        "policy/base.rego",
        "package main\nimport data.limits\ndeny contains msg if {\n  count(input) > limits.most\n  some file in input\n  file.contents.kind == \
         \"Service\"\n  msg := file.path\n}\n",
    );
    shop.write("data/limits/most.yaml", "most: 1\n").write("k8s/b.yaml", "kind: Other\n");
    let (code, json) = check(&shop, &["--policy", "policy", "--data", "data", "--combine", "k8s"]);
    assert_eq!((code, findings(&json)), (1, vec!["main.deny k8s/service.yaml:2:1 open hard".to_owned()]));
    let (code, json) = check(&shop, &["--policy", "policy", "--data", "nowhere", "--combine", "k8s"]);
    assert_eq!((code, codes(&json)), (2, vec!["conftest::data"]));
}

#[test]
fn of_a_change_only_changed_files_are_judged_by_the_policies_of_its_base() {
    let shop = shop();
    shop.write("k8s/other.yaml", SERVICE.replace("shop", "other"));
    shop.commit("Before", "Olga Ops <olga@acme.example>");
    shop.git(&["checkout", "-q", "-b", "change"]);
    shop.write("policy/base.rego", "package main\ndeny contains \"x\" if false\n");
    shop.edit("k8s/service.yaml", "443", "444");
    shop.commit("Change", "Alice Arnold <alice@acme.example>");
    let (code, json) = check(&shop, &["--base", "main", "--head", "change", "--policy", "policy"]);
    let expected = ["main.warn_name k8s/service.yaml:4:3 open soft", "main.deny k8s/service.yaml:8:7 open hard"];
    assert_eq!((code, findings(&json)), (1, expected.map(str::to_owned).to_vec()));
}

#[test]
fn hcl_is_read_as_conftest_reads_it() {
    let shop = Shop::new();
    shop.write(
        "policy/v0.rego",
        "package main\n\ndeny[msg] {\n  rule := input.resource.aws_security_group_rule[name][_]\n  contains(rule.cidr_blocks[_], \"0.0.0.0/0\")\n  msg = \
         sprintf(\"`%v` is open\", [name])\n}\n",
    );
    shop.write(
        "main.tf",
        "resource \"aws_security_group_rule\" \"my\" {\n  type        = \"ingress\"\n  cidr_blocks = [\"10.0.0.0/8\", \"0.0.0.0/0\"]\n}\n",
    );
    let (code, json) = check(&shop, &["--policy", "policy", "main.tf"]);
    assert_eq!((code, findings(&json)), (1, vec!["main.deny main.tf:3:32 open hard".to_owned()]));
    assert_eq!(json["findings"][0]["message"], "`my` is open");
}

/// The product's own policies judge fewer kinds of files than those for Conftest.
#[test]
fn a_file_that_is_judged_is_not_said_to_be_of_no_kind() {
    let shop = Shop::new();
    shop.write("policy/a.rego", "package main\n\ndeny contains \"no tls\" if input.tls == false\n");
    shop.write("a.toml", "tls = false\n").write("a.cue", "x: 1\n").write("b.md", "x\n");
    let warned = |json: &serde_json::Value| -> Vec<String> {
        let all = json["diagnostics"].as_array().unwrap().iter();
        all.map(|d| format!("{} {}", d["code"].as_str().unwrap(), d["message"].as_str().unwrap())).collect()
    };
    let (code, json) = check(&shop, &["--policy", "policy", "a.toml"]);
    assert_eq!((code, warned(&json)), (1, Vec::new()), "{json:#}");
    let (code, json) = check(&shop, &["--policy", "policy", "a.toml", "a.cue"]);
    assert_eq!((code, warned(&json)), (2, vec!["conftest::format nothing tells how `a.cue` is read".to_owned()]));
}
