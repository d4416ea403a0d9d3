use proptest::prelude::*;

use super::*;
use crate::facts::Iac;
use crate::finding::IntroducedBy;
use crate::parse::tree::{Entry, Map, Path, Value};
use crate::source::{Revision, Source, SourceId, Span};

/// A tree from JSON; `{"?": "text"}` is an unknown value whose expression is `text`.
fn node(json: &serde_json::Value, sources: &mut Sources) -> Node {
    use serde_json::Value as J;
    let value = match json {
        J::Null => Value::Null,
        J::Bool(b) => Value::Bool(*b),
        J::Number(n) => Value::from(n.as_i64().expect("integer")),
        J::String(s) => Value::from(s.as_str()),
        J::Array(items) => Value::Seq(items.iter().map(|i| node(i, sources)).collect()),
        J::Object(map) => {
            if let Some(J::String(text)) = map.get("?") {
                let id = sources.add(Source::new("x", Revision::Head, text.as_str()));
                return Node::new(Value::Unknown, Span::new(id, 0, text.len()));
            }
            let entry = |(k, v): (&String, &J)| Entry {
                key: k.as_str().into(),
                key_span: Span::default(),
                node: node(v, sources),
            };
            Value::Map(map.iter().map(entry).collect())
        }
    };
    Node::new(value, Span::default())
}

fn changed(before: &serde_json::Value, after: &serde_json::Value) -> Vec<String> {
    let mut sources = Sources::default();
    let (before, after) = (node(before, &mut sources), node(after, &mut sources));
    changed_paths(&before, &after, &sources).iter().map(|p| shown(p)).collect()
}

fn shown(path: &[Step]) -> String {
    let step = |s: &Step| match s {
        Step::Key(key) => key.to_string(),
        Step::Index(i) => i.to_string(),
    };
    path.iter().map(step).collect::<Vec<_>>().join(".")
}

macro_rules! paths {
    ($before:tt => $after:tt, $expected:expr) => {
        let expected: Vec<&str> = $expected.to_vec();
        assert_eq!(changed(&serde_json::json!($before), &serde_json::json!($after)), expected);
    };
}

#[test]
fn paths_are_as_small_as_possible() {
    paths!({"a": {"b": 1, "c": 2}} => {"a": {"c": 3, "b": 1}}, ["a.c"]);
    paths!({"a": null} => {}, ["a"]);
    paths!({} => {"a": null}, ["a"]);
    paths!({"a": {}} => {"a": []}, ["a"]);
    paths!({"a": [1, 2, 3]} => {"a": [1, 5, 3]}, ["a.1"]);
    paths!({"a": [1, 2]} => {"a": [1]}, ["a"]);
    paths!([1] => 1, [""]);
}

#[test]
fn named_items_are_paired_by_name_and_shown_at_the_head() {
    paths!({"c": [{"name": "a", "i": 1}, {"name": "b", "i": 1}]} => {"c": [{"name": "b", "i": 2}, {"name": "a", "i": 1}]}, ["c.0.i"]);
    paths!({"c": [{"name": "a"}, {"name": "b"}]} => {"c": [{"name": "b"}, {"name": "x"}]}, ["c.1"]);
    paths!({"c": [{"name": "a"}, {"name": "a", "i": 1}]} => {"c": [{"name": "a", "i": 1}, {"name": "a"}]}, ["c.0.i", "c.1.i"]);
    paths!({"initContainers": [{"name": "a"}, {"name": "b"}]} => {"initContainers": [{"name": "b"}, {"name": "a"}]},
        ["initContainers.0.name", "initContainers.1.name"]);
}

#[test]
fn unknown_values_are_equal_when_both_are_written_the_same() {
    paths!({"a": {"?": "var.x"}} => {"a": {"?": "var.x"}}, []);
    paths!({"a": {"?": "var.x"}} => {"a": {"?": "var.y"}}, ["a"]);
    paths!({"a": {"?": "var.x"}} => {"a": "var.x"}, ["a"]);
    paths!({"a": 1} => {"a": {"?": "var.x"}}, ["a"]);
}

