//! What was answered, and how that compares with OPA's answer.

use std::fmt;

use serde_json::{Number, Value};

/// What our engine answered.
pub(crate) enum Answer {
    Value(Value),
    Undefined,
    /// The evaluation failed.
    Error(String),
    /// The program was refused at load.
    Refused(String),
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(value) => write!(f, "{value}"),
            Self::Undefined => f.write_str("undefined"),
            Self::Error(message) => write!(f, "error: {message}"),
            Self::Refused(message) => write!(f, "refused: {message}"),
        }
    }
}

/// How an answer compares, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    Agree,
    /// OPA answers; we refuse the program at load.
    Refused,
    /// OPA answers; our evaluation fails.
    Error,
    /// OPA refuses the program or fails; we answer.
    Lax,
    /// We give another answer.
    Wrong,
}

impl Class {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Agree => "agree",
            Self::Refused => "refused",
            Self::Error => "error",
            Self::Lax => "lax",
            Self::Wrong => "wrong",
        }
    }
}

impl Answer {
    /// Compares with the row's answer in a mode; a mode without fields of its own answered as strict did.
    pub(crate) fn class(&self, row: &Value, suffix: &str) -> Class {
        let own = ["result", "undefined", "error"].iter().any(|f| row.get(format!("{f}{suffix}")).is_some());
        let field = |name: &str| row.get(if own { format!("{name}{suffix}") } else { name.to_owned() });
        match (self, field("result"), field("error")) {
            (Self::Value(value), Some(wanted), _) if same(value, wanted) => Class::Agree,
            (Self::Undefined, None, None) => Class::Agree,
            (Self::Value(_) | Self::Undefined, _, Some(_)) => Class::Lax,
            (Self::Error(_) | Self::Refused(_), _, Some(_)) => Class::Agree,
            (Self::Error(_), ..) => Class::Error,
            (Self::Refused(_), ..) => Class::Refused,
            _ => Class::Wrong,
        }
    }
}

/// Equal as Rego compares: numbers by value. A decimal that OPA keeps with 64 bits counts as its nearest float.
fn same(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Number(a), Value::Number(b)) => same_number(a, b),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, value)| b.get(key).is_some_and(|other| same(value, other)))
        }
        _ => ours == theirs,
    }
}

fn same_number(a: &Number, b: &Number) -> bool {
    let (a, b) = (a.to_string(), b.to_string());
    let is_integer = |text: &str| !text.contains(['.', 'e', 'E']);
    if is_integer(&a) && is_integer(&b) {
        return a == b || [&*a, &*b].iter().all(|text| text.trim_start_matches('-') == "0");
    }
    matches!((a.parse::<f64>(), b.parse::<f64>()), (Ok(a), Ok(b)) if a == b)
}
