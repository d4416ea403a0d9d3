//! XML as `goxml2json` shows it: elements by their names without prefix, those of one name in a list, attributes with a `-` in front,
//! text beside them as `#content` (<https://github.com/basgys/goxml2json>).

use roxmltree::{Document, ParsingOptions};

use crate::finding::Diagnostic;
use crate::parse::tree::{Entry, Map, Node, Value};
use crate::source::{SourceId, Span};

/// Most elements, attributes and texts of a file.
const NODES: u32 = 1 << 20;
/// Deepest nesting. Each level costs stack.
const DEPTH: usize = 256;

/// Reads a file. Entities that a document declares itself are refused: they can grow without end.
pub(super) fn read(source: SourceId, text: &str) -> Result<Node, Diagnostic> {
    let options = ParsingOptions { allow_dtd: false, nodes_limit: NODES, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).map_err(|fault| {
        let at = crate::source::Source::new("", crate::source::Revision::Head, text);
        let place = fault.pos();
        let start = at.line_range(place.row).map_or(0, |line| line.start + place.col.saturating_sub(1) as usize);
        Diagnostic::error("xml::syntax", format!("this is no XML that is read: {fault}"))
            .at(Span::new(source, start, start))
            .help("a DOCTYPE is not read")
    })?;
    let root = document.root_element();
    let node = element(source, root, 0)?;
    let entry = Entry { key: root.tag_name().name().into(), key_span: name_span(source, root), node };
    Ok(Node::new([entry].into_iter().collect::<Map>(), Span::new(source, 0, text.len())))
}

fn element(source: SourceId, xml: roxmltree::Node<'_, '_>, depth: usize) -> Result<Node, Diagnostic> {
    let span = Span::new(source, xml.range().start, xml.range().end);
    if depth > DEPTH {
        let deep = Diagnostic::error("xml::limit", format!("elements are nested deeper than {DEPTH} levels"));
        return Err(deep.at(span).help("no document that people write is this deep"));
    }
    let mut children: Vec<(String, Vec<(Span, Node)>)> = Vec::new();
    let mut add = |name: String, key: Span, node: Node| match children.iter_mut().find(|(known, _)| *known == name) {
        Some((_, nodes)) => nodes.push((key, node)),
        None => children.push((name, vec![(key, node)])),
    };
    for attribute in xml.attributes() {
        let (key, value) = (attribute.range_qname(), attribute.range_value());
        let node = Node::new(attribute.value(), Span::new(source, value.start, value.end));
        add(format!("-{}", attribute.name()), Span::new(source, key.start, key.end), node);
    }
    for declared in xml.namespaces().filter(|n| xml.parent().is_none_or(|p| p.namespaces().all(|known| known != *n))) {
        let name = declared.name().unwrap_or("xmlns");
        if name != "xml" {
            add(format!("-{name}"), name_span(source, xml), Node::new(declared.uri(), name_span(source, xml)));
        }
    }
    for child in xml.children().filter(roxmltree::Node::is_element) {
        add(child.tag_name().name().to_owned(), name_span(source, child), element(source, child, depth + 1)?);
    }
    let text: String = xml.children().filter_map(|child| child.text().filter(|_| child.is_text())).collect();
    let text = text.trim();
    if children.is_empty() {
        return Ok(Node::new(text, span));
    }
    let entry = |(name, mut nodes): (String, Vec<(Span, Node)>)| {
        let key_span = nodes.first().map_or(span, |(key, _)| *key);
        let node = match (nodes.len(), nodes.pop()) {
            (1, Some((_, node))) => node,
            (_, last) => Node::new(nodes.into_iter().chain(last).map(|(_, node)| node).collect::<Vec<_>>(), span),
        };
        Entry { key: name.into(), key_span, node }
    };
    let mut map: Map = children.into_iter().map(entry).collect();
    if !text.is_empty() {
        map.push(Entry { key: "#content".into(), key_span: span, node: Node::new(Value::from(text), span) });
    }
    Ok(Node::new(map, span))
}

fn name_span(source: SourceId, xml: roxmltree::Node<'_, '_>) -> Span {
    let start = xml.range().start + 1;
    Span::new(source, start, start + xml.tag_name().name().len())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Parser, json_of};

    #[test]
    fn elements_of_one_name_are_a_list() {
        let text = "<?xml version=\"1.0\"?>\n<p:note xmlns:p=\"urn:p\" id=\"1\">\n <to>foo</to><to>bar</to><a b=\"c\">d</a>\n <empty/>\n</p:note>\n";
        let expected = json!({"note": {
            "-id": "1", "-p": "urn:p", "to": ["foo", "bar"], "a": {"-b": "c", "#content": "d"}, "empty": "",
        }});
        assert_eq!(json_of(Parser::Xml, text), expected);
    }

    #[test]
    fn what_is_no_xml_or_declares_entities_is_refused() {
        let read = |text: &str| super::read(crate::source::SourceId(0), text).unwrap_err();
        assert!(read("<a>\n<b></a>").span.is_some());
        read("<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>");
        assert_eq!(read(&format!("{}{}", "<a>".repeat(300), "</a>".repeat(300))).code, "xml::limit");
    }
}
