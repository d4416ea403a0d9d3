//! The text of a rule to a [`Rule`], part by part, with what RFC 5545 derives from the start filled in.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::{DateTime, Time, Weekday, date};

use super::day::number;
use super::{Anchor, Frequency, MOST, Rule};

type Parts<'a> = Vec<(String, &'a str)>;

const KNOWN: &str = "FREQ, INTERVAL, COUNT, UNTIL, WKST, BYMONTH, BYWEEKNO, BYYEARDAY, BYMONTHDAY, BYDAY, BYHOUR, \
                     BYMINUTE, BYSECOND and BYSETPOS";

pub(super) fn rule(text: &str, anchor: Anchor<'_>) -> Result<Rule, String> {
    let parts = parts(text)?;
    let frequency = frequency(get(&parts, "FREQ").ok_or("the rule has no `FREQ`")?)?;
    let interval = get(&parts, "INTERVAL").map(|text| whole("INTERVAL", text, 1, 10_000)).transpose()?.unwrap_or(1);
    let start = anchor.start.unwrap_or_else(|| date(1970, 1, 1).at(0, 0, 0, 0));
    let mut rule = Rule {
        start,
        frequency,
        interval: interval.into(),
        last: get(&parts, "UNTIL").map(|text| until(text, anchor)).transpose()?,
        months: set(&parts, "BYMONTH", 1, 12, false)?.into_iter().fold(0, |set, month| set | 1 << month),
        week_numbers: set(&parts, "BYWEEKNO", 1, 53, true)?,
        year_days: set(&parts, "BYYEARDAY", 1, 366, true)?,
        month_days: set(&parts, "BYMONTHDAY", 1, 31, true)?,
        weekdays: 0,
        nth_weekdays: BTreeSet::new(),
        hours: set(&parts, "BYHOUR", 0, 23, false)?.into_iter().fold(0, |set, hour| set | 1 << hour),
        minutes: set(&parts, "BYMINUTE", 0, 59, false)?.into_iter().fold(0, |set, minute| set | 1 << minute),
        second: second(&parts, start)?,
        positions: set(&parts, "BYSETPOS", 1, 366, true)?,
        week_start: get(&parts, "WKST").map(weekday).transpose()?.unwrap_or(Weekday::Monday),
    };
    days_of_week(&mut rule, get(&parts, "BYDAY"))?;
    check(&rule, &parts)?;
    if anchor.start.is_none() {
        stands_alone(&rule, &parts)?;
    }
    derive(&mut rule);
    let never = || format!("`{text}` never happens: no such day exists");
    rule.first().ok_or_else(never)?;
    if let Some(count) = get(&parts, "COUNT") {
        rule.last = rule.nth(whole("COUNT", count, 1, MOST)? as usize);
    }
    Ok(rule)
}

fn parts(text: &str) -> Result<Parts<'_>, String> {
    let mut parts: Parts<'_> = Vec::new();
    for part in text.trim().trim_end_matches(';').split(';') {
        let (name, value) = part.split_once('=').ok_or_else(|| format!("`{part}` is not `NAME=VALUE`"))?;
        let name = name.trim().to_ascii_uppercase();
        if !KNOWN.split([',', ' ']).any(|known| known == name) {
            return Err(format!("unknown part `{name}`; a rule has {KNOWN}"));
        }
        if get(&parts, &name).is_some() {
            return Err(format!("`{name}` stands there twice"));
        }
        parts.push((name, value.trim()));
    }
    Ok(parts)
}

fn get<'a>(parts: &Parts<'a>, name: &str) -> Option<&'a str> {
    parts.iter().find(|(known, _)| known == name).map(|(_, value)| *value)
}

fn frequency(word: &str) -> Result<Frequency, String> {
    match word.to_ascii_uppercase().as_str() {
        "YEARLY" => Ok(Frequency::Yearly),
        "MONTHLY" => Ok(Frequency::Monthly),
        "WEEKLY" => Ok(Frequency::Weekly),
        "DAILY" => Ok(Frequency::Daily),
        "HOURLY" => Ok(Frequency::Hourly),
        "MINUTELY" | "SECONDLY" => {
            Err(format!("`FREQ={word}` begins again at once: give the window a start and an end"))
        }
        _ => Err(format!("`{word}` is no frequency: YEARLY, MONTHLY, WEEKLY, DAILY or HOURLY")),
    }
}

