//! Argo CD's `ApplicationSet`: generators whose elements are in the tree, and text put into the template.

use std::collections::BTreeMap;

use crate::kubernetes::render::kustomization::items;
use crate::kubernetes::render::tree::{Tree, name};
use crate::parse::tree::{Node, Value};

/// Most applications of one set.
const MOST: usize = 1_000;

/// Parameter → text.
type Parameters = BTreeMap<String, String>;

/// The applications of a set, as far as its generators can be followed: lists and folders of this repository.
pub(super) fn expand(set: &Node, tree: &dyn Tree) -> Vec<Node> {
    let Some(spec) = set.get("spec") else { return Vec::new() };
    let Some(template) = spec.get("template") else { return Vec::new() };
    let elements = items(spec, "generators").flat_map(|generator| elements(generator, tree));
    elements.take(MOST).map(|parameters| fill(template, &parameters)).collect()
}

fn elements(generator: &Node, tree: &dyn Tree) -> Vec<Parameters> {
    if let Some(list) = generator.get("list") {
        return items(list, "elements").map(|element| flatten(element, "")).collect();
    }
    generator.get("git").map_or_else(Vec::new, |git| directories(git, tree))
}

/// `{a: {b: c}}` as `a.b` → `c`.
fn flatten(node: &Node, prefix: &str) -> Parameters {
    let Some(map) = node.as_map() else { return Parameters::new() };
    let mut found = Parameters::new();
    for entry in map {
        let key = format!("{prefix}{}", entry.key);
        match &entry.node.value {
            Value::Map(_) => found.extend(flatten(&entry.node, &format!("{key}."))),
            Value::String(text) => drop(found.insert(key, text.to_string())),
            Value::Number(number) => drop(found.insert(key, number.to_string())),
            Value::Bool(b) => drop(found.insert(key, b.to_string())),
            _ => {}
        }
    }
    found
}

/// Folders that match the generator's globs and none of those that exclude.
fn directories(git: &Node, tree: &dyn Tree) -> Vec<Parameters> {
    let (mut kept, mut excluded) = (Vec::new(), Vec::new());
    for directory in items(git, "directories") {
        let Some(glob) = directory.get("path").and_then(Node::as_str) else { continue };
        let exclude = directory.get("exclude").and_then(Node::as_bool) == Some(true);
        let list = if exclude { &mut excluded } else { &mut kept };
        list.extend(matching(glob, tree));
    }
    kept.retain(|path| !excluded.contains(path));
    kept.sort();
    kept.dedup();
    kept.iter().map(|path| of_folder(path)).collect()
}

/// What a folder gives to the template.
fn of_folder(path: &str) -> Parameters {
    let parts = path.split('/').enumerate().map(|(i, part)| (format!("path[{i}]"), part.to_owned()));
    let whole = [("path", path), ("path.path", path), ("path.basename", name(path))];
    parts.chain(whole.map(|(key, text)| (key.to_owned(), text.to_owned()))).collect()
}

/// Folders that a glob matches; `*` stands for one name.
fn matching(glob: &str, tree: &dyn Tree) -> Vec<String> {
    let mut found = vec![String::new()];
    for part in glob.trim_matches('/').split('/') {
        let Ok(matcher) = globset::Glob::new(part).map(|glob| glob.compile_matcher()) else { return Vec::new() };
        let below = |folder: &String| {
            let names = tree.list(folder).unwrap_or_default().into_iter();
            let kept: Vec<_> = names.filter(|(n, is_directory)| *is_directory && matcher.is_match(n)).collect();
            kept.into_iter()
                .map(|(n, _)| if folder.is_empty() { n } else { format!("{folder}/{n}") })
                .collect::<Vec<_>>()
        };
        found = found.iter().flat_map(below).take(MOST).collect();
    }
    found
}

/// The template with every text filled in.
fn fill(node: &Node, parameters: &Parameters) -> Node {
    let value = match &node.value {
        Value::String(text) if text.contains("{{") => Value::from(substitute(text, parameters)),
        Value::Seq(items) => Value::Seq(items.iter().map(|item| fill(item, parameters)).collect()),
        Value::Map(map) => Value::Map(
            map.iter()
                .map(|entry| {
                    let mut entry = entry.clone();
                    entry.node = fill(&entry.node, parameters);
                    entry
                })
                .collect(),
        ),
        other => other.clone(),
    };
    Node { value, span: node.span }
}

/// `{{name}}` and `{{ .name }}`; what is no parameter stays.
fn substitute(text: &str, parameters: &Parameters) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once("{{") {
        out.push_str(before);
        let Some((action, after)) = after.split_once("}}") else {
            out.push_str("{{");
            rest = after;
            continue;
        };
        match parameters.get(action.trim().trim_start_matches('.')) {
            Some(value) => out.push_str(value),
            None => out.push_str(&format!("{{{{{action}}}}}")),
        }
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::render::tree::Memory;
    use crate::parse::yaml::{self, Limits};
    use crate::source::SourceId;

    fn paths(spec: &str, tree: &[(&str, &str)]) -> Vec<String> {
        let set = yaml::parse(SourceId(0), spec, &Limits::default()).documents.remove(0);
        let path = |app: &Node| app.at(&["spec", "source", "path"]).and_then(Node::as_str).map(str::to_owned);
        expand(&set, &Memory::new(tree)).iter().filter_map(path).collect()
    }

    #[test]
    fn lists_and_folders_are_followed() {
        let list = "spec:\n  generators: [{list: {elements: [{env: prod, m: {x: 1}}, {env: dev, m: {x: 2}}]}}]\n  \
                    template: {spec: {source: {path: 'apps/{{env}}/{{ .m.x }}/{{other}}'}}}\n";
        assert_eq!(paths(list, &[]), ["apps/prod/1/{{other}}", "apps/dev/2/{{other}}"]);
        let git = "spec:\n  generators: [{git: {directories: [{path: apps/*}, {path: apps/old, exclude: true}]}}]\n  \
                   template: {spec: {source: {path: '{{path}}', x: '{{ .path.basename }}'}}}\n";
        let tree = [("apps/a/k.yaml", ""), ("apps/b/k.yaml", ""), ("apps/old/k.yaml", ""), ("apps/f.yaml", "")];
        assert_eq!(paths(git, &tree), ["apps/a", "apps/b"]);
    }
}
