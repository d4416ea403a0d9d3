//! Resources and data sources: how many instances, and what each of them is as far as the configuration says.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use super::addresses::{Index, within};
use super::instance::{Item, ModuleInstance, Repetition};
use super::local::Local;
use super::names::Names;
use super::run::Run;
use super::{Instance, body, providers, remote_state};
use crate::parse::hcl::{Attribute, Block};
use crate::source::Span;
use crate::terraform::attributes;
use crate::terraform::config::{Key, Mode, blocks, fault};
use crate::terraform::eval::value::Data;
use crate::terraform::eval::{Type, Value, convert};

/// The instances of one resource.
pub(super) struct Instances {
    pub(super) repetition: Repetition,
    /// In the order of their index.
    pub(super) items: Vec<One>,
}

/// One instance.
pub(super) struct One {
    pub(super) index: Index,
    /// `each` or `count` in it.
    pub(super) local: Local,
    /// What is configured; for resources whose schema is known, everything.
    pub(super) attributes: Value,
    /// Where arguments and blocks are written.
    names: Vec<(Arc<str>, Span)>,
    /// Nested blocks, whose form in the provider's schema is not known.
    blocks: Vec<Arc<str>>,
    /// Whether there are no attributes but these.
    pub(super) is_closed: bool,
}

/// Arguments and blocks that every resource may have and no provider sees.
const META: [&str; 7] = ["count", "for_each", "provider", "depends_on", "lifecycle", "provisioner", "connection"];

impl Instances {
    /// The instance of an index.
    pub(super) fn get(&self, index: &Index) -> Option<&One> {
        let at = self.items.binary_search_by(|one| one.index.cmp(index)).ok()?;
        self.items.get(at)
    }

    /// All instances as one value: what `aws_x.y` is without an index.
    pub(super) fn value(&self) -> Value {
        self.repetition.collect(self.items.iter().map(|one| (one.index.clone(), one.value())))
    }
}

impl One {
    /// The whole object, unless the provider's schema is needed to know its attributes.
    pub(super) fn value(&self) -> Value {
        if self.is_closed { self.attributes.clone() } else { Value::unknown_not_null(Type::Dynamic) }
    }

    /// An attribute of a resource whose schema is not known: what is configured, as far as the provider
    /// cannot have made something else of it.
    pub(super) fn attribute(&self, name: &str) -> Value {
        let configured = self.attributes.get(name).filter(|_| !self.blocks.iter().any(|b| &**b == name));
        match configured {
            // The provider computes what is null, and sorts what its schema calls a set.
            Some(value) if value.is_null() || value.as_items().is_some_and(|items| items.len() > 1) => {
                Value::unknown(Type::Dynamic).with_marks(value.deep_marks())
            }
            Some(value) => value.clone(),
            None => Value::unknown(Type::Dynamic),
        }
    }
}

/// The instances of a resource; none where it needs itself.
pub(super) fn instances<'a>(run: &Run<'a>, instance: &Rc<ModuleInstance<'a>>, key: &Key) -> Rc<Instances> {
    let none = || Rc::new(Instances { repetition: Repetition::Unknown, items: Vec::new() });
    instances_or_cycle(run, instance, key).unwrap_or_else(none)
}

/// The instances of a resource; `None` where it needs itself.
pub(super) fn instances_or_cycle<'a>(
    run: &Run<'a>,
    instance: &Rc<ModuleInstance<'a>>,
    key: &Key,
) -> Option<Rc<Instances>> {
    if let Some(instances) = instance.memory.borrow().resources.get(key) {
        return Some(instances.clone());
    }
    let made = run.guarded(instance, Item::Resource(key.clone()), |run| {
        let block = instance.module.resources.get(key)?;
        let repetition = repetition(run, instance, block);
        let indexes = repetition.instances(block.body.attribute("count").is_some());
        let items = indexes.into_iter().map(|(index, local)| one(run, instance, key, block, index, local)).collect();
        Some(Rc::new(Instances { repetition, items }))
    })??;
    instance.memory.borrow_mut().resources.insert(key.clone(), made.clone());
    Some(made)
}

fn one<'a>(
    run: &Run<'a>,
    instance: &Rc<ModuleInstance<'a>>,
    key: &Key,
    block: &Block,
    index: Index,
    local: Local,
) -> One {
    let names = Names { run, instance, local: &local };
    names.check_dependencies(block);
    let evaluated = body::evaluate(&names, block, &META);
    let (attributes, is_closed) = match (key.mode, &*key.kind) {
        (Mode::Managed, "terraform_data") => {
            let imported = imported(run, instance, &format!("{key}{index}"));
            (terraform_data(run, block, &evaluated.value, imported), true)
        }
        (Mode::Data, "terraform_remote_state") => (remote_state::read(run, block, &evaluated.value), true),
        _ => (evaluated.value, false),
    };
    let blocks = block.body.blocks.iter().map(|b| b.label(0).filter(|_| &*b.kind == "dynamic").unwrap_or(&b.kind));
    let blocks = blocks.cloned().collect();
    One { index, local, attributes, names: evaluated.names, blocks, is_closed }
}

