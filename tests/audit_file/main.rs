//! The audit trail in a directory: what must hold against whoever edits the log, and what the commands do.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a test that panics has failed, as it should; tests own their environment and print their counts"
)]

mod commands;
mod governing;
mod identity;
mod log;
mod provider;
mod references;
mod secrets;
mod soak;
mod tampering;
