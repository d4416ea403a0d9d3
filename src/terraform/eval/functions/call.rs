//! What happens around every function (`function.Call` of `cty`).

use super::{Allow, Body, Function, Parameter, Returns, Shape};
use crate::terraform::eval::fault::Fault;
use crate::terraform::eval::scope::{FileFault, Scope};
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::{Marks, Value};

/// Why a function gives nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The argument it is about.
    pub argument: Option<usize>,
    /// What is wrong, without a full stop.
    pub message: String,
    /// We refuse where Terraform might not.
    pub is_ours: bool,
}

impl Refusal {
    /// About the call as a whole.
    pub fn new(message: impl Into<String>) -> Self {
        Self { argument: None, message: message.into(), is_ours: false }
    }

    /// About an argument.
    pub fn argument(at: usize, message: impl Into<String>) -> Self {
        Self { argument: Some(at), ..Self::new(message) }
    }

    /// A limit of ours.
    pub fn refused(message: impl Into<String>) -> Self {
        Self { is_ours: true, ..Self::new(message) }
    }

    /// About a file that could not be read.
    pub(super) fn file(fault: &FileFault, shown: &str) -> Self {
        match fault {
            FileFault::Missing => Self::argument(
                0,
                format!(
                    "no file exists at {shown}; this function works only with files that are distributed as part of \
                     the configuration source code, so if this file will be created by a resource in this \
                     configuration you must instead obtain this result from an attribute of that resource"
                ),
            ),
            FileFault::Directory => Self::new(format!("failed to read file: read {shown}: is a directory")),
            FileFault::Outside => Self::refused(format!("{shown} lies outside the repository and is not read")),
            FileFault::TooLarge => Self::refused(format!("{shown} is too large to be read")),
            FileFault::Unreadable(why) => Self::new(format!("failed to read file: {shown}: {why}")),
        }
    }
}

/// What a function may use besides its arguments.
pub struct Context<'a> {
    /// Files and budget.
    pub scope: &'a dyn Scope,
}

impl Context<'_> {
    /// Announces a result of so many bytes.
    ///
    /// # Errors
    ///
    /// When the budget does not have them.
    pub fn grow(&self, bytes: usize) -> Result<(), Refusal> {
        self.scope.budget().grow(bytes).map_err(ours)
    }

    /// Announces so many elements or steps.
    ///
    /// # Errors
    ///
    /// When the budget does not have them.
    pub fn spend(&self, steps: usize) -> Result<(), Refusal> {
        self.scope.budget().spend(steps).map_err(ours)
    }
}

fn ours(fault: Fault) -> Refusal {
    Refusal::refused(fault.detail)
}

impl Parameter {
    /// A parameter that takes known values without marks, and no null.
    pub const fn new(name: &'static str, shape: Shape) -> Self {
        Self { name, shape, allow: Allow { null: false, unknown: false, dynamic: false, marks: false } }
    }

    /// Takes null too.
    pub const fn null(mut self) -> Self {
        self.allow.null = true;
        self
    }

    /// Takes unknown values too.
    pub const fn unknown(mut self) -> Self {
        self.allow.unknown = true;
        self
    }

    /// Takes values of unknown type too.
    pub const fn dynamic(mut self) -> Self {
        self.allow.dynamic = true;
        self
    }

    /// Takes marked values too.
    pub const fn marks(mut self) -> Self {
        self.allow.marks = true;
        self
    }
}

type Plain = fn(&[Value], &Context) -> Result<Value, Refusal>;

impl Function {
    /// A function whose result has always the same type and is never null.
    pub(super) const fn new(name: &'static str, parameters: &'static [Parameter], returns: Shape, body: Plain) -> Self {
        Self {
            name,
            parameters,
            variadic: None,
            returns: Returns::Shape(returns),
            not_null: true,
            reads_files: false,
            body: Body::Plain(body),
        }
    }

    /// A function whose result's type depends on its arguments.
    pub(super) const fn generic(
        name: &'static str,
        parameters: &'static [Parameter],
        returns: fn(&[Value]) -> Result<Type, Refusal>,
        body: Plain,
    ) -> Self {
        Self { returns: Returns::By(returns), ..Self::new(name, parameters, Shape::Any, body) }
    }

