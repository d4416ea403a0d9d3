//! Which arguments and nested blocks Terraform's own blocks take, and what is said about the others.

use std::collections::HashMap;
use std::sync::Arc;

use super::fault;
use crate::finding::Diagnostic;
use crate::parse::hcl::{Attribute, Block, Body};
use crate::source::Span;

/// What may stand in a block.
struct Shape {
    /// Block that it stands in, `""` for the top level.
    parent: &'static str,
    kind: &'static str,
    /// What its labels are called.
    labels: &'static [&'static str],
    /// Names of arguments; `None` when anything goes (a provider or a module decides).
    arguments: Option<&'static [&'static str]>,
    required: &'static [&'static str],
    /// Kinds of nested blocks; `None` when anything goes.
    blocks: Option<&'static [&'static str]>,
}

const fn shape(
    parent: &'static str,
    kind: &'static str,
    labels: &'static [&'static str],
    arguments: Option<&'static [&'static str]>,
    required: &'static [&'static str],
    blocks: Option<&'static [&'static str]>,
) -> Shape {
    Shape { parent, kind, labels, arguments, required, blocks }
}

const CHECK_RULE: &[&str] = &["condition", "error_message"];

/// Terraform 1.11 (`internal/configs`), and what OpenTofu up to 1.12 adds to it.
#[rustfmt::skip]
const SHAPES: &[Shape] = &[
    shape("", "variable", &["name"],
        Some(&["description", "default", "type", "sensitive", "ephemeral", "nullable", "deprecated", "const"]), &[],
        Some(&["validation"])),
    shape("variable", "validation", &[], Some(CHECK_RULE), CHECK_RULE, Some(&[])),
    shape("", "output", &["name"],
        Some(&["description", "value", "depends_on", "sensitive", "ephemeral", "deprecated"]), &["value"],
        Some(&["precondition"])),
    shape("output", "precondition", &[], Some(CHECK_RULE), CHECK_RULE, Some(&[])),
    shape("", "locals", &[], None, &[], Some(&[])),
    shape("", "module", &["name"], None, &["source"], Some(&["lifecycle"])),
    shape("module", "lifecycle", &[], Some(&["enabled"]), &[], Some(&[])),
    shape("", "resource", &["type", "name"], None, &[], None),
    shape("", "data", &["type", "name"], None, &[], None),
    shape("", "ephemeral", &["type", "name"], None, &[], None),
    shape("", "provider", &["name"], None, &[], None),
    shape("resource", "lifecycle", &[],
        Some(&["create_before_destroy", "prevent_destroy", "ignore_changes", "replace_triggered_by", "enabled", "destroy"]),
        &[],
        Some(&["precondition", "postcondition"])),
    shape("data", "lifecycle", &[], Some(&["enabled"]), &[], Some(&["precondition", "postcondition"])),
    shape("lifecycle", "precondition", &[], Some(CHECK_RULE), CHECK_RULE, Some(&[])),
    shape("lifecycle", "postcondition", &[], Some(CHECK_RULE), CHECK_RULE, Some(&[])),
    shape("", "terraform", &[], Some(&["required_version", "experiments", "language"]), &[],
        Some(&["backend", "cloud", "required_providers", "provider_meta", "encryption"])),
    shape("terraform", "backend", &["type"], None, &[], None),
    shape("terraform", "cloud", &[], None, &[], None),
    shape("terraform", "required_providers", &[], None, &[], Some(&[])),
    shape("terraform", "provider_meta", &["provider"], None, &[], None),
    shape("terraform", "encryption", &[], None, &[], None),
    shape("", "language", &[], None, &[], None),
    shape("", "moved", &[], Some(&["from", "to"]), &["from", "to"], Some(&[])),
    shape("", "removed", &[], Some(&["from"]), &["from"], Some(&["lifecycle", "connection", "provisioner"])),
    shape("removed", "lifecycle", &[], Some(&["destroy"]), &["destroy"], Some(&[])),
    shape("", "import", &[], Some(&["provider", "for_each", "id", "identity", "to"]), &["to"], Some(&[])),
    shape("", "check", &["name"], Some(&[]), &[], Some(&["data", "assert"])),
    shape("check", "data", &["type", "name"], None, &[], None),
    shape("check", "assert", &[], Some(CHECK_RULE), CHECK_RULE, Some(&[])),
];

fn shape_of(parent: &str, kind: &str) -> Option<&'static Shape> {
    SHAPES.iter().find(|s| s.parent == parent && s.kind == kind)
}

/// How many labels a block of JSON configuration takes; `None` when the name is an argument there.
pub(in crate::terraform) fn labels_of(parent: &str, kind: &str) -> Option<usize> {
    shape_of(parent, kind).map(|s| s.labels.len())
}

/// Checks the top level of a file: arguments, kinds of blocks, labels, and what stands in the blocks.
/// In an override file nothing is required.
pub(super) fn check_file(body: &Body, is_override: bool, diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.extend(body.attributes.iter().map(unsupported_argument));
    for block in &body.blocks {
        match shape_of("", &block.kind) {
            Some(shape) => check(block, shape, is_override, diagnostics),
            None => diagnostics.push(unsupported_block(block)),
        }
    }
}

