//! One finding or one diagnostic in full.

use super::{DIAGNOSTICS, Page};
use crate::facts::Stage;
use crate::finding::{Answer, Diagnostic, Enforcement, Evidence, Finding, IntroducedBy, Level, Status};
use crate::outcome::Outcome;
use crate::output::alike::{by, repeated, said_again};
use crate::output::count;
use crate::output::diagnostic;
use crate::output::snippet::{Mark, snippet};
use crate::output::style::{Glyphs, Show, Tone};
use crate::output::text::{visible, width};

/// The first diagnostics of a level; those that say the same once, with how many there are.
pub(super) fn diagnostics(page: &mut Page<'_>, outcome: &Outcome, level: Level) {
    let folds = page.style.show == Show::Introduced;
    let of_level = outcome.diagnostics.iter().filter(|d| d.level == level);
    let (asides, of_level): (Vec<&Diagnostic>, Vec<&Diagnostic>) = of_level.partition(|d| d.aside && folds);
    let groups = by(&of_level, |d| (d.code, d.message.clone()));
    for group in groups.iter().take(DIAGNOSTICS) {
        let Some(first) = group.first() else { continue };
        page.line(&diagnostic::render(first, &outcome.sources, page.style));
        if group.len() > 1 {
            page.hint(&format!("{} more like it", group.len() - 1));
        }
        page.blank();
    }
    page.more(groups.iter().skip(DIAGNOSTICS).map(Vec::len).sum(), "diagnostic");
    if !asides.is_empty() {
        let first = format!("{} ", page.style.glyphs().lifted);
        let n = count(asides.len(), "warning is", "warnings are");
        page.hanging(&first, &format!("{n} about files that this change leaves alone (--show preexisting)"));
        page.blank();
    }
}

/// How many notes there are, by their code: they are for the curious, who find them in the other formats.
pub(super) fn notes(page: &mut Page<'_>, outcome: &Outcome) {
    let mut counts = std::collections::BTreeMap::new();
    for note in outcome.diagnostics.iter().filter(|d| d.level == Level::Note) {
        *counts.entry(note.code).or_insert(0_usize) += 1;
    }
    if !counts.is_empty() {
        let list: Vec<String> =
            counts.iter().map(|(code, n)| format!("{code} {} {n}", page.style.glyphs().times)).collect();
        page.paragraph(0, &format!("notes: {} (see --format json)", list.join(", ")));
        page.blank();
    }
}

/// A finding with its lines, the lines that decided, its evidence and, where `help` is wanted, what to do.
pub(super) fn in_full(page: &mut Page<'_>, outcome: &Outcome, f: &Finding, help: bool) {
    header(page, outcome, f);
    page.paragraph(2, &f.message);
    let marks = marks(f, page, outcome);
    place(page, outcome, &marks);
    if !marks.iter().any(|mark| labelled(f, page) && f.span == Some(mark.span)) {
        evidence(page, &f.evidence);
    }
    if let Some(resource) = &f.resource {
        page.field("resource", resource);
    }
    if help && !f.remediation.is_empty() {
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
    let title = visible(&f.title);
    let line = format!("{severity} {id} {}", style.paint(Tone::Strong, &title));
    let dot = style.glyphs().dot;
    let kind = kind(f, outcome).join(&format!(" {dot} "));
    // Icon, severity, id, title, dot and kind with the spaces between them.
    let columns = [f.severity.as_str(), &f.policy, &title, &kind].map(width).iter().sum::<usize>() + 7;
    if columns <= style.columns() {
        page.line(&format!("{line} {}", style.paint(Tone::Dim, &format!("{dot} {kind}"))));
    } else {
        page.line(&line);
        page.line(&format!("  {}", style.paint(Tone::Dim, &kind)));
    }
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
        words.push("not judged".into());
    }
    if f.enforcement != Enforcement::Advisory && f.status == Status::Open && !f.blocks(outcome.stage == Stage::Apply) {
        words.push("does not block".into());
    }
    if f.pending && f.status == Status::Open {
        words.push("can still arrive".into());
    }
    words
}

/// The offending line first, then the lines that decided.
fn marks(f: &Finding, page: &Page<'_>, outcome: &Outcome) -> Vec<Mark> {
    let tone = look(f, outcome, page.style.glyphs()).1;
    let label = f.evidence.first().filter(|_| labelled(f, page)).map_or_else(String::new, compared);
    let here = f.span.map(|span| Mark { span, label, tone });
    let because = f.because.iter().map(|span| Mark { span: *span, label: "decided here".into(), tone: Tone::Place });
    here.into_iter().chain(because).filter(|mark| outcome.sources.get(mark.span.source).is_some()).collect()
}

/// Whether the evidence is said under the line and needs no list: it is one value, and short enough for any column.
fn labelled(f: &Finding, page: &Page<'_>) -> bool {
    matches!(f.evidence.as_slice(), [one] if width(&compared(one)) + 10 <= page.style.columns() / 2)
}

fn place(page: &mut Page<'_>, outcome: &Outcome, marks: &[Mark]) {
    for line in snippet(&outcome.sources, marks, page.style) {
        page.line(&line);
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
    for (line, times) in repeated(evidence.iter().map(|e| format!("{}: {}", e.pointer, compared(e)))) {
        page.field("evidence", &format!("{line}{}", said_again(page.style.glyphs().times, times)));
    }
}

fn people(page: &mut Page<'_>, f: &Finding) {
    if !f.introduced_by.is_empty() {
        let commits: Vec<String> = f.introduced_by.iter().map(commit).collect();
        page.field("introduced by", &commits.join("\n"));
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
