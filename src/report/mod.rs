//! Pages that people read in a meeting: self-contained HTML, and Markdown with the same content.
//!
//! Pure: the same outcome gives the same bytes. A page never decides; it shows what the gate decided and what it knew.
//! Everything that a change says about itself is escaped by the template engine; sensitive values never get here.

pub mod backtest;
pub mod cab;
mod chart;
pub mod controls;
pub mod policies;
pub mod teams;
mod template;
mod text;

use std::str::FromStr;

/// What a page is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One self-contained file: no network, light and dark, prints.
    Html,
    /// For a comment, a wiki or a terminal.
    Markdown,
}

impl Format {
    /// The ending of its file.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Markdown => "md",
        }
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "html" => Ok(Self::Html),
            "markdown" => Ok(Self::Markdown),
            _ => Err(format!("unknown format `{word}`; known are html and markdown")),
        }
    }
}
