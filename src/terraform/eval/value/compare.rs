//! When values are equal (`cty.Value.Equals`).

use std::cmp::Ordering;

use super::{Data, Range, Value};
use crate::terraform::eval::types::Type;

/// An answer that may have to wait for values that are not known yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// Yes.
    True,
    /// No.
    False,
    /// It depends.
    Unknown,
}

impl From<bool> for Truth {
    fn from(b: bool) -> Self {
        if b { Self::True } else { Self::False }
    }
}

impl Truth {
    /// The other answer.
    #[must_use]
    pub fn negated(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
        }
    }
}

impl From<Truth> for Value {
    fn from(truth: Truth) -> Self {
        match truth {
            Truth::True => true.into(),
            Truth::False => false.into(),
            Truth::Unknown => Value::unknown_not_null(Type::Bool),
        }
    }
}

impl Value {
    /// Whether Terraform's `==` holds. Marks are ignored.
    pub fn equals(&self, other: &Value) -> Truth {
        if let Some(answer) = without_content(self, other) {
            return answer;
        }
        if !self.has_whole_type() || !other.has_whole_type() {
            let (a, b) = (self.ty(), other.ty());
            let possible = a.conforms_to(&b) || b.conforms_to(&a);
            return if possible { Truth::Unknown } else { Truth::False };
        }
        if !same_type(self, other) {
            return Truth::False;
        }
        same_content(self, other)
    }

    /// Whether it is certainly not null.
    pub fn is_surely_not_null(&self) -> bool {
        match &self.data {
            Data::Null(_) => false,
            Data::Unknown(_, range) => range.not_null,
            _ => true,
        }
    }

    /// Whether no part of it has a type that is not known yet.
    fn has_whole_type(&self) -> bool {
        !matches!(self.data, Data::Unknown(Type::Dynamic, _)) && self.children().all(Value::has_whole_type)
    }
}

/// The answer where one side is null or unknown.
fn without_content(a: &Value, b: &Value) -> Option<Truth> {
    match (&a.data, &b.data) {
        (Data::Null(_), Data::Null(_)) => Some(Truth::True),
        (Data::Null(_), _) if b.is_surely_not_null() => Some(Truth::False),
        (_, Data::Null(_)) if a.is_surely_not_null() => Some(Truth::False),
        (Data::Unknown(..), Data::Unknown(..)) => Some(Truth::Unknown),
        (Data::Unknown(ty, range), _) => Some(with_unknown(b, ty, range)),
        (_, Data::Unknown(ty, range)) => Some(with_unknown(a, ty, range)),
        _ => None,
    }
}

fn with_unknown(known: &Value, ty: &Type, range: &Range) -> Truth {
    if known.is_null() || ty.has_dynamic() && known.ty().conforms_to(ty) && range.could_be(known) {
        return Truth::Unknown;
    }
    if known.ty() == *ty && range.could_be(known) { Truth::Unknown } else { Truth::False }
}

impl Range {
    /// Whether nothing that is known excludes a known value that is not null.
    fn could_be(&self, value: &Value) -> bool {
        let prefix = || match (&self.prefix, &value.data) {
            (Some(prefix), Data::String(text)) => text.starts_with(&**prefix),
            _ => true,
        };
        let length = || match &value.data {
            Data::List(_, items) => self.could_be_long(items.len(), items.len()),
            Data::Map(_, entries) => self.could_be_long(entries.len(), entries.len()),
            Data::Set(_, items) => {
                let least = if value.is_wholly_known() { items.len() } else { items.len().min(1) };
                self.could_be_long(least, items.len())
            }
            _ => true,
        };
        let number = || match &value.data {
            Data::Number(number) => self.includes(number),
            _ => true,
        };
        prefix() && length() && number()
    }

    fn could_be_long(&self, least: usize, most: usize) -> bool {
        most >= self.least && self.most.is_none_or(|limit| least <= limit)
    }

    fn includes(&self, number: &crate::terraform::eval::number::Number) -> bool {
        let above = self.low.as_ref().is_none_or(|(low, equal)| match number.compare(low) {
            Ordering::Less => false,
            Ordering::Equal => *equal,
            Ordering::Greater => true,
        });
        let below = self.high.as_ref().is_none_or(|(high, equal)| match number.compare(high) {
            Ordering::Greater => false,
            Ordering::Equal => *equal,
            Ordering::Less => true,
        });
        above && below
    }
}

/// Whether two values have one type, without building it.
fn same_type(a: &Value, b: &Value) -> bool {
    match (&a.data, &b.data) {
        (Data::Bool(_), Data::Bool(_)) | (Data::Number(_), Data::Number(_)) | (Data::String(_), Data::String(_)) => {
            true
        }
        (Data::List(x, _), Data::List(y, _))
        | (Data::Set(x, _), Data::Set(y, _))
        | (Data::Map(x, _), Data::Map(y, _)) => x == y,
        (Data::Tuple(x), Data::Tuple(y)) => x.len() == y.len() && x.iter().zip(y.iter()).all(|(a, b)| same_type(a, b)),
        (Data::Object(x), Data::Object(y)) => {
            x.len() == y.len() && x.iter().zip(y.iter()).all(|((j, a), (k, b))| j == k && same_type(a, b))
        }
        _ => a.ty() == b.ty(),
    }
}

/// Equality of values of one type.
fn same_content(a: &Value, b: &Value) -> Truth {
    if let Some(answer) = without_content(a, b) {
        return answer;
    }
    match (&a.data, &b.data) {
        (Data::Bool(x), Data::Bool(y)) => (x == y).into(),
        (Data::Number(x), Data::Number(y)) => (x == y).into(),
        (Data::String(x), Data::String(y)) => (x == y).into(),
        (Data::List(_, x), Data::List(_, y)) if x.len() != y.len() => Truth::False,
        (Data::Map(_, x), Data::Map(_, y)) if x.len() != y.len() || !x.keys().eq(y.keys()) => Truth::False,
        (Data::Set(_, x), Data::Set(_, y)) => same_set(x, y),
        _ => all(a.children().zip(b.children()).map(|(x, y)| same_content(x, y))),
    }
}

fn same_set(x: &[Value], y: &[Value]) -> Truth {
    if x.iter().chain(y).any(|element| !element.is_known()) {
        return Truth::Unknown;
    }
    if x.len() != y.len() {
        return Truth::False;
    }
    // Both are in the same order, and what is not equal for certain is not the same element.
    x.iter().zip(y).all(|(a, b)| same_content(a, b) == Truth::True).into()
}

/// The first pair that is not equal decides.
fn all(mut answers: impl Iterator<Item = Truth>) -> Truth {
    answers.find(|answer| *answer != Truth::True).unwrap_or(Truth::True)
}
