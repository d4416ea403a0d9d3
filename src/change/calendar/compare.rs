//! Where the system that a window was written for would decide otherwise, and why.

use jiff::{SignedDuration, Timestamp};

use super::import::argo::engine;
use super::{Calendar, Interval, Kind, Origin, Recurrence, RecurringEnd, Starts, Timing, Window, recurrence};
use crate::finding::Diagnostic;

/// Warnings where the owner's engine decides otherwise within 400 days, notes on what it knows and the gate does not.
pub fn compare(calendars: &[Calendar], at: Timestamp) -> Vec<Diagnostic> {
    let of_calendar = |calendar: &Calendar| {
        let windows = calendar.windows.iter();
        windows.flat_map(|window| differences(calendar, window, at)).collect::<Vec<_>>()
    };
    calendars.iter().flat_map(of_calendar).collect()
}

fn differences(calendar: &Calendar, window: &Window, at: Timestamp) -> Vec<Diagnostic> {
    let of_origin = match (window.origin, &window.timing) {
        (Origin::Argo { .. }, Timing::Recurring(recurrence)) => {
            let mut told = argo_rules(calendar, window, at);
            told.extend(argo_clocks(window, recurrence, at));
            return told;
        }
        (Origin::GitLab, _) => &[
            "in GitLab a freeze still holds in the instant of its end; here the end is outside",
            "GitLab only sets `CI_DEPLOY_FREEZE`: a job that does not ask for it deploys; here the change is denied",
        ][..],
        (Origin::CloudDeploy, _) => {
            &["in Cloud Deploy a person with `deploypolicies.override` passes; here a freeze override does"]
        }
        (Origin::Harness, _) => {
            &["in Harness an account administrator passes, and no approval is asked; here a freeze override does"]
        }
        _ => &[],
    };
    of_origin.iter().map(|message| note(window, message)).collect()
}

/// Whom Argo CD lets through, asked of its own engine at the next edge of the window.
fn argo_rules(calendar: &Calendar, window: &Window, at: Timestamp) -> Vec<Diagnostic> {
    let mut told = vec![note(
        window,
        "in Argo CD a window is open at both ends: it is not active in the instant of its start; here it is",
    )];
    let Some(edge) = closing_edge(window, at) else { return told };
    let [Some(before), Some(after)] = [-1, 1].map(|s| edge.checked_add(SignedDuration::from_secs(s)).ok()) else {
        return told;
    };
    let (began, states) = (states(calendar, before), states(calendar, after));
    if engine::can_sync(&states, false) {
        return told;
    }
    if engine::can_sync(&states, true) {
        told.push(differs(
            window,
            &format!(
                "`manualSync`: from {edge} on a person may still sync in Argo CD; here nobody may without an override"
            ),
        ));
    }
    if engine::can_continue(&states, &began, false) {
        told.push(differs(
            window,
            &format!("`syncOverrun`: a sync that began before {edge} goes on in Argo CD; here its rollback must be over by then"),
        ));
    }
    told
}

/// When the window next closes the way: a freeze as it starts, a slot as it ends.
fn closing_edge(window: &Window, at: Timestamp) -> Option<Timestamp> {
    let edges = window.next_occurrences(at, 2).into_iter().map(|interval| match window.kind {
        Kind::Deny => interval.start,
        Kind::Allow => interval.end,
    });
    edges.into_iter().find(|edge| *edge > at)
}

/// The calendar's windows in Argo CD, all of which are taken to match the application.
fn states(calendar: &Calendar, at: Timestamp) -> Vec<engine::State> {
    let state = |window: &Window| {
        let (Origin::Argo { manual_sync, overrun }, Timing::Recurring(recurrence)) = (window.origin, &window.timing)
        else {
            return None;
        };
        let (Starts::Cron(schedule), RecurringEnd::After(length)) = (&recurrence.starts, &recurrence.end) else {
            return None;
        };
        let active = engine::is_active(schedule, *length, &recurrence.zone, at);
        Some(engine::State { kind: window.kind, active, manual_sync, overrun })
    };
    calendar.windows.iter().filter_map(state).collect()
}

/// Around each change of clocks, Argo CD's present offset against the offset of the day.
fn argo_clocks(window: &Window, recurrence: &Recurrence, at: Timestamp) -> Vec<Diagnostic> {
    let transitions = recurrence.zone.following(at).map(|transition| transition.timestamp());
    let coming = transitions.take_while(|transition| *transition < recurrence::horizon(at));
    coming.filter_map(|transition| argo_clock(window, recurrence, transition)).collect()
}

/// The first instant near a change of clocks at which the two disagree by more than the edges.
fn argo_clock(window: &Window, recurrence: &Recurrence, transition: Timestamp) -> Option<Diagnostic> {
    let (Starts::Cron(schedule), RecurringEnd::After(length)) = (&recurrence.starts, &recurrence.end) else {
        return None;
    };
    let day = SignedDuration::from_hours(36);
    let range = Interval { start: transition.checked_sub(day).ok()?, end: transition.checked_add(day).ok()? };
    let ours = window.intervals(range);
    let shift = offset_change(recurrence, transition);
    let edges = ours.iter().flat_map(|interval| [interval.start, interval.end]).chain([transition]);
    let shifted = |edge: Timestamp| [edge.checked_sub(shift), Ok(edge), edge.checked_add(shift)].into_iter().flatten();
    let mut instants: Vec<Timestamp> = edges.flat_map(shifted).flat_map(engine::beside).collect();
    instants.sort_unstable();
    let here = |at: Timestamp| ours.iter().any(|interval| interval.start <= at && at < interval.end);
    let there = |at: Timestamp| engine::is_active(schedule, *length, &recurrence.zone, at);
    let near = instants.into_iter().filter(|at| range.start <= *at && *at < range.end);
    let at = near.into_iter().find(|at| here(*at) != there(*at))?;
    let (we, they) = if here(at) { ("active", "not active") } else { ("not active", "active") };
    Some(differs(
        window,
        &format!(
            "clocks change at {transition}: at {at} the window is {we} here and {they} in Argo CD, which shifts UTC by the offset of the moment"
        ),
    ))
}

fn offset_change(recurrence: &Recurrence, transition: Timestamp) -> SignedDuration {
    let before = transition.checked_sub(SignedDuration::from_secs(1)).unwrap_or(transition);
    let seconds = |at: Timestamp| i64::from(recurrence.zone.to_offset(at).seconds());
    SignedDuration::from_secs(seconds(transition) - seconds(before))
}

fn differs(window: &Window, message: &str) -> Diagnostic {
    Diagnostic::warning("calendar::differs", format!("window `{}`: {message}", window.id)).at(window.span)
}

fn note(window: &Window, message: &str) -> Diagnostic {
    Diagnostic::note("calendar::differs", format!("window `{}`: {message}", window.id)).at(window.span)
}

#[cfg(test)]
mod tests;