#[test]
fn a_wide_mapping_takes_linear_time() {
    let wide: serde_json::Map<_, _> = (0..100_000).map(|i| (format!("k{i}"), i.into())).collect();
    let mut other = wide.clone();
    other.insert("k99999".into(), 0.into());
    // `Map::insert` of the tree searches, so both are built with `push`.
    let tree = |map: &serde_json::Map<String, serde_json::Value>| {
        let mut out = Map::default();
        for (key, value) in map {
            let node = Node::new(value.as_i64().expect("integer"), Span::default());
            out.push(Entry { key: key.as_str().into(), key_span: Span::default(), node });
        }
        Node::new(out, Span::default())
    };
    assert_eq!(changed_paths(&tree(&wide), &tree(&other), &Sources::default()).len(), 1);
}

/// Builds resources `id @ path = attribute` at either end.
struct World {
    sources: Sources,
    places: std::collections::HashMap<(String, Revision), SourceId>,
}

impl World {
    fn new() -> Self {
        Self { sources: Sources::default(), places: std::collections::HashMap::new() }
    }

    fn resource(&mut self, revision: Revision, id: &str, path: &str, value: i64) -> Resource {
        let key = (path.to_owned(), revision);
        let source = *self.places.entry(key).or_insert_with(|| self.sources.add(Source::new(path, revision, "")));
        let iac = if id.contains('/') { Iac::Kubernetes } else { Iac::Terraform };
        let attrs = node(&serde_json::json!({ "v": value }), &mut self.sources);
        let span = Span::new(source, 0, 0);
        Resource { id: id.into(), iac: Some(iac), attrs: Arc::new(attrs), span, ..Resource::default() }
    }

    fn end(&mut self, revision: Revision, resources: &[(&str, &str, i64)]) -> Vec<Resource> {
        resources.iter().map(|(id, path, value)| self.resource(revision, id, path, *value)).collect()
    }
}

type Given<'a> = &'a [(&'a str, &'a str, i64)];

fn actions(base: Given<'_>, head: Given<'_>, moved: &[(&str, &str)]) -> Vec<String> {
    let mut world = World::new();
    let (base, head) = (world.end(Revision::Base, base), world.end(Revision::Head, head));
    let moved: Vec<(Arc<str>, Arc<str>)> = moved.iter().map(|(a, b)| ((*a).into(), (*b).into())).collect();
    let result = compare(base, head, &world.sources, &moved);
    result.iter().map(|r| format!("{} {} {}", r.action.as_str(), r.id, path_of(r, &world.sources))).collect()
}

#[test]
fn what_is_at_one_end_only_is_created_or_deleted() {
    let found = actions(
        &[("Service/a", "a.yaml", 1), ("Service/b", "b.yaml", 1)],
        &[("Service/b", "b.yaml", 2), ("Service/c", "c.yaml", 1)],
        &[],
    );
    assert_eq!(found, ["delete Service/a a.yaml", "update Service/b b.yaml", "create Service/c c.yaml"]);
}

#[test]
fn one_id_in_several_folders_stays_in_its_folder() {
    let base = [("Deployment/o", "prod/o.yaml", 1), ("Deployment/o", "dev/o.yaml", 2)];
    let head = [("Deployment/o", "dev/renamed.yaml", 2), ("Deployment/o", "prod/o.yaml", 3)];
    assert_eq!(actions(&base, &head, &[]), ["no-op Deployment/o dev/renamed.yaml", "update Deployment/o prod/o.yaml"]);
}

#[test]
fn a_moved_manifest_is_no_deletion() {
    let found = actions(&[("Service/a", "old/a.yaml", 1)], &[("Service/a", "new/a.yaml", 1)], &[]);
    assert_eq!(found, ["no-op Service/a new/a.yaml"]);
}

