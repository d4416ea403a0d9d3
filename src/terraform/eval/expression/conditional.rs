//! `condition ? yes : no`, and `%{ if }` in templates.

use hcl_edit::expr::{Conditional, Expression as Tree};

use super::{Evaluator, derived};
use crate::source::Span;
use crate::terraform::eval::convert::{Mode, convert, unify};
use crate::terraform::eval::fault::Fault;
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::{Range, Value};

/// One side, evaluated.
pub(super) struct Branch {
    pub(super) value: Value,
    pub(super) faults: Vec<Fault>,
    pub(super) span: Span,
}

impl Evaluator<'_> {
    pub(super) fn conditional(&mut self, conditional: &Conditional, tree: &Tree) -> Value {
        let branches = [&conditional.true_expr, &conditional.false_expr].map(|side| {
            let (value, faults) = self.aside(|evaluator| evaluator.value(side));
            Branch { value, faults, span: self.place.of(side) }
        });
        let [yes, no] = branches;
        self.choose(&conditional.cond_expr, yes, no, self.place.of(tree))
    }

    /// The branch that the condition selects, converted to the type that both have in common.
    pub(super) fn choose(&mut self, condition: &Tree, yes: Branch, no: Branch, span: Span) -> Value {
        let Some(ty) = common_type(&yes.value, &no.value) else {
            let detail = format!(
                "The true and false result expressions must have consistent types. {}.",
                describe_mismatch(&yes.value.ty(), &no.value.ty())
            );
            return self.fail_placed(Fault::new(INCONSISTENT, detail).or_at(yes.span.to(no.span)));
        };
        let decision = self.value(condition);
        if decision.is_null() {
            let detail = "The condition value is null. Conditions must either be true or false.";
            self.fail(Fault::new("Null condition", detail), condition);
            return Value::unknown(ty);
        }
        let marks = decision.marks() | yes.value.marks() | no.value.marks();
        if !decision.is_known() {
            self.forget(yes.faults);
            self.forget(no.faults);
            let value = undecided(&yes.value, &no.value, ty).with_marks(marks);
            return derived(value, &[&decision, &yes.value, &no.value], span);
        }
        let Some(chosen) = convert(&decision, &Type::Bool).ok().and_then(|b| b.as_bool()) else {
            let detail = "The condition expression must be of type bool.";
            self.fail(Fault::new("Incorrect condition type", detail), condition);
            return Value::unknown(ty);
        };
        let (taken, other, name) = if chosen { (yes, no, "true") } else { (no, yes, "false") };
        self.faults.extend(taken.faults);
        self.forget(other.faults);
        // A branch of unknown type decides nothing: the other one stays as it is.
        if ty == Type::Dynamic {
            return taken.value.with_marks(marks);
        }
        match convert(&taken.value, &ty) {
            Ok(value) => value.with_marks(marks),
            Err(fault) => {
                let detail = format!("The {name} result value has the wrong type: {}.", fault.message);
                self.fail_placed(Fault::new(INCONSISTENT, detail).or_at(taken.span));
                Value::unknown(ty)
            }
        }
    }
}

const INCONSISTENT: &str = "Inconsistent conditional result types";

fn common_type(yes: &Value, no: &Value) -> Option<Type> {
    let literal_null = |value: &Value| value.is_null() && value.is_dynamic() && value.marks().is_empty();
    match () {
        () if literal_null(yes) => Some(no.ty()),
        () if literal_null(no) => Some(yes.ty()),
        () if yes.is_dynamic() || no.is_dynamic() => Some(Type::Dynamic),
        () => unify(&[yes.ty(), no.ty()], Mode::Unsafe),
    }
}

