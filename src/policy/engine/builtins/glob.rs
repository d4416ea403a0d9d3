//! `glob.match` by the rules of the library behind OPA: `*` stops at a delimiter, `**` does not.

use regorus::Value;

use super::{Entry, at, text, wrong};

pub(super) const TABLE: &[Entry] = &[("glob.match", 3, matches)];

/// A part of a pattern.
#[derive(Clone, Debug)]
enum Part {
    Text(char),
    /// `?`.
    One,
    /// `*`.
    Some,
    /// `**`.
    Any,
    /// `[abc]`, `[a-z]`, `[!abc]`.
    Class(bool, Vec<(char, char)>),
    /// `{a,b}`.
    Either(Vec<Vec<Part>>),
}

/// Most steps of one match.
const MOST_STEPS: usize = 1_000_000;

fn matches(args: &[Value]) -> Result<Value, String> {
    let pattern: Vec<char> = text(args, 1)?.chars().collect();
    let subject: Vec<char> = text(args, 3)?.chars().collect();
    let delimiters: Vec<char> = match at(args, 2) {
        Value::Null => Vec::new(),
        Value::Array(items) if items.is_empty() => vec!['.'],
        Value::Array(items) => {
            let mut all = Vec::new();
            for item in items.iter() {
                let Value::String(text) = item else { return Err(wrong(2, "array of strings", item)) };
                let mut chars = text.chars();
                match (chars.next(), chars.next()) {
                    (Some(one), None) => all.push(one),
                    _ => return Err("operand 2 must be an array of single characters".to_owned()),
                }
            }
            all
        }
        other => return Err(wrong(2, "one of {null, array}", other)),
    };
    let (parts, rest) = read(&pattern, 0, false)?;
    if rest < pattern.len() {
        return Err("the pattern ends early".to_owned());
    }
    let mut matcher = Matcher { subject: &subject, delimiters: &delimiters, steps: 0 };
    let refs: Vec<&Part> = parts.iter().collect();
    matcher.run(&refs, 0).map(Value::Bool)
}

/// Parts up to the end, or to `,` and `}` inside of braces.
fn read(pattern: &[char], mut i: usize, inside: bool) -> Result<(Vec<Part>, usize), String> {
    let mut parts = Vec::new();
    while let Some(c) = pattern.get(i).copied() {
        match c {
            '\\' => {
                i += 1;
                parts.push(Part::Text(pattern.get(i).copied().ok_or("the pattern ends in an escape")?));
            }
            '*' => {
                let stars = pattern.iter().skip(i).take_while(|c| **c == '*').count();
                parts.push(if stars > 1 { Part::Any } else { Part::Some });
                i += stars - 1;
            }
            '?' => parts.push(Part::One),
            '[' => {
                let (class, end) = class(pattern, i + 1)?;
                parts.push(class);
                i = end;
            }
            '{' => {
                let mut all = Vec::new();
                loop {
                    let (option, end) = read(pattern, i + 1, true)?;
                    all.push(option);
                    i = end;
                    match pattern.get(i) {
                        Some(',') => {}
                        Some('}') => break,
                        _ => return Err("a brace is not closed".to_owned()),
                    }
                }
                parts.push(Part::Either(all));
            }
            ',' | '}' if inside => return Ok((parts, i)),
            c => parts.push(Part::Text(c)),
        }
        i += 1;
    }
    Ok((parts, i))
}

fn class(pattern: &[char], start: usize) -> Result<(Part, usize), String> {
    let bad = || "could not parse range".to_owned();
    let mut i = start;
    let negated = matches!(pattern.get(i), Some('!' | '^'));
    i += usize::from(negated);
    let mut ranges = Vec::new();
    loop {
        let c = pattern.get(i).copied().ok_or_else(bad)?;
        if c == ']' {
            return if ranges.is_empty() { Err(bad()) } else { Ok((Part::Class(negated, ranges), i)) };
        }
        if pattern.get(i + 1) == Some(&'-') && pattern.get(i + 2).is_some_and(|c| *c != ']') {
            let last = pattern.get(i + 2).copied().ok_or_else(bad)?;
            if last < c {
                return Err(bad());
            }
            ranges.push((c, last));
            i += 3;
        } else {
            ranges.push((c, c));
            i += 1;
        }
    }
}

struct Matcher<'a> {
    subject: &'a [char],
    delimiters: &'a [char],
    steps: usize,
}

impl Matcher<'_> {
    fn run(&mut self, parts: &[&Part], at: usize) -> Result<bool, String> {
        self.steps += 1;
        if self.steps > MOST_STEPS {
            return Err(format!("{}the pattern takes too many steps", super::LIMIT));
        }
        let Some((first, rest)) = parts.split_first() else { return Ok(at == self.subject.len()) };
        let next = self.subject.get(at).copied();
        let free = next.filter(|c| !self.delimiters.contains(c));
        match first {
            Part::Text(c) => {
                if next == Some(*c) {
                    self.run(rest, at + 1)
                } else {
                    Ok(false)
                }
            }
            Part::One => {
                if free.is_some() {
                    self.run(rest, at + 1)
                } else {
                    Ok(false)
                }
            }
            Part::Class(negated, ranges) => {
                let inside = free.map(|c| ranges.iter().any(|(a, z)| (*a..=*z).contains(&c)) != *negated);
                if inside == Some(true) { self.run(rest, at + 1) } else { Ok(false) }
            }
            Part::Some | Part::Any => {
                if self.run(rest, at)? {
                    return Ok(true);
                }
                let step = if matches!(first, Part::Any) { next.is_some() } else { free.is_some() };
                if step { self.run(parts, at + 1) } else { Ok(false) }
            }
            Part::Either(options) => {
                for option in options {
                    let whole: Vec<&Part> = option.iter().chain(rest.iter().copied()).collect();
                    if self.run(&whole, at)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
        }
    }
}
