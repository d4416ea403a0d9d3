//! The walk over an expression.
//!
//! As in `hcl`, every part gives a value, an unknown one after a fault, and the faults are collected
//! beside it: both branches of a conditional are evaluated for their types, and the faults of the branch
//! that is not taken are dropped.

mod access;
mod call;
mod collection;
mod conditional;
mod iterate;
mod operator;
mod render;
mod special;
mod template;
mod tokens;
mod traversal;
mod verify;

use std::collections::BTreeMap;
use std::sync::Arc;

use hcl_edit::expr::Expression as Tree;

use super::fault::{Fault, FaultKind, Faults};
use super::number::Number;
use super::scope::{Budget, Files, NoFiles, Reference, Resolved, Scope};
use super::types::Type;
use super::value::{Origin, Value};
use crate::parse::hcl::Expression;
use crate::source::Span;

pub(super) use verify::walk_references;

/// Evaluates an expression.
///
/// Names that the expression itself binds (`for`) need no scope. What the expression refers to is asked of
/// the scope only where it is evaluated, so a scope that evaluates on demand recurses; evaluate locals in
/// the order of [`references`](super::references()) where chains can be long.
///
/// # Errors
///
/// What Terraform would report, with places; what exceeds the limits of the scope.
pub fn eval(expression: &Expression, scope: &dyn Scope) -> Result<Value, Faults> {
    eval_with(expression, scope, &[])
}

/// Evaluates an expression in which some more names are bound, as the iterator of a `dynamic` block is.
///
/// # Errors
///
/// As [`eval`].
pub fn eval_with(expression: &Expression, scope: &dyn Scope, bound: &[(Arc<str>, Value)]) -> Result<Value, Faults> {
    let place = Place::Source(expression);
    let names: Vec<&str> = bound.iter().map(|(name, _)| &**name).collect();
    verify::verify(expression, scope, &names)?;
    let mut evaluator = Evaluator::new(scope, place, Names::Module);
    evaluator.bound.extend(bound.iter().cloned());
    let value = evaluator.value(&expression.tree);
    evaluator.finish(value)
}

/// Evaluates a part of an expression in which nothing may be named or called, such as a default in a type.
pub(super) fn eval_literal(source: &Expression, part: &Tree, budget: &Budget) -> Result<Value, Faults> {
    let scope = Nothing { budget };
    let mut evaluator = Evaluator::new(&scope, Place::Source(source), Names::None);
    let value = evaluator.value(part);
    evaluator.finish(value)
}

/// A scope without names.
struct Nothing<'a> {
    budget: &'a Budget,
}

impl Scope for Nothing<'_> {
    fn resolve(&self, _: &Reference) -> Result<Resolved, Faults> {
        Err(Fault::reference("Variables not allowed", "Variables may not be used here.").into())
    }

    fn files(&self) -> &dyn Files {
        &NoFiles
    }

    fn budget(&self) -> &Budget {
        self.budget
    }
}

/// How deep values may be computed from values: far beyond what the parser lets through.
const MAX_DEPTH: usize = 400;

/// Where the parts of the tree stand.
#[derive(Clone, Copy)]
enum Place<'a> {
    /// In a source.
    Source(&'a Expression),
    /// In a text that is no source, such as a template file: all parts count as this place.
    Fixed(Span),
}

impl Place<'_> {
    fn of(self, part: &impl hcl_edit::Span) -> Span {
        match self {
            Self::Source(expression) => {
                expression.span_of(part).or_else(|| expression.span_of(&expression.tree)).unwrap_or_default()
            }
            Self::Fixed(span) => span,
        }
    }
}

/// Which names there are besides the bound ones.
#[derive(Clone, Copy)]
enum Names<'a> {
    /// Those of the scope.
    Module,
    /// None, and no functions either.
    None,
    /// The variables of a template.
    Template {
        variables: &'a BTreeMap<Arc<str>, Value>,
        /// Whether functions may read files.
        files: bool,
    },
}

struct Evaluator<'a> {
    scope: &'a dyn Scope,
    place: Place<'a>,
    names: Names<'a>,
    /// Names bound by `for`, innermost last.
    bound: Vec<(Arc<str>, Value)>,
    faults: Vec<Fault>,
    depth: usize,
    /// The budget is spent; everything is unknown from here on.
    exhausted: bool,
}

impl<'a> Evaluator<'a> {
    fn new(scope: &'a dyn Scope, place: Place<'a>, names: Names<'a>) -> Self {
        Self { scope, place, names, bound: Vec::new(), faults: Vec::new(), depth: 0, exhausted: false }
    }

    fn finish(self, value: Value) -> Result<Value, Faults> {
        Faults::new(self.faults).map_or(Ok(value), Err)
    }

