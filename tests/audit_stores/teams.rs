//! The report about teams is the same bytes wherever the trail is kept.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::place::Place;
use crate::tally::{odd_records, record, records};

const FILES: [&str; 4] = ["teams.html", "teams.md", "teams.json", "teams.csv"];

fn document(folder: &Path, kind: &str, entries: &serde_json::Value) {
    let metadata = json!({"name": "given", "asOf": "2030-02-01T00:00:00Z"});
    let document =
        json!({"apiVersion": "changegate/v1", "kind": kind, "metadata": metadata, "spec": {"entries": entries}});
    fs::write(folder.join(format!("{kind}.json")), document.to_string()).expect("written");
}

/// Services with owners; deployments that name a change, a commit that was judged, and one that nobody judged; incidents.
fn project() -> tempfile::TempDir {
    let project = tempfile::tempdir().expect("a directory");
    let context = project.path().join(".changegate");
    fs::create_dir(&context).expect("created");
    let service =
        |name: &str| json!({"name": name, "tier": 2, "rto": "PT1H", "owner": format!("group:default/{name}s")});
    document(&context, "ServiceCatalog", &json!([service("orders"), service("cart"), service("pay")]));
    let deployed = |n: u32, more: serde_json::Value| {
        let mut entry = json!({"id": format!("dep-{n}"), "service": "orders", "environment": "prod",
            "result": "success", "finishedAt": format!("2030-01-{:02}T11:00:00Z", n + 1)});
        for (key, value) in more.as_object().into_iter().flatten() {
            entry[key] = value.clone();
        }
        entry
    };
    let deployments = [
        deployed(1, json!({"change": "CHG-1"})),
        deployed(2, json!({"commit": "c5"})),
        deployed(3, json!({"change": "CHG-77", "commit": "c20"})),
        deployed(4, json!({"change": "CHG-404"})),
    ];
    document(&context, "DeployHistory", &json!(deployments));
    let incident = |n: u32, cause: &str| {
        json!({"id": format!("INC-{n}"), "title": "t", "severity": "SEV3", "status": "resolved", "services": ["orders"],
            "startedAt": "2030-01-20T10:00:00Z", "resolvedAt": "2030-01-20T12:00:00Z", "causedByChange": cause})
    };
    document(&context, "IncidentLog", &json!([incident(1, "CHG-1"), incident(2, "c5"), incident(3, "none")]));
    project
}

fn report(project: &Path, to: &str) -> Vec<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_changegate"))
        .args(["report", "teams", "--now", "2030-02-01T00:00:00Z", "--out", "out", "--audit", to])
        .current_dir(project)
        .env_remove("PGPASSWORD")
        .output()
        .expect("changegate");
    assert!(output.status.success(), "{to}: {}", String::from_utf8_lossy(&output.stderr));
    FILES.map(|name| fs::read_to_string(project.join("out").join(name)).expect("written")).into()
}

#[test]
fn every_store_gives_the_same_report() {
    let Some(database) = Place::postgres() else { return };
    let project = project();
    // A check that had no request: what it judged is known by its commit alone.
    let unnamed = json!({"what": {"change": null, "change_digest": null,
        "resources": [{"service": "orders", "environment": "prod"}]}});
    let mut all = records();
    all.extend([record(20, &unnamed, Vec::new()), record(21, &unnamed, Vec::new())]);
    all.extend(odd_records().into_iter().step_by(5));
    let told: Vec<Vec<String>> = [Place::file(), Place::git(), database]
        .into_iter()
        .map(|place| {
            let store = place.open();
            for record in &all {
                store.append(record).expect("appended");
            }
            // Where the trail is, is told beside the count of what cannot be read, and nowhere else.
            let name = store.name();
            let is_same = |line: &&str| !line.contains("cannot be read: not counted");
            let pages = report(project.path(), &place.destination()).into_iter();
            pages.map(|page| page.replace(&name, "").lines().filter(is_same).collect::<Vec<_>>().join("\n")).collect()
        })
        .collect();
    for (n, file) in FILES.iter().enumerate() {
        for other in &told[1..] {
            let differs = told[0][n].lines().zip(other[n].lines()).find(|(one, other)| one != other);
            assert!(told[0][n] == other[n], "{file}: {differs:?}");
        }
    }
    let figures: serde_json::Value = serde_json::from_str(&told[0][2]).expect("JSON");
    let unjudged = &figures["quality"]["deployment-without-decision"];
    assert_eq!(unjudged["examples"], json!(["CHG-404 to orders"]), "{:#}", figures["quality"]);
    assert!(figures["quality"]["unreadable"]["count"].as_u64() > Some(5));
}
