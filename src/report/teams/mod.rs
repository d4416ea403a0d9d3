//! What teams deliver and how it goes, and who could use support. An offer, not a league table.

mod csv;
mod figures;
mod page;
#[cfg(test)]
mod tests;

use minijinja::value::{Serde, Value};

use super::Format;
use super::template::Page;
use crate::metrics::summary::Summary;

pub use csv::csv;

const PAGE: Page =
    Page { html: include_str!("../templates/teams.html"), markdown: include_str!("../templates/teams.md") };

/// The report.
///
/// # Errors
///
/// What the template engine says; a fault of this program, never of the input.
pub fn render(summary: &Summary, format: Format) -> Result<String, minijinja::Error> {
    let report = page::Report::of(summary, format);
    PAGE.render(format, minijinja::context! { report => Value::from(Serde(&report)) })
}

/// All figures, for programs.
///
/// # Errors
///
/// A fault of this program.
pub fn json(summary: &Summary) -> serde_json::Result<String> {
    Ok(serde_json::to_string_pretty(summary)? + "\n")
}
