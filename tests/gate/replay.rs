//! The past judged again with candidates: `changegate replay`.

use crate::shop::{Shop, fixtures};

const DEPLOYMENT: &str = "k8s/prod/storefront/deployment.yaml";
const TOO_FEW: &str = "../policies/availability/too_few_replicas/too_few_replicas.rego";
const REVIEW: &str = "apiVersion: changegate/v1\nkind: PIR\nmetadata: {name: reviews, asOf: \"2030-02-25T08:00:00Z\"}\nspec:\n  entries:\n    - change: CHG-2030-00013\n      outcome: successful-with-issues\n      controlUpdates:\n        - {policy: HA-001, change: four replicas for tier 2, pr: \"https://forge.acme.example/91\", thresholds: {replicas: {\"2\": 4}}}\n      at: \"2030-02-20T09:00:00Z\"\n";

/// Acme after three decisions about changes of storefront: from 9 replicas to 3, 4 and 5.
fn shop() -> Shop {
    let shop = Shop::acme();
    shop.git(&["checkout", "-q", "main"]);
    shop.edit(DEPLOYMENT, "replicas: 3", "replicas: 9").commit("Nine", "Olga Ops <olga@acme.example>");
    for replicas in ["replicas: 3", "replicas: 4", "replicas: 5"] {
        shop.git(&["checkout", "-q", "-B", "change", "main"]);
        shop.edit(DEPLOYMENT, "replicas: 9", replicas);
        shop.commit("Scale storefront", "Alice Arnold <alice@acme.example>");
        let range = ["check", "--base", "main", "--head", "change", "--now", crate::shop::NOW];
        let args = [&range[..], &["--only", "HA-001", "--audit", "../trail"]].concat();
        let ran = shop.in_trail(&args);
        assert!(ran.code < 2, "{}{}", ran.stdout, ran.stderr);
    }
    shop
}

/// The trail lies outside of the work tree, which is checked out again and again.
trait Trail {
    fn in_trail(&self, args: &[&str]) -> crate::shop::Ran;
    fn replay(&self, args: &[&str]) -> crate::shop::Ran;
}

impl Trail for Shop {
    fn in_trail(&self, args: &[&str]) -> crate::shop::Ran {
        let trail = self.root().join(".git/trail");
        let trail = trail.to_string_lossy();
        let args: Vec<&str> = args.iter().map(|arg| if *arg == "../trail" { &*trail } else { arg }).collect();
        self.changegate(&args)
    }

    fn replay(&self, args: &[&str]) -> crate::shop::Ran {
        self.in_trail(&[&["replay", "--audit", "../trail"], args].concat())
    }
}

/// The built-in policy with another number for tier 2.
fn stricter(shop: &Shop) -> String {
    let text = std::fs::read_to_string(fixtures().join(TOO_FEW)).unwrap();
    let (from, to) = (r#""2": 2}"#, r#""2": 5}"#);
    assert!(text.contains(from));
    let folder = shop.root().join(".git/candidate");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("too_few_replicas.rego"), text.replace(from, to)).unwrap();
    folder.to_string_lossy().into_owned()
}

#[test]
fn a_candidate_in_the_place_of_a_policy_is_held_against_the_past() {
    let shop = shop();
    let ran = shop.replay(&["--policy", &stricter(&shop), "--since", "2030-01-01T00:00:00Z", "--format", "json"]);
    let told = ran.json();
    assert_eq!((&told["judged"], &told["other_findings"]), (&3.into(), &2.into()), "{told:#}");
    assert_eq!(told["unfaithful"], serde_json::json!([]), "{told:#}");
    assert_eq!(told["policies"][0], serde_json::json!({"policy": "HA-001", "appeared": 2, "gone": 0}));
    let one_job = shop.replay(&["--policy", &stricter(&shop), "--jobs", "1"]);
    let many = shop.replay(&["--policy", &stricter(&shop), "--jobs", "8"]);
    assert_eq!(one_job.stdout, many.stdout);
    assert!(many.stdout.starts_with("with this change, 2 of 3 past verdicts differ"), "{}", many.stdout);
    assert_eq!(many.code, 1);
    let none = shop.replay(&["--policy", &stricter(&shop), "--since", "2031-01-01T00:00:00Z"]);
    assert_eq!(none.code, 2, "nothing judged is no pass: {}", none.stdout);
}

#[test]
fn what_does_not_load_is_no_candidate() {
    let shop = shop();
    let broken = shop.root().join(".git/broken.rego");
    std::fs::write(&broken, "package policies.broken\n\ndeny contains {\n").unwrap();
    let ran = shop.replay(&["--policy", &broken.to_string_lossy()]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("broken.rego"), "{}", ran.stderr);
    let typed = shop.root().join(".git/thresholds.yaml");
    std::fs::write(&typed, "risk: {R-TYPO: {prior: 140}}\n").unwrap();
    let ran = shop.replay(&["--thresholds", &typed.to_string_lossy()]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("R-TYPO"), "{}", ran.stderr);
    assert_eq!(shop.replay(&[]).code, 2, "no candidate");
}

#[test]
fn a_record_whose_commit_is_gone_is_counted() {
    let shop = shop();
    shop.git(&["checkout", "-q", "main"]);
    shop.git(&["branch", "-q", "-D", "change"]);
    shop.git(&["reflog", "expire", "--expire=now", "--all"]);
    shop.git(&["gc", "-q", "--prune=now"]);
    let ran = shop.replay(&["--policy", &stricter(&shop)]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("no decision could be given again"), "{}", ran.stderr);
}

