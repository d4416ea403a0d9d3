//! Which lines of the policies were evaluated, as lines of the originals.

use std::collections::{BTreeMap, BTreeSet};

use super::Engine;

/// 1-based lines of one module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// Evaluated at least once, whatever came out.
    pub covered: BTreeSet<u32>,
    /// Never evaluated.
    pub missed: BTreeSet<u32>,
}

/// Lines by the path of the module.
pub type Coverage = BTreeMap<String, Lines>;

/// Adds what another run saw: a line that either evaluated is covered.
pub fn merge(whole: &mut Coverage, more: Coverage) {
    for (path, lines) in more {
        let known = whole.entry(path).or_default();
        known.covered.extend(lines.covered);
        known.missed.extend(lines.missed);
        known.missed.retain(|line| !known.covered.contains(line));
    }
}

impl Engine {
    /// Notes from now on which lines are evaluated; what was noted before is forgotten.
    pub fn track_coverage(&mut self) {
        self.inner.set_enable_coverage(true);
        self.inner.clear_coverage_data();
    }

    /// The lines of every module since [`Engine::track_coverage`].
    pub fn coverage(&self) -> Coverage {
        let report = self.inner.get_coverage_report().map(|report| report.files).unwrap_or_default();
        let seen: BTreeMap<&str, _> = report.iter().map(|file| (file.path.as_str(), file)).collect();
        let module = |(path, loaded): (&String, &super::Loaded)| {
            let mut lines = Lines::default();
            for (emitted, originals) in loaded.lines() {
                let of = |set: &BTreeSet<u32>| set.contains(&emitted);
                match seen.get(path.as_str()) {
                    Some(file) if of(&file.covered) => lines.covered.extend(originals),
                    Some(file) if !of(&file.not_covered) => {}
                    // A module that nothing was asked of does not appear in the report.
                    _ => lines.missed.extend(originals),
                }
            }
            lines.missed.retain(|line| !lines.covered.contains(line));
            (path.clone(), lines)
        };
        self.loaded.iter().map(module).collect()
    }
}
