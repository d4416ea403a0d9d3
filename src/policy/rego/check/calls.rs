//! Calls: the function exists, takes that many arguments, and is not used as a value.

use super::super::ast::{Dialect, Expr, ExprKind, Module, Term, TermKind, With};
use super::super::lower::Mocks;
use super::super::program::Index;
use super::super::visit::{self, Visitor};
use super::super::{Fault, refused, signatures};

/// Checks the calls of a module.
pub(super) fn check(module: &Module, index: &Index, mocks: &Mocks) -> Vec<Fault> {
    let mut checker = Checker { index, mocks, v1: module.dialect == Dialect::V1, faults: Vec::new() };
    for rule in &module.rules {
        visit::each_part_of_rule(&mut checker, rule);
    }
    checker.faults
}

/// Built-in functions that only v0 has.
const DEPRECATED: &[&str] = &[
    "all",
    "any",
    "cast_array",
    "cast_boolean",
    "cast_null",
    "cast_object",
    "cast_set",
    "cast_string",
    "net.cidr_overlap",
    "re_match",
    "set_diff",
];

struct Checker<'a> {
    index: &'a Index,
    mocks: &'a Mocks,
    v1: bool,
    faults: Vec<Fault>,
}

impl Visitor for Checker<'_> {
    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Term(term) => self.statement(term),
            ExprKind::Not(inner) if matches!(inner.kind, ExprKind::Term(_)) && inner.with.is_empty() => {
                if let ExprKind::Term(term) = &inner.kind {
                    self.statement(term);
                }
            }
            _ => visit::each_part_without_with(self, expr),
        }
        expr.with.iter().for_each(|with| self.modifier(with));
    }

    fn term(&mut self, term: &Term) {
        match &term.kind {
            TermKind::Call(function, args) => self.call(term, function, args, false),
            TermKind::Ref(head, path) => {
                self.reference(term);
                self.term(head);
                path.iter().for_each(|t| self.term(t));
            }
            TermKind::Number(text) if digits(text) > MOST_DIGITS && text.contains('.') => {
                let message = format!("`{text}` has more digits than the engine keeps of a decimal");
                self.faults.push(Fault::new("policy::unsupported", term.range, message));
            }
            _ => visit::each_part(self, term),
        }
    }
}

/// Most digits of a decimal that a float gives back as they were.
const MOST_DIGITS: usize = 17;

/// The digits of a number that are not zeros at an end.
fn digits(text: &str) -> usize {
    let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    digits.trim_start_matches('0').trim_end_matches('0').len()
}

