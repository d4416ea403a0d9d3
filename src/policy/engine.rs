//! The Rego engine: the only file that names regorus.
//!
//! What was learnt about it (and why each rule is here):
//! - a rule is evaluated by its static path with `eval_rule`; querying a package document loses rules;
//! - an absent rule is an error, so the rules that a module declares are asked for at load;
//! - literal nesting makes its parser exponential, so nesting is bounded before it is called;
//! - the execution timer is always on, and a panic inside the library ends that engine, not the run;
//! - `print` is gathered, never written to the terminal.

use std::num::NonZeroU32;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use regorus::Value as Rego;
use regorus::utils::limits::ExecutionTimerConfig;
use serde::Serialize;

use crate::finding::Diagnostic;
use crate::parse::tree::{Map, Node, Number, Value};
use crate::source::{SourceId, Sources, Span};

/// Longest time one evaluation may take.
pub const TIME_LIMIT: Duration = Duration::from_secs(5);

/// Deepest nesting of brackets in a policy. regorus needs 29 ms for 10 levels of literals and 0.6 s for 14.
const MAX_NESTING: usize = 12;

/// A part of the policy input, ready for the engine. Cloning is cheap: values are shared.
#[derive(Clone, Debug)]
pub struct Input(Rego);

impl Input {
    /// The input of a value that serialises.
    ///
    /// # Errors
    /// A message, when the value has no JSON form.
    pub fn of<T: Serialize>(value: &T) -> Result<Self, String> {
        let json = serde_json::to_value(value).map_err(|e| e.to_string())?;
        Ok(Self(json_to_rego(json)))
    }

    /// The input of a tree: unknown and sensitive entries are left out, such list items become null.
    pub fn of_node(node: &Node) -> Self {
        Self(node_to_rego(node))
    }

    /// A list.
    pub fn list(items: Vec<Input>) -> Self {
        Self(Rego::from(items.into_iter().map(|i| i.0).collect::<Vec<_>>()))
    }

    /// An object.
    pub fn object(entries: Vec<(&'static str, Input)>) -> Self {
        Self(Rego::from(entries.into_iter().map(|(k, v)| (Rego::from(k), v.0)).collect::<regorus::value::Object>()))
    }

    /// This object with more entries; `self` when it is not an object.
    #[must_use]
    pub fn with(&self, entries: Vec<(&'static str, Input)>) -> Self {
        let mut whole = self.clone();
        if let Ok(object) = whole.0.as_object_mut() {
            for (key, value) in entries {
                object.insert(Rego::from(key), value.0);
            }
        }
        whole
    }
}

impl From<&str> for Input {
    fn from(text: &str) -> Self {
        Self(Rego::from(text))
    }
}

impl From<Option<&str>> for Input {
    fn from(text: Option<&str>) -> Self {
        Self(text.map_or(Rego::Null, Rego::from))
    }
}

impl From<bool> for Input {
    fn from(b: bool) -> Self {
        Self(Rego::from(b))
    }
}

impl From<i64> for Input {
    fn from(i: i64) -> Self {
        Self(Rego::from(i))
    }
}

/// As JSON, for `changegate facts`: what a policy sees, byte for byte.
impl Serialize for Input {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(s)
    }
}

fn json_to_rego(json: serde_json::Value) -> Rego {
    match json {
        serde_json::Value::Null => Rego::Null,
        serde_json::Value::Bool(b) => Rego::from(b),
        serde_json::Value::String(text) => Rego::from(text),
        serde_json::Value::Number(n) => match (n.as_i64(), n.as_u64()) {
            (Some(i), _) => Rego::from(i),
            (None, Some(u)) => Rego::from(u),
            (None, None) => Rego::from_numeric_string(&n.to_string()).unwrap_or(Rego::Undefined),
        },
        serde_json::Value::Array(items) => Rego::from(items.into_iter().map(json_to_rego).collect::<Vec<_>>()),
        serde_json::Value::Object(map) => Rego::from(
            map.into_iter().map(|(k, v)| (Rego::from(k), json_to_rego(v))).collect::<regorus::value::Object>(),
        ),
    }
}

fn node_to_rego(node: &Node) -> Rego {
    match &node.value {
        Value::Null | Value::Unknown | Value::Sensitive => Rego::Null,
        Value::Bool(b) => Rego::from(*b),
        Value::Number(n) => number_to_rego(n),
        Value::String(text) => Rego::String(text.clone()),
        Value::Seq(items) => Rego::from(items.iter().map(node_to_rego).collect::<Vec<_>>()),
        Value::Map(map) => map_to_rego(map),
    }
}

fn map_to_rego(map: &Map) -> Rego {
    let known = map.iter().filter(|e| !matches!(e.node.value, Value::Unknown | Value::Sensitive));
    let entries = known.map(|e| (Rego::String(e.key.clone()), node_to_rego(&e.node)));
    Rego::from(entries.collect::<regorus::value::Object>())
}

fn number_to_rego(number: &Number) -> Rego {
    match number {
        Number::Int(i) => Rego::from(*i),
        Number::Uint(u) => Rego::from(*u),
        Number::Float(f) => Rego::from(*f),
        Number::Big(text) => Rego::from_numeric_string(text).unwrap_or_else(|_| Rego::String(text.clone())),
    }
}

/// Why an evaluation gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvalError {
    /// It took longer than [`TIME_LIMIT`].
    #[error("took longer than {} s", TIME_LIMIT.as_secs())]
    Timeout,
    /// The engine reported an error; `place` is `path:line:column` in the policy where it names one.
    #[error("{message}")]
    Failed {
        /// What the engine says.
        message: String,
        /// Where, if it says so.
        place: Option<String>,
    },
    /// The engine panicked; it must not be used again.
    #[error("the engine panicked")]
    Panicked,
}

