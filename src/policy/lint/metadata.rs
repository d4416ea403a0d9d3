//! METADATA is complete: what a reader, an auditor or an output asks for is there.

use super::super::metadata::{Metadata, Scope};
use super::{Linted, Range, fault};
use crate::finding::Diagnostic;

pub(super) const CODE: &str = "lint::metadata";

pub(super) fn check(module: &Linted<'_>, found: &mut Vec<Diagnostic>) {
    let Some(metadata) = &module.metadata else { return };
    let start = module.source.text.find("# METADATA").unwrap_or(0);
    let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let here = Range { start: clamp(start), end: clamp(start + "# METADATA".len()) };
    found.extend(faults(metadata).into_iter().map(|(message, help)| fault(CODE, module, here, message).help(help)));
}

fn faults(metadata: &Metadata) -> Vec<(String, &'static str)> {
    let custom = &metadata.custom;
    let mut found = Vec::new();
    let mut missing = |is: bool, field: &str, help: &'static str| {
        if is {
            found.push((format!("METADATA gives no `{field}`"), help));
        }
    };
    missing(metadata.description.trim().is_empty(), "description", "say what is demanded, and why");
    missing(metadata.related_resources.is_empty(), "related_resources", "name the source that the demand rests on");
    missing(custom.remediation.trim().is_empty(), "custom.remediation", "say what to do about a failure");
    missing(
        custom.controls.values().all(Vec::is_empty),
        "custom.controls",
        "name the controls that it serves: {SOC2: [CC8.1]}",
    );
    missing(custom.since.is_empty(), "custom.since", "give the version that brings it: 0.1.0");
    missing(custom.stages.is_empty(), "custom.stages", "name the stages: [pull-request, apply]");
    let per_resource = custom.scope == Scope::Resource;
    missing(
        per_resource && custom.targets.is_empty(),
        "custom.targets",
        "name kinds and types: [apps/Deployment], or [\"*\"]",
    );
    if custom.scope == Scope::Change && !custom.targets.is_empty() {
        found.push((
            "a policy of scope change has targets, which nothing reads".into(),
            "leave them out, or judge resources",
        ));
    }
    if metadata.title.trim_end().ends_with('.') {
        found.push(("the title ends with a full stop".into(), "a title states the fault in a few words"));
    }
    let links = metadata.related_resources.iter().map(super::super::metadata::RelatedResource::link);
    for link in links.filter(|link| !link.starts_with("https://") && !link.starts_with("http://")) {
        found.push((format!("`{link}` is no web address"), "related_resources are links"));
    }
    let version = |text: &str| text.split('.').count() == 3 && text.split('.').all(|n| n.parse::<u32>().is_ok());
    if !custom.since.is_empty() && !version(&custom.since) {
        found.push((format!("`{}` is no version", custom.since), "`since` is a version: 0.1.0"));
    }
    found
}
