//! Events as windows, with the instances that override some of their occurrences.

use std::collections::BTreeMap;

use super::component::{Component, Property};
use super::series::{self, Replaced};
use super::value::When;
use super::zone::Zones;
use super::{Tell, wrong};
use crate::change::calendar::{Kind, Origin, OverrideProtocol, Scope, Window};
use crate::finding::Diagnostic;

/// A file with more faults than this is told no further: it cannot be used, and each of them may take a while to find.
const MOST_FAULTS: usize = 100;

/// One event and what replaces occurrences of it, in the order of the file.
#[derive(Default)]
struct Group<'a> {
    masters: Vec<&'a Component>,
    overrides: Vec<&'a Component>,
}

/// The windows of a calendar's events. Cancelled and transparent ones close and open nothing.
pub(super) fn windows(
    calendar: &Component,
    zones: &Zones,
    kind: Kind,
    scope: &Scope,
    told: &mut Vec<Diagnostic>,
) -> Vec<Window> {
    let mut windows = Vec::new();
    for (id, group) in groups(calendar) {
        if told.len() > MOST_FAULTS {
            break;
        }
        let replaced = group.overrides.iter().filter_map(|event| told.ok_or_tell(replaced(event, zones))).collect();
        let revision = group.masters.iter().map(|event| sequence(event)).max();
        let masters: Vec<_> = group.masters.iter().filter(|event| Some(sequence(event)) == revision).collect();
        // Of an event that is cancelled, single occurrences are too.
        let cancelled = !masters.is_empty() && masters.iter().all(|event| event.is("STATUS", "CANCELLED"));
        let none = Replaced::default();
        let series = masters.into_iter().map(|event| (*event, &replaced));
        let single = group.overrides.iter().filter(|_| !cancelled).map(|event| (*event, &none));
        for (event, replaced) in series.chain(single).filter(|(event, _)| counts(event)) {
            let timing = series::timing(event, zones, replaced, told);
            windows.extend(told.ok_or_tell(timing).flatten().map(|timing| Window {
                id: id.clone(),
                kind,
                name: event.text("SUMMARY"),
                timing,
                scope: scope.clone(),
                exemptions: Vec::new(),
                protocol: OverrideProtocol::default(),
                owner: event.get("ORGANIZER").map(organizer),
                reason: event.text("DESCRIPTION"),
                origin: Origin::ICalendar,
                span: event.span,
            }));
        }
    }
    windows
}

/// Events by their `UID`, in the order of the file.
fn groups(calendar: &Component) -> Vec<(String, Group<'_>)> {
    let mut groups: Vec<(String, Group<'_>)> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for event in calendar.components.iter().filter(|component| component.name == "VEVENT") {
        let id = event.text("UID").unwrap_or_else(|| format!("event-{}", groups.len() + 1));
        let place = *places.entry(id.clone()).or_insert(groups.len());
        if place == groups.len() {
            groups.push((id, Group::default()));
        }
        let Some((_, group)) = groups.get_mut(place) else { continue };
        match event.get("RECURRENCE-ID") {
            Some(_) => group.overrides.push(event),
            None => group.masters.push(event),
        }
    }
    groups
}

/// Whether an event takes time: not when it is cancelled, or says that it leaves its owner free.
fn counts(event: &Component) -> bool {
    !event.is("STATUS", "CANCELLED") && !event.is("TRANSP", "TRANSPARENT")
}

/// How often an event was revised; of several revisions the last counts.
fn sequence(event: &Component) -> u64 {
    event.get("SEQUENCE").and_then(|property| property.value.trim().parse().ok()).unwrap_or_default()
}

/// Which occurrence an instance stands for.
fn replaced(event: &Component, zones: &Zones) -> Result<(When, crate::source::Span), Diagnostic> {
    let Some(property) = event.get("RECURRENCE-ID") else { return Err(wrong("no occurrence", event.span)) };
    if property.parameter("RANGE").is_some() {
        return Err(wrong("a change of all later occurrences is not read", property.span)
            .label("`RANGE` is not supported")
            .help("end the first event with UNTIL, and write a second one"));
    }
    Ok((When::read(property, zones)?, property.span))
}

fn organizer(property: &Property) -> String {
    let address = property.value.trim();
    property.parameter("CN").map_or_else(|| address.trim_start_matches("mailto:").to_owned(), str::to_owned)
}
