use jiff::Timestamp;

use crate::change::calendar::{Calendar, Interval, Kind};
use crate::change::fixture;

/// A calendar in UTC with the given window lines.
fn document(windows: &str) -> String {
    format!(
        "apiVersion: changegate/v1\nkind: FreezeCalendar\nmetadata: {{name: test}}\nspec:\n  timezone: UTC\n  windows:\n{windows}\n"
    )
}

fn read(text: &str) -> (Option<Calendar>, Vec<String>) {
    let (sources, documents) = fixture::yaml(text);
    let (calendar, told) = Calendar::read_alone(&documents[0]);
    (calendar, fixture::told(&sources, &told))
}

/// What is told about one window; line 7 is its first.
fn told(window: &str) -> Vec<String> {
    let (calendar, told) = read(&document(window));
    assert_eq!(
        calendar.is_none(),
        told.iter().any(|t| !t.contains("calendar::scope: window") && !t.contains("calendar::schedule"))
    );
    told
}

/// The one interval of a window that is written in flow style, as `start/end`.
fn once(zone: &str, window: &str) -> String {
    let (calendar, told) =
        read(&document(&format!("    - {{id: w, kind: deny, timezone: {zone}, scope: all, {window}}}")));
    assert_eq!(told, Vec::<String>::new());
    let all = Interval { start: Timestamp::MIN, end: Timestamp::MAX };
    let intervals = calendar.expect("a calendar").windows[0].intervals(all);
    assert_eq!(intervals.len(), 1);
    format!("{}/{}", intervals[0].start, intervals[0].end)
}

#[test]
fn clock_changes() {
    let rows = [
        ("Europe/London", "start: 2026-03-29T00:00, duration: 6h", "2026-03-29T00:00:00Z/2026-03-29T06:00:00Z"),
        ("Europe/London", "start: 2026-03-29T00:00, until: '06:00'", "2026-03-29T00:00:00Z/2026-03-29T05:00:00Z"),
        ("Europe/London", "start: 2026-10-25T00:00, duration: 6h", "2026-10-24T23:00:00Z/2026-10-25T05:00:00Z"),
        ("Europe/London", "start: 2026-10-25T00:00, until: '06:00'", "2026-10-24T23:00:00Z/2026-10-25T06:00:00Z"),
        ("Europe/London", "start: 2026-03-29T01:30, duration: 1h", "2026-03-29T01:00:00Z/2026-03-29T02:00:00Z"),
        ("Europe/London", "start: 2026-10-25T01:30, until: '01:45'", "2026-10-25T00:30:00Z/2026-10-25T01:45:00Z"),
        ("America/New_York", "start: 2026-03-08T02:30, duration: 1h", "2026-03-08T07:00:00Z/2026-03-08T08:00:00Z"),
        ("America/New_York", "start: 2026-11-01T01:30, until: '01:30'", "2026-11-01T05:30:00Z/2026-11-02T06:30:00Z"),
        ("Australia/Lord_Howe", "start: 2026-04-05T01:45, duration: 1h", "2026-04-04T14:45:00Z/2026-04-04T15:45:00Z"),
        ("America/Sao_Paulo", "start: 2018-11-04T00:00, duration: 1h", "2018-11-04T03:00:00Z/2018-11-04T04:00:00Z"),
    ];
    for (zone, window, expected) in rows {
        assert_eq!(once(zone, window), expected, "{zone} {window}");
    }
}

