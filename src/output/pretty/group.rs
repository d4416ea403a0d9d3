//! Many findings, kept short: those of one policy together, places instead of snippets, and a hint at the end.

use std::collections::{HashMap, HashSet};

use super::finding::{self, header};
use super::{GROUPS, IN_FULL, IN_FULL_ALTOGETHER, PLACES, Page};
use crate::facts::Stage;
use crate::finding::{Answer, Finding};
use crate::outcome::Outcome;
use crate::output::alike::{by, repeated, said_again};
use crate::output::count;
use crate::output::style::Tone;
use crate::output::text::visible;
use crate::output::words;

/// The first findings of each policy in full, the others by place.
pub(super) fn in_full(page: &mut Page<'_>, outcome: &Outcome, findings: &[&Finding]) {
    let mut room = IN_FULL_ALTOGETHER;
    for group in by(findings, |f| (f.policy.clone(), f.pending)) {
        let shown = group.len().min(IN_FULL).min(room);
        room -= shown;
        let (full, rest) = group.split_at(shown);
        for (i, f) in full.iter().enumerate() {
            // The same advice once is enough.
            let again = full.get(i + 1).is_some_and(|next| next.remediation == f.remediation);
            finding::in_full(page, outcome, f, !again);
        }
        if !rest.is_empty() {
            summarised(page, outcome, rest, shown > 0);
        }
    }
}

/// One entry a policy and answer; where several policies could not judge for the same reason, one for the reason.
pub(super) fn compact(page: &mut Page<'_>, outcome: &Outcome, findings: &[&Finding]) {
    let shared = shared_reasons(findings);
    let groups = by(findings, |f| match f.answer {
        Answer::Unknown if shared.contains(f.message.as_str()) => (None, f.answer, f.message.as_str()),
        answer => (Some(f.policy.clone()), answer, ""),
    });
    for group in groups.iter().take(GROUPS) {
        match group.as_slice() {
            [one] => finding::in_full(page, outcome, one, true),
            many if many.iter().any(|f| Some(&f.policy) != many.first().map(|first| &first.policy)) => {
                not_judged(page, outcome, many);
            }
            many => summarised(page, outcome, many, false),
        }
    }
    page.more(groups.iter().skip(GROUPS).map(Vec::len).sum(), "finding");
}

/// Reasons for which more than one policy could not judge.
fn shared_reasons<'a>(findings: &[&'a Finding]) -> HashSet<&'a str> {
    let mut first: HashMap<&str, &str> = HashMap::new();
    let unknown = findings.iter().filter(|f| f.answer == Answer::Unknown);
    let shared = unknown.filter(|f| *first.entry(&f.message).or_insert(&f.policy) != &*f.policy);
    shared.map(|f| f.message.as_str()).collect()
}

/// What several policies could not judge, for one reason.
fn not_judged(page: &mut Page<'_>, outcome: &Outcome, group: &[&Finding]) {
    let Some(first) = group.first() else { return };
    let policies = by(group, |f| f.policy.clone());
    let resources = by(group, |f| f.resource.clone());
    let (icon, dot) = (page.style.glyphs().unknown, page.style.glyphs().dot);
    let what = format!(
        "{} could not judge {}",
        count(policies.len(), "policy", "policies"),
        count(resources.len(), "resource", "resources")
    );
    let blocks =
        if group.iter().any(|f| f.blocks(outcome.stage == Stage::Apply)) { "blocks" } else { "does not block" };
    let head = format!("{} {}", page.style.paint(Tone::Warn, icon), page.style.paint(Tone::Strong, &what));
    page.line(&format!("{head} {}", page.style.paint(Tone::Dim, &format!("{dot} {blocks}"))));
    page.paragraph(2, &first.message);
    places(page, outcome, &resources.iter().filter_map(|same| same.first().copied()).collect::<Vec<_>>());
    let named = policies.iter().filter_map(|same| Some(format!("{} ({})", same.first()?.policy, same.len())));
    page.field("policies", &named.collect::<Vec<_>>().join(", "));
    page.blank();
}

