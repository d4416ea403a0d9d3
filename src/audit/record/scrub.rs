//! Keeps secrets out of records: values that an input marks sensitive, and what looks like a credential anywhere else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use regex::Regex;
use serde_json::Value as Json;

use crate::facts::Resource;
use crate::parse::tree::{Node, Number, Step, Value};

/// What stands in the place of a sensitive value.
pub(crate) const SENSITIVE: &str = "[sensitive]";
/// What stands in the place of a credential.
const REMOVED: &str = "[removed]";
/// A shorter value is removed where it is the whole text, not where it is a part of one: `1` is a part of many.
const SHORTEST_PART: usize = 4;
/// Members that hold words of ours, digests or instants. A sensitive value that happens to be `allowed` stays out of
/// them.
const FIXED: &[&str] = &[
    "_type",
    "predicateType",
    "kind",
    "verdict",
    "decision",
    "stage",
    "mode",
    "result",
    "status",
    "enforcement",
    "method",
    "assurance",
    "severity",
    "code",
    "digest",
    "sha256",
    "gitCommit",
    "fingerprint",
    "idempotency_key",
    "judged_at",
    "valid_until",
    "clock_source",
    "tzdata",
    "version",
    "retention",
    "commit",
    "why_not",
    "action",
    "part",
    "risk",
];

/// What must not be written.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    values: BTreeSet<String>,
    /// Resource → its sensitive paths, with dots.
    places: BTreeMap<String, Vec<String>>,
}

impl Secrets {
    /// The sensitive values of resources, and where they stand.
    pub fn of<'a>(resources: impl IntoIterator<Item = &'a Resource>) -> Self {
        let mut secrets = Self::default();
        for resource in resources.into_iter().filter(|r| !r.sensitive.is_empty()) {
            for path in &resource.sensitive {
                for state in [Some(&resource.attrs), resource.before.as_ref()].into_iter().flatten() {
                    secrets.take_from(state, path);
                }
            }
            let paths = resource.sensitive.iter().map(|path| dotted(path)).collect();
            secrets.places.insert(resource.id.to_string(), paths);
        }
        secrets
    }

    /// Adds a value.
    pub fn add(&mut self, value: &str) {
        if !value.is_empty() {
            self.values.insert(value.to_owned());
        }
    }

    fn take_from(&mut self, state: &Node, path: &[Step]) {
        let (node, _, taken) = state.deepest(path);
        if taken < path.len() {
            return;
        }
        let mut rest = vec![node];
        while let Some(node) = rest.pop() {
            match &node.value {
                Value::String(text) => self.add(text),
                Value::Number(number) => self.add(&number_text(number)),
                Value::Seq(items) => rest.extend(items),
                Value::Map(map) => rest.extend(map.iter().map(|entry| &entry.node)),
                Value::Null | Value::Bool(_) | Value::Unknown | Value::Sensitive => {}
            }
        }
    }

    /// Whether `pointer` of a resource points at, or into, something sensitive.
    fn covers(&self, resource: &str, pointer: &str) -> bool {
        let pointer = pointer.replace(['[', '/'], ".").replace([']', '"'], "");
        let pointer = pointer.trim_start_matches('.');
        self.places.get(resource).is_some_and(|paths| {
            paths.iter().any(|path| {
                pointer.strip_prefix(path.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            })
        })
    }
}

/// Takes everything secret out of a statement.
pub(super) fn scrub(statement: &mut Json, secrets: &Secrets) {
    if let Some(policies) = statement.pointer_mut("/predicate/why").and_then(Json::as_array_mut) {
        policies.iter_mut().filter_map(|p| p.get_mut("findings")?.as_array_mut()).flatten().for_each(|finding| {
            mask_by_place(finding, secrets);
        });
    }
    let parts: Vec<&String> = secrets.values.iter().filter(|v| v.len() >= SHORTEST_PART).collect();
    // The longest first: of two values, one within the other, nothing may remain.
    let finder = AhoCorasick::builder().match_kind(aho_corasick::MatchKind::LeftmostLongest).build(parts).ok();
    each_text(statement, &mut |text| {
        if secrets.values.contains(text.as_str()) {
            *text = SENSITIVE.to_owned();
        }
        if let Some(finder) = &finder {
            *text = finder.replace_all_with_same(text);
        }
        *text = without_credentials(text);
    });
}

/// Replaces every match by the same word.
trait ReplaceAll {
    fn replace_all_with_same(&self, text: &str) -> String;
}

impl ReplaceAll for AhoCorasick {
    fn replace_all_with_same(&self, text: &str) -> String {
        let mut clean = String::with_capacity(text.len());
        self.replace_all_with(text, &mut clean, |_, _, out| {
            out.push_str(SENSITIVE);
            true
        });
        clean
    }
}

