//! Terraform's own answers to 1,131 expressions, compared with ours.
//!
//! `tests/data/terraform_oracle/expressions.jsonl` holds what terraform 1.11.4 said; every expression is
//! evaluated in the module `ctx/`. `cargo test --test terraform_expressions -- --nocapture` prints the figures.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_macros,
    clippy::print_stdout,
    clippy::semicolon_if_nothing_returned,
    reason = "a test that panics has failed, as it should, and its figures are for people"
)]

mod terraform_oracle;

use std::collections::BTreeMap;

use serde::Deserialize;
use terraform_oracle::answer::{Answer, Marked};
use terraform_oracle::module::Module;

/// One line of the file.
#[derive(Deserialize)]
struct Row {
    id: String,
    expr: String,
    value: Option<serde_json::Value>,
    #[serde(rename = "type")]
    ty: Option<serde_json::Value>,
    unknown: Option<serde_json::Value>,
    sensitive: Option<serde_json::Value>,
    error: Option<String>,
    #[serde(default)]
    note: String,
}

/// How one row compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// The same value, type, unknown and sensitive parts.
    Equal,
    /// Refused by both, ours with a place.
    Refused,
    /// Terraform evaluates and then fails for a reason of its own.
    NotComparable,
    /// We know less than terraform: a part is unknown.
    KnowsLess,
    /// A part is refused that terraform evaluates.
    RefusesMore,
    /// Terraform refuses and our value is unknown.
    Undecided,
    /// Something else differs.
    Differs,
    /// We claim a known value that terraform does not have.
    Claims,
}

/// Rows that may differ, each with its reason.
const ALLOWED: &[(&str, &str)] = &[
    ("fn.base64gzip.002", "the bytes are those of Go's compressor, which differ from release to release: unknown"),
    ("fn.base64gzip.005", "as above, and so its length"),
    ("lang.logic.012", "`false && null` is false since terraform 1.12"),
    ("lang.unknown.020", "`false && unknown` is false since terraform 1.12"),
    ("lang.literals.019", "the parser refuses literals beyond a double: 1e1000 is a diagnostic, not a wrong number"),
];

fn rows() -> Vec<Row> {
    let text = std::fs::read_to_string("tests/data/terraform_oracle/expressions.jsonl").unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn compare(row: &Row, answer: &Answer) -> Outcome {
    match (row.error.as_deref(), answer) {
        (Some("Failed to write plan file"), _) => Outcome::NotComparable,
        (Some(_), Answer::Refused { has_place: true, .. }) => Outcome::Refused,
        (Some(_), Answer::Refused { .. }) => Outcome::Differs,
        (Some(_), Answer::Value(value)) if value.is_wholly_unknown() => Outcome::Undecided,
        (Some(_), Answer::Value(_)) => Outcome::Claims,
        (None, Answer::Refused { .. }) => Outcome::RefusesMore,
        (None, Answer::Value(value)) => compare_values(row, value),
    }
}

fn compare_values(row: &Row, ours: &Marked) -> Outcome {
    let unknown = Marked::paths(row.unknown.as_ref());
    let sensitive = Marked::paths(row.sensitive.as_ref());
    let theirs = row.value.clone().unwrap_or_default();
    let same = ours.json() == terraform_oracle::answer::text(&theirs) && Some(ours.ty()) == row.ty;
    match () {
        () if ours.unknown() == unknown && same && ours.sensitive() == sensitive => Outcome::Equal,
        () if !unknown.iter().all(|path| ours.unknown().iter().any(|own| path.starts_with(own))) => Outcome::Claims,
        () if ours.unknown() != unknown => Outcome::KnowsLess,
        () if ours.json() != terraform_oracle::answer::text(&theirs) => Outcome::Claims,
        () => Outcome::Differs,
    }
}

#[test]
fn expressions_have_the_values_that_terraform_gives_them() {
    let module = Module::load("tests/data/terraform_oracle/ctx");
    let mut counts: BTreeMap<Outcome, usize> = BTreeMap::new();
    let mut surprises = Vec::new();
    let (mut values, mut errors) = (0, 0);
    for row in rows() {
        let answer = module.evaluate(&row.expr);
        let outcome = compare(&row, &answer);
        *counts.entry(outcome).or_default() += 1;
        if row.error.is_some() {
            errors += 1
        } else {
            values += 1
        }
        let fine = matches!(outcome, Outcome::Equal | Outcome::Refused | Outcome::NotComparable);
        let allowed = ALLOWED.iter().any(|(id, _)| *id == row.id);
        if fine == allowed {
            let theirs = row.error.clone().unwrap_or_else(|| {
                format!("{} {:?} {:?} {:?}", row.value.clone().unwrap_or_default(), row.ty, row.unknown, row.sensitive)
            });
            surprises.push(format!(
                "{} {outcome:?}: {}\n    ours {answer}\n    terraform {theirs} {}",
                row.id, row.expr, row.note
            ));
        }
    }
    println!("{values} values, {errors} errors: {counts:?}");
    println!("{}", surprises.join("\n"));
    assert!(surprises.is_empty(), "{} rows differ", surprises.len());
}
