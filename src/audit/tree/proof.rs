//! Inclusion and consistency proofs: RFC 6962 §2.1.1 and §2.1.2, checked as RFC 9162 §2.1.3.2 and §2.1.4.2 say.

use super::{Hash, node_hash};

/// The root over `leaves` (leaf hashes); the hash of nothing when there are none.
pub fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash::of(&[]),
        [leaf] => *leaf,
        _ => {
            let (left, right) = split(leaves);
            node_hash(root(left), root(right))
        }
    }
}

/// The path from leaf `index` up to the root over `leaves`; `None` past the end.
pub fn inclusion(leaves: &[Hash], index: u64) -> Option<Vec<Hash>> {
    let index = usize::try_from(index).ok().filter(|i| *i < leaves.len())?;
    let mut path = Vec::new();
    descend(leaves, index, &mut path);
    Some(path)
}

/// The proof that the tree over the first `size` leaves is a prefix of the tree over all; `None` when `size` is 0 or
/// past the end.
pub fn consistency(leaves: &[Hash], size: u64) -> Option<Vec<Hash>> {
    let size = usize::try_from(size).ok().filter(|n| (1..=leaves.len()).contains(n))?;
    let mut path = Vec::new();
    subproof(leaves, size, true, &mut path);
    Some(path)
}

