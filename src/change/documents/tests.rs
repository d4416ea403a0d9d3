use std::collections::BTreeMap;

use super::*;
use crate::change::fixture;
use crate::source::Sources;

fn read(text: &str) -> (Sources, Documents, Vec<String>) {
    let (sources, documents) = fixture::yaml(text);
    let (read, told) = Documents::read([ContextFile::new("test.yaml", &documents)]);
    let told = fixture::told(&sources, &told);
    (sources, read, told)
}

fn document(kind: &str, spec: &str) -> String {
    format!(
        "apiVersion: changegate/v1\nkind: {kind}\nmetadata: {{name: x, asOf: '2026-06-09T08:58:00Z', source: s}}\nspec: {spec}\n---\n"
    )
}

const WORLD: &str = concat!(
    include_str!("../../../tests/data/change/calendar.yaml"),
    "---\n",
    include_str!("../../../tests/data/change/catalog-info.yaml"),
    "---\n",
    include_str!("../../../tests/data/change/context.yaml"),
);

#[test]
fn a_whole_world() {
    let (sources, read, told) = read(WORLD);
    assert_eq!(told, Vec::<String>::new());
    assert_eq!((read.calendars.len(), read.catalog.services().len(), read.waivers.len()), (1, 2, 1));
    assert!(read.matrix.is_some());
    assert_eq!(read.identities.canonical("frank-oss"), "frank@acme.example");
    assert_eq!(read.given(Kind::IncidentLog)[0].entries.len(), 1);
    assert_eq!(read.all().count(), 8);
    assert_eq!(read.waivers[0].value.policy.as_deref(), Some("HA-009"));

    let ages =
        MaxAges::read(&BTreeMap::from([("IncidentLog".into(), "PT2M".into()), ("DrillLog".into(), "1d".into())]))
            .unwrap();
    let now = "2026-06-09T09:00:00Z".parse().unwrap();
    let facts = context(&read, &ages, now, &sources);
    let incidents = &facts["incidents"];
    assert!(incidents.given && !incidents.stale, "as old as allowed is not older");
    assert_eq!((incidents.as_of.as_deref(), incidents.age_ns), (Some("2026-06-09T08:58:00Z"), Some(120_000_000_000)));
    assert_eq!(incidents.entries[0]["severity"], "SEV2");
    let later = "2026-06-09T09:00:00.000000001Z".parse().unwrap();
    assert!(context(&read, &ages, later, &sources)["incidents"].stale);
    assert!(facts["services"].given);
    assert_eq!(facts["services"].entries[0]["ref"], "component:default/orders-api");
    assert_eq!(facts["services"].entries[0]["tier"], 1);
    assert_eq!(facts["identities"].entries[0]["team"], "group:default/orders");
    assert!(!facts["drills"].given && !facts["drills"].stale, "what is not there is not stale");
    assert_eq!(facts["slo"].entries[0]["burnRate"]["1h"], 0.2);
    assert_eq!(facts["change_templates"].entries[0]["id"], "tpl-1", "one entry may be the spec itself");
    assert_eq!(facts.len(), 17);
}

#[test]
fn what_cannot_be_read_is_told_at_its_place() {
    let rows = [
        (document("IncidentLogs", "{entries: []}"), "2: document::kind: unknown kind `IncidentLogs` of changegate/v1"),
        (
            "apiVersion: changegate/v1\nmetadata: {}\n".into(),
            "1: document::kind: a document of changegate/v1 without `kind`",
        ),
        (
            "apiVersion: changegate/v2\nkind: FreezeCalendar\n".into(),
            "1: document::api-version: `apiVersion` is `changegate/v2`",
        ),
        ("apiVersion: v1\nkind: FreezeCalendar\n".into(), "1: document::api-version: `apiVersion` is `v1`"),
        ("kind: FreezeCalendar\n".into(), "1: document::api-version: a document of ours without `apiVersion`"),
        ("- a\n".into(), "1: document::type: expected a document, found a list"),
        (document("IncidentLog", "{}"), "4: document::missing-field: missing field `entries` in `spec`"),
        (document("IncidentLog", "{entires: []}"), "4: document::unknown-field: unknown field `entires` in `spec`"),
        (document("PIR", "{entires: []}"), "4: document::unknown-field: unknown field `entires` in `spec`"),
        (
            document("IncidentLog", "{entries: [a]}"),
            "4: document::type: `spec.entries[0]`: expected a mapping, found a string",
        ),
        (
            document("Identities", "{entries: [{persona: a}]}"),
            "4: document::unknown-field: unknown field `persona` in `spec.entries[0]`",
        ),
        (
            document("Waivers", "{entries: [{expiresAt: soon}]}"),
            "4: document::value: `spec.entries[0].expiresAt`: `soon` is not an instant",
        ),
        (
            document("ServiceCatalog", "{entries: [{name: a, tier: 9}]}"),
            "4: catalogue::value: `tier`: `9` is not a tier from 0 to 3",
        ),
        (
            document("FreezeCalendar", "{windows: [{id: a}]}"),
            "4: document::missing-field: missing field `kind` in `spec.windows[0]`",
        ),
        (
            "apiVersion: changegate/v1\nkind: DrillLog\nmetadata: {asof: x}\nspec: {entries: []}\n".into(),
            "3: document::unknown-field: unknown field `asof` in `metadata`",
        ),
        (
            "apiVersion: changegate/v1\nkind: FreezeCalendar\nmetadata: {}\n".into(),
            "1: document::missing-field: missing field `spec` at the top level",
        ),
        (
            "apiVersion: v1\nkind: ConfigMap\n".into(),
            "1: context::foreign: a document that says nothing about the state of the world",
        ),
    ];
    for (text, expected) in rows {
        let (_, _, told) = read(&text);
        assert!(told.len() == 1 && told[0].starts_with(expected), "{text}: {told:?}");
    }
}

