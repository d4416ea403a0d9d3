//! A value with its place, through serde: a struct whose reserved name only our deserializer knows.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{StrDeserializer, U32Deserializer};
use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, Visitor};

use super::fault::Fault;
use super::{Reader, header};
use crate::parse::tree::{Node, Value};
use crate::source::{SourceId, Span};

/// A value and the bytes it was read from (for a mapping: its first key).
#[derive(Clone, Copy, Debug, Default)]
pub struct Spanned<T> {
    /// Where it stands.
    pub span: Span,
    /// The value.
    pub value: T,
}

/// Equal when the values are; the place does not matter.
impl<T: PartialEq> PartialEq for Spanned<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T> std::ops::Deref for Spanned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

pub(super) const NAME: &str = "$changegate::Spanned";
const FIELDS: &[&str] = &["source", "start", "end", "value"];

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Spanned<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_struct(NAME, FIELDS, SpannedVisitor(PhantomData))
    }
}

struct SpannedVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for SpannedVisitor<T> {
    type Value = Spanned<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value with its place")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut parts: A) -> Result<Spanned<T>, A::Error> {
        let mut next =
            || parts.next_entry::<de::IgnoredAny, u32>()?.ok_or_else(|| de::Error::custom("no place")).map(|(_, n)| n);
        let span = Span { source: SourceId(next()?), start: next()?, end: next()? };
        let value = parts.next_entry::<de::IgnoredAny, T>()?.ok_or_else(|| de::Error::custom("no value"))?.1;
        Ok(Spanned { span, value })
    }
}

/// The four entries that stand for a node: three numbers of its place, then the node itself.
pub(super) struct Parts<'a> {
    node: &'a Node,
    index: usize,
}

impl<'a> Parts<'a> {
    pub(super) fn new(node: &'a Node) -> Self {
        Self { node, index: 0 }
    }
}

impl<'a> MapAccess<'a> for Parts<'a> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        FIELDS.get(self.index).map(|field| seed.deserialize(StrDeserializer::new(field))).transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let span = match self.node.value {
            Value::Map(_) => header(self.node),
            _ => self.node.span,
        };
        self.index += 1;
        let number = match self.index {
            1 => span.source.0,
            2 => span.start,
            3 => span.end,
            _ => return seed.deserialize(Reader { node: self.node }),
        };
        seed.deserialize(U32Deserializer::new(number))
    }
}
