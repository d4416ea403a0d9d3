//! Module calls: which instances there are, and what they give.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use super::addresses::{Index, within};
use super::instance::{Caller, Item, Memory, ModuleInstance, Repetition};
use super::run::Run;
use super::{outputs, resources};
use crate::finding::Diagnostic;
use crate::parse::hcl::Block;
use crate::terraform::config::load::source_span;
use crate::terraform::config::{Module, Target, blocks, fault};
use crate::terraform::eval::{Type, Value};

/// Arguments of a call that are no variables of the module.
pub(super) const META: [&str; 7] = ["source", "version", "count", "for_each", "depends_on", "providers", "lifecycle"];

/// Modules inside modules.
const MAX_LEVELS: usize = 64;

/// The instances of a called module.
pub(super) struct Expanded<'a> {
    pub(super) repetition: Repetition,
    pub(super) instances: Vec<(Index, Rc<ModuleInstance<'a>>)>,
    /// Where the module would come from, when it is not there.
    pub(super) missing: Option<Arc<str>>,
}

/// The instances of a call; none where the call needs itself.
pub(super) fn expand<'a>(run: &Run<'a>, instance: &Rc<ModuleInstance<'a>>, name: &Arc<str>) -> Rc<Expanded<'a>> {
    expand_or_cycle(run, instance, name).unwrap_or_else(|| Rc::new(Expanded::missing("".into())))
}

/// The instances of a call; `None` where the call needs itself.
pub(super) fn expand_or_cycle<'a>(
    run: &Run<'a>,
    instance: &Rc<ModuleInstance<'a>>,
    name: &Arc<str>,
) -> Option<Rc<Expanded<'a>>> {
    if let Some(expanded) = instance.memory.borrow().calls.get(name) {
        return Some(expanded.clone());
    }
    let expanded = run.guarded(instance, Item::Call(name.clone()), |run| {
        let module: &'a Module = instance.module;
        match module.calls.get(name) {
            Some(block) => Rc::new(Expanded::of(run, instance, name, block)),
            None => Rc::new(Expanded::missing("".into())),
        }
    })?;
    instance.memory.borrow_mut().calls.insert(name.clone(), expanded.clone());
    Some(expanded)
}

impl<'a> Expanded<'a> {
    fn missing(source: Arc<str>) -> Self {
        Self { repetition: Repetition::Unknown, instances: Vec::new(), missing: Some(source) }
    }

    fn of(run: &Run<'a>, instance: &Rc<ModuleInstance<'a>>, name: &Arc<str>, block: &'a Block) -> Self {
        let key = if instance.key.is_empty() { name.clone() } else { format!("{}.{name}", instance.key).into() };
        let directory = match run.configuration.target(run.root, &key, &instance.module.directory, block) {
            Some(Target::Directory(directory)) => directory,
            Some(Target::NotAvailable(source)) => {
                run.say(not_available(&source, block));
                return Self::missing(source);
            }
            Some(Target::Outside) => {
                run.say(outside(block));
                return Self::missing("outside the repository".into());
            }
            None => {
                if block.body.attribute("source").is_some() {
                    run.say(no_literal(block));
                }
                return Self::missing("".into());
            }
        };
        if let Some(fault) = recursion(instance, &directory, block) {
            run.say(fault);
            return Self::missing(directory);
        }
        let Some(module) = run.configuration.module(&directory) else {
            run.say(not_there(&directory, block));
            return Self::missing(directory);
        };
        check_arguments(run, module, block);
        let repetition = resources::repetition(run, instance, block);
        let locals = repetition.instances(block.body.attribute("count").is_some());
        let child = |index: &Index, local| {
            Rc::new(ModuleInstance {
                module,
                address: within(&instance.address, &format!("module.{name}{index}")),
                key: key.clone(),
                is_hypothetical: instance.is_hypothetical || *index == Index::Unknown,
                call: Some(Caller { parent: instance.clone(), block, local }),
                memory: RefCell::new(Memory::default()),
            })
        };
        let instances = locals.into_iter().map(|(index, local)| (index.clone(), child(&index, local))).collect();
        Self { repetition, instances, missing: None }
    }

