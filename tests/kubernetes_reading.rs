//! Reads every manifest of `tests/data/kubernetes` and compares with what kubectl makes of it.
#![allow(missing_docs, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test binary")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use changegate::facts::Resource;
use changegate::kubernetes::{self, Document, Other};
use changegate::parse::tree::{Node, Number, Step, Value};
use changegate::parse::yaml::Limits;
use changegate::parse::{Documents, json};
use changegate::source::{Revision, Source, SourceId, Sources};

/// kubectl puts U+FFFD in place of what is not UTF-8 and follows a UTF-16 mark; for us both are errors.
const NOT_UTF_8: &str = "input that is not UTF-8 is refused";

/// kubectl breaks the line at U+0085, U+2028 and U+2029, which no reviewer sees; we refuse the file.
const UNSEEN_BREAK: &str = "a line break that is not shown as one is refused";

/// Nothing that is refused by kubectl can be applied, so reading it does no harm.
const LENIENT: &str = "kubectl refuses it, YAML 1.2 does not";

/// Cases that we read otherwise than kubectl, each with the reason.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("json/invalid-utf8", NOT_UTF_8),
    ("kinds/name-odd", "kubectl drops an empty `metadata.namespace`; attributes are kept as written"),
    ("refused/bad-anchor-char", LENIENT),
    ("refused/tab-indent-after-spaces", LENIENT),
    ("refused/utf8-above-10ffff", NOT_UTF_8),
    ("refused/utf8-bad-in-comment", NOT_UTF_8),
    ("refused/utf8-latin1", NOT_UTF_8),
    ("refused/utf8-lone-continuation", NOT_UTF_8),
    ("refused/utf8-truncated", NOT_UTF_8),
    ("stream/directive-in-second-doc-no-dots", "kubectl reads nothing from `%` to the next `---`; we refuse the file"),
    ("stream/json-then-dots", LENIENT),
    ("stream/only-dots", LENIENT),
    ("stream/trailing-tab-line", LENIENT),
    ("stream/utf16-be-bom", NOT_UTF_8),
    ("stream/utf16-le-bom", NOT_UTF_8),
    ("stream/utf16-le-two-docs", NOT_UTF_8),
    ("strings/comment-ls-then-text", UNSEEN_BREAK),
    ("strings/double-nel-raw", UNSEEN_BREAK),
    ("strings/literal-nel-kept", UNSEEN_BREAK),
    ("strings/literal-tab-first-line", LENIENT),
    ("strings/plain-flow-colon-start", LENIENT),
    ("strings/plain-nel-before-key", UNSEEN_BREAK),
    ("strings/plain-nel-continuation", UNSEEN_BREAK),
    ("strings/single-unicode-nel", UNSEEN_BREAK),
    ("structure/alias-as-key-no-space", "`*a: x` is one alias in YAML 1.2; refused, so nobody reads it otherwise"),
    ("structure/anchor-dotted-name", LENIENT),
    ("structure/anchor-unicode-name", LENIENT),
    ("structure/blank-line-tab-last", LENIENT),
    ("structure/explicit-key-tab", LENIENT),
    ("structure/flow-question-key", "kubectl drops the `?` of a key; we refuse it"),
    ("structure/flow-question-start", "kubectl makes a key of it; we refuse it"),
    ("structure/json-escaped-slash", LENIENT),
    ("structure/seq-dash-tab", LENIENT),
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
    let file = String::from_utf8(bytes(case)).map_err(|_| "not UTF-8".to_owned())?;
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
