//! JSON (RFC 8259) with spans. Strict, because what kubectl and Terraform read is; with messages that
//! name what people bring along from JavaScript and YAML.

use std::borrow::Cow;

use super::Documents;
use super::build::{Interner, Keys, OpenEntries};
use super::number;
use super::tree::{Entry, Node, Value};
use crate::finding::Diagnostic;
use crate::source::{SourceId, Span};

/// Levels of nesting that are read. Each costs stack.
const DEPTH: usize = 512;

/// Reads the one value that `text` holds.
///
/// Numbers keep what they say: an integer beyond 64 bits, and a decimal that no double stands for, stay
/// text (`Number::Big`). Of repeated keys the last one wins; [`parse_all`] also warns of them. Errors are
/// `json::syntax` and `json::limit`.
pub fn parse(source: SourceId, text: &str) -> Result<Node, Diagnostic> {
    let mut reader = Reader::new(source, text);
    let node = reader.value(0).map_err(|fault| *fault)?;
    reader.skip_blanks();
    match reader.peek() {
        None => Ok(node),
        Some(_) => Err(*reader.unexpected("after the value", "a JSON file holds one value; remove what follows")),
    }
}

/// Reads the values of `text` one after the other (JSON lines, or simply concatenated). A fault ends the
/// reading; the values before it are kept.
pub fn parse_all(source: SourceId, text: &str) -> Documents {
    let mut reader = Reader::new(source, text);
    let mut documents = Vec::new();
    while reader.more() {
        match reader.value(0) {
            Ok(node) => documents.push(node),
            Err(fault) => {
                reader.warnings.push(*fault);
                break;
            }
        }
    }
    Documents { documents, diagnostics: reader.warnings }
}

type Fault = Box<Diagnostic>;

struct Reader<'a> {
    source: SourceId,
    text: &'a str,
    at: usize,
    interner: Interner,
    entries: OpenEntries,
    items: Vec<Node>,
    warnings: Vec<Diagnostic>,
}

impl<'a> Reader<'a> {
    fn new(source: SourceId, text: &'a str) -> Self {
        let at = text.len() - text.trim_start_matches('\u{feff}').len();
        let (entries, items, warnings) = (OpenEntries::new(), Vec::new(), Vec::new());
        Self { source, text, at, interner: Interner::default(), entries, items, warnings }
    }

    /// Whether another value follows.
    fn more(&mut self) -> bool {
        self.skip_blanks();
        self.peek().is_some()
    }

    fn value(&mut self, depth: usize) -> Result<Node, Fault> {
        self.skip_blanks();
        let start = self.at;
        let value = match self.peek() {
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.array(depth)?,
            Some(b'"') => {
                let text = self.string()?;
                Value::String(self.interner.text(&text))
            }
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.word("true", Value::Bool(true))?,
            Some(b'f') => self.word("false", Value::Bool(false))?,
            Some(b'n') => self.word("null", Value::Null)?,
            _ => return Err(self.unexpected("where a value belongs", "")),
        };
        Ok(Node { value, span: self.span(start) })
    }

