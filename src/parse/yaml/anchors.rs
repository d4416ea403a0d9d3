//! Anchored values and the budget for copies of them.

use std::collections::HashMap;

use super::{Limits, fault};
use crate::finding::Diagnostic;
use crate::parse::tree::Node;
use crate::source::Span;

/// How large a value is; needed to pay for its copies without walking it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Extent {
    /// Values in it, itself included.
    pub(super) size: usize,
    /// Levels below it.
    pub(super) height: usize,
}

impl Extent {
    /// A scalar.
    pub(super) const LEAF: Self = Self { size: 1, height: 0 };

    /// Takes in a child.
    pub(super) fn add(&mut self, child: Self) {
        self.size += child.size;
        self.height = self.height.max(child.height + 1);
    }
}

/// The anchors of one document.
///
/// An anchored value is copied twice: when it ends, and for each alias. Copies of anchors inside anchors
/// and of aliases multiply, so they draw on a budget; copies of outermost anchors cannot outgrow the text.
pub(super) struct Anchors {
    known: HashMap<usize, (Node, Extent)>,
    budget: usize,
    limits: Limits,
}

impl Anchors {
    /// No anchors yet, and the whole budget.
    pub(super) fn new(limits: Limits) -> Self {
        Self { known: HashMap::new(), budget: limits.copies, limits }
    }

    /// Keeps a copy of an anchored value. `nested` says that it stands inside another one.
    pub(super) fn define(
        &mut self,
        id: usize,
        node: &Node,
        extent: Extent,
        nested: bool,
    ) -> Result<(), Box<Diagnostic>> {
        if nested {
            self.pay(extent, node.span)?;
        }
        self.known.insert(id, (node.clone(), extent));
        Ok(())
    }

    /// A copy for an alias at `span`, `depth` levels down.
    pub(super) fn copy(&mut self, id: usize, span: Span, depth: usize) -> Result<(Node, Extent), Box<Diagnostic>> {
        let Some(extent) = self.known.get(&id).map(|(_, extent)| *extent) else {
            return Err(Box::new(fault::value(
                "an anchored value contains itself",
                span,
                "an alias may only stand after the end of the value that its anchor names",
            )));
        };
        if depth + extent.height > self.limits.depth {
            return Err(Box::new(fault::nesting(span)));
        }
        self.pay(extent, span)?;
        let value = self.known.get(&id).map(|(node, _)| node.value.clone()).unwrap_or_default();
        Ok((Node { value, span }, extent))
    }

    fn pay(&mut self, extent: Extent, at: Span) -> Result<(), Box<Diagnostic>> {
        let left = self.budget.checked_sub(extent.size);
        self.budget = left.ok_or_else(|| fault::aliases(self.limits.copies, at))?;
        Ok(())
    }
}