#[test]
fn a_move_into_another_environment_is_a_deletion_and_a_creation() {
    let mut world = World::new();
    let mut base = world.end(Revision::Base, &[("Service/a", "prod/a.yaml", 1)]);
    let mut head = world.end(Revision::Head, &[("Service/a", "dev/a.yaml", 1)]);
    base.iter_mut().for_each(|r| r.environment = Some("prod".into()));
    head.iter_mut().for_each(|r| r.environment = Some("dev".into()));
    let result = compare(base, head, &world.sources, &[]);
    assert_eq!(result.iter().map(|r| r.action).collect::<Vec<_>>(), [Action::Create, Action::Delete]);
}

#[test]
fn an_address_in_another_terraform_root_is_another_resource() {
    let base = [("aws_db.main", "prod/db.tf", 1), ("aws_vpc.main", "prod/net.tf", 1)];
    let head = [("aws_db.main", "dr/db.tf", 1), ("aws_vpc.main", "prod/net.tf", 1)];
    let expected = ["create aws_db.main dr/db.tf", "delete aws_db.main prod/db.tf", "no-op aws_vpc.main prod/net.tf"];
    assert_eq!(actions(&base, &head, &[]), expected);
    let folder = [("aws_db.main", "dr/db.tf", 1), ("aws_vpc.main", "dr/net.tf", 1)];
    assert_eq!(actions(&base, &folder, &[]), ["no-op aws_db.main dr/db.tf", "no-op aws_vpc.main dr/net.tf"]);
}

#[test]
fn moved_blocks_carry_resources_and_modules() {
    let base = [("aws_db.a[0]", "m.tf", 1), ("module.x.aws_db.b", "m.tf", 1), ("aws_db.stays", "m.tf", 1)];
    let head = [("aws_db.z[0]", "m.tf", 1), ("module.w.aws_db.b", "m.tf", 2), ("aws_db.stays", "m.tf", 1)];
    let moved =
        [("aws_db.a", "aws_db.z"), ("module.x", "module.y"), ("module.y", "module.w"), ("aws_db.stays", "aws_db.q")];
    let found = actions(&base, &head, &moved);
    assert_eq!(found, ["no-op aws_db.stays m.tf", "no-op aws_db.z[0] m.tf", "update module.w.aws_db.b m.tf"]);
    let circle = [("aws_db.a", "aws_db.b"), ("aws_db.b", "aws_db.a")];
    assert_eq!(actions(&[("aws_db.a", "m.tf", 1)], &[], &circle), ["delete aws_db.a m.tf"]);
}

#[test]
fn a_lifecycle_change_is_an_update() {
    let mut world = World::new();
    let mut base = world.end(Revision::Base, &[("aws_db.a", "m.tf", 1)]);
    let head = world.end(Revision::Head, &[("aws_db.a", "m.tf", 1)]);
    let lifecycle = node(&serde_json::json!({"prevent_destroy": true}), &mut world.sources);
    base.iter_mut().for_each(|r| r.lifecycle = Some(lifecycle.clone()));
    let result = compare(base, head, &world.sources, &[]);
    assert_eq!(result[0].action, Action::Update);
    assert_eq!(shown(&result[0].changed[0]), "lifecycle");
}

#[test]
fn commits_are_narrowed_to_those_that_changed_the_resource() {
    let mut world = World::new();
    let base = world
        .end(Revision::Base, &[("Service/a", "a.yaml", 1), ("Service/b", "a.yaml", 1), ("Service/c", "a.yaml", 1)]);
    let head = world
        .end(Revision::Head, &[("Service/a", "a.yaml", 2), ("Service/b", "a.yaml", 2), ("Service/c", "a.yaml", 1)]);
    let mut result = compare(base, head, &world.sources, &[]);
    let commit = |id: &str| IntroducedBy { commit: id.into(), author: "".into(), committer: "".into(), signer: None };
    let found = |r: &Resource, c: &IntroducedBy| &*r.id == "Service/a" && &*c.commit == "2";
    attribute(&mut result, |_| vec![commit("2"), commit("1")], found);
    let by = |id: &str| {
        let resource = result.iter().find(|r| &*r.id == id).expect("there");
        resource.introduced_by.iter().map(|c| c.commit.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(by("Service/a"), ["2"]);
    assert_eq!(by("Service/b"), ["2", "1"]);
    assert!(by("Service/c").is_empty());
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        (0i64..4).prop_map(Into::into),
        "[ab]{0,2}".prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::btree_map("[a-d]", inner, 0..4)
                .prop_map(|m| serde_json::Value::Object(m.into_iter().collect())),
        ]
    })
}

