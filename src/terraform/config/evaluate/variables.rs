//! Input variables: given, converted, defaulted.

use std::rc::Rc;
use std::sync::Arc;

use hcl_edit::expr::FuncCall;
use hcl_edit::visit::Visit;

use super::instance::{Item, ModuleInstance};
use super::names::Names;
use super::run::Run;
use crate::finding::Diagnostic;
use crate::parse::hcl::{self, Attribute, Block, Expression};
use crate::parse::tree::Value as Tree;
use crate::source::{SourceId, Span};
use crate::terraform::config::inputs::{Input, Inputs, TextOrigin};
use crate::terraform::config::{Module, fault};
use crate::terraform::eval::{
    Constraint, Fault, Faults, Marks, NoFiles, Reference, Resolved, Scope, Type, Value, eval,
};

/// The value of a variable in one module instance.
pub(super) fn value<'a>(run: &Run<'a>, instance: &Rc<ModuleInstance<'a>>, name: &Arc<str>) -> Value {
    run.once(instance, Item::Variable(name.clone()), |run| {
        let Some(block) = instance.module.variables.get(name) else { return Value::unknown(Type::Dynamic) };
        let variable = Variable::read(run, block);
        let given = given(run, instance, name, &variable);
        let value = variable.accept(run, name, given, instance.call.is_none());
        value.with_marks(variable.marks)
    })
}

/// A `variable` block.
struct Variable<'b> {
    block: &'b Block,
    /// `None` takes anything.
    constraint: Option<Constraint>,
    nullable: bool,
    marks: Marks,
}

/// What a variable was given.
struct GivenValue {
    value: Value,
    /// Where to show that it does not fit; the variable itself when it came without a place.
    place: Option<Span>,
    how: &'static str,
}

impl<'b> Variable<'b> {
    fn read(run: &Run<'_>, block: &'b Block) -> Self {
        let flag = |name: &str| block.body.attribute(name).and_then(|a| flag(run, a));
        let written = block.body.attribute("type");
        let constraint = written.and_then(|a| constraint(run, a));
        Self {
            block,
            constraint,
            nullable: flag("nullable").unwrap_or(true),
            marks: Marks {
                sensitive: flag("sensitive").unwrap_or_default(),
                ephemeral: flag("ephemeral").unwrap_or_default(),
            },
        }
    }

    /// The value in the variable's type; the default where nothing was given, unknown where that is missing too.
    fn accept(&self, run: &Run<'_>, name: &str, given: Option<GivenValue>, is_root: bool) -> Value {
        let Some(given) = given else { return self.default(run).unwrap_or_else(|| self.missing(run, name, is_root)) };
        let value = match self.convert(&given.value) {
            Ok(value) => value,
            Err(why) => {
                let place = given.place.unwrap_or(self.block.header);
                let message = format!("the value given for var.{name} {} does not fit: {why}", given.how);
                run.say(
                    fault("terraform::variable_value", "Invalid value for input variable", &message, place)
                        .label(why)
                        .help(format!("var.{name} wants {}", self.ty())),
                );
                return self.unknown();
            }
        };
        if !value.is_null() || self.nullable {
            return value;
        }
        self.default(run).unwrap_or_else(|| {
            let message = format!("var.{name} is not nullable and was given null");
            let place = given.place.unwrap_or(self.block.header);
            run.say(
                fault("terraform::variable_value", "Required variable not set", &message, place)
                    .label("null is no value"),
            );
            self.unknown()
        })
    }

    fn default(&self, run: &Run<'_>) -> Option<Value> {
        let default = self.block.body.attribute("default")?;
        let value = literal(run, default).unwrap_or_else(|| Value::unknown(Type::Dynamic));
        match self.convert(&value) {
            Ok(value) if value.is_null() && !self.nullable => {
                let message = "null is not a valid value of a variable that is not nullable";
                run.say(invalid_default(message, default.value.span));
                Some(self.unknown())
            }
            Ok(value) => Some(value.or_at(default.value.span)),
            Err(why) => {
                let message = format!("this default does not fit the variable's type: {why}");
                run.say(invalid_default(&message, default.value.span));
                Some(self.unknown())
            }
        }
    }

