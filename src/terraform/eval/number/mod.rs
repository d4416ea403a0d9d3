//! Terraform's numbers: binary floating point whose precision belongs to the value.
//!
//! Terraform keeps numbers in Go's `big.Float`. What is written or converted from text has 512 bits, what
//! a function counts has 64, what went through a double has 53, and an operation has the larger of its
//! operands' precisions. So `1/3` has 155 digits and `pow(2, 64)` ends in zeros. To give the same digits,
//! the same rounding (to nearest, ties to even) is done here. <https://pkg.go.dev/math/big#Float>

mod arithmetic;
mod format;
mod parse;

use std::cmp::Ordering;
use std::sync::Arc;

use num_bigint::BigUint;

pub use arithmetic::ArithmeticFault;
pub use format::Style;

/// Bits of a number that is written or converted from text.
pub const WRITTEN: u32 = 512;

/// Bits of a number that was counted.
pub const COUNTED: u32 = 64;

/// Bits of a number that went through a double.
pub const DOUBLE: u32 = 53;

/// Exponents of two beyond this are refused: thirty thousand digits.
const MAX_EXPONENT: i64 = 100_000;

/// A number of Terraform.
#[derive(Clone, Debug)]
pub struct Number {
    repr: Repr,
    precision: u32,
}

#[derive(Clone, Debug)]
enum Repr {
    /// Every integer that fits, except negative zero.
    Small(i64),
    /// Everything else that is finite.
    Float(Arc<Float>),
    /// `1/0`, or `-1/0` when true.
    Infinite(bool),
}

/// ±mantissa · 2^exponent; the mantissa is odd, or zero.
#[derive(Clone, Debug)]
struct Float {
    negative: bool,
    mantissa: BigUint,
    exponent: i64,
}

impl Number {
    /// The number rounded to `precision` bits; `sticky` says that the exact one is larger by less than
    /// one unit of the given mantissa. `None` when it is too large or too small.
    fn rounded(float: Float, sticky: bool, precision: u32) -> Option<Self> {
        let Float { negative, mut mantissa, mut exponent } = float;
        let excess = mantissa.bits().saturating_sub(u64::from(precision));
        if excess > 0 || sticky {
            let half = excess.checked_sub(1).is_some_and(|bit| mantissa.bit(bit));
            let rest = sticky || (excess > 1 && mantissa.trailing_zeros().is_some_and(|zeros| zeros < excess - 1));
            mantissa >>= excess;
            exponent += i64::try_from(excess).ok()?;
            if half && (rest || mantissa.bit(0)) {
                mantissa += 1u8;
            }
        }
        let zeros = mantissa.trailing_zeros().unwrap_or(0);
        mantissa >>= zeros;
        exponent += i64::try_from(zeros).ok()?;
        Self::normal(Float { negative, mantissa, exponent }, precision)
    }

    fn normal(float: Float, precision: u32) -> Option<Self> {
        if let Some(small) = small(&float) {
            return Some(Self { repr: Repr::Small(small), precision });
        }
        let bits = i64::try_from(float.mantissa.bits()).ok()?;
        let fits = float.exponent >= -MAX_EXPONENT && float.exponent + bits <= MAX_EXPONENT;
        fits.then(|| Self { repr: Repr::Float(Arc::new(float)), precision })
    }

    /// Positive or negative infinity, with the precision of a written number.
    pub fn infinite(negative: bool) -> Self {
        Self { repr: Repr::Infinite(negative), precision: WRITTEN }
    }

    /// A number that a function counted.
    pub fn counted(count: usize) -> Self {
        i64::try_from(count).map_or_else(|_| Self::infinite(false), Self::from)
    }

    /// A whole number of any size; its precision is what it needs, and at least 64 bits.
    pub fn whole(negative: bool, digits: BigUint) -> Option<Self> {
        let precision = u32::try_from(digits.bits()).ok()?.max(COUNTED);
        Self::rounded(Float { negative, mantissa: digits, exponent: 0 }, false, precision)
    }

    /// A double; `None` for one that is not a number.
    pub fn from_f64(double: f64) -> Option<Self> {
        if double.is_nan() {
            return None;
        }
        if double.is_infinite() {
            return Some(Self { repr: Repr::Infinite(double < 0.0), precision: DOUBLE });
        }
        let bits = double.to_bits();
        let fraction = bits & ((1 << 52) - 1);
        let raw = i64::try_from((bits >> 52) & 0x7ff).ok()?;
        let (mantissa, exponent) = if raw == 0 { (fraction, -1074) } else { (fraction | (1 << 52), raw - 1075) };
        let float = Float { negative: double.is_sign_negative(), mantissa: mantissa.into(), exponent };
        Self::rounded(float, false, DOUBLE)
    }

    /// The nearest double.
    pub fn to_f64(&self) -> f64 {
        match &self.repr {
            Repr::Infinite(true) => f64::NEG_INFINITY,
            Repr::Infinite(false) => f64::INFINITY,
            #[expect(clippy::cast_precision_loss, reason = "the method's contract")]
            Repr::Small(small) => *small as f64,
            Repr::Float(_) => self.text(Style::Exponent, None).parse().unwrap_or(f64::INFINITY),
        }
    }

