//! Some of our policies on one resource and on a thousand, by this engine, by regorus as it is, and by OPA: `cargo bench
//! --bench rego`. OPA takes part when `CHANGEGATE_OPA` names a folder with its Python package (`benches/opa.py`).
//!
//! Each evaluation starts from the input as JSON text and ends with the answer.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a bench owns its environment"
)]

mod common;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use changegate::gate::{self, Silent};
use changegate::policy::engine::{Engine, Input};
use changegate::policy::library::{self, Library, Policy};
use changegate::source::Sources;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde_json::{Value, json};

/// Policies about workloads, one of each sort: plain fields, several objects, arithmetic.
const POLICIES: [&str; 3] = ["abrupt_termination", "capacity_losing_update", "unsafe_stateful_update"];

/// What the policies see of each workload of the acme fixture.
fn inputs() -> Vec<String> {
    let request = common::request(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/acme"));
    let mut whole = serde_json::to_value(gate::facts(&request, &Silent).input.unwrap()).unwrap();
    let resources = whole.as_object_mut().unwrap().remove("resources").unwrap();
    whole.as_object_mut().unwrap().remove("changed");
    let workloads = resources
        .as_array()
        .unwrap()
        .iter()
        .filter(|r| r["type"].as_str().is_some_and(|kind| kind.starts_with("apps/") || kind.ends_with("/Rollout")));
    let with = |resource: &Value| {
        let mut input = whole.clone();
        input["resource"] = resource.clone();
        input.to_string()
    };
    workloads.map(with).collect()
}

/// A contestant: how many findings some rules have on some inputs.
trait Contestant {
    fn findings(&mut self, rules: &[String], inputs: &[String]) -> usize;
}

impl Contestant for Engine {
    fn findings(&mut self, rules: &[String], inputs: &[String]) -> usize {
        let one = |text: &String| {
            self.set_input(Input::of(&serde_json::from_str::<Value>(text).unwrap()).unwrap());
            rules.iter().map(|rule| self.set(rule).unwrap().len()).sum::<usize>()
        };
        inputs.iter().map(one).sum()
    }
}

impl Contestant for regorus::Engine {
    fn findings(&mut self, rules: &[String], inputs: &[String]) -> usize {
        let one = |text: &String| {
            self.set_input_json(text).unwrap();
            rules.iter().map(|rule| self.eval_rule(rule.clone()).unwrap().as_set().unwrap().len()).sum::<usize>()
        };
        inputs.iter().map(one).sum()
    }
}

/// A process with OPA, which measures itself.
struct Opa {
    child: Child,
    asked: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Opa {
    fn start(modules: &[(String, String)]) -> Option<Self> {
        let folder = std::env::var_os("CHANGEGATE_OPA")?;
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/opa.py");
        let mut command = Command::new("python3");
        command.arg(script).arg(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (asked, answers) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut opa = Self { child, asked, answers };
        opa.ask(&json!({"modules": modules}));
        Some(opa)
    }

    fn ask(&mut self, request: &Value) -> Value {
        writeln!(self.asked, "{request}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    fn run(&mut self, times: u64, rules: &[String], inputs: &[String]) -> (Duration, usize) {
        let rules: Vec<&str> = rules.iter().map(|rule| rule.trim_start_matches("data.")).collect();
        let answer = self.ask(&json!({"rules": rules, "inputs": inputs, "times": times}));
        let members = usize::try_from(answer["members"].as_u64().unwrap()).unwrap();
        (Duration::from_secs_f64(answer["seconds"].as_f64().unwrap()), members)
    }
}

impl Drop for Opa {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn compare(criterion: &mut Criterion) {
    let mut sources = Sources::default();
    let ids = library::embedded(&mut sources, false);
    let library = library::load(&sources, &ids);
    let chosen: Vec<&Policy> = library
        .policies
        .iter()
        .filter(|p| POLICIES.iter().any(|name| p.deny.ends_with(&format!(".{name}.deny"))))
        .collect();
    assert_eq!(chosen.len(), POLICIES.len());
    let rules: Vec<String> = chosen.iter().map(|policy| policy.deny.clone()).collect();
    let modules: Vec<(String, String)> =
        ids.iter().filter_map(|id| sources.get(*id)).map(|s| (s.path.to_string(), s.text.to_string())).collect();
    // What they need: themselves, and what policies share.
    let modules: Vec<_> = modules
        .into_iter()
        .filter(|(path, _)| path.contains("/lib/") || POLICIES.iter().any(|name| path.contains(&format!("/{name}/"))))
        .collect();
    let mut ours = library.engine_for(chosen).unwrap();
    let mut stock = regorus::Engine::new();
    for (path, text) in &modules {
        stock.add_policy(path.clone(), text.clone()).unwrap();
    }
    let mut opa = Opa::start(&modules);
    let few = inputs();
    let many: Vec<String> = few.iter().cycle().take(1_000).cloned().collect();
    for (name, rules, inputs) in [
        ("one policy, one resource", &rules[..1], &few[..1]),
        ("three policies, 1,000 resources", &rules[..], &many[..]),
    ] {
        let found = ours.findings(rules, inputs);
        let mut group = criterion.benchmark_group(name);
        group.sample_size(10).throughput(Throughput::Elements((rules.len() * inputs.len()) as u64));
        group.bench_function("changegate", |b| b.iter(|| ours.findings(rules, inputs)));
        assert_eq!(stock.findings(rules, inputs), found);
        group.bench_function("regorus", |b| b.iter(|| stock.findings(rules, inputs)));
        if let Some(opa) = &mut opa {
            assert_eq!(opa.run(1, rules, inputs).1, found);
            group.bench_function("OPA", |b| b.iter_custom(|times| opa.run(times, rules, inputs).0));
        }
        group.finish();
    }
}

/// What one more policy costs beside a first one, on one resource whose input is ready.
fn overhead(criterion: &mut Criterion) {
    let mut sources = Sources::default();
    let ids = library::embedded(&mut sources, false);
    let library: Library = library::load(&sources, &ids);
    let all: Vec<&Policy> = library.policies.iter().filter(|p| library::is_per_resource(p)).take(40).collect();
    let mut engine = library.engine_for(all.iter().copied()).unwrap();
    let input = inputs().swap_remove(0);
    let input = Input::of(&serde_json::from_str::<Value>(&input).unwrap()).unwrap();
    let mut group = criterion.benchmark_group("one resource");
    for wanted in [&all[..1], &all[..]] {
        group.throughput(Throughput::Elements(wanted.len() as u64));
        group.bench_function(format!("{} policies", wanted.len()), |b| {
            b.iter(|| {
                engine.set_input(input.clone());
                wanted.iter().map(|policy| engine.set(&policy.deny).unwrap().len()).sum::<usize>()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, compare, overhead);
criterion_main!(benches);
