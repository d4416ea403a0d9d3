//! The gate as a whole, through the binary: one integration program with modules.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::print_stderr,
    unreachable_pub,
    reason = "a test that panics has failed, as it should; tests own their environment"
)]

mod acme;
mod bad_input;
mod bypass;
mod cache;
mod cases;
mod commit;
mod conftest;
mod determinism;
mod hostile;
mod house;
mod init;
mod introduced;
mod lint;
mod onboarding;
mod policies;
mod policy_input;
mod policy_sources;
mod reads;
mod rendering;
mod replay;
mod report;
mod requests;
mod shards;
mod shop;
mod suite;
mod switched_off;
mod teams;
mod terminal;
mod terraform;
mod time;
mod waivers;
