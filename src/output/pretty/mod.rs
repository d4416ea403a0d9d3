//! For people: what stands in the way, with the lines that matter; then what does not; then the verdict.
//!
//! Calm on purpose. What blocks is shown in full, the rest as short as it can be, and a list that grows long ends with
//! a hint. The verdict is the last thing on the screen, where the eye is.

mod approvals;
mod finding;
mod group;
mod risk;
mod summary;

use super::count;
use super::sections::Sections;
use super::style::{Show, Style, Tone};
use super::text::{pad, visible_lines, width, wrap};
use crate::finding::{Finding, Level};
use crate::outcome::Outcome;

/// Findings of one policy that are shown in full; the others are listed by place.
const IN_FULL: usize = 3;
/// Findings that are shown in full altogether.
const IN_FULL_ALTOGETHER: usize = 24;
/// Places in a list.
const PLACES: usize = 4;
/// Groups in a section.
const GROUPS: usize = 12;
/// Diagnostics of one level.
const DIAGNOSTICS: usize = 10;
/// Columns of the names in front of evidence, help and people.
const FIELD: usize = 15;

/// Writes the outcome for a terminal.
pub(super) fn render(outcome: &Outcome, style: &Style) -> String {
    let mut page = Page { style, out: String::new() };
    if style.quiet {
        summary::verdict(&mut page, outcome);
        return page.out;
    }
    let sections = Sections::of(outcome);
    finding::diagnostics(&mut page, outcome, Level::Error);
    group::in_full(&mut page, outcome, &sections.blocking);
    group::compact(&mut page, outcome, &sections.other);
    group::lifted(&mut page, outcome, &sections.lifted);
    older(&mut page, outcome, &sections.preexisting);
    finding::diagnostics(&mut page, outcome, Level::Warning);
    finding::notes(&mut page, outcome);
    approvals::table(&mut page, outcome);
    risk::table(&mut page, outcome);
    summary::block(&mut page, outcome);
    page.out
}

/// What was there before the change is counted, and shown to those who ask; so is what it mended.
fn older(page: &mut Page<'_>, outcome: &Outcome, preexisting: &[&Finding]) {
    let fixed: Vec<&Finding> = outcome.fixed.iter().collect();
    match page.style.show {
        Show::Everything => {
            group::compact(page, outcome, preexisting);
            group::lifted_as(page, outcome, "fixed", &fixed);
        }
        Show::Introduced if preexisting.is_empty() => {}
        Show::Introduced => {
            let n = count(preexisting.len(), "finding is", "findings are");
            let first = format!("{} ", page.style.glyphs().lifted);
            page.hanging(&first, &format!("{n} older than this change (--show preexisting)"));
            page.blank();
        }
    }
}

/// The text so far, and how to add to it.
struct Page<'a> {
    style: &'a Style,
    out: String,
}

impl Page<'_> {
    fn line(&mut self, line: &str) {
        self.out.push_str(line.trim_end());
        self.out.push('\n');
    }

    fn blank(&mut self) {
        self.out.push('\n');
    }

    /// Text from outside, wrapped, below `indent` spaces.
    fn paragraph(&mut self, indent: usize, text: &str) {
        self.hanging(&" ".repeat(indent), text);
    }

    /// A word in front and text from outside beside it.
    fn field(&mut self, name: &str, text: &str) {
        let first = format!("    {}", self.style.paint(Tone::Place, &pad(name, FIELD)));
        self.hanging_with(&first, 4 + FIELD, text);
    }

    /// Says that a list goes on, and where to find all of it.
    fn hint(&mut self, what: &str) {
        let text = format!("    {} and {what} (see --format json)", self.style.glyphs().ellipsis);
        let text = self.style.paint(Tone::Dim, &text);
        self.line(&text);
    }

    /// The same after a section that left `n` things out.
    fn more(&mut self, n: usize, thing: &str) {
        if n > 0 {
            self.hint(&count(n, &format!("more {thing}"), &format!("more {thing}s")));
            self.blank();
        }
    }

    fn hanging(&mut self, first: &str, text: &str) {
        self.hanging_with(first, width(first), text);
    }

    fn hanging_with(&mut self, first: &str, indent: usize, text: &str) {
        let room = self.style.columns().saturating_sub(indent).max(20);
        let pieces = visible_lines(text).into_iter().flat_map(|line| wrap(&line, room));
        for (i, piece) in pieces.enumerate() {
            let start = if i == 0 { first.to_owned() } else { " ".repeat(indent) };
            self.line(&format!("{start}{piece}"));
        }
    }
}
