//! `time.now_ns`: the instant comes in as `input.now_ns`, so that a verdict can be repeated.

use super::super::rego::ast::{Term, TermKind};
use super::super::rego::visit::{self, Visitor};
use super::{Linted, fault};
use crate::finding::Diagnostic;

pub(super) const CODE: &str = "lint::clock";

pub(super) fn check(module: &Linted<'_>, found: &mut Vec<Diagnostic>) {
    let mut calls = Calls(Vec::new());
    module.resolved.rules.iter().for_each(|rule| visit::each_part_of_rule(&mut calls, rule));
    found.extend(calls.0.into_iter().map(|range| {
        fault(CODE, module, range, "a policy asks the clock").help(if module.of_conftest {
            OF_CONFTEST
        } else {
            "read `input.now_ns`, the instant that the gate judges at"
        })
    }));
}

const OF_CONFTEST: &str = "hand the instant over with `--data`, and read it there";

struct Calls(Vec<super::Range>);

impl Visitor for Calls {
    fn term(&mut self, term: &Term) {
        if let TermKind::Call(function, _) = &term.kind
            && function.names().is_some_and(|names| names.join(".") == "time.now_ns")
        {
            self.0.push(term.range);
        }
        visit::each_part(self, term);
    }
}
