//! Names that are known in one block only: `each`, `count`, `self`, and iterators of dynamic blocks.

use std::sync::Arc;

use crate::terraform::eval::{Number, Type, Value};

/// Names that are known in one block only.
#[derive(Clone, Debug, Default)]
pub(super) struct Local {
    pub(super) each: Option<(Value, Value)>,
    pub(super) count: Option<Value>,
    /// It is not known how many instances there are; this one stands for all.
    pub(super) is_unknown: bool,
    /// `self`
    pub(super) this: Option<Value>,
    /// Iterators of dynamic blocks: name, then key and value.
    iterators: Vec<(Arc<str>, Value)>,
}

impl Local {
    /// The instance at an index of `count`.
    pub(super) fn counted(index: usize) -> Self {
        Self { count: Some(Number::counted(index).into()), ..Self::default() }
    }

    /// The instance of a key of `for_each`.
    pub(super) fn each(key: &Arc<str>, value: Value) -> Self {
        Self { each: Some((Value::string(key), value)), ..Self::default() }
    }

    /// The one that stands for all when it is not known how many there are.
    pub(super) fn unknown(has_count: bool) -> Self {
        let count = has_count.then(|| Value::unknown_not_null(Type::Number));
        let each = (!has_count).then(|| (Value::unknown_not_null(Type::String), Value::unknown(Type::Dynamic)));
        Self { count, each, is_unknown: true, ..Self::default() }
    }

    /// With `self`.
    pub(super) fn with_self(&self, this: Value) -> Self {
        Self { this: Some(this), ..self.clone() }
    }

    /// With an iterator of a dynamic block.
    pub(super) fn with_iterator(&self, name: Arc<str>, value: Value) -> Self {
        let mut local = self.clone();
        local.iterators.push((name, value));
        local
    }

    /// The value of an iterator; an inner one hides an outer one of the same name.
    pub(super) fn iterator(&self, name: &str) -> Option<&Value> {
        self.iterators.iter().rev().find(|(n, _)| &**n == name).map(|(_, value)| value)
    }
}