    fn missing(&self, run: &Run<'_>, name: &str, is_root: bool) -> Value {
        if is_root && run.inputs.strict {
            let message = format!("var.{name} is not set and has no default");
            run.say(
                fault("terraform::missing_variable", "No value for required variable", &message, self.block.header)
                    .label("no value")
                    .help("give it one in a variables file"),
            );
        } else if is_root {
            let message = format!("var.{name} has no value here; whatever depends on it counts as unknown");
            run.say(
                Diagnostic::warning("terraform::missing_variable", message)
                    .at(self.block.header)
                    .label("no value")
                    .help("name the variables files of this root in `changegate.yaml` under terraform.roots, or hand over a plan"),
            );
        }
        self.unknown()
    }

    fn unknown(&self) -> Value {
        let value = Value::unknown(self.ty().without_optional());
        if self.nullable { value } else { value.refined(|range| range.not_null = true) }
    }

    /// Whether text of the command line is taken as it is.
    fn takes_text(&self) -> bool {
        self.constraint.as_ref().is_none_or(|c| c.ty.is_primitive())
    }

    fn ty(&self) -> Type {
        self.constraint.as_ref().map_or(Type::Dynamic, |c| c.ty.clone())
    }

    fn convert(&self, value: &Value) -> Result<Value, String> {
        match &self.constraint {
            Some(constraint) => constraint.apply(value).map_err(|why| why.to_string()),
            None => Ok(value.clone()),
        }
    }
}

/// An argument that must be written out: true or false, also as text.
pub(super) fn flag(run: &Run<'_>, argument: &Attribute) -> Option<bool> {
    let value = match &argument.value.value {
        Tree::Bool(b) => Some(*b),
        Tree::String(text) => text.parse().ok(),
        _ => None,
    };
    if value.is_none() {
        let message = format!("`{}` must be true or false, written out", argument.name);
        let place = argument.value.span;
        run.say(fault("terraform::flag", "Unsuitable value type", &message, place).label("neither true nor false"));
    }
    value
}

/// The constraint of a `type` argument; quoted in JSON and in old configurations.
fn constraint(run: &Run<'_>, written: &Attribute) -> Option<Constraint> {
    // `list` and `map` alone are those of any type; so is what Terraform 0.11 wrote in quotes.
    if let Some(word) = written.reference().filter(|w| matches!(&**w, "list" | "map")) {
        return Constraint::legacy(&word);
    }
    let expression = match (&written.expression, written.value.as_str()) {
        (Some(expression), _) => Some(expression.clone()),
        (None, Some(text)) => {
            let base = written.value.span.start as usize + 1;
            hcl::parse_argument(written.value.span.source, base, text).ok().and_then(|(_, expression)| expression)
        }
        _ => None,
    };
    let parsed = expression.map(|e| Constraint::parse(&e, &run.budget));
    match parsed {
        Some(Ok(constraint)) => Some(constraint),
        Some(Err(faults)) => {
            run.blame(faults, written.value.span, false);
            None
        }
        None => {
            let message = "this is not a type";
            run.say(fault("terraform::type", "Invalid type specification", message, written.value.span).label("here"));
            None
        }
    }
}

fn given<'a>(
    run: &Run<'a>,
    instance: &Rc<ModuleInstance<'a>>,
    name: &Arc<str>,
    variable: &Variable<'_>,
) -> Option<GivenValue> {
    let Some(call) = &instance.call else { return of_root(run, name, variable) };
    let argument = call.block.body.attribute(name)?;
    let names = Names { run, instance: &call.parent, local: &call.local };
    let value = run.value(&names, argument);
    Some(GivenValue { value, place: Some(argument.value.span), how: "by the module's caller" })
}

/// Text of the command line has no place.
const NOWHERE: SourceId = SourceId(u32::MAX);

