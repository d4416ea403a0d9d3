use std::process::Command;

use super::*;
use crate::audit::tally::Production;
use crate::change::documents::{ContextFile, Documents};
use crate::config::{Config, ServicePaths};
use crate::git::Repository;
use crate::metrics::record::{Cause, DeploymentResult};
use crate::parse::yaml;
use crate::source::SourceId;
use jiff::Timestamp;

fn production() -> Production {
    Production(["prod".to_owned(), "production".to_owned()].into())
}

fn from_yaml(text: &str) -> Records {
    let parsed = yaml::parse(SourceId(0), text, &yaml::Limits::default());
    let (read, told) = Documents::read([ContextFile::new("log.yaml", &parsed.documents)]);
    assert!(told.is_empty(), "{told:?}");
    let mut records = Records::default();
    documents(&read, &production(), &mut records);
    records
}

#[test]
fn documents_are_read_entry_by_entry() {
    let records = from_yaml(
        r#"
apiVersion: changegate/v1
kind: DeployHistory
metadata: {name: d}
spec:
  entries:
    - {id: 1, change: CHG-1, service: "component:default/orders", environment: Production, finishedAt: "2030-01-02T10:00:00+01:00", commitAt: "2030-01-01T09:00:00Z", result: success}
    - {id: 2, change: CHG-1, service: orders, environment: staging, finishedAt: "2030-01-02T10:00:00Z", result: success}
    - {id: 3, change: CHG-2, service: orders, finishedAt: "2030-01-02T10:00:00Z", result: success}
    - {id: 4, change: CHG-2, environment: prod, finishedAt: "2030-01-02T10:00:00Z", result: success}
    - {id: 5, change: CHG-2, service: orders, environment: prod, finishedAt: "2030-01-02T10:00:00Z", result: splendid}
    - {id: 6, change: CHG-2, service: orders, environment: prod, finishedAt: yesterday, result: success}
---
apiVersion: changegate/v1
kind: IncidentLog
metadata: {name: i}
spec:
  entries:
    - {id: INC-1, services: ["component:default/orders"], startedAt: "2030-01-02T10:00:00Z", mitigatedAt: "2030-01-02T11:00:00Z", resolvedAt: "2030-01-02T12:00:00Z", causedByChange: CHG-1, causeTags: [cache]}
    - {id: INC-2, services: [orders], startedAt: "2030-01-02T10:00:00Z", status: resolved}
    - {id: INC-3, services: [orders], detectedAt: "2030-01-02T10:00:00Z", causedByChange: none}
---
apiVersion: changegate/v1
kind: PIR
metadata: {name: p}
spec:
  change: CHG-1
  outcome: rolled-back
  actionItems: [{id: A, owner: "group:default/shop", dueDate: 2030-02-01, status: open}]
"#,
    );
    let one = &records.deployments[0];
    assert_eq!((records.deployments.len(), &*one.service, one.id.as_deref()), (1, "orders", Some("1")));
    assert_eq!(one.finished, "2030-01-02T09:00:00Z".parse().unwrap());
    assert_eq!(records.incidents[0].cause, Cause::Change("CHG-1".into()));
    assert_eq!(records.incidents[0].recovered, Some("2030-01-02T11:00:00Z".parse().unwrap()), "users were well again");
    assert_eq!((records.incidents.len(), &records.incidents[1].cause), (2, &Cause::None));
    assert_eq!(records.actions[0].owner.as_deref(), Some("shop"));
    assert_eq!(records.reviews[0].outcome.as_deref(), Some("rolled-back"));
    for (problem, count) in [
        (Problem::DeploymentWithoutEnvironment, 1),
        (Problem::DeploymentWithoutService, 1),
        (Problem::UnknownResult, 1),
        (Problem::Unreadable, 2),
    ] {
        assert_eq!(records.quality.count(problem), count, "{problem:?}");
    }
}

