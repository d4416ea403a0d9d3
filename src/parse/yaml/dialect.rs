//! What YAML 1.2 takes and kubectl refuses: tabs before a token, anchors with unusual names, `\/`, a lone `...`.
//!
//! kubectl reads by the rules of YAML 1.1 as libyaml has them; each check names the rule of its scanner.

use std::ops::Range;

/// What lies across several lines, so that the blanks in front of them are no indentation.
#[derive(Clone, Debug)]
pub(super) enum Stretch {
    /// A quoted scalar, or a collection in brackets.
    Inside(Range<usize>),
    /// A plain scalar; blanks on the lines after it are still its own, if they are indented deeper than its mapping.
    Plain(Range<usize>),
    /// A literal or folded scalar, from its indicator to its end.
    Block(Range<usize>),
}

/// The first tab that stands where only spaces may (`yaml_parser_scan_to_next_token`: in block context, a tab is skipped only
/// where no key could begin; `yaml_parser_scan_block_scalar_breaks`).
pub(super) fn misplaced_tab(text: &str, stretches: &[Stretch]) -> Option<usize> {
    let in_block = stretches.iter().find_map(|s| match s {
        Stretch::Block(range) => tab_in_block(text, range),
        Stretch::Inside(_) | Stretch::Plain(_) => None,
    });
    let mut sorted: Vec<&Stretch> = stretches.iter().collect();
    sorted.sort_by_key(|stretch| stretch.range().start);
    let (mut next, mut reached, mut last) = (sorted.into_iter().peekable(), 0, None);
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        while let Some(stretch) = next.next_if(|stretch| stretch.range().start < start) {
            reached = reached.max(stretch.range().end);
            last = Some(stretch);
        }
        let tab = tab_before_token(line).filter(|_| reached <= start);
        let is_own =
            |at: &usize| line.trim().is_empty() && last.is_some_and(|plain| plain.owns_blanks(text, start, *at));
        if let Some(at) = tab.filter(|at| !is_own(at)) {
            return Some(in_block.map_or(start + at, |block| block.min(start + at)));
        }
        start += line.len();
    }
    in_block
}

impl Stretch {
    fn range(&self) -> &Range<usize> {
        let (Self::Inside(range) | Self::Plain(range) | Self::Block(range)) = self;
        range
    }

    /// Whether blanks from `column` on, in the line at `line`, still belong to this plain scalar (`yaml_parser_scan_plain_scalar`).
    fn owns_blanks(&self, text: &str, line: usize, column: usize) -> bool {
        let Self::Plain(range) = self else { return false };
        let first = text.get(..range.start).map_or(0, |before| before.rfind('\n').map_or(0, |at| at + 1));
        let indent = text.get(first..).map_or(0, |line| line.len() - line.trim_start_matches([' ', '-']).len());
        text.get(range.end..line).is_some_and(|between| between.trim().is_empty()) && column > indent
    }
}

/// A tab in the indentation, or after a `-`, `?` or `:` that begins the line.
fn tab_before_token(line: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        let rest = line.get(at..)?;
        let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        if let Some(tab) = rest.get(..blanks).and_then(|blanks| blanks.find('\t')) {
            return Some(at + tab);
        }
        at += blanks;
        let indicator = line.get(at..)?.strip_prefix(['-', '?', ':'])?;
        if !indicator.starts_with([' ', '\t']) {
            return None;
        }
        at += 1;
    }
}

fn tab_in_block(text: &str, range: &Range<usize>) -> Option<usize> {
    let block = text.get(range.clone())?;
    let header = block.split_inclusive('\n').next()?;
    let mut indent = header.trim_end().chars().any(|c| c.is_ascii_digit()).then_some(0);
    let mut start = range.start + header.len();
    for line in block.split_inclusive('\n').skip(1) {
        let spaces = line.len() - line.trim_start_matches(' ').len();
        let content = line.get(spaces..).unwrap_or_default();
        if content.starts_with('\t') && indent.is_none_or(|indent| spaces < indent) {
            return Some(start + spaces);
        }
        if !content.trim_end_matches(['\r', '\n']).is_empty() {
            indent.get_or_insert(spaces);
        }
        start += line.len();
    }
    None
}

/// The part of an anchor's or alias' name that kubectl does not take: letters, digits, `_` and `-` make a name, and then it must
/// end (`yaml_parser_scan_anchor`). `word` begins with `&` or `*`.
pub(super) fn bad_anchor(word: &str) -> bool {
    let name = word.get(1..).unwrap_or_default();
    let rest = name.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    rest.len() == name.len() || !(rest.is_empty() || rest.starts_with(['?', ':', ',', ']', '}', '%', '@', '`']))
}

/// The word of an anchor among the properties that stand before a node: where it starts, and its end.
pub(super) fn anchor_before(before: &str) -> Option<Range<usize>> {
    let mut end = before.trim_end().len();
    for _ in 0..2 {
        let text = before.get(..end)?;
        let start = text.rfind(|c: char| c.is_whitespace() || matches!(c, '[' | '{' | ',')).map_or(0, |at| at + 1);
        let word = text.get(start..)?;
        if word.starts_with('&') {
            return Some(start..end);
        }
        if !word.starts_with('!') {
            return None;
        }
        end = text.get(..start)?.trim_end().len();
    }
    None
}

/// Where a double-quoted text escapes a slash, which YAML 1.1 does not know.
pub(super) fn escaped_slash(quoted: &str) -> Option<usize> {
    let bytes = quoted.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match (byte, bytes.get(at + 1)) {
            (b'\\', Some(b'/')) => return Some(at),
            (b'\\', _) => at += 2,
            _ => at += 1,
        }
    }
    None
}

/// A line `...` in a piece that holds no document.
pub(super) fn lone_end(text: &str) -> Option<usize> {
    if text.starts_with("...") { Some(0) } else { text.find("\n...").map(|at| at + 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tabs_are_found_where_a_token_could_begin() {
        let at = |text: &str| misplaced_tab(text, &[]);
        assert_eq!(at("a:\n  \tb: 1\n"), Some(5));
        assert_eq!(at("- \ta\n"), Some(2));
        assert_eq!(at("- -\ta\n"), Some(3));
        assert_eq!(at("a: 1\n\t\n"), Some(5));
        assert_eq!(at("a:\tb\t# c\nb: -\tc\n"), None);
        assert_eq!(misplaced_tab("a: [\n\t1]\n", &[Stretch::Inside(3..8)]), None);
        assert_eq!(misplaced_tab("a: |\n  x\n  \ty\n", &[Stretch::Block(3..13)]), None);
        assert_eq!(misplaced_tab("a: |\n  \tx\n", &[Stretch::Block(3..10)]), Some(7));
        assert_eq!(misplaced_tab("a: |\n  x\n \ty\n", &[Stretch::Block(3..13)]), Some(10));
    }

    #[test]
    fn names_and_escapes() {
        assert!(["&x.y", "&é", "*x$y", "&"].into_iter().all(bad_anchor));
        assert!(!["&x-1_A", "*x", "*x:"].into_iter().any(bad_anchor));
        assert_eq!(anchor_before("a: &x !!str "), Some(3..5));
        assert_eq!(anchor_before("a: b "), None);
        assert_eq!(escaped_slash("\"a\\\\/b\\/\""), Some(6));
        assert_eq!(lone_end("# c\n...\n"), Some(4));
    }
}