#[test]
fn clock_changes_of_schedules() {
    let rows = [
        (
            "Europe/London",
            "schedule: 0 0 29 3 *, duration: 6h",
            "2026-03-29",
            "2026-03-29T00:00:00Z/2026-03-29T06:00:00Z",
        ),
        (
            "Europe/London",
            "schedule: 0 0 29 3 *, until: '06:00'",
            "2026-03-29",
            "2026-03-29T00:00:00Z/2026-03-29T05:00:00Z",
        ),
        (
            "Europe/London",
            "schedule: 0 0 * * SUN, duration: 6h",
            "2026-10-25",
            "2026-10-24T23:00:00Z/2026-10-25T05:00:00Z",
        ),
        (
            "Europe/London",
            "schedule: 0 0 * * SUN, until: '06:00'",
            "2026-10-25",
            "2026-10-24T23:00:00Z/2026-10-25T06:00:00Z",
        ),
        (
            "Europe/London",
            "schedule: 30 1 * * *, duration: 1h",
            "2026-03-29",
            "2026-03-29T01:00:00Z/2026-03-29T02:00:00Z",
        ),
        (
            "Europe/London",
            "schedule: 30 1 * * SUN, until: '01:45'",
            "2026-10-25",
            "2026-10-25T00:30:00Z/2026-10-25T01:45:00Z",
        ),
        (
            "America/New_York",
            "schedule: 30 2 * * SUN, duration: 1h",
            "2026-03-08",
            "2026-03-08T07:00:00Z/2026-03-08T08:00:00Z",
        ),
        (
            "America/Sao_Paulo",
            "schedule: 0 0 * * SUN, duration: 1h",
            "2018-11-04",
            "2018-11-04T03:00:00Z/2018-11-04T04:00:00Z",
        ),
    ];
    for (zone, window, day, expected) in rows {
        let (calendar, _) =
            read(&document(&format!("    - {{id: w, kind: deny, timezone: {zone}, scope: all, {window}}}")));
        let noon: Timestamp = format!("{day}T05:30:00Z").parse().unwrap();
        let six_hours = jiff::SignedDuration::from_hours(6);
        let range = Interval { start: noon - six_hours, end: noon + six_hours };
        let found: Vec<String> =
            calendar.unwrap().windows[0].intervals(range).iter().map(|i| format!("{}/{}", i.start, i.end)).collect();
        assert_eq!(found, [expected], "{zone} {window}");
    }
}

#[test]
fn a_day_that_a_zone_skips_is_empty() {
    let told = told(
        "    - {id: w, kind: deny, scope: all, timezone: Pacific/Apia, start: 2011-12-30T00:00, end: 2011-12-31T00:00}",
    );
    assert_eq!(told, ["7: calendar::empty: a window that ends before it starts, or as it starts"]);
}

#[test]
fn offsets_need_no_zone_and_local_times_do() {
    let without = |window: &str| {
        read(&document(&format!("    - {{id: w, kind: deny, scope: all, {window}}}")).replace("  timezone: UTC\n", ""))
            .1
    };
    assert!(without("start: '2026-01-01T00:00:00Z', end: '2026-01-02T00:00:00+01:00'").is_empty());
    assert_eq!(
        without("start: 2026-01-01T00:00, end: '2026-01-02T00:00:00Z'"),
        ["6: calendar::time-zone: a local time without a time zone"]
    );
    assert_eq!(
        without("schedule: 0 0 * * *, duration: 1h"),
        ["6: calendar::time-zone: a local time without a time zone"]
    );
}

