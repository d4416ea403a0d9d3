//! The compliance matrix: control, policies, evaluations, pass rate, waivers, overrides, last proof, gaps.

use minijinja::value::{Serde, Value};
use serde::Serialize;

use super::Format;
use super::template::Page;
use crate::audit::export;
use crate::metrics::controls::{Control, Evidence, Matrix};
use crate::metrics::statistics::FEWEST;

const PAGE: Page =
    Page { html: include_str!("../templates/controls.html"), markdown: include_str!("../templates/controls.md") };

const COLUMNS: &str = "framework,control,policies,decisions,evaluations,passed,failed,unknown,waived,overridden,last_record,assessed,gaps,answers,decisions_at_most";

/// What the columns count.
const WORDS: &str = "Evaluations are the resources and changes that were looked at. Passed and what follows count answers, \
                     one of each policy in each decision; those of several policies about one decision are not \
                     independent and have no interval. Decisions stand as “12 to 15” where it is not known how often \
                     policies applied together.";

#[derive(Serialize)]
struct Report<'a> {
    words: &'static str,
    made_at: String,
    since: String,
    trail: &'a str,
    decisions: u64,
    pruned: u64,
    open: usize,
    all: usize,
    frameworks: Vec<Section<'a>>,
    policies: Vec<Row>,
}

#[derive(Serialize)]
struct Section<'a> {
    anchor: String,
    name: &'a str,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    name: String,
    about: String,
    policies: Vec<String>,
    cells: Vec<String>,
    gaps: String,
}

/// The report.
///
/// # Errors
///
/// What the template engine says; a fault of this program, never of the input.
pub fn render(matrix: &Matrix, format: Format) -> Result<String, minijinja::Error> {
    let controls = || matrix.frameworks.iter().flat_map(|f| &f.controls);
    let row = |c: &Control| {
        let mut cells = counts(&c.evidence);
        // That it never was is a gap.
        if let (Some(assessed), Some(proof)) = (&c.assessed, cells.last_mut()) {
            *proof = format!("{proof}; assessed {assessed}");
        }
        Row {
            name: c.control.clone(),
            about: String::new(),
            policies: c.policies.clone(),
            cells: cells.into(),
            gaps: c.gaps.join("; "),
        }
    };
    let sections = matrix.frameworks.iter().map(|f| Section {
        anchor: f.id.to_lowercase(),
        name: &f.name,
        rows: f.controls.iter().map(row).collect(),
    });
    let report = Report {
        words: WORDS,
        made_at: matrix.now.strftime("%-d %b %Y, %H:%M UTC").to_string(),
        since: matrix.since.map_or_else(|| "the first record".into(), |at| at.strftime("%-d %b %Y").to_string()),
        trail: &matrix.trail,
        decisions: matrix.decisions,
        pruned: matrix.pruned,
        open: controls().filter(|c| c.evidence.decisions == 0).count(),
        all: controls().count(),
        frameworks: sections.collect(),
        policies: matrix
            .policies
            .iter()
            .map(|p| Row {
                name: p.id.clone(),
                about: p.title.clone(),
                policies: Vec::new(),
                cells: counts(&p.evidence).into(),
                gaps: p.gaps.join("; "),
            })
            .collect(),
    };
    PAGE.render(format, minijinja::context! { report => Value::from(Serde(&report)) })
}

/// Decisions, evaluations, pass rate, failures, what could not be told, waivers, overrides, last proof.
fn counts(e: &Evidence) -> [String; 8] {
    let counted = format!("{} of {}", e.passed.counts.k, e.passed.counts.n);
    let passed = match (e.passed.rate, e.passed.interval) {
        (Some(rate), Some(interval)) if e.decisions >= FEWEST => {
            let percent = |share: f64| format!("{:.1}", share * 100.0);
            let (low, high) = (percent(interval.low), percent(interval.high));
            format!("{counted}: {} % ({low} to {high})", percent(rate))
        }
        _ => counted,
    };
    let decisions = match e.decisions_at_most {
        most if most > e.decisions => format!("{} to {most}", e.decisions),
        _ => e.decisions.to_string(),
    };
    [
        decisions,
        e.evaluations.to_string(),
        passed,
        e.failed.to_string(),
        e.unknown.to_string(),
        e.waived.to_string(),
        e.overridden.to_string(),
        e.last_record.map_or_else(|| "none".into(), |index| format!("record {index}")),
    ]
}

/// All evidence, for programs.
///
/// # Errors
///
/// A fault of this program.
pub fn json(matrix: &Matrix) -> serde_json::Result<String> {
    Ok(serde_json::to_string_pretty(matrix)? + "\n")
}

/// One row for each control; every cell is quoted, and none is taken for a formula.
pub fn csv(matrix: &Matrix) -> String {
    let mut out = format!("{COLUMNS}\r\n");
    for (framework, control) in matrix.frameworks.iter().flat_map(|f| f.controls.iter().map(move |c| (f, c))) {
        let e = &control.evidence;
        let numbers = [e.decisions, e.evaluations, e.passed.counts.k, e.failed, e.unknown, e.waived, e.overridden];
        let mut cells = vec![framework.id.clone(), control.control.clone(), control.policies.join(" ")];
        cells.extend(numbers.map(|n| n.to_string()));
        cells.push(e.last_record.map(|index| index.to_string()).unwrap_or_default());
        cells.push(control.assessed.clone().unwrap_or_default());
        cells.push(control.gaps.join("; "));
        cells.extend([e.answers, e.decisions_at_most].map(|n| n.to_string()));
        export::row(cells.iter().map(String::as_str), &mut out);
    }
    out
}
