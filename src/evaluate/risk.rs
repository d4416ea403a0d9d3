//! The risk of a change: evaluated before every policy, and part of their input.

use super::Task;
use super::input::{Shared, Views};
use crate::facts::{Assessment, RiskFacts};
use crate::finding::Diagnostic;
use crate::policy::engine::{Engine, EvalError, Input};
use crate::policy::library::{Library, RISK_MODEL};

/// Instants that are tried for another level; the last one stands for those after it.
const MOST_INSTANTS: usize = 24;

/// Weighs the change of a task. What is declared stands alone when the model is not loaded.
///
/// # Errors
/// `risk::weights` when the configuration's weights do not fit the model; `risk::evaluation` when it gives no answer.
pub fn risk(task: &Task<'_>) -> Result<RiskFacts, Diagnostic> {
    let declared = task.world.risk.declared.clone();
    if !task.library.has_risk_model {
        return Ok(RiskFacts::new(declared, Assessment::default()));
    }
    let views = Views::new(task.resources, task.sources, false);
    let input = Shared::new(task, &views, false)?.base;
    let mut model = Model { engine: task.library.risk_engine()?, input };
    model.check_weights()?;
    let assessment = model.assess(task.world.now_ns)?;
    let changes_at_ns = model.changes_at(&assessment)?;
    Ok(RiskFacts { changes_at_ns, ..RiskFacts::new(declared, assessment) })
}

/// Every factor of the model with what it means and its weights, as JSON; `None` when the model is not loaded.
///
/// # Errors
/// See [`EvalError`].
pub fn risk_explanation(library: &Library) -> Result<Option<serde_json::Value>, EvalError> {
    if !library.has_risk_model {
        return Ok(None);
    }
    let failed = |fault: Diagnostic| EvalError::Failed { message: fault.message, place: None };
    let mut engine = library.risk_engine().map_err(failed)?;
    engine.set_input(Input::object(Vec::new()));
    engine.value(&format!("{RISK_MODEL}.explanation"))
}

struct Model {
    engine: Engine,
    input: Input,
}

impl Model {
    fn check_weights(&mut self) -> Result<(), Diagnostic> {
        self.engine.set_input(self.input.clone());
        let faults = self.engine.set(&format!("{RISK_MODEL}.faults")).map_err(|e| failed(&e))?;
        match faults.first().and_then(serde_json::Value::as_str) {
            None => Ok(()),
            Some(fault) => Err(Diagnostic::error("risk::weights", fault)
                .in_file(crate::discover::CONFIG_FILE)
                .help("`changegate policy show risk` prints the factors and their weights")),
        }
    }

    /// What the model says at an instant. Nothing to weigh is no error.
    fn assess(&mut self, now_ns: i64) -> Result<Assessment, Diagnostic> {
        self.engine.set_input(self.input.with(vec![("now_ns", now_ns.into())]));
        let value = self.engine.value(&format!("{RISK_MODEL}.assessment")).map_err(|e| failed(&e))?;
        value.map_or_else(|| Ok(Assessment::default()), |value| serde_json::from_value(value).map_err(|e| odd(&e)))
    }

    /// The first instant at which time alone gives another level: each one that the model names is tried.
    fn changes_at(&mut self, now: &Assessment) -> Result<Option<i64>, Diagnostic> {
        for (nth, instant) in now.instants.iter().enumerate() {
            if nth + 1 == MOST_INSTANTS || self.assess(*instant)?.computed != now.computed {
                return Ok(Some(*instant));
            }
        }
        Ok(None)
    }
}

fn failed(error: &EvalError) -> Diagnostic {
    Diagnostic::error("risk::evaluation", format!("the risk of the change could not be evaluated: {error}"))
        .help("mend the risk model, or leave it out together with the built-in policies (`--no-builtin`)")
}

fn odd(error: &serde_json::Error) -> Diagnostic {
    Diagnostic::error("risk::evaluation", format!("the risk model answers in another shape: {error}"))
        .help("see `input.risk` in docs/policy-input.md")
}
