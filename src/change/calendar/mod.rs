//! Freezes and open slots: what a window applies to, and when it is (change-control, Freeze windows).
//!
//! A calendar that was read is complete: each of its windows can be expanded without a further error. Whatever is not
//! understood (an unknown zone, a schedule that never happens, an import) is an error at its place, because a window
//! that is left out opens the gate.

mod clock;
mod compare;
mod cron;
mod facts;
mod ics;
mod import;
mod interval;
mod lint;
mod read;
mod recurrence;
mod rrule;
mod shape;
mod slots;
mod subject;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Deserialize;

pub use self::compare::compare;
pub use self::cron::Cron;
pub use self::facts::{facts, next_transition};
pub use self::import::imported_paths;
pub use self::interval::Interval;
pub use self::lint::{Known, lint};
pub use self::recurrence::{Exceptions, Recurrence, RecurringEnd, Starts};
pub use self::rrule::Rule;
pub use self::slots::{Openness, next_slots, openness};
pub use self::subject::{Exemption, Scope, Selector, Subject, Target};

use crate::change::documents::ContextFile;
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
    /// Changes that some allow window is meant for need one, others do not: Argo CD's reading.
    #[serde(skip)]
    ClosedWhereAllowed,
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
    /// How it may be lifted.
    pub protocol: OverrideProtocol,
    /// Who owns it.
    pub owner: Option<String>,
    /// Why it exists.
    pub reason: Option<String>,
    /// Which system it was written for.
    pub origin: Origin,
    /// Its first key.
    pub span: Span,
}

/// How a freeze may be lifted in an emergency (change-control, Emergency override).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OverrideProtocol {
    /// By an override that fulfils CHG-002.
    #[default]
    StandardProtocol,
    /// By nobody.
    None,
}

/// Which system a window was written for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// This one.
    #[default]
    FreezeCalendar,
    /// Any program that keeps calendars.
    ICalendar,
    /// Argo CD.
    Argo {
        /// A person may sync all the same.
        manual_sync: bool,
        /// A sync that has begun may go on.
        overrun: bool,
    },
    /// GitLab.
    GitLab,
    /// Google Cloud Deploy.
    CloudDeploy,
    /// Harness.
    Harness,
}

/// When a window is.
#[derive(Clone, Debug)]
pub enum Timing {
    /// Once.
    Once(Interval),
    /// Again and again.
    Recurring(Box<Recurrence>),
}

/// The other files of the context, among which a calendar finds what it imports.
#[derive(Clone, Copy, Debug)]
pub struct Neighbours<'a> {
    /// Path of the importing file, as shown.
    pub from: &'a str,
    /// All files by their paths.
    pub files: &'a BTreeMap<&'a str, ContextFile<'a>>,
}

impl Calendar {
    /// Reads a `FreezeCalendar` document: the calendar itself, then those of its imports that say on their own whether
    /// they are open. Where a window is in error, the others are still looked at, so that all errors are told at once;
    /// with an error there is no calendar.
    pub fn read(document: &Node, neighbours: &Neighbours<'_>) -> (Vec<Self>, Vec<Diagnostic>) {
        read::calendars(document, neighbours)
    }

    /// Reads an iCalendar file that stands on its own. `None` with an error among the diagnostics.
    pub fn read_ics(file: &ContextFile<'_>) -> (Option<Self>, Vec<Diagnostic>) {
        let mut told = Vec::new();
        let calendar = ics::calendar(file, &ics::Reading::default(), &mut told);
        let broken = told.iter().any(|d| d.level == crate::finding::Level::Error);
        (calendar.filter(|_| !broken), told)
    }
}

impl Calendar {
    /// A calendar that could not be read; an error says why.
    fn empty(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            default_state: DefaultState::Closed,
            state_span: Span::default(),
            windows: Vec::new(),
        }
    }

    /// Whether a change needs an allow window of this calendar.
    pub fn is_closed(&self, subject: &Subject<'_>) -> bool {
        let meant = |window: &Window| window.kind == Kind::Allow && window.scope.fits(subject);
        match self.default_state {
            DefaultState::Open => false,
            DefaultState::Closed => true,
            DefaultState::ClosedWhereAllowed => self.windows.iter().any(meant),
        }
    }
}

/// Gives every calendar a name of its own: a policy looks for the slots of a closed calendar by its name.
pub fn name_apart(calendars: &mut [Calendar]) {
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    for calendar in calendars {
        let name = if calendar.name.trim().is_empty() { "calendar" } else { &calendar.name }.to_owned();
        calendar.name.clone_from(&name);
        while !taken.insert(calendar.name.clone()) {
            let number = numbers.entry(name.clone()).or_insert(1);
            *number += 1;
            calendar.name = format!("{name}-{number}");
        }
    }
}

#[cfg(test)]
impl Calendar {
    /// A document that imports nothing.
    fn read_alone(document: &Node) -> (Option<Self>, Vec<Diagnostic>) {
        let (calendars, told) = Self::read(document, &Neighbours { from: "test.yaml", files: &BTreeMap::new() });
        (calendars.into_iter().next(), told)
    }
}

impl DefaultState {
    /// The word in the calendar.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::ClosedWhereAllowed => "closed where a window allows",
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
    /// Whether it is meant for a change: a freeze that may be, and an open slot that surely is.
    pub fn fits(&self, subject: &Subject<'_>) -> bool {
        match self.kind {
            Kind::Deny => self.scope.fits(subject),
            Kind::Allow => self.scope.covers(subject),
        }
    }

    /// Why it does not apply although it fits; `None` when it does.
    pub fn exemption(&self, subject: &Subject<'_>) -> Option<String> {
        self.exemptions.iter().find_map(|exemption| exemption.applies(subject))
    }

    /// Concrete intervals that share an instant with `range`, sorted; those that overlap or meet are one.
    pub fn intervals(&self, range: Interval) -> Vec<Interval> {
        match &self.timing {
            Timing::Once(interval) => Some(*interval).filter(|once| once.touches(&range)).into_iter().collect(),
            Timing::Recurring(recurrence) => interval::union(recurrence.occurrences(range)),
        }
    }

    /// The occurrence that holds an instant, and those after it, `count` of them at most; looks 400 days ahead.
    pub fn next_occurrences(&self, from: Timestamp, count: usize) -> Vec<Interval> {
        let mut found = Vec::new();
        for end in slots::horizons(from) {
            found = self.intervals(Interval { start: from, end });
            found.truncate(count);
            // What goes on at the end of the range may be longer than it looks.
            if found.len() == count && found.iter().all(|interval| interval.end < end) {
                break;
            }
        }
        found
    }

    /// The next instant after `from` and before `end` at which it starts or ends.
    fn next_transition(&self, from: Timestamp, end: Timestamp) -> Option<Timestamp> {
        let edges = self.intervals(Interval { start: from, end }).into_iter().flat_map(|i| [i.start, i.end]);
        // What goes on at the end of the range may go on there: only an edge inside it is known to be one.
        edges.filter(|at| from < *at && *at < end).min()
    }
}
