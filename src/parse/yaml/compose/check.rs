//! What the parser takes and kubectl refuses.

use granit_parser::ScalarStyle;

use super::super::dialect::{self, Stretch};
use super::super::fault;
use super::{Composer, Fault};
use crate::source::Span;

impl Composer<'_, '_> {
    /// Plain texts in brackets that YAML 1.1 cuts otherwise than YAML 1.2.
    pub(super) fn check_flow_text(&self, text: &str, at: &granit_parser::Span, span: Span) -> Result<(), Fault> {
        let rest = at.end.byte_offset().and_then(|end| self.place.text.get(end..)).unwrap_or_default();
        if text.starts_with('?') {
            return Err(Box::new(fault::question_mark(span)));
        }
        if text.starts_with(':') {
            return Err(Box::new(fault::leading_colon(span)));
        }
        match rest.strip_prefix(':') {
            Some(next) if !text.is_empty() && next.starts_with([',', '[', ']', '{', '}']) => {
                Err(Box::new(fault::glued_colon(span)))
            }
            _ => Ok(()),
        }
    }

    /// What only kubectl refuses about a scalar.
    pub(super) fn check_scalar(&mut self, style: ScalarStyle, anchor: usize, span: Span) -> Result<(), Fault> {
        let range = self.place.range(span);
        self.check_anchor(anchor, range.start)?;
        let written = self.place.text.get(range.clone()).unwrap_or_default();
        if style == ScalarStyle::DoubleQuoted
            && let Some(at) = dialect::escaped_slash(written)
        {
            return Err(Box::new(fault::escaped_slash(self.place.span(range.start + at, range.start + at + 2))));
        }
        if let Some(stretches) = &mut self.stretches {
            stretches.push(match style {
                ScalarStyle::Literal | ScalarStyle::Folded => Stretch::Block(range),
                ScalarStyle::Plain => Stretch::Plain(range),
                ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Stretch::Inside(range),
            });
        }
        Ok(())
    }

    /// The name of the anchor of a node that starts at `start`.
    pub(super) fn check_anchor(&self, anchor: usize, start: usize) -> Result<(), Fault> {
        let before = self.place.text.get(..start).filter(|_| anchor != 0).unwrap_or_default();
        match dialect::anchor_before(before) {
            Some(range) if before.get(range.clone()).is_some_and(dialect::bad_anchor) => {
                Err(Box::new(fault::anchor_name(self.place.span(range.start, range.end))))
            }
            _ => Ok(()),
        }
    }

    /// What only kubectl refuses about a piece as a whole.
    pub(super) fn check_whole(&self) -> Result<(), Fault> {
        if let Some(at) = self.stretches.as_ref().and_then(|s| dialect::misplaced_tab(self.place.text, s)) {
            return Err(Box::new(fault::tab(self.place.span(at, at + 1))));
        }
        match dialect::lone_end(self.place.text).filter(|_| self.root.is_none()) {
            Some(at) => Err(Box::new(fault::lone_end(self.place.span(at, at + 3)))),
            None => Ok(()),
        }
    }
}
