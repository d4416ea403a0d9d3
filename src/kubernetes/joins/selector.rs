//! Label selectors, as the API reads them.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use super::placed::{Copies, Placed};
use super::pods::Labels;
use crate::parse::tree::Node;

/// A label selector: every requirement must hold. Without one it selects everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Selector<'a>(Vec<Requirement<'a>>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Requirement<'a> {
    key: &'a str,
    test: Test<'a>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Test<'a> {
    In(Vec<&'a str>),
    NotIn(Vec<&'a str>),
    Exists,
    DoesNotExist,
}

impl<'a> Selector<'a> {
    /// A `LabelSelector`: `matchLabels` and `matchExpressions`. `None` when it is not one that the API would take.
    pub(super) fn of_expressions(node: &'a Node) -> Option<Self> {
        let map = node.as_map()?;
        let mut all = match map.get("matchLabels").filter(|labels| !labels.is_null()) {
            Some(labels) => Self::of_labels(labels)?.0,
            None => Vec::new(),
        };
        if let Some(expressions) = map.get("matchExpressions").filter(|list| !list.is_null()) {
            for expression in expressions.as_seq()? {
                all.push(requirement(expression)?);
            }
        }
        Some(Self(all))
    }

    /// The plain map of a Service.
    pub(super) fn of_labels(node: &'a Node) -> Option<Self> {
        let equal = |key, value| Requirement { key, test: Test::In(vec![value]) };
        node.as_map()?
            .iter()
            .map(|entry| Some(equal(&*entry.key, entry.node.as_str()?)))
            .collect::<Option<_>>()
            .map(Self)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn matches(&self, labels: &HashMap<&str, Cow<'_, str>>) -> bool {
        self.0.iter().all(|Requirement { key, test }| match (test, labels.get(key)) {
            (Test::In(values), Some(value)) => values.contains(&&**value),
            (Test::NotIn(values), Some(value)) => !values.contains(&&**value),
            (Test::Exists, found) => found.is_some(),
            (Test::DoesNotExist, found) => found.is_none(),
            (Test::In(_), None) => false,
            (Test::NotIn(_), None) => true,
        })
    }
}

fn requirement(node: &Node) -> Option<Requirement<'_>> {
    let key = node.get("key")?.as_str()?;
    let values = || node.get("values")?.as_seq()?.iter().map(Node::as_str).collect::<Option<Vec<_>>>();
    let test = match node.get("operator")?.as_str()? {
        "In" => Test::In(values()?),
        "NotIn" => Test::NotIn(values()?),
        "Exists" => Test::Exists,
        "DoesNotExist" => Test::DoesNotExist,
        _ => return None,
    };
    Some(Requirement { key, test })
}

/// Namespace, key and value.
type Label<'a> = (Option<&'a str>, &'a str, Cow<'a, str>);

/// Labelled things by namespace and label, so that a selector looks only at those that carry its rarest label, and once
/// at all that carry the same labels.
#[derive(Default)]
pub(super) struct Labelled<'a> {
    alike: Vec<Alike<'a>>,
    by_label: HashMap<Label<'a>, Vec<usize>>,
    by_namespace: HashMap<Option<&'a str>, Vec<usize>>,
    everywhere: Vec<usize>,
}

/// Things of one namespace with the same labels.
struct Alike<'a> {
    labels: HashMap<&'a str, Cow<'a, str>>,
    things: usize,
    owners: Vec<Copies<'a>>,
}

/// Namespace and labels.
type Set<'a> = (Option<&'a str>, BTreeMap<&'a str, Cow<'a, str>>);

/// Labelled things while they are gathered: owners by what they carry.
#[derive(Default)]
pub(super) struct Gathered<'a>(BTreeMap<Set<'a>, Vec<usize>>);

impl<'a> Gathered<'a> {
    pub(super) fn add(&mut self, owner: usize, namespace: Option<&'a str>, labels: Labels<'a>) {
        self.0.entry((namespace, labels.into_iter().collect())).or_default().push(owner);
    }

    /// Ready to be looked at.
    pub(super) fn labelled(self, placed: &Placed<'a>) -> Labelled<'a> {
        let mut labelled = Labelled::default();
        for (entry, ((namespace, labels), owners)) in self.0.into_iter().enumerate() {
            for (key, value) in &labels {
                labelled.by_label.entry((namespace, key, value.clone())).or_default().push(entry);
            }
            labelled.by_namespace.entry(namespace).or_default().push(entry);
            labelled.everywhere.push(entry);
            let (labels, things) = (labels.into_iter().collect(), owners.len());
            labelled.alike.push(Alike { labels, things, owners: placed.copies(owners) });
        }
        labelled
    }
}

impl<'a> Labelled<'a> {
    /// How many labelled things stand in the namespace.
    pub(super) fn among(&self, namespace: Option<&str>) -> usize {
        let alike = self.by_namespace.get(&namespace).into_iter().flatten();
        alike.filter_map(|entry| self.alike.get(*entry)).map(|alike| alike.things).sum()
    }