#[test]
fn errors_stand_at_their_line() {
    let rows = [
        ("schedule: 0 0 30 2 *\n      duration: 2h", "9: calendar::cron: `0 0 30 2 *` never happens"),
        ("schedule: 0 0 * *\n      duration: 2h", "9: calendar::cron: `0 0 * *` has 4 of the five fields"),
        ("schedule: 0 0 * * *\n      duration: 0h", "10: calendar::empty: a window without length"),
        ("schedule: 0 0 * * *\n      duration: 367d", "10: calendar::window: a recurring window longer than a year"),
        ("schedule: 0 0 * * *\n      until: 6am", "10: calendar::window: `6am` is not a time of day"),
        (
            "schedule: 0 0 * * *",
            "9: calendar::window: a window needs exactly one of `duration`, `until` or `endSchedule`",
        ),
        (
            "schedule: 0 0 * * *\n      duration: 1h\n      until: '01:00'",
            "9: calendar::window: a window needs exactly one of",
        ),
        ("schedule: 0 0 * * *\n      start: 2026-01-01T00:00", "9: calendar::window: `schedule` stands beside `start`"),
        (
            "schedule: 0 0 * * *\n      end: 2026-01-01T00:00",
            "10: calendar::window: `end` needs `start`, not `schedule`",
        ),
        ("schedul: 0 0 * * *", "9: document::unknown-field: unknown field `schedul` in `spec.windows[0]`"),
        ("rrule: FREQ=MINUTELY\n      duration: 1h", "9: calendar::rrule: `FREQ=MINUTELY` begins again at once"),
        ("rrule: FREQ=WEEKLY\n      duration: 1h", "9: calendar::rrule: this rule counts from a start"),
        ("rrule: FREQ=DAILY\n      schedule: 0 0 * * *", "9: calendar::window: `rrule` stands beside `schedule`"),
        ("rrule: FREQ=DAILY\n      end: 2026-01-01T00:00", "10: calendar::window: `end` needs `start`"),
        ("rrule: FREQ=DAILY", "9: calendar::window: a window needs exactly one of `duration`, `until` or `end`"),
        ("reason: none", "7: calendar::window: a window without a time"),
        (
            "start: 2026-01-02T00:00\n      end: 2026-01-01T00:00",
            "10: calendar::empty: a window that ends before it starts",
        ),
        (
            "start: 2026-01-02T00:00\n      end: 2026-01-02T00:00",
            "10: calendar::empty: a window that ends before it starts",
        ),
        ("start: 2026-01-02\n      end: 2026-01-03", "9: calendar::window: `2026-01-02` is not a time"),
        (
            "start: 2026-02-30T00:00\n      end: 2026-03-03T00:00",
            "9: calendar::window: `2026-02-30T00:00` is not a time",
        ),
        ("start: 2026-01-02T00:00", "9: calendar::window: a window needs exactly one of `end`, `duration` or `until`"),
        (
            "start: 2026-01-02T00:00\n      endSchedule: 0 0 * * *",
            "10: calendar::window: `endSchedule` needs `schedule`",
        ),
        (
            "timezone: Europe/Lodnon\n      schedule: 0 0 * * *\n      duration: 1h",
            "9: calendar::time-zone: unknown time zone `Europe/Lodnon`",
        ),
        (
            "scope: {environments: ['*']}\n      schedule: 0 0 * * *\n      duration: 1h",
            "9: calendar::scope: `*` is not a name",
        ),
        (
            "scope: {tiers: [7]}\n      schedule: 0 0 * * *\n      duration: 1h",
            "9: calendar::scope: there is no tier 7",
        ),
        ("scope: {paths: ['a{']}\n      schedule: 0 0 * * *\n      duration: 1h", "9: calendar::scope: not a glob"),
        (
            "scope: everything\n      schedule: 0 0 * * *\n      duration: 1h",
            "9: document::value: `spec.windows[0].scope`: unknown value `everything`",
        ),
        (
            "scope: {tier: [1]}\n      schedule: 0 0 * * *\n      duration: 1h",
            "9: document::unknown-field: unknown field `tier` in `spec.windows[0].scope`",
        ),
        (
            "override: nobody\n      schedule: 0 0 * * *\n      duration: 1h",
            "9: document::value: `spec.windows[0].override`: unknown value `nobody`",
        ),
        (
            "exemptions: [{requires: [advisoryRef]}]\n      schedule: 0 0 * * *\n      duration: 1h",
            "9: calendar::exemption: an exemption that exempts everything",
        ),
        (
            "exemptions: [{changeClass: security}]\n      schedule: 0 0 * * *\n      duration: 1h",
            "9: document::value: `spec.windows[0].exemptions[0].changeClass`: unknown value `security`",
        ),
    ];
    for (rest, expected) in rows {
        let found = told(&format!("    - id: w\n      kind: deny\n      {rest}"));
        assert!(found.iter().any(|t| t.starts_with(expected)), "{rest}: {found:?}");
    }
}

#[test]
fn all_broken_windows_are_told_at_once() {
    let broken = "    - {id: a, kind: deny, scope: all, schedule: 0 0 30 2 *, duration: 1h}\n    - {id: a, kind: deny, scope: all, rrule: x}";
    let found = told(broken);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found[0].starts_with("8: calendar::duplicate: a second window `a`"));
}

#[test]
fn an_unknown_zone_of_the_calendar_and_an_import_stop_it() {
    let text = document("    - {id: w, kind: deny, scope: all, schedule: 0 0 * * *, duration: 1h}");
    let (calendar, told) = read(&text.replace("timezone: UTC", "timezone: Mars/Base"));
    assert!(calendar.is_none());
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with("5: calendar::time-zone: unknown time zone `Mars/Base`"));
    let (calendar, told) = read(&format!("{text}  imports: [{{format: ical, path: company.ics, kind: deny}}]\n"));
    assert!(calendar.is_none());
    assert_eq!(told, ["8: calendar::import: there is no file `company.ics`"]);
}

