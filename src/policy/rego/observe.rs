//! Observed tests: before each expression that asks a policy for `deny`, what it answers and for which input is printed.

use std::sync::Arc;

use super::ast::{Body, Expr, ExprKind, Module, Part, Rule, Term, TermKind};
use super::program::Index;
use super::visit::{self, Visitor};
use super::{Compiled, finish, lower, resolve};
use crate::source::SourceId;

/// What a print of ours begins with.
const MARK: &str = "changegate:observed";

/// Modules in which the tests print what they ask the packages for. The modules must be free of faults.
pub fn compile(
    mut modules: Vec<(SourceId, Module)>,
    packages: &[Vec<Arc<str>>],
    is_test: &dyn Fn(SourceId) -> bool,
) -> Compiled {
    let index = Index::new(&modules);
    modules.iter_mut().for_each(|(_, module)| resolve::module(module, &index));
    for (id, module) in &mut modules {
        if is_test(*id) {
            let mut observer = Observer { packages };
            module.rules.iter_mut().for_each(|rule| observer.rule(rule));
        }
    }
    let mocks = lower::Mocks::of(&modules);
    finish(modules, &index, mocks)
}

/// Package, number of findings and input of a print that [`compile`] put in; none for another.
pub fn read(print: &str) -> Option<(&str, usize, &str)> {
    let (_, rest) = print.split_once(MARK)?;
    let mut parts = rest.trim_start().splitn(3, ' ');
    Some((parts.next()?, parts.next()?.parse().ok()?, parts.next()?))
}

struct Observer<'a> {
    packages: &'a [Vec<Arc<str>>],
}

impl Observer<'_> {
    fn rule(&mut self, rule: &mut Rule) {
        rule.head.key.iter_mut().chain(&mut rule.head.value).for_each(|t| self.term(t));
        rule.body.iter_mut().for_each(|body| self.body(body));
        for branch in &mut rule.elses {
            branch.body.iter_mut().for_each(|body| self.body(body));
        }
    }

    fn body(&mut self, body: &mut Body) {
        let mut out = Vec::with_capacity(body.len());
        for mut expr in std::mem::take(body) {
            let mut asked = Asked { packages: self.packages, found: Vec::new() };
            asked.expr(&expr);
            out.extend(asked.found.into_iter().map(|package| print(package, &expr)));
            self.expr(&mut expr);
            out.push(expr);
        }
        *body = out;
    }

    fn expr(&mut self, expr: &mut Expr) {
        match &mut expr.kind {
            ExprKind::Term(t) | ExprKind::SomeIn { domain: t, .. } => self.term(t),
            ExprKind::Assign(left, right) | ExprKind::Unify(left, right) => {
                self.term(left);
                self.term(right);
            }
            ExprKind::Every { domain, body, .. } => {
                self.term(domain);
                self.body(body);
            }
            ExprKind::Not(inner) => self.expr(inner),
            ExprKind::NotBody(body) | ExprKind::And(body) => self.body(body),
            ExprKind::Some(_) | ExprKind::Or(..) => {}
        }
    }

    fn term(&mut self, term: &mut Term) {
        match &mut term.kind {
            TermKind::ArrayComprehension(_, body)
            | TermKind::SetComprehension(_, body)
            | TermKind::ObjectComprehension(_, _, body) => self.body(body),
            TermKind::Call(_, items) | TermKind::Array(items) | TermKind::Set(items) => {
                items.iter_mut().for_each(|t| self.term(t));
            }
            TermKind::Infix(_, left, right) => {
                self.term(left);
                self.term(right);
            }
            TermKind::Object(entries) => entries.iter_mut().for_each(|(_, value)| self.term(value)),
            TermKind::Template(parts) => parts.iter_mut().for_each(|part| {
                if let Part::Term(term) = part {
                    self.term(term);
                }
            }),
            _ => {}
        }
    }
}

/// `print(MARK, "package", count(data.package.deny), json.marshal(input))`, under the same modifiers.
fn print(package: &[Arc<str>], expr: &Expr) -> Expr {
    let at = expr.range;
    let path = |head: &str, parts: Vec<Term>| Term::new(at, TermKind::Ref(Box::new(Term::var(at, head)), parts));
    let call = |function: Term, args| Term::new(at, TermKind::Call(Box::new(function), args));
    let rule = package.iter().map(|part| Term::string(at, part)).chain([Term::string(at, "deny")]);
    let count = call(Term::var(at, "count"), vec![path("data", rule.collect())]);
    let input = call(path("json", vec![Term::string(at, "marshal")]), vec![Term::var(at, "input")]);
    let args = vec![Term::string(at, MARK), Term::string(at, &package.join(".")), count, input];
    let kind = ExprKind::Term(call(Term::var(at, "print"), args));
    Expr { range: at, kind, with: expr.with.clone() }
}

/// The packages whose `deny` an expression names, bodies inside of it excepted.
struct Asked<'a> {
    packages: &'a [Vec<Arc<str>>],
    found: Vec<&'a [Arc<str>]>,
}

impl Visitor for Asked<'_> {
    fn term(&mut self, term: &Term) {
        if let TermKind::Ref(head, path) = &term.kind
            && matches!(&head.kind, TermKind::Var(name) if &**name == "data")
        {
            let is = |part: &Term, name: &str| matches!(&part.kind, TermKind::String(text) if &**text == name);
            let asked = self.packages.iter().find(|package| {
                path.get(package.len()).is_some_and(|part| is(part, "deny"))
                    && path.iter().zip(package.iter()).all(|(part, name)| is(part, name))
            });
            self.found.extend(asked.map(Vec::as_slice));
        }
        visit::each_part(self, term);
    }

    fn body(&mut self, _: &Body) {}
}