    /// Owners of what the selector matches; `namespace` is `None` for all of them. At most `budget` sets of labels are
    /// looked at, which is counted down.
    pub(super) fn select(
        &self,
        selector: &Selector<'_>,
        namespace: Option<Option<&str>>,
        budget: &mut usize,
    ) -> Vec<&Copies<'a>> {
        let candidates = self.candidates(selector, namespace);
        let looked = candidates.len().min(*budget);
        *budget -= looked;
        let alike = candidates.iter().take(looked).filter_map(|entry| self.alike.get(*entry));
        alike.filter(|alike| selector.matches(&alike.labels)).flat_map(|alike| &alike.owners).collect()
    }

    fn candidates<'s>(&'s self, selector: &'s Selector<'_>, namespace: Option<Option<&'s str>>) -> &'s [usize] {
        let Some(namespace) = namespace else { return &self.everywhere };
        let equal = selector.0.iter().filter_map(|Requirement { key, test }| match test {
            Test::In(values) => match values.as_slice() {
                [value] => Some((namespace, *key, Cow::Borrowed(*value))),
                _ => None,
            },
            _ => None,
        });
        let lists = equal.map(|label| self.by_label.get(&label).map_or(&[][..], Vec::as_slice));
        let all = self.by_namespace.get(&namespace).map_or(&[][..], Vec::as_slice);
        lists.min_by_key(|list| list.len()).unwrap_or(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::{Document, objects};
    use crate::parse::yaml::{self, Limits};
    use crate::source::{SourceId, Sources};

    /// Owners of the sets of labels that a selector matches, as numbers of objects that are all told apart.
    fn owners(labels: Vec<Labels<'_>>, select: impl Fn(&Labelled<'_>) -> Vec<usize>) -> Vec<usize> {
        let object = |i: usize| {
            let text = format!("{{apiVersion: v1, kind: Pod, metadata: {{name: p{i}}}}}");
            let document = yaml::parse(SourceId(0), &text, &Limits::default()).documents.pop().unwrap();
            let Document::Kubernetes(found) = objects(document) else { panic!("{text}") };
            found.resources.into_iter().next().unwrap()
        };
        let resources: Vec<_> = (0..labels.len()).map(object).collect();
        let sources = Sources::default();
        let placed = Placed::new(&resources, &sources);
        let mut gathered = Gathered::default();
        labels.into_iter().enumerate().for_each(|(i, labels)| gathered.add(i, Some("shop"), labels));
        let mut owners = select(&gathered.labelled(&placed));
        owners.sort_unstable();
        owners
    }

    /// Which of four sets of labels a selector matches.
    fn matched(selector: &str) -> Option<Vec<usize>> {
        let node = yaml::parse(SourceId(0), selector, &Limits::default()).documents.pop()?;
        let selector = Selector::of_expressions(&node)?;
        let sets = [vec![("app", "a")], vec![("app", "a"), ("tier", "x")], vec![("app", "b")], vec![]];
        let labels = |set: &Vec<(&'static str, &'static str)>| set.iter().map(|(k, v)| (*k, (*v).into())).collect();
        let select = |labelled: &Labelled<'_>| {
            let found = labelled.select(&selector, Some(Some("shop")), &mut 100);
            found.into_iter().flat_map(|copies| copies.all().to_vec()).collect()
        };
        Some(owners(sets.iter().map(labels).collect(), select))
    }

    #[test]
    fn the_four_operators() {
        assert_eq!(matched("{}"), Some(vec![0, 1, 2, 3]));
        assert_eq!(matched("{matchLabels: {app: a}}"), Some(vec![0, 1]));
        assert_eq!(
            matched("{matchLabels: {app: a}, matchExpressions: [{key: tier, operator: Exists}]}"),
            Some(vec![1])
        );
        assert_eq!(matched("{matchExpressions: [{key: app, operator: In, values: [a, b]}]}"), Some(vec![0, 1, 2]));
        assert_eq!(matched("{matchExpressions: [{key: app, operator: NotIn, values: [a]}]}"), Some(vec![2, 3]));
        assert_eq!(matched("{matchExpressions: [{key: tier, operator: DoesNotExist}]}"), Some(vec![0, 2, 3]));
    }

    #[test]
    fn what_the_api_would_refuse_is_no_selector() {
        assert_eq!(matched("{matchExpressions: [{key: app, operator: Like}]}"), None);
        assert_eq!(matched("{matchLabels: {app: 1}}"), None);
        assert_eq!(matched("app"), None);
    }

    #[test]
    fn the_budget_bounds_what_is_looked_at() {
        let sets = (0..10).map(|i| vec![("app", i.to_string().into())]).collect();
        owners(sets, |labelled| {
            let (mut budget, everything) = (12, Selector(Vec::new()));
            assert_eq!(labelled.select(&everything, Some(Some("shop")), &mut budget).len(), 10);
            assert_eq!(labelled.select(&everything, Some(Some("shop")), &mut budget).len(), 2);
            assert_eq!(budget, 0);
            Vec::new()
        });
    }

    #[test]
    fn what_carries_the_same_labels_is_looked_at_once() {
        let sets = (0..10).map(|_| vec![("app", "a".into())]).collect();
        owners(sets, |labelled| {
            let (mut budget, everything) = (12, Selector(Vec::new()));
            assert_eq!(labelled.among(Some("shop")), 10);
            assert_eq!(labelled.select(&everything, None, &mut budget).len(), 10);
            assert_eq!(budget, 11);
            Vec::new()
        });
    }
}
