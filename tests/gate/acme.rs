//! The made-up company and its variants: each folder of `fixtures/variants` is one change to it, with what the gate must
//! say about it as bytes.
//!
//! A variant holds `variant.json` (arguments, instant, author, exit code, removed files and edits of files of
//! `fixtures/acme`), maybe `tree/` (files laid over it), `reviews.json` and `plan.json`, and `expected.txt`: the whole pretty output. `UPDATE=1 cargo test`
//! writes the expectations anew; look at the difference before committing it.

use std::path::Path;

use crate::shop::{Shop, copy, fixtures};

/// Judges one variant: base is acme as it is, head is acme with the edits, and `tree/` laid over it.
fn judge(folder: &Path) -> (i32, String, serde_json::Value) {
    let spec: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(folder.join("variant.json")).unwrap()).unwrap();
    let shop = Shop::acme();
    let out = tempfile::tempdir().unwrap();
    for gone in spec["removed"].as_array().into_iter().flatten() {
        std::fs::remove_file(shop.root().join(gone.as_str().unwrap())).unwrap();
    }
    shop.edit_all(&spec["edits"]);
    if folder.join("tree").is_dir() {
        copy(&folder.join("tree"), shop.root());
    }
    let head = shop.commit("Ship the change", spec["author"].as_str().unwrap_or("Alice Arnold <alice@acme.example>"));
    let mut args: Vec<String> = ["check", "--base", "main", "--head", "change", "--no-audit"].map(str::to_owned).into();
    args.extend(["--now".into(), spec["now"].as_str().unwrap_or(crate::shop::NOW).to_owned()]);
    for (file, flag) in [("reviews.json", "--reviews"), ("plan.json", "--plan")] {
        if let Ok(text) = std::fs::read_to_string(folder.join(file)) {
            let path = out.path().join(file);
            std::fs::write(&path, text.replace("{head}", &head)).unwrap();
            args.extend([flag.to_owned(), path.to_string_lossy().into_owned()]);
        }
    }
    let extra = spec["args"].as_array().into_iter().flatten().map(|a| a.as_str().unwrap().to_owned());
    let args: Vec<String> = args.into_iter().chain(extra).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let ran = shop.changegate_lazy_and_eager(&args);
    // Commit ids and the folder of the plan differ from run to run.
    let text = ran.stdout.replace(&head, "HEAD").replace(&head[..10], "HEAD");
    let text = text.replace(&*out.path().to_string_lossy(), "OUT");
    // Every new policy would change all expectations.
    let counted = regex::Regex::new(r"\d+ policies, \d+ evaluations").unwrap();
    let text = counted.replace_all(&text, "N policies, N evaluations").into_owned();
    (ran.code, text, spec)
}

#[test]
fn every_variant_is_judged_as_expected() {
    let mut folders: Vec<_> =
        std::fs::read_dir(fixtures().join("variants")).unwrap().map(|e| e.unwrap().path()).collect();
    folders.sort();
    assert!(folders.len() >= 6);
    let mut wrong = Vec::new();
    for folder in folders {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let (code, text, spec) = judge(&folder);
        let expected = folder.join("expected.txt");
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&expected, &text).unwrap();
        }
        if i64::from(code) != spec["exit"].as_i64().unwrap() {
            wrong.push(format!("{name}: exit {code}, expected {}\n{text}", spec["exit"]));
        } else if std::fs::read_to_string(&expected).unwrap_or_default() != text {
            wrong.push(format!("{name}: another output than expected.txt\n{text}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// The README's first command: allowed, with a warning, and everything a newcomer looks for is said.
#[test]
fn the_demo_is_allowed_with_a_warning() {
    let shop = Shop::new();
    copy(&fixtures().join("acme"), shop.root());
    let ran = shop.changegate(&["check", "."]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    for word in ["ALLOWED", "resources", "policies", "valid", ".changegate/audit"] {
        assert!(ran.stdout.contains(word), "{word:?} is missing in\n{}", ran.stdout);
    }
    let json = shop.check(&["."]).json();
    assert_eq!(json["decision"], "allowed");
    let warnings = json["findings"].as_array().unwrap().len();
    assert!((1..=2).contains(&warnings), "{warnings} findings: {:#}", json["findings"]);
}

/// Without git, with git and no base, and with optional files absent, the demo gives one verdict.
#[test]
fn the_demo_does_not_need_git() {
    let plain = Shop::new();
    copy(&fixtures().join("acme"), plain.root());
    let with_git = Shop::acme();
    assert_eq!(plain.check(&[]).stdout, with_git.check(&[]).stdout);
}
