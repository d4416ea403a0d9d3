//! TOML with spans. Dates and times are text, as JSON has them.

use toml::de::{DeTable, DeValue};

use crate::finding::Diagnostic;
use crate::parse::tree::{Entry, Map, Node, Number, Value};
use crate::source::{SourceId, Span};

/// Reads a file.
pub(super) fn read(source: SourceId, text: &str) -> Result<Node, Diagnostic> {
    match DeTable::parse(text) {
        Ok(table) => Ok(Node::new(map(source, table.get_ref()), Span::new(source, 0, text.len()))),
        Err(fault) => {
            let at = fault.span().unwrap_or_default();
            Err(Diagnostic::error("toml::syntax", format!("this is no TOML: {}", fault.message()))
                .at(Span::new(source, at.start, at.end))
                .help("https://toml.io/en/v1.0.0 has the grammar"))
        }
    }
}

fn map(source: SourceId, table: &DeTable<'_>) -> Map {
    let entry = |(key, value): (&toml::Spanned<std::borrow::Cow<'_, str>>, &toml::Spanned<DeValue<'_>>)| {
        let (keys, values) = (key.span(), value.span());
        let key_span = Span::new(source, keys.start, keys.end);
        let node = Node::new(self::value(source, value.get_ref()), Span::new(source, values.start, values.end));
        Entry { key: key.get_ref().as_ref().into(), key_span, node }
    };
    table.iter().map(entry).collect()
}

fn value(source: SourceId, value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::from(text.as_ref()),
        DeValue::Boolean(b) => Value::from(*b),
        DeValue::Integer(int) => {
            let text = int.as_str().replace('_', "");
            i64::from_str_radix(&text, int.radix())
                .map_or_else(|_| Value::from(text), |i| Value::Number(Number::Int(i)))
        }
        DeValue::Float(float) => match float.as_str().replace('_', "").parse::<f64>() {
            Ok(f) if f.is_finite() => Value::Number(Number::Float(f)),
            _ => Value::from(float.as_str()),
        },
        DeValue::Datetime(time) => Value::from(time.to_string()),
        DeValue::Array(items) => {
            let item = |item: &toml::Spanned<DeValue<'_>>| {
                let span = item.span();
                Node::new(self::value(source, item.get_ref()), Span::new(source, span.start, span.end))
            };
            Value::Seq(items.iter().map(item).collect())
        }
        DeValue::Table(table) => Value::Map(map(source, table)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Parser, json_of};

    #[test]
    fn tables_are_objects() {
        let text = "list = [\"http\", 0x10, 1.5]\nat = 2026-01-01\n[entryPoints.http]\naddress = \":80\"\ncompress = true\n[[x]]\na = 1\n[[x]]\na = 2\n";
        let expected = json!({
            "list": ["http", 16, 1.5], "at": "2026-01-01", "entryPoints": {"http": {"address": ":80", "compress": true}}, "x": [{"a": 1}, {"a": 2}],
        });
        assert_eq!(json_of(Parser::Toml, text), expected);
        let fault = super::read(crate::source::SourceId(0), "a = \n").unwrap_err();
        assert!(fault.span.is_some());
    }
}
