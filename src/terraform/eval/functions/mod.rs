//! Terraform's functions, and what all of them have in common.
//!
//! A function says in its [`Function`] what it takes and what it leaves to the call: arguments are
//! converted, null is refused, unknown arguments give an unknown result, and marks are taken off and put on
//! the result, as `function` of `cty` does. The names are those of terraform 1.11.
//! <https://developer.hashicorp.com/terraform/language/functions>

mod affix;
mod base64;
mod call;
mod case;
mod charset;
mod chunklist;
mod cidr;
mod coalesce;
mod compact;
mod concat;
mod contains;
mod conversion;
mod csvdecode;
mod element;
mod file;
mod fileset;
mod flatten;
mod format;
mod hash;
mod json;
mod keys;
mod length;
mod lines;
mod lookup;
mod matchkeys;
mod merge;
mod numeric;
mod parseint;
mod path;
mod pattern;
mod power;
mod range;
mod regex;
mod registry;
mod sensitive;
mod setproduct;
mod sets;
mod shape;
mod special;
mod sum;
mod tfvars;
mod time;
mod transpose;
mod trim;
mod truth;
mod unpredictable;
mod urlencode;
mod uuidv5;
mod yaml;
mod zipmap;

pub use call::{Context, Refusal};
pub(super) use file::read_text;
pub(super) use registry::lookup_builtin_provider;
pub use registry::{lookup, names};
pub use shape::Shape;

use super::types::Type;
use super::value::Value;

/// A function of the language.
pub struct Function {
    /// Its name without namespace.
    pub name: &'static str,
    /// What it takes.
    pub parameters: &'static [Parameter],
    /// What it takes any number of behind that.
    pub variadic: Option<Parameter>,
    /// The type of what it gives.
    pub returns: Returns,
    /// Whether it never gives null.
    pub not_null: bool,
    /// Whether it reads files.
    pub reads_files: bool,
    pub(super) body: Body,
}

/// One parameter of a function.
pub struct Parameter {
    /// Its name, as Terraform shows it in messages.
    pub name: &'static str,
    /// What an argument is converted to.
    pub shape: Shape,
    /// What the function itself wants to see.
    pub allow: Allow,
}

/// Arguments that are not kept from a function.
#[derive(Clone, Copy, Debug, Default)]
pub struct Allow {
    /// `null`
    pub null: bool,
    /// Unknown values.
    pub unknown: bool,
    /// Values of unknown type.
    pub dynamic: bool,
    /// Marked values.
    pub marks: bool,
}

/// The type of a result.
pub enum Returns {
    /// Always the same.
    Shape(Shape),
    /// Depends on the arguments, of which any may be unknown.
    By(fn(&[Value]) -> Result<Type, Refusal>),
}

/// What a function does.
pub enum Body {
    /// Computes a value from values.
    Plain(fn(&[Value], &Context) -> Result<Value, Refusal>),
    /// Takes expressions; evaluated where expressions are.
    Special(Special),
    /// Gives something that nobody can foresee.
    Unpredictable,
}

/// Functions that take expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Special {
    /// `can`
    Can,
    /// `try`
    Try,
    /// `templatefile`
    TemplateFile,
    /// `templatestring`
    TemplateString,
}
