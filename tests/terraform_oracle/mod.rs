//! The module that the expressions are evaluated in, and their answers in a comparable form.

pub(crate) mod answer;
pub(crate) mod files;
pub(crate) mod module;
