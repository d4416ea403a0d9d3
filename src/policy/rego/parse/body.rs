//! Bodies: expressions, `some`, `every`, `not`, and `with`.

use super::Parser;
use crate::policy::rego::Fault;
use crate::policy::rego::ast::{Body, Expr, ExprKind, Term, TermKind, With};

impl Parser {
    /// `{ … }`.
    pub(super) fn braced(&mut self) -> Result<Body, Fault> {
        let start = self.range();
        self.expect("{")?;
        let body = self.nested(|parser| parser.expressions("}"))?;
        if body.is_empty() {
            return Err(self.fault(start.to(self.last()), "a body is empty").help("write `true` for an empty body"));
        }
        Ok(body)
    }

    /// Expressions up to a closing symbol, separated by `;` or line ends.
    fn expressions(&mut self, close: &str) -> Result<Body, Fault> {
        let mut body = Vec::new();
        if self.eat(close) {
            return Ok(body);
        }
        loop {
            body.push(self.expression()?);
            if self.eat(close) {
                return Ok(body);
            }
            if !(self.is(";") || self.peek().newline) || self.at_end() {
                return Err(self.unexpected(&format!("a line end, `;` or `{close}`")));
            }
            // Behind a `;`, OPA asks for an expression.
            if self.eat(";") && (self.is(";") || self.is(close)) {
                return Err(self.unexpected("an expression"));
            }
        }
    }

    /// `| …` up to the closing bracket; nothing when there is no `|`, or it is the operator.
    pub(super) fn comprehension(&mut self, close: &str) -> Result<Option<Body>, Fault> {
        if !self.is("|") {
            return Ok(None);
        }
        let kept = self.at;
        self.advance();
        match self.nested(|parser| parser.expressions(close)) {
            Ok(body) if !body.is_empty() => Ok(Some(body)),
            Ok(_) => Err(self.unexpected("a body after `|`")),
            Err(fault) => {
                // `[a | b, c]` is an array whose first item is a union.
                let far = self.at;
                self.at = kept;
                self.advance();
                let union = self.infix().is_ok() && self.is(",");
                self.at = if union { kept } else { far };
                if union { Ok(None) } else { Err(fault) }
            }
        }
    }

    /// One expression with its modifiers.
    pub(super) fn expression(&mut self) -> Result<Expr, Fault> {
        self.nested(|parser| {
            let mut left = parser.conjunction()?;
            while parser.keyword("or") {
                parser.advance();
                let right = parser.conjunction()?;
                let range = left.range.to(right.range);
                left = Expr::new(range, ExprKind::Or(Box::new(left), Box::new(right)));
            }
            Ok(left)
        })
    }

    fn conjunction(&mut self) -> Result<Expr, Fault> {
        let first = self.literal()?;
        if !self.keyword("and") {
            return Ok(first);
        }
        let mut all = vec![first];
        while self.keyword("and") {
            self.advance();
            all.push(self.literal()?);
        }
        let range = all.iter().fold(self.last(), |range, e| range.to(e.range));
        Ok(Expr::new(range, ExprKind::And(all)))
    }

    fn literal(&mut self) -> Result<Expr, Fault> {
        let start = self.range();
        let kind = if self.word() == Some("not") && !self.peek_is_call() {
            self.advance();
            self.negation()?
        } else if self.word() == Some("some") {
            self.advance();
            self.some()?
        } else if self.keyword("every") && !self.peek_is_call() {
            self.advance();
            self.every()?
        } else if let Some(kind) = self.grouped()? {
            kind
        } else {
            self.statement()?
        };
        let with = self.modifiers()?;
        if !with.is_empty() && matches!(kind, ExprKind::Some(_)) {
            return Err(self.unexpected("no modifier on a declaration"));
        }
        Ok(Expr { range: start.to(self.last()), kind, with })
    }

    fn peek_is_call(&self) -> bool {
        let next = self.tokens.get(self.at + 1);
        next.is_some_and(|t| !t.spaced && t.kind == crate::policy::rego::token::Kind::Symbol("("))
            && self.word() != Some("not")
    }

