//! `sprintf` with the verbs, flags, widths and error texts of Go's `fmt`.

use num_bigint::{BigInt, Sign};
use regorus::Value;

use super::super::decimal::{Decimal, float, shown};
use super::super::display::{quoted, term};
use super::super::limits::length;
use super::{Entry, LIMIT, at, string, text, wrong};

pub(super) const TABLE: &[Entry] = &[("sprintf", 2, sprintf)];

/// Widest field and longest precision.
const MOST_WIDTH: usize = 10_000;

/// What Go would see as the argument.
enum Argument {
    Int(BigInt),
    Float(f64, String),
    Text(String),
}

impl Argument {
    fn of(value: &Value) -> Self {
        match value {
            Value::String(text) => Self::Text(text.to_string()),
            Value::Number(_) => {
                let text = shown(value);
                match (text.parse::<BigInt>(), text.parse::<f64>()) {
                    (Ok(whole), _) => Self::Int(whole),
                    (_, Ok(f)) => Self::Float(f, text),
                    _ => Self::Text(text),
                }
            }
            other => {
                let mut out = String::new();
                term(other, &mut out);
                Self::Text(out)
            }
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Int(whole) if i64::try_from(whole).is_ok() => "int64",
            Self::Int(_) => "*big.Int",
            Self::Float(..) => "float64",
            Self::Text(_) => "string",
        }
    }

    fn plain(&self) -> String {
        match self {
            Self::Int(whole) => whole.to_string(),
            Self::Float(_, text) | Self::Text(text) => text.clone(),
        }
    }
}

#[derive(Clone, Copy, Default)]
struct Spec {
    minus: bool,
    plus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

struct Format<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    args: Vec<Value>,
    next: usize,
    out: String,
}

fn sprintf(args: &[Value]) -> Result<Value, String> {
    let format = text(args, 1)?;
    let Value::Array(items) = at(args, 2) else { return Err(wrong(2, "array", at(args, 2))) };
    let args = items.iter().cloned().collect();
    let mut state = Format { rest: format.chars().peekable(), args, next: 0, out: String::new() };
    while let Some(c) = state.rest.next() {
        if c == '%' {
            state.verb()?;
            length(state.out.len())?;
        } else {
            state.out.push(c);
        }
    }
    state.extra();
    Ok(string(state.out))
}

impl Format<'_> {
    fn verb(&mut self) -> Result<(), String> {
        let spec = self.spec()?;
        let Some(verb) = self.rest.next() else {
            self.out.push_str("%!(NOVERB)");
            return Ok(());
        };
        if verb == '%' {
            self.out.push('%');
            return Ok(());
        }
        if verb == '[' {
            return Err(format!("{LIMIT}explicit argument indexes are not supported"));
        }
        let Some(given) = self.args.get(self.next).cloned() else {
            self.out.push_str(&format!("%!{verb}(MISSING)"));
            return Ok(());
        };
        self.next += 1;
        let argument = Argument::of(&given);
        let shown = match verb {
            'T' => Some(padded(&spec, argument.kind().to_owned())),
            'v' => Some(value(&spec, &argument)),
            _ => match &argument {
                Argument::Int(whole) => integer(&spec, verb, whole),
                Argument::Float(f, _) => decimal(&spec, verb, *f),
                Argument::Text(text) => words(&spec, verb, text),
            },
        };
        match shown {
            Some(shown) => self.out.push_str(&shown),
            None => self.out.push_str(&format!("%!{verb}({}={})", argument.kind(), value(&spec, &argument))),
        }
        Ok(())
    }

    fn spec(&mut self) -> Result<Spec, String> {
        let mut spec = Spec::default();
        while let Some(flag) = self.rest.peek().copied() {
            match flag {
                '-' => spec.minus = true,
                '+' => spec.plus = true,
                '#' => spec.sharp = true,
                ' ' => spec.space = true,
                '0' => spec.zero = true,
                _ => break,
            }
            self.rest.next();
        }
        spec.width = self.number()?;
        if self.rest.peek() == Some(&'.') {
            self.rest.next();
            spec.precision = Some(self.number()?.unwrap_or(0));
        }
        Ok(spec)
    }

    /// A number, or `*`: the next argument.
    fn number(&mut self) -> Result<Option<usize>, String> {
        let found = if self.rest.peek() == Some(&'*') {
            self.rest.next();
            let value = self.args.get(self.next).and_then(|v| v.as_i64().ok());
            self.next += 1;
            value.and_then(|n| usize::try_from(n).ok())
        } else {
            let mut digits = String::new();
            while let Some(digit) = self.rest.next_if(char::is_ascii_digit) {
                digits.push(digit);
            }
            if digits.is_empty() {
                return Ok(None);
            }
            Some(digits.parse().unwrap_or(usize::MAX))
        };
        match found {
            Some(n) if n > MOST_WIDTH => Err(format!("{LIMIT}a width or precision of {n} is more than {MOST_WIDTH}")),
            found => Ok(found),
        }
    }

    fn extra(&mut self) {
        let rest = self.args.get(self.next..).unwrap_or_default();
        if rest.is_empty() {
            return;
        }
        let shown: Vec<String> = rest
            .iter()
            .map(|value| {
                let argument = Argument::of(value);
                format!("{}={}", argument.kind(), argument.plain())
            })
            .collect();
        self.out.push_str(&format!("%!(EXTRA {})", shown.join(", ")));
    }
}

