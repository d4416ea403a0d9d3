//! HCL as `hcl2json` gives it: blocks by kind and labels in lists, expressions as text in `${…}`
//! (<https://github.com/tmccombs/hcl2json>, `convert/convert.go`).

use std::sync::Arc;

use hcl_edit::expr::{Expression as Tree, ObjectKey};
use hcl_edit::template::{Directive, Element};

use crate::finding::Diagnostic;
use crate::parse::Documents;
use crate::parse::hcl::{self, Attribute, Block, Body, Expression};
use crate::parse::tree::{Entry, Map, Node, Value};
use crate::source::{SourceId, Span};

/// Reads a file; one that cannot be read as a whole has no document.
pub(super) fn read(source: SourceId, text: &str) -> Documents {
    let hcl = hcl::parse(source, text);
    if !hcl.diagnostics.is_empty() {
        return Documents { documents: Vec::new(), diagnostics: hcl.diagnostics };
    }
    match (Converter { source, text }).body(&hcl.body, Span::new(source, 0, text.len())) {
        Ok(node) => Documents { documents: vec![node], diagnostics: Vec::new() },
        Err(fault) => Documents { documents: Vec::new(), diagnostics: vec![*fault] },
    }
}

type Fault = Box<Diagnostic>;

struct Converter<'a> {
    source: SourceId,
    text: &'a str,
}

