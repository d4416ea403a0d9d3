//! The parser: tokens to [`ast`](super::ast), by recursive descent, with the grammar of OPA 1.x.

mod body;
mod rule;
mod term;

use std::sync::Arc;

pub(super) use rule::always;

use super::Fault;
use super::ast::{Dialect, Import, Module, Range};
use super::token::{Kind, Token, tokens};

/// Deepest nesting of terms.
const MAX_DEPTH: usize = 100;

/// Most terms and bodies that are begun for each token.
const STEPS_PER_TOKEN: usize = 64;

/// Reads a module.
///
/// # Errors
/// The first fault.
pub fn module(text: &str, dialect: Dialect) -> Result<Module, Fault> {
    let (tokens, comments) = tokens(text)?;
    let mut parser = Parser::new(tokens, dialect);
    let (package, package_range) = parser.package()?;
    let mut module = Module { dialect, package, package_range, imports: Vec::new(), rules: Vec::new(), comments };
    while !parser.at_end() {
        parser.statement_start()?;
        if parser.word() == Some("import") {
            let import = parser.import()?;
            parser.keywords.learn(&import);
            module.imports.push(import);
        } else {
            parser.rule(&mut module.rules)?;
        }
    }
    Ok(module)
}

/// Which words are keywords here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keywords {
    pub(super) contains: bool,
    pub(super) every: bool,
    pub(super) if_: bool,
    pub(super) in_: bool,
    pub(super) and: bool,
    pub(super) or: bool,
    pub(super) not: bool,
    /// `if` is needed before a body and `contains` before a member.
    pub(super) strict: bool,
}

impl Keywords {
    fn of(dialect: Dialect) -> Self {
        let v1 = dialect == Dialect::V1;
        Self { contains: v1, every: v1, if_: v1, in_: v1, and: false, or: false, not: false, strict: v1 }
    }

    fn learn(&mut self, import: &Import) {
        let path: Vec<&str> = import.path.iter().map(|p| &**p).collect();
        match path.as_slice() {
            ["rego", "v1"] => {
                (self.contains, self.every, self.if_, self.in_, self.strict) = (true, true, true, true, true);
            }
            ["future", "keywords"] => (self.contains, self.every, self.if_, self.in_) = (true, true, true, true),
            ["future", "keywords", "contains"] => self.contains = true,
            ["future", "keywords", "every"] => (self.every, self.in_) = (true, true),
            ["future", "keywords", "if"] => self.if_ = true,
            ["future", "keywords", "in"] => self.in_ = true,
            ["future", "keywords", "and"] => self.and = true,
            ["future", "keywords", "or"] => self.or = true,
            ["future", "keywords", "not"] => self.not = true,
            _ => {}
        }
    }
}

/// Words that never name a variable.
const RESERVED: &[&str] =
    &["as", "default", "else", "false", "import", "package", "not", "null", "some", "true", "with"];

pub(super) struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    /// How often a term or a body was begun.
    steps: usize,
    pub(super) keywords: Keywords,
}

impl Parser {
    pub(super) fn new(tokens: Vec<Token>, dialect: Dialect) -> Self {
        Self { tokens, at: 0, depth: 0, steps: 0, keywords: Keywords::of(dialect) }
    }

    fn peek(&self) -> &Token {
        static END: Token = Token { range: Range { start: 0, end: 0 }, spaced: true, newline: true, kind: Kind::End };
        self.tokens.get(self.at).or(self.tokens.last()).unwrap_or(&END)
    }

    fn kind(&self) -> &Kind {
        &self.peek().kind
    }

    fn range(&self) -> Range {
        self.peek().range
    }

    /// Bytes of the token that was read last.
    fn last(&self) -> Range {
        self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(Range::default(), |t| t.range)
    }

    fn advance(&mut self) {
        if !self.at_end() {
            self.at += 1;
        }
    }

    fn at_end(&self) -> bool {
        matches!(self.kind(), Kind::End)
    }

    fn is(&self, symbol: &str) -> bool {
        matches!(self.kind(), Kind::Symbol(s) if *s == symbol)
    }

    fn eat(&mut self, symbol: &str) -> bool {
        let found = self.is(symbol);
        if found {
            self.advance();
        }
        found
    }

    fn expect(&mut self, symbol: &str) -> Result<(), Fault> {
        if self.eat(symbol) { Ok(()) } else { Err(self.unexpected(&format!("`{symbol}`"))) }
    }

    /// The next word; not a keyword that starts a reference: `if.reason` is a name like any other.
    fn word(&self) -> Option<&str> {
        match self.kind() {
            Kind::Ident(word) if self.is_reserved(word) && self.part_follows() => None,
            Kind::Ident(word) => Some(word),
            _ => None,
        }
    }

    /// Whether a `.` follows directly.
    fn part_follows(&self) -> bool {
        self.tokens.get(self.at + 1).is_some_and(|t| !t.spaced && t.kind == Kind::Symbol("."))
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let found = self.word() == Some(word);
        if found {
            self.advance();
        }
        found
    }

