//! The report about teams through the binary: what is written, and that people stay out unless a reason is given.

use crate::shop::{NOW, Shop, fixtures};

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

/// Nothing that is wrong is dropped without a word: each kind of fault, alone in otherwise good records, is counted, named
/// and at the top of the page, in every format, and nothing else is.
#[test]
fn what_is_wrong_with_the_records_is_shown_first() {
    let cases = std::fs::read(fixtures().join("../tests/data/teams/bad_records.json")).unwrap();
    let cases: Vec<serde_json::Value> = serde_json::from_slice(&cases).unwrap();
    for case in &cases {
        let shop = Shop::new();
        let text = |key: &str| case[key].as_str().unwrap();
        std::fs::create_dir(shop.root().join("context")).unwrap();
        let acme = fixtures().join("acme/.changegate/catalog-info.yaml");
        std::fs::copy(acme, shop.root().join("context/catalog-info.yaml")).unwrap();
        for (kind, entries) in case["documents"].as_object().unwrap() {
            let document = serde_json::json!({
                "apiVersion": "changegate/v1", "kind": kind, "spec": {"entries": entries},
                "metadata": {"name": "given", "asOf": "2030-02-25T08:00:00Z"},
            });
            shop.write(&format!("context/{kind}.yaml"), document.to_string());
        }
        let (out, code, stderr) = report(&shop, &["--context", "context"]);
        assert_eq!(code, 0, "{}: {stderr}", text("about"));
        let read = |name: &str| std::fs::read_to_string(out.join(name)).unwrap();
        let figures: serde_json::Value = serde_json::from_str(&read("teams.json")).unwrap();
        let seen: Vec<&String> = figures["quality"].as_object().unwrap().keys().collect();
        assert_eq!(seen, [text("problem")], "{}: {:#}", text("about"), figures["quality"]);
        let seen = &figures["quality"][text("problem")];
        assert_eq!(seen["count"], case["count"], "{}: {seen}", text("about"));
        assert!(seen["examples"].to_string().contains(text("example")), "{}: {seen}", text("about"));

        let row = format!("| {} | {} |", case["count"], text("words"));
        let cells = format!("<th scope=\"row\">{}</th><td>{}</td>", case["count"], text("words"));
        for (page, row) in [("teams.md", row), ("teams.html", cells)] {
            let page = read(page);
            let (top, _) = page.split_once("Who could use support</h2>").or(page.split_once("## Who could")).unwrap();
            let shown = top.split_once("How good the data is").unwrap().1;
            assert!(shown.contains(&row) && shown.contains(text("example")), "{}: {row}\n{shown}", text("about"));
        }
    }
}