#[test]
fn deployments_of_github() {
    let text = r#"[
      {"id": 1, "sha": "abc", "environment": "production", "payload": {"service": "orders", "change": "CHG-1"},
       "created_at": "2030-01-01T10:00:00Z", "creator": {"login": "octocat"},
       "statuses": [{"state": "inactive", "created_at": "2030-01-03T10:00:00Z"},
                    {"state": "success", "created_at": "2030-01-01T10:05:00Z"},
                    {"state": "in_progress", "created_at": "2030-01-01T10:01:00Z"}]},
      {"id": 2, "sha": "abd", "environment": "production", "payload": "{\"service\":\"cart\"}",
       "statuses": [{"state": "failure", "created_at": "2030-01-01T10:05:00Z"}]},
      {"id": 3, "sha": "abe", "environment": "staging", "payload": "", "statuses": []},
      {"id": 4, "sha": "abf", "environment": "production", "payload": "", "statuses": []},
      {"id": 5, "sha": "abf", "environment": "production", "payload": "", "statuses": [{"state": "queued"}]}
    ]"#;
    let mut records = Records::default();
    github("deployments.json", text, Some("web"), &production(), &mut records).unwrap();
    let told: Vec<_> = records.deployments.iter().map(|d| (&*d.service, d.change.as_deref(), d.result)).collect();
    assert_eq!(told, [("orders", Some("CHG-1"), DeploymentResult::Success), ("cart", None, DeploymentResult::Failed)]);
    assert_eq!(records.deployments[0].finished, "2030-01-01T10:05:00Z".parse().unwrap());
    assert_eq!(records.quality.count(Problem::UnknownResult), 1, "no status says how it ended");
    assert!(github("x.json", "{}", None, &production(), &mut records).is_err());
}

/// Runs git at an instant of 2030-01-01.
fn run(directory: &std::path::Path, hour: usize, arguments: &[&str]) {
    let date = format!("2030-01-01T{hour:02}:00:00Z");
    let done = Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main"])
        .args(arguments)
        .current_dir(directory)
        .envs([("GIT_AUTHOR_DATE", date.as_str()), ("GIT_COMMITTER_DATE", date.as_str())])
        .envs([("GIT_CONFIG_NOSYSTEM", "1"), ("GIT_CONFIG_GLOBAL", "/dev/null")])
        .output()
        .unwrap();
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn what_lands_on_the_branch_of_an_environment() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let commit = |hour, file: &str, message: &str| {
        std::fs::create_dir_all(path.join("orders")).unwrap();
        std::fs::write(path.join(file), format!("{hour}")).unwrap();
        run(path, hour, &["add", "."]);
        run(path, hour, &["commit", "-q", "-m", message]);
    };
    run(path, 0, &["init", "-q"]);
    commit(0, "README", "Begin");
    run(path, 1, &["checkout", "-q", "-b", "feature"]);
    commit(1, "orders/a", "One");
    commit(2, "orders/b", "Two");
    run(path, 3, &["checkout", "-q", "main"]);
    run(path, 3, &["merge", "-q", "--no-ff", "-m", "Merge feature\n\nChange-Request: CHG-1", "feature"]);
    commit(4, "orders/c", "Squashed (#2)\n\nChange-Request: CHG-2\n");
    commit(5, "README", "Words");
    run(path, 6, &["revert", "--no-edit", "HEAD~1"]);
    // As a forge does it: the revert on a branch of its own, which is merged.
    let merge = Repository::discover(path).unwrap().unwrap().resolve("HEAD~3").unwrap().to_string();
    run(path, 7, &["checkout", "-q", "-b", "revert"]);
    run(path, 7, &["revert", "--no-edit", "-m", "1", &merge]);
    run(path, 8, &["checkout", "-q", "main"]);
    run(path, 8, &["merge", "-q", "--no-ff", "-m", "Merge pull request #3", "revert"]);
    // More than a revert.
    run(path, 9, &["checkout", "-q", "-b", "more"]);
    run(path, 9, &["revert", "--no-edit", "HEAD~1"]);
    commit(9, "orders/d", "And more");
    run(path, 10, &["checkout", "-q", "main"]);
    run(path, 10, &["merge", "-q", "--no-ff", "-m", "Merge pull request #4", "more"]);

    let repository = Repository::discover(path).unwrap().unwrap();
    let mut config = Config::default();
    config.services.insert("orders".into(), ServicePaths { paths: vec!["orders/**".into()] });
    let mut records = Records::default();
    git(&repository, &Branch { name: "main".into(), since: None }, &config, &mut records).unwrap();
    let hour = |at: Timestamp| at.as_second() / 3600 % 24;
    let told: Vec<_> = records
        .deployments
        .iter()
        .map(|d| (d.change.as_deref(), d.committed.map(hour), d.rollback_of.is_some()))
        .collect();
    let landed = [(Some("CHG-1"), Some(1), false), (Some("CHG-2"), None, false), (None, None, true)];
    assert_eq!(told[..3], landed);
    assert_eq!(told[3..], [(None, Some(7), true), (None, Some(9), false)]);
    assert_eq!(records.deployments[3].rollback_of.as_deref(), Some(merge.as_str()));
    let head = repository.resolve("feature").unwrap().to_string();
    assert_eq!(records.deployments[0].commit.as_deref(), Some(head.as_str()), "what was judged");
    assert!(records.deployments.iter().all(|d| d.provenance.trust == Trust::Verified));
}
