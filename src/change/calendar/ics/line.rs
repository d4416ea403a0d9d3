//! Content lines: unfolded, with their name, parameters and value (RFC 5545, 3.1).

use crate::finding::Diagnostic;
use crate::source::{SourceId, Span};

use super::component::Property;
use super::wrong;

/// The properties of a text in order; a line that is none is an error at its place.
pub(super) fn properties(source: SourceId, text: &str) -> impl Iterator<Item = Result<Property, Diagnostic>> {
    let mut rest = 0;
    std::iter::from_fn(move || {
        loop {
            let (line, start, end) = unfolded(text, &mut rest)?;
            if !line.trim().is_empty() {
                return Some(property(&line, Span::new(source, start, end)));
            }
        }
    })
}

/// The next line with those that continue it, and the bytes it spans.
fn unfolded(text: &str, position: &mut usize) -> Option<(String, usize, usize)> {
    let start = *position;
    let mut end = start;
    let mut line = String::new();
    loop {
        let rest = text.get(*position..).filter(|rest| !rest.is_empty());
        let Some(rest) = rest else { return (*position > start).then_some((line, start, end)) };
        let continues = rest.starts_with([' ', '\t']);
        if *position > start && !continues {
            return Some((line, start, end));
        }
        let length = rest.find('\n').map_or(rest.len(), |newline| newline + 1);
        let raw = rest.get(..length).unwrap_or(rest).trim_end_matches(['\n', '\r']);
        // The first line of a text may begin with a blank all the same; it continues nothing.
        let folded = continues && *position > start;
        line.push_str(if folded { raw.get(1..).unwrap_or_default() } else { raw });
        end = *position + raw.len();
        *position += length;
    }
}

/// `NAME;PARAM=value,"quoted":value`.
fn property(line: &str, span: Span) -> Result<Property, Diagnostic> {
    let no_property = || {
        wrong("a line that is no property", span)
            .label("expected `NAME:value`")
            .help("a long line goes on in the next one after a blank")
    };
    let name_end = line.find([';', ':']).ok_or_else(no_property)?;
    let (name, mut rest) = line.split_at(name_end);
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        return Err(no_property());
    }
    let mut parameters = Vec::new();
    while let Some(text) = rest.strip_prefix(';') {
        let (parameter, after) = text.split_once('=').ok_or_else(no_property)?;
        let end = value_end(after).ok_or_else(no_property)?;
        let (value, after) = after.split_at(end);
        parameters.push((parameter.to_ascii_uppercase(), unquoted(value)));
        rest = after;
    }
    let value = rest.strip_prefix(':').ok_or_else(no_property)?;
    Ok(Property { name: name.to_ascii_uppercase(), parameters, value: value.to_owned(), span })
}

/// Where a parameter's value ends: at `;` or `:` outside quotes.
fn value_end(text: &str) -> Option<usize> {
    let mut quoted = false;
    text.bytes().position(|b| {
        quoted ^= b == b'"';
        !quoted && (b == b';' || b == b':')
    })
}

/// Without quotes, and with the escapes of RFC 6868 resolved.
fn unquoted(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut characters = value.chars().filter(|c| *c != '"').peekable();
    while let Some(c) = characters.next() {
        let escaped = match (c, characters.peek()) {
            ('^', Some('n')) => Some('\n'),
            ('^', Some('\'')) => Some('"'),
            ('^', Some('^')) => Some('^'),
            _ => None,
        };
        text.push(escaped.unwrap_or(c));
        if escaped.is_some() {
            characters.next();
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        properties(SourceId(0), text)
            .map(|property| match property {
                Ok(p) => format!("{}{:?}={} @{}..{}", p.name, p.parameters, p.text(), p.span.start, p.span.end),
                Err(fault) => format!("{} @{}", fault.message, fault.span.expect("a place").start),
            })
            .collect()
    }

    #[test]
    fn folded_lines_parameters_and_escapes() {
        assert_eq!(
            read(
                "SUMMARY:Black\r\n  Friday\\, and \\n\\;more\\\\\r\n\r\nDTSTART;TZID=\"Europe/Berlin\";x=a:20261123T000000\r\n"
            ),
            [
                "SUMMARY[]=Black Friday, and \n;more\\ @0..40",
                "DTSTART[(\"TZID\", \"Europe/Berlin\"), (\"X\", \"a\")]=20261123T000000 @44..92",
            ]
        );
        assert_eq!(read("A:1\n\t2\n 3\nB;C=\"x:y;z\":4"), ["A[]=123 @0..9", "B[(\"C\", \"x:y;z\")]=4 @10..23"]);
    }

    #[test]
    fn escapes_of_parameters() {
        assert_eq!(unquoted("\"a^nb^'c^^n^x^\""), "a\nb\"c^n^x^");
    }

    #[test]
    fn what_is_no_property_is_told_at_its_line() {
        assert_eq!(
            read("A:1\nnonsense\n:x\nB;C:1\nD;E=\"x:1"),
            [
                "A[]=1 @0..3",
                "a line that is no property @4",
                "a line that is no property @13",
                "a line that is no property @16",
                "a line that is no property @22",
            ]
        );
        assert!(read("").is_empty() && read("\n \n").is_empty());
    }
}
