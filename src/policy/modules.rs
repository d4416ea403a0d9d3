//! The modules of a library and the engines that are made of them.
//!
//! An engine costs what it holds, and a run asks for a part of the embedded library. So engines are made when somebody
//! asks, of the modules that can be reached from what is asked for, and kept for whoever asks for no more than that.
//! Modules from elsewhere are part of every engine. What is left out can be reached by no rule that is asked
//! ([`Outline::reaches`]), so that it can change no answer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::engine::Engine;
use super::outline::Outline;
use super::reads::Reads;
use super::rego::{self, Dialect, Module};
use crate::finding::Diagnostic;
use crate::source::{Revision, SourceId, Sources};

/// Modules without a fault, and engines made of them.
#[derive(Default)]
pub(super) struct Modules {
    sources: Sources,
    /// In the order in which they were given.
    outlines: BTreeMap<SourceId, Outline>,
    /// Those that were written for Conftest, and may be Rego v0.
    of_conftest: BTreeSet<SourceId>,
    /// What was left out because of a fault.
    gone: Vec<Outline>,
    made: Mutex<Vec<(BTreeSet<SourceId>, Engine)>>,
}

/// Why no engine could be made: faults with the modules that have them.
pub(super) type Faults = Vec<(SourceId, Diagnostic)>;

impl Drop for Modules {
    /// Taking the engines apart takes a tenth of a small run: nobody waits for it.
    fn drop(&mut self) {
        let made = std::mem::take(self.made.get_mut().unwrap_or_else(PoisonError::into_inner));
        if !made.is_empty() {
            std::thread::spawn(move || drop(made));
        }
    }
}

impl Modules {
    /// Modules of these sources; `of_conftest` are those that were written for Conftest.
    pub(super) fn new(sources: &Sources, of_conftest: &BTreeSet<SourceId>) -> Self {
        Self {
            sources: sources.clone(),
            outlines: BTreeMap::new(),
            of_conftest: of_conftest.clone(),
            gone: Vec::new(),
            made: Mutex::default(),
        }
    }

    /// Adds modules with what is known about them, and what could not be read.
    pub(super) fn extend(&mut self, outlines: impl IntoIterator<Item = (SourceId, Outline)>, gone: Vec<Outline>) {
        self.outlines.extend(outlines);
        self.gone.extend(gone);
    }

    /// Whether a module was written for Conftest.
    pub(super) fn is_of_conftest(&self, id: SourceId) -> bool {
        self.of_conftest.contains(&id)
    }

    /// Whether a module is there, which is one without a fault.
    pub(super) fn has(&self, id: SourceId) -> bool {
        self.outlines.contains_key(&id)
    }

    /// Reads the text of a module in the dialect that it may be written in.
    pub(super) fn parsed(&self, id: SourceId) -> Option<Result<Module, rego::Fault>> {
        let text = &self.sources.get(id)?.text;
        Some(if self.is_of_conftest(id) { rego::parse_any(text) } else { rego::parse(text, Dialect::V1) })
    }

    /// Every module.
    pub(super) fn all(&self) -> BTreeSet<SourceId> {
        self.outlines.keys().copied().collect()
    }

    /// The modules that do not come with this program.
    pub(super) fn foreign(&self) -> BTreeSet<SourceId> {
        self.outlines.keys().copied().filter(|id| !is_embedded(&self.sources, *id)).collect()
    }

    /// The modules of a package.
    pub(super) fn of_package(&self, package: &str) -> BTreeSet<SourceId> {
        let is_of = |(_, outline): &(&SourceId, &Outline)| outline.package() == package;
        self.outlines.iter().filter(is_of).map(|(id, _)| *id).collect()
    }

    /// Leaves the modules out that have a fault, and tells the faults. Where there is one, everything is looked at; what
    /// then fails because it needs a module that was left out says only that.
    pub(super) fn leave_out_faulty(&mut self) -> Faults {
        let mut found = Faults::new();
        let mut faults = self.faults();
        if !faults.is_empty() {
            faults = self.all_faults();
        }
        while !faults.is_empty() {
            let faulty: BTreeSet<SourceId> = faults.iter().map(|(id, _)| *id).collect();
            found.extend(self.without_follow_ups(faults));
            let (gone, rest): (BTreeMap<_, _>, BTreeMap<_, _>) =
                std::mem::take(&mut self.outlines).into_iter().partition(|(id, _)| faulty.contains(id));
            self.outlines = rest;
            if gone.is_empty() {
                return found;
            }
            self.gone.extend(gone.into_values());
            faults = self.all_faults();
        }
        found
    }

    /// One fault in the place of all that a module has because it needs one that was left out.
    fn without_follow_ups(&self, faults: Faults) -> Faults {
        let mut told = BTreeSet::new();
        let needs_faulty = |id: &SourceId| {
            self.outlines.get(id).is_some_and(|outline| self.gone.iter().any(|gone| outline.reaches(gone)))
        };
        let short = |(id, fault): (SourceId, Diagnostic)| {
            if !needs_faulty(&id) {
                return Some((id, fault));
            }
            let follow_up = Diagnostic::error("policy::needs-faulty", "this needs a module that has a fault");
            let help = format!("mend that first; until then {}", fault.message);
            told.insert(id).then(|| (id, Diagnostic { span: fault.span, ..follow_up.help(help) }))
        };
        faults.into_iter().filter_map(short).collect()
    }

