//! Short names: all rules of a program in one package.
//!
//! The engine writes the path of a function out at each call, and the path of the package around it twice, part by
//! part. Where every rule is named by its whole path, that path can be any other. So the rules of all modules move to
//! one package, each under a name of its own, and functions are called by that name alone: a fifth of an evaluation.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::ast::{Expr, Module, Term, TermKind};
use super::lower::FRESH;
use super::print::{is_keyword, is_name};
use super::visit::{self, Visitor};
use crate::source::SourceId;

/// The package that all rules move to.
pub(super) const PACKAGE: &str = FRESH;

/// What the rules are called.
#[derive(Debug, Default)]
pub(super) struct Names {
    root: Node,
}

#[derive(Debug, Default)]
struct Node {
    children: BTreeMap<Arc<str>, Node>,
    /// Of the package that ends here, when there is one: its number and the first names of its rules.
    package: Option<(usize, BTreeSet<Arc<str>>)>,
}

impl Names {
    /// Names for the rules of lowered modules. None where a path means more than the rule at it: something below `data` is replaced, a
    /// package stands below a rule, or a name cannot be written as one.
    pub(super) fn of(modules: &[(SourceId, Module)]) -> Option<Self> {
        let mut replaced = Replaced(false);
        let mut names = Self::default();
        let mut packages = 0;
        for (_, module) in modules {
            module.rules.iter().for_each(|rule| visit::each_part_of_rule(&mut replaced, rule));
            let node = module
                .package
                .iter()
                .fold(&mut names.root, |node, name| node.children.entry(name.clone()).or_default());
            let (_, rules) = node.package.get_or_insert_with(|| {
                packages += 1;
                (packages, BTreeSet::new())
            });
            rules.extend(module.rules.iter().map(|rule| Arc::from(rule.head.name())));
        }
        (!replaced.0 && names.root.is_sound()).then_some(names)
    }

    /// The name of the rule at a path below `data`, and how many parts of the path it stands for.
    pub(super) fn rule(&self, path: &[Term]) -> Option<(String, usize)> {
        let mut node = &self.root;
        for (depth, part) in path.iter().enumerate() {
            let TermKind::String(name) = &part.kind else { return None };
            if let Some((package, rules)) = &node.package
                && rules.contains(name)
            {
                return Some((short(name, *package), depth + 1));
            }
            node = node.children.get(name)?;
        }
        None
    }

    /// The name of a rule of a module by the first name of its head.
    pub(super) fn head(&self, module: &Module, name: &str) -> Option<String> {
        let node = module.package.iter().try_fold(&self.root, |node, name| node.children.get(name))?;
        node.package.as_ref().map(|(package, _)| short(name, *package))
    }

    /// Where each rule is asked for, by its whole path.
    pub(super) fn asked(&self) -> HashMap<String, String> {
        let mut found = HashMap::new();
        self.root.asked("data", &mut found);
        found
    }
}

impl Node {
    /// No package below a rule, and no name that only quotes can hold.
    fn is_sound(&self) -> bool {
        let none = BTreeSet::new();
        let rules = self.package.as_ref().map_or(&none, |(_, rules)| rules);
        rules.iter().all(|name| is_name(name) && !is_keyword(name) && !self.children.contains_key(name))
            && self.children.iter().all(|(name, child)| is_name(name) && child.is_sound())
    }

    fn asked(&self, here: &str, found: &mut HashMap<String, String>) {
        if let Some((package, rules)) = &self.package {
            let place =
                |name: &Arc<str>| (format!("{here}.{name}"), format!("data.{PACKAGE}.{}", short(name, *package)));
            found.extend(rules.iter().map(place));
        }
        for (name, child) in &self.children {
            child.asked(&format!("{here}.{name}"), found);
        }
    }
}

fn short(name: &str, package: usize) -> String {
    format!("{name}{FRESH}{package}")
}

/// Whether a modifier replaces something below `data`.
struct Replaced(bool);

impl Visitor for Replaced {
    fn expr(&mut self, expr: &Expr) {
        let of_data =
            |term: &Term| term.names().is_some_and(|names| names.first().is_some_and(|name| &**name == "data"));
        self.0 |= expr.with.iter().any(|with| of_data(&with.target) || of_data(&with.value));
        visit::each_part_of(self, expr);
    }
}
