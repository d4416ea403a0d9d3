//! Waivers through the whole gate: documents, comments, the record.

use crate::shop::{NOW, Shop};

const DATABASE: &str = "terraform/prod/reports_db.tf";
const COMMENT: &str =
    "  # changegate:ignore HA-009 until=2030-03-10 ticket=OPS-7 reason=\"replica is being retired\"\n";

fn database(inside: &str, storage: u32) -> String {
    format!(
        "resource \"aws_db_instance\" \"reports\" {{\n{inside}  engine = \"postgres\"\n  multi_az = false\n  allocated_storage = {storage}\n  \
         backup_retention_period = 35\n  deletion_protection = true\n  tags = {{ env = \"prod\", service = \"orders-db\" }}\n}}\n"
    )
}

/// Commits what is there and judges it with HA-009 and AUD-004.
fn judge(shop: &Shop, more: &[&str]) -> serde_json::Value {
    let head = shop.commit("Change", "Alice Arnold <alice@acme.example>");
    let reviews = tempfile::NamedTempFile::new().unwrap();
    let review = |login: &str| {
        format!(
            "{{\"id\": 1, \"user\": {{\"login\": \"{login}\", \"type\": \"User\"}}, \"state\": \"APPROVED\", \"submitted_at\": \
             \"2030-02-24T18:00:00Z\", \"commit_id\": \"{head}\"}}"
        )
    };
    let (by, more) = match more {
        ["approved-by", login, rest @ ..] => (Some(*login), rest),
        rest => (None, rest),
    };
    std::fs::write(reviews.path(), format!("[{}]", by.map(review).unwrap_or_default())).unwrap();
    let path = reviews.path().to_string_lossy().into_owned();
    let args =
        ["check", "--base", "main", "--head", "change", "--now", NOW, "--format", "json", "--only", "HA-009,AUD-004"];
    shop.changegate(&[&args[..], &["--reviews", &path], more].concat()).json()
}

fn findings(json: &serde_json::Value) -> Vec<String> {
    let text = |f: &serde_json::Value, key: &str| f[key].as_str().unwrap().to_owned();
    let all = json["findings"].as_array().unwrap().iter();
    let mut found: Vec<_> =
        all.map(|f| format!("{} {} {}", text(f, "policy"), text(f, "status"), text(f, "enforcement"))).collect();
    found.sort();
    found
}

fn approvers(shop: &Shop) {
    shop.git(&["checkout", "-q", "main"]);
    shop.edit("changegate.yaml", "approvals:\n", "approvals:\n  waiver_approvers: [platform]\n");
    shop.commit("Approvers", "Olga Ops <olga@acme.example>");
    shop.git(&["checkout", "-q", "-B", "change"]);
}

#[test]
fn a_comment_that_the_change_adds_needs_an_approval() {
    let shop = Shop::acme();
    approvers(&shop);
    shop.write(DATABASE, database(COMMENT, 100));
    let json = judge(&shop, &["--no-audit"]);
    assert_eq!(findings(&json), ["AUD-004 open hard", "HA-009 open soft"]);
    assert_eq!(json["decision"], "denied");
    let json = judge(&shop, &["approved-by", "dave-acme", "--no-audit"]);
    assert_eq!(json["decision"], "denied", "dave is a peer");
    let json = judge(&shop, &["approved-by", "paula-acme", "--no-audit"]);
    assert_eq!(findings(&json), ["HA-009 waived soft"]);
    assert_eq!((json["verdict"].as_str(), json["decision"].as_str()), (Some("denied"), Some("allowed")));
    assert_eq!(json["valid_until"], "2030-03-10T00:00:00Z", "it ends after the approval does");
}

#[test]
fn a_comment_of_the_base_counts_and_cannot_be_slipped_in() {
    let shop = Shop::acme();
    approvers(&shop);
    // First only the comment: nothing it covers is touched, and yet it is seen.
    shop.git(&["checkout", "-q", "main"]);
    shop.write(DATABASE, database("", 100)).commit("Before", "Olga Ops <olga@acme.example>");
    shop.git(&["checkout", "-q", "-B", "change"]);
    shop.write(DATABASE, database(COMMENT, 100));
    let json = judge(&shop, &["--no-audit"]);
    assert_eq!(findings(&json), ["AUD-004 open hard"]);
    assert_eq!(json["decision"], "pending", "an approval can still arrive");
    // Once it is there, it counts for the next change.
    shop.git(&["checkout", "-q", "main"]);
    shop.git(&["merge", "-q", "change"]);
    shop.git(&["checkout", "-q", "-B", "change"]);
    shop.write(DATABASE, database(&format!("  # unrelated\n{COMMENT}"), 100).replace("= false", "= tobool(\"false\")"));
    let json = judge(&shop, &["--no-audit"]);
    assert_eq!(json["decision"], "allowed", "{json:#}");
    // A later end is another waiver.
    shop.write(DATABASE, database(&COMMENT.replace("03-10", "04-10"), 100));
    assert_eq!(findings(&judge(&shop, &["--no-audit"]))[0], "AUD-004 open hard");
}

#[test]
fn used_waivers_are_recorded_and_verified() {
    let shop = Shop::acme();
    shop.git(&["checkout", "-q", "main"]);
    let waivers = "apiVersion: changegate/v1\nkind: Waivers\nmetadata: {name: w, asOf: \"2030-02-20T09:00:00Z\", source: x}\nspec:\n  entries:\n    - {id: \
                   WVR-1, policy: HA-009, resource: aws_db_instance.reports, reason: retired soon, ticket: OPS-7, owner: orders, approver: \
                   paula@acme.example, createdAt: \"2030-02-20T09:00:00Z\", expiresAt: \"2030-03-10T00:00:00Z\", compensatingControl: snapshots}\n";
    shop.write(".changegate/waivers.yaml", waivers).commit("Waiver", "Olga Ops <olga@acme.example>");
    shop.git(&["checkout", "-q", "-B", "change"]);
    shop.write(DATABASE, database("", 100));
    let json = judge(&shop, &["--audit", "log"]);
    assert_eq!(findings(&json), ["HA-009 waived soft"], "{json:#}");
    assert_eq!(json["findings"][0]["lifted_by"], "WVR-1");
    assert_eq!(json["waivers"][0]["used"], true);
    let log = shop.changegate(&["audit", "log", "--audit", "log"]).stdout;
    let verified = shop.changegate(&["audit", "verify", "--audit", "log"]);
    assert_eq!(verified.code, 0, "{}{}\n{log}", verified.stdout, verified.stderr);
    let shown = shop.changegate(&["audit", "export", "--audit", "log", "--format", "jsonl"]).stdout;
    assert!(shown.contains("\"waiver\"") && shown.contains("WVR-1"), "{shown}");
}
