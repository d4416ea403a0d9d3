//! What is said about files that have nothing to do with the change.

use crate::finding::{Diagnostic, Level};
use crate::source::Sources;

use super::workspace::{Difference, Prefix};

/// Marks warnings and notes about files in whose folders nothing differs. Errors stand: what cannot be judged is nobody's aside.
pub(super) fn mark(said: &mut [Diagnostic], difference: &Difference, prefix: &Prefix, sources: &Sources) {
    let folder = |path: &str| path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
    let paths = difference.changes.iter().flat_map(|file| [Some(&file.path), file.previous_path.as_ref()]);
    let touched: std::collections::BTreeSet<String> = paths.flatten().map(|path| folder(path)).collect();
    for one in said.iter_mut().filter(|one| one.level != Level::Error) {
        let source = one.span.and_then(|span| sources.get(span.source)).map(|source| &source.path);
        let path = source.or(one.path.as_ref()).and_then(|shown| prefix.strip(shown));
        one.aside = path.is_some_and(|path| !touched.contains(&folder(path)));
    }
}
