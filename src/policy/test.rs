//! Runs the tests of policies. Declared tests are counted, not returned ones: regorus drops a failing test
//! from its package's document, and a suite that runs nothing must not pass.

use rayon::prelude::*;

use super::engine::{EvalError, Input};
use super::library::{Library, TestRule};

/// What became of one test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The rule is true.
    Pass,
    /// The rule is false or undefined.
    Fail,
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
}

/// Runs every declared test whose path contains `filter`, in parallel; results in the order of declaration.
pub fn run<'a>(library: &'a Library, filter: &str) -> Vec<TestResult<'a>> {
    let wanted: Vec<&TestRule> = library.tests.iter().filter(|t| t.path.contains(filter)).collect();
    let mut engine = library.engine.clone();
    engine.set_input(Input::object(Vec::new()));
    if let Some(first) = wanted.first() {
        let _ = engine.holds(&first.path);
    }
    wanted.into_par_iter().map_init(|| engine.clone(), |engine, rule| one(library, engine, rule)).collect()
}

fn one<'a>(library: &Library, engine: &mut super::engine::Engine, rule: &'a TestRule) -> TestResult<'a> {
    engine.set_input(Input::object(Vec::new()));
    engine.set_mode(rule.mode);
    let _ = engine.prints();
    let verdict = match engine.holds(&rule.path) {
        Ok(true) => Verdict::Pass,
        Ok(false) => Verdict::Fail,
        Err(error) => {
            if error == EvalError::Panicked {
                *engine = library.engine.clone();
            }
            Verdict::Error(error)
        }
    };
    TestResult { rule, verdict, prints: engine.prints() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::library;
    use crate::source::{Revision, Source, Sources};

    #[test]
    fn a_failing_test_is_counted() {
        let mut sources = Sources::default();
        let text = "package p\ntest_yes if true\ntest_no if 1 > 2\ntest_undefined if input.missing\n";
        let id = sources.add(Source::new("p_test.rego", Revision::Head, text));
        let library = library::load(&sources, &[id]);
        let verdicts: Vec<_> = run(&library, "").into_iter().map(|r| r.verdict).collect();
        assert_eq!(verdicts, [Verdict::Pass, Verdict::Fail, Verdict::Fail]);
        assert_eq!(run(&library, "test_no").len(), 1);
    }
}
