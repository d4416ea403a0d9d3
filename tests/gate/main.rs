//! The gate as a whole, through the binary: one integration program with modules.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    unreachable_pub,
    reason = "a test that panics has failed, as it should; tests own their environment"
)]

mod acme;
mod bad_input;
mod determinism;
mod house;
mod introduced;
mod policies;
mod requests;
mod shop;
mod switched_off;
mod terraform;
mod waivers;
