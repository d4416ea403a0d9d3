//! Terms: literals, references, calls, comprehensions and infix operators.

use super::Parser;
use crate::policy::rego::Fault;
use crate::policy::rego::ast::{Op, Part, Range, Term, TermKind};
use crate::policy::rego::token::{Kind, TemplatePart, Token};

/// Operators from the loosest to the tightest.
const LEVELS: [&[(&str, Op)]; 5] = [
    &[
        ("==", Op::Equal),
        ("!=", Op::NotEqual),
        ("<=", Op::LessEqual),
        (">=", Op::GreaterEqual),
        ("<", Op::Less),
        (">", Op::Greater),
    ],
    &[("|", Op::Or)],
    &[("&", Op::And)],
    &[("+", Op::Add), ("-", Op::Subtract)],
    &[("*", Op::Multiply), ("/", Op::Divide), ("%", Op::Remainder)],
];

impl Parser {
    /// A term with operators; `k, v in xs` is read as membership.
    pub(super) fn infix_pair(&mut self) -> Result<Term, Fault> {
        self.membership(true, None)
    }

    /// A term with operators, in a list: a comma ends it.
    pub(super) fn infix(&mut self) -> Result<Term, Fault> {
        self.membership(false, None)
    }

    /// The operators behind a term that was read already, so that nothing is read twice.
    fn infix_from(&mut self, first: Term) -> Result<Term, Fault> {
        self.membership(false, Some(first))
    }

    fn membership(&mut self, pair: bool, first: Option<Term>) -> Result<Term, Fault> {
        self.nested(|parser| {
            let mut left = parser.level(0, first)?;
            if pair && parser.keywords.in_ && parser.is(",") {
                let kept = parser.at;
                parser.advance();
                let value = parser.level(0, None);
                match value {
                    Ok(value) if parser.keyword("in") => {
                        parser.advance();
                        let domain = parser.level(0, None)?;
                        left = membership(Some(left), value, domain);
                    }
                    _ => parser.at = kept,
                }
            }
            while parser.keyword("in") {
                parser.advance();
                let domain = parser.level(0, None)?;
                left = membership(None, left, domain);
            }
            Ok(left)
        })
    }

    fn level(&mut self, level: usize, first: Option<Term>) -> Result<Term, Fault> {
        let Some(operators) = LEVELS.get(level) else { return first.map_or_else(|| self.term(), Ok) };
        let mut left = self.level(level + 1, first)?;
        while let Some((_, op)) = operators.iter().find(|(symbol, _)| self.is(symbol)) {
            self.advance();
            let right = self.level(level + 1, None)?;
            let range = left.range.to(right.range);
            left = Term::new(range, TermKind::Infix(*op, Box::new(left), Box::new(right)));
        }
        Ok(left)
    }

    /// A term without operators, with the references and calls that follow it.
    pub(super) fn term(&mut self) -> Result<Term, Fault> {
        self.nested(|parser| {
            let head = parser.primary()?;
            parser.suffixes(head)
        })
    }

    fn primary(&mut self) -> Result<Term, Fault> {
        let range = self.range();
        let kind = match self.kind().clone() {
            Kind::Number(text) => TermKind::Number(text),
            Kind::String(text) => TermKind::String(text),
            Kind::Template(parts) => TermKind::Template(self.template(parts)?),
            Kind::Symbol("-") => return self.negative(),
            Kind::Symbol("(") => return self.parenthesis(),
            Kind::Symbol("[") => return self.array(),
            Kind::Symbol("{") => return self.braces(),
            Kind::Ident(word) => match &*word {
                _ if self.part_follows() => TermKind::Var(word),
                "true" => TermKind::Bool(true),
                "false" => TermKind::Bool(false),
                "null" => TermKind::Null,
                // The built-in function keeps its name beside the keyword.
                "contains" if self.keywords.contains && self.call_follows() => TermKind::Var(word),
                "and" | "or" if self.call_follows() => TermKind::Var(word),
                _ if self.is_reserved(&word) => return Err(self.unexpected("a term")),
                _ => TermKind::Var(word),
            },
            _ => return Err(self.unexpected("a term")),
        };
        self.advance();
        Ok(Term::new(range, kind))
    }

    fn call_follows(&self) -> bool {
        self.tokens.get(self.at + 1).is_some_and(|t| !t.spaced && t.kind == Kind::Symbol("("))
    }

    fn negative(&mut self) -> Result<Term, Fault> {
        let start = self.range();
        self.advance();
        match self.kind().clone() {
            Kind::Number(text) if !self.peek().spaced => {
                let range = start.to(self.range());
                self.advance();
                Ok(Term::new(range, TermKind::Number(format!("-{text}").into())))
            }
            _ => Err(self.unexpected("a number after `-`")),
        }
    }

    fn parenthesis(&mut self) -> Result<Term, Fault> {
        let start = self.range();
        self.advance();
        let mut inner = self.infix_pair()?;
        self.expect(")")?;
        inner.range = start.to(self.last());
        Ok(inner)
    }

