//! One `%…` of a format string, as Go's `fmt` understands it.

use unicode_segmentation::UnicodeSegmentation as _;

use crate::terraform::eval::convert::convert;
use crate::terraform::eval::functions::Refusal;
use crate::terraform::eval::functions::json;
use crate::terraform::eval::number::{Number, Style};
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::{Data, Value};

/// Wider results than this are refused.
const MAX_WIDTH: usize = 1_000_000;

#[derive(Default)]
pub(super) struct Verb<'t> {
    /// As it is written: `%-8.3f`.
    pub(super) raw: &'t str,
    /// The argument, counted from 1.
    pub(super) argument: usize,
    offset: usize,
    mode: char,
    zero: bool,
    sharp: bool,
    plus: bool,
    minus: bool,
    space: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

impl<'t> Verb<'t> {
    /// Reads the verb at the start of a text; `next` is the argument that it takes when it names none.
    pub(super) fn parse(text: &'t str, offset: usize, next: usize) -> Result<Self, Refusal> {
        let mut verb = Verb { argument: next, offset, ..Verb::default() };
        let mut chars = text.char_indices().skip(1).peekable();
        while let Some((_, flag)) = chars.next_if(|(_, c)| "0#-+ ".contains(*c)) {
            match flag {
                '0' => verb.zero = true,
                '#' => verb.sharp = true,
                '-' => verb.minus = true,
                '+' => verb.plus = true,
                _ => verb.space = true,
            }
        }
        verb.width = number(&mut chars)?;
        if chars.next_if(|(_, c)| *c == '.').is_some() {
            verb.precision = Some(number(&mut chars)?.unwrap_or(0));
        }
        if chars.next_if(|(_, c)| *c == '[').is_some() {
            let index = number(&mut chars)?;
            match (index, chars.next()) {
                (Some(index), Some((_, ']'))) if index > 0 => verb.argument = index,
                (_, Some((at, c))) => return Err(unrecognized(c, offset + at)),
                (_, None) => return Err(unfinished(offset + text.len())),
            }
        }
        match chars.next() {
            Some((at, mode)) if mode.is_ascii_alphabetic() => {
                verb.mode = mode;
                verb.raw = text.get(..=at).unwrap_or_default();
                Ok(verb)
            }
            Some((at, other)) => Err(unrecognized(other, offset + at)),
            None => Err(unfinished(offset + text.len())),
        }
    }

    /// The least number of bytes that it will give.
    pub(super) fn size(&self) -> usize {
        self.width.unwrap_or(0).max(self.precision.unwrap_or(0))
    }

    pub(super) fn append(&self, out: &mut String, args: &[Value]) -> Result<(), Refusal> {
        let Some(value) = self.argument.checked_sub(1).and_then(|at| args.get(at)) else {
            let (raw, offset, index, total) = (self.raw, self.offset, self.argument, args.len());
            return Err(Refusal::new(format!(
                "not enough arguments for {raw:?} at {offset}: need index {index} but have {total} total"
            )));
        };
        if self.mode != 'v' && value.is_null() {
            return Err(self.unsupported("null value cannot be formatted"));
        }
        let formatted = match self.mode {
            'v' => self.as_is(value)?,
            't' => self.converted(value, &Type::Bool)?.as_bool().unwrap_or_default().to_string(),
            'b' | 'd' | 'o' | 'x' | 'X' => self.integer(self.converted(value, &Type::Number)?.as_number())?,
            'e' | 'E' | 'f' | 'g' | 'G' => self.float(self.converted(value, &Type::Number)?.as_number()),
            's' | 'q' => self.string(&self.converted(value, &Type::String)?),
            mode => {
                let (raw, offset) = (self.raw, self.offset);
                return Err(Refusal::new(format!("unsupported format verb {mode:?} in {raw:?} at offset {offset}")));
            }
        };
        out.push_str(&formatted);
        Ok(())
    }

    fn unsupported(&self, why: &str) -> Refusal {
        Refusal::new(format!("unsupported value for {:?} at {}: {why}", self.raw, self.offset))
    }

    fn converted(&self, value: &Value, ty: &Type) -> Result<Value, Refusal> {
        convert(value, ty).map_err(|fault| self.unsupported(&fault.message))
    }

    fn as_is(&self, value: &Value) -> Result<String, Refusal> {
        let text = match value.data() {
            Data::String(text) if !self.sharp => text.to_string(),
            Data::Number(number) if !self.sharp => number.text(Style::Short, None),
            _ => json::encode(value).map_err(|refusal| self.unsupported(&refusal.message))?,
        };
        Ok(self.padded(&text))
    }

