//! Safety: every variable gets its value from somewhere before it is used.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::Fault;
use super::super::ast::{Body, Expr, ExprKind, Module, Part, Range, Rule, Term, TermKind};
use super::super::resolve::{declared, pattern};
use super::super::signatures;
use super::super::visit::{self, Visitor};

type Names = BTreeSet<Arc<str>>;

/// Checks the rules of a module.
pub(super) fn check(module: &Module) -> Vec<Fault> {
    let mut checker = Checker { faults: Vec::new() };
    module.rules.iter().for_each(|rule| checker.rule(rule));
    checker.faults
}

/// Whether every variable of a rule gets its value.
pub(in crate::policy::rego) fn is_safe(rule: &Rule) -> bool {
    let mut checker = Checker { faults: Vec::new() };
    checker.rule(rule);
    checker.faults.is_empty()
}

struct Checker {
    faults: Vec<Fault>,
}

/// What a term or an expression asks for and gives.
#[derive(Default)]
struct Flow {
    needs: Vec<(Arc<str>, Range)>,
    gives: Names,
    /// Bodies of their own, with the names that they bind themselves.
    closures: Vec<(Body, Vec<Term>, Names)>,
}

impl Checker {
    fn rule(&mut self, rule: &Rule) {
        let args: Names = rule.head.args.iter().flatten().flat_map(visit::variables).cloned().collect();
        let safe = match &rule.body {
            Some(body) => {
                self.unused(body, &rule.head.path, rule.head.key.iter().chain(&rule.head.value));
                self.body(body, &args)
            }
            None => args.clone(),
        };
        let head = rule.head.path.iter().skip(1).chain(&rule.head.key).chain(&rule.head.value);
        head.for_each(|term| self.value(term, &safe));
        for branch in &rule.elses {
            let safe = branch.body.as_ref().map_or_else(|| args.clone(), |body| self.body(body, &args));
            branch.value.iter().for_each(|term| self.value(term, &safe));
        }
    }

    /// A term outside of a body: nothing is bound in it any more, wildcards excepted.
    fn value(&mut self, term: &Term, safe: &Names) {
        let mut flow = Flow::default();
        flow.term(term);
        let mut safe = safe.clone();
        safe.extend(flow.gives.iter().cloned());
        self.missing(&flow, &safe);
        self.closures(&flow, &safe);
    }

    /// Checks a body; what is safe after it.
    fn body(&mut self, body: &Body, outer: &Names) -> Names {
        let Settled { safe, waiting, .. } = Settled::of(body, outer);
        for expr in waiting.iter().filter_map(|at| body.get(*at)) {
            let flow = Flow::of(expr, &safe);
            self.missing(&flow, &safe);
        }
        if waiting.is_empty() {
            for expr in body {
                self.closures(&Flow::of(expr, &safe), &safe);
            }
        }
        safe
    }

    fn missing(&mut self, flow: &Flow, safe: &Names) {
        for (name, range) in flow.needs.iter().filter(|(name, _)| !safe.contains(name)) {
            let shown = name.trim_end_matches("__local");
            let message = format!("the variable `{shown}` gets no value");
            let fault = Fault::new("policy::unsafe-variable", *range, message)
                .help("every variable needs a positive expression that binds it");
            self.faults.push(fault);
        }
    }

    fn closures(&mut self, flow: &Flow, safe: &Names) {
        for (body, heads, own) in &flow.closures {
            let mut inside = safe.clone();
            inside.extend(own.iter().cloned());
            let inside = self.body(body, &inside);
            heads.iter().for_each(|term| self.value(term, &inside));
        }
    }

    /// `some x` without a use of `x`.
    fn unused<'a>(&mut self, body: &Body, path: &'a [Term], head: impl Iterator<Item = &'a Term>) {
        let mut uses = Uses(Vec::new());
        uses.body(body);
        path.iter().chain(head).for_each(|t| uses.term(t));
        let mut some = Declarations(Vec::new());
        some.body(body);
        for (name, range) in some.0 {
            if uses.0.iter().filter(|used| **used == name).count() < 2 {
                let message = format!("the variable `{}` is declared and not used", name.trim_end_matches("__local"));
                self.faults.push(Fault::new("policy::unused-variable", range, message));
            }
        }
    }
}

/// In which order the expressions of a body can be evaluated.
pub(in crate::policy::rego) struct Settled {
    /// What has a value after it.
    safe: Names,
    /// Positions of the expressions that get all that they need.
    pub(in crate::policy::rego) order: Vec<usize>,
    /// Positions of those that never do.
    waiting: Vec<usize>,
}

