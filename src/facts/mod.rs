//! What a policy sees: the input contract of `docs/policy-input.md`, as types.
//!
//! Plain facts. No policy, no engine and no output format is named here; the floors above fill these
//! types in ([`crate::kubernetes`], [`crate::terraform`], [`crate::change`]) or hand them to the policies.

mod freeze_override;
mod migration;
mod origin;
mod pipeline;
mod resource;
mod risk;
mod shape;
mod stateful;
mod waiver;
mod world;

pub use freeze_override::{OverrideApprovalFacts, OverrideFacts, OverrideUse};
pub use migration::{MigrationFacts, StatementFacts};
pub use origin::{Origin, Permission, Provenance};
pub use pipeline::{PipelineFacts, PipelineKind};
pub use resource::{Action, Dangling, Iac, Related, Resource};
pub use risk::{Assessment, RISK_LEVELS, RiskFactor, RiskFacts, RiskFloor, RiskHistory, RiskMitigation};
pub use shape::{Field, Found, Shape};
pub use stateful::is_stateful;
pub use waiver::WaiverFacts;
pub use world::{
    Actor, ApprovalFacts, ApprovalProof, AuditFacts, CalendarFacts, CalendarHeader, ChangeFacts, CommitFacts,
    ConfigFacts, ContextFacts, DeferredFacts, DriftFacts, EventFacts, FileFacts, GitFacts, Instant, MatrixFacts, Mode,
    Occupied, PeakHours, PlanFacts, PullRequestFacts, ScopedService, ServiceEntry, SlotFacts, Stage, WindowFacts,
    WindowOfChange, World,
};
