//! What a policy answers about one subject, as findings with a place.

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{Answers, Raised, Task};
use crate::facts::{Resource, Stage};
use crate::finding::{Answer, Diagnostic, Enforcement, Evidence, Finding, Severity, Status};
use crate::parse::tree::{Node, Path, Step};
use crate::policy::engine::EvalError;
use crate::policy::judge::Judge;
use crate::policy::library::{self, Policy};
use crate::source::Span;

/// One policy and one subject.
pub(super) struct About<'a> {
    /// What is evaluated.
    pub(super) task: &'a Task<'a>,
    /// Who is asked.
    pub(super) policy: &'a Policy,
    /// About what; `None` for the change.
    pub(super) resource: Option<&'a Resource>,
    /// Its index.
    pub(super) index: Option<usize>,
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
    source: Option<String>,
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
    liftable: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Place {
    Resource,
    Change,
    File,
    Source,
}

impl About<'_> {
    /// Asks the policy's rules, and keeps what they answer.
    pub(super) fn ask(&self, engine: &mut impl Judge, answers: &mut Answers) -> Result<(), EvalError> {
        let asked = self.rules(engine, answers);
        answers.diagnostics.extend(engine.swallowed().iter().map(|error| self.swallowed(error)));
        asked
    }

    fn rules(&self, engine: &mut impl Judge, answers: &mut Answers) -> Result<(), EvalError> {
        for (rule, answer) in [(Some(&self.policy.deny), Answer::Fail), (self.policy.unknown.as_ref(), Answer::Unknown)]
        {
            for member in rule.map_or(Ok(Vec::new()), |rule| engine.set(rule))? {
                let written = written(member).map_err(|message| EvalError::Failed { message, place: None })?;
                let path = written.path.iter().filter_map(step).collect();
                answers.findings.push(Raised { finding: self.finding(answer, written), resource: self.index, path });
            }
        }
        if let Some(rule) = &self.policy.valid_until {
            answers.instants.extend(engine.set(rule)?.iter().filter_map(serde_json::Value::as_i64));
        }
        if let Some(rule) = &self.policy.lifts {
            answers.lifts.extend(engine.set(rule)?.iter().filter_map(|v| v.as_str().map(str::to_owned)));
        }
        Ok(())
    }

    fn finding(&self, answer: Answer, written: Written) -> Finding {
        let stage: Stage = self.task.world.stage;
        let custom = &self.policy.metadata.custom;
        let resource = self.subject(&written);
        let id = written.resource.as_deref().or_else(|| resource.map(|r| &*r.id));
        let told = written.because.iter().filter_map(|place| self.task.sources.span_of_place(place));
        let because = told.chain(resource.into_iter().flat_map(|r| origins(r, &written)));
        Finding {
            policy: custom.id.as_str().into(),
            title: self.policy.metadata.title.as_str().into(),
            severity: written.severity.unwrap_or(custom.severity),
            enforcement: written.enforcement.unwrap_or_else(|| custom.enforcement_at(stage)),
            answer,
            status: Status::Open,
            lifted_by: None,
            pending: written.pending,
            fingerprint: self.fingerprint(answer, &written, id),
            resource: id.map(Into::into),
            span: self.span(&written, resource),
            because: because.collect(),
            message: written.msg,
            remediation: written.remediation.unwrap_or_else(|| custom.remediation.clone()),
            evidence: written.evidence,
            liftable: written.liftable.map(Into::into),
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
        let path = path_of(&written.path);
        match at {
            Place::Change => self.task.request.map(|document| place_in(document, &path, document.span)),
            Place::File => {
                let path = written.file.as_deref()?;
                if let Some(document) = self.document(path).filter(|_| !written.path.is_empty()) {
                    return Some(place_in(document, &path_of(&written.path), document.span));
                }
                self.task.sources.at_path(path).next().map(|(id, _)| Span::new(id, 0, 0))
            }
            Place::Source => self.task.sources.span_of_place(written.source.as_deref()?),
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

    /// The document of a pipeline file, as it is at the head, else as it was.
    fn document(&self, path: &str) -> Option<&Node> {
        let pipelines = self.task.world.git.iter().flat_map(|git| &git.pipelines);
        let pipeline = pipelines.into_iter().find(|pipeline| pipeline.path == path)?;
        pipeline.after.as_ref().or(pipeline.before.as_ref())
    }

    /// Policy, subject, path without indexes and the message without its values: survives line moves and reformatting.
    fn fingerprint(&self, answer: Answer, written: &Written, subject: Option<&str>) -> String {
        let keys = written.path.iter().filter_map(serde_json::Value::as_str).collect::<Vec<_>>().join("/");
        let subject = subject.or(written.file.as_deref()).unwrap_or("change");
        let class = message_class(&written.msg);
        let text = format!("{}\n{subject}\n{keys}\n{answer:?}\n{class}", self.policy.id());
        library::hex(Sha256::digest(text.as_bytes()).get(..16).unwrap_or_default())
    }

    /// What is said when the policy could not answer.
    pub(super) fn fault(&self, error: &EvalError) -> Diagnostic {
        let subject = self.resource.map_or_else(|| "the change".to_owned(), |r| format!("`{}`", r.id));
        let message = format!("{} could not be evaluated on {subject}: {error}", self.policy.id());
        Diagnostic::error("policy::evaluation", message)
            .at(self.place(error))
            .help("mend the policy, or leave it out with `--skip` (the outcome is then partial)")
    }

    /// What is said about an error that made an expression undefined.
    fn swallowed(&self, error: &EvalError) -> Diagnostic {
        let message = format!("an expression of {} counts as undefined: {error}", self.policy.id());
        Diagnostic::warning("policy::swallowed", message)
            .at(self.place(error))
            .help("OPA goes over this error, too; check the value before the call where it can be of another kind")
    }

    fn place(&self, error: &EvalError) -> Span {
        let place = match error {
            EvalError::Failed { place: Some(place), .. } => self.task.sources.span_of_place(place),
            _ => None,
        };
        place.unwrap_or(Span::new(self.policy.source, 0, 0))
    }
}

/// Where the value came from that the finding points at, when it flowed through variables.
fn origins<'a>(resource: &'a Resource, written: &Written) -> impl Iterator<Item = Span> + use<'a> {
    let path = path_of(&written.path);
    let at = move |origin: &&(Path, Vec<Span>)| {
        !path.is_empty() && (path.starts_with(&origin.0) || origin.0.starts_with(&path))
    };
    resource.origins.iter().filter(at).flat_map(|(_, spans)| spans.iter().copied())
}

fn written(member: serde_json::Value) -> Result<Written, String> {
    match member {
        serde_json::Value::String(msg) => Ok(Written { msg, ..Written::default() }),
        other => {
            serde_json::from_value(other).map_err(|e| format!("a finding is not as docs/policy-input.md says: {e}"))
        }
    }
}

fn path_of(written: &[serde_json::Value]) -> Path {
    written.iter().filter_map(step).collect()
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
