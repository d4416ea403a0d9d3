//! The risk of the change, part by part.

use super::Page;
use crate::facts::{RiskFacts, RiskHistory};
use crate::outcome::Outcome;
use crate::output::style::Tone;
use crate::output::text::pad;

/// Columns of the points.
const POINTS: usize = 6;
/// Columns of the names.
const NAME: usize = 13;

/// Every part that weighs anything with its evidence, what lowers it, and the floors. Nothing without an assessment.
pub(super) fn table(page: &mut Page<'_>, outcome: &Outcome) {
    let said = &outcome.risk.assessment;
    let (Some(score), Some(computed)) = (said.score, said.computed.as_deref()) else { return };
    let heading =
        page.style.paint(Tone::Strong, &format!("Risk {computed}, {score} of 100{}", declared(&outcome.risk)));
    page.line(&heading);
    page.blank();
    for factor in &said.factors {
        part(page, &format!("+{}", factor.points), &factor.id, &factor.evidence);
    }
    for mitigation in &said.mitigations {
        part(page, &format!("-{}", mitigation.points), &mitigation.id, &mitigation.evidence);
    }
    for floor in &said.floors {
        part(page, "floor", &floor.level, &floor.evidence);
    }
    for history in said.history.iter().filter(|history| history.n > 0) {
        part(page, "", "history", &past(history));
    }
    page.blank();
}

fn declared(risk: &RiskFacts) -> String {
    match risk.declared.as_deref() {
        Some(declared) if Some(declared) != risk.assessment.computed.as_deref() => format!(" (declared {declared})"),
        _ => String::new(),
    }
}

fn past(h: &RiskHistory) -> String {
    let interval = match (&h.low, &h.high) {
        (Some(low), Some(high)) => format!(", Wilson {low} to {high} %"),
        _ => String::new(),
    };
    format!("{}: {} of {} changes failed, shrunken rate {} %{interval}", h.service, h.k, h.n, h.q)
}

fn part(page: &mut Page<'_>, points: &str, name: &str, evidence: &str) {
    let name = page.style.paint(Tone::Place, &pad(name, NAME));
    let first = format!("  {points:>POINTS$}  {name}");
    let indent = 2 + POINTS + 2 + NAME;
    if page.style.columns() > indent + 24 {
        page.hanging_with(&first, indent, evidence);
    } else {
        page.line(&first);
        page.paragraph(6, evidence);
    }
}
