use std::collections::BTreeMap;

use jiff::Timestamp;

use super::*;
use crate::change::calendar::{DefaultState, Interval, Subject, Target, openness};
use crate::change::fixture;
use crate::source::Sources;

/// Reads a calendar with one import, and tells the lines of the imported file.
fn read(entry: &str, path: &str, import: &str) -> (Vec<Calendar>, Vec<String>) {
    let (sources, imported) = fixture::yaml(import);
    let mut all = Sources::default();
    for (_, source) in sources.iter() {
        all.add(crate::source::Source::new(source.path.clone(), source.revision, source.text.clone()));
    }
    let (_, calendar) = fixture::yaml(&format!(
        "apiVersion: changegate/v1\nkind: FreezeCalendar\nmetadata: {{name: own}}\nspec: {{timezone: Europe/Berlin, imports: [{entry}]}}\n"
    ));
    let files = BTreeMap::from([(path, ContextFile::new(path, &imported))]);
    let neighbours = Neighbours { from: "ops/.changegate/freeze.yaml", files: &files };
    let (calendars, told) = Calendar::read(&calendar[0], &neighbours);
    (calendars, fixture::told(&all, &told))
}

fn good(format: &str, import: &str) -> Vec<Calendar> {
    let (calendars, told) =
        read(&format!("{{format: {format}, path: import.yaml}}"), "ops/.changegate/import.yaml", import);
    assert_eq!(told, Vec::<String>::new());
    calendars
}

fn told(format: &str, import: &str) -> Vec<String> {
    read(&format!("{{format: {format}, path: import.yaml}}"), "ops/.changegate/import.yaml", import).1
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

/// Occurrences of all windows within a range, as `id start/end`.
fn between(calendar: &Calendar, start: &str, end: &str) -> Vec<String> {
    let range = Interval { start: at(start), end: at(end) };
    let of = |window: &Window| -> Vec<String> {
        window.intervals(range).iter().map(|i| format!("{} {}/{}", window.id, i.start, i.end)).collect()
    };
    calendar.windows.iter().flat_map(of).collect()
}

fn project(windows: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: AppProject\nmetadata: {{name: shop}}\nspec:\n  sourceRepos: ['*']\n  syncWindows:\n{windows}\n"
    )
}

/// Whether a service in a namespace may be changed.
fn open(calendars: &[Calendar], service: &str, namespace: &str, instant: &str) -> bool {
    let target = Target { service: Some(service.into()), namespace: Some(namespace.into()), ..Target::default() };
    openness(calendars, &Subject { targets: vec![target], ..Subject::default() }, at(instant)).open
}

#[test]
fn argo_cd_windows_close_what_they_are_meant_for() {
    let calendars = good(
        "argocd-syncwindows",
        &project(
            "  - {kind: allow, schedule: 0 10 * * *, duration: 2h, applications: ['orders-*']}\n  - {kind: deny, schedule: 0 11 * * *, duration: 30m, namespaces: [shop], description: stand-up}",
        ),
    );
    assert_eq!((calendars.len(), calendars[1].name.as_str()), (2, "argocd-shop"));
    assert_eq!(calendars[1].default_state, DefaultState::ClosedWhereAllowed);
    assert_eq!(calendars[1].windows[1].name.as_deref(), Some("stand-up"));
    assert!(open(&calendars, "orders-api", "other", "2026-06-10T10:00:00Z"));
    assert!(open(&calendars, "orders-api", "other", "2026-06-10T11:15:00Z"));
    assert!(!open(&calendars, "orders-api", "other", "2026-06-10T12:00:00Z"), "an allow window exists, and is over");
    assert!(!open(&calendars, "orders-api", "shop", "2026-06-10T11:15:00Z"), "a deny window beats it");
    assert!(open(&calendars, "cart", "other", "2026-06-10T12:00:00Z"), "no window is meant for it");
    assert!(!open(&calendars, "cart", "shop", "2026-06-10T11:15:00Z"));
}

