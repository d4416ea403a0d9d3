//! The approvals table: who said what, and in words why it does not count.

use super::Page;
use crate::facts::{ApprovalFacts, Stage};
use crate::outcome::Outcome;
use crate::output::style::{Style, Tone};
use crate::output::text::{clip, pad, visible, width};

/// Shown when something is awaited, or when something stands in the way and an approval does not count.
pub(super) fn table(page: &mut Page<'_>, outcome: &Outcome) {
    let blocks = |pending: bool| {
        outcome.findings.iter().any(|f| f.blocks(outcome.stage == Stage::Apply) && (f.pending || !pending))
    };
    let needed = blocks(true) || (blocks(false) && outcome.approvals.iter().any(|a| !a.valid));
    if !needed {
        return;
    }
    page.line(&page.style.paint(Tone::Strong, "Approvals"));
    if outcome.approvals.is_empty() {
        page.line("  none was given so far");
    } else {
        rows(page, &outcome.approvals);
    }
    page.blank();
}

fn rows(page: &mut Page<'_>, approvals: &[ApprovalFacts]) {
    let style = *page.style;
    let limit = style.columns().saturating_sub(16) / 3;
    let cells: Vec<[String; 3]> = approvals.iter().map(|a| cells(a, &style, limit)).collect();
    let heads = ["who", "role", "how"];
    let widths: Vec<usize> = (0..heads.len())
        .map(|i| {
            let longest = cells.iter().filter_map(|row| row.get(i)).map(|cell| width(cell)).max();
            longest.unwrap_or(0).max(heads.get(i).map_or(0, |h| h.len()))
        })
        .collect();
    let head: String = heads.iter().zip(&widths).map(|(h, w)| pad(h, w + 2)).collect();
    page.line(&style.paint(Tone::Dim, &format!("    {head}counts")));
    for (row, approval) in cells.iter().zip(approvals) {
        let row: String = row.iter().zip(&widths).map(|(cell, w)| pad(cell, w + 2)).collect();
        let indent = 4 + widths.iter().map(|w| w + 2).sum::<usize>();
        let (icon, tone, words) = counts(approval, &style);
        let start = format!("  {} {row}", style.paint(tone, icon));
        if style.columns() > indent + 24 {
            page.hanging_with(&start, indent, &words);
        } else {
            page.line(&start);
            page.paragraph(6, &words);
        }
    }
}

fn cells(a: &ApprovalFacts, style: &Style, limit: usize) -> [String; 3] {
    let glyphs = style.glyphs();
    let or_none = |text: String| if text.is_empty() { glyphs.none.to_owned() } else { text };
    let who = a.by.as_deref().unwrap_or(&a.login);
    let method = match a.method {
        "github-review" => "GitHub review",
        "gitlab-approval" => "GitLab approval",
        "signature" => "signature",
        "signed-commit" => "signed commit",
        "servicenow-approval" => "ServiceNow approval",
        "jsm-approval" => "Jira approval",
        "asserted" => "only typed in",
        other => other,
    };
    [who.to_owned(), a.roles.join(", "), format!("{method} {} {}", glyphs.dot, a.assurance)]
        .map(|text| or_none(clip(&visible(&text), limit, glyphs.ellipsis)))
}

fn counts(a: &ApprovalFacts, style: &Style) -> (&'static str, Tone, String) {
    if a.valid {
        return (style.glyphs().passed, Tone::Good, "yes".into());
    }
    let reasons: Vec<&str> = a.why_not.iter().map(|code| in_words(code)).collect();
    let reasons = if reasons.is_empty() { "no reason was given".into() } else { reasons.join("; ") };
    (style.glyphs().blocks, Tone::Bad, format!("no: {reasons}"))
}

/// The codes of `docs/policy-input.md` as sentences; a code that is new here is shown as it is.
fn in_words(code: &'static str) -> &'static str {
    match code {
        "contributor" => "contributed to the change",
        "stale-commit" => "was given for an older commit with other content",
        "digest-mismatch" => "is bound to another version of the change",
        "superseded" => "was replaced by a later review",
        "dismissed" => "was dismissed",
        "not-approved" => "is not an approval",
        "no-role" => "held no role at that time",
        "bot" => "is a bot",
        "unknown-person" => "is nobody whom Identities knows",
        "self-asserted" => "is only a claim in the request, nobody verified it",
        "in-the-future" => "is dated in the future",
        "too-old" => "is too old",
        "requested-it" => "asked for the override",
        "unbound" => "names no version of the change",
        "other-change" => "is of another change",
        "undated" => "says at no instant when it was given",
        "bad-signature" => "is not signed as it stands",
        "key-unchecked" => "is signed by a kind of key that is not checked",
        "key-unlisted" => "is signed by a key that allowed_signers does not give to them",
        "key-certificate" => "is signed with a certificate that does not hold for them",
        "key-namespace" => "is signed by a key that may not sign approvals",
        "key-not-yet-valid" => "is signed by a key that is not valid yet",
        "key-expired" => "is signed by a key that has expired",
        "shared-key" => "is signed by a key that somebody else signs with, too",
        "assurance" => "is less assured than the configuration asks for",
        other => other,
    }
}
