//! Reading: bytes to text, in parallel, within limits.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;

use super::walk::unreadable;
use super::{Format, Found};
use crate::finding::Diagnostic;
use crate::git::MAX_FILE;

/// A file's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// As in [`Found`].
    pub path: Arc<str>,
    /// How it is parsed.
    pub format: Format,
    /// Without a byte order mark.
    pub text: String,
}

/// Reads all files in parallel; the answers stand in the order of `found`.
///
/// Errors: `discover::too-large` above 32 MiB, `discover::encoding`, `discover::unreadable`.
pub fn read(found: &[Found]) -> Vec<Result<Text, Diagnostic>> {
    let one = |file: &Found| {
        let text = decode(bytes(&file.absolute, &file.path)?, &file.path)?;
        Ok(Text { path: file.path.clone(), format: file.format, text })
    };
    found.par_iter().map(one).collect()
}

/// Text of a file's bytes, as kubectl reads it: UTF-8, or UTF-16 behind its byte order mark. The mark is left out.
///
/// # Errors
/// `discover::encoding` with the line of the first byte that is not text.
pub fn decode(bytes: Vec<u8>, path: &str) -> Result<String, Diagnostic> {
    match bytes.as_slice() {
        [0xEF, 0xBB, 0xBF, rest @ ..] => utf8(rest.to_vec(), path),
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes, path),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes, path),
        _ => utf8(bytes, path),
    }
}

fn bytes(file: &Path, path: &str) -> Result<Vec<u8>, Diagnostic> {
    let failed = |e: std::io::Error| unreadable(path, &e.to_string());
    let mut bytes = Vec::new();
    // One byte more than the limit tells a file that is too large, also when it grows meanwhile.
    File::open(file).map_err(failed)?.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(Diagnostic::error("discover::too-large", format!("{path} is larger than {MAX_FILE} bytes"))
            .in_file(path)
            .help("files this large are not judged; split it, or ignore it"));
    }
    Ok(bytes)
}

fn utf8(bytes: Vec<u8>, path: &str) -> Result<String, Diagnostic> {
    String::from_utf8(bytes).map_err(|e| {
        let offset = e.utf8_error().valid_up_to();
        let before = e.as_bytes().get(..offset).unwrap_or_default();
        not_text(path, "UTF-8", offset, 1 + before.iter().filter(|b| **b == b'\n').count())
    })
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16, path: &str) -> Result<String, Diagnostic> {
    let (pairs, odd) = bytes.as_chunks::<2>();
    let mut text = String::with_capacity(pairs.len());
    let mut offset = 2;
    for decoded in char::decode_utf16(pairs.iter().copied().map(unit)) {
        let Ok(c) = decoded else { return Err(not_text(path, "UTF-16", offset, 1 + text.matches('\n').count())) };
        offset += 2 * c.len_utf16();
        text.push(c);
    }
    if odd.is_empty() { Ok(text) } else { Err(not_text(path, "UTF-16", offset, 1 + text.matches('\n').count())) }
}

fn not_text(path: &str, encoding: &str, offset: usize, line: usize) -> Diagnostic {
    Diagnostic::error("discover::encoding", format!("{path} is not {encoding}: line {line}, byte {offset}"))
        .in_file(path)
        .help("save the file as UTF-8")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decoded(bytes: &[u8]) -> Result<String, String> {
        decode(bytes.to_vec(), "a.yaml").map_err(|d| d.message)
    }

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(bytes).collect()
    }

    #[test]
    fn marks_are_left_out() {
        assert_eq!(decoded(b"\xEF\xBB\xBFa: 1").as_deref(), Ok("a: 1"));
        assert_eq!(decoded(b"").as_deref(), Ok(""));
    }

    #[test]
    fn what_is_not_text_is_named_by_line_and_byte() {
        assert_eq!(decoded(b"a: 1\nb: \xFF\n"), Err("a.yaml is not UTF-8: line 2, byte 8".into()));
        assert_eq!(decoded(b"\xFF\xFE\n\0\x00\xD8"), Err("a.yaml is not UTF-16: line 2, byte 4".into()));
        assert_eq!(decoded(b"\xFF\xFEa"), Err("a.yaml is not UTF-16: line 1, byte 2".into()));
    }

    proptest! {
        #[test]
        fn utf16_of_both_orders_is_read(text in "\\PC{0,40}") {
            prop_assert_eq!(decoded(&utf16(&text, u16::to_le_bytes)), Ok(text.clone()));
            prop_assert_eq!(decoded(&utf16(&text, u16::to_be_bytes)), Ok(text));
        }

        #[test]
        fn any_bytes_give_text_or_a_diagnostic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = decoded(&bytes);
        }
    }
}
