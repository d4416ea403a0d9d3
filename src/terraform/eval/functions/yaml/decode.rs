//! YAML text to values.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use granit_parser::{Event, Parser, ScalarStyle, Tag};

use super::resolve::{Scalar, resolve};
use crate::terraform::eval::convert::convert;
use crate::terraform::eval::functions::{Context, Refusal};
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::Value;

/// Levels of nesting that are read.
const DEPTH: u32 = 200;

/// Values that aliases may stand for, in all.
const EXPANDED: usize = 1_000_000;

pub(super) fn decode(text: &str, context: &Context) -> Result<Value, Refusal> {
    let depth = usize::try_from(DEPTH).unwrap_or(usize::MAX);
    let options = granit_parser::options! {
        emit_comments: false,
        flow_nesting_limit: depth,
        block_nesting_limit: depth,
    };
    let mut builder = Builder { stack: Vec::new(), anchors: HashMap::new(), root: None, left: EXPANDED, context };
    let mut ended = false;
    for next in Parser::new_from_str_with_options(text, options) {
        let (event, span) = next.map_err(|fault| Refusal::new(fault.to_string()))?;
        let place = || format!("on line {}, column {}", span.start.line(), span.start.col() + 1);
        match event {
            Event::StreamStart | Event::StreamEnd => {}
            Event::DocumentStart(..) if !ended => {}
            Event::DocumentEnd => ended = true,
            Event::DocumentStart(..) => {
                return Err(Refusal::new(format!("{}: unexpected extra content after value", place())));
            }
            event => builder
                .event(event)
                .map_err(|refusal| Refusal { message: format!("{}: {}", place(), refusal.message), ..refusal })?,
        }
    }
    builder.root.ok_or_else(|| Refusal::new("missing start of document"))
}

struct Builder<'a> {
    stack: Vec<(Open, usize)>,
    anchors: HashMap<usize, (Value, usize)>,
    root: Option<Value>,
    /// Values that aliases may still stand for.
    left: usize,
    context: &'a Context<'a>,
}

enum Open {
    Sequence(Vec<Value>),
    Mapping { entries: BTreeMap<Arc<str>, Value>, key: Option<Key> },
}

enum Key {
    Name(Arc<str>),
    Merge,
}

impl Builder<'_> {
    fn event(&mut self, event: Event<'_>) -> Result<(), Refusal> {
        self.context.spend(1)?;
        match event {
            Event::Scalar(text, style, anchor, tag) => self.scalar(&text, style, anchor, tag.as_deref()),
            Event::SequenceStart(_, anchor, tag) => {
                self.collection(tag.as_deref(), "seq")?;
                self.stack.push((Open::Sequence(Vec::new()), anchor));
                Ok(())
            }
            Event::MappingStart(_, anchor, tag) => {
                self.collection(tag.as_deref(), "map")?;
                self.stack.push((Open::Mapping { entries: BTreeMap::new(), key: None }, anchor));
                Ok(())
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(anchor) => self.alias(anchor),
            _ => Ok(()),
        }
    }

    fn collection(&mut self, tag: Option<&Tag>, kind: &str) -> Result<(), Refusal> {
        let name = tag_name(tag);
        if !name.is_empty() && name != format!("tag:yaml.org,2002:{kind}") {
            let what = if kind == "seq" { "sequence" } else { "mapping" };
            return Err(Refusal::new(format!("can't interpret {what} as {name}")));
        }
        match self.stack.last() {
            Some((Open::Mapping { key: None, .. }, _)) => Err(no_key()),
            _ => Ok(()),
        }
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, anchor: usize, tag: Option<&Tag>) -> Result<(), Refusal> {
        let quoted = matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted);
        let block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
        let name = tag_name(tag);
        // A quoted scalar without a tag is text, whatever it says.
        let scalar = match name.is_empty() && (quoted || block) {
            true => Scalar::Value(Value::string(text)),
            false => resolve(&name, text, quoted, block).map_err(Refusal::new)?,
        };
        let is_key = matches!(self.stack.last(), Some((Open::Mapping { key: None, .. }, _)));
        match scalar {
            Scalar::Merge if is_key => self.key(Key::Merge),
            Scalar::Merge => self.value("<<".into(), anchor),
            Scalar::Value(value) if is_key => {
                let text = convert(&value, &Type::String).ok().and_then(|text| text.as_str().map(Arc::from));
                match text {
                    Some(text) => self.key(Key::Name(text)),
                    None if value.is_null() => Err(Refusal::new("mapping key cannot be null")),
                    None => Err(no_key()),
                }
            }
            Scalar::Value(value) => self.value(value, anchor),
        }
    }

    fn key(&mut self, new: Key) -> Result<(), Refusal> {
        if let Some((Open::Mapping { key, .. }, _)) = self.stack.last_mut() {
            *key = Some(new);
        }
        Ok(())
    }

    fn value(&mut self, value: Value, anchor: usize) -> Result<(), Refusal> {
        if anchor > 0 {
            let size = size(&value, self.left);
            self.anchors.insert(anchor, (value.clone(), size));
        }
        match self.stack.last_mut() {
            None => self.root = Some(value),
            Some((Open::Sequence(items), _)) => items.push(value),
            Some((Open::Mapping { entries, key }, _)) => match (key.take(), value.as_entries()) {
                (Some(Key::Name(name)), _) => drop(entries.insert(name, value)),
                (Some(Key::Merge), Some(merged)) => {
                    entries.extend(merged.iter().map(|(name, value)| (name.clone(), value.clone())));
                }
                (Some(Key::Merge), None) => {
                    let name = value.ty().friendly_name();
                    return Err(Refusal::new(format!("cannot merge {name} into mapping")));
                }
                (None, _) => return Err(no_key()),
            },
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), Refusal> {
        match self.stack.pop() {
            Some((Open::Sequence(items), anchor)) => self.value(Value::tuple(items), anchor),
            Some((Open::Mapping { entries, .. }, anchor)) => self.value(Value::object(entries), anchor),
            None => Ok(()),
        }
    }

    fn alias(&mut self, anchor: usize) -> Result<(), Refusal> {
        if matches!(self.stack.last(), Some((Open::Mapping { key: None, .. }, _))) {
            return Err(no_key());
        }
        let Some((value, size)) = self.anchors.get(&anchor).cloned() else {
            return Err(Refusal::new("cannot refer to an anchor from inside its own definition"));
        };
        self.left = self.left.checked_sub(size).ok_or_else(|| Refusal::refused("the aliases stand for too much"))?;
        self.context.spend(size)?;
        self.value(value, 0)
    }
}

fn no_key() -> Refusal {
    Refusal::new("only strings are allowed as mapping keys")
}

fn tag_name(tag: Option<&Tag>) -> String {
    match tag {
        None => String::new(),
        Some(tag) => tag.to_string(),
    }
}

/// How many values there are in a value, up to a limit.
fn size(value: &Value, limit: usize) -> usize {
    let mut count = 1usize;
    for child in value.children() {
        if count > limit {
            break;
        }
        count = count.saturating_add(size(child, limit - count.min(limit)));
    }
    count
}
