//! `regex.globs_match`: whether some text matches two globs of characters, `.`, `[a-z]`, `+` and `*`.
//!
//! OPA's library goes over some pairs that do have a text in common. Where its search finds one, and where there is none
//! at all, the answer is certain; between the two it is refused.

use std::collections::BTreeSet;

use regorus::Value;

use super::{Entry, LIMIT, text};

pub(super) const TABLE: &[Entry] = &[("regex.globs_match", 2, globs_match)];

/// Longest glob, in characters: the search is a recursion over them.
const LONGEST: usize = 256;

/// Most steps of the search.
const MOST_STEPS: usize = 1_000_000;

/// Which characters a part takes.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Symbol {
    Any,
    One(BTreeSet<char>),
}

impl Symbol {
    fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::One(a), Self::One(b)) => !a.is_disjoint(b),
            _ => true,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Times {
    Once,
    Plus,
    Star,
}

#[derive(Clone, Debug)]
struct Part {
    symbol: Symbol,
    times: Times,
}

fn globs_match(args: &[Value]) -> Result<Value, String> {
    let (left, right) = (parts(text(args, 1)?)?, parts(text(args, 2)?)?);
    let mut search = Search { steps: 0 };
    if search.trimmed(&simplified(left.clone()), &simplified(right.clone()))? {
        return Ok(Value::Bool(true));
    }
    if common(&unrolled(&left), &unrolled(&right)) {
        return Err(format!("{LIMIT}it is not certain whether OPA finds what these globs have in common"));
    }
    Ok(Value::Bool(false))
}

/// The parts of a glob.
fn parts(glob: &str) -> Result<Vec<Part>, String> {
    if glob.chars().nth(LONGEST).is_some() {
        return Err(format!("{LIMIT}a glob has more than {LONGEST} characters"));
    }
    let mut rest = glob.chars().peekable();
    let mut found = Vec::new();
    while let Some(c) = rest.next() {
        let symbol = match c {
            '.' => Symbol::Any,
            '[' => Symbol::One(class(&mut rest)?),
            '\\' => Symbol::One([rest.next().ok_or_else(|| invalid("it ends with a \\"))?].into()),
            ']' => return Err(invalid("']' with no preceding '['")),
            '+' | '*' => return Err(invalid("a flag must be preceded by a non-flag")),
            c => Symbol::One([c].into()),
        };
        let times = match rest.next_if(|c| matches!(c, '+' | '*')) {
            Some('+') => Times::Plus,
            Some(_) => Times::Star,
            None => Times::Once,
        };
        found.push(Part { symbol, times });
    }
    Ok(found)
}

fn invalid(why: &str) -> String {
    format!("the input provided is invalid: {why}")
}

/// What stands between `[` and `]`.
fn class(rest: &mut impl Iterator<Item = char>) -> Result<BTreeSet<char>, String> {
    let (mut found, mut previous) = (BTreeSet::new(), None);
    loop {
        match rest.next().ok_or_else(|| invalid("'[' without a matching ']'"))? {
            ']' => return Ok(found),
            '-' => {
                let from: char = previous.take().ok_or_else(|| invalid("'-' must be preceded by a character"))?;
                let to = match rest.next() {
                    Some('\\') => rest.next(),
                    Some(']' | '-') => None,
                    other => other,
                };
                let to =
                    to.filter(|to| *to >= from).ok_or_else(|| invalid("a range without an end, or out of order"))?;
                if u32::from(to) - u32::from(from) > 0xffff {
                    return Err(format!("{LIMIT}a range of a glob has more than 65,536 characters"));
                }
                found.extend(from..=to);
            }
            c => {
                let c = if c == '\\' { rest.next().ok_or_else(|| invalid("it ends with a \\"))? } else { c };
                found.insert(c);
                previous = Some(c);
            }
        }
    }
}

/// Equal neighbours that repeat are one part.
fn simplified(parts: Vec<Part>) -> Vec<Part> {
    let mut found: Vec<Part> = Vec::new();
    for part in parts {
        match found.last_mut() {
            Some(last) if last.times != Times::Once && part.times != Times::Once && last.symbol == part.symbol => {
                if part.times == Times::Plus {
                    last.times = Times::Plus;
                }
            }
            _ => found.push(part),
        }
    }
    found
}

