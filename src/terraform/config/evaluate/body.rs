//! Bodies of resources: arguments evaluated, nested blocks as lists of objects, dynamic blocks expanded.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::names::Names;
use crate::parse::hcl::{Attribute, Block, Body};
use crate::source::Span;
use crate::terraform::config::fault;
use crate::terraform::eval::value::{Data, Origin};
use crate::terraform::eval::{Number, Type, Value};

/// A body and where its parts are written.
pub(super) struct Evaluated {
    /// An object.
    pub(super) value: Value,
    /// Arguments and blocks of the top level: name → span of the name.
    pub(super) names: Vec<(Arc<str>, Span)>,
}

/// Evaluates the body of a resource; `meta` are arguments and blocks that are none of the provider's.
pub(super) fn evaluate(names: &Names<'_, '_>, block: &Block, meta: &[&str]) -> Evaluated {
    let mut out = arguments(names, &block.body, meta);
    let nested = nested(names, &block.body, meta, &mut out.names);
    if !nested.is_empty() {
        let mut entries = out.value.as_entries().map(|e| (**e).clone()).unwrap_or_default();
        entries.extend(nested);
        out.value = Value::object(entries);
    }
    out.value = out.value.with_origin(Origin::at(block.header));
    out
}

/// Evaluates the arguments of a body alone.
pub(super) fn arguments(names: &Names<'_, '_>, body: &Body, meta: &[&str]) -> Evaluated {
    let wanted: Vec<&Attribute> = body.attributes.iter().filter(|a| !meta.contains(&&*a.name)).collect();
    let entries = wanted.iter().map(|a| (a.name.clone(), names.run.value(names, a))).collect();
    let spans = wanted.iter().map(|a| (a.name.clone(), a.name_span)).collect();
    Evaluated { value: Value::object(entries), names: spans }
}

/// The nested blocks by kind; `None` stands for a list whose length is not known.
#[derive(Default)]
struct Lists(BTreeMap<Arc<str>, (Span, Option<Vec<Value>>)>);

impl Lists {
    fn list(&mut self, kind: &Arc<str>, span: Span) -> &mut Option<Vec<Value>> {
        &mut self.0.entry(kind.clone()).or_insert((span, Some(Vec::new()))).1
    }
}

fn nested(
    names: &Names<'_, '_>,
    body: &Body,
    meta: &[&str],
    spans: &mut Vec<(Arc<str>, Span)>,
) -> Vec<(Arc<str>, Value)> {
    let mut lists = Lists::default();
    for block in body.blocks.iter().filter(|b| !meta.contains(&&*b.kind)) {
        match block.label(0).filter(|_| &*block.kind == "dynamic") {
            Some(kind) => generate(names, block, kind, lists.list(kind, block.header)),
            None => {
                let value = evaluate(names, block, &[]).value;
                lists.list(&block.kind, block.kind_span).iter_mut().for_each(|list| list.push(value.clone()));
            }
        }
    }
    spans.extend(lists.0.iter().map(|(kind, (span, _))| (kind.clone(), *span)));
    lists.0.into_iter().map(|(kind, (span, list))| (kind.clone(), as_value(&kind, span, list))).collect()
}

fn as_value(kind: &str, span: Span, list: Option<Vec<Value>>) -> Value {
    let value = match list {
        None => Value::unknown(Type::Dynamic),
        // The one block that every provider reads as a single object.
        Some(list) if kind == "timeouts" => list.into_iter().next_back().unwrap_or_else(|| Value::null(Type::Dynamic)),
        Some(list) => {
            let place = list.first().and_then(Value::span).unwrap_or(span);
            Value::tuple(list).with_origin(Origin::at(place))
        }
    };
    value.or_at(span)
}

/// Blocks that one dynamic block may generate.
const MAX_GENERATED: usize = 100_000;

/// Expands a dynamic block into the list of its kind.
fn generate(names: &Names<'_, '_>, block: &Block, kind: &Arc<str>, list: &mut Option<Vec<Value>>) {
    let Some(argument) = block.body.attribute("for_each") else {
        let said = crate::terraform::config::blocks::missing_argument("for_each", block.header);
        names.run.say(said);
        *list = None;
        return;
    };
    let collection = names.run.value(names, argument);
    if collection.is_null() {
        let message = "cannot use a null value in for_each";
        names.run.say(
            fault("terraform::dynamic", "Invalid dynamic for_each value", message, argument.value.span).label("null"),
        );
        return;
    }
    let Some(elements) = elements(&collection).filter(|e| e.len() <= MAX_GENERATED) else {
        if collection.is_known() {
            let message = "for_each of a dynamic block wants a list, a set, a map or an object";
            let place = argument.value.span;
            names.run.say(fault("terraform::dynamic", "Invalid dynamic for_each value", message, place).label("here"));
        }
        *list = None;
        return;
    };
    let iterator = block.body.attribute("iterator").and_then(Attribute::reference);
    let iterator: Arc<str> = iterator.map_or_else(|| kind.clone(), Arc::from);
    let Some(content) = block.body.blocks("content").next() else { return };
    let marks = collection.marks();
    for (key, value) in elements {
        let each = BTreeMap::from([("key".into(), key.with_marks(marks)), ("value".into(), value.with_marks(marks))]);
        let local = names.local.with_iterator(iterator.clone(), Value::object(each));
        let inner = Names { run: names.run, instance: names.instance, local: &local };
        // That a block is there is as secret as the collection that made it.
        let made = evaluate(&inner, content, &[]).value.with_origin(Origin::at(block.header)).with_marks(marks);
        list.iter_mut().for_each(|list| list.push(made.clone()));
    }
}

/// The elements of a collection with their keys; `None` when they are not known or it is none.
pub(super) fn elements(collection: &Value) -> Option<Vec<(Value, Value)>> {
    match collection.data() {
        Data::List(_, items) | Data::Tuple(items) => {
            Some(items.iter().enumerate().map(|(i, v)| (Number::counted(i).into(), v.clone())).collect())
        }
        Data::Set(_, items) => Some(items.iter().map(|v| (v.clone(), v.clone())).collect()),
        Data::Map(_, entries) | Data::Object(entries) => {
            Some(entries.iter().map(|(k, v)| (Value::string(k), v.clone())).collect())
        }
        _ => None,
    }
}