fn whole(name: &str, text: &str, min: u32, max: u32) -> Result<u32, String> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    let number = digits.then(|| text.parse().ok()).flatten().filter(|n| (min..=max).contains(n));
    number.ok_or_else(|| format!("`{name}={text}` is not a number from {min} to {max}"))
}

/// A list of numbers; where `signed`, also counted from the end.
fn set(parts: &Parts<'_>, name: &str, min: i16, max: i16, signed: bool) -> Result<BTreeSet<i16>, String> {
    let member = |text: &str| -> Result<i16, String> {
        let number = text.trim().parse::<i16>().ok();
        let fits = |n: &i16| (min..=max).contains(n) || (signed && (min..=max).contains(&-*n));
        let from_end = if signed { ", or from the end with a minus" } else { "" };
        number.filter(fits).ok_or_else(|| format!("`{text}` in `{name}` is not a number from {min} to {max}{from_end}"))
    };
    get(parts, name).map_or_else(|| Ok(BTreeSet::new()), |list| list.split(',').map(member).collect())
}

fn second(parts: &Parts<'_>, start: DateTime) -> Result<i8, String> {
    let Some(text) = get(parts, "BYSECOND") else { return Ok(start.second()) };
    let second = text.parse().ok().filter(|second| (0..60).contains(second));
    second.ok_or_else(|| format!("`BYSECOND={text}` is not one second from 0 to 59"))
}

fn weekday(text: &str) -> Result<Weekday, String> {
    match text.to_ascii_uppercase().as_str() {
        "SU" => Ok(Weekday::Sunday),
        "MO" => Ok(Weekday::Monday),
        "TU" => Ok(Weekday::Tuesday),
        "WE" => Ok(Weekday::Wednesday),
        "TH" => Ok(Weekday::Thursday),
        "FR" => Ok(Weekday::Friday),
        "SA" => Ok(Weekday::Saturday),
        _ => Err(no_weekday(text)),
    }
}

fn no_weekday(text: &str) -> String {
    format!("`{text}` is no day of the week: MO, TU, WE, TH, FR, SA or SU")
}

/// `FR`, `1MO`, `-1FR`.
fn days_of_week(rule: &mut Rule, list: Option<&str>) -> Result<(), String> {
    for item in list.into_iter().flat_map(|list| list.split(',')) {
        let item = item.trim();
        let split = item.len().saturating_sub(2);
        let (Some(nth), Some(day)) = (item.get(..split), item.get(split..)) else {
            return Err(no_weekday(item));
        };
        let day = number(weekday(day).map_err(|_| no_weekday(item))?);
        if nth.is_empty() {
            rule.weekdays |= 1 << day;
            continue;
        }
        let nth: Option<i16> = nth.parse().ok().filter(|n: &i16| (1..=53).contains(&n.abs()));
        rule.nth_weekdays.insert((day, nth.ok_or_else(|| format!("`{item}` in `BYDAY`: which one is that?"))?));
    }
    Ok(())
}

/// The day `20261231`, the wall-clock time `20261231T180000`, or the instant `20261231T170000Z`.
fn until(text: &str, anchor: Anchor<'_>) -> Result<DateTime, String> {
    let wrong = || format!("`UNTIL={text}` is neither a day such as `20261231` nor a time such as `20261231T180000Z`");
    let digits = |pattern: &str| {
        text.len() == pattern.len()
            && text.bytes().zip(pattern.bytes()).all(|(t, p)| if p == b'0' { t.is_ascii_digit() } else { t == p })
    };
    if digits("00000000") {
        let day: jiff::civil::Date = jiff::civil::Date::strptime("%Y%m%d", text).map_err(|_| wrong())?;
        return Ok(day.to_datetime(Time::constant(23, 59, 59, 0)));
    }
    if digits("00000000T000000") {
        return DateTime::strptime("%Y%m%dT%H%M%S", text).map_err(|_| wrong());
    }
    let local = text.strip_suffix('Z').filter(|_| digits("00000000T000000Z")).ok_or_else(wrong)?;
    let utc = DateTime::strptime("%Y%m%dT%H%M%S", local).map_err(|_| wrong())?;
    let instant: Timestamp = jiff::tz::Offset::UTC.to_timestamp(utc).map_err(|_| wrong())?;
    Ok(anchor.zone.to_datetime(instant))
}