    /// The whole number that it is, when that fits.
    pub fn to_i64(&self) -> Option<i64> {
        match self.repr {
            Repr::Small(small) => Some(small),
            _ => (self.is_zero()).then_some(0),
        }
    }

    /// The whole number that it is, when that fits and is not negative.
    pub fn to_usize(&self) -> Option<usize> {
        usize::try_from(self.to_i64()?).ok()
    }

    /// Sign and digits of a finite whole number of any size.
    pub fn to_whole_digits(&self) -> Option<(bool, BigUint)> {
        (self.is_whole() && !self.is_infinite()).then(|| (self.is_negative(), self.truncated()))
    }

    /// Whether it has no fraction. Infinity has none.
    pub fn is_whole(&self) -> bool {
        match &self.repr {
            Repr::Float(float) => float.exponent >= 0 || float.mantissa.bits() == 0,
            _ => true,
        }
    }

    /// Whether it is infinite.
    pub fn is_infinite(&self) -> bool {
        matches!(self.repr, Repr::Infinite(_))
    }

    /// Whether it is zero, of either sign.
    pub fn is_zero(&self) -> bool {
        match &self.repr {
            Repr::Small(small) => *small == 0,
            Repr::Float(float) => float.mantissa.bits() == 0,
            Repr::Infinite(_) => false,
        }
    }

    /// Whether it carries a minus sign; so does the negative zero.
    pub fn is_negative(&self) -> bool {
        match &self.repr {
            Repr::Small(small) => *small < 0,
            Repr::Float(float) => float.negative,
            Repr::Infinite(negative) => *negative,
        }
    }

    /// The order of the values; both zeros are equal.
    pub fn compare(&self, other: &Self) -> Ordering {
        match (&self.repr, &other.repr) {
            (Repr::Small(a), Repr::Small(b)) => a.cmp(b),
            (Repr::Infinite(a), Repr::Infinite(b)) => b.cmp(a),
            (Repr::Infinite(negative), _) => {
                if *negative {
                    Ordering::Less
                } else {
                    Ordering::Greater
                }
            }
            (_, Repr::Infinite(negative)) => {
                if *negative {
                    Ordering::Greater
                } else {
                    Ordering::Less
                }
            }
            _ => compare_finite(&self.float(), &other.float()),
        }
    }

    /// The integer part, without rounding up.
    fn truncated(&self) -> BigUint {
        let float = self.float();
        match u64::try_from(float.exponent) {
            Ok(left) => &float.mantissa << left,
            Err(_) => &float.mantissa >> float.exponent.unsigned_abs(),
        }
    }

    /// The finite value; zero for infinities, which the callers handle before.
    fn float(&self) -> Float {
        match &self.repr {
            Repr::Small(small) => Float { negative: *small < 0, mantissa: small.unsigned_abs().into(), exponent: 0 },
            Repr::Float(float) => Float::clone(float),
            Repr::Infinite(negative) => Float { negative: *negative, mantissa: BigUint::ZERO, exponent: 0 },
        }
    }
}

fn small(float: &Float) -> Option<i64> {
    let exponent = u32::try_from(float.exponent).ok().filter(|e| *e < 64)?;
    let magnitude = i128::from(u64::try_from(&float.mantissa).ok()?) << exponent;
    if float.negative && magnitude == 0 {
        return None;
    }
    i64::try_from(if float.negative { -magnitude } else { magnitude }).ok()
}

fn compare_finite(a: &Float, b: &Float) -> Ordering {
    let zero = |f: &Float| f.mantissa.bits() == 0;
    match (zero(a), zero(b)) {
        (true, true) => return Ordering::Equal,
        (true, false) => return if b.negative { Ordering::Greater } else { Ordering::Less },
        (false, true) => return if a.negative { Ordering::Less } else { Ordering::Greater },
        (false, false) => {}
    }
    if a.negative != b.negative {
        return if a.negative { Ordering::Less } else { Ordering::Greater };
    }
    let least = a.exponent.min(b.exponent);
    let aligned = |f: &Float| &f.mantissa << (f.exponent - least).unsigned_abs();
    let order = aligned(a).cmp(&aligned(b));
    if a.negative { order.reverse() } else { order }
}

/// Numbers are equal when Terraform would write them with the same digits.
impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        match (&self.repr, &other.repr) {
            (Repr::Small(a), Repr::Small(b)) => a == b,
            _ if self.is_zero() || other.is_zero() => self.is_zero() && other.is_zero(),
            _ => self.is_negative() == other.is_negative() && self.to_string() == other.to_string(),
        }
    }
}

impl Eq for Number {}

impl From<i64> for Number {
    fn from(integer: i64) -> Self {
        Self { repr: Repr::Small(integer), precision: COUNTED }
    }
}

#[cfg(test)]
mod tests;
