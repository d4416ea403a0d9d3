//! The evaluation of one root module: what is shared by all its module instances, and the order of the walk.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::rc::Rc;
use std::sync::Arc;

use super::addresses::within;
use super::files::{self, RootFiles};
use super::instance::{Item, Memory, ModuleInstance};
use super::local::Local;
use super::names::Names;
use super::{Evaluation, MissingModule, body, calls, conditions, outputs, resources, variables};
use crate::finding::{Diagnostic, Level};
use crate::parse::hcl::{Attribute, Block};
use crate::source::{Sources, Span};
use crate::terraform::config::inputs::Inputs;
use crate::terraform::config::snapshot::Snapshot;
use crate::terraform::config::{Configuration, Key, Mode, Module, fault};
use crate::terraform::eval::{Budget, FaultKind, Faults, Type, Value, eval};

/// What all module instances share.
pub(super) struct Run<'a> {
    pub(super) configuration: &'a Configuration,
    /// Directory of the root module.
    pub(super) root: &'a str,
    pub(super) inputs: &'a Inputs,
    pub(super) files: RootFiles<'a>,
    sources: &'a Sources,
    pub(super) budget: Budget,
    /// A required variable has no value, so nobody plans it like this: faults of values are warnings.
    pub(super) is_incomplete: bool,
    said: RefCell<Said>,
    /// What is being evaluated, outermost first.
    active: RefCell<Vec<(Arc<str>, Item)>>,
    active_set: RefCell<HashSet<(Arc<str>, Item)>>,
    /// Instances of resources and modules so far.
    instances: Cell<usize>,
}

#[derive(Default)]
struct Said {
    list: Vec<Diagnostic>,
    /// Errors, and everything else.
    counts: [usize; 2],
    seen: HashSet<(Option<Span>, String)>,
}

/// Names that need each other in one chain; each costs stack.
const MAX_DEPTH: usize = 400;

/// Instances of resources and modules in one root module.
const MAX_INSTANCES: usize = 200_000;

pub(super) fn evaluate(
    configuration: &Configuration,
    root: &str,
    inputs: &Inputs,
    files: &dyn Snapshot,
    sources: &Sources,
) -> Evaluation {
    let Some(module) = configuration.module(root) else { return Evaluation::default() };
    let run = Run {
        configuration,
        root,
        inputs,
        files: RootFiles::new(files, root),
        sources,
        budget: Budget::default(),
        is_incomplete: !inputs.strict && variables::is_incomplete(inputs, module),
        said: RefCell::default(),
        active: RefCell::default(),
        active_set: RefCell::default(),
        instances: Cell::new(0),
    };
    let instance = Rc::new(ModuleInstance {
        module,
        address: "".into(),
        key: "".into(),
        call: None,
        is_hypothetical: false,
        memory: RefCell::new(Memory::default()),
    });
    let mut evaluation = Evaluation::default();
    run.say_all(inputs.diagnostics.iter().cloned());
    variables::check_inputs(&run, module);
    run.walk(&instance, &mut evaluation);
    evaluation.outputs = outputs::of_root(&run, &instance);
    evaluation.resources.sort_by(|a, b| (&a.module, &a.key, &a.index).cmp(&(&b.module, &b.key, &b.index)));
    evaluation.diagnostics = run.said.into_inner().list;
    evaluation
}

impl<'a> Run<'a> {
    /// Evaluates everything that a module instance declares, and its children.
    fn walk(&self, instance: &Rc<ModuleInstance<'a>>, out: &mut Evaluation) {
        let module = instance.module;
        self.say_all(module.diagnostics.iter().cloned());
        out.checks.extend(conditions::of_variables(self, instance));
        for name in module.locals.keys() {
            self.local(instance, name);
        }
        for name in module.variables.keys() {
            variables::value(self, instance, name);
        }
        for key in module.resources.keys() {
            self.resource(instance, key, out);
        }
        for name in module.outputs.keys() {
            outputs::value(self, instance, name);
            out.checks.extend(conditions::of_output(self, instance, name));
        }
        for name in module.calls.keys() {
            let expanded = calls::expand(self, instance, name);
            out.missing_modules.extend(expanded.missing.as_ref().map(|source| self.missing(instance, name, source)));
            for (_, child) in &expanded.instances {
                self.walk(child, out);
            }
        }
        out.checks.extend(conditions::of_checks(self, instance));
        out.moved.extend(module.moved.iter().filter_map(|b| moved(instance, b)));
        out.removed.extend(module.removed.iter().filter_map(|b| removed(instance, b)));
    }

