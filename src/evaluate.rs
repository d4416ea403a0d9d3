//! Facts × policies, in parallel, then sorted: one thread and many give the same bytes.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use rayon::prelude::*;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::facts::{Resource, Stage, World};
use crate::finding::{Answer, Diagnostic, Enforcement, Evidence, Finding, Severity, Status};
use crate::parse::tree::{Node, Path, Step};
use crate::policy::engine::{Engine, EvalError, Input};
use crate::policy::library::{self, Library, Policy};
use crate::source::{Sources, Span};

/// What is evaluated.
pub struct Task<'a> {
    /// All policies and their engine.
    pub library: &'a Library,
    /// The policies that apply, sorted by id.
    pub policies: Vec<&'a Policy>,
    /// The shared part of the input.
    pub world: &'a World,
    /// Every resource.
    pub resources: &'a [Resource],
    /// Whether a resource is judged: indexes of `resources`.
    pub judged: Vec<usize>,
    /// The change request's document and its place, for findings `at: "change"`.
    pub request: Option<&'a Node>,
    /// All texts.
    pub sources: &'a Sources,
    /// Called after each subject.
    pub tick: &'a (dyn Fn() + Sync),
}

/// What came out.
#[derive(Debug, Default)]
pub struct Evaluation {
    /// Not yet sorted by place.
    pub findings: Vec<Finding>,
    /// Policies that could not be evaluated.
    pub diagnostics: Vec<Diagnostic>,
    /// On how many subjects each policy was evaluated, in the order of the task's policies.
    pub counts: Vec<usize>,
    /// How many resources at least one policy judged.
    pub judged_resources: usize,
    /// Earliest instant after now at which an answer may change.
    pub valid_until: Option<Timestamp>,
}

/// Evaluates every policy on what it judges.
///
/// # Errors
/// A diagnostic when the shared input cannot be built.
pub fn evaluate(task: &Task<'_>) -> Result<Evaluation, Diagnostic> {
    let shared = Shared::new(task)?;
    let subjects = subjects(task);
    let mut engine = task.library.engine.clone();
    engine.set_input(shared.base.clone());
    if let Some(policy) = task.policies.first() {
        // The first evaluation prepares the engine (4 ms); clones made after it share what was prepared.
        let _ = engine.set(&policy.deny);
    }
    let answers: Vec<Answers> = subjects
        .par_iter()
        .map_init(
            || engine.clone(),
            |engine, subject| {
                let answers = judge(task, &shared, engine, subject);
                (task.tick)();
                answers
            },
        )
        .collect();
    Ok(collect(task, &subjects, answers))
}

/// One subject with the policies that judge it, as indexes into the task's policies.
struct Subject {
    resource: Option<usize>,
    policies: Vec<usize>,
}

/// Change policies one by one (each may be slow), then each resource with all policies that target its kind.
fn subjects(task: &Task<'_>) -> Vec<Subject> {
    let mut by_kind: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut subjects = Vec::new();
    for (index, policy) in task.policies.iter().enumerate() {
        if library::is_per_resource(policy) {
            for target in &policy.metadata.custom.targets {
                by_kind.entry(target).or_default().push(index);
            }
        } else {
            subjects.push(Subject { resource: None, policies: vec![index] });
        }
    }
    let everywhere = by_kind.remove("*").unwrap_or_default();
    for resource in &task.judged {
        let kind = task.resources.get(*resource).map_or("", |r| &r.kind);
        let mut policies: Vec<usize> = by_kind.get(kind).into_iter().flatten().chain(&everywhere).copied().collect();
        policies.sort_unstable();
        policies.dedup();
        if !policies.is_empty() {
            subjects.push(Subject { resource: Some(*resource), policies });
        }
    }
    subjects
}

/// The parts of the input that evaluations share.
struct Shared {
    base: Input,
    with_resources: Input,
}

impl Shared {
    fn new(task: &Task<'_>) -> Result<Self, Diagnostic> {
        let failed = |e: String| Diagnostic::error("gate::input", format!("the policy input cannot be built: {e}"));
        let world = Input::of(task.world).map_err(failed)?;
        let changed = task.resources.iter().filter(|r| r.action.is_change());
        let changed = Input::list(changed.map(|r| resource_input(r, task.resources, task.sources)).collect());
        let base = world.with(vec![("changed", changed)]);
        let with_resources = if task.policies.iter().any(|p| p.reads_resources) {
            let all = task.resources.par_iter().map(|r| resource_input(r, task.resources, task.sources)).collect();
            base.with(vec![("resources", Input::list(all))])
        } else {
            base.clone()
        };
        Ok(Self { base, with_resources })
    }
}

