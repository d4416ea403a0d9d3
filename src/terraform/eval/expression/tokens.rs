//! A template as the flat row of tokens in which Terraform strips white space.
//!
//! `~` strips the neighbouring literal, and in heredocs and files each line is a literal of its own. So
//! `~}` at the end of a line takes the line end and leaves the next line's indentation.

use hcl_edit::Decorated;
use hcl_edit::Ident;
use hcl_edit::expr::Expression as Tree;
use hcl_edit::template::{Directive, Element, Strip, Template};
use unicode_segmentation::UnicodeSegmentation as _;

use super::iterate::Variables;

/// One token.
pub(super) enum Token<'t> {
    Literal(String),
    Interpolation(&'t Tree),
    If(&'t Tree),
    Else,
    EndIf,
    For(&'t Tree, Variables),
    EndFor,
}

/// What the literals of a template are.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Form {
    /// Between quotes: one literal.
    Quoted,
    /// A heredoc or a file: one literal per line.
    Lines,
    /// `<<-`: as lines, without their common indentation.
    Flush,
}

/// The tokens of a template, stripped.
///
/// # Errors
///
/// What is wrong with an escape sequence.
pub(super) fn tokens(template: &Template, form: Form) -> Result<Vec<Token<'_>>, String> {
    let mut row = Row { tokens: Vec::new(), form, strip_next: false, depth: 0, fault: None };
    row.template(template);
    if form == Form::Flush {
        dedent(&mut row.tokens);
    }
    row.fault.map_or(Ok(row.tokens), Err)
}

struct Row<'t> {
    tokens: Vec<Token<'t>>,
    form: Form,
    /// The token before ended with `~}`.
    strip_next: bool,
    /// How many directives are open.
    depth: usize,
    fault: Option<String>,
}

impl<'t> Row<'t> {
    fn template(&mut self, template: &'t Template) {
        for element in template {
            match element {
                Element::Literal(text) => self.literal(text),
                Element::Interpolation(inner) => self.control(Token::Interpolation(&inner.expr), inner.strip),
                Element::Directive(directive) => self.directive(directive),
            }
        }
    }

    fn directive(&mut self, directive: &'t Directive) {
        self.depth += 1;
        self.parts(directive);
        self.depth -= 1;
    }

    fn parts(&mut self, directive: &'t Directive) {
        match directive {
            Directive::If(directive) => {
                self.control(Token::If(&directive.if_expr.cond_expr), directive.if_expr.strip);
                self.template(&directive.if_expr.template);
                if let Some(other) = &directive.else_expr {
                    self.control(Token::Else, other.strip);
                    self.template(&other.template);
                }
                self.control(Token::EndIf, directive.endif_expr.strip);
            }
            Directive::For(directive) => {
                let head = &directive.for_expr;
                let value: &Decorated<Ident> = &head.value_var;
                let variables = Variables::new(head.key_var.as_ref(), value);
                self.control(Token::For(&head.collection_expr, variables), head.strip);
                self.template(&head.template);
                self.control(Token::EndFor, directive.endfor_expr.strip);
            }
        }
    }

    fn literal(&mut self, text: &str) {
        match self.form {
            // The parser leaves escape sequences between directives as they are written.
            Form::Quoted if self.depth > 0 => match unescaped(text) {
                Ok(text) => self.push_literal(&text),
                Err(fault) => self.fault = Some(fault),
            },
            Form::Quoted => self.push_literal(text),
            Form::Lines | Form::Flush => text.split_inclusive('\n').for_each(|line| self.push_literal(line)),
        }
    }

    fn push_literal(&mut self, text: &str) {
        let strip = std::mem::take(&mut self.strip_next);
        let text = if strip { text.trim_start() } else { text };
        self.tokens.push(Token::Literal(text.to_owned()));
    }

    fn control(&mut self, token: Token<'t>, strip: Strip) {
        if strip.strip_start()
            && let Some(Token::Literal(text)) = self.tokens.last_mut()
        {
            text.truncate(text.trim_end().len());
        }
        self.strip_next = strip.strip_end();
        self.tokens.push(token);
    }
}

/// Text with its escape sequences resolved.
fn unescaped(text: &str) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        let escape = chars.next();
        out.push(match escape {
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some(c @ ('"' | '\\')) => c,
            Some(c @ ('u' | 'U')) => {
                let count = if c == 'u' { 4 } else { 8 };
                let digits: String = chars.by_ref().take(count).collect();
                let code = u32::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == count);
                let found = code.and_then(char::from_u32);
                found.ok_or_else(|| {
                    format!("The \\{c} escape sequence must be followed by {count} hexadecimal digits.")
                })?
            }
            other => {
                let shown = other.map(String::from).unwrap_or_default();
                return Err(format!("The symbol {shown:?} is not a valid escape sequence selector."));
            }
        });
    }
    Ok(out)
}

/// Takes the smallest indentation off all lines (`flushHeredocTemplateParts` of `hcl`).
fn dedent(tokens: &mut [Token]) {
    let mut least: Option<usize> = None;
    let mut at_line_start = true;
    let mut starts = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if std::mem::take(&mut at_line_start) {
            let indent = match token {
                Token::Literal(text) if text.trim_start().is_empty() && text.ends_with('\n') => None,
                Token::Literal(text) => {
                    starts.push(at);
                    let indent = text.len() - text.trim_start().len();
                    Some(text.get(..indent).map_or(0, |spaces| spaces.graphemes(true).count()))
                }
                _ => Some(0),
            };
            least = match (least, indent) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
        }
        at_line_start = matches!(token, Token::Literal(text) if text.ends_with('\n'));
    }
    let least = least.unwrap_or(0);
    for at in starts {
        if let Some(Token::Literal(text)) = tokens.get_mut(at) {
            let cut: usize = text.graphemes(true).take(least).map(str::len).sum();
            text.replace_range(..cut, "");
        }
    }
}
