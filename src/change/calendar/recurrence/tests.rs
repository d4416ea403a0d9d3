use jiff::ToSpan;
use proptest::prelude::*;

use super::*;
use crate::change::calendar::interval::union;

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn recurrence(schedule: &str, end: RecurringEnd, zone: &str) -> Recurrence {
    Recurrence {
        starts: Starts::Cron(Cron::parse(schedule).expect("cron")),
        end,
        zone: TimeZone::get(zone).expect("zone"),
        exceptions: Exceptions::default(),
    }
}

fn after(length: &str) -> RecurringEnd {
    RecurringEnd::After(Elapsed::parse(length).expect("duration"))
}

fn until(hour: i8, minute: i8) -> RecurringEnd {
    RecurringEnd::Until(Time::constant(hour, minute, 0, 0))
}

fn firing(schedule: &str) -> RecurringEnd {
    RecurringEnd::At(Cron::parse(schedule).expect("cron"))
}

/// Occurrences between two instants as `start/end`.
fn between(recurrence: &Recurrence, start: &str, end: &str) -> Vec<String> {
    let range = Interval { start: at(start), end: at(end) };
    recurrence.occurrences(range).map(|i| format!("{}/{}", i.start, i.end)).collect()
}

#[test]
fn an_occurrence_belongs_to_a_range_that_shares_an_instant_with_it() {
    let friday = recurrence("0 18 * * FRI", after("62h"), "UTC");
    let whole = ["2026-06-12T18:00:00Z/2026-06-15T08:00:00Z"];
    assert_eq!(between(&friday, "2026-06-12T17:00:00Z", "2026-06-12T18:00:01Z"), whole);
    assert_eq!(between(&friday, "2026-06-15T07:59:59Z", "2026-06-16T00:00:00Z"), whole);
    assert!(between(&friday, "2026-06-12T17:00:00Z", "2026-06-12T18:00:00Z").is_empty(), "the range's end is outside");
    assert!(between(&friday, "2026-06-15T08:00:00Z", "2026-06-16T00:00:00Z").is_empty(), "the window's end is outside");
}

#[test]
fn an_hour_that_is_repeated_is_covered_by_a_schedule_of_every_hour() {
    let always = recurrence("*/30 * * * *", after("30m"), "Europe/London");
    let range = Interval { start: at("2026-10-24T00:00:00Z"), end: at("2026-10-26T00:00:00Z") };
    assert_eq!(union(always.occurrences(range)), [range]);
    let range = Interval { start: at("2026-03-28T00:00:00Z"), end: at("2026-03-30T00:00:00Z") };
    assert_eq!(union(always.occurrences(range)), [range]);
}

#[test]
fn until_never_vanishes_in_a_gap() {
    let night = recurrence("30 1 * * *", until(1, 45), "Europe/London");
    let day = between(&night, "2026-03-29T00:00:00Z", "2026-03-30T00:00:00Z");
    assert_eq!(day, ["2026-03-29T01:00:00Z/2026-03-29T01:15:00Z"]);
}

#[test]
fn until_the_start_time_is_the_next_day() {
    let daily = recurrence("30 1 1 11 *", until(1, 30), "America/New_York");
    let got = between(&daily, "2026-11-01T00:00:00Z", "2026-11-03T00:00:00Z");
    assert_eq!(got, ["2026-11-01T05:30:00Z/2026-11-02T06:30:00Z"]);
}

#[test]
fn an_end_schedule_fires_after_the_start() {
    let weekend = recurrence("0 23 * * FRI", firing("0 7 * * MON"), "Europe/Berlin");
    let got = between(&weekend, "2026-06-11T00:00:00Z", "2026-06-20T00:00:00Z");
    assert_eq!(got, ["2026-06-12T21:00:00Z/2026-06-15T05:00:00Z", "2026-06-19T21:00:00Z/2026-06-22T05:00:00Z",]);
    // From far inside a long window its start is still found.
    let winter = recurrence("0 0 1 12 *", firing("0 0 1 3 *"), "UTC");
    let got = between(&winter, "2027-02-28T23:59:59Z", "2027-03-05T00:00:00Z");
    assert_eq!(got, ["2026-12-01T00:00:00Z/2027-03-01T00:00:00Z"]);
    // An end that fires at the very start is not its end.
    let same = recurrence("0 0 * * MON", firing("0 0 * * MON"), "UTC");
    let got = between(&same, "2026-06-09T00:00:00Z", "2026-06-10T00:00:00Z");
    assert_eq!(got, ["2026-06-08T00:00:00Z/2026-06-15T00:00:00Z"]);
}

