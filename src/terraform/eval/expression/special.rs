//! The functions that take expressions: `can`, `try`, `templatefile`, `templatestring`.

use hcl_edit::expr::{Expression as Tree, FuncCall};

use super::render::render;
use super::{Evaluator, derived};
use crate::terraform::eval::convert::convert;
use crate::terraform::eval::fault::{Fault, FaultKind};
use crate::terraform::eval::functions::{self, Function, Refusal, Special};
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::Value;

impl Evaluator<'_> {
    pub(super) fn special(
        &mut self,
        special: Special,
        function: &'static Function,
        name: &str,
        given: &[&Tree],
        call: &FuncCall,
    ) -> Value {
        match (special, given) {
            (Special::Can, [expression]) => self.can(expression),
            (Special::Try, expressions) => self.attempt(expressions, function, name, call),
            (Special::TemplateFile, [path, variables]) => {
                let (path, variables) = (self.value(path), self.value(variables));
                match self.template_file(&path, &variables, call) {
                    Ok(value) => derived(value, &[&path, &variables], self.place.of(call)),
                    Err(refusal) => self.refuse(&refusal, function, name, call),
                }
            }
            (Special::TemplateString, [template, variables]) => {
                let faults = self.faults.len();
                let values = self.value(variables);
                if self.faults.len() > faults {
                    return Value::unknown(Type::String);
                }
                match self.template_string(template, &values, call) {
                    Ok(value) => derived(value, &[&values], self.place.of(call)),
                    Err(refusal) => self.refuse(&refusal, function, name, call),
                }
            }
            _ => Value::unknown(Type::Dynamic),
        }
    }

    /// <https://developer.hashicorp.com/terraform/language/functions/can>
    fn can(&mut self, expression: &Tree) -> Value {
        let (value, faults) = self.aside(|evaluator| evaluator.value(expression));
        if is_caught(&faults) {
            return if !faults.is_empty() {
                false.into()
            } else if value.is_wholly_known() {
                true.into()
            } else {
                derived(Value::unknown(Type::Bool), &[&value], self.place.of(expression))
            };
        }
        self.faults.extend(faults);
        Value::unknown(Type::Bool)
    }

    /// <https://developer.hashicorp.com/terraform/language/functions/try>
    fn attempt(&mut self, expressions: &[&Tree], function: &Function, name: &str, call: &FuncCall) -> Value {
        if expressions.is_empty() {
            return self.refuse(&Refusal::new("at least one argument is required"), function, name, call);
        }
        let mut all = Vec::new();
        for expression in expressions {
            let (value, faults) = self.aside(|evaluator| evaluator.value(expression));
            if !is_caught(&faults) {
                self.faults.extend(faults);
                return Value::unknown(Type::Dynamic);
            }
            if faults.is_empty() {
                // Once it is known it might fail after all, and another argument be the result.
                return match value.is_wholly_known() {
                    true => value,
                    false => derived(Value::unknown(Type::Dynamic), &[&value], self.place.of(*expression)),
                };
            }
            all.extend(faults);
        }
        let told: String = all.iter().map(|fault| format!("- {}\n  {}\n", fault.summary, fault.detail)).collect();
        let message =
            format!("no expression succeeded:\n{told}\nAt least one expression must produce a successful result");
        self.refuse(&Refusal::new(message), function, name, call)
    }

    /// <https://developer.hashicorp.com/terraform/language/functions/templatefile>
    fn template_file(&mut self, path: &Value, variables: &Value, call: &FuncCall) -> Result<Value, Refusal> {
        let converted = convert(path, &Type::String).map_err(|fault| Refusal::argument(0, fault.message))?;
        let null = |at| Err(Refusal::argument(at, "argument must not be null"));
        let marks = path.marks() | variables.deep_marks();
        match (converted.as_str(), variables.is_known()) {
            _ if converted.is_null() => null(0),
            _ if variables.is_null() => null(1),
            (Some(path), true) => {
                let text = functions::read_text(self.scope.files(), path, converted.is_sensitive())?;
                if !self.grow(text.len(), call) {
                    return Ok(Value::unknown(Type::Dynamic));
                }
                let rendered = render(&text, &variables.unmarked_deep(), self.scope, true, self.place.of(call))?;
                Ok(rendered.with_marks(marks))
            }
            _ => Ok(Value::unknown(Type::Dynamic).with_marks(marks)),
        }
    }

    /// <https://developer.hashicorp.com/terraform/language/functions/templatestring>
    fn template_string(&mut self, template: &Tree, variables: &Value, call: &FuncCall) -> Result<Value, Refusal> {
        if variables.is_null() {
            return Err(Refusal::argument(1, "argument must not be null"));
        }
        if !variables.is_known() {
            return Ok(Value::unknown_not_null(Type::String).with_marks(variables.marks()));
        }
        direct_reference(template)?;
        let (value, faults) = self.aside(|evaluator| evaluator.value(template));
        if let Some(fault) = faults.first() {
            let message = format!("invalid template expression: {}; {}", fault.summary, fault.detail);
            let is_ours = fault.kind == FaultKind::Refused;
            return Err(Refusal { is_ours, ..Refusal::argument(0, message) });
        }
        let marks = value.marks() | variables.deep_marks();
        let Some(text) = value.as_str() else {
            return match value.is_known() {
                true => Err(Refusal::argument(0, "invalid template value: a string is required")),
                false => Ok(Value::unknown_not_null(Type::String).with_marks(variables.deep_marks())),
            };
        };
        let span = self.place.of(call);
        let rendered = render(text, &variables.unmarked_deep(), self.scope, false, span)?;
        let converted = convert(&rendered, &Type::String)
            .map_err(|fault| Refusal::new(format!("invalid template result: {}", fault.message)))?;
        Ok(converted.with_marks(marks))
    }
}

/// Only a reference to a string that stands elsewhere is a template.
fn direct_reference(template: &Tree) -> Result<(), Refusal> {
    let why = match template {
        Tree::Variable(_) => return Ok(()),
        Tree::Traversal(traversal) => return direct_reference(&traversal.expr),
        Tree::String(_) => {
            "templatestring is only for rendering templates retrieved dynamically from elsewhere, and so does not \
             support providing a literal template; consider using a template string expression instead"
        }
        Tree::StringTemplate(parts) if parts.as_single_element().is_some() => {
            "templatestring is only for rendering templates retrieved dynamically from elsewhere; to treat the inner \
             expression as template syntax, write the reference expression directly without any template \
             interpolation syntax"
        }
        Tree::StringTemplate(_) | Tree::HeredocTemplate(_) => {
            "templatestring is only for rendering templates retrieved dynamically from elsewhere; to render an inline \
             template, consider using a plain template string expression"
        }
        _ => "must be a direct reference to a single string from elsewhere, containing valid Terraform template syntax",
    };
    Err(Refusal::argument(0, format!("invalid template expression: {why}")))
}

/// Whether `try` and `can` may go on behind these faults.
fn is_caught(faults: &[Fault]) -> bool {
    faults.iter().all(|fault| fault.kind == FaultKind::Evaluation)
}
