//! Lines of a text with their offsets, for the formats that are made of lines.

/// A line without its ending, and where it starts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    pub(super) text: &'a str,
    pub(super) start: usize,
}

impl<'a> Line<'a> {
    /// Without the blanks around it.
    pub(super) fn trimmed(self) -> Self {
        let text = self.text.trim_start();
        Self { text: text.trim_end(), start: self.start + self.text.len() - text.len() }
    }

    /// The part from an offset in the line on.
    pub(super) fn from(self, at: usize) -> Self {
        Self { text: self.text.get(at..).unwrap_or_default(), start: self.start + at.min(self.text.len()) }
    }

    /// The part before an offset in the line.
    pub(super) fn until(self, at: usize) -> Self {
        Self { text: self.text.get(..at).unwrap_or(self.text), start: self.start }
    }

    /// One past its last byte.
    pub(super) fn end(self) -> usize {
        self.start + self.text.len()
    }
}

/// Every line of a text.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut start = 0;
    text.split_inclusive('\n').map(move |line| {
        let found = Line { text: line.trim_end_matches(['\n', '\r']), start };
        start += line.len();
        found
    })
}
