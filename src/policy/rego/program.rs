//! All modules of a run together: which rules exist, by their full path.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::ast::{Module, Rule};
use crate::source::SourceId;

/// A path into `data`, without the `data`.
pub(super) type RulePath = Vec<Arc<str>>;

/// Which rules the modules declare.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    pub(super) root: Node,
    /// First names of the rules of each package.
    pub(super) names: BTreeMap<RulePath, BTreeSet<Arc<str>>>,
    /// How many arguments the rules take that are functions.
    arities: BTreeMap<Place, usize>,
    /// Rules whose path goes on behind its constant part: `a[x].b` and `a[x] contains y`.
    deep: BTreeSet<Place>,
}

/// What stands at a path.
#[derive(Clone, Debug, Default)]
pub(super) struct Node {
    /// Packages and rules below.
    pub(super) children: BTreeMap<Arc<str>, Node>,
    /// The rules whose constant path ends here.
    pub(super) rules: Vec<Place>,
    /// A package ends here.
    pub(super) package: bool,
}

/// A rule, as module and position in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) module: usize,
    pub(super) rule: usize,
}

impl Index {
    pub(super) fn new(modules: &[(SourceId, Module)]) -> Self {
        let mut index = Self::default();
        for (m, (_, module)) in modules.iter().enumerate() {
            index.root.at(&module.package).package = true;
            for (r, rule) in module.rules.iter().enumerate() {
                let path = path_of(module, rule);
                let place = Place { module: m, rule: r };
                index.root.at(&path).rules.push(place);
                if let Some(args) = &rule.head.args {
                    index.arities.insert(place, args.len());
                }
                let variable = rule.head.path.len() - rule.head.ground().len().min(rule.head.path.len());
                if variable > 1 || variable == 1 && rule.head.key.is_some() {
                    index.deep.insert(place);
                }
                index.names.entry(module.package.clone()).or_default().insert(rule.head.name().into());
            }
        }
        index
    }

    /// The paths of all rules.
    pub(super) fn paths(&self) -> Vec<RulePath> {
        let mut found = Vec::new();
        self.root.paths(&mut Vec::new(), &mut found);
        found
    }

    /// How many arguments a rule takes; none when it is no function.
    pub(super) fn arity(&self, place: Place) -> Option<usize> {
        self.arities.get(&place).copied()
    }

    /// Whether rules of one path are maps of maps or of sets: the engine leaves them undefined when they are empty.
    pub(super) fn is_deep(&self, rules: &[Place]) -> bool {
        rules.iter().any(|place| self.deep.contains(place))
    }

    /// Whether rules of one path are a function.
    pub(super) fn is_function(&self, rules: &[Place]) -> bool {
        rules.iter().any(|place| self.arities.contains_key(place))
    }

    /// The node at a path.
    pub(super) fn node(&self, path: &[Arc<str>]) -> Option<&Node> {
        path.iter().try_fold(&self.root, |node, name| node.children.get(name))
    }

    /// The deepest node with rules on the way along a path, and how many parts led there.
    pub(super) fn rule_on(&self, path: &[Arc<str>]) -> Option<(&Node, usize)> {
        let mut node = &self.root;
        let mut found = None;
        for (depth, name) in path.iter().enumerate() {
            let Some(child) = node.children.get(name) else { break };
            node = child;
            if !node.rules.is_empty() {
                found = Some((node, depth + 1));
            }
        }
        found
    }
}

impl Node {
    fn at(&mut self, path: &[Arc<str>]) -> &mut Node {
        path.iter().fold(self, |node, name| node.children.entry(name.clone()).or_default())
    }

    fn paths(&self, here: &mut RulePath, found: &mut Vec<RulePath>) {
        if !self.rules.is_empty() {
            found.push(here.clone());
        }
        for (name, child) in &self.children {
            here.push(name.clone());
            child.paths(here, found);
            here.pop();
        }
    }

    /// Every rule here and below.
    pub(super) fn all(&self, into: &mut Vec<Place>) {
        into.extend(&self.rules);
        self.children.values().for_each(|child| child.all(into));
    }
}

/// Package and constant head of a rule.
pub(super) fn path_of(module: &Module, rule: &Rule) -> RulePath {
    module.package.iter().cloned().chain(rule.head.ground()).collect()
}
