//! Broken input never becomes "allowed": a clear diagnostic with a place, and the rest of the run goes on.

use crate::shop::Shop;

/// Acme with one more file; judged as it stands.
fn with(path: &str, text: impl AsRef<[u8]>) -> crate::shop::Ran {
    let shop = Shop::acme();
    shop.write(path, text);
    shop.check(&["."])
}

/// Undecided, with a diagnostic of this code at this place.
#[track_caller]
fn undecided(ran: &crate::shop::Ran, code: &str, path: &str, line: Option<u64>) {
    let json = ran.json();
    assert_eq!(ran.code, 2, "{json:#}");
    assert_eq!(json["decision"], "undecided");
    let found = json["diagnostics"].as_array().unwrap().iter().find(|d| d["code"] == code && d["severity"] == "error");
    let found = found.unwrap_or_else(|| panic!("no {code}: {:#}", json["diagnostics"]));
    assert_eq!(found["path"], path, "{found:#}");
    if let Some(line) = line {
        assert_eq!(found["line"], line, "{found:#}");
    }
    assert!(found["help"].as_str().is_some_and(|h| !h.is_empty()), "no next step: {found:#}");
}

#[test]
fn broken_yaml() {
    let ran = with("k8s/prod/broken.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: a\nspec:\n  - x: [\n");
    undecided(&ran, "yaml::syntax", "k8s/prod/broken.yaml", None);
    // What could be read was judged all the same.
    assert!(ran.json()["summary"]["resources"].as_u64().unwrap() > 5);
}

#[test]
fn broken_json() {
    let ran = with("k8s/prod/broken.json", "{\"apiVersion\": \"v1\",\n \"kind\": \"Service\",,}\n");
    assert_eq!(ran.code, 2, "{}", ran.stdout);
}

#[test]
fn broken_hcl_loses_one_block() {
    let ran = with(
        "terraform/prod/broken.tf",
        "resource \"aws_s3_bucket\" \"a\" {\n  bucket = \n}\nresource \"aws_s3_bucket\" \"b\" {}\n",
    );
    undecided(&ran, "hcl::syntax", "terraform/prod/broken.tf", Some(2));
}

#[test]
fn not_utf8() {
    let ran = with("k8s/prod/latin1.yaml", b"apiVersion: v1\nkind: Service\nname: caf\xe9\n");
    undecided(&ran, "discover::encoding", "k8s/prod/latin1.yaml", None);
}

#[test]
fn too_large() {
    let mut text = String::from("apiVersion: v1\nkind: ConfigMap\ndata:\n");
    text.push_str(&"  k: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n".repeat(1_600_000));
    undecided(&with("k8s/prod/large.yaml", text), "discover::too-large", "k8s/prod/large.yaml", None);
}

#[test]
fn a_yaml_bomb() {
    let mut text = String::from("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for i in 1..12 {
        let refs = vec![format!("*a{}", i - 1); 9].join(", ");
        text.push_str(&format!("a{i}: &a{i} [{refs}]\n"));
    }
    text.push_str("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bomb}\n");
    undecided(&with("k8s/prod/bomb.yaml", text), "yaml::limit", "k8s/prod/bomb.yaml", None);
}

#[test]
fn twenty_thousand_brackets() {
    let text = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: deep}}\nx: {}\n", "[".repeat(20_000));
    undecided(&with("k8s/prod/deep.yaml", &text), "yaml::limit", "k8s/prod/deep.yaml", None);
    let closed = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    let json = format!("{{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"x\": {closed}}}");
    assert_eq!(with("k8s/prod/deep.json", json).code, 2);
}

#[test]
fn a_definition_with_a_field_that_nobody_knows() {
    let text = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: as.example.com}\nspec:\n  \
                group: example.com\n  scoped: Namespaced\n";
    undecided(&with("k8s/prod/crd.yaml", text), "kubernetes::unknown-field", "k8s/prod/crd.yaml", Some(6));
}

#[test]
fn a_symlink_loop_ends() {
    let shop = Shop::acme();
    std::os::unix::fs::symlink("..", shop.root().join("k8s/prod/up")).unwrap();
    std::os::unix::fs::symlink("loop", shop.root().join("k8s/prod/loop")).unwrap();
    let ran = shop.check(&["."]);
    assert!([0, 2].contains(&ran.code), "{}", ran.stdout);
    assert_ne!(ran.json()["summary"]["resources"], 0);
}

#[test]
fn a_broken_policy_is_named() {
    let shop = Shop::acme();
    shop.write("policy/bad/bad.rego", "package policies.bad\ndeny contains x if {\n  x := \n}\n");
    let ran = shop.check(&[".", "--policy", "policy"]);
    undecided(&ran, "policy::syntax", "policy/bad/bad.rego", None);
    shop.write("policy/bad/bad.rego", "# METADATA\n# title: x\n# custom:\n#   id: X-1\n#   scoep: change\npackage policies.bad\ndeny contains 1 if false\n");
    undecided(&shop.check(&[".", "--policy", "policy"]), "policy::metadata", "policy/bad/bad.rego", Some(5));
    shop.write("policy/bad/bad.rego", "package policies.bad\ndeny contains \"x\" if true\n");
    undecided(&shop.check(&[".", "--policy", "policy"]), "policy::no-metadata", "policy/bad/bad.rego", None);
}

