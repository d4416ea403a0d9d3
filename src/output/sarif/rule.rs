//! Policies as SARIF rules.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::log::{Rule, RuleProperties, Text};
use super::{Configuration, Level, text};
use crate::finding::{Enforcement, Finding, Severity};
use crate::outcome::{Outcome, PolicyInfo};
use crate::output::text::is_web_address;

/// All rules of a run, sorted by id.
pub(super) struct Rules {
    pub(super) list: Vec<Rule>,
    index: BTreeMap<Arc<str>, usize>,
}

impl Rules {
    /// The policies that applied, and those that findings name besides.
    pub(super) fn of(outcome: &Outcome) -> Self {
        let mut rules: BTreeMap<Arc<str>, Rule> = BTreeMap::new();
        for policy in &outcome.policies {
            rules.insert(policy.id.clone(), of_policy(policy));
        }
        for finding in &outcome.findings {
            rules.entry(finding.policy.clone()).or_insert_with(|| of_finding(finding));
        }
        let index = rules.keys().cloned().zip(0..).collect();
        Self { list: rules.into_values().collect(), index }
    }

    /// Position of a policy that [`Rules::of`] has seen.
    pub(super) fn index(&self, policy: &str) -> usize {
        self.index.get(policy).copied().unwrap_or(0)
    }
}

fn of_policy(p: &PolicyInfo) -> Rule {
    Rule {
        id: p.id.to_string(),
        name: name(&p.path).unwrap_or_else(|| p.id.to_string()),
        short_description: text(&*p.title),
        full_description: text(if p.description.is_empty() { &*p.title } else { &*p.description }),
        help: Text { text: help(p), markdown: Some(markdown(p)) },
        help_uri: p.links.iter().find(|link| is_web_address(link)).cloned(),
        default_configuration: Configuration { level: level(p.enforcement) },
        properties: properties(p.severity, p.enforcement, tags(p)),
    }
}

/// A rule for a finding whose policy is not in the list: what the finding itself says.
fn of_finding(f: &Finding) -> Rule {
    Rule {
        id: f.policy.to_string(),
        name: f.policy.to_string(),
        short_description: text(&*f.title),
        full_description: text(&*f.title),
        help: text(f.remediation.clone()),
        help_uri: None,
        default_configuration: Configuration { level: level(f.enforcement) },
        properties: properties(f.severity, f.enforcement, Vec::new()),
    }
}

fn level(enforcement: Enforcement) -> Level {
    match enforcement {
        Enforcement::Hard | Enforcement::Soft => Level::Error,
        Enforcement::Advisory => Level::Warning,
    }
}

fn properties(severity: Severity, enforcement: Enforcement, tags: Vec<String>) -> RuleProperties {
    // The middle of the bands that code scanning calls critical, high, medium and low.
    let security_severity = match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.0",
    };
    RuleProperties { tags, security_severity, severity: severity.as_str(), enforcement: enforcement.as_str() }
}

/// `SOC2/CC8.1`, … without repetition: SARIF wants tags to be distinct.
fn tags(p: &PolicyInfo) -> Vec<String> {
    let mut tags = vec!["reliability".to_owned()];
    for (framework, controls) in &p.controls {
        for tag in controls.iter().map(|control| format!("{framework}/{control}")) {
            if !tags.contains(&tag) {
                tags.push(tag);
            }
        }
    }
    tags
}

/// `policies/change/freeze_window/freeze_window.rego` → `FreezeWindow`.
fn name(path: &str) -> Option<String> {
    let stem = path.rsplit('/').next()?.strip_suffix(".rego")?;
    let name: String = stem.split(['_', '-']).map(capitalised).collect();
    Some(name).filter(|name| !name.is_empty())
}

fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn help(p: &PolicyInfo) -> String {
    let parts = [&*p.description, &*p.remediation];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n")
}

fn markdown(p: &PolicyInfo) -> String {
    let mut parts = Vec::new();
    if !p.description.is_empty() {
        parts.push(p.description.to_string());
    }
    if !p.remediation.is_empty() {
        parts.push(format!("**What to do.** {}", p.remediation));
    }
    if !p.controls.is_empty() {
        let controls: Vec<String> = p.controls.iter().map(|(f, c)| format!("- {f}: {}", c.join(", "))).collect();
        parts.push(format!("**Controls**\n\n{}", controls.join("\n")));
    }
    let links: Vec<String> = p.links.iter().filter(|l| is_web_address(l)).map(|l| format!("- <{l}>")).collect();
    if !links.is_empty() {
        parts.push(format!("**Further reading**\n\n{}", links.join("\n")));
    }
    parts.join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn names_come_from_the_policy_file() {
        assert_eq!(name("policies/change/freeze_window/freeze_window.rego").as_deref(), Some("FreezeWindow"));
        assert_eq!(name("elsewhere.txt"), None);
    }
}
