use super::*;
use crate::change::fixture;
use crate::parse::de::from_node;

const ENTITIES: &str = include_str!("../../../tests/data/change/catalog-info.yaml");

fn backstage(text: &str) -> (Sources, Catalog, Vec<String>) {
    let (sources, documents) = fixture::yaml(text);
    let mut catalog = Catalog::default();
    let mut told = Vec::new();
    for document in &documents {
        let (service, faults) = read_backstage(document);
        told.extend(faults);
        told.extend(service.and_then(|service| catalog.add(service)));
    }
    let told = fixture::told(&sources, &told);
    (sources, catalog, told)
}

fn entity(kind: &str, name: &str, rest: &str) -> String {
    format!("apiVersion: backstage.io/v1alpha1\nkind: {kind}\nmetadata:\n  name: {name}\n{rest}---\n")
}

#[test]
fn a_service_is_found_by_every_name_it_has() {
    let (sources, catalog, told) = backstage(ENTITIES);
    assert_eq!(told, Vec::<String>::new());
    assert_eq!(catalog.services().len(), 2, "groups are no services");
    for name in [
        "orders-api",
        "Orders-API",
        "component:default/orders-api",
        "component:orders-api",
        "default/orders-api",
        "orders-k8s",
    ] {
        assert_eq!(catalog.find(name).map(|s| s.name.as_str()), Some("orders-api"), "{name}");
    }
    for name in ["resource:default/orders-api", "component:other/orders-api", "component:default/nope", "nope", ""] {
        assert_eq!(catalog.find(name), None, "{name}");
    }
    let facts = catalog.find("orders-api").unwrap().facts(&sources);
    assert_eq!(
        facts,
        ServiceEntry {
            tier: Some(1),
            rto: Some("PT4H".into()),
            rto_ns: Some(14_400_000_000_000),
            rpo: Some("30m".into()),
            rpo_ns: Some(1_800_000_000_000),
            owner: Some("group:default/orders".into()),
            core: true,
            ephemeral: false,
            singleton: false,
            slo: Some("openslo:orders-api-availability".into()),
            runbook: Some("runbooks/orders-api.md".into()),
            regulatory: vec!["pci".into(), "soc2".into()],
            kind: Some("Component".into()),
            depends_on: vec!["resource:default/orders-db".into()],
            dashboards: vec!["https://grafana.acme.example/d/orders-api".into()],
            on_call: Some("PABC123".into()),
            source: Some("test.yaml:4:9".into()),
            ..ServiceEntry::default()
        }
    );
    let database = catalog.find("orders-db").unwrap();
    assert_eq!((database.entry.tier, database.entry.ephemeral), (Some(2), true), "from spec.x-reliability");
}

#[test]
fn neighbours_dashboards_and_schedules() {
    let (_, catalog, told) = backstage(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: api\n  annotations: {pagerduty.com/service-id: PABC, changegate/dr-pair: api-dr}\n  links:\n    - {url: 'https://g/d/api', title: Dashboard}\n    - {url: 'https://wiki', title: Notes}\nspec:\n  consumesApis: [payments-v1]\n  dependencyOf: [component:default/shop]\n  x-reliability: {financial: {revenuePerHour: 4000}}\n",
    );
    assert_eq!(told, Vec::<String>::new());
    let entry = &catalog.find("api").unwrap().entry;
    assert_eq!((entry.consumes_apis.as_slice(), entry.dependency_of.len()), (&["payments-v1".to_owned()][..], 1));
    assert_eq!(
        (entry.dashboards.as_slice(), entry.on_call.as_deref()),
        (&["https://g/d/api".to_owned()][..], Some("PABC"))
    );
    assert_eq!(entry.dr_pair.as_deref(), Some("api-dr"));
    assert_eq!(entry.financial.as_ref().unwrap()["revenuePerHour"], 4000);
}

