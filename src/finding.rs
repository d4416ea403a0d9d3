//! What is wrong with a change ([`Finding`]) and what is wrong with the input ([`Diagnostic`]).
//!
//! Plain data on a low floor, so that every reader (output, report, audit) can import it and nobody has
//! to import a reader.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::source::Span;

/// How bad the consequence is. Ordered from the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Outage or data loss is likely.
    Critical,
    /// A safeguard against outages is missing.
    High,
    /// Recovery or detection is weakened.
    Medium,
    /// Hygiene.
    Low,
}

impl Severity {
    /// The word that stands in every output format.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

/// Whether a failure blocks, in HashiCorp Sentinel's vocabulary. Ordered from the strongest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Enforcement {
    /// Blocks; no waiver, only a protocol that the policy names.
    Hard,
    /// Blocks unless a valid waiver exists.
    Soft,
    /// Reported, never blocks.
    Advisory,
}

impl Enforcement {
    /// The word that stands in every output format.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hard => "hard",
            Self::Soft => "soft",
            Self::Advisory => "advisory",
        }
    }
}

/// What a policy answered about one subject. A pass leaves no finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// The rule is broken.
    Fail,
    /// The rule could not be judged: a value is not known.
    Unknown,
}

/// What became of a finding. A waiver or an override marks it and never removes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Counts.
    Open,
    /// Silenced by a valid waiver.
    Waived,
    /// Lifted by a valid emergency override.
    Overridden,
    /// Was there before the change.
    Preexisting,
}

/// One fact that a policy rests on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// Where the value stands, for example `spec.replicas`.
    pub pointer: String,
    /// The value as text.
    pub observed: String,
    /// The value that would have passed, as text.
    #[serde(default)]
    pub expected: String,
}

/// A commit that touched a resource, with the people behind it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
pub struct IntroducedBy {
    /// Full commit id.
    pub commit: Arc<str>,
    /// `Name <e-mail>` as the commit claims it.
    pub author: Arc<str>,
    /// `Name <e-mail>` as the commit claims it.
    pub committer: Arc<str>,
    /// Fingerprint or kind of the signature, when the commit carries one; verified only if it says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signer: Option<Arc<str>>,
}

/// One answer of one policy about one subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Policy id, for example `CHG-001`.
    pub policy: Arc<str>,
    /// Title of the policy.
    pub title: Arc<str>,
    /// How bad it is.
    pub severity: Severity,
    /// Whether it blocks.
    pub enforcement: Enforcement,
    /// Broken, or not judged.
    pub answer: Answer,
    /// Whether it counts.
    pub status: Status,
    /// Only something that can still arrive is missing (contract: exit 3).
    pub pending: bool,
    /// What is wrong, with the observed and the expected value.
    pub message: String,
    /// What to do.
    pub remediation: String,
    /// Id of the resource it is about.
    pub resource: Option<Arc<str>>,
    /// The offending place.
    pub span: Option<Span>,
    /// The lines that decided: of the calendar, the matrix, the configuration.
    pub because: Vec<Span>,
    /// The values it rests on.
    pub evidence: Vec<Evidence>,
    /// What an emergency override has to name to lift it; nothing lifts the others.
    pub liftable: Option<Arc<str>>,
    /// Survives line moves, renames and reformatting.
    pub fingerprint: String,
    /// Id of the waiver or override that lifted it.
    pub lifted_by: Option<Arc<str>>,
    /// Commits of the change that touched the resource.
    pub introduced_by: Vec<IntroducedBy>,
    /// Who owns the resource.
    pub owners: Vec<Arc<str>>,
}

impl Finding {
    /// Whether it stands in the way: an open failure of a hard or soft policy, or, at stage apply, an
    /// open `unknown` of a hard one (contract 9).
    pub fn blocks(&self, at_apply: bool) -> bool {
        self.status == Status::Open
            && match self.answer {
                Answer::Fail => self.enforcement != Enforcement::Advisory,
                Answer::Unknown => self.enforcement == Enforcement::Hard && at_apply,
            }
    }
}

/// How much a diagnostic matters. An error makes the outcome undecided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Something that was to be judged could not be read: exit code 2.
    Error,
    /// Worth knowing; does not stop the gate.
    Warning,
    /// For the curious.
    Note,
}

/// Something about the input, not about the change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error, warning or note.
    pub level: Level,
    /// Stable code, `area::fault`, for example `yaml::syntax`.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// The path when there is no span (a file that could not be read).
    pub path: Option<Arc<str>>,
    /// The place.
    pub span: Option<Span>,
    /// Words under the place.
    pub label: String,
    /// The next step.
    pub help: String,
    /// It is about a file that the change at hand leaves alone.
    pub aside: bool,
}

impl Diagnostic {
    /// An error with a code and a message; add place and help with the builder methods.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            level: Level::Error,
            code,
            message: message.into(),
            path: None,
            span: None,
            label: String::new(),
            help: String::new(),
            aside: false,
        }
    }

    /// A warning with a code and a message.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self { level: Level::Warning, ..Self::error(code, message) }
    }

    /// A note with a code and a message.
    pub fn note(code: &'static str, message: impl Into<String>) -> Self {
        Self { level: Level::Note, ..Self::error(code, message) }
    }

    /// Places it at a span.
    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }

    /// Names the file, for faults that have no place inside it.
    #[must_use]
    pub fn in_file(mut self, path: impl Into<Arc<str>>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Words shown under the place.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// The next step for the reader.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }
}
