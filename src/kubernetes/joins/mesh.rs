//! Istio: hosts that routes and rules name are Services, entries for what lies outside, and each other.

use std::collections::HashMap;

use super::placed::{Copies, Placed, is_deleted};
use super::references::{Named, fields};
use crate::facts::Resource;
use crate::parse::tree::{Node, Path};

/// Where a VirtualService sends traffic.
const DESTINATIONS: [&str; 5] = [
    "spec.http[].route[].destination.host",
    "spec.http[].mirror.host",
    "spec.http[].mirrors[].destination.host",
    "spec.tcp[].route[].destination.host",
    "spec.tls[].route[].destination.host",
];

/// A host as Istio resolves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Host<'a> {
    /// A short name, of the namespace of whoever names it, or the long name of a Service.
    Service { namespace: Option<&'a str>, name: &'a str },
    /// Something outside, or a pattern.
    Other(&'a str),
}

impl<'a> Host<'a> {
    fn of(text: &'a str, own: Option<&'a str>) -> Self {
        let within = text.strip_suffix(".svc.cluster.local").or_else(|| text.strip_suffix(".svc"));
        match (within.and_then(|t| t.split_once('.')), text.contains('.')) {
            (Some((name, namespace)), _) if name != "*" => Self::Service { namespace: Some(namespace), name },
            (None, false) => Self::Service { namespace: own, name: text },
            _ => Self::Other(text),
        }
    }

    /// What is found by this host, as an object.
    pub(super) fn named(self) -> Named<'a> {
        match self {
            Self::Service { namespace, name } => Named { group: "", kind: "Service", namespace, name },
            Self::Other(name) => Named { group: "networking.istio.io", kind: "ServiceEntry", namespace: None, name },
        }
    }

    /// Whether it stands for several hosts.
    pub(super) fn is_pattern(self) -> bool {
        matches!(self, Self::Other(text) if text.starts_with('*'))
    }
}

/// The hosts that a resource names: the destinations of a VirtualService, the host of a DestinationRule.
pub(super) fn hosts(resource: &Resource) -> Vec<(Path, Host<'_>)> {
    let all: &[&str] = match &*resource.kind {
        "networking.istio.io/VirtualService" => &DESTINATIONS,
        "networking.istio.io/DestinationRule" => &["spec.host"],
        _ => &[],
    };
    let own = resource.namespace.as_deref();
    let nodes = all.iter().flat_map(|field| fields(&resource.attrs, field));
    nodes.filter_map(|(path, node)| Some((path, Host::of(node.as_str().filter(|t| !t.is_empty())?, own)))).collect()
}

/// Who says something about a host.
pub(super) struct Mesh<'a> {
    rules: HashMap<(Host<'a>, bool), Vec<Copies<'a>>>,
    entries: HashMap<(&'a str, bool), Vec<usize>>,
    /// Entries for `*.suffix`, by `.suffix`.
    patterns: HashMap<(&'a str, bool), Vec<usize>>,
}

impl<'a> Mesh<'a> {
    pub(super) fn new(placed: &Placed<'a>) -> Self {
        let mut mesh = Self { rules: HashMap::new(), entries: HashMap::new(), patterns: HashMap::new() };
        let mut rules: HashMap<_, Vec<usize>> = HashMap::new();
        for (index, resource) in placed.objects() {
            match &*resource.kind {
                "networking.istio.io/DestinationRule" => {
                    for (_, host) in hosts(resource) {
                        rules.entry((host, is_deleted(resource))).or_default().push(index);
                    }
                }
                "networking.istio.io/ServiceEntry" => {
                    let listed = resource.attrs.at(&["spec", "hosts"]).and_then(Node::as_seq).unwrap_or_default();
                    for host in listed.iter().filter_map(Node::as_str) {
                        let pattern = host.strip_prefix('*').map(|suffix| (suffix, is_deleted(resource)));
                        pattern.into_iter().for_each(|key| mesh.patterns.entry(key).or_default().push(index));
                        mesh.entries.entry((host, is_deleted(resource))).or_default().push(index);
                    }
                }
                _ => {}
            }
        }
        mesh.rules = rules.into_iter().map(|(host, found)| (host, placed.copies(found))).collect();
        mesh
    }

    /// DestinationRules of exactly this host.
    pub(super) fn rules(&self, host: Host<'a>, deleted: bool) -> &[Copies<'a>] {
        self.rules.get(&(host, deleted)).map_or(&[], Vec::as_slice)
    }

    /// The Service, or the entries that cover the host, a `*.suffix` among them.
    pub(super) fn targets(&self, placed: &Placed<'a>, from: &Resource, host: Host<'a>, deleted: bool) -> Vec<usize> {
        match host {
            Host::Service { .. } => placed.find(from, &host.named(), deleted),
            Host::Other(text) => {
                let exact = self.entries.get(&(text, deleted));
                let suffixes = text.match_indices('.').filter_map(|(at, _)| text.get(at..));
                let pattern = |suffix| self.patterns.get(&(suffix, deleted));
                let found = exact.into_iter().chain(suffixes.filter_map(pattern)).next();
                found.cloned().unwrap_or_default()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_resolved_as_istio_does() {
        let service = |namespace, name| Host::Service { namespace, name };
        assert_eq!(Host::of("orders", Some("shop")), service(Some("shop"), "orders"));
        assert_eq!(Host::of("orders.shop.svc.cluster.local", None), service(Some("shop"), "orders"));
        assert_eq!(Host::of("orders.shop.svc", None), service(Some("shop"), "orders"));
        // Two labels are a host of its own: nothing expands them.
        assert_eq!(Host::of("orders.shop", None), Host::Other("orders.shop"));
        assert_eq!(Host::of("*.shop.svc.cluster.local", None), Host::Other("*.shop.svc.cluster.local"));
    }
}