/// One entry a policy and status: it stays visible that something was lifted, by what, and where.
pub(super) fn lifted(page: &mut Page<'_>, outcome: &Outcome, findings: &[&Finding]) {
    let groups = by(findings, |f| (f.status, f.lifted_by.clone(), f.policy.clone()));
    for group in groups.iter().take(GROUPS) {
        let Some(f) = group.first() else { continue };
        listed(page, outcome, words::status(f.status), group);
        if let Some(how) = words::lifted(f, outcome) {
            page.paragraph(4, &how);
        }
    }
    page.more(groups.iter().skip(GROUPS).map(Vec::len).sum(), "finding");
    if !findings.is_empty() {
        page.blank();
    }
}

/// One entry a policy, with `word` in front.
pub(super) fn lifted_as(page: &mut Page<'_>, outcome: &Outcome, word: &str, findings: &[&Finding]) {
    let groups = by(findings, |f| f.policy.clone());
    for group in groups.iter().take(GROUPS) {
        listed(page, outcome, word, group);
    }
    page.more(groups.iter().skip(GROUPS).map(Vec::len).sum(), "finding");
    if !findings.is_empty() {
        page.blank();
    }
}

fn listed(page: &mut Page<'_>, outcome: &Outcome, word: &str, group: &[&Finding]) {
    let Some(f) = group.first() else { return };
    let glyphs = page.style.glyphs();
    let head = page.style.paint(Tone::Dim, &format!("{} {word}", glyphs.lifted));
    let what = format!("{} {}", visible(&f.policy), visible(&f.title));
    page.line(&format!("{head} {what} {} {}", glyphs.dot, count(group.len(), "finding", "findings")));
    places(page, outcome, group);
}

/// Findings of one policy by place; `rest` when some of them were shown above.
fn summarised(page: &mut Page<'_>, outcome: &Outcome, group: &[&Finding], rest: bool) {
    let Some(first) = group.first() else { return };
    header(page, outcome, first);
    let things = things(group, rest);
    if group.iter().all(|f| f.message == first.message) {
        page.paragraph(2, &format!("{things}: {}", first.message));
        places(page, outcome, group);
    } else {
        page.paragraph(2, &format!("{things}, for example:"));
        let none = page.style.glyphs().none;
        let line = |f: &&Finding| format!("{}  {}", place(f, outcome).unwrap_or_else(|| none.into()), f.message);
        let all = repeated(group.iter().map(line));
        for (line, times) in all.iter().take(PLACES) {
            page.paragraph(4, &format!("{line}{}", said_again(page.style.glyphs().times, *times)));
        }
        rest_of(page, all.iter().skip(PLACES).map(|(_, times)| times).sum());
    }
    if !first.remediation.is_empty() && !rest {
        page.field("help", &first.remediation);
    }
    page.blank();
}

fn things(group: &[&Finding], rest: bool) -> String {
    let more = if rest { " more" } else { "" };
    let unknown = group.iter().any(|f| f.answer == Answer::Unknown);
    let what = match (group.iter().all(|f| f.resource.is_some()), group.len()) {
        (true, 1) => "resource",
        (true, _) => "resources",
        (false, 1) => "finding",
        (false, _) => "findings",
    };
    format!("{}{more} {what}{}", group.len(), if unknown { " could not be judged" } else { "" })
}

/// The first few places, and how many there are besides.
fn places(page: &mut Page<'_>, outcome: &Outcome, group: &[&Finding]) {
    // An object that many overlays take over stands in one line of one file.
    let all = repeated(group.iter().filter_map(|f| place(f, outcome)));
    for (place, times) in all.iter().take(PLACES) {
        let painted = page.style.paint(Tone::Place, place);
        page.line(&format!("    {painted}{}", said_again(page.style.glyphs().times, *times)));
    }
    rest_of(page, all.iter().skip(PLACES).map(|(_, times)| times).sum());
}

fn rest_of(page: &mut Page<'_>, left: usize) {
    if left > 0 {
        page.hint(&format!("{left} more"));
    }
}

fn place(f: &Finding, outcome: &Outcome) -> Option<String> {
    let place = f.span.and_then(|span| outcome.sources.locate(span)).map(|p| p.to_string());
    let resource = f.resource.as_deref();
    let text = match (place, resource) {
        (Some(place), Some(resource)) => format!("{place} {resource}"),
        (Some(place), None) => place,
        (None, resource) => resource?.to_owned(),
    };
    Some(visible(&text).into_owned())
}
