//! Intervals over the days around a change: freezes, open slots, the change itself and others.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::super::text;
use super::{WIDTH, chart, line, rectangle, text as label};

/// A row of the chart.
pub(in crate::report) struct Row {
    /// What stands before it.
    pub name: String,
    /// Its intervals.
    pub bars: Vec<Bar>,
}

/// A half-open interval.
pub(in crate::report) struct Bar {
    /// First instant.
    pub start: Timestamp,
    /// First instant after it.
    pub end: Timestamp,
    /// `freeze`, `slot`, `change`, `rollback`, `other`, `peak`: a class of the style sheet.
    pub kind: &'static str,
    /// What it is, in words.
    pub title: String,
}

const ROW: f64 = 30.0;
const LABELS: f64 = 190.0;
const TOP: f64 = 34.0;
/// More days than this are not told apart.
const MOST_TICKS: usize = 16;

/// Draws the rows between two instants; the axis has local midnights.
pub(in crate::report) fn gantt(
    id: &str,
    rows: &[Row],
    (from, to): (Timestamp, Timestamp),
    now: Timestamp,
    zone: &TimeZone,
) -> String {
    #[allow(clippy::cast_precision_loss, reason = "a picture")]
    let number = |n: i128| n as f64;
    let span = number((to.as_nanosecond() - from.as_nanosecond()).max(1));
    let scale = |at: Timestamp| {
        let part = number(at.clamp(from, to).as_nanosecond() - from.as_nanosecond()) / span;
        LABELS + part * (WIDTH - LABELS - 10.0)
    };
    #[allow(clippy::cast_precision_loss, reason = "a handful of rows")]
    let height = TOP + ROW * rows.len() as f64 + 10.0;
    let said: Vec<String> = rows.iter().flat_map(|row| row.bars.iter().map(|bar| bar.title.clone())).collect();
    let mut drawing = chart(height, id, "When it happens", &format!("{}.", said.join("; ")));
    for tick in midnights(from, to, zone) {
        let x = scale(tick);
        drawing = drawing.add(line(x, TOP - 6.0, x, height - 6.0, "grid")).add(label(
            x + 4.0,
            TOP - 12.0,
            "axis",
            "start",
            &text::day(tick, zone),
        ));
    }
    let mut y = TOP;
    for row in rows {
        drawing = drawing.add(label(LABELS - 10.0, y + 19.0, "label", "end", &row.name));
        for bar in row.bars.iter().filter(|bar| bar.end > from && bar.start < to) {
            let (left, right) = (scale(bar.start), scale(bar.end));
            let shape = rectangle(left, y + 5.0, right - left, ROW - 10.0, bar.kind);
            drawing = drawing.add(shape.add(svg::node::element::Title::new(bar.title.as_str())));
        }
        y += ROW;
    }
    if now > from && now < to {
        let x = scale(now);
        drawing = drawing.add(line(x, TOP - 6.0, x, height - 6.0, "now"));
    }
    drawing.to_string()
}

/// Local midnights between two instants, thinned out to what can be read.
fn midnights(from: Timestamp, to: Timestamp, zone: &TimeZone) -> Vec<Timestamp> {
    let mut ticks = Vec::new();
    let mut day = from.to_zoned_datetime(zone.clone()).date();
    for _ in 0..800 {
        let Ok(next) = day.checked_add(1.day()) else { break };
        day = next;
        let Ok(midnight) = day.to_zoned_datetime(zone.clone()) else { break };
        if midnight.timestamp() >= to {
            break;
        }
        ticks.push(midnight.timestamp());
    }
    let every = ticks.len().div_ceil(MOST_TICKS).max(1);
    ticks.into_iter().step_by(every).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_what_is_inside_and_says_it() {
        let at = |text: &str| -> Timestamp { text.parse().unwrap() };
        let bar = |start, end, kind, title: &str| Bar { start: at(start), end: at(end), kind, title: title.into() };
        let rows = [Row {
            name: "freezes".into(),
            bars: vec![
                bar("2030-03-04T00:00:00Z", "2030-03-06T00:00:00Z", "freeze", "peak season"),
                bar("2031-03-04T00:00:00Z", "2031-03-06T00:00:00Z", "freeze", "next year"),
            ],
        }];
        let range = (at("2030-03-03T00:00:00Z"), at("2030-03-08T00:00:00Z"));
        let drawing = gantt("time", &rows, range, at("2030-03-05T00:00:00Z"), &TimeZone::UTC);
        assert_eq!(drawing.matches("class=\"freeze\"").count(), 1);
        assert!(drawing.contains("peak season; next year."), "{drawing}");
        assert_eq!(drawing.matches("class=\"now\"").count(), 1);
    }

    #[test]
    fn a_year_has_few_ticks() {
        let at = |text: &str| -> Timestamp { text.parse().unwrap() };
        let ticks = midnights(at("2030-01-01T00:00:00Z"), at("2031-01-01T00:00:00Z"), &TimeZone::UTC);
        assert!(ticks.len() <= MOST_TICKS, "{}", ticks.len());
    }
}
