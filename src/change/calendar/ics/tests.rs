use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::change::calendar::Interval;
use crate::change::fixture;
use crate::source::{Revision, Source, SourceId, Sources};

fn read_as(text: &str, reading: &Reading) -> (Option<Calendar>, Vec<String>) {
    let mut sources = Sources::default();
    let source: SourceId = sources.add(Source::new("cal/company.ics", Revision::Head, text));
    let mut told = Vec::new();
    let calendar = calendar(&ContextFile::ics("cal/company.ics", source, text), reading, &mut told);
    (calendar, fixture::told(&sources, &told))
}

fn wrapped(events: &str) -> String {
    format!("BEGIN:VCALENDAR\nVERSION:2.0\n{events}\nEND:VCALENDAR\n").replace('\n', "\r\n")
}

/// An event in a calendar whose zone is London.
fn event(lines: &str) -> (Option<Calendar>, Vec<String>) {
    let zone = TimeZone::get("Europe/London").ok();
    read_as(&wrapped(&format!("BEGIN:VEVENT\nUID:e\n{lines}\nEND:VEVENT")), &Reading { zone, ..Reading::default() })
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn between(calendar: &Calendar, start: &str, end: &str) -> Vec<String> {
    let range = Interval { start: at(start), end: at(end) };
    let mut found: Vec<Interval> = calendar.windows.iter().flat_map(|window| window.intervals(range)).collect();
    found.sort_unstable();
    found.iter().map(|i| format!("{}/{}", i.start, i.end)).collect()
}

/// Occurrences of one event in 2026.
fn in_2026(lines: &str) -> Vec<String> {
    let (calendar, told) = event(lines);
    assert_eq!(told, Vec::<String>::new(), "{lines}");
    between(&calendar.expect("a calendar"), "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z")
}

#[test]
fn single_events() {
    let rows = [
        ("DTSTART;VALUE=DATE:20260705\nDTEND;VALUE=DATE:20260707", "2026-07-04T23:00:00Z/2026-07-06T23:00:00Z"),
        ("DTSTART;VALUE=DATE:20260705", "2026-07-04T23:00:00Z/2026-07-05T23:00:00Z"),
        ("DTSTART:20260705", "2026-07-04T23:00:00Z/2026-07-05T23:00:00Z"),
        ("DTSTART;VALUE=DATE:20260329", "2026-03-29T00:00:00Z/2026-03-29T23:00:00Z"),
        ("DTSTART;VALUE=DATE:20260705\nDURATION:P2D", "2026-07-04T23:00:00Z/2026-07-06T23:00:00Z"),
        ("DTSTART:20260705T100000Z\nDTEND:20260705T110000Z", "2026-07-05T10:00:00Z/2026-07-05T11:00:00Z"),
        ("DTSTART:20260705T100000\nDTEND:20260705T110000", "2026-07-05T09:00:00Z/2026-07-05T10:00:00Z"),
        (
            "DTSTART;TZID=America/New_York:20260705T100000\nDTEND;TZID=Europe/Berlin:20260705T170000",
            "2026-07-05T14:00:00Z/2026-07-05T15:00:00Z",
        ),
        ("DTSTART;TZID=\"Europe/Berlin\":20260705T100000\nDURATION:PT90M", "2026-07-05T08:00:00Z/2026-07-05T09:30:00Z"),
        (
            "DTSTART;TZID=/example.org/Europe/Berlin:20260705T100000\nDURATION:PT1H",
            "2026-07-05T08:00:00Z/2026-07-05T09:00:00Z",
        ),
        ("DTSTART:20260328T120000\nDURATION:P1D", "2026-03-28T12:00:00Z/2026-03-29T11:00:00Z"),
        ("DTSTART:20260328T120000\nDURATION:PT24H", "2026-03-28T12:00:00Z/2026-03-29T12:00:00Z"),
        ("DTSTART:20260329T013000\nDTEND:20260329T023000", "2026-03-29T01:00:00Z/2026-03-29T01:30:00Z"),
        ("DTSTART:20261025T013000\nDTEND:20261025T014500", "2026-10-25T00:30:00Z/2026-10-25T01:45:00Z"),
        ("DTSTART:20260705T1000\r\n 00Z\nDTEND:20260705T11\r\n\t0000Z", "2026-07-05T10:00:00Z/2026-07-05T11:00:00Z"),
    ];
    for (lines, expected) in rows {
        assert_eq!(in_2026(lines), [expected], "{lines}");
    }
}

#[test]
fn recurring_events() {
    let rows: [(&str, &[&str]); 9] = [
        (
            "DTSTART:20260704T180000Z\nDTEND:20260705T060000Z\nRRULE:FREQ=WEEKLY;COUNT=2",
            &["2026-07-04T18:00:00Z/2026-07-05T06:00:00Z", "2026-07-11T18:00:00Z/2026-07-12T06:00:00Z"],
        ),
        // Ten o'clock stays ten o'clock through the change of clocks.
        (
            "DTSTART:20260328T100000\nDTEND:20260328T110000\nRRULE:FREQ=DAILY;COUNT=2",
            &["2026-03-28T10:00:00Z/2026-03-28T11:00:00Z", "2026-03-29T09:00:00Z/2026-03-29T10:00:00Z"],
        ),
        // All-day events last from midnight to midnight, and DTEND fixes elapsed time.
        ("DTSTART;VALUE=DATE:20260328\nRRULE:FREQ=DAILY;COUNT=2", &["2026-03-28T00:00:00Z/2026-03-29T23:00:00Z"]),
        (
            "DTSTART:20260327T220000\nDTEND:20260328T060000\nRRULE:FREQ=DAILY;COUNT=2",
            &["2026-03-27T22:00:00Z/2026-03-28T06:00:00Z", "2026-03-28T22:00:00Z/2026-03-29T06:00:00Z"],
        ),
        (
            "DTSTART:20260701T100000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;UNTIL=20260703T100000Z\nEXDATE:20260702T100000Z",
            &["2026-07-01T10:00:00Z/2026-07-01T11:00:00Z", "2026-07-03T10:00:00Z/2026-07-03T11:00:00Z"],
        ),
        // Exceptions are the same instants, in whatever zone they are written; the start can be one.
        (
            "DTSTART:20260701T100000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE;TZID=Europe/Berlin:20260701T110000,20260702T110000",
            &["2026-07-03T09:00:00Z/2026-07-03T10:00:00Z"],
        ),
        (
            "DTSTART;VALUE=DATE:20260701\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE;VALUE=DATE:20260702",
            &["2026-06-30T23:00:00Z/2026-07-01T23:00:00Z", "2026-07-02T23:00:00Z/2026-07-03T23:00:00Z"],
        ),
        (
            "DTSTART:20260701T100000\nDURATION:PT1H\nRDATE:20260801T100000\nRDATE;VALUE=PERIOD:20260901T100000Z/PT3H,20260902T100000Z/20260902T110000Z",
            &[
                "2026-07-01T09:00:00Z/2026-07-01T10:00:00Z",
                "2026-08-01T09:00:00Z/2026-08-01T10:00:00Z",
                "2026-09-01T10:00:00Z/2026-09-01T13:00:00Z",
                "2026-09-02T10:00:00Z/2026-09-02T11:00:00Z",
            ],
        ),
        ("DTSTART:20260701T100000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=3\nSTATUS:CANCELLED", &[]),
    ];
    for (lines, expected) in rows {
        assert_eq!(in_2026(lines), expected, "{lines}");
    }
}

#[test]
fn an_instance_replaces_its_occurrence() {
    let text = wrapped(
        "BEGIN:VEVENT\nUID:a\nDTSTART:20260701T100000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=4\nEND:VEVENT\nBEGIN:VEVENT\nUID:a\nRECURRENCE-ID:20260702T100000Z\nDTSTART:20260702T150000Z\nDURATION:PT2H\nSUMMARY:Later\nEND:VEVENT\nBEGIN:VEVENT\nUID:a\nRECURRENCE-ID:20260703T100000Z\nSTATUS:CANCELLED\nDTSTART:20260703T100000Z\nDURATION:PT1H\nEND:VEVENT\nBEGIN:VEVENT\nUID:a\nRECURRENCE-ID:20260704T100000Z\nTRANSP:TRANSPARENT\nDTSTART:20260704T100000Z\nDURATION:PT1H\nEND:VEVENT",
    );
    let (calendar, told) = read_as(&text, &Reading::default());
    assert_eq!(told, Vec::<String>::new());
    let calendar = calendar.expect("a calendar");
    assert_eq!(
        between(&calendar, "2026-07-01T00:00:00Z", "2026-07-10T00:00:00Z"),
        ["2026-07-01T10:00:00Z/2026-07-01T11:00:00Z", "2026-07-02T15:00:00Z/2026-07-02T17:00:00Z"]
    );
    assert!(calendar.windows.iter().all(|window| window.id == "a"), "one id for all, so that an override lifts all");
    assert_eq!(calendar.windows[1].name.as_deref(), Some("Later"));
    let cancelled = text.replacen("UID:a\r\nDTSTART", "UID:a\r\nSTATUS:CANCELLED\r\nDTSTART", 1);
    assert!(read_as(&cancelled, &Reading::default()).0.expect("a calendar").windows.is_empty());
}

#[test]
fn what_holds_no_window_is_left_aside() {
    let text = wrapped(
        "BEGIN:VTODO\nUID:t\nDTSTART:20260701T100000Z\nDUE:20260702T100000Z\nEND:VTODO\nBEGIN:VJOURNAL\nUID:j\nEND:VJOURNAL\nBEGIN:VEVENT\nUID:free\nDTSTART:20260701T100000Z\nDURATION:PT1H\nTRANSP:TRANSPARENT\nEND:VEVENT\nBEGIN:VEVENT\nUID:a\nDTSTART:20260701T100000Z\nDURATION:PT1H\nBEGIN:VALARM\nTRIGGER:-PT15M\nDURATION:PT5M\nEND:VALARM\nEND:VEVENT\nBEGIN:VEVENT\nUID:old\nSEQUENCE:1\nDTSTART:20260701T100000Z\nDURATION:PT1H\nEND:VEVENT\nBEGIN:VEVENT\nUID:old\nSEQUENCE:2\nDTSTART:20260801T100000Z\nDURATION:PT1H\nEND:VEVENT",
    );
    let (calendar, told) = read_as(&text, &Reading::default());
    assert_eq!(told, Vec::<String>::new());
    assert_eq!(
        between(&calendar.expect("a calendar"), "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        ["2026-07-01T10:00:00Z/2026-07-01T11:00:00Z", "2026-08-01T10:00:00Z/2026-08-01T11:00:00Z"]
    );
}

#[test]
fn the_kind_of_a_calendar_says_what_its_events_do() {
    let event = "BEGIN:VEVENT\nUID:a\nDTSTART:20260701T100000Z\nDURATION:PT1H\nSUMMARY:Peak\\, really\nDESCRIPTION:No\\nchanges\nORGANIZER;CN=SRE:mailto:sre@acme.example\nEND:VEVENT";
    let of = |extra: &str, reading: &Reading| {
        let (calendar, told) = read_as(&wrapped(&format!("{extra}\n{event}")), reading);
        calendar.map(|c| (c.default_state, c.windows[0].kind)).ok_or(told)
    };
    let plain = Reading::default();
    assert_eq!(of("X-A:1", &plain), Ok((DefaultState::Open, Kind::Deny)));
    assert_eq!(of("X-CALENDAR-TYPE:DEFAULT_OPEN", &plain), Ok((DefaultState::Open, Kind::Deny)));
    assert_eq!(of("X-CALENDAR-TYPE:DEFAULT_CLOSED", &plain), Ok((DefaultState::Closed, Kind::Allow)));
    let allow = Reading { kind: Some(Spanned { span: Span::default(), value: Kind::Allow }), ..Reading::default() };
    assert_eq!(of("X-A:1", &allow), Ok((DefaultState::Open, Kind::Allow)));
    assert_eq!(
        of("X-CALENDAR-TYPE:DEFAULT_OPEN", &allow),
        Err(vec!["1: calendar::import: `kind: allow` contradicts the file".into()])
    );
    let (calendar, _) = read_as(&wrapped(event), &plain);
    let calendar = calendar.expect("a calendar");
    let window = &calendar.windows[0];
    assert_eq!((calendar.name.as_str(), window.name.as_deref()), ("company", Some("Peak, really")));
    assert_eq!((window.reason.as_deref(), window.owner.as_deref()), (Some("No\nchanges"), Some("SRE")));
}

/// Outlook's zone, with rules of its own.
const OUTLOOK: &str = "BEGIN:VTIMEZONE\nTZID:W. Europe Standard Time\nBEGIN:STANDARD\nDTSTART:16010101T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10\nEND:STANDARD\nBEGIN:DAYLIGHT\nDTSTART:16010101T020000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3\nEND:DAYLIGHT\nEND:VTIMEZONE";

#[test]
fn zones_are_of_the_database_or_follow_their_own_rules() {
    let event = |zone: &str, day: &str| {
        format!("BEGIN:VEVENT\nUID:a\nDTSTART;TZID={zone}:{day}T100000\nDURATION:PT1H\nEND:VEVENT")
    };
    let start = |text: &str| {
        let (calendar, told) = read_as(&wrapped(text), &Reading::default());
        let calendar = calendar.ok_or_else(|| told.join("; "))?;
        if told.is_empty() {
            Ok(between(&calendar, "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z").join(" "))
        } else {
            Err(told.join("; "))
        }
    };
    let own = |day: &str| start(&format!("{OUTLOOK}\n{}", event("W. Europe Standard Time", day)));
    assert_eq!(own("20260328").as_deref(), Ok("2026-03-28T09:00:00Z/2026-03-28T10:00:00Z"));
    assert_eq!(own("20260329").as_deref(), Ok("2026-03-29T08:00:00Z/2026-03-29T09:00:00Z"));
    assert_eq!(own("20261024").as_deref(), Ok("2026-10-24T08:00:00Z/2026-10-24T09:00:00Z"));
    assert_eq!(own("20261025").as_deref(), Ok("2026-10-25T09:00:00Z/2026-10-25T10:00:00Z"));
    // A name of the database wins over the rules that a file repeats.
    let named = OUTLOOK.replace("W. Europe Standard Time", "America/New_York");
    assert_eq!(
        start(&format!("{named}\n{}", event("America/New_York", "20260701"))).as_deref(),
        Ok("2026-07-01T14:00:00Z/2026-07-01T15:00:00Z")
    );
    let located = OUTLOOK.replace("TZID:W. Europe Standard Time", "TZID:Custom\nX-LIC-LOCATION:America/New_York");
    assert_eq!(
        start(&format!("{located}\n{}", event("Custom", "20260701"))).as_deref(),
        Ok("2026-07-01T14:00:00Z/2026-07-01T15:00:00Z")
    );
    let fixed = "BEGIN:VTIMEZONE\nTZID:Base\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0530\nTZOFFSETTO:+0530\nEND:STANDARD\nEND:VTIMEZONE";
    assert_eq!(
        start(&format!("{fixed}\n{}", event("Base", "20260701"))).as_deref(),
        Ok("2026-07-01T04:30:00Z/2026-07-01T05:30:00Z")
    );
    let american = OUTLOOK.replace("BYDAY=-1SU;BYMONTH=3", "BYDAY=SU;BYMONTHDAY=8,9,10,11,12,13,14;BYMONTH=3");
    assert_eq!(
        start(&format!("{american}\n{}", event("W. Europe Standard Time", "20260308"))).as_deref(),
        Ok("2026-03-08T08:00:00Z/2026-03-08T09:00:00Z")
    );
    let odd = OUTLOOK.replace("BYDAY=-1SU;BYMONTH=3", "BYYEARDAY=80");
    assert_eq!(
        start(&format!("{odd}\n{}", event("W. Europe Standard Time", "20260701"))),
        Err("15: calendar::ics: a time zone whose rules cannot be followed".into())
    );
    assert_eq!(start(&event("Nowhere", "20260701")), Err("5: calendar::ics: unknown time zone `Nowhere`".into()));
}

#[test]
fn floating_times_are_in_the_zone_of_the_calendar() {
    let event = "BEGIN:VEVENT\nUID:a\nDTSTART:20260701T100000\nDTEND;TZID=UTC:20260701T200000\nEND:VEVENT";
    let start = |extra: &str, zone: Option<&str>| {
        let zone = zone.and_then(|name| TimeZone::get(name).ok());
        let (calendar, told) = read_as(&wrapped(&format!("{extra}{event}")), &Reading { zone, ..Reading::default() });
        calendar
            .filter(|_| told.is_empty())
            .map(|c| between(&c, "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z")[0].clone())
            .ok_or(told)
    };
    assert_eq!(start("", Some("Europe/Berlin")), Ok("2026-07-01T08:00:00Z/2026-07-01T20:00:00Z".into()));
    assert_eq!(
        start("X-WR-TIMEZONE:America/New_York\n", Some("Europe/Berlin")),
        Ok("2026-07-01T14:00:00Z/2026-07-01T20:00:00Z".into())
    );
    assert_eq!(start("", None), Err(vec!["5: calendar::ics: a local time without a time zone".into()]));
    assert_eq!(
        start("X-WR-TIMEZONE:Mars\n", None),
        Err(vec![
            "3: calendar::ics: unknown time zone `Mars`".into(),
            "6: calendar::ics: a local time without a time zone".into()
        ])
    );
}

#[test]
fn faults_stand_at_their_line() {
    let rows = [
        ("SUMMARY:x", "3: calendar::ics: an event without DTSTART"),
        ("DTSTART:2026-07-01", "5: calendar::ics: `2026-07-01` is not a time"),
        ("DTSTART:20260230", "5: calendar::ics: `20260230` is not a time"),
        ("DTSTART;VALUE=DATE:20260701T100000", "5: calendar::ics: `20260701T100000` is not a time"),
        ("DTSTART:20260701T100000Z", "5: calendar::empty: an event that takes no time"),
        ("DTSTART:20260701T100000Z\nDTEND:20260701T090000Z", "6: calendar::empty: a window that ends before it starts"),
        ("DTSTART:20260701\nDTEND:20260701", "6: calendar::empty: a window that ends before it starts"),
        (
            "DTSTART:20260701\nDTEND:20260701\nRRULE:FREQ=DAILY",
            "6: calendar::empty: a window that ends before it starts",
        ),
        ("DTSTART:20260701\nDTEND:20260702T100000", "6: calendar::ics: an event that starts with a day"),
        ("DTSTART:20260701T100000Z\nDTEND:20260701T110000Z\nDURATION:PT1H", "7: calendar::ics: DURATION beside DTEND"),
        ("DTSTART:20260701T100000Z\nDURATION:-PT1H", "6: calendar::ics: `-PT1H` is not the length"),
        (
            "DTSTART:20260701T100000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY\nRRULE:FREQ=WEEKLY",
            "8: calendar::ics: a RRULE that is not read",
        ),
        ("DTSTART:20260701T100000Z\nDURATION:PT1H\nEXRULE:FREQ=DAILY", "7: calendar::ics: a EXRULE that is not read"),
        (
            "DTSTART:20260701T100000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
            "7: calendar::rrule: `FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30` never happens",
        ),
        (
            "DTSTART:20260701T100000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY\nEXDATE:soon",
            "8: calendar::ics: `soon` is not a time",
        ),
        (
            "DTSTART:20260701T100000Z\nDURATION:P400D\nRRULE:FREQ=YEARLY",
            "6: calendar::window: a recurring window longer than a year",
        ),
        (
            "DTSTART:20260702T100000Z\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;BYDAY=FR",
            "7: calendar::schedule: the rule does not name its own start",
        ),
        (
            "RECURRENCE-ID;RANGE=THISANDFUTURE:20260701T100000Z\nDTSTART:20260701T100000Z\nDURATION:PT1H",
            "5: calendar::ics: a change of all later occurrences",
        ),
        ("DTSTART;TZID=Pacific/Apia;VALUE=DATE:20111230", "5: calendar::empty: a window that ends before it starts"),
        ("nonsense", "5: calendar::ics: a line that is no property"),
    ];
    for (lines, expected) in rows {
        let (_, told) = event(lines);
        assert!(told.len() == 1 && told[0].starts_with(expected), "{lines}: {told:?}");
    }
}

#[test]
fn files_that_are_no_calendar_are_refused() {
    let rows = [
        ("", "1: calendar::ics: an empty calendar file"),
        ("BEGIN:VCALENDAR\n", "1: calendar::ics: `VCALENDAR` is not closed"),
        ("BEGIN:VEVENT\nEND:VEVENT\n", "1: calendar::ics: something stands outside of VCALENDAR"),
        ("BEGIN:VCALENDAR\nEND:VEVENT\n", "2: calendar::ics: END:VEVENT closes `VCALENDAR`"),
        ("VERSION:2.0\n", "1: calendar::ics: something stands outside of VCALENDAR"),
        ("BEGIN:VCALENDAR\nEND:VCALENDAR\nBEGIN:VCALENDAR\nEND:VCALENDAR\n", "3: calendar::ics: a second calendar"),
        (
            "BEGIN:VCALENDAR\nX-CALENDAR-TYPE:CLOSED\nEND:VCALENDAR\n",
            "2: calendar::ics: `CLOSED` is no type of calendar",
        ),
    ];
    for (text, expected) in rows {
        let (_, told) = read_as(text, &Reading::default());
        assert!(told.len() == 1 && told[0].starts_with(expected), "{text}: {told:?}");
    }
    let deep = "BEGIN:X\n".repeat(100_000);
    assert!(read_as(&deep, &Reading::default()).1[0].contains("nested too deeply"));
}

#[test]
fn a_large_calendar_is_read_in_linear_time() {
    let event =
        |n: usize| format!("BEGIN:VEVENT\nUID:{}\nDTSTART:20260701T100000Z\nDURATION:PT1H\nEND:VEVENT\n", n % 3);
    let many: String = (0..20_000).map(event).collect();
    let (calendar, told) = read_as(&wrapped(&many), &Reading::default());
    assert!(told.is_empty() && calendar.is_some_and(|calendar| calendar.windows.len() == 20_000));
}

/// Folds after 75 bytes, as programs write.
fn folded(line: &str) -> String {
    let mut out = String::new();
    let mut width = 0;
    for c in line.chars() {
        if width + c.len_utf8() > 75 {
            out.push_str("\r\n ");
            width = 1;
        }
        out.push(c);
        width += c.len_utf8();
    }
    out + "\r\n"
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,").replace('\n', "\\n")
}

proptest! {
    /// What is written as an event is read as the same window, whatever its text and wherever it is folded.
    #[test]
    fn events_survive_the_round_trip(
        summary in "[ -~äöü€\n]{1,120}",
        start in 0i64..4_000_000_000,
        length in 1i64..10_000_000,
        zone in prop::sample::select(vec!["Z", "Europe/London", "Asia/Kathmandu", "America/New_York"]),
    ) {
        prop_assume!(!summary.trim().is_empty());
        let (from, to) = (Timestamp::from_second(start).expect("in range"), Timestamp::from_second(start + length).expect("in range"));
        let format = |at: Timestamp| {
            let clock = TimeZone::get(if zone == "Z" { "UTC" } else { zone }).expect("a zone");
            let local = clock.to_datetime(at).strftime("%Y%m%dT%H%M%S").to_string();
            if zone == "Z" { format!(":{local}Z") } else { format!(";TZID={zone}:{local}") }
        };
        let lines = [
            "BEGIN:VCALENDAR".to_owned(), "BEGIN:VEVENT".into(), "UID:a".into(), format!("SUMMARY:{}", escaped(&summary)),
            format!("DTSTART{}", format(from)), format!("DTEND{}", format(to)), "END:VEVENT".into(), "END:VCALENDAR".into(),
        ];
        let text: String = lines.iter().map(|line| folded(line)).collect();
        let clock = TimeZone::get(if zone == "Z" { "UTC" } else { zone }).expect("a zone");
        let plain = |at: Timestamp| !clock.to_ambiguous_timestamp(clock.to_datetime(at)).is_ambiguous();
        prop_assume!(plain(from) && plain(to));
        let (calendar, told) = read_as(&text, &Reading::default());
        prop_assert_eq!(told, Vec::<String>::new());
        let window = &calendar.expect("a calendar").windows[0];
        prop_assert_eq!(window.name.as_deref(), Some(summary.as_str()));
        let range = Interval { start: Timestamp::MIN, end: Timestamp::MAX };
        prop_assert_eq!(window.intervals(range), vec![Interval { start: from, end: to }]);
    }

    /// Whatever a file holds, it is read or refused, and never ends the process.
    #[test]
    fn nothing_makes_it_panic(text in "(BEGIN:(VCALENDAR|VEVENT|VTIMEZONE)|END:(VCALENDAR|VEVENT)|DTSTART[:;=A-Z0-9,/+-]{0,20}|RRULE:[A-Z=;0-9,-]{0,20}|[ -~]{0,12}|\r?\n[ \t]?){0,24}") {
        let _ = read_as(&text, &Reading::default());
    }
}
