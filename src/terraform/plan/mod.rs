//! Plans: the JSON of `terraform show -json PLAN` and `tofu show -json PLAN`, formats 1.0 to 1.2.
//!
//! Only `resource_changes`, `resource_drift` and `deferred_changes` are taken over, with every sensitive
//! value masked on both sides. The document also holds secrets in clear text elsewhere (`variables`,
//! `prior_state`, …); [`redact`] blanks them, so that no excerpt of a plan can show one.

mod change;
mod diff;
mod marks;
mod redact;

use std::sync::Arc;

use crate::facts::Resource;
use crate::finding::Diagnostic;
use crate::parse::tree::{Node, Value};
use crate::source::{SourceId, Span};

pub use redact::redact;

/// What a plan says.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// `format_version`.
    pub format_version: Arc<str>,
    /// Version of the program that made it.
    pub terraform_version: Option<Arc<str>>,
    /// When it was made, RFC 3339 (formats since Terraform 1.5).
    pub timestamp: Option<Arc<str>>,
    /// Managed resources, in the order of the plan; the unchanged ones too.
    pub resources: Vec<Resource>,
    /// Objects that moved to another address.
    pub moves: Vec<Move>,
    /// Data sources that are read only when the plan is applied.
    pub reads: Vec<Read>,
    /// Validations, conditions and check blocks.
    pub checks: Vec<Check>,
    /// Actions that providers will run beside the changes (Terraform 1.14).
    pub invocations: Vec<Invocation>,
    /// What changed outside of Terraform since the last apply: before and after of each.
    pub drift: Vec<Resource>,
    /// What this plan leaves for a later one.
    pub deferred: Vec<Deferred>,
    /// `complete`: false when a further plan is needed for what was deferred or left out by `-target`.
    pub complete: bool,
    /// `errored`: planning stopped half-way.
    pub errored: bool,
    /// `applyable`, when the format has it.
    pub applyable: Option<bool>,
    /// `terraform::plan_errored` (error), `terraform::plan_incomplete` (warning), `terraform::plan_shape`
    /// (error): what of the plan cannot be trusted or read.
    pub diagnostics: Vec<Diagnostic>,
}

/// An object that moved to another address, which destroys nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// Where it was.
    pub from: Arc<str>,
    /// Where it is.
    pub to: Arc<str>,
}

/// A data source whose values are not known before the plan is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// Address of the data source.
    pub address: Arc<str>,
    /// `read_because_config_unknown`, `read_because_dependency_pending`, ….
    pub reason: Option<Arc<str>>,
}

/// What became of the conditions of one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Address of the object: `var.x`, `check.health`, `aws_vpc.main`.
    pub address: Arc<str>,
    /// `pass`, `fail`, `error`, `unknown`.
    pub status: Arc<str>,
    /// Messages of the conditions that do not hold.
    pub problems: Vec<Arc<str>>,
}

/// An action that a provider will run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// Address of the action.
    pub address: Arc<str>,
    /// `aws_lambda_invoke`, ….
    pub kind: Arc<str>,
    /// Address of the resource whose change triggers it; `None` when somebody asked for it.
    pub triggered_by: Option<Arc<str>>,
}

/// A change that the plan could not make yet.
#[derive(Clone, Debug)]
pub struct Deferred {
    /// `resource_config_unknown`, `provider_config_unknown`, `deferred_prereq`, ….
    pub reason: Arc<str>,
    /// The change as far as it is known.
    pub resource: Resource,
}

/// Whether a JSON document is a plan.
pub fn is_plan(node: &Node) -> bool {
    let has = |key| node.get(key).is_some();
    has("format_version") && (has("resource_changes") || has("planned_values"))
}

/// Reads a plan. Spans point into its JSON.
///
/// # Errors
///
/// `terraform::plan_format` when the document is no plan, or one of a format that is not read.
pub fn read(source: SourceId, node: &Node) -> Result<Plan, Diagnostic> {
    let format_version = format_version(source, node)?;
    let mut plan = Plan {
        format_version,
        terraform_version: text(node, "terraform_version"),
        timestamp: text(node, "timestamp"),
        complete: flag(node, "complete").unwrap_or(true),
        errored: flag(node, "errored").unwrap_or(false),
        applyable: flag(node, "applyable"),
        ..Plan::default()
    };
    plan.trust(node);
    plan.checks = plan.list(node, "checks").iter().filter_map(check).collect();
    plan.invocations = plan.list(node, "action_invocations").iter().filter_map(invocation).collect();
    for item in plan.list(node, "resource_changes") {
        plan.reads.extend(data_read(item));
        let (resource, previous) = plan.change(item);
        if let (Some(resource), Some(from)) = (&resource, previous) {
            plan.moves.push(Move { from, to: resource.id.clone() });
        }
        plan.resources.extend(resource);
    }
    for item in plan.list(node, "resource_drift") {
        let (resource, _) = plan.change(item);
        plan.drift.extend(resource);
    }
    for item in plan.list(node, "deferred_changes") {
        let reason = text(item, "reason").unwrap_or_else(|| "unknown".into());
        let (resource, _) = item.get("resource_change").map_or((None, None), |change| plan.change(change));
        plan.deferred.extend(resource.map(|resource| Deferred { reason, resource }));
    }
    Ok(plan)
}

