//! CIDR ranges, as Go's `net` reads them.

use std::collections::BTreeSet;
use std::net::IpAddr;

use regorus::Value;

use super::{Entry, LIMIT, array, at, kind, set, string, text, wrong};

pub(super) const TABLE: &[Entry] = &[
    ("net.cidr_contains", 2, contains),
    ("net.cidr_overlap", 2, contains),
    ("net.cidr_intersects", 2, intersects),
    ("net.cidr_is_valid", 1, is_valid),
    ("net.cidr_contains_matches", 2, contains_matches),
    ("net.cidr_merge", 1, merge),
    ("net.cidr_expand", 1, expand),
];

/// Most addresses that a range is expanded into.
const MOST_ADDRESSES: u128 = 1 << 16;

/// Most pairs that are compared.
const MOST_PAIRS: usize = 4_000_000;

/// A range: family, first address, bits of the prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Cidr {
    v6: bool,
    first: u128,
    prefix: u32,
}

impl Cidr {
    fn read(text: &str) -> Result<Self, String> {
        let bad = || format!("invalid CIDR address: {text}");
        let (address, prefix) = text.split_once('/').ok_or_else(bad)?;
        let (v6, address) = number(address).ok_or_else(bad)?;
        let plain = !prefix.is_empty() && prefix.len() <= 3 && prefix.bytes().all(|b| b.is_ascii_digit());
        let prefix = prefix.parse().ok().filter(|n| plain && *n <= bits(v6)).ok_or_else(bad)?;
        Ok(Self { v6, first: address & !Self::rest(v6, prefix), prefix })
    }

    /// A range, or a single address.
    fn read_any(text: &str) -> Result<Self, String> {
        match number(text) {
            Some((v6, first)) => Ok(Self { v6, first, prefix: bits(v6) }),
            None => Self::read(text),
        }
    }

    fn rest(v6: bool, prefix: u32) -> u128 {
        match bits(v6) - prefix {
            128 => u128::MAX,
            n => (1 << n) - 1,
        }
    }

    fn last(&self) -> u128 {
        self.first | Self::rest(self.v6, self.prefix)
    }

    fn contains(&self, other: &Self) -> bool {
        self.v6 == other.v6 && self.first <= other.first && other.last() <= self.last()
    }

    fn shown(&self) -> String {
        format!("{}/{}", address(self.v6, self.first), self.prefix)
    }
}

fn bits(v6: bool) -> u32 {
    if v6 { 128 } else { 32 }
}

fn number(text: &str) -> Option<(bool, u128)> {
    match text.parse::<IpAddr>().ok()? {
        IpAddr::V4(v4) => Some((false, u128::from(u32::from(v4)))),
        IpAddr::V6(v6) => Some((true, u128::from(v6))),
    }
}

fn address(v6: bool, number: u128) -> String {
    if v6 {
        return IpAddr::V6(number.into()).to_string();
    }
    IpAddr::V4(u32::try_from(number).unwrap_or(u32::MAX).into()).to_string()
}

fn contains(args: &[Value]) -> Result<Value, String> {
    let (outer, inner) = (Cidr::read(text(args, 1)?)?, Cidr::read_any(text(args, 2)?)?);
    Ok(Value::Bool(outer.contains(&inner)))
}

fn intersects(args: &[Value]) -> Result<Value, String> {
    for position in [1, 2] {
        if !matches!(at(args, position), Value::String(_)) {
            return Err(wrong(position, "string", at(args, position)));
        }
    }
    let (a, b) = (Cidr::read(text(args, 1)?)?, Cidr::read(text(args, 2)?)?);
    Ok(Value::Bool(a.contains(&b) || b.contains(&a)))
}

fn is_valid(args: &[Value]) -> Result<Value, String> {
    Ok(Value::Bool(matches!(at(args, 1), Value::String(text) if Cidr::read(text).is_ok())))
}