/// `terraform_data`, the one resource without a provider: its id and output are made when it is applied.
/// <https://developer.hashicorp.com/terraform/language/resources/terraform-data>
fn terraform_data(run: &Run<'_>, block: &Block, configured: &Value, id: Option<Value>) -> Value {
    let known = ["input", "triggers_replace"];
    let own = |name: &str| known.contains(&name) || META.contains(&name);
    run.say_all(block.body.attributes.iter().filter(|a| !own(&a.name)).map(blocks::unsupported_argument));
    run.say_all(block.body.blocks.iter().filter(|b| !own(&b.kind)).map(blocks::unsupported_block));
    for argument in block.body.attributes.iter().filter(|a| known.contains(&&*a.name)) {
        if configured.get(&argument.name).is_some_and(|v| v.deep_marks().ephemeral) {
            let message = format!("\"{}\" is kept in the state, and an ephemeral value must not be", argument.name);
            let place = argument.value.span;
            run.say(
                fault("terraform::ephemeral", "Invalid use of ephemeral value", &message, place).label("ephemeral"),
            );
        }
    }
    let get = |name: &str| configured.get(name).cloned().unwrap_or_else(|| Value::null(Type::Dynamic));
    let input = get("input");
    let output = if input.is_null() { Value::null(Type::Dynamic) } else { Value::unknown(input.ty()) };
    Value::object(BTreeMap::from([
        ("id".into(), id.unwrap_or_else(|| Value::unknown_not_null(Type::String))),
        ("input".into(), input),
        ("output".into(), output),
        ("triggers_replace".into(), get("triggers_replace")),
    ]))
}

/// The id that an `import` block of the root module gives to an address.
fn imported<'a>(run: &Run<'a>, instance: &Rc<ModuleInstance<'a>>, address: &str) -> Option<Value> {
    let imports = instance.module.imports.iter().filter(|_| instance.call.is_none());
    let to = |block: &&Block| block.body.attribute("to").and_then(Attribute::reference).is_some_and(|a| a == address);
    let id = imports.filter(|b| b.body.attribute("for_each").is_none()).find(to)?.body.attribute("id")?;
    Some(run.value(&Names { run, instance, local: &Local::default() }, id))
}

/// The instance as it leaves the evaluation.
pub(super) fn instance<'a>(run: &Run<'a>, module: &Rc<ModuleInstance<'a>>, key: &Key, one: &One) -> Instance {
    let block = module.module.resources.get(key);
    let lifecycle = block.and_then(|b| b.body.blocks("lifecycle").next()).map(attributes::lifecycle);
    Instance {
        address: within(&module.address, &format!("{key}{}", one.index)),
        module: module.address.clone(),
        key: key.clone(),
        index: one.index.clone(),
        attributes: one.attributes.clone(),
        names: one.names.clone(),
        lifecycle,
        uncounted: (one.index == Index::Unknown).then(|| match block.and_then(|b| b.body.attribute("count")) {
            Some(_) => "count",
            None => "for_each",
        }),
        provider: block.map(|b| providers::of_resource(run, module, key, b)).unwrap_or_default(),
        span: block.map(|b| b.span).unwrap_or_default(),
        header: block.map(|b| b.header).unwrap_or_default(),
    }
}

/// Instances of one resource or module that are expanded.
const MAX_REPEATED: usize = 50_000;

/// How often a block stands: `count`, `for_each`, or once.
pub(super) fn repetition<'a>(run: &Run<'a>, instance: &Rc<ModuleInstance<'a>>, block: &Block) -> Repetition {
    let names = Names { run, instance, local: &Local::default() };
    let (count, each) = (block.body.attribute("count"), block.body.attribute("for_each"));
    let enabled = block.body.blocks("lifecycle").find_map(|b| b.body.attribute("enabled"));
    let repetition = match (count, each, enabled) {
        (Some(count), ..) => counted(run, &names, count),
        (None, Some(each), _) => for_each(run, &names, each),
        (None, None, Some(enabled)) if run.value(&names, enabled).as_bool() == Some(false) => {
            Some(Repetition::Disabled)
        }
        (None, None, _) => Some(Repetition::Single),
    };
    let repetition = repetition.unwrap_or(Repetition::Unknown);
    let number = match &repetition {
        Repetition::Count(n) => *n,
        Repetition::Each(entries) => entries.len(),
        Repetition::Single | Repetition::Unknown => 1,
        Repetition::Disabled => 0,
    };
    // A huge `count` would cost memory before anything else could stop it.
    if number > MAX_REPEATED || !run.count_instances(number, block) {
        let message = format!("{number} instances are more than are expanded ({MAX_REPEATED}); one stands for all");
        let place = count.or(each).map_or(block.header, |a| a.value.span);
        run.say(
            fault("terraform::too_many_instances", "Too many instances", &message, place)
                .label("not expanded")
                .help("hand over a plan (`--plan`) instead"),
        );
        return Repetition::Unknown;
    }
    repetition
}

