//! Paths into the input that lead nowhere: a wrong name, or an input that the declared scope does not have.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::metadata::Scope;
use super::super::rego::ast::{Expr, ExprKind, Rule, Term, TermKind};
use super::super::rego::visit::{self, Visitor};
use super::parameters::path;
use super::{Linted, Program, fault};
use crate::facts::{Field, Found, Shape};
use crate::finding::Diagnostic;

pub(super) const CODE: &str = "lint::input-shape";

pub(super) fn check(program: &Program<'_>, module: &Linted<'_>, found: &mut Vec<Diagnostic>) {
    if module.is_test() {
        return;
    }
    let input = program.input_of(module);
    for rule in &module.resolved.rules {
        let places = Places::with_parameters(&input, rule, program.parameters.get(&path(module, rule)));
        let mut checker = Checker { module, places: &places, found };
        visit::each_part_of_rule(&mut checker, rule);
    }
}

impl Program<'_> {
    /// What a module of this scope is given.
    pub(super) fn input_of(&self, module: &Linted<'_>) -> Shape {
        if module.of_conftest {
            return elsewhere();
        }
        match module.metadata.as_ref().map(|m| m.custom.scope) {
            Some(Scope::Change | Scope::Document) => self.input.clone().without("resource"),
            Some(Scope::Resource) | None => self.input.clone(),
        }
    }
}

/// What others give their policies: anything; of an admission review, as Gatekeeper hands it over, the parts are known.
fn elsewhere() -> Shape {
    let open = |names: &[&str]| {
        let fields = names.iter().map(|n| ((*n).to_owned(), Field { shape: Shape::Any, nullable: false })).collect();
        Shape::Object { fields, more: Some(Box::new(Shape::Any)) }
    };
    open(&["parameters"]).with("review", open(&["kind", "object", "oldObject", "operation", "userInfo"]))
}

/// Where the terms of a rule lead to in the input.
pub(super) struct Places<'a> {
    input: &'a Shape,
    /// Variables that stand for a part of the input.
    locals: BTreeMap<Arc<str>, &'a Shape>,
}

/// Where a term leads to.
pub(super) enum Led<'a> {
    /// It does not start at the input.
    Elsewhere,
    /// To a place, and whether that is always there.
    To(&'a Shape, bool),
    /// The part of the path at this position names nothing; the nearest name, and what it was looked for in.
    Nowhere(usize, Option<&'a str>, &'a Shape),
}

static ANY: Shape = Shape::Any;

/// What a Kubernetes object is written with: looked for in the resource itself by whoever knows the object.
const WRITTEN: [&str; 6] = ["apiVersion", "kind", "metadata", "spec", "data", "status"];

fn is_resource(shape: &Shape) -> bool {
    matches!(shape, Shape::Object { fields, .. } if fields.contains_key("attrs") && fields.contains_key("iac"))
}

impl<'a> Places<'a> {
    pub(super) fn of(input: &'a Shape, rule: &Rule) -> Self {
        let mut locals = Locals { places: Self { input, locals: BTreeMap::new() } };
        visit::each_part_of_rule(&mut locals, rule);
        locals.places
    }

    /// As [`Places::of`], with what the parameters of a function stand for.
    pub(super) fn with_parameters(input: &'a Shape, rule: &Rule, parameters: Option<&'a Vec<Shape>>) -> Self {
        let mut locals = Locals { places: Self { input, locals: BTreeMap::new() } };
        for (term, shape) in rule.head.args.iter().flatten().zip(parameters.into_iter().flatten()) {
            if let TermKind::Var(name) = &term.kind {
                locals.places.name(name, shape);
            }
        }
        visit::each_part_of_rule(&mut locals, rule);
        locals.places
    }

    pub(super) fn follow(&self, term: &Term) -> Led<'a> {
        match &term.kind {
            TermKind::Var(name) if &**name == "input" => Led::To(self.input, true),
            TermKind::Var(name) => self.locals.get(name).map_or(Led::Elsewhere, |shape| Led::To(shape, true)),
            TermKind::Ref(head, path) => match self.follow(head) {
                Led::To(start, _) => along(start, path),
                other => other,
            },
            _ => Led::Elsewhere,
        }
    }

    fn name(&mut self, name: &Arc<str>, shape: &'a Shape) {
        let known = self.locals.entry(name.clone()).or_insert(shape);
        // Two bodies may use one name for two things.
        if *known != shape {
            *known = &ANY;
        }
    }
}

