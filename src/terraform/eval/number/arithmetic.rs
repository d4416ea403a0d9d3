//! `+ - * / %`, floor and the like, rounded as Terraform rounds.

use num_bigint::BigUint;

use super::{Float, Number, Repr, WRITTEN};

/// Why an operation has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArithmeticFault {
    /// `0/0` and the like.
    NotANumber,
    /// Beyond the limits of this implementation.
    TooLarge,
}

type Outcome = Result<Number, ArithmeticFault>;

impl Number {
    /// The sum.
    ///
    /// # Errors
    ///
    /// Infinities of opposite sign; a result beyond the limits.
    pub fn add(&self, other: &Self) -> Outcome {
        let precision = self.precision.max(other.precision);
        match (&self.repr, &other.repr) {
            (Repr::Small(a), Repr::Small(b)) if precision >= 64 => {
                if let Some(repr) = a.checked_add(*b).map(Repr::Small) {
                    return Ok(Self { repr, precision });
                }
            }
            (Repr::Infinite(a), Repr::Infinite(b)) if a != b => return Err(ArithmeticFault::NotANumber),
            (Repr::Infinite(_), _) => return Ok(self.clone()),
            (_, Repr::Infinite(_)) => return Ok(other.clone()),
            _ => {}
        }
        finite(sum(&self.float(), &other.float()), false, precision)
    }

    /// The difference.
    ///
    /// # Errors
    ///
    /// Infinities of the same sign; a result beyond the limits.
    pub fn subtract(&self, other: &Self) -> Outcome {
        self.add(&other.negate())
    }

    /// The product: exact up to 512 bits.
    ///
    /// # Errors
    ///
    /// Zero times infinity; a result beyond the limits.
    pub fn multiply(&self, other: &Self) -> Outcome {
        let precision = self.precision.max(other.precision);
        if let (Repr::Small(a), Repr::Small(b)) = (&self.repr, &other.repr)
            && precision >= 64
            && let Some(product) = a.checked_mul(*b)
            && !(product == 0 && (*a < 0 || *b < 0))
        {
            return Ok(Self { repr: Repr::Small(product), precision });
        }
        let negative = self.is_negative() != other.is_negative();
        if self.is_infinite() || other.is_infinite() {
            let undefined = self.is_zero() || other.is_zero();
            return if undefined { Err(ArithmeticFault::NotANumber) } else { Ok(Self::infinite(negative)) };
        }
        let (a, b) = (self.float(), other.float());
        let exact = Float { negative, mantissa: a.mantissa * b.mantissa, exponent: a.exponent + b.exponent };
        let product = finite(exact, false, WRITTEN)?;
        let needed = u32::try_from(product.float().mantissa.bits()).unwrap_or(WRITTEN);
        Ok(Self { precision: precision.max(needed), ..product })
    }

    /// The quotient; infinite when only the divisor is zero.
    ///
    /// # Errors
    ///
    /// `0/0`, infinity by infinity; a result beyond the limits.
    pub fn divide(&self, other: &Self) -> Outcome {
        let precision = self.precision.max(other.precision);
        let negative = self.is_negative() != other.is_negative();
        match (self.is_infinite(), other.is_infinite()) {
            (true, true) => return Err(ArithmeticFault::NotANumber),
            (true, false) => return Ok(Self::infinite(negative)),
            (false, true) => return finite(Float { negative, mantissa: BigUint::ZERO, exponent: 0 }, false, precision),
            (false, false) if other.is_zero() && self.is_zero() => return Err(ArithmeticFault::NotANumber),
            (false, false) if other.is_zero() => return Ok(Self::infinite(negative)),
            (false, false) => {}
        }
        let (a, b) = (self.float(), other.float());
        let shift = u64::from(precision) + 2 + b.mantissa.bits();
        let numerator = a.mantissa << shift;
        let quotient = &numerator / &b.mantissa;
        let exact = &quotient * &b.mantissa == numerator;
        let exponent = a.exponent - b.exponent - i64::try_from(shift).unwrap_or(i64::MAX);
        finite(Float { negative, mantissa: quotient, exponent }, !exact, precision)
    }

    /// The remainder of dividing towards zero; the dividend itself when the divisor is zero.
    ///
    /// # Errors
    ///
    /// A result beyond the limits.
    pub fn modulo(&self, other: &Self) -> Outcome {
        if self.is_infinite() || other.is_infinite() {
            return self.multiply(other);
        }
        if other.is_zero() {
            return Ok(self.clone());
        }
        let ratio = self.divide(other)?;
        let whole = Float { negative: ratio.is_negative(), mantissa: ratio.truncated(), exponent: 0 };
        let whole = finite(whole, false, self.precision)?.float();
        let divisor = other.float();
        let multiple = Float {
            negative: whole.negative != divisor.negative,
            mantissa: whole.mantissa * divisor.mantissa,
            exponent: whole.exponent + divisor.exponent,
        };
        let multiple = finite(multiple, false, self.precision)?.negate();
        finite(sum(&self.float(), &multiple.float()), false, self.precision)
    }

    /// The number with the other sign; zero becomes the negative zero.
    #[must_use]
    pub fn negate(&self) -> Self {
        let repr = match &self.repr {
            Repr::Infinite(negative) => Repr::Infinite(!negative),
            Repr::Small(small) if *small != 0 && *small != i64::MIN => Repr::Small(-small),
            _ => {
                let float = self.float();
                let float = Float { negative: !float.negative, ..float };
                return Self::normal(float, self.precision).unwrap_or_else(|| self.clone());
            }
        };
        Self { repr, precision: self.precision }
    }

    /// The number without its sign.
    #[must_use]
    pub fn absolute(&self) -> Self {
        if self.is_negative() { self.negate() } else { self.clone() }
    }

    /// The largest whole number that is not above it.
    #[must_use]
    pub fn floor(&self) -> Self {
        self.to_whole(true)
    }

    /// The smallest whole number that is not below it.
    #[must_use]
    pub fn ceil(&self) -> Self {
        self.to_whole(false)
    }

    fn to_whole(&self, down: bool) -> Self {
        if self.is_whole() {
            return self.clone();
        }
        let negative = self.is_negative();
        let away = if negative == down { 1u8 } else { 0u8 };
        let digits = self.truncated() + away;
        let negative = negative && digits.bits() > 0;
        Self::whole(negative, digits).unwrap_or_else(|| self.clone())
    }
}

fn finite(float: Float, sticky: bool, precision: u32) -> Outcome {
    Number::rounded(float, sticky, precision).ok_or(ArithmeticFault::TooLarge)
}

fn sum(a: &Float, b: &Float) -> Float {
    let exponent = a.exponent.min(b.exponent);
    let aligned = |f: &Float| &f.mantissa << (f.exponent - exponent).unsigned_abs();
    let (x, y) = (aligned(a), aligned(b));
    if a.negative == b.negative {
        return Float { negative: a.negative, mantissa: x + y, exponent };
    }
    match x.cmp(&y) {
        std::cmp::Ordering::Less => Float { negative: b.negative, mantissa: y - x, exponent },
        // Zero is positive when signs cancel out.
        std::cmp::Ordering::Equal => Float { negative: false, mantissa: BigUint::ZERO, exponent: 0 },
        std::cmp::Ordering::Greater => Float { negative: a.negative, mantissa: x - y, exponent },
    }
}
