//! Operators and functions of numbers.

use num_bigint::BigInt;
use regorus::Value;

use super::super::decimal::{Decimal, Rounding};
use super::{Entry, LIMIT, array, at, kind, members, set, whole, wrong};

pub(super) const TABLE: &[Entry] = &[
    ("__cg_plus", 2, plus),
    ("__cg_minus", 2, minus),
    ("__cg_mul", 2, times),
    ("__cg_div", 2, divided),
    ("__cg_rem", 2, remainder),
    ("__cg_and", 2, intersection),
    ("__cg_or", 2, union),
    ("abs", 1, abs),
    ("ceil", 1, |args| rounded(args, Rounding::Up)),
    ("floor", 1, |args| rounded(args, Rounding::Down)),
    ("round", 1, |args| rounded(args, Rounding::HalfAway)),
    ("sum", 1, sum),
    ("product", 1, product),
    ("numbers.range", 2, range),
    ("numbers.range_step", 3, range_step),
    ("to_number", 1, to_number),
    ("format_int", 2, format_int),
];

/// Longest list that a function makes up by itself.
const MOST_NUMBERS: i64 = 1_000_000;

fn number(args: &[Value], position: usize) -> Result<&Value, String> {
    match at(args, position) {
        number @ Value::Number(_) => Ok(number),
        other => Err(wrong(position, "number", other)),
    }
}

/// Computes on machine integers where that is exact, on decimals otherwise.
fn computed(
    a: &Value,
    b: &Value,
    fast: fn(i64, i64) -> Option<i64>,
    exact: fn(&Decimal, &Decimal) -> Option<Decimal>,
) -> Result<Value, String> {
    if [a, b].iter().any(|n| is_huge(n)) {
        return Err(format!("{LIMIT}a number of more than {MOST_BITS} bits"));
    }
    if let (Some(a), Some(b)) = (integer(a), integer(b))
        && let Some(result) = fast(a, b)
    {
        return Ok(Value::from(result));
    }
    let (rough, near) = (is_rough(a) || is_rough(b), |value: Value| settled(value));
    let decimal = |n| Decimal::of(n).ok_or_else(|| format!("{LIMIT}the number has too many digits"));
    exact(&decimal(a)?, &decimal(b)?)
        .and_then(|d| d.value())
        .map(|value| if rough { near(value) } else { value })
        .ok_or_else(|| format!("{LIMIT}the result has too many digits"))
}

/// Largest number that is computed with.
const MOST_BITS: u64 = 1 << 17;

fn is_huge(number: &Value) -> bool {
    matches!(number, Value::Number(n) if n.as_i64().is_none() && n.as_big().is_some_and(|big| big.bits() > MOST_BITS))
}

/// Whether a float stands for a number with more digits than it holds: a third.
fn is_rough(number: &Value) -> bool {
    Decimal::of(number).is_some_and(|d| d.exponent < 0 && d.digits.magnitude().to_string().len() >= 16)
}

/// Three thirds are one: a result that is whole but for the last digit is whole.
fn settled(value: Value) -> Value {
    let Some(f) = value.as_number().ok().and_then(|n| n.as_f64()) else { return value };
    let near = f.round();
    let whole = near.abs() < 1e15 && (f - near).abs() <= 4.0 * f64::EPSILON * near.abs().max(1.0) && near != 0.0;
    if whole { Value::from_numeric_string(&format!("{near}")).unwrap_or(value) } else { value }
}

fn integer(number: &Value) -> Option<i64> {
    number.as_number().ok().and_then(|n| n.as_i64())
}

fn plus(args: &[Value]) -> Result<Value, String> {
    computed(number(args, 1)?, number(args, 2)?, i64::checked_add, Decimal::plus)
}

fn times(args: &[Value]) -> Result<Value, String> {
    computed(number(args, 1)?, number(args, 2)?, i64::checked_mul, Decimal::times)
}

fn minus(args: &[Value]) -> Result<Value, String> {
    match (at(args, 1), at(args, 2)) {
        (Value::Set(a), Value::Set(b)) => Ok(set(a.iter().filter(|v| !b.contains(v)).cloned())),
        (Value::Set(_), other) => Err(wrong(2, "set", other)),
        (a @ Value::Number(_), b @ Value::Number(_)) => computed(a, b, i64::checked_sub, Decimal::minus),
        (Value::Number(_), other) => Err(wrong(2, "number", other)),
        (other, _) => Err(format!("operand 1 must be one of {{number, set}} but got {}", kind(other))),
    }
}

