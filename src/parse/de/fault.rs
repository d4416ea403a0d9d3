//! What goes wrong when a document is read: kind, place and path, gathered while the error travels upwards.

use std::fmt;

use serde::de::{self, Expected, Unexpected};

use super::closest;
use crate::finding::Diagnostic;
use crate::parse::tree::Step;
use crate::source::Span;

#[derive(Debug)]
pub(super) struct Fault {
    kind: Kind,
    span: Option<Span>,
    /// Innermost step first.
    path: Vec<Step>,
}

#[derive(Debug)]
enum Kind {
    UnknownField { name: String, allowed: &'static [&'static str] },
    MissingField { name: &'static str },
    UnknownVariant { name: String, allowed: &'static [&'static str] },
    Type { expected: String, found: String },
    Value { message: String },
}

impl Fault {
    pub(super) fn expected(expected: &str, found: &str) -> Self {
        Self::new(Kind::Type { expected: expected.into(), found: found.into() })
    }

    /// Places it, unless a deeper floor has done so.
    pub(super) fn at(mut self, span: Span) -> Self {
        self.span.get_or_insert(span);
        self
    }

    /// Says through which key or index it was reached.
    pub(super) fn under(mut self, step: impl Into<Step>) -> Self {
        self.path.push(step.into());
        self
    }

    pub(super) fn into_diagnostic(self) -> Diagnostic {
        let path = path_text(&self.path);
        let place = if path.is_empty() { "at the top level".into() } else { format!("in `{path}`") };
        let subject = if path.is_empty() { String::new() } else { format!("`{path}`: ") };
        let diagnostic = match self.kind {
            Kind::UnknownField { name, allowed } => {
                Diagnostic::error("document::unknown-field", format!("unknown field `{name}` {place}"))
                    .label("not a field of this mapping")
                    .help(suggestion(&name, allowed))
            }
            Kind::MissingField { name } => {
                Diagnostic::error("document::missing-field", format!("missing field `{name}` {place}"))
                    .label(format!("`{name}` is missing beside this"))
                    .help(format!("add `{name}`"))
            }
            Kind::UnknownVariant { name, allowed } => {
                Diagnostic::error("document::value", format!("{subject}unknown value `{name}`"))
                    .label("not one of the values")
                    .help(suggestion(&name, allowed))
            }
            Kind::Type { expected, found } => {
                let help = type_help(&expected, &found);
                Diagnostic::error("document::type", format!("{subject}expected {expected}, found {found}"))
                    .label(format!("this is {found}"))
                    .help(help)
            }
            Kind::Value { message } => {
                Diagnostic::error("document::value", format!("{subject}{message}")).label("this value")
            }
        };
        match self.span {
            Some(span) => diagnostic.at(span),
            None => diagnostic,
        }
    }

    fn new(kind: Kind) -> Self {
        Self { kind, span: None, path: Vec::new() }
    }
}

/// `spec.windows[0]`; keys that are not plain words are quoted.
fn path_text(innermost_first: &[Step]) -> String {
    let plain = |key: &str| key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '/'));
    innermost_first.iter().rev().fold(String::new(), |path, step| match step {
        Step::Index(index) => format!("{path}[{index}]"),
        Step::Key(key) if !plain(key) => format!("{path}[{key:?}]"),
        Step::Key(key) if path.is_empty() => key.to_string(),
        Step::Key(key) => format!("{path}.{key}"),
    })
}

fn suggestion(word: &str, allowed: &[&str]) -> String {
    let mut names: Vec<_> = allowed.iter().map(|name| format!("`{name}`")).collect();
    names.sort();
    let list = match names.len() {
        0 => "nothing is allowed here".to_owned(),
        _ => format!("allowed here: {}", names.join(", ")),
    };
    match closest(word, allowed.iter().copied()) {
        Some(name) => format!("did you mean `{name}`? {list}"),
        None => list,
    }
}

fn type_help(expected: &str, found: &str) -> String {
    let scalar = found.contains("number") || found.contains("boolean");
    if scalar && expected.contains("string") { "put it in quotes".into() } else { format!("write {expected}") }
}

/// serde's words for what was expected, as a person would say them.
fn expected_text(expected: &dyn Expected) -> String {
    let text = expected.to_string();
    match text.as_str() {
        "u8" => "a whole number from 0 to 255".into(),
        "u16" | "u32" | "u64" | "usize" => "a whole number that is not negative".into(),
        "i8" | "i16" | "i32" | "i64" => "a whole number".into(),
        "f32" | "f64" => "a number".into(),
        "a sequence" => "a list".into(),
        "a map" => "a mapping".into(),
        _ if text.starts_with("struct ") => "a mapping".into(),
        _ => text,
    }
}

fn found_text(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(b) => format!("the boolean {b}"),
        Unexpected::Unsigned(n) => format!("the number {n}"),
        Unexpected::Signed(n) => format!("the number {n}"),
        Unexpected::Float(n) => format!("the number {n}"),
        Unexpected::Str(_) => "a string".into(),
        Unexpected::Unit => "nothing (null)".into(),
        Unexpected::Seq => "a list".into(),
        Unexpected::Map => "a mapping".into(),
        other => other.to_string(),
    }
}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(Kind::Value { message: message.to_string() })
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(Kind::Type { expected: expected_text(expected), found: found_text(found) })
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let message = match found {
            Unexpected::Str(text) => format!("`{text}` is not {}", expected_text(expected)),
            other => format!("{} is not {}", found_text(other), expected_text(expected)),
        };
        Self::new(Kind::Value { message })
    }

    fn unknown_variant(variant: &str, allowed: &'static [&'static str]) -> Self {
        Self::new(Kind::UnknownVariant { name: variant.into(), allowed })
    }

    fn unknown_field(field: &str, allowed: &'static [&'static str]) -> Self {
        Self::new(Kind::UnknownField { name: field.into(), allowed })
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(Kind::MissingField { name: field })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.kind)
    }
}

impl std::error::Error for Fault {}
