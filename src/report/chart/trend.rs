//! A line over time with its interval; a gap where nothing is known.

use svg::node::element::{Polygon, Polyline, Title};

use super::{WIDTH, chart, circle, line, text};

/// One point in time.
pub(in crate::report) struct Point {
    /// When, in words.
    pub label: String,
    /// Value and interval; `None` where nothing is known.
    pub value: Option<(f64, f64, f64)>,
}

const HEIGHT: f64 = 230.0;
const LEFT: f64 = 66.0;
const TOP: f64 = 20.0;
const BOTTOM: f64 = 34.0;
/// More labels than this run into each other.
const MOST_LABELS: usize = 7;

/// Draws values with their intervals. `show` writes a value as people do.
pub(in crate::report) fn trend(id: &str, title: &str, points: &[Point], show: &dyn Fn(f64) -> String) -> String {
    let known = || points.iter().filter_map(|p| p.value.map(|v| (p, v)));
    let said: Vec<String> = known()
        .map(|(p, (value, low, high))| format!("{}: {} ({} to {})", p.label, show(value), show(low), show(high)))
        .collect();
    let said = if said.is_empty() { "Nothing is known.".to_owned() } else { format!("{}.", said.join("; ")) };
    let top = known().map(|(_, (value, _, high))| high.min(value.max(0.01) * 4.0)).fold(0.0, f64::max);
    let top = if top > 0.0 { top * 1.05 } else { 1.0 };
    let last = points.len().saturating_sub(1).max(1) as f64;
    let x = |n: usize| LEFT + n as f64 / last * (WIDTH - LEFT - 24.0);
    let y = |value: f64| TOP + (1.0 - value.clamp(0.0, top) / top) * (HEIGHT - TOP - BOTTOM);
    let mut drawing = chart(HEIGHT, id, title, &said);
    for part in [0.0, 0.5, 1.0] {
        let at = y(top * part);
        drawing = drawing.add(line(LEFT, at, WIDTH - 24.0, at, "grid")).add(text(
            LEFT - 8.0,
            at + 4.0,
            "axis",
            "end",
            &show(top * part),
        ));
    }
    let every = points.len().div_ceil(MOST_LABELS).max(1);
    for (n, point) in points.iter().enumerate().rev().step_by(every) {
        drawing = drawing.add(text(x(n), HEIGHT - 10.0, "axis", if n == 0 { "start" } else { "end" }, &point.label));
    }
    let numbered: Vec<(usize, &Point)> = points.iter().enumerate().collect();
    for run in numbered.chunk_by(|a, b| a.1.value.is_some() && b.1.value.is_some()) {
        let values: Vec<(usize, (f64, f64, f64))> = run.iter().filter_map(|(n, p)| Some((*n, p.value?))).collect();
        let upper = values.iter().map(|(n, v)| (x(*n), y(v.2)));
        let lower = values.iter().rev().map(|(n, v)| (x(*n), y(v.1)));
        let middle = values.iter().map(|(n, v)| (x(*n), y(v.0)));
        drawing = drawing
            .add(Polygon::new().set("points", coordinates(upper.chain(lower))).set("class", "band"))
            .add(Polyline::new().set("points", coordinates(middle)).set("class", "line"));
    }
    for (n, point) in points.iter().enumerate() {
        let Some((value, low, high)) = point.value else { continue };
        let words = format!("{}: {} ({} to {})", point.label, show(value), show(low), show(high));
        drawing = drawing.add(circle(x(n), y(value), 3.5, "dot").add(Title::new(words)));
    }
    drawing.to_string()
}

/// As SVG writes a list of points.
pub(super) fn coordinates(points: impl Iterator<Item = (f64, f64)>) -> String {
    points.map(|(x, y)| format!("{x:.1},{y:.1}")).collect::<Vec<_>>().join(" ")
}