fn divided(args: &[Value]) -> Result<Value, String> {
    let (a, b) = (number(args, 1)?, number(args, 2)?);
    if is_zero(b) {
        return Err("divide by zero".to_owned());
    }
    let fast = |a: i64, b: i64| if a.checked_rem(b) == Some(0) { a.checked_div(b) } else { None };
    computed(a, b, fast, Decimal::divided)
}

fn is_zero(number: &Value) -> bool {
    integer(number) == Some(0)
}

fn remainder(args: &[Value]) -> Result<Value, String> {
    let (a, b) = (number(args, 1)?, number(args, 2)?);
    let (Some(x), Some(y)) = (integral(a), integral(b)) else {
        return Err("modulo on floating-point number".to_owned());
    };
    if y == BigInt::from(0) {
        return Err("modulo by zero".to_owned());
    }
    big(&(x % y))
}

fn integral(number: &Value) -> Option<BigInt> {
    let decimal = Decimal::of(number)?;
    let whole = decimal.rounded(Rounding::Down)?;
    (decimal.rounded(Rounding::Up)? == whole).then_some(whole)
}

fn big(number: &BigInt) -> Result<Value, String> {
    Value::from_numeric_string(&number.to_string()).map_err(|e| e.to_string())
}

fn intersection(args: &[Value]) -> Result<Value, String> {
    let (a, b) = sets(args)?;
    Ok(set(a.iter().filter(|v| b.contains(v)).cloned()))
}

fn union(args: &[Value]) -> Result<Value, String> {
    let (a, b) = sets(args)?;
    Ok(set(a.iter().chain(b.iter()).cloned()))
}

fn sets(args: &[Value]) -> Result<(&regorus::value::Set, &regorus::value::Set), String> {
    match (at(args, 1), at(args, 2)) {
        (Value::Set(a), Value::Set(b)) => Ok((a, b)),
        (Value::Set(_), other) => Err(wrong(2, "set", other)),
        (other, _) => Err(wrong(1, "set", other)),
    }
}

fn abs(args: &[Value]) -> Result<Value, String> {
    match number(args, 1)? {
        Value::Number(number) => Ok(Value::Number(number.abs())),
        other => Ok(other.clone()),
    }
}

fn rounded(args: &[Value], how: Rounding) -> Result<Value, String> {
    let number = number(args, 1)?;
    if integer(number).is_some() {
        return Ok(at(args, 1).clone());
    }
    let whole = Decimal::of(number).and_then(|d| d.rounded(how));
    big(&whole.ok_or_else(|| format!("{LIMIT}the number has too many digits"))?)
}

fn folded(args: &[Value], start: i64, step: fn(&[Value]) -> Result<Value, String>) -> Result<Value, String> {
    let value = at(args, 1);
    let Some(items) = members(value) else {
        return Err(format!("operand 1 must be one of {{array, set}} but got {}", kind(value)));
    };
    let mut total = Value::from(start);
    for item in items {
        if !matches!(item, Value::Number(_)) {
            return Err(format!("operand 1 must be collection of numbers but got a {}", kind(&item)));
        }
        total = step(&[total, item])?;
    }
    Ok(total)
}

fn sum(args: &[Value]) -> Result<Value, String> {
    folded(args, 0, plus)
}

fn product(args: &[Value]) -> Result<Value, String> {
    folded(args, 1, times)
}

fn range(args: &[Value]) -> Result<Value, String> {
    numbers(whole(args, 1)?, whole(args, 2)?, 1)
}

fn range_step(args: &[Value]) -> Result<Value, String> {
    // A step beyond any distance gives the first number alone.
    let step = match at(args, 3) {
        Value::Number(step) if step.is_integer() && step.as_i64().is_none() && step.is_positive() => i64::MAX,
        _ => whole(args, 3)?,
    };
    if step <= 0 {
        return Err("step must be a positive number above zero".to_owned());
    }
    numbers(whole(args, 1)?, whole(args, 2)?, step)
}

