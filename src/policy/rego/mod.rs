//! Rego as OPA reads it: a parser with places, the checks of OPA's compiler, and the rewriting of modules into
//! the Rego that the engine evaluates with OPA's meaning.

mod annotations;
pub mod ast;
mod check;
mod flat;
mod lower;
pub mod observe;
mod parse;
mod print;
pub mod probe;
mod program;
mod resolve;
mod signatures;
mod token;
mod types;
pub(in crate::policy) mod visit;

pub use ast::{Dialect, Module};
pub use parse::module as parse;
pub(in crate::policy) use visit::variables;

pub use print::Emitted;

use std::collections::HashMap;
use std::sync::Arc;

use rayon::prelude::*;

use crate::finding::Diagnostic;
use crate::source::{SourceId, Span};
use program::Index;

/// What to do about a fault that does not say it itself.
fn next_step(code: &str) -> &'static str {
    match code {
        "policy::nesting" => "give the inner value a name of its own: `inner := {…}`",
        "policy::recursion" => "let one of the rules take what it needs from `input` or from a third rule",
        "policy::type" => "OPA refuses this as well: compare values of one type",
        "policy::unused-variable" => "use the variable, or leave it out",
        "policy::conflict" => "give one of them another name",
        "policy::unsupported" => "docs/rego.md lists what this engine refuses, and why",
        "policy::call" | "policy::undefined-function" => {
            "the built-in functions: https://www.openpolicyagent.org/docs/policy-reference/builtins"
        }
        _ => "policies are Rego v1: https://www.openpolicyagent.org/docs/policy-language",
    }
}

/// What the engine loads in the place of the modules.
#[derive(Clone, Debug, Default)]
pub struct Compiled {
    /// Each module by its source; a source can be printed as several.
    pub modules: Vec<(SourceId, Emitted)>,
    /// Where rules stand below `data`: base documents must not.
    pub rules: Vec<Vec<Arc<str>>>,
    /// Where rules are asked for that have another name than in their module, by their whole path.
    pub asked: HashMap<String, String>,
    /// Generated functions and documents; empty when none are needed.
    pub generated: String,
}

/// Checks modules together and rewrites them for the engine.
///
/// # Errors
/// Every fault that OPA's compiler would find, with its module.
pub fn compile(modules: Vec<(SourceId, Module)>) -> Result<Compiled, Vec<(SourceId, Fault)>> {
    compile_trusting(modules, &|_| false)
}

/// [`compile`] that passes over the modules which are known to be sound by themselves: those that were checked when
/// this program was built. What they have to agree on with others is checked all the same.
///
/// # Errors
/// Every fault that OPA's compiler would find, with its module.
pub fn compile_trusting(
    mut modules: Vec<(SourceId, Module)>,
    trusted: &(dyn Fn(SourceId) -> bool + Sync),
) -> Result<Compiled, Vec<(SourceId, Fault)>> {
    let index = Index::new(&modules);
    modules.par_iter_mut().for_each(|(_, module)| resolve::module(module, &index));
    let mocks = lower::Mocks::of(&modules);
    let faults = check::program(&modules, &index, &mocks, trusted);
    if !faults.is_empty() {
        return Err(faults);
    }
    Ok(finish(modules, &index, mocks))
}

/// Reads a module of others as v1, and when it is none as v0.
///
/// # Errors
/// What is wrong with it as v1.
pub fn parse_any(text: &str) -> Result<Module, Fault> {
    parse(text, Dialect::V1).or_else(|fault| parse(text, Dialect::V0).map_err(|_| fault))
}

/// Replaces every name by what it stands for: a path from `data` or `input`, or a variable.
pub fn resolve_names(modules: &mut [(SourceId, Module)]) {
    let index = Index::new(modules);
    modules.iter_mut().for_each(|(_, module)| resolve::module(module, &index));
}

/// Rewrites and prints resolved modules.
fn finish(mut modules: Vec<(SourceId, Module)>, index: &Index, mut mocks: lower::Mocks) -> Compiled {
    let mut documents = lower::Documents::default();
    lower::program(&mut modules, index, &mut documents, &mut mocks);
    let text = format!("{}{}", mocks.text(), documents.text());
    let generated = if text.is_empty() { text } else { format!("package {}\n\n{text}", lower::PACKAGE) };
    // Generated rules name others as they are called in their modules.
    let short = if generated.is_empty() { flat::Names::of(&modules) } else { None };
    let print = |(id, module): &(SourceId, Module)| {
        print::modules(module, short.as_ref()).into_iter().map(|out| (*id, out)).collect::<Vec<_>>()
    };
    let modules = modules.par_iter().flat_map(print).collect();
    Compiled { modules, rules: index.paths(), asked: short.map(|names| names.asked()).unwrap_or_default(), generated }
}

const MISSING: &str = "this engine does not have it";

/// Why a built-in function is refused: policies are hermetic, and an answer that differs is worse than none.
pub fn refused(name: &str) -> Option<&'static str> {
    match name {
        "http.send" => Some("a policy must not reach over the network"),
        "net.lookup_ip_addr" => Some("a policy must not ask the name service"),
        "opa.runtime" => Some("a policy must not depend on the environment"),
        "rand.intn" => Some("a policy must not answer by chance"),
        "rego.parse_module" => Some(MISSING),
        _ if name.starts_with("graphql.") => Some(MISSING),
        _ => None,
    }
}

/// What is wrong with a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// `policy::…`.
    pub code: &'static str,
    /// Where in the module.
    pub range: ast::Range,
    /// What.
    pub message: String,
    /// The next step.
    pub help: Option<String>,
}

impl Fault {
    fn new(code: &'static str, range: ast::Range, message: impl Into<String>) -> Self {
        Self { code, range, message: message.into(), help: None }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// As a diagnostic in a source.
    pub fn in_source(self, id: SourceId) -> Diagnostic {
        let span = Span { source: id, start: self.range.start, end: self.range.end };
        let diagnostic = Diagnostic::error(self.code, self.message).at(span);
        diagnostic.help(self.help.unwrap_or_else(|| next_step(self.code).to_owned()))
    }
}
