//! changegate decides whether a change may go ahead.

pub mod source;

pub mod config;
pub mod finding;
pub mod git;
pub mod parse;

pub mod discover;
pub mod facts;

pub mod change;
pub mod diff;
pub mod kubernetes;
pub mod outcome;
pub mod policy;
pub mod terraform;

pub mod audit;
pub mod evaluate;
pub mod output;
pub mod resolve;

pub mod gate;
