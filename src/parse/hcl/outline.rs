//! Where the top-level items of a file begin and end, also when one of them is broken.

use std::ops::Range;

use super::token::{Kind, Tokens, opens_block};

/// One top-level attribute or block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    /// Its bytes.
    pub(super) range: Range<usize>,
    /// Whether all its brackets are closed.
    pub(super) closed: bool,
}

impl Item {
    /// Its first line inside `piece`, the item's own text, without an opening brace.
    pub(super) fn header(&self, piece: &str) -> Range<usize> {
        let line = piece.lines().next().unwrap_or_default();
        0..line.trim_end().trim_end_matches('{').trim_end().len()
    }
}

/// Splits a text into its top-level items.
///
/// An item ends with its line once every bracket is closed. When a line at the left margin opens a block
/// that Terraform knows only at the top level, what stands open before it is taken to be broken.
pub(super) fn items(text: &str) -> Vec<Item> {
    let mut items = Vec::new();
    let mut open: Vec<u8> = Vec::new();
    let mut current: Option<Range<usize>> = None;
    for (kind, range) in Tokens::new(text) {
        let fresh = !open.is_empty() && kind == Kind::Word && opens_block(text, range.start);
        if fresh && let Some(broken) = current.take() {
            open.clear();
            items.push(Item { range: broken, closed: false });
        }
        match kind {
            Kind::Comment => continue,
            Kind::Newline if open.is_empty() => {
                items.extend(current.take().map(|range| Item { range, closed: true }));
                continue;
            }
            Kind::Newline => continue,
            Kind::Open(bracket) => open.push(bracket),
            Kind::Close(bracket) => close(&mut open, bracket),
            _ => {}
        }
        current = Some(current.map_or(range.start, |r| r.start)..range.end);
    }
    items.extend(current.map(|range| Item { range, closed: open.is_empty() }));
    items
}

/// Closes the innermost bracket; a brace also closes what was left open inside it.
fn close(open: &mut Vec<u8>, bracket: u8) {
    if bracket == b'}' {
        while open.pop().is_some_and(|b| b != b'{') {}
    } else if open.last() == Some(&opening(bracket)) {
        open.pop();
    }
}

fn opening(bracket: u8) -> u8 {
    match bracket {
        b']' => b'[',
        b')' => b'(',
        _ => b'{',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<(&str, bool)> {
        items(text).into_iter().map(|i| (&text[i.range], i.closed)).collect()
    }

    #[test]
    fn brackets_strings_comments_and_heredocs_do_not_end_an_item() {
        let block = "a \"}\" {\n  b = \"${x[\"}\"]}\" # }\n  c = <<E\n}\nE\n  /* } */\n}";
        let text = format!("x = 1\n\n{block}\ny = [\n  1,\n]\n");
        assert_eq!(split(&text), [("x = 1", true), (block, true), ("y = [\n  1,\n]", true)]);
    }

    #[test]
    fn the_next_block_at_the_margin_ends_a_broken_one() {
        let text = "resource \"a\" \"b\" {\n  x = [\nresource \"c\" \"d\" {\n}\n";
        assert_eq!(split(text), [("resource \"a\" \"b\" {\n  x = [", false), ("resource \"c\" \"d\" {\n}", true)]);
    }

    #[test]
    fn an_unclosed_quote_ends_with_its_line() {
        assert_eq!(split("a = \"x\nb = 2\n"), [("a = \"x", true), ("b = 2", true)]);
    }

    #[test]
    fn a_million_brackets_are_harmless() {
        assert_eq!(items(&"[{(".repeat(300_000)).len(), 1);
        assert_eq!(items(&"<<A\n".repeat(300_000)).len(), 300_000);
        assert!(items(&"\"${".repeat(300_000)).len() <= 1);
    }
}
