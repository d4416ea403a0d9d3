//! Google Cloud Deploy's deploy policies: rollouts are restricted in their time windows.
//!
//! Read from the YAML of `gcloud deploy deploy-policies` or the JSON of the API. Ends are exclusive and on the wall
//! clock, as ours. Selectors name pipelines and targets, which a change does not: a policy applies to what the
//! import's `scope` says.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::{Import, document, window};
use crate::change::Elapsed;
use crate::change::calendar::clock;
use crate::change::calendar::read::{Checked, between, fault, zone};
use crate::change::calendar::{Cron, Exceptions, Kind, Origin, Recurrence, RecurringEnd, Starts, Timing, Window};
use crate::finding::Diagnostic;
use crate::parse::de::{Spanned, from_node};
use crate::parse::tree::Node;
use crate::source::Span;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Policy {
    #[serde(default)]
    metadata: Metadata,
    name: Option<String>,
    description: Option<String>,
    #[serde(default)]
    suspended: bool,
    #[serde(default)]
    rules: Vec<Rule>,
}

#[derive(Debug, Default, Deserialize)]
struct Metadata {
    name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Rule {
    rollout_restriction: Spanned<Restriction>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Restriction {
    id: Option<String>,
    actions: Option<Spanned<Vec<String>>>,
    invokers: Option<Spanned<Vec<String>>>,
    time_windows: TimeWindows,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct TimeWindows {
    time_zone: Spanned<String>,
    #[serde(default)]
    one_time_windows: Vec<Spanned<OneTime>>,
    #[serde(default)]
    weekly_windows: Vec<Spanned<Weekly>>,
}

/// `start` and `end` in YAML; `startDate`, `startTime`, … in the API's JSON.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct OneTime {
    start: Option<Spanned<String>>,
    end: Option<Spanned<String>>,
    start_date: Option<Spanned<Day>>,
    start_time: Option<Spanned<TimeOfDay>>,
    end_date: Option<Spanned<Day>>,
    end_time: Option<Spanned<TimeOfDay>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Weekly {
    #[serde(default)]
    days_of_week: Vec<Spanned<String>>,
    start_time: Option<Spanned<TimeOfDay>>,
    end_time: Option<Spanned<TimeOfDay>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Day {
    year: i16,
    month: i8,
    day: i8,
}

/// `"17:00"`, or hours and minutes apart.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum TimeOfDay {
    Text(String),
    Parts {
        #[serde(default)]
        hours: i8,
        #[serde(default)]
        minutes: i8,
    },
}

pub(super) fn windows(import: &Import<'_>, told: &mut Vec<Diagnostic>) -> Checked<Vec<Window>> {
    let node = document(import.file)?;
    let policy: Policy = from_node(node)?;
    if policy.suspended {
        told.push(suspended(node));
        return Ok(Vec::new());
    }
    let long = policy.metadata.name.or(policy.name).unwrap_or_else(|| "deploy-policy".to_owned());
    let name = long.rsplit('/').next().unwrap_or(&long);
    let mut windows = Vec::new();
    for (index, rule) in policy.rules.into_iter().enumerate() {
        let Spanned { span, value: restriction } = rule.rollout_restriction;
        told.extend(narrower(&restriction, span));
        let rule = restriction.id.clone().unwrap_or_else(|| (index + 1).to_string());
        let named = |mut window: Window| {
            window.reason.clone_from(&policy.description);
            window.origin = Origin::CloudDeploy;
            window
        };
        windows.extend(of_rule(&format!("{name}/{rule}"), restriction.time_windows, import)?.into_iter().map(named));
    }
    Ok(windows)
}

fn of_rule(id: &str, times: TimeWindows, import: &Import<'_>) -> Checked<Vec<Window>> {
    let clock = zone(&times.time_zone)?;
    let once = times.one_time_windows.into_iter().map(|w| (w.span, one_time(&w, &clock)));
    let weekly = times.weekly_windows.into_iter().map(|w| (w.span, self::weekly(&w, &clock)));
    let numbered = once.chain(weekly).enumerate().map(|(index, (span, timing))| {
        Ok(window(format!("{id}/{}", index + 1), Kind::Deny, timing?, import.scope.clone(), span))
    });
    numbered.collect()
}

fn one_time(given: &Spanned<OneTime>, clock: &TimeZone) -> Checked<Timing> {
    let OneTime { start, end, start_date, start_time, end_date, end_time } = &given.value;
    let from = point(start.as_ref(), start_date.as_ref(), start_time.as_ref(), given.span)?;
    let to = point(end.as_ref(), end_date.as_ref(), end_time.as_ref(), given.span)?;
    let outside = || fault("calendar::window", "a time outside the calendar", given.span);
    let start = clock::start(from, clock).ok_or_else(outside)?;
    let end = clock::end(to, clock).ok_or_else(outside)?;
    between(start, end, given.span).map(Timing::Once)
}

fn point(
    text: Option<&Spanned<String>>,
    date: Option<&Spanned<Day>>,
    time: Option<&Spanned<TimeOfDay>>,
    span: Span,
) -> Checked<DateTime> {
    if let (Some(text), None, None) = (text, date, time) {
        let parsed = text.split_once([' ', 'T']).and_then(|(day, time)| {
            let day: Date = Date::strptime("%Y-%m-%d", day).ok()?;
            let (hours, minutes) = hours_and_minutes(time)?;
            at(day, hours, minutes)
        });
        return parsed.ok_or_else(|| no_time(&text.value, text.span));
    }
    let (None, Some(date), Some(time)) = (text, date, time) else {
        return Err(fault("calendar::window", "a window without a start or an end", span)
            .label("expected `start` and `end`")
            .help("a one-time window has `start: 2026-12-22 17:00` and `end`"));
    };
    let Day { year, month, day } = date.value;
    let (hours, minutes) = time_of_day(time)?;
    let day = Date::new(year, month, day).ok();
    day.and_then(|day| at(day, hours, minutes)).ok_or_else(|| no_time(&format!("{year}-{month}-{day:?}"), date.span))
}

/// From the start on each of the days to the end on the same day; all day without both.
fn weekly(given: &Spanned<Weekly>, clock: &TimeZone) -> Checked<Timing> {
    let days: Vec<&str> = given.days_of_week.iter().map(weekday).collect::<Checked<_>>()?;
    let days = if days.is_empty() { "*".to_owned() } else { days.join(",") };
    let (start, end) = match (&given.start_time, &given.end_time) {
        (None, None) => ((0, 0), (24, 0)),
        (Some(start), Some(end)) => (time_of_day(start)?, time_of_day(end)?),
        (Some(only), None) | (None, Some(only)) => {
            return Err(fault("calendar::window", "a weekly window with one end", only.span)
                .label("`startTime` and `endTime` go together")
                .help("leave both out for whole days"));
        }
    };
    if end <= start {
        return Err(fault("calendar::empty", "a window that ends before it starts, or as it starts", given.span)
            .help("a weekly window lies within one day; write two for one that spans midnight"));
    }
    let cron = Cron::parse(&format!("{} {} * * {days}", start.1, start.0));
    let starts = cron.map_err(|why| fault("calendar::window", why, given.span))?;
    let end = match end {
        (24, 0) if start == (0, 0) => RecurringEnd::Days(1, Elapsed::default()),
        (hours, minutes) => RecurringEnd::Until(Time::new(hours % 24, minutes, 0, 0).unwrap_or_default()),
    };
    let recurrence =
        Recurrence { starts: Starts::Cron(starts), end, zone: clock.clone(), exceptions: Exceptions::default() };
    Ok(Timing::Recurring(Box::new(recurrence)))
}

fn weekday(name: &Spanned<String>) -> Checked<&'static str> {
    let days = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
    let long = ["SUNDAY", "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY"];
    let found = days.into_iter().zip(long).find(|(_, long)| long.eq_ignore_ascii_case(name));
    found.map(|(day, _)| day).ok_or_else(|| {
        fault("calendar::window", format!("`{}` is no day of the week", name.value), name.span)
            .label("expected MONDAY to SUNDAY")
    })
}

fn time_of_day(time: &Spanned<TimeOfDay>) -> Checked<(i8, i8)> {
    let parts = match &time.value {
        TimeOfDay::Text(text) => hours_and_minutes(text),
        TimeOfDay::Parts { hours, minutes } => Some((*hours, *minutes)),
    };
    let valid = |(hours, minutes): &(i8, i8)| {
        (0..24).contains(hours) && (0..60).contains(minutes) || (*hours, *minutes) == (24, 0)
    };
    parts.filter(valid).ok_or_else(|| no_time("this", time.span))
}

fn hours_and_minutes(text: &str) -> Option<(i8, i8)> {
    let (hours, minutes) = text.split_once(':')?;
    Some((hours.parse().ok()?, minutes.parse().ok()?))
}

/// `24:00` is the next midnight.
fn at(day: Date, hours: i8, minutes: i8) -> Option<DateTime> {
    match (hours, minutes) {
        (24, 0) => Some(day.tomorrow().ok()?.at(0, 0, 0, 0)),
        (hours, minutes) => Some(day.to_datetime(Time::new(hours, minutes, 0, 0).ok()?)),
    }
}

/// A policy for some actions or invokers is read as one for all: a freeze that may apply applies.
fn narrower(restriction: &Restriction, span: Span) -> Option<Diagnostic> {
    let listed = |list: &Option<Spanned<Vec<String>>>| list.as_ref().is_some_and(|list| !list.is_empty());
    (listed(&restriction.actions) || listed(&restriction.invokers)).then(|| {
        Diagnostic::warning("calendar::import", "a rule for some actions or invokers freezes every change here")
            .at(span)
            .help("Cloud Deploy restricts only what `actions` and `invokers` list; a change does not say which it is")
    })
}

fn suspended(node: &Node) -> Diagnostic {
    let span = node.get("suspended").map_or(node.span, |node| node.span);
    Diagnostic::warning("calendar::import", "a suspended policy restricts nothing").at(span)
}

fn no_time(text: &str, span: Span) -> Diagnostic {
    fault("calendar::window", format!("`{text}` is not a time"), span).label("expected `2026-12-22 17:00` or `17:00`")
}
