//! Enough of a module for the oracle's context: variables with defaults, locals, `terraform_data`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use changegate::parse::hcl::{self, Attribute, Block, Hcl};
use changegate::source::{Revision, Source, Sources, Span};
use changegate::terraform::eval::{
    Budget, Constraint, Fault, Faults, Files, Marks, Reference, Resolved, Scope, Step, Type, Value, eval,
};

use super::answer::{Answer, Marked};
use super::files::Directory;

/// The module in which expressions are evaluated.
pub struct Module {
    sources: RefCell<Sources>,
    hcl: Hcl,
    files: Directory,
    budget: Budget,
}

impl Module {
    pub fn load(directory: &str) -> Self {
        let text = std::fs::read_to_string(format!("{directory}/main.tf")).unwrap();
        let mut sources = Sources::default();
        let id = sources.add(Source::new("main.tf", Revision::Head, text.as_str()));
        let hcl = hcl::parse(id, &text);
        assert_eq!(hcl.diagnostics, []);
        Self { sources: RefCell::new(sources), hcl, files: Directory(directory.into()), budget: Budget::default() }
    }

    /// The value of an expression, as if a local of this module had it.
    pub fn evaluate(&self, expression: &str) -> Answer {
        let text = format!("locals {{\n  x = {expression}\n}}\n");
        let id = self.sources.borrow_mut().add(Source::new("x.tf", Revision::Head, text.as_str()));
        let hcl = hcl::parse(id, &text);
        if let Some(fault) = hcl.diagnostics.first() {
            let has_place = fault.span.is_some();
            return Answer::Refused { summary: fault.message.clone(), detail: fault.label.clone(), has_place };
        }
        let attribute = hcl.body.blocks.first().and_then(|block| block.body.attribute("x")).unwrap();
        let scope = At { module: self, text: &text, id };
        match self.attribute(attribute, &scope) {
            Ok(value) => Answer::Value(Marked(value)),
            Err(faults) => {
                let fault = faults.first().unwrap();
                let has_place = fault.span.is_some();
                Answer::Refused { summary: fault.summary.clone(), detail: fault.detail.clone(), has_place }
            }
        }
    }

    fn attribute(&self, attribute: &Attribute, scope: &dyn Scope) -> Result<Value, Faults> {
        match &attribute.expression {
            Some(expression) => eval(expression, scope),
            None => Ok(Value::from_node(&attribute.value)),
        }
    }

    fn block<'a>(&'a self, kind: &'a str, labels: &[&str]) -> Option<&'a Block> {
        let named =
            |block: &&Block| labels.iter().enumerate().all(|(i, label)| block.label(i).is_some_and(|l| **l == **label));
        self.hcl.body.blocks(kind).find(named)
    }

    fn local(&self, name: &str) -> Option<&Attribute> {
        self.hcl.body.blocks("locals").find_map(|block| block.body.attribute(name))
    }

    fn variable(&self, name: &str) -> Option<Value> {
        let block = self.block("variable", &[name])?;
        let flag = |flag: &str| block.body.attribute(flag).and_then(|a| a.value.as_bool()) == Some(true);
        let constraint = match block.body.attribute("type").map(|ty| ty.expression.as_ref().unwrap()) {
            Some(ty) => Constraint::parse(ty, &self.budget).unwrap(),
            None => Constraint::any(),
        };
        let default = block.body.attribute("default").unwrap();
        let value = constraint.apply(&Value::from_node(&default.value)).unwrap();
        let marks = Marks { sensitive: flag("sensitive"), ephemeral: flag("ephemeral") };
        Some(value.with_marks(marks))
    }

