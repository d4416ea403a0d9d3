//! Where text came from: sources, byte spans, and the line and column a person reads.
//!
//! The ground floor: this file names no other file of ours. A [`Span`] is twelve bytes and carries the
//! id of its source, so that a value which flowed from one file into another keeps its place. Lines and
//! columns are computed only when something is about to be shown.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use serde::Serialize;

/// Index of a [`Source`] in its [`Sources`] table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u32);

/// A half-open range of bytes, `start..end`, in one source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The text that `start` and `end` index into.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// A span in `source`; offsets beyond 4 GiB saturate (inputs are limited far below that).
    pub fn new(source: SourceId, start: usize, end: usize) -> Self {
        let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self { source, start: clamp(start), end: clamp(end.max(start)) }
    }

    /// The smallest span that covers both; `self` when they lie in different sources.
    pub fn to(self, other: Span) -> Span {
        if self.source != other.source {
            return self;
        }
        Span { source: self.source, start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// Which state of the repository a source shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Revision {
    /// The change as it would be applied: the working tree, the index or the head commit.
    #[default]
    Head,
    /// The merge base: what is trusted, and what the change is compared with.
    Base,
    /// Compiled into the binary (the policy library).
    Embedded,
}

/// One text with its name and its line index.
pub struct Source {
    /// Path relative to the root of the run, with `/`; absolute for files outside it.
    pub path: Arc<str>,
    /// Which state of the repository it was read from.
    pub revision: Revision,
    /// The text without a byte order mark.
    pub text: Arc<str>,
    /// SHA-256 of the bytes as they were on disk or in the repository, when somebody asked for it.
    pub sha256: Option<Arc<str>>,
    lines: OnceLock<Box<[u32]>>,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({}, {:?}, {} bytes)", self.path, self.revision, self.text.len())
    }
}

impl Source {
    /// A source from its path and text; the line index is built on first use.
    pub fn new(path: impl Into<Arc<str>>, revision: Revision, text: impl Into<Arc<str>>) -> Self {
        Self { path: path.into(), revision, text: text.into(), sha256: None, lines: OnceLock::new() }
    }

    /// Byte offset of the start of each line; the first entry is 0. A line ends after `\n`.
    pub fn line_starts(&self) -> &[u32] {
        self.lines.get_or_init(|| {
            let newlines = self.text.bytes().enumerate().filter(|(_, b)| *b == b'\n');
            std::iter::once(0).chain(newlines.map(|(i, _)| u32::try_from(i + 1).unwrap_or(u32::MAX))).collect()
        })
    }

    /// 1-based line of a byte offset.
    pub fn line(&self, offset: u32) -> u32 {
        let n = self.line_starts().partition_point(|start| *start <= offset);
        u32::try_from(n.max(1)).unwrap_or(u32::MAX)
    }

    /// Byte range of a 1-based line without its line ending; `None` past the end.
    pub fn line_range(&self, line: u32) -> Option<std::ops::Range<usize>> {
        let starts = self.line_starts();
        let index = usize::try_from(line).ok()?.checked_sub(1)?;
        let start = *starts.get(index)? as usize;
        let end = starts.get(index + 1).map_or(self.text.len(), |next| *next as usize);
        let line = self.text.get(start..end)?;
        Some(start..start + line.trim_end_matches(['\n', '\r']).len())
    }

    /// Text of a 1-based line without its line ending.
    pub fn line_text(&self, line: u32) -> Option<&str> {
        self.line_range(line).and_then(|range| self.text.get(range))
    }

    /// 1-based line and column of an offset; columns count characters (Unicode scalar values).
    pub fn line_column(&self, offset: u32) -> (u32, u32) {
        let line = self.line(offset);
        let start = self.line_starts().get(line as usize - 1).copied().unwrap_or(0) as usize;
        let mut end = (offset as usize).min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let column = self.text.get(start..end).map_or(0, |s| s.chars().count());
        (line, u32::try_from(column + 1).unwrap_or(u32::MAX))
    }
}

/// A place as people and editors name it. Lines and columns are 1-based; columns count characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Location {
    /// Relative to the repository's root, with `/`.
    pub path: Arc<str>,
    /// 1-based line of the first character.
    pub line: u32,
    /// 1-based column of the first character.
    pub column: u32,
    /// 1-based line of the position after the last character.
    pub end_line: u32,
    /// 1-based column of the position after the last character.
    pub end_column: u32,
}

