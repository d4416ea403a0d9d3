//! The tree that every format is read into: each value and each key knows its bytes.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use crate::source::Span;

/// A value and where it stands.
#[derive(Clone, Debug, Default)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Its bytes, without the key.
    pub span: Span,
}

/// A value of JSON's data model, plus the one Terraform needs: a value that cannot be known yet.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// Written `null`, or an empty YAML value.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// Any number.
    Number(Number),
    /// Any text.
    String(Arc<str>),
    /// A list.
    Seq(Vec<Node>),
    /// A mapping in the order of the source.
    Map(Map),
    /// Known to exist, value not known: an expression that was not evaluated, `after_unknown` of a plan.
    Unknown,
    /// Known, and must not leave the process: `after_sensitive` of a plan.
    Sensitive,
}

/// Nodes are equal when their values are; the place does not matter.
impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

/// A number that keeps what was written. Integers beyond 64 bits and long decimals stay as text.
#[derive(Clone, Debug)]
pub enum Number {
    /// Fits a signed 64-bit integer.
    Int(i64),
    /// Does not fit a signed one and fits an unsigned one.
    Uint(u64),
    /// A finite double.
    Float(f64),
    /// JSON number text that neither can hold.
    Big(Arc<str>),
}

impl Number {
    /// The value as an integer, when it is one that fits.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Int(i) => Some(*i),
            Self::Uint(_) | Self::Big(_) => None,
            #[expect(clippy::cast_possible_truncation, reason = "checked: no fraction, and within 2^53")]
            Self::Float(f) => (f.fract() == 0.0 && f.abs() <= 9_007_199_254_740_992.0).then_some(*f as i64),
        }
    }

    /// The value as a double, with the usual loss.
    pub fn as_f64(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "the method's contract")]
        match self {
            Self::Int(i) => *i as f64,
            Self::Uint(u) => *u as f64,
            Self::Float(f) => *f,
            Self::Big(text) => text.parse().unwrap_or(f64::INFINITY),
        }
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Uint(a), Self::Uint(b)) => a == b,
            (Self::Big(a), Self::Big(b)) => a == b,
            (Self::Int(_), Self::Uint(_)) | (Self::Uint(_), Self::Int(_)) => false,
            _ => self.as_f64() == other.as_f64(),
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(i) => i.fmt(f),
            Self::Uint(u) => u.fmt(f),
            Self::Float(x) => {
                f.write_str(&serde_json::Number::from_f64(*x).map_or_else(|| x.to_string(), |n| n.to_string()))
            }
            Self::Big(text) => f.write_str(text),
        }
    }
}

/// One key of a mapping with its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key as text (YAML keys of other types are converted as kubectl does).
    pub key: Arc<str>,
    /// Bytes of the key.
    pub key_span: Span,
    /// The value.
    pub node: Node,
}

/// A mapping: keys are unique, in the order of the source.
#[derive(Clone, Debug, Default)]
pub struct Map {
    entries: Vec<Entry>,
}

impl Map {
    /// Appends an entry whose key is known to be new; [`Map::insert`] checks.
    pub fn push(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    /// Sets a key; returns the entry that it replaced (the last one wins, at the first one's place).
    pub fn insert(&mut self, entry: Entry) -> Option<Entry> {
        match self.entries.iter_mut().find(|e| e.key == entry.key) {
            Some(old) => Some(std::mem::replace(old, entry)),
            None => {
                self.entries.push(entry);
                None
            }
        }
    }

    /// Removes a key and returns its entry.
    pub fn remove(&mut self, key: &str) -> Option<Entry> {
        let index = self.entries.iter().position(|e| &*e.key == key)?;
        Some(self.entries.remove(index))
    }

    /// The entry of a key.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|e| &*e.key == key)
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|e| &e.node)
    }

    /// The value of a key, to change it.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.entries.iter_mut().find(|e| &*e.key == key).map(|e| &mut e.node)
    }

    /// Entries in the order of the source.
    pub fn iter(&self) -> std::slice::Iter<'_, Entry> {
        self.entries.iter()
    }

    /// Entries, to change their values.
    pub fn iter_mut(&mut self) -> std::slice::IterMut<'_, Entry> {
        self.entries.iter_mut()
    }

    /// Number of keys.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// Mappings are equal when they hold the same keys and values, in any order.
impl PartialEq for Map {
    fn eq(&self, other: &Self) -> bool {
        if self.len() != other.len() {
            return false;
        }
        // Two readings of one file agree in order too; sorting keeps hostile ones out of O(n²).
        if self.iter().zip(other).all(|(a, b)| a.key == b.key) {
            return self.iter().zip(other).all(|(a, b)| a.node == b.node);
        }
        let (mine, theirs) = (self.sorted(), other.sorted());
        mine.iter().zip(&theirs).all(|(a, b)| a.key == b.key && a.node == b.node)
    }
}

impl Map {
    fn sorted(&self) -> Vec<&Entry> {
        let mut entries: Vec<_> = self.iter().collect();
        entries.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        entries
    }
}

/// Entries whose keys are known to be unique.
impl From<Vec<Entry>> for Map {
    fn from(entries: Vec<Entry>) -> Self {
        Self { entries }
    }
}