impl Settled {
    /// Settles a body, given the names that have a value before it.
    pub(in crate::policy::rego) fn of(body: &Body, outer: &Names) -> Self {
        let names = declared(body);
        let mut safe: Names = outer.difference(&names).cloned().collect();
        let flows: Vec<Flow> = body.iter().map(|e| Flow::of(e, &safe)).collect();
        let outside: Names = flows.iter().flat_map(Flow::names).chain(safe.iter().cloned()).collect();
        let mut waiting: Vec<(usize, &Expr)> = body.iter().enumerate().collect();
        let mut order = Vec::with_capacity(body.len());
        loop {
            let before = waiting.len();
            waiting.retain(|(at, expr)| {
                let flow = Flow::of(expr, &safe);
                // What is only declared further down is another variable than the one in a closure.
                let later: Names = body.iter().skip(at + 1).flat_map(|e| declared(std::slice::from_ref(e))).collect();
                let sooner: Names = body.iter().take(at + 1).flat_map(|e| declared(std::slice::from_ref(e))).collect();
                let hidden: Names = later.difference(&sooner).cloned().collect();
                let ready = flow.ready(&safe, &outside.difference(&hidden).cloned().collect());
                if ready {
                    order.push(*at);
                    safe.extend(flow.gives);
                }
                !ready
            });
            if waiting.len() == before || waiting.is_empty() {
                break;
            }
        }
        Self { safe, order, waiting: waiting.into_iter().map(|(at, _)| at).collect() }
    }
}

struct Uses(Vec<Arc<str>>);

impl Visitor for Uses {
    fn term(&mut self, term: &Term) {
        if let TermKind::Var(name) = &term.kind {
            self.0.push(name.clone());
        }
        visit::each_part(self, term);
    }
}

/// Variables of `some x` and of `every`.
struct Declarations(Vec<(Arc<str>, Range)>);

impl Visitor for Declarations {
    fn expr(&mut self, expr: &Expr) {
        let mut add = |term: &Term| {
            if let TermKind::Var(name) = &term.kind
                && &**name != "_"
            {
                self.0.push((name.clone(), term.range));
            }
        };
        match &expr.kind {
            ExprKind::Some(names) => names.iter().for_each(add),
            ExprKind::Every { key, value, .. } => key.iter().chain([value]).for_each(&mut add),
            _ => {}
        }
        visit::each_part_of(self, expr);
    }
}

impl Flow {
    fn of(expr: &Expr, safe: &Names) -> Self {
        let mut flow = Self::default();
        flow.expr(expr, safe);
        flow
    }

