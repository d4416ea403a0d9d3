//! Types: what can never match, an argument that no value of its type can be, an index that cannot exist.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::Fault;
use super::super::ast::{Body, Expr, ExprKind, Module, Op, Part, Rule, Term, TermKind};
use super::super::program::{Index as Rules, Node, Place};
use super::super::resolve::pattern;
use super::super::signatures;
use super::super::types::{Index, Type};
use crate::source::SourceId;

/// Checks the types of all rules.
pub(super) fn check(
    modules: &[(SourceId, Module)],
    rules: &Rules,
    trusted: &dyn Fn(SourceId) -> bool,
) -> Vec<(SourceId, Fault)> {
    let mut checker = Checker { modules, rules, known: BTreeMap::new(), faults: Vec::new(), quiet: 0 };
    let mut all = Vec::new();
    for (id, module) in modules.iter().filter(|(id, _)| !trusted(*id)) {
        for rule in &module.rules {
            checker.rule(rule);
        }
        all.extend(checker.faults.drain(..).map(|fault| (*id, fault)));
    }
    all
}

struct Checker<'a> {
    modules: &'a [(SourceId, Module)],
    rules: &'a Rules,
    /// Types of rules; `Any` while one is being found out.
    known: BTreeMap<Place, Type>,
    faults: Vec<Fault>,
    /// Above zero while the type of another rule is found out.
    quiet: usize,
}

/// Types of the variables of a rule; those that are not in it may be anything.
type Locals = BTreeMap<Arc<str>, Type>;

