//! `! - + * / % == < && …`. Where the left side of `&&` or `||` decides, faults of the right one do not count, as since
//! terraform 1.12; references are verified on both sides.

use hcl_edit::expr::{BinaryOp, BinaryOperator, Expression as Tree, UnaryOp, UnaryOperator};

use super::{Evaluator, derived};
use crate::terraform::eval::convert::convert;
use crate::terraform::eval::fault::{Fault, FaultKind};
use crate::terraform::eval::number::{ArithmeticFault, Number};
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::{Marks, Value};

impl Evaluator<'_> {
    pub(super) fn unary(&mut self, operation: &UnaryOp) -> Value {
        let ty = match operation.operator.value() {
            UnaryOperator::Neg => Type::Number,
            UnaryOperator::Not => Type::Bool,
        };
        let faults = self.faults.len();
        let given = self.value(&operation.expr);
        let operand = self.operand(&given, &ty, "unary", &operation.expr);
        if self.faults.len() > faults {
            return Value::unknown(ty);
        }
        let result = match (operand.as_bool(), operand.as_number()) {
            _ if operand.is_null() => self.null_operand(operation, ty),
            (Some(b), _) => (!b).into(),
            (_, Some(number)) => number.negate().into(),
            _ => Value::unknown_not_null(ty),
        };
        let marks = if operand.is_known() { operand.marks() } else { Marks::default() };
        derived(result.with_marks(marks), &[&operand], self.place.of(operation))
    }

    pub(super) fn binary(&mut self, operation: &BinaryOp) -> Value {
        let operator = *operation.operator.value();
        let (operands, result) = types(operator);
        let faults = self.faults.len();
        let left = self.value(&operation.lhs_expr);
        let before = self.faults.len();
        let right = self.value(&operation.rhs_expr);
        if let Some(decided) = decided(operator, &left).filter(|_| before == faults) {
            let late = self.faults.split_off(before);
            self.faults.extend(late.into_iter().filter(|fault| fault.kind != FaultKind::Evaluation));
            let marks = left.marks() | right.deep_marks();
            return derived(Value::from(decided).with_marks(marks), &[&left], self.place.of(operation));
        }
        let left = self.operand(&left, &operands, "left", &operation.lhs_expr);
        let right = self.operand(&right, &operands, "right", &operation.rhs_expr);
        if self.faults.len() > faults {
            return Value::unknown(result);
        }
        let (value, marks) = match operator {
            BinaryOperator::Eq => (left.equals(&right).into(), left.deep_marks() | right.deep_marks()),
            BinaryOperator::NotEq => (left.equals(&right).negated().into(), left.deep_marks() | right.deep_marks()),
            _ if left.is_null() || right.is_null() => return self.null_operand(operation, result),
            // What is not known yet has lost its marks, in Terraform too.
            _ if !left.is_known() || !right.is_known() => (Value::unknown_not_null(result), Marks::default()),
            _ => (self.compute(operation, &left, &right, result), left.marks() | right.marks()),
        };
        derived(value.with_marks(marks), &[&left, &right], self.place.of(operation))
    }

    fn operand(&mut self, given: &Value, ty: &Type, side: &str, at: &Tree) -> Value {
        convert(given, ty).unwrap_or_else(|fault| {
            let detail = format!("Unsuitable value for {side} operand: {}.", fault.message);
            self.fail(Fault::new("Invalid operand", detail), at);
            Value::unknown(ty.clone())
        })
    }

    fn null_operand(&mut self, at: &impl hcl_edit::Span, ty: Type) -> Value {
        self.fail(Fault::new("Operation failed", "Error during operation: argument must not be null."), at);
        Value::unknown(ty)
    }

    fn compute(&mut self, operation: &BinaryOp, left: &Value, right: &Value, result: Type) -> Value {
        let operator = *operation.operator.value();
        if let (Some(a), Some(b)) = (left.as_number(), right.as_number()) {
            return match arithmetic(operator, a, b) {
                Some(Ok(number)) => number.into(),
                Some(Err(fault)) => self.fail(no_number(fault, operator), operation),
                None => order(operator, a, b).into(),
            };
        }
        match (left.as_bool(), right.as_bool(), operator) {
            (Some(a), Some(b), BinaryOperator::And) => (a && b).into(),
            (Some(a), Some(b), _) => (a || b).into(),
            _ => Value::unknown_not_null(result),
        }
    }
}

/// What the left side alone makes of `&&` and `||`.
fn decided(operator: BinaryOperator, left: &Value) -> Option<bool> {
    let decides = match operator {
        BinaryOperator::And => false,
        BinaryOperator::Or => true,
        _ => return None,
    };
    convert(left, &Type::Bool).ok()?.as_bool().filter(|left| *left == decides)
}

/// The types of both operands and of the result.
fn types(operator: BinaryOperator) -> (Type, Type) {
    match operator {
        BinaryOperator::Eq | BinaryOperator::NotEq => (Type::Dynamic, Type::Bool),
        BinaryOperator::And | BinaryOperator::Or => (Type::Bool, Type::Bool),
        BinaryOperator::Plus
        | BinaryOperator::Minus
        | BinaryOperator::Mul
        | BinaryOperator::Div
        | BinaryOperator::Mod => (Type::Number, Type::Number),
        BinaryOperator::Less | BinaryOperator::LessEq | BinaryOperator::Greater | BinaryOperator::GreaterEq => {
            (Type::Number, Type::Bool)
        }
    }
}

fn arithmetic(operator: BinaryOperator, a: &Number, b: &Number) -> Option<Result<Number, ArithmeticFault>> {
    Some(match operator {
        BinaryOperator::Plus => a.add(b),
        BinaryOperator::Minus => a.subtract(b),
        BinaryOperator::Mul => a.multiply(b),
        BinaryOperator::Div => a.divide(b),
        BinaryOperator::Mod => a.modulo(b),
        _ => return None,
    })
}

fn order(operator: BinaryOperator, a: &Number, b: &Number) -> bool {
    let order = a.compare(b);
    match operator {
        BinaryOperator::Less => order.is_lt(),
        BinaryOperator::LessEq => order.is_le(),
        BinaryOperator::Greater => order.is_gt(),
        _ => order.is_ge(),
    }
}

fn no_number(fault: ArithmeticFault, operator: BinaryOperator) -> Fault {
    if fault == ArithmeticFault::TooLarge {
        return Fault::refused("Number too large", "the result has too many digits");
    }
    let why = match operator {
        BinaryOperator::Plus => "can't compute sum of opposing infinities",
        BinaryOperator::Minus => "can't subtract infinity from itself",
        BinaryOperator::Mul => "can't multiply zero by infinity",
        BinaryOperator::Div => "can't divide zero by zero or infinity by infinity",
        _ => "can't use modulo with zero and infinity",
    };
    Fault::new("Operation failed", format!("Error during operation: {why}."))
}