    fn negation(&mut self) -> Result<ExprKind, Fault> {
        if self.keywords.not && self.is("{") {
            return self.braced().map(ExprKind::NotBody);
        }
        if self.word() == Some("not") || self.word() == Some("some") {
            return Err(self.unexpected("an expression after `not`"));
        }
        let start = self.range();
        let kind = match self.grouped()? {
            Some(ExprKind::And(body)) if self.keywords.not => return Ok(ExprKind::NotBody(body)),
            Some(_) if !self.keywords.not => {
                return Err(self.unexpected("`import future.keywords.not` for a negated group"));
            }
            Some(kind) => kind,
            None if self.keyword("every") => {
                self.advance();
                self.every()?
            }
            None => self.statement()?,
        };
        Ok(ExprKind::Not(Box::new(Expr::new(start.to(self.last()), kind))))
    }

    /// `(a or b)`, where `and` and `or` are keywords.
    fn grouped(&mut self) -> Result<Option<ExprKind>, Fault> {
        if !(self.is("(") && (self.keywords.and || self.keywords.or)) {
            return Ok(None);
        }
        let kept = self.at;
        self.advance();
        if let Ok(inner) = self.expression()
            && matches!(inner.kind, ExprKind::Or(..) | ExprKind::And(_))
            && self.eat(")")
        {
            return Ok(Some(ExprKind::And(vec![inner])));
        }
        self.at = kept;
        Ok(None)
    }

    fn statement(&mut self) -> Result<ExprKind, Fault> {
        let left = self.infix_pair()?;
        if self.eat(":=") {
            if let Some(range) = unassignable(&left) {
                return Err(self.fault(range, "`:=` assigns to variables, and to arrays and objects of them"));
            }
            let right = self.infix_pair()?;
            return Ok(ExprKind::Assign(left, right));
        }
        if self.eat("=") {
            let right = self.infix_pair()?;
            return Ok(ExprKind::Unify(left, right));
        }
        Ok(ExprKind::Term(left))
    }

    fn some(&mut self) -> Result<ExprKind, Fault> {
        let mut names = vec![self.level_or_name()?];
        while self.eat(",") {
            names.push(self.level_or_name()?);
        }
        if self.keyword("in") {
            self.advance();
            let domain = self.infix()?;
            let [first, rest @ ..] = names.as_slice() else { return Err(self.unexpected("a name")) };
            let (key, value) = match rest {
                [] => (None, first.clone()),
                [value] => (Some(first.clone()), value.clone()),
                _ => return Err(self.fault(first.range, "`some … in` takes one or two names")),
            };
            return Ok(ExprKind::SomeIn { key, value, domain });
        }
        for name in &names {
            if !matches!(&name.kind, TermKind::Var(word) if !matches!(&**word, "input" | "data")) {
                return Err(self.fault(name.range, "`some` declares variables"));
            }
        }
        Ok(ExprKind::Some(names))
    }

    fn level_or_name(&mut self) -> Result<Term, Fault> {
        self.term()
    }

    fn every(&mut self) -> Result<ExprKind, Fault> {
        let first = self.term()?;
        let second = if self.eat(",") { Some(self.term()?) } else { None };
        for term in std::iter::once(&first).chain(&second) {
            if !matches!(&term.kind, TermKind::Var(word) if !matches!(&**word, "input" | "data")) {
                return Err(self.fault(term.range, "`every` binds variables"));
            }
        }
        if !self.keyword("in") {
            return Err(self.unexpected("`in`"));
        }
        self.advance();
        let domain = self.infix()?;
        let body = self.braced()?;
        let (key, value) = match second {
            Some(value) => (Some(first), value),
            None => (None, first),
        };
        Ok(ExprKind::Every { key, value, domain, body })
    }

    fn modifiers(&mut self) -> Result<Vec<With>, Fault> {
        let mut with = Vec::new();
        while self.word() == Some("with") {
            let start = self.range();
            self.advance();
            let target = self.term()?;
            if !self.eat_word("as") {
                return Err(self.unexpected("`as`"));
            }
            let value = self.infix()?;
            with.push(With { range: start.to(self.last()), target, value });
        }
        Ok(with)
    }
}

/// The part of a left side that `:=` cannot assign to.
fn unassignable(term: &Term) -> Option<super::Range> {
    match &term.kind {
        TermKind::Var(_) => None,
        TermKind::Array(items) => items.iter().find_map(unassignable),
        TermKind::Object(entries) => entries.iter().find_map(|(_, value)| unassignable(value)),
        _ => Some(term.range),
    }
}