impl Checker<'_> {
    fn rule(&mut self, rule: &Rule) -> Type {
        let mut locals = Locals::new();
        rule.body.iter().for_each(|body| self.body(body, &mut locals));
        let value = match (&rule.head.value, &rule.head.key) {
            (Some(value), _) => self.term(value, &locals),
            (None, Some(key)) => Type::Set(Box::new(self.term(key, &locals))),
            (None, None) => Type::Boolean,
        };
        let dynamic = rule.head.path.len() > rule.head.ground().len();
        let mut value = if dynamic { Type::object(Type::Any, Type::Any) } else { value };
        for branch in &rule.elses {
            let mut locals = Locals::new();
            branch.body.iter().for_each(|body| self.body(body, &mut locals));
            let other = branch.value.as_ref().map_or(Type::Boolean, |v| self.term(v, &locals));
            value = value.or(other);
        }
        value
    }

    fn fault(&mut self, term: &Term, message: impl Into<String>) {
        if self.quiet == 0 {
            self.faults.push(Fault::new("policy::type", term.range, message));
        }
    }

    fn body(&mut self, body: &Body, locals: &mut Locals) {
        for expr in body {
            self.expr(expr, locals);
        }
    }

    fn expr(&mut self, expr: &Expr, locals: &mut Locals) {
        if !expr.with.is_empty() {
            // What a modifier replaces may have another type.
            return;
        }
        match &expr.kind {
            ExprKind::Term(term) => drop(self.term(term, locals)),
            ExprKind::Assign(left, right) => {
                let value = self.term(right, locals);
                match &left.kind {
                    TermKind::Var(name) => drop(locals.insert(name.clone(), value)),
                    _ => pattern(left).into_iter().for_each(|name| drop(locals.insert(name, Type::Any))),
                }
            }
            ExprKind::Unify(left, right) => self.equal(left, right, locals),
            ExprKind::Some(names) => {
                for name in names.iter().flat_map(pattern) {
                    locals.insert(name, Type::Any);
                }
            }
            ExprKind::SomeIn { key, value, domain } => {
                let found = self.term(domain, locals);
                let iterable =
                    [Type::array(Type::Any), Type::Set(Box::new(Type::Any)), Type::object(Type::Any, Type::Any)];
                if !iterable.iter().any(|kind| kind.overlaps(&found)) {
                    self.fault(domain, "this is no collection: there is nothing to iterate over");
                }
                for name in key.iter().chain([value]).flat_map(pattern) {
                    locals.insert(name, Type::Any);
                }
            }
            ExprKind::Every { key, value, domain, body } => {
                self.term(domain, locals);
                let mut inner = locals.clone();
                for name in key.iter().chain([value]).flat_map(pattern) {
                    inner.insert(name, Type::Any);
                }
                self.body(body, &mut inner);
            }
            ExprKind::Not(inner) => self.expr(inner, &mut locals.clone()),
            ExprKind::NotBody(body) | ExprKind::And(body) => self.body(body, &mut locals.clone()),
            ExprKind::Or(left, right) => {
                self.expr(left, &mut locals.clone());
                self.expr(right, &mut locals.clone());
            }
        }
    }

    fn equal(&mut self, left: &Term, right: &Term, locals: &Locals) {
        let (a, b) = (self.term(left, locals), self.term(right, locals));
        if !a.overlaps(&b) {
            self.fault(left, "the two sides can never be equal: their types differ");
        }
    }

    fn term(&mut self, term: &Term, locals: &Locals) -> Type {
        match &term.kind {
            TermKind::Null => Type::Null,
            TermKind::Bool(_) => Type::Boolean,
            TermKind::Number(_) => Type::Number,
            TermKind::String(_) => Type::String,
            TermKind::Template(parts) => {
                for part in parts {
                    if let Part::Term(term) = part {
                        self.term(term, locals);
                    }
                }
                Type::String
            }
            TermKind::Var(name) => locals.get(name).cloned().unwrap_or(Type::Any),
            TermKind::Ref(head, path) => self.reference(term, head, path, locals),
            TermKind::Call(function, args) => self.call(term, function, args, locals),
            TermKind::Infix(op, left, right) => self.infix(term, *op, left, right, locals),
            TermKind::In { key, value, domain } => {
                key.iter().for_each(|t| drop(self.term(t, locals)));
                self.term(value, locals);
                self.term(domain, locals);
                Type::Boolean
            }
            TermKind::Array(items) => Type::Array(items.iter().map(|t| self.term(t, locals)).collect(), None).bounded(),
            TermKind::Set(items) => {
                let all = items.iter().map(|t| self.term(t, locals)).reduce(Type::or);
                Type::Set(Box::new(all.unwrap_or(Type::Any))).bounded()
            }
            TermKind::Object(entries) => self.object(entries, locals),
            TermKind::ArrayComprehension(head, body) => {
                let mut inner = locals.clone();
                self.body(body, &mut inner);
                Type::array(self.term(head, &inner))
            }
            TermKind::SetComprehension(head, body) => {
                let mut inner = locals.clone();
                self.body(body, &mut inner);
                Type::Set(Box::new(self.term(head, &inner)))
            }
            TermKind::ObjectComprehension(key, value, body) => {
                let mut inner = locals.clone();
                self.body(body, &mut inner);
                Type::object(self.term(key, &inner), self.term(value, &inner))
            }
        }
    }

    fn object(&mut self, entries: &[(Term, Term)], locals: &Locals) -> Type {
        let mut known = Vec::new();
        let mut more: Option<(Type, Type)> = None;
        for (key, value) in entries {
            let value = self.term(value, locals);
            match &key.kind {
                TermKind::String(name) => known.push((name.clone(), value)),
                _ => {
                    let key = self.term(key, locals);
                    more = Some(match more {
                        Some((k, v)) => (k.or(key), v.or(value)),
                        None => (key, value),
                    });
                }
            }
        }
        Type::Object(known, more.map(Box::new)).bounded()
    }

    fn infix(&mut self, term: &Term, op: Op, left: &Term, right: &Term, locals: &Locals) -> Type {
        if op == Op::Equal {
            self.equal(left, right, locals);
            return Type::Boolean;
        }
        let given = [self.term(left, locals), self.term(right, locals)];
        self.builtin(term, op.function(), &given)
    }

    fn call(&mut self, term: &Term, function: &Term, args: &[Term], locals: &Locals) -> Type {
        let given: Vec<Type> = args.iter().map(|t| self.term(t, locals)).collect();
        let Some(names) = function.names() else { return Type::Any };
        match names.split_first() {
            Some((root, path)) if &**root == "data" => match self.rules.node(path) {
                Some(node) => self.node(node),
                None => Type::Any,
            },
            _ => self.builtin(term, &names.join("."), &given),
        }
    }

    fn builtin(&mut self, term: &Term, name: &str, given: &[Type]) -> Type {
        let Some(signature) = signatures::signature(name) else { return Type::Any };
        for (i, (wanted, given)) in signature.args.iter().zip(given).enumerate() {
            if !wanted.overlaps(given) {
                self.fault(term, format!("argument {} of `{name}` can never be of the type that it needs", i + 1));
            }
        }
        signature.result.clone()
    }

    /// The type of what the rules of a node give.
    fn node(&mut self, node: &Node) -> Type {
        let types: Vec<Type> = node.rules.iter().map(|place| self.place(*place)).collect();
        types.into_iter().reduce(Type::or).unwrap_or(Type::Any)
    }

    fn place(&mut self, place: Place) -> Type {
        if let Some(known) = self.known.get(&place) {
            return known.clone();
        }
        self.known.insert(place, Type::Any);
        let rule = self.modules.get(place.module).and_then(|(_, m)| m.rules.get(place.rule));
        self.quiet += 1;
        let found = rule.map_or(Type::Any, |rule| self.rule(rule));
        self.quiet -= 1;
        self.known.insert(place, found.clone());
        found
    }

    fn reference(&mut self, term: &Term, head: &Term, path: &[Term], locals: &Locals) -> Type {
        path.iter().for_each(|t| {
            if !matches!(t.kind, TermKind::Var(_)) {
                self.term(t, locals);
            }
        });
        let (mut found, rest) = match &head.kind {
            TermKind::Var(name) if &**name == "data" => {
                let names: Vec<Arc<str>> = path.iter().map_while(constant).collect();
                let Some((node, depth)) = self.rules.rule_on(&names) else { return Type::Any };
                if !node.children.is_empty() {
                    return Type::Any;
                }
                (self.node(node), path.get(depth..).unwrap_or_default())
            }
            TermKind::Var(name) if &**name == "input" => return Type::Any,
            _ => (self.term(head, locals), path),
        };
        for part in rest {
            match found.at(&index(part)) {
                Some(next) => found = next,
                None => {
                    self.fault(term, "nothing can stand at this reference");
                    return Type::Any;
                }
            }
        }
        found
    }
}

fn constant(term: &Term) -> Option<Arc<str>> {
    match &term.kind {
        TermKind::String(text) => Some(text.clone()),
        _ => None,
    }
}

fn index(term: &Term) -> Index<'_> {
    match &term.kind {
        TermKind::String(name) => Index::Name(name),
        TermKind::Number(text) => text.parse().map_or(Index::Other, Index::Number),
        TermKind::Bool(_) | TermKind::Null => Index::Other,
        _ => Index::Unknown,
    }
}
