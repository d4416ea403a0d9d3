//! Regular expressions in Go's dialect: RE2 without Unicode classes for `\d`, `\w`, `\s` and `\b`.
//!
//! A pattern is translated for the `regex` crate and compiled once; what Go refuses is refused.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, RwLock};

use regex::{Regex, RegexBuilder};
use regorus::Value;

use super::super::limits::length;
use super::{Entry, array, at, string, text, whole};

pub(super) const TABLE: &[Entry] = &[
    ("regex.match", 2, matches),
    ("re_match", 2, matches),
    ("regex.is_valid", 1, is_valid),
    ("regex.replace", 3, replace),
    ("regex.split", 2, split),
    ("regex.find_n", 3, find_n),
    ("regex.find_all_string_submatch_n", 3, find_submatches),
    ("regex.template_match", 4, template_match),
];

/// Largest compiled pattern, in bytes.
const MOST_BYTES: usize = 10 << 20;

/// Most patterns that are kept.
const MOST_KEPT: usize = 1_000;

static KEPT: LazyLock<RwLock<HashMap<String, Arc<Regex>>>> = LazyLock::new(RwLock::default);

pub(super) fn compiled(pattern: &str) -> Result<Arc<Regex>, String> {
    if let Ok(kept) = KEPT.read()
        && let Some(found) = kept.get(pattern)
    {
        return Ok(found.clone());
    }
    let translated = translated(pattern)?;
    let built = RegexBuilder::new(&translated).size_limit(MOST_BYTES).build();
    let built = Arc::new(built.map_err(|_| format!("error parsing regexp: `{pattern}`"))?);
    if let Ok(mut kept) = KEPT.write()
        && kept.len() < MOST_KEPT
    {
        kept.insert(pattern.to_owned(), built.clone());
    }
    Ok(built)
}

/// A pattern of Go's as one of the `regex` crate's.
fn translated(pattern: &str) -> Result<String, String> {
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern;
    let mut repeated = false;
    while let Some(c) = rest.chars().next() {
        let (piece, length, is_repeat) = match c {
            '\\' => {
                let (piece, length) = escape(rest, false)?;
                (piece, length, false)
            }
            '[' => {
                let (piece, length) = class(rest)?;
                (piece, length, false)
            }
            '(' => {
                let (piece, length) = group(rest)?;
                (piece, length, false)
            }
            '{' => match repetition(rest)? {
                Some(length) if repeated => {
                    let shown = rest.get(..length).unwrap_or_default();
                    return Err(format!("error parsing regexp: invalid nested repetition operator: `{shown}`"));
                }
                Some(length) => (rest.get(..length).unwrap_or_default().to_owned(), length, true),
                None => ("\\{".to_owned(), 1, false),
            },
            '}' => ("\\}".to_owned(), 1, false),
            '*' | '+' if repeated => return Err("error parsing regexp: invalid nested repetition operator".to_owned()),
            '*' | '+' => (c.to_string(), 1, true),
            // `a+?` is lazy; `a??` is lazy; the next one would be nested.
            '?' if repeated => ("?".to_owned(), 1, true),
            '?' => ("?".to_owned(), 1, true),
            _ => (c.to_string(), c.len_utf8(), false),
        };
        out.push_str(&piece);
        repeated = is_repeat;
        rest = rest.get(length..).unwrap_or_default();
    }
    Ok(out)
}

