//! The tiles of a log (C2SP tlog-tiles): derived from its leaf hashes, so that any client of tiled logs can read it.

use super::Hash;
use super::proof;

/// Hashes in a full tile, and entries in a full bundle.
pub const WIDTH: usize = 256;

/// One file of the layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    /// `tile/0/x001/234.p/17`.
    pub path: String,
    /// Its hashes, one after the other.
    pub bytes: Vec<u8>,
}

/// All tiles of the tree over `leaves`, from level 0 up.
pub fn tiles(leaves: &[Hash]) -> Vec<Tile> {
    let mut tiles = Vec::new();
    let mut level = leaves.to_vec();
    for number in 0.. {
        if level.is_empty() {
            break;
        }
        tiles.extend(level.chunks(WIDTH).enumerate().map(|(n, hashes)| Tile {
            path: path(&number.to_string(), n as u64, hashes.len()),
            bytes: hashes.iter().flat_map(|hash| hash.0).collect(),
        }));
        level = level.chunks_exact(WIDTH).map(proof::root).collect();
    }
    tiles
}

/// The path of a bundle of entries: `tile/entries/000.p/3`.
pub fn bundle_path(n: u64, width: usize) -> String {
    path("entries", n, width)
}

/// A bundle of entries, each behind its length as two bytes; `None` when one is too long.
pub fn bundle<'a>(leaves: impl IntoIterator<Item = &'a [u8]>) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for leaf in leaves {
        bytes.extend(u16::try_from(leaf.len()).ok()?.to_be_bytes());
        bytes.extend(leaf);
    }
    Some(bytes)
}

fn path(level: &str, n: u64, width: usize) -> String {
    let mut groups = vec![format!("{:03}", n % 1000)];
    let mut rest = n / 1000;
    while rest > 0 {
        groups.push(format!("x{:03}", rest % 1000));
        rest /= 1000;
    }
    groups.reverse();
    let partial = if width < WIDTH { format!(".p/{width}") } else { String::new() };
    format!("tile/{level}/{}{partial}", groups.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::leaf_hash;

    #[test]
    fn paths_are_those_of_the_specification() {
        assert_eq!(path("0", 1_234_067, WIDTH), "tile/0/x001/x234/067");
        assert_eq!(path("1", 0, 17), "tile/1/000.p/17");
        assert_eq!(bundle_path(999, 1), "tile/entries/999.p/1");
    }

    #[test]
    fn the_example_of_70_000_leaves() {
        let leaves = vec![leaf_hash(b"x"); 70_000];
        let tiles = tiles(&leaves);
        let paths: Vec<&str> = tiles.iter().map(|t| t.path.as_str()).collect();
        assert_eq!(paths.len(), 273 + 1 + 1 + 1 + 1);
        assert_eq!(
            &paths[272..],
            ["tile/0/272", "tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"]
        );
        assert!(super::tiles(&[]).is_empty());
        let exactly: Vec<String> = super::tiles(&leaves[..256]).into_iter().map(|t| t.path).collect();
        assert_eq!(exactly, ["tile/0/000", "tile/1/000.p/1"]);
    }
}
