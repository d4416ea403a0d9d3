//! When a service is used most, as the catalogue writes it: `Mo-Fr 08:00-12:00,13:00-20:00 Europe/Berlin`.

use jiff::tz::TimeZone;

use crate::facts::PeakHours;

const DAYS: [(&str, &str); 7] = [
    ("mo", "Monday"),
    ("tu", "Tuesday"),
    ("we", "Wednesday"),
    ("th", "Thursday"),
    ("fr", "Friday"),
    ("sa", "Saturday"),
    ("su", "Sunday"),
];

/// Reads days (`Mo-Fr`, `Sa,Su`, `Mon-Fri`; every day when left out), hours of the day and a time zone.
///
/// # Errors
///
/// A sentence about what is wrong.
pub(super) fn parse(text: &str) -> Result<PeakHours, String> {
    let wrong = || format!("`{text}` is not like `Mo-Fr 08:00-20:00 Europe/Berlin`");
    let words: Vec<&str> = text.split_whitespace().collect();
    let (days, hours, timezone) = match words.as_slice() {
        [days, hours, zone] => (*days, *hours, *zone),
        [hours, zone] => ("Mo-Su", *hours, *zone),
        _ => return Err(wrong()),
    };
    if TimeZone::get(timezone).is_err() {
        return Err(format!("unknown time zone `{timezone}`"));
    }
    let each = |list: &str, read: &dyn Fn(&str) -> Option<Vec<usize>>| {
        list.split(',').map(read).collect::<Option<Vec<_>>>().map(|parts| parts.concat())
    };
    let days = each(days, &span_of_days).ok_or_else(wrong)?;
    let hours: Option<Vec<_>> = hours.split(',').map(range).collect();
    let name = |day: &usize| DAYS.get(*day).map(|(_, name)| (*name).to_owned());
    Ok(PeakHours {
        text: text.to_owned(),
        days: days.iter().filter_map(name).collect(),
        hours: hours.ok_or_else(wrong)?,
        timezone: timezone.to_owned(),
    })
}

/// `Mo-Fr` or `Mo`; a span may go over the end of the week.
fn span_of_days(text: &str) -> Option<Vec<usize>> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (day(first)?, day(last)?);
    let length = (last + DAYS.len() - first) % DAYS.len();
    Some((0..=length).map(|n| (first + n) % DAYS.len()).collect())
}

fn day(text: &str) -> Option<usize> {
    let lower = text.to_ascii_lowercase();
    DAYS.iter()
        .position(|(short, long)| lower == *short || lower.len() >= 3 && long.to_ascii_lowercase().starts_with(&lower))
}

/// `08:00-20:00` in minutes since midnight.
fn range(text: &str) -> Option<(u16, u16)> {
    let (from, to) = text.split_once('-')?;
    let (from, to) = (minutes(from)?, minutes(to)?);
    (from < 24 * 60 && from != to).then_some((from, to))
}

fn minutes(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    Some(hour * 60 + minute).filter(|at| minute < 60 && *at <= 24 * 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_hours_and_a_zone() {
        let read = |text| parse(text).map(|p| (p.days.join(" "), p.hours, p.timezone));
        let five = "Monday Tuesday Wednesday Thursday Friday";
        let berlin = "Europe/Berlin".to_owned();
        assert_eq!(read("Mo-Fr 08:00-20:00 Europe/Berlin"), Ok((five.into(), vec![(480, 1200)], berlin.clone())));
        assert_eq!(
            read("mon-fri 8:00-12:00,13:00-24:00 Europe/Berlin"),
            Ok((five.into(), vec![(480, 720), (780, 1440)], berlin))
        );
        assert_eq!(read("Sa,Su 22:00-02:00 UTC"), Ok(("Saturday Sunday".into(), vec![(1320, 120)], "UTC".into())));
        assert_eq!(read("Sa-Mo 01:00-02:00 UTC").unwrap().0, "Saturday Sunday Monday");
        assert_eq!(read("09:00-10:00 UTC").unwrap().0.split(' ').count(), 7);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for text in [
            "",
            "Mo-Fr",
            "Mo-Fr 08:00-20:00",
            "Xx 08:00-20:00 UTC",
            "Mo 8-20 UTC",
            "Mo 08:60-09:00 UTC",
            "Mo 25:00-26:00 UTC",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert_eq!(parse("Mo 08:00-09:00 Berlin").unwrap_err(), "unknown time zone `Berlin`");
    }
}
