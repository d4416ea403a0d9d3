use proptest::prelude::*;

use super::*;
use crate::finding::Level;
use crate::parse::tree::Node;

fn read(text: &str) -> Hcl {
    parse(SourceId(0), text)
}

/// The text that a span covers.
fn slice(text: &str, span: Span) -> &str {
    &text[span.start as usize..span.end as usize]
}

/// The value of `x = EXPRESSION` as JSON; unknown entries are left out, unknown items are null.
fn json(expression: &str) -> String {
    let text = format!("x = {expression}\n");
    let hcl = read(&text);
    assert!(hcl.diagnostics.is_empty(), "{expression}: {:?}", hcl.diagnostics);
    let attribute = hcl.body.attribute("x").expect("attribute");
    match attribute.value.value {
        Value::Unknown => "unknown".into(),
        _ => serde_json::to_string(&attribute.value).expect("json"),
    }
}

#[test]
fn literals_become_values_and_the_rest_is_unknown() {
    let cases = [
        ("1", "1"),
        ("- 5", "-5"),
        ("1e3", "1000"),
        ("0.5", "0.5"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("0.12345678901234567890", "0.12345678901234567890"),
        ("true", "true"),
        ("null", "null"),
        ("(\"a\")", "\"a\""),
        ("\"a\\n\\u00e9$${b}\"", "\"a\\né${b}\""),
        ("<<-E\n    a\n      b\n  E", "\"a\\n  b\\n\""),
        ("[1, \"b\", var.c]", "[1,\"b\",null]"),
        ("{ a = 1, \"b\": [2], 3 = true, (\"d\") = null, e = f() }", r#"{"a":1,"b":[2],"3":true,"d":null}"#),
        ("{ a = 1, (var.k) = 2 }", "unknown"),
        ("\"${var.a}\"", "unknown"),
        ("var.a ? 1 : 2", "unknown"),
        ("[for a in b : a]", "unknown"),
        ("a[*].b", "unknown"),
        ("1 + 1", "unknown"),
    ];
    for (expression, expected) in cases {
        assert_eq!(json(expression), expected, "{expression}");
    }
}

#[test]
fn an_expression_is_kept_only_where_something_is_left_to_evaluate() {
    let text = "provider = aws.west\nn = 1\nlist = [1, var.x]\n";
    let hcl = read(text);
    assert!(hcl.body.attribute("n").unwrap().expression.is_none());
    assert_eq!(hcl.body.attribute("provider").unwrap().reference().as_deref(), Some("aws.west"));
    let list = hcl.body.attribute("list").unwrap();
    let kept = list.expression.as_ref().unwrap();
    assert_eq!(slice(text, kept.span_of(&kept.tree).unwrap()), "[1, var.x]");
    assert_eq!(slice(text, list.value.as_seq().unwrap()[1].span), "var.x");
}

#[test]
fn blocks_know_their_header_their_labels_and_their_bytes() {
    let text = "\u{feff}# é\nresource \"a\" \"b\" {\n  lifecycle {}\n}\n";
    let hcl = read(text);
    let text = text.trim_start_matches('\u{feff}');
    let block = &hcl.body.blocks[0];
    assert_eq!(slice(text, block.header), "resource \"a\" \"b\"");
    assert_eq!(slice(text, block.labels[1].span), "\"b\"");
    assert!(slice(text, block.span).ends_with("{}\n}"));
    assert_eq!(slice(text, block.body.blocks[0].header), "lifecycle");
}

#[test]
fn a_broken_block_loses_that_block_alone() {
    let text = "a \"1\" {\n  x = 1\n}\nb {\n  x = = 2\n}\nc {\n  y = 3\n}\n";
    let hcl = read(text);
    let kinds: Vec<_> = hcl.body.blocks.iter().map(|b| &*b.kind).collect();
    assert_eq!(kinds, ["a", "c"]);
    assert_eq!(slice(text, hcl.body.blocks[1].body.attribute("y").unwrap().value.span), "3");
    let [broken] = &hcl.diagnostics[..] else { panic!("{:?}", hcl.diagnostics) };
    assert_eq!((broken.code, broken.level), ("hcl::syntax", Level::Error));
    assert_eq!(broken.span.unwrap().start as usize, text.find("= 2").unwrap());
}

#[test]
fn a_block_that_is_never_closed_is_named_at_its_header() {
    let text = "resource \"a\" \"b\" {\n  x = [1\n\nresource \"c\" \"d\" {}\n";
    let hcl = read(text);
    assert_eq!(hcl.body.blocks.len(), 1);
    assert_eq!(slice(text, hcl.diagnostics[0].span.unwrap()), "resource \"a\" \"b\"");
}

#[test]
fn valid_terraform_that_the_parser_refuses_is_read() {
    let cases = [
        ("{ a = 1, b = 2, a = 3 }", r#"{"b":2,"a":3}"#),
        ("{\n  a = { c = 1 } # one\n  b = 2\n  a = 3\n}", r#"{"b":2,"a":3}"#),
        ("{ a = 1, \"a\" = 2 }", r#"{"a":2}"#),
        ("{ for k, v in m : k => v\n ? 1 # one\n : 2\n if v\n && k }", "unknown"),
        ("[{ x = { for k in m : k => a\n + b } }, 1]", "[{},1]"),
        ("[for k in\n m : k]", "unknown"),
    ];
    for (expression, expected) in cases {
        assert_eq!(json(expression), expected, "{expression}");
    }
}

#[test]
fn what_is_beyond_the_limits_is_unknown_and_said() {
    let items = |n: usize| (0..n).map(|i| format!("k{i} = {i}\n")).collect::<String>();
    let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    let chain = format!("a{}", " || a".repeat(200));
    let huge = format!("{{\n{}}}", items(12_000));
    for expression in [deep, chain, huge] {
        let text = format!("r {{\n  x = {expression}\n  y = 2\n}}\n");
        let hcl = read(&text);
        let x = hcl.body.blocks[0].body.attribute("x").unwrap();
        assert_eq!(x.value.value, Value::Unknown);
        assert_eq!(slice(&text, x.value.span), expression);
        assert_eq!(hcl.body.blocks[0].body.attribute("y").unwrap().value.as_i64(), Some(2));
        assert_eq!((hcl.diagnostics.len(), hcl.diagnostics[0].code), (1, "hcl::too_large"));
    }
    assert_eq!(read(&format!("x = {{\n{}}}\n", items(5_000))).diagnostics, []);
}

#[test]
fn bombs_are_refused_in_linear_time() {
    for unit in ["[", "{", "(", "a {\n", "\"${", "x = {\n", "<<A\n", "a = f(", "x = !", "/*", "%{ if a }", "-", "a.b["]
    {
        drop(read(&unit.repeat(60_000)));
        drop(read(&format!("x = {}\n", unit.repeat(60_000))));
    }
}

fn literal() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(|n| n.to_string()),
        (any::<i32>(), 0u32..9999).prop_map(|(a, b)| format!("{a}.{b}")),
        "[a-zé \\\\n$%{]{0,8}".prop_map(|s| format!("{:?}", s.replace('{', "("))),
        Just("true".to_owned()),
        Just("null".to_owned()),
        Just("<<E\n  text\n  E\n".to_owned()),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|v| {
                let items: String = v.iter().map(|i| format!("{i}, ")).collect();
                format!("[{items}]")
            }),
            prop::collection::vec(("[a-z]{1,3}", inner), 0..4).prop_map(|v| {
                let items: String = v.iter().map(|(k, i)| format!("{k} = {}\n", i.trim_end())).collect();
                format!("{{\n{items}}}")
            }),
        ]
    })
}

