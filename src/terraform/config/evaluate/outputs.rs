//! Output values of a module instance.

use std::rc::Rc;
use std::sync::Arc;

use super::Output;
use super::instance::{Item, ModuleInstance};
use super::local::Local;
use super::names::Names;
use super::run::Run;
use super::variables;
use crate::parse::hcl::Block;
use crate::terraform::config::fault;
use crate::terraform::eval::{Marks, Type, Value};

/// The value of an output.
pub(super) fn value<'a>(run: &Run<'a>, instance: &Rc<ModuleInstance<'a>>, name: &Arc<str>) -> Value {
    run.once(instance, Item::Output(name.clone()), |run| {
        let block = instance.module.outputs.get(name);
        let argument = block.and_then(|b| b.body.attribute("value"));
        let (Some(block), Some(argument)) = (block, argument) else { return Value::unknown(Type::Dynamic) };
        let value = run.value(&Names { run, instance, local: &Local::default() }, argument);
        let is = |name: &str| block.body.attribute(name).and_then(|a| variables::flag(run, a)).unwrap_or_default();
        let marks = Marks { sensitive: is("sensitive"), ephemeral: is("ephemeral") };
        if instance.call.is_none() && marks.ephemeral {
            let message = "the root module has nobody to give an ephemeral value to";
            run.say(
                fault("terraform::ephemeral", "Ephemeral output not allowed", message, block.header).label("ephemeral"),
            );
        }
        let has = value.deep_marks();
        if instance.call.is_none() && has.sensitive && !marks.sensitive {
            let message = "the value derives from a sensitive one; set `sensitive = true` on the output";
            run.say(
                fault("terraform::sensitive_output", "Output refers to sensitive values", message, block.header)
                    .label("not declared as sensitive"),
            );
        }
        if has.ephemeral && !marks.ephemeral {
            let message = "this output is not declared as ephemeral";
            let place = argument.value.span;
            run.say(fault("terraform::ephemeral", "Ephemeral value not allowed", message, place).label("ephemeral"));
        }
        value.with_marks(marks)
    })
}

/// The outputs of the root module.
pub(super) fn of_root<'a>(run: &Run<'a>, instance: &Rc<ModuleInstance<'a>>) -> Vec<Output> {
    let outputs = instance.module.outputs.iter();
    outputs
        .map(|(name, block)| Output {
            name: name.clone(),
            value: value(run, instance, name),
            sensitive: flag(block, "sensitive"),
            span: block.header,
        })
        .collect()
}

fn flag(block: &Block, name: &str) -> bool {
    block.body.attribute(name).and_then(|a| a.value.as_bool()).unwrap_or_default()
}
