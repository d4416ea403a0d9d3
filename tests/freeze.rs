//! `changegate freeze` through the binary, over one shop's calendars: its own, an iCalendar file, Argo CD and GitLab.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test binary")]

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// What a run printed, and how it ended.
struct Ran {
    stdout: String,
    stderr: String,
    code: i32,
}

impl Ran {
    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {}{}", self.stdout, self.stderr))
    }
}

/// A folder whose `.changegate` holds the shop's calendars.
fn shop() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/calendar/context");
    let context = root.path().join(".changegate");
    std::fs::create_dir_all(context.join("cal")).unwrap();
    for file in ["freeze.yaml", "cal/company.ics", "cal/project.yaml", "cal/freeze_periods.json"] {
        std::fs::copy(data.join(file), context.join(file)).unwrap();
    }
    root
}

fn freeze(root: &Path, args: &str) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_changegate"))
        .arg("freeze")
        .args(args.split_whitespace())
        .current_dir(root)
        .env_clear()
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    Ran {
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
        code: output.status.code().unwrap(),
    }
}

fn ids(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|entry| entry["id"].as_str().unwrap()).collect()
}

#[test]
fn status_says_by_what_and_until_when() {
    let shop = shop();
    let ran = freeze(shop.path(), "status --environment prod --service cart --at 2026-06-12T16:00:00Z");
    insta::assert_snapshot!(ran.stdout, @r"
    frozen until 2026-06-15T06:00:00Z (in 2 d 14 h)
      freeze `Weekend` (2026-06-12T16:00:00Z to 2026-06-15T06:00:00Z): Nobody is on call who can roll back
        .changegate/freeze.yaml:8:7 · owner group:default/platform
    next transition: 2026-06-15T06:00:00Z (in 2 d 14 h)
    ");
    assert_eq!(ran.code, 1);
    let before = freeze(shop.path(), "status --environment prod --service cart --at 2026-06-12T15:59:59Z");
    assert_eq!((before.code, before.stdout.starts_with("open until 2026-06-12T16:00:00Z")), (0, true));
    let staging = freeze(shop.path(), "status --environment staging --service cart --at 2026-06-12T16:00:00Z");
    assert_eq!(staging.code, 0, "{}", staging.stdout);
}

#[test]
fn status_for_programs_names_every_place() {
    let shop = shop();
    let ran = freeze(shop.path(), "status --environment prod --service cart --at 2026-11-28T12:00:00Z --format json");
    let status = ran.json();
    assert_eq!(
        (ran.code, status["state"].as_str(), status["until"].as_str()),
        (1, Some("frozen"), Some("2026-11-30T23:00:00Z"))
    );
    assert_eq!(ids(&status["freezes"]), ["weekend", "black-friday-2026"]);
    assert_eq!(status["freezes"][1]["name"], "Black Friday, Cyber Monday");
    assert_eq!(status["freezes"][1]["source"], ".changegate/cal/company.ics:5:1");
    assert_eq!(status["next_transition"], "2026-11-30T07:00:00Z");
}

#[test]
fn an_argo_cd_project_closes_only_its_own_applications() {
    let shop = shop();
    let status = |args: &str| freeze(shop.path(), &format!("status --environment staging {args} --format json"));
    let night = status("--service orders-api --at 2026-06-11T20:00:00Z");
    assert_eq!(
        (night.code, night.json()["closed"][0]["calendar"].as_str().map(str::to_owned)),
        (1, Some("argocd-shop".into()))
    );
    let day = status("--service orders-api --at 2026-06-11T10:00:00Z");
    assert_eq!((day.code, ids(&day.json()["slots"])), (0, vec!["shop-0"]));
    assert_eq!(status("--service cart --at 2026-06-11T20:00:00Z").code, 0);
}

#[test]
fn next_leaves_room_for_the_rollback() {
    let shop = shop();
    let next =
        |args: &str| freeze(shop.path(), &format!("next --environment prod --service cart --format json {args}"));
    let ran = next("--for 2h --rollback 20m --count 2 --at 2026-06-12T13:00:00Z");
    let slots = ran.json();
    assert_eq!((ran.code, slots["length_seconds"].as_i64()), (0, Some(8_400)));
    assert_eq!(slots["slots"][0]["start"], "2026-06-12T13:00:00Z");
    assert_eq!(slots["slots"][0]["latest_start"], "2026-06-12T13:40:00Z");
    assert_eq!(slots["slots"][1]["start"], "2026-06-15T06:00:00Z");
    assert_eq!(slots["slots"][1]["end"], "2026-06-17T13:00:00Z", "the weekly meeting is a freeze of the company's");
    let late = next("--for 2h --rollback 61m --count 1 --at 2026-06-12T13:00:00Z");
    assert_eq!(late.json()["slots"][0]["start"], "2026-06-15T06:00:00Z", "an hour too short");
    assert_eq!(next("--for 300d --at 2026-06-12T13:00:00Z").code, 1);
}

#[test]
fn list_shows_each_window_with_its_next_occurrences() {
    let shop = shop();
    let list = freeze(shop.path(), "list --at 2026-06-02T00:00:00Z --count 2 --format json").json();
    let calendars = list["calendars"].as_array().unwrap();
    assert_eq!(
        ids(&calendars[0]["windows"]),
        ["weekend", "patch-tuesday", "black-friday-2026", "all-hands", "gitlab-1"]
    );
    let starts = |window: &Value| -> Vec<String> {
        window["next"].as_array().unwrap().iter().map(|o| o["start"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(starts(&calendars[0]["windows"][1]), ["2026-06-09T17:00:00Z", "2026-07-14T17:00:00Z"]);
    assert_eq!(
        starts(&calendars[0]["windows"][3]),
        ["2026-06-03T13:00:00Z", "2026-06-17T13:00:00Z"],
        "one is excepted"
    );
    assert_eq!(calendars[1]["default_state"], "closed where a window allows");
}

#[test]
fn lint_and_comparison() {
    let shop = shop();
    let clean = freeze(shop.path(), "lint --at 2026-06-02T00:00:00Z");
    assert_eq!(clean.code, 0, "{}", clean.stdout);
    let compared = freeze(shop.path(), "lint --compare --at 2026-06-02T00:00:00Z --format json");
    let told = compared.json();
    let messages: Vec<&str> =
        told["diagnostics"].as_array().unwrap().iter().map(|d| d["message"].as_str().unwrap()).collect();
    assert_eq!(compared.code, 1, "{messages:?}");
    for part in
        ["`manualSync`: from 2026-06-02T16:00:00Z on a person may still sync", "open at both ends", "CI_DEPLOY_FREEZE"]
    {
        assert!(messages.iter().any(|message| message.contains(part)), "{part}: {messages:?}");
    }
    let manual = told["diagnostics"].as_array().unwrap().iter().find(|d| d["severity"] == "warning").unwrap();
    assert_eq!((manual["path"].as_str(), manual["line"].as_i64()), (Some(".changegate/cal/project.yaml"), Some(7)));
}

#[test]
fn what_cannot_be_read_stops_every_question_and_names_its_line() {
    let shop = shop();
    let file = shop.path().join(".changegate/cal/company.ics");
    let text = std::fs::read_to_string(&file).unwrap().replace("FREQ=WEEKLY;BYDAY=WE", "FREQ=WEEKLY;BYDAY=WED");
    std::fs::write(&file, text).unwrap();
    for question in ["status", "next --for 1h", "list"] {
        let ran = freeze(shop.path(), question);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{question}");
        assert!(ran.stderr.contains("company.ics:17"), "{question}: {}", ran.stderr);
    }
    let lint = freeze(shop.path(), "lint --format json");
    assert_eq!((lint.code, lint.json()["diagnostics"][0]["line"].as_i64()), (2, Some(17)));
    std::fs::remove_dir_all(shop.path().join(".changegate")).unwrap();
    let none = freeze(shop.path(), "status");
    assert_eq!((none.code, none.stderr.contains("there is no freeze calendar")), (2, true));
}
