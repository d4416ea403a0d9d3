//! Parser positions to spans. The parser reports where a token's content begins; a person looks for the
//! indicator in front of it.

use granit_parser::Span as Token;

use crate::source::{SourceId, Span};

/// Where a piece lies in its source.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) source: SourceId,
    pub(super) text: &'a str,
    /// Where `text` starts in the source.
    pub(super) base: usize,
}

impl Place<'_> {
    /// A range of bytes of the piece.
    pub(super) fn span(self, start: usize, end: usize) -> Span {
        Span::new(self.source, self.base + start, self.base + end)
    }

    /// The bytes of the piece that a span covers.
    pub(super) fn range(self, span: Span) -> std::ops::Range<usize> {
        (span.start as usize).saturating_sub(self.base)..(span.end as usize).saturating_sub(self.base)
    }

    /// A token.
    pub(super) fn of(self, token: &Token) -> Span {
        let range = token.byte_range().unwrap_or_default();
        self.span(range.start, range.end)
    }

    /// Of an empty value: just after its `:` or `-`, or after its properties.
    pub(super) fn empty(self, token: &Token) -> Span {
        let at = start_of(token);
        if self.text.as_bytes().get(at) == Some(&b':') {
            return self.span(at + 1, at + 1);
        }
        let end = self.before(at).trim_end_matches([' ', '\t']).len();
        self.span(end, end)
    }

    /// Without the blanks and line breaks at its end, which belong to no value.
    pub(super) fn trimmed(self, token: &Token) -> Span {
        let range = token.byte_range().unwrap_or_default();
        let length = self.text.get(range.clone()).map_or(range.len(), |text| text.trim_end().len());
        self.span(range.start, range.start + length)
    }

    /// A block scalar from its indicator. Its content begins on a later line, behind blank ones perhaps.
    pub(super) fn block_scalar(self, token: &Token) -> Span {
        let header = self.before(start_of(token)).trim_end();
        let line = header.rfind('\n').map_or(0, |newline| newline + 1);
        let start = header.get(line..).and_then(indicator).map_or(start_of(token), |column| line + column);
        let content = self.trimmed(token);
        Span { start: self.span(start, start).start, ..content }.to(self.span(start, start + 1))
    }

    /// A list that stands no deeper than its key: the parser reports its first item, not the dash.
    pub(super) fn first_dash(self, token: &Token) -> Span {
        let mut end = start_of(token);
        loop {
            let line = self.before(end).rfind('\n').map_or(0, |newline| newline + 1);
            let indent =
                self.text.get(line..).map_or(0, |rest| rest.len() - rest.trim_start_matches([' ', '\t']).len());
            let first = self.text.as_bytes().get(line + indent);
            let own_line = line + indent >= end || first == Some(&b'#');
            match first {
                Some(b'-') if line + indent <= start_of(token) => return self.span(line + indent, line + indent),
                _ if own_line && line > 0 => end = line - 1,
                _ => return self.of(token),
            }
        }
    }

    /// The line that an offset lies on.
    pub(super) fn line_of(&self, at: usize) -> &str {
        let start = self.before(at).rfind('\n').map_or(0, |newline| newline + 1);
        self.text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default()
    }

    fn before(&self, at: usize) -> &str {
        self.text.get(..at).unwrap_or_default()
    }
}

fn start_of(token: &Token) -> usize {
    token.start.byte_offset().unwrap_or_default()
}

/// Where `|` or `>` stands in the header line of a block scalar.
fn indicator(line: &str) -> Option<usize> {
    let is_header = |at: usize| {
        let rest =
            line.get(at + 1..).unwrap_or_default().trim_start_matches(|c: char| c.is_ascii_digit() || "+-".contains(c));
        let rest_is_blank =
            rest.trim_start().is_empty() || (rest.starts_with([' ', '\t']) && rest.trim_start().starts_with('#'));
        rest_is_blank && (at == 0 || line.get(..at).is_some_and(|before| before.ends_with([' ', '\t'])))
    };
    line.match_indices(['|', '>']).map(|(at, _)| at).find(|at| is_header(*at))
}