impl IntoIterator for Map {
    type Item = Entry;
    type IntoIter = std::vec::IntoIter<Entry>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl<'a> IntoIterator for &'a Map {
    type Item = &'a Entry;
    type IntoIter = std::slice::Iter<'a, Entry>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// As [`Map::insert`] one after the other, in linear time.
impl FromIterator<Entry> for Map {
    fn from_iter<I: IntoIterator<Item = Entry>>(entries: I) -> Self {
        let mut found: Vec<Entry> = Vec::new();
        let mut places: HashMap<Arc<str>, usize> = HashMap::new();
        for entry in entries {
            let place = *places.entry(entry.key.clone()).or_insert(found.len());
            match found.get_mut(place) {
                Some(old) => *old = entry,
                None => found.push(entry),
            }
        }
        found.into()
    }
}

/// One step of a path into a tree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// A key of a mapping.
    Key(Arc<str>),
    /// An index of a list.
    Index(usize),
}

/// A path into a tree, from its root.
pub type Path = Vec<Step>;

impl From<&str> for Step {
    fn from(key: &str) -> Self {
        Self::Key(key.into())
    }
}

impl From<usize> for Step {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

impl Serialize for Step {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Key(key) => s.serialize_str(key),
            Self::Index(index) => s.serialize_u64(*index as u64),
        }
    }
}

impl Node {
    /// A value that was made, not read, placed where its reason stands.
    pub fn new(value: impl Into<Value>, span: Span) -> Self {
        Self { value: value.into(), span }
    }

    /// The value of a key, when this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_map()?.get(key)
    }

    /// Follows keys through mappings: `node.at(&["spec", "replicas"])`.
    pub fn at(&self, keys: &[&str]) -> Option<&Node> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    /// Follows a path as far as it goes: the deepest node reached, the span of its key (its own where
    /// it has none), and how many steps were taken.
    pub fn deepest(&self, path: &[Step]) -> (&Node, Span, usize) {
        let mut found = (self, self.span, 0);
        for step in path {
            let next = match (&found.0.value, step) {
                (Value::Map(map), Step::Key(key)) => map.entry(key).map(|e| (&e.node, e.key_span)),
                (Value::Seq(items), Step::Index(index)) => items.get(*index).map(|n| (n, n.span)),
                _ => None,
            };
            match next {
                Some((node, key_span)) => found = (node, key_span, found.2 + 1),
                None => break,
            }
        }
        found
    }

    /// The text, when this is text.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The mapping, when this is one.
    pub fn as_map(&self) -> Option<&Map> {
        match &self.value {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The list, when this is one.
    pub fn as_seq(&self) -> Option<&[Node]> {
        match &self.value {
            Value::Seq(items) => Some(items),
            _ => None,
        }
    }

    /// The truth value, when this is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self.value {
            Value::Bool(b) => Some(b),
            _ => None,
        }
    }

    /// The integer, when this is a number that is one.
    pub fn as_i64(&self) -> Option<i64> {
        match &self.value {
            Value::Number(n) => n.as_i64(),
            _ => None,
        }
    }

    /// Whether this is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// What a person calls this kind of value.
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Seq(_) => "a list",
            Value::Map(_) => "a mapping",
            Value::Unknown => "an unknown value",
            Value::Sensitive => "a sensitive value",
        }
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Self {
        Self::Bool(b)
    }
}

impl From<i64> for Value {
    fn from(i: i64) -> Self {
        Self::Number(Number::Int(i))
    }
}

impl From<&str> for Value {
    fn from(s: &str) -> Self {
        Self::String(s.into())
    }
}

impl From<String> for Value {
    fn from(s: String) -> Self {
        Self::String(s.into())
    }
}

impl From<Arc<str>> for Value {
    fn from(s: Arc<str>) -> Self {
        Self::String(s)
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Self::Map(map)
    }
}

impl From<Vec<Node>> for Value {
    fn from(items: Vec<Node>) -> Self {
        Self::Seq(items)
    }
}

/// As JSON; entries whose value is unknown or sensitive are left out, such list items become `null`.
/// The paths of both are listed beside the attributes (`facts`), so nothing is lost.
impl Serialize for Node {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(s)
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null | Self::Unknown | Self::Sensitive => s.serialize_unit(),
            Self::Bool(b) => s.serialize_bool(*b),
            Self::Number(Number::Int(i)) => s.serialize_i64(*i),
            Self::Number(Number::Uint(u)) => s.serialize_u64(*u),
            Self::Number(Number::Float(f)) => s.serialize_f64(*f),
            Self::Number(Number::Big(text)) => match text.parse::<serde_json::Number>() {
                Ok(number) => number.serialize(s),
                Err(_) => s.serialize_str(text),
            },
            Self::String(text) => s.serialize_str(text),
            Self::Seq(items) => {
                let mut seq = s.serialize_seq(Some(items.len()))?;
                items.iter().try_for_each(|item| seq.serialize_element(item))?;
                seq.end()
            }
            Self::Map(map) => {
                let known = |e: &&Entry| !matches!(e.node.value, Value::Unknown | Value::Sensitive);
                let mut out = s.serialize_map(None)?;
                map.iter().filter(known).try_for_each(|e| out.serialize_entry(&*e.key, &e.node))?;
                out.end()
            }
        }
    }
}
