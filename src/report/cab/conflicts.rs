//! Changes of one agenda that get into each other's way: the same service at the same time, or a dependency.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::page::Conflict;
use super::{Item, schedule};
use crate::facts::{WindowOfChange, World};
use crate::report::chart::{Bar, Row, gantt};
use crate::report::text;

/// A change that has a window.
struct Planned<'a> {
    id: String,
    window: WindowOfChange,
    services: BTreeSet<&'a str>,
    world: &'a World,
}

fn planned<'a>(items: &'a [Item<'_>]) -> Vec<Planned<'a>> {
    let of = |item: &'a Item<'_>| {
        let world = &item.case?.world;
        let change = world.change.as_ref()?;
        let id = change.document.at(&["metadata", "id"]).and_then(|n| n.as_str()).unwrap_or(&change.file);
        let services = change.services.iter().map(|service| service.name.as_str()).collect();
        Some(Planned { id: id.to_owned(), window: change.window?, services, world })
    };
    items.iter().filter_map(of).collect()
}

/// Every pair of changes that overlaps in time and shares a service, or depends on one.
pub(super) fn among(items: &[Item<'_>], zone: &TimeZone) -> Vec<Conflict> {
    let planned = planned(items);
    let mut found = Vec::new();
    for (index, first) in planned.iter().enumerate() {
        for second in planned.iter().skip(index + 1).filter(|second| overlap(first.window, second.window)) {
            found.extend(conflict(first, second, zone));
        }
    }
    found
}

fn overlap(first: WindowOfChange, second: WindowOfChange) -> bool {
    first.occupied.start_ns < second.occupied.end_ns && second.occupied.start_ns < first.occupied.end_ns
}

fn conflict(first: &Planned<'_>, second: &Planned<'_>, zone: &TimeZone) -> Option<Conflict> {
    let from = text::instant(first.window.occupied.start.0.max(second.window.occupied.start.0), zone);
    let shared: Vec<&str> = first.services.intersection(&second.services).copied().collect();
    let (kind, what) = if shared.is_empty() {
        let needed = depends(first, second).or_else(|| depends(second, first))?;
        ("dependency", needed)
    } else {
        ("same service", shared.join(", "))
    };
    Some(Conflict { first: first.id.clone(), second: second.id.clone(), kind, detail: format!("{what}, from {from}") })
}

/// `a needs b`, where a service of the first change depends on one of the second.
fn depends(first: &Planned<'_>, second: &Planned<'_>) -> Option<String> {
    let services = first.world.context.get("services")?.entries.as_array()?;
    services.iter().filter(|entry| entry["name"].as_str().is_some_and(|n| first.services.contains(n))).find_map(
        |entry| {
            let needs = entry["dependsOn"].as_array()?.iter().filter_map(|n| n.as_str());
            let name = needs.map(|n| n.rsplit(['/', ':']).next().unwrap_or(n)).find(|n| second.services.contains(n))?;
            Some(format!("{} needs {name}", entry["name"].as_str()?))
        },
    )
}

/// All planned changes over one time axis; `None` for fewer than two.
pub(super) fn calendar(items: &[Item<'_>], now: Timestamp, zone: &TimeZone) -> Option<String> {
    let planned = planned(items);
    if planned.len() < 2 {
        return None;
    }
    let ranges: Vec<_> = planned.iter().map(|change| schedule::around(change.window)).collect();
    let from = ranges.iter().map(|(from, _)| *from).min()?;
    let to = ranges.iter().map(|(_, to)| *to).max()?;
    let row = |change: &Planned<'_>| Row {
        name: change.id.clone(),
        bars: vec![Bar {
            start: change.window.start.0,
            end: change.window.occupied.end.0,
            kind: "change",
            title: format!("{} from {}", change.id, text::instant(change.window.start.0, zone)),
        }],
    };
    let rows: Vec<Row> = planned.iter().map(row).collect();
    Some(gantt("agenda", &rows, (from, to), now, zone))
}