#[test]
fn a_review_becomes_a_patch_and_the_patch_closes_it() {
    let shop = shop();
    shop.git(&["checkout", "-q", "main"]);
    shop.write(".changegate/reviews.yaml", REVIEW);
    let patch = shop.root().join(".git/learned.patch");
    let patch = patch.to_string_lossy();
    let now = ["--now", crate::shop::NOW];
    let ran = shop.replay(&[&["--reviews", "--patch", &patch], &now[..]].concat());
    assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("proposed: HA-001"), "{}", ran.stdout);
    assert!(ran.stdout.contains("with this change, 1 of 3 past verdicts differ"), "{}", ran.stdout);
    shop.git(&["apply", &patch]);
    assert!(shop.read("changegate.yaml").contains("HA-001: {replicas: {\"2\": 4}}"));
    let ran = shop.replay(&[&["--reviews"], &now[..]].concat());
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("in force: HA-001"), "{}", ran.stdout);
}

/// Production deployments of storefront, all on one day, the first ones failed.
fn deployments(shop: &Shop, all: usize, failed: usize, day: &str) {
    let entry = |n: usize| {
        let result = if n < failed { "failed" } else { "success" };
        serde_json::json!({
            "id": format!("made-{n}"), "change": format!("CHG-{n}"), "service": "storefront", "environment": "prod",
            "result": result, "finishedAt": format!("{day}T{:02}:{:02}:00Z", n / 60, n % 60),
        })
    };
    let document = serde_json::json!({
        "apiVersion": "changegate/v1", "kind": "DeployHistory", "spec": {"entries": (0..all).map(entry).collect::<Vec<_>>()},
        "metadata": {"name": "made", "asOf": "2030-02-25T08:00:00Z"},
    });
    shop.write(".changegate/made-deploys.yaml", document.to_string());
}

/// The history proposes another prior where the fail rate is surely another, and nowhere else. Acme has two deployments
/// that went well besides.
#[test]
fn the_history_proposes_a_prior_that_it_surely_contradicts() {
    let shop = shop();
    shop.git(&["checkout", "-q", "main"]);
    let config = shop.read("changegate.yaml");
    let patch = shop.root().join(".git/learned.patch");
    let patch = patch.to_string_lossy();
    let told = |shop: &Shop| {
        let ran = shop.replay(&["--reviews", "--patch", &patch, "--now", crate::shop::NOW]);
        assert!(ran.code < 2, "{}{}", ran.stdout, ran.stderr);
        ran.stdout.lines().next().unwrap_or_default().to_owned()
    };
    let nothing = "Neither a review nor the history proposes another threshold.";
    for (all, failed, day, prior, proposed) in [
        (118, 40, "2030-02-01", None, Some(338)),
        (118, 1, "2030-02-01", None, Some(23)),
        // None failed: that is no proof that none ever will.
        (118, 0, "2030-02-01", None, Some(15)),
        (118, 12, "2030-02-01", None, None),
        (97, 40, "2030-02-01", None, None),
        (118, 40, "2029-08-01", None, None),
        (118, 40, "2030-02-01", Some(300), None),
        (118, 12, "2030-02-01", Some(300), Some(112)),
    ] {
        deployments(&shop, all, failed, day);
        let ours = prior.map(|n| format!("policies: {{thresholds: {{risk: {{R-HISTORY: {{prior: {n}}}}}}}}}\n"));
        shop.write("changegate.yaml", format!("{config}{}", ours.unwrap_or_default()));
        let line = told(&shop);
        match proposed {
            None => assert_eq!(line, nothing, "{failed} of {all} on {day}"),
            Some(prior) => {
                let words = format!(
                    "- proposed: risk {{\"R-HISTORY\":{{\"prior\":{prior}}}}}, {failed} of {} deployments",
                    all + 2
                );
                assert!(line.starts_with(&words), "{line}");
            }
        }
    }
    // The patch applies, and closes it: what it says is what the history says.
    shop.git(&["apply", &patch]);
    assert!(shop.read("changegate.yaml").contains("{prior: 112}"), "{}", shop.read("changegate.yaml"));
    assert_eq!(told(&shop), nothing);
}

/// What a review says of a deployment weighs in the risk of the next change.
#[test]
fn a_review_updates_the_risk_of_the_service() {
    let shop = shop();
    let history = |shop: &Shop| {
        let json = shop.check(&["--base", "main", "--head", "change"]).json();
        json["risk"]["history"].clone()
    };
    let before = history(&shop);
    shop.git(&["checkout", "-q", "main"]);
    shop.write(".changegate/reviews.yaml", REVIEW.replace("successful-with-issues", "failed"));
    shop.commit("Review", "Olga Ops <olga@acme.example>");
    shop.git(&["checkout", "-q", "change"]);
    shop.git(&["-c", "user.name=A", "-c", "user.email=a@acme.example", "rebase", "-q", "main"]);
    let after = history(&shop);
    let storefront = |history: &serde_json::Value| {
        let all = history.as_array().unwrap_or_else(|| panic!("{history:#}"));
        all.iter().find(|h| h["service"] == "storefront").unwrap_or_else(|| panic!("{history:#}")).clone()
    };
    let failed = |history: &serde_json::Value| storefront(history)["failed"].as_str().unwrap().to_owned();
    assert_eq!((&*failed(&before), &*failed(&after)), ("0", "1"), "{before:#}{after:#}");
}
