//! Shares against the number of observations, between the limits of chance.

use svg::node::element::{Polyline, Title};

use super::trend::coordinates;
use super::{WIDTH, chart, circle, line, text};

/// One share.
pub(in crate::report) struct Dot {
    /// Of whom.
    pub name: String,
    /// Observations.
    pub n: u64,
    /// The share.
    pub rate: f64,
    /// Beyond the 95 % limit, to which side whatsoever.
    pub outside: bool,
    /// Below the limits, when it lies outside.
    pub better: bool,
    /// What it says of itself.
    pub words: String,
}

/// The limits at a number of observations: 95 % and 99.8 %, low and high.
pub(in crate::report) struct Limits {
    /// Observations.
    pub n: u64,
    /// 95 %.
    pub warning: (f64, f64),
    /// 99.8 %.
    pub action: (f64, f64),
}

const HEIGHT: f64 = 380.0;
const LEFT: f64 = 66.0;
const TOP: f64 = 20.0;
const BOTTOM: f64 = 46.0;

/// The round distance that leaves at most eight ticks.
fn step(largest: u64) -> u64 {
    let mut power = 1;
    loop {
        for step in [power, 2 * power, 5 * power] {
            if largest / step <= 8 {
                return step;
            }
        }
        power *= 10;
    }
}

/// Draws the shares around that of all. Who lies inside the limits has no name: differences there are chance.
pub(in crate::report) fn funnel(id: &str, all: f64, dots: &[Dot], limits: &[Limits]) -> String {
    let most = dots.iter().map(|dot| dot.n).max().unwrap_or(0).max(20) as f64 * 1.05;
    let top = dots.iter().map(|dot| dot.rate).fold(all * 3.0, f64::max).clamp(0.1, 1.0);
    let x = |n: u64| LEFT + n as f64 / most * (WIDTH - LEFT - 24.0);
    let y = |rate: f64| TOP + (1.0 - rate.clamp(0.0, top) / top) * (HEIGHT - TOP - BOTTOM);
    let outside: Vec<&Dot> = dots.iter().filter(|dot| dot.outside).collect();
    let said = match outside.as_slice() {
        [] => format!("{} teams, none of them outside of what chance explains.", dots.len()),
        some => {
            let side = |d: &Dot| if d.better { "below" } else { "above" };
            let named = |d: &&Dot| format!("{}, {}, {:.1} % of {}", d.name, side(d), d.rate * 100.0, d.n);
            let names: Vec<String> = some.iter().map(named).collect();
            format!("{} teams; outside of the 95 % limits: {}.", dots.len(), names.join("; "))
        }
    };
    let mut drawing = chart(HEIGHT, id, "Change fail rate against the number of deployments", &said);
    for part in 0..=4 {
        let rate = top * f64::from(part) / 4.0;
        drawing = drawing.add(line(LEFT, y(rate), WIDTH - 24.0, y(rate), "grid")).add(text(
            LEFT - 8.0,
            y(rate) + 4.0,
            "axis",
            "end",
            &format!("{:.0} %", rate * 100.0),
        ));
    }
    let curve = |of: &dyn Fn(&Limits) -> f64| coordinates(limits.iter().map(|l| (x(l.n), y(of(l)))));
    let curves = [
        (curve(&|l| l.warning.0), "limit"),
        (curve(&|l| l.warning.1), "limit"),
        (curve(&|l| l.action.0), "limit far"),
        (curve(&|l| l.action.1), "limit far"),
    ];
    for (points, class) in curves {
        drawing = drawing.add(Polyline::new().set("points", points).set("class", class));
    }
    drawing = drawing.add(line(LEFT, y(all), WIDTH - 24.0, y(all), "now"));
    for dot in dots {
        let class = match (dot.outside, dot.better) {
            (true, true) => "dot good",
            (true, false) => "dot bad",
            _ => "dot",
        };
        drawing = drawing.add(circle(x(dot.n), y(dot.rate), 5.0, class).add(Title::new(dot.words.as_str())));
        if dot.outside {
            let anchor = if x(dot.n) > WIDTH * 0.8 { ("end", -9.0) } else { ("start", 9.0) };
            drawing = drawing.add(text(x(dot.n) + anchor.1, y(dot.rate) + 4.0, "label", anchor.0, &dot.name));
        }
    }
    let largest = dots.iter().map(|dot| dot.n).max().unwrap_or(0).max(20);
    for tick in (0..=largest).step_by(usize::try_from(step(largest)).unwrap_or(usize::MAX)) {
        drawing = drawing.add(text(x(tick), HEIGHT - 28.0, "axis", "middle", &tick.to_string()));
    }
    drawing.add(text(WIDTH - 24.0, HEIGHT - 8.0, "axis", "end", "deployments")).to_string()
}
