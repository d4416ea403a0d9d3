//! Where a value came from.

use std::sync::Arc;

use crate::source::Span;

/// The place of the expression that gave a value, and what that expression read it from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The expression.
    pub span: Span,
    /// The name through which the value came; `None` when it is written here.
    pub via: Option<Arc<Via>>,
}

/// One link of the chain behind a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Via {
    /// `var.multi_az`, `local.settings.size`, `aws_vpc.main.id`, …
    pub name: Arc<str>,
    /// Where the named thing got it from, when that is known.
    pub from: Option<Origin>,
}

impl Origin {
    /// Written at a place.
    pub fn at(span: Span) -> Self {
        Self { span, via: None }
    }

    /// The links from here to where the value is written: each name with the place it got the value from.
    pub fn chain(&self) -> impl Iterator<Item = (&Arc<str>, Option<Span>)> {
        let links = std::iter::successors(self.via.as_ref(), |via| via.from.as_ref()?.via.as_ref());
        links.map(|via| (&via.name, via.from.as_ref().map(|from| from.span)))
    }

    /// The place where the value is written.
    pub fn source(&self) -> Span {
        self.chain().filter_map(|(_, span)| span).last().unwrap_or(self.span)
    }
}