    pub(super) const fn variadic(mut self, parameter: Parameter) -> Self {
        self.variadic = Some(parameter);
        self
    }

    pub(super) const fn nullable(mut self) -> Self {
        self.not_null = false;
        self
    }

    pub(super) const fn reads_files(mut self) -> Self {
        self.reads_files = true;
        self
    }

    pub(super) const fn with_body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }

    /// The parameter that takes the argument at a position.
    pub fn parameter(&self, at: usize) -> Option<&Parameter> {
        self.parameters.get(at).or(self.variadic.as_ref())
    }

    /// Whether nobody can foresee the result.
    pub fn is_unpredictable(&self) -> bool {
        matches!(self.body, Body::Unpredictable)
    }

    /// Whether so many arguments can be given. `name` is the function as it is called.
    ///
    /// # Errors
    ///
    /// Terraform's fault about too few or too many.
    pub fn check_count(&self, name: &str, count: usize) -> Result<(), Fault> {
        let wanted = self.parameters.len();
        if let Some(missing) = self.parameters.get(count) {
            let least = if self.variadic.is_some() { " at least" } else { "" };
            let detail =
                format!("Function {name:?} expects{least} {wanted} argument(s). Missing value for {:?}.", missing.name);
            return Err(Fault::new("Not enough function arguments", detail));
        }
        if self.variadic.is_none() && count > wanted {
            let detail = format!("Function {name:?} expects only {wanted} argument(s).");
            return Err(Fault::new("Too many function arguments", detail));
        }
        Ok(())
    }

    /// Calls the function with arguments that are already converted to its parameters.
    ///
    /// # Errors
    ///
    /// Null where it is not taken, and whatever the function finds.
    pub fn invoke(&self, arguments: &[Value], context: &Context) -> Result<Value, Refusal> {
        let mut marks = Marks::default();
        let mut is_open = false;
        let mut is_untyped = false;
        let mut plain = Vec::with_capacity(arguments.len());
        for (at, argument) in arguments.iter().enumerate() {
            let allow = self.parameter(at).map(|parameter| parameter.allow).unwrap_or_default();
            if argument.is_null() && !allow.null {
                return Err(Refusal::argument(at, "argument must not be null"));
            }
            is_untyped |= argument.is_dynamic() && !allow.dynamic;
            is_open |= !argument.is_known() && !allow.unknown;
            if allow.marks {
                plain.push(argument.clone());
            } else {
                marks = marks | argument.deep_marks();
                plain.push(argument.unmarked_deep());
            }
        }
        if is_untyped {
            return Ok(Value::unknown(Type::Dynamic).with_marks(marks));
        }
        let result = match self.body {
            Body::Plain(body) if !is_open => body(&plain, context)?,
            _ => Value::unknown(self.result_type(&plain)?),
        };
        let result = if self.not_null { result.refined(|range| range.not_null = true) } else { result };
        Ok(result.with_marks(marks))
    }

    fn result_type(&self, arguments: &[Value]) -> Result<Type, Refusal> {
        match &self.returns {
            Returns::Shape(shape) => Ok(shape.ty()),
            Returns::By(by) => by(arguments),
        }
    }
}

/// The whole number that an argument must be (`gocty.FromCtyValue`).
pub(super) fn integer(value: &Value) -> Result<i64, Refusal> {
    let whole = value.as_number().and_then(|number| number.to_i64());
    whole.ok_or_else(|| {
        Refusal::new("value must be a whole number, between -9223372036854775808 and 9223372036854775807")
    })
}

/// The text of an argument that is converted to a string.
pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A list of strings.
pub(super) fn strings(items: impl IntoIterator<Item = impl AsRef<str>>) -> Value {
    let items: Vec<Value> = items.into_iter().map(|item| Value::string(item.as_ref())).collect();
    Value::list(Type::String, items)
}

/// What a function says that was given other arguments than it declares; cannot happen behind
/// [`Function::check_count`].
pub(super) fn arity() -> Refusal {
    Refusal::new("wrong number of arguments")
}