fn of_root(run: &Run<'_>, name: &Arc<str>, variable: &Variable<'_>) -> Option<GivenValue> {
    match run.inputs.values.get(name)? {
        Input::Written(argument) => {
            let value = literal(run, argument).unwrap_or_else(|| variable.unknown());
            Some(GivenValue { value, place: Some(argument.value.span), how: "in a variables file" })
        }
        Input::Text { text, origin } => {
            let how = match origin {
                TextOrigin::CommandLine => "on the command line",
                TextOrigin::Environment => "by the environment",
            };
            if variable.takes_text() {
                return Some(GivenValue { value: Value::string(text), place: None, how });
            }
            let value = match hcl::parse_argument(NOWHERE, 0, text) {
                Ok((node, expression)) => {
                    let name_span = Span::new(NOWHERE, 0, 0);
                    literal(run, &Attribute { name: name.clone(), name_span, value: node, expression })
                }
                Err(_) => {
                    let message = format!("the value given for var.{name} {how} cannot be read as an expression");
                    let place = variable.block.header;
                    run.say(fault("terraform::variable_value", "Invalid value for input variable", &message, place));
                    None
                }
            };
            Some(GivenValue { value: value.unwrap_or_else(|| variable.unknown()), place: None, how })
        }
    }
}

/// The value of an expression in which no names may be used.
fn literal(run: &Run<'_>, argument: &Attribute) -> Option<Value> {
    let Some(expression) = &argument.expression else { return Some(Value::from_node(&argument.value)) };
    if let Some(call) = first_call(expression) {
        let message = "functions may not be called here";
        run.say(fault("terraform::value", "Function calls not allowed", message, call).label("write the value out"));
        return None;
    }
    match eval(expression, &Bare { run }) {
        Ok(value) => Some(value.or_at(argument.value.span)),
        Err(faults) => {
            run.blame(faults, argument.value.span, false);
            None
        }
    }
}

/// The place of a function call in an expression.
fn first_call(expression: &Expression) -> Option<Span> {
    struct First<'e>(&'e Expression, Option<Span>);
    impl Visit for First<'_> {
        fn visit_func_call(&mut self, call: &FuncCall) {
            if self.1.is_none() {
                self.1 = self.0.span_of(call);
            }
        }
    }
    let mut first = First(expression, None);
    first.visit_expr(&expression.tree);
    first.1
}

/// The scope of defaults and variables files: no names, no files.
struct Bare<'r, 'a> {
    run: &'r Run<'a>,
}

impl Scope for Bare<'_, '_> {
    fn resolve(&self, _: &Reference) -> Result<Resolved, Faults> {
        Err(Fault::reference("Variables not allowed", "Variables may not be used here.").into())
    }

    fn check(&self, reference: &Reference) -> Result<(), Faults> {
        self.resolve(reference).map(drop)
    }

    fn text(&self, span: Span) -> Option<&str> {
        self.run.text(span)
    }

    fn files(&self) -> &dyn crate::terraform::eval::Files {
        &NoFiles
    }

    fn budget(&self) -> &crate::terraform::eval::Budget {
        &self.run.budget
    }
}

fn invalid_default(message: &str, place: Span) -> Diagnostic {
    fault("terraform::variable_default", "Invalid default value for variable", message, place).label("does not fit")
}

/// Whether a required variable of the root module has no value.
pub(super) fn is_incomplete(inputs: &Inputs, module: &Module) -> bool {
    let mut required = module.variables.iter().filter(|(_, block)| block.body.attribute("default").is_none());
    required.any(|(name, _)| !inputs.values.contains_key(name))
}

/// Says which given values no variable of the root module takes.
pub(super) fn check_inputs(run: &Run<'_>, module: &Module) {
    let mut undeclared: Vec<_> = run.inputs.values.iter().filter(|(n, _)| !module.variables.contains_key(*n)).collect();
    undeclared.sort_by_key(|(name, _)| (*name).clone());
    for (name, input) in undeclared {
        let message = format!("Value for undeclared variable: the root module has no variable \"{name}\"");
        match input {
            Input::Written(argument) => run.say(
                Diagnostic::warning("terraform::undeclared_variable", message)
                    .at(argument.name_span)
                    .label("not declared")
                    .help("declare the variable, or remove the value"),
            ),
            Input::Text { origin: TextOrigin::CommandLine, .. } => {
                run.say(Diagnostic::error("terraform::undeclared_variable", message).help("remove it"));
            }
            Input::Text { .. } => {}
        }
    }
}