/// The whole input document, as a policy sees it with every resource.
///
/// # Errors
/// A message, when the world does not serialise.
pub fn whole_input(world: &World, resources: &[Resource], sources: &Sources) -> Result<Input, String> {
    let all: Vec<Input> = resources.par_iter().map(|r| resource_input(r, resources, sources)).collect();
    let changed = all.iter().zip(resources).filter(|(_, r)| r.action.is_change()).map(|(i, _)| i.clone()).collect();
    Ok(Input::of(world)?.with(vec![("changed", Input::list(changed)), ("resources", Input::list(all))]))
}

/// One resource as a policy sees it (docs/policy-input.md, Resource).
pub fn resource_input(resource: &Resource, all: &[Resource], sources: &Sources) -> Input {
    let related = resource.related.iter().filter_map(|join| {
        let other = all.get(join.index)?;
        let mut entries = summary(other, sources);
        entries.push(("relation", join.relation.into()));
        entries.push(("attrs", Input::of_node(&other.attrs)));
        Some(Input::object(entries))
    });
    let mut entries = summary(resource, sources);
    entries.extend([
        ("attrs", Input::of_node(&resource.attrs)),
        ("before", resource.before.as_ref().map_or(Input::from(None), |node| Input::of_node(node))),
        ("changed", paths(&resource.changed)),
        ("unknown", paths(&resource.unknown)),
        ("sensitive", paths(&resource.sensitive)),
        ("replace_paths", paths(&resource.replace_paths)),
        ("lifecycle", resource.lifecycle.as_ref().map_or(Input::from(None), Input::of_node)),
        ("region", resource.region.as_deref().into()),
        ("zones", Input::list(resource.zones.iter().map(|z| (&**z).into()).collect())),
        ("stateful", resource.stateful.into()),
        ("owners", Input::list(resource.owners.iter().map(|o| (&**o).into()).collect())),
        ("introduced_by", Input::of(&resource.introduced_by).unwrap_or_else(|_| Input::list(Vec::new()))),
        ("related", Input::list(related.collect())),
    ]);
    Input::object(entries)
}

fn summary(r: &Resource, sources: &Sources) -> Vec<(&'static str, Input)> {
    let place = sources.get(r.span.source);
    let iac = r.iac.map_or("", crate::facts::Iac::as_str);
    let address = (r.iac == Some(crate::facts::Iac::Terraform)).then_some(&*r.id);
    vec![
        ("id", (&*r.id).into()),
        ("iac", iac.into()),
        ("type", (&*r.kind).into()),
        ("name", (&*r.name).into()),
        ("namespace", r.namespace.as_deref().into()),
        ("address", address.into()),
        ("module", r.module.as_deref().into()),
        ("file", place.map(|s| &*s.path).into()),
        ("line", place.map_or(0, |s| i64::from(s.line(r.header.start))).into()),
        ("action", r.action.as_str().into()),
        ("environment", r.environment.as_deref().into()),
        ("service", r.service.as_deref().into()),
        ("tier", r.tier.map_or(Input::from(None), |t| i64::from(t).into())),
    ]
}

fn paths(paths: &[Path]) -> Input {
    let step = |step: &Step| match step {
        Step::Key(key) => Input::from(&**key),
        Step::Index(index) => i64::try_from(*index).unwrap_or(i64::MAX).into(),
    };
    Input::list(paths.iter().map(|path| Input::list(path.iter().map(step).collect())).collect())
}

/// What the policies answered about one subject.
#[derive(Default)]
struct Answers {
    findings: Vec<Finding>,
    diagnostics: Vec<Diagnostic>,
    instants: Vec<i64>,
}

fn judge(task: &Task<'_>, shared: &Shared, engine: &mut Engine, subject: &Subject) -> Answers {
    let resource = subject.resource.and_then(|index| task.resources.get(index));
    let own = resource.map(|r| resource_input(r, task.resources, task.sources));
    let mut answers = Answers::default();
    for policy in subject.policies.iter().filter_map(|index| task.policies.get(*index)) {
        let base = if policy.reads_resources { &shared.with_resources } else { &shared.base };
        engine.set_input(match &own {
            Some(own) => base.with(vec![("resource", own.clone())]),
            None => base.clone(),
        });
        let about = About { task, policy, resource };
        if let Err(fault) = about.ask(engine, &mut answers) {
            answers.diagnostics.push(about.fault(&fault));
            if fault == EvalError::Panicked {
                *engine = task.library.engine.clone();
            }
        }
    }
    answers
}