/// An engine with all policies loaded. Clones share what was loaded, so each thread has its own.
#[derive(Clone)]
pub struct Engine {
    inner: regorus::Engine,
}

/// What a module turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// `policies.change.freeze_window`.
    pub package: Arc<str>,
}

impl Default for Engine {
    fn default() -> Self {
        Self::new()
    }
}

impl Engine {
    /// An engine without policies: Rego v1, strict errors of built-ins, the timer on.
    pub fn new() -> Self {
        let mut inner = regorus::Engine::new();
        inner.set_gather_prints(true);
        inner.set_strict_builtin_errors(true);
        let mut engine = Self { inner };
        engine.limit(TIME_LIMIT);
        engine
    }

    fn limit(&mut self, limit: Duration) {
        if let Some(check_interval) = NonZeroU32::new(4096) {
            self.inner.set_execution_timer_config(ExecutionTimerConfig { limit, check_interval });
        }
    }

    /// Adds a module.
    ///
    /// # Errors
    /// A diagnostic at the place that the parser names.
    pub fn add(&mut self, sources: &Sources, id: SourceId) -> Result<Module, Diagnostic> {
        let Some(source) = sources.get(id) else {
            return Err(Diagnostic::error("policy::load", "the policy's text is not there"));
        };
        if let Some(offset) = too_deep(&source.text) {
            return Err(Diagnostic::error(
                "policy::nesting",
                format!("brackets are nested deeper than {MAX_NESTING} levels"),
            )
            .at(Span::new(id, offset, offset + 1))
            .help("give the inner value a name of its own: `inner := {…}`"));
        }
        let add = || self.inner.add_policy(source.path.to_string(), source.text.to_string());
        match catch_unwind(AssertUnwindSafe(add)) {
            Ok(Ok(package)) => {
                let package = package.strip_prefix("data.").unwrap_or(&package).into();
                Ok(Module { package })
            }
            Ok(Err(error)) => Err(parse_error(source.path.as_ref(), id, sources, &error.to_string())),
            Err(_) => Err(Diagnostic::error("policy::load", "the engine panicked while reading this policy")
                .at(Span::new(id, 0, 0))
                .help("reduce the policy until it loads, and report the construct")),
        }
    }

    /// Whether the module of this path declares a rule of this name.
    pub fn declares(&self, path: &str, rule: &str) -> bool {
        self.inner.has_declared_rule_rooted_at(path, rule).unwrap_or(false)
    }

    /// Sets the input of the next evaluations.
    pub fn set_input(&mut self, input: Input) {
        self.inner.set_input(input.0);
    }

    /// Evaluates a partial set rule; the members as JSON, in the engine's order. Undefined is empty.
    ///
    /// # Errors
    /// See [`EvalError`].
    pub fn set(&mut self, rule: &str) -> Result<Vec<serde_json::Value>, EvalError> {
        let json = |value: &Rego| serde_json::to_value(value).map_err(|e| failed(&e.to_string()));
        match self.eval(rule)? {
            Rego::Undefined => Ok(Vec::new()),
            Rego::Set(members) => members.iter().map(json).collect(),
            Rego::Array(members) => members.iter().map(json).collect(),
            other => Err(failed(&format!("`{rule}` is not a set: {other}"))),
        }
    }

    /// Evaluates a rule; its value as JSON, `None` when it is undefined.
    ///
    /// # Errors
    /// See [`EvalError`].
    pub fn value(&mut self, rule: &str) -> Result<Option<serde_json::Value>, EvalError> {
        match self.eval(rule)? {
            Rego::Undefined => Ok(None),
            value => serde_json::to_value(&value).map(Some).map_err(|e| failed(&e.to_string())),
        }
    }

    /// Evaluates a rule that is true or not; undefined is false.
    ///
    /// # Errors
    /// See [`EvalError`].
    pub fn holds(&mut self, rule: &str) -> Result<bool, EvalError> {
        Ok(matches!(self.eval(rule)?, Rego::Bool(true)))
    }

    /// What the policies printed since the last call.
    pub fn prints(&mut self) -> Vec<String> {
        self.inner.take_prints().unwrap_or_default()
    }