/// Whether `path` leads from `leaf` at `index` to the root of a tree of `size` leaves.
pub fn verify_inclusion(leaf: Hash, index: u64, size: u64, path: &[Hash], root: Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut node, mut last, mut hash) = (index, size - 1, leaf);
    for sibling in path {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(*sibling, hash);
            while node & 1 == 0 && node != 0 {
                (node, last) = (node >> 1, last >> 1);
            }
        } else {
            hash = node_hash(hash, *sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    last == 0 && hash == root
}

/// Whether `path` proves that the tree of `size` leaves under `root` is a prefix of that of `later_size` under
/// `later_root`. A tree of size 0 is a prefix of anything and proves nothing: it is refused.
pub fn verify_consistency(size: u64, later_size: u64, root: Hash, later_root: Hash, path: &[Hash]) -> bool {
    if size == 0 || size > later_size {
        return false;
    }
    if size == later_size {
        return path.is_empty() && root == later_root;
    }
    // A complete left subtree is its own first node.
    let mut nodes = size.is_power_of_two().then_some(root).into_iter().chain(path.iter().copied());
    let Some(first) = nodes.next() else { return false };
    let (mut node, mut last) = (size - 1, later_size - 1);
    while node & 1 == 1 {
        (node, last) = (node >> 1, last >> 1);
    }
    let (mut hash, mut later) = (first, first);
    for sibling in nodes {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, hash);
            later = node_hash(sibling, later);
            while node & 1 == 0 && node != 0 {
                (node, last) = (node >> 1, last >> 1);
            }
        } else {
            later = node_hash(later, sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    last == 0 && hash == root && later == later_root
}

/// Splits at the largest power of two below the length, which is at least 2.
fn split(leaves: &[Hash]) -> (&[Hash], &[Hash]) {
    leaves.split_at(leaves.len().next_power_of_two() / 2)
}

fn descend(leaves: &[Hash], index: usize, path: &mut Vec<Hash>) {
    if leaves.len() < 2 {
        return;
    }
    let (left, right) = split(leaves);
    if index < left.len() {
        descend(left, index, path);
        path.push(root(right));
    } else {
        descend(right, index - left.len(), path);
        path.push(root(left));
    }
}

/// SUBPROOF of RFC 6962 §2.1.2; `whole` while the old tree's root is still the root of a complete subtree.
fn subproof(leaves: &[Hash], size: usize, whole: bool, path: &mut Vec<Hash>) {
    if size == leaves.len() {
        if !whole {
            path.push(root(leaves));
        }
        return;
    }
    let (left, right) = split(leaves);
    if size <= left.len() {
        subproof(left, size, whole, path);
        path.push(root(right));
    } else {
        subproof(right, size - left.len(), false, path);
        path.push(root(left));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::audit::leaf_hash;
    use crate::audit::tree::Frontier;

    /// 196 proofs, good and bad, of transparency-dev/merkle.
    fn vectors(kind: &str) -> Vec<Value> {
        let text = include_str!("../../../tests/data/audit/merkle-proofs.json");
        serde_json::from_str::<Value>(text).expect("JSON")[kind].as_array().expect("a list").clone()
    }

    /// Some vectors have short texts where it does not matter what the hash is: they stay different from each other.
    /// `None` where there is nothing, or the hash of nothing, which no record has.
    fn hash(value: &Value) -> Option<Hash> {
        let text = value.as_str().filter(|text| !text.is_empty())?;
        Some(Hash::from_base64(text).unwrap_or_else(|| Hash::of(text.as_bytes())))
    }

    fn path(row: &Value) -> Option<Vec<Hash>> {
        row["proof"].as_array().map_or(Some(Vec::new()), |path| path.iter().map(hash).collect())
    }

    #[test]
    #[expect(clippy::disallowed_macros, clippy::print_stdout, reason = "its count is a row of docs/audit.md")]
    fn inclusion_agrees_with_transparency_dev_on_98_vectors() {
        let rows = vectors("inclusion");
        for row in &rows {
            let good = (|| {
                let (leaf, root, path) = (hash(&row["leafHash"])?, hash(&row["root"])?, path(row)?);
                let (index, size) = (row["leafIdx"].as_u64()?, row["treeSize"].as_u64()?);
                Some(verify_inclusion(leaf, index, size, &path, root))
            })();
            assert_eq!(good.unwrap_or(false), row["wantErr"] == false, "{}", row["name"]);
        }
        assert_eq!(rows.len(), 98);
        println!("inclusion: {} of 98 vectors", rows.len());
    }

    #[test]
    #[expect(clippy::disallowed_macros, clippy::print_stdout, reason = "its count is a row of docs/audit.md")]
    fn consistency_agrees_with_transparency_dev_on_98_vectors() {
        let rows = vectors("consistency");
        for row in &rows {
            let good = (|| {
                let (first, second, path) = (hash(&row["root1"])?, hash(&row["root2"])?, path(row)?);
                Some(verify_consistency(row["size1"].as_u64()?, row["size2"].as_u64()?, first, second, &path))
            })();
            assert_eq!(good.unwrap_or(false), row["wantErr"] == false, "{}", row["name"]);
        }
        assert_eq!(rows.len(), 98);
        println!("consistency: {} of 98 vectors", rows.len());
    }

    #[test]
    fn every_proof_of_every_small_tree_holds_for_its_own_place_only() {
        let leaves: Vec<Hash> = (0..40u8).map(|n| leaf_hash(&[n])).collect();
        let roots: Vec<Hash> = (0..=leaves.len()).map(|n| root(&leaves[..n])).collect();
        let mut frontier = Frontier::default();
        for (n, leaf) in leaves.iter().enumerate() {
            assert_eq!(frontier.root(), roots[n]);
            frontier.push(*leaf);
        }
        for size in 1..=leaves.len() {
            let tree = &leaves[..size];
            for (index, leaf) in tree.iter().enumerate() {
                let path = inclusion(tree, index as u64).expect("inside");
                for other in 0..size {
                    let good = verify_inclusion(*leaf, other as u64, size as u64, &path, roots[size]);
                    assert_eq!(good, other == index, "{index} as {other} of {size}");
                }
            }
            for old in 1..=size {
                let path = consistency(tree, old as u64).expect("inside");
                let (old64, size64) = (old as u64, size as u64);
                assert!(verify_consistency(old64, size64, roots[old], roots[size], &path));
                assert!(!verify_consistency(old64, size64, roots[old - 1], roots[size], &path));
            }
        }
        assert_eq!((inclusion(&leaves, 40), consistency(&leaves, 0), consistency(&leaves, 41)), (None, None, None));
    }
}
