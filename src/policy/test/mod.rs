//! Runs the tests of policies. Declared tests are counted, not returned ones: regorus drops a failing test
//! from its package's document, and a suite that runs nothing must not pass.

mod declared;
mod explain;

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use regex::Regex;

use super::engine::coverage::{self, Coverage};
use super::engine::{Engine, EvalError, Input};
use super::library::{Library, is_test};
use crate::source::{SourceId, Sources, Span};

pub use declared::{TestRule, declared};

/// What became of one test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The rule is true; of a rule with cases, each is.
    Pass,
    /// The rule is false or undefined.
    Fail,
    /// `todo_test_…`: declared, and not run.
    Skipped,
    /// It could not be evaluated.
    Error(EvalError),
}

/// One test with its result and what it printed.
#[derive(Clone, Debug)]
pub struct TestResult<'a> {
    /// The test.
    pub rule: &'a TestRule,
    /// What became of it.
    pub verdict: Verdict,
    /// What the policies printed meanwhile.
    pub prints: Vec<String>,
    /// Where and why it failed or could not be evaluated, when that can be told.
    pub failure: Option<Failure>,
}

/// The first expression of a failing test that does not hold, or that cannot be evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The expression.
    pub span: Span,
    /// What it is made of, with the values; in the order of the text.
    pub values: Vec<Shown>,
    /// Cases that fail, of a rule with cases.
    pub cases: Vec<String>,
    /// Errors of built-in functions that make a part undefined, as OPA goes over them.
    pub errors: Vec<EvalError>,
}

/// A part of an expression and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// As written.
    pub text: String,
    /// As a Rego term; none when it is undefined. Several when it has several.
    pub values: Vec<String>,
    /// The members of an `every` that its body refuses.
    pub counterexample: bool,
}

/// What is tested, and how.
pub struct Suite<'a> {
    /// The loaded modules.
    pub library: &'a Library,
    /// Their texts.
    pub sources: &'a Sources,
    /// Which of the sources are modules.
    pub modules: &'a [SourceId],
    /// Documents below `data`.
    pub data: &'a [serde_json::Value],
    /// Only tests whose path matches.
    pub filter: Option<&'a Regex>,
    /// Whether to note which lines are evaluated.
    pub coverage: bool,
}

/// What came out.
#[derive(Debug)]
pub struct Report<'a> {
    /// In the order of declaration.
    pub results: Vec<TestResult<'a>>,
    /// Lines of the policies under test, when asked for: those of `subjects`.
    pub coverage: Option<Coverage>,
}

impl Report<'_> {
    /// How many tests have a verdict.
    pub fn count(&self, wanted: impl Fn(&Verdict) -> bool) -> usize {
        self.results.iter().filter(|r| wanted(&r.verdict)).count()
    }

    /// How many failed or could not be evaluated.
    pub fn failed(&self) -> usize {
        self.count(|v| matches!(v, Verdict::Fail | Verdict::Error(_)))
    }
}

/// Tests that share an engine: enough that the threads have equal shares, few enough that a clone costs nothing.
const SHARE: usize = 16;

impl<'a> Suite<'a> {
    /// Runs every declared test that is asked for, in parallel.
    ///
    /// # Errors
    /// A message, when the modules cannot be loaded or a data document cannot be merged.
    pub fn run(&self) -> Result<Report<'a>, String> {
        let tests = self.library.tests.iter();
        let wanted: Vec<&TestRule> = tests.filter(|t| self.filter.is_none_or(|f| f.is_match(t.shown_path()))).collect();
        let mut engine = self.library.engine().map_err(|fault| fault.message)?;
        engine.set_mode(self.library.mode);
        add_all(&mut engine, self.data)?;
        // What was prepared is void once there are more documents.
        engine.prepare();
        engine.set_input(Input::object(Vec::new()));
        let cases = explain::cases(self, &wanted)?;
        let shares: Vec<(Vec<TestResult<'a>>, Coverage)> =
            wanted.par_chunks(SHARE).map(|share| self.share(&engine, share, &cases)).collect();
        let (mut results, mut lines) = (Vec::with_capacity(wanted.len()), Coverage::new());
        for (share, covered) in shares {
            results.extend(share);
            coverage::merge(&mut lines, covered);
        }
        explain::failures(self, &mut results)?;
        let coverage = self.coverage.then(|| self.subjects(lines));
        Ok(Report { results, coverage })
    }

