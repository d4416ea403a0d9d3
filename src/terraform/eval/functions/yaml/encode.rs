//! Values to YAML text, as `go-cty-yaml` lays it out: text in double quotes, or as a literal block where it
//! has several lines; lists at the indentation of their key; lines folded behind column 80.

use crate::terraform::eval::value::{Data, Value};

/// Double-quoted text goes on in a new line at the first blank behind this column.
const WIDTH: usize = 80;

/// Longer keys are written behind a `?`.
const MAX_KEY: usize = 128;

pub(super) fn encode(value: &Value) -> String {
    let mut writer = Writer { out: String::new(), column: 0, open_ended: false };
    match value.data() {
        Data::List(_, items) | Data::Set(_, items) | Data::Tuple(items) if !items.is_empty() => {
            writer.sequence(items.iter(), 0, true);
        }
        Data::Map(_, entries) | Data::Object(entries) if !entries.is_empty() => {
            writer.mapping(entries.iter(), 0, true);
        }
        _ => {
            writer.scalar(value, 2);
            // A plain scalar alone could go on, says libyaml.
            writer.open_ended |= matches!(value.data(), Data::Null(_) | Data::Bool(_) | Data::Number(_));
        }
    }
    if !writer.out.ends_with('\n') {
        writer.out.push('\n');
    }
    if writer.open_ended {
        writer.out.push_str("...\n");
    }
    writer.out
}

struct Writer {
    out: String,
    /// Characters in the current line.
    column: usize,
    /// The last scalar ends with line breaks that only a document end can keep.
    open_ended: bool,
}

type Entry<'v> = (&'v std::sync::Arc<str>, &'v Value);

impl Writer {
    fn push(&mut self, text: &str) {
        self.out.push_str(text);
        self.column = match text.rsplit_once('\n') {
            Some((_, last)) => last.chars().count(),
            None => self.column + text.chars().count(),
        };
    }

    /// A new line, unless nothing stands on the current one.
    fn line(&mut self, indent: usize) {
        if self.column > 0 {
            self.push("\n");
        }
        self.push(&" ".repeat(indent));
    }

    fn sequence<'v>(&mut self, items: impl IntoIterator<Item = &'v Value>, indent: usize, inline: bool) {
        for (at, item) in items.into_iter().enumerate() {
            if at > 0 || !inline {
                self.line(indent);
            }
            self.open_ended = false;
            self.push("-");
            self.node(item, indent, true);
        }
    }

    fn mapping<'v>(&mut self, entries: impl IntoIterator<Item = Entry<'v>>, indent: usize, inline: bool) {
        for (at, (key, value)) in entries.into_iter().enumerate() {
            if at > 0 || !inline {
                self.line(indent);
            }
            self.open_ended = false;
            let simple = key.len() <= MAX_KEY && !key.contains(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']);
            if simple {
                self.quoted(key, None);
            } else {
                self.push("? ");
                self.text(key, indent + 2);
                self.line(indent);
            }
            self.push(":");
            self.node(value, indent, !simple);
        }
    }

    /// A value behind `-` or `key:`.
    fn node(&mut self, value: &Value, indent: usize, in_sequence: bool) {
        match value.data() {
            Data::List(_, items) | Data::Set(_, items) | Data::Tuple(items) if !items.is_empty() => {
                if in_sequence {
                    self.push(" ");
                    self.sequence(items.iter(), indent + 2, true);
                } else {
                    self.sequence(items.iter(), indent, false);
                }
            }
            Data::Map(_, entries) | Data::Object(entries) if !entries.is_empty() => {
                if in_sequence {
                    self.push(" ");
                }
                self.mapping(entries.iter(), indent + 2, in_sequence);
            }
            _ => {
                self.push(" ");
                self.scalar(value, indent + 2);
            }
        }
    }

    fn scalar(&mut self, value: &Value, indent: usize) {
        self.open_ended = false;
        match value.data() {
            Data::String(text) => self.text(text, indent),
            Data::Bool(b) => self.push(if *b { "true" } else { "false" }),
            Data::Number(number) => self.push(&number.to_string()),
            Data::List(..) | Data::Set(..) | Data::Tuple(_) => self.push("[]"),
            Data::Map(..) | Data::Object(_) => self.push("{}"),
            Data::Null(_) | Data::Unknown(..) => self.push("null"),
        }
    }

    fn text(&mut self, text: &str, indent: usize) {
        match text.contains('\n') && block_allowed(text) {
            true => self.literal(text, indent),
            false => self.quoted(text, Some(indent)),
        }
    }

    fn literal(&mut self, text: &str, indent: usize) {
        let breaks = text.chars().rev().take_while(|c| is_break(*c)).count();
        let chomp = match breaks {
            0 => "-",
            1 if text.chars().count() > 1 => "",
            _ => "+",
        };
        self.open_ended = chomp == "+";
        let hint = if text.starts_with(|c| c == ' ' || is_break(c)) { "2" } else { "" };
        self.push(&format!("|{hint}{chomp}\n"));
        let mut at_start = true;
        for c in text.chars() {
            if is_break(c) {
                let shown = if c == '\r' { '\n' } else { c };
                self.push(shown.encode_utf8(&mut [0; 4]));
                self.column = 0;
                at_start = true;
            } else {
                if std::mem::take(&mut at_start) {
                    self.push(&" ".repeat(indent));
                }
                self.push(c.encode_utf8(&mut [0; 4]));
            }
        }
    }

    /// In double quotes; long text is folded when it has an indentation to go on at.
    fn quoted(&mut self, text: &str, indent: Option<usize>) {
        self.push("\"");
        let chars: Vec<char> = text.chars().collect();
        let mut after_space = false;
        for (at, c) in chars.iter().copied().enumerate() {
            let next = chars.get(at + 1).copied();
            match (c, indent) {
                (' ', Some(indent)) if !after_space && self.column > WIDTH && at > 0 && next.is_some() => {
                    self.push("\n");
                    self.push(&" ".repeat(indent));
                    if next == Some(' ') {
                        self.push("\\");
                    }
                }
                _ => self.push(&escaped(c)),
            }
            after_space = c == ' ';
        }
        self.push("\"");
    }
}

fn is_break(c: char) -> bool {
    matches!(c, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Whether a text can be a literal block (`yaml_emitter_analyze_scalar`).
fn block_allowed(text: &str) -> bool {
    let mut before = ' ';
    for c in text.chars() {
        let space_before_break = before == ' ' && is_break(c) && !std::ptr::eq(text, "");
        if !is_printable(c) || (space_before_break && !text.starts_with(c)) {
            return false;
        }
        before = c;
    }
    !text.ends_with(' ')
}

/// `is_printable` of libyaml.
fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}') && c != '\u{feff}'
}

fn escaped(c: char) -> String {
    let short = match c {
        '\0' => '0',
        '\u{7}' => 'a',
        '\u{8}' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\u{b}' => 'v',
        '\u{c}' => 'f',
        '\r' => 'r',
        '\u{1b}' => 'e',
        '"' => '"',
        '\\' => '\\',
        '\u{85}' => 'N',
        '\u{a0}' if !is_printable(c) => '_',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        c if is_printable(c) => return c.to_string(),
        c => {
            let code = u32::from(c);
            return match code {
                0..=0xff => format!("\\x{code:02X}"),
                0x100..=0xffff => format!("\\u{code:04X}"),
                _ => format!("\\U{code:08X}"),
            };
        }
    };
    format!("\\{short}")
}