    fn resource(&self, instance: &Rc<ModuleInstance<'a>>, key: &Key, out: &mut Evaluation) {
        let made = resources::instances(self, instance, key);
        if key.mode == Mode::Ephemeral {
            return;
        }
        for one in &made.items {
            out.checks.extend(conditions::of_resource(self, instance, key, one));
            out.resources.push(resources::instance(self, instance, key, one));
        }
    }

    fn missing(&self, instance: &Rc<ModuleInstance<'a>>, name: &Arc<str>, source: &Arc<str>) -> MissingModule {
        let address = within(&instance.address, &format!("module.{name}"));
        let (module, source) = (instance.address.clone(), source.clone());
        let Some(block) = instance.module.calls.get(name) else {
            return MissingModule {
                address,
                module,
                name: name.clone(),
                source,
                attributes: Value::unknown(Type::Dynamic),
                names: Vec::new(),
                span: Span::default(),
                header: Span::default(),
            };
        };
        let repetition = resources::repetition(self, instance, block);
        let has_count = block.body.attribute("count").is_some();
        let local = repetition.instances(has_count).into_iter().next().map(|(_, local)| local).unwrap_or_default();
        let names = Names { run: self, instance, local: &local };
        let evaluated = body::arguments(&names, &block.body, &calls::META);
        let span = block.span;
        let header = block.header;
        let name = name.clone();
        MissingModule {
            address,
            module,
            name,
            source,
            attributes: evaluated.value,
            names: evaluated.names,
            span,
            header,
        }
    }

    /// The text of a span.
    pub(super) fn text(&self, span: Span) -> Option<&str> {
        self.sources.get(span.source)?.text.get(span.start as usize..span.end as usize)
    }

    /// `path.module` of a module: relative to the root module, where Terraform runs.
    pub(super) fn path_of(&self, module: &Module) -> String {
        files::relative(self.root, &module.directory)
    }

    pub(super) fn snapshot(&self) -> &dyn Snapshot {
        self.files.snapshot()
    }

    /// The value of a local.
    pub(super) fn local(&self, instance: &Rc<ModuleInstance<'a>>, name: &Arc<str>) -> Value {
        self.once(instance, Item::Local(name.clone()), |run| {
            let Some(attribute) = instance.module.locals.get(name) else { return Value::unknown(Type::Dynamic) };
            run.value(&Names { run, instance, local: &Local::default() }, attribute)
        })
    }

    /// The value of an argument; unknown where it has none, which is said once.
    pub(super) fn value(&self, names: &Names<'_, '_>, attribute: &Attribute) -> Value {
        self.try_value(names, attribute).unwrap_or_else(|| Value::unknown(Type::Dynamic))
    }

    /// The value of an argument; `None` where it has none, which is said.
    pub(super) fn try_value(&self, names: &Names<'_, '_>, attribute: &Attribute) -> Option<Value> {
        let Some(expression) = &attribute.expression else { return Some(Value::from_node(&attribute.value)) };
        match eval(expression, names) {
            Ok(value) => Some(value.or_at(attribute.value.span)),
            Err(faults) => {
                let place = attribute.value.span;
                self.blame(faults, place, names.is_hypothetical());
                None
            }
        }
    }

    /// Says why an expression has no value. What is hypothetical may not exist, or not with such values: a fault
    /// there is none unless it lies in the names themselves.
    pub(super) fn blame(&self, faults: Faults, place: Span, is_hypothetical: bool) {
        for fault in faults.or_at(place).iter() {
            let by_values = fault.kind == FaultKind::Evaluation && !self.inputs.strict;
            // Somebody has said it where the cycle was found.
            if fault.summary == CYCLE || by_values && is_hypothetical {
                continue;
            }
            // A file may be made by the build before Terraform runs.
            let missing_file = fault.detail.contains("no file exists");
            let said = Diagnostic::from(fault.clone());
            let level = if by_values && (missing_file || self.is_incomplete) { Level::Warning } else { said.level };
            self.say(Diagnostic { level, ..said });
        }
    }

    /// Says something, once.
    pub(super) fn say(&self, diagnostic: Diagnostic) {
        let mut said = self.said.borrow_mut();
        let said = &mut *said;
        // Many warnings must not keep an error back.
        let [errors, others] = &mut said.counts;
        let count = if diagnostic.level == Level::Error { errors } else { others };
        if *count < MAX_SAID && said.seen.insert((diagnostic.span, diagnostic.message.clone())) {
            *count += 1;
            said.list.push(diagnostic);
        }
    }