    fn string(&self, value: &Value) -> String {
        let mut text = value.as_str().unwrap_or_default().to_owned();
        if let Some(wanted) = self.precision.filter(|wanted| *wanted > 0) {
            text = text.graphemes(true).take(wanted).collect();
        }
        self.padded(&if self.mode == 'q' { json::quote(&text) } else { text })
    }

    /// To the width, in grapheme clusters.
    fn padded(&self, text: &str) -> String {
        let missing = self.width.unwrap_or(0).saturating_sub(text.graphemes(true).count());
        let pad = if self.zero { "0" } else { " " }.repeat(missing);
        if self.minus { format!("{text}{pad}") } else { format!("{pad}{text}") }
    }

    fn integer(&self, number: Option<&Number>) -> Result<String, Refusal> {
        let number = number.filter(|number| number.is_whole() && !number.is_infinite());
        let Some((negative, magnitude)) = number.and_then(Number::to_whole_digits) else {
            return Err(self.unsupported("an integer is required"));
        };
        let (base, prefix) = match self.mode {
            'b' => (2, "0b"),
            'o' => (8, "0"),
            'x' => (16, "0x"),
            'X' => (16, "0X"),
            _ => (10, ""),
        };
        let mut digits = magnitude.to_str_radix(base);
        if self.mode == 'X' {
            digits.make_ascii_uppercase();
        }
        let prefix = if self.sharp { prefix } else { "" };
        let sign = self.sign(negative);
        if self.precision == Some(0) && digits == "0" {
            return Ok(String::new());
        }
        let mut zeros = self.precision.unwrap_or(0).saturating_sub(digits.len());
        let missing = self.width.unwrap_or(0).saturating_sub(sign.len() + prefix.len() + zeros + digits.len());
        let (mut left, mut right) = (0, 0);
        match () {
            () if self.minus => right = missing,
            () if self.zero && self.precision.is_none() => zeros += missing,
            () => left = missing,
        }
        let (left, right, zeros) = (" ".repeat(left), " ".repeat(right), "0".repeat(zeros));
        Ok(format!("{left}{sign}{prefix}{zeros}{digits}{right}"))
    }

    fn sign(&self, negative: bool) -> &'static str {
        match () {
            () if negative => "-",
            () if self.plus => "+",
            () if self.space => " ",
            () => "",
        }
    }

    fn float(&self, number: Option<&Number>) -> String {
        let Some(number) = number else { return String::new() };
        let (style, precision) = match self.mode {
            'f' => (Style::Fixed, Some(self.precision.unwrap_or(6))),
            'e' | 'E' => (Style::Exponent, Some(self.precision.unwrap_or(6))),
            _ => (Style::Short, self.precision),
        };
        let mut text = number.absolute().text(style, precision);
        if self.mode.is_ascii_uppercase() {
            text.make_ascii_uppercase();
        }
        let mut sign = self.sign(number.is_negative());
        if number.is_infinite() {
            text = "Inf".to_owned();
            sign = match () {
                () if number.is_negative() => "-",
                () if self.space => " ",
                () => "+",
            };
        }
        let missing = self.width.unwrap_or(0).saturating_sub(sign.len() + text.len());
        match () {
            () if self.minus => format!("{sign}{text}{}", " ".repeat(missing)),
            () if self.zero && !number.is_infinite() => format!("{sign}{}{text}", "0".repeat(missing)),
            () => format!("{}{sign}{text}", " ".repeat(missing)),
        }
    }
}

fn number(chars: &mut std::iter::Peekable<impl Iterator<Item = (usize, char)>>) -> Result<Option<usize>, Refusal> {
    let mut value = None;
    while let Some((_, digit)) = chars.next_if(|(_, c)| c.is_ascii_digit()) {
        let digit = digit.to_digit(10).and_then(|digit| usize::try_from(digit).ok()).unwrap_or(0);
        value = Some(value.unwrap_or(0usize).saturating_mul(10).saturating_add(digit));
    }
    match value {
        Some(width) if width > MAX_WIDTH => Err(Refusal::refused("the width in the format string is too large")),
        value => Ok(value),
    }
}

fn unrecognized(c: char, at: usize) -> Refusal {
    Refusal::new(format!("unrecognized format character {c:?} at offset {at}"))
}

fn unfinished(at: usize) -> Refusal {
    Refusal::new(format!("invalid format string starting at offset {at}"))
}
