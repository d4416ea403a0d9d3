use serde::Deserialize;

use super::*;

/// Rows from Argo CD's own tests (Apache-2.0; the file names the commit).
#[derive(Deserialize)]
struct Vectors {
    #[serde(rename = "SyncWindows_active")]
    active: Vec<Row>,
    #[serde(rename = "SyncWindows_inactiveAllows")]
    inactive_allows: Vec<Row>,
    #[serde(rename = "SyncWindow_active")]
    one_active: Vec<Row>,
    #[serde(rename = "CanSync")]
    can_sync: Vec<CanSync>,
    #[serde(rename = "SyncOverrun_names")]
    overrun: Vec<Named>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    name: String,
    windows: Vec<Window>,
    hour: i8,
    clock: String,
    is_err: bool,
    #[serde(default)]
    expected_length: usize,
    #[serde(default)]
    expected: bool,
    matching_index: Option<usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Window {
    schedule: String,
    duration: String,
    time_zone: String,
}

#[derive(Deserialize)]
struct CanSync {
    name: String,
    windows: Vec<Stated>,
    manual: bool,
    expect: bool,
    err: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stated {
    active: bool,
    kind: Kind,
    manual_sync: bool,
}

#[derive(Deserialize)]
struct Named {
    name: String,
    expect: String,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../../../../../../tests/data/calendar/argo_sync_windows.json")).expect("vectors")
}

impl Row {
    /// The instant that the row asks about: a full hour on the clock of a machine.
    fn at(&self) -> Timestamp {
        let offset = if self.clock == "utcM4Zone" { "-04:00" } else { "Z" };
        format!("2026-06-10T{:02}:00:00{offset}", self.hour).parse().expect("an instant")
    }

