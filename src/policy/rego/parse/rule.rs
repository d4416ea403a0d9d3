//! Rules: heads, bodies, `else` and `default`.

use super::{Parser, RESERVED};
use crate::policy::rego::Fault;
use crate::policy::rego::ast::{Else, Expr, ExprKind, Head, Rule, Term, TermKind};
use crate::policy::rego::token::Kind;

impl Parser {
    /// Reads a rule and its further bodies.
    pub(super) fn rule(&mut self, rules: &mut Vec<Rule>) -> Result<(), Fault> {
        let start = self.range();
        let default = self.word() == Some("default") && !self.dot_follows();
        if default {
            self.advance();
        }
        let (head, mut marked) = self.head(default)?;
        if default {
            return self.default(rules, head, start);
        }
        let mut by_if = false;
        let mut rule = Rule { range: start, default, head, body: None, elses: Vec::new(), chained: false };
        if self.keyword("if") {
            self.advance();
            (marked, by_if) = (true, true);
            rule.body = Some(if self.body_follows() { self.braced()? } else { vec![self.expression()?] });
        } else if self.is("{") && !self.peek().newline {
            if self.keywords.strict {
                return Err(self.unexpected("`if`").help("Rego v1 writes `if` before a body"));
            }
            marked = true;
            rule.body = Some(self.braced()?);
        }
        self.check_head(&mut rule.head, marked, by_if)?;
        self.further(rules, rule, start)
    }

    /// `else` branches, or `{ … }` once more.
    fn further(&mut self, rules: &mut Vec<Rule>, mut rule: Rule, start: super::Range) -> Result<(), Fault> {
        while self.word() == Some("else") {
            if rule.body.is_none() {
                return Err(self.unexpected("no `else` without a body before it"));
            }
            let branch = self.otherwise()?;
            rule.elses.push(branch);
        }
        rule.range = start.to(self.last());
        let has_body = rule.body.is_some() && rule.elses.is_empty();
        let head = rule.head.clone();
        rules.push(rule);
        while has_body && self.is("{") && !self.keywords.strict {
            let start = self.range();
            let body = self.braced()?;
            let range = start.to(self.last());
            let (body, elses) = (Some(body), Vec::new());
            rules.push(Rule { range, default: false, head: head.clone(), body, elses, chained: true });
        }
        Ok(())
    }

    fn dot_follows(&self) -> bool {
        let next = self.tokens.get(self.at + 1);
        next.is_some_and(|t| matches!(t.kind, Kind::Symbol(":=" | "=" | "." | "[")))
    }

    fn default(&mut self, rules: &mut Vec<Rule>, head: Head, start: super::Range) -> Result<(), Fault> {
        if head.value.is_none() || head.key.is_some() {
            return Err(self.fault(head.range, "a default rule needs a value"));
        }
        if self.keyword("if") || self.is("{") && !self.peek().newline {
            return Err(self.unexpected("no body after a default"));
        }
        if let Some(range) = head.value.as_ref().and_then(computed) {
            return Err(self.fault(range, "the value of a default rule is a constant or a comprehension"));
        }
        let range = start.to(self.last());
        rules.push(Rule { range, default: true, head, body: None, elses: Vec::new(), chained: false });
        Ok(())
    }

    /// Whether the `{` starts a body and not a set, an object or a comprehension that is one expression.
    fn body_follows(&mut self) -> bool {
        if !self.is("{") {
            return false;
        }
        let kept = self.at;
        let term = self.infix_pair();
        // A lone term in braces is a body: `if {x}`; with an operator behind it, it is an expression.
        let ends = self.peek().newline || self.at_end() || self.word().is_some() || self.is("{") || self.is("}");
        let is_object = matches!(
            term.as_ref().map(|t| &t.kind),
            Ok(TermKind::Object(_) | TermKind::ObjectComprehension(..) | TermKind::SetComprehension(..))
        );
        let operator = term.is_ok() && !ends;
        self.at = kept;
        !(operator || is_object)
    }