impl Converter<'_> {
    fn body(&self, body: &Body, span: Span) -> Result<Node, Fault> {
        let mut map = Map::default();
        for block in &body.blocks {
            self.block(block, &mut map)?;
        }
        for attribute in &body.attributes {
            let node = self.attribute(attribute);
            map.insert(Entry { key: attribute.name.clone(), key_span: attribute.name_span, node });
        }
        Ok(Node::new(map, span))
    }

    /// Puts a block below its kind and labels, behind those that are there.
    fn block(&self, block: &Block, map: &mut Map) -> Result<(), Fault> {
        let value = self.body(&block.body, block.span)?;
        let (mut key, mut key_span) = (block.kind.clone(), block.kind_span);
        let mut level = map;
        for label in &block.labels {
            let node = slot(level, &key, key_span, || Node::new(Map::default(), block.header));
            let Some(Node { value: Value::Map(inner), .. }) = node else { return Err(mixed(block)) };
            level = inner;
            (key, key_span) = (label.text.clone(), label.span);
        }
        match slot(level, &key, key_span, || Node::new(Vec::new(), block.header)) {
            Some(Node { value: Value::Seq(items), .. }) => items.push(value),
            _ => return Err(mixed(block)),
        }
        Ok(())
    }

    fn attribute(&self, attribute: &Attribute) -> Node {
        match &attribute.expression {
            None => escaped(attribute.value.clone()),
            Some(expression) => self.expression(&expression.tree, expression),
        }
    }

    fn expression(&self, tree: &Tree, of: &Expression) -> Node {
        let span = of.span_of(tree).unwrap_or_default();
        let value = match tree {
            Tree::Array(items) => Value::Seq(items.iter().map(|item| self.expression(item, of)).collect()),
            Tree::Object(object) => {
                Value::Map(object.iter().map(|(key, value)| self.entry(key, value.expr(), of)).collect::<Map>())
            }
            Tree::StringTemplate(template) => match template.as_single_element() {
                Some(Element::Interpolation(inner)) => self.expression(&inner.expr, of).value,
                _ => Value::from(self.template(template.iter(), of)),
            },
            Tree::HeredocTemplate(heredoc) => Value::from(self.template(heredoc.template.iter(), of)),
            Tree::Parenthesis(_) => self.wrapped(span),
            _ => match self.literal(span) {
                Some(node) => escaped(node).value,
                None => self.wrapped(span),
            },
        };
        Node::new(value, span)
    }

    fn entry(&self, key: &ObjectKey, value: &Tree, of: &Expression) -> Entry {
        let (name, key_span): (Arc<str>, _) = match key {
            ObjectKey::Ident(name) => (name.as_str().into(), of.span_of(name)),
            ObjectKey::Expression(Tree::Traversal(path)) => {
                let span = of.span_of(path.as_ref());
                (self.slice(span.unwrap_or_default()).into(), span)
            }
            ObjectKey::Expression(tree) => (self.part(tree, of).into(), of.span_of(tree)),
        };
        Entry { key: name, key_span: key_span.unwrap_or_default(), node: self.expression(value, of) }
    }

    fn template<'t>(&self, elements: impl Iterator<Item = &'t Element>, of: &Expression) -> String {
        elements.map(|element| self.element(element, of)).collect()
    }

    fn element(&self, element: &Element, of: &Expression) -> String {
        match element {
            Element::Literal(text) => escape(text),
            Element::Interpolation(inner) => self.part(&inner.expr, of),
            Element::Directive(directive) => match directive.as_ref() {
                Directive::If(branch) => {
                    let otherwise = branch.else_expr.as_ref().map(|e| self.template(e.template.iter(), of));
                    let then = self.template(branch.if_expr.template.iter(), of);
                    self.condition(&branch.if_expr.cond_expr, &then, &otherwise.unwrap_or_default(), of)
                }
                Directive::For(each) => {
                    let each = &each.for_expr;
                    let key = each.key_var.as_ref().map(|key| format!("{}, ", key.as_str())).unwrap_or_default();
                    let over = self.slice(of.span_of(&each.collection_expr).unwrap_or_default());
                    let body = self.template(each.template.iter(), of);
                    format!("%{{for {key}{} in {over}}}{body}%{{endfor}}", each.value_var.as_str())
                }
            },
        }
    }

    fn condition(&self, test: &Tree, then: &str, otherwise: &str, of: &Expression) -> String {
        let test = self.slice(of.span_of(test).unwrap_or_default());
        let otherwise = if otherwise.is_empty() { String::new() } else { format!("%{{else}}{otherwise}") };
        format!("%{{if {test}}}{then}{otherwise}%{{endif}}")
    }

    /// What an expression is inside a text.
    fn part(&self, tree: &Tree, of: &Expression) -> String {
        let span = of.span_of(tree).unwrap_or_default();
        match tree {
            Tree::StringTemplate(template) => self.template(template.iter(), of),
            Tree::Conditional(test) => {
                let (then, otherwise) = (self.part(&test.true_expr, of), self.part(&test.false_expr, of));
                self.condition(&test.cond_expr, &then, &otherwise, of)
            }
            Tree::Parenthesis(_) => format!("${{{}}}", self.slice(span)),
            _ => match self.literal(span).map(|node| node.value) {
                Some(Value::String(text)) => escape(&text),
                Some(Value::Null) => "null".to_owned(),
                Some(Value::Bool(b)) => b.to_string(),
                Some(Value::Number(number)) => number.to_string(),
                _ => format!("${{{}}}", self.slice(span)),
            },
        }
    }

    /// The value of an expression that is a literal.
    fn literal(&self, span: Span) -> Option<Node> {
        let (node, expression) = hcl::parse_argument(self.source, span.start as usize, self.slice(span)).ok()?;
        expression.is_none().then_some(node)
    }

    fn wrapped(&self, span: Span) -> Value {
        Value::from(format!("${{{}}}", self.slice(span)))
    }

    fn slice(&self, span: Span) -> &str {
        let text = self.text.strip_prefix('\u{feff}').unwrap_or(self.text);
        text.get(span.start as usize..span.end as usize).unwrap_or_default()
    }
}

/// The value of a key, made when it is not there.
fn slot<'m>(map: &'m mut Map, key: &Arc<str>, key_span: Span, make: impl FnOnce() -> Node) -> Option<&'m mut Node> {
    if map.get(key).is_none() {
        map.push(Entry { key: key.clone(), key_span, node: make() });
    }
    map.get_mut(key)
}

