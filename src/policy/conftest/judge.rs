//! What a bundle says about documents.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use super::bundle::{Bundle, Rule};
use super::place::{self, Place};
use crate::finding::{Answer, Diagnostic, Evidence, Finding, Severity, Status};
use crate::parse::tree::{Node, Path, Step};
use crate::policy::engine::{Engine, EvalError, Input, Mode};
use crate::policy::isolate::{Isolation, Worker};
use crate::policy::judge::Judge;
use crate::policy::library;
use crate::source::{Source, SourceId, Sources, Span};

/// One document of a file.
#[derive(Clone, Copy, Debug)]
pub struct Document<'a> {
    /// The file's path, as shown.
    pub path: &'a str,
    /// What it says.
    pub node: &'a Node,
}

/// One result of one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Without what the gate adds.
    pub finding: Finding,
    /// What it points at, below the document; empty when that is not known.
    pub path: Path,
}

/// What came of one evaluation.
#[derive(Debug, Default)]
pub struct Judged {
    /// Results.
    pub messages: Vec<Message>,
    /// Rules that could not be evaluated, results that are none, and what built-in functions swallowed.
    pub diagnostics: Vec<Diagnostic>,
}

impl Judged {
    fn printed(&mut self, lines: Vec<String>) {
        self.diagnostics.extend(lines.into_iter().map(|line| Diagnostic::note("policy::print", line)));
    }
}

/// Who evaluates the rules of a bundle.
pub struct Evaluator(Where);

enum Where {
    Here(Box<Engine>),
    Apart(Isolation, Box<Worker>),
}

impl Clone for Evaluator {
    fn clone(&self) -> Self {
        match &self.0 {
            Where::Here(engine) => Self(Where::Here(engine.clone())),
            Where::Apart(isolation, _) => Self::apart(isolation.clone()),
        }
    }
}

impl Evaluator {
    /// An engine of this process.
    pub(super) fn here(engine: Engine) -> Self {
        Self(Where::Here(Box::new(engine)))
    }

    /// A process of its own.
    pub(super) fn apart(isolation: Isolation) -> Self {
        Self(Where::Apart(isolation.clone(), Box::new(Worker::new(isolation))))
    }

    fn judge(&mut self) -> &mut dyn Judge {
        match &mut self.0 {
            Where::Here(engine) => &mut **engine,
            Where::Apart(_, worker) => &mut **worker,
        }
    }

    /// What the next rules are asked about, and what `data` has besides.
    fn begin(&mut self, bundle: &Bundle, input: Input, file: Option<Json>) -> Result<(), String> {
        // Data cannot be taken back.
        let fresh = || bundle.engine.clone();
        match &mut self.0 {
            Where::Here(engine) => {
                if bundle.reads_file {
                    **engine = fresh();
                }
                engine.set_input(input);
                file.map_or(Ok(()), |file| engine.add_data(file))
            }
            Where::Apart(_, worker) => {
                let added = file.clone().map_or(Ok(()), |file| fresh().add_data(file));
                worker.prepare(input, Mode::Lenient, file.filter(|_| added.is_ok()));
                added
            }
        }
    }
}

