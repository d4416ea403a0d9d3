//! What a name means in a module instance.

use std::rc::Rc;
use std::sync::Arc;

use super::instance::{Item, ModuleInstance, Repetition};
use super::local::Local;
use super::run::{CYCLE, Run};
use super::{Index, calls, outputs, resources, variables};
use crate::parse::hcl::Block;
use crate::source::Span;
use crate::terraform::config::{Key, Mode};
use crate::terraform::eval::{
    Budget, Fault, Faults, Files, Marks, Reference, Resolved, Scope, Step, Type, Value, references,
};

/// The scope of the expressions of one block.
pub(super) struct Names<'r, 'a> {
    pub(super) run: &'r Run<'a>,
    pub(super) instance: &'r Rc<ModuleInstance<'a>>,
    pub(super) local: &'r Local,
}

type Answer = Result<Resolved, Faults>;

fn answer(value: Value, consumed: usize) -> Answer {
    Ok(Resolved { value, consumed })
}

fn refuse<T>(summary: &str, detail: impl Into<String>) -> Result<T, Faults> {
    Err(Fault::reference(summary, detail).into())
}

impl Scope for Names<'_, '_> {
    fn resolve(&self, reference: &Reference) -> Answer {
        if let Some(value) = self.local.iterator(&reference.root) {
            return answer(value.clone(), 0);
        }
        self.check(reference)?;
        match &*reference.root {
            "var" => self.named(reference, |name| variables::value(self.run, self.instance, name)),
            "local" => {
                let name = first(reference, "a name")?;
                let detail = format!("Local value local.{name} cannot use its own result as part of its expression.");
                self.refuse_self(&Item::Local(name.clone()), "Self-referencing local value", detail)?;
                answer(self.run.local(self.instance, name), 1)
            }
            "each" => self.each(reference),
            "count" => answer(self.local.count.clone().unwrap_or_else(unknown), 1),
            "self" => answer(self.local.this.clone().unwrap_or_else(unknown), 0),
            "path" => self.path(reference),
            "terraform" | "tofu" => self.terraform(reference),
            "module" => self.module(reference),
            _ => self.resource(reference),
        }
    }

    fn check(&self, reference: &Reference) -> Result<(), Faults> {
        if self.local.iterator(&reference.root).is_some() {
            return Ok(());
        }
        let module = self.instance.module;
        match &*reference.root {
            "var" => {
                let name = first(reference, "a variable name")?;
                if module.variables.contains_key(name) {
                    return Ok(());
                }
                let detail = format!("An input variable with the name {name:?} has not been declared.");
                refuse("Reference to undeclared input variable", with_closest(detail, name, module.variables.keys()))
            }
            "local" => {
                let name = first(reference, "the name of a local value")?;
                if module.locals.contains_key(name) {
                    return Ok(());
                }
                let detail = format!("A local value with the name {name:?} has not been declared.");
                refuse("Reference to undeclared local value", with_closest(detail, name, module.locals.keys()))
            }
            "module" => {
                let name = first(reference, "the name of a module call")?;
                if module.calls.contains_key(name) {
                    return Ok(());
                }
                let detail = format!("No module call named {name:?} is declared in {}.", self.instance.described());
                refuse("Reference to undeclared module", with_closest(detail, name, module.calls.keys()))
            }
            "each" => self.check_each(reference),
            "count" => match (first(reference, "index")?.as_ref(), &self.local.count) {
                ("index", Some(_)) => Ok(()),
                ("index", None) => refuse(
                    "Reference to \"count\" in non-counted context",
                    "The \"count\" object can only be used in \"module\", \"resource\", and \"data\" blocks, and only \
                     when the \"count\" argument is set.",
                ),
                (other, _) => refuse(
                    "Invalid \"count\" attribute",
                    format!("The \"count\" object does not have an attribute named {other:?}."),
                ),
            },
            "self" if self.local.this.is_none() => refuse(
                "Invalid \"self\" reference",
                "The \"self\" object is not available in this context. It can be used only in resource provisioner, \
                 connection, and postcondition blocks.",
            ),
            "self" => Ok(()),
            "path" => match first(reference, "module, root or cwd")?.as_ref() {
                "module" | "root" | "cwd" => Ok(()),
                other => refuse(
                    "Invalid \"path\" attribute",
                    format!("The \"path\" object does not have an attribute named {other:?}."),
                ),
            },
            "terraform" | "tofu" => match first(reference, "workspace")?.as_ref() {
                "workspace" | "applying" => Ok(()),
                other => refuse(
                    "Invalid \"terraform\" attribute",
                    format!("The \"terraform\" object does not have an attribute named {other:?}."),
                ),
            },
            _ => self.check_resource(reference),
        }
    }

