//! `[…]` and `{…}`.

use std::collections::BTreeMap;

use hcl_edit::expr::{Array, Expression as Tree, Object, ObjectKey};

use super::Evaluator;
use crate::terraform::eval::convert::convert;
use crate::terraform::eval::fault::Fault;
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::{Marks, Value};

impl Evaluator<'_> {
    pub(super) fn tuple(&mut self, items: &Array) -> Value {
        Value::tuple(items.iter().map(|item| self.value(item)).collect::<Vec<_>>())
    }

    /// An object with a key that is not known is unknown as a whole: any key could be that one.
    pub(super) fn object(&mut self, object: &Object) -> Value {
        let mut attributes = BTreeMap::new();
        let mut marks = Marks::default();
        let mut known = true;
        for (key, value) in object.iter() {
            let faults = self.faults.len();
            let name = self.key(key);
            let failed = self.faults.len() > faults;
            let value = self.value(value.expr());
            match if failed { None } else { self.key_text(&name, key, &mut marks) } {
                Some(text) => drop(attributes.insert(text.into(), value)),
                None => known = false,
            }
        }
        if known { Value::object(attributes).with_marks(marks) } else { Value::unknown(Type::Dynamic) }
    }

    /// A bare word is a name, never a reference.
    fn key(&mut self, key: &ObjectKey) -> Value {
        match key {
            ObjectKey::Ident(name) => Value::string(name),
            ObjectKey::Expression(Tree::Null(_)) => "null".into(),
            ObjectKey::Expression(Tree::Bool(b)) => Value::from(if *b.value() { "true" } else { "false" }),
            ObjectKey::Expression(Tree::Variable(name)) => Value::string(name),
            ObjectKey::Expression(tree) if is_bare_path(tree) => self.fail(
                Fault::reference(
                    "Ambiguous attribute key",
                    "If this expression is intended to be a reference, wrap it in parentheses. If it's instead \
                     intended as a literal name containing periods, wrap it in quotes to create a string literal.",
                ),
                tree,
            ),
            ObjectKey::Expression(tree) => self.value(tree),
        }
    }

    fn key_text(&mut self, key: &Value, at: &ObjectKey, marks: &mut Marks) -> Option<String> {
        if key.is_null() {
            self.fail(Fault::new("Null value as key", "Can't use a null value as a key."), at);
            return None;
        }
        *marks = *marks | key.marks();
        match convert(key, &Type::String) {
            Ok(text) => text.as_str().map(str::to_owned),
            Err(fault) => {
                let detail = format!("Can't use this value as a key: {}.", fault.message);
                self.fail(Fault::new("Incorrect key type", detail), at);
                None
            }
        }
    }
}

/// `a.b` without parentheses.
fn is_bare_path(tree: &Tree) -> bool {
    matches!(tree, Tree::Traversal(traversal) if matches!(traversal.expr, Tree::Variable(_)))
}
