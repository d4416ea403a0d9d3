//! `"… ${value} …"`, heredocs, and the directives `%{ if }` and `%{ for }`.

use std::iter::Peekable;

use hcl_edit::expr::Expression as Tree;
use hcl_edit::template::{HeredocTemplate, StringTemplate, Template};

use super::conditional::Branch;
use super::tokens::{Form, Token, tokens};
use super::{Evaluator, derived};
use crate::source::Span;
use crate::terraform::eval::convert::convert;
use crate::terraform::eval::fault::Fault;
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::{Data, Marks, Value};

/// A part of a template, parsed from its tokens.
enum Part<'t> {
    Literal(String),
    Interpolation(&'t Tree),
    If { condition: &'t Tree, yes: Vec<Part<'t>>, no: Vec<Part<'t>> },
    For { collection: &'t Tree, variables: super::iterate::Variables, body: Vec<Part<'t>> },
}

/// The longest prefix that is kept of a text that ends unknown.
const MAX_PREFIX: usize = 128;

impl Evaluator<'_> {
    pub(super) fn quoted(&mut self, template: &StringTemplate) -> Value {
        self.template(template, Form::Quoted, self.place.of(&**template))
    }

    pub(super) fn heredoc(&mut self, heredoc: &HeredocTemplate) -> Value {
        let span = self.place.of(heredoc);
        // The parser has dedented by rules of its own; read the text again without that.
        let text = self.scope.text(span).filter(|text| text.starts_with("<<-"));
        match text.and_then(|text| hcl_edit::parser::parse_expr(&text.replacen("<<-", "<<", 1)).ok()) {
            Some(Tree::HeredocTemplate(raw)) => {
                let before = std::mem::replace(&mut self.place, super::Place::Fixed(span));
                let value = self.template(&raw.template, Form::Flush, span);
                self.place = before;
                value
            }
            _ => self.template(&heredoc.template, Form::Lines, span),
        }
    }

    /// The text of a template; the value itself where it is a single interpolation.
    pub(super) fn template(&mut self, template: &Template, form: Form, span: Span) -> Value {
        let mut row = match tokens(template, form) {
            Ok(row) => row,
            Err(fault) => {
                let fault = Fault::reference("Invalid escape sequence", fault);
                return self.fail_placed(fault.or_at(span));
            }
        };
        if let [Token::Interpolation(only)] = row.as_slice() {
            return self.value(only);
        }
        let parts = parts(&mut row.drain(..).peekable());
        self.text(&parts, span)
    }

    fn text(&mut self, parts: &[Part], span: Span) -> Value {
        let mut text = String::new();
        let mut state = State::default();
        let faults = self.faults.len();
        for part in parts {
            let value = match part {
                Part::Literal(literal) => {
                    if state.is_known {
                        text.push_str(literal);
                    }
                    continue;
                }
                part => self.part(part, span),
            };
            state.marks = state.marks | value.marks();
            if let Some(found) = self.part_text(&value, part, span)
                && state.is_known
                && self.grow_at(found.len(), span)
            {
                text.push_str(&found);
            }
            state.is_known &= value.is_known();
            state.from.push(value);
        }
        let failed = self.faults.len() > faults;
        let value = match state.is_known {
            true => Value::string(&text),
            false if failed || text.is_empty() => Value::unknown_not_null(Type::String),
            false => Value::unknown_not_null(Type::String).refined(|range| range.prefix = safe_prefix(&text)),
        };
        derived(value.with_marks(state.marks), &state.from.iter().collect::<Vec<_>>(), span)
    }

    fn part(&mut self, part: &Part, span: Span) -> Value {
        match part {
            Part::Literal(text) => Value::string(text),
            Part::Interpolation(tree) => self.value(tree),
            Part::If { condition, yes, no } => {
                let [yes, no] = [yes, no].map(|side| {
                    let (value, faults) = self.aside(|evaluator| evaluator.text(side, span));
                    Branch { value, faults, span }
                });
                self.choose(condition, yes, no, span)
            }
            Part::For { collection, variables, body } => {
                let items = self.for_template(collection, variables, |evaluator| evaluator.text(body, span));
                self.join(&items, span)
            }
        }
    }

    fn part_text(&mut self, value: &Value, part: &Part, span: Span) -> Option<String> {
        let span = match part {
            Part::Interpolation(tree) => self.place.of(*tree),
            _ => span,
        };
        let fault = match convert(value, &Type::String) {
            _ if value.is_null() => {
                "The expression result is null. Cannot include a null value in a string template.".to_owned()
            }
            Ok(text) => return text.as_str().map(str::to_owned),
            Err(_) if !value.is_known() => return None,
            Err(fault) => format!("Cannot include the given value in a string template: {}.", fault.message),
        };
        self.fail_placed(Fault::new("Invalid template interpolation value", fault).or_at(span));
        None
    }

    /// The results of a `%{ for }`, one after the other.
    fn join(&mut self, items: &Value, span: Span) -> Value {
        let Data::Tuple(results) = items.data() else {
            return Value::unknown(Type::String).with_marks(items.marks());
        };
        let mut text = String::new();
        let mut marks = items.marks();
        for result in results.iter() {
            marks = marks | result.marks();
            match result.as_str() {
                Some(found) if self.grow_at(found.len(), span) => text.push_str(found),
                _ => {
                    return derived(
                        Value::unknown(Type::String).with_marks(marks),
                        &results.iter().collect::<Vec<_>>(),
                        span,
                    );
                }
            }
        }
        Value::string(&text).with_marks(marks)
    }

    fn grow_at(&mut self, bytes: usize, span: Span) -> bool {
        match self.scope.budget().grow(bytes) {
            _ if self.exhausted => false,
            Ok(()) => true,
            Err(fault) => {
                self.exhausted = true;
                self.fail_placed(fault.or_at(span));
                false
            }
        }
    }
}