/// One policy and one subject.
struct About<'a> {
    task: &'a Task<'a>,
    policy: &'a Policy,
    resource: Option<&'a Resource>,
}

/// A finding as a policy writes it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    msg: String,
    #[serde(default)]
    path: Vec<serde_json::Value>,
    at: Option<Place>,
    file: Option<String>,
    resource: Option<String>,
    #[serde(default)]
    pending: bool,
    #[serde(default)]
    because: Vec<String>,
    #[serde(default)]
    evidence: Vec<Evidence>,
    enforcement: Option<Enforcement>,
    severity: Option<Severity>,
    remediation: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Place {
    Resource,
    Change,
    File,
}

impl About<'_> {
    fn ask(&self, engine: &mut Engine, answers: &mut Answers) -> Result<(), EvalError> {
        for (rule, answer) in [(Some(&self.policy.deny), Answer::Fail), (self.policy.unknown.as_ref(), Answer::Unknown)]
        {
            for member in rule.map_or(Ok(Vec::new()), |rule| engine.set(rule))? {
                let written = written(member).map_err(|message| EvalError::Failed { message, place: None })?;
                answers.findings.push(self.finding(answer, written));
            }
        }
        if let Some(rule) = &self.policy.valid_until {
            answers.instants.extend(engine.set(rule)?.iter().filter_map(serde_json::Value::as_i64));
        }
        Ok(())
    }

    fn finding(&self, answer: Answer, written: Written) -> Finding {
        let stage: Stage = self.task.world.stage;
        let custom = &self.policy.metadata.custom;
        let resource = self.subject(&written);
        let id = written.resource.as_deref().or_else(|| resource.map(|r| &*r.id));
        let because = written.because.iter().filter_map(|place| self.task.sources.span_of_place(place));
        Finding {
            policy: custom.id.as_str().into(),
            title: self.policy.metadata.title.as_str().into(),
            severity: written.severity.unwrap_or(custom.severity),
            enforcement: written.enforcement.unwrap_or_else(|| custom.enforcement_at(stage)),
            answer,
            status: Status::Open,
            pending: written.pending,
            fingerprint: self.fingerprint(answer, &written, id),
            resource: id.map(Into::into),
            span: self.span(&written, resource),
            because: because.collect(),
            message: written.msg,
            remediation: written.remediation.unwrap_or_else(|| custom.remediation.clone()),
            evidence: written.evidence,
            introduced_by: resource.map(|r| r.introduced_by.clone()).unwrap_or_default(),
            owners: resource.map(|r| r.owners.clone()).unwrap_or_default(),
        }
    }

    fn subject(&self, written: &Written) -> Option<&Resource> {
        let named = |id: &String| {
            let with_id = || self.task.resources.iter().filter(move |r| *r.id == **id);
            with_id().find(|r| r.action.is_change()).or_else(|| with_id().next())
        };
        match &written.resource {
            Some(id) if self.resource.is_none_or(|r| *r.id != **id) => named(id),
            _ => self.resource,
        }
    }

    /// The offending place: see `at` in docs/policy-input.md.
    fn span(&self, written: &Written, resource: Option<&Resource>) -> Option<Span> {
        let at = written.at.unwrap_or(match (resource, self.task.request) {
            (None, Some(_)) => Place::Change,
            _ => Place::Resource,
        });
        let path: Path = written.path.iter().filter_map(step).collect();
        match at {
            Place::Change => self.task.request.map(|document| place_in(document, &path, document.span)),
            Place::File => {
                let path = written.file.as_deref()?;
                let mut sources =
                    self.task.sources.iter().filter(|(_, s)| &*s.path == path).map(|(id, s)| (s.revision, id));
                sources.next().map(|(_, id)| Span::new(id, 0, 0))
            }
            Place::Resource => {
                let resource = resource?;
                if written.path.is_empty() {
                    let reached = |path: &&Vec<Step>| resource.attrs.deepest(path).2 == path.len();
                    let mentioned = self.policy.mentions.iter().find(reached);
                    return Some(mentioned.map_or(resource.header, |p| place_in(&resource.attrs, p, resource.header)));
                }
                Some(place_in(&resource.attrs, &path, resource.header))
            }
        }
    }

    /// Policy, subject, path without indexes and the message without its values: survives line moves and reformatting.
    fn fingerprint(&self, answer: Answer, written: &Written, subject: Option<&str>) -> String {
        let keys = written.path.iter().filter_map(serde_json::Value::as_str).collect::<Vec<_>>().join("/");
        let subject = subject.or(written.file.as_deref()).unwrap_or("change");
        let class = message_class(&written.msg);
        let text = format!("{}\n{subject}\n{keys}\n{answer:?}\n{class}", self.policy.id());
        library::hex(Sha256::digest(text.as_bytes()).get(..16).unwrap_or_default())
    }

    fn fault(&self, error: &EvalError) -> Diagnostic {
        let subject = self.resource.map_or_else(|| "the change".to_owned(), |r| format!("`{}`", r.id));
        let message = format!("{} could not be evaluated on {subject}: {error}", self.policy.id());
        let place = match error {
            EvalError::Failed { place: Some(place), .. } => self.task.sources.span_of_place(place),
            _ => None,
        };
        Diagnostic::error("policy::evaluation", message)
            .at(place.unwrap_or(Span::new(self.policy.source, 0, 0)))
            .help("mend the policy, or leave it out with `--skip` (the outcome is then partial)")
    }
}

