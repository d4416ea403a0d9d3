//! How long bodies of records are kept: classes, holds, and how far a log may be pruned.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use jiff::{Span, Timestamp, tz::TimeZone};

use super::reading::Reading;
use super::store::{Entry, Store};
use super::tree::{Frontier, Hash};
use crate::finding::Diagnostic;

/// The period of a retention class: what follows the last dash is a number of days, months or years, as in
/// `soc2-400d`, `pci-12m`, `hipaa-6y` and `90d`. The names are defaults, no legal advice.
pub fn period(class: &str) -> Option<Span> {
    let text = class.rsplit('-').next()?;
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    // A class without a name must not begin with the sign of a negative number.
    if class.starts_with('-') {
        return None;
    }
    let number: i64 = number.parse().ok().filter(|n| (1..=100_000).contains(n))?;
    match unit {
        "d" => Span::new().try_days(number).ok(),
        "m" => Span::new().try_months(number).ok(),
        "y" => Span::new().try_years(number.min(1000)).ok(),
        _ => None,
    }
}

/// Whether a record of `class` made at `made` may be dropped at `now`.
pub fn is_over(class: &str, made: Timestamp, now: Timestamp) -> bool {
    let end = period(class).and_then(|span| made.to_zoned_datetime(TimeZone::UTC).checked_add(span).ok());
    end.is_some_and(|end| now >= end.timestamp())
}

/// A hold that stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Id of its record.
    pub id: String,
    /// Why.
    pub reason: String,
    /// The change whose records it keeps; all when `None`.
    pub change: Option<String>,
}

/// How far a log may be pruned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Records below this index may be dropped.
    pub below: u64,
    /// Records below this index are dropped already.
    pub pruned: u64,
    /// Root over the records below.
    pub root: Hash,
    /// Records by class that would be dropped.
    pub classes: BTreeMap<String, u64>,
    /// What stands in the way of dropping more.
    pub because: String,
    /// Holds that stand.
    pub holds: Vec<Hold>,
}

/// Works out how far a log may be pruned at `now`: up to the first record that has to stay.
///
/// # Errors
///
/// `audit::unreadable`; `audit::tampered`: a damaged log is evidence and is not pruned.
pub fn plan(store: &dyn Store, now: Timestamp) -> Result<Plan, Diagnostic> {
    let holds = holds(store)?;
    let mut tree = Frontier::default();
    let mut plan = Plan {
        below: 0,
        pruned: 0,
        root: tree.root(),
        classes: BTreeMap::new(),
        because: "it is the last record".into(),
        holds,
    };
    let size = store.size()?;
    let problem = store.leaves(0..size, &mut |index, entry| {
        let Entry::Leaf(leaf) = &entry else {
            tree.push(entry.hash());
            (plan.below, plan.pruned) = (index + 1, index + 1);
            return ControlFlow::Continue(());
        };
        let class = match may_go(index, leaf, &plan.holds, now) {
            Ok(class) if index + 1 < size => class,
            Ok(_) => return ControlFlow::Break(()),
            Err(because) => {
                plan.because = because;
                return ControlFlow::Break(());
            }
        };
        tree.push(entry.hash());
        plan.below = index + 1;
        *plan.classes.entry(class).or_default() += 1;
        ControlFlow::Continue(())
    })?;
    plan.root = tree.root();
    match problem {
        Some(problem) => Err(problem
            .fault(store.name())
            .help("a damaged log is evidence: keep it and run `changegate audit verify`")),
        None => Ok(plan),
    }
}

/// The class of a record that may go, or why it may not.
fn may_go(index: u64, leaf: &[u8], holds: &[Hold], now: Timestamp) -> Result<String, String> {
    let reading = Reading::of(index, leaf).ok_or_else(|| format!("record {index} cannot be read"))?;
    let change = reading.text("/what/change");
    if let Some(hold) = holds.iter().find(|h| h.change.is_none() || h.change.as_deref() == change) {
        return Err(format!("hold {} keeps record {index}: {}", hold.id, hold.reason));
    }
    // What a store writes by itself has no clock and no class; it goes with its neighbours.
    if reading.kind() == "recovery" {
        return Ok("recovery".into());
    }
    let class = reading.text("/retention").unwrap_or_default();
    let made = reading.at_instant().ok_or_else(|| format!("record {index} does not say when it was made"))?;
    if is_over(class, made, now) {
        Ok(class.to_owned())
    } else {
        Err(format!("record {index} of {made} is kept by its class `{class}`"))
    }
}

/// The holds that stand.
///
/// # Errors
///
/// `audit::unreadable`; `audit::tampered` when the log is damaged: behind the damage a hold may stand.
pub fn holds(store: &dyn Store) -> Result<Vec<Hold>, Diagnostic> {
    let mut holds: Vec<Hold> = Vec::new();
    store.all_leaves(0..store.size()?, &mut |index, entry| {
        let Entry::Leaf(leaf) = entry else { return Ok(()) };
        // Most records are decisions: only those that could be a hold are read.
        let Some(reading) = Reading::of(index, &leaf).filter(|r| r.kind() == "hold") else { return Ok(()) };
        match reading.text("/hold/releases") {
            Some(released) => holds.retain(|hold| hold.id != released),
            None => holds.push(Hold {
                id: reading.id().to_owned(),
                reason: reading.text("/hold/reason").unwrap_or_default().to_owned(),
                change: reading.text("/hold/change").map(str::to_owned),
            }),
        }
        Ok(())
    })?;
    Ok(holds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_names_its_period() {
        let made: Timestamp = "2024-01-31T00:00:00Z".parse().expect("an instant");
        for (class, end) in [
            ("soc2-400d", "2025-03-06T00:00:00Z"),
            ("pci-12m", "2025-01-31T00:00:00Z"),
            ("hipaa-6y", "2030-01-31T00:00:00Z"),
            ("90d", "2024-04-30T00:00:00Z"),
            ("1m", "2024-02-29T00:00:00Z"),
        ] {
            let end: Timestamp = end.parse().expect("an instant");
            assert!(is_over(class, made, end), "{class}");
            assert!(!is_over(class, made, end - std::time::Duration::from_secs(1)), "{class}");
        }
        for class in ["", "d", "soc2", "0d", "-1d", "x-9w", "é"] {
            assert!(!is_over(class, made, Timestamp::MAX), "{class}");
        }
    }
}
