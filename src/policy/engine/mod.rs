//! The Rego engine: regorus is named only below this folder.
//!
//! What was learnt about it (and why each rule is here):
//! - a rule is evaluated by its static path with `eval_rule`; querying a package document loses rules;
//! - an absent rule is an error, so the rules that a module declares are asked for at load;
//! - literal nesting makes its parser exponential, so nesting is bounded before it is called;
//! - the execution timer is always on and counts what the thread computes ([`clock`]);
//! - a panic inside the library ends that engine, not the run;
//! - `print` is gathered, never written to the terminal.

mod builtins;
mod clock;
pub mod coverage;
mod decimal;
mod digest;
mod display;
mod error;
mod input;
mod limits;

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use regorus::Value as Rego;

use crate::finding::Diagnostic;
use crate::source::{SourceId, Sources, Span};

pub use clock::{TIME_LIMIT, WALL_LIMIT};
pub use error::EvalError;
pub use input::Input;

use super::rego::{Compiled, Emitted};
use error::{failed, message_of, place_of};

/// Name of the generated module.
const GENERATED: &str = "changegate";

/// Deepest nesting of brackets in a policy. regorus needs 29 ms for 10 levels of literals and 0.6 s for 14.
const MAX_NESTING: usize = 12;

/// An engine with all policies loaded. Clones share what was loaded, so each thread has its own.
#[derive(Clone)]
pub struct Engine {
    inner: regorus::Engine,
    /// What was loaded, by path: errors and prints are led back to the original.
    loaded: Arc<HashMap<String, Loaded>>,
    /// Where rules stand below `data`.
    rules: Arc<Vec<Vec<Arc<str>>>>,
    /// Where rules stand that the engine knows by another name.
    asked: Arc<HashMap<String, String>>,
    mode: Mode,
    /// Errors that were gone over since they were asked for.
    swallowed: Vec<EvalError>,
    /// What earlier evaluations printed: one that is repeated takes back no more than its own.
    printed: Vec<String>,
}

/// Most errors that are kept until they are asked for.
pub const MOST_SWALLOWED: usize = 100;

/// A loaded module.
#[derive(Clone)]
struct Loaded {
    path: Arc<str>,
    original: Arc<str>,
    emitted: Arc<Emitted>,
}

impl Loaded {
    /// 1-based line and column in the original of a line and column in what the engine read.
    fn place(&self, line: u32, column: u32) -> (u32, u32) {
        let offset = self.emitted.original_at(line, column) as usize;
        let before = self.original.get(..offset).unwrap_or(&self.original);
        let start = before.rfind('\n').map_or(0, |n| n + 1);
        let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
        let column = before.get(start..).unwrap_or_default().chars().count() + 1;
        let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        (clamp(line), clamp(column))
    }

    /// The lines of what the engine read that hold expressions, each with the lines of the original they came from.
    fn lines(&self) -> Vec<(u32, Vec<u32>)> {
        let starts = |text: &str| std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let (emitted, original): (Vec<usize>, Vec<usize>) = (starts(&self.emitted.text), starts(&self.original));
        let line = |starts: &[usize], offset: u32| {
            let n = starts.partition_point(|start| *start <= offset as usize);
            u32::try_from(n.max(1)).unwrap_or(u32::MAX)
        };
        let mut found: Vec<(u32, Vec<u32>)> = Vec::new();
        for (at, from) in self.emitted.expressions() {
            let (here, there) = (line(&emitted, at), line(&original, from));
            match found.last_mut() {
                Some((last, originals)) if *last == here => originals.push(there),
                _ => found.push((here, vec![there])),
            }
        }
        found
    }
}

/// Members of a set of lists of lists, each value as a Rego term.
pub type Rows = Vec<Vec<Vec<String>>>;

/// What an error of a built-in function means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Mode {
    /// It fails the evaluation: what our own policies are judged by.
    #[default]
    Strict,
    /// It makes the expression undefined, as OPA does by default: what policies from elsewhere were written for.
    Lenient,
}

impl Default for Engine {
    fn default() -> Self {
        Self::new()
    }
}

impl Engine {
    /// A strict engine without policies.
    pub fn new() -> Self {
        Self::with_mode(Mode::Strict)
    }

    /// An engine without policies, the timer on.
    pub fn with_mode(mode: Mode) -> Self {
        let mut inner = regorus::Engine::new();
        inner.set_gather_prints(true);
        inner.set_policy_length_config(length());
        builtins::register(&mut inner);
        let mut engine = Self {
            inner,
            loaded: Arc::default(),
            rules: Arc::default(),
            asked: Arc::default(),
            mode,
            swallowed: Vec::new(),
            printed: Vec::new(),
        };
        engine.limit(TIME_LIMIT);
        engine
    }

    /// What an error of a built-in function means from now on.
    pub fn set_mode(&mut self, mode: Mode) {
        self.mode = mode;
    }

    fn limit(&mut self, limit: Duration) {
        self.inner.set_execution_timer_config(clock::timer(limit));
    }

