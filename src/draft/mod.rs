//! A change request for a difference, half written: what the facts say is filled in, and what the policies would still
//! miss stands as hints above the lines that they mean.
//!
//! The hints are the findings of the policies themselves about the draft, so that they never say anything else than
//! the gate will.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;
use serde_json::Value;

use crate::facts::{Action, Actor, ContextFacts, Resource, RiskFacts};
use crate::finding::{Answer, Finding, Status};
use crate::outcome::Outcome;
use crate::parse::tree::Node;
use crate::report::cab::Case;

/// What a draft is made of.
pub struct Start<'a> {
    /// `metadata.id`.
    pub id: &'a str,
    /// What is compared with, in the words of who asked.
    pub base: &'a str,
    /// What is known about the change.
    pub case: &'a Case,
}

/// The request as YAML, without hints.
///
/// # Errors
///
/// What the template engine says; a fault of this program, never of the input.
pub fn write(start: &Start<'_>) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.add_filter("quoted", |value: minijinja::Value| {
        serde_json::to_string(&value).unwrap_or_else(|_| "null".into()).replace("\",\"", "\", \"")
    });
    environment.add_template("change_request.yaml", include_str!("change_request.yaml"))?;
    let text =
        environment.get_template("change_request.yaml")?.render(minijinja::Value::from(Serde(&Draft::of(start))))?;
    Ok(text.trim_end().to_owned() + "\n")
}

/// The draft with what is wrong with it: each finding above its line, and those that mean no line of it at the end. Findings about
/// resources are left to `changegate check`: no request mends them.
pub fn with_hints(text: &str, outcome: &Outcome) -> String {
    let file = outcome.change().map(|change| change.path.clone());
    let mut hints: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    let mut rest = BTreeSet::new();
    for finding in outcome.findings.iter().filter(|f| f.status == Status::Open) {
        let place = finding.span.and_then(|span| outcome.sources.locate(span));
        match place.filter(|place| Some(&place.path) == file.as_ref()) {
            Some(place) => drop(hints.entry(place.line as usize).or_default().insert(hint(finding))),
            None if finding.resource.is_none() => drop(rest.insert(hint(finding))),
            None => {}
        }
    }
    let mut out = String::with_capacity(text.len() * 2);
    for (index, line) in text.lines().enumerate() {
        let indent: String = line.chars().take_while(|c| *c == ' ').collect();
        hints.get(&(index + 1)).into_iter().flatten().for_each(|hint| out += &format!("{indent}# ! {hint}\n"));
        out += line;
        out.push('\n');
    }
    if !rest.is_empty() {
        out += "\n# Demanded of this change, too:\n";
        rest.iter().for_each(|hint| out += &format!("# ! {hint}\n"));
    }
    out
}

/// How many hints a text with hints has.
pub fn count(text: &str) -> usize {
    text.lines().filter(|line| line.trim_start().starts_with("# ! ")).count()
}

fn hint(finding: &Finding) -> String {
    let word = match (finding.answer, finding.pending) {
        (Answer::Unknown, _) => " (not known)",
        (Answer::Fail, true) => " (may come later)",
        (Answer::Fail, false) => "",
    };
    let message: Vec<&str> = finding.message.split_whitespace().collect();
    format!("{}{word}: {}", finding.policy, message.join(" "))
}

#[derive(Serialize)]
struct Draft<'a> {
    base: &'a str,
    id: &'a str,
    title: Option<&'a str>,
    risk: Option<String>,
    level: Option<&'a str>,
    requester: Option<&'a str>,
    team: Option<String>,
    environments: BTreeSet<&'a str>,
    regions: BTreeSet<&'a str>,
    services: Vec<Service>,
    resources: Vec<&'a str>,
    destructive: Vec<Destructive<'a>>,
    commit: Option<&'a str>,
    plan_digest: Option<&'a str>,
    images: Vec<Image>,
    delivery: Delivery,
    backups: Vec<&'a str>,
    dashboards: BTreeSet<String>,
    on_call: Option<String>,
}

#[derive(Serialize)]
struct Service {
    r#ref: String,
    tier: Option<u64>,
}

#[derive(Serialize)]
struct Destructive<'a> {
    address: &'a str,
    action: &'static str,
}

#[derive(PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Image {
    name: String,
    digest: String,
}

#[derive(Default, Serialize)]
struct Delivery {
    method: Option<&'static str>,
    controller: Option<&'static str>,
    steps: Vec<Step>,
}

#[derive(Serialize)]
struct Step {
    weight: u64,
    bake: Option<String>,
}

impl<'a> Draft<'a> {
    fn of(start: &Start<'a>) -> Self {
        let Case { world, changed } = start.case;
        let names: BTreeSet<&str> = changed.iter().filter_map(|r| r.service.as_deref()).collect();
        let entries = Entries::of(world.context.get("services"), &names);
        let commits = world.git.iter().flat_map(|git| &git.commits);
        let destroys = |r: &&Resource| matches!(r.action, Action::Delete | Action::Replace | Action::Forget);
        let had_data = |r: &&Resource| r.stateful && r.action != Action::Create;
        Self {
            base: start.base,
            id: start.id,
            title: commits.map(|commit| commit.subject.as_str()).next(),
            risk: risk(&world.risk),
            level: world.risk.assessment.computed.as_deref(),
            requester: who(&world.actor),
            team: entries.team(),
            environments: changed.iter().filter_map(|r| r.environment.as_deref()).collect(),
            regions: changed.iter().filter_map(|r| r.region.as_deref()).collect(),
            services: names.iter().map(|name| entries.service(name)).collect(),
            resources: changed.iter().map(|r| &*r.id).collect(),
            destructive: changed.iter().filter(destroys).map(Destructive::of).collect(),
            commit: world.git.as_ref().and_then(|git| git.head.as_deref()),
            plan_digest: world.plans.first().map(|plan| plan.sha256.as_str()),
            images: images(changed),
            delivery: Delivery::of(changed),
            backups: changed.iter().filter(had_data).map(|r| &*r.id).collect(),
            dashboards: entries.texts("dashboards"),
            on_call: entries.texts("on_call").into_iter().next(),
        }
    }
}

