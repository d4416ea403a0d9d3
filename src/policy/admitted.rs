//! What the text of one module brings into a library: a policy, shared functions, the risk model.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::engine::Mode;
use super::library::{OF_RISK, Policy, RISK_MODEL, hex};
use super::metadata::{self, Metadata};
use super::outline::{self, Outline};
use super::reads::Reads;
use crate::finding::Diagnostic;
use crate::parse::tree::Step;
use crate::source::{Revision, Source, SourceId, Span};

/// What a module brings into a library.
pub(super) struct Admitted {
    pub(super) id: SourceId,
    pub(super) is_risk_model: bool,
    /// Whether it can read the risk, and is none of those that it is weighed with.
    pub(super) reads_risk: bool,
    /// Whether it is no policy and reads `effective`.
    pub(super) reads_effective: bool,
    /// Nothing for a module of shared functions.
    pub(super) policy: Result<Option<Policy>, Diagnostic>,
}

impl Admitted {
    pub(super) fn of(id: SourceId, source: &Source, module: &Outline) -> Self {
        // What is looked for here stands in its own text, ours or not.
        let reads = Reads::of(&source.text, false);
        let package = &module.package();
        let is_policy = module.declares("deny");
        Self {
            id,
            is_risk_model: RISK_MODEL.strip_prefix("data.") == Some(package.as_str()) && module.declares("assessment"),
            reads_risk: !package.starts_with(OF_RISK) && reads_risk(source, &reads),
            reads_effective: !is_policy && reads_effective(&source.text),
            policy: if is_policy { policy_of(id, source, module, &reads) } else { no_policy(id, source, package) },
        }
    }
}

/// Shared functions may carry METADATA, too; only one with an id claims to be a policy.
fn no_policy(id: SourceId, source: &Source, package: &str) -> Result<Option<Policy>, Diagnostic> {
    if !metadata::claims_to_be_a_policy(id, &source.text) {
        return Ok(None);
    }
    let fault = Diagnostic::error("policy::no-deny", format!("the policy `{package}` declares no rule `deny`"));
    Err(fault.at(Span::new(id, 0, 0)).help("write `deny contains finding if { … }`"))
}

fn policy_of(id: SourceId, source: &Source, module: &Outline, reads: &Reads) -> Result<Option<Policy>, Diagnostic> {
    match metadata::read(id, &source.text)? {
        Some(metadata) => Ok(Some(policy(metadata, id, source, module, reads))),
        None => {
            let package = module.package();
            let fault = format!("the package `{package}` declares `deny` and has no METADATA");
            Err(Diagnostic::error("policy::no-metadata", fault).at(Span::new(id, 0, 0)).help(
                "a policy starts with a `# METADATA` comment that gives its id, scope, severity and enforcement; see docs/writing-policies.md",
            ))
        }
    }
}

fn policy(metadata: Metadata, id: SourceId, source: &Source, module: &Outline, reads: &Reads) -> Policy {
    let package = module.package();
    let rule = |name: &str| module.declares(name).then(|| format!("data.{package}.{name}"));
    Policy {
        metadata: Arc::new(metadata),
        deny: format!("data.{package}.deny"),
        unknown: rule("unknown"),
        valid_until: rule("valid_until"),
        lifts: rule("lifts"),
        reads_resources: reads.member("resources"),
        reads_effective: reads_effective(&source.text),
        reads_change: OF_THE_CHANGE.iter().any(|member| reads.member(member)),
        reads_waivers: names(&source.text, "input.waivers"),
        mentions: mentions(&source.text),
        mode: mode_of(source),
        isolated: false,
        source: id,
        digest: format!("sha256:{}", hex(&Sha256::digest(source.text.as_bytes()))),
    }
}

/// Our own policies are strict. Those from elsewhere were written for OPA, which goes over errors of built-in functions.
pub(super) fn mode_of(source: &Source) -> Mode {
    if source.revision == Revision::Embedded { Mode::Strict } else { Mode::Lenient }
}

/// Whether the text reads a field `effective`, or a field in a way that cannot be told.
fn reads_effective(text: &str) -> bool {
    let code = text.lines().filter(|line| !line.trim_start().starts_with('#')).collect::<Vec<_>>().join("\n");
    let field = |(at, word): (usize, &str)| !code.get(at + word.len()..).is_some_and(|after| after.starts_with('('));
    code.match_indices(".effective").any(field) || code.contains("\"effective\"")
}

/// Parts of the input that belong to the change at hand, not to the tree that it changes.
const OF_THE_CHANGE: [&str; 9] =
    ["actor", "approvals", "calendar", "change", "changed", "git", "plans", "risk", "waivers"];

/// Whether the code names a member of the input.
fn names(text: &str, member: &str) -> bool {
    text.lines().any(|line| !line.trim_start().starts_with('#') && line.contains(member))
}

/// Whether a module can read the risk. Ours hand the whole input to shared functions, and name what they read of it.
fn reads_risk(source: &Source, reads: &Reads) -> bool {
    if source.revision != Revision::Embedded {
        return reads.member("risk");
    }
    source.text.contains("\"risk\"") || outline::words(&source.text).any(|(_, word)| word == "risk")
}

/// Every `input.resource.attrs.a.b["c"]` in the text as a path, deepest first.
fn mentions(text: &str) -> Vec<Vec<Step>> {
    let mut found: Vec<Vec<Step>> =
        text.match_indices("input.resource.attrs").map(|(at, prefix)| steps(text, at + prefix.len())).collect();
    found.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    found.dedup();
    found.retain(|path| !path.is_empty());
    found
}

fn steps(text: &str, from: usize) -> Vec<Step> {
    let mut rest = text.get(from..).unwrap_or_default();
    let mut path = Vec::new();
    loop {
        if let Some(field) = rest.strip_prefix('.') {
            let end = field.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(field.len());
            let (name, tail) = field.split_at(end);
            if name.is_empty() {
                return path;
            }
            path.push(name.into());
            rest = tail;
        } else if let Some((name, tail)) = rest.strip_prefix("[\"").and_then(|quoted| quoted.split_once("\"]")) {
            path.push(name.into());
            rest = tail;
        } else {
            return path;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_tells_what_it_reads() {
        let member = |text, name| Reads::of(text, false).member(name);
        let resources = |text| member(text, "resources");
        assert!(!resources("x if input.resource.attrs.spec == 1\n# walk(input)\n"));
        assert!(!resources("x if input.resources_of_mine\n"));
        assert!(reads_effective("x := input.resource.effective.spec"));
        assert!(!reads_effective("x := demand.effective(input.resource, y)"));
        assert!(!resources("my_input == data.input.x"));
        assert!(resources("x if some r in input.resources"));
        assert!(resources("x if walk(input, [p, v])"));
        assert!(resources("x := input[\"resources\"]"));
        assert!(!resources("x := \"the input\"\ny := `input.resources`\n"));
        assert!(resources("x := $\"{input.resources}\""));
        assert!(member("x if input.change.spec", "change"));
        assert!(!member("x if input.resource.changed", "changed"));
    }

    #[test]
    fn mentioned_paths_are_found_deepest_first() {
        let text = "a := input.resource.attrs.spec\nb := input.resource.attrs.spec.template[\"a-b\"].c[i]\nc := input.resource.attrs";
        let paths = mentions(text);
        assert_eq!(paths[0], vec!["spec".into(), "template".into(), "a-b".into(), "c".into()]);
        assert_eq!(paths[1], vec!["spec".into()]);
        assert_eq!(paths.len(), 2);
    }
}
