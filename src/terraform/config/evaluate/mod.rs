//! One root module, evaluated: variables, locals, resources, modules and outputs, each when it is asked for.
//!
//! Every named thing of every module instance is evaluated once and remembered. What a thing needs is evaluated
//! on the way, so the order of declarations does not matter, and a thing that needs itself is a cycle.

mod addresses;
mod body;
mod calls;
mod conditions;
mod files;
mod instance;
mod local;
mod names;
mod outputs;
mod providers;
mod remote_state;
mod resources;
mod run;
mod shown;
mod variables;

use std::sync::Arc;

use super::inputs::Inputs;
use super::load::Configuration;
use super::module::Key;
use super::snapshot::Snapshot;
use crate::finding::Diagnostic;
use crate::parse::tree::Node;
use crate::source::{Sources, Span};
use crate::terraform::eval::Value;

pub use addresses::Index;
pub use conditions::{Check, Status};
pub(super) use providers::{DefaultTags, Provider};

/// What a root module amounts to.
#[derive(Clone, Debug, Default)]
pub struct Evaluation {
    /// Output values of the root module, by name.
    pub outputs: Vec<Output>,
    /// Instances of resources and data sources in all modules, by address.
    pub resources: Vec<Instance>,
    /// Module calls whose module is not available.
    pub missing_modules: Vec<MissingModule>,
    /// Validations, conditions and check blocks, by address.
    pub checks: Vec<Check>,
    /// `moved` blocks as addresses from the root: from, to.
    pub moved: Vec<(Arc<str>, Arc<str>)>,
    /// `removed` blocks: address, and whether the object is destroyed.
    pub removed: Vec<(Arc<str>, bool)>,
    /// Faults of the configuration, in Terraform's words, and what could not be known.
    pub diagnostics: Vec<Diagnostic>,
}

/// One output value of the root module.
#[derive(Clone, Debug)]
pub struct Output {
    /// Its name.
    pub name: Arc<str>,
    /// Its value; may be unknown.
    pub value: Value,
    /// Whether the block says that it must not be shown.
    pub sensitive: bool,
    /// The block's header.
    pub span: Span,
}

/// One instance of a resource or data source.
#[derive(Clone, Debug)]
pub struct Instance {
    /// From the root on: `module.a["k"].aws_x.y[0]`.
    pub address: Arc<str>,
    /// `module.a["k"]`; empty in the root module.
    pub module: Arc<str>,
    /// Mode, type and name.
    pub key: Key,
    /// Which instance of the resource.
    pub index: Index,
    /// Attributes and nested blocks as an object, with unknown and sensitive marks.
    pub attributes: Value,
    /// Where attributes and blocks are written: name → span of the name.
    pub names: Vec<(Arc<str>, Span)>,
    /// The `lifecycle` block.
    pub lifecycle: Option<Node>,
    /// `count` or `for_each`, when it is not known how many instances there are.
    pub uncounted: Option<&'static str>,
    /// What the provider block gives.
    pub(super) provider: Provider,
    /// The whole block.
    pub span: Span,
    /// From the kind to the last label.
    pub header: Span,
}

/// A call of a module that is not in the repository.
#[derive(Clone, Debug)]
pub struct MissingModule {
    /// `module.a.module.b`
    pub address: Arc<str>,
    /// Module that the call stands in; empty in the root module.
    pub module: Arc<str>,
    /// Name of the call.
    pub name: Arc<str>,
    /// Where it would come from.
    pub source: Arc<str>,
    /// Its arguments.
    pub attributes: Value,
    /// Where the arguments are written.
    pub names: Vec<(Arc<str>, Span)>,
    /// The whole block.
    pub span: Span,
    /// From the kind to the last label.
    pub header: Span,
}

/// Stack of the thread that evaluates: every name that another needs costs some.
const STACK: usize = 256 << 20;

/// Evaluates the root module of a directory. Pure; never fails as a whole. `sources` are those that the
/// configuration and the inputs were read into.
pub fn evaluate(
    configuration: &Configuration,
    root: &str,
    inputs: &Inputs,
    files: &dyn Snapshot,
    sources: &Sources,
) -> Evaluation {
    let work = || run::evaluate(configuration, root, inputs, files, sources);
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
        match thread.map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(evaluation)) => evaluation,
            _ => Evaluation { diagnostics: vec![stopped(root)], ..Evaluation::default() },
        }
    })
}

fn stopped(root: &str) -> Diagnostic {
    Diagnostic::error("terraform::stopped", "the evaluation of this root module stopped unexpectedly")
        .in_file(root)
        .help("hand over a plan (`--plan`), and report this as a fault of changegate")
}
