//! `log`, `pow`: computed with doubles, and rounded step by step as terraform's are.
//!
//! <https://developer.hashicorp.com/terraform/language/functions/log>
//! <https://developer.hashicorp.com/terraform/language/functions/pow>

use super::call::arity;
use super::{Function, Parameter, Refusal, Shape};
use crate::terraform::eval::number::Number;
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::Value;

pub(super) static LOG: Function = Function::new(
    "log",
    &[Parameter::new("num", Shape::Number), Parameter::new("base", Shape::Number)],
    Shape::Number,
    |args, _| {
        let (number, base) = doubles(args)?;
        result(logarithm(number) / logarithm(base))
    },
);

pub(super) static POW: Function = Function::new(
    "pow",
    &[Parameter::new("num", Shape::Number), Parameter::new("power", Shape::Number)],
    Shape::Number,
    |args, _| {
        let (number, exponent) = doubles(args)?;
        match power(number, exponent) {
            Some(power) => result(power),
            None => Ok(Value::unknown(Type::Number)),
        }
    },
);

fn doubles(args: &[Value]) -> Result<(f64, f64), Refusal> {
    match [args.first(), args.get(1)].map(|value| value.and_then(Value::as_number)) {
        [Some(a), Some(b)] => Ok((a.to_f64(), b.to_f64())),
        _ => Err(arity()),
    }
}

fn result(double: f64) -> Result<Value, Refusal> {
    Number::from_f64(double).map(Value::from).ok_or_else(|| Refusal::new("the result is not a number"))
}

/// A number as m · 2^e with m from 0.5 up to 1; zero and what is not finite as they are.
fn split(double: f64) -> (f64, i64) {
    if double == 0.0 || !double.is_finite() {
        return (double, 0);
    }
    let (double, shift) = if double.is_normal() { (double, 0) } else { (double * 2f64.powi(52), -52) };
    let bits = double.to_bits();
    let exponent = i64::from(u16::try_from((bits >> 52) & 0x7ff).unwrap_or(0)) - 1022;
    (f64::from_bits((bits & !(0x7ff << 52)) | (1022 << 52)), exponent + shift)
}

/// The natural logarithm by the method of Sun's fdlibm, which terraform's has too; a library that rounds
/// better would give other digits.
#[expect(clippy::excessive_precision, reason = "the constants as fdlibm writes them")]
fn logarithm(x: f64) -> f64 {
    const LN2_HIGH: f64 = 6.931_471_803_691_238_164_90e-1;
    const LN2_LOW: f64 = 1.908_214_929_270_587_700_02e-10;
    const EVEN: [f64; 3] = [3.999_999_999_940_941_908e-1, 2.222_219_843_214_978_396e-1, 1.531_383_769_920_937_332e-1];
    const ODD: [f64; 4] = [
        6.666_666_666_666_735_130e-1,
        2.857_142_874_366_239_149e-1,
        1.818_357_216_161_805_012e-1,
        1.479_819_860_511_658_591e-1,
    ];
    if x.is_nan() || x <= 0.0 || x.is_infinite() {
        return x.ln();
    }
    let (mut mantissa, mut exponent) = split(x);
    if mantissa < std::f64::consts::FRAC_1_SQRT_2 {
        mantissa *= 2.0;
        exponent -= 1;
    }
    #[expect(clippy::cast_precision_loss, reason = "an exponent of a double has four digits")]
    let k = exponent as f64;
    let f = mantissa - 1.0;
    let s = f / (2.0 + f);
    let (square, fourth) = (s * s, (s * s) * (s * s));
    let horner = |terms: &[f64]| terms.iter().rev().copied().reduce(|sum, term| term + fourth * sum).unwrap_or(0.0);
    let rest = square * horner(&ODD) + fourth * horner(&EVEN);
    let half = 0.5 * f * f;
    k * LN2_HIGH - ((half - (s * (half + rest) + k * LN2_LOW)) - f)
}

/// The power by repeated squaring. `None` for exponents with a fraction: their last digits depend on the
/// machine that terraform runs on.
fn power(x: f64, y: f64) -> Option<f64> {
    match () {
        () if y == 0.5 => return Some(x.sqrt()),
        () if y == -0.5 => return Some(1.0 / x.sqrt()),
        () if y == 0.0 || x == 1.0 || x == 0.0 || !x.is_finite() || !y.is_finite() => return Some(x.powf(y)),
        () if y.fract() != 0.0 && x < 0.0 => return Some(f64::NAN),
        () if y.fract() != 0.0 => return None,
        () if y.abs() >= LARGE => return Some(x.powf(y)),
        () => {}
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole, positive and below 2^63")]
    let mut left = y.abs() as u64;
    let (mut square, mut step) = split(x);
    let (mut result, mut exponent) = (1.0, 0i64);
    while left > 0 {
        if step.abs() > FAR {
            exponent += step;
            break;
        }
        if left % 2 == 1 {
            result *= square;
            exponent += step;
        }
        square *= square;
        step *= 2;
        if square < 0.5 {
            square += square;
            step -= 1;
        }
        left /= 2;
    }
    if y < 0.0 {
        (result, exponent) = (1.0 / result, -exponent);
    }
    Some(scaled(result, exponent))
}

/// Larger exponents overflow or vanish for every base but one.
const LARGE: f64 = 9_223_372_036_854_775_808.0;

/// Beyond this exponent of two the result is infinite or zero.
const FAR: i64 = 1 << 12;

/// m · 2^e, rounded once.
fn scaled(mantissa: f64, exponent: i64) -> f64 {
    let (mantissa, own) = split(mantissa);
    let exponent = (exponent + own).clamp(-FAR, FAR);
    let step = |exponent: i64| 2f64.powi(i32::try_from(exponent).unwrap_or(0));
    match exponent {
        -1021..=1023 => mantissa * step(exponent),
        1024.. => mantissa * 2.0 * step(1023) * step(exponent - 1024),
        _ => mantissa * step(-1021) * step((exponent + 1021).max(-200)),
    }
}
