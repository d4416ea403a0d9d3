//! Text from outside, made safe to show, and fitted to columns.
//!
//! A message, a path or a line of a manifest may hold terminal commands, line breaks or characters that reorder the
//! line. None of them reaches the reader: they are shown as `\u{1b}`.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns of a tab; fixed, so that a column does not depend on what was cut off on the left.
pub(super) const TAB: &str = "    ";

/// `text` on one line: line breaks and tabs become spaces, whatever could command a terminal is spelled out.
pub(super) fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| c.is_control() || is_deceptive(c)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.replace("\r\n", "\n").chars() {
        match c {
            '\n' | '\t' => out.push(' '),
            c => push_visible(&mut out, c),
        }
    }
    Cow::Owned(out)
}

/// The lines of `text`, each made [`visible`]; blank lines at either end are left out.
pub(super) fn visible_lines(text: &str) -> Vec<String> {
    text.trim_matches(['\n', '\r']).lines().map(|line| visible(line).into_owned()).collect()
}

/// Appends `c`, spelled out when it could command a terminal or mislead the reader.
pub(super) fn push_visible(out: &mut String, c: char) {
    if c.is_control() || is_deceptive(c) {
        out.extend(c.escape_unicode());
    } else {
        out.push(c);
    }
}

/// Characters that reorder or hide text: bidirectional controls ("Trojan Source"), line and paragraph separators,
/// byte order marks, tag characters.
fn is_deceptive(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}'
        | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// Columns that `text` takes.
pub(super) fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// Columns that a character takes.
pub(super) fn char_width(c: char) -> usize {
    UnicodeWidthChar::width(c).unwrap_or(0)
}

/// `text` in at most `columns`, cut with `ellipsis`.
pub(super) fn clip(text: &str, columns: usize, ellipsis: &str) -> String {
    if width(text) <= columns {
        return text.into();
    }
    let mut out = String::new();
    let mut left = columns.saturating_sub(width(ellipsis));
    for c in text.chars() {
        let Some(rest) = left.checked_sub(char_width(c)) else { break };
        left = rest;
        out.push(c);
    }
    out + ellipsis
}

/// `text` filled up with spaces to `columns`.
pub(super) fn pad(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// Breaks a line at spaces so that each piece takes at most `columns`; a longer word is cut.
pub(super) fn wrap(line: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    let mut lines = vec![String::new()];
    for word in line.split(' ') {
        let current = lines.last().map_or(0, |l| width(l));
        if current > 0 && current + 1 + width(word) <= columns {
            push_to_last(&mut lines, ' ');
        } else if current > 0 {
            lines.push(String::new());
        }
        push_word(&mut lines, word, columns);
    }
    lines
}

fn push_word(lines: &mut Vec<String>, word: &str, columns: usize) {
    let mut used = lines.last().map_or(0, |l| width(l));
    for c in word.chars() {
        if used + char_width(c) > columns && used > 0 {
            lines.push(String::new());
            used = 0;
        }
        used += char_width(c);
        push_to_last(lines, c);
    }
}

fn push_to_last(lines: &mut [String], c: char) {
    if let Some(last) = lines.last_mut() {
        last.push(c);
    }
}

/// Whether `url` is an `http` or `https` address of printable ASCII, hence safe inside a terminal sequence or a URI.
pub(super) fn is_web_address(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty())
        && url.bytes().all(|b| b.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_and_reordering_are_spelled_out() {
        assert_eq!(visible("a\x1b[31mb\u{202e}c\nd\te\r\nf\u{9b}"), r"a\u{1b}[31mb\u{202e}c d e f\u{9b}");
        assert_eq!(visible("naïve 日本 👍🏽"), "naïve 日本 👍🏽");
    }

    #[test]
    fn lines_are_broken_at_spaces_and_long_words_are_cut() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("日本語", 4), ["日本", "語"]);
        assert_eq!(wrap("", 4), [""]);
    }

    #[test]
    fn clipping_counts_columns() {
        assert_eq!(clip("日本語", 5, "…"), "日本…");
        assert_eq!(clip("abc", 3, "…"), "abc");
    }

    #[test]
    fn only_clean_web_addresses_are_links() {
        assert!(is_web_address("https://example.com/a?b=c"));
        for bad in ["javascript:alert(1)", "https://", "https://a b", "https://a\x1b\\", "http://é"] {
            assert!(!is_web_address(bad), "{bad}");
        }
    }
}
