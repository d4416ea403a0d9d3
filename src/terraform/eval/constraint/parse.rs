//! Type expressions (`typeexpr` of `hcl`).

use std::collections::BTreeMap;
use std::sync::Arc;

use hcl_edit::expr::{Expression as Tree, FuncCall, Object, ObjectKey};

use super::{Constraint, Defaults};
use crate::parse::hcl::Expression;
use crate::terraform::eval::convert::convert;
use crate::terraform::eval::expression::eval_literal;
use crate::terraform::eval::fault::{Fault, Faults};
use crate::terraform::eval::scope::Budget;
use crate::terraform::eval::types::{AttributeType, ObjectType, Type};
use crate::terraform::eval::value::Value;

pub(super) fn parse(expression: &Expression, budget: &Budget) -> Result<Constraint, Faults> {
    let mut parser = Parser { expression, budget, faults: Vec::new() };
    let constraint = parser.constraint(&expression.tree);
    Faults::new(parser.faults).map_or(Ok(constraint), Err)
}

struct Parser<'a> {
    expression: &'a Expression,
    budget: &'a Budget,
    faults: Vec<Fault>,
}

const NEEDS_ELEMENT: &str = "type constructor requires one argument specifying the element type.";
const NEEDS_ATTRIBUTES: &str =
    "The object type constructor requires one argument specifying the attribute types and values as a map.";
const NEEDS_ELEMENTS: &str = "The tuple type constructor requires one argument specifying the element types as a list.";

