//! One finding or one diagnostic in full.

use super::Page;
use crate::facts::Stage;
use crate::finding::{Answer, Diagnostic, Enforcement, Evidence, Finding, IntroducedBy, Level, Status};
use crate::outcome::Outcome;
use crate::output::snippet::{Mark, snippet};
use crate::output::style::{Glyphs, Tone};
use crate::output::text::visible;

/// Diagnostics of the levels that `wanted` picks.
pub(super) fn diagnostics(page: &mut Page<'_>, outcome: &Outcome, wanted: impl Fn(Level) -> bool) {
    for diagnostic in outcome.diagnostics.iter().filter(|d| wanted(d.level)) {
        self::diagnostic(page, outcome, diagnostic);
    }
}

fn diagnostic(page: &mut Page<'_>, outcome: &Outcome, d: &Diagnostic) {
    let glyphs = page.style.glyphs();
    let (icon, word, tone) = match d.level {
        Level::Error => (glyphs.blocks, "error", Tone::Bad),
        Level::Warning => (glyphs.warning, "warning", Tone::Warn),
        Level::Note => (glyphs.note, "note", Tone::Dim),
    };
    let head = page.style.paint(tone, &format!("{icon} {word}"));
    page.line(&format!("{head}  {}", page.style.paint(Tone::Dim, d.code)));
    page.paragraph(2, &d.message);
    match d.span {
        Some(span) => place(page, outcome, &[Mark { span, label: d.label.clone(), tone }]),
        None => {
            if let Some(path) = &d.path {
                page.field("file", path);
            }
        }
    }
    if !d.help.is_empty() {
        page.field("help", &d.help);
    }
    page.blank();
}

/// A finding with its lines, the lines that decided, its evidence and what to do.
pub(super) fn in_full(page: &mut Page<'_>, outcome: &Outcome, f: &Finding) {
    header(page, outcome, f);
    page.paragraph(2, &f.message);
    let tone = look(f, outcome, page.style.glyphs()).1;
    place(page, outcome, &marks(f, tone));
    evidence(page, &f.evidence);
    if !f.remediation.is_empty() {
        page.field("help", &f.remediation);
    }
    people(page, f);
    page.blank();
}

/// Icon, severity, policy, title, and in dim words what kind of finding it is.
pub(super) fn header(page: &mut Page<'_>, outcome: &Outcome, f: &Finding) {
    let style = page.style;
    let (icon, tone) = look(f, outcome, style.glyphs());
    let severity = style.paint(tone, &format!("{icon} {}", f.severity.as_str()));
    let link = outcome.policies.iter().find(|p| p.id == f.policy).and_then(|p| p.links.first());
    let id = style.link(link.map(String::as_str), &style.paint(Tone::Strong, &visible(&f.policy)));
    let dot = style.glyphs().dot;
    let kind = style.paint(Tone::Dim, &format!("{dot} {}", kind(f, outcome).join(&format!(" {dot} "))));
    page.line(&format!("{severity} {id} {} {kind}", style.paint(Tone::Strong, &visible(&f.title))));
}

/// Icon and colour of a finding.
pub(super) fn look(f: &Finding, outcome: &Outcome, glyphs: &Glyphs) -> (&'static str, Tone) {
    let blocks = f.blocks(outcome.stage == Stage::Apply);
    match (f.status, f.answer) {
        (Status::Open, _) if blocks && f.pending => (glyphs.pending, Tone::Warn),
        (Status::Open, _) if blocks => (glyphs.blocks, Tone::Bad),
        (Status::Open, Answer::Fail) => (glyphs.warning, Tone::Warn),
        (Status::Open, Answer::Unknown) => (glyphs.unknown, Tone::Warn),
        _ => (glyphs.lifted, Tone::Dim),
    }
}

fn kind(f: &Finding, outcome: &Outcome) -> Vec<String> {
    let mut words = vec![f.enforcement.as_str().to_owned()];
    if f.answer == Answer::Unknown {
        words.push("could not be judged".into());
    }
    if f.enforcement != Enforcement::Advisory && f.status == Status::Open && !f.blocks(outcome.stage == Stage::Apply) {
        words.push(format!("does not block at stage {}", outcome.stage.as_str()));
    }
    if f.pending && f.status == Status::Open {
        words.push("can still arrive".into());
    }
    words
}

/// The offending line first, then the lines that decided.
fn marks(f: &Finding, tone: Tone) -> Vec<Mark> {
    let label = f.evidence.first().filter(|_| f.evidence.len() == 1).map_or_else(String::new, compared);
    let here = f.span.map(|span| Mark { span, label, tone });
    let because = f.because.iter().map(|span| Mark { span: *span, label: "decided here".into(), tone: Tone::Place });
    here.into_iter().chain(because).collect()
}

fn place(page: &mut Page<'_>, outcome: &Outcome, marks: &[Mark]) {
    for line in snippet(&outcome.sources, marks, page.style) {
        page.line(&format!("  {line}"));
    }
}

fn compared(e: &Evidence) -> String {
    match (e.observed.as_str(), e.expected.as_str()) {
        ("", expected) => format!("expected {expected}"),
        (observed, "") => format!("observed {observed}"),
        (observed, expected) => format!("observed {observed}, expected {expected}"),
    }
}

fn evidence(page: &mut Page<'_>, evidence: &[Evidence]) {
    for e in evidence {
        page.field("evidence", &format!("{}: {}", e.pointer, compared(e)));
    }
}

fn people(page: &mut Page<'_>, f: &Finding) {
    if !f.introduced_by.is_empty() {
        let commits: Vec<String> = f.introduced_by.iter().map(commit).collect();
        page.field("introduced", &commits.join("\n"));
    }
    if !f.owners.is_empty() {
        page.field("owners", &f.owners.join(", "));
    }
}

fn commit(c: &IntroducedBy) -> String {
    let short: String = c.commit.chars().take(10).collect();
    match &c.signer {
        Some(signer) => format!("{short} {}, signed by {signer}", c.author),
        None => format!("{short} {}", c.author),
    }
}