    fn share(&self, fresh: &Engine, tests: &[&'a TestRule], cases: &Cases) -> (Vec<TestResult<'a>>, Coverage) {
        let mut engine = fresh.clone();
        let mut lines = Coverage::new();
        if self.coverage {
            engine.track_coverage();
        }
        let mut run = |rule: &&'a TestRule| {
            let result = one(&mut engine, rule, cases);
            if result.verdict == Verdict::Error(EvalError::Panicked) {
                engine = fresh.clone();
            }
            result
        };
        let results = tests.iter().map(&mut run).collect();
        if self.coverage {
            lines = engine.coverage();
        }
        (results, lines)
    }

    /// The lines of what the tests are about: modules without tests, and not those that are compiled in beside others.
    fn subjects(&self, mut lines: Coverage) -> Coverage {
        let own = self.modules.iter().filter_map(|id| self.sources.get(*id));
        let from_disk = own.clone().any(|s| s.revision != crate::source::Revision::Embedded);
        let subjects: BTreeSet<&str> = own
            .filter(|s| !is_test(&s.path) && (!from_disk || s.revision != crate::source::Revision::Embedded))
            .map(|s| &*s.path)
            .collect();
        lines.retain(|path, lines| {
            subjects.contains(path.as_str()) && !(lines.covered.is_empty() && lines.missed.is_empty())
        });
        lines
    }
}

/// The names of the cases of each rule that has cases, by its path.
type Cases = BTreeMap<String, BTreeSet<String>>;

fn one<'a>(engine: &mut Engine, rule: &'a TestRule, cases: &Cases) -> TestResult<'a> {
    if rule.todo {
        return TestResult { rule, verdict: Verdict::Skipped, prints: Vec::new(), failure: None };
    }
    engine.set_input(Input::object(Vec::new()));
    let _ = engine.prints();
    let (verdict, failing) = match cases.get(&rule.path) {
        Some(cases) => with_cases(engine, rule, cases),
        None => (engine.holds(&rule.path).map(|holds| if holds { Verdict::Pass } else { Verdict::Fail }), Vec::new()),
    };
    let verdict = verdict.unwrap_or_else(Verdict::Error);
    let failure = (!failing.is_empty()).then(|| Failure {
        span: rule.span,
        values: Vec::new(),
        cases: failing,
        errors: Vec::new(),
    });
    TestResult { rule, verdict, prints: engine.prints(), failure }
}

/// A rule with cases passes when there is one, and each is true.
fn with_cases(
    engine: &mut Engine,
    rule: &TestRule,
    cases: &BTreeSet<String>,
) -> (Result<Verdict, EvalError>, Vec<String>) {
    let value = match engine.value(&rule.path) {
        Ok(value) => value.unwrap_or_default(),
        Err(error) => return (Err(error), Vec::new()),
    };
    let passes = |case: &str| value.get(case) == Some(&serde_json::Value::Bool(true));
    let failing: Vec<String> = cases.iter().filter(|case| !passes(case)).cloned().collect();
    let verdict = if failing.is_empty() && !cases.is_empty() { Verdict::Pass } else { Verdict::Fail };
    (Ok(verdict), failing)
}

fn add_all(engine: &mut Engine, data: &[serde_json::Value]) -> Result<(), String> {
    data.iter().try_for_each(|document| engine.add_data(document.clone()))
}

#[cfg(test)]
mod tests;
