//! Which input paths a rule's body touches, as far as its text tells.
//!
//! A path begins at `input`, or at the value of a variable that came out of a helper rule. Names are followed through
//! assignments, `some … in`, imports, rules that only name a path, and the parameters of functions.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::policy::rego::Module;
use crate::policy::rego::ast::{Body, Expr, ExprKind, Part, Rule, Term, TermKind};
use crate::policy::rego::variables;
use crate::source::SourceId;

/// How deep helper rules are followed.
const DEPTH: usize = 4;

/// What a path begins at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Base {
    /// `input`.
    Input,
    /// The value of a variable.
    Value(Arc<str>),
}

/// A path as it is written: constants and variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) base: Base,
    pub(super) steps: Vec<Term>,
    /// What follows cannot be told.
    cut: bool,
}

/// A path that a body touches. A low rank is nearer to why the rule holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Touch {
    pub(super) rank: u8,
    pub(super) origin: Origin,
}

/// In a negation: often what is missing.
const NEGATED: u8 = 0;
/// In a condition.
const CONDITION: u8 = 1;
/// Only given a name, or gone through.
const NAMED: u8 = 2;
/// Only told in the message.
const TOLD: u8 = 3;

/// All modules, and their rules by full name.
pub(super) struct Program<'a> {
    modules: &'a [(SourceId, Module)],
    rules: BTreeMap<String, Vec<(usize, &'a Rule)>>,
}

impl<'a> Program<'a> {
    pub(super) fn new(modules: &'a [(SourceId, Module)]) -> Self {
        let mut rules: BTreeMap<String, Vec<(usize, &Rule)>> = BTreeMap::new();
        for (m, (_, module)) in modules.iter().enumerate() {
            let package = module.package.join(".");
            for rule in &module.rules {
                rules.entry(format!("{package}.{}", rule.head.name())).or_default().push((m, rule));
            }
        }
        Self { modules, rules }
    }

    /// What a body touches that says `message`, each path once.
    pub(super) fn touches(&self, module: usize, message: &Term, body: &Body) -> Vec<Touch> {
        let told = variables(message).into_iter().cloned().collect();
        let (bound, declared) = (bound(body), declared(body));
        let mut scope = Scope { program: self, module, env: BTreeMap::new(), bound, declared, told, depth: 0 };
        let mut found = Vec::new();
        scope.body(body, CONDITION, &mut found);
        scope.term(message, TOLD, &mut found);
        let mut touches: Vec<Touch> = Vec::new();
        for touch in found {
            if !touches.contains(&touch) {
                touches.push(touch);
            }
        }
        touches.sort_by_key(|touch| touch.rank);
        touches
    }

    fn module(&self, index: usize) -> Option<&'a Module> {
        self.modules.get(index).map(|(_, module)| module)
    }
}

/// Names that have a value once the body holds: they stand outside of negations and comprehensions.
fn bound(body: &Body) -> BTreeSet<Arc<str>> {
    let mut names = BTreeSet::new();
    let mut add = |term: &Term| names.extend(variables(term).into_iter().cloned());
    for expr in body {
        match &expr.kind {
            ExprKind::Term(term) => add(term),
            ExprKind::Assign(left, right) | ExprKind::Unify(left, right) => {
                add(left);
                add(right);
            }
            ExprKind::SomeIn { key, value, domain } => {
                key.iter().for_each(&mut add);
                add(value);
                add(domain);
            }
            _ => {}
        }
    }
    names
}

/// Names that the body itself brings in, whatever a rule is called.
fn declared(body: &Body) -> BTreeSet<Arc<str>> {
    let mut names = BTreeSet::new();
    let mut add = |term: &Term| names.extend(variables(term).into_iter().cloned());
    for expr in body {
        match &expr.kind {
            ExprKind::Assign(left, _) => add(left),
            ExprKind::Some(terms) => terms.iter().for_each(&mut add),
            ExprKind::SomeIn { key, value, .. } => {
                key.iter().for_each(&mut add);
                add(value);
            }
            _ => {}
        }
    }
    names
}

