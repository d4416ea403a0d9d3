//! changegate decides whether a change may go ahead.
//!
//! # One path
//!
//! ```text
//! Request ─discover→ Sources ─parse→ Documents ─resolve→ Facts ─evaluate→ Findings ─decide→ Outcome ─┬→ output
//!                                                                                                  ├→ audit record
//!                                                                                                  └→ exit code
//! ```
//!
//! Every arrow is a type, and [`gate`] holds the path. An [`outcome::Outcome`] has readers and no writer after it.
//!
//! # Floors
//!
//! A module imports only from those above it in this file (`mod` lines stand in reading order, from the ground
//! up). The binary (`main.rs`, `cli/`) stands on the roof and is imported by nobody.
//!
//! # Invariants
//!
//! The first four are checked by `tests/gate/house.rs`, which reads the source.
//!
//! 1. `regorus` is named only below `policy/engine/`; `clap` only in the binary; `git2` only below `git/`.
//! 2. The clock, the actor and the environment enter once, in `cli/`, as fields of the request. Policies never ask
//!    for the time: they read `input.now`.
//! 3. parse, resolve, evaluate and output are pure: the same values in give the same bytes out.
//! 4. Findings are sorted before anybody sees them: one thread and many give identical bytes.
//! 5. The format never changes the verdict.
//! 6. It fails closed. Unreadable input, a policy that does not load, an engine error, an exceeded limit, an audit
//!    record that cannot be written, zero policies, nothing to judge: never "allowed".
//! 7. A policy exists in one place, its folder. Rust holds no list of policies.
//! 8. What a pull request changes cannot judge itself: with a base, everything that decides is read at the merge
//!    base, and a change to any of it is itself a finding.
//! 9. A waiver or an override never erases: the finding stays, marked.
//! 10. Unknown is not false and not true. A policy that needs an unknown value says `unknown`, which is never
//!     silently a pass.
//! 11. Absent, null, default and unknown are four different things.

pub mod source;

pub mod config;
pub mod finding;
pub mod sshsig;

pub mod git;
pub mod parse;

pub mod discover;
pub mod facts;
pub mod memory;

pub mod change;
pub mod diff;
pub mod kubernetes;
pub mod outcome;
pub mod policy;
pub mod terraform;

pub mod audit;
pub mod evaluate;
pub mod metrics;
pub mod output;
pub mod report;
pub mod resolve;
pub mod schema;
pub mod waiver;

pub mod draft;

pub mod gate;
pub mod onboarding;
