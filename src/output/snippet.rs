//! The lines that matter, with marks under them, in miette's look.
//!
//! Several places in several files share one frame: the line that broke the rule, then the line that made the rule.
//! Lines come from the index of the [`Source`]; a file is never scanned, and a very long line is read only around
//! its mark.

use std::ops::Range;

use super::style::{Style, Tone};
use super::text::{TAB, char_width, clip, push_visible, visible, width};
use crate::source::{Source, Sources, Span};

/// Lines shown before and after a mark.
const CONTEXT: u32 = 1;
/// Columns left of everything.
const INDENT: usize = 2;

/// A place with words under it.
pub(super) struct Mark {
    pub(super) span: Span,
    pub(super) label: String,
    pub(super) tone: Tone,
}

/// Draws all marks in one frame, in the given order; marks of one file that stand close together share their lines.
/// Marks of unknown sources are left out; without any mark left the answer is empty.
pub(super) fn snippet(sources: &Sources, marks: &[Mark], style: &Style) -> Vec<String> {
    let windows = windows(sources, marks);
    let last = windows.iter().map(|w| w.lines.end.saturating_sub(1)).max().unwrap_or(0);
    let frame = Frame { style, gutter: last.to_string().len() + INDENT };
    let mut out = Vec::new();
    for (i, window) in windows.iter().enumerate() {
        frame.window(&mut out, window, i == 0);
    }
    if !windows.is_empty() {
        out.push(frame.edge(style.glyphs().close, ""));
    }
    out
}

/// A run of lines of one file and the marks in it.
struct Window<'a> {
    source: &'a Source,
    lines: Range<u32>,
    marks: Vec<&'a Mark>,
}

fn windows<'a>(sources: &'a Sources, marks: &'a [Mark]) -> Vec<Window<'a>> {
    let mut windows: Vec<Window<'a>> = Vec::new();
    for mark in marks {
        let Some(source) = sources.get(mark.span.source) else { continue };
        let line = source.line(clamp(source, mark.span.start));
        let lines = line.saturating_sub(CONTEXT).max(1)..line.saturating_add(CONTEXT + 1);
        let near = |w: &&mut Window<'a>| {
            std::ptr::eq(w.source, &raw const **source) && lines.start <= w.lines.end && w.lines.start <= lines.end
        };
        match windows.iter_mut().find(near) {
            Some(w) => {
                w.lines = w.lines.start.min(lines.start)..w.lines.end.max(lines.end);
                w.marks.push(mark);
            }
            None => windows.push(Window { source, lines, marks: vec![mark] }),
        }
    }
    windows
}

fn clamp(source: &Source, offset: u32) -> u32 {
    offset.min(u32::try_from(source.text.len()).unwrap_or(u32::MAX))
}

struct Frame<'a> {
    style: &'a Style,
    gutter: usize,
}

