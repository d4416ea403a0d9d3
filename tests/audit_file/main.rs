//! The audit trail in a directory: what must hold against whoever edits the log, and what the commands do.

mod commands;
mod governing;
mod identity;
mod log;
mod references;
mod secrets;
mod soak;
mod tampering;
