//! The approvals table: who said what, and in words why it does not count.

use super::Page;
use crate::facts::ApprovalFacts;
use crate::outcome::Outcome;
use crate::output::style::{Style, Tone};
use crate::output::text::{clip, pad, visible, width};
use crate::output::words;

/// Shown when something is awaited, or when something stands in the way and an approval does not count.
pub(super) fn table(page: &mut Page<'_>, outcome: &Outcome) {
    if !words::approvals_matter(outcome) {
        return;
    }
    page.line(&page.style.paint(Tone::Strong, "Approvals"));
    if outcome.approvals.is_empty() {
        page.line("  none was given so far");
    } else {
        rows(page, &outcome.approvals);
    }
    page.blank();
}

fn rows(page: &mut Page<'_>, approvals: &[ApprovalFacts]) {
    let style = *page.style;
    let limit = style.columns().saturating_sub(16) / 3;
    let cells: Vec<[String; 3]> = approvals.iter().map(|a| cells(a, &style, limit)).collect();
    let heads = ["who", "role", "how"];
    let widths: Vec<usize> = (0..heads.len())
        .map(|i| {
            let longest = cells.iter().filter_map(|row| row.get(i)).map(|cell| width(cell)).max();
            longest.unwrap_or(0).max(heads.get(i).map_or(0, |h| h.len()))
        })
        .collect();
    let head: String = heads.iter().zip(&widths).map(|(h, w)| pad(h, w + 2)).collect();
    page.line(&style.paint(Tone::Dim, &format!("    {head}counts")));
    for (row, approval) in cells.iter().zip(approvals) {
        let row: String = row.iter().zip(&widths).map(|(cell, w)| pad(cell, w + 2)).collect();
        let indent = 4 + widths.iter().map(|w| w + 2).sum::<usize>();
        let (icon, tone, words) = counts(approval, &style);
        let start = format!("  {} {row}", style.paint(tone, icon));
        if style.columns() > indent + 24 {
            page.hanging_with(&start, indent, &words);
        } else {
            page.line(&start);
            page.paragraph(6, &words);
        }
    }
}

fn cells(a: &ApprovalFacts, style: &Style, limit: usize) -> [String; 3] {
    let glyphs = style.glyphs();
    let or_none = |text: String| if text.is_empty() { glyphs.none.to_owned() } else { text };
    let who = a.by.as_deref().unwrap_or(&a.login);
    [who.to_owned(), a.roles.join(", "), format!("{} {} {}", words::method(a), glyphs.dot, a.assurance)]
        .map(|text| or_none(clip(&visible(&text), limit, glyphs.ellipsis)))
}

fn counts(a: &ApprovalFacts, style: &Style) -> (&'static str, Tone, String) {
    if a.valid {
        return (style.glyphs().passed, Tone::Good, "yes".into());
    }
    (style.glyphs().blocks, Tone::Bad, words::counts(a))
}
