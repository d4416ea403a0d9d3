//! Exceptions from policies: where they are written, which of them count, and which findings they silence.
//!
//! Mechanism only. Nothing is ever removed: a silenced finding stays, marked (invariant 9). What a waiver that does not
//! count means is said by the policy AUD-004, which reads [`WaiverFacts`](crate::facts::WaiverFacts).

pub mod baseline;
pub mod foreign;
mod inline;
mod settle;
mod validity;
mod words;

#[cfg(test)]
mod tests;

use jiff::Timestamp;

use crate::change::documents;
use crate::parse::de::Spanned;
use crate::source::Span;

pub use inline::read as read_inline;
pub use settle::{Settled, settle};
pub use validity::Circumstances;

/// Where a waiver is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// An entry of a `Waivers` document.
    #[default]
    Document,
    /// `# changegate:ignore …` in HCL or YAML.
    Comment,
    /// `changegate/ignore` of a Kubernetes object: comments do not survive a renderer.
    Annotation,
}

impl Form {
    /// The word in the policy input.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Comment => "comment",
            Self::Annotation => "annotation",
        }
    }
}

/// An exception from one policy, as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waiver {
    /// Where it is written.
    pub form: Form,
    /// Its id; inline waivers have none.
    pub id: Option<String>,
    /// Id of the policy.
    pub policy: Option<String>,
    /// Resource id, fingerprint of a finding, or change id.
    pub resource: Option<String>,
    /// Resources that an inline waiver stands at: indexes.
    pub at: Vec<usize>,
    /// Why.
    pub reason: Option<String>,
    /// Where the debt is written down.
    pub ticket: Option<String>,
    /// Who pays it back.
    pub owner: Option<String>,
    /// Who allowed it.
    pub approver: Option<String>,
    /// What protects meanwhile.
    pub compensating_control: Option<String>,
    /// First instant.
    pub created_at: Option<Timestamp>,
    /// First instant after it.
    pub expires_at: Option<Timestamp>,
    /// Its place.
    pub span: Span,
    /// An inline waiver that the base does not have.
    pub added: bool,
    /// Part of its text could not be read.
    pub malformed: bool,
}

impl Waiver {
    /// An entry of a `Waivers` document.
    pub fn of_document(entry: &Spanned<documents::Waiver>) -> Self {
        let written = entry.value.clone();
        let id = |id: Option<crate::change::Id>| id.map(|id| id.0);
        Self {
            id: id(written.id),
            policy: written.policy,
            resource: written.resource,
            reason: written.reason,
            ticket: id(written.ticket),
            owner: written.owner,
            approver: id(written.approver),
            compensating_control: written.compensating_control,
            created_at: written.created_at.map(|at| at.0),
            expires_at: written.expires_at.map(|at| at.0),
            span: entry.span,
            ..Self::default()
        }
    }

    /// Whether it stands at the resource itself.
    pub fn is_inline(&self) -> bool {
        self.form != Form::Document
    }

    /// What it says, wherever it stands: a waiver that was moved is the same one.
    fn says_the_same(&self, other: &Self) -> bool {
        let said = |w: &Self| {
            let texts = [&w.policy, &w.reason, &w.ticket, &w.owner, &w.compensating_control].map(Clone::clone);
            (w.form, texts, w.expires_at, w.malformed)
        };
        said(self) == said(other)
    }
}
