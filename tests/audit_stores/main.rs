//! One suite over all stores of the audit trail: what a record's place, root and fate must be, wherever it is kept.

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
mod concurrency;
mod conformance;
mod git;
mod place;
mod postgres;
mod replay;
mod server;
mod spool;
mod tally;
mod tampering;
mod teams;
