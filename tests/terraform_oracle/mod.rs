//! The module that the expressions are evaluated in, and their answers in a comparable form.

pub mod answer;
pub mod files;
pub mod module;
