//! A folder of packs: the cache.
//!
//! A run reads the packs of its own build and writes at most one with what it had to find out anew. The name of a pack
//! begins with the build and is otherwise a digest of its content, it is written beside its place and moved there, and
//! nobody changes one: so runs side by side do not disturb each other. Where there are many, the next writer puts them
//! together, newest first, up to a bound, and drops the rest.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::BUILD;
use super::pack::{Answers, Kind, Pack};
use super::seal::Key;

/// Packs of one build that are read; one more, and the next writer puts them together.
const MOST_PACKS: usize = 8;

/// Largest pack, in bytes.
const LARGEST: u64 = 64 << 20;

/// Answers that are kept when packs are put together, in bytes.
const MOST_KEPT: usize = 32 << 20;

/// Packs of other builds that are left.
const MOST_OTHERS: usize = 4;

const ENDING: &str = "pack";

/// A folder of packs that were read.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    secret: Key,
    /// Newest first.
    packs: Vec<Pack>,
    /// Where they are, and those that are not used.
    ours: Vec<PathBuf>,
    others: Vec<PathBuf>,
    /// How many files were not used.
    refused: usize,
}

impl Folder {
    /// Reads the packs of a folder; what is not there, cannot be read or is not sealed with the key has no answers.
    pub fn open(path: &Path, secret: Key) -> Self {
        let (ours, others) = files(path);
        let mut folder = Self { path: path.to_owned(), secret, packs: Vec::new(), ours, others, refused: 0 };
        for file in folder.ours.iter().take(2 * MOST_PACKS) {
            match read(file, &folder.secret) {
                Some(pack) => folder.packs.push(pack),
                None => folder.refused += 1,
            }
        }
        folder
    }

    /// The answer of a key.
    pub(super) fn get(&self, key: &super::Key) -> Option<&[u8]> {
        self.packs.iter().find_map(|pack| pack.get(key))
    }

    /// How many files are in the way that are not sealed with this key, or damaged.
    pub fn refused(&self) -> usize {
        self.refused
    }

    /// Keeps new answers; nothing is written when there are none.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub(super) fn keep(&self, fresh: Answers) -> io::Result<()> {
        if fresh.is_empty() {
            return Ok(());
        }
        let together = self.ours.len() >= MOST_PACKS || self.refused > 0;
        let answers = if together { self.together(fresh) } else { fresh };
        let bytes = Pack::write(Kind::Cache, BUILD.as_bytes(), &answers, &self.secret);
        let name =
            format!("{BUILD}-{}.{ENDING}", HEXLOWER.encode(Sha256::digest(&bytes).get(..16).unwrap_or_default()));
        fs::create_dir_all(&self.path)?;
        let mut file = tempfile::Builder::new().prefix(".writing-").tempfile_in(&self.path)?;
        file.write_all(&bytes)?;
        file.persist(self.path.join(&name)).map_err(|error| error.error)?;
        let old = self.ours.iter().filter(|_| together).chain(self.others.iter().skip(MOST_OTHERS));
        for path in old.filter(|path| path.file_name().is_none_or(|other| *other != *name)) {
            // Somebody else may have dropped it.
            let _ = fs::remove_file(path);
        }
        Ok(())
    }

    /// New answers with those of all packs, newest first, as long as there is room.
    fn together(&self, mut answers: Answers) -> Answers {
        let mut size: usize = answers.values().map(Vec::len).sum();
        for (key, answer) in self.packs.iter().flat_map(Pack::iter) {
            size += key.len() + answer.len();
            if size > MOST_KEPT {
                break;
            }
            answers.entry(key).or_insert_with(|| answer.to_vec());
        }
        answers
    }
}

/// Packs of this build and of others, newest first.
fn files(folder: &Path) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let entry = |entry: io::Result<fs::DirEntry>| {
        let entry = entry.ok()?;
        let metadata = entry.metadata().ok().filter(fs::Metadata::is_file)?;
        let path = entry.path();
        let is_pack = path.extension().is_some_and(|ending| ending == ENDING);
        is_pack.then(|| (metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH), path))
    };
    let mut found: Vec<_> = fs::read_dir(folder).into_iter().flatten().filter_map(entry).collect();
    found.sort_by(|a, b| b.cmp(a));
    let ours = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(BUILD));
    found.into_iter().map(|(_, path)| path).partition(ours)
}

fn read(file: &Path, secret: &Key) -> Option<Pack> {
    let fits = fs::metadata(file).is_ok_and(|metadata| metadata.len() <= LARGEST);
    let bytes = fs::read(file).ok().filter(|_| fits)?;
    Pack::read(Kind::Cache, bytes, secret).ok().filter(|pack| pack.header() == BUILD.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(n: u8) -> Answers {
        Answers::from([([n; 32], vec![n])])
    }

    fn packs(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn many_packs_become_one_and_nothing_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        for n in 0..40 {
            Folder::open(folder.path(), Key::of(b"k")).keep(one(n)).unwrap();
            assert!(packs(folder.path()) <= MOST_PACKS);
        }
        let read = Folder::open(folder.path(), Key::of(b"k"));
        assert!((0..40).all(|n| read.get(&[n; 32]) == Some(&[n][..])));
        assert_eq!(read.refused(), 0);
    }

    #[test]
    fn packs_of_other_builds_and_of_other_keys_go() {
        let folder = tempfile::tempdir().unwrap();
        for n in 0..20 {
            fs::write(folder.path().join(format!("other-{n}.pack")), "x").unwrap();
        }
        Folder::open(folder.path(), Key::of(b"another")).keep(one(1)).unwrap();
        let read = Folder::open(folder.path(), Key::of(b"k"));
        assert_eq!((read.refused(), read.get(&[1; 32])), (1, None));
        read.keep(one(2)).unwrap();
        assert_eq!(packs(folder.path()), 1 + MOST_OTHERS);
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_an_error_and_no_panic() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(Folder::open(file.path(), Key::open()).keep(one(1)).is_err());
    }
}