#[test]
fn a_request_among_the_documents_is_kept_for_whoever_names_it() {
    let text = "apiVersion: changegate/v1\nkind: ChangeRequest\nmetadata: {id: CHG-7}\nspec: {}\n";
    let (_, read, told) = read(text);
    assert!(told.is_empty() && read.given(Kind::ChangeRequest).is_empty());
    assert_eq!(read.request("CHG-7").map(|(path, _)| &**path), Some("test.yaml"));
    assert!(read.request("CHG-8").is_none());
}

#[test]
fn two_matrices_contradict_each_other() {
    let (_, _, told) = read(&(document("ApprovalMatrix", "{}") + &document("ApprovalMatrix", "{}")));
    assert_eq!(told, ["6: context::duplicate: a second ApprovalMatrix"]);
}

#[test]
fn an_icalendar_file_is_a_calendar_and_one_that_cannot_be_read_stops_the_gate() {
    let text = "BEGIN:VCALENDAR\nEND:VCALENDAR\n";
    let (read, told) = Documents::read([ContextFile::ics(".changegate/Company.ICS", SourceId(0), text)]);
    assert!(told.is_empty() && read.missing(&["FreezeCalendar".to_owned()]).is_empty());
    assert_eq!(read.calendars[0].name, "Company");
    let (read, told) = Documents::read([ContextFile::ics("company.ics", SourceId(0), "BEGIN:VCALENDAR\n")]);
    assert!(read.calendars.is_empty());
    assert_eq!((told.len(), told[0].code), (1, "calendar::ics"));
}

#[test]
fn every_calendar_has_a_name_of_its_own() {
    let unnamed = "apiVersion: changegate/v1\nkind: FreezeCalendar\nspec: {}\n---\n";
    let (_, read, _) =
        read(&(document("FreezeCalendar", "{}") + &document("FreezeCalendar", "{}") + unnamed + unnamed));
    let names: Vec<&str> = read.calendars.iter().map(|calendar| calendar.name.as_str()).collect();
    assert_eq!(names, ["x", "x-2", "calendar", "calendar-2"], "slots of one must not open another");
}

#[test]
fn an_import_is_read_by_its_calendar_and_by_nobody_else() {
    let importing = "{timezone: UTC, imports: [{format: gitlab-freeze-periods, path: cal/freeze.json}, {format: ical, path: cal/a.ics}]}";
    let (_, calendar) = fixture::yaml(&document("FreezeCalendar", importing).replace("---\n", ""));
    let (_, periods) = fixture::yaml("[{freeze_start: 0 0 * * 1, freeze_end: 0 0 * * 2}]");
    let events = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:e\nDTSTART;VALUE=DATE:20260101\nEND:VEVENT\nEND:VCALENDAR\n";
    let (read, told) = Documents::read([
        ContextFile::ics("context/cal/a.ics", SourceId(0), events),
        ContextFile::new("context/cal/freeze.json", &periods),
        ContextFile::new("context/freeze.yaml", &calendar),
    ]);
    assert!(told.is_empty(), "{told:?}");
    let ids: Vec<&str> = read.calendars[0].windows.iter().map(|window| window.id.as_str()).collect();
    assert_eq!((read.calendars.len(), ids), (1, vec!["gitlab-1", "e"]));
}

#[test]
fn required_kinds_must_be_given() {
    let (_, read, _) = read(WORLD);
    let missing = |names: &[&str]| -> Vec<String> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        read.missing(&names).into_iter().map(|d| d.message).collect()
    };
    assert!(missing(&["FreezeCalendar", "ServiceCatalog", "IncidentLog"]).is_empty());
    assert_eq!(missing(&["DrillLog"]), ["no DrillLog was given, and the configuration requires one"]);
    assert_eq!(missing(&["Calendar"]), ["`context.required` names `Calendar`, which is no kind of document"]);
}

#[test]
fn ages_that_mean_nothing_are_refused() {
    let told =
        MaxAges::read(&BTreeMap::from([("Incidents".into(), "PT2M".into()), ("DrillLog".into(), "soon".into())]))
            .unwrap_err();
    assert_eq!(told.len(), 2);
    assert!(told.iter().all(|d| d.code == "context::max-age"));
}

#[test]
fn an_unknown_age_is_stale_where_an_age_is_asked_for() {
    let (sources, read, _) = read("apiVersion: changegate/v1\nkind: DrillLog\nmetadata: {}\nspec: {entries: []}\n");
    let ages = MaxAges::read(&BTreeMap::from([("DrillLog".into(), "1d".into())])).unwrap();
    let now = "2026-06-09T09:00:00Z".parse().unwrap();
    assert!(context(&read, &ages, now, &sources)["drills"].stale);
    assert!(!context(&read, &MaxAges::default(), now, &sources)["drills"].stale);
}
