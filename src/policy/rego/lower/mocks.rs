//! Functions that `with` replaces, and functions that several modules define.
//!
//! The engine replaces functions only by their full path and only those that it knows. A built-in function that
//! some module replaces is therefore called through a generated function everywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::ast::{Expr, ExprKind, Head, Module, Rule, Term, TermKind, With};
use super::super::program::{Index, path_of};
use super::super::{refused, signatures, visit};
use super::{FRESH, PACKAGE, joined_name};
use crate::source::SourceId;

/// Built-in functions that are called through generated ones.
#[derive(Debug, Default)]
pub(in crate::policy::rego) struct Mocks {
    names: BTreeSet<String>,
}

impl Mocks {
    /// Finds what the modules replace.
    pub(in crate::policy::rego) fn of(modules: &[(SourceId, Module)]) -> Self {
        let mut finder = Finder { names: BTreeSet::new() };
        for (_, module) in modules {
            module.rules.iter().for_each(|rule| visit::each_part_of_rule(&mut finder, rule));
        }
        Self { names: finder.names }
    }

    /// Whether a built-in function is replaced somewhere.
    pub(in crate::policy::rego) fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Calls the generated function instead.
    pub(super) fn redirect(&self, function: &mut Term, name: &str) {
        if self.has(name) {
            *function = generated(function, name);
        }
    }

    /// Redirects the target, and the value when it names a function; whether it does.
    pub(super) fn replacement(&mut self, with: &mut With, index: &Index) -> bool {
        let target = with.target.names().map(|n| joined_name(&n)).unwrap_or_default();
        let of_function =
            signatures::arity(&target).is_some() || with.target.names().is_some_and(|names| is_function(&names, index));
        if self.has(&target) {
            with.target = generated(&with.target, &target);
        }
        let Some(names) = with.value.names().filter(|_| of_function) else { return false };
        let value = joined_name(&names);
        if self.has(&value) {
            with.value = generated(&with.value, &value);
            return true;
        }
        is_function(&names, index)
    }

    /// The generated functions as rules of the generated package.
    pub(in crate::policy::rego) fn text(&self) -> String {
        let mut text = String::new();
        for name in &self.names {
            let arity = signatures::arity(name).unwrap_or(0);
            let args: Vec<String> = (0..arity).map(|i| format!("a{i}")).collect();
            let args = args.join(", ");
            let body =
                if refused(name).is_some() { format!("{FRESH}_refuse(\"{name}\")") } else { format!("{name}({args})") };
            text.push_str(&format!("{}({args}) := {body}\n\n", local_name(name)));
        }
        text
    }
}

fn local_name(name: &str) -> String {
    format!("builtin_{}", name.replace('.', "__"))
}

fn generated(at: &Term, name: &str) -> Term {
    let path = [PACKAGE, &local_name(name)].map(|part| Term::string(at.range, part)).to_vec();
    Term::new(at.range, TermKind::Ref(Box::new(Term::var(at.range, "data")), path))
}

fn is_function(names: &[Arc<str>], index: &Index) -> bool {
    let rules = names.get(1..).and_then(|path| index.node(path)).map(|node| &node.rules);
    names.first().is_some_and(|n| &**n == "data") && rules.is_some_and(|r| !r.is_empty() && index.is_function(r))
}

struct Finder {
    names: BTreeSet<String>,
}

impl visit::Visitor for Finder {
    fn expr(&mut self, expr: &Expr) {
        for with in &expr.with {
            let target = with.target.names().map(|n| joined_name(&n)).unwrap_or_default();
            let value = with.value.names().map(|n| joined_name(&n)).unwrap_or_default();
            let of_builtin = signatures::arity(&target).is_some();
            if (of_builtin || target.starts_with("data.")) && signatures::arity(&value).is_some() {
                self.names.insert(value);
            }
            if of_builtin {
                self.names.insert(target);
            }
        }
        visit::each_part_of(self, expr);
    }
}

/// A function of several modules: each gets a name of its own, and the first module calls them all.
pub(super) fn join_functions(modules: &mut [(SourceId, Module)]) {
    let mut homes: BTreeMap<Vec<Arc<str>>, BTreeSet<usize>> = BTreeMap::new();
    for (m, (_, module)) in modules.iter().enumerate() {
        for rule in module.rules.iter().filter(|r| r.head.args.is_some()) {
            homes.entry(path_of(module, rule)).or_default().insert(m);
        }
    }
    for (path, homes) in homes.into_iter().filter(|(_, homes)| homes.len() > 1) {
        let mut rest = homes.iter().copied();
        let Some(first) = rest.next() else { continue };
        for m in rest {
            let suffix = format!("{FRESH}m{m}");
            let renamed = modules.get_mut(m).and_then(|(_, module)| rename(module, &path, &suffix));
            if let Some((head, name)) = renamed
                && let Some((_, home)) = modules.get_mut(first)
            {
                home.rules.push(dispatch(head, &path, &name));
            }
        }
    }
}

fn rename(module: &mut Module, path: &[Arc<str>], suffix: &str) -> Option<(Head, Arc<str>)> {
    let mut first = None;
    for i in 0..module.rules.len() {
        let here = module.rules.get(i).is_some_and(|rule| path_of(module, rule) == path && !rule.default);
        let Some(rule) = module.rules.get_mut(i).filter(|_| here) else { continue };
        first.get_or_insert_with(|| rule.head.clone());
        if let Some(last) = rule.head.path.last_mut()
            && let TermKind::Var(name) | TermKind::String(name) = &mut last.kind
        {
            *name = format!("{name}{suffix}").into();
        }
    }
    let name: Arc<str> = format!("{}{suffix}", path.last()?).into();
    Some((first?, name))
}

fn dispatch(head: Head, path: &[Arc<str>], name: &str) -> Rule {
    let range = head.range;
    let count = head.args.as_ref().map_or(0, Vec::len);
    let args: Vec<Term> = (0..count).map(|i| Term::var(range, &format!("{FRESH}a{i}"))).collect();
    let parts = path.iter().take(path.len().saturating_sub(1)).map(|p| Term::string(range, p));
    let parts = parts.chain([Term::string(range, name)]).collect();
    let function = Term::new(range, TermKind::Ref(Box::new(Term::var(range, "data")), parts));
    let call = Term::new(range, TermKind::Call(Box::new(function), args.clone()));
    let result = Term::var(range, &format!("{FRESH}r"));
    let body = vec![Expr::new(range, ExprKind::Assign(result.clone(), call))];
    let head = Head { args: Some(args), key: None, value: Some(result), ..head };
    Rule { range, default: false, head, body: Some(body), elses: Vec::new(), chained: false }
}