    fn object(&mut self, depth: usize) -> Result<Value, Fault> {
        self.enter(depth)?;
        let mut keys = Keys::open(&self.entries);
        if self.closes(b'}') {
            return Ok(Value::Map(keys.close(&mut self.entries)));
        }
        loop {
            self.skip_blanks();
            let start = self.at;
            if self.peek() != Some(b'"') {
                return Err(self.unexpected("where a key belongs", "keys stand in double quotes"));
            }
            let text = self.string()?;
            let (key, key_span) = (self.interner.text(&text), self.span(start));
            self.skip_blanks();
            if !self.take(b':') {
                return Err(self.unexpected("after a key", "write a colon between key and value"));
            }
            let node = self.value(depth + 1)?;
            if keys.insert(&mut self.entries, Entry { key, key_span, node }).1.is_some() {
                self.warnings.push(duplicate(&text, key_span));
            }
            if !self.continues(b'}')? {
                return Ok(Value::Map(keys.close(&mut self.entries)));
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, Fault> {
        self.enter(depth)?;
        let start = self.items.len();
        if self.closes(b']') {
            return Ok(Value::Seq(Vec::new()));
        }
        loop {
            let item = self.value(depth + 1)?;
            self.items.push(item);
            if !self.continues(b']')? {
                return Ok(Value::Seq(self.items.drain(start..).collect()));
            }
        }
    }

    /// Steps over an opening bracket.
    fn enter(&mut self, depth: usize) -> Result<(), Fault> {
        if depth >= DEPTH {
            let fault = Diagnostic::error("json::limit", format!("more than {DEPTH} levels of nesting"));
            return Err(Box::new(fault.at(self.here()).label("the limit is passed here")));
        }
        self.at += 1;
        Ok(())
    }

    /// Whether the collection ends here, before its first element.
    fn closes(&mut self, bracket: u8) -> bool {
        self.skip_blanks();
        self.take(bracket)
    }

    /// After an element: true past a comma, false past the closing bracket.
    fn continues(&mut self, bracket: u8) -> Result<bool, Fault> {
        self.skip_blanks();
        if self.take(bracket) {
            return Ok(false);
        }
        let comma = self.at;
        if !self.take(b',') {
            return Err(self.unexpected("after an element", "write a comma between elements, or close the bracket"));
        }
        self.skip_blanks();
        if self.peek() == Some(bracket) {
            let at = Span::new(self.source, comma, comma + 1);
            return Err(Box::new(syntax("a comma after the last element", at).help("remove the comma")));
        }
        Ok(true)
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, Fault> {
        if !self.rest().starts_with(word) {
            return Err(self.unexpected("where a value belongs", ""));
        }
        self.at += word.len();
        match self.peek() {
            Some(b) if b.is_ascii_alphanumeric() => Err(self.unexpected("after a word", "quote it if it is text")),
            _ => Ok(value),
        }
    }

    fn number(&mut self) -> Result<Value, Fault> {
        let start = self.at;
        self.take(b'-');
        let leading_zero = self.peek() == Some(b'0');
        let whole = self.digits()?;
        if leading_zero && whole > 1 {
            let at = self.span(start);
            return Err(Box::new(
                syntax("a number with a leading zero", at).help("remove the zero, or quote the text"),
            ));
        }
        let mut exact = true;
        if self.take(b'.') {
            exact = false;
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            exact = false;
            let _sign = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        let text = self.text.get(start..self.at).unwrap_or_default();
        Ok(Value::Number(if exact { number::integer(text) } else { number::decimal(text) }))
    }

    fn digits(&mut self) -> Result<usize, Fault> {
        let count = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        self.at += count;
        if count > 0 { Ok(count) } else { Err(self.unexpected("where a digit belongs", "")) }
    }

    /// A string and its quotes.
    fn string(&mut self) -> Result<Cow<'a, str>, Fault> {
        let open = self.at;
        self.at += 1;
        let mut decoded: Option<String> = None;
        loop {
            let start = self.at;
            let stop = |b: u8| matches!(b, b'"' | b'\\') || b < 0x20;
            let length = self.rest().bytes().position(stop);
            let Some(length) = length else {
                self.at = self.text.len();
                let at = Span::new(self.source, open, open + 1);
                return Err(Box::new(syntax("a string that is never closed", at).help("close the quote")));
            };
            self.at += length;
            let run = self.text.get(start..self.at).unwrap_or_default();
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(match decoded {
                        None => Cow::Borrowed(run),
                        Some(text) => Cow::Owned(text + run),
                    });
                }
                Some(b'\\') => {
                    let text = decoded.get_or_insert_default();
                    text.push_str(run);
                    let character = self.escape()?;
                    decoded.get_or_insert_default().push(character);
                }
                _ => return Err(self.unexpected("inside a string", "write a line break as \\n and a tab as \\t")),
            }
        }
    }

    /// The character of an escape. A surrogate without its other half becomes U+FFFD, as in Go.
    fn escape(&mut self) -> Result<char, Fault> {
        let start = self.at;
        let letter = self.rest().as_bytes().get(1).copied();
        let simple = match letter {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(),
            _ => {
                let length = self.rest().chars().take(2).map(char::len_utf8).sum::<usize>();
                let fault = syntax("an unknown escape", Span::new(self.source, start, start + length));
                return Err(Box::new(fault.help("JSON knows \\\" \\\\ \\/ \\b \\f \\n \\r \\t and \\uXXXX")));
            }
        };
        self.at += 2;
        Ok(simple)
    }

    fn unicode_escape(&mut self) -> Result<char, Fault> {
        let unit = |rest: &str| {
            let digits = rest.strip_prefix("\\u")?.get(..4)?;
            digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
        };
        let Some(high) = unit(self.rest()) else {
            let at = Span::new(self.source, self.at, self.at + 2);
            return Err(Box::new(syntax("`\\u` needs four hexadecimal digits", at)));
        };
        self.at += 6;
        let pair = unit(self.rest()).filter(|low| (0xd800..0xdc00).contains(&high) && (0xdc00..0xe000).contains(low));
        self.at += pair.map_or(0, |_| 6);
        let units = std::iter::once(high).chain(pair);
        Ok(char::decode_utf16(units).next().and_then(Result::ok).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn skip_blanks(&mut self) {
        let blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\n' | b'\r');
        self.at += self.rest().bytes().take_while(blank).count();
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn span(&self, start: usize) -> Span {
        Span::new(self.source, start, self.at)
    }

    fn here(&self) -> Span {
        let length = self.rest().chars().next().map_or(0, char::len_utf8);
        Span::new(self.source, self.at, self.at + length)
    }

    /// The fault of a character that does not belong where it stands.
    fn unexpected(&self, place: &str, help: &str) -> Fault {
        let rest = self.rest();
        let (message, help) = match rest.chars().next() {
            None => (format!("the text ends {place}"), "something is missing at the end: is the file complete?"),
            Some('/' | '#') => (format!("a comment {place}"), "JSON has no comments; remove it"),
            Some('\'') => (format!("a single quote {place}"), "JSON quotes with \""),
            Some(c) if help.is_empty() && (c.is_alphabetic() || c == '_') => {
                (format!("a bare word {place}"), "quote it; the only words of JSON are true, false and null")
            }
            Some(c) => (format!("`{}` {place}", c.escape_default()), help),
        };
        Box::new(syntax(message, self.here()).help(help))
    }
}

fn syntax(message: impl Into<String>, at: Span) -> Diagnostic {
    Diagnostic::error("json::syntax", message).at(at).label("here")
}

fn duplicate(key: &str, at: Span) -> Diagnostic {
    Diagnostic::warning("json::duplicate-key", format!("the key `{key}` stands twice in this object"))
        .at(at)
        .label("this one wins")
        .help("remove one of the two")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Node, Box<Diagnostic>> {
        parse(SourceId(0), text).map_err(Box::new)
    }

    #[test]
    fn faults_say_what_to_do() {
        let cases = [
            ("{\"a\":1,}", "a comma after the last element", 6),
            ("[1,]", "a comma after the last element", 2),
            ("{\"a\":1 // c\n}", "a comment after an element", 7),
            ("{'a':1}", "a single quote where a key belongs", 1),
            ("{a:1}", "`a` where a key belongs", 1),
            ("[True]", "a bare word where a value belongs", 1),
            ("[nul]", "a bare word where a value belongs", 1),
            ("[nullx]", "`x` after a word", 5),
            ("[01]", "a number with a leading zero", 1),
            ("[1.]", "`]` where a digit belongs", 3),
            ("[+1]", "`+` where a value belongs", 1),
            ("\"a", "a string that is never closed", 0),
            ("\"a\nb\"", "`\\n` inside a string", 2),
            ("\"\\x41\"", "an unknown escape", 1),
            ("\"\\u12\"", "`\\u` needs four hexadecimal digits", 1),
            ("", "the text ends where a value belongs", 0),
            ("{} {}", "`{` after the value", 3),
            ("{\"a\" 1}", "`1` after a key", 5),
        ];
        for (text, message, at) in cases {
            let fault = read(text).expect_err(text);
            assert_eq!((fault.message.as_str(), fault.span.map(|s| s.start)), (message, Some(at)), "{text}");
        }
    }

    #[test]
    fn escapes_and_surrogates() {
        let node = read(r#""\"\\\/\b\f\n\r\tA\ud83c\udf89\ud83cx""#).expect("valid");
        assert_eq!(node.as_str(), Some("\"\\/\u{8}\u{c}\n\r\tA🎉\u{fffd}x"));
    }

    #[test]
    fn spans_cover_quotes_and_brackets() {
        let text = r#"{"a": ["é", 12 ]}"#;
        let node = read(text).expect("valid");
        let item = |i: usize| node.get("a").and_then(Node::as_seq).map(|s| s[i].span).expect("item");
        let of = |span: Span| &text[span.start as usize..span.end as usize];
        assert_eq!(of(item(0)), "\"é\"");
        assert_eq!(of(item(1)), "12");
        assert_eq!(of(node.span), text);
    }

    #[test]
    fn several_values_and_repeated_keys() {
        let found = parse_all(SourceId(0), "{\"a\":1,\"a\":2}\n[3] {");
        assert_eq!(found.documents.len(), 2);
        assert_eq!(found.documents[0].get("a").and_then(Node::as_i64), Some(2));
        let codes: Vec<_> = found.diagnostics.iter().map(|d| d.code).collect();
        assert_eq!(codes, ["json::duplicate-key", "json::syntax"]);
    }

    #[test]
    fn depth_is_bounded() {
        let deep = |n: usize| "[".repeat(n) + &"]".repeat(n);
        assert!(read(&deep(DEPTH)).is_ok());
        assert_eq!(read(&deep(DEPTH + 1)).expect_err("too deep").code, "json::limit");
        assert_eq!(read(&"[".repeat(1_000_000)).expect_err("too deep").code, "json::limit");
    }
}
