//! The text of an inline waiver: `HA-003 until=2026-12-31 ticket=OPS-12 reason="…"`.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use super::Waiver;
use crate::change::Moment;

/// What begins an inline waiver.
pub(super) const MARKER: &str = "changegate:ignore";

/// Reads what follows the marker. A bare word is the policy; a second one, an unknown key or a date that is none make it
/// malformed, and it then counts for nothing.
pub(super) fn parse(text: &str) -> Waiver {
    let mut waiver = Waiver::default();
    if text.chars().next().is_some_and(|c| !c.is_whitespace()) {
        waiver.malformed = true;
    }
    for (key, value) in pairs(text) {
        match (key, value) {
            (None, policy) if waiver.policy.is_none() => waiver.policy = Some(policy),
            (None, second) => {
                // Two policies in one waiver: shown as written, since it is too broad.
                waiver.policy = waiver.policy.map(|first| format!("{first} {second}"));
                waiver.malformed = true;
            }
            (Some("until"), value) => waiver.expires_at = instant(&value).or_else(|| malformed(&mut waiver.malformed)),
            (Some("ticket"), value) => waiver.ticket = Some(value),
            (Some("reason"), value) => waiver.reason = Some(value),
            (Some("owner"), value) => waiver.owner = Some(value),
            (Some("control"), value) => waiver.compensating_control = Some(value),
            (Some(_), _) => waiver.malformed = true,
        }
    }
    waiver
}

fn malformed<T>(flag: &mut bool) -> Option<T> {
    *flag = true;
    None
}

/// An instant, or the beginning of a day in UTC: a waiver until a day is over when that day begins (contract 16).
fn instant(text: &str) -> Option<Timestamp> {
    let day = || {
        let date = text.parse::<Date>().ok().filter(|_| text.len() == "2026-12-31".len())?;
        TimeZone::UTC.to_timestamp(date.to_datetime(Time::midnight())).ok()
    };
    Moment::parse(text).ok().map(|moment| moment.0).or_else(day)
}

/// Words and `key=value` pairs; a value in double or single quotes may hold spaces, and `\"` in it is a quote.
fn pairs(text: &str) -> Vec<(Option<&str>, String)> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let end = rest.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(rest.len());
        let (word, tail) = rest.split_at(end);
        match tail.strip_prefix('=') {
            Some(tail) => {
                let (value, tail) = value(tail);
                found.push((Some(word), value));
                rest = tail.trim_start();
            }
            None => {
                found.push((None, word.to_owned()));
                rest = tail.trim_start();
            }
        }
    }
    found
}

fn value(text: &str) -> (String, &str) {
    let Some(quote) = text.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
        let (word, rest) = text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()));
        return (word.to_owned(), rest);
    };
    let mut out = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => out.extend(chars.next().map(|(_, c)| c)),
            c if c == quote => return (out, text.get(at + 1..).unwrap_or_default()),
            c => out.push(c),
        }
    }
    (out, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_a_waiver_says_is_read() {
        let w = parse(r#" HA-003 until=2026-12-31 ticket=OPS-12 reason="one \"old\" node" owner=team-a control='a b'"#);
        assert_eq!(w.policy.as_deref(), Some("HA-003"));
        assert_eq!(w.expires_at, "2026-12-31T00:00:00Z".parse().ok());
        assert_eq!((w.ticket.as_deref(), w.owner.as_deref()), (Some("OPS-12"), Some("team-a")));
        assert_eq!(w.reason.as_deref(), Some("one \"old\" node"));
        assert_eq!(w.compensating_control.as_deref(), Some("a b"));
        assert!(!w.malformed);
    }

    #[test]
    fn an_instant_with_an_offset_is_as_good_as_a_day() {
        assert_eq!(parse(" A until=2026-12-31T10:00:00+01:00").expires_at, "2026-12-31T09:00:00Z".parse().ok());
    }

    #[test]
    fn what_cannot_be_read_is_malformed() {
        for text in
            ["d HA-003", " HA-001 HA-002", " HA-001 untill=2026-01-01", " HA-001 until=tomorrow", " A until=2026-1-1"]
        {
            assert!(parse(text).malformed, "{text}");
        }
        assert_eq!(parse("").policy, None);
        assert_eq!(parse(" HA-001 reason=\"not closed").reason.as_deref(), Some("not closed"));
    }
}