impl Bundle {
    /// Judges one document, or several at once: then the input is a list of `{path, contents}` (`--combine`).
    pub fn judge(&self, by: &mut Evaluator, documents: &[Document<'_>], combined: bool, sources: &Sources) -> Judged {
        let mut judged = Judged::default();
        let begin = |by: &mut Evaluator| {
            by.begin(self, input(documents, combined), self.names_file(documents, combined)).map_err(|error| {
                Diagnostic::error("conftest::file", format!("`data.conftest.file` cannot be set: {error}"))
            })
        };
        judged.diagnostics.extend(begin(by).err());
        for rule in &self.rules {
            let about = About { rule, documents, combined, sources };
            if let Err(error) = about.ask(by.judge(), &mut judged) {
                judged.diagnostics.push(about.fault(&error));
                if let (EvalError::Panicked, Where::Here(engine)) = (&error, &mut by.0) {
                    **engine = self.engine.clone();
                    // What it says was said.
                    let _ = begin(by);
                }
            }
        }
        judged.printed(by.judge().prints());
        judged.diagnostics.extend(by.judge().swallowed().into_iter().map(|error| self.swallowed(&error)));
        judged
    }

    /// `data.conftest.file`, when somebody reads it.
    fn names_file(&self, documents: &[Document<'_>], combined: bool) -> Option<Json> {
        let path = documents.first().filter(|_| self.reads_file).map(|d| d.path)?;
        let path = if combined { "Combined" } else { path };
        let (dir, name) = path.rsplit_once('/').unwrap_or((".", path));
        Some(serde_json::json!({"conftest": {"file": {"name": name, "dir": dir}}}))
    }

    fn swallowed(&self, error: &EvalError) -> Diagnostic {
        let message = format!("a built-in function failed, and the expression counts as undefined, as in OPA: {error}");
        Diagnostic::warning("conftest::builtin", message).help("mend the policy where it is not meant to be so")
    }
}

fn input(documents: &[Document<'_>], combined: bool) -> Input {
    let contents = |d: &Document<'_>| Input::of_node(d.node);
    match documents {
        [one] if !combined => contents(one),
        all => Input::list(
            all.iter().map(|d| Input::object(vec![("path", d.path.into()), ("contents", contents(d))])).collect(),
        ),
    }
}

/// One rule and what it is asked about.
struct About<'a> {
    rule: &'a Rule,
    documents: &'a [Document<'a>],
    combined: bool,
    sources: &'a Sources,
}

impl About<'_> {
    fn ask(&self, engine: &mut dyn Judge, judged: &mut Judged) -> Result<(), EvalError> {
        let members = engine.set(&self.rule.path)?;
        if members.is_empty() {
            return Ok(());
        }
        let excepted = self.excepted(engine)?;
        judged.printed(engine.prints());
        let mut traces = Vec::new();
        for trace in &self.rule.traces {
            // A copy that fails costs the place, not the message.
            traces.extend(engine.set(trace).unwrap_or_default());
        }
        // The copies print what the rule has printed.
        drop(engine.prints());
        for member in members {
            match self.result(&member) {
                Ok(result) => judged.messages.push(self.message(&member, result, excepted, &traces)),
                Err(fault) => judged.diagnostics.push(fault),
            }
        }
        Ok(())
    }

    /// Whether an `exception` names the rule.
    fn excepted(&self, engine: &mut dyn Judge) -> Result<bool, EvalError> {
        let Some(path) = &self.rule.exception else { return Ok(false) };
        let named = |member: &Json| match member {
            Json::Array(names) => names.iter().any(|n| n.as_str() == Some(&self.rule.exception_name)),
            Json::Object(names) => names.values().any(|n| n.as_str() == Some(&self.rule.exception_name)),
            _ => false,
        };
        Ok(engine.set(path)?.iter().any(named))
    }

    /// A result as it is written: a text, or an object with `msg`.
    fn result(&self, member: &Json) -> Result<Written, Diagnostic> {
        let told = match member {
            Json::String(text) => Some(Written { message: text.clone(), ..Written::default() }),
            Json::Object(object) => object.get("msg").and_then(Json::as_str).map(|text| Written::of(text, object)),
            _ => None,
        };
        told.ok_or_else(|| {
            let shown: String = member.to_string().chars().take(80).collect();
            let message =
                format!("`{}` says {shown}, which is neither a text nor an object with a text `msg`", self.rule.path);
            Diagnostic::error("conftest::result", message)
                .at(self.rule.span)
                .help("write `deny contains msg if { … }` with a text, or with `{\"msg\": …}`")
        })
    }

    fn message(&self, member: &Json, result: Written, excepted: bool, traces: &[Json]) -> Message {
        let touches: Vec<&Json> = traces.iter().filter_map(|trace| touches_of(trace, member)).flatten().collect();
        let (document, place) = place::of(self.documents, self.combined, &touches);
        let path = self.documents.get(document).map_or("", |d| d.path);
        let custom = &self.rule.policy.metadata.custom;
        let span = result.line.and_then(|line| self.line(&result, document, line)).unwrap_or(place.span());
        let evidence = [told(&place)].into_iter().chain(result.details).collect();
        Message {
            path: place.path().to_vec(),
            finding: Finding {
                policy: custom.id.as_str().into(),
                title: self.rule.policy.metadata.title.as_str().into(),
                severity: result.severity.unwrap_or(custom.severity),
                enforcement: custom.enforcement,
                answer: Answer::Fail,
                status: if excepted { Status::Waived } else { Status::Open },
                pending: false,
                fingerprint: fingerprint(custom.id.as_str(), path, &place, &result.message),
                message: result.message,
                remediation: result.remediation,
                resource: Some(path.into()),
                span: Some(span),
                because: Vec::new(),
                evidence,
                liftable: None,
                lifted_by: excepted.then(|| self.rule.exception.as_deref().unwrap_or_default().into()),
                introduced_by: Vec::new(),
                owners: Vec::new(),
            },
        }
    }

