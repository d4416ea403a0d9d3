//! What a template may cost, and where Go would answer otherwise: looked at before it is rendered, since nothing can stop
//! it while it is.

use gotmpl::Template;
use gotmpl::parse::{CommandNode, Expr, ListNode, Node, PipeNode};
use regorus::Value;

use super::{LIMIT, MOST_ROUNDS};

/// Functions that make a text of what they are given.
const MAKE_TEXT: [&str; 6] = ["html", "js", "print", "printf", "println", "urlquery"];

/// How many times longer than what it is given such a function makes it: `<` becomes `\u003C`.
const GROWTH: u64 = 6;

/// Longest width of a verb.
const WIDEST: u64 = 65_536;

/// Most bytes of a text that is made on the way.
const MOST_BYTES: u64 = 256 << 20;

/// Most bytes that are gone through in all rounds of the ranges.
const MOST_STEPS: u64 = 4 << 30;

/// What a template is rendered with.
#[derive(Default)]
pub(super) struct Given {
    /// Bytes of all texts, and of the template.
    bytes: u64,
    /// Members of the largest list or object.
    members: u64,
    null: bool,
}

impl Given {
    pub(super) fn of(variables: &Value, source: usize) -> Self {
        let mut given = Self { bytes: source as u64, ..Self::default() };
        given.add(variables);
        given
    }

    fn add(&mut self, value: &Value) {
        // Brackets, spaces and names of what is written.
        self.bytes += 16;
        match value {
            Value::Null => self.null = true,
            Value::String(text) => self.bytes += text.len() as u64,
            Value::Array(items) => {
                self.members = self.members.max(items.len() as u64);
                items.iter().for_each(|item| self.add(item));
            }
            Value::Object(entries) => {
                self.members = self.members.max(entries.len() as u64);
                entries.iter().for_each(|(key, value)| {
                    self.add(key);
                    self.add(value);
                });
            }
            _ => {}
        }
    }
}

/// Refuses what may cost too much, or is not certain.
pub(super) fn check(template: &Template, name: &str, given: &Given) -> Result<(), String> {
    if template.templates().iter().any(|other| *other != name) {
        return Err(refused("templates in a template"));
    }
    match template.lookup(name) {
        Some(tree) => Review { given, rounds: 1 }.list(tree),
        None => Ok(()),
    }
}

fn refused(what: &str) -> String {
    format!("{LIMIT}{what}: such a template is not rendered")
}

#[derive(Clone, Copy)]
struct Review<'a> {
    given: &'a Given,
    /// Most rounds that the place at hand is rendered in.
    rounds: u64,
}

impl Review<'_> {
    fn list(self, list: &ListNode) -> Result<(), String> {
        list.nodes.iter().try_for_each(|node| self.node(node))
    }

    fn node(self, node: &Node) -> Result<(), String> {
        let (branch, inner) = match node {
            Node::Text(_) | Node::Break(_) | Node::Continue(_) => return Ok(()),
            Node::List(list) => return self.list(list),
            Node::Action(action) => return self.pipe(&action.pipe, false),
            Node::Template(_) | Node::Define(_) => return Err(refused("templates in a template")),
            Node::If(branch) => {
                self.pipe(&branch.pipe, false)?;
                (branch, self)
            }
            Node::With(branch) => {
                self.pipe(&branch.pipe, true)?;
                (branch, self)
            }
            Node::Range(branch) => {
                self.pipe(&branch.pipe, true)?;
                let most = self.given.members.max(largest(&branch.pipe)).clamp(1, MOST_ROUNDS);
                (branch, Self { rounds: self.rounds.saturating_mul(most).min(MOST_ROUNDS), ..self })
            }
        };
        if self.given.null && !matches!(node, Node::If(_)) {
            return Err(refused("members of what may be null"));
        }
        inner.list(&branch.body)?;
        branch.else_body.as_ref().map_or(Ok(()), |list| self.list(list))
    }

    /// A pipeline whose value is printed, or kept under a name or as the dot.
    fn pipe(self, pipe: &PipeNode, kept: bool) -> Result<(), String> {
        let mut counts = Counts::default();
        self.count(pipe, &mut counts)?;
        if counts.texts > 0 && (kept || !pipe.decl.is_empty()) {
            return Err(refused("a text that is made and kept under a name"));
        }
        let grown = GROWTH.saturating_pow(counts.texts).saturating_mul(self.given.bytes);
        let bytes = grown.saturating_add(if counts.texts > 0 { WIDEST } else { 0 }).saturating_mul(counts.operands);
        match bytes > MOST_BYTES || bytes.saturating_mul(self.rounds) > MOST_STEPS {
            true => Err(refused("texts that may become too long")),
            false => Ok(()),
        }
    }

    fn count(self, pipe: &PipeNode, counts: &mut Counts) -> Result<(), String> {
        for command in &pipe.commands {
            self.command(command, counts)?;
        }
        Ok(())
    }

    fn command(self, command: &CommandNode, counts: &mut Counts) -> Result<(), String> {
        if let Some(Expr::Identifier(_, name)) = command.args.first() {
            counts.texts += u32::from(MAKE_TEXT.contains(&name.as_str()));
            // A number is no text in Go, and no format.
            if name.as_str() == "printf" && !matches!(command.args.get(1), Some(Expr::String(..))) {
                return Err(refused("`printf` with a format that does not stand in the template"));
            }
        }
        for expr in &command.args {
            counts.operands += 1;
            self.expr(expr, counts)?;
        }
        Ok(())
    }

    fn expr(self, expr: &Expr, counts: &mut Counts) -> Result<(), String> {
        let below = match expr {
            Expr::Field(_, names) => names.len() > 1,
            Expr::Variable(_, _, names) => !names.is_empty(),
            Expr::Chain(_, inner, _) => {
                self.expr(inner, counts)?;
                true
            }
            Expr::Pipe(_, pipe) => {
                self.count(pipe, counts)?;
                false
            }
            _ => false,
        };
        // Go fails where such a value is null.
        if below && self.given.null { Err(refused("members of what may be null")) } else { Ok(()) }
    }
}