impl Frame<'_> {
    fn window(&self, out: &mut Vec<String>, window: &Window<'_>, first: bool) {
        let glyphs = self.style.glyphs();
        let Some(head) = window.marks.first() else { return };
        let (line, column) = window.source.line_column(head.span.start);
        let place = format!("{}:{line}:{column}", visible(&window.source.path));
        out.push(self.edge(if first { glyphs.open } else { glyphs.join }, &place));
        for number in window.lines.clone() {
            let Some(range) = window.source.line_range(number) else { break };
            let here = |m: &&&Mark| window.source.line(clamp(window.source, m.span.start)) == number;
            let marks: Vec<&Mark> = window.marks.iter().filter(here).copied().collect();
            // What follows the last line break is a line only to those who point at it.
            if marks.is_empty() && range.start == window.source.text.len() {
                break;
            }
            self.line(out, window.source, number, range, &marks);
        }
    }

    fn edge(&self, glyph: &str, place: &str) -> String {
        let indent = " ".repeat(self.gutter + 1);
        if place.is_empty() {
            return self.style.paint(Tone::Dim, &format!("{indent}{glyph}"));
        }
        let (open, close) = (format!("{indent}{glyph}["), "]");
        let dim = |text: &str| self.style.paint(Tone::Dim, text);
        format!("{}{}{}", dim(&open), self.style.paint(Tone::Place, place), dim(close))
    }

    fn line(&self, out: &mut Vec<String>, source: &Source, number: u32, range: Range<usize>, marks: &[&Mark]) {
        let columns = self.style.columns().saturating_sub(self.gutter + 4);
        let anchor = marks.first().map_or(range.start, |m| m.span.start as usize);
        let shown = Shown::around(
            source.text.get(range.clone()).unwrap_or(""),
            anchor.saturating_sub(range.start),
            columns,
            self.style.glyphs().ellipsis,
        );
        let bar = self.style.paint(Tone::Dim, &format!("{number:>w$} {}", self.style.glyphs().bar, w = self.gutter));
        out.push(format!("{bar} {}", shown.text).trim_end().to_owned());
        for mark in marks {
            let local = |offset: u32| (offset as usize).saturating_sub(range.start);
            self.mark(out, shown.columns(local(mark.span.start)..local(mark.span.end)), mark, columns);
        }
    }

    /// The underline and, below its middle, the label.
    fn mark(&self, out: &mut Vec<String>, at: Range<usize>, mark: &Mark, columns: usize) {
        let glyphs = self.style.glyphs();
        let gap = self.style.paint(Tone::Dim, &format!("{} {} ", " ".repeat(self.gutter), glyphs.gap));
        let (start, length) = (at.start, at.len().max(1));
        let middle = if mark.label.is_empty() { length } else { length.saturating_sub(1) / 2 };
        let under: String = (0..length).map(|i| if i == middle { glyphs.tee } else { glyphs.under }).collect();
        out.push(format!("{gap}{}{}", " ".repeat(start), self.style.paint(mark.tone, &under)));
        if !mark.label.is_empty() {
            let (indent, text) = self.label(&visible(&mark.label), start + middle, columns);
            out.push(format!("{gap}{}{}", " ".repeat(indent), self.style.paint(mark.tone, &text)));
        }
    }

    /// Right of the elbow when the label fits there, else left of it, else cut on the roomier side.
    fn label(&self, label: &str, elbow: usize, columns: usize) -> (usize, String) {
        let glyphs = self.style.glyphs();
        let right = columns.saturating_sub(elbow + width(glyphs.elbow));
        let left = (elbow + 1).saturating_sub(width(glyphs.elbow_left));
        if width(label) <= right || right >= left {
            return (elbow, format!("{}{}", glyphs.elbow, clip(label, right, glyphs.ellipsis)));
        }
        let text = clip(label, left, glyphs.ellipsis);
        (left - width(&text), format!("{text}{}", glyphs.elbow_left))
    }
}

/// The part of a line that is shown, with the column of each byte offset.
struct Shown {
    text: String,
    /// Byte offset in the line and column, ascending; the last entry is the end of what is shown.
    stops: Vec<(usize, usize)>,
}

impl Shown {
    /// At most `columns` of `line` around the byte `anchor`, with `ellipsis` where something was cut.
    fn around(line: &str, anchor: usize, columns: usize, ellipsis: &str) -> Self {
        let mut anchor = anchor.min(line.len());
        while !line.is_char_boundary(anchor) {
            anchor -= 1;
        }
        let (before, after) = line.split_at(anchor);
        let room = columns.saturating_sub(2 * width(ellipsis));
        let right = fitting(after.chars(), room);
        let left = fitting(before.chars().rev(), room - right.columns.min(room * 2 / 3));
        let right = fitting(after.chars(), room - left.columns);
        let start = anchor - left.bytes;
        let end = anchor + right.bytes;
        let mut shown = Self { text: String::new(), stops: Vec::new() };
        let mut column = 0;
        if start > 0 {
            shown.text.push_str(ellipsis);
            column = width(ellipsis);
        }
        for (offset, c) in line.get(start..end).unwrap_or("").char_indices() {
            shown.stops.push((start + offset, column));
            column += push(&mut shown.text, c);
        }
        shown.stops.push((end, column));
        if end < line.len() {
            shown.text.push_str(ellipsis);
        }
        shown
    }

    /// Columns of a range of byte offsets; what lies outside of the shown part is clamped to it.
    fn columns(&self, bytes: Range<usize>) -> Range<usize> {
        let column = |offset: usize| {
            let i = self.stops.partition_point(|(stop, _)| *stop < offset);
            self.stops.get(i).or(self.stops.last()).map_or(0, |(_, column)| *column)
        };
        let start = column(bytes.start);
        start..column(bytes.end).max(start)
    }
}

struct Fitting {
    bytes: usize,
    columns: usize,
}

/// How many of the characters fit into `columns`.
fn fitting(chars: impl Iterator<Item = char>, columns: usize) -> Fitting {
    let mut fit = Fitting { bytes: 0, columns: 0 };
    let mut cell = String::new();
    for c in chars {
        cell.clear();
        let next = fit.columns + push(&mut cell, c);
        if next > columns {
            break;
        }
        fit = Fitting { bytes: fit.bytes + c.len_utf8(), columns: next };
    }
    fit
}

/// Appends one character as it is shown and returns the columns it takes.
fn push(out: &mut String, c: char) -> usize {
    if c == '\t' {
        out.push_str(TAB);
        return TAB.len();
    }
    let before = out.len();
    push_visible(out, c);
    match out.get(before..) {
        Some(cell) if cell.chars().count() > 1 => cell.len(),
        _ => char_width(c),
    }
}