/// What names mean at one place.
#[derive(Clone)]
struct Scope<'p, 'a> {
    program: &'p Program<'a>,
    module: usize,
    env: BTreeMap<Arc<str>, Origin>,
    bound: BTreeSet<Arc<str>>,
    declared: BTreeSet<Arc<str>>,
    told: BTreeSet<Arc<str>>,
    depth: usize,
}

impl<'a> Scope<'_, 'a> {
    fn body(&mut self, body: &Body, rank: u8, found: &mut Vec<Touch>) {
        for expr in body {
            self.expr(expr, rank, found);
        }
    }

    fn expr(&mut self, expr: &Expr, rank: u8, found: &mut Vec<Touch>) {
        // With another input, the paths are not those of the document.
        if !expr.with.is_empty() {
            return;
        }
        match &expr.kind {
            ExprKind::Term(term) => self.term(term, rank, found),
            ExprKind::Assign(left, right) => self.equation(left, right, rank, found),
            ExprKind::Unify(left, right) => {
                if matches!(left.kind, TermKind::Var(_)) {
                    self.equation(left, right, rank, found);
                } else {
                    self.equation(right, left, rank, found);
                }
            }
            ExprKind::Some(_) => {}
            ExprKind::SomeIn { key, value, domain } => {
                self.term(domain, rank.max(NAMED), found);
                self.element(key.as_ref(), value, domain);
            }
            ExprKind::Every { key, value, domain, body } => {
                self.term(domain, rank, found);
                let mut inner = self.clone();
                inner.element(key.as_ref(), value, domain);
                inner.body(body, rank, found);
            }
            ExprKind::Not(inner) => self.clone().expr(inner, negated(rank), found),
            ExprKind::NotBody(body) => self.clone().body(body, negated(rank), found),
            ExprKind::Or(left, right) => {
                self.clone().expr(left, rank, found);
                self.clone().expr(right, rank, found);
            }
            ExprKind::And(body) => self.body(body, rank, found),
        }
    }

    fn equation(&mut self, left: &Term, right: &Term, rank: u8, found: &mut Vec<Touch>) {
        let TermKind::Var(name) = &left.kind else {
            self.term(left, rank, found);
            return self.term(right, rank, found);
        };
        let tells = self.told.contains(name) && matches!(right.kind, TermKind::Call(..) | TermKind::Object(_));
        let names = !self.env.contains_key(name) && &**name != "input" && !self.is_rule(name);
        match self.origin(right).filter(|_| names) {
            Some(origin) => {
                found.push(Touch { rank: rank.max(NAMED), origin: origin.clone() });
                self.env.insert(name.clone(), origin);
            }
            None => {
                self.term(right, if tells { TOLD } else { rank }, found);
                if !names {
                    self.term(left, rank, found);
                }
            }
        }
    }

    /// What the variables of `some k, v in xs` stand for.
    fn element(&mut self, key: Option<&Term>, value: &Term, domain: &Term) {
        let (Some(mut origin), TermKind::Var(name)) = (self.origin(domain), &value.kind) else { return };
        match key {
            Some(key) => self.step(&mut origin, key),
            None => origin.cut = true,
        }
        self.env.insert(name.clone(), origin);
    }

    /// Everything that a term touches.
    fn term(&self, term: &Term, rank: u8, found: &mut Vec<Touch>) {
        if let Some(origin) = self.origin(term) {
            if !origin.steps.is_empty() || origin.base != Base::Input {
                found.push(Touch { rank, origin });
            }
            return;
        }
        match &term.kind {
            TermKind::Var(_) => self.helper(term, &[], rank, found),
            TermKind::Ref(head, path) => {
                self.helper(term, &[], rank, found);
                if let TermKind::Call(..) = head.kind {
                    self.term(head, rank, found);
                }
                path.iter().filter(|t| !matches!(t.kind, TermKind::Var(_))).for_each(|t| self.term(t, rank, found));
            }
            TermKind::Call(function, args) => {
                args.iter().for_each(|t| self.term(t, rank, found));
                self.helper(function, args, rank, found);
            }
            TermKind::Infix(_, left, right) => {
                self.term(left, rank, found);
                self.term(right, rank, found);
            }
            TermKind::In { value, domain, .. } => {
                self.term(value, rank, found);
                self.term(domain, rank, found);
            }
            TermKind::Array(items) | TermKind::Set(items) => items.iter().for_each(|t| self.term(t, rank, found)),
            TermKind::Object(entries) => entries.iter().for_each(|(_, value)| self.term(value, rank, found)),
            TermKind::ArrayComprehension(head, body) | TermKind::SetComprehension(head, body) => {
                self.comprehension(&[head], body, rank, found);
            }
            TermKind::ObjectComprehension(key, value, body) => self.comprehension(&[key, value], body, rank, found),
            TermKind::Template(parts) => parts.iter().for_each(|part| {
                if let Part::Term(term) = part {
                    self.term(term, rank, found);
                }
            }),
            TermKind::Null | TermKind::Bool(_) | TermKind::Number(_) | TermKind::String(_) => {}
        }
    }

    fn comprehension(&self, heads: &[&Term], body: &Body, rank: u8, found: &mut Vec<Touch>) {
        let mut inner = self.clone();
        inner.body(body, rank, found);
        heads.iter().for_each(|head| inner.term(head, rank, found));
    }

    /// What is known at the start of another rule: nothing of this one's variables.
    fn of_rule(&self, module: usize) -> Self {
        Scope {
            module,
            env: BTreeMap::new(),
            bound: BTreeSet::new(),
            declared: BTreeSet::new(),
            told: BTreeSet::new(),
            depth: self.depth + 1,
            ..self.clone()
        }
    }

    /// Follows a rule or a function that is named.
    fn helper(&self, name: &Term, args: &[Term], rank: u8, found: &mut Vec<Touch>) {
        if self.depth >= DEPTH {
            return;
        }
        for (module, rule) in self.rules(name) {
            let mut inner = self.of_rule(*module);
            for (parameter, arg) in rule.head.args.iter().flatten().zip(args) {
                if let (TermKind::Var(name), Some(origin)) = (&parameter.kind, self.origin(arg)) {
                    inner.env.insert(name.clone(), origin);
                }
            }
            let own = rule.body.iter().chain(rule.elses.iter().filter_map(|branch| branch.body.as_ref()));
            own.for_each(|body| inner.body(body, rank, found));
            let values = rule.head.value.iter().filter(|_| rule.body.is_none());
            values.for_each(|value| inner.term(value, rank, found));
        }
    }

    /// The rules that a name means here.
    fn rules(&self, name: &Term) -> &[(usize, &'a Rule)] {
        let Some(path) = self.full_name(name) else { return &[] };
        // `lib.allowed.x` is something in the rule `lib.allowed`.
        let known = (1..=path.len()).rev().find_map(|n| self.program.rules.get(&path.get(..n)?.join(".")));
        known.map_or(&[], Vec::as_slice)
    }

    fn full_name(&self, name: &Term) -> Option<Vec<Arc<str>>> {
        let module = self.program.module(self.module)?;
        let (head, rest): (&Arc<str>, &[Term]) = match &name.kind {
            TermKind::Var(name) => (name, &[]),
            TermKind::Ref(head, path) => match &head.kind {
                TermKind::Var(name) => (name, path),
                _ => return None,
            },
            _ => return None,
        };
        if self.env.contains_key(head) || self.declared.contains(head) {
            return None;
        }
        let constant = |term: &Term| match &term.kind {
            TermKind::String(text) => Some(text.clone()),
            _ => None,
        };
        let rest = rest.iter().map_while(constant);
        if &**head == "data" {
            return Some(rest.collect());
        }
        let import = module.imports.iter().find(|i| i.name() == head && i.path.first().is_some_and(|p| &**p == "data"));
        Some(match import {
            Some(import) => import.path.iter().skip(1).cloned().chain(rest).collect(),
            None => module.package.iter().cloned().chain([head.clone()]).chain(rest).collect(),
        })
    }

    fn is_rule(&self, name: &Arc<str>) -> bool {
        let package = self.program.module(self.module).map(|m| m.package.join(".")).unwrap_or_default();
        !self.declared.contains(name) && self.program.rules.contains_key(&format!("{package}.{name}"))
    }

    /// The path that a term stands for.
    fn origin(&self, term: &Term) -> Option<Origin> {
        match &term.kind {
            TermKind::Var(name) => self.origin_of(name).or_else(|| self.named_path(term)),
            TermKind::Ref(head, path) => {
                let TermKind::Var(name) = &head.kind else { return None };
                let (mut origin, rest) = match self.origin_of(name) {
                    Some(origin) => (origin, path.as_slice()),
                    None => self.through_rule(term, path)?,
                };
                rest.iter().for_each(|part| self.step(&mut origin, part));
                Some(origin)
            }
            _ => None,
        }
    }

    fn origin_of(&self, name: &Arc<str>) -> Option<Origin> {
        let input = |steps| Origin { base: Base::Input, steps, cut: false };
        if let Some(origin) = self.env.get(name) {
            return Some(origin.clone());
        }
        if &**name == "input" {
            return Some(input(Vec::new()));
        }
        let imports = self.program.module(self.module).map(|m| m.imports.as_slice()).unwrap_or_default();
        if let Some(import) = imports.iter().find(|i| i.name() == name) {
            let is_input = import.path.first().is_some_and(|p| &**p == "input");
            let steps = import.path.iter().skip(1).map(|part| Term::string(import.range, part)).collect();
            return is_input.then(|| input(steps));
        }
        let own = self.declared.contains(name) || !self.is_rule(name);
        let valued = own && self.bound.contains(name) && &**name != "data";
        valued.then(|| Origin { base: Base::Value(name.clone()), steps: Vec::new(), cut: false })
    }

    /// A reference through a rule that only names a path, with what follows the rule's name.
    fn through_rule<'t>(&self, term: &Term, path: &'t [Term]) -> Option<(Origin, &'t [Term])> {
        let named = self.full_name(term)?;
        let from =
            named.len().checked_sub(path.iter().take_while(|t| matches!(t.kind, TermKind::String(_))).count())?;
        (0..=path.len()).find_map(|taken| {
            let rules = self.program.rules.get(&named.get(..from + taken)?.join("."))?;
            Some((self.path_of(rules)?, path.get(taken..)?))
        })
    }

    fn named_path(&self, term: &Term) -> Option<Origin> {
        let rules = self.program.rules.get(&self.full_name(term)?.join("."))?;
        self.path_of(rules)
    }

    /// The path of a rule such as `name := input.metadata.name`.
    fn path_of(&self, rules: &[(usize, &'a Rule)]) -> Option<Origin> {
        let [(module, rule)] = rules else { return None };
        let plain = rule.body.is_none() && rule.head.args.is_none() && rule.head.key.is_none() && !rule.default;
        if !plain || self.depth >= DEPTH {
            return None;
        }
        let inner = self.of_rule(*module);
        inner.origin(rule.head.value.as_ref()?)
    }

    /// Goes one step on. A variable without a value ends what can be told.
    fn step(&self, origin: &mut Origin, part: &Term) {
        if origin.cut {
            return;
        }
        match &part.kind {
            TermKind::String(_) | TermKind::Number(_) => origin.steps.push(part.clone()),
            TermKind::Var(name) if self.bound.contains(name) && !self.is_rule(name) => origin.steps.push(part.clone()),
            _ => origin.cut = true,
        }
    }
}

/// What stands in a negation counts for more, unless it is only told.
fn negated(rank: u8) -> u8 {
    if rank == CONDITION { NEGATED } else { rank }
}
