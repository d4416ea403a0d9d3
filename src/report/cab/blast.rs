//! What the change does to which resource: destructive actions first, values of secrets never.

use super::page::{Attribute, Resource as Row, Word};
use crate::audit::without_credentials;
use crate::facts::{Action, Resource};
use crate::outcome::Outcome;
use crate::parse::tree::{Node, Path, Step};
use crate::report::text;

/// More attributes of one resource are counted, not shown.
const MOST: usize = 12;

pub(super) fn resources(changed: &[Resource], outcome: &Outcome) -> Vec<Row> {
    let mut sorted: Vec<&Resource> = changed.iter().collect();
    sorted.sort_by_key(|r| (!destroys(r.action), r.service.clone(), r.id.clone()));
    sorted.into_iter().map(|resource| row(resource, outcome)).collect()
}

fn destroys(action: Action) -> bool {
    matches!(action, Action::Delete | Action::Replace | Action::Forget)
}

fn row(resource: &Resource, outcome: &Outcome) -> Row {
    let tone = if destroys(resource.action) { "bad" } else { "" };
    let shown = |text: &Option<std::sync::Arc<str>>| text.as_deref().unwrap_or("unknown").to_owned();
    let place = outcome.sources.locate(resource.header);
    let paths = if resource.action == Action::Update || resource.action == Action::Replace {
        resource.changed.as_slice()
    } else {
        &[]
    };
    Row {
        action: Word::new(resource.action.as_str(), tone),
        id: resource.id.to_string(),
        service: shown(&resource.service),
        environment: shown(&resource.environment),
        stateful: resource.stateful,
        place: place.map(|p| format!("{}:{}", p.path, p.line)).unwrap_or_default(),
        changes: paths.iter().take(MOST).map(|path| attribute(resource, path)).collect(),
        more: paths.len().saturating_sub(MOST),
    }
}

fn attribute(resource: &Resource, path: &Path) -> Attribute {
    let value = |node: Option<&Node>| match node {
        _ if is_secret(resource, path) => "(sensitive)".to_owned(),
        _ if touches(&resource.unknown, path) && node.is_none() => "(known after apply)".to_owned(),
        None => "absent".to_owned(),
        Some(node) => without_credentials(&text::value(&serde_json::to_value(node).unwrap_or(serde_json::Value::Null))),
    };
    Attribute {
        path: dotted(path),
        before: value(resource.before.as_deref().and_then(|before| at(before, path))),
        after: value(at(&resource.attrs, path)),
    }
}

/// What Terraform marks, and whatever a Secret holds.
fn is_secret(resource: &Resource, path: &Path) -> bool {
    let data = matches!(path.first(), Some(Step::Key(key)) if matches!(&**key, "data" | "stringData"));
    (&*resource.kind == "Secret" && data) || touches(&resource.sensitive, path)
}

/// Whether one of the paths stands above, at or below `path`.
fn touches(paths: &[Path], path: &Path) -> bool {
    paths.iter().any(|other| other.iter().zip(path).all(|(a, b)| a == b))
}

fn at<'a>(node: &'a Node, path: &Path) -> Option<&'a Node> {
    path.iter().try_fold(node, |node, step| match step {
        Step::Key(key) => node.get(key),
        Step::Index(index) => node.as_seq().and_then(|items| items.get(*index)),
    })
}

fn dotted(path: &Path) -> String {
    let words = path.iter().map(|step| match step {
        Step::Key(key) => key.to_string(),
        Step::Index(index) => index.to_string(),
    });
    words.collect::<Vec<_>>().join(".")
}
