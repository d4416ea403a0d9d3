//! Whether a text that is no YAML is a template that was not rendered.
//!
//! Only a text that kubectl refuses too may be called one: else an action in some comment would be a way
//! past the gate. So the action must stand where YAML expects a value, and everything before it must parse.

use std::ops::Range;

use granit_parser::{ErrorKind, Parser};

/// How many actions are tried; each costs a parse of what stands before it.
const TRIED: usize = 32;

/// Opening, closing, and the offset of what no YAML can hold there: Helm and Jinja, Jinja, Terraform.
/// `{{` is a mapping as a key, which kubectl refuses; `%` can begin no value.
const ACTIONS: [(&str, &str, usize); 3] = [("{{", "}}", 0), ("{%", "%}", 1), ("%{", "}", 0)];

/// The first action that makes the text unreadable for everybody.
pub(super) fn unrendered_action(text: &str) -> Option<Range<usize>> {
    actions(text).take(TRIED).find(|(action, fault)| breaks_yaml(text, action, *fault)).map(|(action, _)| action)
}

/// Actions outside comments, each with the offset where YAML must break.
fn actions(text: &str) -> impl Iterator<Item = (Range<usize>, usize)> {
    let lines = text.split_inclusive('\n').scan(0, |start, line| {
        *start += line.len();
        Some((*start - line.len(), line))
    });
    lines.flat_map(|(start, line)| {
        let line = line.split('#').next().unwrap_or_default();
        let mut found: Vec<_> = ACTIONS.iter().filter_map(|action| first_in(line, start, action)).collect();
        found.sort_by_key(|(action, _)| action.start);
        found
    })
}

fn first_in(line: &str, base: usize, (open, close, fault): &(&str, &str, usize)) -> Option<(Range<usize>, usize)> {
    let start = line.find(open)?;
    let length = line.get(start..)?.find(close).map(|at| at + close.len());
    let end = length.map_or(line.trim_end().len(), |length| start + length);
    Some((base + start..base + end, base + start + fault))
}

fn breaks_yaml(text: &str, action: &Range<usize>, fault: usize) -> bool {
    let Some(until) = text.get(..action.start + 2) else { return false };
    let options = granit_parser::options! { emit_comments: false };
    let Some(error) = Parser::new_from_str_with_options(until, options).find_map(Result::err) else { return false };
    match error.kind() {
        ErrorKind::UnclosedFlowCollection { open: '{' } | ErrorKind::UnexpectedEofFlowMapping => until.ends_with("{{"),
        ErrorKind::UnexpectedCharacter { character: '%' } => error.marker().byte_offset() == Some(fault),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_count_where_a_value_belongs() {
        let cases = [
            ("b: {{ c }}\n", Some(3..10)),
            ("{{- if x }}\na: 1\n", Some(0..11)),
            ("a:\n  {{- toYaml x | nindent 2 }}\n", Some(5..32)),
            ("a: b\n{{- if x\n}}", Some(5..13)),
            ("a:\n  {% if x %}\n", Some(5..15)),
            ("a:\n  %{ for x in y }\n", Some(5..20)),
            ("- {{ a }}: b\n", Some(2..9)),
            ("# {{ a }}\nb: [ # {{ a }}\n", None),
            ("a: '{{ b }}'\n", None),
            ("a: b {{ c }}\n", None),
            ("a: |\n  {{ b }}\nc: [\n", None),
            ("a: 1\n%{ if b }\n", None),
            ("*a: '{{ b }}'\n", None),
        ];
        for (text, action) in cases {
            assert_eq!(unrendered_action(text), action, "{text}");
        }
    }
}
