//! Properties of the readers: what is written comes back, places slice to what stands there, and
//! hostile input is refused in linear time.
#![allow(missing_docs, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test binary")]

use changegate::parse::tree::{Entry, Map, Node, Number, Value};
use changegate::parse::yaml::{self, Limits};
use changegate::parse::{Documents, json};
use changegate::source::{SourceId, Span};
use proptest::prelude::*;

const HERE: SourceId = SourceId(0);

fn yaml(text: &str) -> Documents {
    yaml::parse(HERE, text, &Limits::default())
}

fn codes(found: &Documents) -> Vec<&'static str> {
    found.diagnostics.iter().map(|d| d.code).collect()
}

/// A tree with texts that look like something else, and keys that repeat across mappings.
fn tree() -> impl Strategy<Value = Node> {
    let word = prop_oneof!["[a-z]{1,8}", "\\PC{0,12}", "(yes|no|on|null|~|1_000|0x1F|1e3|- a|a: b|#c|\\*a|&a|!t|<<)"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_filter("beyond i64", |u| *u > i64::MAX as u64).prop_map(|u| Value::Number(Number::Uint(u))),
        any::<f64>().prop_filter("finite", |f| f.is_finite()).prop_map(|f| Value::Number(Number::Float(f))),
        word.prop_map(Value::from),
    ];
    let node = |value: Value| Node::new(value, Span::default());
    leaf.prop_map(node).prop_recursive(5, 64, 6, move |inner| {
        let entry = |(key, node): (String, Node)| Entry { key: key.into(), key_span: Span::default(), node };
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(|items| Node::new(items, Span::default())),
            prop::collection::hash_map("[a-z]{0,3}|yes|1|\\PC{1,5}", inner, 0..6)
                .prop_map(move |map| Node::new(map.into_iter().map(entry).collect::<Map>(), Span::default())),
        ]
    })
}

/// Every scalar and key of the tree, as `(place, value)`.
fn leaves(node: &Node, found: &mut Vec<(Span, Value)>) {
    match &node.value {
        Value::Seq(items) => items.iter().for_each(|item| leaves(item, found)),
        Value::Map(map) => map.iter().for_each(|entry| {
            found.push((entry.key_span, Value::String(entry.key.clone())));
            leaves(&entry.node, found);
        }),
        scalar => found.push((node.span, scalar.clone())),
    }
}

/// Every place slices to a text that reads as the value; every collection covers its parts.
fn check_places(text: &str, root: &Node) -> Result<(), TestCaseError> {
    let mut found = Vec::new();
    leaves(root, &mut found);
    for (span, value) in found {
        let slice = &text[span.start as usize..span.end as usize];
        let again = yaml(slice).documents.pop().map(|node| node.value).unwrap_or_default();
        prop_assert_eq!(again, value, "{}", slice);
    }
    Ok(())
}

proptest! {
    #[test]
    fn json_comes_back_from_json_and_from_yaml(tree in tree(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&tree) } else { serde_json::to_string(&tree) }.expect("JSON");
        let from_json = json::parse(HERE, &text).expect("valid JSON");
        prop_assert_eq!(&from_json, &tree);
        check_places(&text, &from_json)?;
        // Longer keys than that are refused in YAML; unseen line breaks are too.
        let foreign = text.contains(['\u{85}', '\u{2028}', '\u{2029}', '\u{feff}']);
        if !foreign {
            let read = yaml(&text);
            prop_assert_eq!(codes(&read), Vec::<&str>::new(), "{}", text);
            let from_yaml = read.documents.into_iter().next().unwrap_or_default();
            prop_assert_eq!(&from_yaml, &tree);
            check_places(&text, &from_yaml)?;
        }
    }

    #[test]
    fn nothing_panics(text in "(\\PC|[\n\t:{}\\[\\],&*!|>'\"%@`#-]| ){0,80}") {
        let found = yaml(&text);
        for diagnostic in &found.diagnostics {
            let span = diagnostic.span.expect("a place");
            prop_assert!(text.get(span.start as usize..span.end as usize).is_some());
        }
        drop(json::parse_all(HERE, &text));
    }
}

