//! The step summary of a pipeline and the note on a pull or merge request: the decision and why, what stands in the way,
//! which approvals are missing; the rest is folded away.
//!
//! GitHub and GitLab both read it: their common Markdown, tables and a little HTML.

mod escape;
mod risk;

use escape::code;

use super::alike::{by, said_again, seen};
use super::sections::Sections;
use super::{count, words};
use crate::facts::Mode;
use crate::finding::{Answer, Diagnostic, Finding, Level};
use crate::outcome::{Outcome, Verdict};
use crate::output::text::{clip, is_web_address};
use crate::source::{Revision, Span};

/// Rows of a table.
const ROWS: usize = 50;
/// Bytes after which no row is added: GitHub's comments hold 65,536 characters.
const FULL: usize = 48 << 10;
/// Columns of one message.
const LONG: usize = 800;

/// Writes the outcome as Markdown.
pub(super) fn render(outcome: &Outcome) -> String {
    let sections = Sections::of(outcome);
    let mut page = String::new();
    head(&mut page, outcome);
    errors(&mut page, outcome);
    blocking(&mut page, outcome, &sections.blocking);
    approvals(&mut page, outcome);
    folded(&mut page, outcome, "Does not stand in the way", &sections.other);
    folded(&mut page, outcome, "Waived or overridden", &sections.lifted);
    folded(&mut page, outcome, "Was there before this change", &sections.preexisting);
    let fixed: Vec<&Finding> = outcome.fixed.iter().collect();
    folded(&mut page, outcome, "Fixed by this change", &fixed);
    warnings(&mut page, outcome);
    risk::table(&mut page, outcome);
    run(&mut page, outcome);
    page
}

/// Text from outside, cut where it grows long.
fn text(text: &str) -> String {
    escape::text(&clip(text, LONG, "…"))
}

/// As many of the items as there is room for, and a line that says how many are left.
fn rows<T>(page: &mut String, items: &[T], mut row: impl FnMut(&mut String, &T)) {
    let mut shown = 0;
    for item in items.iter().take(ROWS) {
        if page.len() > FULL {
            break;
        }
        row(page, item);
        shown += 1;
    }
    if shown < items.len() {
        line(page, &format!("\n… and {} more; `--format json` has all of them.", items.len() - shown));
    }
    line(page, "");
}

fn line(page: &mut String, line: &str) {
    page.push_str(line);
    page.push('\n');
}

