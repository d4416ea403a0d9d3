//! What OPA's compiler refuses: it is refused here at load, with its place, and not found out at the gate.

mod calls;
mod graph;
mod heads;
pub(super) mod safety;
mod values;

use rayon::prelude::*;

use super::Fault;
use super::ast::Module;
use super::lower::Mocks;
use super::program::Index;
use crate::source::SourceId;

/// Every fault of the resolved modules; those that are trusted are only looked at as parts of the whole.
pub(super) fn program(
    modules: &[(SourceId, Module)],
    index: &Index,
    mocks: &Mocks,
    trusted: &(dyn Fn(SourceId) -> bool + Sync),
) -> Vec<(SourceId, Fault)> {
    let mut faults = heads::check(modules, index);
    if modules.iter().all(|(id, _)| trusted(*id)) {
        return faults;
    }
    faults.extend(graph::check(modules, index));
    let own = modules.par_iter().filter(|(id, _)| !trusted(*id)).flat_map_iter(|(id, module)| {
        let found = calls::check(module, index, mocks).into_iter().chain(safety::check(module));
        found.map(|fault| (*id, fault))
    });
    faults.par_extend(own);
    if faults.is_empty() {
        faults.extend(values::check(modules, index, trusted));
    }
    faults
}
