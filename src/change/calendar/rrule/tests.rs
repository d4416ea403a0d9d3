use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;

fn rule(text: &str, start: &str) -> Result<Rule, String> {
    let start = (!start.is_empty()).then(|| start.parse().expect("a time"));
    Rule::parse(text, Anchor { start, zone: &TimeZone::UTC })
}

/// The first starts, as text.
fn starts(rule: &Rule, most: usize) -> Vec<String> {
    rule.starts_on(day::series(rule.start().date())).take(most).map(|at| at.to_string()).collect()
}

#[derive(serde::Deserialize)]
struct Row {
    start: String,
    rule: String,
    starts: Vec<String>,
}

/// Expansions of an independent implementation (python-dateutil 2.9), RFC 5545's own examples among them.
#[test]
fn agrees_with_another_implementation() {
    let rows = include_str!("../../../../tests/data/calendar/rrule.jsonl");
    let mut checked = 0;
    for row in rows.lines() {
        let row: Row = serde_json::from_str(row).expect("a row");
        let rule = rule(&row.rule, &row.start).unwrap_or_else(|why| panic!("{}: {why}", row.rule));
        assert_eq!(starts(&rule, row.starts.len()), row.starts, "{} from {}", row.rule, row.start);
        checked += 1;
    }
    assert!(checked > 150, "{checked}");
}

#[test]
fn an_end_is_inclusive_in_each_of_its_spellings() {
    for until in ["20260103", "20260103T090000", "20260103T090000Z", "20260104T085959"] {
        let rule = rule(&format!("FREQ=DAILY;UNTIL={until}"), "2026-01-01T09:00").expect(until);
        assert_eq!(starts(&rule, 9).len(), 3, "{until}");
    }
    let berlin = TimeZone::get("Europe/Berlin").expect("a zone");
    let anchor = Anchor { start: "2026-01-01T09:00".parse().ok(), zone: &berlin };
    let rule = Rule::parse("FREQ=DAILY;UNTIL=20260103T075959Z", anchor).expect("a rule");
    assert_eq!(starts(&rule, 9).len(), 2, "an instant is looked up on the wall clock");
}

#[test]
fn a_rule_without_a_start_says_its_days_itself() {
    for good in [
        "FREQ=WEEKLY;BYDAY=FR;BYHOUR=18",
        "FREQ=DAILY",
        "FREQ=MONTHLY;BYDAY=-1FR",
        "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=24,25,26",
        "FREQ=HOURLY",
    ] {
        assert!(rule(good, "").is_ok(), "{good}");
    }
    for bad in
        ["FREQ=WEEKLY", "FREQ=MONTHLY", "FREQ=YEARLY;BYMONTHDAY=1", "FREQ=DAILY;INTERVAL=2", "FREQ=DAILY;COUNT=3"]
    {
        assert!(rule(bad, "").expect_err(bad).contains("counts from a start"), "{bad}");
    }
}

#[test]
fn what_is_wrong_is_said() {
    let rows = [
        ("BYDAY=FR", "no `FREQ`"),
        ("FREQ=FORTNIGHTLY", "is no frequency"),
        ("FREQ=MINUTELY", "begins again at once"),
        ("FREQ=DAILY;BYEASTER=1", "unknown part `BYEASTER`"),
        ("FREQ=DAILY;FREQ=DAILY", "twice"),
        ("FREQ", "not `NAME=VALUE`"),
        ("FREQ=DAILY;INTERVAL=0", "`INTERVAL=0` is not a number from 1"),
        ("FREQ=DAILY;COUNT=-1", "`COUNT=-1`"),
        ("FREQ=DAILY;COUNT=1;UNTIL=20260101", "exclude each other"),
        ("FREQ=DAILY;UNTIL=2026-01-01", "neither a day"),
        ("FREQ=DAILY;UNTIL=20260230", "neither a day"),
        ("FREQ=WEEKLY;BYDAY=FRI", "no day of the week"),
        ("FREQ=WEEKLY;BYDAY=1FR", "a number in `BYDAY`"),
        ("FREQ=MONTHLY;BYDAY=0FR", "which one"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "does not go with FREQ=WEEKLY"),
        ("FREQ=MONTHLY;BYWEEKNO=1", "FREQ=YEARLY only"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "`0` in `BYMONTHDAY`"),
        ("FREQ=DAILY;BYHOUR=24", "`24` in `BYHOUR`"),
        ("FREQ=MONTHLY;BYSETPOS=1", "chooses among"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "never happens"),
        ("FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=4,6", "never happens"),
        ("FREQ=DAILY;UNTIL=20250101", "never happens"),
        ("FREQ=WEEKLY;BYDAY=é", "no day of the week"),
    ];
    for (text, expected) in rows {
        let told = rule(text, "2026-01-01T09:00").expect_err(text);
        assert!(told.contains(expected), "{text}: {told}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// A rule is asked day by day; another way to say the same is to walk its periods and try each of their days.
    #[test]
    fn simple_rules_equal_a_day_by_day_search(
        first in 0i64..800,
        interval in 1i64..5,
        weekdays in prop::collection::btree_set(0usize..7, 1..4),
        monthly in any::<bool>(),
        hour in 0i8..24,
    ) {
        let names = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
        let list: Vec<&str> = weekdays.iter().map(|n| names[*n]).collect();
        let start = jiff::civil::date(2025, 1, 1).checked_add(jiff::Span::new().days(first)).expect("a day");
        let frequency = if monthly { "MONTHLY" } else { "WEEKLY" };
        let text = format!("FREQ={frequency};INTERVAL={interval};BYDAY={}", list.join(","));
        let found = starts(&rule(&text, &start.at(hour, 0, 0, 0).to_string()).expect("a rule"), 30);
        let monday = start.checked_sub(jiff::Span::new().days(i64::from(start.weekday().to_monday_zero_offset()))).expect("a day");
        let mut expected = Vec::new();
        for n in 0.. {
            let day = start.checked_add(jiff::Span::new().days(n)).expect("a day");
            let period = if monthly {
                i64::from(day.year() - start.year()) * 12 + i64::from(day.month() - start.month())
            } else {
                i64::from(monday.until(day).expect("days").get_days()) / 7
            };
            let weekday = usize::try_from(day.weekday().to_monday_zero_offset()).expect("0 to 6");
            if period % interval == 0 && weekdays.contains(&weekday) {
                expected.push(day.at(hour, 0, 0, 0).to_string());
            }
            if expected.len() == 30 {
                break;
            }
        }
        prop_assert_eq!(found, expected);
    }
}