fn along<'a>(start: &'a Shape, path: &[Term]) -> Led<'a> {
    let (mut shape, mut certain, mut nullable) = (start, true, false);
    for (at, part) in path.iter().enumerate() {
        let TermKind::String(name) = &part.kind else {
            (shape, certain, nullable) = (shape.element(), false, false);
            continue;
        };
        match shape.key(name) {
            Found::Place(next, here) => {
                certain &= here && !nullable;
                nullable = shape.is_nullable(name);
                shape = next;
            }
            Found::Missing(near) => return Led::Nowhere(at, near, shape),
        }
    }
    Led::To(shape, certain)
}

/// Finds the variables that stand for a part of the input.
struct Locals<'a> {
    places: Places<'a>,
}

impl Visitor for Locals<'_> {
    fn expr(&mut self, expr: &Expr) {
        let named = match &expr.kind {
            ExprKind::Assign(left, right) => Some((left, right, false)),
            ExprKind::SomeIn { value, domain, .. } | ExprKind::Every { value, domain, .. } => {
                Some((value, domain, true))
            }
            _ => None,
        };
        if let Some((Term { kind: TermKind::Var(name), .. }, value, element)) = named {
            match self.places.follow(value) {
                Led::To(shape, _) => self.places.name(name, if element { shape.element() } else { shape }),
                Led::Elsewhere | Led::Nowhere(..) if self.places.locals.contains_key(name) => {
                    self.places.name(name, &ANY);
                }
                Led::Elsewhere | Led::Nowhere(..) => {}
            }
        }
        visit::each_part_of(self, expr);
    }
}

struct Checker<'a, 'f> {
    module: &'a Linted<'a>,
    places: &'a Places<'a>,
    found: &'f mut Vec<Diagnostic>,
}

impl Visitor for Checker<'_, '_> {
    fn term(&mut self, term: &Term) {
        let got = got(term);
        let term_or_got = got.as_ref().unwrap_or(term);
        if let TermKind::Ref(head, path) = &term_or_got.kind
            && let Led::Nowhere(at, near, parent) = self.places.follow(term_or_got)
            && !got.as_ref().is_some_and(|_| self.is_told_of(term, at))
        {
            self.nowhere(head, path, at, near, parent);
        }
        visit::each_part(self, term);
    }
}

/// `object.get(a.b, "c", …)` and `object.get(a.b, ["c"], …)` as the reference `a.b.c`: a wrong key always gives the default.
fn got(term: &Term) -> Option<Term> {
    let TermKind::Call(function, args) = &term.kind else { return None };
    let [from, key, _] = args.as_slice() else { return None };
    if function.names()?.iter().map(|name| &**name).collect::<Vec<_>>() != ["object", "get"] {
        return None;
    }
    let keys = match &key.kind {
        TermKind::String(_) => std::slice::from_ref(key),
        TermKind::Array(keys) => keys,
        _ => return None,
    };
    let (head, path) = match &from.kind {
        TermKind::Ref(head, path) => ((**head).clone(), path.as_slice()),
        TermKind::Var(_) => (from.clone(), [].as_slice()),
        _ => return None,
    };
    let path = path.iter().chain(keys).cloned().collect();
    Some(Term::new(term.range, TermKind::Ref(Box::new(head), path)))
}

impl Checker<'_, '_> {
    /// Whether the part of a path is within the first argument of a call, where it is told by itself.
    fn is_told_of(&self, call: &Term, at: usize) -> bool {
        let TermKind::Call(_, args) = &call.kind else { return false };
        matches!(args.first().map(|from| &from.kind), Some(TermKind::Ref(_, path)) if at < path.len())
    }

    fn nowhere(&mut self, head: &Term, path: &[Term], at: usize, near: Option<&str>, parent: &Shape) {
        let Some(part) = path.get(at) else { return };
        let (TermKind::String(name), TermKind::Var(start)) = (&part.kind, &head.kind) else { return };
        let above = path.iter().take(at).map(|part| match &part.kind {
            TermKind::String(name) => format!(".{name}"),
            _ => "[_]".to_owned(),
        });
        let above: String = std::iter::once(start.to_string()).chain(above).collect();
        let message = match parent {
            Shape::Scalar => format!("`{above}` is a single value: `{name}` leads nowhere"),
            Shape::List(_) => format!("`{above}` is a list: `{name}` leads nowhere"),
            _ => format!("`{above}` has no `{name}`"),
        };
        let help = match (&*above, &**name, near) {
            ("input", "resource", _) => {
                "a policy of scope change sees `input.changed`; declare `scope: resource` to judge each by itself"
                    .to_owned()
            }
            (_, name, _) if is_resource(parent) && WRITTEN.contains(&name) => {
                format!("what is written stands below `attrs`: `{above}.attrs.{name}`")
            }
            (_, _, Some(near)) => format!("did you mean `{near}`?"),
            _ => "`changegate schema input` and docs/policy-input.md say what a policy sees".to_owned(),
        };
        self.found.push(fault(CODE, self.module, part.range, message).help(help));
    }
}