fn mask_by_place(finding: &mut Json, secrets: &Secrets) {
    let Some(resource) = finding["resource"].as_str().map(str::to_owned) else { return };
    let Some(evidence) = finding.get_mut("evidence").and_then(Json::as_array_mut) else { return };
    for item in evidence {
        if item["pointer"].as_str().is_some_and(|pointer| secrets.covers(&resource, pointer)) {
            item["observed"] = SENSITIVE.into();
            item["expected"] = SENSITIVE.into();
        }
    }
}

fn each_text(value: &mut Json, change: &mut impl FnMut(&mut String)) {
    match value {
        Json::String(text) => change(text),
        Json::Array(items) => items.iter_mut().for_each(|item| each_text(item, change)),
        Json::Object(members) => {
            members
                .iter_mut()
                .filter(|(key, _)| !FIXED.contains(&key.as_str()))
                .for_each(|(_, v)| each_text(v, change));
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

/// Removes what looks like a credential: user names and passwords of URLs, secret parameters, well-known tokens, keys.
pub fn without_credentials(text: &str) -> String {
    /// `(pattern, replacement)`.
    static PATTERNS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
        let patterns = [
            (r#"(?i)\b([a-z][a-z0-9+.-]*://)[^/\s@"'<>]+@"#, "${1}"),
            (
                r#"(?i)([?&;#](?:[a-z0-9_.-]*(?:token|secret|passw|signature|credential|api_?key|auth)[a-z0-9_.-]*|sig|key)=)[^&;\s"'<>]+"#,
                "${1}[removed]",
            ),
            (
                r"\b(?:gh[pousr]_|github_pat_|glpat-|glrt-|xox[abeprs]-|hvs\.|sk_live_|npm_|dop_v1_)[A-Za-z0-9_.-]{10,}",
                REMOVED,
            ),
            (r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b", REMOVED),
            (r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*", REMOVED),
            (r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)", REMOVED),
            (r"(?i)\b(bearer|basic) +[A-Za-z0-9+/_.~=-]{12,}", "${1} [removed]"),
        ];
        patterns.into_iter().filter_map(|(pattern, with)| Some((Regex::new(pattern).ok()?, with))).collect()
    });
    PATTERNS.iter().fold(text.to_owned(), |text, (pattern, with)| pattern.replace_all(&text, *with).into_owned())
}

fn dotted(path: &[Step]) -> String {
    let step = |step: &Step| match step {
        Step::Key(key) => key.to_string(),
        Step::Index(index) => index.to_string(),
    };
    path.iter().map(step).collect::<Vec<_>>().join(".")
}

fn number_text(number: &Number) -> String {
    match number {
        Number::Int(n) => n.to_string(),
        Number::Uint(n) => n.to_string(),
        Number::Float(n) => n.to_string(),
        Number::Big(text) => text.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn credentials_are_removed_and_the_rest_stays() {
        for (text, clean) in [
            ("https://x-access-token:abc@github.com/a/b.git", "https://github.com/a/b.git"),
            ("git@github.com:a/b.git", "git@github.com:a/b.git"),
            ("https://h/p?a=1&access_token=zzz&b=2", "https://h/p?a=1&access_token=[removed]&b=2"),
            ("https://h/blob?sv=1&sig=abc%3D", "https://h/blob?sv=1&sig=[removed]"),
            ("got ghp_0123456789abcdefABCDEF, expected none", "got [removed], expected none"),
            ("AKIAIOSFODNN7EXAMPLE", "[removed]"),
            ("Authorization: Bearer abcdefghijklmnop", "Authorization: Bearer [removed]"),
            ("-----BEGIN OPENSSH PRIVATE KEY-----\nabc", "[removed]"),
            ("apps/Deployment/shop/orders", "apps/Deployment/shop/orders"),
        ] {
            assert_eq!(without_credentials(text), clean);
        }
    }

    #[test]
    fn sensitive_values_go_by_place_and_by_value() {
        let mut secrets = Secrets::default();
        ["hunter2", "7", "allowed", "hunter22"].into_iter().for_each(|value| secrets.add(value));
        secrets.places.insert("r".into(), vec!["auth.0.pin".into()]);
        let mut statement = json!({"predicate": {"verdict": "allowed", "why": [{"findings": [{"resource": "r", "evidence": [
            {"pointer": "auth[0].pin", "observed": "12", "expected": "13"},
            {"pointer": "size", "observed": "7", "expected": "70 of hunter22"},
        ]}]}]}});
        scrub(&mut statement, &secrets);
        let evidence = &statement["predicate"]["why"][0]["findings"][0]["evidence"];
        assert_eq!(
            evidence[0],
            json!({"pointer": "auth[0].pin", "observed": "[sensitive]", "expected": "[sensitive]"})
        );
        assert_eq!(evidence[1], json!({"pointer": "size", "observed": "[sensitive]", "expected": "70 of [sensitive]"}));
        assert_eq!(statement["predicate"]["verdict"], "allowed");
    }
}
