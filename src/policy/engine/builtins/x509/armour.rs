//! PEM blocks as Go's `encoding/pem` finds them: what stands around them is gone over, and so is a block that is broken.

/// A block of a text.
pub(super) struct Block {
    /// What stands after `BEGIN`.
    pub(super) label: String,
    /// What the base64 says.
    pub(super) bytes: Vec<u8>,
}

/// The blocks of a text, in order.
pub(super) struct Blocks<'a>(&'a str);

impl<'a> Blocks<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self(text)
    }
}

const BEGIN: &str = "-----BEGIN ";

impl Iterator for Blocks<'_> {
    type Item = Block;

    fn next(&mut self) -> Option<Block> {
        loop {
            let start = if self.0.starts_with(BEGIN) { 0 } else { self.0.find("\n-----BEGIN ")? + 1 };
            let block = self.0.get(start..)?;
            let (line, body) = block.split_once('\n').unwrap_or((block, ""));
            let label = line.trim_end().strip_prefix(BEGIN).and_then(|line| line.strip_suffix("-----"));
            let end = label.map(|label| format!("-----END {label}-----"));
            let found = end.as_deref().and_then(|end| Some((body.find(end)?, end.len())));
            let Some((label, (end, length))) = label.zip(found) else {
                self.0 = block.get(BEGIN.len()..)?;
                continue;
            };
            let whole = block.get(..block.len() - body.len() + end + length)?;
            match pem::parse(whole) {
                Ok(read) => {
                    self.0 = body.get(end + length..)?;
                    return Some(Block { label: label.to_owned(), bytes: read.into_contents() });
                }
                Err(_) => self.0 = block.get(BEGIN.len()..)?,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(text: &str) -> Vec<(String, Vec<u8>)> {
        Blocks::of(text).map(|block| (block.label, block.bytes)).collect()
    }

    #[test]
    fn what_stands_around_blocks_is_gone_over() {
        let text =
            "words\n-----BEGIN A-----\nAQID\n-----END A-----\n\n-----BEGIN B B-----\r\nBAUG\r\n-----END B B-----";
        assert_eq!(blocks(text), [("A".to_owned(), vec![1, 2, 3]), ("B B".to_owned(), vec![4, 5, 6])]);
    }

    #[test]
    fn a_broken_block_is_gone_over() {
        let text =
            "-----BEGIN A-----\nAQ=D\n-----END A-----\n-----BEGIN B-----\nBAUG\n-----END B-----\n-----BEGIN C-----\n";
        assert_eq!(blocks(text), [("B".to_owned(), vec![4, 5, 6])]);
        assert!(blocks("-----BEGIN A").is_empty());
    }
}