    fn resource(&self, name: &str) -> Option<Value> {
        let instance = |input: String| {
            Value::object(BTreeMap::from([
                ("id".into(), Value::unknown_not_null(Type::String)),
                ("input".into(), input.into()),
                ("output".into(), Value::unknown(Type::String)),
                ("triggers_replace".into(), Value::null(Type::Dynamic)),
            ]))
        };
        Some(match name {
            "u" => instance("known-input".into()),
            "many" => Value::tuple((0..2).map(|i| instance(format!("item-{i}"))).collect::<Vec<_>>()),
            "each" => Value::object(
                [("k1", "v1"), ("k2", "v2")].map(|(k, v)| (Arc::from(k), instance(format!("{k}:{v}")))).into(),
            ),
            _ => return None,
        })
    }
}

/// The module as one expression sees it.
struct At<'a> {
    module: &'a Module,
    text: &'a str,
    id: changegate::source::SourceId,
}

fn undeclared(what: &str) -> Faults {
    Fault::reference(format!("Reference to undeclared {what}"), "nothing of that name has been declared").into()
}

impl Scope for At<'_> {
    fn resolve(&self, reference: &Reference) -> Result<Resolved, Faults> {
        let name = reference.name(0).cloned().unwrap_or_default();
        let value = match &*reference.root {
            "var" => self.module.variable(&name).ok_or_else(|| undeclared("input variable"))?,
            "local" => {
                let local = self.module.local(&name).ok_or_else(|| undeclared("local value"))?;
                self.module.attribute(local, self)?
            }
            "path" => ".".into(),
            "terraform" => "default".into(),
            _ => self.module.resource(&name).ok_or_else(|| undeclared("resource"))?,
        };
        Ok(Resolved { value, consumed: 1 })
    }

    fn check(&self, reference: &Reference) -> Result<(), Faults> {
        let invalid = |detail: &str| Err(Fault::reference("Invalid reference", detail).into());
        let name = match reference.steps.first() {
            Some(Step::Attribute(name)) => &**name,
            _ => return invalid("must be followed by at least one attribute access"),
        };
        match &*reference.root {
            "var" => self.module.block("variable", &[name]).map(drop).ok_or_else(|| undeclared("input variable")),
            "local" => self.module.local(name).map(drop).ok_or_else(|| undeclared("local value")),
            "path" if matches!(name, "module" | "root" | "cwd") => Ok(()),
            "path" => Err(Fault::reference("Invalid \"path\" attribute", "no such attribute").into()),
            "terraform" if name == "workspace" => Ok(()),
            "terraform" => Err(Fault::reference("Invalid \"terraform\" attribute", "no such attribute").into()),
            "each" | "count" | "self" => invalid("not available here"),
            "data" => Err(undeclared("resource")),
            "module" => Err(undeclared("module")),
            ty => self.check_resource(ty, name, reference),
        }
    }

    fn provider(&self, name: &str) -> Option<Arc<str>> {
        (name == "terraform").then(|| "terraform.io/builtin/terraform".into())
    }

    fn text(&self, span: Span) -> Option<&str> {
        (span.source == self.id).then(|| self.text.get(span.start as usize..span.end as usize))?
    }

    fn files(&self) -> &dyn Files {
        &self.module.files
    }

    fn budget(&self) -> &Budget {
        &self.module.budget
    }
}

impl At<'_> {
    fn check_resource(&self, ty: &str, name: &str, reference: &Reference) -> Result<(), Faults> {
        if self.module.block("resource", &[ty, name]).is_none() {
            return Err(undeclared("resource"));
        }
        let attribute = match (name, reference.steps.as_slice()) {
            ("u", [_, Step::Attribute(attribute), ..]) => attribute,
            ("many" | "each", [_, Step::Index(_) | Step::Key(_), Step::Attribute(attribute), ..]) => attribute,
            ("many" | "each", [_, Step::Attribute(_), ..]) => {
                let detail = "its attributes must be accessed on specific instances";
                return Err(Fault::reference("Missing resource instance key", detail).into());
            }
            _ => return Ok(()),
        };
        match &**attribute {
            "id" | "input" | "output" | "triggers_replace" => Ok(()),
            _ => Err(Fault::reference("Unsupported attribute", "This object has no such attribute.").into()),
        }
    }
}