fn mixed(block: &Block) -> Fault {
    let message = format!("`{}` blocks with and without labels have no common shape for a policy", block.kind);
    Box::new(
        Diagnostic::error("hcl::mixed-labels", message)
            .at(block.header)
            .help("give all of them the same number of labels; Conftest refuses this as well"),
    )
}

/// `${` of a literal text is none of a template's.
fn escape(text: &str) -> String {
    text.replace("${", "$${").replace("%{", "%%{")
}

fn escaped(mut node: Node) -> Node {
    match &mut node.value {
        Value::String(text) if text.contains("${") || text.contains("%{") => *text = escape(text).into(),
        Value::Seq(items) => items.iter_mut().for_each(|item| *item = escaped(std::mem::take(item))),
        Value::Map(map) => map.iter_mut().for_each(|entry| entry.node = escaped(std::mem::take(&mut entry.node))),
        _ => {}
    }
    node
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Parser, json_of};
    use super::*;

    /// Conftest's own case, `parser/hcl2/convert_test.go`.
    #[test]
    fn blocks_and_templates_have_conftest_s_shape() {
        let text = r#"
resource "aws_elastic_beanstalk_environment" "example" {
  name        = "test_environment"
  application = "testing"

  setting {
    namespace = "aws:autoscaling:asg"
    name      = "MinSize"
    value     = "1"
  }

  dynamic "setting" {
    for_each = data.consul_key_prefix.environment.var
    content {
      heredoc = <<-EOF
        This is a heredoc template.
        It references ${local.other.3}
        EOF
      simple = "${4 - 2}"
      cond = test3 > 2 ? 1: 0
      loop = "This has a for loop: %{for x in local.arr}x,%{endfor}"
      namespace = "aws:elasticbeanstalk:application:environment"
      value     = setting.value
    }
  }
}"#;
        let content = json!({
            "cond": "${test3 > 2 ? 1: 0}",
            "heredoc": "This is a heredoc template.\nIt references ${local.other.3}\n",
            "loop": "This has a for loop: %{for x in local.arr}x,%{endfor}",
            "namespace": "aws:elasticbeanstalk:application:environment",
            "simple": "${4 - 2}",
            "value": "${setting.value}",
        });
        let expected = json!({"resource": {"aws_elastic_beanstalk_environment": {"example": [{
            "name": "test_environment",
            "application": "testing",
            "setting": [{"name": "MinSize", "namespace": "aws:autoscaling:asg", "value": "1"}],
            "dynamic": {"setting": [{"for_each": "${data.consul_key_prefix.environment.var}", "content": [content]}]},
        }]}}});
        assert_eq!(json_of(Parser::Hcl2, text), expected);
    }

    #[test]
    fn blocks_of_one_name_are_a_list_and_expressions_stay_text() {
        let text = "locals {\n  a = -1\n  b = [1, var.x, \"p-${var.x}\"]\n  c = { k = f(1), (var.k) = true }\n}\nlocals {\n  d = !x\n  \
                    e = \"$${x}\"\n  f = (1)\n}\n";
        let expected = json!({"locals": [
            {"a": -1, "b": [1, "${var.x}", "p-${var.x}"], "c": {"k": "${f(1)}", "${(var.k)}": true}},
            {"d": "${!x}", "e": "$${x}", "f": 1},
        ]});
        assert_eq!(json_of(Parser::Hcl2, text), expected);
    }

    #[test]
    fn what_has_no_shape_is_refused() {
        let codes = |text: &str| read(SourceId(0), text).diagnostics.iter().map(|d| d.code).collect::<Vec<_>>();
        assert_eq!(codes("a \"x\" {}\na {}\n"), ["hcl::mixed-labels"]);
        assert_eq!(codes("a {"), ["hcl::syntax"]);
    }
}
