use std::collections::BTreeMap;

use super::*;
use crate::change::calendar::Neighbours;
use crate::change::documents::ContextFile;
use crate::change::fixture;

fn compared(format: &str, import: &str, at: &str) -> Vec<String> {
    let (_, imported) = fixture::yaml(import);
    let (_, calendar) = fixture::yaml(&format!(
        "apiVersion: changegate/v1\nkind: FreezeCalendar\nmetadata: {{name: x}}\nspec: {{imports: [{{format: {format}, path: import.yaml}}]}}\n"
    ));
    let files = BTreeMap::from([("import.yaml", ContextFile::new("import.yaml", &imported))]);
    let (calendars, told) = Calendar::read(&calendar[0], &Neighbours { from: "freeze.yaml", files: &files });
    assert_eq!(fixture::told(&crate::source::Sources::default(), &told), Vec::<String>::new());
    compare(&calendars, at.parse().expect("an instant"))
        .into_iter()
        .map(|d| format!("{:?} {}", d.level, d.message))
        .collect()
}

fn argo(windows: &str, at: &str) -> Vec<String> {
    let project = format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: AppProject\nmetadata: {{name: shop}}\nspec:\n  syncWindows:\n{windows}\n"
    );
    compared("argocd-syncwindows", &project, at).into_iter().filter(|told| told.starts_with("Warning")).collect()
}

#[test]
fn a_plain_window_differs_by_its_edges_alone() {
    let plain = "  - {kind: deny, schedule: 0 22 * * *, duration: 1h, applications: ['*']}";
    assert!(argo(plain, "2026-01-01T00:00:00Z").is_empty());
    let all = compared(
        "argocd-syncwindows",
        &format!("kind: AppProject\nspec:\n  syncWindows:\n{plain}\n"),
        "2026-01-01T00:00:00Z",
    );
    assert!(all.len() == 1 && all[0].contains("open at both ends"), "{all:?}");
}

#[test]
fn a_window_in_a_gap_shrinks_in_argo_cd_and_one_in_a_fold_comes_twice() {
    let night = "  - {kind: deny, schedule: 30 1 * * *, duration: 1h, timeZone: Europe/London, applications: ['*']}";
    let told = argo(night, "2026-01-01T00:00:00Z");
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("clocks change at 2026-03-29T01:00:00Z"));
    assert!(told[0].contains("the window is active here and not active in Argo CD"));
    assert!(told[1].contains("clocks change at 2026-10-25T01:00:00Z"));
}

#[test]
fn persons_and_syncs_that_have_begun_pass_in_argo_cd() {
    let told = argo(
        "  - {kind: deny, schedule: 0 22 * * *, duration: 1h, applications: ['*'], manualSync: true, syncOverrun: true}",
        "2026-01-01T00:00:00Z",
    );
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("`manualSync`: from 2026-01-01T22:00:00Z on a person may still sync"));
    assert!(told[1].contains("`syncOverrun`: a sync that began before 2026-01-01T22:00:00Z goes on"));
    let held = argo(
        "  - {kind: deny, schedule: 0 22 * * *, duration: 1h, applications: ['*'], manualSync: true}\n  - {kind: deny, schedule: 0 21 * * *, duration: 3h, applications: ['*']}",
        "2026-01-01T00:00:00Z",
    );
    assert!(held.is_empty(), "another freeze holds: {held:?}");
}

#[test]
fn gitlab_differs_by_its_end_and_by_what_it_does() {
    let told = compared(
        "gitlab-freeze-periods",
        "[{id: 1, freeze_start: 0 23 * * 5, freeze_end: 0 7 * * 1, cron_timezone: Europe/Berlin}]",
        "2026-01-01T00:00:00Z",
    );
    assert_eq!(told.len(), 2);
    assert!(told[0].contains("instant of its end") && told[1].contains("CI_DEPLOY_FREEZE"));
}