    /// An engine that answers what these modules and those from elsewhere ask; clones of it share what was prepared.
    ///
    /// # Errors
    /// Every fault that was found, with its module.
    pub(super) fn engine(&self, asked: BTreeSet<SourceId>) -> Result<Engine, Faults> {
        let needed = self.reached_from(asked);
        if let Some(made) = self.kept(&needed) {
            return Ok(made);
        }
        let mut engine = self.make(&needed)?;
        engine.prepare();
        self.made.lock().unwrap_or_else(PoisonError::into_inner).push((needed, engine.clone()));
        Ok(engine)
    }

    /// What is wrong with the modules from elsewhere, and with what they reach.
    pub(super) fn faults(&self) -> Faults {
        match self.foreign() {
            none if none.is_empty() => Faults::new(),
            foreign => self.make(&self.reached_from(foreign)).err().unwrap_or_default(),
        }
    }

    /// What is wrong with all modules together.
    pub(super) fn all_faults(&self) -> Faults {
        self.make(&self.all()).err().unwrap_or_default()
    }

    fn kept(&self, needed: &BTreeSet<SourceId>) -> Option<Engine> {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.iter().find(|(held, _)| needed.is_subset(held)).map(|(_, engine)| engine.clone())
    }

    /// These, those from elsewhere, and all that can be reached from them.
    pub(super) fn reached_from(&self, mut found: BTreeSet<SourceId>) -> BTreeSet<SourceId> {
        found.extend(self.foreign());
        self.closure(found)
    }

    /// These, and all that can be reached from them.
    fn closure(&self, mut found: BTreeSet<SourceId>) -> BTreeSet<SourceId> {
        let mut open: Vec<SourceId> = found.iter().copied().collect();
        while let Some(outline) = open.pop().and_then(|id| self.outlines.get(&id)) {
            let reached = self.outlines.iter().filter(|(_, other)| outline.reaches(other)).map(|(id, _)| *id);
            open.extend(reached.filter(|id| found.insert(*id)));
        }
        found
    }

    /// What these modules, and all that can be reached from each, read of the input.
    pub(super) fn reads(&self, asked: &BTreeSet<SourceId>) -> BTreeMap<SourceId, Reads> {
        let text = |id: &SourceId| Some((*id, self.sources.get(*id)?.text.clone()));
        let texts: Vec<_> = self.outlines.keys().filter_map(text).collect();
        let alone: BTreeMap<SourceId, Reads> =
            texts.par_iter().map(|(id, text)| (*id, Reads::of(text, is_embedded(&self.sources, *id)))).collect();
        let together = |id: &SourceId| {
            let mut reads = Reads::default();
            self.closure(BTreeSet::from([*id])).iter().filter_map(|id| alone.get(id)).for_each(|one| reads.add(one));
            (*id, reads)
        };
        asked.par_iter().map(together).collect()
    }

    /// What every module says, and how it was read: whatever an engine is made of.
    pub(super) fn digest(&self, hash: &mut Sha256) {
        for id in self.outlines.keys() {
            let Some(source) = self.sources.get(*id) else { continue };
            let embedded = is_embedded(&self.sources, *id);
            hash.update([u8::from(embedded), u8::from(self.is_of_conftest(*id))]);
            for text in [&*source.path, &*source.text] {
                hash.update((text.len() as u64).to_le_bytes());
                hash.update(text.as_bytes());
            }
        }
    }

    fn make(&self, needed: &BTreeSet<SourceId>) -> Result<Engine, Faults> {
        let parsed = self.parse(needed)?;
        let compiled = rego::compile_trusting(parsed, &|id| is_embedded(&self.sources, id))
            .map_err(|faults| faults.into_iter().map(|(id, fault)| (id, fault.in_source(id))).collect::<Faults>())?;
        let mut engine = Engine::new();
        let faults = engine.install(&self.sources, compiled);
        if faults.is_empty() { Ok(engine) } else { Err(faults) }
    }

    fn parse(&self, needed: &BTreeSet<SourceId>) -> Result<Vec<(SourceId, Module)>, Faults> {
        let read = |id: &SourceId| Some((*id, self.parsed(*id)?));
        let ids: Vec<SourceId> = needed.iter().copied().collect();
        let (mut modules, mut faults) = (Vec::new(), Faults::new());
        for (id, read) in ids.par_iter().filter_map(read).collect::<Vec<_>>() {
            match read {
                Ok(module) => modules.push((id, module)),
                Err(fault) => faults.push((id, fault.in_source(id))),
            }
        }
        if faults.is_empty() { Ok(modules) } else { Err(faults) }
    }
}

/// Whether a module comes with this program: its checks are tests, done when the program was built.
pub(super) fn is_embedded(sources: &Sources, id: SourceId) -> bool {
    sources.get(id).is_some_and(|source| source.revision == Revision::Embedded)
}