impl Checker<'_> {
    fn fault(&mut self, at: &Term, message: String) {
        self.faults.push(Fault::new("policy::call", at.range, message));
    }

    /// A call that stands alone may give its result to one more argument.
    fn statement(&mut self, term: &Term) {
        match &term.kind {
            TermKind::Call(function, args) => self.call(term, function, args, true),
            _ => self.term(term),
        }
    }

    fn call(&mut self, term: &Term, function: &Term, args: &[Term], alone: bool) {
        args.iter().for_each(|t| self.term(t));
        let Some(names) = function.names() else {
            return self.fault(function, "only a function with a constant name can be called".to_owned());
        };
        let name = names.iter().map(|n| &**n).collect::<Vec<_>>().join(".");
        if name == "print" {
            if !alone {
                self.fault(term, "`print` gives no value".to_owned());
            }
            return;
        }
        if matches!(&*name, "sprintf" | "json.marshal" | "providers.aws.sign_req") {
            args.iter().for_each(|t| self.shown(t));
        }
        let Some(arity) = self.arity(&names, &name) else {
            let message = format!("the function `{name}` is not defined");
            let mut fault = Fault::new("policy::undefined-function", function.range, message);
            if let Some(similar) = signatures::similar(&name) {
                fault = fault.help(format!("did you mean `{similar}`?"));
            }
            return self.faults.push(fault);
        };
        if args.len() != arity && !(alone && args.len() == arity + 1) {
            let plural = if arity == 1 { "" } else { "s" };
            return self.fault(term, format!("`{name}` takes {arity} argument{plural}, not {}", args.len()));
        }
        if self.v1 && DEPRECATED.contains(&name.as_str()) {
            self.fault(term, format!("`{name}` is deprecated and not part of Rego v1"));
        }
        if let Some(why) = refused(&name).filter(|_| !self.mocks.has(&name)) {
            let fault = Fault::new("policy::hermetic", term.range, format!("`{name}` is refused: {why}"));
            self.faults.push(fault.help("hand what it would fetch to the gate as a context document"));
        }
    }

    /// A number in what is printed: the engine keeps its value, not how it is written.
    fn shown(&mut self, term: &Term) {
        match &term.kind {
            TermKind::Number(text) if text.contains(['e', 'E']) || text.contains('.') && text.ends_with('0') => {
                let message = format!("`{text}` would not be printed as it is written");
                let fault = Fault::new("policy::unsupported", term.range, message);
                self.faults.push(fault.help("write it without an exponent and without zeros at its end"));
            }
            TermKind::Array(items) | TermKind::Set(items) => items.iter().for_each(|t| self.shown(t)),
            TermKind::Object(entries) => entries.iter().for_each(|(_, value)| self.shown(value)),
            _ => {}
        }
    }

    fn arity(&self, names: &[std::sync::Arc<str>], name: &str) -> Option<usize> {
        match names.split_first() {
            Some((root, path)) if &**root == "data" => {
                let rules = &self.index.node(path)?.rules;
                rules.iter().find_map(|place| self.index.arity(*place)).filter(|n| *n > 0)
            }
            _ => signatures::arity(name),
        }
    }

    /// A reference to a function that is not called.
    fn reference(&mut self, term: &Term) {
        self.mixed(term);
        let Some(names) = term.names() else { return };
        let Some((root, path)) = names.split_first() else { return };
        let rules = self.index.node(path).map(|node| &node.rules);
        if &**root == "data" && rules.is_some_and(|rules| self.index.is_function(rules)) {
            self.fault(term, "a function is used as a value: it is not called".to_owned());
        }
    }

    /// A reference into a map whose keys come from heads with variables and from constant ones: the engine would only
    /// look at the latter.
    fn mixed(&mut self, term: &Term) {
        let TermKind::Ref(head, path) = &term.kind else { return };
        if !matches!(&head.kind, TermKind::Var(name) if &**name == "data") {
            return;
        }
        let mut node = &self.index.root;
        for part in path {
            if !node.children.is_empty() && self.index.is_deep(&node.rules) {
                let message = "some keys of this map are constant in the heads of its rules and some are not";
                let fault = Fault::new("policy::unsupported", term.range, message);
                return self.faults.push(fault.help("give the map a name first: `all := data.a.map`, then `all[key]`"));
            }
            let TermKind::String(name) = &part.kind else { return };
            let Some(child) = node.children.get(name) else { return };
            node = child;
        }
    }

    /// Modifiers name functions without calling them.
    fn modifier(&mut self, with: &With) {
        let names = with.target.names().unwrap_or_default();
        let root = names.first().map_or("", |n| &**n);
        let joined = names.iter().map(|n| &**n).collect::<Vec<_>>().join(".");
        if !matches!(root, "input" | "data") && signatures::arity(&joined).is_none() {
            self.fault(&with.target, format!("`with` replaces `input`, `data` or a function, not `{joined}`"));
        }
        if joined == "walk" {
            self.fault(&with.target, "`with` cannot replace `walk`: it is a relation".to_owned());
        }
        if let Some((_, path)) = names.split_first().filter(|_| root == "data")
            && self.index.rule_on(path).is_some_and(|(_, depth)| depth < path.len())
        {
            self.fault(&with.target, "`with` replaces a rule as a whole, not a part of it".to_owned());
        }
        let arity = |term: &Term| {
            let names = term.names()?;
            self.arity(&names, &names.iter().map(|n| &**n).collect::<Vec<_>>().join("."))
        };
        if let (Some(wanted), Some(given)) = (arity(&with.target), arity(&with.value))
            && wanted != given
        {
            self.fault(&with.value, format!("this function takes {given} arguments, and what it replaces {wanted}"));
        }
        let is_name = |term: &Term| {
            let names = term.names()?;
            match names.split_first()? {
                (root, path) if &**root == "data" => self.index.node(path).map(|n| self.index.is_function(&n.rules)),
                _ => Some(signatures::arity(&names.join(".")).is_some()),
            }
        };
        if is_name(&with.value) != Some(true) {
            self.term(&with.value);
        }
    }
}
