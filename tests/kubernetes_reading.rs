//! Reads every manifest of `tests/data/kubernetes` and compares with what kubectl makes of it.
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
use std::path::PathBuf;

use rayon::prelude::*;

use changegate::facts::Resource;
use changegate::kubernetes::{self, Document, Other};
use changegate::parse::tree::{Node, Number, Step, Value};
use changegate::parse::yaml::Limits;
use changegate::parse::{Documents, json};
use changegate::source::{Revision, Source, SourceId, Sources};

/// kubectl puts U+FFFD in place of what is not UTF-8; for us it is an error.
const NOT_UTF_8: &str = "input that is not UTF-8 is refused";

/// kubectl breaks the line at U+0085, U+2028 and U+2029, which no reviewer sees; we refuse the file.
const UNSEEN_BREAK: &str = "a line break that is not shown as one is refused";

/// Cases that we refuse and kubectl reads, each with the reason: 16 of 551. None is read otherwise, and every refusal is
/// refused.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("json/invalid-utf8", NOT_UTF_8),
    ("refused/utf8-above-10ffff", NOT_UTF_8),
    ("refused/utf8-bad-in-comment", NOT_UTF_8),
    ("refused/utf8-latin1", NOT_UTF_8),
    ("refused/utf8-lone-continuation", NOT_UTF_8),
    ("refused/utf8-truncated", NOT_UTF_8),
    ("stream/directive-in-second-doc-no-dots", "kubectl reads nothing from `%` to the next `---`; we refuse the file"),
    ("strings/comment-ls-then-text", UNSEEN_BREAK),
    ("strings/double-nel-raw", UNSEEN_BREAK),
    ("strings/literal-nel-kept", UNSEEN_BREAK),
    ("strings/plain-nel-before-key", UNSEEN_BREAK),
    ("strings/plain-nel-continuation", UNSEEN_BREAK),
    ("strings/single-unicode-nel", UNSEEN_BREAK),
    ("structure/alias-as-key-no-space", "`*a: x` is one alias in YAML 1.2; refused, so nobody reads it otherwise"),
    ("structure/flow-question-key", "kubectl drops the `?` of a key; we refuse it"),
    ("structure/flow-question-start", "kubectl makes a key of it; we refuse it"),
];