/// What is known whichever branch it will be.
fn undecided(yes: &Value, no: &Value, ty: Type) -> Value {
    if yes.is_null() && no.is_null() {
        return Value::null(ty);
    }
    let not_null = yes.is_surely_not_null() && no.is_surely_not_null();
    let lengths = (yes.ty() == no.ty()).then(|| Some((length(yes)?, length(no)?))).flatten();
    let value = Value::unknown(ty).refined(|range| {
        range.not_null = not_null;
        if let Some(((least, most), (other_least, other_most))) = lengths {
            range.least = least.min(other_least);
            range.most = most.zip(other_most).map(|(a, b)| a.max(b));
        }
        (range.low, range.high) = numbers(yes, no);
    });
    value.settled()
}

/// The bounds of two numbers together, when both are bounded.
fn numbers(yes: &Value, no: &Value) -> (Option<Bound>, Option<Bound>) {
    let bound = |value: &Value, side: fn(&Range) -> &Option<Bound>| match value.as_number() {
        Some(number) => Some((number.clone(), true)),
        None => value.range().and_then(|range| side(range).clone()),
    };
    let low = bound(yes, |r| &r.low).zip(bound(no, |r| &r.low));
    let high = bound(yes, |r| &r.high).zip(bound(no, |r| &r.high));
    let outer = |pair: Option<(Bound, Bound)>, first: std::cmp::Ordering| {
        pair.map(|(a, b)| match a.0.compare(&b.0) {
            std::cmp::Ordering::Equal => (a.0, a.1 || b.1),
            order if order == first => a,
            _ => b,
        })
    };
    (outer(low, std::cmp::Ordering::Less), outer(high, std::cmp::Ordering::Greater))
}

type Bound = (crate::terraform::eval::number::Number, bool);

/// The least and most elements of a collection.
fn length(value: &Value) -> Option<(usize, Option<usize>)> {
    if !value.ty().is_collection() {
        return None;
    }
    match value.range() {
        Some(range) => Some((range.least, range.most)),
        None => {
            let exact = value.children().count();
            let unsure = value.as_items().is_some() && matches!(value.ty(), Type::Set(_)) && !value.is_wholly_known();
            Some((if unsure { exact.min(1) } else { exact }, Some(exact)))
        }
    }
}

/// What differs between the types of the branches, in Terraform's words.
fn describe_mismatch(yes: &Type, no: &Type) -> String {
    match (yes, no) {
        (Type::Object(a), Type::Object(b)) => {
            for (name, one) in &a.attributes {
                match b.attributes.get(name) {
                    None => {
                        return format!(
                            "The 'true' value includes object attribute {name:?}, which is absent in the 'false' value"
                        );
                    }
                    Some(other) if other.ty != one.ty => {
                        let inner = describe_mismatch(&one.ty, &other.ty);
                        return format!("Type mismatch for object attribute {name:?}: {inner}");
                    }
                    Some(_) => {}
                }
            }
            match b.attributes.keys().find(|name| !a.attributes.contains_key(*name)) {
                Some(name) => {
                    format!("The 'false' value includes object attribute {name:?}, which is absent in the 'true' value")
                }
                None => plain_mismatch(yes, no),
            }
        }
        (Type::Tuple(a), Type::Tuple(b)) if a.len() != b.len() => {
            format!("The 'true' tuple has length {}, but the 'false' tuple has length {}", a.len(), b.len())
        }
        (Type::Tuple(a), Type::Tuple(b)) => match a.iter().zip(b.iter()).enumerate().find(|(_, (a, b))| a != b) {
            Some((at, (a, b))) => format!("Type mismatch for tuple element {at}: {}", describe_mismatch(a, b)),
            None => plain_mismatch(yes, no),
        },
        _ => plain_mismatch(yes, no),
    }
}

fn plain_mismatch(yes: &Type, no: &Type) -> String {
    let (yes, no) = (yes.friendly_name(), no.friendly_name());
    if yes == no {
        return "At least one deeply-nested attribute or element is not compatible across both the 'true' and the \
                'false' value"
            .to_owned();
    }
    format!("The 'true' value is {yes}, but the 'false' value is {no}")
}
