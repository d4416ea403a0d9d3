//! `audit export`.

use std::path::Path;

use changegate::audit::tree::tiles::{self, WIDTH};
use changegate::audit::{Entry, Store, query};
use changegate::finding::Diagnostic;

use super::{Answer, ExportArgs, Place, prove, text, unwritable};
use crate::cli::attest;

pub(super) fn run(place: &Place, args: &ExportArgs) -> Result<Answer, Diagnostic> {
    let key = args.key.as_deref().map(attest::signing_key).transpose()?;
    if let Some(directory) = &args.tiles {
        return write_tiles(place, directory, key.as_ref());
    }
    let mut out = args.format.head();
    let exported = query::each(&*place.store, &args.filter.filter(), &mut |reading| {
        out.push_str(&args.format.lines(&reading, key.as_ref()));
    });
    match exported {
        Ok(()) => Ok(text(out)),
        Err(fault) => Ok(Answer { stdout: out.into_bytes(), ..super::fault(&fault) }),
    }
}

fn write_tiles(
    place: &Place,
    directory: &Path,
    key: Option<&changegate::audit::note::SigningKey>,
) -> Result<Answer, Diagnostic> {
    let hashes = prove::hashes(&*place.store)?;
    for tile in tiles::tiles(&hashes) {
        write(directory, &tile.path, &tile.bytes)?;
    }
    write_bundles(&*place.store, directory, hashes.len() as u64)?;
    if let Some(key) = key {
        write(directory, "checkpoint", prove::head(&key.verifier().name, &hashes).sign(key).as_bytes())?;
    }
    Ok(text(format!("wrote the tiles of {} records to {}\n", hashes.len(), directory.display())))
}

/// The entries themselves. A bundle with a pruned record is left out, as the specification of tiles allows.
fn write_bundles(store: &dyn Store, directory: &Path, size: u64) -> Result<(), Diagnostic> {
    let mut bundle: Vec<Option<Vec<u8>>> = Vec::new();
    store.all_leaves(0..size, &mut |index, entry| {
        bundle.push(match entry {
            Entry::Leaf(leaf) => Some(leaf),
            Entry::Pruned(_) => None,
        });
        if bundle.len() < WIDTH && index + 1 < size {
            return Ok(());
        }
        let leaves: Option<Vec<&[u8]>> = bundle.iter().map(Option::as_deref).collect();
        let bytes = leaves.and_then(tiles::bundle);
        let path = tiles::bundle_path(index / WIDTH as u64, bundle.len());
        let written = bytes.map_or(Ok(()), |bytes| write(directory, &path, &bytes));
        bundle.clear();
        written
    })
}

fn write(directory: &Path, path: &str, bytes: &[u8]) -> Result<(), Diagnostic> {
    let path = directory.join(path);
    let folder = path.parent().map_or(Ok(()), std::fs::create_dir_all);
    folder.and_then(|()| std::fs::write(&path, bytes)).map_err(|e| unwritable(&path, &e))
}
