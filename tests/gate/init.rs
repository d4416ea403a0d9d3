//! `changegate init --change` and `changegate schema`: a draft that says what is missing, and never overwrites.

use crate::shop::{NOW, Shop};

const DRAFT: &str = "changes/CHG-1.yaml";

fn drafted(edit: impl Fn(&Shop)) -> (Shop, String) {
    let shop = Shop::acme();
    std::fs::remove_file(shop.root().join("changes/CHG-2030-00017.yaml")).unwrap();
    shop.commit("No request yet", "Olga Ops <olga@acme.example>");
    shop.git(&["branch", "-f", "main"]);
    edit(&shop);
    shop.commit("Show delivery dates", "Alice Arnold <alice@acme.example>");
    let ran = shop.changegate(&["init", "--change", "--base", "main", "--id", "CHG-1", "--now", NOW]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.starts_with("wrote changes/CHG-1.yaml with "), "{}", ran.stdout);
    let text = shop.read(DRAFT);
    (shop, text)
}

fn bump(shop: &Shop) {
    shop.edit("k8s/prod/checkout/rollout.yaml", "sha256:6b86b273", "sha256:7b86b273");
    shop.edit("terraform/prod/orders_db.tf", "\"16.4\"", "\"17.2\"");
}

#[test]
fn what_the_difference_says_is_filled_in() {
    let (_, text) = drafted(bump);
    for line in [
        "  id: CHG-1",
        "  title: \"Show delivery dates\"",
        "    environments: [\"prod\"]",
        "      - {ref: \"component:default/checkout\", tier: 1}",
        "      - \"aws_db_instance.orders\"",
        "      - \"argoproj.io/Rollout/shop/checkout\"",
        "    controller: \"argo-rollouts\"",
        "      - {weight: 5, bake: \"10m\"}",
        "      - {resource: \"aws_db_instance.orders\", backupId: null",
        "sha256:7b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
}

#[test]
fn hints_are_what_the_policies_demand_of_this_change() {
    let (shop, text) = drafted(bump);
    for hint in [
        "# ! CHG-003: the normal request lacks spec.schedule.start",
        "# ! CAB-002 (may come later): tier 1",
        "# ! PRE-001",
    ] {
        assert!(text.contains(hint), "{hint} is not in\n{text}");
    }
    let small = drafted(|shop| {
        shop.edit("k8s/staging/storefront/deployment.yaml", "  replicas: 1", "  replicas: 2");
    })
    .1;
    assert!(!small.contains("CAB-002") && !small.contains("PRE-001"), "{small}");
    // The draft is a request that the gate reads: it is denied, not undecided.
    let json = shop.check(&["--base", "main"]).json();
    assert_eq!(json["change"]["id"], "CHG-1");
    assert_eq!(json["decision"], "denied");
}

#[test]
fn nothing_is_overwritten() {
    let (shop, text) = drafted(bump);
    let again = shop.changegate(&["init", "--change", "--base", "main", "--id", "CHG-1", "--now", NOW]);
    assert_eq!((again.code, shop.read(DRAFT)), (2, text));
    assert!(again.stderr.contains("init::exists"), "{}", again.stderr);
    let second = shop.changegate(&["init", "--change", "--base", "main", "--id", "CHG-2", "--now", NOW]);
    assert!(
        second.code == 2 && second.stderr.contains("has a request already: changes/CHG-1.yaml"),
        "{}",
        second.stderr
    );
}

#[test]
fn schemas_are_printed_by_name() {
    let shop = Shop::new();
    let names = shop.changegate(&["schema"]).stdout;
    assert!(names.lines().count() == 23 && names.contains("ChangeRequest\n") && names.contains("config\n"), "{names}");
    for name in names.lines() {
        let json = shop.changegate(&["schema", name]).json();
        assert_eq!(json["$schema"], "https://json-schema.org/draft/2020-12/schema", "{name}");
    }
    let unknown = shop.changegate(&["schema", "Deployment"]);
    assert!(unknown.code == 2 && unknown.stderr.contains("there is no schema of `Deployment`"), "{}", unknown.stderr);
}