    fn eval(&mut self, rule: &str) -> Result<Rego, EvalError> {
        match catch_unwind(AssertUnwindSafe(|| self.inner.eval_rule(rule.to_owned()))) {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => match error.downcast_ref::<regorus::LimitError>() {
                Some(regorus::LimitError::TimeLimitExceeded { .. }) => Err(EvalError::Timeout),
                _ => Err(failed(&error.to_string())),
            },
            Err(_) => Err(EvalError::Panicked),
        }
    }
}

fn failed(text: &str) -> EvalError {
    EvalError::Failed { message: message_of(text), place: place_of(text).map(|(path, l, c)| format!("{path}:{l}:{c}")) }
}

/// The message of an engine error: its text ends with `error: …` below a picture of the place.
fn message_of(text: &str) -> String {
    let last = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("error: ").or_else(|| line.trim().strip_prefix("| error: ")));
    last.unwrap_or_else(|| text.lines().next().unwrap_or_default()).trim().to_owned()
}

/// The place of an engine error, from its `--> path:line:column` line.
fn place_of(text: &str) -> Option<(String, u32, u32)> {
    let line = text.lines().find_map(|line| line.trim().strip_prefix("--> "))?;
    let mut parts = line.rsplitn(3, ':');
    let column = parts.next()?.trim().parse().ok()?;
    let row = parts.next()?.parse().ok()?;
    Some((parts.next()?.to_owned(), row, column))
}

fn parse_error(path: &str, id: SourceId, sources: &Sources, text: &str) -> Diagnostic {
    let diagnostic = Diagnostic::error("policy::syntax", message_of(text))
        .help("policies are Rego v1: https://www.openpolicyagent.org/docs/policy-language");
    match place_of(text).and_then(|(_, line, column)| sources.span_at(id, line, column)) {
        Some(span) => diagnostic.at(span),
        None => diagnostic.in_file(path),
    }
}

/// The offset of the first bracket that is nested too deep. Strings and comments do not count.
fn too_deep(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut bytes = text.bytes().enumerate();
    while let Some((offset, byte)) = bytes.next() {
        match byte {
            b'(' | b'[' | b'{' => {
                depth += 1;
                if depth > MAX_NESTING {
                    return Some(offset);
                }
            }
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b'#' => drop(bytes.find(|(_, b)| *b == b'\n')),
            b'`' => drop(bytes.find(|(_, b)| *b == b'`')),
            b'"' => {
                while let Some((_, b)) = bytes.next() {
                    match b {
                        b'\\' => drop(bytes.next()),
                        b'"' | b'\n' => break,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Revision, Source};

    fn load(text: &str) -> Result<Engine, Diagnostic> {
        let mut sources = Sources::default();
        let id = sources.add(Source::new("p.rego", Revision::Head, text));
        let mut engine = Engine::new();
        engine.add(&sources, id).map(|_| engine)
    }

    #[test]
    fn a_set_rule_gives_its_members_and_undefined_is_empty() {
        let mut engine = load("package p\ndeny contains \"no\" if input.x > 1\n").unwrap();
        engine.set_input(Input::object(vec![("x", 2.into())]));
        assert_eq!(engine.set("data.p.deny").unwrap(), ["no"]);
        engine.set_input(Input::object(vec![]));
        assert!(engine.set("data.p.deny").unwrap().is_empty());
    }

    #[test]
    fn a_syntax_error_has_a_place() {
        let fault = load("package p\ndeny contains x if {\n  x := \n}\n").err().unwrap();
        assert_eq!(fault.code, "policy::syntax");
        assert!(fault.span.is_some(), "{fault:?}");
    }

    #[test]
    fn deep_nesting_is_refused_before_it_is_parsed() {
        let text = format!("package p\nx := {}1{}\n", "[".repeat(30), "]".repeat(30));
        assert_eq!(load(&text).err().unwrap().code, "policy::nesting");
        let quoted = format!("package p\nx := \"{}\" # {}\n", "[".repeat(30), "[".repeat(30));
        assert!(load(&quoted).is_ok());
    }

    #[test]
    fn an_endless_rule_runs_into_the_limit() {
        let text = "package p\ndeny contains x if {\n  some i in numbers.range(1, 20000)\n  some j in numbers.range(1, 20000)\n  \
                    x := i + j\n  x < 0\n}\n";
        let mut engine = load(text).unwrap();
        engine.limit(Duration::from_millis(100));
        engine.set_input(Input::object(vec![]));
        assert_eq!(engine.set("data.p.deny"), Err(EvalError::Timeout));
    }

    #[test]
    fn a_panic_in_the_engine_is_an_error() {
        let mut engine = load("package p\ndeny contains 1 if object.subset(input.a, [])\n").unwrap();
        engine.set_input(Input::object(vec![("a", Input::list(vec![1.into()]))]));
        assert!(engine.set("data.p.deny").is_err());
    }

    #[test]
    fn declared_rules_are_known_without_evaluation() {
        let engine = load("package policies.a.b\ndeny contains 1 if false\n").unwrap();
        assert!(engine.declares("p.rego", "deny"));
        assert!(!engine.declares("p.rego", "unknown"));
    }
}
