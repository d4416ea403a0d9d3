//! The built-in functions that OPA knows, with the types of their arguments and results.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::types::Type;

/// A built-in function.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Signature {
    pub(super) args: Vec<Type>,
    pub(super) result: Type,
}

static TABLE: LazyLock<HashMap<&'static str, Signature>> =
    LazyLock::new(|| include_str!("signatures.txt").lines().filter_map(entry).collect());

/// The signature of a built-in function.
pub(super) fn signature(name: &str) -> Option<&'static Signature> {
    TABLE.get(name)
}

/// How many arguments a built-in function takes.
pub(super) fn arity(name: &str) -> Option<usize> {
    signature(name).map(|s| s.args.len())
}

/// Names that differ little from this one, for a message.
pub(super) fn similar(name: &str) -> Option<&'static str> {
    let near = TABLE.keys().map(|known| (strsim::damerau_levenshtein(name, known), *known));
    near.filter(|(distance, _)| *distance <= 2).min().map(|(_, known)| known)
}

fn entry(line: &'static str) -> Option<(&'static str, Signature)> {
    let (name, rest) = line.split_once('(').filter(|(name, _)| !name.starts_with('#'))?;
    let (args, result) = rest.rsplit_once(") ")?;
    let args = if args.is_empty() { Vec::new() } else { Type::list(args) };
    Some((name, Signature { args, result: Type::read(result) }))
}
