//! One suite over all stores of the audit trail: what a record's place, root and fate must be, wherever it is kept.

mod concurrency;
mod conformance;
mod git;
mod place;
mod postgres;
mod server;
mod spool;
mod tampering;
