//! Parser events to a tree: places, keys, merges and aliases.
//!
//! Iterative, so that depth costs heap and not stack.

mod check;

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, StructureStyle, Tag};

use super::anchors::{Anchors, Extent};
use super::dialect::Stretch;
use super::place::Place;
use super::scalar::{self, Scalar, Type};
use super::stream::Piece;
use super::{Limits, fault};
use crate::finding::Diagnostic;
use crate::parse::build::{Interner, Keys, OpenEntries};
use crate::parse::tree::{Entry, Map, Node, Value};
use crate::source::{SourceId, Span};

type Fault = Box<Diagnostic>;

/// The document of a piece, if it holds one. Warnings are pushed as they come up.
pub(super) fn document(
    source: SourceId,
    piece: &Piece<'_>,
    limits: &Limits,
    interner: &mut Interner,
    warnings: &mut Vec<Diagnostic>,
) -> Result<Option<Node>, Fault> {
    let options = granit_parser::options! {
        emit_comments: false,
        flow_nesting_limit: limits.depth,
        block_nesting_limit: limits.depth,
    };
    let mut composer = Composer {
        place: Place { source, text: piece.text, base: piece.base },
        limits: *limits,
        interner,
        warnings,
        // A copy of an anchored value is only kept when something can refer to it.
        anchors: piece.text.contains('*').then(|| Anchors::new(*limits)),
        anchored: 0,
        frames: Vec::new(),
        entries: OpenEntries::new(),
        items: Vec::new(),
        root: None,
        stretches: piece.text.contains('\t').then(Vec::new),
    };
    let mut ended = false;
    for next in Parser::new_from_str_with_options(piece.text, options) {
        match next {
            Ok((Event::DocumentEnd, _)) => ended = true,
            Ok((Event::StreamStart | Event::StreamEnd, _)) => {}
            // Like kubectl, which looks no further than the first document of a piece.
            Ok((_, span)) if ended => {
                composer.skipped(&span);
                break;
            }
            Err(error) if ended => {
                composer.skipped(&granit_parser::Span::empty(*error.marker()));
                break;
            }
            Ok((event, span)) => composer.event(event, &span)?,
            Err(error) => return Err(composer.syntax(&error)),
        }
    }
    composer.check_whole()?;
    Ok(composer.root)
}

struct Composer<'a, 'p> {
    place: Place<'p>,
    limits: Limits,
    interner: &'a mut Interner,
    warnings: &'a mut Vec<Diagnostic>,
    anchors: Option<Anchors>,
    /// How many of the open collections have an anchor.
    anchored: usize,
    frames: Vec<Frame>,
    /// Entries of the open mappings, as [`Keys`] cuts them.
    entries: OpenEntries,
    /// Items of the open lists.
    items: Vec<Node>,
    root: Option<Node>,
    /// What lies across lines, in a text that has a tab.
    stretches: Option<Vec<Stretch>>,
}

/// A collection that is open.
struct Frame {
    kind: Kind,
    anchor: usize,
    flow: bool,
    extent: Extent,
    /// From the first key, item or bracket to the end of the last value so far.
    span: Span,
}

enum Kind {
    List {
        /// Index of its first item.
        start: usize,
    },
    Mapping {
        keys: Keys,
        /// What the next value belongs to; `Nothing` when a key comes next.
        pending: Pending,
        /// Places of entries that came through `<<`: the mapping's own keys replace them silently.
        merged: HashSet<usize>,
    },
}

enum Pending {
    Nothing,
    Key(Arc<str>, Span),
    Merge(Span),
}

