//! Each policy on its fixtures: `fixtures/policies/ID/fail.*` must be denied by it, `pass.*` must not.

use std::path::{Path, PathBuf};

use changegate::policy::engine::Input;
use changegate::policy::library;
use changegate::source::Sources;

use crate::shop::{NOW, Shop, fixtures};

fn folders() -> Vec<(String, PathBuf)> {
    let mut folders: Vec<_> = std::fs::read_dir(fixtures().join("policies"))
        .unwrap()
        .map(|e| e.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), path))
        .collect();
    folders.sort();
    folders
}

#[test]
fn every_policy_has_fixtures() {
    let mut sources = Sources::default();
    let modules = library::embedded(&mut sources, false);
    let library = library::load(&sources, &modules);
    let ids: Vec<&str> = library.policies.iter().map(|p| p.id()).collect();
    let folders = folders();
    let have: Vec<&str> = folders.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(ids, have);
}

/// Complete policy inputs, evaluated without the rest of the gate.
#[test]
fn inputs_are_denied_or_not() {
    let mut sources = Sources::default();
    let modules = library::embedded(&mut sources, false);
    let library = library::load(&sources, &modules);
    let mut engine = library.engine().unwrap();
    let mut judged = 0;
    for (id, folder) in folders() {
        let policy = library.policies.iter().find(|p| p.id() == id).unwrap();
        for (name, denied) in [("fail", true), ("pass", false)] {
            let Ok(text) = std::fs::read_to_string(folder.join(format!("{name}.input.json"))) else { continue };
            let json: serde_json::Value = serde_json::from_str(&text).unwrap();
            engine.set_input(Input::of(&json).unwrap());
            let found = engine.set(&policy.deny).unwrap();
            assert_eq!(!found.is_empty(), denied, "{id} {name}: {found:?}");
            judged += 1;
        }
    }
    assert!(judged >= 26, "{judged}");
}

/// Whether the policy has an open failure when the fixture is what the change adds to acme: a configuration in
/// production, a plan, or manifests (of the service that their annotation names) in production.
fn denies(id: &str, fixture: &Path, before: Option<&Path>) -> bool {
    let shop = Shop::acme();
    let out = tempfile::tempdir().unwrap();
    let manifest = fixture.extension().is_some_and(|e| e == "yaml");
    let place = if manifest { "k8s/prod/fixture.yaml" } else { "terraform/prod/fixture.tf" };
    let mut plan = None;
    if fixture.extension().is_some_and(|e| e == "json") {
        let path = out.path().join("plan.json");
        std::fs::copy(fixture, &path).unwrap();
        plan = Some(path.to_string_lossy().into_owned());
    } else {
        if let Some(before) = before {
            shop.git(&["checkout", "-q", "main"]);
            shop.write(place, std::fs::read(before).unwrap());
            shop.commit("Before", "Olga Ops <olga@acme.example>");
            shop.git(&["checkout", "-q", "-B", "change"]);
        }
        shop.write(place, std::fs::read(fixture).unwrap());
    }
    shop.commit("Add it", "Alice Arnold <alice@acme.example>");
    let mut args = vec!["check", "--base", "main", "--head", "change", "--now", NOW, "--no-audit", "--format", "json"];
    args.extend(["--only", id]);
    args.extend(plan.iter().flat_map(|path| ["--plan", path.as_str()]));
    let json = shop.changegate_lazy_and_eager(&args).json();
    assert_ne!(json["decision"], "undecided", "{id} {}: {:#}", fixture.display(), json["diagnostics"]);
    let mut findings = json["findings"].as_array().unwrap().iter();
    findings.any(|f| f["policy"] == id && f["result"] == "fail" && f["status"] == "open")
}

/// Whether its cases are whole changes: folders whose names begin with `fail`.
fn judges_changes(folder: &Path) -> bool {
    let cases = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    cases.into_iter().any(|case| case.file_name().to_string_lossy().starts_with("fail") && case.path().is_dir())
}

/// Configurations, manifests and plans that a user would recognise, through the whole gate. A policy with
/// `fail.input.json` is told its facts instead: see above; one with `fail/` judges whole changes: see `cases.rs`.
#[test]
fn configurations_are_denied_or_not() {
    let mut judged = 0;
    for (id, folder) in
        folders().into_iter().filter(|(_, folder)| !folder.join("fail.input.json").exists() && !judges_changes(folder))
    {
        let file = |name: &str| {
            ["tf", "yaml", "plan.json"].map(|e| folder.join(format!("{name}.{e}"))).into_iter().find(|p| p.exists())
        };
        let (fail, pass) = (file("fail").unwrap(), file("pass").unwrap());
        // Some policies judge what is there, others what a change makes of it.
        let denied = denies(&id, &fail, None) || denies(&id, &fail, Some(&pass));
        assert!(denied, "{id} does not deny {}", fail.display());
        assert!(!denies(&id, &pass, None), "{id} denies {}", pass.display());
        judged += 1;
    }
    assert!(judged >= 10, "{judged}");
}
