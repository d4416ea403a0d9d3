//! Configurations that nobody wrote, planned by Terraform itself and by us. Needs terraform 1.11 on the machine
//! and skips itself where there is none. `CHANGEGATE_DIFFERENTIAL=200 cargo test --test terraform_differential`
//! tries more than the usual few.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, reason = "a test binary")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use changegate::finding::Level;
use changegate::source::Sources;
use changegate::terraform::config::{self, Folder, Inputs, Options};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value as Json, json};

const PIECES: [&str; 25] = [
    "variable \"a\" {\n  default = 1\n}",
    "variable \"b\" {\n  type = list(string)\n  default = [\"x\", \"y\"]\n}",
    "variable \"s\" {\n  default = \"secret\"\n  sensitive = true\n}",
    "variable \"o\" {\n  type = object({ n = optional(number, 3), t = optional(map(string), {}) })\n  default = {}\n}",
    "locals {\n  x = [for i in range(3) : i + var.a]\n}",
    "locals {\n  y = { for k, v in var.b : v => k }\n}",
    "locals {\n  z = try(local.y[\"q\"], terraform_data.t[0].input, \"none\")\n}",
    "locals {\n  w = merge(var.o, { more = local.x })\n}",
    "resource \"terraform_data\" \"t\" {\n  count = length(var.b)\n  input = \"${count.index}-${var.b[count.index]}\"\n}",
    "resource \"terraform_data\" \"u\" {\n  for_each = local.y\n  input = { k = each.key, v = each.value, s = var.s }\n}",
    "resource \"terraform_data\" \"w\" {\n  input = terraform_data.t[*].id\n  triggers_replace = local.x\n  lifecycle {\n    \
     precondition {\n      condition = length(local.x) == 3\n      error_message = \"length\"\n    }\n  }\n}",
    "module \"m\" {\n  source = \"./m\"\n  in = local.x\n}",
    "module \"n\" {\n  source = \"./m\"\n  for_each = local.y\n  in = each.value\n}",
    "module \"c\" {\n  source = \"./m\"\n  count = 2\n  in = module.m.out\n}",
    "output \"p\" {\n  value = [module.m.out, [for k, v in module.n : v.out]]\n}",
    "output \"q\" {\n  value = module.c[*].id\n}",
    "output \"r\" {\n  value = { t = terraform_data.t[*].input, u = { for k, v in terraform_data.u : k => v.input.k } }\n  \
     sensitive = true\n}",
    "output \"e\" {\n  value = [local.z, local.w]\n}",
    "output \"f\" {\n  value = terraform_data.w.input\n}",
    "output \"g\" {\n  value = var.s\n  sensitive = true\n}",
    "output \"h\" {\n  value = module.m\n}",
    "check \"c\" {\n  assert {\n    condition = length(local.x) > 5\n    error_message = \"small\"\n  }\n}",
    "output \"i\" {\n  value = module.n[\"x\"].out + 1\n}",
    "output \"j\" {\n  value = [for m in module.c : m.out][0]\n}",
    "output \"k\" {\n  value = terraform_data.t\n}",
];

const MODULE: &str = "variable \"in\" {}\nresource \"terraform_data\" \"d\" {\n  input = var.in\n}\n\
                      output \"out\" {\n  value = var.in\n}\noutput \"id\" {\n  value = terraform_data.d.id\n}\n";

