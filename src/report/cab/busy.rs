//! What else happens around a change: when its services are used most, days that matter, changes of others.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde_json::Value;

use super::page::Fact;
use crate::facts::{EventFacts, PeakHours, WindowOfChange, World};
use crate::report::chart::{Bar, Row};
use crate::report::text;

/// More days than this are not looked at: nobody could see them in a picture.
const MOST_DAYS: usize = 62;

/// Rows of the picture between two instants, without those that have nothing to show.
pub(super) fn rows(world: &World, range: (Timestamp, Timestamp), zone: &TimeZone) -> Vec<Row> {
    let services = world.change.iter().flat_map(|change| &change.services);
    let peaks = services.filter_map(|service| {
        let bars = peaks(service.entry.peak.as_ref()?, range);
        let title = |(start, end)| Bar { start, end, kind: "peak", title: format!("peak hours of {}", service.name) };
        Some(Row { name: format!("peak of {}", service.name), bars: bars.into_iter().map(title).collect() })
    });
    let days = world.calendar.events.iter().filter_map(|event| day(event, zone));
    let changes = others(world, range).into_iter().map(|other| Bar {
        start: other.start,
        end: other.end,
        kind: "other",
        title: other.title(zone),
    });
    let rows = peaks.chain([
        Row { name: "days that matter".into(), bars: days.collect() },
        Row { name: "other changes".into(), bars: changes.collect() },
    ]);
    let seen = |bar: &Bar| bar.start < range.1 && bar.end > range.0;
    rows.map(|row| Row { bars: row.bars.into_iter().filter(seen).collect(), ..row })
        .filter(|row| !row.bars.is_empty())
        .collect()
}

/// The same in words: peaks that the change meets, and every other change in the range.
pub(super) fn facts(
    world: &World,
    window: WindowOfChange,
    range: (Timestamp, Timestamp),
    zone: &TimeZone,
) -> Vec<Fact> {
    let occupied = (window.occupied.start.0, window.occupied.end.0);
    let services = world.change.iter().flat_map(|change| &change.services);
    let peak = services.filter_map(|service| {
        let peak = service.entry.peak.as_ref()?;
        let (word, tone) = if peaks(peak, occupied).is_empty() { ("not met", "good") } else { ("met", "warn") };
        Some(Fact::toned("Peak hours", format!("{}: {}, {word}", service.name, peak.text), tone))
    });
    let changes = others(world, range).into_iter().map(|other| {
        let meets = other.start < occupied.1 && other.end > occupied.0;
        Fact::toned("Other change", other.title(zone), if meets { "warn" } else { "" })
    });
    peak.chain(changes).collect()
}

/// The peak hours that overlap a range, as intervals.
fn peaks(peak: &PeakHours, (from, to): (Timestamp, Timestamp)) -> Vec<(Timestamp, Timestamp)> {
    let Ok(zone) = TimeZone::get(&peak.timezone) else { return Vec::new() };
    // The day before counts where hours go past midnight.
    let Ok(first) = from.to_zoned_datetime(zone.clone()).date().yesterday() else { return Vec::new() };
    let on_day = |day: Date| {
        let name = format!("{:?}", day.weekday());
        let hours = peak.hours.iter().filter(|_| peak.days.contains(&name));
        hours.filter_map(|hours| interval(day, *hours, &zone)).collect::<Vec<_>>()
    };
    let days = first.series(1.day()).take(MOST_DAYS);
    days.flat_map(on_day).filter(|(start, end)| *start < to && *end > from).collect()
}

fn interval(day: Date, (from, to): (u16, u16), zone: &TimeZone) -> Option<(Timestamp, Timestamp)> {
    let at = |day: Date, minutes: u16| {
        let midnight = day.to_datetime(Time::midnight());
        let local = midnight.checked_add(i64::from(minutes).minutes()).ok()?;
        Some(local.to_zoned_datetime(zone.clone()).ok()?.timestamp())
    };
    let last = if to <= from { day.tomorrow().ok()? } else { day };
    Some((at(day, from)?, at(last, to)?))
}

fn day(event: &EventFacts, zone: &TimeZone) -> Option<Bar> {
    let day: Date = event.date.parse().ok()?;
    let midnight = |day: Date| Some(day.to_zoned_datetime(zone.clone()).ok()?.timestamp());
    let title = format!("{} ({}) on {}", event.name, event.kind, event.date);
    Some(Bar { start: midnight(day)?, end: midnight(day.tomorrow().ok()?)?, kind: "other", title })
}

/// A change of the ChangeIndex that is still to come, runs, or happened in the range.
struct Other<'a> {
    start: Timestamp,
    end: Timestamp,
    /// Whether it says when it ends: else it counts for a day, as CHG-009 takes it.
    ends: bool,
    id: &'a str,
    state: &'a str,
    services: Vec<&'a str>,
}

