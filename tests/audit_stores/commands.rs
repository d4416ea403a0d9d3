//! The commands over the stores: what a pipeline types.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::place::{Kind, Place, git};

/// A folder with something to judge that nothing is wrong with.
fn project(configuration: &str) -> tempfile::TempDir {
    let project = tempfile::tempdir().expect("a directory");
    fs::write(project.path().join("changegate.yaml"), configuration).expect("written");
    let manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: b}\n";
    fs::write(project.path().join("a.yaml"), manifest).expect("written");
    project
}

fn run(project: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_changegate"))
        .args(arguments)
        .current_dir(project)
        .env_remove("PGPASSWORD")
        .output()
        .expect("changegate")
}

fn check(project: &Path, arguments: &[&str]) -> (Option<i32>, Value) {
    let output = run(project, &[&["check", "--format", "json"], arguments].concat());
    let outcome = serde_json::from_slice(&output.stdout).expect("JSON");
    (output.status.code(), outcome)
}

fn audit(project: &Path, destination: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let output = run(project, &[&["audit", "--audit", destination], arguments].concat());
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn a_decision_is_recorded_where_it_is_told_to_be() {
    let Some(place) = Place::postgres() else { return };
    for place in [Place::file(), Place::git(), place] {
        let (project, to) = (project(""), place.destination());
        for n in 0..2 {
            let (code, outcome) = check(project.path(), &["--audit", &to]);
            assert_eq!((code, &outcome["audit"]["index"]), (Some(0), &n.into()), "{outcome:#}");
            assert_eq!(outcome["audit"]["level"], "integrated");
        }
        let (_, log) = audit(project.path(), &to, &["log", "--format", "json"]);
        assert_eq!(log.lines().count(), 2, "{log}");
        let (_, report) = audit(project.path(), &to, &["verify", "--format", "json", "--no-remember"]);
        let report: Value = serde_json::from_str(&report).expect("JSON");
        assert_eq!((&report["records"], &report["first_bad_index"]), (&2.into(), &Value::Null), "{report:#}");
    }
}

/// A laptop without network: the record waits, and comes in once.
#[test]
fn what_was_spooled_is_pushed_once() {
    let place = Place::git();
    let (project, to) = (project(""), place.destination());
    fs::rename(place.bare(), place.directory.path().join("away")).expect("renamed");
    let (code, outcome) = check(project.path(), &["--audit", &to, "--audit-level", "spooled"]);
    assert_eq!(
        (code, &outcome["audit"]["level"], &outcome["audit"]["index"]),
        (Some(0), &"spooled".into(), &Value::Null)
    );
    let (code, said) = audit(project.path(), &to, &["push"]);
    assert_eq!(code, Some(2), "{said}");
    fs::rename(place.directory.path().join("away"), place.bare()).expect("renamed");
    assert!(audit(project.path(), &to, &["push"]).1.starts_with("1 records"));
    assert!(audit(project.path(), &to, &["push"]).1.starts_with("0 records"));
    let (_, log) = audit(project.path(), &to, &["log", "--format", "json"]);
    let kinds: Vec<_> = ["\"kind\":\"decision\"", "\"kind\":\"import\""].map(|kind| log.matches(kind).count()).into();
    assert_eq!((log.lines().count(), kinds), (2, vec![1, 1]), "{log}");
}

#[test]
fn what_was_accepted_is_integrated_by_a_push() {
    let place = Place::git();
    let (project, to) = (project("audit: {level: accepted}"), place.destination());
    let (code, outcome) = check(project.path(), &["--audit", &to]);
    assert_eq!((code, &outcome["audit"]["level"]), (Some(0), &"accepted".into()));
    assert_eq!(git(&place.bare(), &["for-each-ref", "refs/changegate/inbox"]).lines().count(), 1);
    assert_eq!(audit(project.path(), &to, &["push"]).0, Some(0));
    assert_eq!(git(&place.bare(), &["for-each-ref", "--format=%(refname)"]), "refs/heads/changegate-audit");
}

/// No acknowledgement, no "allowed"; only the configuration can say otherwise, and then it is said aloud.
#[test]
fn a_log_that_cannot_be_reached_stops_the_gate_unless_the_spool_may_stand_in() {
    let gone = "git:file:///nowhere/log.git";
    let (code, outcome) = check(project("").path(), &["--audit", gone]);
    assert_eq!((code, &outcome["decision"], &outcome["audit"]), (Some(2), &"undecided".into(), &Value::Null));
    let lenient = project("audit: {on_failure: spool}");
    let (code, outcome) = check(lenient.path(), &["--audit", gone]);
    assert_eq!((code, &outcome["audit"]["level"]), (Some(0), &"spooled".into()), "{outcome:#}");
    let warning = &outcome["diagnostics"][0];
    assert_eq!((&warning["severity"], &warning["code"]), (&"warning".into(), &"audit::unwritable".into()));
    for unknown in ["s3:bucket", "git:nobody", "postgres://a?b=c"] {
        let (code, outcome) = check(lenient.path(), &["--audit", unknown]);
        assert_eq!((code, &outcome["diagnostics"][0]["code"]), (Some(2), &"audit::destination".into()), "{unknown}");
    }
}

/// A log that was tampered with is never made up for by the spool.
#[test]
fn tampering_stops_the_gate_in_any_case() {
    let place = Place::git();
    let (project, to) = (project("audit: {on_failure: spool}"), place.destination());
    assert_eq!(check(project.path(), &["--audit", &to]).0, Some(0));
    let tree = git(&place.bare(), &["mktree"]);
    let empty = git(&place.bare(), &["commit-tree", "-m", "nothing", &tree]);
    git(&place.bare(), &["update-ref", "refs/heads/changegate-audit", &empty]);
    let (code, outcome) = check(project.path(), &["--audit", &to]);
    assert_eq!((code, &outcome["diagnostics"][0]["code"]), (Some(2), &"audit::tampered".into()), "{outcome:#}");
}

#[test]
fn a_log_in_a_database_is_created_by_its_owner() {
    let Some(place) = Place::postgres() else { return };
    let Kind::Postgres { server, .. } = &place.kind else { unreachable!() };
    let (project, database) = (project(""), server.database());
    server.client(&database).batch_execute("create role pipeline login").expect("a role");
    let owner = server.address("owner", &database);
    let (code, said) = audit(project.path(), &owner, &["push"]);
    assert_eq!(code, Some(0), "{said}");
    let (code, outcome) = check(project.path(), &["--audit", &server.address("pipeline", &database)]);
    assert_eq!(code, Some(2));
    assert!(outcome["diagnostics"][0]["help"].as_str().is_some_and(|help| help.contains("audit init")), "{outcome:#}");
    let (code, said) = audit(project.path(), &owner, &["init", "--writer", "pipeline"]);
    assert!(code == Some(0) && said.contains("was created; pipeline may append"), "{said}");
    assert!(audit(project.path(), &owner, &["init"]).1.contains("nothing to create"));
    assert_eq!(check(project.path(), &["--audit", &server.address("pipeline", &database)]).0, Some(0));
}