#[test]
fn a_change_request_with_a_typo_says_what_was_meant() {
    let shop = Shop::acme();
    shop.edit("changes/CHG-2030-00017.yaml", "maxDuration:", "maxDuraton:");
    let ran = shop.check(&["."]);
    undecided(&ran, "document::unknown-field", "changes/CHG-2030-00017.yaml", None);
    assert!(ran.stdout.contains("maxDuration"), "{}", ran.stdout);
}

#[test]
fn a_key_that_stands_twice_in_a_document_that_decides_stops_the_gate() {
    let rows = [
        ("changes/CHG-2030-00017.yaml", "  type: normal\n", "  type: standard\n  type: normal\n"),
        (".changegate/freeze.yaml", "  defaultState: open\n", "  defaultState: closed\n  defaultState: open\n"),
        ("changegate.yaml", "environments:\n", "environments: {}\nenvironments:\n"),
    ];
    for (path, once, twice) in rows {
        let shop = Shop::acme();
        shop.edit(path, once, twice);
        undecided(&shop.check(&["."]), "yaml::duplicate-key", path, None);
    }
}

#[test]
fn a_calendar_that_does_not_parse_stops_the_gate() {
    let shop = Shop::acme();
    shop.edit(".changegate/freeze.yaml", "Europe/Berlin", "Europe/Berlni");
    let ran = shop.check(&["."]);
    assert_eq!(ran.code, 2);
    assert!(ran.stdout.contains("freeze.yaml") && ran.stdout.contains("Europe/Berlni"), "{}", ran.stdout);
}

#[test]
fn a_broken_configuration_stops_the_gate() {
    let shop = Shop::acme();
    shop.edit("changegate.yaml", "environments:", "enviroments:");
    undecided(&shop.check(&["."]), "document::unknown-field", "changegate.yaml", Some(2));
}

#[test]
fn nothing_to_judge_is_an_error() {
    let shop = Shop::new();
    let ran = shop.check(&["."]);
    assert_eq!(ran.code, 2);
    assert_eq!(ran.json()["diagnostics"][0]["code"], "gate::nothing");
}

#[test]
fn a_required_context_document_must_be_there() {
    let shop = Shop::acme();
    std::fs::remove_file(shop.root().join(".changegate/freeze.yaml")).unwrap();
    let ran = shop.check(&["."]);
    assert_eq!(ran.code, 2, "{}", ran.stdout);
    assert!(ran.stdout.contains("FreezeCalendar"));
}

#[test]
fn an_audit_trail_that_cannot_be_written_is_never_allowed() {
    let shop = Shop::acme();
    shop.write("trail", "a file where a folder should be");
    let ran = shop.changegate(&["check", ".", "--audit", "trail", "--format", "json"]);
    assert_eq!(ran.code, 2);
    assert_eq!(ran.json()["decision"], "undecided");
}

/// What the change did not touch must not stop it, and what it did touch must.
#[test]
fn a_broken_file_counts_only_when_the_change_touches_it() {
    let shop = Shop::acme();
    shop.write("k8s/prod/broken.yaml", "apiVersion: v1\nkind: [\n");
    shop.commit("It was always broken", "Olga Ops <olga@acme.example>");
    shop.git(&["branch", "-f", "main"]);
    shop.write("README.md", "# docs");
    shop.commit("Docs", "Alice Arnold <alice@acme.example>");
    assert_eq!(shop.check(&["--base", "main", "--head", "change"]).code, 0);
    shop.write("k8s/prod/broken.yaml", "apiVersion: v1\nkind: [[\n");
    shop.commit("Broken in another way", "Alice Arnold <alice@acme.example>");
    assert_eq!(shop.check(&["--base", "main", "--head", "change"]).code, 2);
}

/// The root of a change is found at the base: a new configuration further down must not hide the real one.
#[test]
fn a_new_configuration_does_not_move_the_root() {
    let shop = Shop::acme();
    shop.edit("changes/CHG-2030-00017.yaml", "2030-03-05T10", "2030-11-26T10").edit(
        "changes/CHG-2030-00017.yaml",
        "2030-03-05T11",
        "2030-11-26T11",
    );
    shop.edit("k8s/prod/storefront/deployment.yaml", "replicas: 3", "replicas: 4");
    shop.write("k8s/prod/changegate.yaml", "environments: {}\n");
    shop.commit("Hide the calendar", "Alice Arnold <alice@acme.example>");
    let ran = shop.check(&["k8s/prod", "--base", "main", "--head", "change"]);
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    assert!(ran.stdout.contains("CHG-001") && ran.stdout.contains("GOV-004"), "{}", ran.stdout);
}

/// What is not rendered is not judged, and so not allowed.
#[test]
fn a_changed_component_that_nothing_uses_is_undecided() {
    let shop = Shop::acme();
    shop.write("k8s/prod/kustomization.yaml", "kind: Component\nresources: [storefront/deployment.yaml]\n");
    shop.commit("Overlay", "Alice Arnold <alice@acme.example>");
    undecided(
        &shop.check(&["--base", "main", "--head", "change"]),
        "kubernetes::not-rendered",
        "k8s/prod/kustomization.yaml",
        None,
    );
}

/// Reviews that the change itself carries could have been written by its author.
#[test]
fn committed_reviews_are_refused() {
    let shop = Shop::acme();
    shop.write("reviews.json", "[]");
    shop.commit("Approve myself", "Alice Arnold <alice@acme.example>");
    let ran = shop.check(&["--base", "main", "--head", "change", "--reviews", "reviews.json"]);
    undecided(&ran, "reviews::untrusted", "reviews.json", None);
}
