//! What OPA's compiler refuses: it is refused here at load, with its place, and not found out at the gate.

mod calls;
mod graph;
mod heads;
mod safety;
mod values;

use super::Fault;
use super::ast::Module;
use super::lower::Mocks;
use super::program::Index;
use crate::source::SourceId;

/// Every fault of the resolved modules.
pub(super) fn program(modules: &[(SourceId, Module)], index: &Index, mocks: &Mocks) -> Vec<(SourceId, Fault)> {
    let mut faults = heads::check(modules, index);
    faults.extend(graph::check(modules, index));
    for (id, module) in modules {
        let mut found = calls::check(module, index, mocks);
        found.extend(safety::check(module));
        faults.extend(found.into_iter().map(|fault| (*id, fault)));
    }
    if faults.is_empty() {
        faults.extend(values::check(modules, index));
    }
    faults
}