fn risk(risk: &RiskFacts) -> Option<String> {
    let assessment = &risk.assessment;
    Some(format!("{}, {} points", assessment.computed.as_deref()?, assessment.score?))
}

fn who(actor: &Actor) -> Option<&str> {
    actor.id.as_deref().or(actor.email.as_deref()).or(actor.login.as_deref())
}

/// What the catalogue says about the services that are touched.
struct Entries<'a>(BTreeMap<&'a str, &'a Value>);

impl<'a> Entries<'a> {
    fn of(services: Option<&'a ContextFacts>, names: &BTreeSet<&str>) -> Self {
        let all = services.and_then(|services| services.entries.as_array()).into_iter().flatten();
        let named = all.filter_map(|entry| Some((entry.get("name")?.as_str()?, entry)));
        Self(named.filter(|(name, _)| names.contains(name)).collect())
    }

    fn service(&self, name: &str) -> Service {
        let entry = self.0.get(name);
        let reference = entry.and_then(|entry| entry.get("ref")?.as_str());
        Service {
            r#ref: reference.map_or_else(|| name.to_owned(), str::to_owned),
            tier: entry.and_then(|entry| entry.get("tier")?.as_u64()),
        }
    }

    /// The owner of all of them; `None` where they differ.
    fn team(&self) -> Option<String> {
        let owners = self.texts("owner");
        owners.iter().next().filter(|_| owners.len() == 1).cloned()
    }

    /// Texts under a key, in a list or alone.
    fn texts(&self, key: &str) -> BTreeSet<String> {
        let values = self.0.values().filter_map(|entry| entry.get(key));
        let each = values.flat_map(|value| match value {
            Value::Array(items) => items.iter().collect(),
            other => vec![other],
        });
        each.filter_map(Value::as_str).map(str::to_owned).collect()
    }
}

impl<'a> Destructive<'a> {
    fn of(resource: &'a Resource) -> Self {
        Self { address: &resource.id, action: resource.action.as_str() }
    }
}

/// Images that the change brings, where it names their digest.
fn images(changed: &[Resource]) -> Vec<Image> {
    let of = |node: &Node| {
        let mut found = BTreeSet::new();
        collect(node, &mut found);
        found
    };
    let brought = |r: &Resource| {
        let before = r.before.as_deref().map(of).unwrap_or_default();
        of(&r.attrs).into_iter().filter(move |image| !before.contains(image)).collect::<Vec<_>>()
    };
    let alive = changed.iter().filter(|r| r.action != Action::Delete);
    alive.flat_map(brought).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Every `image: name@sha256:…` below a node.
fn collect(node: &Node, found: &mut BTreeSet<Image>) {
    for entry in node.as_map().into_iter().flatten() {
        let pinned = entry.node.as_str().filter(|_| &*entry.key == "image").and_then(|text| text.split_once('@'));
        found.extend(pinned.map(|(name, digest)| Image { name: untagged(name), digest: digest.to_owned() }));
        collect(&entry.node, found);
    }
    node.as_seq().unwrap_or_default().iter().for_each(|item| collect(item, found));
}

fn untagged(name: &str) -> String {
    let tag = name.rfind(':').filter(|at| !name.get(*at..).unwrap_or_default().contains('/'));
    name.get(..tag.unwrap_or(name.len())).unwrap_or(name).to_owned()
}

impl Delivery {
    /// As the changed rollout says, else what a changed canary of Flagger stands for.
    fn of(changed: &[Resource]) -> Self {
        let rollout = changed.iter().find(|r| &*r.kind == "argoproj.io/Rollout" && r.action != Action::Delete);
        if let Some(steps) = rollout.and_then(|r| r.attrs.at(&["spec", "strategy", "canary", "steps"])) {
            let steps = weights(steps.as_seq().unwrap_or_default());
            return Self { method: Some("canary"), controller: Some("argo-rollouts"), steps };
        }
        match changed.iter().any(|r| &*r.kind == "flagger.app/Canary") {
            true => Self { method: Some("canary"), controller: Some("flagger"), steps: Vec::new() },
            false => Self::default(),
        }
    }
}

/// Each weight with the pause that follows it.
fn weights(steps: &[Node]) -> Vec<Step> {
    let mut found: Vec<Step> = Vec::new();
    for step in steps {
        let value = serde_json::to_value(step).unwrap_or_default();
        if let Some(weight) = value.get("setWeight").and_then(Value::as_u64) {
            found.push(Step { weight, bake: None });
        }
        if let (Some(pause), Some(last)) = (value.get("pause"), found.last_mut()) {
            last.bake = match pause.get("duration") {
                Some(Value::String(text)) => Some(text.clone()),
                Some(Value::Number(seconds)) => Some(format!("{seconds}s")),
                _ => None,
            };
        }
    }
    found
}