fn written(member: serde_json::Value) -> Result<Written, String> {
    match member {
        serde_json::Value::String(msg) => Ok(Written { msg, ..Written::default() }),
        other => {
            serde_json::from_value(other).map_err(|e| format!("a finding is not as docs/policy-input.md says: {e}"))
        }
    }
}

fn step(value: &serde_json::Value) -> Option<Step> {
    match value {
        serde_json::Value::String(key) => Some(Step::Key(key.as_str().into())),
        serde_json::Value::Number(index) => index.as_u64().and_then(|i| usize::try_from(i).ok()).map(Step::Index),
        _ => None,
    }
}

/// The place of a path: key and value when it is there, else the key of the nearest parent, else `header`.
fn place_in(root: &Node, path: &[Step], header: Span) -> Span {
    match root.deepest(path) {
        (_, _, 0) => header,
        (node, key, taken) if taken == path.len() && node.as_map().is_none() && node.as_seq().is_none() => {
            key.to(node.span)
        }
        (_, key, _) => key,
    }
}

/// A message with its numbers and quoted parts taken out.
fn message_class(message: &str) -> String {
    let mut class = String::with_capacity(message.len());
    let mut quote = None;
    for c in message.chars() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '`' | '"') => quote = Some(c),
            (None, c) if c.is_ascii_digit() => {}
            (None, c) => class.push(c),
        }
    }
    class
}

fn collect(task: &Task<'_>, subjects: &[Subject], answers: Vec<Answers>) -> Evaluation {
    let mut out = Evaluation { counts: vec![0; task.policies.len()], ..Evaluation::default() };
    for index in subjects.iter().flat_map(|s| &s.policies) {
        if let Some(count) = out.counts.get_mut(*index) {
            *count += 1;
        }
    }
    out.judged_resources = subjects.iter().filter(|s| s.resource.is_some()).count();
    let now = task.world.now;
    for answer in answers {
        out.findings.extend(answer.findings);
        out.diagnostics.extend(answer.diagnostics);
        let later = answer.instants.into_iter().filter_map(|ns| Timestamp::from_nanosecond(ns.into()).ok());
        out.valid_until = out.valid_until.into_iter().chain(later.filter(|t| *t > now.0)).min();
    }
    out
}

/// Tells findings with one fingerprint apart by their order.
pub fn number_fingerprints(findings: &mut [Finding]) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for finding in findings {
        let n = seen.entry(finding.fingerprint.clone()).or_default();
        *n += 1;
        if *n > 1 {
            finding.fingerprint = format!("{}-{n}", finding.fingerprint);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_class_of_a_message_does_not_depend_on_values() {
        assert_eq!(message_class("`a` has 1 replica, \"x\""), message_class("`b` has 2 replica, \"y\""));
        assert_ne!(message_class("too few"), message_class("too many"));
    }

    #[test]
    fn a_missing_attribute_is_shown_at_its_parent_or_the_header() {
        let span = |a, b| Span::new(crate::source::SourceId(0), a, b);
        let entry = |key: &str, k, node| crate::parse::tree::Entry { key: key.into(), key_span: k, node };
        let replicas = Node::new(1_i64, span(20, 21));
        let spec = Node::new(
            [entry("replicas", span(10, 18), replicas)].into_iter().collect::<crate::parse::tree::Map>(),
            span(10, 21),
        );
        let root =
            Node::new([entry("spec", span(0, 4), spec)].into_iter().collect::<crate::parse::tree::Map>(), span(0, 21));
        let header = span(99, 100);
        assert_eq!(place_in(&root, &["spec".into(), "replicas".into()], header), span(10, 21));
        assert_eq!(place_in(&root, &["spec".into(), "paused".into()], header), span(0, 4));
        assert_eq!(place_in(&root, &["status".into()], header), header);
    }
}
