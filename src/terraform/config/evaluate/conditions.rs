//! Validations, preconditions, postconditions and check blocks.

use std::rc::Rc;
use std::sync::Arc;

use super::addresses::within;
use super::instance::ModuleInstance;
use super::local::Local;
use super::names::Names;
use super::resources::One;
use super::run::Run;
use super::variables;
use crate::finding::{Diagnostic, Level};
use crate::parse::hcl::{Attribute, Block};
use crate::source::Span;
use crate::terraform::config::{Key, fault};
use crate::terraform::eval::{Type, Value, convert, references};

/// What became of the conditions of one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// `var.project`, `output.x`, `check.health`, or the address of a resource.
    pub address: Arc<str>,
    /// The worst of its conditions.
    pub status: Status,
    /// Where it is declared.
    pub span: Span,
    /// Messages of the conditions that do not hold.
    pub messages: Vec<String>,
}

/// Whether conditions hold. Ordered from the best.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// All hold.
    #[default]
    Pass,
    /// One depends on what is not known yet.
    Unknown,
    /// One cannot be evaluated.
    Error,
    /// One does not hold.
    Fail,
}

impl Status {
    /// The word in plan JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Unknown => "unknown",
            Self::Error => "error",
            Self::Fail => "fail",
        }
    }
}

/// How the failure of a rule is reported.
struct Failure {
    summary: &'static str,
    /// Where it is shown; at the condition when there is no better place.
    place: Option<Span>,
    is_warning: bool,
}

/// The validation rules of a module's variables.
pub(super) fn of_variables<'a>(run: &Run<'a>, instance: &Rc<ModuleInstance<'a>>) -> Vec<Check> {
    let mut checks = Vec::new();
    for (name, block) in &instance.module.variables {
        let rules: Vec<&Block> = block.body.blocks("validation").collect();
        if rules.is_empty() {
            continue;
        }
        let value = variables::value(run, instance, name);
        let given = instance.call.as_ref().and_then(|call| call.block.body.attribute(name)).map(|a| a.value.span);
        let failure = Failure {
            summary: "Invalid value for variable",
            place: Some(given.unwrap_or(block.header)),
            is_warning: false,
        };
        let address = within(&instance.address, &format!("var.{name}"));
        let local = Local::default();
        let names = Names { run, instance, local: &local };
        let check = judge(&names, address, block.header, &rules, &failure);
        // A variable whose own value could not be made has been reported already.
        checks.push(if value.is_known() {
            check
        } else {
            Check { status: check.status.max(Status::Unknown), ..check }
        });
    }
    checks
}

/// The preconditions of an output.
pub(super) fn of_output<'a>(run: &Run<'a>, instance: &Rc<ModuleInstance<'a>>, name: &Arc<str>) -> Option<Check> {
    let block = instance.module.outputs.get(name)?;
    let rules: Vec<&Block> = block.body.blocks("precondition").collect();
    let failure = Failure { summary: "Module output value precondition failed", place: None, is_warning: false };
    let local = Local::default();
    let names = Names { run, instance, local: &local };
    let address = within(&instance.address, &format!("output.{name}"));
    (!rules.is_empty()).then(|| judge(&names, address, block.header, &rules, &failure))
}

/// The conditions of one instance of a resource.
pub(super) fn of_resource<'a>(run: &Run<'a>, instance: &Rc<ModuleInstance<'a>>, key: &Key, one: &One) -> Option<Check> {
    let block = instance.module.resources.get(key)?;
    let lifecycle = block.body.blocks("lifecycle").next()?;
    let rules = |kind: &'static str| lifecycle.body.blocks(kind).collect::<Vec<_>>();
    let (before, after) = (rules("precondition"), rules("postcondition"));
    if before.is_empty() && after.is_empty() {
        return None;
    }
    let address = within(&instance.address, &format!("{key}{}", one.index));
    let failure = |summary| Failure { summary, place: None, is_warning: false };
    let names = Names { run, instance, local: &one.local };
    let mut check = judge(&names, address, block.header, &before, &failure("Resource precondition failed"));
    let local = one.local.with_self(one.value());
    let names = Names { run, instance, local: &local };
    let later = judge(&names, check.address.clone(), block.header, &after, &failure("Resource postcondition failed"));
    check.status = check.status.max(later.status);
    check.messages.extend(later.messages);
    Some(check)
}

/// The check blocks of a module.
pub(super) fn of_checks<'a>(run: &Run<'a>, instance: &Rc<ModuleInstance<'a>>) -> Vec<Check> {
    let local = Local::default();
    let names = Names { run, instance, local: &local };
    let failure = Failure { summary: "Check block assertion failed", place: None, is_warning: true };
    let checks = instance.module.checks.iter();
    checks
        .map(|(name, block)| {
            let rules: Vec<&Block> = block.body.blocks("assert").collect();
            judge(&names, within(&instance.address, &format!("check.{name}")), block.header, &rules, &failure)
        })
        .collect()
}

fn judge(names: &Names<'_, '_>, address: Arc<str>, span: Span, rules: &[&Block], failure: &Failure) -> Check {
    let mut check = Check { address, status: Status::Pass, span, messages: Vec::new() };
    for rule in rules {
        let Some(condition) = rule.body.attribute("condition") else { continue };
        if condition.expression.as_ref().is_none_or(|e| references(e).is_empty()) {
            let summary = match &*rule.kind {
                "validation" => "Invalid variable validation condition".to_owned(),
                kind => format!("Invalid {kind} expression"),
            };
            let message = "the condition refers to nothing, so it checks nothing";
            let place = condition.value.span;
            names.run.say(fault("terraform::condition", &summary, message, place).label("always the same"));
            check.status = check.status.max(Status::Error);
            continue;
        }
        let status = status(names, condition);
        check.status = check.status.max(status);
        if status == Status::Fail {
            let message = message(names, rule);
            let place = failure.place.unwrap_or(condition.value.span);
            let said = fault("terraform::condition", failure.summary, &message, place).label("does not hold");
            let is_soft = failure.is_warning || names.run.is_incomplete || names.is_hypothetical();
            let level = if is_soft { Level::Warning } else { said.level };
            names.run.say(Diagnostic { level, ..said });
            check.messages.push(message);
        }
    }
    check
}

fn status(names: &Names<'_, '_>, condition: &Attribute) -> Status {
    let Some(value) = names.run.try_value(names, condition) else { return Status::Error };
    let refuse = |message: &str| {
        let place = condition.value.span;
        names.run.say(fault("terraform::condition", "Invalid condition result", message, place).label("here"));
        Status::Error
    };
    match convert(&value, &Type::Bool) {
        Ok(value) if value.is_null() => refuse("a condition must be true or false, not null"),
        Ok(value) => match value.as_bool() {
            Some(true) => Status::Pass,
            Some(false) => Status::Fail,
            None => Status::Unknown,
        },
        Err(why) => refuse(&why.to_string()),
    }
}

fn message(names: &Names<'_, '_>, rule: &Block) -> String {
    let Some(argument) = rule.body.attribute("error_message") else { return "the condition does not hold".into() };
    let value = names.run.try_value(names, argument).unwrap_or_else(|| Value::unknown(Type::String));
    match (value.deep_marks().is_empty(), convert(&value, &Type::String)) {
        (false, _) => "the message holds a sensitive value and is not shown".into(),
        (true, Ok(text)) => text.as_str().unwrap_or("the message is not known yet").trim().to_owned(),
        (true, Err(_)) => "the condition does not hold".into(),
    }
}