/// `%v`: what a value looks like by itself; flags and precision hold here, too.
fn value(spec: &Spec, argument: &Argument) -> String {
    let shown = match argument {
        Argument::Int(whole) => integer(spec, 'd', whole),
        Argument::Float(f, _) => decimal(spec, 'g', *f),
        Argument::Text(text) if spec.sharp => words(&Spec { sharp: false, ..*spec }, 'q', text),
        Argument::Text(text) => words(spec, 's', text),
    };
    shown.unwrap_or_else(|| argument.plain())
}

fn signed(spec: &Spec, text: String) -> String {
    match text.starts_with('-') {
        false if spec.plus => format!("+{text}"),
        false if spec.space => format!(" {text}"),
        _ => text,
    }
}

fn padded(spec: &Spec, text: String) -> String {
    let missing = spec.width.unwrap_or(0).saturating_sub(text.chars().count());
    if missing == 0 {
        return text;
    }
    if spec.minus {
        return text + &" ".repeat(missing);
    }
    if spec.zero {
        let (sign, digits) = match text.strip_prefix(['-', '+']) {
            Some(digits) => (text.get(..1).unwrap_or_default(), digits),
            None => ("", text.as_str()),
        };
        return format!("{sign}{}{digits}", "0".repeat(missing));
    }
    " ".repeat(missing) + &text
}

fn integer(spec: &Spec, verb: char, whole: &BigInt) -> Option<String> {
    let radix = |radix: u32, prefix: &str| {
        let digits = whole.magnitude().to_str_radix(radix);
        let digits = format!("{digits:0>width$}", width = spec.precision.unwrap_or(0));
        let sign = if whole.sign() == Sign::Minus { "-" } else { "" };
        format!("{sign}{}{digits}", if spec.sharp || prefix == "0o" { prefix } else { "" })
    };
    let text = match verb {
        'd' => radix(10, ""),
        // Go's big integers print themselves.
        's' if i64::try_from(whole).is_err() => radix(10, ""),
        'b' => radix(2, "0b"),
        'o' => radix(8, "0"),
        'O' => radix(8, "0o"),
        'x' => radix(16, "0x"),
        'X' => radix(16, "0x").to_uppercase(),
        'c' | 'q' | 'U' => {
            let code = u32::try_from(whole).ok();
            let c = code.and_then(char::from_u32).unwrap_or('\u{fffd}');
            let text = match verb {
                'c' => c.to_string(),
                'U' => format!("U+{:04X}", code.unwrap_or(0xfffd)),
                _ => {
                    let double = quoted(&c.to_string()).replace("\\\"", "\"").replace('\'', "\\'");
                    format!("'{}'", double.get(1..double.len().saturating_sub(1)).unwrap_or_default())
                }
            };
            return Some(padded(spec, text));
        }
        _ => return None,
    };
    let zero =
        Spec { zero: spec.zero && spec.precision.is_none(), minus: spec.minus, width: spec.width, ..Spec::default() };
    Some(padded(&zero, signed(spec, text)))
}

fn decimal(spec: &Spec, verb: char, f: f64) -> Option<String> {
    let text = match verb {
        'f' | 'F' => Decimal::read(&float(f))?.fixed(spec.precision.unwrap_or(6))?,
        'e' | 'E' => exponent(f, spec.precision.unwrap_or(6)),
        'g' | 'G' => general(f, spec.precision),
        _ => return None,
    };
    let text = if verb.is_ascii_uppercase() { text.to_uppercase() } else { text };
    Some(padded(spec, signed(spec, text)))
}

/// `1.500000e+00`.
fn exponent(f: f64, precision: usize) -> String {
    let text = format!("{f:.precision$e}");
    let Some((mantissa, power)) = text.split_once('e') else { return text };
    let power = power.parse::<i32>().unwrap_or(0);
    format!("{mantissa}e{}{:02}", if power < 0 { '-' } else { '+' }, power.abs())
}

fn general(f: f64, precision: Option<usize>) -> String {
    let Some(precision) = precision else { return shortest(f) };
    let precision = precision.max(1);
    let rounded: f64 = format!("{f:.digits$e}", digits = precision - 1).parse().unwrap_or(f);
    let text = format!("{rounded:e}");
    let power: i32 = text.split_once('e').and_then(|(_, p)| p.parse().ok()).unwrap_or(0);
    if power < -4 || power >= i32::try_from(precision).unwrap_or(i32::MAX) {
        let (mantissa, _) = text.split_once('e').unwrap_or((&text, ""));
        return format!("{mantissa}e{}{:02}", if power < 0 { '-' } else { '+' }, power.abs());
    }
    format!("{rounded}")
}

/// Go's `%g`: an exponent below 1e-4 and from 1e6 on.
fn shortest(f: f64) -> String {
    let text = format!("{f:e}");
    let (mantissa, power) = text.split_once('e').unwrap_or((&text, "0"));
    let power: i32 = power.parse().unwrap_or(0);
    if (-4..6).contains(&power) {
        return format!("{f}");
    }
    format!("{mantissa}e{}{:02}", if power < 0 { '-' } else { '+' }, power.abs())
}

fn words(spec: &Spec, verb: char, text: &str) -> Option<String> {
    let cut: String = match spec.precision {
        Some(most) => text.chars().take(most).collect(),
        None => text.to_owned(),
    };
    let shown = match verb {
        's' => cut,
        'q' if spec.sharp && !cut.contains('`') => format!("`{cut}`"),
        'q' => quoted(&cut),
        'x' => text.bytes().map(|b| format!("{b:02x}")).collect(),
        'X' => text.bytes().map(|b| format!("{b:02X}")).collect(),
        _ => return None,
    };
    Some(padded(spec, shown))
}