#[test]
fn what_is_seldom_meant_is_a_warning() {
    let rows = [
        ("scope: all, schedule: 0 0 13 * FRI, duration: 1h", "7: calendar::schedule: day of month and day of week"),
        ("scope: all, schedule: '* 10 * * *', duration: 2h", "7: calendar::schedule: it starts in every minute"),
        (
            "scope: all, schedule: 0 0 * * *, endSchedule: 0 0 * * *",
            "7: calendar::schedule: it ends when it starts again",
        ),
        ("schedule: 0 0 * * *, duration: 1h", "7: calendar::scope: window `w` has no scope"),
        ("scope: {services: []}, schedule: 0 0 * * *, duration: 1h", "7: calendar::scope: window `w` has no scope"),
    ];
    for (window, expected) in rows {
        let (calendar, told) = read(&document(&format!("    - {{id: w, kind: deny, {window}}}")));
        assert!(calendar.is_some() && told.len() == 1 && told[0].starts_with(expected), "{window}: {told:?}");
    }
}

#[test]
fn rules_with_each_kind_of_end() {
    let rows = [
        ("rrule: FREQ=WEEKLY;BYDAY=FR;BYHOUR=18, duration: 62h", "2026-06-12T18:00:00Z/2026-06-15T08:00:00Z"),
        ("rrule: FREQ=WEEKLY;BYDAY=FR;BYHOUR=18, until: '20:00'", "2026-06-12T18:00:00Z/2026-06-12T20:00:00Z"),
        (
            "rrule: 'RRULE:FREQ=DAILY;INTERVAL=7', start: 2026-06-05T18:00, end: 2026-06-06T06:00",
            "2026-06-12T18:00:00Z/2026-06-13T06:00:00Z",
        ),
        (
            "rrule: FREQ=DAILY;INTERVAL=7, start: '2026-06-05T18:00:00+02:00', duration: 1h",
            "2026-06-12T16:00:00Z/2026-06-12T17:00:00Z",
        ),
    ];
    for (window, expected) in rows {
        let (calendar, told) = read(&document(&format!("    - {{id: w, kind: deny, scope: all, {window}}}")));
        assert_eq!(told, Vec::<String>::new(), "{window}");
        let range =
            Interval { start: "2026-06-12T00:00:00Z".parse().unwrap(), end: "2026-06-13T00:00:00Z".parse().unwrap() };
        let found: Vec<String> =
            calendar.unwrap().windows[0].intervals(range).iter().map(|i| format!("{}/{}", i.start, i.end)).collect();
        assert_eq!(found, [expected], "{window}");
    }
}

#[test]
fn a_rule_that_leaves_something_open_is_told() {
    let rows = [
        ("rrule: FREQ=DAILY, duration: 1h", "7: calendar::schedule: a rule without an hour starts at midnight"),
        (
            "rrule: FREQ=WEEKLY;BYDAY=FR, start: 2026-06-08T18:00, duration: 1h",
            "7: calendar::schedule: the rule does not name its own start",
        ),
    ];
    for (window, expected) in rows {
        let (calendar, told) = read(&document(&format!("    - {{id: w, kind: deny, scope: all, {window}}}")));
        assert!(calendar.is_some() && told.len() == 1 && told[0].starts_with(expected), "{window}: {told:?}");
    }
}

#[test]
fn a_whole_calendar() {
    let text = include_str!("../../../../tests/data/change/calendar.yaml");
    let (calendar, told) = read(text);
    assert_eq!(told, Vec::<String>::new());
    let calendar = calendar.unwrap();
    assert_eq!(
        (calendar.name.as_str(), calendar.default_state.as_str(), calendar.windows.len()),
        ("acme", "closed", 4)
    );
    let peak = &calendar.windows[0];
    assert_eq!((peak.kind, peak.scope.tiers.as_slice()), (Kind::Deny, [0, 1].as_slice()));
    assert_eq!(calendar.windows[2].scope.services, ["orders-db"], "references are bare names");
}