/// An escape sequence; inside of a class, without the class's own brackets.
fn escape(rest: &str, in_class: bool) -> Result<(String, usize), String> {
    let Some(c) = rest.chars().nth(1) else {
        return Err("error parsing regexp: trailing backslash at end of expression".to_owned());
    };
    let wrap = |inner: &str| if in_class { inner.to_owned() } else { format!("[{inner}]") };
    Ok(match c {
        'd' => (wrap("0-9"), 2),
        'D' => (r"[^0-9]".to_owned(), 2),
        'w' => (wrap("0-9A-Za-z_"), 2),
        'W' => (r"[^0-9A-Za-z_]".to_owned(), 2),
        's' => (wrap(r"\t\n\x0C\r\x20"), 2),
        'S' => (r"[^\t\n\x0C\r\x20]".to_owned(), 2),
        'b' if !in_class => (r"(?-u:\b)".to_owned(), 2),
        'B' if !in_class => (r"(?-u:\B)".to_owned(), 2),
        'Q' if !in_class => {
            let body = rest.get(2..).unwrap_or_default();
            let (quoted, length) = match body.find(r"\E") {
                Some(end) => (body.get(..end).unwrap_or_default(), end + 4),
                None => (body, rest.len()),
            };
            (regex::escape(quoted), length)
        }
        '0'..='7' => octal(rest)?,
        'p' | 'P' | 'x' if rest.get(2..).is_some_and(|r| r.starts_with('{')) => {
            let end =
                rest.find('}').ok_or_else(|| format!("error parsing regexp: invalid escape sequence: `\\{c}`"))?;
            (rest.get(..=end).unwrap_or_default().to_owned(), end + 1)
        }
        'p' | 'P' | 'x' | 'A' | 'z' => (format!("\\{c}"), 2),
        'a' | 'f' | 't' | 'n' | 'r' | 'v' => (format!("\\{c}"), 2),
        c if c.is_ascii_alphanumeric() => {
            return Err(format!("error parsing regexp: invalid escape sequence: `\\{c}`"));
        }
        '-' => (r"\-".to_owned(), 2),
        c => (regex::escape(&c.to_string()), 1 + c.len_utf8()),
    })
}

fn octal(rest: &str) -> Result<(String, usize), String> {
    let digits: String = rest.chars().skip(1).take(3).take_while(|c| ('0'..='7').contains(c)).collect();
    if !digits.starts_with('0') && digits.len() < 2 {
        return Err(format!("error parsing regexp: invalid escape sequence: `\\{digits}`"));
    }
    let code = u32::from_str_radix(&digits, 8).unwrap_or(0);
    Ok((format!("\\x{{{code:x}}}"), 1 + digits.len()))
}

/// A bracketed class: the crate's set operators are plain characters in Go.
fn class(rest: &str) -> Result<(String, usize), String> {
    let missing = || "error parsing regexp: missing closing ]".to_owned();
    let mut out = String::from("[");
    let mut at = 1;
    if rest.get(at..).unwrap_or_default().starts_with('^') {
        out.push('^');
        at += 1;
    }
    let mut first = true;
    loop {
        let tail = rest.get(at..).unwrap_or_default();
        let c = tail.chars().next().ok_or_else(missing)?;
        match c {
            ']' if !first => {
                out.push(']');
                return Ok((out, at + 1));
            }
            '[' if tail.starts_with("[:") && tail.contains(":]") => {
                let end = tail.find(":]").map_or(1, |n| n + 2);
                out.push_str(tail.get(..end).unwrap_or_default());
                at += end;
            }
            '\\' => {
                let (piece, length) = escape(tail, true)?;
                out.push_str(&piece);
                at += length;
            }
            '[' | ']' | '&' | '~' => {
                out.push('\\');
                out.push(c);
                at += 1;
            }
            '-' if first || tail.starts_with("-]") || tail.starts_with("--") => {
                out.push_str(r"\-");
                at += 1;
            }
            _ => {
                out.push(c);
                at += c.len_utf8();
            }
        }
        first = false;
    }
}

/// `(?P<name>`, `(?:`, flags `imsU`.
fn group(rest: &str) -> Result<(String, usize), String> {
    let Some(special) = rest.strip_prefix("(?") else { return Ok(("(".to_owned(), 1)) };
    if special.starts_with("P<") || special.starts_with('<') {
        return Ok(("(?P<".to_owned(), if special.starts_with('P') { 4 } else { 3 }));
    }
    let end = special.find([':', ')']).unwrap_or(special.len());
    let flags = special.get(..end).unwrap_or_default();
    if flags.chars().all(|c| matches!(c, 'i' | 'm' | 's' | 'U' | '-')) {
        let length = 2 + end;
        return Ok((rest.get(..length).unwrap_or_default().to_owned(), length));
    }
    Err(format!("error parsing regexp: invalid or unsupported Perl syntax: `(?{flags}`"))
}

