//! Types as constants, for the tables of parameters.

use crate::terraform::eval::types::Type;

/// A type that can stand in a constant.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// Any type.
    Any,
    /// `string`
    String,
    /// `number`
    Number,
    /// `bool`
    Bool,
    /// `list(…)`
    List(&'static Shape),
    /// `set(…)`
    Set(&'static Shape),
    /// `map(…)`
    Map(&'static Shape),
}

impl Shape {
    /// The type.
    pub fn ty(self) -> Type {
        match self {
            Self::Any => Type::Dynamic,
            Self::String => Type::String,
            Self::Number => Type::Number,
            Self::Bool => Type::Bool,
            Self::List(element) => Type::list(element.ty()),
            Self::Set(element) => Type::set(element.ty()),
            Self::Map(element) => Type::map(element.ty()),
        }
    }
}