#[test]
fn reads_what_kubectl_reads() {
    let exceptions: BTreeMap<_, _> = EXCEPTIONS.iter().copied().collect();
    let cases = cases();
    assert_eq!(cases.documents.len(), 551);
    let wrong: Vec<String> = cases
        .documents
        .iter()
        .filter_map(|case| {
            let id = text(case, "id");
            match (compare(case), exceptions.contains_key(id)) {
                (Ok(()), false) | (Err(_), true) => None,
                (Ok(()), true) => Some(format!("{id}: no exception any more")),
                (Err(why), false) => Some(format!("{id}: {why}")),
            }
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.documents.len(), wrong.join("\n"));
}

#[test]
fn places_what_it_reads() {
    let (mut checked, mut wrong) = (0, Vec::new());
    for case in cases().documents {
        let Some(spans) = case.get("spans").and_then(Node::as_seq) else { continue };
        if EXCEPTIONS.iter().any(|(id, _)| *id == text(&case, "id")) {
            continue;
        }
        let file = String::from_utf8(bytes(&case)).expect("UTF-8");
        let mut sources = Sources::default();
        let id = sources.add(Source::new("f", Revision::Head, file.trim_start_matches('\u{feff}')));
        let ours = ours(id, &sources.get(id).expect("source").text.clone());
        for span in spans {
            checked += 1;
            let number = |key: &str| span.get(key).and_then(Node::as_i64);
            let doc = usize::try_from(number("doc").expect("doc")).expect("index");
            let root = ours.objects.get(doc).unwrap_or(&case);
            let (node, key, _) = root.deepest(&pointer(root, text(span, "pointer")));
            let at = |s| sources.locate(s).map(|l| (i64::from(l.line), i64::from(l.column))).expect("place");
            let expected = (number("line").expect("line"), number("column").expect("column"));
            let expected_key = number("key_line").map(|line| (line, number("key_column").expect("column")));
            if at(node.span) != expected || expected_key.is_some_and(|e| e != at(key)) {
                let place = format!("{} {}", text(&case, "id"), text(span, "pointer"));
                wrong.push(format!(
                    "{place}: {:?} not {expected:?}; key {:?} not {expected_key:?}",
                    at(node.span),
                    at(key)
                ));
            }
        }
    }
    assert!(checked > 300, "{checked}");
    assert!(wrong.is_empty(), "{} of {checked}:\n{}", wrong.len(), wrong.join("\n"));
}

/// The objects of a file, and whether something in it was refused.
struct Ours {
    objects: Vec<Node>,
    refused: Option<String>,
}

fn ours(source: SourceId, text: &str) -> Ours {
    let Documents { documents, diagnostics } = kubernetes::read(source, text, &Limits::default());
    let error = |d: &changegate::finding::Diagnostic| d.level == changegate::finding::Level::Error;
    let mut refused = diagnostics.iter().find(|d| error(d) || d.code == "yaml::template").map(|d| d.message.clone());
    let mut objects = Vec::new();
    for document in documents {
        match kubernetes::objects(document.clone()) {
            Document::Kubernetes(found) => {
                let attrs = |r: Resource| std::sync::Arc::try_unwrap(r.attrs).expect("one owner");
                objects.extend(found.resources.into_iter().map(attrs));
                refused = refused.or(found.diagnostics.first().map(|d| d.message.clone()));
            }
            Document::Other(Other::Empty) => {}
            Document::Other(Other::NoKind) if document.get("kind").and_then(Node::as_str).is_none_or(str::is_empty) => {
                refused = Some("no kind".into());
            }
            Document::Other(Other::NotAMapping) => refused = Some("not a mapping".into()),
            Document::Other(_) => objects.push(document),
        }
    }
    Ours { objects, refused }
}

/// What 1.32 refuses and 1.33 reads may be read: we judge what either would apply.
fn compare(case: &Node) -> Result<(), String> {
    let with_1_32 = compare_with(case, case);
    match case.get("v1_33") {
        Some(newer) => with_1_32.or_else(|_| compare_with(case, newer)),
        None => with_1_32,
    }
}

fn compare_with(case: &Node, theirs: &Node) -> Result<(), String> {
    let file = changegate::discover::decode(bytes(case), "f").map_err(|fault| fault.message)?;
    let ours = ours(SourceId(0), &file);
    match (theirs.get("docs"), ours.refused) {
        (None, None) if theirs.get("error").is_some() => Err(format!("not refused: {}", text(theirs, "error"))),
        (_, Some(_)) if theirs.get("error").is_some() => Ok(()),
        (_, Some(why)) => Err(format!("refused: {why}")),
        (None, None) => Ok(()),
        (Some(docs), None) => {
            let alternatives = case.get("alternatives").and_then(Node::as_seq).unwrap_or(std::slice::from_ref(docs));
            let fits = |docs: &Node| same(&Node::new(ours.objects.clone(), docs.span), docs);
            if alternatives.iter().any(fits) {
                return Ok(());
            }
            let show = |node: &Node| serde_json::to_string(node).expect("JSON");
            Err(format!("\n    ours   {}\n    theirs {}", show(&Node::new(ours.objects, docs.span)), show(docs)))
        }
    }
}

/// Equal as kubectl has it: numbers beyond 64 bits are doubles.
fn same(ours: &Node, theirs: &Node) -> bool {
    match (&ours.value, &theirs.value) {
        (Value::Number(Number::Int(a)), Value::Number(Number::Int(b))) => a == b,
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Seq(a), Value::Seq(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Map(a), Value::Map(b)) => {
            a.len() == b.len() && a.iter().all(|e| b.get(&e.key).is_some_and(|theirs| same(&e.node, theirs)))
        }
        (a, b) => a == b,
    }
}

fn cases() -> Documents {
    let cases = std::fs::read_to_string(data().join("cases.jsonl")).expect("cases");
    let cases = json::parse_all(SourceId(0), &cases);
    assert_eq!(cases.diagnostics, []);
    cases
}

fn bytes(case: &Node) -> Vec<u8> {
    std::fs::read(data().join(text(case, "file"))).expect("file of a case")
}

fn data() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/kubernetes")
}

