//! Which instance of a resource or module, and how addresses are written.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

/// Which instance of something with `count` or `for_each`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Index {
    /// There is only one.
    #[default]
    Single,
    /// `[0]`
    Number(usize),
    /// `["key"]`
    Key(Arc<str>),
    /// `[*]`: it is not known how many there are; this one stands for all.
    Unknown,
}

impl Index {
    fn order(&self) -> (u8, usize, &str) {
        match self {
            Self::Single => (0, 0, ""),
            Self::Number(n) => (1, *n, ""),
            Self::Key(key) => (2, 0, key),
            Self::Unknown => (3, 0, ""),
        }
    }
}

impl PartialOrd for Index {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Index {
    fn cmp(&self, other: &Self) -> Ordering {
        self.order().cmp(&other.order())
    }
}

/// As the end of an address: nothing, `[0]`, `["key"]` or `[*]`.
impl fmt::Display for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Single => Ok(()),
            Self::Number(n) => write!(f, "[{n}]"),
            Self::Key(key) => {
                f.write_str("[\"")?;
                write_quoted(f, key)?;
                f.write_str("\"]")
            }
            Self::Unknown => f.write_str("[*]"),
        }
    }
}

/// Escapes as HCL does (`hclwrite.TokensForValue`).
fn write_quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '$' | '%' if rest.peek() == Some(&'{') => write!(f, "{c}{c}")?,
            c => write!(f, "{c}")?,
        }
    }
    Ok(())
}

/// An address inside a module.
pub(super) fn within(module: &str, address: &str) -> Arc<str> {
    if module.is_empty() { address.into() } else { format!("{module}.{address}").into() }
}
