//! Imports that nobody uses, and imports that stand there twice.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::rego::ast::{Import, Term, TermKind};
use super::super::rego::visit::{self, Visitor};
use super::{Linted, fault};
use crate::finding::Diagnostic;

pub(super) const CODE: &str = "lint::unused-import";

pub(super) fn check(module: &Linted<'_>, found: &mut Vec<Diagnostic>) {
    let mut used = Used(BTreeSet::new());
    module.written.rules.iter().for_each(|rule| visit::each_part_of_rule(&mut used, rule));
    let mut seen: BTreeSet<&Arc<str>> = BTreeSet::new();
    for import in module.written.imports.iter().filter(|import| !is_keyword(import)) {
        let name = import.name();
        if !seen.insert(name) {
            found.push(fault(CODE, module, import.range, format!("`{name}` is imported twice")).help("leave one out"));
        } else if !used.0.contains(name) {
            let message = format!("`{name}` is imported and not used");
            found.push(fault(CODE, module, import.range, message).help("leave the import out"));
        }
    }
}

/// `import rego.v1` and `import future.keywords` say how the module is written.
fn is_keyword(import: &Import) -> bool {
    import.path.first().is_some_and(|first| matches!(&**first, "rego" | "future"))
}

struct Used(BTreeSet<Arc<str>>);

impl Visitor for Used {
    fn term(&mut self, term: &Term) {
        if let TermKind::Var(name) = &term.kind {
            self.0.insert(name.clone());
        }
        visit::each_part(self, term);
    }
}