impl Composer<'_, '_> {
    fn event(&mut self, event: Event<'_>, at: &granit_parser::Span) -> Result<(), Fault> {
        match event {
            Event::Scalar(text, style, anchor, tag) => self.scalar(&text, style, anchor, tag.as_deref(), at),
            Event::SequenceStart(style, anchor, _) => {
                let start = self.items.len();
                self.open(Kind::List { start }, style, anchor, at)
            }
            Event::MappingStart(style, anchor, _) => {
                let keys = Keys::open(&self.entries);
                self.open(Kind::Mapping { keys, pending: Pending::Nothing, merged: HashSet::new() }, style, anchor, at)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(at),
            Event::Alias(id) => self.alias(id, at),
            _ => Ok(()),
        }
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        at: &granit_parser::Span,
    ) -> Result<(), Fault> {
        let plain = style == ScalarStyle::Plain;
        let (text, span) = match style {
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => (text, self.place.of(at)),
            // The parser writes an empty value as `~`.
            ScalarStyle::Plain if at.is_empty() => ("", self.place.empty(at)),
            ScalarStyle::Plain => (text, self.place.trimmed(at)),
            ScalarStyle::Literal | ScalarStyle::Folded => (text, self.place.block_scalar(at)),
        };
        if plain && self.frames.last().is_some_and(|frame| frame.flow) {
            self.check_flow_text(text, at, span)?;
        }
        self.check_scalar(style, anchor, span)?;
        if self.wants_key() && plain && text == "<<" && tag.is_none_or(is_merge) {
            self.set_pending(Pending::Merge(span), span);
            return Ok(());
        }
        let meaning = match tag {
            None if plain => scalar::resolve(text),
            None => Scalar::Text(Cow::Borrowed(text)),
            Some(tag) => scalar::tagged(Type::of_tag(tag.handle(), tag.suffix()), text)
                .map_err(|why| Box::new(fault::value(why, span, "correct the value or drop the tag")))?,
        };
        let key = if self.wants_key() { Some(self.key_text(&meaning, span)?) } else { None };
        if key.is_none() || anchor != 0 {
            let node = self.leaf(&meaning, span)?;
            self.define(anchor, &node, Extent::LEAF)?;
            if key.is_none() {
                return self.value(node, Extent::LEAF);
            }
        }
        if let Some(key) = key {
            self.set_pending(Pending::Key(key, span), span);
        }
        Ok(())
    }

    fn leaf(&mut self, meaning: &Scalar<'_>, span: Span) -> Result<Node, Fault> {
        let value = match meaning {
            Scalar::Null => Value::Null,
            Scalar::Bool(b) => Value::Bool(*b),
            Scalar::Text(text) => Value::String(self.interner.text(text)),
            number => Value::Number(scalar::as_number(number).ok_or_else(|| {
                let help = "quote it if it is text; JSON, and so the Kubernetes API, has no infinity and no NaN";
                fault::value("a number must be finite", span, help)
            })?),
        };
        Ok(Node { value, span })
    }

    fn key_text(&mut self, meaning: &Scalar<'_>, span: Span) -> Result<Arc<str>, Fault> {
        match scalar::as_key(meaning) {
            Some(text) => Ok(self.interner.text(&text)),
            None => Err(Box::new(bad_key(if *meaning == Scalar::Null { "null" } else { "this number" }, span))),
        }
    }

    fn open(
        &mut self,
        kind: Kind,
        style: StructureStyle,
        anchor: usize,
        at: &granit_parser::Span,
    ) -> Result<(), Fault> {
        let mut span = self.place.of(at);
        if self.wants_key() {
            let what = if matches!(kind, Kind::List { .. }) { "a list" } else { "a mapping" };
            return Err(Box::new(bad_key(what, span)));
        }
        if self.frames.len() >= self.limits.depth {
            return Err(Box::new(fault::nesting(span)));
        }
        let flow = style == StructureStyle::Flow;
        self.check_anchor(anchor, self.place.range(span).start)?;
        if !flow {
            let indentless = matches!(
                (&kind, self.frames.last()),
                (Kind::List { .. }, Some(Frame { kind: Kind::Mapping { .. }, .. }))
            );
            span = if indentless { self.place.first_dash(at) } else { span };
            span.end = span.start;
        }
        self.anchored += usize::from(anchor != 0);
        self.frames.push(Frame { kind, anchor, flow, extent: Extent::LEAF, span });
        Ok(())
    }

    fn close(&mut self, at: &granit_parser::Span) -> Result<(), Fault> {
        let Some(frame) = self.frames.pop() else { return Ok(()) };
        let end = self.place.of(at);
        // The end of a block collection is an empty place somewhere after its last value.
        let span = if end.start < end.end { frame.span.to(end) } else { frame.span };
        let range = self.place.range(span);
        if let Some(stretches) = self.stretches.as_mut().filter(|_| frame.flow) {
            stretches.push(Stretch::Inside(range));
        }
        let value = match frame.kind {
            Kind::List { start } => Value::Seq(self.items.drain(start..).collect()),
            Kind::Mapping { keys, .. } => Value::Map(keys.close(&mut self.entries)),
        };
        self.anchored -= usize::from(frame.anchor != 0);
        let node = Node { value, span };
        self.define(frame.anchor, &node, frame.extent)?;
        self.value(node, frame.extent)
    }

    fn alias(&mut self, id: usize, at: &granit_parser::Span) -> Result<(), Fault> {
        let span = self.place.of(at);
        let depth = self.frames.len();
        let Some(anchors) = &mut self.anchors else { return Ok(()) };
        let (node, extent) = anchors.copy(id, span, depth)?;
        if !self.wants_key() {
            return self.value(node, extent);
        }
        let key = match &node.value {
            Value::String(text) => text.clone(),
            Value::Bool(b) => self.interner.text(if *b { "true" } else { "false" }),
            Value::Number(number) => self.interner.text(&number.to_string()),
            _ => return Err(Box::new(bad_key(node.kind(), span))),
        };
        self.set_pending(Pending::Key(key, span), span);
        Ok(())
    }

    fn define(&mut self, anchor: usize, node: &Node, extent: Extent) -> Result<(), Fault> {
        match &mut self.anchors {
            Some(anchors) if anchor != 0 => anchors.define(anchor, node, extent, self.anchored > 0),
            _ => Ok(()),
        }
    }

    /// Puts a finished value where it belongs.
    fn value(&mut self, node: Node, extent: Extent) -> Result<(), Fault> {
        let Some(frame) = self.frames.last_mut() else {
            self.root.get_or_insert(node);
            return Ok(());
        };
        frame.extent.add(extent);
        frame.span = frame.span.to(node.span);
        let (keys, pending, merged) = match &mut frame.kind {
            Kind::List { .. } => {
                self.items.push(node);
                return Ok(());
            }
            Kind::Mapping { keys, pending, merged } => (keys, pending, merged),
        };
        match std::mem::replace(pending, Pending::Nothing) {
            Pending::Nothing => Err(Box::new(bad_key(node.kind(), node.span))),
            Pending::Key(key, key_span) => {
                let entry = Entry { key, key_span, node };
                let (place, replaced) = keys.insert(&mut self.entries, entry);
                if let Some(replaced) = replaced
                    && !merged.remove(&place)
                {
                    self.warnings.push(fault::duplicate(&replaced.key, key_span));
                }
                Ok(())
            }
            Pending::Merge(at) => {
                for map in mergeable(node, at)? {
                    for entry in map {
                        merged.insert(keys.insert(&mut self.entries, entry).0);
                    }
                }
                Ok(())
            }
        }
    }

    fn wants_key(&self) -> bool {
        let kind = self.frames.last().map(|frame| &frame.kind);
        matches!(kind, Some(Kind::Mapping { pending: Pending::Nothing, .. }))
    }

    fn set_pending(&mut self, next: Pending, at: Span) {
        if let Some(Frame { kind: Kind::Mapping { pending, .. }, span, .. }) = self.frames.last_mut() {
            *pending = next;
            *span = span.to(at);
        }
    }

    fn skipped(&mut self, at: &granit_parser::Span) {
        let start = at.start.byte_offset().unwrap_or_default();
        self.warnings.push(fault::skipped(self.place.span(start, start)));
    }

    fn syntax(&self, error: &ScanError) -> Fault {
        let at = error.marker().byte_offset().unwrap_or(self.place.text.len());
        let rest = self.place.text.get(at..).unwrap_or_default();
        let length = rest.chars().next().filter(|c| !c.is_whitespace()).map_or(0, char::len_utf8);
        Box::new(fault::syntax(error.kind(), self.place.line_of(at), self.place.span(at, at + length)))
    }
}

/// The mappings that a merge key brings in, those that win last.
fn mergeable(node: Node, at: Span) -> Result<Vec<Map>, Fault> {
    let refused = || Box::new(fault::value("`<<` merges mappings only", at, "give it a mapping or a list of mappings"));
    match node.value {
        Value::Map(map) => Ok(vec![map]),
        Value::Seq(items) => {
            let maps = items.into_iter().rev().map(|item| match item.value {
                Value::Map(map) => Ok(map),
                _ => Err(refused()),
            });
            maps.collect()
        }
        _ => Err(refused()),
    }
}

fn is_merge(tag: &Tag) -> bool {
    tag.handle() == "tag:yaml.org,2002:" && tag.suffix() == "merge"
}

fn bad_key(what: &str, at: Span) -> Diagnostic {
    fault::value(format!("{what} cannot be a key"), at, "quote it: keys of Kubernetes objects are text")
}
