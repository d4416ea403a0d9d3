//! What stops the gate, as miette draws it: the place, words under it, and the next step.
//!
//! Only the lines around the place are handed over, found through the line index of the [`Source`]; miette's own
//! string source scans the whole file for every label.

use std::fmt;

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, Severity, SourceCode,
    SourceSpan, SpanContents,
};

use super::style::Style;
use super::text::visible;
use crate::finding::{Diagnostic, Level};
use crate::source::{Source, Sources, Span};

/// Draws one diagnostic; the text ends with a newline.
pub(super) fn render(diagnostic: &Diagnostic, sources: &Sources, style: &Style) -> String {
    let theme = match (style.unicode, style.color) {
        (true, true) => GraphicalTheme::unicode(),
        (true, false) => GraphicalTheme::unicode_nocolor(),
        (false, _) => GraphicalTheme::none(),
    };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(style.width.max(40))
        .with_links(false)
        .with_context_lines(1);
    let report = Report::new(diagnostic, sources);
    let mut drawn = String::new();
    match handler.render_report(&mut drawn, &report) {
        Ok(()) => format!("{}\n", drawn.trim_end()),
        // A place that cannot be drawn is no reason to say nothing.
        Err(fmt::Error) => format!("{}: {}\n  help: {}\n", diagnostic.code, report.message, report.help),
    }
}

/// A diagnostic together with the text that its place is in.
#[derive(Debug)]
struct Report<'a> {
    diagnostic: &'a Diagnostic,
    text: Option<Text>,
    message: String,
    help: String,
}

impl<'a> Report<'a> {
    fn new(diagnostic: &'a Diagnostic, sources: &'a Sources) -> Self {
        let place = diagnostic.span.and_then(|span| Some((span, sources.get(span.source)?)));
        let message = match (&diagnostic.path, place) {
            (Some(path), None) if !names(&diagnostic.message, path) => format!("{path}: {}", diagnostic.message),
            _ => diagnostic.message.clone(),
        };
        Self {
            diagnostic,
            text: place.map(|(span, source)| Text::around(source, span)),
            message: visible(&message).into_owned(),
            help: visible(&diagnostic.help).into_owned(),
        }
    }
}

/// Whether a message names a path already. A path of one word may also be a word of the message.
fn names(message: &str, path: &str) -> bool {
    message.contains(&format!("`{path}`")) || path.contains(['/', '.']) && message.contains(path)
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Report<'_> {}

impl miette::Diagnostic for Report<'_> {
    fn code<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        Some(Box::new(self.diagnostic.code))
    }

    fn severity(&self) -> Option<Severity> {
        Some(match self.diagnostic.level {
            Level::Error => Severity::Error,
            Level::Warning => Severity::Warning,
            Level::Note => Severity::Advice,
        })
    }

    fn help<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        (!self.help.is_empty()).then(|| Box::new(&self.help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.text.as_ref().map(|text| text as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let text = self.text.as_ref()?;
        let label = Some(visible(&self.diagnostic.label).into_owned()).filter(|l| !l.is_empty());
        let span = text.place;
        Some(Box::new(std::iter::once(LabeledSpan::new_primary_with_span(label, span))))
    }
}

/// The lines around the one place that is shown.
#[derive(Debug)]
struct Text {
    /// What the terminal gets: nothing in it can steer it.
    data: Vec<u8>,
    /// Where `data` stands in the file.
    range: SourceSpan,
    /// The place, in bytes of the file.
    place: SourceSpan,
    /// 0-based line of the first byte of `data`.
    line: usize,
    /// 0-based line and column of the place.
    start: (usize, usize),
    name: String,
}

/// Lines before and after the place.
const CONTEXT: u32 = 1;

impl Text {
    /// The place within the text, ending on the line that it starts on: a whole document is not worth a page.
    fn around(source: &Source, span: Span) -> Self {
        let length = source.text.len();
        let line = source.line(span.start);
        let first = line.saturating_sub(CONTEXT).max(1);
        let lines = || first..=line.saturating_add(CONTEXT);
        let start = source.line_range(first).map_or(0, |range| range.start);
        let end = lines().rev().find_map(|l| source.line_range(l)).map_or(length, |range| range.end);
        let from = (span.start as usize).min(length);
        let line_end = source.line_range(line).map_or(length, |range| range.end).max(from);
        let to = (span.end as usize).clamp(from, line_end);
        let (row, column) = source.line_column(span.start);
        Self {
            data: harmless(source.text.get(start..end).unwrap_or_default()),
            range: (start, end.saturating_sub(start)).into(),
            place: (from, to - from).into(),
            line: first as usize - 1,
            start: (row.saturating_sub(1) as usize, column.saturating_sub(1) as usize),
            name: visible(&source.path).into_owned(),
        }
    }
}

impl SourceCode for Text {
    /// Without context miette asks where the place is, for the frame's title; with context, for the lines to draw.
    fn read_span<'a>(
        &'a self,
        _: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        if before + after == 0 {
            let from = self.place.offset().saturating_sub(self.range.offset());
            let data = self.data.get(from..from + self.place.len()).ok_or(MietteError::OutOfBounds)?;
            let (line, column) = self.start;
            return Ok(Box::new(MietteSpanContents::new_named(self.name.clone(), data, self.place, line, column, 1)));
        }
        let lines = self.data.iter().filter(|b| **b == b'\n').count() + 1;
        Ok(Box::new(MietteSpanContents::new_named(self.name.clone(), &self.data, self.range, self.line, 0, lines)))
    }
}