    /// The instance of an index; those of `for_each` are sorted by key.
    pub(super) fn get(&self, index: &Index) -> Option<&Rc<ModuleInstance<'a>>> {
        let at = self.instances.binary_search_by(|(i, _)| i.cmp(index)).ok()?;
        self.instances.get(at).map(|(_, instance)| instance)
    }

    /// All instances with all outputs, as `module.x` is seen from outside.
    pub(super) fn value(&self, run: &Run<'a>) -> Value {
        let values = self.instances.iter().map(|(index, child)| (index.clone(), outputs_of(run, child)));
        self.repetition.collect(values)
    }

    /// What a module that is not there gives: nobody knows.
    pub(super) fn missing_value(&self) -> Value {
        Value::unknown(Type::Dynamic)
    }
}

impl Repetition {
    /// The values of all instances as one: a tuple for `count`, an object for `for_each`.
    pub(super) fn collect(&self, mut values: impl Iterator<Item = (Index, Value)>) -> Value {
        match self {
            Self::Single => values.next().map_or_else(|| Value::unknown(Type::Dynamic), |(_, value)| value),
            Self::Count(_) => Value::tuple(values.map(|(_, value)| value).collect::<Vec<_>>()),
            Self::Each(_) => Value::object(
                values
                    .filter_map(|(index, value)| match index {
                        Index::Key(key) => Some((key, value)),
                        _ => None,
                    })
                    .collect(),
            ),
            Self::Disabled => Value::null(Type::Dynamic),
            Self::Unknown => Value::unknown(Type::Dynamic),
        }
    }
}

/// All outputs of a module instance as an object.
pub(super) fn outputs_of<'a>(run: &Run<'a>, instance: &Rc<ModuleInstance<'a>>) -> Value {
    let outputs = instance.module.outputs.keys();
    let values: BTreeMap<Arc<str>, Value> =
        outputs.map(|name| (name.clone(), outputs::value(run, instance, name))).collect();
    Value::object(values)
}

fn check_arguments(run: &Run<'_>, module: &Module, block: &Block) {
    let own = |name: &str| META.contains(&name);
    let unknown = block.body.attributes.iter().filter(|a| !own(&a.name) && !module.variables.contains_key(&a.name));
    run.say_all(unknown.map(blocks::unsupported_argument));
    let required = module.variables.iter().filter(|(_, variable)| variable.body.attribute("default").is_none());
    let missing = required.filter(|(name, _)| block.body.attribute(name).is_none());
    run.say_all(missing.map(|(name, _)| blocks::missing_argument(name, block.header)));
}

/// Why a module may not be called here: it is among its own callers, or too deep.
fn recursion(instance: &Rc<ModuleInstance<'_>>, directory: &Arc<str>, block: &Block) -> Option<Diagnostic> {
    let callers: Vec<Arc<str>> = instance.ancestors().map(|i| i.module.directory.clone()).collect();
    let message = if callers.contains(directory) {
        "the module calls itself, directly or through others"
    } else if callers.len() >= MAX_LEVELS {
        "too many modules inside modules"
    } else {
        return None;
    };
    Some(
        fault("terraform::module_cycle", "Module calls itself", message, source_span(block))
            .label("not followed")
            .help("Terraform never comes to an end here: break the circle"),
    )
}

fn not_available(source: &str, block: &Block) -> Diagnostic {
    let name = block.label(0).map(|n| &**n).unwrap_or_default();
    let message =
        format!("module.{name} comes from {source:?}, which is not in the repository: what it makes is unknown");
    Diagnostic::warning("terraform::module_not_available", message)
        .at(source_span(block))
        .label("not read")
        .help("run `terraform init` before the gate, so that `.terraform/modules` has it, or hand over a plan")
}

fn outside(block: &Block) -> Diagnostic {
    let message = "the path leads out of the repository";
    fault("terraform::module_outside", "Module outside the repository", message, source_span(block))
        .label("not followed")
        .help("judge the folder that holds both")
}

fn not_there(directory: &str, block: &Block) -> Diagnostic {
    let message = format!("there is no configuration in {directory:?}");
    fault("terraform::module_missing", "Unreadable module directory", &message, source_span(block))
        .label("nothing there")
        .help("local paths count from the calling module's directory")
}

fn no_literal(block: &Block) -> Diagnostic {
    let message = "the module's source is computed, which only OpenTofu allows: the module was not read";
    Diagnostic::warning("terraform::module_source", message)
        .at(source_span(block))
        .label("not followed")
        .help("write the source out, or hand over a plan (`--plan`)")
}