#[derive(Default)]
struct Counts {
    texts: u32,
    operands: u64,
}

/// The largest whole number of a pipeline: a range may count up to it.
fn largest(pipe: &PipeNode) -> u64 {
    let expr = |expr: &Expr| match expr {
        Expr::Number(_, gotmpl::parse::Number::Int(number)) => u64::try_from(*number).unwrap_or_default(),
        Expr::Number(..) => MOST_ROUNDS,
        // A variable may hold such a number; members of it come from the policy, whose numbers are no numbers there.
        Expr::Variable(_, _, members) if members.is_empty() => MOST_ROUNDS,
        Expr::Identifier(_, name) if name.as_str() == "len" => MOST_ROUNDS,
        Expr::Pipe(_, pipe) => largest(pipe),
        _ => 0,
    };
    pipe.commands.iter().flat_map(|command| command.args.iter().map(expr)).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::{string, template};
    use super::*;

    fn checked(source: &str, variables: &Value) -> Result<(), String> {
        check(&template(source).unwrap(), super::super::NAME, &Given::of(variables, source.len()))
    }

    #[test]
    fn what_grows_without_end_is_refused() {
        let variables = Value::from_json_str(r#"{"x": "\\\\", "l": [1, 2, 3]}"#).unwrap();
        let hostile = [
            format!("{{{{.x{}}}}}", " | js".repeat(40)),
            format!("{{{{.x{}}}}}", r#" | printf "%q""#.repeat(40)),
            r#"{{$x := printf "%s%s" .x .x}}"#.repeat(40),
            format!("{}{}", r#"{{with printf "%s%s" . .}}"#.repeat(40), "{{end}}".repeat(40)),
            format!("{}{{{{if print $}}}}{{{{end}}}}{}", "{{range $.l}}".repeat(20), "{{end}}".repeat(20)),
            r#"{{define "a"}}{{template "a"}}{{template "a"}}{{end}}{{template "a"}}"#.to_owned(),
        ];
        for source in hostile {
            let refused = checked(&source, &variables).unwrap_err();
            assert!(refused.starts_with(LIMIT), "{source}: {refused}");
        }
    }

    #[test]
    fn what_people_write_is_rendered() {
        let variables = Value::from_json_str(r#"{"x": "a", "l": [1, 2, 3]}"#).unwrap();
        let plain = [
            r#"{{range $i, $x := .l}}{{printf "%d: %s" $i (print $x)}}, {{end}}"#,
            r#"{{if eq .x "a"}}{{.x | html | printf "%-10s"}}{{else}}{{len .l}}{{end}}"#,
            r#"{{with .x}}{{.}}{{end}}{{range 10}}.{{end}}{{$y := .x}}{{$y}}"#,
        ];
        for source in plain {
            assert_eq!(checked(source, &variables), Ok(()), "{source}");
        }
    }

    #[test]
    fn ranges_over_large_lists_are_rendered() {
        let items: Vec<Value> = (0..5_000).map(|n| string(format!("resource-{n}"))).collect();
        let variables =
            Value::from([(string("l"), Value::from(items))].into_iter().collect::<regorus::value::Object>());
        assert_eq!(checked("{{range .l}}{{.}}\n{{end}}", &variables), Ok(()));
    }
}
