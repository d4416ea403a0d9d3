//! Rules that say where a message came from.
//!
//! Beside each rule that judges stands a copy with the same body. Its members are `[message, [[rank, base, [steps…]], …]]`: what
//! the rule says, and each input path that its body touches, with the values that the variables in it have at that moment.
//! So the engine itself resolves which element of a list was the one. The copies are asked only when there is a message.

use std::sync::Arc;

use super::names::Kind;
use super::touch::{Base, Program, Touch};
use crate::policy::rego::Module;
use crate::policy::rego::ast::{Body, Expr, ExprKind, Range, Rule, Term, TermKind};
use crate::source::SourceId;

/// Beginning of the names that the copies have.
const NAME: &str = "changegate_trace";

/// Most paths that one copy tells of.
const MOST: usize = 48;

/// A copy: the rule that it stands beside, and its own path.
#[derive(Clone, Debug)]
pub(super) struct Trace {
    /// `data.main.deny`.
    pub(super) of: String,
    /// `data.main.changegate_trace_0_1`.
    pub(super) path: String,
}

/// Adds the copies to the modules.
pub(super) fn add(modules: &mut [(SourceId, Module)]) -> Vec<Trace> {
    let mut traces = Vec::new();
    let mut copies: Vec<Vec<Rule>> = Vec::new();
    {
        let program = Program::new(modules);
        for (m, (_, module)) in modules.iter().enumerate() {
            let package = module.package.join(".");
            let mut made = Vec::new();
            for (r, rule) in module.rules.iter().enumerate() {
                let name = format!("{NAME}_{m}_{r}");
                let Some(copy) = copy(&program, m, rule, &name) else { continue };
                let of = format!("data.{package}.{}", rule.head.name());
                traces.push(Trace { of, path: format!("data.{package}.{name}") });
                made.push(copy);
            }
            copies.push(made);
        }
    }
    for ((_, module), made) in modules.iter_mut().zip(copies) {
        module.rules.extend(made);
    }
    traces
}

fn copy(program: &Program<'_>, module: usize, rule: &Rule, name: &str) -> Option<Rule> {
    Kind::of(rule.head.name())?;
    let head = &rule.head;
    if rule.default || head.args.is_some() || head.path.len() != 1 || !rule.elses.is_empty() {
        return None;
    }
    let message = head.key.as_ref().or(head.value.as_ref())?.clone();
    let mut body = rule.body.clone()?;
    name_wildcards(&mut body);
    let mut touches = program.touches(module, &message, &body);
    touches.truncate(MOST);
    let range = rule.range;
    let places = touches.into_iter().map(|touch| term_of(range, touch)).collect();
    let member = Term::new(range, TermKind::Array(vec![message, Term::new(range, TermKind::Array(places))]));
    let mut copy = rule.clone();
    copy.chained = false;
    copy.head.path = vec![Term::var(head.range, name)];
    copy.head.key = Some(member);
    copy.head.value = None;
    copy.body = Some(body);
    Some(copy)
}

fn term_of(range: Range, touch: Touch) -> Term {
    let base = match touch.origin.base {
        Base::Input => Term::new(range, TermKind::Null),
        Base::Value(name) => Term::new(range, TermKind::Var(name)),
    };
    let rank = Term::new(range, TermKind::Number(touch.rank.to_string().into()));
    let steps = Term::new(range, TermKind::Array(touch.origin.steps));
    Term::new(range, TermKind::Array(vec![rank, base, steps]))
}

/// Gives every `_` of a reference, and every `some x in` without a key, a name, so that its value can be told.
fn name_wildcards(body: &mut Body) {
    let mut names = Names(0);
    for expr in body {
        names.expr(expr);
    }
}

struct Names(usize);

impl Names {
    fn next(&mut self) -> Arc<str> {
        self.0 += 1;
        format!("changegate_step_{}", self.0).into()
    }

    fn expr(&mut self, expr: &mut Expr) {
        let range = expr.range;
        match &mut expr.kind {
            ExprKind::Term(term) => self.term(term),
            ExprKind::Assign(left, right) | ExprKind::Unify(left, right) => {
                self.term(left);
                self.term(right);
            }
            ExprKind::SomeIn { key, domain, .. } => {
                match key {
                    None => *key = Some(Term::new(range, TermKind::Var(self.next()))),
                    Some(key) if key.is_wildcard() => *key = Term::new(range, TermKind::Var(self.next())),
                    Some(_) => {}
                }
                self.term(domain);
            }
            // A name inside of these has no value outside.
            ExprKind::Some(_)
            | ExprKind::Every { .. }
            | ExprKind::Not(_)
            | ExprKind::NotBody(_)
            | ExprKind::Or(..)
            | ExprKind::And(_) => {}
        }
    }

    fn term(&mut self, term: &mut Term) {
        match &mut term.kind {
            TermKind::Ref(head, path) => {
                self.term(head);
                for part in path {
                    if part.is_wildcard() {
                        part.kind = TermKind::Var(self.next());
                    }
                }
            }
            TermKind::Call(_, args) => args.iter_mut().for_each(|t| self.term(t)),
            TermKind::Infix(_, left, right) => {
                self.term(left);
                self.term(right);
            }
            TermKind::Array(items) => items.iter_mut().for_each(|t| self.term(t)),
            _ => {}
        }
    }
}
