//! The module that the expressions are evaluated in, and their answers in a comparable form.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::print_stdout,
    unreachable_pub,
    dead_code,
    reason = "a test that panics has failed, as it should; two test programs share these parts"
)]

pub(crate) mod answer;
pub(crate) mod files;
pub(crate) mod module;
