//! The pack for the change advisory board: for each change what is to be decided, why, and on what evidence; for several
//! of them together where they get into each other's way.
//!
//! Sections follow what boards ask for (decision, reason, blast radius, risk, schedule, evidence, delivery, rollback,
//! reliability, approvals, policies, controls, questions, sign-off, appendix).

mod approvals;
mod blast;
mod busy;
mod change;
mod conflicts;
mod evidence;
mod page;
mod policies;
mod questions;
mod schedule;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use minijinja::value::{Serde, Value};

use super::Format;
use super::template::Page;
use crate::facts::{Resource, World};
use crate::outcome::Outcome;

const PAGE: Page = Page { html: include_str!("../templates/cab.html"), markdown: include_str!("../templates/cab.md") };

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
    PAGE.render(format, minijinja::context! { agenda => Value::from(Serde(&agenda)) })
}
