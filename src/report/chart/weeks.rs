//! Week by week: what was done above a line, what went wrong below it. A week of nothing is a gap that is seen.

use svg::node::element::Title;

use super::{WIDTH, chart, line, rectangle, text};

/// One week.
pub(in crate::report) struct WeekBar {
    /// Its Monday, in words.
    pub label: String,
    /// Deployments.
    pub deployments: u64,
    /// Those that failed.
    pub failed: u64,
    /// Incidents.
    pub incidents: u64,
}

const LEFT: f64 = 66.0;
const TOP: f64 = 16.0;
const ABOVE: f64 = 130.0;
const BELOW: f64 = 70.0;
const BOTTOM: f64 = 28.0;
/// More labels than this run into each other.
const MOST_LABELS: usize = 8;

/// Draws deployments, the failed ones among them, and incidents. Each side has a scale of its own, which it says.
pub(in crate::report) fn weeks(id: &str, title: &str, bars: &[WeekBar]) -> String {
    let most = |of: fn(&WeekBar) -> u64| bars.iter().map(of).max().unwrap_or(0).max(1);
    let (most_deployments, most_incidents) = (most(|w| w.deployments), most(|w| w.incidents));
    let none = bars.iter().filter(|week| week.deployments == 0).count();
    let sum = |of: fn(&WeekBar) -> u64| bars.iter().map(of).sum::<u64>();
    let said = format!(
        "{} weeks, {none} of them without a deployment; {} deployments, {} of them failed, at most {} in a week; {} incidents.",
        bars.len(),
        sum(|w| w.deployments),
        sum(|w| w.failed),
        bars.iter().map(|w| w.deployments).max().unwrap_or(0),
        sum(|w| w.incidents),
    );
    let middle = TOP + ABOVE;
    let mut drawing = chart(middle + BELOW + BOTTOM, id, title, &said);
    let scales = [(TOP, most_deployments), (middle, 0), (middle + BELOW, most_incidents)];
    for (y, value) in scales {
        drawing = drawing.add(line(LEFT, y, WIDTH - 24.0, y, "grid"));
        drawing = drawing.add(text(LEFT - 8.0, y + 4.0, "axis", "end", &value.to_string()));
    }
    let width = (WIDTH - LEFT - 24.0) / bars.len().max(1) as f64;
    let every = bars.len().div_ceil(MOST_LABELS).max(1);
    for (n, week) in bars.iter().enumerate() {
        let x = LEFT + n as f64 * width;
        // A label that begins near the end would be cut.
        if n % every == 0 && x < WIDTH - 90.0 {
            drawing = drawing.add(text(x, middle + BELOW + 20.0, "axis", "start", &week.label));
        }
        let up = |count: u64| count as f64 / most_deployments as f64 * ABOVE;
        let down = week.incidents as f64 / most_incidents as f64 * BELOW;
        let words = format!(
            "week of {}: {} deployments, {} failed, {} incidents",
            week.label, week.deployments, week.failed, week.incidents
        );
        let parts = [
            (middle - up(week.deployments), up(week.deployments), "total"),
            (middle - up(week.failed), up(week.failed), "bad"),
            (middle, down, "peak"),
        ];
        for (y, height, class) in parts.into_iter().filter(|(_, height, _)| *height > 0.0) {
            let bar = rectangle(x, y, (width - 1.0).max(1.5), height, class);
            drawing = drawing.add(bar.add(Title::new(words.as_str())));
        }
    }
    drawing.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_of_nothing_is_a_gap_and_is_said() {
        let week =
            |deployments, failed, incidents| WeekBar { label: "4 Mar 30".into(), deployments, failed, incidents };
        let drawing = weeks("weeks", "Week by week", &[week(4, 1, 0), week(0, 0, 0), week(2, 0, 3)]);
        let words = "3 weeks, 1 of them without a deployment; 6 deployments, 1 of them failed, at most 4 in a week; 3 incidents.";
        assert!(drawing.contains(words), "{drawing}");
        assert_eq!(drawing.matches("<rect").count(), 4, "{drawing}");
        assert!(weeks("weeks", "Week by week", &[]).contains("0 weeks"));
    }
}