#[test]
fn argo_cd_selectors_are_alternatives_unless_and_says_otherwise() {
    let window = |and: &str| {
        project(&format!(
            "  - {{kind: deny, schedule: '* * * * *', duration: 1h, applications: [orders], namespaces: [shop], clusters: ['*']{and}}}"
        ))
    };
    let either = good("argocd-syncwindows", &window("").replace(", clusters: ['*']", ""));
    let both = good("argocd-syncwindows", &window(", andOperator: true"));
    let closed = |calendars: &[Calendar], service: &str, namespace: &str| {
        !open(calendars, service, namespace, "2026-06-10T10:00:00Z")
    };
    assert!(closed(&either, "orders", "x") && closed(&either, "x", "shop") && !closed(&either, "x", "x"));
    assert!(closed(&both, "orders", "shop") && !closed(&both, "orders", "x") && !closed(&both, "x", "shop"));
}

#[test]
fn argo_cd_faults_stand_at_their_line() {
    let rows = [
        ("schedule: 0 10 * * 7, duration: 2h, applications: [a]", "7: calendar::cron: `7` is not a day of week"),
        ("schedule: 0 0 30 2 *, duration: 2h, applications: [a]", "7: calendar::cron: `0 0 30 2 *` never happens"),
        ("schedule: 0 10 * * *, duration: 2a, applications: [a]", "7: calendar::window: `2a` is not a duration"),
        ("schedule: 0 10 * * *, duration: 1d, applications: [a]", "7: calendar::window: `1d` is not a duration of Go"),
        (
            "schedule: 0 10 * * *, duration: 2h, timeZone: Mars, applications: [a]",
            "7: calendar::time-zone: unknown time zone `Mars`",
        ),
        ("schedule: 0 10 * * *, duration: 2h", "7: calendar::scope: a sync window that matches nothing"),
        (
            "schedule: 0 10 * * *, duration: 2h, clusters: [in-cluster]",
            "7: calendar::scope: a change does not say its cluster",
        ),
        (
            "schedule: 0 10 * * *, duration: 2h, application: [a]",
            "7: document::unknown-field: unknown field `application`",
        ),
    ];
    for (window, expected) in rows {
        let found = told("argocd-syncwindows", &project(&format!("  - {{kind: deny, {window}}}")));
        assert!(found.len() == 1 && found[0].starts_with(expected), "{window}: {found:?}");
    }
    assert!(
        told("argocd-syncwindows", "kind: Application\n")[0].starts_with("1: calendar::import: a `Application` has")
    );
}

#[test]
fn gitlab_freezes_from_the_last_start_to_the_next_end() {
    let calendars = good(
        "gitlab-freeze-periods",
        r#"[{"id": 7, "freeze_start": "0 23 * * 5", "freeze_end": "0 7 * * 1", "cron_timezone": "Europe/Berlin", "created_at": "2020-05-15T17:03:35.702Z", "updated_at": "2020-05-15T17:06:41.566Z"},
            {"freeze_start": "0 0 24 12 *", "freeze_end": "0 0 27 12 *"}]"#,
    );
    assert_eq!(calendars.len(), 1, "freezes join the calendar that imports them");
    assert_eq!(
        between(&calendars[0], "2026-06-13T00:00:00Z", "2026-06-14T00:00:00Z"),
        ["gitlab-7 2026-06-12T21:00:00Z/2026-06-15T05:00:00Z"]
    );
    assert_eq!(
        between(&calendars[0], "2026-12-24T00:00:00Z", "2026-12-25T00:00:00Z"),
        ["gitlab-2 2026-12-24T00:00:00Z/2026-12-27T00:00:00Z"]
    );
    let zone =
        told("gitlab-freeze-periods", "[{freeze_start: 0 0 * * 1, freeze_end: 0 0 * * 2, cron_timezone: Berlin}]");
    assert!(zone[0].starts_with("1: calendar::time-zone: unknown time zone `Berlin`"), "{zone:?}");
    let never = told("gitlab-freeze-periods", "[{freeze_start: 0 0 30 2 *, freeze_end: 0 0 * * 2}]");
    assert!(never[0].starts_with("1: calendar::cron: `0 0 30 2 *` never happens"), "{never:?}");
}