#[test]
fn a_busy_schedule_over_a_year_stays_cheap() {
    let busy = recurrence("0 * * * *", after("366d"), "Europe/London");
    let range = Interval { start: at("2026-01-01T00:00:00Z"), end: at("9000-01-01T00:00:00Z") };
    let merged = union(busy.occurrences(range));
    assert_eq!(merged.len(), 1);
    let rare = recurrence("0 * * * *", firing("0 0 29 2 *"), "UTC");
    assert_eq!(union(rare.occurrences(range)).len(), 1);
}

/// One field of a random cron expression.
fn field(min: u8, max: u8) -> impl Strategy<Value = String> {
    prop_oneof![
        3 => Just("*".to_owned()),
        3 => (min..=max).prop_map(|n| n.to_string()),
        1 => (min..=max, min..=max).prop_map(|(a, b)| format!("{}-{}", a.min(b), a.max(b))),
        1 => (min..=max, min..=max).prop_map(|(a, b)| format!("{a},{b}")),
        1 => (2u8..=15).prop_map(|step| format!("*/{step}")),
    ]
}

fn schedule() -> impl Strategy<Value = String> {
    let minute = prop_oneof![4 => Just("0".to_owned()), 4 => Just("30".to_owned()), 1 => Just("*/15".to_owned()), 1 => field(0, 59)];
    let day =
        prop_oneof![3 => Just("*".to_owned()), 1 => (1u8..=31).prop_map(|n| n.to_string()), 1 => Just("L".to_owned())];
    let weekday = prop_oneof![
        3 => Just("*".to_owned()),
        1 => (0u8..=7).prop_map(|n| n.to_string()),
        1 => (0u8..=6, 1u8..=5).prop_map(|(day, nth)| format!("{day}#{nth}")),
        1 => (0u8..=6).prop_map(|day| format!("{day}L")),
    ];
    (minute, field(0, 12), day, Just("*"), weekday).prop_map(|(m, h, d, month, w)| format!("{m} {h} {d} {month} {w}"))
}

fn zone() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "UTC",
        "Europe/London",
        "America/New_York",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
        "America/Santiago",
        "Pacific/Apia",
        "Africa/Casablanca",
        "America/Sao_Paulo",
        "Asia/Tehran",
    ])
}

/// A start within a few days of a change of clocks in most of the zones above, or anywhere.
fn start() -> impl Strategy<Value = Timestamp> {
    let near = prop::sample::select(vec![
        "2026-03-08T00:00:00Z",
        "2026-03-29T00:00:00Z",
        "2026-10-25T00:00:00Z",
        "2026-11-01T00:00:00Z",
        "2026-04-05T00:00:00Z",
        "2026-10-04T00:00:00Z",
        "2026-09-06T00:00:00Z",
        "2018-11-04T00:00:00Z",
        "2011-12-30T00:00:00Z",
        "2026-02-15T00:00:00Z",
    ]);
    prop_oneof![
        (near, -48i64..48).prop_map(|(t, hours)| at(t) + hours.hours()),
        (946_684_800i64..2_524_608_000).prop_map(|s| Timestamp::from_second(s - s % 60).expect("in range")),
    ]
}

/// The definition once more, without days, clocks or order: walk the minutes of UTC and read the wall clock at each.
fn by_scanning(cron: &Cron, zone: &TimeZone, range: Interval) -> Vec<Timestamp> {
    let fires =
        |local: DateTime| cron.matches_day(local.date()) && cron.times().any(|t| t == (local.hour(), local.minute()));
    let mut starts = Vec::new();
    let mut now = range.start;
    while now < range.end {
        let local = zone.to_datetime(now);
        let before = zone.to_datetime(now - 1.minutes());
        let skipped =
            (1..).map(|n| before.saturating_add(n.minutes())).take_while(|skipped| *skipped < local).any(fires);
        // A minute that the clock showed before, at another offset, is the second of a fold.
        let repeated = zone.to_ambiguous_timestamp(local).earlier().is_ok_and(|first| first < now);
        if (fires(local) && (!repeated || cron.every_hour())) || skipped {
            starts.push(now);
        }
        now += 1.minutes();
    }
    starts
}