fn numbers(from: i64, to: i64, step: i64) -> Result<Value, String> {
    let count = i128::from(from).abs_diff(i128::from(to)) / u128::from(step.unsigned_abs()) + 1;
    if count > u128::from(MOST_NUMBERS.unsigned_abs()) {
        return Err(format!("{LIMIT}a range of {count} numbers is longer than {MOST_NUMBERS}"));
    }
    let sign = if from <= to { step } else { -step };
    let count = i64::try_from(count).unwrap_or(MOST_NUMBERS);
    Ok(array((0..count).map(|i| Value::from(from.saturating_add(i.saturating_mul(sign))))))
}

/// Go's `strconv.ParseFloat`, plus the integers of any size that JSON numbers may be.
fn to_number(args: &[Value]) -> Result<Value, String> {
    match at(args, 1) {
        Value::Null => Ok(Value::from(0)),
        Value::Bool(b) => Ok(Value::from(i64::from(*b))),
        number @ Value::Number(_) => Ok(number.clone()),
        Value::String(text) => parsed(text),
        other => Err(wrong(1, "one of {null, boolean, number, string}", other)),
    }
}

fn parsed(text: &str) -> Result<Value, String> {
    let invalid = || format!("strconv.ParseFloat: parsing {}: invalid syntax", super::super::display::quoted(text));
    let plain = ungrouped(text).ok_or_else(invalid)?;
    if plain != text {
        return Err(format!("{LIMIT}numbers with underscores are not supported"));
    }
    if let Some(hexadecimal) = hexadecimal(&plain) {
        return hexadecimal.ok_or_else(invalid);
    }
    let body = plain.strip_prefix(['+', '-']).unwrap_or(&plain);
    let starts = body.starts_with(|c: char| c.is_ascii_digit()) || body.starts_with('.');
    if !starts || !body.bytes().any(|b| b.is_ascii_digit()) {
        return Err(invalid());
    }
    let value: f64 = plain.parse().map_err(|_| invalid())?;
    if value.is_infinite() {
        return Err(format!("strconv.ParseFloat: parsing {}: value out of range", super::super::display::quoted(text)));
    }
    let plain = plain.strip_prefix('+').unwrap_or(&plain);
    Decimal::read(plain).and_then(|d| d.value()).ok_or_else(invalid)
}

/// Without the underscores that Go allows between digits.
fn ungrouped(text: &str) -> Option<String> {
    if !text.contains('_') {
        return Some(text.to_owned());
    }
    let bytes = text.as_bytes();
    let digit = |i: Option<usize>| i.and_then(|i| bytes.get(i)).is_some_and(u8::is_ascii_hexdigit);
    let placed = |(i, _): (usize, &str)| digit(i.checked_sub(1)) && digit(Some(i + 1));
    text.match_indices('_').all(placed).then(|| text.replace('_', ""))
}

/// `0x1p-2`: nothing when it is not hexadecimal.
fn hexadecimal(text: &str) -> Option<Option<Value>> {
    let (sign, body) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    let body = body.strip_prefix("0x").or_else(|| body.strip_prefix("0X"))?;
    let parts = body.split_once(['p', 'P']);
    Some(parts.and_then(|(mantissa, exponent)| {
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = i64::from_str_radix(&format!("{whole}{fraction}"), 16).ok()?;
        let exponent = exponent.parse::<i32>().ok()? - 4 * i32::try_from(fraction.len()).ok()?;
        #[allow(clippy::cast_precision_loss)]
        let value = sign * digits as f64 * 2_f64.powi(exponent);
        Some(Value::from(value))
    }))
}

fn format_int(args: &[Value]) -> Result<Value, String> {
    let number = number(args, 1)?;
    let base = whole(args, 2)?;
    let radix = match base {
        2 | 8 | 10 | 16 => u32::try_from(base).unwrap_or(10),
        _ => return Err("operand 2 must be one of {2, 8, 10, 16}".to_owned()),
    };
    let decimal = Decimal::of(number).ok_or("the number has too many digits")?;
    let truncated = if decimal.digits.sign() == num_bigint::Sign::Minus { Rounding::Up } else { Rounding::Down };
    let whole = decimal.rounded(truncated).ok_or("the number has too many digits")?;
    Ok(super::string(whole.to_str_radix(radix)))
}