const DEPLOY_POLICY: &str = "apiVersion: deploy.cloud.google.com/v1
kind: DeployPolicy
metadata: {name: holidays}
description: Nobody deploys
selectors: [{deliveryPipeline: {id: '*'}}]
rules:
- rolloutRestriction:
    id: no-holidays
    timeWindows:
      timeZone: America/New_York
      oneTimeWindows:
      - {start: 2026-12-22 17:00, end: 2027-01-02 24:00}
      weeklyWindows:
      - {daysOfWeek: [FRIDAY], startTime: '17:00', endTime: '24:00'}
      - {daysOfWeek: [SATURDAY, SUNDAY]}
";

#[test]
fn cloud_deploy_restricts_in_its_windows() {
    let calendars = good("google-cloud-deploy", DEPLOY_POLICY);
    assert_eq!(
        between(&calendars[0], "2026-06-12T00:00:00Z", "2026-06-15T12:00:00Z"),
        [
            "holidays/no-holidays/2 2026-06-12T21:00:00Z/2026-06-13T04:00:00Z",
            "holidays/no-holidays/3 2026-06-13T04:00:00Z/2026-06-15T04:00:00Z",
        ]
    );
    assert_eq!(
        between(&calendars[0], "2026-12-29T00:00:00Z", "2026-12-30T00:00:00Z"),
        ["holidays/no-holidays/1 2026-12-22T22:00:00Z/2027-01-03T05:00:00Z"]
    );
    let api = DEPLOY_POLICY.replace(
        "{start: 2026-12-22 17:00, end: 2027-01-02 24:00}",
        "{startDate: {year: 2026, month: 12, day: 22}, startTime: {hours: 17}, endDate: {year: 2027, month: 1, day: 2}, endTime: {hours: 24}}",
    );
    let api = good("google-cloud-deploy", &api);
    assert_eq!(
        between(&api[0], "2026-12-29T00:00:00Z", "2026-12-30T00:00:00Z"),
        ["holidays/no-holidays/1 2026-12-22T22:00:00Z/2027-01-03T05:00:00Z"]
    );
}

#[test]
fn cloud_deploy_faults_stand_at_their_line() {
    let rows = [
        ("'17:00', endTime: '24:00'", "'17:00'", "14: calendar::window: a weekly window with one end"),
        ("'24:00'}", "'09:00'}", "14: calendar::empty: a window that ends before it starts"),
        ("FRIDAY", "FRI", "14: calendar::window: `FRI` is no day of the week"),
        ("America/New_York", "America/Gotham", "10: calendar::time-zone: unknown time zone `America/Gotham`"),
        ("2027-01-02 24:00", "tomorrow", "12: calendar::window: `tomorrow` is not a time"),
        ("    id: no", "    invokers: [USER]\n    id: no", "8: calendar::import: a rule for some actions or invokers"),
        ("selectors:", "suspended: true\nselectors:", "5: calendar::import: a suspended policy restricts nothing"),
    ];
    for (old, new, expected) in rows {
        let found = told("google-cloud-deploy", &DEPLOY_POLICY.replacen(old, new, 1));
        assert!(found.len() == 1 && found[0].starts_with(expected), "{new}: {found:?}");
    }
}

const HARNESS: &str = "freeze:
  name: Year end
  identifier: year_end
  entityConfigs:
    - name: r1
      entities:
        - {type: Service, filterType: Equals, entityRefs: [orders]}
        - {type: EnvType, filterType: All}
  status: Enabled
  windows:
    - timeZone: Asia/Calcutta
      startTime: 2026-12-23 04:30 PM
      duration: 1d
      recurrence: {type: Yearly, spec: {until: 2030-12-31 11:59 PM}}
  notificationRules: []
