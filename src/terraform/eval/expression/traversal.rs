//! `var.a.b[0]`, `list[*].name`, `list.*.name`.

use std::sync::Arc;

use hcl_edit::Decorated;
use hcl_edit::expr::{Expression as Tree, Traversal, TraversalOperator};

use super::{Evaluator, Names, access};
use crate::source::Span;
use crate::terraform::eval::fault::Fault;
use crate::terraform::eval::number::Number;
use crate::terraform::eval::scope::{Reference, Step};
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::{Data, Value};

type Operators<'t> = &'t [Decorated<TraversalOperator>];

impl Evaluator<'_> {
    pub(super) fn traversal(&mut self, traversal: &Traversal) -> Value {
        match &traversal.expr {
            Tree::Variable(name) => self.root(name, &traversal.operators, traversal),
            source => {
                let value = self.value(source);
                self.follow(value, &traversal.operators)
            }
        }
    }

    /// The value of a name and of the steps behind it.
    pub(super) fn root(&mut self, name: &str, operators: Operators, at: &impl hcl_edit::Span) -> Value {
        if let Some((_, value)) = self.bound.iter().rev().find(|(bound, _)| **bound == *name) {
            let value = value.clone();
            return self.follow(value, operators);
        }
        let span = self.place.of(at);
        let reference = reference(name, operators, span);
        let (value, consumed) = match self.names {
            Names::Module | Names::None => match self.scope.resolve(&reference) {
                Ok(resolved) => (resolved.value, resolved.consumed),
                Err(faults) => {
                    self.faults.extend(faults.or_at(span).iter().cloned());
                    return Value::unknown(Type::Dynamic);
                }
            },
            Names::Template { variables, .. } => match variables.get(name) {
                Some(value) => (value.clone(), 0),
                None => {
                    let detail = format!("There is no variable named {name:?}.");
                    return self.fail(Fault::new("Unknown variable", detail), at);
                }
            },
        };
        let rest = operators.get(consumed..).unwrap_or_default();
        let value = self.follow(value, rest);
        value.through(name_of(&reference, operators), span)
    }

    /// Applies the steps of a traversal to a value.
    fn follow(&mut self, mut value: Value, mut operators: Operators) -> Value {
        while let [operator, rest @ ..] = operators {
            operators = rest;
            let outcome = match operator.value() {
                TraversalOperator::GetAttr(name) => access::attribute(&value, name),
                TraversalOperator::LegacyIndex(index) => access::index(&value, &legacy(**index)),
                TraversalOperator::Index(key) => {
                    let faults = self.faults.len();
                    let key = self.value(key);
                    if self.faults.len() > faults {
                        return Value::unknown(Type::Dynamic);
                    }
                    access::index(&value, &key)
                }
                TraversalOperator::FullSplat(_) => return self.splat(&value, rest, operator),
                TraversalOperator::AttrSplat(_) => {
                    let is_attribute = |o: &Decorated<TraversalOperator>| {
                        matches!(o.value(), TraversalOperator::GetAttr(_) | TraversalOperator::LegacyIndex(_))
                    };
                    let own = rest.iter().take_while(|o| is_attribute(o)).count();
                    let (own, behind) = rest.split_at(own);
                    value = self.splat(&value, own, operator);
                    operators = behind;
                    continue;
                }
            };
            match outcome {
                Ok(next) => value = next,
                Err(fault) => return self.fail(fault, operator),
            }
        }
        value
    }

    /// The steps applied to each element. What is no sequence counts as one of a single element, null as
    /// an empty one.
    fn splat(&mut self, source: &Value, each: Operators, at: &impl hcl_edit::Span) -> Value {
        let is_sequence = is_sequence(source);
        let unknown = |value: Value| value.with_marks(source.marks());
        if source.is_null() {
            if !is_sequence {
                return unknown(Value::tuple(Vec::new()));
            }
            let detail = "Splat expressions (with the * symbol) cannot be applied to null sequences.";
            return self.fail(Fault::new("Splat of null value", detail), at);
        }
        if source.is_dynamic() {
            return unknown(Value::unknown(Type::Dynamic));
        }
        if !is_sequence {
            let item = self.follow(source.clone(), each);
            // Null would give an empty tuple instead.
            let open = !source.is_known() && !source.is_surely_not_null();
            return unknown(if open { Value::unknown(Type::Dynamic) } else { Value::tuple(vec![item]) });
        }
        let Some(items) = source.as_items() else { return unknown(self.splat_of_unknown(source, each)) };
        if !self.spend(items.len(), at) {
            return Value::unknown(Type::Dynamic);
        }
        let faults = self.faults.len();
        let values: Vec<Value> = items.iter().map(|item| self.follow(item.clone(), each)).collect();
        if self.faults.len() > faults {
            return unknown(self.failed_splat(source, each));
        }
        unknown(match source.data() {
            Data::List(element, _) | Data::Set(element, _) => {
                let element = match values.first() {
                    Some(first) => first.ty(),
                    None => self.result_type(element, each),
                };
                Value::list(element, values)
            }
            _ => Value::tuple(values),
        })
    }

    /// What is known of a splat with faults: the type that it would have.
    fn failed_splat(&mut self, source: &Value, each: Operators) -> Value {
        let (value, _) = self.aside(|evaluator| evaluator.splat_of_unknown(&Value::unknown(source.ty()), each));
        Value::unknown(value.ty())
    }

    fn splat_of_unknown(&mut self, source: &Value, each: Operators) -> Value {
        match source.data() {
            Data::Unknown(Type::Tuple(types), _) => {
                let types: Vec<Type> = types.iter().map(|ty| self.result_type(ty, each)).collect();
                Value::unknown_not_null(Type::tuple(types))
            }
            Data::Unknown(Type::List(element) | Type::Set(element), range) => {
                let element = self.result_type(element, each);
                let (least, most) = (range.least, range.most);
                let value = Value::unknown_not_null(Type::list(element));
                value.refined(|range| (range.least, range.most) = (least, most)).settled()
            }
            _ => Value::unknown(Type::Dynamic),
        }
    }

    fn result_type(&mut self, element: &Type, each: Operators) -> Type {
        self.follow(Value::unknown(element.clone()), each).ty()
    }
}