    /// The line that the policy itself names (`_loc`): of the file that it names, else of the document's.
    fn line(&self, result: &Written, document: usize, line: u32) -> Option<Span> {
        let own = self.documents.get(document)?.node.span.source;
        let named = |(_, source): &(SourceId, &Arc<Source>)| result.file.as_deref() == Some(&*source.path);
        let source = self.sources.iter().find(named).map_or(own, |(id, _)| id);
        self.sources.span_at(source, line, 1)
    }

    fn fault(&self, error: &EvalError) -> Diagnostic {
        let path = self.documents.first().map_or("", |d| d.path);
        let message = format!("`{}` could not be evaluated on `{path}`: {error}", self.rule.path);
        Diagnostic::error("policy::evaluation", message)
            .at(self.rule.span)
            .help("mend the policy, or leave its namespace out")
    }
}

/// What a result says besides its text.
#[derive(Default)]
struct Written {
    message: String,
    severity: Option<Severity>,
    remediation: String,
    /// `_loc.file`.
    file: Option<String>,
    /// `_loc.line`.
    line: Option<u32>,
    details: Vec<Evidence>,
}

impl Written {
    fn of(message: &str, object: &serde_json::Map<String, Json>) -> Self {
        let text = |key: &str| object.get(key).and_then(Json::as_str);
        let severity = text("severity").and_then(|word| {
            let all = [Severity::Critical, Severity::High, Severity::Medium, Severity::Low];
            all.into_iter().find(|s| s.as_str().eq_ignore_ascii_case(word))
        });
        let location = object.get("_loc");
        let file = location.and_then(|loc| loc.get("file")).and_then(Json::as_str);
        let line = location.and_then(|loc| loc.get("line")).and_then(Json::as_u64);
        let detail = |(key, value): (&String, &Json)| Evidence {
            pointer: key.clone(),
            observed: value.as_str().map_or_else(|| value.to_string(), str::to_owned),
            expected: String::new(),
        };
        let reserved = |key: &str| matches!(key, "msg" | "_loc" | "severity" | "remediation");
        let empty = |value: &Json| value.as_object().is_some_and(|o| o.is_empty());
        let details: BTreeMap<&String, &Json> = object.iter().filter(|(k, v)| !reserved(k) && !empty(v)).collect();
        Self {
            message: message.to_owned(),
            severity,
            remediation: text("remediation").unwrap_or_default().to_owned(),
            file: file.map(str::to_owned),
            line: line.and_then(|line| u32::try_from(line).ok()),
            details: details.into_iter().map(detail).collect(),
        }
    }
}

/// The touches that a trace `[message, touches]` tells of a member; a complete rule's message is the whole list.
fn touches_of<'t>(trace: &'t Json, member: &Json) -> Option<impl Iterator<Item = &'t Json>> {
    let [message, touches] = trace.as_array()?.as_slice() else { return None };
    let says = message == member || message.as_array().is_some_and(|all| all.contains(member));
    touches.as_array().filter(|_| says).map(|touches| touches.iter())
}

/// How the place was found.
fn told(place: &Place) -> Evidence {
    let (pointer, observed) = match place {
        Place::Value { path, observed, .. } => (place::pointer(path), observed.clone()),
        Place::Absent { path, .. } => (place::pointer(path), "absent: the nearest thing above it is shown".to_owned()),
        Place::Document { .. } => {
            ("input".to_owned(), "the rule names no path of its own: the document's first line is shown".to_owned())
        }
    };
    Evidence { pointer, observed, expected: String::new() }
}

/// Rule, file, path without indexes and message: survives line moves and reformatting.
fn fingerprint(policy: &str, file: &str, place: &Place, message: &str) -> String {
    let keys = place.path().iter().filter_map(|step| match step {
        Step::Key(key) => Some(&**key),
        Step::Index(_) => None,
    });
    let keys = keys.collect::<Vec<_>>().join("/");
    let text = format!("{policy}\n{file}\n{keys}\n{message}");
    library::hex(Sha256::digest(text.as_bytes()).get(..16).unwrap_or_default())
}
