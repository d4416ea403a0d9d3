//! `lower`, `upper`, `title`.
//!
//! <https://developer.hashicorp.com/terraform/language/functions/lower>

use super::call::{arity, text};
use super::{Function, Parameter, Refusal, Shape};
use crate::terraform::eval::value::Value;

const DYNAMIC: &[Parameter] = &[Parameter::new("str", Shape::String).dynamic()];
const STR: &[Parameter] = &[Parameter::new("str", Shape::String)];

pub(super) static LOWER: Function = Function::new("lower", DYNAMIC, Shape::String, |args, _| each(args, simple_lower));
pub(super) static UPPER: Function = Function::new("upper", DYNAMIC, Shape::String, |args, _| each(args, simple_upper));
pub(super) static TITLE: Function = Function::new("title", STR, Shape::String, |args, _| {
    let mut before = ' ';
    let title = |c: char| {
        let starts = is_separator(std::mem::replace(&mut before, c));
        if starts { title_case(c) } else { c }
    };
    Ok(text(args.first().ok_or_else(arity)?).chars().map(title).collect::<String>().into())
});

fn each(args: &[Value], change: fn(char) -> char) -> Result<Value, Refusal> {
    Ok(text(args.first().ok_or_else(arity)?).chars().map(change).collect::<String>().into())
}

/// Go maps each character to a single one: `ß` stays, where Unicode's full mapping makes it `SS`.
fn simple_upper(c: char) -> char {
    single(c, c.to_uppercase())
}

fn simple_lower(c: char) -> char {
    // The dotted capital I has a full mapping of two characters and a simple one of one.
    if c == 'İ' { 'i' } else { single(c, c.to_lowercase()) }
}

fn single(c: char, mut mapped: impl Iterator<Item = char>) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(only), None) => only,
        _ => c,
    }
}

/// The digraphs (dž, lj, nj, dz) have a form of their own at the start of a word.
fn title_case(c: char) -> char {
    match c {
        '\u{1c4}'..='\u{1c6}' => '\u{1c5}',
        '\u{1c7}'..='\u{1c9}' => '\u{1c8}',
        '\u{1ca}'..='\u{1cc}' => '\u{1cb}',
        '\u{1f1}'..='\u{1f3}' => '\u{1f2}',
        c => simple_upper(c),
    }
}

/// `isSeparator` of Go's `strings`.
fn is_separator(c: char) -> bool {
    match c {
        c if c.is_ascii() => !(c.is_ascii_alphanumeric() || c == '_'),
        c if c.is_alphanumeric() => false,
        c => c.is_whitespace(),
    }
}
