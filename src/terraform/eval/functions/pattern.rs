//! Regular expressions of Go (RE2) for the `regex` crate, whose syntax differs in details.
//!
//! In Go, `\d`, `\w`, `\s` and `\b` know ASCII only, a `[` inside a class is an ordinary character, and
//! `\Q…\E` quotes. <https://github.com/google/re2/wiki/Syntax>

use std::iter::Peekable;
use std::str::Chars;

use regex::{Regex, RegexBuilder};

/// Programs above this size are refused.
const MAX_PROGRAM: usize = 4 * 1024 * 1024;

/// Go repeats nothing more often.
const MAX_REPEAT: u32 = 1000;

/// Compiles a pattern in Go's syntax.
pub(super) fn compile(written: &str) -> Result<Regex, String> {
    let translated = translate(written)?;
    RegexBuilder::new(&translated).size_limit(MAX_PROGRAM).nest_limit(200).build().map_err(|fault| match fault {
        regex::Error::CompiledTooBig(_) => "expression too large".to_owned(),
        fault => fault.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned(),
    })
}

fn translate(written: &str) -> Result<String, String> {
    let mut out = String::with_capacity(written.len() + 16);
    let mut chars = written.chars().peekable();
    let mut before = Before::Other;
    while let Some(c) = chars.next() {
        let length = out.len();
        match c {
            '\\' => escape(&mut chars, &mut out, false)?,
            '[' => class(&mut chars, &mut out)?,
            '(' if chars.peek() == Some(&'?') => group(&mut chars, &mut out)?,
            '{' => repeat(&mut chars, &mut out)?,
            '}' => out.push_str("\\}"),
            ']' => out.push_str("\\]"),
            c => out.push(c),
        }
        let repeats = matches!(c, '*' | '+' | '?') || (c == '{' && out.get(length..) != Some("\\{"));
        before = match (before, repeats) {
            (_, false) => Before::Other,
            (Before::Other, true) => Before::Repetition,
            (Before::Repetition, true) if c == '?' => Before::Lazy,
            _ => return Err(format!("invalid nested repetition operator: `{c}`")),
        };
    }
    Ok(out)
}

/// What the last token was; nothing repeats a repetition.
#[derive(Clone, Copy)]
enum Before {
    Other,
    Repetition,
    /// A repetition with `?` behind it.
    Lazy,
}

/// `(?flags)`, `(?:`, `(?P<name>`; nothing else that the crate would understand.
fn group(chars: &mut Peekable<Chars>, out: &mut String) -> Result<(), String> {
    chars.next();
    out.push_str("(?");
    let mut head = String::new();
    for c in chars.by_ref() {
        head.push(c);
        if matches!(c, ')' | ':' | '>') {
            break;
        }
    }
    let name = head.strip_prefix("P<").or_else(|| head.strip_prefix('<')).and_then(|rest| rest.strip_suffix('>'));
    let flags = head.strip_suffix([')', ':']).filter(|flags| flags.chars().all(|c| "imsU-".contains(c)));
    match (name, flags) {
        (Some(name), _) if !name.is_empty() && name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric()) => {
            out.push_str(&head);
        }
        (None, Some(_)) => out.push_str(&head),
        _ => return Err(format!("invalid or unsupported Perl syntax: `(?{head}`")),
    }
    Ok(())
}

/// `{2,3}` repeats; any other brace stands for itself.
fn repeat(chars: &mut Peekable<Chars>, out: &mut String) -> Result<(), String> {
    let ahead: String = chars.clone().take_while(|c| *c != '}').take(12).collect();
    let mut bounds = ahead.split(',');
    let (least, most, more) = (bounds.next().unwrap_or_default(), bounds.next(), bounds.next());
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let closed = chars.clone().nth(ahead.chars().count()) == Some('}');
    let valid =
        closed && more.is_none() && is_number(least) && most.is_none_or(|most| most.is_empty() || is_number(most));
    if !valid {
        out.push_str("\\{");
        return Ok(());
    }
    let too_many = |text: &str| is_number(text) && text.parse::<u32>().map_or(true, |n| n > MAX_REPEAT);
    if too_many(least) || most.is_some_and(too_many) {
        return Err(format!("invalid repeat count: `{{{ahead}}}`"));
    }
    out.push('{');
    (0..=ahead.chars().count()).for_each(|_| out.extend(chars.next()));
    Ok(())
}

/// What follows a backslash.
fn escape(chars: &mut Peekable<Chars>, out: &mut String, in_class: bool) -> Result<(), String> {
    let Some(c) = chars.next() else { return Err("trailing backslash at end of expression".to_owned()) };
    let ascii = |inner: &str, out: &mut String| match in_class {
        true => out.push_str(inner),
        false => out.push_str(&format!("[{inner}]")),
    };
    match c {
        'd' => ascii("0-9", out),
        'D' => out.push_str("[^0-9]"),
        'w' => ascii("0-9A-Za-z_", out),
        'W' => out.push_str("[^0-9A-Za-z_]"),
        's' => ascii("\\t\\n\\f\\r ", out),
        'S' => out.push_str("[^\\t\\n\\f\\r ]"),
        'b' | 'B' if !in_class => out.push_str(&format!("(?-u:\\{c})")),
        'A' | 'z' if !in_class => out.extend(['\\', c]),
        'Q' if !in_class => quoted(chars, out),
        'a' | 'f' | 't' | 'n' | 'r' | 'v' => out.extend(['\\', c]),
        'p' | 'P' => property(c, chars, out)?,
        'x' => hexadecimal(chars, out)?,
        '0'..='7' => octal(c, chars, out)?,
        c if c.is_ascii_punctuation() => out.push_str(&literal(c)),
        c => return Err(format!("invalid escape sequence: `\\{c}`")),
    }
    Ok(())
}

