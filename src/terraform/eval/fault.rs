//! Why an expression has no value.

use crate::finding::Diagnostic;
use crate::source::Span;

/// What may be done about a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// Terraform would fail here at run time: `try` and `can` catch it.
    Evaluation,
    /// Terraform refuses the reference before it evaluates anything: `try` and `can` do not catch it.
    Reference,
    /// We refuse where Terraform might not: a limit, or a file outside the repository. Never caught, since
    /// the value that Terraform would go on with is not known.
    Refused,
}

/// One reason why an expression has no value, in Terraform's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Whether `try` and `can` catch it.
    pub kind: FaultKind,
    /// Terraform's one-line summary, for example `Invalid index`.
    pub summary: String,
    /// What is wrong, in a sentence.
    pub detail: String,
    /// The place; filled in by the innermost expression that has one.
    pub span: Option<Span>,
}

impl Fault {
    /// A fault that `try` and `can` catch.
    pub fn new(summary: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { kind: FaultKind::Evaluation, summary: summary.into(), detail: detail.into(), span: None }
    }

    /// A reference that Terraform refuses before evaluation.
    pub fn reference(summary: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { kind: FaultKind::Reference, ..Self::new(summary, detail) }
    }

    /// Something that we do not do although Terraform might.
    pub fn refused(summary: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { kind: FaultKind::Refused, ..Self::new(summary, detail) }
    }

    /// Places it at a span, unless it has one.
    #[must_use]
    pub fn or_at(mut self, span: Span) -> Self {
        self.span.get_or_insert(span);
        self
    }
}

/// Why an expression has no value; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// The faults, when there are any.
    pub fn new(faults: Vec<Fault>) -> Option<Self> {
        (!faults.is_empty()).then_some(Self(faults))
    }

    /// The first one: the one that Terraform reports first.
    pub fn first(&self) -> Option<&Fault> {
        self.0.first()
    }

    /// All of them, in the order of evaluation.
    pub fn iter(&self) -> std::slice::Iter<'_, Fault> {
        self.0.iter()
    }

    /// Adds those of another part of the same expression.
    pub fn extend(&mut self, others: Faults) {
        self.0.extend(others.0);
    }

    /// Places those that have no place yet.
    #[must_use]
    pub fn or_at(mut self, span: Span) -> Self {
        self.0.iter_mut().for_each(|fault| _ = fault.span.get_or_insert(span));
        self
    }

    /// As diagnostics, each with the code `terraform::value` or, where we refuse, `terraform::refused`.
    pub fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.0.into_iter().map(Diagnostic::from).collect()
    }
}

impl From<Fault> for Faults {
    fn from(fault: Fault) -> Self {
        Self(vec![fault])
    }
}

impl From<Fault> for Diagnostic {
    fn from(fault: Fault) -> Self {
        let (code, help) = match fault.kind {
            FaultKind::Evaluation | FaultKind::Reference => {
                ("terraform::value", "`terraform validate` or `terraform plan` stops here with the same words")
            }
            FaultKind::Refused => ("terraform::refused", "hand over a plan (`--plan`): its values need no evaluation"),
        };
        let said = Diagnostic::error(code, fault.summary).label(fault.detail).help(help);
        match fault.span {
            Some(span) => said.at(span),
            None => said,
        }
    }
}
