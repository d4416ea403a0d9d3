//! `DURATION` values: nominal days, and elapsed time after them (RFC 5545, 3.3.6).

use super::component::Property;
use super::wrong;
use crate::change::Elapsed;
use crate::finding::Diagnostic;

/// Days on the wall clock, then elapsed time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Length {
    pub(super) days: i32,
    pub(super) rest: Elapsed,
}

impl Length {
    /// Reads `P1DT2H`, `P2W`, `PT90M`.
    ///
    /// # Errors
    ///
    /// `calendar::ics` when it is no length, or none that goes forward.
    pub(super) fn read(property: &Property) -> Result<Self, Diagnostic> {
        let text = property.value.trim();
        let length = text.strip_prefix('+').unwrap_or(text).strip_prefix('P').and_then(parse);
        length.ok_or_else(|| {
            wrong(format!("`{text}` is not the length of a window"), property.span)
                .label("expected a length such as `PT2H` or `P1D`")
                .help("weeks, or days with hours, minutes and seconds")
        })
    }
}

fn parse(text: &str) -> Option<Length> {
    let (date, time) = text.split_once('T').map_or((text, None), |(date, time)| (date, Some(time)));
    let number = |text: &str| text.parse::<i32>().ok().filter(|n| (0..=4_000).contains(n) && !text.starts_with('+'));
    let days = match (date.strip_suffix('W'), date.strip_suffix('D')) {
        _ if date.is_empty() => 0,
        (Some(weeks), _) if time.is_none() => number(weeks)? * 7,
        (_, Some(days)) => number(days)?,
        _ => return None,
    };
    let rest = match time {
        Some(time) => Elapsed::parse(&format!("PT{time}")).ok().filter(|_| !time.contains('.'))?,
        None => Elapsed::default(),
    };
    (days > 0 || rest.ns > 0).then_some(Length { days, rest })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_nominal_and_hours_elapsed() {
        let hours = |n: i64| Elapsed { ns: n * 3_600_000_000_000 };
        let rows = [
            ("P1D", Some((1, 0))),
            ("P2W", Some((14, 0))),
            ("PT36H", Some((0, 36))),
            ("P1DT2H", Some((1, 2))),
            ("P", None),
            ("PT", None),
            ("PT0S", None),
            ("P1W2D", None),
            ("P1Y", None),
            ("P+1D", None),
            ("P99999D", None),
        ];
        for (text, expected) in rows {
            let expected = expected.map(|(days, n)| Length { days, rest: hours(n) });
            assert_eq!(text.strip_prefix('P').and_then(parse), expected, "{text}");
        }
    }
}