    fn names(&self) -> impl Iterator<Item = Arc<str>> + '_ {
        self.needs.iter().map(|(name, _)| name.clone()).chain(self.gives.iter().cloned())
    }

    /// Whether everything that is needed is there; names that a closure shares with the body around it, too.
    fn ready(&self, safe: &Names, outside: &Names) -> bool {
        let there = |name: &Arc<str>| safe.contains(name) || self.gives.contains(name);
        let shared = self.closures.iter().all(|(body, heads, own)| {
            let mut uses = Uses(Vec::new());
            uses.body(body);
            heads.iter().for_each(|t| uses.term(t));
            let inner = declared(body);
            uses.0.iter().all(|n| own.contains(n) || inner.contains(n) || !outside.contains(n) || there(n))
        });
        shared && self.needs.iter().all(|(name, _)| there(name))
    }

    fn need(&mut self, name: &Arc<str>, range: Range) {
        if !matches!(&**name, "_" | "input" | "data") {
            self.needs.push((name.clone(), range));
        }
    }

    fn expr(&mut self, expr: &Expr, safe: &Names) {
        match &expr.kind {
            ExprKind::Term(term) => self.statement(term),
            ExprKind::Assign(left, right) | ExprKind::Unify(left, right) => self.equation(left, right, safe),
            ExprKind::Some(_) => {}
            ExprKind::SomeIn { key, value, domain } => {
                self.term(domain);
                key.iter().chain([value]).for_each(|t| self.binding(t));
            }
            ExprKind::Every { key, value, domain, body } => {
                self.term(domain);
                let own = key.iter().chain([value]).flat_map(pattern).collect();
                self.closures.push((body.clone(), Vec::new(), own));
            }
            ExprKind::Not(inner) => self.negated(inner, safe),
            ExprKind::NotBody(body) => self.closures.push((body.clone(), Vec::new(), Names::new())),
            ExprKind::And(body) => {
                body.iter().for_each(|e| self.closures.push((vec![e.clone()], Vec::new(), Names::new())));
            }
            ExprKind::Or(left, right) => {
                for side in [left, right] {
                    self.closures.push((vec![(**side).clone()], Vec::new(), Names::new()));
                }
            }
        }
        for with in &expr.with {
            let is_function = matches!(&with.value.kind, TermKind::Var(name) if signatures::arity(name).is_some());
            if !is_function {
                self.term(&with.value);
            }
        }
    }

    /// A call whose last argument is one too many binds it.
    fn statement(&mut self, term: &Term) {
        if let TermKind::Call(function, args) = &term.kind
            && let Some(names) = function.names()
            && let Some(arity) = signatures::arity(&names.join("."))
            && args.len() == arity + 1
            && let Some((result, args)) = args.split_last()
        {
            args.iter().for_each(|t| self.term(t));
            return self.binding(result);
        }
        self.term(term);
    }

    /// A pattern that is matched against a known value.
    fn binding(&mut self, term: &Term) {
        match &term.kind {
            TermKind::Var(name) if &**name == "_" => {}
            TermKind::Var(name) => drop(self.gives.insert(name.clone())),
            TermKind::Array(items) => items.iter().for_each(|t| self.binding(t)),
            TermKind::Object(entries) => entries.iter().for_each(|(key, value)| {
                self.term(key);
                match key.kind {
                    TermKind::Var(_) => self.term(value),
                    _ => self.binding(value),
                }
            }),
            _ => self.term(term),
        }
    }

    fn equation(&mut self, left: &Term, right: &Term, safe: &Names) {
        let (a, b) = (Self::side(left), Self::side(right));
        let known = |flow: &Self| flow.needs.iter().all(|(n, _)| safe.contains(n) || flow.gives.contains(n));
        if let (TermKind::Object(l), TermKind::Object(r)) = (&left.kind, &right.kind) {
            let value = |key: &Term| r.iter().find(|(other, _)| other.kind == key.kind).map(|(_, value)| value);
            // Objects with other keys never match, and nothing is bound by them.
            if l.len() != r.len() || l.iter().any(|(key, _)| value(key).is_none()) {
                self.term(left);
                return self.term(right);
            }
            return l.iter().filter_map(|(key, l)| Some((l, value(key)?))).for_each(|(l, r)| self.equation(l, r, safe));
        }
        let grounded = |term: &Term| pattern(term).iter().all(|name| safe.contains(name));
        if let (TermKind::Array(l), TermKind::Array(r)) = (&left.kind, &right.kind)
            && l.len() == r.len()
        {
            return l.iter().zip(r).for_each(|(l, r)| self.equation(l, r, safe));
        }
        if is_pattern(left) && grounded(right) && known(&b) {
            self.binding(left);
            self.term(right);
        } else if is_pattern(right) && grounded(left) && known(&a) {
            self.binding(right);
            self.term(left);
        } else {
            self.term(left);
            self.term(right);
        }
    }

    fn side(term: &Term) -> Self {
        let mut flow = Self::default();
        flow.term(term);
        let own = pattern(term);
        flow.needs.retain(|(name, _)| !own.contains(name));
        flow
    }

    /// Nothing is bound by a negation, except in the calls that stand in front of it.
    fn negated(&mut self, inner: &Expr, safe: &Names) {
        let parts: Vec<&Term> = match &inner.kind {
            ExprKind::Term(term) => match &term.kind {
                TermKind::Call(_, args) => args.iter().collect(),
                TermKind::Infix(_, left, right) => vec![left, right],
                TermKind::In { key, value, domain } => key.iter().map(|k| &**k).chain([&**value, &**domain]).collect(),
                _ => vec![term],
            },
            ExprKind::Assign(left, right) | ExprKind::Unify(left, right) => vec![left, right],
            _ => return self.expr(inner, safe),
        };
        for part in parts {
            let mut flow = Self::default();
            flow.term(part);
            let hoisted = matches!(part.kind, TermKind::Call(..) | TermKind::Infix(..) | TermKind::In { .. });
            self.needs.append(&mut flow.needs);
            self.closures.append(&mut flow.closures);
            if hoisted {
                self.gives.append(&mut flow.gives);
            } else {
                self.needs.extend(flow.gives.into_iter().map(|name| (name, part.range)));
            }
        }
        inner.with.iter().for_each(|w| self.term(&w.value));
    }

    /// A term whose value is asked for.
    fn term(&mut self, term: &Term) {
        match &term.kind {
            TermKind::Var(name) => self.need(name, term.range),
            TermKind::Ref(head, path) => {
                self.term(head);
                path.iter().for_each(|part| self.binding(part));
            }
            TermKind::Call(_, args) => args.iter().for_each(|t| self.term(t)),
            TermKind::Infix(_, left, right) => {
                self.term(left);
                self.term(right);
            }
            TermKind::In { key, value, domain } => {
                key.iter().for_each(|t| self.term(t));
                self.term(value);
                self.term(domain);
            }
            TermKind::Array(items) | TermKind::Set(items) => items.iter().for_each(|t| self.term(t)),
            TermKind::Object(entries) => entries.iter().for_each(|(k, v)| {
                self.term(k);
                self.term(v);
            }),
            TermKind::ArrayComprehension(head, body) | TermKind::SetComprehension(head, body) => {
                self.closures.push((body.clone(), vec![(**head).clone()], Names::new()));
            }
            TermKind::ObjectComprehension(key, value, body) => {
                self.closures.push((body.clone(), vec![(**key).clone(), (**value).clone()], Names::new()));
            }
            TermKind::Template(parts) => parts.iter().for_each(|part| {
                if let Part::Term(term) = part {
                    self.term(term);
                }
            }),
            TermKind::Null | TermKind::Bool(_) | TermKind::Number(_) | TermKind::String(_) => {}
        }
    }
}

/// Whether matching can bind something in a term, and nothing in it has to be computed.
fn is_pattern(term: &Term) -> bool {
    match &term.kind {
        TermKind::Var(name) => !matches!(&**name, "input" | "data"),
        TermKind::Array(_) | TermKind::Object(_) => true,
        _ => false,
    }
}
