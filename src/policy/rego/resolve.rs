//! Names to what they mean: after this pass every reference to a rule or an import is a path from `data` or
//! `input`, and no local variable has the name of a rule.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::ast::{Body, Dialect, Expr, ExprKind, Import, Module, Part, Rule, Term, TermKind};
use super::program::Index;
use super::signatures;
use super::visit::{Visitor, each_part, variables};

/// What is put behind a local name that a rule of its package has, too.
const RENAMED: &str = "__local";

/// What is put behind a name that hides another, from where it is declared on.
const HIDING: &str = "__inner";

/// Words that are keywords in the emitted v1 and may be names in v0.
const WORDS: &[&str] = &["contains", "every", "if", "in"];

/// Resolves all names of a module.
pub(super) fn module(module: &mut Module, index: &Index) {
    let none = BTreeSet::new();
    let rules = index.names.get(&module.package).unwrap_or(&none);
    let imports = module.imports.iter().filter(|i| i.path.first().is_some_and(|p| matches!(&**p, "data" | "input")));
    let imports: BTreeMap<Arc<str>, Import> = imports.map(|i| (i.name().clone(), i.clone())).collect();
    let package = module.package.clone();
    let v0 = module.dialect == Dialect::V0;
    let mut resolver = Resolver { index, v0, rules, imports, package: &package, scopes: Vec::new(), hiding: 0 };
    for rule in &mut module.rules {
        resolver.rule(rule);
    }
}

struct Resolver<'a> {
    index: &'a Index,
    v0: bool,
    rules: &'a BTreeSet<Arc<str>>,
    imports: BTreeMap<Arc<str>, Import>,
    package: &'a [Arc<str>],
    scopes: Vec<Scope>,
    /// How many names hide another.
    hiding: usize,
}

/// The local names of a body.
#[derive(Default)]
struct Scope {
    names: BTreeSet<Arc<str>>,
    /// Those that still mean what they mean outside: they are used there before the statement of this place declares
    /// them.
    late: BTreeMap<Arc<str>, usize>,
    /// The statement at hand.
    at: usize,
    renamed: BTreeMap<Arc<str>, Arc<str>>,
}

impl Scope {
    fn of(names: BTreeSet<Arc<str>>) -> Self {
        Self { names, ..Self::default() }
    }
}