fn is_sequence(value: &Value) -> bool {
    match value.data() {
        Data::List(..) | Data::Set(..) | Data::Tuple(_) => true,
        Data::Null(ty) | Data::Unknown(ty, _) => matches!(ty, Type::List(_) | Type::Set(_) | Type::Tuple(_)),
        _ => false,
    }
}

fn legacy(index: u64) -> Value {
    usize::try_from(index).map_or_else(|_| Number::infinite(false), Number::counted).into()
}

/// The written part of a traversal.
pub(super) fn reference(name: &str, operators: Operators, span: Span) -> Reference {
    let steps = operators.iter().map_while(|operator| step(operator.value())).collect();
    Reference { root: Arc::from(name), steps, span }
}

fn step(operator: &TraversalOperator) -> Option<Step> {
    match operator {
        TraversalOperator::GetAttr(name) => Some(Step::Attribute(Arc::from(name.as_str()))),
        TraversalOperator::LegacyIndex(index) => Some(Step::Index(**index)),
        TraversalOperator::Index(Tree::Number(n)) => n.value().as_u64().map(Step::Index),
        TraversalOperator::Index(Tree::String(key)) => Some(Step::Key(Arc::from(key.as_str()))),
        _ => None,
    }
}

/// The traversal as a name: `local.sizes[…]` where a key must be evaluated.
fn name_of(reference: &Reference, operators: Operators) -> String {
    let mut name = reference.text(reference.steps.len());
    match operators.get(reference.steps.len()).map(Decorated::value) {
        Some(TraversalOperator::Index(_)) => name.push_str("[…]"),
        Some(TraversalOperator::FullSplat(_) | TraversalOperator::AttrSplat(_)) => name.push_str("[*]"),
        _ => {}
    }
    name
}
