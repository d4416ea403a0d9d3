//! Tokens of HCL, as coarse as finding blocks and their parts needs: a quoted string or a heredoc with
//! everything inside is one token. Understands broken text too, and is linear in it.

use std::collections::HashMap;
use std::ops::Range;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Letters, digits, `_`, `-` and anything outside ASCII.
    Word,
    /// `"…"`, or up to the end of the line when it is not closed.
    Quoted,
    /// `<<END` to the line of `END`.
    Heredoc,
    /// `{`, `[` or `(`.
    Open(u8),
    /// `}`, `]` or `)`.
    Close(u8),
    /// `=` alone.
    Equals,
    /// `:` alone.
    Colon,
    /// `,`.
    Comma,
    /// The end of a line.
    Newline,
    /// A comment, without the end of its line.
    Comment,
    /// Any other sign.
    Other,
}

/// The tokens of a text. White space between them is not reported.
pub(super) struct Tokens<'a> {
    text: &'a str,
    at: usize,
    /// Lines that could end a heredoc: the word on it → where those lines stand, in order.
    ends: Option<HashMap<&'a str, Vec<Range<usize>>>>,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0, ends: None }
    }

    fn byte(&self, offset: usize) -> Option<u8> {
        self.text.as_bytes().get(offset).copied()
    }

    fn starts_with(&self, offset: usize, what: &str) -> bool {
        self.text.as_bytes().get(offset..).is_some_and(|rest| rest.starts_with(what.as_bytes()))
    }

    /// End of a comment that runs to the end of its line.
    fn line_end(&self, from: usize) -> usize {
        let rest = self.text.as_bytes().get(from..).unwrap_or_default();
        rest.iter().position(|b| *b == b'\n').map_or(self.text.len(), |n| from + n)
    }

    fn word_end(&self, from: usize) -> usize {
        let rest = self.text.as_bytes().get(from..).unwrap_or_default();
        rest.iter().position(|b| !is_word(*b)).map_or(self.text.len(), |n| from + n)
    }

    fn block_comment_end(&self, from: usize) -> usize {
        let rest = self.text.get(from + 2..).unwrap_or_default();
        rest.find("*/").map_or(self.text.len(), |n| from + 2 + n + 2)
    }

    /// End of the string that opens at `from`: templates inside it may hold strings again.
    fn quoted_end(&self, from: usize) -> usize {
        let mut inside = vec![Inside::Quotes];
        let mut at = from + 1;
        while let (Some(top), Some(byte)) = (inside.last().copied(), self.byte(at)) {
            at += 1;
            match (top, byte) {
                (Inside::Quotes, b'\\') => at += 1,
                (Inside::Quotes, b'"') | (Inside::Braces, b'}') => drop(inside.pop()),
                (Inside::Quotes, b'\n') => return at - 1,
                (Inside::Braces, b'\n') if opens_block(self.text, at) => return at - 1,
                (Inside::Quotes, b'$' | b'%') if self.byte(at) == Some(byte) && self.byte(at + 1) == Some(b'{') => {
                    at += 2;
                }
                (Inside::Quotes, b'$' | b'%') if self.byte(at) == Some(b'{') => {
                    inside.push(Inside::Braces);
                    at += 1;
                }
                (Inside::Braces, b'{') => inside.push(Inside::Braces),
                (Inside::Braces, b'"') => inside.push(Inside::Quotes),
                _ => {}
            }
        }
        at.min(self.text.len())
    }

    /// End of the heredoc that opens at `from`, when a heredoc opens there and is closed.
    fn heredoc_end(&mut self, from: usize) -> Option<usize> {
        let start = from + if self.starts_with(from, "<<-") { 3 } else { 2 };
        let end = self.word_end(start);
        let word = self.text.get(start..end).filter(|w| !w.is_empty())?;
        let ends = self.ends.get_or_insert_with(|| heredoc_ends(self.text));
        let lines = ends.get(word)?;
        lines.get(lines.partition_point(|line| line.start < end)).map(|line| line.end)
    }
}

#[derive(Clone, Copy)]
enum Inside {
    Quotes,
    Braces,
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-') || !byte.is_ascii()
}

/// The leading word of each line that starts with one: the parser ends a heredoc at its word even when
/// more follows on the line (`EOT, other`).
fn heredoc_ends(text: &str) -> HashMap<&str, Vec<Range<usize>>> {
    let mut ends: HashMap<&str, Vec<Range<usize>>> = HashMap::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
        let rest = line.get(indent..).unwrap_or_default();
        let length = rest.bytes().position(|b| !is_word(b)).unwrap_or(rest.len());
        let word = start + indent..start + indent + length;
        if let Some(key) = text.get(word.clone()).filter(|w| !w.is_empty()) {
            ends.entry(key).or_default().push(word);
        }
        start += line.len();
    }
    ends
}

/// Blocks that stand only at the top level, with whether they have labels.
const TOP_LEVEL: [(&str, bool); 12] = [
    ("check", true),
    ("data", true),
    ("ephemeral", true),
    ("import", false),
    ("locals", false),
    ("module", true),
    ("moved", false),
    ("output", true),
    ("provider", true),
    ("removed", false),
    ("resource", true),
    ("variable", true),
];

/// Whether the line that starts at `start` opens a top-level block: at the left margin, `kind "label" {`
/// or `kind {`.
pub(super) fn opens_block(text: &str, start: usize) -> bool {
    let at_margin = start == 0 || text.as_bytes().get(start - 1) == Some(&b'\n');
    let line = text.get(start..).unwrap_or_default();
    at_margin
        && TOP_LEVEL.iter().any(|(kind, labelled)| {
            let rest = line.strip_prefix(kind).map(|rest| rest.trim_start_matches([' ', '\t']));
            rest.is_some_and(|rest| rest.starts_with(if *labelled { '"' } else { '{' }))
        })
}

impl Iterator for Tokens<'_> {
    type Item = (Kind, Range<usize>);

    fn next(&mut self) -> Option<Self::Item> {
        while matches!(self.byte(self.at), Some(b' ' | b'\t' | b'\r')) {
            self.at += 1;
        }
        let start = self.at;
        let (kind, end) = match self.byte(start)? {
            b'\n' => (Kind::Newline, start + 1),
            b'"' => (Kind::Quoted, self.quoted_end(start)),
            b'#' => (Kind::Comment, self.line_end(start)),
            b'/' if self.starts_with(start, "//") => (Kind::Comment, self.line_end(start)),
            b'/' if self.starts_with(start, "/*") => (Kind::Comment, self.block_comment_end(start)),
            b'<' if self.starts_with(start, "<<") => match self.heredoc_end(start) {
                Some(end) => (Kind::Heredoc, end),
                None => (Kind::Other, start + 2),
            },
            open @ (b'{' | b'[' | b'(') => (Kind::Open(open), start + 1),
            close @ (b'}' | b']' | b')') => (Kind::Close(close), start + 1),
            b',' => (Kind::Comma, start + 1),
            b'=' if matches!(self.byte(start + 1), Some(b'=' | b'>')) => (Kind::Other, start + 2),
            b'!' | b'<' | b'>' if self.byte(start + 1) == Some(b'=') => (Kind::Other, start + 2),
            b'=' => (Kind::Equals, start + 1),
            b':' if self.byte(start + 1) == Some(b':') => (Kind::Other, start + 2),
            b':' => (Kind::Colon, start + 1),
            byte if is_word(byte) => (Kind::Word, self.word_end(start)),
            _ => (Kind::Other, start + 1),
        };
        self.at = end;
        Some((kind, start..end))
    }
}