/// A search as OPA's library does it.
struct Search {
    steps: usize,
}

impl Search {
    /// Compares plain beginnings and ends first.
    fn trimmed(&mut self, left: &[Part], right: &[Part]) -> Result<bool, String> {
        let plain = |(a, b): &(&Part, &Part)| a.times == Times::Once && b.times == Times::Once;
        let meet = |(a, b): (&Part, &Part)| a.symbol.meets(&b.symbol);
        let starts: Vec<_> = left.iter().zip(right).take_while(plain).collect();
        let ends: Vec<_> = left.iter().rev().zip(right.iter().rev()).take_while(plain).collect();
        Ok(starts.into_iter().all(meet) && ends.into_iter().all(meet) && self.normal(left, right)?)
    }

    fn normal(&mut self, left: &[Part], right: &[Part]) -> Result<bool, String> {
        self.steps += 1;
        if self.steps > MOST_STEPS {
            return Err(format!("{LIMIT}the globs repeat too much to be compared"));
        }
        let mut both = (left, right);
        while let ([a, left @ ..], [b, right @ ..]) = both {
            return match (a.times, b.times) {
                (Times::Once, Times::Once) if a.symbol.meets(&b.symbol) => {
                    both = (left, right);
                    continue;
                }
                (Times::Once, Times::Once) => Ok(false),
                (Times::Once, _) => self.repeated(both.1, both.0),
                (_, Times::Once) => self.repeated(both.0, both.1),
                _ => Ok(self.repeated(both.0, both.1)? || (a.symbol.meets(&b.symbol) && self.repeated(both.1, both.0)?)),
            };
        }
        Ok(both.0.is_empty() && both.1.is_empty())
    }

    /// The first part of `repeating` takes as much as it can of the other.
    fn repeated(&mut self, repeating: &[Part], mut other: &[Part]) -> Result<bool, String> {
        let Some((first, after)) = repeating.split_first() else { return Ok(other.is_empty()) };
        if let (Times::Plus, [taken, rest @ ..]) = (first.times, other) {
            if !first.symbol.meets(&taken.symbol) {
                return Ok(false);
            }
            other = rest;
        }
        while let [taken, rest @ ..] = other {
            let next = after.first().is_some_and(|next| next.symbol.meets(&taken.symbol));
            if next && self.normal(after, other)? {
                return Ok(true);
            }
            if !first.symbol.meets(&taken.symbol) {
                return Ok(false);
            }
            other = rest;
        }
        Ok(after.is_empty())
    }
}

/// `a+` is `aa*`.
fn unrolled(parts: &[Part]) -> Vec<(&Symbol, bool)> {
    let unrolled = parts.iter().flat_map(|part| {
        let once = (part.times != Times::Star).then_some((&part.symbol, false));
        let more = (part.times != Times::Once).then_some((&part.symbol, true));
        once.into_iter().chain(more)
    });
    unrolled.collect()
}

/// Whether a text that is not empty matches both: a walk over pairs of places.
fn common(left: &[(&Symbol, bool)], right: &[(&Symbol, bool)]) -> bool {
    let (mut seen, mut open) = (BTreeSet::new(), vec![(0, 0, false)]);
    while let Some((i, j, taken)) = open.pop() {
        if !seen.insert((i, j, taken)) {
            continue;
        }
        let (a, b) = (left.get(i), right.get(j));
        if taken && a.is_none() && b.is_none() {
            return true;
        }
        open.extend(a.filter(|(_, star)| *star).map(|_| (i + 1, j, taken)));
        open.extend(b.filter(|(_, star)| *star).map(|_| (i, j + 1, taken)));
        if let (Some((a, stay)), Some((b, wait))) = (a, b)
            && a.meets(b)
        {
            open.push((i + usize::from(!stay), j + usize::from(!wait), true));
        }
    }
    false
}