    pub(super) fn say_all(&self, diagnostics: impl IntoIterator<Item = Diagnostic>) {
        diagnostics.into_iter().for_each(|d| self.say(d));
    }

    /// The value of a named thing: evaluated the first time, then remembered.
    pub(super) fn once(
        &self,
        instance: &Rc<ModuleInstance<'a>>,
        item: Item,
        work: impl FnOnce(&Self) -> Value,
    ) -> Value {
        if let Some(value) = instance.memory.borrow().values.get(&item) {
            return value.clone();
        }
        let value = self.guarded(instance, item.clone(), work).unwrap_or_else(|| Value::unknown(Type::Dynamic));
        instance.memory.borrow_mut().values.insert(item, value.clone());
        value
    }

    /// Does the work on a named thing, unless that is already going on further out.
    pub(super) fn guarded<T>(
        &self,
        instance: &Rc<ModuleInstance<'a>>,
        item: Item,
        work: impl FnOnce(&Self) -> T,
    ) -> Option<T> {
        let entry = (instance.address.clone(), item);
        if self.active_set.borrow().contains(&entry) {
            self.say(self.cycle(&entry));
            return None;
        }
        if self.active.borrow().len() >= MAX_DEPTH {
            self.say(too_deep(&entry));
            return None;
        }
        self.active.borrow_mut().push(entry.clone());
        self.active_set.borrow_mut().insert(entry.clone());
        let result = work(self);
        self.active.borrow_mut().pop();
        self.active_set.borrow_mut().remove(&entry);
        Some(result)
    }

    /// Whether a thing is what is being evaluated right now.
    pub(super) fn is_innermost(&self, instance: &ModuleInstance<'_>, item: &Item) -> bool {
        self.active.borrow().last().is_some_and(|(address, active)| *address == instance.address && active == item)
    }

    fn cycle(&self, entry: &(Arc<str>, Item)) -> Diagnostic {
        let active = self.active.borrow();
        let start = active.iter().position(|e| e == entry).unwrap_or_default();
        let mut members: Vec<String> =
            active.iter().skip(start).map(|(module, item)| described(module, item)).collect();
        members.dedup();
        Diagnostic::error("terraform::cycle", format!("Cycle: {}", members.join(", ")))
            .in_file(self.root)
            .help("each of them needs the next one, and the last needs the first: break the circle")
    }

    /// Counts an instance; `false` when there are too many.
    pub(super) fn count_instances(&self, more: usize, block: &Block) -> bool {
        let total = self.instances.get().saturating_add(more);
        if total > MAX_INSTANCES {
            let message = format!("more than {MAX_INSTANCES} instances in one root module");
            self.say(
                fault("terraform::too_many_instances", "Too many instances", &message, block.header)
                    .label("not expanded")
                    .help("hand over a plan (`--plan`) instead"),
            );
            return false;
        }
        self.instances.set(total);
        true
    }
}

/// Errors of one root module that are told, and as many warnings.
const MAX_SAID: usize = 1_000;

/// Summary of a fault that only repeats what was said about a cycle.
pub(super) const CYCLE: &str = "Cycle";

fn described(module: &str, item: &Item) -> String {
    let address = match item {
        Item::Variable(name) => format!("var.{name}"),
        Item::Local(name) => format!("local.{name}"),
        Item::Output(name) => format!("output.{name}"),
        Item::Resource(key) => key.to_string(),
        Item::Call(name) => format!("module.{name}"),
        Item::Provider(name) => format!("provider.{name}"),
    };
    within(module, &address).to_string()
}

fn too_deep((module, item): &(Arc<str>, Item)) -> Diagnostic {
    let name = described(module, item);
    let message = format!("{name} is behind a chain of more than {MAX_DEPTH} names and was not evaluated");
    Diagnostic::error("terraform::too_deep", message).help("hand over a plan (`--plan`) instead")
}

/// An address of a `moved` block as from the root.
fn moved(instance: &ModuleInstance<'_>, block: &Block) -> Option<(Arc<str>, Arc<str>)> {
    let place = |name| block.body.attribute(name)?.reference().map(|address| within(&instance.address, &address));
    Some((place("from")?, place("to")?))
}

fn removed(instance: &ModuleInstance<'_>, block: &Block) -> Option<(Arc<str>, bool)> {
    let from = block.body.attribute("from")?.reference()?;
    let destroy = block.body.blocks("lifecycle").find_map(|b| b.body.attribute("destroy")?.value.as_bool());
    Some((within(&instance.address, &from), destroy.unwrap_or(true)))
}
