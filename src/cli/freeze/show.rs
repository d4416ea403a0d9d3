//! Instants, windows and places as they are printed.

use changegate::change::calendar::{Calendar, Interval, Window};
use changegate::source::Sources;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// A window at one of its occurrences.
#[derive(Debug, Serialize)]
pub(super) struct Occurrence<'a> {
    pub(super) calendar: &'a str,
    pub(super) id: &'a str,
    pub(super) kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<&'a str>,
    pub(super) start: String,
    pub(super) end: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) owner: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<&'a str>,
    pub(super) source: String,
}

impl<'a> Occurrence<'a> {
    pub(super) fn new(calendar: &'a Calendar, window: &'a Window, interval: Interval, sources: &Sources) -> Self {
        Self {
            calendar: &calendar.name,
            id: &window.id,
            kind: window.kind.as_str(),
            name: window.name.as_deref(),
            start: interval.start.to_string(),
            end: interval.end.to_string(),
            owner: window.owner.as_deref(),
            reason: window.reason.as_deref(),
            source: place(window.span, sources),
        }
    }

    /// The name, or the id.
    pub(super) fn title(&self) -> &str {
        self.name.unwrap_or(self.id)
    }
}

/// `path:line:column`.
pub(super) fn place(span: changegate::source::Span, sources: &Sources) -> String {
    sources.locate(span).map(|place| place.to_string()).unwrap_or_default()
}

/// `2 d 4 h`, `35 min`, `20 s`: the two largest units.
pub(super) fn length(length: SignedDuration) -> String {
    let seconds = length.as_secs().max(0);
    let units = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (size, unit) in units {
        if rest >= size && parts.len() < 2 {
            parts.push(format!("{} {unit}", rest / size));
            rest %= size;
        }
    }
    if parts.is_empty() { "0 s".to_owned() } else { parts.join(" ") }
}

/// `2026-06-12T18:00:00Z (in 2 d 4 h)`.
pub(super) fn instant(at: Timestamp, now: Timestamp) -> String {
    match now.duration_until(at) {
        wait if wait.is_positive() => format!("{at} (in {})", length(wait)),
        wait if wait.is_zero() => format!("{at} (now)"),
        ago => format!("{at} ({} ago)", length(-ago)),
    }
}

/// Pretty JSON and a newline.
pub(super) fn json(value: &impl Serialize) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(value).unwrap_or_default();
    text.push(b'\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_two_units() {
        let rows = [
            (0, "0 s"),
            (59, "59 s"),
            (3_600, "1 h"),
            (3_661, "1 h 1 min"),
            (90_000, "1 d 1 h"),
            (86_460, "1 d 1 min"),
        ];
        for (seconds, expected) in rows {
            assert_eq!(length(SignedDuration::from_secs(seconds)), expected);
        }
    }
}