fn quoted(chars: &mut Peekable<Chars>, out: &mut String) {
    while let Some(c) = chars.next() {
        if c == '\\' && chars.next_if_eq(&'E').is_some() {
            return;
        }
        out.push_str(&literal(c));
    }
}

/// A character that stands for itself, inside and outside of classes.
fn literal(c: char) -> String {
    if c.is_ascii_punctuation() { format!("\\x{:02X}", u32::from(c)) } else { c.to_string() }
}

fn property(kind: char, chars: &mut Peekable<Chars>, out: &mut String) -> Result<(), String> {
    let mut name: String = match chars.next() {
        Some('{') => chars.by_ref().take_while(|c| *c != '}').collect(),
        Some(letter) => letter.to_string(),
        None => return Err("invalid character class range".to_owned()),
    };
    let mut negated = kind == 'P';
    if let Some(rest) = name.strip_prefix('^') {
        negated = !negated;
        name = rest.to_owned();
    }
    if name.is_empty() || !name.chars().all(|c| c == '_' || c.is_ascii_alphabetic()) {
        return Err(format!("invalid character class range: `\\{kind}{{{name}}}`"));
    }
    out.push_str(if negated { "\\P{" } else { "\\p{" });
    out.push_str(&name);
    out.push('}');
    Ok(())
}

fn hexadecimal(chars: &mut Peekable<Chars>, out: &mut String) -> Result<(), String> {
    let digits: String = match chars.next_if_eq(&'{') {
        Some(_) => chars.by_ref().take_while(|c| *c != '}').collect(),
        None => chars.by_ref().take(2).collect(),
    };
    let code = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
    let c = code.ok_or_else(|| format!("invalid escape sequence: `\\x{digits}`"))?;
    out.push_str(&format!("\\x{{{:X}}}", u32::from(c)));
    Ok(())
}

/// `\0` and `\123`; a single digit other than zero would be a back reference, which there is none of.
fn octal(first: char, chars: &mut Peekable<Chars>, out: &mut String) -> Result<(), String> {
    let mut digits = String::from(first);
    while digits.len() < 3
        && let Some(digit) = chars.next_if(|c| ('0'..='7').contains(c))
    {
        digits.push(digit);
    }
    if first != '0' && digits.len() < 2 {
        return Err(format!("invalid escape sequence: `\\{digits}`"));
    }
    let code = u32::from_str_radix(&digits, 8).unwrap_or(0);
    out.push_str(&format!("\\x{{{code:X}}}"));
    Ok(())
}

/// `[…]`: the crate would nest classes and know operators, Go does not.
fn class(chars: &mut Peekable<Chars>, out: &mut String) -> Result<(), String> {
    out.push('[');
    if chars.next_if_eq(&'^').is_some() {
        out.push('^');
    }
    let mut first = true;
    loop {
        let Some(c) = chars.next() else { return Err("missing closing ]".to_owned()) };
        match c {
            ']' if !first => break,
            '\\' => escape(chars, out, true)?,
            '[' if chars.peek() == Some(&':') => posix(chars, out),
            // A range, or at either end itself.
            '-' if !first && chars.peek() != Some(&']') => out.push('-'),
            c => out.push_str(&literal(c)),
        }
        first = false;
    }
    out.push(']');
    Ok(())
}

/// `[:alpha:]`; a bracket that opens no such name stands for itself.
fn posix(chars: &mut Peekable<Chars>, out: &mut String) {
    let ahead: String = chars.clone().take_while(|c| *c != ']').collect();
    let name = ahead.strip_prefix(':').and_then(|rest| rest.strip_suffix(':'));
    let is_name = |name: &str| name.trim_start_matches('^').chars().all(|c| c.is_ascii_lowercase());
    match name.filter(|name| is_name(name)) {
        Some(_) => {
            out.push('[');
            (0..=ahead.chars().count()).for_each(|_| out.extend(chars.next()));
        }
        None => out.push_str("\\["),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_what_they_mean_in_go() {
        let cases = [
            (r"\d+", "x٣1", Some("1")),
            (r"[\w-]+", "é a-b", Some("a-b")),
            (r"[[]", "a[", Some("[")),
            (r"[a&&b]+", "&a", Some("&a")),
            (r"\Qa.b\E+", "a.bb", Some("a.bb")),
            (r"a{,2}", "a{,2}", Some("a{,2}")),
            (r"a{2}", "aaa", Some("aa")),
            (r"[^\S]", "a b", Some(" ")),
            (r"\x41\x{42}", "AB", Some("AB")),
            (r"[[:alpha:]]+", "1ab", Some("ab")),
            (r"\<a", "<a", Some("<a")),
            (r"\bfoo\b", "éfoo", Some("foo")),
            (r"[]a]+", "]a", Some("]a")),
            (r"(?i)É", "é", Some("é")),
            (r"a$", "a\n", None),
        ];
        for (pattern, text, expected) in cases {
            let regex = compile(pattern).unwrap_or_else(|fault| panic!("{pattern}: {fault}"));
            assert_eq!(regex.find(text).map(|found| found.as_str()), expected, "{pattern}");
        }
    }

    #[test]
    fn what_go_refuses_is_refused() {
        for pattern in [r"(a)\1", "(?=a)", "a{1001}", r"\Z", "[", "(", "a**", r"(?x)a", "[b-a]", r"\", "*"] {
            assert!(compile(pattern).is_err(), "{pattern}");
        }
        assert!(compile(&"(a{1000}){1000}".repeat(3)).is_err());
    }
}