impl Plan {
    /// Says what makes the plan as a whole less than it seems.
    fn trust(&mut self, node: &Node) {
        let place = |key| node.get(key).map_or(node.span, |n| n.span);
        if self.errored {
            self.diagnostics.push(errored(place("errored")));
        }
        if !self.complete && !self.errored {
            self.diagnostics.push(incomplete(place("complete")));
        }
        if node.get("resource_changes").is_none() && has_planned_resources(node) {
            let message = "the plan lists planned values and no `resource_changes`: it is not whole";
            self.diagnostics.push(shape(place("planned_values"), message));
        }
    }

    /// The items of a list that may be absent.
    fn list<'a>(&mut self, node: &'a Node, key: &str) -> &'a [Node] {
        let Some(list) = node.get(key).filter(|n| !n.is_null()) else { return &[] };
        if list.as_seq().is_none() {
            self.diagnostics.push(shape(list.span, format!("`{key}` is {}, expected a list", list.kind())));
        }
        list.as_seq().unwrap_or_default()
    }

    /// Reads one change; what cannot be read becomes a diagnostic. With it comes the previous address.
    fn change(&mut self, item: &Node) -> (Option<Resource>, Option<Arc<str>>) {
        match change::read(item) {
            Ok(resource) => {
                let previous = resource.as_ref().and_then(|_| text(item, "previous_address"));
                (resource, previous)
            }
            Err(diagnostic) => {
                self.diagnostics.push(diagnostic);
                (None, None)
            }
        }
    }
}

/// A data source that `resource_changes` lists is one that could not be read while planning.
fn data_read(item: &Node) -> Option<Read> {
    let is_data = item.get("mode").and_then(Node::as_str) == Some("data");
    let address = text(item, "address").filter(|_| is_data)?;
    Some(Read { address, reason: text(item, "action_reason") })
}

fn check(item: &Node) -> Option<Check> {
    let instances = item.get("instances").and_then(Node::as_seq).unwrap_or_default();
    let problems = instances.iter().flat_map(|i| i.get("problems").and_then(Node::as_seq).unwrap_or_default());
    Some(Check {
        address: item.at(&["address", "to_display"]).and_then(Node::as_str)?.into(),
        status: text(item, "status")?,
        problems: problems.filter_map(|p| text(p, "message")).collect(),
    })
}

fn invocation(item: &Node) -> Option<Invocation> {
    let trigger = item.get("lifecycle_action_trigger");
    Some(Invocation {
        address: text(item, "address")?,
        kind: text(item, "type")?,
        triggered_by: trigger.and_then(|t| text(t, "triggering_resource_address")),
    })
}

fn has_planned_resources(node: &Node) -> bool {
    let module = node.at(&["planned_values", "root_module"]).and_then(Node::as_map);
    module.is_some_and(|m| m.get("resources").is_some() || m.get("child_modules").is_some())
}

fn format_version(source: SourceId, node: &Node) -> Result<Arc<str>, Diagnostic> {
    let start = Span::new(source, node.span.start as usize, node.span.start as usize + 1);
    let fault = |span, message: String| {
        Diagnostic::error("terraform::plan_format", message)
            .at(span)
            .label("here")
            .help("make it with `terraform plan -out plan.bin` and `terraform show -json plan.bin > plan.json`")
    };
    if !is_plan(node) {
        let message = match node.get("values") {
            Some(_) => "this is the JSON of a state, expected that of a plan",
            None => "this is not the JSON of a plan: `format_version` or `resource_changes` is missing",
        };
        return Err(fault(start, message.into()));
    }
    let version = node.get("format_version").unwrap_or(node);
    match version.as_str() {
        Some(text @ ("1.0" | "1.1" | "1.2")) => Ok(text.into()),
        Some(text) => Err(fault(version.span, format!("plan format {text} is not read; known are 1.0 to 1.2"))),
        None => Err(fault(version.span, format!("`format_version` is {}, expected a string", version.kind()))),
    }
}

fn text(node: &Node, key: &str) -> Option<Arc<str>> {
    match &node.get(key)?.value {
        Value::String(text) => Some(text.clone()),
        _ => None,
    }
}

fn flag(node: &Node, key: &str) -> Option<bool> {
    node.get(key).and_then(Node::as_bool)
}

fn errored(span: Span) -> Diagnostic {
    Diagnostic::error(
        "terraform::plan_errored",
        "planning stopped with an error: the plan shows only part of the change",
    )
    .at(span)
    .label("the plan is marked as errored")
    .help("mend what `terraform plan` complains about and hand over the new plan")
}

fn incomplete(span: Span) -> Diagnostic {
    Diagnostic::warning(
        "terraform::plan_incomplete",
        "the plan is not complete: a later plan will hold more of the change",
    )
    .at(span)
    .label("the plan is marked as incomplete")
    .help("leave `-target` out, or expect a further plan after the apply")
}

fn shape(span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error("terraform::plan_shape", message)
        .at(span)
        .label("here")
        .help("hand over the output of `terraform show -json` unchanged")
}