    /// Which windows are active; `None` when one of them cannot be read.
    fn active(&self) -> Option<Vec<bool>> {
        let one = |window: &Window| {
            let zone = if window.time_zone.is_empty() { "UTC" } else { &window.time_zone };
            let zone = TimeZone::get(zone).expect("a zone");
            Some(is_active(&schedule(&window.schedule).ok()?, duration(&window.duration).ok()?, &zone, self.at()))
        };
        self.windows.iter().map(one).collect()
    }
}

#[test]
fn activity_is_argo_cds_own() {
    let Vectors { active, inactive_allows, one_active, .. } = vectors();
    for (rows, wanted) in [(active, true), (inactive_allows, false)] {
        for row in rows {
            let Some(found) = row.active() else {
                assert!(row.is_err, "{}", row.name);
                continue;
            };
            let indexes: Vec<usize> = (0..found.len()).filter(|index| found[*index] == wanted).collect();
            assert!(!row.is_err && indexes.len() == row.expected_length, "{}: {found:?}", row.name);
            assert!(row.matching_index.is_none_or(|index| indexes == [index]), "{}: {found:?}", row.name);
        }
    }
    for row in one_active {
        assert_eq!(row.active().is_none(), row.is_err, "{}", row.name);
        assert_eq!(row.active().is_some_and(|found| found[0]), row.expected, "{}", row.name);
    }
}

#[test]
fn precedence_is_argo_cds_own() {
    for row in vectors().can_sync.into_iter().filter(|row| !row.err) {
        let state = |w: &Stated| State { kind: w.kind, active: w.active, manual_sync: w.manual_sync, overrun: false };
        let states: Vec<State> = row.windows.iter().map(state).collect();
        assert_eq!(can_sync(&states, row.manual), row.expect, "{}", row.name);
    }
}

/// The windows of each overrun test, now and when the sync began: kind, active, overrun.
fn overrun_case(name: &str) -> Option<[Vec<(Kind, bool, bool)>; 2]> {
    use Kind::{Allow, Deny};
    let case = match name {
        "DenyWindowWithOverrunBlocksSyncThatStartedDuringDeny" => [vec![(Deny, true, true)], vec![(Deny, true, true)]],
        "DisallowsOverrunWhenNoDenyWindowsHaveIt" => [vec![(Deny, true, false)], vec![(Deny, false, false)]],
        "AllowsSyncToContinueWhenStartedBeforeDenyWindowWithOverrun" => {
            [vec![(Allow, true, false), (Deny, true, true)], vec![(Allow, true, false), (Deny, false, true)]]
        }
        "DeniesSyncThatStartedWhenInactiveAllowsBlockedIt" => {
            [vec![(Allow, false, false), (Deny, true, true)], vec![(Allow, false, false), (Deny, false, true)]]
        }
        "AllowsSyncWhenStartedDuringAllowWindowWithOverrun" => [vec![(Allow, false, true)], vec![(Allow, true, true)]],
        "DeniesSyncStartedInAllowWithOverrunWhenTransitionsToDenyWithoutOverrun" => {
            [vec![(Allow, false, true), (Deny, true, false)], vec![(Allow, true, true), (Deny, false, false)]]
        }
        "DeniesSyncWhenLeavingMultipleAllowWindowsWhereOneLacksOverrun" => {
            [vec![(Allow, false, true), (Allow, false, false)], vec![(Allow, true, true), (Allow, true, false)]]
        }
        "AllowsSyncWhenLeavingMultipleAllowWindowsWhereAllHaveOverrun" => {
            [vec![(Allow, false, true), (Allow, false, true)], vec![(Allow, true, true), (Allow, true, true)]]
        }
        "AllowsSyncInMultipleActiveAllowWindowsWhenOneLacksOverrunAndEnds" => {
            [vec![(Allow, true, true), (Allow, false, false)], vec![(Allow, true, true), (Allow, true, false)]]
        }
        "DeniesSyncWhenBothDenyAndAllowWindowsActiveAndDenyLacksOverrun" => {
            [vec![(Allow, true, true), (Deny, true, false)], vec![(Allow, true, true), (Deny, false, false)]]
        }
        "AllowsSyncWhenBothDenyAndAllowWindowsActiveAndDenyHasOverrun" => {
            [vec![(Allow, true, true), (Deny, true, true)], vec![(Allow, true, true), (Deny, false, true)]]
        }
        _ => return None,
    };
    Some(case)
}

#[test]
fn overrun_is_argo_cds_own() {
    let states = |windows: &[(Kind, bool, bool)]| -> Vec<State> {
        let state = |&(kind, active, overrun): &(Kind, bool, bool)| State { kind, active, manual_sync: false, overrun };
        windows.iter().map(state).collect()
    };
    for row in vectors().overrun {
        let [now, began] = overrun_case(&row.name).unwrap_or_else(|| panic!("{} has no case", row.name));
        let found = can_continue(&states(&now), &states(&began), false);
        assert_eq!(found, row.expect == "True", "{}", row.name);
    }
}

#[test]
fn a_window_is_open_at_both_ends() {
    let schedule = schedule("0 10 * * *").expect("a schedule");
    let hour = duration("1h").expect("a duration");
    let active = |at: &str| is_active(&schedule, hour, &TimeZone::UTC, at.parse().expect("an instant"));
    assert!(!active("2026-06-10T10:00:00Z") && active("2026-06-10T10:00:01Z"));
    assert!(active("2026-06-10T10:59:59Z") && !active("2026-06-10T11:00:00Z"));
}

#[test]
fn what_argo_cd_refuses_is_refused() {
    for bad in ["0 0 * * 7", "0 0 L * *", "0 0 * * 5L", "0 0 * * FRI#2", "@daily", "0 0 30 2 *", "0 0 * *"] {
        assert!(schedule(bad).is_err(), "{bad}");
    }
    for good in ["0 0 * JUL *", "0 0 1 APR MON-FRI", "*/5 * */2 * 1"] {
        assert!(schedule(good).is_ok(), "{good}");
    }
    for bad in ["1d", "PT1H", "2a", "1w"] {
        assert!(duration(bad).is_err(), "{bad}");
    }
}