impl Resolver<'_> {
    fn rule(&mut self, rule: &mut Rule) {
        let args = rule.head.args.iter().flatten().flat_map(variables).cloned().collect();
        self.scopes.push(Scope::of(args));
        rule.head.args.iter_mut().flatten().for_each(|t| self.term(t));
        self.scopes.push(Scope::of(rule.body.as_ref().map(|b| declared(b)).unwrap_or_default()));
        rule.head.path.iter_mut().skip(1).for_each(|t| self.term(t));
        rule.head.key.iter_mut().chain(&mut rule.head.value).for_each(|t| self.term(t));
        rule.body.iter_mut().flatten().for_each(|e| self.expr(e));
        self.scopes.pop();
        for branch in &mut rule.elses {
            self.scopes.push(Scope::of(branch.body.as_ref().map(|b| declared(b)).unwrap_or_default()));
            branch.value.iter_mut().for_each(|t| self.term(t));
            branch.body.iter_mut().flatten().for_each(|e| self.expr(e));
            self.scopes.pop();
        }
        self.scopes.pop();
    }

    fn scoped(&mut self, terms: &mut [&mut Term], body: &mut Body) {
        let names = declared(body);
        let late = late(body, names.iter().filter(|name| self.is_local(name)));
        self.scopes.push(Scope { late, ..Scope::of(names) });
        for (at, expr) in body.iter_mut().enumerate() {
            if let Some(scope) = self.scopes.last_mut() {
                scope.at = at;
            }
            self.expr(expr);
        }
        terms.iter_mut().for_each(|t| self.term(t));
        self.scopes.pop();
    }

    /// What the statement at hand declares hides what has the name outside.
    fn declare(&mut self) {
        let Some(scope) = self.scopes.last_mut() else { return };
        for (name, _) in scope.late.extract_if(.., |_, at| *at == scope.at) {
            self.hiding += 1;
            let renamed = format!("{name}{HIDING}{}", self.hiding).into();
            scope.renamed.insert(name, renamed);
        }
    }

    /// What a local name is called instead.
    fn renamed(&self, name: &str) -> Option<&Arc<str>> {
        let scope = self.scopes.iter().rev().find(|s| s.names.contains(name) && !s.late.contains_key(name))?;
        scope.renamed.get(name)
    }

    fn expr(&mut self, expr: &mut Expr) {
        match &mut expr.kind {
            ExprKind::Term(term) => {
                self.term(term);
                if let Some((call, result)) = self.output(term) {
                    expr.kind = ExprKind::Unify(result, call);
                }
            }
            ExprKind::Assign(left, right) => {
                self.term(right);
                self.declare();
                self.term(left);
            }
            ExprKind::Unify(left, right) => {
                self.term(left);
                self.term(right);
            }
            ExprKind::Some(names) => {
                self.declare();
                names.iter_mut().for_each(|t| self.term(t));
            }
            ExprKind::SomeIn { key, value, domain } => {
                self.declare();
                key.iter_mut().for_each(|t| self.term(t));
                self.term(value);
                self.term(domain);
            }
            ExprKind::Every { key, value, domain, body } => {
                self.term(domain);
                self.scopes.push(Scope::of(key.iter().chain([&*value]).flat_map(variables).cloned().collect()));
                key.iter_mut().for_each(|t| self.term(t));
                self.term(value);
                self.scoped(&mut [], body);
                self.scopes.pop();
            }
            // `not f(x, result)` negates the call itself, not an equation with it.
            ExprKind::Not(inner) => match &mut inner.kind {
                ExprKind::Term(term) if inner.with.is_empty() => self.term(term),
                _ => self.expr(inner),
            },
            ExprKind::NotBody(body) | ExprKind::And(body) => self.scoped(&mut [], body),
            ExprKind::Or(left, right) => {
                self.expr(left);
                self.expr(right);
            }
        }
        for with in &mut expr.with {
            self.term(&mut with.target);
            self.term(&mut with.value);
        }
    }

    fn term(&mut self, term: &mut Term) {
        match &mut term.kind {
            TermKind::Var(name) => {
                if let Some(renamed) = self.renamed(name) {
                    *name = renamed.clone();
                } else if let Some(kind) = self.global(name, term.range) {
                    term.kind = kind;
                } else if self.rules.contains(name) || WORDS.contains(&&**name) {
                    *name = format!("{name}{RENAMED}").into();
                }
            }
            TermKind::Ref(head, path) => {
                self.term(head);
                path.iter_mut().for_each(|t| self.term(t));
                flatten(term);
            }
            TermKind::Call(function, args) => {
                self.function(function);
                args.iter_mut().for_each(|t| self.term(t));
                // In v0 `f()` is the value of a rule `f() = x`.
                let path = function
                    .names()
                    .filter(|n| self.v0 && args.is_empty() && n.first().is_some_and(|n| &**n == "data"));
                if path.is_some() {
                    term.kind = function.kind.clone();
                }
            }
            TermKind::Infix(_, left, right) => {
                self.term(left);
                self.term(right);
            }
            TermKind::In { key, value, domain } => {
                key.iter_mut().for_each(|t| self.term(t));
                self.term(value);
                self.term(domain);
            }
            TermKind::Array(items) | TermKind::Set(items) => items.iter_mut().for_each(|t| self.term(t)),
            TermKind::Object(entries) => entries.iter_mut().for_each(|(k, v)| {
                self.term(k);
                self.term(v);
            }),
            TermKind::ArrayComprehension(head, body) | TermKind::SetComprehension(head, body) => {
                self.scoped(&mut [head], body);
            }
            TermKind::ObjectComprehension(key, value, body) => self.scoped(&mut [key, value], body),
            TermKind::Template(parts) => parts.iter_mut().for_each(|part| {
                if let Part::Term(term) = part {
                    self.term(term);
                }
            }),
            TermKind::Null | TermKind::Bool(_) | TermKind::Number(_) | TermKind::String(_) => {}
        }
    }

    /// A call with one argument more than the function takes: that is what its result is matched with.
    fn output(&self, term: &Term) -> Option<(Term, Term)> {
        let TermKind::Call(function, args) = &term.kind else { return None };
        let names = function.names()?;
        let arity = match names.split_first()? {
            (root, path) if &**root == "data" => {
                self.index.node(path)?.rules.iter().find_map(|place| self.index.arity(*place))?
            }
            _ => signatures::arity(&names.join("."))?,
        };
        let (result, args) = args.split_last().filter(|_| args.len() == arity + 1)?;
        let call = TermKind::Call(function.clone(), args.to_vec());
        Some((Term::new(term.range, call), result.clone()))
    }

    /// A function's name: a rule of the package, something imported, or a built-in function.
    fn function(&mut self, function: &mut Term) {
        match &mut function.kind {
            TermKind::Var(name) => {
                if let Some(kind) = self.global(name, function.range) {
                    function.kind = kind;
                }
            }
            TermKind::Ref(head, path) => {
                self.function(head);
                path.iter_mut().for_each(|t| self.term(t));
                flatten(function);
            }
            _ => {}
        }
    }

    fn is_local(&self, name: &str) -> bool {
        self.scopes.iter().any(|scope| scope.names.contains(name))
    }

    /// The path from `data` or `input` that a name stands for.
    fn global(&self, name: &Arc<str>, range: super::ast::Range) -> Option<TermKind> {
        if self.is_local(name) || matches!(&**name, "_" | "input" | "data") {
            return None;
        }
        let path: Vec<Arc<str>> = match self.imports.get(name) {
            Some(import) => import.path.clone(),
            None if self.rules.contains(name) => {
                let data: Arc<str> = "data".into();
                std::iter::once(&data).chain(self.package).chain([name]).cloned().collect()
            }
            None => return None,
        };
        let (head, rest) = path.split_first()?;
        let head = Term::new(range, TermKind::Var(head.clone()));
        if rest.is_empty() {
            return Some(head.kind);
        }
        Some(TermKind::Ref(Box::new(head), rest.iter().map(|part| Term::string(range, part)).collect()))
    }
}