    /// Loads compiled modules; what the engine cannot read is refused.
    pub fn install(&mut self, sources: &Sources, compiled: Compiled) -> Vec<(SourceId, Diagnostic)> {
        let mut faults = Vec::new();
        if !compiled.generated.is_empty() {
            let path = format!("{GENERATED}.rego");
            if let Err(error) = self.read(path, compiled.generated)
                && let Some((id, _)) = compiled.modules.first()
            {
                faults.push((
                    *id,
                    Diagnostic::error("policy::load", format!("the engine refuses generated code: {error}")),
                ));
            }
        }
        let mut loaded = (*self.loaded).clone();
        for (id, module) in compiled.modules {
            let Some(source) = sources.get(id) else { continue };
            let (path, original) = (source.path.clone(), source.text.clone());
            let mut name = path.to_string();
            while loaded.contains_key(&name) {
                name.push('\'');
            }
            if let Err(fault) = self.module(id, &name, &module) {
                faults.push((id, fault));
            }
            loaded.insert(name, Loaded { path, original, emitted: Arc::new(module) });
        }
        self.loaded = Arc::new(loaded);
        self.rules = Arc::new(self.rules.iter().cloned().chain(compiled.rules).collect());
        self.asked = Arc::new(compiled.asked);
        faults
    }

    fn module(&mut self, id: SourceId, path: &str, module: &Emitted) -> Result<(), Diagnostic> {
        if let Some(offset) = too_deep(&module.text) {
            let offset = module.original(u32::try_from(offset).unwrap_or(u32::MAX)) as usize;
            return Err(Diagnostic::error(
                "policy::nesting",
                format!("brackets are nested deeper than {MAX_NESTING} levels"),
            )
            .at(Span::new(id, offset, offset + 1))
            .help("give the inner value a name of its own: `inner := {…}`"));
        }
        self.read(path.to_owned(), module.text.clone()).map_err(|text| {
            let at = place_of(&text).map_or(0, |(_, line, column)| module.original_at(line, column)) as usize;
            Diagnostic::error("policy::unsupported", format!("the engine cannot read this: {}", message_of(&text)))
                .at(Span::new(id, at, at))
                .help("OPA may accept it; write it in another way")
        })
    }

    fn read(&mut self, path: String, text: String) -> Result<(), String> {
        match catch_unwind(AssertUnwindSafe(|| self.inner.add_policy(path, text))) {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("error: it panicked".to_owned()),
        }
    }

    /// Does what the first evaluation would do: clones that are made afterwards share it.
    pub fn prepare(&mut self) {
        // What stands in the way is said by whoever evaluates; there is no rule of this name.
        let _ = self.run(&format!("data.{GENERATED}.prepared"));
    }

    /// Errors of built-in functions that made an expression undefined since the last call: the first of each evaluation.
    pub fn swallowed(&mut self) -> Vec<EvalError> {
        std::mem::take(&mut self.swallowed)
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
        let value = self.eval(rule)?;
        limits::answer(&value).map_err(|message| failed(&message))?;
        match value {
            Rego::Undefined => Ok(Vec::new()),
            Rego::Set(members) => members.iter().map(json).collect(),
            Rego::Array(members) => members.iter().map(json).collect(),
            other => Err(failed(&format!("`{rule}` is not a set: {other}"))),
        }
    }

    /// Evaluates a rule that is true or not; undefined is false.
    ///
    /// # Errors
    /// See [`EvalError`].
    pub fn holds(&mut self, rule: &str) -> Result<bool, EvalError> {
        Ok(matches!(self.eval(rule)?, Rego::Bool(true)))
    }

    /// Evaluates a rule of any kind; nothing when it is undefined.
    ///
    /// # Errors
    /// See [`EvalError`].
    pub fn value(&mut self, rule: &str) -> Result<Option<serde_json::Value>, EvalError> {
        match self.eval(rule)? {
            Rego::Undefined => Ok(None),
            value => {
                limits::parts(&value).map_err(|message| failed(&message))?;
                let text = value.to_json_str().map_err(|e| failed(&e.to_string()))?;
                serde_json::from_str(&text).map(Some).map_err(|e| failed(&e.to_string()))
            }
        }
    }

    /// Evaluates a set of lists of lists; each value as a Rego term. Undefined is empty.
    ///
    /// # Errors
    /// See [`EvalError`].
    pub fn rows(&mut self, rule: &str) -> Result<Rows, EvalError> {
        let items =
            |value: &Rego| value.as_array().map(|list| list.iter().cloned().collect::<Vec<_>>()).unwrap_or_default();
        let shown = |value: &Rego| {
            let mut out = String::new();
            display::term(value, &mut out);
            out
        };
        let row = |row: &Rego| items(row).iter().map(|part| items(part).iter().map(shown).collect()).collect();
        match self.eval(rule)? {
            Rego::Set(members) => Ok(members.iter().map(row).collect()),
            _ => Ok(Vec::new()),
        }
    }

