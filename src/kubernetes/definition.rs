//! Custom resource definitions: fields that the API does not know.
//!
//! The API server refuses them (kubectl asks for strict validation since 1.27), and older ones drop them in silence, so that
//! what was written does not hold. Source: `k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1/types*.go`, 1.32.

use crate::finding::Diagnostic;
use crate::parse::de;
use crate::parse::tree::{Entry, Node};

const DEFINITION: [&str; 5] = ["apiVersion", "kind", "metadata", "spec", "status"];
const SPEC: [&str; 6] = ["group", "names", "scope", "versions", "conversion", "preserveUnknownFields"];
const NAMES: [&str; 6] = ["plural", "singular", "shortNames", "kind", "listKind", "categories"];
const VERSION: [&str; 9] = [
    "name",
    "served",
    "storage",
    "deprecated",
    "deprecationWarning",
    "schema",
    "subresources",
    "additionalPrinterColumns",
    "selectableFields",
];
const SUBRESOURCES: [&str; 2] = ["status", "scale"];
const SCALE: [&str; 3] = ["specReplicasPath", "statusReplicasPath", "labelSelectorPath"];
const CONVERSION: [&str; 2] = ["strategy", "webhook"];

/// `JSONSchemaProps`.
const SCHEMA: [&str; 43] = [
    "id",
    "$schema",
    "$ref",
    "description",
    "type",
    "format",
    "title",
    "default",
    "maximum",
    "exclusiveMaximum",
    "minimum",
    "exclusiveMinimum",
    "maxLength",
    "minLength",
    "pattern",
    "maxItems",
    "minItems",
    "uniqueItems",
    "multipleOf",
    "enum",
    "maxProperties",
    "minProperties",
    "required",
    "items",
    "allOf",
    "oneOf",
    "anyOf",
    "not",
    "properties",
    "additionalProperties",
    "patternProperties",
    "dependencies",
    "additionalItems",
    "definitions",
    "externalDocs",
    "example",
    "nullable",
    "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-embedded-resource",
    "x-kubernetes-int-or-string",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-list-type",
    "x-kubernetes-map-type",
];

/// Besides [`SCHEMA`].
const VALIDATIONS: &str = "x-kubernetes-validations";

/// The first unknown field of a definition; `None` for objects of other kinds.
pub(super) fn check(object: &Node) -> Option<Diagnostic> {
    let text = |key| object.get(key).and_then(Node::as_str);
    if (text("apiVersion"), text("kind")) != (Some("apiextensions.k8s.io/v1"), Some("CustomResourceDefinition")) {
        return None;
    }
    let spec = object.get("spec");
    let at = |path: &[&str]| spec.and_then(|spec| spec.at(path));
    unknown(Some(object), &DEFINITION)
        .or_else(|| unknown(spec, &SPEC))
        .or_else(|| unknown(at(&["names"]), &NAMES))
        .or_else(|| unknown(at(&["conversion"]), &CONVERSION))
        .or_else(|| at(&["versions"])?.as_seq()?.iter().find_map(version))
}

fn version(version: &Node) -> Option<Diagnostic> {
    unknown(Some(version), &VERSION)
        .or_else(|| unknown(version.get("subresources"), &SUBRESOURCES))
        .or_else(|| unknown(version.at(&["subresources", "scale"]), &SCALE))
        .or_else(|| unknown(version.get("schema"), &["openAPIV3Schema"]))
        .or_else(|| schema(version.at(&["schema", "openAPIV3Schema"])?))
}

/// Walks a schema without recursion: nesting costs heap.
fn schema(root: &Node) -> Option<Diagnostic> {
    let mut waiting = vec![root];
    while let Some(node) = waiting.pop() {
        let Some(map) = node.as_map() else { continue };
        for Entry { key, key_span, node } in map {
            match &**key {
                "properties" | "patternProperties" | "definitions" | "dependencies" => {
                    waiting.extend(node.as_map().into_iter().flatten().map(|e| &e.node));
                }
                "items" | "not" | "additionalProperties" | "additionalItems" => waiting.push(node),
                "allOf" | "oneOf" | "anyOf" => waiting.extend(node.as_seq().unwrap_or_default()),
                VALIDATIONS => {}
                known if SCHEMA.contains(&known) => {}
                other => return Some(fault(other, *key_span, &SCHEMA)),
            }
        }
    }
    None
}

fn unknown(node: Option<&Node>, known: &[&str]) -> Option<Diagnostic> {
    let entry = node?.as_map()?.iter().find(|e| !known.contains(&&*e.key))?;
    Some(fault(&entry.key, entry.key_span, known))
}

fn fault(key: &str, at: crate::source::Span, known: &[&str]) -> Diagnostic {
    let near =
        de::closest(key, known.iter().copied()).map_or_else(String::new, |near| format!("did you mean `{near}`? "));
    Diagnostic::error("kubernetes::unknown-field", format!("a CustomResourceDefinition has no field `{key}` here"))
        .at(at)
        .label("unknown")
        .help(format!("{near}Kubernetes refuses the definition, or drops the field in silence"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::yaml::{self, Limits};
    use crate::source::SourceId;

    fn message(spec: &str) -> Option<String> {
        let text = format!(
            "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {{name: a}}\n{spec}\n"
        );
        let document = yaml::parse(SourceId(0), &text, &Limits::default()).documents.remove(0);
        check(&document).map(|fault| fault.message)
    }

    #[test]
    fn unknown_fields_are_named() {
        let schema = |schema: &str| {
            message(&format!("spec: {{versions: [{{name: v1, schema: {{openAPIV3Schema: {schema}}}}}]}}"))
        };
        assert_eq!(
            schema("{type: object, properties: {anything: {type: string, x-kubernetes-validations: [{rule: a}]}}}"),
            None
        );
        let said = schema("{properties: {a: {items: {typ: string}}}}").expect("a fault");
        assert!(said.contains("`typ`"), "{said}");
        assert!(message("spec: {scoped: Namespaced}").is_some_and(|said| said.contains("`scoped`")));
        assert!(message("sepc: {}").is_some());
        assert_eq!(
            message("spec: {group: a, names: {kind: A}, scope: Cluster, versions: []}\nstatus: {storedVersions: []}"),
            None
        );
    }
}
