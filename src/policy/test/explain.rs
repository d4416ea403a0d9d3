//! Why a test failed: the first expression that does not hold, with the values in it.
//!
//! The modules are compiled once more with probes for the failing tests ([`crate::policy::rego::probe`]); a suite that passes
//! costs nothing.

use std::collections::BTreeSet;

use super::{Cases, Failure, Shown, Suite, TestResult, TestRule, Verdict, add_all};
use crate::policy::engine::{Engine, EvalError, Input, Rows};
use crate::policy::rego;
use crate::policy::rego::probe::{self, Probed, Step};
use crate::source::Span;

/// Values that are shown of one part.
const MOST_VALUES: usize = 3;

/// Fills in the failures.
pub(super) fn failures(suite: &Suite<'_>, results: &mut [TestResult<'_>]) -> Result<(), String> {
    let mut failed: Vec<&mut TestResult<'_>> =
        results.iter_mut().filter(|r| is_explained(&r.verdict) && !r.rule.cases).collect();
    if failed.is_empty() {
        return Ok(());
    }
    let rules: Vec<&TestRule> = failed.iter().map(|r| r.rule).collect();
    let (mut engine, probes) = probed(suite, &rules)?;
    for (result, bodies) in failed.iter_mut().zip(&probes) {
        result.failure = failure(&mut engine, suite, result.rule, bodies);
    }
    Ok(())
}

/// What took too long once is not evaluated again.
fn is_explained(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Fail | Verdict::Error(EvalError::Failed { .. }))
}

/// The cases of the tests that have some: what their heads are bound to, whether the rest of the body holds or not.
pub(super) fn cases(suite: &Suite<'_>, tests: &[&TestRule]) -> Result<Cases, String> {
    let with_cases: Vec<&TestRule> = tests.iter().filter(|t| t.cases && !t.todo).copied().collect();
    if with_cases.is_empty() {
        return Ok(Cases::new());
    }
    let (mut engine, probes) = probed(suite, &with_cases)?;
    let named = |(rule, bodies): (&&TestRule, &Vec<Probed>)| {
        let names = bodies.iter().filter_map(|body| body.cases.as_ref());
        let names: BTreeSet<String> = names.flat_map(|rule| engine.set(rule).unwrap_or_default()).map(key).collect();
        (rule.path.clone(), names)
    };
    Ok(with_cases.iter().zip(&probes).map(named).collect())
}

/// A key as JSON objects have it.
fn key(value: serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    }
}

fn probed(suite: &Suite<'_>, tests: &[&TestRule]) -> Result<(Engine, Vec<Vec<Probed>>), String> {
    let texts = suite.modules.iter().filter_map(|id| Some((*id, suite.sources.get(*id)?)));
    let modules = texts.filter_map(|(id, source)| Some((id, rego::parse_any(&source.text).ok()?))).collect();
    let wanted: Vec<probe::Wanted<'_>> = tests.iter().map(|t| (t.source, t.name.as_str())).collect();
    let (compiled, probes) = probe::compile(modules, &wanted);
    let mut engine = Engine::with_mode(suite.library.mode);
    engine.install(suite.sources, compiled);
    add_all(&mut engine, suite.data)?;
    engine.set_input(Input::object(Vec::new()));
    Ok((engine, probes))
}

/// Of several bodies, the one that came farthest says most.
fn failure(engine: &mut Engine, suite: &Suite<'_>, rule: &TestRule, bodies: &[Probed]) -> Option<Failure> {
    let reached = bodies.iter().filter_map(|body| reached(engine, body));
    let Reached { step, rows, errors, .. } = reached.max_by_key(|reached| reached.depth)?;
    let span = |range: rego::ast::Range| Span { source: rule.source, start: range.start, end: range.end };
    let values = step.parts.iter().enumerate().map(|(i, part)| {
        let mut values: Vec<String> = rows.iter().filter_map(|row| row.get(i)).flatten().cloned().collect();
        values.dedup();
        values.truncate(MOST_VALUES);
        let text = suite.sources.text(span(part.range)).unwrap_or_default();
        Shown { text: text.to_owned(), values, counterexample: part.counterexample }
    });
    // Of an expression that cannot be evaluated nothing is known.
    let values = values.filter(|shown| !rows.is_empty() && (!shown.counterexample || !shown.values.is_empty()));
    Some(Failure { span: span(step.expression), values: values.collect(), cases: Vec::new(), errors })
}

/// How far a body came.
struct Reached<'a> {
    /// Expressions that hold.
    depth: usize,
    /// The expression that stopped it.
    step: &'a Step,
    /// The values of its parts; none when it cannot be evaluated.
    rows: Rows,
    /// Errors that make a part undefined.
    errors: Vec<EvalError>,
}

fn reached<'a>(engine: &mut Engine, body: &'a Probed) -> Option<Reached<'a>> {
    let mut last = None;
    for (depth, step) in body.steps.iter().enumerate() {
        let _ = engine.swallowed();
        let rows = engine.rows(&step.rule);
        let failed = rows.is_err();
        let rows = rows.unwrap_or_default();
        if rows.is_empty() && !failed {
            break;
        }
        last = Some(Reached { depth, step, rows, errors: engine.swallowed() });
        if failed {
            break;
        }
    }
    last
}