struct State {
    is_known: bool,
    marks: Marks,
    from: Vec<Value>,
}

impl Default for State {
    fn default() -> Self {
        Self { is_known: true, marks: Marks::default(), from: Vec::new() }
    }
}

/// Parses up to the token that ends the enclosing directive.
fn parts<'t>(tokens: &mut Peekable<impl Iterator<Item = Token<'t>>>) -> Vec<Part<'t>> {
    let mut found = Vec::new();
    while let Some(token) = tokens.next_if(|token| !matches!(token, Token::Else | Token::EndIf | Token::EndFor)) {
        found.push(match token {
            Token::Literal(text) => Part::Literal(text),
            Token::Interpolation(tree) => Part::Interpolation(tree),
            Token::If(condition) => {
                let yes = parts(tokens);
                let no = if matches!(tokens.next(), Some(Token::Else)) { parts_to_end(tokens) } else { Vec::new() };
                Part::If { condition, yes, no }
            }
            Token::For(collection, variables) => Part::For { collection, variables, body: parts_to_end(tokens) },
            Token::Else | Token::EndIf | Token::EndFor => continue,
        });
    }
    found
}

fn parts_to_end<'t>(tokens: &mut Peekable<impl Iterator<Item = Token<'t>>>) -> Vec<Part<'t>> {
    let found = parts(tokens);
    tokens.next();
    found
}

/// The part of a text that stays the same whatever follows it (`SafeKnownPrefix` of `cty`, a little more
/// careful): the last character may still combine with the next one, unless it is one of those that
/// separate things in machine-readable text.
fn safe_prefix(text: &str) -> Option<std::sync::Arc<str>> {
    let mut end = text.len().min(MAX_PREFIX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = text.get(..end)?;
    let text = text.trim_end_matches(|c: char| !c.is_ascii());
    let last = text.chars().next_back()?;
    let kept = match last {
        '-' | '_' | ':' | ';' | '/' | '\\' | ',' | '.' | '(' | ')' | '{' | '}' | '[' | ']' | '|' | '?' | '!' | '~'
        | ' ' | '\t' | '@' | '#' | '$' | '%' | '^' | '&' | '*' | '+' | '"' | '\'' => text,
        _ => text.get(..text.len() - 1)?,
    };
    (!kept.is_empty()).then(|| kept.into())
}