#[test]
fn facts_that_cannot_be_used_are_errors() {
    let annotation = |line: &str| entity("Component", "a", &format!("  annotations:\n    {line}\n"));
    let rows = [
        ("changegate/tier: '4'", "6: catalogue::value: `tier`: `4` is not a tier from 0 to 3"),
        ("changegate/tier: high", "6: catalogue::value: `tier`: `high` is not a tier from 0 to 3"),
        ("changegate/rto: 4 hours", "6: catalogue::value: `rto`: `4 hours` is not a duration"),
        ("changegate/core: maybe", "6: catalogue::value: `core`: `maybe` is neither `true` nor `false`"),
        ("changegate/rpo: {a: 1}", "6: document::type: `changegate/rpo`: expected a string, found a mapping"),
        ("changegate/teir: '1'", "6: catalogue::unknown-fact: unknown fact `teir` about a service"),
    ];
    for (line, expected) in rows {
        let (_, _, told) = backstage(&annotation(line));
        assert!(told.len() == 1 && told[0].starts_with(expected), "{line}: {told:?}");
    }
    assert!(backstage(&annotation("other.example/tier: platinum")).2.is_empty(), "others may annotate as they like");
    let (_, _, told) = backstage("apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {}\n");
    assert_eq!(told, ["1: document::missing-field: a Component without `metadata.name`"]);
    let (_, _, told) = backstage(&entity("Gadget", "a", ""));
    assert_eq!(told, ["2: catalogue::unknown-kind: an entity of the unknown kind `Gadget`"]);
}

#[test]
fn a_service_is_there_once() {
    let twice = entity("Component", "a", "") + &entity("Component", "A", "");
    assert_eq!(backstage(&twice).2, ["9: catalogue::duplicate: a second service `A`"]);
    let two_kinds = entity("Component", "a", "") + &entity("Resource", "a", "");
    assert_eq!(backstage(&two_kinds).2, ["9: catalogue::duplicate: a second service `a`"]);
}

#[test]
fn an_api_may_bear_the_name_of_its_component() {
    for order in [["API", "Component"], ["Component", "API"]] {
        let (_, catalog, told) = backstage(&order.map(|kind| entity(kind, "payments", "")).concat());
        assert!(told.is_empty());
        assert_eq!(catalog.find("payments").unwrap().entry.kind.as_deref(), Some("Component"));
        assert_eq!(catalog.find("api:default/payments").unwrap().entry.kind.as_deref(), Some("API"));
    }
}

#[test]
fn a_kubernetes_id_of_two_services_stands_for_neither() {
    let with_id = |name: &str| entity("Component", name, "  annotations: {backstage.io/kubernetes-id: shared}\n");
    let (_, catalog, told) = backstage(&(with_id("a") + &with_id("b")));
    assert!(told.is_empty());
    assert_eq!(catalog.find("shared"), None);
    assert!(catalog.find("a").is_some());
}

#[test]
fn native_entries_say_the_same_as_fields() {
    let (sources, documents) = fixture::yaml(
        "- {name: orders-api, tier: 1, rto: PT30M, owner: group:default/orders, core: true, regulatory: [pci], drPair: x, kubernetesId: o}\n- name: db\n  kind: Resource\n  tier: \"7\"\n",
    );
    let [first, second]: [NativeService; 2] = from_node(&documents[0]).unwrap();
    let service = first.service().unwrap();
    assert_eq!(
        (service.reference.as_str(), service.entry.tier, service.entry.rto_ns),
        ("component:default/orders-api", Some(1), Some(1_800_000_000_000))
    );
    let told = second.service().unwrap_err();
    assert_eq!(fixture::told(&sources, &[told]), ["4: catalogue::value: `tier`: `7` is not a tier from 0 to 3"]);
}

#[test]
fn the_scope_is_looked_up_and_its_tiers_are_not_believed() {
    let (sources, catalog, _) = backstage(ENTITIES);
    let text = "apiVersion: changegate/v1\nkind: ChangeRequest\nmetadata: {id: CHG-1}\nspec: {scope: {services: [{ref: component:default/orders-api, tier: 3}, {ref: nope}, {tier: 1}]}}\n";
    let request = Request::read("c.yaml", &fixture::yaml(text).1[0]).unwrap();
    let scoped = catalog.scoped(&request, &sources);
    let rows: Vec<_> = scoped.iter().map(|s| (s.r#ref.as_str(), s.name.as_str(), s.known, s.entry.tier)).collect();
    assert_eq!(rows, [("component:default/orders-api", "orders-api", true, Some(1)), ("nope", "nope", false, None)]);
}
