//! Region and zones of a resource, as far as its attributes say so.

use std::sync::Arc;

use crate::facts::Resource;
use crate::parse::tree::{Node, Value};

/// The region that a resource names: `region`, else `location`, else that of its zone.
pub fn region(resource: &Resource) -> Option<Arc<str>> {
    let named = |key: &str| resource.attrs.get(key).and_then(text);
    let by_name = named("region").or_else(|| named("location").filter(|l| region_of(l).is_none()));
    by_name.or_else(|| zones(resource).iter().find_map(|zone| region_of(zone).map(Arc::from)))
}

/// The availability zones that a resource names, sorted, each once.
pub fn zones(resource: &Resource) -> Vec<Arc<str>> {
    let lists = ["availability_zones", "zones", "node_locations", "distribution_policy_zones"];
    let in_lists = lists
        .iter()
        .filter_map(|key| resource.attrs.get(key))
        .flat_map(|list| list.as_seq().unwrap_or_default().iter().filter_map(text));
    let single = ["availability_zone", "zone"].iter().filter_map(|key| resource.attrs.get(key).and_then(text));
    let location = resource.attrs.get("location").and_then(text).filter(|l| region_of(l).is_some());
    let mut zones: Vec<Arc<str>> = in_lists.chain(single).chain(location).filter(|z| !z.is_empty()).collect();
    zones.sort();
    zones.dedup();
    zones
}

fn text(node: &Node) -> Option<Arc<str>> {
    match &node.value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        _ => None,
    }
}

/// The region inside a zone's name: `eu-west-1a` (AWS) and `europe-west1-b` (Google) end in a letter that
/// follows a digit; `None` for what is no such zone (Azure numbers its zones).
fn region_of(zone: &str) -> Option<&str> {
    let region = zone.strip_suffix(|c: char| c.is_ascii_lowercase())?;
    let region = region.strip_suffix('-').unwrap_or(region);
    (region.ends_with(|c: char| c.is_ascii_digit()) && region.contains('-')).then_some(region)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_name_their_region() {
        assert_eq!(region_of("eu-west-1a"), Some("eu-west-1"));
        assert_eq!(region_of("europe-west1-b"), Some("europe-west1"));
        for other in ["eu-west-1", "europe-west1", "EU", "westeurope", "West Europe", "1", ""] {
            assert_eq!(region_of(other), None, "{other}");
        }
    }
}
