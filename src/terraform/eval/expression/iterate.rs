//! `[for …]`, `{for …}`, and `%{ for }` in templates.

use std::collections::BTreeMap;
use std::sync::Arc;

use hcl_edit::expr::{Expression as Tree, ForExpr};
use hcl_edit::{Decorated, Ident};

use super::Evaluator;
use crate::terraform::eval::convert::convert;
use crate::terraform::eval::fault::Fault;
use crate::terraform::eval::number::Number;
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::{Data, Marks, Value};

/// The names of one iteration.
pub(super) struct Variables {
    key: Option<Arc<str>>,
    value: Arc<str>,
}

impl Variables {
    pub(super) fn new(key: Option<&Decorated<Ident>>, value: &Decorated<Ident>) -> Self {
        Self { key: key.map(|name| Arc::from(name.as_str())), value: Arc::from(value.as_str()) }
    }
}

/// What an iteration gave so far.
#[derive(Default)]
struct Progress {
    marks: Marks,
    /// Something that decides about the result as a whole is not known.
    is_open: bool,
}

impl Evaluator<'_> {
    pub(super) fn for_expression(&mut self, expression: &ForExpr) -> Value {
        let intro = &expression.intro;
        let variables = Variables::new(intro.key_var.as_ref(), &intro.value_var);
        let collection = self.value(&intro.collection_expr);
        let Some((elements, mut progress)) =
            self.elements(&collection, &intro.collection_expr, &variables, expression.cond.as_ref().map(|c| &c.expr))
        else {
            return self.not_iterated(&collection);
        };
        let condition = expression.cond.as_ref().map(|condition| &condition.expr);
        match &expression.key_expr {
            None => {
                let mut items = Vec::with_capacity(elements.len());
                self.each(&elements, &variables, condition, &mut progress, |evaluator, _| {
                    items.push(evaluator.value(&expression.value_expr));
                });
                progress.close(|| Value::tuple(items))
            }
            Some(key) => {
                let mut entries: BTreeMap<Arc<str>, Vec<Value>> = BTreeMap::new();
                self.each(&elements, &variables, condition, &mut progress, |evaluator, progress| {
                    let Some(name) = evaluator.entry_key(key, progress) else { return };
                    let value = evaluator.value(&expression.value_expr);
                    let group = entries.entry(name.clone()).or_default();
                    if group.is_empty() || expression.grouping {
                        group.push(value);
                    } else {
                        evaluator.duplicate(&name, key);
                    }
                });
                progress.close(|| Value::object(entries.into_iter().map(|e| entry(e, expression.grouping)).collect()))
            }
        }
    }

    /// The results of a template for each element.
    pub(super) fn for_template(
        &mut self,
        collection: &Tree,
        variables: &Variables,
        mut render: impl FnMut(&mut Self) -> Value,
    ) -> Value {
        let value = self.value(collection);
        let Some((elements, mut progress)) = self.elements(&value, collection, variables, None) else {
            return self.not_iterated(&value);
        };
        let mut items = Vec::with_capacity(elements.len());
        self.each(&elements, variables, None, &mut progress, |evaluator, _| items.push(render(evaluator)));
        progress.close(|| Value::tuple(items))
    }

    /// Keys and values of a collection; `None` when they are not known or there are none to be had.
    fn elements(
        &mut self,
        collection: &Value,
        at: &Tree,
        variables: &Variables,
        condition: Option<&Tree>,
    ) -> Option<(Vec<(Value, Value)>, Progress)> {
        if collection.is_null() {
            let detail = "A null value cannot be used as the collection in a 'for' expression.";
            self.fail(Fault::new("Iteration over null value", detail), at);
            return None;
        }
        if collection.is_dynamic() {
            return None;
        }
        let ty = collection.range().map(|_| collection.ty());
        if ty.as_ref().is_some_and(Type::is_primitive) || is_primitive(collection) {
            let name = collection.ty().friendly_name();
            let detail = format!("A value of type {name} cannot be used as the collection in a 'for' expression.");
            self.fail(Fault::new("Iteration over non-iterable value", detail), at);
            return None;
        }
        let trial = condition.map_or(Some(Marks::default()), |condition| self.try_condition(condition, variables))?;
        let mut progress = Progress { marks: collection.marks(), is_open: false };
        if !collection.is_known() {
            progress.marks = progress.marks | trial;
            progress.is_open = true;
            return Some((Vec::new(), progress));
        }
        Some((pairs(collection), progress))
    }

    fn not_iterated(&self, collection: &Value) -> Value {
        let _ = collection;
        Value::unknown(Type::Dynamic)
    }

    /// Evaluates the condition once with unknown variables, as Terraform does to find plain mistakes.
    fn try_condition(&mut self, condition: &Tree, variables: &Variables) -> Option<Marks> {
        let faults = self.faults.len();
        let unknown = Value::unknown(Type::Dynamic);
        let result = self.bind(variables, &unknown, &unknown, |evaluator| evaluator.value(condition));
        if result.is_null() {
            self.fail(Fault::new("Condition is null", "The value of the 'if' clause must not be null."), condition);
        } else if let Err(fault) = convert(&result, &Type::Bool) {
            self.invalid_condition(&fault.message, condition);
        }
        (self.faults.len() == faults).then(|| result.marks())
    }

    fn invalid_condition(&mut self, why: &str, at: &Tree) {
        let detail = format!("The 'if' clause value is invalid: {why}.");
        self.fail(Fault::new("Invalid 'for' condition", detail), at);
    }

    fn bind<T>(
        &mut self,
        variables: &Variables,
        key: &Value,
        value: &Value,
        evaluate: impl FnOnce(&mut Self) -> T,
    ) -> T {
        match &variables.key {
            Some(name) => self.with_bound(&[(name, key.clone()), (&variables.value, value.clone())], evaluate),
            None => self.with_bound(&[(&variables.value, value.clone())], evaluate),
        }
    }

    fn each(
        &mut self,
        elements: &[(Value, Value)],
        variables: &Variables,
        condition: Option<&Tree>,
        progress: &mut Progress,
        mut visit: impl FnMut(&mut Self, &mut Progress),
    ) {
        for (key, value) in elements {
            // One fault per cause is enough; a thousand elements would repeat it.
            if self.exhausted || self.faults.len() > MAX_FAULTS {
                progress.is_open = true;
                return;
            }
            self.bind(variables, key, value, |evaluator| {
                if evaluator.is_included(condition, progress) {
                    visit(evaluator, progress);
                }
            });
        }
    }

    fn is_included(&mut self, condition: Option<&Tree>, progress: &mut Progress) -> bool {
        let Some(condition) = condition else { return true };
        let decision = self.value(condition);
        progress.marks = progress.marks | decision.marks();
        if decision.is_null() {
            if !progress.is_open {
                let detail = "The value of the 'if' clause must not be null.";
                self.fail(Fault::new("Invalid 'for' condition", detail), condition);
            }
            progress.is_open = true;
            return false;
        }
        match convert(&decision, &Type::Bool).map(|b| b.as_bool()) {
            Ok(Some(included)) => return included,
            Ok(None) => {}
            Err(fault) if !progress.is_open => self.invalid_condition(&fault.message, condition),
            Err(_) => {}
        }
        progress.is_open = true;
        false
    }

    fn entry_key(&mut self, key: &Tree, progress: &mut Progress) -> Option<Arc<str>> {
        let value = self.value(key);
        progress.marks = progress.marks | value.marks();
        let fault = match convert(&value, &Type::String) {
            _ if value.is_null() => "Key expression in 'for' expression must not produce a null value.".to_owned(),
            Ok(text) if text.as_str().is_some() => return text.as_str().map(Arc::from),
            Ok(_) => String::new(),
            Err(fault) => format!("The key expression produced an invalid result: {}.", fault.message),
        };
        if !progress.is_open && !fault.is_empty() {
            self.fail(Fault::new("Invalid object key", fault), key);
        }
        progress.is_open = true;
        None
    }

    fn duplicate(&mut self, name: &str, at: &Tree) {
        let detail = format!(
            "Two different items produced the key {name:?} in this 'for' expression. If duplicates are expected, use \
             the ellipsis (...) after the value expression to enable grouping by key."
        );
        self.fail(Fault::new("Duplicate object key", detail), at);
    }
}

