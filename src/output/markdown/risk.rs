//! The risk of the change, part by part, folded away.

use super::{line, rows, text};
use crate::outcome::Outcome;

/// A table of all that weighs anything, of what lowers it and of the floors. Nothing without an assessment.
pub(super) fn table(page: &mut String, outcome: &Outcome) {
    let said = &outcome.risk.assessment;
    let (Some(score), Some(computed)) = (said.score, said.computed.as_deref()) else { return };
    let factors = said.factors.iter().map(|f| (format!("+{}", f.points), &f.id, &f.evidence));
    let mitigations = said.mitigations.iter().map(|m| (format!("−{}", m.points), &m.id, &m.evidence));
    let floors = said.floors.iter().map(|f| ("floor".to_owned(), &f.level, &f.evidence));
    let parts: Vec<_> = factors.chain(mitigations).chain(floors).collect();
    line(page, &format!("<details><summary>Risk {}, {score} of 100</summary>\n", text(computed)));
    line(page, "| Points | What | Why |\n|---:|---|---|");
    rows(page, &parts, |page, (points, name, why)| {
        line(page, &format!("| {points} | {} | {} |", text(name), text(why)));
    });
    line(page, "</details>\n");
}
