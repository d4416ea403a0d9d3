//! Function calls: finds the function, evaluates the arguments, and leaves the rest to
//! [`invoke`](crate::terraform::eval::functions::Function::invoke).

use hcl_edit::expr::{Expression as Tree, FuncCall};

use super::{Evaluator, Names, derived};
use crate::terraform::eval::convert::convert;
use crate::terraform::eval::fault::{Fault, FaultKind};
use crate::terraform::eval::functions::{self, Body, Context, Function, Refusal, Special};
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::Value;

/// The provider whose functions are built in.
const BUILTIN: &str = "terraform.io/builtin/terraform";

impl Evaluator<'_> {
    pub(super) fn call(&mut self, call: &FuncCall) -> Value {
        if matches!(self.names, Names::None) {
            return self
                .fail(Fault::reference("Function calls not allowed", "Functions may not be called here."), call);
        }
        let namespace: Vec<&str> = call.name.namespace.iter().map(|part| part.as_str()).collect();
        let name = call.name.name.as_str();
        let function = match namespace.as_slice() {
            [] | ["core"] => functions::lookup(name),
            ["provider", provider] => match self.scope.provider(provider).as_deref() {
                Some(BUILTIN) => functions::lookup_builtin_provider(name),
                Some(_) => return self.foreign(call),
                None => None,
            },
            _ => None,
        };
        match function {
            Some(function) => self.call_function(function, &full_name(call), call),
            None => self.no_function(&namespace, name, call),
        }
    }

    /// A function of a provider that we do not run.
    fn foreign(&mut self, call: &FuncCall) -> Value {
        let arguments: Vec<Value> = call.args.iter().map(|argument| self.value(argument)).collect();
        let unknown = Value::unknown(Type::Dynamic).through(format!("{}()", full_name(call)), self.place.of(call));
        arguments.iter().fold(unknown, |value, argument| value.with_marks(argument.deep_marks()))
    }

    fn no_function(&mut self, namespace: &[&str], name: &str, call: &FuncCall) -> Value {
        let full = full_name(call);
        let fault = match namespace {
            [] => {
                let near = functions::names().find(|known| strsim::levenshtein(known, name) < 3);
                let hint = near.map(|known| format!(" Did you mean {known:?}?")).unwrap_or_default();
                Fault::new("Call to unknown function", format!("There is no function named {name:?}.{hint}"))
            }
            ["provider", provider, ..] => Fault::new(
                "Unknown provider function",
                format!(
                    "There is no function named {full:?}. Ensure that provider name {provider:?} is declared in this \
                     module's required_providers block, and that this provider offers a function named {name:?}."
                ),
            ),
            _ => Fault::new("Call to unknown function", format!("There is no function named {full:?}.")),
        };
        self.fail(fault, call)
    }

    fn call_function(&mut self, function: &'static Function, name: &str, call: &FuncCall) -> Value {
        if let Some(refusal) = self.not_in_templates(function) {
            return self.refuse(&refusal, function, name, call);
        }
        let given: Vec<&Tree> = call.args.iter().collect();
        match function.body {
            Body::Special(special) if !call.args.expand_final() => {
                if let Err(fault) = function.check_count(name, given.len()) {
                    return self.fail(fault, call);
                }
                self.special(special, function, name, &given, call)
            }
            _ => match self.arguments(function, name, call) {
                Some(arguments) => self.invoke(function, name, &arguments, call),
                None => Value::unknown(Type::Dynamic),
            },
        }
    }

    /// Templates do not render templates, and those of `templatestring` read no files.
    fn not_in_templates(&self, function: &Function) -> Option<Refusal> {
        let Names::Template { files, .. } = self.names else { return None };
        let renders = matches!(function.body, Body::Special(Special::TemplateFile | Special::TemplateString));
        let name = function.name;
        if renders {
            return Some(Refusal::new(format!("cannot recursively call {name} from inside another template function")));
        }
        (function.reads_files && !files).then(|| {
            Refusal::new(format!(
                "cannot use filesystem access functions like {name} in templatestring templates; consider passing the \
                 function result as a template variable instead"
            ))
        })
    }

    /// The values of all arguments, converted; `None` after a fault, or when an expanded one is not known.
    fn arguments(&mut self, function: &Function, name: &str, call: &FuncCall) -> Option<Vec<Value>> {
        let faults = self.faults.len();
        let mut values: Vec<Value> = Vec::with_capacity(call.args.len());
        let (last, first) = match call.args.iter().collect::<Vec<_>>().split_last() {
            Some((last, first)) if call.args.expand_final() => (Some(*last), first.to_vec()),
            _ => (None, call.args.iter().collect()),
        };
        let expanded = match last {
            Some(last) => self.expanded(last)?,
            None => Vec::new(),
        };
        if let Err(fault) = function.check_count(name, first.len() + expanded.len()) {
            self.fail(fault, call);
            return None;
        }
        values.extend(first.into_iter().map(|argument| self.value(argument)));
        values.extend(expanded);
        for (at, value) in values.iter_mut().enumerate() {
            let Some(parameter) = function.parameter(at) else { continue };
            match convert(value, &parameter.shape.ty()) {
                Ok(converted) => *value = converted,
                Err(fault) => {
                    let refusal = Refusal::argument(at, fault.message);
                    self.refuse(&refusal, function, name, call);
                }
            }
        }
        (self.faults.len() == faults).then_some(values)
    }

    /// The elements of the argument before `...`.
    fn expanded(&mut self, argument: &Tree) -> Option<Vec<Value>> {
        let faults = self.faults.len();
        let value = self.value(argument);
        if self.faults.len() > faults {
            return None;
        }
        let invalid = |detail: &str| Fault::new("Invalid expanding argument value", detail);
        let is_sequence = matches!(value.ty(), Type::Tuple(_) | Type::List(_) | Type::Set(_) | Type::Dynamic);
        let fault = match value.as_items() {
            Some(items) => return Some(items.iter().map(|item| item.clone().with_marks(value.marks())).collect()),
            None if !is_sequence => {
                invalid("The expanding argument (indicated by ...) must be of a tuple, list, or set type.")
            }
            None if value.is_null() => invalid("The expanding argument (indicated by ...) must not be null."),
            None => return None,
        };
        self.fail(fault, argument);
        None
    }

    fn invoke(&mut self, function: &'static Function, name: &str, arguments: &[Value], call: &FuncCall) -> Value {
        let span = self.place.of(call);
        let context = Context { scope: self.scope };
        if !self.spend(arguments.len(), call) {
            return Value::unknown(Type::Dynamic);
        }
        match function.invoke(arguments, &context) {
            Ok(value) if !value.is_known() && function.is_unpredictable() => value.through(format!("{name}()"), span),
            Ok(value) => derived(value, &arguments.iter().collect::<Vec<_>>(), span),
            Err(refusal) => self.refuse(&refusal, function, name, call),
        }
    }

    pub(super) fn refuse(&mut self, refusal: &Refusal, function: &Function, name: &str, call: &FuncCall) -> Value {
        let argument = refusal.argument.and_then(|at| function.parameter(at).map(|parameter| (at, parameter)));
        let (summary, detail) = match argument {
            Some((_, parameter)) => (
                "Invalid function argument",
                format!("Invalid value for {:?} parameter: {}.", parameter.name, refusal.message),
            ),
            None => ("Error in function call", format!("Call to function {name:?} failed: {}.", refusal.message)),
        };
        let fault = match refusal.is_ours {
            true => Fault { kind: FaultKind::Refused, ..Fault::new(summary, detail) },
            false => Fault::new(summary, detail),
        };
        match argument.and_then(|(at, _)| call.args.get(at)) {
            Some(argument) => self.fail(fault, argument),
            None => self.fail(fault, call),
        }
    }
}

/// As it is written: `core::upper`.
fn full_name(call: &FuncCall) -> String {
    let parts = call.name.namespace.iter().map(|part| part.as_str()).chain([call.name.name.as_str()]);
    parts.collect::<Vec<_>>().join("::")
}
