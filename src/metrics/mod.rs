//! Learning from changes: what was delivered, how it went, and which teams could use support.
//!
//! ```text
//! sources ─read→ Records ─link→ History ─summarise→ Summary ─→ report
//! ```
//!
//! A source says where each record comes from and whether it is asserted or verified. Records of one change become one;
//! what cannot be linked, or cannot be, is counted in [`quality::Quality`] and shown. A figure without enough behind it
//! is not a figure: see [`statistics`].

pub mod controls;
pub mod flags;
pub mod history;
pub mod proposal;
pub mod quality;
pub mod record;
pub mod source;
pub mod statistics;
pub mod summary;
#[cfg(test)]
pub(crate) mod truth;
pub mod window;
