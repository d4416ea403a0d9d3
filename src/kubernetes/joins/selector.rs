//! Label selectors, as the API reads them.

use std::borrow::Cow;
use std::collections::HashMap;

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

/// Labelled things by namespace and label, so that a selector looks only at those that carry its rarest label.
#[derive(Default)]
pub(super) struct Labelled<'a> {
    labels: Vec<HashMap<&'a str, Cow<'a, str>>>,
    owners: Vec<usize>,
    by_label: HashMap<Label<'a>, Vec<usize>>,
    by_namespace: HashMap<Option<&'a str>, Vec<usize>>,
    everywhere: Vec<usize>,
}

impl<'a> Labelled<'a> {
    pub(super) fn add(&mut self, owner: usize, namespace: Option<&'a str>, labels: Labels<'a>) {
        let entry = self.labels.len();
        let labels: HashMap<_, _> = labels.into_iter().collect();
        for (key, value) in &labels {
            self.by_label.entry((namespace, key, value.clone())).or_default().push(entry);
        }
        self.by_namespace.entry(namespace).or_default().push(entry);
        self.everywhere.push(entry);
        self.labels.push(labels);
        self.owners.push(owner);
    }

    /// How many labelled things stand in the namespace.
    pub(super) fn among(&self, namespace: Option<&str>) -> usize {
        self.by_namespace.get(&namespace).map_or(0, Vec::len)
    }

    /// Owners of what the selector matches; `namespace` is `None` for all of them. At most `budget` things are
    /// looked at, which is counted down.
    pub(super) fn select(
        &self,
        selector: &Selector<'_>,
        namespace: Option<Option<&str>>,
        budget: &mut usize,
    ) -> Vec<usize> {
        let candidates = self.candidates(selector, namespace);
        let looked = candidates.len().min(*budget);
        *budget -= looked;
        let fits = |entry: &&usize| self.labels.get(**entry).is_some_and(|labels| selector.matches(labels));
        let found = candidates.iter().take(looked).filter(fits);
        found.filter_map(|entry| self.owners.get(*entry).copied()).collect()
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
    use crate::parse::yaml::{self, Limits};
    use crate::source::SourceId;

    /// Which of four sets of labels a selector matches.
    fn matched(selector: &str) -> Option<Vec<usize>> {
        let node = yaml::parse(SourceId(0), selector, &Limits::default()).documents.pop()?;
        let selector = Selector::of_expressions(&node)?;
        let mut labelled = Labelled::default();
        for (i, labels) in
            [vec![("app", "a")], vec![("app", "a"), ("tier", "x")], vec![("app", "b")], vec![]].into_iter().enumerate()
        {
            labelled.add(i, Some("shop"), labels.into_iter().map(|(k, v): (&str, &str)| (k, v.into())).collect());
        }
        Some(labelled.select(&selector, Some(Some("shop")), &mut 100))
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
        let mut labelled = Labelled::default();
        (0..10).for_each(|i| labelled.add(i, None, Vec::new()));
        let mut budget = 12;
        let everything = Selector(Vec::new());
        assert_eq!(labelled.select(&everything, Some(None), &mut budget).len(), 10);
        assert_eq!(labelled.select(&everything, Some(None), &mut budget).len(), 2);
        assert_eq!(budget, 0);
    }
}
