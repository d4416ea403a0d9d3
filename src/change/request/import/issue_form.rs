//! GitHub issue forms: Markdown with one `### Heading` for each field, or the issue's JSON around it.
//!
//! What is written there is the author's word: it is asserted, wherever the file comes from.

use std::sync::Arc;

use super::{Draft, Imported, Options};
use crate::finding::Diagnostic;
use crate::parse::tree::{Node, Value};
use crate::source::{SourceId, Span};

const SYSTEM: &str = "github-issue";
/// What GitHub writes for a field that was left empty.
const NOTHING: &str = "_No response_";

/// Fields by their headings, in lower case. A heading may also be the path itself: `spec.schedule.start`.
const HEADINGS: [(&str, &str); 33] = [
    ("title", "metadata.title"),
    ("type", "spec.type"),
    ("change type", "spec.type"),
    ("change class", "spec.changeClass"),
    ("description", "spec.description"),
    ("justification", "spec.justification"),
    ("impact", "spec.impact"),
    ("priority", "spec.priority"),
    ("customer impact", "spec.customerImpact"),
    ("risk", "spec.risk.declared"),
    ("requester", "spec.requester.id"),
    ("implementer", "spec.implementer.id"),
    ("team", "spec.team"),
    ("environments", "spec.scope.environments"),
    ("environment", "spec.scope.environments"),
    ("regions", "spec.scope.regions"),
    ("services", "spec.scope.services"),
    ("resources", "spec.scope.resources"),
    ("destructive actions", "spec.scope.destructiveActions"),
    ("commit", "spec.artifacts.commit"),
    ("plan digest", "spec.artifacts.planDigest"),
    ("start", "spec.schedule.start"),
    ("end", "spec.schedule.end"),
    ("time zone", "spec.schedule.timezone"),
    ("implementation plan", "spec.implementationPlan"),
    ("rollback strategy", "spec.rollback.strategy"),
    ("rollback plan", "spec.rollback.steps"),
    ("rollback duration", "spec.rollback.maxDuration"),
    ("rollback decision", "spec.rollback.decisionOwner"),
    ("rollback verification", "spec.rollback.verification"),
    ("rollback tested at", "spec.rollback.testedAt"),
    ("delivery method", "spec.progressiveDelivery.method"),
    ("related incidents", "spec.relatedIncidents"),
];

/// Reads the Markdown of an issue. Its id is under the heading `Change ID`, else the file's name without its ending.
pub(super) fn read(
    source: SourceId,
    path: &Arc<str>,
    text: &str,
    options: &Options<'_>,
    told: &mut Vec<Diagnostic>,
) -> Result<Imported, Diagnostic> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let place = |start: usize, end: usize| Span::new(source, start, end);
    form(stem, text, &place, options, told)
}

/// Reads an issue of GitHub's API. Its id is under the heading `Change ID`, else `GH-` and the issue's number.
pub(super) fn read_issue(
    issue: &Node,
    options: &Options<'_>,
    told: &mut Vec<Diagnostic>,
) -> Result<Imported, Diagnostic> {
    let (body, title) = (issue.get("body"), issue.get("title"));
    let number = issue.get("number").map(|node| match &node.value {
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    });
    // Escapes of the JSON text move what follows: the whole body is the place of everything in it.
    let span = body.map_or(issue.span, |body| body.span);
    let text = body.and_then(Node::as_str).unwrap_or_default().replace("\r\n", "\n");
    let title = title.and_then(Node::as_str).map(|title| format!("### Title\n\n{title}\n\n")).unwrap_or_default();
    form(&format!("GH-{}", number.unwrap_or_default()), &format!("{title}{text}"), &|_, _| span, options, told)
}

fn form(
    id: &str,
    text: &str,
    place: &dyn Fn(usize, usize) -> Span,
    options: &Options<'_>,
    told: &mut Vec<Diagnostic>,
) -> Result<Imported, Diagnostic> {
    let sections = sections(text);
    let named = sections.iter().find(|s| s.heading.eq_ignore_ascii_case("change id")).map(|s| s.value);
    let own = sections.iter().find(|s| s.heading.eq_ignore_ascii_case("time zone")).map(|s| s.value);
    let zone = own.and_then(|name| jiff::tz::TimeZone::get(name).ok());
    let options = Options { zone: zone.as_ref().or(options.zone), ..*options };
    let mut draft = Draft::new(SYSTEM, named.unwrap_or(id), place(0, 0), &options, false);
    for section in sections.iter().filter(|s| !s.heading.eq_ignore_ascii_case("change id")) {
        let span = place(section.at, section.at + section.value.len());
        let known = HEADINGS.iter().find(|(known, _)| *known == section.heading.to_lowercase()).map(|(_, path)| *path);
        let literal = Some(section.heading).filter(|h| h.starts_with("spec.") || h.starts_with("metadata."));
        match draft.configured(section.heading).or(known).or(literal) {
            Some(path) => draft.set(path, section.value, span, section.heading)?,
            None => told.push(
                Diagnostic::warning(
                    "import::heading",
                    format!("the heading `{}` is no field of a change request", section.heading),
                )
                .at(span)
                .label("not read")
                .help("name it as docs/change-requests.md does, or say in `changes.fields` where it belongs"),
            ),
        }
    }
    Ok(draft.finish(None))
}

struct Section<'a> {
    heading: &'a str,
    value: &'a str,
    /// First byte of the value.
    at: usize,
}

/// Sections that hold something. A heading inside a code fence is text.
fn sections(text: &str) -> Vec<Section<'_>> {
    let mut bounds = Vec::new();
    let (mut offset, mut fenced) = (0, false);
    for line in text.split_inclusive('\n') {
        fenced ^= line.trim_start().starts_with("```");
        if let Some(heading) = line.strip_prefix("### ").filter(|_| !fenced) {
            bounds.push((heading.trim(), offset, offset + line.len()));
        }
        offset += line.len();
    }
    let ends = bounds.iter().skip(1).map(|(_, start, _)| *start).chain([text.len()]);
    let sections = bounds.iter().zip(ends).filter_map(|((heading, _, start), end)| {
        let body = text.get(*start..end)?;
        let value = body.trim();
        let at = start + body.len() - body.trim_start().len();
        (!value.is_empty() && value != NOTHING).then_some(Section { heading, value, at })
    });
    sections.collect()
}
