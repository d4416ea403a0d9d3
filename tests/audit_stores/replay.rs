//! A recorded decision is given again, from every store, and whatever is not as it was is named.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::place::{Place, git, places};

const POLICY: &str = r#"# METADATA
# title: Too few replicas
# description: Names how many replicas there are.
# custom:
#   id: TST-001
#   scope: resource
#   targets: [apps/Deployment]
#   severity: low
#   enforcement: soft
#   stages: [commit, pull-request, apply]
#   controls: {}
#   remediation: none
#   since: 0.1.0
package policies.test.too_few_replicas

deny contains finding if {
	input.resource.attrs.spec.replicas < 2
	finding := {"msg": sprintf("%v replicas at %v", [input.resource.attrs.spec.replicas, input.now]), "path": ["spec", "replicas"]}
}
"#;

fn deployment(replicas: u8) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: a, namespace: shop}}\nspec:\n  replicas: {replicas}\n  \
         selector: {{matchLabels: {{app: a}}}}\n  template:\n    metadata: {{labels: {{app: a}}}}\n    spec: {{containers: [{{name: a, image: \"a:1\"}}]}}\n"
    )
}

/// A repository whose head changes a deployment, a policy and reviews outside of it, and a log.
struct Lab {
    place: Place,
    root: tempfile::TempDir,
}

impl Lab {
    fn on(place: Place) -> Self {
        let root = tempfile::tempdir().expect("a directory");
        let lab = Self { place, root };
        for folder in ["repo/.changegate", "policy/too_few_replicas"] {
            fs::create_dir_all(lab.path(folder)).expect("created");
        }
        lab.write("policy/too_few_replicas/too_few_replicas.rego", POLICY);
        lab.write("reviews.json", "[]");
        lab.write("repo/changegate.yaml", "approvals: {minimum_assurance: A2}\n");
        lab.write("repo/a.yaml", &deployment(3));
        git(&lab.path("repo"), &["init", "--quiet"]);
        lab.commit("one");
        lab.write("repo/a.yaml", &deployment(1));
        lab.commit("two");
        lab
    }

    fn path(&self, path: &str) -> std::path::PathBuf {
        self.root.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        fs::write(self.path(path), text).expect("written");
    }

    fn commit(&self, message: &str) {
        git(&self.path("repo"), &["add", "-A"]);
        git(&self.path("repo"), &["commit", "--quiet", "-m", message]);
    }

    fn run(&self, arguments: &[&str]) -> Output {
        run(&self.path("repo"), &[arguments, &["--audit", &self.place.destination()]].concat())
    }

    /// Judges the second commit, and says which record it became.
    fn judge(&self, more: &[&str]) -> u64 {
        let check =
            ["check", "--format", "json", "--no-builtin", "--policy", "../policy", "--reviews", "../reviews.json"];
        let output = self.run(&[&check[..], more].concat());
        let outcome: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        outcome["audit"]["index"].as_u64().unwrap_or_else(|| panic!("{outcome:#}"))
    }

    fn replay(&self, record: &str, more: &[&str]) -> (Option<i32>, Value) {
        let output = self.run(&[&["check", "--format", "json", "--replay", record][..], more].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), serde_json::from_slice(&output.stdout).unwrap_or(Value::String(said)))
    }

    /// What a replay says differs.
    fn differs(&self, record: &str, more: &[&str]) -> Vec<String> {
        let (code, said) = self.replay(record, more);
        assert_eq!((code, &said["same"]), (Some(1), &Value::Bool(false)), "{said:#}");
        let differences = said["differences"].as_array().expect("a list");
        differences.iter().map(|d| format!("{} {}", d["about"], d["what"]).replace('"', "")).collect()
    }
}

fn run(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_changegate"))
        .args(arguments)
        .current_dir(directory)
        .env_remove("PGPASSWORD")
        .output()
        .expect("changegate")
}

const BOTH: [&str; 4] = ["--base", "HEAD~1", "--head", "HEAD"];

#[test]
fn the_same_commit_gives_the_same_answer_from_every_store() {
    for place in places() {
        let lab = Lab::on(place);
        let record = lab.judge(&BOTH).to_string();
        // What came later is of no account: a commit, an edit, another record, another day.
        lab.write("repo/a.yaml", &deployment(9));
        lab.write("repo/changegate.yaml", "approvals: {minimum_assurance: A0}\n");
        lab.commit("three");
        lab.judge(&BOTH);
        let (code, said) = lab.replay(&record, &[]);
        assert_eq!((code, &said["same"]), (Some(0), &Value::Bool(true)), "{}: {said:#}", lab.place.name());
        assert_eq!((&said["differences"], &said["findings"]["count"]), (&serde_json::json!([]), &1.into()), "{said:#}");
        assert_eq!(said["then"], said["now"]);
        let (_, by_id) = lab.replay(said["record"]["id"].as_str().expect("an id"), &[]);
        assert_eq!(by_id, said);
        let log = lab.run(&["audit", "log", "--format", "json"]);
        assert_eq!(String::from_utf8_lossy(&log.stdout).lines().count(), 2, "a replay writes nothing");
        let page = String::from_utf8(lab.run(&["check", "--replay", &record]).stdout).expect("text");
        assert!(page.contains("1 policies, 2 inputs") && page.contains("1 findings: the same"), "{page}");
    }
}

#[test]
fn what_is_not_as_it_was_is_named() {
    let lab = Lab::on(Place::file());
    let record = lab.judge(&BOTH).to_string();
    lab.write("reviews.json", "[ ]");
    let reviews = format!("basis input {}", lab.path("reviews.json").canonicalize().expect("there").display());
    assert_eq!(lab.differs(&record, &[]), ["basis files that were read", &reviews]);
    // Named from elsewhere, it is the same again but for its path.
    lab.write("elsewhere.json", "[]");
    let moved = lab.differs(&record, &["--reviews", "../elsewhere.json"]);
    assert_eq!(moved.len(), 2, "{moved:?}");
    lab.write("reviews.json", "[]");
    assert_eq!(lab.replay(&record, &[]).0, Some(0));

    lab.write("policy/too_few_replicas/too_few_replicas.rego", &POLICY.replace("< 2", "< 1"));
    let differs = lab.differs(&record, &[]);
    for what in ["answer verdict of policy TST-001", "basis modules of policies", "basis text of policy TST-001"] {
        assert!(differs.iter().any(|d| d == what), "{what}: {differs:?}");
    }
    assert!(differs.iter().any(|d| d.starts_with("answer finding") && d.ends_with("about apps/Deployment/shop/a")));
    lab.write("policy/too_few_replicas/too_few_replicas.rego", &POLICY.replace("# title: Too", "# title: Far too"));
    let differs = lab.differs(&record, &[]);
    assert_eq!(differs.first().map(String::as_str), Some("answer messages or places of findings"), "{differs:?}");
    fs::remove_dir_all(lab.path("policy")).expect("removed");
    assert_eq!(lab.replay(&record, &[]).0, Some(2), "a policy that is not there cannot judge");
}

#[test]
fn a_working_tree_is_known_again_by_its_files() {
    let lab = Lab::on(Place::file());
    lab.write("repo/a.yaml", &deployment(0));
    let (compared, present) = (lab.judge(&["--base", "HEAD"]).to_string(), lab.judge(&["."]).to_string());
    for record in [&compared, &present] {
        assert_eq!(lab.replay(record, &[]).0, Some(0));
    }
    lab.commit("committed as it was judged");
    assert_eq!(lab.replay(&present, &[]).0, Some(0));
    lab.write("repo/a.yaml", &deployment(5));
    for record in [&compared, &present] {
        let differs = lab.differs(record, &[]);
        assert!(differs.iter().any(|d| d == "basis files that were read"), "{differs:?}");
    }
}

#[test]
fn what_cannot_be_given_again_is_refused_with_its_reason() {
    let lab = Lab::on(Place::file());
    lab.judge(&BOTH);
    let refused = |record: &str, more: &[&str], code: &str| {
        let (exit, said) = lab.replay(record, more);
        assert_eq!(exit, Some(2), "{said}");
        assert!(said.as_str().is_some_and(|text| text.contains(code)), "{code}: {said}");
    };
    refused("17", &[], "audit::not_found");
    refused("0", &["--plan", "x.json"], "replay::files");
    assert!(lab.run(&["audit", "hold", "--reason", "x"]).status.success());
    refused("1", &[], "replay::kind");
    // A clone that does not have the commit.
    fs::rename(lab.path("repo/.git"), lab.path("away")).expect("moved");
    git(&lab.path("repo"), &["init", "--quiet"]);
    lab.commit("another history");
    refused("0", &[], "git::");
}
