//! Renders the kustomizations of `tests/data/kubernetes/kustomize` and compares with what `kubectl kustomize` made of them.
//!
//! Skipped where neither kustomize nor kubectl is installed, unless `CHANGEGATE_TEST_RENDERERS=required`.
#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a test binary, which owns its environment"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use changegate::kubernetes::render::{self, Asked, Limits, Programs, Rendered, Roots, Tree};
use changegate::parse::json;
use changegate::parse::tree::{Node, Value};
use changegate::source::{Revision, SourceId, Sources};

struct Disk(PathBuf);

impl Tree for Disk {
    fn list(&self, directory: &str) -> Option<Vec<(String, bool)>> {
        let entries = std::fs::read_dir(self.0.join(directory)).ok()?.map(|e| e.expect("entry"));
        let mut names: Vec<_> =
            entries.map(|e| (e.file_name().into_string().expect("UTF-8"), e.path().is_dir())).collect();
        names.sort();
        Some(names)
    }

    fn read(&self, path: &str) -> Result<Option<Arc<[u8]>>, String> {
        Ok(std::fs::read(self.0.join(path)).ok().map(Into::into))
    }
}

fn data() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/kubernetes")
}

fn is_installed(names: &[&str]) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|folder| names.iter().any(|name| folder.join(name).is_file()));
    let required = std::env::var_os("CHANGEGATE_TEST_RENDERERS").is_some();
    assert!(found || !required, "none of {names:?} is installed");
    if !found {
        eprintln!("skipped: none of {names:?} is installed");
    }
    found
}

/// Renders one kustomization below `root`.
fn rendered(root: &Path, directory: &str) -> (Rendered, Sources) {
    let (tree, mut sources) = (Disk(root.to_path_buf()), Sources::default());
    let roots = Roots::among(std::iter::once(&*format!("{directory}/kustomization.yaml")));
    let asked = Asked { kustomizations: vec![directory.to_owned()], ..Asked::default() };
    let mut session =
        render::Session { tree: &tree, revision: Revision::Head, ids: BTreeMap::new(), read: BTreeMap::new() };
    let prepared = render::prepare(&roots, &asked, &mut session, &mut sources);
    assert_eq!(prepared.len(), 1);
    let programs = Programs::new(std::env::var_os("PATH").as_deref());
    let mut all = render::render(&prepared, &programs, &Limits::default(), &sources, &|| {});
    (all.remove(0), sources)
}

#[test]
fn renders_what_kubectl_renders() {
    if !is_installed(&["kustomize", "kubectl"]) {
        return;
    }
    let text = std::fs::read_to_string(data().join("kustomize/cases.jsonl")).expect("cases");
    let cases = json::parse_all(SourceId(0), &text).documents;
    assert_eq!(cases.len(), 19);
    let mut wrong = Vec::new();
    for case in &cases {
        let text = |key: &str| case.get(key).and_then(Node::as_str).unwrap_or_default();
        let (case_root, directory) = text("dir").trim_start_matches("kustomize/").split_once('/').expect("case/dir");
        let (came, sources) = rendered(&data().join("kustomize").join(case_root), directory);
        match case.get("docs").and_then(Node::as_seq) {
            None if came.complete => wrong.push(format!("{}: not refused", text("id"))),
            None => {}
            Some(_) if !came.complete => wrong.push(format!("{}: {:?}", text("id"), came.diagnostics)),
            Some(docs) => {
                let ours: Vec<&Node> = came.resources.iter().map(|r| &*r.attrs).collect();
                if ours.len() != docs.len() || !ours.iter().zip(docs).all(|(a, b)| same(a, b)) {
                    let show = |nodes: Vec<&Node>| serde_json::to_string(&nodes).expect("JSON");
                    wrong.push(format!("{}:\n  {}\n  {}", text("id"), show(ours), show(docs.iter().collect())));
                }
                for resource in &came.resources {
                    assert!(sources.locate(resource.header).is_some(), "{} {} stands nowhere", text("id"), resource.id);
                    every_node(&resource.attrs, &mut |node| {
                        assert!(sources.locate(node.span).is_some(), "{} {:?}", text("id"), node.value);
                    });
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

fn every_node(node: &Node, check: &mut dyn FnMut(&Node)) {
    check(node);
    match &node.value {
        Value::Map(map) => map.iter().for_each(|e| every_node(&e.node, check)),
        Value::Seq(items) => items.iter().for_each(|i| every_node(i, check)),
        _ => {}
    }
}

/// Equal as kubectl has it: numbers beyond 64 bits are doubles.
fn same(ours: &Node, theirs: &Node) -> bool {
    match (&ours.value, &theirs.value) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Seq(a), Value::Seq(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Map(a), Value::Map(b)) => {
            a.len() == b.len() && a.iter().all(|e| b.get(&e.key).is_some_and(|theirs| same(&e.node, theirs)))
        }
        (a, b) => a == b,
    }
}
