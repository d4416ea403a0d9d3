//! No secret is ever written into the audit trail.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::log::{program, run, stdout};

/// A policy that puts everything it sees into its evidence.
const POLICY: &str = r#"# METADATA
# title: Tells everything
# description: Puts everything that it sees into its evidence, as a careless policy might.
# custom:
#   id: TST-001
#   scope: resource
#   targets: [aws_instance]
#   severity: low
#   enforcement: advisory
#   stages: [commit, pull-request, apply]
#   controls: {}
#   remediation: none
#   since: 0.1.0
package policies.test.tells_everything

deny contains finding if {
    some key, value in input.resource.attrs
    finding := {
        "msg": sprintf("%v is %v", [key, value]),
        "path": [key],
        "evidence": [{"pointer": key, "observed": sprintf("%v", [value]), "expected": json.marshal(input.resource.attrs)}],
    }
}
"#;

fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).expect("a directory").map(|e| e.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn fifty_planted_secrets_are_in_no_file_that_was_written() {
    let dir = tempfile::tempdir().expect("a directory");
    let planted: Vec<String> = (0..50).map(|n| format!("planted{n:02}Zq8xK{}", n * 7919)).collect();
    let (environment, rest) = planted.split_at(18);
    let (sensitive, urls) = rest.split_at(16);
    let attrs = |values: &[String], urls: &[String]| {
        let mut attrs = serde_json::Map::new();
        attrs.extend(values.iter().enumerate().map(|(n, v)| (format!("secret{n}"), json!(v))));
        attrs.extend(urls.iter().enumerate().map(|(n, v)| {
            let url = match n % 4 {
                0 => format!("https://deploy:{v}@git.example/a.git"),
                1 => format!("https://api.example/x?access_token={v}&page=2"),
                2 => format!("https://store.example/blob?sig={v}"),
                _ => format!("https://{v}@proxy.example:8080/"),
            };
            (format!("url{n}"), json!(url))
        }));
        attrs
    };
    let marks: serde_json::Map<_, _> = (0..sensitive.len()).map(|n| (format!("secret{n}"), json!(true))).collect();
    let plan = json!({
        "format_version": "1.2", "terraform_version": "1.9.0", "planned_values": {}, "configuration": {},
        "resource_changes": [{
            "address": "aws_instance.a", "mode": "managed", "type": "aws_instance", "name": "a",
            "provider_name": "registry.terraform.io/hashicorp/aws",
            "change": {
                "actions": ["create"], "before": null, "after": attrs(sensitive, urls), "after_unknown": {},
                "before_sensitive": false, "after_sensitive": marks,
            },
        }],
    });
    fs::write(dir.path().join("plan.json"), plan.to_string()).expect("written");
    fs::create_dir_all(dir.path().join("policy/tells_everything")).expect("created");
    fs::write(dir.path().join("policy/tells_everything/tells_everything.rego"), POLICY).expect("written");

    let names = [
        "AWS_SECRET_ACCESS_KEY",
        "GITHUB_TOKEN",
        "GITLAB_TOKEN",
        "PGPASSWORD",
        "VAULT_TOKEN",
        "TF_VAR_password",
        "SSH_KEY",
    ];
    for personal in ["clear", "beside"] {
        let mut check = program(dir.path());
        for (n, value) in environment.iter().enumerate() {
            let name = names.get(n).map_or_else(|| format!("SECRET_{n}"), |name| (*name).to_owned());
            check.env(name, value);
        }
        check.env("JENKINS_URL", "https://j").env("BUILD_USER_ID", "butler");
        check.env("GIT_URL", format!("https://bot:{}@git.example/acme/shop.git", environment[0]));
        check.args(["check", "--quiet", "--plan", "plan.json", "--policy", "policy", "--no-builtin"]);
        let output = check.args(["--audit", "trail", "--audit-personal", personal]).output().expect("started");
        let said = stdout(&output) + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() != Some(2), "{said}");
    }
    let written = files(&dir.path().join("trail"));
    assert!(!written.is_empty());
    for file in &written {
        let bytes = fs::read(file).expect("readable");
        let text = String::from_utf8_lossy(&bytes);
        for secret in &planted {
            assert!(!text.contains(secret.as_str()), "{secret} in {}", file.display());
        }
    }
    let shown = stdout(&run(dir.path(), &["audit", "--audit", "trail", "show", "0"]));
    assert!(shown.contains("TST-001") && shown.contains("https://git.example/a.git"), "{shown}");
    println!("{} secrets in none of {} files", planted.len(), written.len());
}
