//! Text from outside as Markdown that means nothing but itself.
//!
//! A message or a resource id must not open a table cell, a tag, a link or a code block, must call nobody (`@name`), link no
//! issue (`#1`, `!1`) and run no quick action (a line that starts with `/`): everything stays on its line, and no line
//! begins with it.

use crate::output::text::push_visible;

/// Between a sign and what it would call: breaks the reference and is not seen.
const BREAK: char = '\u{2060}';

/// Text for a table cell or a paragraph. Line breaks become `<br>`; words between backticks become code.
pub(super) fn text(text: &str) -> String {
    let text = text.trim().replace("\r\n", "\n");
    let lines: Vec<String> = text.lines().map(line).collect();
    lines.join("<br>")
}

fn line(line: &str) -> String {
    let parts: Vec<&str> = line.split('`').collect();
    // An odd backtick stands for itself.
    if parts.len().is_multiple_of(2) {
        return plain(line);
    }
    let piece = |(index, part): (usize, &&str)| match (index % 2, part.is_empty()) {
        (0, _) => plain(part),
        (_, true) => plain("``"),
        (_, false) => code(part),
    };
    parts.iter().enumerate().map(piece).collect()
}

/// Text as code. HTML, since a code span knows no escapes and ends at the first pipe of a table.
pub(super) fn code(text: &str) -> String {
    let mut out = String::from("<code>");
    for c in text.chars() {
        push(&mut out, if c == '\n' || c == '\t' { ' ' } else { c });
    }
    out.push_str("</code>");
    out
}

fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut before = ' ';
    for c in text.chars() {
        let c = if c == '\t' { ' ' } else { c };
        push(&mut out, c);
        if calls(before, c) {
            out.push(BREAK);
        }
        before = c;
    }
    out
}

/// Whether a sign would begin a reference: an address (`a@b`) is none.
fn calls(before: char, c: char) -> bool {
    matches!(c, '@' | '#' | '!' | '$' | '%' | '&' | '~') && (!before.is_alphanumeric() || c == '#' || c == '!')
}

/// One character, as an entity where Markdown or HTML would read more than a character.
fn push(out: &mut String, c: char) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '"' => out.push_str("&quot;"),
        '|' | '`' | '*' | '_' | '[' | ']' | '\\' | '~' | '!' | '^' | '=' | '$' => {
            out.push_str(&format!("&#{};", u32::from(c)));
        }
        c => push_visible(out, c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_means_anything() {
        assert_eq!(text("a|b"), "a&#124;b");
        assert_eq!(text("<img src=x onerror=alert(1)>"), "&lt;img src&#61;x onerror&#61;alert(1)&gt;");
        assert_eq!(text("![x](http://e)"), "&#33;\u{2060}&#91;x&#93;(http://e)");
        assert_eq!(text("**bold** _it_"), "&#42;&#42;bold&#42;&#42; &#95;it&#95;");
        assert_eq!(text("one\r\n/merge\n# head"), "one<br>/merge<br>#\u{2060} head");
    }

    #[test]
    fn nobody_is_called_and_no_issue_is_linked() {
        assert_eq!(text("ask @acme/sre, see #1 and a/b#2"), "ask @\u{2060}acme/sre, see #\u{2060}1 and a/b#\u{2060}2");
        assert_eq!(text("alice@acme.example"), "alice@acme.example");
    }

    #[test]
    fn words_between_backticks_are_code() {
        assert_eq!(text("set `a|b` to `@x`"), "set <code>a&#124;b</code> to <code>@x</code>");
        assert_eq!(text("an odd ` and </code>"), "an odd &#96; and &lt;/code&gt;");
        assert_eq!(code("a\n`b`\x1b"), "<code>a &#96;b&#96;\\u{1b}</code>");
    }
}
