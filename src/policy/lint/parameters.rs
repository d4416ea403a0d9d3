//! What the parameters of functions stand for: the parts of the input that every call hands over.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use super::super::rego::ast::{Rule, Term, TermKind};
use super::super::rego::visit::{self, Visitor};
use super::shape::{Led, Places};
use super::{Linted, Program};
use crate::facts::Shape;

/// The shapes of the parameters of each function, by its path below `data`.
pub(super) type Parameters = BTreeMap<Vec<Arc<str>>, Vec<Shape>>;

/// Rounds until nothing new is learnt: a function hands its own parameters on, and chains of calls are short.
const MOST_ROUNDS: usize = 8;

/// Where a rule stands below `data`.
pub(super) fn path(module: &Linted<'_>, rule: &Rule) -> Vec<Arc<str>> {
    module.resolved.package.iter().cloned().chain(rule.head.ground()).collect()
}

/// What the policies hand to their functions; tests hand over what they make up. Where calls differ, or hand over something that
/// is not of the input, it may be anything. Nothing when it is not settled after [`MOST_ROUNDS`].
pub(super) fn of(program: &Program<'_>) -> Parameters {
    let mut known = Parameters::new();
    for _ in 0..MOST_ROUNDS {
        let next = round(program, &known);
        if next == known {
            return known;
        }
        known = next;
    }
    Parameters::new()
}

fn round(program: &Program<'_>, known: &Parameters) -> Parameters {
    let mut handed = Parameters::new();
    for module in program.modules.iter().filter(|module| !module.is_test()) {
        let input = program.input_of(module);
        for rule in &module.resolved.rules {
            let places = Places::with_parameters(&input, rule, known.get(&path(module, rule)));
            visit::each_part_of_rule(&mut Calls { places: &places, handed: &mut handed }, rule);
        }
    }
    handed
}

struct Calls<'a, 'h> {
    places: &'a Places<'a>,
    handed: &'h mut Parameters,
}

impl Visitor for Calls<'_, '_> {
    fn term(&mut self, term: &Term) {
        if let TermKind::Call(function, args) = &term.kind
            && let Some(names) = function.names()
            && let Some((first, path)) = names.split_first()
            && **first == *"data"
        {
            let handed = |arg: &Term| match self.places.follow(arg) {
                Led::To(shape, _) => shape,
                Led::Elsewhere | Led::Nowhere(..) => &Shape::Any,
            };
            match self.handed.entry(path.to_vec()) {
                Entry::Vacant(new) => {
                    new.insert(args.iter().map(|arg| handed(arg).clone()).collect());
                }
                Entry::Occupied(mut known) => {
                    for (known, arg) in known.get_mut().iter_mut().zip(args) {
                        if *known != Shape::Any && known != handed(arg) {
                            *known = Shape::Any;
                        }
                    }
                }
            }
        }
        visit::each_part(self, term);
    }
}
