//! The hours of the week: how often something is done, and how often it goes wrong.

use svg::node::element::Title;

use super::{WIDTH, chart, rectangle, text};

/// One hour.
pub(in crate::report) struct Hour {
    /// 0 is Monday.
    pub weekday: usize,
    /// 0 to 23.
    pub hour: usize,
    /// Deployments.
    pub n: u64,
    /// Those that failed.
    pub failed: u64,
}

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const LEFT: f64 = 50.0;
const TOP: f64 = 26.0;
const ROW: f64 = 30.0;
/// Under so many deployments an hour has no colour.
const FEWEST: u64 = 10;

/// Draws the number of deployments in each hour; the colour is the share that failed, where there are enough of them.
pub(in crate::report) fn heat(id: &str, hours: &[Hour]) -> String {
    let width = (WIDTH - LEFT - 4.0) / 24.0;
    let mut worst: Vec<&Hour> = hours.iter().filter(|h| h.n >= FEWEST && h.failed > 0).collect();
    worst.sort_by(|a, b| (b.failed * a.n).cmp(&(a.failed * b.n)).then((a.weekday, a.hour).cmp(&(b.weekday, b.hour))));
    let said: Vec<String> = worst.iter().take(5).map(|hour| words(hour)).collect();
    let said = match said.as_slice() {
        [] => "No hour has ten deployments and a failure among them.".to_owned(),
        some => format!("Hours with the largest share of failures: {}.", some.join("; ")),
    };
    let mut drawing = chart(TOP + 7.0 * ROW + 6.0, id, "Deployments and failures by hour of the week", &said);
    for hour in (0..24).step_by(3) {
        let label = format!("{hour:02}:00");
        drawing = drawing.add(text(LEFT + hour as f64 * width, TOP - 9.0, "axis", "start", &label));
    }
    for (n, day) in DAYS.iter().enumerate() {
        drawing = drawing.add(text(LEFT - 10.0, TOP + n as f64 * ROW + 19.0, "label", "end", day));
    }
    for hour in hours.iter().filter(|h| h.n > 0) {
        let (x, y) = (LEFT + hour.hour as f64 * width, TOP + hour.weekday as f64 * ROW);
        let cell = rectangle(x + 1.0, y + 1.0, width - 2.0, ROW - 2.0, class(hour)).add(Title::new(words(hour)));
        drawing = drawing.add(cell).add(text(x + width / 2.0, y + 19.0, "value", "middle", &hour.n.to_string()));
    }
    drawing.to_string()
}

fn words(hour: &Hour) -> String {
    let day = DAYS.get(hour.weekday).unwrap_or(&"");
    format!("{day} {:02}:00, {} of {} failed", hour.hour, hour.failed, hour.n)
}

/// Light to dark in steps that are told apart without colour vision.
fn class(hour: &Hour) -> &'static str {
    match (hour.n, hour.failed * 100 / hour.n.max(1)) {
        (n, _) if n < FEWEST => "heat few",
        (_, 0..5) => "heat h0",
        (_, 5..15) => "heat h1",
        (_, 15..30) => "heat h2",
        _ => "heat h3",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_deployments_have_no_colour() {
        let hour = |n, failed| Hour { weekday: 0, hour: 9, n, failed };
        assert_eq!(class(&hour(9, 9)), "heat few");
        assert_eq!(class(&hour(10, 0)), "heat h0");
        assert_eq!(class(&hour(10, 3)), "heat h3");
        let drawing = heat("heat", &[hour(20, 5)]);
        assert!(drawing.contains("Mon 09:00, 5 of 20 failed."), "{drawing}");
    }
}
