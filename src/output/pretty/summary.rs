//! The last block: the verdict, what it rests on, and what to do next.

use super::Page;
use crate::config::AuditLevel;
use crate::facts::Mode;
use crate::finding::Status;
use crate::outcome::{Outcome, Verdict};
use crate::output::count;
use crate::output::style::Tone;
use crate::output::text::pad;
use crate::output::words;

/// Columns of the names in the block.
const NAME: usize = 13;

/// A rule, the verdict and the facts of the run.
pub(super) fn block(page: &mut Page<'_>, outcome: &Outcome) {
    let rule = page.style.glyphs().rule.repeat(page.style.columns());
    page.line(&page.style.paint(Tone::Dim, &rule));
    verdict(page, outcome);
    fact(page, "judged", &format!("{} at stage {}", outcome.judged_at, outcome.stage.as_str()));
    fact(page, "mode", mode(outcome));
    change(page, outcome);
    fact(page, "looked at", &looked_at(outcome));
    fact(page, "found", &found(outcome));
    if outcome.partial {
        fact(page, "partial", "--only or --skip left policies out: this is not the whole answer");
    }
    let until = match outcome.valid_until {
        Some(until) => format!("{until}: from then on time alone can change the answer, judge again"),
        None => "no end: nothing here changes by time alone".into(),
    };
    fact(page, "valid until", &until);
    audit(page, outcome);
    fact(page, "next", &next(outcome));
}

/// The line with the verdict; with quiet, the only one.
pub(super) fn verdict(page: &mut Page<'_>, outcome: &Outcome) {
    let (icon, tone) = match outcome.decision {
        Verdict::Allowed => (page.style.glyphs().passed, Tone::Good),
        Verdict::Pending => (page.style.glyphs().pending, Tone::Warn),
        Verdict::Denied => (page.style.glyphs().blocks, Tone::Bad),
        Verdict::Undecided => (page.style.glyphs().unknown, Tone::Bad),
    };
    let word = page.style.paint(tone, &format!("{icon} {}", outcome.decision.as_str().to_uppercase()));
    page.hanging_with(&format!("{word}  "), outcome.decision.as_str().len() + 4, &words::reason(outcome));
}

fn mode(outcome: &Outcome) -> &'static str {
    match outcome.mode {
        Mode::Present => "judged as it stands: there is no base and no plan to compare with",
        Mode::Difference => "compared with the base or plan: what the change does is judged",
    }
}

fn change(page: &mut Page<'_>, outcome: &Outcome) {
    let ids: Vec<&str> = outcome.changes.iter().filter_map(|c| c.id.as_deref()).collect();
    let ids = (!ids.is_empty()).then(|| ids.join(", "));
    let risk = outcome.risk.level.as_deref().map(|level| format!("risk {level}"));
    let parts: Vec<String> = [ids, risk].into_iter().flatten().collect();
    if !parts.is_empty() {
        fact(page, "change", &parts.join(&format!(" {} ", page.style.glyphs().dot)));
    }
    for digest in outcome.changes.iter().filter_map(|c| c.digest.as_deref()) {
        fact(page, "digest", digest);
    }
}

fn looked_at(outcome: &Outcome) -> String {
    let s = &outcome.summary;
    let changed = match outcome.mode {
        Mode::Difference => format!(" ({} changed)", s.changed_resources),
        Mode::Present => String::new(),
    };
    [
        count(s.documents, "document", "documents"),
        count(s.resources, "resource", "resources") + &changed,
        count(s.policies, "policy", "policies"),
        count(s.evaluations, "evaluation", "evaluations"),
    ]
    .join(", ")
}

fn found(outcome: &Outcome) -> String {
    let of = |severity: &str| outcome.summary.by_severity.get(severity).copied().unwrap_or(0);
    let mut parts: Vec<String> = ["critical", "high", "medium", "low"]
        .into_iter()
        .filter(|severity| of(severity) > 0)
        .map(|severity| format!("{} {severity}", of(severity)))
        .collect();
    if outcome.summary.unknown > 0 {
        parts.push(format!("{} not judged", outcome.summary.unknown));
    }
    for status in [Status::Waived, Status::Overridden, Status::Preexisting] {
        let n = outcome.findings.iter().filter(|f| f.status == status).count();
        if n > 0 {
            parts.push(format!("{n} {}", words::status(status)));
        }
    }
    if !outcome.fixed.is_empty() {
        parts.push(format!("{} fixed", outcome.fixed.len()));
    }
    if parts.is_empty() { "nothing".into() } else { parts.join(", ") }
}

fn audit(page: &mut Page<'_>, outcome: &Outcome) {
    match &outcome.audit {
        Some(receipt) => {
            let place = match receipt.index {
                Some(index) => format!("as record {index}"),
                None if receipt.level == AuditLevel::Spooled => "until `changegate audit push`".into(),
                None => "and waits there to be integrated".into(),
            };
            fact(page, "recorded", &format!("{} {place} ({})", receipt.destination, receipt.id));
        }
        None => fact(page, "recorded", "nowhere: this run wrote no audit record"),
    }
}

fn next(outcome: &Outcome) -> String {
    format!("{} (exit code {})", words::next(outcome.decision), outcome.exit_code())
}

fn fact(page: &mut Page<'_>, name: &str, text: &str) {
    let first = format!("  {}", page.style.paint(Tone::Dim, &pad(name, NAME)));
    page.hanging_with(&first, 2 + NAME, text);
}