fn counted(run: &Run<'_>, names: &Names<'_, '_>, argument: &Attribute) -> Option<Repetition> {
    let summary = "Invalid count argument";
    let refuse = |message: &str| {
        run.say(fault("terraform::count", summary, message, argument.value.span).label("here"));
        None
    };
    let value = run.try_value(names, argument)?;
    if value.is_null() {
        return refuse("the given \"count\" argument value is null; an integer is required");
    }
    if value.marks().ephemeral {
        return refuse("the given \"count\" is derived from an ephemeral value, which is not allowed");
    }
    let number = match convert(&value, &Type::Number) {
        Ok(number) => number,
        Err(why) => {
            let message = format!("the given \"count\" argument value is unsuitable: {why}");
            run.say(fault("terraform::count", "Incorrect value type", &message, argument.value.span).label("here"));
            return None;
        }
    };
    if !number.is_known() {
        return not_yet(run, summary, "count", argument);
    }
    let number = number.as_number()?;
    match number.to_usize() {
        _ if number.is_negative() && !number.is_zero() => {
            refuse("the given \"count\" argument value is unsuitable: must be greater than or equal to zero")
        }
        Some(n) => Some(Repetition::Count(n)),
        None if number.is_whole() => Some(Repetition::Count(usize::MAX)),
        None => refuse("the given \"count\" argument value is unsuitable: it must be a whole number"),
    }
}

fn not_yet(run: &Run<'_>, summary: &str, name: &str, argument: &Attribute) -> Option<Repetition> {
    if run.inputs.strict {
        let message = format!("the \"{name}\" value depends on something that is known only after an apply");
        run.say(fault("terraform::repetition", summary, &message, argument.value.span).label("not known yet"));
    }
    Some(Repetition::Unknown)
}

fn for_each(run: &Run<'_>, names: &Names<'_, '_>, argument: &Attribute) -> Option<Repetition> {
    let summary = "Invalid for_each argument";
    let refuse = |message: &str| {
        run.say(fault("terraform::for_each", summary, message, argument.value.span).label("here"));
        None
    };
    let refuse_set = |message: &str| {
        let place = argument.value.span;
        run.say(fault("terraform::for_each", "Invalid for_each set argument", message, place).label("here"));
        None
    };
    let value = run.try_value(names, argument)?;
    if value.marks().sensitive || matches!(value.data(), Data::Set(..)) && value.deep_marks().sensitive {
        return refuse(
            "sensitive values, or values derived from sensitive values, cannot be used as for_each arguments: their keys \
             become part of addresses",
        );
    }
    if value.marks().ephemeral {
        return refuse("the given \"for_each\" value is derived from an ephemeral value, which is not allowed");
    }
    match value.data() {
        Data::Null(_) => refuse("the given \"for_each\" argument value is null; a map, or set of strings is allowed"),
        Data::Map(_, entries) | Data::Object(entries) => {
            Some(Repetition::Each(entries.iter().map(|(k, v)| (k.clone(), v.clone())).collect()))
        }
        Data::Set(_, items) if items.is_empty() => Some(Repetition::Each(Vec::new())),
        Data::Set(element, _) if !matches!(element, Type::String | Type::Dynamic) => refuse_set(&format!(
            "\"for_each\" supports maps and sets of strings, but you have provided a set containing type {}",
            element.friendly_name()
        )),
        Data::Set(_, items) if items.iter().any(Value::is_null) => {
            refuse_set("\"for_each\" sets must not contain null values")
        }
        Data::Set(_, items) => {
            let keys: Option<Vec<_>> = items.iter().map(|v| Some((Arc::from(v.as_str()?), v.clone()))).collect();
            match keys {
                Some(mut entries) => {
                    entries.sort_by(|(a, _), (b, _): &(Arc<str>, Value)| a.cmp(b));
                    Some(Repetition::Each(entries))
                }
                None => not_yet(run, summary, "for_each", argument),
            }
        }
        Data::Unknown(Type::Dynamic | Type::Map(_) | Type::Object(_), _) => not_yet(run, summary, "for_each", argument),
        Data::Unknown(Type::Set(_), _) => not_yet(run, summary, "for_each", argument),
        _ => refuse(&format!(
            "the given \"for_each\" argument value is unsuitable: the \"for_each\" argument must be a map, or set of \
             strings, and you have provided a value of type {}",
            value.ty().friendly_name()
        )),
    }
}