/// How many faults of one expression are told.
const MAX_FAULTS: usize = 20;

impl Progress {
    fn close(self, result: impl FnOnce() -> Value) -> Value {
        let value = if self.is_open { Value::unknown(Type::Dynamic) } else { result() };
        value.with_marks(self.marks)
    }
}

fn entry((name, mut values): (Arc<str>, Vec<Value>), grouping: bool) -> (Arc<str>, Value) {
    match values.pop() {
        Some(value) if !grouping => (name, value),
        last => {
            values.extend(last);
            (name, Value::tuple(values))
        }
    }
}

fn is_primitive(value: &Value) -> bool {
    matches!(value.data(), Data::String(_) | Data::Number(_) | Data::Bool(_))
}

/// Keys and values in Terraform's order; an element of a set is its own key.
fn pairs(collection: &Value) -> Vec<(Value, Value)> {
    if let Some(entries) = collection.as_entries() {
        return entries.iter().map(|(key, value)| (Value::string(key), value.clone())).collect();
    }
    let items = collection.as_items().map(|items| items.iter()).into_iter().flatten();
    match collection.data() {
        Data::Set(..) => items.map(|item| (item.clone(), item.clone())).collect(),
        _ => items.enumerate().map(|(at, item)| (Number::counted(at).into(), item.clone())).collect(),
    }
}
