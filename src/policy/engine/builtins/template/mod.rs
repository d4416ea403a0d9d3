//! `strings.render_template`: Go's `text/template`.

mod review;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use gotmpl::parse::Node;
use gotmpl::{MissingKey, Template, TemplateError, Value as Variable};
use regorus::Value;

use super::super::decimal;
use super::super::limits::length;
use super::{Entry, LIMIT, at, string, text, wrong};

pub(super) const TABLE: &[Entry] = &[("strings.render_template", 2, render)];

/// Most rounds of all ranges together.
const MOST_ROUNDS: u64 = 100_000;

/// Text behind the template: it is at its end only where every block of the template is.
const END: &str = "end of the template";

/// What is missing is written as `<undefined>`, as OPA does.
fn render(args: &[Value]) -> Result<Value, String> {
    let source = text(args, 1)?;
    let Value::Object(given) = at(args, 2) else { return Err(wrong(2, "object", at(args, 2))) };
    let template = template(source)?;
    review::check(&template, NAME, &review::Given::of(at(args, 2), source.len()))?;
    let variables = given.iter().map(|(key, value)| Ok((name(key)?, variable(value)?)));
    let variables = Variable::Map(Arc::new(variables.collect::<Result<BTreeMap<_, _>, String>>()?));
    let mut out = Bounded::default();
    let rendered = template.execute_fmt(&mut out, &variables);
    if out.full {
        length(usize::MAX)?;
    }
    rendered.map_err(|fault| match fault {
        TemplateError::RangeIterLimit | TemplateError::RecursionLimit => format!("{LIMIT}{fault}"),
        fault => fault.to_string(),
    })?;
    // Go tells the type of what does not fit a verb, and numbers have another one there.
    if out.text.contains("%!") {
        return Err(format!("{LIMIT}a verb of `printf` that does not fit its value"));
    }
    Ok(string(out.text.replace("<no value>", "<undefined>")))
}

fn template(source: &str) -> Result<Template, String> {
    let parsed = |source: &str| {
        let template = Template::new(NAME).missing_key(MissingKey::Invalid).max_range_iters(MOST_ROUNDS);
        template.parse(source).map_err(|fault| fault.to_string())
    };
    let marked = parsed(&format!("{source}{END}"))?;
    match marked.lookup(NAME).and_then(|tree| tree.nodes.last()) {
        Some(Node::Text(last)) if last.text.ends_with(END) => parsed(source),
        _ => Err("template: unexpected {{end}}, {{else}} or end of the text".to_owned()),
    }
}

const NAME: &str = "template";

/// Text that does not grow without end.
#[derive(Default)]
struct Bounded {
    text: String,
    full: bool,
}

impl fmt::Write for Bounded {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        self.full |= length(self.text.len() + more.len()).is_err();
        if self.full {
            return Err(fmt::Error);
        }
        self.text.push_str(more);
        Ok(())
    }
}

fn name(key: &Value) -> Result<Arc<str>, String> {
    match key {
        Value::String(text) => Ok(text.clone()),
        _ => Err("a key of an object that is no text is no JSON".to_owned()),
    }
}

/// As OPA hands it to Go: a number is Go's `json.Number`, a text.
fn variable(value: &Value) -> Result<Variable, String> {
    Ok(match value {
        Value::Null | Value::Undefined => Variable::Nil,
        Value::Bool(value) => Variable::Bool(*value),
        Value::Number(_) => Variable::String(decimal::shown(value).into()),
        Value::String(text) => Variable::String(text.clone()),
        Value::Array(items) => Variable::List(items.iter().map(variable).collect::<Result<Vec<_>, _>>()?.into()),
        Value::Set(_) => return Err("a set is no JSON".to_owned()),
        Value::Object(entries) => {
            let entries = entries.iter().map(|(key, value)| Ok((name(key)?, variable(value)?)));
            Variable::Map(Arc::new(entries.collect::<Result<BTreeMap<_, _>, String>>()?))
        }
    })
}
