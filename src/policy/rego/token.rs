//! The lexer: Rego's text as tokens with their bytes.

use std::sync::Arc;

use super::Fault;
use super::ast::{Comment, Range};

/// One token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) range: Range,
    /// White space or a comment stands before it.
    pub(super) spaced: bool,
    /// A line ends before it.
    pub(super) newline: bool,
    pub(super) kind: Kind,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Ident(Arc<str>),
    Number(Arc<str>),
    String(Arc<str>),
    /// `$"…"` with its parts: text, or the bytes of an expression.
    Template(Vec<TemplatePart>),
    Symbol(&'static str),
    End,
}

/// A part of an interpolated string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TemplatePart {
    Text(Arc<str>),
    Code(Vec<Token>),
}

const SYMBOLS: &[&str] = &[
    ":=", "==", "!=", "<=", ">=", "{", "}", "[", "]", "(", ")", ",", ";", ":", ".", "=", "<", ">", "+", "-", "*", "/",
    "%", "&", "|",
];

/// The tokens of a text, an end token last, and its comments.
pub(super) fn tokens(text: &str) -> Result<(Vec<Token>, Vec<Comment>), Fault> {
    let mut lexer = Lexer { text, at: 0, comments: Vec::new(), depth: 0 };
    if text.starts_with('\u{feff}') {
        lexer.at = '\u{feff}'.len_utf8();
    }
    let tokens = lexer.run(None)?;
    Ok((tokens, lexer.comments))
}

