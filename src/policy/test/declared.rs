//! Which tests a module declares, from its syntax tree.

use std::sync::Arc;

use crate::policy::rego::Module;
use crate::source::{SourceId, Span};

/// One declared `test_…` or `todo_test_…` rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestRule {
    /// Its name.
    pub name: String,
    /// Static path of the rule.
    pub path: String,
    /// Its file.
    pub source: SourceId,
    /// Its name in the file.
    pub span: Span,
    /// `todo_test_…`: to be written, so it is not run.
    pub todo: bool,
    /// `test_x[case]`: each case is a test of its own.
    pub cases: bool,
}

impl TestRule {
    /// The path without `data.`, as it is typed and shown.
    pub fn shown_path(&self) -> &str {
        self.path.strip_prefix("data.").unwrap_or(&self.path)
    }
}

/// The tests of a module, each once whatever the number of its bodies.
pub fn declared(id: SourceId, module: &Module) -> Vec<TestRule> {
    let package = module.package.join(".");
    let mut found: Vec<TestRule> = Vec::new();
    for rule in &module.rules {
        let Some(first) = rule.head.path.first() else { continue };
        let name: Arc<str> = rule.head.name().into();
        let todo = name.starts_with("todo_test_");
        if !(todo || name.starts_with("test_")) || rule.head.args.is_some() || found.iter().any(|t| *t.name == *name) {
            continue;
        }
        found.push(TestRule {
            path: format!("data.{package}.{name}"),
            name: name.to_string(),
            source: id,
            span: Span { source: id, start: first.range.start, end: first.range.end },
            todo,
            cases: rule.head.path.len() > 1,
        });
    }
    found
}