    fn provider(&self, name: &str) -> Option<Arc<str>> {
        let required = self.instance.module.required_providers.get(name).cloned();
        required.or_else(|| (name == "terraform").then(|| "terraform.io/builtin/terraform".into()))
    }

    fn text(&self, span: Span) -> Option<&str> {
        self.run.text(span)
    }

    fn files(&self) -> &dyn Files {
        &self.run.files
    }

    fn budget(&self) -> &Budget {
        &self.run.budget
    }
}

fn unknown() -> Value {
    Value::unknown(Type::Dynamic)
}

fn first<'r>(reference: &'r Reference, what: &str) -> Result<&'r Arc<str>, Faults> {
    match reference.name(0) {
        Some(name) => Ok(name),
        None => refuse(
            "Invalid reference",
            format!("The {:?} object cannot be accessed directly. Instead, access {what} with a dot.", reference.root),
        ),
    }
}

fn with_closest<'n>(detail: String, name: &str, names: impl Iterator<Item = &'n Arc<str>>) -> String {
    let near = names.map(|n| (strsim::levenshtein(name, n), n)).filter(|(d, _)| *d < 3).min();
    match near {
        Some((_, near)) => format!("{detail} Did you mean {near:?}?"),
        None => detail,
    }
}

impl Names<'_, '_> {
    /// Says which names of `depends_on` nothing declares.
    pub(super) fn check_dependencies(&self, block: &Block) {
        let Some(argument) = block.body.attribute("depends_on") else { return };
        let Some(expression) = &argument.expression else { return };
        for reference in references(expression) {
            if let Err(faults) = self.check(&reference) {
                self.run.blame(faults, reference.span, false);
            }
        }
    }

    /// Whether what the expressions stand in may not exist at all.
    pub(super) fn is_hypothetical(&self) -> bool {
        self.instance.is_hypothetical || self.local.is_unknown
    }

    /// Refuses what uses its own result.
    fn refuse_self(&self, item: &Item, summary: &str, detail: String) -> Result<(), Faults> {
        if self.run.is_innermost(self.instance, item) { refuse(summary, detail) } else { Ok(()) }
    }

    fn named(&self, reference: &Reference, value: impl FnOnce(&Arc<str>) -> Value) -> Answer {
        let name = first(reference, "a name")?;
        answer(value(name), 1)
    }

    fn check_each(&self, reference: &Reference) -> Result<(), Faults> {
        match (first(reference, "key or value")?.as_ref(), &self.local.each) {
            ("key" | "value", Some(_)) => Ok(()),
            ("key" | "value", None) => refuse(
                "Reference to \"each\" in context without for_each",
                "The \"each\" object can be used only in \"module\" or \"resource\" blocks, and only when the \"for_each\" \
                 argument is set.",
            ),
            (other, _) => refuse(
                "Invalid \"each\" attribute",
                format!("The \"each\" object does not have an attribute named {other:?}."),
            ),
        }
    }

    fn each(&self, reference: &Reference) -> Answer {
        let Some((key, value)) = &self.local.each else { return answer(unknown(), 1) };
        let is_key = reference.name(0).is_some_and(|name| &**name == "key");
        answer(if is_key { key.clone() } else { value.clone() }, 1)
    }

    fn path(&self, reference: &Reference) -> Answer {
        let value = match reference.name(0).map(|name| &**name) {
            Some("module") => Value::string(&self.run.path_of(self.instance.module)),
            Some("root") => Value::string("."),
            _ => Value::unknown_not_null(Type::String),
        };
        answer(value, 1)
    }

    fn terraform(&self, reference: &Reference) -> Answer {
        match reference.name(0).map(|name| &**name) {
            Some("workspace") => answer(Value::string(&self.run.inputs.workspace), 1),
            _ => answer(Value::unknown_not_null(Type::Bool), 1),
        }
    }

    /// Where the address of a resource stands in a reference: its key, and how many steps that takes.
    fn key(&self, reference: &Reference) -> Result<(Key, usize), Faults> {
        let root = &reference.root;
        let (mode, kind, name, steps) = match &**root {
            "data" => (Mode::Data, reference.name(0), reference.name(1), 2),
            "ephemeral" => (Mode::Ephemeral, reference.name(0), reference.name(1), 2),
            "resource" => (Mode::Managed, reference.name(0), reference.name(1), 2),
            _ => (Mode::Managed, Some(root), reference.name(0), 1),
        };
        match (kind, name) {
            (Some(kind), Some(name)) => Ok((Key { mode, kind: kind.clone(), name: name.clone() }, steps)),
            _ => refuse(
                "Invalid reference",
                "A reference to a resource type must be followed by at least one attribute access, specifying the \
                 resource name.",
            ),
        }
    }

