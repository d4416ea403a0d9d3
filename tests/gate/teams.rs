//! The report about teams through the binary: what is written, and that people stay out unless a reason is given.

use crate::shop::{NOW, Shop};

fn report(shop: &Shop, more: &[&str]) -> (std::path::PathBuf, i32, String) {
    let mut args = vec!["report", "teams", "--now", NOW, "--out", "out"];
    args.extend(more);
    let ran = shop.changegate(&args);
    (shop.root().join("out"), ran.code, ran.stderr)
}

#[test]
fn every_format_has_the_same_figures() {
    let shop = Shop::acme();
    let (out, code, stderr) = report(&shop, &[]);
    assert_eq!(code, 0, "{stderr}");
    let read = |name: &str| std::fs::read_to_string(out.join(name)).unwrap();
    let figures: serde_json::Value = serde_json::from_str(&read("teams.json")).unwrap();
    assert_eq!(figures["schema"], "changegate/teams/v1");
    let windows = figures["organisation"]["windows"].as_array().unwrap();
    let headline = windows.iter().find(|w| w["window"]["name"] == "last 180 days").unwrap();
    assert_eq!(headline["deployments"], 2, "staging does not count");
    assert!(figures.get("people").is_none());
    for (page, word) in [("teams.html", "2 in "), ("teams.md", "| Deployments |"), ("teams.csv", "\"fail_rate\"")] {
        assert!(read(page).contains(word), "{page}");
    }
    let html = read("teams.html");
    for loads in ["<script", "<link", "src=\"http", "@import", "url("] {
        assert!(!html.contains(loads), "{loads}");
    }
    assert!(!html.contains("bob@acme.example"), "no people");
}

#[test]
fn people_need_a_reason_which_the_trail_keeps() {
    let shop = Shop::acme();
    let (_, code, stderr) = report(&shop, &["--people"]);
    assert_eq!(code, 2, "{stderr}");
    let (out, code, stderr) = report(&shop, &["--people", "--reason", "on-call load, asked for by the team"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(std::fs::read_to_string(out.join("teams.md")).unwrap().contains("## People"));
    let log = shop.changegate(&["audit", "log", "--kind", "inspection"]);
    assert_eq!(log.code, 0, "{}", log.stderr);
    assert!(log.stdout.contains("inspection"), "{}", log.stdout);
}

#[test]
fn what_cannot_be_read_is_no_report() {
    let shop = Shop::acme();
    shop.write(".changegate/incidents.yaml", "apiVersion: changegate/v1\nkind: IncidentLog\nspec: {entries: [1}\n");
    let (_, code, stderr) = report(&shop, &[]);
    assert_eq!(code, 2);
    assert!(stderr.contains("incidents.yaml"), "{stderr}");
    assert_eq!(report(&Shop::acme(), &["--github", "missing.json"]).1, 2);
}

/// Nothing that is wrong is dropped without a word: each kind of fault is counted, named and at the top of the page.
#[test]
fn what_is_wrong_with_the_records_is_shown_first() {
    let shop = Shop::acme();
    let deployment = |id: &str, more: &str| format!("    - {{id: {id}, environment: prod, result: success, {more}}}\n");
    let at = |day: u32| format!("finishedAt: \"2030-02-{day:02}T10:00:00Z\"");
    let entries = [
        deployment("early", &format!("change: C-1, service: old, commitAt: \"2030-02-20T00:00:00Z\", {}", at(1))),
        deployment("late", "change: C-2, service: old, finishedAt: \"2031-02-01T10:00:00Z\""),
        deployment("twice", &format!("change: C-3, service: old, {}", at(3))),
        deployment("twice", &format!("change: C-3, service: old, {}", at(3))),
        deployment("alone", &format!("service: old, {}", at(4))),
        deployment("nowhere", &format!("change: C-4, {}", at(4))),
        deployment("ancient", "change: C-5, service: old, finishedAt: \"2020-02-04T10:00:00Z\""),
        deployment("young", "change: C-6, service: young, finishedAt: \"2030-02-24T10:00:00Z\""),
    ];
    let document = |kind: &str, entries: &str| {
        format!(
            "apiVersion: changegate/v1\nkind: {kind}\nmetadata: {{name: bad, asOf: \"2030-02-25T08:00:00Z\"}}\nspec:\n  entries:\n{entries}"
        )
    };
    shop.write(".changegate/bad-deploys.yaml", document("DeployHistory", &entries.concat()));
    let incident = "    - {id: INC-1, title: t, severity: SEV3, status: resolved, startedAt: \"2030-02-05T10:00:00Z\", resolvedAt: \"2030-02-05T11:00:00Z\"}\n";
    shop.write(".changegate/bad-incidents.yaml", document("IncidentLog", incident));
    let review = "    - {change: C-unknown, outcome: successful, at: \"2030-02-05T10:00:00Z\"}\n";
    shop.write(".changegate/bad-reviews.yaml", document("PIR", review));
    let (out, code, stderr) = report(&shop, &[]);
    assert_eq!(code, 0, "{stderr}");
    let figures: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(out.join("teams.json")).unwrap()).unwrap();
    for (problem, example) in [
        ("negative-lead-time", "bad-deploys.yaml, entry 1"),
        ("clock-skew", "late"),
        ("duplicate", "twice"),
        ("deployment-without-change", "alone"),
        ("deployment-without-service", "nowhere"),
        ("incident-without-service", "INC-1"),
        ("review-of-unknown-change", "C-unknown"),
        ("short-history", "young"),
    ] {
        let seen = &figures["quality"][problem];
        assert!(seen["count"].as_u64() >= Some(1), "{problem}: {:#}", figures["quality"]);
        assert!(seen["examples"].to_string().contains(example), "{problem}: {seen}");
    }
    let html = std::fs::read_to_string(out.join("teams.html")).unwrap();
    let place = |text: &str| html.find(text).unwrap_or_else(|| panic!("no {text}"));
    assert!(place("How good the data is") < place("Who could use support"));
}
