//! What the terminal can show: colour, line-drawing characters, width.

/// How to write for people. Worked out by the command line from the terminal and the flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// ANSI colours.
    pub color: bool,
    /// Line-drawing characters and icons beyond ASCII.
    pub unicode: bool,
    /// Columns; less than 40 is treated as 40.
    pub width: usize,
    /// OSC 8 hyperlinks.
    pub hyperlinks: bool,
    /// Only the line with the verdict.
    pub quiet: bool,
    /// How much of what is older than the change.
    pub show: Show,
}

/// How much is shown of what is older than the change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Show {
    /// How many there are.
    #[default]
    Introduced,
    /// All of it, and what the change mended.
    Everything,
}

impl Default for Style {
    /// Plain Unicode text of 100 columns: what a file or a pipe gets.
    fn default() -> Self {
        Self { color: false, unicode: true, width: 100, hyperlinks: false, quiet: false, show: Show::Introduced }
    }
}

/// The meaning of a colour. Nothing is said by colour alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    /// Stands in the way.
    Bad,
    /// Deserves a look, or is awaited.
    Warn,
    /// All is well.
    Good,
    /// A place, or the line that decided.
    Place,
    /// What the eye should find first.
    Strong,
    /// What the eye may skip.
    Dim,
}

impl Tone {
    fn sgr(self) -> &'static str {
        match self {
            Self::Bad => "1;31",
            Self::Warn => "33",
            Self::Good => "1;32",
            Self::Place => "36",
            Self::Strong => "1",
            Self::Dim => "2",
        }
    }
}

impl Style {
    /// Columns to fill.
    pub(super) fn columns(&self) -> usize {
        self.width.max(40)
    }

    /// The characters to draw with.
    pub(super) fn glyphs(&self) -> &'static Glyphs {
        if self.unicode { &UNICODE } else { &ASCII }
    }

    /// `text` in the colour of `tone`, when there is colour.
    pub(super) fn paint(&self, tone: Tone, text: &str) -> String {
        if self.color && !text.is_empty() { format!("\x1b[{}m{text}\x1b[0m", tone.sgr()) } else { text.into() }
    }

    /// `text` as a link to `url`, when the terminal has links and the URL cannot break out of the sequence.
    pub(super) fn link(&self, url: Option<&str>, text: &str) -> String {
        match url {
            Some(url) if self.hyperlinks && super::text::is_web_address(url) => {
                format!("\x1b]8;;{url}\x1b\\{text}\x1b]8;;\x1b\\")
            }
            _ => text.into(),
        }
    }
}

/// Icons and line-drawing characters. Every icon is one column wide.
pub(super) struct Glyphs {
    pub(super) blocks: &'static str,
    pub(super) pending: &'static str,
    pub(super) warning: &'static str,
    pub(super) unknown: &'static str,
    pub(super) lifted: &'static str,
    pub(super) passed: &'static str,
    pub(super) dot: &'static str,
    pub(super) times: &'static str,
    pub(super) none: &'static str,
    pub(super) ellipsis: &'static str,
    pub(super) rule: &'static str,
    pub(super) open: &'static str,
    pub(super) join: &'static str,
    pub(super) close: &'static str,
    pub(super) bar: &'static str,
    pub(super) gap: &'static str,
    pub(super) under: &'static str,
    pub(super) tee: &'static str,
    pub(super) elbow: &'static str,
    pub(super) elbow_left: &'static str,
}

static UNICODE: Glyphs = Glyphs {
    blocks: "✖",
    pending: "◔",
    warning: "▲",
    unknown: "?",
    lifted: "○",
    passed: "✔",
    dot: "·",
    times: "×",
    none: "—",
    ellipsis: "…",
    rule: "─",
    open: "╭─",
    join: "├─",
    close: "╰────",
    bar: "│",
    gap: "·",
    under: "─",
    tee: "┬",
    elbow: "╰── ",
    elbow_left: " ──╯",
};

static ASCII: Glyphs = Glyphs {
    blocks: "x",
    pending: "~",
    warning: "!",
    unknown: "?",
    lifted: "o",
    passed: "+",
    dot: "-",
    times: "x",
    none: "-",
    ellipsis: "...",
    rule: "-",
    open: ",-",
    join: "|-",
    close: "`----",
    bar: "|",
    gap: ":",
    under: "^",
    tee: "^",
    elbow: "`-- ",
    elbow_left: " --'",
};