/// Where a window on the wall clock ends, once more without arithmetic: the first minute after its start at which the clock
/// shows the end, or has skipped it; of an hour that is repeated, the last one.
fn end_by_scanning(start: Timestamp, end: (i8, i8), zone: &TimeZone) -> Timestamp {
    // A clock that is set back shows the start once more; that is not after it.
    let first = zone.to_datetime(start);
    let shows = |local: DateTime| local > first && (local.hour(), local.minute()) == end;
    let mut now = start;
    loop {
        let before = zone.to_datetime(now);
        now += 1.minutes();
        let local = zone.to_datetime(now);
        let skipped = (1..).map(|n| before.saturating_add(n.minutes())).take_while(|skipped| *skipped < local);
        if shows(local) {
            return zone.to_ambiguous_timestamp(local).later().expect("an instant").max(now);
        } else if skipped.into_iter().any(shows) {
            return now;
        }
    }
}

/// No window shrinks or vanishes because clocks change, in any zone of the database, from 2024 to 2034.
#[test]
fn no_change_of_clocks_shortens_a_window_in_any_zone() {
    let half_hour = SignedDuration::from_mins(30);
    let (mut changes, end) = (0, at("2035-01-01T00:00:00Z"));
    let mut seen = BTreeSet::new();
    for zone in jiff::tz::db().available().filter_map(|name| TimeZone::get(name.as_str()).ok()) {
        let following = zone.following(at("2024-01-01T00:00:00Z")).take_while(|t| t.timestamp() < end);
        let transitions: Vec<_> = following.map(|t| (t.timestamp(), t.offset().seconds())).collect();
        // Many names share one clock.
        if !seen.insert(transitions.clone()) {
            continue;
        }
        for (transition, _) in transitions {
            let day = zone.to_datetime(transition).date();
            for local in (-4i64..=4).map(|n| zone.to_datetime(transition).saturating_add((n * 30).minutes())) {
                let schedule = format!("{} {} * * *", local.minute(), local.hour());
                let later = local.time().wrapping_add(half_hour);
                for end in [after("30m"), RecurringEnd::Until(later)] {
                    let elapsed = matches!(end, RecurringEnd::After(_));
                    let nightly = Recurrence { zone: zone.clone(), ..recurrence(&schedule, end, "UTC") };
                    let near = Interval { start: transition - 72.hours(), end: transition + 72.hours() };
                    let found: Vec<Interval> = nightly.occurrences(near).collect();
                    let on = |day: Date| found.iter().filter(|i| zone.to_datetime(i.start).date() == day).count();
                    let days = [day.yesterday(), Ok(day), day.tomorrow()].into_iter().flatten();
                    assert!(days.map(on).sum::<usize>() >= 3, "{zone:?} {schedule}: {found:?}");
                    let long_enough = |i: &Interval| i.start.duration_until(i.end) >= half_hour;
                    // An end on the wall clock in the hour that is skipped is the change itself.
                    let cut = |i: &Interval| !elapsed && i.end == transition;
                    assert!(found.iter().all(|i| !i.is_empty() && (long_enough(i) || cut(i) || i.start == transition)));
                    assert!(!elapsed || found.iter().all(long_enough), "{zone:?} {schedule}");
                }
                changes += 1;
            }
        }
    }
    assert!(changes > 3_000, "{changes}");
}

