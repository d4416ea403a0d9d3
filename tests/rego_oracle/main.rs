//! OPA's own answers to 2,039 programs, in both modes, against ours.
//!
//! A row agrees when both modes do: the same value, undefined where OPA is undefined, no answer where OPA has
//! none. `REGO_ORACLE=<group, id or class> cargo test --test rego_oracle -- --nocapture` shows rows that differ.
//! How the rows were made stands in `tests/data/rego_oracle/README.md`.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    reason = "a test binary"
)]

mod answer;

use std::collections::{BTreeMap, BTreeSet};

use answer::{Answer, Class};
use changegate::policy::engine::{Engine, EvalError, Input, Mode};
use changegate::policy::rego::{self, Dialect, Module};
use changegate::source::{Revision, Source, SourceId, Sources};
use serde_json::Value;

/// What is asked, as a rule of a module of its own.
const ANSWER: &str = "data.oracle_query.answer";

#[test]
fn opa_and_this_engine_agree() {
    let classes = classes(include_str!("../data/rego_oracle/cases.jsonl"));
    let count = |class| classes.get(&class).copied().unwrap_or_default();
    let total: usize = classes.values().sum();
    println!("{total} programs: {classes:?}");
    assert_eq!(total, 2039);
    assert!(count(Class::Agree) >= AGREE, "{classes:?}");
    assert_eq!(count(Class::Wrong), 0, "{classes:?}");
    assert!(count(Class::Lax) <= LAX, "{classes:?}");
}

/// Calls of the functions that came later, with arguments of all sorts, and declarations that hide a name.
#[test]
fn later_functions_agree() {
    let rows = [
        include_str!("../data/rego_oracle/builtins.jsonl"),
        include_str!("../data/rego_oracle/certificates.jsonl"),
        include_str!("../data/rego_oracle/scopes.jsonl"),
    ];
    let classes = classes(&rows.concat());
    let count = |class| classes.get(&class).copied().unwrap_or_default();
    println!("later functions: {classes:?}");
    assert!(count(Class::Agree) >= AGREE_LATER, "{classes:?}");
    assert_eq!(count(Class::Wrong) + count(Class::Lax), 0, "{classes:?}");
}

/// How many rows are of each class.
fn classes(rows: &str) -> BTreeMap<Class, usize> {
    let wanted = std::env::var("REGO_ORACLE").unwrap_or_default();
    let mut classes: BTreeMap<Class, usize> = BTreeMap::new();
    for line in rows.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let strict = ask(&row, Mode::Strict);
        let lenient = ask(&row, Mode::Lenient);
        let class = strict.class(&row, "").max(lenient.class(&row, "_nonstrict"));
        *classes.entry(class).or_default() += 1;
        let shown = [row["id"].as_str(), row["group"].as_str(), Some(class.name())];
        if class != Class::Agree && !wanted.is_empty() && (wanted == "all" || shown.contains(&Some(&wanted))) {
            println!("{} {}\n  {strict}\n  {lenient}\n{}", class.name(), row["id"], row);
        }
    }
    classes
}

/// Rows that must agree; raised with every class that is closed.
const AGREE: usize = 2016;
/// The same of the functions that came later; the others are refused.
const AGREE_LATER: usize = 1269;
/// Rows that may be answered although OPA refuses them.
const LAX: usize = 1;

fn ask(row: &Value, mode: Mode) -> Answer {
    let mut sources = Sources::default();
    let mut modules = Vec::new();
    let query = format!("package oracle_query\nanswer := value if value := {}\n", query(row));
    let texts = row["modules"].as_array().unwrap().iter();
    let texts = texts.map(|m| (m["path"].as_str().unwrap(), m["source"].as_str().unwrap()));
    for (path, text) in texts.chain([("query.rego", &*query)]) {
        let id = sources.add(Source::new(path, Revision::Head, text));
        match rego::parse(text, Dialect::V1) {
            Ok(module) => modules.push((id, module)),
            Err(fault) => return Answer::Refused(fault.message),
        }
    }
    match engine(row, mode, &sources, modules) {
        Ok(mut engine) => match engine.value(ANSWER) {
            Ok(Some(value)) => Answer::Value(value),
            Ok(None) => Answer::Undefined,
            Err(EvalError::Failed { message, .. }) => Answer::Error(message),
            Err(error) => Answer::Error(error.to_string()),
        },
        Err(message) => Answer::Refused(message),
    }
}

/// The query as a term; all of `data` without the query itself, which OPA does not see there.
fn query(row: &Value) -> String {
    let query = row["query"].as_str().unwrap();
    if query != "data" {
        return query.to_owned();
    }
    let sources = row["modules"].as_array().unwrap().iter().map(|m| m["source"].as_str().unwrap());
    let packages: BTreeSet<&str> =
        sources.filter_map(|s| s.strip_prefix("package ")?.split(['\n', '.']).next()).collect();
    let entries: Vec<String> = packages.iter().map(|p| format!("{p:?}: data.{p}")).collect();
    format!("{{{}}}", entries.join(", "))
}

fn engine(row: &Value, mode: Mode, sources: &Sources, modules: Vec<(SourceId, Module)>) -> Result<Engine, String> {
    let compiled = rego::compile(modules).map_err(|faults| faults[0].1.message.clone())?;
    let mut engine = Engine::with_mode(mode);
    if let Some((_, fault)) = engine.install(sources, compiled).pop() {
        return Err(fault.message);
    }
    if let Some(data) = row.get("data") {
        engine.add_data(data.clone())?;
    }
    if let Some(input) = row.get("input") {
        engine.set_input(Input::of(input)?);
    }
    Ok(engine)
}