/// What RFC 5545 forbids.
fn check(rule: &Rule, parts: &Parts<'_>) -> Result<(), String> {
    let has = |name: &str| get(parts, name).is_some();
    if has("COUNT") && has("UNTIL") {
        return Err("`COUNT` and `UNTIL` exclude each other".into());
    }
    let only_with = |name: &str, frequencies: &[Frequency], allowed: &str| {
        if has(name) && !frequencies.contains(&rule.frequency) {
            return Err(format!("`{name}` goes with {allowed} only"));
        }
        Ok(())
    };
    only_with("BYWEEKNO", &[Frequency::Yearly], "FREQ=YEARLY")?;
    only_with("BYYEARDAY", &[Frequency::Yearly, Frequency::Hourly], "FREQ=YEARLY or HOURLY")?;
    if has("BYMONTHDAY") && rule.frequency == Frequency::Weekly {
        return Err("`BYMONTHDAY` does not go with FREQ=WEEKLY".into());
    }
    if !rule.nth_weekdays.is_empty() && (rule.frequency < Frequency::Monthly || has("BYWEEKNO")) {
        return Err("a number in `BYDAY` goes with FREQ=MONTHLY or YEARLY, and not with BYWEEKNO".into());
    }
    if has("BYSETPOS") && rule.frequency == Frequency::Hourly {
        return Err("`BYSETPOS` does not go with FREQ=HOURLY here".into());
    }
    if has("BYSETPOS") && !["BYMONTH", "BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYHOUR"].into_iter().any(has) {
        return Err("`BYSETPOS` chooses among what another BY part names, and there is none".into());
    }
    Ok(())
}

/// Without a start, a rule must say by itself which days it means.
fn stands_alone(rule: &Rule, parts: &Parts<'_>) -> Result<(), String> {
    let has = |name| get(parts, name).is_some();
    let day = has("BYDAY") || has("BYMONTHDAY");
    let complete = match rule.frequency {
        Frequency::Yearly => has("BYYEARDAY") || (has("BYMONTH") && day) || (has("BYWEEKNO") && has("BYDAY")),
        Frequency::Monthly => day,
        Frequency::Weekly => has("BYDAY"),
        Frequency::Daily | Frequency::Hourly => true,
    };
    if complete && rule.interval == 1 && !has("COUNT") {
        return Ok(());
    }
    Err("this rule counts from a start: add `start: 2026-11-23T18:00` beside it".into())
}

/// What a rule leaves out is what its start says (RFC 5545, 3.3.10).
fn derive(rule: &mut Rule) {
    let start = rule.start;
    let no_weekday = rule.weekdays == 0 && rule.nth_weekdays.is_empty();
    let no_day = no_weekday && rule.year_days.is_empty() && rule.month_days.is_empty();
    let weekday = 1 << number(start.weekday());
    match rule.frequency {
        Frequency::Yearly if no_day && !rule.week_numbers.is_empty() => rule.weekdays = weekday,
        Frequency::Yearly if no_day => {
            if rule.months == 0 {
                rule.months = 1 << start.month();
            }
            rule.month_days = [start.day().into()].into();
        }
        Frequency::Monthly if no_day => rule.month_days = [start.day().into()].into(),
        Frequency::Weekly if no_weekday => rule.weekdays = weekday,
        _ => {}
    }
    if rule.hours == 0 {
        rule.hours = if rule.frequency == Frequency::Hourly { (1 << 24) - 1 } else { 1 << start.hour() };
    }
    if rule.minutes == 0 {
        rule.minutes = 1 << start.minute();
    }
}
