//! Values as HCL, laid out as `terraform fmt` does.

use std::sync::{Arc, LazyLock};

use regex::Regex;

use super::is_identifier;
use crate::terraform::eval::value::{Data, Value};

/// A value as an expression.
pub(super) fn expression(value: &Value) -> String {
    let mut page = Page { lines: vec![Line::default()] };
    page.value(value);
    page.text()
}

/// Values as the attributes of a file.
pub(super) fn attributes<'v>(values: impl IntoIterator<Item = (&'v Arc<str>, &'v Value)>) -> String {
    let mut page = Page { lines: Vec::new() };
    for (name, value) in values {
        page.assign(name.to_string(), value);
    }
    page.lines.push(Line::default());
    page.text()
}

/// One line: `lead = assigned`, or all in `lead`.
#[derive(Default)]
struct Line {
    lead: String,
    assigned: Option<String>,
    /// Brackets that it opens, less those that it closes.
    opened: i32,
    indent: usize,
}

impl Line {
    fn margin(&self) -> String {
        " ".repeat(self.indent)
    }

    fn width(&self) -> usize {
        self.indent + self.lead.chars().count()
    }
}

struct Page {
    lines: Vec<Line>,
}

impl Page {
    fn text(mut self) -> String {
        self.indent();
        self.align();
        let line = |line: &Line| match &line.assigned {
            Some(assigned) => format!("{}{} = {assigned}", line.margin(), line.lead),
            None => format!("{}{}", line.margin(), line.lead),
        };
        self.lines.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    fn assign(&mut self, name: String, value: &Value) {
        self.lines.push(Line { lead: name, assigned: Some(String::new()), ..Line::default() });
        self.value(value);
    }

    fn push(&mut self, text: &str) {
        let Some(line) = self.lines.last_mut() else { return };
        match &mut line.assigned {
            Some(assigned) => assigned.push_str(text),
            None => line.lead.push_str(text),
        }
    }

    fn bracket(&mut self, text: &str, opened: i32) {
        self.push(text);
        if let Some(line) = self.lines.last_mut() {
            line.opened += opened;
        }
    }

    fn value(&mut self, value: &Value) {
        match value.data() {
            Data::Null(_) | Data::Unknown(..) => self.push("null"),
            Data::Bool(b) => self.push(if *b { "true" } else { "false" }),
            Data::Number(number) => self.push(&number.to_string()),
            Data::String(text) => self.push(&quoted(text)),
            Data::List(_, items) | Data::Set(_, items) | Data::Tuple(items) => {
                self.bracket("[", 1);
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        self.push(", ");
                    }
                    self.value(item);
                }
                self.bracket("]", -1);
            }
            Data::Map(_, entries) | Data::Object(entries) if entries.is_empty() => self.push("{}"),
            Data::Map(_, entries) | Data::Object(entries) => {
                self.bracket("{", 1);
                for (key, value) in entries.iter() {
                    let key = if is_identifier(key) { key.to_string() } else { quoted(key) };
                    self.assign(key, value);
                }
                self.lines.push(Line::default());
                self.bracket("}", -1);
            }
        }
    }

    /// One step per line that opens brackets, however many.
    fn indent(&mut self) {
        let mut open: Vec<i32> = Vec::new();
        for line in &mut self.lines {
            let mut closed = -line.opened;
            while closed > 0
                && let Some(last) = open.last_mut()
            {
                let taken = closed.min(*last);
                *last -= taken;
                closed -= taken;
                if *last == 0 {
                    open.pop();
                }
            }
            line.indent = 2 * open.len();
            if line.opened > 0 {
                open.push(line.opened);
            }
        }
    }

    /// Neighbouring assignments of one line each have their equals signs in one column.
    fn align(&mut self) {
        for line in &mut self.lines {
            if line.opened != 0
                && let Some(assigned) = line.assigned.take()
            {
                line.lead = format!("{} = {assigned}", line.lead);
            }
        }
        for chain in self.lines.chunk_by_mut(|a, b| a.assigned.is_some() == b.assigned.is_some()) {
            let width = chain.iter().map(Line::width).max().unwrap_or(0);
            for line in chain.iter_mut().filter(|line| line.assigned.is_some()) {
                let missing = width - line.width();
                line.lead.push_str(&" ".repeat(missing));
            }
        }
    }
}

/// Letters, marks, numbers, punctuation, symbols, and the one blank (`unicode.IsPrint` of Go).
fn is_printable(c: char) -> bool {
    static PRINTABLE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"[\p{L}\p{M}\p{N}\p{P}\p{S}]").ok());
    let is_graphic = |c: char| PRINTABLE.as_ref().is_some_and(|regex| regex.is_match(c.encode_utf8(&mut [0; 4])));
    matches!(c, ' '..='~') || (!c.is_ascii() && is_graphic(c))
}

fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '$' | '%' if chars.peek() == Some(&'{') => out.extend([c, c]),
            c if !is_printable(c) => match u32::from(c) {
                code @ 0..=0xffff => out.push_str(&format!("\\u{code:04x}")),
                code => out.push_str(&format!("\\U{code:08x}")),
            },
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
