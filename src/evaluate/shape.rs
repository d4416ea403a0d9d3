//! The shape of the policy input with resources, for whoever checks paths into it.

use std::sync::Arc;

use super::input::Views;
use crate::facts::{Action, Dangling, Iac, Related, Resource, Shape};
use crate::finding::IntroducedBy;
use crate::parse::tree::{Node, Step, Value};
use crate::source::{Revision, Source, Sources, Span};

/// What policies are given: the types of the world, and a resource as it is handed to them.
pub fn input_shape() -> Shape {
    let mut sources = Sources::default();
    let source = sources.add(Source::new("file", Revision::Head, "text"));
    let sample = [sample(Span::new(source, 0, 1))];
    let shown = serde_json::to_value(Views::new(&sample, &sources, true).resource(0)).unwrap_or_default();
    let resource = Shape::of_sample(&shown);
    let list = Shape::List(Box::new(resource.clone()));
    Shape::world().with("resource", resource).with("changed", list.clone()).with("resources", list)
}

/// A resource in which nothing is empty; what is null in it may be anything. A new field has to be given here.
fn sample(span: Span) -> Resource {
    let text: Arc<str> = "text".into();
    let some = || Some(text.clone());
    let open = || Arc::new(Node::new(Value::Null, span));
    let path = vec![Step::Key(text.clone())];
    Resource {
        id: text.clone(),
        iac: Some(Iac::Terraform),
        kind: text.clone(),
        name: text.clone(),
        namespace: some(),
        module: some(),
        root: some(),
        place: some(),
        attrs: open(),
        before: Some(open()),
        base: None,
        lifecycle: None,
        span,
        header: span,
        action: Action::Update,
        action_reason: some(),
        replace_paths: vec![path.clone()],
        changed: vec![path.clone()],
        unknown: vec![path.clone()],
        sensitive: vec![path.clone()],
        origins: Vec::new(),
        environment: some(),
        service: some(),
        tier: Some(1),
        region: some(),
        zones: vec![text.clone()],
        stateful: true,
        owners: vec![text.clone()],
        introduced_by: vec![IntroducedBy {
            commit: text.clone(),
            author: text.clone(),
            committer: text.clone(),
            signer: some(),
        }],
        related: vec![Related { relation: "related", index: 0 }],
        dangling: vec![Dangling {
            relation: "related",
            kind: some(),
            namespace: some(),
            name: some(),
            path,
            among: Some(1),
        }],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Found;

    fn place(path: &[&str]) -> Option<Shape> {
        path.iter().try_fold(input_shape(), |shape, name| match shape.key(name) {
            Found::Place(next, _) => Some(next.clone()),
            Found::Missing(_) => None,
        })
    }

    #[test]
    fn paths_of_the_contract_are_there() {
        let known: [&[&str]; 12] = [
            &["now_ns"],
            &["stage"],
            &["resource", "attrs", "spec", "replicas"],
            &["resource", "tier"],
            &["change", "spec", "schedule"],
            &["change", "window", "occupied", "start_ns"],
            &["change", "digest"],
            &["calendar", "windows"],
            &["context", "services", "entries"],
            &["git", "pull_request", "author"],
            &["config", "audit", "required"],
            &["risk", "level"],
        ];
        for path in known {
            assert!(place(path).is_some(), "{path:?} in {:#?}", input_shape());
        }
        let unknown: [&[&str]; 5] =
            [&["nowns"], &["resource", "attr"], &["change", "spek"], &["resources", "attrs"], &["now", "year"]];
        for path in unknown {
            assert!(place(path).is_none(), "{path:?}");
        }
        assert_eq!(input_shape().with("x", Shape::Any).key("recource"), Found::Missing(Some("resource")));
    }
}