    fn check_resource(&self, reference: &Reference) -> Result<(), Faults> {
        let (key, steps) = self.key(reference)?;
        let module = self.instance.module;
        let Some(block) = module.resources.get(&key) else {
            let what = if key.mode == Mode::Managed { "managed" } else { key.mode.block() };
            let detail = format!(
                "A {what} resource {:?} {:?} has not been declared in {}.",
                &*key.kind,
                &*key.name,
                self.instance.described()
            );
            let names = module.resources.keys().filter(|k| k.mode == key.mode && k.kind == key.kind).map(|k| &k.name);
            return refuse("Reference to undeclared resource", with_closest(detail, &key.name, names));
        };
        check_instance_key(&key, block, reference.steps.get(steps))
    }

    fn resource(&self, reference: &Reference) -> Answer {
        let (key, steps) = self.key(reference)?;
        let mut resolved = self.resource_of(reference, &key, steps)?;
        if key.mode == Mode::Ephemeral {
            resolved.value = resolved.value.with_marks(Marks::EPHEMERAL);
        }
        Ok(resolved)
    }

    fn resource_of(&self, reference: &Reference, key: &Key, steps: usize) -> Answer {
        let detail = format!("Configuration for {key} may not refer to itself.");
        self.refuse_self(&Item::Resource(key.clone()), "Self-referential block", detail)?;
        let Some(instances) = resources::instances_or_cycle(self.run, self.instance, key) else {
            return Err(Fault::refused(CYCLE, "said elsewhere").into());
        };
        let index = match (&instances.repetition, reference.steps.get(steps)) {
            (Repetition::Single, _) => Some((Index::Single, steps)),
            (Repetition::Count(_), Some(step)) => number_of(step).map(|n| (Index::Number(n), steps + 1)),
            (Repetition::Each(_), Some(Step::Key(k))) => Some((Index::Key(k.clone()), steps + 1)),
            (Repetition::Unknown, _) => return answer(unknown(), steps),
            _ => None,
        };
        let Some((one, steps_here)) = index.and_then(|(index, at)| Some((instances.get(&index)?, at))) else {
            return answer(instances.value(), steps);
        };
        match reference.name(steps_here) {
            Some(name) if !one.is_closed => answer(one.attribute(name), steps_here + 1),
            _ => answer(one.value(), steps_here),
        }
    }

    fn module(&self, reference: &Reference) -> Answer {
        let name = first(reference, "the name of a module call")?;
        let Some(expanded) = calls::expand_or_cycle(self.run, self.instance, name) else {
            return Err(Fault::refused(CYCLE, "said elsewhere").into());
        };
        if expanded.missing.is_some() {
            return answer(expanded.missing_value(), 1);
        }
        let index = match (&expanded.repetition, reference.steps.get(1)) {
            (Repetition::Single, _) => Some((Index::Single, 1)),
            (Repetition::Count(_), Some(step)) => number_of(step).map(|n| (Index::Number(n), 2)),
            (Repetition::Each(_), Some(Step::Key(k))) => Some((Index::Key(k.clone()), 2)),
            (Repetition::Unknown, _) => return answer(unknown(), 1),
            _ => None,
        };
        let one = index.and_then(|(index, at)| Some((expanded.get(&index)?, at)));
        let Some((child, at)) = one else { return answer(expanded.value(self.run), 1) };
        match reference.name(at) {
            Some(output) if child.module.outputs.contains_key(output) => {
                answer(outputs::value(self.run, child, output), at + 1)
            }
            Some(output) => refuse(
                "Unsupported attribute",
                with_closest(
                    format!("This object does not have an attribute named {:?}.", &**output),
                    output,
                    child.module.outputs.keys(),
                ),
            ),
            None => answer(calls::outputs_of(self.run, child), at),
        }
    }
}

fn number_of(step: &Step) -> Option<usize> {
    match step {
        Step::Index(n) => usize::try_from(*n).ok(),
        Step::Key(text) => text.parse().ok(),
        Step::Attribute(_) => None,
    }
}

/// Whether what follows the address of a resource fits how many instances it has.
fn check_instance_key(key: &Key, block: &Block, next: Option<&Step>) -> Result<(), Faults> {
    let repeated = ["count", "for_each"].into_iter().find(|name| block.body.attribute(name).is_some());
    match (repeated, next) {
        (Some(meta), Some(Step::Attribute(_))) => refuse(
            "Missing resource instance key",
            format!(
                "Because {key} has {meta:?} set, its attributes must be accessed on specific instances.\n\nFor example, to \
                 correlate with indices of a referring resource, use:\n    {key}[{}]",
                if meta == "count" { "count.index" } else { "each.key" }
            ),
        ),
        (None, Some(Step::Index(_) | Step::Key(_))) => refuse(
            "Unexpected resource instance key",
            format!(
                "Because {key} does not have \"count\" or \"for_each\" set, references to it must not include an index key. \
                 Remove the bracketed index to refer to the single instance of this resource."
            ),
        ),
        _ => Ok(()),
    }
}
