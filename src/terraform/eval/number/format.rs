//! Numbers to text: the shortest decimal that reads back as the same number, and the forms of `format`.

use std::fmt;

use num_bigint::BigUint;

use super::{Number, Repr};

/// The notation of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `123.45`
    Fixed,
    /// `1.2345e+02`
    Exponent,
    /// `Exponent` for large and small exponents, `Fixed` otherwise.
    Short,
}

/// 0.digits · 10^point
struct Decimal {
    digits: Vec<u8>,
    point: i64,
}

impl Number {
    /// The number as text, as `big.Float.Text`: with `precision` digits behind the point (all digits for
    /// [`Style::Short`]), or as many as it takes to read the same number back.
    pub fn text(&self, style: Style, precision: Option<usize>) -> String {
        if let Repr::Infinite(negative) = self.repr {
            return if negative { "-Inf" } else { "+Inf" }.to_owned();
        }
        let float = self.float();
        let mut decimal = Decimal::new(&float.mantissa, float.exponent);
        match (style, precision) {
            (_, None) => self.shorten(&mut decimal),
            (Style::Fixed, Some(digits)) => decimal.round(decimal.point + signed(digits)),
            (Style::Exponent, Some(digits)) => decimal.round(1 + signed(digits)),
            (Style::Short, Some(digits)) => decimal.round(signed(digits.max(1))),
        }
        let sign = if self.is_negative() { "-" } else { "" };
        format!("{sign}{}", decimal.text(style, precision))
    }

    /// Cuts the decimal where it still reads back as this number (`roundShortest` of `math/big`).
    fn shorten(&self, decimal: &mut Decimal) {
        let float = self.float();
        if float.mantissa.bits() == 0 {
            return;
        }
        let bits = signed(usize::try_from(float.mantissa.bits()).unwrap_or(0));
        let shift = bits - (i64::from(self.precision) + 1);
        let mantissa = &float.mantissa << shift.min(0).unsigned_abs() >> shift.max(0).unsigned_abs();
        let exponent = float.exponent + shift;
        let (lower, upper) = (Decimal::new(&(&mantissa - 1u8), exponent), Decimal::new(&(&mantissa + 1u8), exponent));
        let inclusive = !mantissa.bit(1);
        for at in 0..decimal.digits.len() {
            let (low, digit, high) = (lower.digit(at), decimal.digit(at), upper.digit(at));
            let down = low != digit || (inclusive && at + 1 == lower.digits.len());
            let up = digit != high && (inclusive || digit + 1 < high || at + 1 < upper.digits.len());
            match (down, up) {
                (true, true) => return decimal.round(signed(at + 1)),
                (true, false) => return decimal.cut(at + 1),
                (false, true) => return decimal.cut_up(at + 1),
                (false, false) => {}
            }
        }
    }
}

impl Decimal {
    /// mantissa · 2^exponent, exactly.
    fn new(mantissa: &BigUint, exponent: i64) -> Self {
        let magnitude = exponent.unsigned_abs();
        let (digits, places) = if exponent >= 0 {
            (mantissa << magnitude, 0)
        } else {
            let five = BigUint::from(5u8).pow(u32::try_from(magnitude).unwrap_or(u32::MAX));
            (mantissa * five, exponent)
        };
        let digits = digits.to_string().into_bytes();
        let point = signed(digits.len()) + places;
        let mut decimal = Self { digits, point };
        decimal.trim();
        decimal
    }

    fn digit(&self, at: usize) -> u8 {
        self.digits.get(at).copied().unwrap_or(b'0')
    }

    fn trim(&mut self) {
        let kept = self.digits.iter().rposition(|d| *d != b'0').map_or(0, |last| last + 1);
        self.digits.truncate(kept);
        if kept == 0 {
            self.point = 0;
        }
    }

    /// Rounds to a number of digits, ties to even.
    fn round(&mut self, digits: i64) {
        let Ok(count) = usize::try_from(digits) else { return self.cut(0) };
        if count >= self.digits.len() {
            return;
        }
        let tie = self.digit(count) == b'5' && count + 1 == self.digits.len();
        let odd = count.checked_sub(1).is_some_and(|before| (self.digit(before) - b'0') % 2 == 1);
        if if tie { odd } else { self.digit(count) >= b'5' } { self.cut_up(count) } else { self.cut(count) }
    }

    fn cut(&mut self, count: usize) {
        self.digits.truncate(count);
        self.trim();
    }

    fn cut_up(&mut self, count: usize) {
        let kept = self.digits.iter().take(count).rposition(|d| *d < b'9');
        match kept.and_then(|at| self.digits.get_mut(at).map(|digit| (at, digit))) {
            Some((at, digit)) => {
                *digit += 1;
                self.digits.truncate(at + 1);
            }
            None => {
                self.digits = vec![b'1'];
                self.point += 1;
            }
        }
    }

    fn text(&self, style: Style, precision: Option<usize>) -> String {
        let length = self.digits.len();
        match (style, precision) {
            (Style::Fixed, None) => self.fixed((signed(length) - self.point).max(0)),
            (Style::Fixed, Some(digits)) => self.fixed(signed(digits)),
            (Style::Exponent, None) => self.exponent(length.saturating_sub(1)),
            (Style::Exponent, Some(digits)) => self.exponent(digits),
            (Style::Short, _) => self.short(precision),
        }
    }

    fn short(&self, precision: Option<usize>) -> String {
        let length = signed(self.digits.len());
        let wanted = precision.map_or(length, |p| signed(p.max(1)));
        let limit = match precision {
            None => 6,
            Some(_) if wanted > length && length >= self.point => length,
            Some(_) => wanted,
        };
        let exponent = self.point - 1;
        if exponent < -4 || exponent >= limit {
            return self.exponent(usize::try_from(wanted.min(length) - 1).unwrap_or(0));
        }
        let digits = if wanted > self.point { length } else { wanted };
        self.fixed((digits - self.point).max(0))
    }

    fn fixed(&self, places: i64) -> String {
        let digit = |at: i64| usize::try_from(at).map_or('0', |at| char::from(self.digit(at)));
        let mut text: String = if self.point > 0 { (0..self.point).map(digit).collect() } else { "0".to_owned() };
        if places > 0 {
            text.push('.');
            text.extend((0..places).map(|at| digit(self.point + at)));
        }
        text
    }

    fn exponent(&self, places: usize) -> String {
        let mut text = String::from(char::from(self.digit(0)));
        if places > 0 {
            text.push('.');
            text.extend((1..=places).map(|at| char::from(self.digit(at))));
        }
        let exponent = if self.digits.is_empty() { 0 } else { self.point - 1 };
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{text}e{sign}{:02}", exponent.unsigned_abs())
    }
}

fn signed(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// As Terraform writes numbers: without exponent, with as many digits as it takes.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.repr {
            Repr::Small(small) if self.precision >= super::COUNTED => small.fmt(f),
            _ => f.write_str(&self.text(Style::Fixed, None)),
        }
    }
}
