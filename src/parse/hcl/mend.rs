//! Makes valid HCL readable for the parser, without moving a byte.
//!
//! The parser refuses two things that Terraform accepts: a line break before `?`, `:` or an operator
//! inside a `for` expression, and a key written twice in an object (the last one wins). Both are
//! overwritten with blanks of the same length, so that spans stay true. What lies beyond the parser's limits
//! (nesting, chained operators) or would take it quadratic time (huge objects) is overwritten with `null`
//! and counts as unknown.

use std::collections::HashMap;
use std::ops::Range;

use super::token::{Kind, Tokens};

/// The parser looks up each key of an object in all keys before it; above this it takes too long.
const MAX_OBJECT: usize = 10_000;

/// A text of the same length as the original, and what the parser will not see of it.
pub(super) struct Mended {
    pub(super) text: String,
    /// Expressions that were overwritten with `null`, in order.
    pub(super) unread: Vec<Range<usize>>,
    /// Expressions of attributes, in order.
    expressions: Vec<Range<usize>>,
}

impl Mended {
    /// Overwrites the expression in which a limit of the parser was hit; whether there was one.
    pub(super) fn give_up_on(&mut self, error: &hcl_edit::parser::Error) -> bool {
        let limits = ["at most 64 nested levels", "at most 128 chained", "found redefined object key"];
        let offset = error.location().offset();
        let found = self.expressions.iter().find(|e| e.contains(&offset)).cloned();
        let Some(expression) = found.filter(|_| limits.iter().any(|l| error.message().contains(l))) else {
            return false;
        };
        self.overwrite(expression)
    }

    fn overwrite(&mut self, range: Range<usize>) -> bool {
        let Some(blanks) = range.len().checked_sub(4).map(|n| format!("null{}", " ".repeat(n))) else { return false };
        if self.unread.contains(&range) || self.text.get(range.clone()).is_none() {
            return false;
        }
        self.text.replace_range(range.clone(), &blanks);
        self.unread.push(range);
        self.unread.sort_by_key(|r| r.start);
        true
    }
}

/// Mends one top-level item.
pub(super) fn mend(text: &str) -> Mended {
    let mut walk = Walk { text, stack: vec![Frame::new(Place::Body)], ..Walk::default() };
    for (kind, range) in Tokens::new(text) {
        walk.step(kind, range);
    }
    walk.end_line(text.len());
    let mut bytes = text.as_bytes().to_vec();
    for blank in walk.blanks {
        bytes.get_mut(blank).into_iter().flatten().for_each(|b| *b = b' ');
    }
    // Only whole tokens were overwritten, so this is still UTF-8.
    let text = String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned());
    let mut mended = Mended { text, unread: Vec::new(), expressions: walk.expressions };
    walk.crowded.dedup();
    for range in walk.crowded {
        mended.overwrite(range);
    }
    mended
}

/// What the innermost bracket holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    /// Attributes and blocks.
    #[default]
    Body,
    /// `key = value` items.
    Object,
    /// A `for` expression.
    For,
    /// Anything else.
    List,
}

#[derive(Default)]
struct Frame<'a> {
    place: Place,
    /// Nothing but line ends and comments since the bracket.
    empty: bool,
    /// Body: where the expression of the current line starts. Object: where the current item starts.
    start: Option<usize>,
    /// Object: the key of the current item.
    key: Option<&'a str>,
    /// Object: the latest item of each key.
    items: HashMap<&'a str, Range<usize>>,
    /// Object: number of items.
    count: usize,
}

impl Frame<'_> {
    fn new(place: Place) -> Self {
        Self { place, empty: true, ..Self::default() }
    }
}

#[derive(Default)]
struct Walk<'a> {
    text: &'a str,
    stack: Vec<Frame<'a>>,
    blanks: Vec<Range<usize>>,
    expressions: Vec<Range<usize>>,
    /// Expressions of attributes that hold a huge object.
    crowded: Vec<Range<usize>>,
    /// A huge object was met in the current attribute.
    is_crowded: bool,
    /// End of the last token that is neither a comment nor a line end.
    last: usize,
}

impl<'a> Walk<'a> {
    fn step(&mut self, kind: Kind, range: Range<usize>) {
        let place = self.stack.last().map_or(Place::Body, |f| f.place);
        match (kind, place) {
            (Kind::Newline | Kind::Comment, Place::For) => self.blanks.push(range),
            (Kind::Newline, Place::Body) => self.end_line(self.last),
            (Kind::Newline, Place::Object) => self.end_item(range.start),
            (Kind::Newline | Kind::Comment, _) => {}
            _ => {
                self.significant(kind, place, &range);
                self.last = range.end;
            }
        }
    }

    fn significant(&mut self, kind: Kind, place: Place, range: &Range<usize>) {
        if let Some(frame) = self.stack.last_mut() {
            let first = std::mem::replace(&mut frame.empty, false);
            if first && place != Place::Body && self.text.get(range.clone()) == Some("for") {
                frame.place = Place::For;
            }
            match (kind, place) {
                (Kind::Equals, Place::Body) if frame.start.is_none() => frame.start = Some(range.end),
                (Kind::Equals | Kind::Colon, Place::Object) if frame.key.is_none() => {
                    let key = frame.start.and_then(|start| self.text.get(start..range.start));
                    frame.key = key.map(str::trim);
                }
                (_, Place::Object) if frame.start.is_none() && kind != Kind::Comma => frame.start = Some(range.start),
                _ => {}
            }
        }
        match (kind, place) {
            (Kind::Comma, Place::Object) => self.end_item(range.end),
            (Kind::Open(b'{'), Place::Body) if !self.in_expression() => self.stack.push(Frame::new(Place::Body)),
            (Kind::Open(b'{'), _) => self.stack.push(Frame::new(Place::Object)),
            (Kind::Open(_), _) => self.stack.push(Frame::new(Place::List)),
            (Kind::Close(_), _) => self.leave(range.start),
            _ => {}
        }
    }

    /// Whether the innermost body is in the middle of `name = …`.
    fn in_expression(&self) -> bool {
        self.stack.last().is_some_and(|f| f.start.is_some())
    }

    fn leave(&mut self, at: usize) {
        match self.stack.last().map(|f| f.place) {
            Some(Place::Body) => self.end_line(self.last),
            Some(Place::Object) => self.end_item(at),
            _ => {}
        }
        if self.stack.len() > 1 {
            self.stack.pop();
        }
    }

    /// Ends an item of an object; an earlier item of the same key is blanked.
    fn end_item(&mut self, end: usize) {
        let Some(frame) = self.stack.last_mut() else { return };
        let (Some(start), Some(key)) = (frame.start.take(), frame.key.take()) else { return };
        if let Some(earlier) = frame.items.insert(key, start..end) {
            self.blanks.push(earlier);
        }
        frame.count += 1;
        self.is_crowded |= frame.count > MAX_OBJECT;
    }

    /// Ends a line of a body.
    fn end_line(&mut self, end: usize) {
        let Some(start) = self.stack.last_mut().filter(|f| f.place == Place::Body).and_then(|f| f.start.take()) else {
            return;
        };
        let text: &'a str = self.text.get(start..end).unwrap_or_default();
        let indent = text.len() - text.trim_start().len();
        let expression = start + indent..end.max(start + indent);
        if std::mem::take(&mut self.is_crowded) {
            self.crowded.push(expression.clone());
        }
        self.expressions.push(expression);
    }
}
