//! Templates that are not part of the configuration: `templatefile` and `templatestring`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::tokens::Form;
use super::verify::template_names;
use super::{Evaluator, Names, Place};
use crate::source::Span;
use crate::terraform::eval::fault::{Fault, FaultKind};
use crate::terraform::eval::functions::Refusal;
use crate::terraform::eval::scope::Scope;
use crate::terraform::eval::value::Value;

/// A template file above this size is refused.
const MAX_TEMPLATE: usize = 4 * 1024 * 1024;

/// Renders a template with variables of its own; it sees no others. `files` says whether its functions may
/// read files.
pub(super) fn render(
    text: &str,
    variables: &Value,
    scope: &dyn Scope,
    files: bool,
    span: Span,
) -> Result<Value, Refusal> {
    let Some(variables) = variables.as_entries() else {
        return Err(Refusal::argument(1, "invalid vars value: must be a map"));
    };
    if let Some(name) = variables.keys().find(|name| !is_identifier(name)) {
        return Err(Refusal::argument(
            1,
            format!(
                "invalid template variable name {name:?}: must start with a letter, followed by zero or more letters, \
                 digits, and underscores"
            ),
        ));
    }
    if text.len() > MAX_TEMPLATE {
        return Err(Refusal::refused("the template is too large to be evaluated"));
    }
    let template = hcl_edit::parser::parse_template(text).map_err(|error| {
        let location = error.location();
        Refusal::new(format!("{}:{}: {}", location.line(), location.column(), error.message()))
    })?;
    for name in template_names(&template) {
        if !variables.contains_key(&name) {
            return Err(Refusal::argument(1, format!("vars map does not contain key {name:?}")));
        }
    }
    evaluate(&template, variables, scope, files, span)
}

fn evaluate(
    template: &hcl_edit::template::Template,
    variables: &BTreeMap<Arc<str>, Value>,
    scope: &dyn Scope,
    files: bool,
    span: Span,
) -> Result<Value, Refusal> {
    let mut evaluator = Evaluator::new(scope, Place::Fixed(span), Names::Template { variables, files });
    let value = evaluator.template(template, Form::Lines, span);
    match evaluator.faults.first() {
        Some(fault) => Err(refusal(fault)),
        None if value.is_null() => Err(Refusal::new(
            "Template result is null; The result of the template is null, which is not a valid result for a \
             templatestring call.",
        )),
        None => Ok(value),
    }
}

fn refusal(fault: &Fault) -> Refusal {
    let text = format!("{}; {}", fault.summary, fault.detail);
    match fault.kind {
        FaultKind::Refused => Refusal::refused(text),
        _ => Refusal::new(text),
    }
}

/// Whether HCL could refer to it.
fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c == '_' || c.is_alphabetic())
        && chars.all(|c| c == '_' || c == '-' || c.is_alphanumeric())
}