/// Pairs of keys whose ranges contain each other.
fn contains_matches(args: &[Value]) -> Result<Value, String> {
    let (outer, inner) = (keyed(args, 1)?, keyed(args, 2)?);
    if outer.len().saturating_mul(inner.len()) > MOST_PAIRS {
        return Err(format!("{LIMIT}more than {MOST_PAIRS} pairs of ranges"));
    }
    let mut outer_ranges = Vec::new();
    for (key, text) in outer {
        outer_ranges.push((key, Cidr::read_any(&text)?));
    }
    let mut found = Vec::new();
    for (other, text) in inner {
        let range = Cidr::read_any(&text)?;
        let pairs = outer_ranges.iter().filter(|(_, outer)| outer.contains(&range));
        found.extend(pairs.map(|(key, _)| array([key.clone(), other.clone()])));
    }
    Ok(set(found))
}

/// Each range with what stands for it in the answer: its index, its key, or itself.
fn keyed(args: &[Value], position: usize) -> Result<Vec<(Value, String)>, String> {
    let range = |value: &Value| match value {
        Value::String(text) => Ok(text.to_string()),
        Value::Array(items) => match items.get(0) {
            Some(Value::String(text)) => Ok(text.to_string()),
            _ => Err(format!("operand {position}: element must be string")),
        },
        other => Err(format!("operand {position}: element must be string or array but got {}", kind(other))),
    };
    match at(args, position) {
        text @ Value::String(_) => Ok(vec![(text.clone(), range(text)?)]),
        Value::Array(items) => items.iter().enumerate().map(|(i, v)| Ok((Value::from(i), range(v)?))).collect(),
        Value::Set(items) => items.iter().map(|v| Ok((v.clone(), range(v)?))).collect(),
        Value::Object(entries) => entries.iter_sorted().map(|(k, v)| Ok((k.clone(), range(v)?))).collect(),
        other => {
            Err(format!("operand {position} must be one of {{string, array, set, object}} but got {}", kind(other)))
        }
    }
}

/// The fewest ranges that hold the same addresses.
fn merge(args: &[Value]) -> Result<Value, String> {
    let items = super::members(at(args, 1)).ok_or("operand must be an array")?;
    let mut ranges = BTreeSet::new();
    for item in &items {
        let Value::String(text) = item else { return Err("element must be string".to_owned()) };
        ranges.insert(match number(text) {
            Some((true, _)) => return Err("IPv6 invalid: needs prefix length".to_owned()),
            Some((false, first)) => default_range(first),
            None => Cidr::read(text)?,
        });
    }
    loop {
        let all: Vec<Cidr> = ranges.iter().copied().collect();
        let before = ranges.len();
        let mut kept: Vec<Cidr> = Vec::new();
        for range in all {
            if kept.last().is_some_and(|last| last.contains(&range)) {
                continue;
            }
            kept.push(range);
            while let [.., a, b] = kept.as_slice()
                && let Some(joined) = joined(a, b)
            {
                kept.truncate(kept.len() - 2);
                kept.push(joined);
            }
        }
        ranges = kept.into_iter().collect();
        if ranges.len() == before {
            return Ok(set(ranges.iter().map(|range| string(range.shown()))));
        }
    }
}

/// Go's default mask of an IPv4 address without one.
fn default_range(first: u128) -> Cidr {
    let prefix = match first >> 24 {
        0..=127 => 8,
        128..=191 => 16,
        _ => 24,
    };
    Cidr { v6: false, first: first & !Cidr::rest(false, prefix), prefix }
}

/// The range of two halves.
fn joined(a: &Cidr, b: &Cidr) -> Option<Cidr> {
    let prefix = a.prefix.checked_sub(1)?;
    let whole = Cidr { v6: a.v6, first: a.first & !Cidr::rest(a.v6, prefix), prefix };
    let halves = a.v6 == b.v6 && a.prefix == b.prefix && a.first == whole.first && b.last() == whole.last();
    (halves && a.first != b.first).then_some(whole)
}

fn expand(args: &[Value]) -> Result<Value, String> {
    let range = Cidr::read(text(args, 1)?)?;
    let count = range.last() - range.first;
    if count >= MOST_ADDRESSES {
        return Err(format!("{LIMIT}{} holds more than {MOST_ADDRESSES} addresses", range.shown()));
    }
    Ok(set((range.first..=range.last()).map(|n| string(address(range.v6, n)))))
}
