//! Freezes and open slots: what a window applies to, and when it is (change-control, Freeze windows).
//!
//! A calendar that was read is complete: each of its windows can be expanded without a further error. Whatever is not
//! understood (an unknown zone, a schedule that never happens, an import) is an error at its place, because a window
//! that is left out opens the gate.

mod clock;
mod cron;
mod facts;
mod interval;
mod read;
mod recurrence;
mod shape;
mod subject;

use jiff::Timestamp;
use serde::Deserialize;

pub use self::cron::Cron;
pub use self::facts::{facts, next_transition};
pub use self::interval::Interval;
pub use self::recurrence::{Recurrence, RecurringEnd};
pub use self::subject::{Exemption, Scope, Subject, Target};

use crate::finding::Diagnostic;
use crate::parse::tree::Node;
use crate::source::Span;

/// One calendar document.
#[derive(Clone, Debug)]
pub struct Calendar {
    /// `metadata.name`.
    pub name: String,
    /// What holds outside all windows.
    pub default_state: DefaultState,
    /// Place of `defaultState`, or of the document.
    pub state_span: Span,
    /// In the order of the document.
    pub windows: Vec<Window>,
}

/// What holds outside all windows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DefaultState {
    /// Changes are welcome.
    #[default]
    Open,
    /// Changes need an allow window.
    Closed,
}

/// Whether a window closes or opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A freeze.
    Deny,
    /// An open slot.
    Allow,
}

/// One window of a calendar.
#[derive(Clone, Debug)]
pub struct Window {
    /// Unique in its calendar; what an override names.
    pub id: String,
    /// Whether it closes or opens.
    pub kind: Kind,
    /// For people.
    pub name: Option<String>,
    /// When it is.
    pub timing: Timing,
    /// What it applies to.
    pub scope: Scope,
    /// When it does not apply although its scope fits.
    pub exemptions: Vec<Exemption>,
    /// Who owns it.
    pub owner: Option<String>,
    /// Why it exists.
    pub reason: Option<String>,
    /// Its first key.
    pub span: Span,
}

/// When a window is.
#[derive(Clone, Debug)]
pub enum Timing {
    /// Once.
    Once(Interval),
    /// Again and again.
    Recurring(Box<Recurrence>),
}

impl Calendar {
    /// Reads a `FreezeCalendar` document. Where a window is in error, the others are still looked at, so that all
    /// errors are told at once; a calendar with an error must not be used.
    pub fn read(document: &Node) -> (Option<Self>, Vec<Diagnostic>) {
        read::calendar(document)
    }
}

impl DefaultState {
    /// The word in the calendar.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }
}

impl Kind {
    /// The word in the calendar.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Allow => "allow",
        }
    }
}

impl Window {
    /// Concrete intervals that share an instant with `range`, sorted; those that overlap or meet are one.
    pub fn intervals(&self, range: Interval) -> Vec<Interval> {
        match &self.timing {
            Timing::Once(interval) => Some(*interval).filter(|once| once.touches(&range)).into_iter().collect(),
            Timing::Recurring(recurrence) => interval::union(recurrence.occurrences(range)),
        }
    }

    /// The next instant after `from` at which it starts or ends; looks 400 days ahead.
    pub fn next_transition(&self, from: Timestamp) -> Option<Timestamp> {
        let range = Interval { start: from, end: recurrence::horizon(from) };
        self.intervals(range).into_iter().flat_map(|i| [i.start, i.end]).filter(|at| *at > from).min()
    }
}