/// Deepest nesting of interpolated strings.
const MAX_TEMPLATES: usize = 8;

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    comments: Vec<Comment>,
    depth: usize,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn range(&self, start: usize) -> Range {
        let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Range { start: clamp(start), end: clamp(self.at) }
    }

    fn fault(&self, start: usize, message: impl Into<String>) -> Fault {
        Fault::new("policy::syntax", self.range(start), message)
    }

    /// Tokens to the end of the text, or to the `}` that closes an interpolated expression.
    fn run(&mut self, template: Option<usize>) -> Result<Vec<Token>, Fault> {
        let mut tokens = Vec::new();
        let mut braces = 0_usize;
        loop {
            let before = self.at;
            let newline = self.skip_blank();
            let (start, spaced) = (self.at, self.at > before);
            let Some(first) = self.rest().chars().next() else {
                if let Some(start) = template {
                    return Err(self.fault(start, "the interpolated string does not end"));
                }
                tokens.push(Token { range: self.range(start), spaced: true, newline: true, kind: Kind::End });
                return Ok(tokens);
            };
            match first {
                '{' => braces += 1,
                '}' if template.is_some() && braces == 0 => {
                    let range = self.range(start);
                    self.at += 1;
                    tokens.push(Token { range, spaced: true, newline: true, kind: Kind::End });
                    return Ok(tokens);
                }
                '}' => braces = braces.saturating_sub(1),
                _ => {}
            }
            let kind = self.token(first)?;
            tokens.push(Token { range: self.range(start), spaced, newline, kind });
        }
    }

    /// Skips white space and comments; whether a line ended.
    fn skip_blank(&mut self) -> bool {
        let mut newline = false;
        loop {
            match self.rest().as_bytes().first() {
                Some(b'\n') => {
                    newline = true;
                    self.at += 1;
                }
                Some(b' ' | b'\t' | b'\r') => self.at += 1,
                Some(b'#') => self.comment(),
                _ => return newline,
            }
        }
    }

    fn comment(&mut self) {
        let start = self.at;
        let end = self.rest().find('\n').map_or(self.text.len(), |n| start + n);
        self.at = end;
        let before = self.text.get(..start).unwrap_or_default();
        let line = before.bytes().rev();
        let column = line.take_while(|b| *b != b'\n').count() + 1;
        let text = self.text.get(start + 1..end).unwrap_or_default().trim_end_matches('\r');
        let last = self.comments.last();
        let (known, from) = last.map_or((1, 0), |c| (c.line, c.range.end as usize));
        let between = self.text.get(from..start).unwrap_or_default();
        let lines = u32::try_from(between.bytes().filter(|b| *b == b'\n').count()).unwrap_or(u32::MAX);
        self.comments.push(Comment {
            range: self.range(start),
            line: known.saturating_add(lines),
            column: u32::try_from(column).unwrap_or(u32::MAX),
            text: text.into(),
        });
    }

    fn token(&mut self, first: char) -> Result<Kind, Fault> {
        let start = self.at;
        match first {
            'a'..='z' | 'A'..='Z' | '_' => {
                let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
                let len = self.rest().find(|c| !word(c)).unwrap_or(self.rest().len());
                self.at += len;
                Ok(Kind::Ident(self.text.get(start..self.at).unwrap_or_default().into()))
            }
            '0'..='9' => self.number(),
            '"' => self.quoted(),
            '`' => self.raw(),
            '$' => self.template(),
            _ => match SYMBOLS.iter().find(|s| self.rest().starts_with(**s)) {
                Some(symbol) => {
                    self.at += symbol.len();
                    Ok(Kind::Symbol(symbol))
                }
                None => {
                    self.at += first.len_utf8();
                    Err(self.fault(start, format!("unexpected character `{}`", first.escape_debug())))
                }
            },
        }
    }

    fn number(&mut self) -> Result<Kind, Fault> {
        let start = self.at;
        let digits = |lexer: &mut Self| {
            let len = lexer.rest().bytes().take_while(u8::is_ascii_digit).count();
            lexer.at += len;
            len
        };
        if self.rest().starts_with('0') && self.rest().as_bytes().get(1).is_some_and(u8::is_ascii_digit) {
            digits(self);
            return Err(self.fault(start, "a number must not start with 0"));
        }
        digits(self);
        if self.rest().starts_with('.') {
            self.at += 1;
            if digits(self) == 0 {
                return Err(self.fault(start, "digits are missing after the decimal point"));
            }
        }
        if self.rest().starts_with(['e', 'E']) {
            self.at += 1;
            if self.rest().starts_with(['+', '-']) {
                self.at += 1;
            }
            if digits(self) == 0 {
                return Err(self.fault(start, "digits are missing in the exponent"));
            }
        }
        if self.rest().starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_') {
            self.at += 1;
            return Err(self.fault(start, "this is neither a number nor a name"));
        }
        Ok(Kind::Number(self.text.get(start..self.at).unwrap_or_default().into()))
    }

    fn raw(&mut self) -> Result<Kind, Fault> {
        let start = self.at;
        self.at += 1;
        let Some(len) = self.rest().find('`') else {
            return Err(self.fault(start, "the raw string does not end"));
        };
        let text = self.rest().get(..len).unwrap_or_default().into();
        self.at += len + 1;
        Ok(Kind::String(text))
    }

    fn quoted(&mut self) -> Result<Kind, Fault> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        loop {
            match self.character(start, &mut text)? {
                Some('"') => return Ok(Kind::String(text.into())),
                Some(c) => text.push(c),
                None => {}
            }
        }
    }

    /// One character of a quoted string; an escape is already added to the text.
    fn character(&mut self, start: usize, text: &mut String) -> Result<Option<char>, Fault> {
        let Some(c) = self.rest().chars().next().filter(|c| *c != '\n') else {
            return Err(self.fault(start, "the string does not end on its line"));
        };
        self.at += c.len_utf8();
        if c != '\\' {
            return Ok(Some(c));
        }
        let escape = self.rest().chars().next();
        self.at += escape.map_or(0, char::len_utf8);
        text.push(match escape {
            Some(c @ ('"' | '\\' | '/' | '{')) if c != '{' || self.depth > 0 => c,
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('u') => self.unicode(start)?,
            _ => return Err(self.fault(start, "this string holds an escape that Rego does not know")),
        });
        Ok(None)
    }

    /// The character of `\uXXXX`; half a surrogate pair becomes U+FFFD, as in JSON read by Go.
    fn unicode(&mut self, start: usize) -> Result<char, Fault> {
        let first = self.hex(start)?;
        if (0xD800..0xDC00).contains(&first) && self.rest().starts_with("\\u") {
            let kept = self.at;
            self.at += 2;
            let second = self.hex(start)?;
            if (0xDC00..0xE000).contains(&second) {
                let code = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
                return Ok(char::from_u32(code).unwrap_or('\u{fffd}'));
            }
            self.at = kept;
        }
        Ok(char::from_u32(first).unwrap_or('\u{fffd}'))
    }

    fn hex(&mut self, start: usize) -> Result<u32, Fault> {
        let digits = self.rest().get(..4).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        match digits.and_then(|d| u32::from_str_radix(d, 16).ok()) {
            Some(code) => {
                self.at += 4;
                Ok(code)
            }
            None => Err(self.fault(start, "`\\u` needs four hexadecimal digits")),
        }
    }

    fn template(&mut self) -> Result<Kind, Fault> {
        let start = self.at;
        self.at += 1;
        let Some(close) = self.rest().chars().next().filter(|c| matches!(c, '"' | '`')) else {
            return Err(self.fault(start, "unexpected character `$`"));
        };
        self.at += 1;
        self.depth += 1;
        if self.depth > MAX_TEMPLATES {
            return Err(self.fault(start, "interpolated strings are nested too deep"));
        }
        let mut parts = Vec::new();
        let mut text = String::new();
        loop {
            let raw = close == '`';
            let next = if raw { self.raw_character(start, &mut text)? } else { self.character(start, &mut text)? };
            match next {
                Some(c) if c == close => break,
                Some('{') => {
                    if !text.is_empty() {
                        parts.push(TemplatePart::Text(std::mem::take(&mut text).into()));
                    }
                    parts.push(TemplatePart::Code(self.run(Some(start))?));
                }
                Some(c) => text.push(c),
                None => {}
            }
        }
        self.depth -= 1;
        if !text.is_empty() {
            parts.push(TemplatePart::Text(text.into()));
        }
        Ok(Kind::Template(parts))
    }

    fn raw_character(&mut self, start: usize, text: &mut String) -> Result<Option<char>, Fault> {
        let Some(c) = self.rest().chars().next() else {
            return Err(self.fault(start, "the raw string does not end"));
        };
        self.at += c.len_utf8();
        if c == '\\' && self.rest().starts_with('{') {
            self.at += 1;
            text.push('{');
            return Ok(None);
        }
        Ok(Some(c))
    }
}