/// Puts the value that `after` has at `path` into `before`.
fn apply(before: &mut Node, after: &Node, path: &[Step]) {
    let Some((step, rest)) = path.split_first() else {
        *before = after.clone();
        return;
    };
    match (&mut before.value, &after.value, step) {
        (Value::Map(old), Value::Map(new), Step::Key(key)) => match (old.get_mut(key), new.entry(key)) {
            (Some(old), Some(new)) => apply(old, &new.node, rest),
            (None, Some(new)) => drop(old.insert(new.clone())),
            (_, None) => drop(old.remove(key)),
        },
        (Value::Seq(old), Value::Seq(new), Step::Index(i)) => apply(&mut old[*i], &new[*i], rest),
        other => panic!("path {path:?} leads nowhere in {other:?}"),
    }
}

fn given() -> impl Strategy<Value = Vec<(String, String, i64)>> {
    let ids = prop::sample::select(vec!["Service/a", "Service/b", "aws_db.a", "aws_db.b"]);
    let paths = prop::sample::select(vec!["x/1.yaml", "x/2.yaml", "y/1.yaml"]);
    let one = (ids, paths, 0i64..3).prop_map(|(id, path, value)| (id.to_owned(), path.to_owned(), value));
    prop::collection::vec(one, 0..12)
}

fn as_given(list: &[(String, String, i64)]) -> Vec<(&str, &str, i64)> {
    list.iter().map(|(a, b, c)| (a.as_str(), b.as_str(), *c)).collect()
}

proptest! {
    #[test]
    fn a_value_does_not_differ_from_itself(value in json()) {
        prop_assert!(changed(&value, &value).is_empty());
    }

    #[test]
    fn changed_paths_explain_every_difference(before in json(), after in json()) {
        let mut sources = Sources::default();
        let (mut before, after) = (node(&before, &mut sources), node(&after, &mut sources));
        let paths: Vec<Path> = changed_paths(&before, &after, &sources);
        prop_assert_eq!(paths.is_empty(), before == after);
        paths.iter().for_each(|p| apply(&mut before, &after, p));
        prop_assert_eq!(before, after);
    }

    #[test]
    fn no_changed_path_lies_below_another(before in json(), after in json()) {
        let mut sources = Sources::default();
        let (before, after) = (node(&before, &mut sources), node(&after, &mut sources));
        let paths = changed_paths(&before, &after, &sources);
        prop_assert!(paths.windows(2).all(|p| !p[1].starts_with(&p[0])));
    }

    #[test]
    fn shuffled_named_items_do_not_differ(names in prop::collection::hash_set("[a-f]{1,2}", 0..6)) {
        let items: Vec<_> = names.iter().map(|n| serde_json::json!({"name": n, "image": n})).collect();
        let mut turned = items.clone();
        turned.reverse();
        prop_assert!(changed(&items.into(), &turned.into()).is_empty());
    }

    #[test]
    fn the_same_at_both_ends_is_no_change(given in given()) {
        let given = as_given(&given);
        prop_assert!(actions(&given, &given, &[]).iter().all(|a| a.starts_with("no-op")));
    }

    #[test]
    fn the_order_of_the_input_does_not_matter(base in given(), head in given()) {
        let (mut old, mut new) = (as_given(&base), as_given(&head));
        let first = actions(&old, &new, &[]);
        old.reverse();
        new.sort();
        prop_assert_eq!(first, actions(&old, &new, &[]));
    }

    #[test]
    fn nothing_is_lost(base in given(), head in given()) {
        let found = actions(&as_given(&base), &as_given(&head), &[]);
        let count = |word: &str| found.iter().filter(|a| a.starts_with(word)).count();
        prop_assert_eq!(found.len() - count("delete"), head.len());
        prop_assert_eq!(found.len() - count("create"), base.len());
    }
}
