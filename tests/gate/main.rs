//! The gate as a whole, through the binary: one integration program with modules.

mod acme;
mod bad_input;
mod determinism;
mod house;
mod shop;