#[test]
fn faults_name_the_place_and_the_next_step() {
    let cases = [
        ("a: 1\n---\nb: [1, 2\n---\nc: 3\n", "yaml::syntax", 2),
        ("image: {{ .Values.image }}\n", "yaml::template", 0),
        ("a: 1\na: 2\n", "yaml::duplicate-key", 1),
        ("a: .inf\n", "yaml::value", 0),
        ("null: 1\n", "yaml::value", 0),
        ("a: &x [*x]\n", "yaml::value", 0),
        ("a: !!int yes\n", "yaml::value", 0),
        ("a: *nothing\n", "yaml::syntax", 0),
        ("a: &x k\n*x: '{{ v }}'\n", "yaml::dialect", 0),
        ("a: '{{ v }}'\nb: {?c: 1}\n", "yaml::dialect", 0),
        ("a: '{{ v }}'\nb: {c:}\n", "yaml::dialect", 0),
        ("a: '{{ v }}'\nb: [1]#\n", "yaml::syntax", 0),
        ("a: '{{ v }}'\n%YAML 1.1\n", "yaml::dialect", 0),
        ("a: '{{ v }}'\u{2028}b: 1\n", "yaml::dialect", 0),
        ("--- {a: 1}\n", "yaml::separator", 0),
        ("a: 1\n...\nb: 2\n", "yaml::skipped", 1),
    ];
    for (text, code, documents) in cases {
        let found = yaml(text);
        assert_eq!((codes(&found), found.documents.len()), (vec![code], documents), "{text}");
        assert!(found.diagnostics.iter().all(|d| d.span.is_some() && !d.help.is_empty()), "{text}");
    }
}

#[test]
fn aliases_that_multiply_are_refused() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for i in 1..30 {
        let items = vec![format!("*a{}", i - 1); 10].join(", ");
        bomb += &format!("a{i}: &a{i} [{items}]\n");
    }
    assert_eq!(codes(&yaml(&bomb)), ["yaml::limit"]);

    let mut chain = String::from("a0: &a0 [x]\n");
    (1..5000).for_each(|i| chain += &format!("a{i}: &a{i} [*a{}]\n", i - 1));
    assert_eq!(codes(&yaml(&chain)), ["yaml::limit"]);
}

#[test]
fn depth_is_bounded() {
    let flow = |n: usize| "[".repeat(n) + &"]".repeat(n);
    assert_eq!(codes(&yaml(&flow(500))), [""; 0]);
    assert_eq!(codes(&yaml(&flow(1000))), ["yaml::limit"]);
    assert_eq!(codes(&yaml(&"[".repeat(1_000_000))), ["yaml::limit"]);
    let block: String = (0..2000).map(|i| " ".repeat(i) + "a:\n").collect();
    assert_eq!(codes(&yaml(&block)), ["yaml::limit"]);
    assert_eq!(codes(&yaml(&"- ".repeat(100_000))), ["yaml::limit"]);
}

#[test]
fn large_mappings_are_read_and_compared_in_linear_time() {
    let keys = |range: &mut dyn Iterator<Item = usize>| range.map(|i| format!("k{i}: v\n")).collect::<String>();
    let forward = yaml(&keys(&mut (0..100_000)));
    let backward = yaml(&keys(&mut (0..100_000).rev()));
    assert_eq!(forward.documents[0].as_map().map(Map::len), Some(100_000));
    assert_eq!(forward.documents, backward.documents);
    let twice = yaml(&(keys(&mut (0..50_000)) + &keys(&mut (0..50_000))));
    assert_eq!(twice.documents[0].as_map().map(Map::len), Some(50_000));
    assert_eq!(twice.diagnostics.len(), 50_000);
}

#[test]
fn a_missing_last_newline_does_not_show() {
    let value = |text: &str| yaml(text).documents[0].get("a").and_then(Node::as_str).map(str::to_owned);
    assert_eq!(value("a: |\n  b"), Some("b\n".into()));
    assert_eq!(value("a: |-\r\n  b\r\n  c\r\n"), Some("b\nc".into()));
}
