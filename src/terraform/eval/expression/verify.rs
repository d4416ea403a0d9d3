//! What is checked before anything is evaluated: references, also those in branches that are not taken.

use std::sync::Arc;

use hcl_edit::Decorated;
use hcl_edit::expr::{Expression as Tree, ForExpr, Object, ObjectKey, Traversal, TraversalOperator};
use hcl_edit::template::{Directive, Element, Template};

use super::traversal::reference;
use super::{Fault, Faults, Place, Scope};
use crate::parse::hcl::Expression;
use crate::terraform::eval::scope::Reference;

/// Asks the scope about every reference of an expression.
pub(super) fn verify(expression: &Expression, scope: &dyn Scope, bound: &[&str]) -> Result<(), Faults> {
    let mut faults: Vec<Fault> = Vec::new();
    let place = Place::Source(expression);
    walk(&expression.tree, place, bound, &mut |found| match found {
        Found::Reference(reference) => {
            if let Err(refused) = scope.check(&reference) {
                faults.extend(refused.or_at(reference.span).iter().cloned());
            }
        }
        Found::ChainedIndex(traversal, first, second) => faults.push(chained(first, second).or_at(place.of(traversal))),
    });
    Faults::new(faults).map_or(Ok(()), Err)
}

fn chained(first: u64, second: u64) -> Fault {
    let detail = format!(
        "When using the legacy index syntax, chaining two indexes together is not permitted. Use the proper index \
         syntax instead, like [{first}][{second}]."
    );
    Fault::reference("Invalid legacy index syntax", detail)
}

/// Visits every reference to a name that the expression does not bind itself.
pub(in crate::terraform::eval) fn walk_references(expression: &Expression, visit: &mut dyn FnMut(Reference)) {
    walk(&expression.tree, Place::Source(expression), &[], &mut |found| {
        if let Found::Reference(reference) = found {
            visit(reference);
        }
    });
}

/// The names that a template uses and does not bind itself.
pub(super) fn template_names(template: &Template) -> Vec<Arc<str>> {
    let mut names = Vec::new();
    let mut visit = |found: Found| {
        if let Found::Reference(reference) = found {
            names.push(reference.root);
        }
    };
    let mut walk = Walk { place: Place::Fixed(crate::source::Span::default()), bound: Vec::new(), visit: &mut visit };
    walk.template(template);
    names
}

enum Found<'t> {
    Reference(Reference),
    /// `a.0.1`
    ChainedIndex(&'t Traversal, u64, u64),
}

fn walk(tree: &Tree, place: Place, bound: &[&str], visit: &mut dyn FnMut(Found)) {
    let bound = bound.iter().map(|name| (*name).to_owned()).collect();
    Walk { place, bound, visit }.tree(tree);
}

struct Walk<'w> {
    place: Place<'w>,
    bound: Vec<String>,
    visit: &'w mut dyn FnMut(Found),
}

impl Walk<'_> {
    fn tree(&mut self, tree: &Tree) {
        match tree {
            Tree::Null(_) | Tree::Bool(_) | Tree::Number(_) | Tree::String(_) => {}
            Tree::Array(items) => items.iter().for_each(|item| self.tree(item)),
            Tree::Object(object) => self.object(object),
            Tree::StringTemplate(template) => self.template(template),
            Tree::HeredocTemplate(heredoc) => self.template(&heredoc.template),
            Tree::Parenthesis(inner) => self.tree(inner.inner()),
            Tree::Variable(name) => self.reference(name, &[], tree),
            Tree::Conditional(c) => {
                [&c.cond_expr, &c.true_expr, &c.false_expr].into_iter().for_each(|part| self.tree(part));
            }
            Tree::FuncCall(call) => call.args.iter().for_each(|argument| self.tree(argument)),
            Tree::Traversal(traversal) => self.traversal(traversal),
            Tree::UnaryOp(operation) => self.tree(&operation.expr),
            Tree::BinaryOp(operation) => {
                self.tree(&operation.lhs_expr);
                self.tree(&operation.rhs_expr);
            }
            Tree::ForExpr(expression) => self.for_expression(expression),
        }
    }

    fn reference(&mut self, name: &str, operators: &[Decorated<TraversalOperator>], at: &impl hcl_edit::Span) {
        if !self.bound.iter().any(|bound| bound == name) {
            (self.visit)(Found::Reference(reference(name, operators, self.place.of(at))));
        }
    }

    fn traversal(&mut self, traversal: &Traversal) {
        match &traversal.expr {
            Tree::Variable(name) => self.reference(name, &traversal.operators, traversal),
            source => self.tree(source),
        }
        let mut before = None;
        for operator in &traversal.operators {
            match (operator.value(), before) {
                (TraversalOperator::Index(key), _) => self.tree(key),
                (TraversalOperator::LegacyIndex(second), Some(first)) => {
                    (self.visit)(Found::ChainedIndex(traversal, first, **second));
                }
                _ => {}
            }
            before = match operator.value() {
                TraversalOperator::LegacyIndex(index) => Some(**index),
                _ => None,
            };
        }
    }

    fn object(&mut self, object: &Object) {
        for (key, value) in object.iter() {
            match key {
                ObjectKey::Expression(tree) if !matches!(tree, Tree::Variable(_)) => self.tree(tree),
                _ => {}
            }
            self.tree(value.expr());
        }
    }

    fn for_expression(&mut self, expression: &ForExpr) {
        let intro = &expression.intro;
        self.tree(&intro.collection_expr);
        let names = intro.key_var.iter().chain([&intro.value_var]).map(|name| name.as_str().to_owned());
        self.with_names(names.collect(), |walk| {
            walk.tree(&expression.value_expr);
            expression.key_expr.iter().for_each(|key| walk.tree(key));
            expression.cond.iter().for_each(|condition| walk.tree(&condition.expr));
        });
    }

    fn template(&mut self, template: &Template) {
        for element in template {
            match element {
                Element::Literal(_) => {}
                Element::Interpolation(inner) => self.tree(&inner.expr),
                Element::Directive(directive) => self.directive(directive),
            }
        }
    }

    fn directive(&mut self, directive: &Directive) {
        match directive {
            Directive::If(directive) => {
                self.tree(&directive.if_expr.cond_expr);
                self.template(&directive.if_expr.template);
                directive.else_expr.iter().for_each(|other| self.template(&other.template));
            }
            Directive::For(directive) => {
                let head = &directive.for_expr;
                self.tree(&head.collection_expr);
                let names = head.key_var.iter().chain([&head.value_var]).map(|name| name.as_str().to_owned());
                self.with_names(names.collect(), |walk| walk.template(&head.template));
            }
        }
    }

    fn with_names(&mut self, names: Vec<String>, visit: impl FnOnce(&mut Self)) {
        let before = self.bound.len();
        self.bound.extend(names);
        visit(self);
        self.bound.truncate(before);
    }
}