/// Text of the same length in which nothing can steer a terminal.
fn harmless(text: &str) -> Vec<u8> {
    let mut data = Vec::with_capacity(text.len());
    for c in text.chars() {
        if c == '\r' {
            data.push(b' ');
        } else if c.is_control() && !matches!(c, '\n' | '\t') {
            data.extend(std::iter::repeat_n(b'?', c.len_utf8()));
        } else {
            data.extend(c.encode_utf8(&mut [0; 4]).bytes());
        }
    }
    data
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Revision;

    fn drawn(text: &str, start: usize, end: usize) -> String {
        let mut sources = Sources::default();
        let id = sources.add(Source::new("a/b.yaml", Revision::Head, text));
        let diagnostic =
            Diagnostic::error("yaml::syntax", "not YAML").at(Span::new(id, start, end)).label("here").help("close it");
        render(&diagnostic, &sources, &Style::default())
    }

    #[test]
    fn the_place_and_the_next_step_are_shown() {
        let text = drawn("one: 1\ntwo: [\nthree: 3\n", 12, 13);
        for part in ["yaml::syntax", "not YAML", "a/b.yaml:2:6", "two: [", "here", "close it"] {
            assert!(text.contains(part), "{part} in\n{text}");
        }
    }

    #[test]
    fn a_path_is_named_once_whatever_it_is_called() {
        let shown = |message: &str, path: &str| {
            let diagnostic = Diagnostic::error("policy::none", message).in_file(path);
            render(&diagnostic, &Sources::default(), &Style::default())
        };
        assert!(shown("there is no policy here", "p").contains("p: there is no policy here"));
        assert!(shown("policies cannot be read", "policies").contains("policies: policies cannot be read"));
        assert!(!shown("there is no policy in `p`", "p").contains("p: there"));
        assert!(!shown("a/b.yaml cannot be read", "a/b.yaml").contains("a/b.yaml: "));
    }

    #[test]
    fn a_text_cannot_steer_the_terminal_and_no_span_panics() {
        assert!(!drawn("a: \u{1b}[31mred\u{9b}", 3, 4).contains('\u{1b}'));
        for (start, end) in [(0, 0), (99, 100), (2, 1), (0, 4_000_000_000)] {
            assert!(drawn("", start, end).contains("not YAML"));
            assert!(drawn("é\r\n", start, end).contains("not YAML"));
        }
    }
}