/// Each literal's own bytes, read alone, are the same literal.
fn spans_hold(text: &str, node: &Node) {
    let own = slice(text, node.span);
    let again = read(&format!("again = {own}\n"));
    assert_eq!(&again.body.attribute("again").expect("attribute").value, node, "{own:?}");
    for item in node.as_seq().unwrap_or_default() {
        spans_hold(text, item);
    }
    for entry in node.as_map().into_iter().flatten() {
        assert_eq!(slice(text, entry.key_span), &*entry.key);
        spans_hold(text, &entry.node);
    }
}

proptest! {
    #[test]
    fn spans_slice_back_to_the_same_literal(literal in literal(), broken in any::<bool>()) {
        let fault = if broken { "broken { = }\n" } else { "" };
        let text = format!("{fault}a \"é\" {{\n  x = {}\n}}\n", literal.trim_end());
        let hcl = read(&text);
        prop_assert_eq!(hcl.diagnostics.len(), usize::from(broken), "{}: {:?}", text, hcl.diagnostics);
        spans_hold(&text, &hcl.body.blocks[0].body.attribute("x").expect("attribute").value);
    }

    #[test]
    fn reading_item_by_item_is_reading_the_whole(literals in prop::collection::vec(literal(), 1..4)) {
        let block = |l: &String| format!("# {{\nb \"x\" {{ /* }} */\n  c {{ y = 1 }}\n  x = {}\n}} // {{\n", l.trim_end());
        let text: String = literals.iter().map(block).collect();
        let (whole, items) = (read(&text), by_items(SourceId(0), &text));
        prop_assert_eq!(format!("{whole:?}"), format!("{items:?}"));
    }

    #[test]
    fn any_text_is_survived(text in "[a-z\"{}\\[\\]()=,:<\\-\\n $%#/*E]{0,80}") {
        let hcl = read(&text);
        for d in &hcl.diagnostics {
            prop_assert!(d.span.is_some());
        }
    }
}