fn text<'a>(node: &'a Node, key: &str) -> &'a str {
    node.get(key).and_then(Node::as_str).unwrap_or_default()
}

/// An RFC 6901 pointer as a path into `root`, where a list takes an index.
fn pointer(root: &Node, pointer: &str) -> Vec<Step> {
    let mut path: Vec<Step> = Vec::new();
    for part in pointer.split('/').skip(1) {
        let holder = root.deepest(&path).0;
        path.push(match part.parse::<usize>() {
            Ok(index) if holder.as_seq().is_some() => index.into(),
            _ => Step::from(&*part.replace("~1", "/").replace("~0", "~")),
        });
    }
    path
}

/// Reads every manifest below `CHANGEGATE_CORPUS` with `kubectl annotate --local` beside us; without the variable there is nothing to do.
/// What differs is printed and listed in `docs/kubernetes.md`.
#[test]
fn reads_a_corpus_as_kubectl_does() {
    let Some(corpus) = std::env::var_os("CHANGEGATE_CORPUS") else { return };
    let (mut files, mut folders) = (Vec::new(), vec![PathBuf::from(corpus)]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("folder").map(|e| e.expect("entry").path()) {
            let is_manifest = ["yaml", "yml", "json"].iter().any(|e| entry.extension().is_some_and(|x| x == *e));
            match entry.is_dir() {
                true => folders.push(entry),
                false if is_manifest => files.push(entry),
                false => {}
            }
        }
    }
    files.sort();
    let read: Vec<(usize, Option<String>)> = files.par_iter().map(|file| beside_kubectl(file)).collect();
    let documents: usize = read.iter().map(|(n, _)| n).sum();
    let different: Vec<&String> = read.iter().filter_map(|(_, why)| why.as_ref()).collect();
    let shown: Vec<&str> = different.iter().map(|why| why.as_str()).collect();
    eprintln!("{} files, {documents} documents, {} differ:\n{}", files.len(), different.len(), shown.join("\n"));
}

/// How many objects both read in a file, and what differs.
fn beside_kubectl(file: &std::path::Path) -> (usize, Option<String>) {
    let Ok(text) = changegate::discover::decode(std::fs::read(file).expect("file"), "f") else { return (0, None) };
    let ours = ours(SourceId(0), &text);
    let mut kubectl = std::process::Command::new("kubectl");
    kubectl.env("KUBECONFIG", "/dev/null").args(["annotate", "--local", "zz=1", "-o", "json", "-f"]).arg(file);
    let answer = kubectl.output().expect("kubectl");
    let said = String::from_utf8_lossy(&answer.stderr).lines().next().unwrap_or_default().to_owned();
    let theirs: Vec<Node> = json::parse_all(SourceId(0), &String::from_utf8_lossy(&answer.stdout)).documents;
    let name = file.display();
    let same_objects = theirs.len() == ours.objects.len()
        && ours.objects.iter().zip(&theirs).all(|(a, b)| same(&bare(a.clone()), &bare(b.clone())));
    match (answer.status.success(), ours.refused) {
        (true, None) if same_objects => (theirs.len(), None),
        (false, Some(_)) => (0, None),
        (true, None) => (0, Some(format!("{name}: {} objects, kubectl {}", ours.objects.len(), theirs.len()))),
        (true, Some(why)) => (0, Some(format!("{name}: refused ({why}), kubectl reads {}", theirs.len()))),
        (false, None) if ours.objects.is_empty() => (0, None),
        (false, None) => (0, Some(format!("{name}: {} objects, kubectl: {said}", ours.objects.len()))),
    }
}

/// Without the annotation that was asked for, and without annotations and metadata where that was all.
fn bare(mut object: Node) -> Node {
    let Value::Map(map) = &mut object.value else { return object };
    if let Some(Value::Map(metadata)) = map.get_mut("metadata").map(|node| &mut node.value) {
        let empty = match metadata.get_mut("annotations").map(|node| &mut node.value) {
            Some(Value::Map(annotations)) => {
                annotations.remove("zz");
                annotations.is_empty()
            }
            Some(Value::Null) => true,
            _ => false,
        };
        if empty {
            metadata.remove("annotations");
        }
        if metadata.is_empty() {
            map.remove("metadata");
        }
    }
    object
}