fn head(page: &mut String, outcome: &Outcome) {
    let (icon, word) = match outcome.decision {
        Verdict::Allowed => ("✅", "Allowed"),
        Verdict::Pending => ("⏳", "Pending"),
        Verdict::Denied => ("❌", "Denied"),
        Verdict::Undecided => ("❔", "Undecided"),
    };
    let ids: Vec<String> = outcome.changes.iter().filter_map(|c| c.id.as_deref()).map(code).collect();
    let change = if ids.is_empty() { String::new() } else { format!(" · {}", ids.join(", ")) };
    line(page, &format!("## {icon} {word}{change}\n"));
    line(page, &format!("{}. Next: {}.\n", capital(&words::reason(outcome)), words::next(outcome.decision)));
    if outcome.partial {
        line(page, "**Partial:** policies were left out with `--only` or `--skip`; this is not the whole answer.\n");
    }
    let until = match outcome.valid_until {
        Some(until) => format!("valid until {}, then judge again", code(&until.to_string())),
        None => "nothing here changes by time alone".into(),
    };
    let risk = outcome.risk.level.as_deref().map(|level| format!(" · risk {}", text(level))).unwrap_or_default();
    line(
        page,
        &format!(
            "Judged {} at stage {}{risk} · {until}\n",
            code(&outcome.judged_at.to_string()),
            outcome.stage.as_str()
        ),
    );
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn errors(page: &mut String, outcome: &Outcome) {
    let errors: Vec<&Diagnostic> = outcome.diagnostics.iter().filter(|d| d.level == Level::Error).collect();
    if errors.is_empty() {
        return;
    }
    line(page, "### What could not be read\n");
    diagnostics(page, outcome, &errors);
}

fn diagnostics(page: &mut String, outcome: &Outcome, list: &[&Diagnostic]) {
    line(page, "| Problem | Where |\n|---|---|");
    rows(page, list, |page, d| {
        let help = if d.help.is_empty() { String::new() } else { format!("<br>→ {}", text(&d.help)) };
        let path = || d.path.as_deref().map_or_else(|| "—".into(), code);
        let place = d.span.and_then(|span| place(span, outcome)).unwrap_or_else(path);
        line(page, &format!("| {}<br>{}{help} | {place} |", code(d.code), text(&d.message)));
    });
}

fn blocking(page: &mut String, outcome: &Outcome, findings: &[&Finding]) {
    if findings.is_empty() {
        return;
    }
    line(page, "### What stands in the way\n");
    line(page, "| | Policy | What is wrong | Where |\n|---|---|---|---|");
    finding_rows(page, outcome, findings, |f| if f.pending { "⏳" } else { "❌" });
}

/// A row for all findings that read the same: an object that many overlays take over stands in one line of one file.
fn finding_rows(page: &mut String, outcome: &Outcome, findings: &[&Finding], icon: impl Fn(&Finding) -> &'static str) {
    rows(page, &by(findings, |f| seen(f)), |page, alike| {
        if let Some(first) = alike.first() {
            row(page, outcome, first, alike.len(), icon(first));
        }
    });
}

fn row(page: &mut String, outcome: &Outcome, f: &Finding, times: usize, icon: &str) {
    let known = outcome.policies.iter().find(|p| p.id == f.policy);
    let link = known.and_then(|p| p.links.iter().find(|link| is_web_address(link)));
    let id = match link {
        Some(link) => format!("<a href=\"{}\">{}</a>", link.replace('&', "&amp;"), code(&f.policy)),
        None => code(&f.policy),
    };
    let mut said = text(&f.message);
    if let Some(lifted) = words::lifted(f, outcome) {
        said.push_str(&format!("<br>{}", text(&lifted)));
    } else if !f.remediation.is_empty() {
        said.push_str(&format!("<br>→ {}", text(&f.remediation)));
    }
    let place = f.span.and_then(|span| place(span, outcome));
    let decided = f.because.iter().filter_map(|span| self::place(*span, outcome)).map(|p| format!("decided by {p}"));
    let resource = f.resource.as_deref().map(|resource| format!("{}{}", code(resource), said_again("×", times)));
    let places: Vec<String> = place.into_iter().chain(resource).chain(decided).collect();
    let places = if places.is_empty() { "the change".into() } else { places.join("<br>") };
    let weight = format!("{icon}&nbsp;{}", f.severity.as_str());
    line(page, &format!("| {weight} | {id}<br>{} | {said} | {places} |", text(&f.title)));
}

/// A place as a link to the line, where it is known on which web page the judged commit is.
fn place(span: Span, outcome: &Outcome) -> Option<String> {
    let place = outcome.sources.locate(span)?;
    let shown = code(&format!("{}:{}", place.path, place.line));
    let is_head = outcome.sources.get(span.source).is_some_and(|s| s.revision == Revision::Head);
    let base = outcome.web.as_deref().filter(|url| is_head && is_web_address(url));
    Some(match base {
        Some(base) if !place.path.starts_with('/') => {
            format!("<a href=\"{base}/{}#L{}\">{shown}</a>", super::encode(&place.path), place.line)
        }
        _ => shown,
    })
}

fn approvals(page: &mut String, outcome: &Outcome) {
    if !words::approvals_matter(outcome) {
        return;
    }
    line(page, "### Approvals\n");
    if outcome.approvals.is_empty() {
        return line(page, "None was given so far.\n");
    }
    line(page, "| Who | Role | How | Counts |\n|---|---|---|---|");
    rows(page, &outcome.approvals, |page, a| {
        let roles = if a.roles.is_empty() { "—".into() } else { text(&a.roles.join(", ")) };
        let who = code(a.by.as_deref().unwrap_or(&a.login));
        let how = format!("{} · {}", text(words::method(a)), a.assurance);
        let icon = if a.valid { "✅" } else { "❌" };
        line(page, &format!("| {who} | {roles} | {how} | {icon} {} |", text(&words::counts(a))));
    });
}

fn folded(page: &mut String, outcome: &Outcome, title: &str, findings: &[&Finding]) {
    if findings.is_empty() {
        return;
    }
    line(page, &format!("<details><summary>{title}: {}</summary>\n", count(findings.len(), "finding", "findings")));
    line(page, "| | Policy | What was found | Where |\n|---|---|---|---|");
    finding_rows(page, outcome, findings, |f| if f.answer == Answer::Unknown { "❔" } else { "▫️" });
    line(page, "</details>\n");
}

fn warnings(page: &mut String, outcome: &Outcome) {
    let list = outcome.diagnostics.iter().filter(|d| d.level == Level::Warning);
    let (asides, list): (Vec<&Diagnostic>, Vec<&Diagnostic>) = list.partition(|d| d.aside);
    if !asides.is_empty() {
        let n = count(asides.len(), "warning is", "warnings are");
        line(page, &format!("{n} about files that this change leaves alone.\n"));
    }
    if list.is_empty() {
        return;
    }
    line(page, &format!("<details><summary>About the input: {}</summary>\n", count(list.len(), "warning", "warnings")));
    diagnostics(page, outcome, &list);
    line(page, "</details>\n");
}

fn run(page: &mut String, outcome: &Outcome) {
    line(page, "<details><summary>About this run</summary>\n");
    line(page, "| | |\n|---|---|");
    let s = &outcome.summary;
    let mode = match outcome.mode {
        Mode::Present => "as it stands: there is nothing to compare with".into(),
        Mode::Difference => format!("what the change does to {}", count(s.changed_resources, "resource", "resources")),
    };
    let row = |page: &mut String, name: &str, value: &str| line(page, &format!("| {name} | {value} |"));
    row(page, "Judged", &mode);
    row(page, "Verdict of the policies", outcome.verdict.as_str());
    row(
        page,
        "Looked at",
        &format!(
            "{}, {}, {}",
            count(s.documents, "document", "documents"),
            count(s.resources, "resource", "resources"),
            count(s.policies, "policy", "policies"),
        ),
    );
    for change in outcome.changes.iter().filter(|c| c.digest.is_some()) {
        row(page, "Digest of the change", &code(change.digest.as_deref().unwrap_or_default()));
    }
    match &outcome.audit {
        Some(receipt) => row(page, "Audit record", &code(&receipt.id)),
        None => row(page, "Audit record", "none was written"),
    }
    line(page, "\n</details>");
}
