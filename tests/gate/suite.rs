//! `changegate test` on policies of one's own, through the binary.

use crate::shop::Shop;

const POLICY: &str = "# METADATA
# title: Too many
# description: More than two are too many.
# custom:
#   id: ACME-001
#   scope: change
#   severity: high
#   enforcement: soft
#   stages: [pull-request]
package policies.acme.too_many

deny contains \"too many\" if {
\tinput.n > data.limits.most
}

deny contains \"none\" if {
\tinput.n == 0
\tprint(\"n is\", input.n)
}
";

const TESTS: &str = "package policies.acme.too_many_test

import data.policies.acme.too_many

test_denied if count(too_many.deny) == 1 with input as {\"n\": 3}

test_allowed if {
\tdocument := {\"n\": 3}
\tcount(too_many.deny) == 0 with input as document
}

todo_test_later if false
";

fn shop() -> Shop {
    let shop = Shop::new();
    shop.write("policies/too_many/too_many.rego", POLICY).write("policies/too_many/too_many_test.rego", TESTS);
    shop.write("data/limits/numbers.yaml", "most: 2\n");
    shop
}

#[test]
fn a_failure_shows_the_expression_and_its_values() {
    let ran = shop().changegate(&["test", "policies", "--data", "data"]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (
            1,
            "FAIL   policies.acme.too_many_test.test_allowed  (policies/too_many/too_many_test.rego:7:1)
       9:2  count(too_many.deny) == 0 with input as document
         count(too_many.deny) is 1
         too_many.deny is {\"too many\"}
         document is {\"n\": 3}
1 passed, 1 failed, 1 to do
"
        ),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_filter_is_a_regular_expression_and_no_test_is_no_pass() {
    let shop = shop();
    let run = |filter: &str| shop.changegate(&["test", "policies", "-d", "data", "-r", filter]);
    assert_eq!((run("denied$").code, run("denied$").stdout.as_str()), (0, "1 passed, 0 failed\n"));
    assert_eq!(run("nothing_like_it").code, 2);
    assert_eq!(run("(").code, 2);
    let empty = Shop::new();
    empty.write("policies/p.rego", "package p\n");
    assert_eq!(empty.changegate(&["test", "policies"]).code, 2);
}

#[test]
fn coverage_has_a_threshold_and_formats_are_for_programs() {
    let shop = shop();
    let args = ["test", "policies", "-d", "data", "-r", "denied", "--min-coverage", "90", "--output", "junit=out.xml"];
    let ran = shop.changegate(&[&args[..], &["--output", "json"]].concat());
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("less than 90 %"), "{}", ran.stderr);
    let json = ran.json();
    let file = &json["coverage"]["files"]["policies/too_many/too_many.rego"];
    let row = |n: u32| serde_json::json!({"start": {"row": n}, "end": {"row": n}});
    assert_eq!(file["not_covered"], serde_json::json!([row(16), row(18)]), "{file:#}");
    assert_eq!(json["summary"]["passed"], 1);
    assert!(shop.read("out.xml").contains("classname=\"policies.acme.too_many_test\""));
    assert_eq!(shop.changegate(&[&args[..7], &["40"]].concat()).code, 0);
}

#[test]
fn the_output_does_not_depend_on_the_number_of_threads() {
    let shop = shop();
    let run = |jobs: &str| {
        shop.changegate(&["test", "policies", "-d", "data", "--coverage", "-o", "json", "--jobs", jobs]).stdout
    };
    assert_eq!(run("1"), run("8"));
}

/// The folder holds the library that is compiled in as well.
#[test]
fn the_projects_own_folder_is_tested_once() {
    let policies = concat!(env!("CARGO_MANIFEST_DIR"), "/policies");
    let ran = Shop::new().changegate(&["test", policies, "-r", "lib\\.shape_test"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
}

/// JUnit says what is said to people, and a suite in which everything is to be written has run nothing.
#[test]
fn formats_tell_the_same_facts() {
    let shop = Shop::new();
    let tests = "package a_test\n\ntest_undefined if {\n\tx := input.y\n\tx == 1\n}\n\ntest_every if {\n\tevery x in [1, 2] {\n\t\tx < 2\n\t}\n}\n\n\
                 test_value := false\n\nf(x) := 1 if x > 0\n\nf(x) := 2 if x > 1\n\ntest_conflict if f(2) == 1\n";
    shop.write("p/a_test.rego", tests);
    let pretty = shop.changegate(&["test", "p"]);
    let expected = "FAIL   a_test.test_undefined  (p/a_test.rego:3:1)
       4:2  x := input.y
         input.y is undefined
FAIL   a_test.test_every  (p/a_test.rego:8:1)
       9:2  every x in [1, 2] { x < 2 }
         x fails for 2
FAIL   a_test.test_value  (p/a_test.rego:14:1)
       every expression holds: its value is not true
ERROR  a_test.test_conflict  (p/a_test.rego:20:1): functions must not produce multiple outputs for same inputs (p/a_test.rego:20:18)
       20:18  f(2) == 1
0 passed, 4 failed
";
    assert_eq!((pretty.code, &*pretty.stdout), (1, expected), "{}", pretty.stderr);
    let junit = shop.changegate(&["test", "p", "--format", "junit"]).stdout;
    for part in [
        "<failure message=\"x := input.y\">4:2  x := input.y\ninput.y is undefined</failure>",
        "x fails for 2</failure>",
        "message=\"every expression holds: its value is not true\"",
        "<error message=\"functions must not produce multiple outputs for same inputs (p/a_test.rego:20:18)\">20:18  f(2) == 1</error>",
    ] {
        assert!(junit.contains(part), "{part} in\n{junit}");
    }
    let json = shop.changegate(&["test", "p", "--format", "json"]).json();
    assert_eq!(json["tests"][3]["error_place"], "p/a_test.rego:20:18");
    assert_eq!(json["tests"][3]["failure"]["expression"], "f(2) == 1");
}

#[test]
fn what_is_only_to_be_written_has_not_run() {
    let shop = Shop::new();
    shop.write("p/a_test.rego", "package a_test\n\ntodo_test_a if false\n");
    let ran = shop.changegate(&["test", "p"]);
    assert_eq!((ran.code, &*ran.stderr), (2, "no test was run: there are 1 to be written (`todo_test_…`)\n"));
    let ran = shop.changegate(&["test", "q"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("q: policies cannot be read: it does not exist"), "{}", ran.stderr);
}