    /// The value of a part; unknown after a fault.
    fn value(&mut self, tree: &Tree) -> Value {
        if self.depth >= MAX_DEPTH || !self.spend(1, tree) {
            return self.give_up(tree);
        }
        self.depth += 1;
        let value = self.dispatch(tree);
        self.depth -= 1;
        value.or_at(self.place.of(tree))
    }

    fn dispatch(&mut self, tree: &Tree) -> Value {
        match tree {
            Tree::Null(_) => Value::null(Type::Dynamic),
            Tree::Bool(b) => (*b.value()).into(),
            Tree::Number(number) => self.number(number, tree),
            Tree::String(text) => Value::string(text),
            Tree::Array(items) => self.tuple(items),
            Tree::Object(object) => self.object(object),
            Tree::StringTemplate(template) => self.quoted(template),
            Tree::HeredocTemplate(heredoc) => self.heredoc(heredoc),
            Tree::Parenthesis(inner) => self.value(inner.inner()),
            Tree::Variable(name) => self.root(name, &[], tree),
            Tree::Conditional(conditional) => self.conditional(conditional, tree),
            Tree::FuncCall(call) => self.call(call),
            Tree::Traversal(traversal) => self.traversal(traversal),
            Tree::UnaryOp(operation) => self.unary(operation),
            Tree::BinaryOp(operation) => self.binary(operation),
            Tree::ForExpr(expression) => self.for_expression(expression),
        }
    }

    fn number(&mut self, number: &hcl_edit::Formatted<hcl_edit::Number>, tree: &Tree) -> Value {
        let text: String = number.as_repr().map_or_else(|| number.value().to_string(), |repr| repr.to_string());
        let digits: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        match Number::parse(&digits) {
            Some(number) => number.into(),
            None => self.fail(Fault::refused("Number too large", "this number has too many digits"), tree),
        }
    }

    /// Reports a fault at a part.
    fn fail(&mut self, fault: Fault, at: &impl hcl_edit::Span) -> Value {
        let fault = fault.or_at(self.place.of(at));
        self.fail_placed(fault)
    }

    fn fail_placed(&mut self, fault: Fault) -> Value {
        self.faults.push(fault);
        Value::unknown(Type::Dynamic)
    }

    fn give_up(&mut self, at: &Tree) -> Value {
        if self.depth >= MAX_DEPTH {
            return self.fail(Fault::refused("Expression too deep", "this is nested too deeply to be evaluated"), at);
        }
        Value::unknown(Type::Dynamic)
    }

    /// Spends steps; `false` when there are none left.
    fn spend(&mut self, steps: usize, at: &impl hcl_edit::Span) -> bool {
        match self.scope.budget().spend(steps) {
            _ if self.exhausted => {}
            Ok(()) => return true,
            Err(fault) => {
                self.exhausted = true;
                self.fail(fault, at);
            }
        }
        false
    }

    /// Spends text; `false` when there is none left.
    fn grow(&mut self, bytes: usize, at: &impl hcl_edit::Span) -> bool {
        match self.scope.budget().grow(bytes) {
            _ if self.exhausted => {}
            Ok(()) => return true,
            Err(fault) => {
                self.exhausted = true;
                self.fail(fault, at);
            }
        }
        false
    }

    /// Evaluates something and keeps its faults apart.
    fn aside<T>(&mut self, evaluate: impl FnOnce(&mut Self) -> T) -> (T, Vec<Fault>) {
        let before = std::mem::take(&mut self.faults);
        let result = evaluate(self);
        let faults = std::mem::replace(&mut self.faults, before);
        (result, faults)
    }

    /// Forgets faults of something that is not used, but not what we refused to find out.
    fn forget(&mut self, faults: Vec<Fault>) {
        self.faults.extend(faults.into_iter().filter(|fault| fault.kind == FaultKind::Refused));
    }

    /// Evaluates something with names bound.
    fn with_bound<T>(&mut self, names: &[(&Arc<str>, Value)], evaluate: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.bound.len();
        self.bound.extend(names.iter().map(|(name, value)| (Arc::clone(name), value.clone())));
        let result = evaluate(self);
        self.bound.truncate(before);
        result
    }
}

/// A value that was computed from others: made here, and traced through the first of them that came
/// through a name, unknown ones before known ones.
fn derived(value: Value, from: &[&Value], span: Span) -> Value {
    if value.origin().is_some() {
        return value;
    }
    let via = |value: &&Value| value.origin().and_then(|origin| origin.via.clone());
    let unknown = from.iter().filter(|value| !value.is_known()).find_map(via);
    let via = unknown.or_else(|| from.iter().find_map(via));
    value.with_origin(Origin { span, via })
}

#[cfg(test)]
mod tests;