/// The length of `{2,3}`; nothing when the brace is a plain character.
fn repetition(rest: &str) -> Result<Option<usize>, String> {
    let Some(end) = rest.find('}') else { return Ok(None) };
    let inner = rest.get(1..end).unwrap_or_default();
    let (least, most) = inner.split_once(',').unwrap_or((inner, inner));
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !number(least) || !(most.is_empty() || number(most)) {
        return Ok(None);
    }
    let too_many = |text: &str| !text.is_empty() && text.parse::<u32>().map_or(true, |n| n > 1000);
    if too_many(least) || too_many(most) {
        return Err(format!("error parsing regexp: invalid repeat count: `{{{inner}}}`"));
    }
    Ok(Some(end + 1))
}

fn matches(args: &[Value]) -> Result<Value, String> {
    let (pattern, value) = (text(args, 1)?, text(args, 2)?);
    Ok(Value::Bool(compiled(pattern)?.is_match(value)))
}

fn is_valid(args: &[Value]) -> Result<Value, String> {
    Ok(Value::Bool(matches!(at(args, 1), Value::String(pattern) if compiled(pattern).is_ok())))
}

fn replace(args: &[Value]) -> Result<Value, String> {
    let (value, pattern, to) = (text(args, 1)?, text(args, 2)?, text(args, 3)?);
    let (mut out, mut done) = (String::new(), 0);
    let groups = to.matches('$').count();
    for captures in compiled(pattern)?.captures_iter(value) {
        let Some(found) = captures.get(0) else { continue };
        out.push_str(value.get(done..found.start()).unwrap_or_default());
        length(out.len().saturating_add(to.len()).saturating_add(groups.saturating_mul(found.len())))?;
        captures.expand(to, &mut out);
        done = found.end();
    }
    out.push_str(value.get(done..).unwrap_or_default());
    Ok(string(out))
}

fn split(args: &[Value]) -> Result<Value, String> {
    let (pattern, value) = (text(args, 1)?, text(args, 2)?);
    let pattern = compiled(pattern)?;
    let mut parts = Vec::new();
    let mut start = 0;
    for found in pattern.find_iter(value) {
        if found.end() == 0 || (found.is_empty() && found.start() == value.len()) {
            continue;
        }
        parts.push(string(value.get(start..found.start()).unwrap_or_default()));
        start = found.end();
    }
    parts.push(string(value.get(start..).unwrap_or_default()));
    Ok(array(parts))
}

fn limit(args: &[Value]) -> Result<usize, String> {
    Ok(usize::try_from(whole(args, 3)?).unwrap_or(usize::MAX))
}

fn find_n(args: &[Value]) -> Result<Value, String> {
    let (pattern, value, most) = (text(args, 1)?, text(args, 2)?, limit(args)?);
    Ok(array(compiled(pattern)?.find_iter(value).take(most).map(|found| string(found.as_str()))))
}

fn find_submatches(args: &[Value]) -> Result<Value, String> {
    let (pattern, value, most) = (text(args, 1)?, text(args, 2)?, limit(args)?);
    let found = compiled(pattern)?;
    let groups = found
        .captures_iter(value)
        .take(most)
        .map(|captures| array(captures.iter().map(|group| string(group.map_or("", |g| g.as_str())))));
    Ok(array(groups))
}

/// A text whose parts between delimiters are patterns; the rest is a pattern, too, as in OPA.
fn template_match(args: &[Value]) -> Result<Value, String> {
    let (template, value) = (text(args, 1)?, text(args, 2)?);
    let delimiter = |position| match text(args, position)?.chars().collect::<Vec<_>>().as_slice() {
        [one] => Ok(*one),
        _ => Err(format!("operand {position} must be a single character")),
    };
    let (open, close) = (delimiter(3)?, delimiter(4)?);
    let unbalanced = || format!("unbalanced braces in {}", super::super::display::quoted(template));
    let mut pattern = String::from("^");
    let (mut depth, mut inner) = (0_usize, String::new());
    for c in template.chars() {
        if c == open {
            if depth > 0 {
                inner.push(c);
            }
            depth += 1;
        } else if c == close {
            depth = depth.checked_sub(1).ok_or_else(unbalanced)?;
            if depth == 0 {
                pattern.push_str(&format!("({})", std::mem::take(&mut inner)));
            } else {
                inner.push(c);
            }
        } else if depth > 0 {
            inner.push(c);
        } else {
            pattern.push(c);
        }
    }
    if depth > 0 {
        return Err(unbalanced());
    }
    pattern.push('$');
    Ok(Value::Bool(compiled(&pattern)?.is_match(value)))
}
