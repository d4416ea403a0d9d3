//! Charts as SVG that a page holds inline: colours come from the page's style sheet, so that they follow light, dark and
//! print, and each chart has a title and a description for those who do not see it.

mod funnel;
mod gantt;
mod heat;
mod trend;
mod waterfall;
mod weeks;

pub(super) use funnel::{Dot, Limits, funnel};
pub(super) use gantt::{Bar, Row, gantt};
pub(super) use heat::{Hour, heat};
pub(super) use trend::{Point, trend};
pub(super) use waterfall::{Step, waterfall};
pub(super) use weeks::{WeekBar, weeks};

use svg::Document;
use svg::node::element::{Circle, Description, Line, Rectangle, Text, Title};

/// Width of every chart, in the units of its view box.
const WIDTH: f64 = 960.0;

/// A chart with what a screen reader says about it.
fn chart(height: f64, id: &str, title: &str, description: &str) -> Document {
    Document::new()
        .set("viewBox", (0, 0, WIDTH, height))
        .set("class", "chart")
        .set("role", "img")
        .set("aria-labelledby", format!("{id}-title {id}-text"))
        .add(Title::new(title).set("id", format!("{id}-title")))
        .add(Description::new().set("id", format!("{id}-text")).add(svg::node::Text::new(description)))
}

fn text(x: f64, y: f64, class: &str, anchor: &str, words: &str) -> Text {
    Text::new(words).set("x", round(x)).set("y", round(y)).set("class", class).set("text-anchor", anchor)
}

fn rectangle(x: f64, y: f64, width: f64, height: f64, class: &str) -> Rectangle {
    Rectangle::new()
        .set("x", round(x))
        .set("y", round(y))
        .set("width", round(width.max(1.5)))
        .set("height", round(height))
        .set("class", class)
}

fn line(x1: f64, y1: f64, x2: f64, y2: f64, class: &str) -> Line {
    Line::new().set("x1", round(x1)).set("y1", round(y1)).set("x2", round(x2)).set("y2", round(y2)).set("class", class)
}

fn circle(x: f64, y: f64, radius: f64, class: &str) -> Circle {
    Circle::new().set("cx", round(x)).set("cy", round(y)).set("r", radius).set("class", class)
}

/// One digit is enough for a picture, and the same on every machine.
fn round(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
