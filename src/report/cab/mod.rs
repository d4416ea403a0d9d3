//! The pack for the change advisory board: for each change what is to be decided, why, and on what evidence; for several
//! of them together where they get into each other's way.
//!
//! Sections follow what boards ask for (decision, reason, blast radius, risk, schedule, evidence, delivery, rollback,
//! reliability, approvals, policies, controls, questions, sign-off, appendix).

mod approvals;
mod blast;
mod change;
mod conflicts;
mod evidence;
mod page;
mod policies;
mod questions;
mod schedule;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment};

use super::Format;
use crate::facts::{Resource, World};
use crate::outcome::Outcome;

/// A change request with what the gate knew about it.
#[derive(Clone, Debug)]
pub struct Case {
    /// The policy input without the resources.
    pub world: World,
    /// The resources that the change touches.
    pub changed: Vec<Resource>,
}

/// A change as it comes before the board.
pub struct Item<'a> {
    /// What the gate says.
    pub outcome: &'a Outcome,
    /// What it knew; `None` when it could not judge.
    pub case: Option<&'a Case>,
    /// The latest record of this change in the audit trail.
    pub record: Option<Record>,
}

/// Where the audit trail has the change.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Record {
    /// Id of the record.
    pub id: String,
    /// Its index in the log.
    pub index: Option<u64>,
    /// Root hash of the log after it.
    pub root: Option<String>,
    /// What was decided then.
    pub decision: String,
    /// When, RFC 3339.
    pub at: String,
}

/// The pack of all items, in the time zone of the board.
///
/// # Errors
///
/// What the template engine says; a fault of this program, never of the input.
pub fn render(items: &[Item<'_>], format: Format, zone: &TimeZone, now: Timestamp) -> Result<String, minijinja::Error> {
    let agenda = page::Agenda::of(items, zone, now);
    let mut environment = Environment::new();
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.set_auto_escape_callback(|name| match name {
        "cab.html" => AutoEscape::Html,
        _ => AutoEscape::None,
    });
    environment.add_filter("cell", cell);
    environment.add_template("cab.html", include_str!("../templates/cab.html"))?;
    environment.add_template("cab.md", include_str!("../templates/cab.md"))?;
    let name = match format {
        Format::Html => "cab.html",
        Format::Markdown => "cab.md",
    };
    let style = include_str!("../templates/style.css");
    let context = minijinja::context! { agenda => Value::from(Serde(&agenda)), style };
    let text = environment.get_template(name)?.render(context)?;
    Ok(text.trim_end().to_owned() + "\n")
}

/// Text of others in a Markdown table: no markup, no mention, no line break, no new column.
#[allow(clippy::needless_pass_by_value, reason = "a filter of the template engine")]
fn cell(text: String) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' => out.push(' '),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // A zero-width space keeps a name from becoming a mention, and an address from becoming a link.
            '@' => out.push_str("@\u{200b}"),
            '|' | '`' | '*' | '_' | '[' | ']' | '#' | '~' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_hold_no_markup() {
        assert_eq!(cell("a | <b> @team `x`\n[y](z)".into()), "a \\| &lt;b&gt; @\u{200b}team \\`x\\` \\[y\\](z)");
    }
}
