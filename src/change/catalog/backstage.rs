//! Services as Backstage describes them: entities with our facts as `changegate/*` annotations.

use serde_json::json;

use super::{Service, is_dashboard, set_fact};
use crate::finding::Diagnostic;
use crate::parse::de::{closest, header};
use crate::parse::tree::{Entry, Node, Value};

/// Prefix of our annotations.
const PREFIX: &str = "changegate/";

/// Facts that policies read; the others are for reports.
const FACTS: [&str; 12] = [
    "tier",
    "rto",
    "rpo",
    "dr-strategy",
    "dr-pair",
    "slo",
    "runbook",
    "regulatory",
    "peak-hours",
    "core",
    "ephemeral",
    "singleton",
];

/// Kinds that describe people and places, not services.
const OTHERS: [&str; 5] = ["Group", "User", "Location", "Domain", "Template"];

/// Reads an entity; `None` for a person, a place, or a kind that is not Backstage's.
pub(crate) fn read(entity: &Node) -> (Option<Service>, Vec<Diagnostic>) {
    let kind = entity.get("kind").and_then(Node::as_str).unwrap_or_default();
    match kind {
        "Component" | "Resource" | "API" | "System" => service(entity, kind),
        _ if OTHERS.contains(&kind) => (None, Vec::new()),
        _ => (None, vec![unknown_kind(entity, kind)]),
    }
}

fn service(entity: &Node, kind: &str) -> (Option<Service>, Vec<Diagnostic>) {
    let Some(name) = entity.at(&["metadata", "name"]).filter(|name| name.as_str().is_some_and(|n| !n.is_empty()))
    else {
        let fault = Diagnostic::error("document::missing-field", format!("a {kind} without `metadata.name`"));
        return (None, vec![fault.at(header(entity)).label("this entity").help("add `name` below `metadata`")]);
    };
    let bare = name.as_str().unwrap_or_default();
    let namespace = entity.at(&["metadata", "namespace"]).and_then(Node::as_str).unwrap_or("default");
    let mut service = Service {
        name: bare.to_owned(),
        reference: format!("{kind}:{namespace}/{bare}").to_lowercase(),
        span: name.span,
        ..Service::default()
    };
    service.entry.kind = Some(kind.to_owned());
    let listed = |key| texts(entity.at(&["spec", key]));
    (service.entry.depends_on, service.entry.dependency_of) = (listed("dependsOn"), listed("dependencyOf"));
    (service.entry.provides_apis, service.entry.consumes_apis) = (listed("providesApis"), listed("consumesApis"));
    service.entry.dashboards = dashboards(entity);
    service.entry.on_call = on_call(entity);
    service.entry.financial = entity.at(&["spec", "x-reliability", "financial"]).map(|node| json!(node));
    service.entry.owner = entity.at(&["spec", "owner"]).and_then(Node::as_str).map(str::to_owned);
    let told = facts(entity).filter_map(|(fact, entry)| annotate(&mut service, &fact, entry).err()).collect();
    (Some(service), told)
}

/// Our annotations, the Kubernetes id, and the fields of `spec.x-reliability`, by the annotation's name.
fn facts(entity: &Node) -> impl Iterator<Item = (String, &Entry)> {
    let entries = |path: &[&str]| entity.at(path).and_then(Node::as_map).into_iter().flatten();
    let annotations = entries(&["metadata", "annotations"]).filter_map(|entry| {
        let fact = entry.key.strip_prefix(PREFIX);
        fact.or_else(|| (&*entry.key == KUBERNETES_ID).then_some(KUBERNETES_ID)).map(|fact| (fact.to_owned(), entry))
    });
    let reliability = entries(&["spec", "x-reliability"]).filter(|entry| &*entry.key != "financial");
    annotations.chain(reliability.map(|entry| (kebab(&entry.key), entry)))
}

/// Addresses of the links of type dashboard.
fn dashboards(entity: &Node) -> Vec<String> {
    let links = entity.at(&["metadata", "links"]).and_then(Node::as_seq).unwrap_or_default();
    let text = |link: &Node, key| link.get(key).and_then(Node::as_str).unwrap_or_default().to_owned();
    let found = links.iter().map(|link| (text(link, "type"), text(link, "title"), text(link, "url")));
    found.filter(|(kind, title, url)| is_dashboard(kind, title, url)).map(|(.., url)| url).collect()
}

/// Annotations of the paging services that say which schedule answers for an entity.
const ON_CALL: [&str; 2] = ["pagerduty.com/service-id", "opsgenie.com/component-selector"];

fn on_call(entity: &Node) -> Option<String> {
    let annotation = |key: &&str| entity.at(&["metadata", "annotations", key]).and_then(Node::as_str);
    ON_CALL.iter().find_map(annotation).map(str::to_owned)
}

/// Which objects in a cluster belong to an entity.
const KUBERNETES_ID: &str = "backstage.io/kubernetes-id";

fn annotate(service: &mut Service, fact: &str, entry: &Entry) -> Result<(), Diagnostic> {
    let Some(text) = text(&entry.node) else {
        let message = format!("`{}`: expected a string, found {}", entry.key, entry.node.kind());
        return Err(Diagnostic::error("document::type", message).at(entry.node.span).help("annotations are strings"));
    };
    if fact == KUBERNETES_ID {
        service.kubernetes_id = Some(text);
        return Ok(());
    }
    if !FACTS.contains(&fact) {
        return Err(unknown_fact(fact, entry));
    }
    set_fact(&mut service.entry, fact, &text, entry.node.span)
}

/// A warning, because annotations may be newer than this program.
fn unknown_fact(fact: &str, entry: &Entry) -> Diagnostic {
    let hint = closest(fact, FACTS).map(|name| format!("did you mean `{name}`? ")).unwrap_or_default();
    Diagnostic::warning("catalogue::unknown-fact", format!("unknown fact `{fact}` about a service"))
        .at(entry.key_span)
        .label("not read")
        .help(format!("{hint}known facts: {}", FACTS.join(", ")))
}

fn unknown_kind(entity: &Node, kind: &str) -> Diagnostic {
    let place = entity.get("kind").map_or_else(|| header(entity), |node| node.span);
    Diagnostic::warning("catalogue::unknown-kind", format!("an entity of the unknown kind `{kind}`"))
        .at(place)
        .label("not read")
        .help("services are Component, Resource, API and System")
}

/// Backstage wants strings; a number or truth value that somebody forgot to quote still says what is meant.
fn text(node: &Node) -> Option<String> {
    match &node.value {
        Value::String(text) => Some(text.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        Value::Seq(items) => {
            let parts: Option<Vec<_>> = items.iter().map(Node::as_str).collect();
            parts.map(|parts| parts.join(","))
        }
        _ => None,
    }
}

fn texts(list: Option<&Node>) -> Vec<String> {
    list.and_then(Node::as_seq).unwrap_or_default().iter().filter_map(Node::as_str).map(str::to_owned).collect()
}

/// `drStrategy` as `dr-strategy`.
fn kebab(key: &str) -> String {
    key.chars().fold(String::new(), |mut out, c| {
        if c.is_ascii_uppercase() {
            out.push('-');
        }
        out.push(c.to_ascii_lowercase());
        out
    })
}
