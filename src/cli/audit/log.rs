//! `audit log` and `audit show`.

use std::collections::VecDeque;
use std::fmt::Write;

use changegate::audit::Entry;
use changegate::audit::query;
use changegate::audit::reading::Reading;
use changegate::finding::Diagnostic;
use serde_json::{Value, json};

use super::{Answer, Format, LogArgs, Place, shown, text};

/// Columns of the table: heading and width; the last takes what it needs.
const COLUMNS: [(&str, usize); 8] =
    [("INDEX", 6), ("WHEN", 20), ("KIND", 9), ("STAGE", 12), ("VERDICT", 9), ("DECISION", 9), ("WHO", 22), ("WHAT", 0)];

pub(super) fn list(place: &Place, args: &LogArgs) -> Result<Answer, Diagnostic> {
    let mut latest: VecDeque<Reading> = VecDeque::new();
    let listed = query::each(&*place.store, &args.filter.filter(), &mut |reading| {
        latest.push_back(reading);
        if args.limit.is_some_and(|limit| latest.len() > limit) {
            latest.pop_front();
        }
    });
    let mut out = String::new();
    match args.format {
        Format::Json => latest.iter().for_each(|reading| {
            let _ = writeln!(out, "{}", json!({"index": reading.index, "statement": reading.statement}));
        }),
        Format::Pretty if latest.is_empty() => out.push_str("no records\n"),
        Format::Pretty => {
            let head = COLUMNS.map(|(heading, _)| heading.to_owned());
            out.push_str(&row(&head));
            latest.iter().for_each(|reading| out.push_str(&row(&cells(reading))));
        }
    }
    // What stands before the damage is still worth reading, but never a success.
    match listed {
        Ok(()) => Ok(text(out)),
        Err(fault) => Ok(Answer { stdout: out.into_bytes(), ..super::fault(&fault) }),
    }
}

fn cells(reading: &Reading) -> [String; 8] {
    let word = |pointer: &str| reading.text(pointer).unwrap_or("-").to_owned();
    let when = reading.at_instant().map_or_else(|| "-".into(), |at| at.strftime("%Y-%m-%d %H:%M:%SZ").to_string());
    let who = ["/who/login", "/who/email", "/who/id"].into_iter().find_map(|p| reading.text(p)).unwrap_or("-");
    let who = reading.text("/who/assurance").map_or_else(|| who.to_owned(), |a| format!("{who} ({a})"));
    [
        reading.index.to_string(),
        when,
        reading.kind().to_owned(),
        word("/stage"),
        word("/verdict"),
        word("/decision"),
        who,
        what(reading),
    ]
}

/// The change, the failed policies, or why it was done.
fn what(reading: &Reading) -> String {
    let failed = reading.list("/why").iter().filter(|p| stands(p)).filter_map(|p| p["id"].as_str());
    let failed = failed.collect::<Vec<_>>().join(" ");
    let kind = reading.kind();
    let of_kind = |names: &[&str]| names.iter().find_map(|m| reading.text(&format!("/{kind}/{m}")));
    let subject = reading.text("/what/change").or_else(|| of_kind(&["change", "reason", "policy"]));
    let subject = subject.or_else(|| reading.text("/where/branch"));
    let by = of_kind(&["login", "freeze", "resource"]);
    [subject, by, Some(&failed)].into_iter().flatten().collect::<Vec<_>>().join(" ").trim().to_owned()
}

/// Whether a policy failed and more than a note came of it.
fn stands(policy: &Value) -> bool {
    let mut findings = policy["findings"].as_array().into_iter().flatten();
    policy["verdict"] == "fail" && findings.any(|f| f["result"] == "fail" && f["enforcement"] != "advisory")
}

fn row(cells: &[String; 8]) -> String {
    let mut line = String::new();
    for (cell, (_, width)) in cells.iter().zip(COLUMNS) {
        let _ = write!(line, "{:<width$}  ", shown(cell));
    }
    format!("{}\n", line.trim_end())
}

pub(super) fn show(place: &Place, id: &str, format: Format) -> Result<Answer, Diagnostic> {
    let (index, entry) = query::one(&*place.store, id)?;
    let Entry::Leaf(leaf) = entry else {
        return Ok(text(format!("record {index} was pruned; its leaf hash is {}\n", entry.hash())));
    };
    let Some(mut reading) = Reading::of(index, &leaf) else {
        return Err(Diagnostic::error("audit::tampered", format!("record {index} is not a statement"))
            .in_file(place.store.name())
            .help("run `changegate audit verify`"));
    };
    query::complete(&*place.store, &mut reading)?;
    Ok(text(match format {
        Format::Json => format!("{}\n", json!({"index": index, "statement": reading.statement})),
        Format::Pretty => page(&reading),
    }))
}

fn page(reading: &Reading) -> String {
    let mut out = format!("record {} · {} · {}\n\n", reading.index, reading.kind(), shown(reading.id()));
    let empty = Value::Null;
    let predicate = reading.statement.get("predicate").unwrap_or(&empty);
    member(&mut out, "subject", reading.statement.get("subject").unwrap_or(&empty), 0);
    for (name, value) in predicate.as_object().into_iter().flatten() {
        match name.as_str() {
            "id" | "kind" => {}
            "why" => policies(&mut out, value),
            _ => member(&mut out, name, value, 0),
        }
    }
    if reading.envelope.as_ref().is_some_and(changegate::audit::dsse::Envelope::is_signed) {
        out.push_str("signed: yes (check it with `changegate audit verify --key KEY`)\n");
    }
    out
}

/// Policies that found something in full, the others by their ids.
fn policies(out: &mut String, why: &Value) {
    let all = || why.as_array().into_iter().flatten();
    let found = |policy: &&Value| policy["findings"].as_array().is_some_and(|findings| !findings.is_empty());
    out.push_str("why:\n");
    for policy in all().filter(found) {
        member(out, &scalar(&policy["id"]), policy, 1);
    }
    for (verdict, heading) in [("pass", "passed"), ("not_applicable", "did not apply")] {
        let ids = all().filter(|p| !found(p) && p["verdict"] == verdict).map(|p| scalar(&p["id"]));
        let ids: Vec<String> = ids.collect();
        if !ids.is_empty() {
            let _ = writeln!(out, "  {heading} ({}): {}", ids.len(), ids.join(" "));
        }
    }
}

/// Whether nothing in a value is worth a line.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.values().all(is_empty),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Writes a value as indented lines; what is null or empty is left out.
fn member(out: &mut String, name: &str, value: &Value, depth: usize) {
    let indent = "  ".repeat(depth);
    match value {
        value if is_empty(value) => {}
        Value::Array(items) if items.iter().all(|i| !i.is_object() && !i.is_array()) => {
            let items: Vec<String> = items.iter().map(scalar).collect();
            let _ = writeln!(out, "{indent}{}: {}", shown(name), items.join(", "));
        }
        Value::Array(items) => {
            let _ = writeln!(out, "{indent}{}:", shown(name));
            for (n, item) in items.iter().enumerate() {
                member(out, &format!("{}", n + 1), item, depth + 1);
            }
        }
        Value::Object(members) => {
            let _ = writeln!(out, "{indent}{}:", shown(name));
            members.iter().for_each(|(name, value)| member(out, name, value, depth + 1));
        }
        _ => {
            let _ = writeln!(out, "{indent}{}: {}", shown(name), scalar(value));
        }
    }
}

fn scalar(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), shown)
}