impl Other<'_> {
    fn title(&self, zone: &TimeZone) -> String {
        let services = match self.services.as_slice() {
            [] => String::new(),
            named => format!(" of {}", named.join(", ")),
        };
        let start = text::instant(self.start, zone);
        let end = match self.ends {
            true => format!("to {}", text::instant(self.end, zone)),
            false => "without an end".to_owned(),
        };
        format!("{}{services} ({}) from {start} {end}", self.id, self.state)
    }
}

fn others(world: &World, (from, to): (Timestamp, Timestamp)) -> Vec<Other<'_>> {
    let own = world.change.as_ref().and_then(|change| change.document.at(&["metadata", "id"])?.as_str());
    let entries = world.context.get("change_indexes").and_then(|context| context.entries.as_array());
    let read = |entry| Other::read(entry).filter(|other| Some(other.id) != own && other.start < to && other.end > from);
    entries.into_iter().flatten().filter_map(read).collect()
}

impl<'a> Other<'a> {
    /// `None` for one that was called off, or does not say when it is.
    fn read(entry: &'a Value) -> Option<Self> {
        let word = |key: &str| entry.get(key).and_then(Value::as_str);
        // The instants may stand as in a change request, too.
        let planned = |key: &str| word(key).or_else(|| entry.get("schedule")?.get(key)?.as_str());
        let at = |key: &str| planned(key)?.parse::<Timestamp>().ok();
        let state = word("state").unwrap_or("state not known");
        let services = entry.get("services").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let services = services.map(|service| service.rsplit(['/', ':']).next().unwrap_or(service)).collect();
        let start = at("start")?;
        let end = at("end").filter(|end| *end > start);
        let day_later = || start.checked_add(24.hours()).ok();
        let dropped = matches!(state, "cancelled" | "canceled" | "rejected" | "withdrawn");
        let ends = end.is_some();
        (!dropped).then_some(Self { start, end: end.or_else(day_later)?, ends, id: word("id")?, state, services })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    fn peak(days: &[&str], hours: &[(u16, u16)]) -> PeakHours {
        let days = days.iter().map(|day| (*day).to_owned()).collect();
        PeakHours { text: String::new(), days, hours: hours.to_vec(), timezone: "Europe/Berlin".into() }
    }

    #[test]
    fn peak_hours_follow_the_clock_of_their_zone() {
        // The clocks go forward on Sunday 31 March 2030.
        let range = (at("2030-03-30T00:00:00Z"), at("2030-04-01T12:00:00Z"));
        let found = peaks(&peak(&["Saturday", "Sunday", "Monday"], &[(480, 600)]), range);
        let shown: Vec<String> = found.iter().map(|(start, end)| format!("{start} {end}")).collect();
        assert_eq!(
            shown,
            [
                "2030-03-30T07:00:00Z 2030-03-30T09:00:00Z",
                "2030-03-31T06:00:00Z 2030-03-31T08:00:00Z",
                "2030-04-01T06:00:00Z 2030-04-01T08:00:00Z"
            ]
        );
    }

    #[test]
    fn another_change_is_told_as_it_is_written() {
        let title = |entry: Value| Some(Other::read(&entry)?.title(&TimeZone::UTC));
        let (start, end) = ("2030-03-06T09:00:00Z", "2030-03-06T11:00:00Z");
        let plain = serde_json::json!({"id": "CHG-1", "state": "scheduled", "start": start, "end": end});
        let nested = serde_json::json!({"id": "CHG-1", "state": "scheduled", "schedule": {"start": start, "end": end}});
        assert!(title(plain.clone()).is_some_and(|title| title.contains("11:00")));
        assert_eq!(title(nested), title(plain));
        let open = serde_json::json!({"id": "CHG-1", "services": ["component:default/orders"], "start": start});
        let open = title(open).expect("it has a start");
        assert!(
            open.starts_with("CHG-1 of orders (state not known) from ") && open.ends_with(" without an end"),
            "{open}"
        );
        assert_eq!(title(serde_json::json!({"id": "CHG-1", "state": "cancelled", "start": start})), None);
        assert_eq!(title(serde_json::json!({"id": "CHG-1", "state": "scheduled"})), None);
    }

    #[test]
    fn peak_hours_may_go_past_midnight() {
        let range = (at("2030-03-06T00:00:00Z"), at("2030-03-06T00:30:00Z"));
        let night = peak(&["Tuesday"], &[(1320, 120)]);
        assert_eq!(peaks(&night, range), [(at("2030-03-05T21:00:00Z"), at("2030-03-06T01:00:00Z"))]);
        assert_eq!(peaks(&night, (at("2030-03-06T01:00:00Z"), at("2030-03-06T20:00:00Z"))), []);
    }
}
