//! The change request and the state of the world: requests, calendars, approvals, identities, services.
//!
//! Mechanism only: calendars are expanded, persons and services looked up, approvals verified. What that means for
//! a change is said by the policies. Times come in as values; nothing here asks a clock.

pub mod approval;
pub mod calendar;
pub mod catalog;
pub mod code_owners;
pub mod documents;
pub mod freeze_override;
pub mod identity;
pub mod matrix;
pub mod migration;
pub mod pull_request;
pub mod request;
pub mod schema;

mod canonical;
mod digest;
mod duration;
mod value;

#[cfg(test)]
mod fixture;

pub use digest::{ContentEntry, digest};
pub use duration::Elapsed;
pub use value::{Any, ChangeId, Day, Free, Id, Moment, Percent, Sha256, ZoneName};
