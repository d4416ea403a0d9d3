//! `csvdecode`: as strict as Go's `encoding/csv`, where a stray quote is an error.
//!
//! <https://developer.hashicorp.com/terraform/language/functions/csvdecode>

use std::collections::BTreeMap;
use std::sync::Arc;

use super::call::{Context, arity, text};
use super::{Function, Parameter, Refusal, Shape};
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::Value;

pub(super) static CSVDECODE: Function = Function::generic(
    "csvdecode",
    &[Parameter::new("str", Shape::String)],
    |_| Ok(Type::Dynamic),
    |args, context| csvdecode(text(args.first().ok_or_else(arity)?), context),
);

fn csvdecode(text: &str, context: &Context) -> Result<Value, Refusal> {
    context.spend(text.len())?;
    let mut reader = Reader { lines: text.split_inclusive('\n'), line: 0 };
    let header = reader.record()?.ok_or_else(|| Refusal::new("missing header line"))?;
    let names: Vec<Arc<str>> = header.fields.into_iter().map(Arc::from).collect();
    let mut seen = std::collections::HashSet::new();
    if let Some(twice) = names.iter().find(|name| !seen.insert(Arc::clone(name))) {
        return Err(Refusal::new(format!("duplicate column name {twice:?}")));
    }
    let mut rows = Vec::new();
    while let Some(record) = reader.record()? {
        if record.fields.len() != names.len() {
            return Err(fault(record.line, "wrong number of fields"));
        }
        let cells: BTreeMap<Arc<str>, Value> =
            names.iter().cloned().zip(record.fields.iter().map(|field| Value::string(field))).collect();
        rows.push(Value::object(cells));
    }
    let row = Type::object(names.into_iter().map(|name| (name, Type::String)));
    Ok(Value::list(row, rows))
}

fn fault(line: usize, why: &str) -> Refusal {
    Refusal::new(format!("CSV parse error on line {line}: {why}"))
}

struct Record {
    fields: Vec<String>,
    line: usize,
}

struct Reader<'a> {
    lines: std::str::SplitInclusive<'a, char>,
    /// The line read last, counted from 1.
    line: usize,
}

impl<'a> Reader<'a> {
    fn next_line(&mut self) -> Option<(&'a str, &'static str)> {
        let line = self.lines.next()?;
        self.line += 1;
        Some(match line.strip_suffix("\r\n").or_else(|| line.strip_suffix('\n')) {
            Some(content) => (content, "\n"),
            None => (line.strip_suffix('\r').unwrap_or(line), ""),
        })
    }

    /// The next record; empty lines are none.
    fn record(&mut self) -> Result<Option<Record>, Refusal> {
        let (mut rest, mut end) = loop {
            match self.next_line() {
                None => return Ok(None),
                Some(("", "\n")) => {}
                Some(("", _)) => return Ok(None),
                Some(found) => break found,
            }
        };
        let line = self.line;
        let mut fields = Vec::new();
        loop {
            let Some(quoted) = rest.strip_prefix('"') else {
                let (field, more) = rest.split_once(',').map_or((rest, None), |(field, more)| (field, Some(more)));
                if field.contains('"') {
                    return Err(fault(self.line, "bare \" in non-quoted-field"));
                }
                fields.push(field.to_owned());
                match more {
                    Some(more) => rest = more,
                    None => return Ok(Some(Record { fields, line })),
                }
                continue;
            };
            let (field, more) = self.quoted(quoted, &mut end)?;
            fields.push(field);
            match more.strip_prefix(',') {
                Some(more) => rest = more,
                None if more.is_empty() => return Ok(Some(Record { fields, line })),
                None => return Err(fault(self.line, "extraneous or missing \" in quoted-field")),
            }
        }
    }

    /// A field behind its opening quote, and what follows the closing one.
    fn quoted(&mut self, mut rest: &'a str, end: &mut &'static str) -> Result<(String, &'a str), Refusal> {
        let mut field = String::new();
        loop {
            match rest.split_once('"') {
                Some((part, behind)) => {
                    field.push_str(part);
                    match behind.strip_prefix('"') {
                        Some(behind) => {
                            field.push('"');
                            rest = behind;
                        }
                        None => return Ok((field, behind)),
                    }
                }
                None => {
                    field.push_str(rest);
                    field.push_str(end);
                    (rest, *end) =
                        self.next_line().ok_or_else(|| fault(self.line, "extraneous or missing \" in quoted-field"))?;
                }
            }
        }
    }
}