    /// Whether the next token is this word, and the word is a keyword here.
    fn keyword(&self, word: &str) -> bool {
        let on = match word {
            "contains" => self.keywords.contains,
            "every" => self.keywords.every,
            "if" => self.keywords.if_,
            "in" => self.keywords.in_,
            "and" => self.keywords.and,
            "or" => self.keywords.or,
            _ => true,
        };
        on && self.word() == Some(word)
    }

    fn is_reserved(&self, word: &str) -> bool {
        RESERVED.contains(&word)
            || match word {
                "every" => self.keywords.every,
                "if" => self.keywords.if_,
                "in" => self.keywords.in_,
                "and" => self.keywords.and,
                "or" => self.keywords.or,
                "contains" => self.keywords.contains,
                _ => false,
            }
    }

    fn unexpected(&self, wanted: &str) -> Fault {
        let found = match self.kind() {
            Kind::Ident(word) | Kind::Number(word) => format!("`{word}`"),
            Kind::String(_) | Kind::Template(_) => "a string".to_owned(),
            Kind::Symbol(symbol) => format!("`{symbol}`"),
            Kind::End => "the end".to_owned(),
        };
        Fault::new("policy::syntax", self.range(), format!("expected {wanted}, found {found}"))
    }

    fn fault(&self, range: Range, message: impl Into<String>) -> Fault {
        Fault::new("policy::syntax", range, message)
    }

    /// Runs one level deeper.
    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        if self.depth >= MAX_DEPTH {
            return Err(Fault::new("policy::nesting", self.range(), "terms are nested too deep"));
        }
        // What is ambiguous is read again from where it began; nested, that must not grow without bound.
        self.steps += 1;
        if self.steps > STEPS_PER_TOKEN * (self.tokens.len() + 100) {
            return Err(Fault::new("policy::nesting", self.range(), "this is too ambiguous to read"));
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    /// Reads a name that may be a keyword: after a dot, in a package.
    fn any_name(&mut self) -> Result<Arc<str>, Fault> {
        match self.kind() {
            Kind::Ident(word) => {
                let word = word.clone();
                self.advance();
                Ok(word)
            }
            _ => Err(self.unexpected("a name")),
        }
    }

    fn package(&mut self) -> Result<(Vec<Arc<str>>, Range), Fault> {
        if !self.eat_word("package") {
            return Err(self.unexpected("`package`").help("a module starts with `package name`"));
        }
        let start = self.range();
        if self.peek().newline {
            return Err(self.unexpected("the package's name on its line"));
        }
        let path = self.path()?;
        if let Some(word) = path.first().filter(|word| RESERVED.contains(&&***word)) {
            return Err(self.fault(start, format!("`{word}` cannot start a package's name")));
        }
        self.eat(";");
        Ok((path, start.to(self.last())))
    }

    /// `a.b["c"]`.
    fn path(&mut self) -> Result<Vec<Arc<str>>, Fault> {
        let mut path = vec![self.any_name()?];
        while !self.peek().spaced {
            if self.eat(".") {
                path.push(self.any_name()?);
            } else if self.is("[") {
                self.advance();
                let Kind::String(text) = self.kind() else {
                    return Err(self.unexpected("a string"));
                };
                path.push(text.clone());
                self.advance();
                self.expect("]")?;
            } else {
                break;
            }
        }
        Ok(path)
    }

    fn import(&mut self) -> Result<Import, Fault> {
        let start = self.range();
        self.advance();
        let place = self.range();
        let path = self.path()?;
        let root = path.first().map_or("", |p| &**p);
        if !matches!(root, "data" | "input" | "future" | "rego") {
            let message = format!("an import starts with `data`, `input`, `future` or `rego`, not `{root}`");
            return Err(self.fault(place, message));
        }
        let alias = if self.eat_word("as") {
            let place = self.range();
            let name = self.any_name()?;
            if self.is_reserved(&name) || matches!(&*name, "input" | "data") {
                return Err(self.fault(place, format!("`{name}` cannot be the name of an import")));
            }
            Some(name)
        } else {
            None
        };
        check_special(&path, alias.as_ref(), place)?;
        Ok(Import { range: start.to(self.last()), path, alias })
    }

    /// A statement starts on a line of its own.
    fn statement_start(&self) -> Result<(), Fault> {
        let separated = self.peek().newline || self.at == 0 || self.previous_is(";");
        if separated { Ok(()) } else { Err(self.unexpected("the end of the line")) }
    }

    fn previous_is(&self, symbol: &str) -> bool {
        let previous = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
        previous.is_some_and(|t| matches!(t.kind, Kind::Symbol(s) if s == symbol))
    }
}

fn check_special(path: &[Arc<str>], alias: Option<&Arc<str>>, place: Range) -> Result<(), Fault> {
    let names: Vec<&str> = path.iter().map(|p| &**p).collect();
    let known = match names.as_slice() {
        ["rego", rest @ ..] => rest == ["v1"],
        ["future", "keywords"] => true,
        ["future", "keywords", word] => ["and", "contains", "every", "if", "in", "not", "or"].contains(word),
        ["future", ..] => false,
        _ => return Ok(()),
    };
    if !known || alias.is_some() {
        let message = format!("`{}` cannot be imported{}", names.join("."), if known { " under a name" } else { "" });
        return Err(Fault::new("policy::syntax", place, message));
    }
    Ok(())
}