impl PartialOrd for Location {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Location {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |l: &Self| (l.line, l.column, l.end_line, l.end_column);
        self.path.cmp(&other.path).then_with(|| key(self).cmp(&key(other)))
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.path, self.line, self.column)
    }
}

/// All texts of a run. Ids are handed out in the order of [`Sources::add`], never reused.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    items: Vec<Arc<Source>>,
    by_path: HashMap<Arc<str>, Vec<SourceId>>,
}

impl Sources {
    /// Adds a source and returns its id.
    pub fn add(&mut self, source: Source) -> SourceId {
        let id = self.next_id();
        self.by_path.entry(source.path.clone()).or_default().push(id);
        self.items.push(Arc::new(source));
        id
    }

    /// The id that the next [`Sources::add`] will hand out.
    pub fn next_id(&self) -> SourceId {
        SourceId(u32::try_from(self.items.len()).unwrap_or(u32::MAX))
    }

    /// The source of an id that this table handed out.
    pub fn get(&self, id: SourceId) -> Option<&Arc<Source>> {
        self.items.get(id.0 as usize)
    }

    /// All sources in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = (SourceId, &Arc<Source>)> {
        (0u32..).map(SourceId).zip(&self.items)
    }

    /// The sources of a path, one for each revision that was read, in the order they were added.
    pub fn at_path(&self, path: &str) -> impl Iterator<Item = (SourceId, &Arc<Source>)> {
        self.by_path.get(path).into_iter().flatten().filter_map(|id| Some((*id, self.get(*id)?)))
    }

    /// The place of a span, or `None` for a span of another table.
    pub fn locate(&self, span: Span) -> Option<Location> {
        let source = self.get(span.source)?;
        let (line, column) = source.line_column(span.start);
        let (end_line, end_column) = source.line_column(span.end);
        Some(Location { path: source.path.clone(), line, column, end_line, end_column })
    }

    /// The rest of a line from a 1-based line and column on, as a span; `None` past the end.
    pub fn span_at(&self, id: SourceId, line: u32, column: u32) -> Option<Span> {
        let range = self.get(id)?.line_range(line)?;
        let text = self.get(id)?.text.get(range.clone())?;
        let skipped: usize = text.chars().take(column.saturating_sub(1) as usize).map(char::len_utf8).sum();
        Some(Span::new(id, range.start + skipped, range.end))
    }

    /// The span of a place written `path:line:column`, as policies hand it back in `because`. Where two
    /// revisions have the path, the base wins: it is what decided.
    pub fn span_of_place(&self, place: &str) -> Option<Span> {
        let mut parts = place.rsplitn(3, ':');
        let column = parts.next()?.parse().ok()?;
        let line = parts.next()?.parse().ok()?;
        let path = parts.next()?;
        let base = self.at_path(path).find(|(_, s)| s.revision == Revision::Base);
        let (id, _) = base.or_else(|| self.at_path(path).next())?;
        self.span_at(id, line, column)
    }

    /// The text that a span covers.
    pub fn text(&self, span: Span) -> Option<&str> {
        self.get(span.source)?.text.get(span.start as usize..span.end as usize)
    }
}

/// A path as it is shown: relative to `root` where it lies below it, with `/`.
pub fn display_path(root: &std::path::Path, path: &std::path::Path) -> String {
    let shown: PathBuf = path.strip_prefix(root).map_or_else(|_| path.to_path_buf(), PathBuf::from);
    let text = shown.to_string_lossy().replace('\\', "/");
    if text.is_empty() { ".".into() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locate(text: &str, start: usize, end: usize) -> (u32, u32, u32, u32) {
        let mut sources = Sources::default();
        let id = sources.add(Source::new("a.yaml", Revision::Head, text));
        let l = sources.locate(Span::new(id, start, end)).expect("known source");
        (l.line, l.column, l.end_line, l.end_column)
    }

    #[test]
    fn columns_count_characters() {
        assert_eq!(locate("a: é\nb: ü!", 9, 11), (2, 4, 2, 5));
    }

    #[test]
    fn offsets_inside_a_character_and_past_the_end_are_clamped() {
        assert_eq!(locate("é", 1, 99), (1, 1, 1, 2));
    }

    #[test]
    fn crlf_is_not_part_of_the_line_text() {
        let s = Source::new("a", Revision::Head, "one\r\ntwo");
        assert_eq!(s.line_text(1), Some("one"));
        assert_eq!(s.line_text(2), Some("two"));
        assert_eq!(s.line_text(3), None);
    }
}