";

#[test]
fn harness_freezes_come_again() {
    let calendars = good("harness-freeze", HARNESS);
    assert_eq!(calendars[0].windows[0].scope.services, ["orders"]);
    assert_eq!(
        between(&calendars[0], "2028-12-23T00:00:00Z", "2028-12-24T00:00:00Z"),
        ["year_end 2028-12-23T11:00:00Z/2028-12-24T11:00:00Z"]
    );
    assert!(between(&calendars[0], "2031-12-23T00:00:00Z", "2031-12-24T00:00:00Z").is_empty());
    let once = HARNESS
        .replace("      recurrence: {type: Yearly, spec: {until: 2030-12-31 11:59 PM}}\n", "")
        .replace("duration: 1d", "endTime: 2026-12-24 12:00 AM");
    assert_eq!(
        between(&good("harness-freeze", &once)[0], "2026-12-23T00:00:00Z", "2026-12-25T00:00:00Z"),
        ["year_end 2026-12-23T11:00:00Z/2026-12-23T18:30:00Z"]
    );
}

#[test]
fn harness_faults_and_what_is_left_out_are_told() {
    let rows = [
        ("Enabled", "Disabled", "9: calendar::import: a disabled freeze freezes nothing"),
        ("filterType: All", "filterType: Equals", "8: calendar::import: a filter of `EnvType` is not read"),
        ("04:30 PM", "16:30", "12: calendar::window: `2026-12-23 16:30` is not a time"),
        ("Yearly", "Fortnightly", "14: calendar::window: unknown recurrence `Fortnightly`"),
        ("Calcutta", "Calcuta", "11: calendar::time-zone: unknown time zone `Asia/Calcuta`"),
        ("duration: 1d", "duration: 2y", "13: calendar::window: `2y` is not a duration"),
    ];
    for (old, new, expected) in rows {
        let found = told("harness-freeze", &HARNESS.replacen(old, new, 1));
        assert!(found.len() == 1 && found[0].starts_with(expected), "{new}: {found:?}");
    }
}

#[test]
fn an_import_is_found_beside_its_calendar_or_above_and_nowhere_else() {
    let period = "[{freeze_start: 0 0 * * 1, freeze_end: 0 0 * * 2}]";
    let found = |path: &str, at: &str| read(&format!("{{format: gitlab-freeze-periods, path: {path}}}"), at, period).1;
    assert!(found("freeze.json", "ops/.changegate/freeze.json").is_empty());
    assert!(found("./cal/freeze.json", "ops/.changegate/cal/freeze.json").is_empty());
    assert!(found("freeze.json", "ops/freeze.json").is_empty());
    for (path, at) in
        [("../secret.json", "secret.json"), ("/etc/freeze.json", "freeze.json"), ("freeze.json", "other/freeze.json")]
    {
        let told = found(path, at);
        assert!(told.len() == 1 && told[0].contains("calendar::import: there is no file"), "{path}: {told:?}");
    }
}

#[test]
fn unknown_formats_and_idle_keys_are_refused() {
    let (calendars, told) = read("{format: argocd-syncwindow, path: import.yaml}", "import.yaml", "a: 1");
    assert!(calendars.is_empty() && told[0].contains("unknown format `argocd-syncwindow`"), "{told:?}");
    let (_, told) = read("{format: harness, path: import.yaml, kind: allow}", "import.yaml", "a: 1");
    assert!(told[0].contains("`kind` is for iCalendar files only"), "{told:?}");
}

#[test]
fn an_import_may_be_scoped() {
    let (calendars, told) = read(
        "{format: gitlab-freeze-periods, path: import.yaml, scope: {environments: [prod]}}",
        "import.yaml",
        "[{freeze_start: 0 0 * * 1, freeze_end: 0 0 * * 2}]",
    );
    assert!(told.is_empty() && calendars[0].windows[0].scope.environments == ["prod"]);
}
