//! How a score comes about: what adds to it, what takes away, and what is left.

use super::{WIDTH, chart, line, rectangle, text};

/// One part of a score.
pub(in crate::report) struct Step {
    /// `R-TIER`.
    pub name: String,
    /// Added, or taken away when negative.
    pub points: i64,
}

const ROW: f64 = 26.0;
const LABELS: f64 = 190.0;
const TOP: f64 = 30.0;
/// The scores at which a level begins.
const LEVELS: [(i64, &str); 4] = [(0, "low"), (20, "medium"), (40, "high"), (65, "very high")];

/// Draws the steps from the first to the total, on a scale of 0 to 100.
pub(in crate::report) fn waterfall(id: &str, steps: &[Step], total: i64) -> String {
    #[allow(clippy::cast_precision_loss, reason = "a handful of rows, and points below a thousand")]
    let number = |n: i64| n as f64;
    let height = TOP + ROW * (number(i64::try_from(steps.len()).unwrap_or(0)) + 1.0) + 14.0;
    let scale = |points: i64| LABELS + number(points.clamp(0, 100)) * (WIDTH - LABELS - 60.0) / 100.0;
    let said: Vec<String> = steps.iter().map(|s| format!("{} {:+}", s.name, s.points)).collect();
    let mut drawing =
        chart(height, id, &format!("Risk score {total}"), &format!("{}; together {total}.", said.join(", ")));
    for (from, name) in LEVELS {
        let x = scale(from);
        drawing = drawing.add(line(x, TOP - 8.0, x, height - 10.0, "grid")).add(text(
            x + 4.0,
            TOP - 12.0,
            "axis",
            "start",
            &format!("{from} {name}"),
        ));
    }
    let mut at = 0;
    let mut y = TOP;
    for step in steps {
        let (from, to) = (at, at + step.points);
        let (left, right) = (scale(from.min(to)), scale(from.max(to)));
        let class = if step.points < 0 { "good" } else { "bad" };
        drawing = drawing
            .add(text(LABELS - 10.0, y + 17.0, "label", "end", &step.name))
            .add(rectangle(left, y + 4.0, right - left, ROW - 8.0, class))
            .add(text(right + 6.0, y + 17.0, "value", "start", &format!("{:+}", step.points)));
        at = to;
        y += ROW;
    }
    drawing
        .add(text(LABELS - 10.0, y + 17.0, "label strong", "end", "score"))
        .add(rectangle(scale(0), y + 4.0, scale(total) - scale(0), ROW - 8.0, "total"))
        .add(text(scale(total) + 6.0, y + 17.0, "value strong", "start", &total.to_string()))
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_in_words_what_it_draws() {
        let steps = [Step { name: "R-TIER".into(), points: 18 }, Step { name: "canary".into(), points: -8 }];
        let drawing = waterfall("risk", &steps, 10);
        assert!(drawing.contains("R-TIER +18, canary -8; together 10."), "{drawing}");
        assert!(drawing.contains("class=\"good\"") && drawing.contains("class=\"bad\""));
    }

    #[test]
    fn names_are_escaped() {
        let drawing = waterfall("risk", &[Step { name: "<script>".into(), points: 1 }], 1);
        assert!(!drawing.contains("<script>"), "{drawing}");
    }
}