    /// Merges a document into `data`.
    ///
    /// # Errors
    /// A message, when it is not an object or contradicts what is there.
    pub fn add_data(&mut self, data: serde_json::Value) -> Result<(), String> {
        let taken =
            self.rules.iter().find(|path| path.iter().try_fold(&data, |value, name| value.get(&**name)).is_some());
        if let Some(path) = taken {
            return Err(format!("a rule stands at `data.{}`, where the data has a value", path.join(".")));
        }
        let data = input::json_to_rego(data);
        let base = Input::object(vec![(GENERATED, Input::object(vec![("base", Input(data.clone()))]))]);
        let add = |engine: &mut Self, data| engine.inner.add_data(data).map_err(|e| message_of(&e.to_string()));
        add(self, base.0)?;
        add(self, data)
    }

    /// What the policies printed since the last call, each with `path:line:` before it.
    pub fn prints(&mut self) -> Vec<String> {
        let mut prints = std::mem::take(&mut self.printed);
        prints.extend(self.inner.take_prints().unwrap_or_default());
        prints.into_iter().map(|line| self.original_print(line)).collect()
    }

    fn original_print(&self, print: String) -> String {
        let place = self.loaded.iter().find_map(|(path, loaded)| {
            let rest = print.strip_prefix(path.as_str())?.strip_prefix(':')?;
            let (line, message) = rest.split_once(':')?;
            Some(format!("{}:{}:{message}", loaded.path, loaded.place(line.parse().ok()?, 1).0))
        });
        place.unwrap_or(print)
    }

    /// Evaluates strictly; where that fails and the mode allows it, once more, going over the error.
    fn eval(&mut self, rule: &str) -> Result<Rego, EvalError> {
        if self.mode == Mode::Lenient {
            self.printed.extend(self.inner.take_prints().unwrap_or_default());
        }
        let error = match self.run(rule) {
            Err(error @ EvalError::Failed { .. }) if self.mode == Mode::Lenient => error,
            answer => return answer,
        };
        drop(self.inner.take_prints());
        self.inner.set_strict_builtin_errors(false);
        let answer = builtins::leniently(|| self.run(rule));
        self.inner.set_strict_builtin_errors(true);
        if answer.is_ok() && self.swallowed.len() < MOST_SWALLOWED && !self.swallowed.contains(&error) {
            self.swallowed.push(error);
        }
        answer
    }

    fn run(&mut self, rule: &str) -> Result<Rego, EvalError> {
        let path = self.path(rule);
        clock::start();
        match catch_unwind(AssertUnwindSafe(|| self.inner.eval_rule(path))) {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => match error.downcast_ref::<regorus::LimitError>() {
                Some(regorus::LimitError::TimeLimitExceeded { .. }) => Err(EvalError::Timeout),
                _ => Err(self.failed(&error.to_string())),
            },
            Err(_) => Err(EvalError::Panicked),
        }
    }

    /// Where the engine keeps a rule: a name that the program gave it, with what follows in a deeper path.
    fn path(&self, rule: &str) -> String {
        let mut end = rule.len();
        while let Some(known) = rule.get(..end) {
            if let Some(short) = self.asked.get(known) {
                return format!("{short}{}", rule.get(end..).unwrap_or_default());
            }
            match known.rfind('.') {
                Some(dot) => end = dot,
                None => break,
            }
        }
        rule.to_owned()
    }

    /// An error of the engine at its place in the original.
    fn failed(&self, text: &str) -> EvalError {
        let place = place_of(text).map(|(name, line, column)| match self.loaded.get(&name) {
            Some(loaded) => {
                let (line, column) = loaded.place(line, column);
                format!("{}:{line}:{column}", loaded.path)
            }
            None => format!("{name}:{line}:{column}"),
        });
        EvalError::Failed { message: message_of(text), place }
    }
}

fn length() -> regorus::PolicyLengthConfig {
    let mut config = regorus::PolicyLengthConfig::default();
    config.max_col = NonZeroU32::new(1 << 20).unwrap_or(config.max_col);
    config
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
    use crate::policy::rego;
    use crate::source::{Revision, Source};

    fn load(text: &str) -> Result<Engine, Diagnostic> {
        let mut sources = Sources::default();
        let id = sources.add(Source::new("p.rego", Revision::Head, text));
        let module = rego::parse(text, rego::Dialect::V1).map_err(|f| f.in_source(id))?;
        let compiled = rego::compile(vec![(id, module)]).map_err(|mut f| f.remove(0).1.in_source(id))?;
        let mut engine = Engine::new();
        match engine.install(&sources, compiled).pop() {
            Some((_, fault)) => Err(fault),
            None => Ok(engine),
        }
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
    fn what_panics_in_regorus_has_an_answer() {
        let mut engine = load("package p\ndeny contains 1 if object.subset(input.a, [])\n").unwrap();
        engine.set_input(Input::object(vec![("a", Input::list(vec![1.into()]))]));
        assert_eq!(engine.set("data.p.deny").unwrap(), [1]);
    }
}
