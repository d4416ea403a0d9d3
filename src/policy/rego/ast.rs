//! The syntax tree of a Rego module, with the bytes that each part was read from.
//!
//! Names are as written: imports and packages are resolved by the passes that need it. Both dialects give one
//! tree: what Rego v0 writes as `p[x] { … }` is a rule with a [`Head::key`], as `p contains x if { … }` is.

use std::sync::Arc;

/// Half-open range of bytes in the module's text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Range {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Range {
    /// The smallest range that covers both.
    #[must_use]
    pub fn to(self, other: Range) -> Range {
        Range { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// Which Rego a module is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// Rego v1: `if` and `contains` are needed.
    #[default]
    V1,
    /// Rego v0, as OPA read it before 1.0; `import rego.v1` and `future.keywords` bring the keywords.
    V0,
}

/// A module: one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// What it is written in.
    pub dialect: Dialect,
    /// Names of the package: `["policies", "change"]` for `package policies.change`.
    pub package: Vec<Arc<str>>,
    /// The package's name in the text.
    pub package_range: Range,
    /// Imports in order.
    pub imports: Vec<Import>,
    /// Rules in order.
    pub rules: Vec<Rule>,
    /// Comments in order, without the `#`.
    pub comments: Vec<Comment>,
}

impl Module {
    /// Whether a rule of this name is declared.
    pub fn declares(&self, name: &str) -> bool {
        self.rules.iter().any(|rule| rule.head.name() == name)
    }
}

/// One comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// From the `#` to the end of the line.
    pub range: Range,
    /// 1-based line.
    pub line: u32,
    /// 1-based column, in bytes.
    pub column: u32,
    /// What follows the `#`.
    pub text: Arc<str>,
}

/// `import data.lib.shape as s`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The whole statement.
    pub range: Range,
    /// `["data", "lib", "shape"]`.
    pub path: Vec<Arc<str>>,
    /// `s`.
    pub alias: Option<Arc<str>>,
}

impl Import {
    /// The name that the module uses: the alias, or the path's last part.
    pub fn name(&self) -> &Arc<str> {
        static NONE: std::sync::LazyLock<Arc<str>> = std::sync::LazyLock::new(|| "".into());
        self.alias.as_ref().or(self.path.last()).unwrap_or(&NONE)
    }
}

/// One rule with the `else` branches that follow it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// From its head to the end of its last body.
    pub range: Range,
    /// `default x := 1`.
    pub default: bool,
    /// What it defines.
    pub head: Head,
    /// Its body; none for a fact.
    pub body: Option<Body>,
    /// Its `else` branches.
    pub elses: Vec<Else>,
    /// It is a further body of the rule before it: `p { … } { … }`.
    pub chained: bool,
}

/// The head of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The whole head.
    pub range: Range,
    /// The rule's name and what follows it: `a.b[c]` is `[a, "b", c]`; the first is a variable.
    pub path: Vec<Term>,
    /// Parameters of a function.
    pub args: Option<Vec<Term>>,
    /// The member of a partial set: `x` of `p contains x`.
    pub key: Option<Term>,
    /// The value: `1` of `p := 1`.
    pub value: Option<Term>,
}

impl Head {
    /// The rule's first name: `a` of `a.b[c]`.
    pub fn name(&self) -> &str {
        match self.path.first().map(|t| &t.kind) {
            Some(TermKind::Var(name)) => name,
            _ => "",
        }
    }

    /// The constant parts at the start of the path: `["a", "b"]` of `a.b[c].d`.
    pub fn ground(&self) -> Vec<Arc<str>> {
        let mut names: Vec<Arc<str>> = vec![self.name().into()];
        names.extend(self.path.iter().skip(1).map_while(|term| match &term.kind {
            TermKind::String(text) => Some(text.clone()),
            _ => None,
        }));
        names
    }
}

/// `else := 2 if { … }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Else {
    /// The whole branch.
    pub range: Range,
    /// Its value; true when none is written.
    pub value: Option<Term>,
    /// Its body.
    pub body: Option<Body>,
}

/// Expressions that must all hold.
pub type Body = Vec<Expr>;

/// One expression of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expr {
    /// The whole expression.
    pub range: Range,
    /// What it says.
    pub kind: ExprKind,
    /// `with input as x`.
    pub with: Vec<With>,
}

