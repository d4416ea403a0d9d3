use super::*;
use crate::change::fixture;

fn linted(state: &str, windows: &str) -> Vec<String> {
    let text = format!(
        "apiVersion: changegate/v1\nkind: FreezeCalendar\nmetadata: {{name: test}}\nspec:\n  timezone: Europe/London\n  defaultState: {state}\n  windows:\n{windows}\n"
    );
    let (sources, documents) = fixture::yaml(&text);
    let calendar = Calendar::read_alone(&documents[0]).0.expect("a calendar");
    let known = Known {
        services: ["orders".to_owned()].into(),
        environments: ["prod".to_owned(), "production".to_owned()].into(),
    };
    let told = lint(&[calendar], &known, "2026-06-01T00:00:00Z".parse().expect("an instant"));
    fixture::told(&sources, &told)
}

fn one(rest: &str) -> Vec<String> {
    linted("open", &format!("    - {{id: w, kind: deny, {rest}}}"))
}

#[test]
fn a_calendar_that_says_what_it_means_is_silent() {
    assert_eq!(
        one("scope: {services: [orders], environments: [Production]}, start: 2026-12-20T00:00, end: 2027-01-04T00:00"),
        Vec::<String>::new()
    );
    assert_eq!(one("scope: all, schedule: 0 18 * * FRI, until: '23:00'"), Vec::<String>::new());
}

#[test]
fn windows_that_do_nothing() {
    let rows = [
        (
            "scope: all, start: 2026-05-01T00:00, end: '2026-06-01T00:00:00Z'",
            "8: calendar::expired: window `w` is over",
        ),
        (
            "scope: all, rrule: FREQ=DAILY;COUNT=3, start: 2026-05-01T00:00, until: '01:00'",
            "8: calendar::expired: window `w` is over",
        ),
        (
            "scope: all, rrule: FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYHOUR=9, until: '10:00'",
            "8: calendar::rare: window `w` does not come",
        ),
        (
            "scope: {services: [order]}, schedule: 0 18 * * *, until: '19:00'",
            "8: calendar::scope: window `w`: there is no service `order`",
        ),
        (
            "scope: {environments: [prd]}, schedule: 0 18 * * *, until: '19:00'",
            "8: calendar::scope: window `w`: there is no environment `prd`",
        ),
    ];
    for (window, expected) in rows {
        let told = one(window);
        assert!(told.len() == 1 && told[0].starts_with(expected), "{window}: {told:?}");
    }
}

#[test]
fn windows_that_never_end() {
    let told = one("scope: all, schedule: 0 0 * * *, duration: 25h");
    assert!(told.iter().any(|t| t.contains("comes again before it ends: it freezes without end")), "{told:?}");
}

#[test]
fn open_slots_that_open_nothing() {
    let slot = "    - {id: w, kind: allow, scope: all, schedule: 0 18 * * *, until: '19:00'}";
    assert_eq!(linted("open", slot), ["8: calendar::idle: window `w`: an open slot in an open calendar opens nothing"]);
    assert!(linted("closed", slot).is_empty());
    let exempt = slot.replace("scope: all", "scope: all, exemptions: [{changeClass: security-fix}]");
    assert_eq!(
        linted("closed", &exempt),
        ["8: calendar::idle: window `w`: an exemption from an open slot has no effect"]
    );
    let freeze = slot.replace("allow", "deny");
    assert_eq!(linted("closed", &freeze), ["6: calendar::closed: calendar `test` is closed, and nothing opens it"]);
}

#[test]
fn zones_that_are_no_place() {
    for (zone, expected) in [("Etc/GMT+5", "its sign is the other way round"), ("EST", "an abbreviation")] {
        let told = one(&format!("scope: all, timezone: {zone}, schedule: 0 18 * * *, until: '19:00'"));
        assert!(told.len() == 1 && told[0].contains(expected), "{zone}: {told:?}");
    }
}

#[test]
fn the_coming_changes_of_clocks() {
    let rows = [
        (
            "schedule: 30 1 * * SUN, duration: 1h",
            vec!["clocks show 2026-10-25T01:30:00 twice", "no clock shows 2027-03-28T01:30:00"],
        ),
        (
            "schedule: 0 22 * * SAT, duration: 8h",
            vec!["ends when the clock shows 2026-10-25T05:00:00", "ends when the clock shows 2027-03-28T07:00:00"],
        ),
        ("schedule: 0 22 * * SAT, until: '06:00'", vec![]),
        ("timezone: UTC, schedule: 0 22 * * SAT, duration: 8h", vec![]),
    ];
    for (window, expected) in rows {
        let told = one(&format!("scope: all, {window}"));
        assert_eq!(told.len(), expected.len(), "{window}: {told:?}");
        assert!(told.iter().zip(expected).all(|(told, expected)| told.contains(expected)), "{window}: {told:?}");
    }
}

#[test]
fn ids_that_name_two_windows() {
    let (_, first) = fixture::yaml(
        "apiVersion: changegate/v1\nkind: FreezeCalendar\nspec: {timezone: UTC, windows: [{id: w, kind: deny, scope: all, schedule: 0 0 * * *, until: '01:00'}]}\n",
    );
    let calendar = Calendar::read_alone(&first[0]).0.expect("a calendar");
    let mut other = calendar.clone();
    other.windows[0].span.start += 1;
    let told = lint(&[calendar, other], &Known::default(), jiff::Timestamp::UNIX_EPOCH);
    assert_eq!(told.iter().map(|d| d.message.as_str()).collect::<Vec<_>>(), ["a second window `w`"]);
}
