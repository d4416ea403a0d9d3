//! Documents of packages: `data.policies[p].deny` as a generated rule.
//!
//! The engine loses rules when a whole package is asked for, but never when a rule is asked for by its path. So a
//! reference into a package becomes one to a generated partial object with an entry for each rule that the
//! reference can reach, and only those: a rule may ask for its neighbours without asking for itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::ast::{Expr, ExprKind, Term, TermKind, With};
use super::super::print::quote;
use super::super::program::{Index, Node};
use super::{FRESH, PACKAGE};

/// Generated documents.
#[derive(Debug, Default)]
pub(in crate::policy::rego) struct Documents {
    names: BTreeMap<String, usize>,
    text: String,
}

/// What a reference asks for at one step: a name, or anything.
type Step = Option<Arc<str>>;

impl Documents {
    /// The rules of the documents, of the package [`PACKAGE`].
    pub(in crate::policy::rego) fn text(&self) -> &str {
        &self.text
    }

    /// Lets a reference into a package point to a generated document.
    pub(super) fn redirect(&mut self, term: &mut Term, index: &Index) {
        let TermKind::Ref(head, path) = &mut term.kind else { return };
        if !matches!(&head.kind, TermKind::Var(name) if &**name == "data") {
            return;
        }
        let ground: Vec<Arc<str>> = path.iter().map_while(constant).collect();
        if let Some(node) = index.node(&ground)
            && ground.len() == path.len()
            && index.is_deep(&node.rules)
        {
            *term = copy(term);
            return;
        }
        let Some((node, depth)) = package_at(&index.root, &ground) else { return };
        let pattern: Vec<Step> = path.iter().skip(depth).map(constant).collect();
        let prefix: Vec<Arc<str>> = ground.iter().take(depth).cloned().collect();
        let document = self.document(index, &prefix, node, &pattern);
        let range = head.range;
        let rest = path.split_off(depth);
        *path = [PACKAGE, &document].map(|part| Term::string(range, part)).to_vec();
        path.extend(rest);
    }

    /// `data` itself.
    pub(super) fn whole(&mut self, at: &Term, index: &Index) -> Term {
        let document = self.document(index, &[], &index.root, &[]);
        let path = [PACKAGE, &document].map(|part| Term::string(at.range, part)).to_vec();
        Term::new(at.range, TermKind::Ref(Box::new(Term::var(at.range, "data")), path))
    }

    /// What the documents see of a replaced base document: they read a copy of it.
    pub(super) fn base(&self, with: &With, index: &Index) -> Option<With> {
        let names = with.target.names()?;
        let (root, path) = names.split_first()?;
        let beside_rules =
            index.rule_on(path).is_none() && path.first().and_then(|n| index.root.children.get(n)).is_some();
        if &**root != "data" || !beside_rules {
            return None;
        }
        let range = with.target.range;
        let parts = [PACKAGE, "base"].into_iter().chain(path.iter().map(|part| &**part));
        let parts = parts.map(|part| Term::string(range, part)).collect();
        let target = Term::new(range, TermKind::Ref(Box::new(Term::var(range, "data")), parts));
        Some(With { target, ..with.clone() })
    }

    fn document(&mut self, index: &Index, path: &[Arc<str>], node: &Node, pattern: &[Step]) -> String {
        let shown: Vec<&str> = pattern.iter().map(|s| s.as_deref().unwrap_or("*")).collect();
        let key = format!("{path:?} {shown:?}");
        if let Some(n) = self.names.get(&key) {
            return name(*n);
        }
        let n = self.names.len();
        self.names.insert(key, n);
        let (first, rest) = match pattern.split_first() {
            Some((first, rest)) => (first.clone(), rest),
            None => (None, pattern),
        };
        let wanted = |child: &Arc<str>| first.as_ref().is_none_or(|name| name == child);
        let mut known = Vec::new();
        for (child, below) in node.children.iter().filter(|(child, _)| wanted(child)) {
            let whole: Vec<Arc<str>> = path.iter().chain([child]).cloned().collect();
            if path.is_empty() && &**child == PACKAGE {
                continue;
            }
            known.push(quote(child));
            self.entry(index, n, &whole, below, rest);
        }
        let known = if known.is_empty() { "set()".to_owned() } else { format!("{{{}}}", known.join(", ")) };
        let base = reference(&[PACKAGE.into(), "base".into()]) + &steps(path);
        self.text.push_str(&format!(
            "{name}[k] := v if {{\n some k, v in {FRESH}_collection({base})\n not k in {known}\n}}\n\n",
            name = name(n)
        ));
        name(n)
    }

    fn entry(&mut self, index: &Index, n: usize, path: &[Arc<str>], node: &Node, rest: &[Step]) {
        let Some(child) = path.last() else { return };
        let is_rule = node.rules.iter().any(|place| index.arity(*place).is_none());
        let value = if is_rule && node.children.is_empty() {
            if index.is_deep(&node.rules) { copied(path) } else { reference(path) }
        } else if is_rule {
            let below = self.document(index, path, node, rest);
            format!("object.union({}, {})", reference(path), reference(&[PACKAGE.into(), below.into()]))
        } else if node.children.is_empty() && !node.package {
            return;
        } else {
            let below = self.document(index, path, node, rest);
            reference(&[PACKAGE.into(), below.into()])
        };
        let (name, key) = (name(n), quote(child));
        self.text.push_str(&format!("{name}[k] := v if {{\n k := {key}\n v := {value}\n}}\n\n"));
    }
}

/// The same as [`copied`], as a term.
fn copy(term: &Term) -> Term {
    let range = term.range;
    let (key, value) = (Term::var(range, "__cgk"), Term::var(range, "__cgv"));
    let domain = super::internal(range, "collection", vec![term.clone()]);
    let each = ExprKind::SomeIn { key: Some(key.clone()), value: value.clone(), domain };
    let body = vec![Expr::new(range, each)];
    Term::new(range, TermKind::ObjectComprehension(Box::new(key), Box::new(value), body))
}

fn name(n: usize) -> String {
    format!("document_{n}")
}

fn reference(path: &[Arc<str>]) -> String {
    format!("data{}", steps(path))
}

/// A map that is empty when the rule gives nothing.
fn copied(path: &[Arc<str>]) -> String {
    format!("{{ck: cv | some ck, cv in {FRESH}_collection({})}}", reference(path))
}

fn steps(path: &[Arc<str>]) -> String {
    path.iter().map(|part| format!("[{}]", quote(part))).collect()
}

fn constant(term: &Term) -> Option<Arc<str>> {
    match &term.kind {
        TermKind::String(text) => Some(text.clone()),
        _ => None,
    }
}

/// The package or the group of rules that a constant path ends in: no rule stands on the way.
fn package_at<'a>(root: &'a Node, path: &[Arc<str>]) -> Option<(&'a Node, usize)> {
    let mut node = root;
    for name in path {
        node = node.children.get(name)?;
        if !node.rules.is_empty() && node.children.is_empty() {
            return None;
        }
    }
    let reaches = !node.children.is_empty() || node.package;
    (reaches && node.rules.is_empty()).then_some((node, path.len()))
}