/// What an expression says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExprKind {
    /// A term that must be neither false nor undefined.
    Term(Term),
    /// `x := y`.
    Assign(Term, Term),
    /// `x = y`.
    Unify(Term, Term),
    /// `some x, y`.
    Some(Vec<Term>),
    /// `some k, v in xs`.
    SomeIn {
        /// `k`.
        key: Option<Term>,
        /// `v`.
        value: Term,
        /// `xs`.
        domain: Term,
    },
    /// `every k, v in xs { … }`.
    Every {
        /// `k`.
        key: Option<Term>,
        /// `v`.
        value: Term,
        /// `xs`.
        domain: Term,
        /// What must hold for each.
        body: Body,
    },
    /// `not x`.
    Not(Box<Expr>),
    /// `not { … }`, with `future.keywords.not`.
    NotBody(Body),
    /// `a or b`, with `future.keywords.or`.
    Or(Box<Expr>, Box<Expr>),
    /// `a and b`, with `future.keywords.and`; also an expression in parentheses.
    And(Vec<Expr>),
}

/// `with target as value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct With {
    /// The whole modifier.
    pub range: Range,
    /// What is replaced.
    pub target: Term,
    /// By what.
    pub value: Term,
}

/// A term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// Where it stands.
    pub range: Range,
    /// What it is.
    pub kind: TermKind,
}

/// What a term is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TermKind {
    /// `null`.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// A number as written.
    Number(Arc<str>),
    /// A string without quotes and escapes.
    String(Arc<str>),
    /// A name; `_` is a wildcard.
    Var(Arc<str>),
    /// `a.b[c]`: the head and what follows; a `.b` is a string.
    Ref(Box<Term>, Vec<Term>),
    /// `f(x)`: the function is a variable or a reference.
    Call(Box<Term>, Vec<Term>),
    /// `a + b`.
    Infix(Op, Box<Term>, Box<Term>),
    /// `k, v in xs`.
    In {
        /// `k`.
        key: Option<Box<Term>>,
        /// `v`.
        value: Box<Term>,
        /// `xs`.
        domain: Box<Term>,
    },
    /// `[a, b]`.
    Array(Vec<Term>),
    /// `{a, b}`; `set()` when empty.
    Set(Vec<Term>),
    /// `{a: b}`.
    Object(Vec<(Term, Term)>),
    /// `[x | …]`.
    ArrayComprehension(Box<Term>, Body),
    /// `{x | …}`.
    SetComprehension(Box<Term>, Body),
    /// `{k: v | …}`.
    ObjectComprehension(Box<Term>, Box<Term>, Body),
    /// `$"a {b}"`.
    Template(Vec<Part>),
}

/// A part of an interpolated string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Text as it stands.
    Text(Arc<str>),
    /// `{x}`.
    Term(Term),
}

/// An infix operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Op {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    And,
    Or,
}

impl Op {
    /// As written.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
            Self::And => "&",
            Self::Or => "|",
        }
    }

    /// OPA's name of the built-in function behind it.
    pub fn function(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::NotEqual => "neq",
            Self::Less => "lt",
            Self::LessEqual => "lte",
            Self::Greater => "gt",
            Self::GreaterEqual => "gte",
            Self::Add => "plus",
            Self::Subtract => "minus",
            Self::Multiply => "mul",
            Self::Divide => "div",
            Self::Remainder => "rem",
            Self::And => "and",
            Self::Or => "or",
        }
    }
}

impl Term {
    /// A term without a place of its own: it takes that of what it stands for.
    pub fn new(range: Range, kind: TermKind) -> Self {
        Self { range, kind }
    }

    /// Moves the term out; `null` stays.
    pub(super) fn take(&mut self) -> Self {
        std::mem::replace(self, Self { range: self.range, kind: TermKind::Null })
    }

    /// A variable.
    pub fn var(range: Range, name: &str) -> Self {
        Self::new(range, TermKind::Var(name.into()))
    }

    /// A string.
    pub fn string(range: Range, text: &str) -> Self {
        Self::new(range, TermKind::String(text.into()))
    }

    /// Whether it is the wildcard `_`.
    pub fn is_wildcard(&self) -> bool {
        matches!(&self.kind, TermKind::Var(name) if &**name == "_")
    }

    /// Its names when it is a chain of constants: `["input", "a"]` of `input.a` and `input["a"]`.
    pub fn names(&self) -> Option<Vec<Arc<str>>> {
        match &self.kind {
            TermKind::Var(name) => Some(vec![name.clone()]),
            TermKind::Ref(head, path) => {
                let mut names = head.names()?;
                for part in path {
                    let TermKind::String(text) = &part.kind else { return None };
                    names.push(text.clone());
                }
                Some(names)
            }
            _ => None,
        }
    }
}

impl Expr {
    /// An expression without modifiers.
    pub fn new(range: Range, kind: ExprKind) -> Self {
        Self { range, kind, with: Vec::new() }
    }
}
