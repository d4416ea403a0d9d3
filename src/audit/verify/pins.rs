//! Heads that a verifier remembers: the largest it has seen of each log. A later log that is smaller, or has another
//! root at that size, is not the same log.

use serde::{Deserialize, Serialize};

use crate::audit::tree::Hash;

/// A head that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// Number of records.
    pub size: u64,
    /// Root over them.
    pub root: Hash,
}

impl Pin {
    /// Reads `SIZE:ROOT`, the root as 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let (size, root) = text.split_once(':')?;
        Some(Self { size: size.parse().ok()?, root: Hash::from_hex(root)? })
    }
}

/// The pins of several logs: a file of JSON lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pins {
    lines: Vec<Line>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Line {
    log: String,
    size: u64,
    root: String,
}

impl Pins {
    /// Reads the file; `None` when it is damaged: a pin that cannot be read must not be forgotten.
    pub fn parse(text: &str) -> Option<Self> {
        let lines: Vec<Line> = text
            .lines()
            .filter(|l| !l.trim().is_empty())
            .map(|l| serde_json::from_str(l).ok())
            .collect::<Option<_>>()?;
        lines.iter().all(|line| Hash::from_hex(&line.root).is_some()).then_some(Self { lines })
    }

    /// The pin of a log.
    pub fn of(&self, log: &str) -> Option<Pin> {
        let line = self.lines.iter().find(|line| line.log == log)?;
        Some(Pin { size: line.size, root: Hash::from_hex(&line.root)? })
    }

    /// Remembers a head, when it is larger than the one that is known. Says whether it is news.
    pub fn remember(&mut self, log: &str, pin: &Pin) -> bool {
        if self.of(log).is_some_and(|known| known.size >= pin.size) || pin.size == 0 {
            return false;
        }
        self.lines.retain(|line| line.log != log);
        self.lines.push(Line { log: log.to_owned(), size: pin.size, root: pin.root.to_string() });
        true
    }

    /// The file.
    pub fn to_text(&self) -> String {
        let line = |line: &Line| serde_json::to_string(line).map_or_else(|_| String::new(), |text| text + "\n");
        self.lines.iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_head_of_each_log_is_remembered() {
        let mut pins = Pins::default();
        let pin = |size| Pin { size, root: Hash([7; 32]) };
        assert!(pins.remember("a", &pin(3)) && pins.remember("b", &pin(1)) && pins.remember("a", &pin(5)));
        assert!(!pins.remember("a", &pin(4)) && !pins.remember("c", &pin(0)));
        let again = Pins::parse(&pins.to_text()).expect("pins");
        assert_eq!((again.of("a"), again.of("b"), again.of("c")), (Some(pin(5)), Some(pin(1)), None));
        assert_eq!(Pins::parse("{\"log\":\"a\",\"size\":1,\"root\":\"zz\"}"), None);
        assert_eq!(Pin::parse(&format!("5:{}", Hash([7; 32]))), Some(pin(5)));
    }
}
