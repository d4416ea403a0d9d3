//! The layers of an object that Helm rendered: the outline of its template, and the values behind it.

use std::collections::BTreeMap;

use super::outline::{self, Outline};
use super::values::Values;
use super::{Layer, Trace, locate};
use crate::kubernetes::render::chart::Chart;
use crate::kubernetes::render::closure::Closure;
use crate::kubernetes::render::release::Deployment;
use crate::kubernetes::render::tree::join;
use crate::parse::tree::{Node, Path, Step};
use crate::parse::yaml::{self, Limits};
use crate::source::{SourceId, Sources, Span};

/// Templates and values of one chart and the charts that it depends on.
pub(in super::super) struct Templates<'a> {
    charts: &'a [Chart],
    outlines: BTreeMap<String, Outline>,
    values: Values,
    root: Span,
}

impl<'a> Templates<'a> {
    /// Reads the templates that `# Source:` comments name, and all values.
    pub(in super::super) fn read<'b>(
        closure: &'a Closure,
        deployment: &Deployment,
        named: impl Iterator<Item = &'b str>,
        sources: &Sources,
    ) -> Self {
        let mut templates = Self {
            charts: &closure.charts,
            outlines: BTreeMap::new(),
            values: Values::default(),
            root: Span::default(),
        };
        let text = |id: SourceId| sources.get(id).map_or_else(|| "".into(), |s| s.text.clone());
        for label in named {
            let Some(path) = templates.original(label).map(|(_, path)| path) else { continue };
            if let Some(id) = closure.sources.get(&path).filter(|_| !templates.outlines.contains_key(&path)) {
                templates.outlines.insert(path, outline::read(*id, &text(*id)));
            }
        }
        let parse = |path: &str| {
            let id = closure.sources.get(path)?;
            yaml::parse(*id, &text(*id), &Limits::default()).documents.into_iter().next()
        };
        let inline = deployment.inline.iter().rev().map(|node| (node.as_ref().clone(), Vec::new()));
        let files = deployment.values.iter().rev().filter_map(|file| Some((parse(&file.path)?, Vec::new())));
        let own = closure.charts.iter().filter_map(|chart| {
            let path = join(&chart.origin, "values.yaml")?;
            Some((parse(&path)?, chart.scope.clone()))
        });
        templates.values.layers = inline.chain(files).chain(own).collect();
        let manifest =
            closure.charts.first().and_then(|chart| join(&chart.origin, crate::kubernetes::render::chart::FILE));
        let manifest = manifest.and_then(|path| closure.sources.get(&path).copied());
        templates.root = manifest.map_or(Span::default(), |id| first_line(id, &text(id)));
        templates
    }

    /// The chart and the path in the repository of a `# Source:` comment.
    fn original(&self, label: &str) -> Option<(&'a Chart, String)> {
        let below = |chart: &&Chart| label.strip_prefix(&chart.label).is_some_and(|rest| rest.starts_with('/'));
        let chart = self.charts.iter().filter(below).max_by_key(|chart| chart.label.len())?;
        let rest = label.get(chart.label.len() + 1..)?;
        Some((chart, chart.original(&join(&chart.directory, rest)?)?))
    }

    /// Gives a rendered object its places.
    pub(in super::super) fn place(&self, document: &mut Node, label: &str) -> Vec<(Path, Vec<Span>)> {
        let found = self.original(label).and_then(|(chart, path)| Some((chart, self.outlines.get(&path)?)));
        let Some((chart, outline)) = found else {
            super::settle(document, self.root);
            return Vec::new();
        };
        let layer = outline.documents.iter().max_by_key(|d| score(document, d));
        let layers: Vec<Layer<'_>> = layer.into_iter().collect();
        let anchor = layer.and_then(first_key).unwrap_or(self.root);
        locate(document, &layers, anchor, &Reads { outline, chart, values: &self.values })
    }
}

/// What the actions of one template read.
struct Reads<'a> {
    outline: &'a Outline,
    chart: &'a Chart,
    values: &'a Values,
}

impl Trace for Reads<'_> {
    fn values(&self, action: Span, rest: &[Step]) -> Vec<Span> {
        let read = self.outline.reads.get(&action.start);
        read.map_or_else(Vec::new, |path| self.values.find(&self.chart.scope, path, rest))
    }
}

/// How well an outline fits a rendered object: its kind first, then its name, then how many keys it has.
fn score(document: &Node, outline: &Node) -> (bool, bool, usize) {
    let same = |path: &[&str]| outline.at(path).is_some_and(|n| Some(n) == document.at(path));
    let keys = document.as_map().map_or(0, |map| map.iter().filter(|e| outline.get(&e.key).is_some()).count());
    (same(&["kind"]), same(&["metadata", "name"]), keys)
}

fn first_key(outline: &Node) -> Option<Span> {
    outline.as_map()?.iter().next().map(|e| e.key_span)
}

fn first_line(id: SourceId, text: &str) -> Span {
    Span::new(id, 0, text.find('\n').unwrap_or(text.len()))
}