    /// The head; whether `:=`, `=` or `contains` marked it as a rule.
    fn head(&mut self, default: bool) -> Result<(Head, bool), Fault> {
        let start = self.range();
        let is_keyword =
            |word: &str| RESERVED.contains(&word) || (self.is_reserved(word) && !matches!(word, "and" | "or"));
        let name = match self.kind() {
            Kind::Ident(word) if self.part_follows() || !is_keyword(word) => Term::var(start, word),
            _ => return Err(self.unexpected("a rule")),
        };
        self.advance();
        let mut path = vec![name];
        let mut args = None;
        while !self.peek().spaced {
            if self.is(".") {
                self.advance();
                let range = self.range();
                let name = self.any_name()?;
                path.push(Term::new(range, TermKind::String(name)));
            } else if self.is("[") {
                self.advance();
                path.push(self.infix()?);
                self.expect("]")?;
            } else if self.is("(") && args.is_none() {
                self.advance();
                args = Some(self.list(")")?);
                break;
            } else {
                break;
            }
        }
        // `f() = x` of v0 is a rule like any other; v1 does not know functions without parameters.
        let args = args.filter(|args| !args.is_empty() || self.keywords.strict);
        let mut head = Head { range: start, path, args, key: None, value: None };
        let mut marked = false;
        if !default && self.keyword("contains") {
            self.advance();
            head.key = Some(self.infix()?);
            marked = true;
        } else if self.eat(":=") || self.eat("=") {
            head.value = Some(self.infix_pair()?);
            marked = true;
        }
        head.range = start.to(self.last());
        Ok((head, marked))
    }

    /// What v1 demands of a head, and what `p[x]` means in v0.
    fn check_head(&self, head: &mut Head, marked: bool, by_if: bool) -> Result<(), Fault> {
        if matches!(head.name(), "input" | "data") && head.path.len() == 1 {
            return Err(self.fault(head.range, format!("a rule cannot be named `{}`", head.name())));
        }
        if head.key.is_some() && head.args.is_some() {
            return Err(self.fault(head.range, "a function cannot have `contains`"));
        }
        let v0 = !self.keywords.strict;
        let set_like = head.value.is_none() && head.key.is_none() && head.args.is_none() && head.path.len() > 1;
        // With `if`, `p[x] if { … }` is a map to true, in v0 as in v1.
        if v0 && set_like && head.path.len() == 2 && !by_if {
            head.key = head.path.pop();
            return Ok(());
        }
        if !marked && head.args.is_none() && (head.path.len() == 1 || !v0) {
            let help = "write `:= value`, `contains member` or `if { … }` after the name";
            return Err(self.fault(head.range, "this is no rule: it has neither a value nor a body").help(help));
        }
        Ok(())
    }

    fn otherwise(&mut self) -> Result<Else, Fault> {
        let start = self.range();
        self.advance();
        let value = if self.eat(":=") || self.eat("=") { Some(self.infix()?) } else { None };
        let body = if self.keyword("if") {
            self.advance();
            Some(if self.body_follows() { self.braced()? } else { vec![self.expression()?] })
        } else if self.is("{") && !self.keywords.strict {
            Some(self.braced()?)
        } else {
            None
        };
        if value.is_none() && body.is_none() {
            return Err(self.unexpected("a value or a body after `else`"));
        }
        Ok(Else { range: start.to(self.last()), value, body })
    }
}

/// A call, a reference or an operator inside a default's value.
fn computed(term: &Term) -> Option<super::Range> {
    match &term.kind {
        TermKind::Array(items) | TermKind::Set(items) => items.iter().find_map(computed),
        TermKind::Object(entries) => entries.iter().find_map(|(k, v)| computed(k).or_else(|| computed(v))),
        TermKind::Call(..) | TermKind::Infix(..) | TermKind::In { .. } => Some(term.range),
        TermKind::Ref(..) | TermKind::Var(_) | TermKind::Template(_) => Some(term.range),
        _ => None,
    }
}

/// The body of a rule that has none: `true`.
pub(in crate::policy::rego) fn always(range: super::Range) -> Vec<Expr> {
    vec![Expr::new(range, ExprKind::Term(Term::new(range, TermKind::Bool(true))))]
}
