//! `can`, `try`, `templatefile`, `templatestring`: evaluated where expressions are, described here.
//!
//! <https://developer.hashicorp.com/terraform/language/functions/try>

use super::{Body, Function, Parameter, Refusal, Shape, Special};
use crate::terraform::eval::value::Value;

pub(super) static CAN: Function =
    special("can", &[Parameter::new("expression", Shape::Any)], Shape::Bool, Special::Can);
pub(super) static TRY: Function =
    special("try", &[], Shape::Any, Special::Try).variadic(Parameter::new("expressions", Shape::Any));
pub(super) static TEMPLATEFILE: Function = special(
    "templatefile",
    &[Parameter::new("path", Shape::String), Parameter::new("vars", Shape::Any)],
    Shape::Any,
    Special::TemplateFile,
)
.reads_files();
pub(super) static TEMPLATESTRING: Function = special(
    "templatestring",
    &[Parameter::new("template", Shape::Any), Parameter::new("vars", Shape::Any)],
    Shape::String,
    Special::TemplateString,
);

const fn special(name: &'static str, parameters: &'static [Parameter], returns: Shape, special: Special) -> Function {
    Function::new(name, parameters, returns, never).with_body(Body::Special(special))
}

fn never(_: &[Value], _: &super::Context) -> Result<Value, Refusal> {
    Err(Refusal::new("takes expressions, not values"))
}
