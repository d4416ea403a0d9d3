use std::collections::BTreeMap;

use serde::Deserialize;

use super::*;
use crate::parse::tree::Map;
use crate::source::SourceId;

/// A tree from JSON text in which every key and scalar has the span of its `n`-th place in reading order.
fn node(json: &str) -> Node {
    fn build(value: &serde_json::Value, next: &mut usize) -> Node {
        let mut place = || {
            *next += 1;
            Span::new(SourceId(0), *next, *next + 1)
        };
        let span = place();
        let value = match value {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(b) => Value::Bool(*b),
            serde_json::Value::Number(n) => {
                Value::Number(n.as_i64().map_or_else(|| Number::Float(n.as_f64().unwrap()), Number::Int))
            }
            serde_json::Value::String(s) => s.as_str().into(),
            serde_json::Value::Array(items) => Value::Seq(items.iter().map(|v| build(v, next)).collect()),
            serde_json::Value::Object(map) => {
                let mut out = Map::default();
                for (key, value) in map {
                    *next += 1;
                    let key_span = Span::new(SourceId(0), *next, *next + 1);
                    out.push(Entry { key: key.as_str().into(), key_span, node: build(value, next) });
                }
                Value::Map(out)
            }
        };
        Node { value, span }
    }
    build(&serde_json::from_str(json).unwrap(), &mut 0)
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Window {
    id: String,
    #[serde(default)]
    schedule: Option<Spanned<String>>,
    #[serde(default)]
    kind: Option<Kind>,
    #[serde(default)]
    tiers: Vec<u8>,
    #[serde(default)]
    labels: BTreeMap<String, bool>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Deny,
    Allow,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Document {
    windows: Vec<Spanned<Window>>,
}

fn fault(json: &str) -> (&'static str, String, String, u32) {
    let d = from_node::<Document>(&node(json)).expect_err("a fault");
    (d.code, d.message, d.help, d.span.expect("a place").start)
}

#[test]
fn reads_what_is_there() {
    let read: Document =
        from_node(&node(r#"{"windows": [{"id": "a", "schedule": "x", "kind": "deny", "tiers": [0, 1]}]}"#)).unwrap();
    let window = &read.windows[0];
    assert_eq!(window.id, "a");
    assert_eq!(window.span.start, 5, "a mapping is shown at its first key");
    assert_eq!(window.schedule.as_ref().unwrap().span.start, 8, "a scalar is shown at itself");
    assert_eq!(window.kind, Some(Kind::Deny));
    assert_eq!(window.tiers, [0, 1]);
}

#[test]
fn null_is_absent_an_empty_list_or_an_empty_mapping() {
    let read: Document =
        from_node(&node(r#"{"windows": [{"id": "a", "schedule": null, "tiers": null, "labels": null}]}"#)).unwrap();
    assert_eq!(read.windows[0].schedule, None);
    assert!(read.windows[0].tiers.is_empty() && read.windows[0].labels.is_empty());
}

#[test]
fn an_unknown_field_is_at_its_key_with_a_suggestion() {
    let (code, message, help, at) = fault(r#"{"windows": [{"id": "a", "schedul": "x"}]}"#);
    assert_eq!(code, "document::unknown-field");
    assert_eq!(message, "unknown field `schedul` in `windows[0]`");
    assert_eq!(help, "did you mean `schedule`? allowed here: `id`, `kind`, `labels`, `schedule`, `tiers`");
    assert_eq!(at, 7);
}

#[test]
fn an_unknown_field_at_the_top_says_so() {
    let (_, message, help, _) = fault(r#"{"zzz": 1}"#);
    assert_eq!(message, "unknown field `zzz` at the top level");
    assert_eq!(help, "allowed here: `windows`");
}

#[test]
fn a_missing_field_is_at_the_first_key() {
    let (code, message, _, at) = fault(r#"{"windows": [{"kind": "deny"}]}"#);
    assert_eq!((code, at), ("document::missing-field", 5));
    assert_eq!(message, "missing field `id` in `windows[0]`");
}

#[test]
fn a_wrong_type_is_at_the_value() {
    let (code, message, help, at) = fault(r#"{"windows": [{"id": 7}]}"#);
    assert_eq!((code, at), ("document::type", 6));
    assert_eq!(message, "`windows[0].id`: expected a string, found the number 7");
    assert_eq!(help, "put it in quotes");
    assert_eq!(fault(r#"{"windows": {}}"#).1, "`windows`: expected a list, found a mapping");
    assert_eq!(fault(r#"{"windows": [[]]}"#).1, "`windows[0]`: expected a mapping, found a list");
    assert_eq!(
        fault(r#"{"windows": [{"id": "a", "kind": true}]}"#).1,
        "`windows[0].kind`: expected a string, found a boolean"
    );
}

#[test]
fn an_unknown_variant_and_a_number_out_of_range_are_values() {
    let (code, message, help, _) = fault(r#"{"windows": [{"id": "a", "kind": "dney"}]}"#);
    assert_eq!(code, "document::value");
    assert_eq!(message, "`windows[0].kind`: unknown value `dney`");
    assert_eq!(help, "did you mean `deny`? allowed here: `allow`, `deny`");
    let (code, message, _, _) = fault(r#"{"windows": [{"id": "a", "tiers": [0, 300]}]}"#);
    assert_eq!(code, "document::value");
    assert_eq!(message, "`windows[0].tiers[1]`: the number 300 is not a whole number from 0 to 255");
}

#[test]
fn keys_that_are_not_words_are_quoted_in_paths() {
    let (_, message, _, _) = fault(r#"{"windows": [{"id": "a", "labels": {"a.b": 1}}]}"#);
    assert_eq!(message, "`windows[0].labels[\"a.b\"]`: expected a boolean, found the number 1");
}

#[test]
fn suggestions_are_close_or_absent() {
    let names = ["start", "end", "schedule", "endSchedule"];
    assert_eq!(closest("strat", names), Some("start"));
    assert_eq!(closest("Start", names), Some("start"));
    assert_eq!(closest("endschedule", names), Some("endSchedule"));
    assert_eq!(closest("reason", names), None);
}