/// The clock changes of the specification, as recurrence rules.
#[test]
fn clock_changes_of_rules() {
    let rows = [
        ("Europe/London", "2026-03-22T00:00", after("6h"), "2026-03-29", "00:00:00Z/2026-03-29T06:00:00Z"),
        ("Europe/London", "2026-03-22T00:00", until(6, 0), "2026-03-29", "00:00:00Z/2026-03-29T05:00:00Z"),
        ("Europe/London", "2026-03-22T01:30", after("1h"), "2026-03-29", "01:00:00Z/2026-03-29T02:00:00Z"),
        ("Europe/London", "2026-10-18T01:30", until(1, 45), "2026-10-25", "00:30:00Z/2026-10-25T01:45:00Z"),
        ("America/New_York", "2026-03-01T02:30", after("1h"), "2026-03-08", "07:00:00Z/2026-03-08T08:00:00Z"),
        (
            "America/New_York",
            "2026-10-25T01:30",
            RecurringEnd::Days(1, Elapsed::default()),
            "2026-11-01",
            "05:30:00Z/2026-11-02T06:30:00Z",
        ),
        ("America/Sao_Paulo", "2018-10-28T00:00", after("1h"), "2018-11-04", "03:00:00Z/2018-11-04T04:00:00Z"),
    ];
    for (zone, start, end, day, expected) in rows {
        let zone = TimeZone::get(zone).expect("zone");
        let anchor = crate::change::calendar::rrule::Anchor { start: start.parse().ok(), zone: &zone };
        let rule = Rule::parse("FREQ=WEEKLY", anchor).expect("a rule");
        let weekly = Recurrence {
            starts: Starts::Rule(Box::new(rule)),
            zone: zone.clone(),
            ..recurrence("0 0 * * *", end, "UTC")
        };
        let found = between(&weekly, &format!("{day}T00:00:00Z"), &format!("{day}T12:00:00Z"));
        assert_eq!(found, [format!("{day}T{expected}")], "{start}");
    }
    let apia = TimeZone::get("Pacific/Apia").expect("zone");
    let anchor = crate::change::calendar::rrule::Anchor { start: "2011-12-28T00:00".parse().ok(), zone: &apia };
    let rule = Rule::parse("FREQ=DAILY;COUNT=4", anchor).expect("a rule");
    let end = RecurringEnd::Days(1, Elapsed::default());
    let daily = Recurrence { starts: Starts::Rule(Box::new(rule)), zone: apia, ..recurrence("0 0 * * *", end, "UTC") };
    let found = between(&daily, "2011-12-25T00:00:00Z", "2012-01-05T00:00:00Z");
    assert_eq!(found.len(), 3, "the day that the zone skips holds no time: {found:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn starts_are_the_minutes_at_which_the_wall_clock_says_so(text in schedule(), zone in zone(), start in start()) {
        let Ok(cron) = Cron::parse(&text) else { return Ok(()) };
        let zone = TimeZone::get(zone).expect("zone");
        let range = Interval { start, end: start + 48.hours() };
        let expected = by_scanning(&cron, &zone, range);
        let recurrence = Recurrence { starts: Starts::Cron(cron), end: after("1m"), zone, exceptions: Exceptions::default() };
        let mut starts: Vec<Timestamp> =
            recurrence.occurrences(range).map(|i| i.start).filter(|s| *s >= range.start).collect();
        starts.dedup();
        prop_assert_eq!(starts, expected, "{}", text);
    }

    #[test]
    fn occurrences_are_sorted_not_empty_near_and_as_long_as_they_say(
        text in schedule(), zone in zone(), start in start(), minutes in 1i64..10_000,
    ) {
        let Ok(cron) = Cron::parse(&text) else { return Ok(()) };
        let zone = TimeZone::get(zone).expect("zone");
        let length = Elapsed { ns: minutes * 60_000_000_000 };
        let range = Interval { start, end: start + 48.hours() };
        let recurrence = Recurrence { starts: Starts::Cron(cron), end: RecurringEnd::After(length), zone, exceptions: Exceptions::default() };
        let found: Vec<Interval> = recurrence.occurrences(range).collect();
        prop_assert!(found.windows(2).all(|w| w[0].start <= w[1].start), "sorted");
        prop_assert!(found.iter().all(|i| i.touches(&range)));
        prop_assert!(found.iter().all(|i| i.end.duration_since(i.start) == length.signed()));
        let merged = union(found.iter().copied());
        prop_assert!(merged.windows(2).all(|w| w[0].end < w[1].start), "apart");
        prop_assert!(found.iter().all(|i| merged.iter().any(|m| m.contains(i))));
    }

    #[test]
    fn wall_clock_ends_are_after_their_starts(text in schedule(), zone in zone(), start in start(), hour in 0i8..24) {
        let Ok(cron) = Cron::parse(&text) else { return Ok(()) };
        let zone = TimeZone::get(zone).expect("zone");
        let range = Interval { start, end: start + 48.hours() };
        let recurrence = Recurrence { starts: Starts::Cron(cron), end: until(hour, 30), zone, exceptions: Exceptions::default() };
        prop_assert!(recurrence.occurrences(range).all(|i| !i.is_empty()));
    }

    #[test]
    fn wall_clock_ends_are_the_minutes_at_which_the_wall_clock_says_so(
        text in schedule(), zone in zone(), start in start(), hour in 0i8..24,
    ) {
        let Ok(cron) = Cron::parse(&text) else { return Ok(()) };
        let zone = TimeZone::get(zone).expect("zone");
        let range = Interval { start, end: start + 36.hours() };
        let recurrence = Recurrence { starts: Starts::Cron(cron), end: until(hour, 30), zone: zone.clone(), exceptions: Exceptions::default() };
        // A start that the clock skips has a day and a time of its own, see the table of the specification.
        let ticks = |at: Timestamp| zone.to_datetime(at - 1.minutes()).saturating_add(1.minutes()) == zone.to_datetime(at);
        for found in recurrence.occurrences(range).filter(|i| i.start >= range.start && ticks(i.start)).take(12) {
            prop_assert_eq!(found.end, end_by_scanning(found.start, (hour, 30), &zone), "{} from {}", &text, found.start);
        }
    }
}