impl Parser<'_> {
    fn wrong(&mut self, detail: impl Into<String>, at: &impl hcl_edit::Span) -> Constraint {
        let fault = Fault::reference("Invalid type specification", detail);
        self.faults.push(match self.expression.span_of(at) {
            Some(span) => fault.or_at(span),
            None => fault,
        });
        Constraint::any()
    }

    fn constraint(&mut self, tree: &Tree) -> Constraint {
        match tree {
            Tree::Variable(name) => self.keyword(name, tree),
            Tree::FuncCall(call) if call.name.namespace.is_empty() => self.constructor(call, tree),
            _ => self.wrong(
                "A type specification is either a primitive type keyword (bool, number, string) or a complex type \
                 constructor call, like list(string).",
                tree,
            ),
        }
    }

    fn keyword(&mut self, word: &str, at: &Tree) -> Constraint {
        let ty = match word {
            "bool" => Type::Bool,
            "string" => Type::String,
            "number" => Type::Number,
            "any" => Type::Dynamic,
            "list" | "map" | "set" => return self.wrong(format!("The {word} {NEEDS_ELEMENT}"), at),
            "object" => return self.wrong(NEEDS_ATTRIBUTES, at),
            "tuple" => return self.wrong(NEEDS_ELEMENTS, at),
            _ => return self.wrong(format!("The keyword {word:?} is not a valid type specification."), at),
        };
        Constraint { ty, defaults: None }
    }

    fn constructor(&mut self, call: &FuncCall, at: &Tree) -> Constraint {
        let name = call.name.name.as_str();
        let arguments: Vec<&Tree> = call.args.iter().collect();
        match (name, arguments.as_slice()) {
            ("bool" | "string" | "number", _) => {
                self.wrong(format!("Primitive type keyword {name:?} does not expect arguments."), at)
            }
            ("any", _) => self.wrong("Type constraint keyword \"any\" does not expect arguments.", at),
            ("list", [element]) => self.collection(element, Type::list),
            ("set", [element]) => self.collection(element, Type::set),
            ("map", [element]) => self.collection(element, Type::map),
            ("list" | "set" | "map", _) => self.wrong(format!("The {name} {NEEDS_ELEMENT}"), at),
            ("object", [Tree::Object(object)]) => self.object(object),
            ("object", [other]) => self.wrong(
                "Object type constructor requires a map whose keys are attribute names and whose values are the \
                 corresponding attribute types.",
                *other,
            ),
            ("object", _) => self.wrong(NEEDS_ATTRIBUTES, at),
            ("tuple", [Tree::Array(elements)]) => self.tuple(elements.iter()),
            ("tuple", [other]) => self.wrong("Tuple type constructor requires a list of element types.", *other),
            ("tuple", _) => self.wrong(NEEDS_ELEMENTS, at),
            ("optional", _) => {
                self.wrong("Keyword \"optional\" is valid only as a modifier for object type attributes.", at)
            }
            _ => self.wrong(format!("Keyword {name:?} is not a valid type constructor."), at),
        }
    }

    fn collection(&mut self, element: &Tree, wrap: fn(Type) -> Type) -> Constraint {
        let element = self.constraint(element);
        let ty = wrap(element.ty);
        let children = element.defaults.map(|defaults| (Arc::from(""), defaults)).into_iter().collect();
        defaulted(ty, BTreeMap::new(), children)
    }

    fn tuple<'t>(&mut self, elements: impl Iterator<Item = &'t Tree>) -> Constraint {
        let mut types = Vec::new();
        let mut children = BTreeMap::new();
        for (at, element) in elements.enumerate() {
            let element = self.constraint(element);
            types.push(element.ty);
            children.extend(element.defaults.map(|defaults| (Arc::from(at.to_string()), defaults)));
        }
        defaulted(Type::tuple(types), BTreeMap::new(), children)
    }

    fn object(&mut self, object: &Object) -> Constraint {
        let mut attributes: BTreeMap<Arc<str>, AttributeType> = BTreeMap::new();
        let mut values = BTreeMap::new();
        let mut children = BTreeMap::new();
        for (key, value) in object.iter() {
            let name: Arc<str> = match key {
                ObjectKey::Ident(name) => Arc::from(name.as_str()),
                ObjectKey::Expression(Tree::Variable(name)) => Arc::from(name.as_str()),
                _ => {
                    self.wrong("Object constructor map keys must be attribute names.", key);
                    continue;
                }
            };
            if attributes.contains_key(&name) {
                self.wrong("Object constructor map keys must be unique.", key);
                continue;
            }
            let (ty, optional) = self.attribute(value.expr());
            let Some(ty) = ty else { continue };
            let inner = self.constraint(ty);
            if let Some(Some(default)) = optional
                && let Some(default) = self.default(default, &inner.ty)
            {
                values.insert(name.clone(), default);
            }
            children.extend(inner.defaults.map(|defaults| (name.clone(), defaults)));
            attributes.insert(name, AttributeType { ty: inner.ty, optional: optional.is_some() });
        }
        defaulted(Type::Object(ObjectType { attributes }.into()), values, children)
    }

    /// The type of an attribute; and, when it is optional, its default.
    fn attribute<'t>(&mut self, tree: &'t Tree) -> (Option<&'t Tree>, Option<Option<&'t Tree>>) {
        let Tree::FuncCall(call) = tree else { return (Some(tree), None) };
        if call.name.name.as_str() != "optional" || !call.name.namespace.is_empty() {
            return (Some(tree), None);
        }
        let arguments: Vec<&Tree> = call.args.iter().collect();
        match arguments.as_slice() {
            [ty] => (Some(*ty), Some(None)),
            [ty, default] => (Some(*ty), Some(Some(*default))),
            [] => {
                self.wrong("Optional attribute modifier requires the attribute type as its argument.", tree);
                (None, None)
            }
            [ty, ..] => {
                self.wrong(
                    "Optional attribute modifier expects at most two arguments: the attribute type, and a default \
                     value.",
                    tree,
                );
                (Some(*ty), None)
            }
        }
    }

    fn default(&mut self, tree: &Tree, ty: &Type) -> Option<Value> {
        let value = match eval_literal(self.expression, tree, self.budget) {
            Ok(value) => value,
            Err(faults) => {
                self.faults.extend(faults.iter().cloned());
                return None;
            }
        };
        convert(&value, ty)
            .map_err(|fault| {
                let detail = format!(
                    "This default value is not compatible with the attribute's type constraint: {}.",
                    fault.message
                );
                let fault = Fault::reference("Invalid default value for optional attribute", detail);
                self.faults.push(match self.expression.span_of(tree) {
                    Some(span) => fault.or_at(span),
                    None => fault,
                });
            })
            .ok()
    }
}

fn defaulted(ty: Type, values: BTreeMap<Arc<str>, Value>, children: BTreeMap<Arc<str>, Defaults>) -> Constraint {
    let some = !values.is_empty() || !children.is_empty();
    let defaults = some.then(|| Defaults { ty: ty.clone(), values, children });
    Constraint { ty, defaults }
}
