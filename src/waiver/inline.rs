//! Waivers that stand at the resource itself: comments in HCL and YAML, an annotation on Kubernetes objects.

use std::collections::BTreeMap;
use std::ops::Range;

use super::words::{MARKER, parse};
use super::{Form, Waiver};
use crate::facts::{Action, Iac, Resource};
use crate::parse::hcl;
use crate::parse::tree::{Node, Step, Value};
use crate::source::{Revision, Source, SourceId, Sources, Span};

/// The annotation: one waiver a line, without the marker.
const ANNOTATION: &str = "changegate/ignore";

/// Every inline waiver of the tree as it is, sorted by place.
///
/// With `compared`, one that its resource did not carry before the change is marked as added.
pub fn read(resources: &[Resource], sources: &Sources, compared: bool) -> Vec<Waiver> {
    let now = resources.iter().enumerate().filter(|(_, r)| r.action != Action::Delete);
    let mut found = of_tree(now, sources);
    if compared && !found.is_empty() {
        let is_new = |r: &Resource| matches!(r.action, Action::Create) && r.base.is_none();
        // A past that only a plan tells has no text of its own.
        let has_text = |base: &&Resource| sources.get(base.span.source).is_some_and(|s| s.revision == Revision::Base);
        let before = resources.iter().enumerate().filter_map(|(i, r)| Some((i, r.base.as_deref().filter(has_text)?)));
        let before = of_tree(before, sources);
        for waiver in &mut found {
            let known = |index: &usize| {
                let resource = resources.get(*index);
                let unread = resource.is_some_and(|r| r.base.is_none() && !is_new(r));
                unread || before.iter().any(|old| old.at.contains(index) && old.says_the_same(waiver))
            };
            waiver.added = !waiver.at.iter().all(known);
        }
    }
    found
}

fn of_tree<'a>(resources: impl Iterator<Item = (usize, &'a Resource)>, sources: &Sources) -> Vec<Waiver> {
    let mut by_source: BTreeMap<SourceId, Vec<(usize, &Resource)>> = BTreeMap::new();
    let mut found = Vec::new();
    for (index, resource) in resources {
        found.extend(annotated(index, resource));
        by_source.entry(resource.span.source).or_default().push((index, resource));
    }
    for (id, placed) in by_source {
        let Some(source) = sources.get(id).filter(|s| s.text.contains(MARKER)) else { continue };
        found.extend(commented(id, source, &placed));
    }
    found.sort_by_key(|w| (w.span.source, w.span.start, w.at.first().copied()));
    found
}

fn annotated(index: usize, resource: &Resource) -> Vec<Waiver> {
    let path = [Step::from("metadata"), "annotations".into(), ANNOTATION.into()];
    let is_object = resource.iac == Some(Iac::Kubernetes);
    let (node, _, taken) = resource.attrs.deepest(&path);
    let Some(text) = node.as_str().filter(|_| is_object && taken == path.len()) else { return Vec::new() };
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let waiver = |line: &str| Waiver {
        form: Form::Annotation,
        resource: Some(resource.id.to_string()),
        at: vec![index],
        span: node.span,
        ..parse(&format!(" {}", line.strip_prefix(MARKER).unwrap_or(line)))
    };
    lines.map(waiver).collect()
}

fn commented(id: SourceId, source: &Source, placed: &[(usize, &Resource)]) -> Vec<Waiver> {
    let waiver = |comment: Range<usize>| {
        let text = source.text.get(comment.clone())?;
        let said = text.get(text.find(MARKER)? + MARKER.len()..)?.trim_end_matches("*/").trim_end();
        let at = carriers(source, &comment, placed);
        let resource = at.first().and_then(|index| placed.iter().find(|(i, _)| i == index));
        Some(Waiver {
            form: Form::Comment,
            resource: resource.map(|(_, r)| r.id.to_string()),
            at,
            span: Span::new(id, comment.start, comment.end),
            ..parse(said)
        })
    };
    comments(source, placed).into_iter().filter_map(waiver).collect()
}

/// Comments that begin with the marker.
fn comments(source: &Source, placed: &[(usize, &Resource)]) -> Vec<Range<usize>> {
    let path = source.path.to_ascii_lowercase();
    let begins = |range: &Range<usize>| {
        let text = source.text.get(range.clone()).unwrap_or_default();
        text.trim_start_matches(['#', '/', '*', ' ', '\t']).starts_with(MARKER)
    };
    if [".tf", ".tofu", ".hcl"].iter().any(|ending| path.ends_with(ending)) {
        return hcl::comments(&source.text).filter(begins).collect();
    }
    if path.ends_with(".json") {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (at, _) in source.text.match_indices(MARKER) {
        let line_start = source.text.get(..at).and_then(|s| s.rfind('\n')).map_or(0, |n| n + 1);
        let before = source.text.get(line_start..at).unwrap_or_default();
        let Some(hash) = before.rfind('#').map(|n| line_start + n) else { continue };
        let line_end = source.text.get(at..).and_then(|s| s.find('\n')).map_or(source.text.len(), |n| at + n);
        let opens = source.text.get(..hash).and_then(|s| s.chars().next_back()).is_none_or(char::is_whitespace);
        let range = hash..line_end;
        if opens && begins(&range) && !placed.iter().any(|(_, r)| is_in_text(&r.attrs, hash)) {
            found.push(range);
        }
    }
    found
}

/// Whether an offset lies inside of a scalar: what looks like a comment there is text.
fn is_in_text(node: &Node, offset: usize) -> bool {
    let inside = |span: Span| (span.start as usize..span.end as usize).contains(&offset);
    match &node.value {
        Value::Map(map) => map.iter().any(|e| is_in_text(&e.node, offset)),
        Value::Seq(items) => items.iter().any(|item| is_in_text(item, offset)),
        _ => inside(node.span),
    }
}

/// The resource around a comment, else the one right below it: only white space and comments between. All
/// instances of a block are one.
fn carriers(source: &Source, comment: &Range<usize>, placed: &[(usize, &Resource)]) -> Vec<usize> {
    let span = |r: &Resource| r.span.start as usize..r.span.end as usize;
    let around = placed.iter().filter(|(_, r)| span(r).contains(&comment.start));
    // Of nested ones the innermost: an item of a list lies inside of the list.
    let around = around.min_by_key(|(_, r)| span(r).len());
    let below = || {
        let next = placed.iter().filter(|(_, r)| span(r).start >= comment.end).min_by_key(|(_, r)| r.span.start)?;
        let between = source.text.get(comment.end..span(next.1).start)?;
        let blank = |line: &str| line.trim().is_empty() || line.trim_start().starts_with(['#', '/']);
        between.lines().all(blank).then_some(next)
    };
    let Some((_, carrier)) = around.or_else(below) else { return Vec::new() };
    placed.iter().filter(|(_, r)| r.span == carrier.span).map(|(index, _)| *index).collect()
}