fn check(block: &Block, shape: &Shape, is_override: bool, diagnostics: &mut Vec<Diagnostic>) {
    check_labels(block, shape, diagnostics);
    check_twice(&block.body, diagnostics);
    if let Some(known) = shape.arguments {
        let unknown = block.body.attributes.iter().filter(|a| !known.contains(&&*a.name));
        diagnostics.extend(unknown.map(unsupported_argument));
    }
    if !is_override {
        let missing = shape.required.iter().filter(|name| block.body.attribute(name).is_none());
        diagnostics.extend(missing.map(|name| missing_argument(name, block.header)));
    }
    check_once(block, shape, diagnostics);
    for nested in &block.body.blocks {
        match (shape_of(shape.kind, &nested.kind), shape.blocks) {
            (Some(inner), _) => check(nested, inner, is_override, diagnostics),
            (None, Some(known)) if !known.contains(&&*nested.kind) => diagnostics.push(unsupported_block(nested)),
            (None, _) => check_twice(&nested.body, diagnostics),
        }
    }
}

/// A resource has one `lifecycle`, a check has something to check.
fn check_once(block: &Block, shape: &Shape, diagnostics: &mut Vec<Diagnostic>) {
    if let Some(second) = block.body.blocks("lifecycle").nth(1) {
        let message = "there is a lifecycle block already";
        diagnostics.push(
            fault("terraform::duplicate", "Duplicate lifecycle block", message, second.header)
                .label("declared again")
                .help("write all of it in one block"),
        );
    }
    if shape.kind == "check" && block.body.blocks("assert").next().is_none() {
        let message = "a check block must have at least one assert block";
        diagnostics.push(
            fault("terraform::missing_argument", "Zero assert blocks", message, block.header)
                .label("checks nothing")
                .help("add `assert { condition = …, error_message = … }`"),
        );
    }
}

/// Whether the labels are those of a block of this kind at the top level.
pub(super) fn has_labels(block: &Block) -> bool {
    shape_of("", &block.kind).is_some_and(|s| s.labels.len() == block.labels.len())
}

fn check_labels(block: &Block, shape: &Shape, diagnostics: &mut Vec<Diagnostic>) {
    let (given, wanted) = (block.labels.len(), shape.labels.len());
    if let Some(missing) = shape.labels.get(given) {
        let message = format!("all {} blocks must have {wanted} labels ({})", shape.kind, shape.labels.join(", "));
        diagnostics.push(
            fault("terraform::labels", &format!("Missing {missing} for {}", shape.kind), &message, block.header)
                .label("a label is missing"),
        );
    }
    if let Some(extra) = block.labels.get(wanted) {
        let message = format!("{} blocks take {wanted} labels", shape.kind);
        diagnostics.push(
            fault("terraform::labels", &format!("Extraneous label for {}", shape.kind), &message, extra.span)
                .label("one label too many"),
        );
    }
    let named = |at: usize| shape.labels.get(at).is_some_and(|l| *l == "name");
    for (_, label) in block.labels.iter().enumerate().filter(|(at, l)| named(*at) && !is_identifier(&l.text)) {
        let summary = match &*block.kind {
            "resource" | "data" | "ephemeral" => "Invalid resource name".to_owned(),
            "module" => "Invalid module instance name".to_owned(),
            kind => format!("Invalid {kind} name"),
        };
        let message = "a name must start with a letter or underscore and may contain only letters, digits, underscores, \
             and dashes";
        diagnostics.push(fault("terraform::name", &summary, message, label.span).label("not a name"));
    }
}

/// Whether Terraform takes a text as a name (`hclsyntax.ValidIdentifier`, in ASCII and letters beyond).
pub(super) fn is_identifier(text: &str) -> bool {
    let first = text.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_');
    first && text.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-')
}

fn check_twice(body: &Body, diagnostics: &mut Vec<Diagnostic>) {
    let mut seen: HashMap<&Arc<str>, &Attribute> = HashMap::with_capacity(body.attributes.len());
    for attribute in &body.attributes {
        if seen.insert(&attribute.name, attribute).is_some() {
            let message =
                format!("the argument \"{}\" was already set; each argument may be set only once", attribute.name);
            diagnostics.push(
                fault("terraform::argument_twice", "Attribute redefined", &message, attribute.name_span)
                    .label("set again")
                    .help("remove one of them"),
            );
        }
    }
}

/// The fault of an argument that its block does not take.
pub(super) fn unsupported_argument(attribute: &Attribute) -> Diagnostic {
    let message = format!("an argument named \"{}\" is not expected here", attribute.name);
    fault("terraform::unsupported_argument", "Unsupported argument", &message, attribute.name_span)
        .label("not known here")
        .help("check the spelling against Terraform's documentation of the block")
}

/// The fault of a nested block that its block does not take.
pub(super) fn unsupported_block(block: &Block) -> Diagnostic {
    let message = format!("blocks of type \"{}\" are not expected here", block.kind);
    fault("terraform::unsupported_block", "Unsupported block type", &message, block.kind_span)
        .label("not known here")
        .help("check the spelling, and whether it should be an argument: `name = …`")
}

/// The fault of an argument that is not there.
pub(super) fn missing_argument(name: &str, header: Span) -> Diagnostic {
    let message = format!("the argument \"{name}\" is required, but no definition was found");
    fault("terraform::missing_argument", "Missing required argument", &message, header)
        .label(format!("`{name}` is missing"))
        .help(format!("add `{name} = …`"))
}
