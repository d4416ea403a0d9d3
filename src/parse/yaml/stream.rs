//! Where a stream is cut into documents: at the lines that begin with `---`, before any YAML is parsed.
//!
//! That is what kubectl does (apimachinery `util/yaml`, `YAMLReader`), even inside a block scalar.

use std::ops::Range;

const SEPARATOR: &str = "---";

/// The text between two separators.
#[derive(Clone, Debug)]
pub(super) struct Piece<'a> {
    /// The text.
    pub(super) text: &'a str,
    /// Where it starts in the stream.
    pub(super) base: usize,
    /// The separator line before it, when it carries something else than a comment.
    pub(super) bad_separator: Option<Range<usize>>,
}

/// Cuts a stream; byte order marks in front are skipped.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let start = text.len() - text.trim_start_matches('\u{feff}').len();
    let mut next = Some(Cut { line: start..start, content: start });
    std::iter::from_fn(move || {
        let cut = next.take()?;
        next = separator_from(text, cut.content);
        let end = next.as_ref().map_or(text.len(), |cut| cut.line.start);
        let bad = !text.get(cut.line.clone()).is_none_or(is_separator);
        Some(Piece {
            text: text.get(cut.content..end).unwrap_or_default(),
            base: cut.content,
            bad_separator: bad.then_some(cut.line),
        })
    })
}

/// The first character that YAML 1.1 takes for a line break and YAML 1.2 does not: where, and its bytes.
pub(super) fn foreign_line_break(text: &str) -> Option<(usize, usize)> {
    text.char_indices().find(|(_, c)| matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}')).map(|(at, c)| (at, c.len_utf8()))
}

/// A separator line, and where the text after it begins.
struct Cut {
    line: Range<usize>,
    content: usize,
}

/// The first separator at or after `from`, which is the start of a line.
fn separator_from(text: &str, from: usize) -> Option<Cut> {
    let rest = text.get(from..)?;
    let at = if rest.starts_with(SEPARATOR) { from } else { from + rest.find("\n---")? + 1 };
    let line = text.get(at..)?;
    let length = line.find('\n').unwrap_or(line.len());
    Some(Cut { line: at..at + line.get(..length)?.trim_end().len(), content: (at + length + 1).min(text.len()) })
}

/// Whether nothing but a comment follows the marker. The empty line before the first piece is one.
fn is_separator(line: &str) -> bool {
    let rest = line.strip_prefix(SEPARATOR).unwrap_or(line).trim();
    rest.is_empty() || rest.starts_with('#')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<(&str, bool)> {
        pieces(text).map(|p| (p.text, p.bad_separator.is_some())).collect()
    }

    #[test]
    fn cuts_at_lines_that_begin_with_three_dashes() {
        assert_eq!(
            cut("---\na\n--- # c\nb\n---x\nc\n---"),
            [("", false), ("a\n", false), ("b\n", false), ("c\n", true), ("", false)]
        );
        assert_eq!(cut("a: |\n  b\n ---\n"), [("a: |\n  b\n ---\n", false)]);
        assert_eq!(cut("\u{feff}a\r\n---\r\nb"), [("a\r\n", false), ("b", false)]);
    }
}
