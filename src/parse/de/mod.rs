//! Typed documents from a [`Node`]: a serde deserializer whose every error names its place.
//!
//! What is asked for is what must stand there: no number becomes a string, no string a number. Two kindnesses
//! of YAML are kept: a list or a mapping written as `null` (`services:` with nothing after it) is an empty one.

mod fault;
mod spanned;

use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use self::fault::Fault;
pub use self::spanned::Spanned;
use crate::finding::Diagnostic;
use crate::parse::tree::{Entry, Node, Number, Value};
use crate::source::Span;

/// Reads a typed value from a tree.
///
/// # Errors
///
/// `document::unknown-field`, `document::type`, `document::missing-field` or `document::value`, at the offending key
/// or value (a missing field: at the first key of the mapping that lacks it), with the path in the message.
pub fn from_node<T: DeserializeOwned>(node: &Node) -> Result<T, Diagnostic> {
    T::deserialize(Reader { node }).map_err(Fault::into_diagnostic)
}

/// Where a mapping is shown: its first key; any other value: all of it.
pub fn header(node: &Node) -> Span {
    node.as_map().and_then(|map| map.iter().next()).map_or(node.span, |first| first.key_span)
}

/// The closest of `names`, when it is close enough to be a slip of the keyboard.
pub fn closest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (word.chars().count() / 3).clamp(1, 3);
    names
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&word.to_lowercase(), &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, name)| name)
}

#[derive(Clone, Copy)]
struct Reader<'a> {
    node: &'a Node,
}

impl<'a> Reader<'a> {
    fn sequence<V: Visitor<'a>>(items: &'a [Node], visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_seq(Items { items: items.iter(), index: 0 })
    }

    fn mapping<V: Visitor<'a>>(entries: std::slice::Iter<'a, Entry>, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_map(Entries { entries, current: None })
    }

    fn any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.node.value {
            Value::Null | Value::Unknown | Value::Sensitive => visitor.visit_unit(),
            Value::Bool(b) => visitor.visit_bool(*b),
            Value::Number(Number::Int(i)) => visitor.visit_i64(*i),
            Value::Number(Number::Uint(u)) => visitor.visit_u64(*u),
            Value::Number(number @ (Number::Float(_) | Number::Big(_))) => visitor.visit_f64(number.as_f64()),
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Seq(items) => Self::sequence(items, visitor),
            Value::Map(map) => Self::mapping(map.iter(), visitor),
        }
    }
}

impl<'a> de::Deserializer<'a> for Reader<'a> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.any(visitor).map_err(|fault| fault.at(header(self.node)))
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.node.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(self, _: &'static str, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self).map_err(|fault| fault.at(header(self.node)))
    }

    fn deserialize_seq<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.node.value {
            Value::Null => Self::sequence(&[], visitor),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_map<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.node.value {
            Value::Null => Self::mapping([].iter(), visitor).map_err(|fault| fault.at(self.node.span)),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'a>>(
        self,
        name: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        if name == spanned::NAME {
            return visitor.visit_map(spanned::Parts::new(self.node));
        }
        match self.node.value {
            // A struct could also be read from a list by position; documents are never meant that way.
            Value::Seq(_) => Err(Fault::expected("a mapping", self.node.kind()).at(self.node.span)),
            _ => self.deserialize_map(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match &self.node.value {
            Value::String(word) => visitor.visit_enum(IntoDeserializer::<Fault>::into_deserializer(&**word)),
            _ => Err(Fault::expected("a string", self.node.kind())),
        }
        .map_err(|fault| fault.at(self.node.span))
    }

    fn deserialize_ignored_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! { <W: Visitor<'a>>
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string
        bytes byte_buf unit unit_struct tuple tuple_struct identifier
    }
}

struct Items<'a> {
    items: std::slice::Iter<'a, Node>,
    index: usize,
}

impl<'a> de::SeqAccess<'a> for Items<'a> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        let Some(node) = self.items.next() else { return Ok(None) };
        let index = self.index;
        self.index += 1;
        seed.deserialize(Reader { node }).map(Some).map_err(|fault| fault.under(index))
    }
}

struct Entries<'a> {
    entries: std::slice::Iter<'a, Entry>,
    current: Option<&'a Entry>,
}

impl<'a> de::MapAccess<'a> for Entries<'a> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        self.current = self.entries.next();
        let Some(entry) = self.current else { return Ok(None) };
        let key = StrDeserializer::<Fault>::new(&entry.key);
        seed.deserialize(key).map(Some).map_err(|fault| fault.at(entry.key_span))
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let Some(entry) = self.current.take() else { return Err(de::Error::custom("a value without its key")) };
        seed.deserialize(Reader { node: &entry.node }).map_err(|fault| fault.under(&*entry.key))
    }
}

#[cfg(test)]
mod tests;