#[test]
fn made_up_configurations_are_planned_as_terraform_plans_them() {
    if !has_terraform() {
        eprintln_skipped();
        return;
    }
    // Most of the pieces in any order: enough is declared for a plan, often not all of it.
    let most = prop::collection::vec(prop::bool::weighted(0.97), PIECES.len());
    let choice = (Just((0..PIECES.len()).collect::<Vec<_>>()).prop_shuffle(), most);
    let mut runner = TestRunner::deterministic();
    for _ in 0..cases() {
        let (order, taken) = choice.new_tree(&mut runner).unwrap().current();
        let text: Vec<&str> = order.into_iter().filter(|at| taken[*at]).map(|at| PIECES[at]).collect();
        let text = text.join("\n") + "\n";
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("m")).unwrap();
        fs::write(folder.path().join("m/m.tf"), MODULE).unwrap();
        fs::write(folder.path().join("main.tf"), &text).unwrap();
        let (ours, theirs) = (plan_here(folder.path()), plan_there(folder.path()));
        match (&ours, &theirs) {
            (Ok(ours), Ok(theirs)) => assert_eq!(ours, theirs, "in\n{text}"),
            (Err(ours), Err(theirs)) => {
                let same = |t: &String| ours.iter().any(|o| o.starts_with(t.as_str()));
                assert!(theirs.iter().any(same), "ours {ours:?}, theirs {theirs:?}, in\n{text}");
            }
            _ => panic!("ours {ours:?}, theirs {theirs:?}, in\n{text}"),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a switch for developers, read by this test only")]
fn cases() -> usize {
    std::env::var("CHANGEGATE_DIFFERENTIAL").ok().and_then(|n| n.parse().ok()).unwrap_or(8)
}

#[expect(clippy::disallowed_macros, clippy::print_stderr, reason = "whoever runs the tests wants to know")]
fn eprintln_skipped() {
    eprintln!("skipped: there is no terraform 1.11 on this machine");
}

fn has_terraform() -> bool {
    let version = Command::new("terraform").arg("version").output();
    version.is_ok_and(|o| String::from_utf8_lossy(&o.stdout).starts_with("Terraform v1.11."))
}

/// Outputs and statuses of checks, or faults as `place summary`.
type Plan = Result<Json, Vec<String>>;

fn plan_here(folder: &Path) -> Plan {
    let files = Folder::new(folder).unwrap();
    let mut sources = Sources::default();
    let configuration = config::load("", &files, &mut sources);
    let inputs = Inputs::read("", &Options { strict: true, ..Options::default() }, &files, &mut sources);
    let evaluation = config::evaluate(&configuration, "", &inputs, &files, &sources);
    let errors = configuration.diagnostics.iter().chain(&evaluation.diagnostics).filter(|d| d.level == Level::Error);
    let place = |span| sources.locate(span).map_or(String::new(), |l| format!("{}:{}", l.path, l.line));
    let errors: Vec<String> =
        errors.map(|d| format!("{} {}", d.span.map(place).unwrap_or_default(), d.message)).collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    let outputs = evaluation.outputs.iter().map(|o| (o.name.to_string(), o.to_json()));
    let checks = evaluation.checks.iter().map(|c| (c.address.to_string(), json!(c.status.as_str())));
    Ok(json!({"outputs": outputs.collect::<BTreeMap<_, _>>(), "checks": checks.collect::<BTreeMap<_, _>>()}))
}

fn terraform(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new("terraform");
    command.args(args).current_dir(folder).env("TF_CLI_CONFIG_FILE", "/dev/null").env("CHECKPOINT_DISABLE", "1");
    command.output().unwrap()
}

fn plan_there(folder: &Path) -> Plan {
    terraform(folder, &["init", "-input=false"]);
    let plan = terraform(folder, &["plan", "-json", "-input=false", "-out=plan"]);
    let lines = String::from_utf8(plan.stdout).unwrap();
    let lines = lines.lines().map(|line| serde_json::from_str::<Json>(line).unwrap());
    let is_error = |line: &Json| line["@level"] == "error" && !line["diagnostic"].is_null();
    let errors: Vec<String> = lines.filter(is_error).map(|line| error(&line)).collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    let shown = terraform(folder, &["show", "-json", "plan"]);
    Ok(plan_of(&serde_json::from_slice(&shown.stdout).unwrap()))
}

fn error(line: &Json) -> String {
    let diagnostic = &line["diagnostic"];
    let place = match diagnostic["range"].is_null() {
        true => String::new(),
        false => {
            let range = &diagnostic["range"];
            format!("{}:{}", range["filename"].as_str().unwrap(), range["start"]["line"])
        }
    };
    // The members of a cycle have no order.
    let summary = diagnostic["summary"].as_str().unwrap();
    format!("{place} {}", if summary.starts_with("Cycle:") { "Cycle:" } else { summary })
}

fn plan_of(plan: &Json) -> Json {
    let mut outputs = Map::new();
    for (name, change) in plan["output_changes"].as_object().cloned().unwrap_or_default() {
        let planned = &plan["planned_values"]["outputs"][&name];
        let sensitive = planned["sensitive"] == true;
        let value = if sensitive { Json::Null } else { change["after"].clone() };
        let mut one = json!({"value": value, "unknown": marks(&change["after_unknown"]), "sensitive": sensitive});
        if !planned["type"].is_null() {
            one["type"] = planned["type"].clone();
        }
        outputs.insert(name, one);
    }
    let mut checks = Map::new();
    for check in plan["checks"].as_array().cloned().unwrap_or_default() {
        for instance in check["instances"].as_array().cloned().unwrap_or_default() {
            checks.insert(instance["address"]["to_display"].as_str().unwrap().into(), instance["status"].clone());
        }
    }
    json!({"outputs": outputs, "checks": checks})
}

/// Terraform writes the shape of a value also where nothing is unknown; we write `false`.
fn marks(shape: &Json) -> Json {
    let any = |shape: &Json| *shape != json!(false);
    match shape {
        Json::Array(items) => {
            let items: Vec<Json> = items.iter().map(marks).collect();
            if items.iter().any(any) { items.into() } else { json!(false) }
        }
        Json::Object(map) => {
            let marked: Map<String, Json> =
                map.iter().map(|(k, v)| (k.clone(), marks(v))).filter(|(_, v)| any(v)).collect();
            if marked.is_empty() { json!(false) } else { marked.into() }
        }
        Json::Null => json!(false),
        other => other.clone(),
    }
}