/// `(a.b).c` as `a.b.c`.
fn flatten(term: &mut Term) {
    if let TermKind::Ref(head, path) = &mut term.kind
        && let TermKind::Ref(inner, before) = &mut head.kind
    {
        let rest = std::mem::take(path);
        before.extend(rest);
        let inner = std::mem::replace(inner, Box::new(Term::new(term.range, TermKind::Null)));
        term.kind = TermKind::Ref(inner, std::mem::take(before));
    }
}

/// Of these names those that a body uses before it declares them, with the statement that does: until then, and in
/// what is assigned, they mean what they mean outside. Those of `some` are always among them.
fn late<'a>(body: &[Expr], names: impl Iterator<Item = &'a Arc<str>>) -> BTreeMap<Arc<str>, usize> {
    let declares = |expr: &Expr, name: &Arc<str>| declared(std::slice::from_ref(expr)).contains(name);
    let first = |name: &Arc<str>| body.iter().position(|expr| declares(expr, name));
    let placed = names.filter_map(|name| Some((name.clone(), first(name)?)));
    let used = |(name, at): &(Arc<str>, usize)| {
        let itself = match body.get(*at).map(|expr| &expr.kind) {
            Some(ExprKind::Assign(_, right)) => mentions(right, name),
            // The engine takes a second `some` for a definition of the first.
            Some(ExprKind::Some(_) | ExprKind::SomeIn { .. }) => true,
            _ => false,
        };
        itself || body.iter().take(*at).any(|expr| statement_mentions(expr, name))
    };
    placed.filter(used).collect()
}

/// Looks for a name.
struct Mentions<'a> {
    name: &'a str,
    found: bool,
}

impl Visitor for Mentions<'_> {
    fn term(&mut self, term: &Term) {
        self.found |= matches!(&term.kind, TermKind::Var(name) if **name == *self.name);
        each_part(self, term);
    }
}

fn mentions(term: &Term, name: &str) -> bool {
    let mut mentions = Mentions { name, found: false };
    mentions.term(term);
    mentions.found
}

fn statement_mentions(expr: &Expr, name: &str) -> bool {
    let mut mentions = Mentions { name, found: false };
    mentions.expr(expr);
    mentions.found
}

/// The names that a body declares: by `:=`, `some` and `some … in`.
pub(super) fn declared(body: &[Expr]) -> BTreeSet<Arc<str>> {
    let mut names = BTreeSet::new();
    for expr in body {
        match &expr.kind {
            ExprKind::Assign(left, _) => names.extend(pattern(left)),
            ExprKind::Some(terms) => names.extend(terms.iter().flat_map(variables).cloned()),
            ExprKind::SomeIn { key, value, .. } => {
                names.extend(key.iter().chain([value]).flat_map(pattern));
            }
            _ => {}
        }
    }
    names
}

/// The variables that a pattern binds: those of arrays and of an object's values.
pub(super) fn pattern(term: &Term) -> Vec<Arc<str>> {
    match &term.kind {
        TermKind::Var(name) if !matches!(&**name, "_" | "input" | "data") => vec![name.clone()],
        TermKind::Array(items) => items.iter().flat_map(pattern).collect(),
        // What stands under a key that has to be looked up first cannot be bound.
        TermKind::Object(entries) => {
            let constant = entries.iter().filter(|(key, _)| !matches!(key.kind, TermKind::Var(_)));
            constant.flat_map(|(_, v)| pattern(v)).collect()
        }
        _ => Vec::new(),
    }
}