    /// `.name`, `[term]` and `(terms)` directly behind a term.
    fn suffixes(&mut self, mut term: Term) -> Result<Term, Fault> {
        loop {
            if self.peek().spaced {
                return Ok(term);
            }
            let part = if self.is(".") {
                self.advance();
                let range = self.range();
                if self.peek().spaced {
                    return Err(self.unexpected("a name after `.`"));
                }
                let name = self.any_name()?;
                Term::new(range, TermKind::String(name))
            } else if self.is("[") {
                self.advance();
                let part = self.infix_pair()?;
                self.expect("]")?;
                part
            } else if self.is("(") && matches!(term.kind, TermKind::Var(_) | TermKind::Ref(..)) {
                term = self.call(term)?;
                continue;
            } else {
                return Ok(term);
            };
            if matches!(term.kind, TermKind::Null | TermKind::Bool(_) | TermKind::Number(_)) {
                return Err(self.fault(term.range, "a reference cannot start here"));
            }
            let range = term.range.to(self.last());
            term = match term.kind {
                TermKind::Ref(head, mut path) => {
                    path.push(part);
                    Term::new(range, TermKind::Ref(head, path))
                }
                _ => Term::new(range, TermKind::Ref(Box::new(term), vec![part])),
            };
        }
    }

    fn call(&mut self, function: Term) -> Result<Term, Fault> {
        self.advance();
        let args = self.list(")")?;
        let range = function.range.to(self.last());
        if matches!(&function.kind, TermKind::Var(name) if &**name == "set") && args.is_empty() {
            return Ok(Term::new(range, TermKind::Set(Vec::new())));
        }
        Ok(Term::new(range, TermKind::Call(Box::new(function), args)))
    }

    /// Terms separated by commas up to a closing symbol; a comma may stand at the end.
    pub(super) fn list(&mut self, close: &str) -> Result<Vec<Term>, Fault> {
        self.list_from(close, None)
    }

    fn list_from(&mut self, close: &str, mut first: Option<Term>) -> Result<Vec<Term>, Fault> {
        let mut terms = Vec::new();
        while first.is_some() || !self.eat(close) {
            terms.push(self.membership(false, first.take())?);
            if !self.eat(",") {
                self.expect(close)?;
                break;
            }
        }
        Ok(terms)
    }

    fn array(&mut self) -> Result<Term, Fault> {
        let start = self.range();
        self.advance();
        if self.eat("]") {
            return Ok(Term::new(start.to(self.last()), TermKind::Array(Vec::new())));
        }
        let head = self.term()?;
        let kind = match self.comprehension("]")? {
            Some(body) => TermKind::ArrayComprehension(Box::new(head), body),
            None => TermKind::Array(self.list_from("]", Some(head))?),
        };
        Ok(Term::new(start.to(self.last()), kind))
    }

    fn braces(&mut self) -> Result<Term, Fault> {
        let start = self.range();
        self.advance();
        if self.eat("}") {
            return Ok(Term::new(start.to(self.last()), TermKind::Object(Vec::new())));
        }
        let head = self.term()?;
        if let Some(body) = self.comprehension("}")? {
            let kind = TermKind::SetComprehension(Box::new(head), body);
            return Ok(Term::new(start.to(self.last()), kind));
        }
        let first = self.infix_from(head)?;
        if self.is(":") {
            return self.object(start, first);
        }
        let mut items = vec![first];
        if !self.eat("}") {
            self.expect(",")?;
            items.extend(self.list("}")?);
        }
        Ok(Term::new(start.to(self.last()), TermKind::Set(items)))
    }

    fn object(&mut self, start: Range, first: Term) -> Result<Term, Fault> {
        self.expect(":")?;
        let value = self.term()?;
        if let Some(body) = self.comprehension("}")? {
            let kind = TermKind::ObjectComprehension(Box::new(first), Box::new(value), body);
            return Ok(Term::new(start.to(self.last()), kind));
        }
        let mut entries = vec![(first, self.infix_from(value)?)];
        while !self.eat("}") {
            self.expect(",")?;
            if self.eat("}") {
                break;
            }
            let key = self.infix()?;
            self.expect(":")?;
            entries.push((key, self.infix()?));
        }
        Ok(Term::new(start.to(self.last()), TermKind::Object(entries)))
    }

    fn template(&mut self, parts: Vec<TemplatePart>) -> Result<Vec<Part>, Fault> {
        parts
            .into_iter()
            .map(|part| match part {
                TemplatePart::Text(text) => Ok(Part::Text(text)),
                TemplatePart::Code(tokens) => self.inner(tokens).map(Part::Term),
            })
            .collect()
    }

    /// One term from tokens of its own.
    fn inner(&mut self, tokens: Vec<Token>) -> Result<Term, Fault> {
        let mut parser = Parser { tokens, at: 0, depth: self.depth, steps: 0, keywords: self.keywords };
        let term = parser.infix_pair()?;
        if parser.at_end() { Ok(term) } else { Err(parser.unexpected("`}`")) }
    }
}

fn membership(key: Option<Term>, value: Term, domain: Term) -> Term {
    let start = key.as_ref().map_or(value.range, |k| k.range);
    let range = start.to(domain.range);
    let kind = TermKind::In { key: key.map(Box::new), value: Box::new(value), domain: Box::new(domain) };
    Term::new(range, kind)
}
