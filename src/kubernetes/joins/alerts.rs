//! Which alerts watch a scheduled job: the selectors of their expressions say so.

use regex::Regex;

use super::references::fields;
use crate::facts::Resource;
use crate::parse::tree::Node;

/// When a job last succeeded: the only metric that notices a job that never starts.
const LAST_SUCCESS: &str = "kube_cronjob_status_last_successful_time";

/// The alerts of one PrometheusRule, as far as they can be about scheduled jobs.
pub(super) struct Alerts {
    selectors: Vec<Selector>,
}

/// `metric{label="value", …}`.
struct Selector {
    metric: String,
    matchers: Vec<Matcher>,
}

struct Matcher {
    label: String,
    negated: bool,
    value: Value,
}

enum Value {
    Text(String),
    /// Anchored at both ends; `None` when it is no expression that we can read.
    Pattern(Option<Regex>),
}

/// How an alert watches a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Watch {
    /// It compares the time of the last success.
    Heartbeat,
    /// It names the job in some other way.
    Mention,
}

/// The expressions of the alerts of a PrometheusRule; `None` when there is none.
pub(super) fn written(rule: &Resource) -> Option<Vec<&str>> {
    let rules = fields(&rule.attrs, "spec.groups[].rules[]").into_iter().map(|(_, node)| node);
    let alerts = rules.filter(|rule| rule.get("alert").is_some());
    let expressions: Vec<_> = alerts.filter_map(|rule| rule.get("expr").and_then(Node::as_str)).collect();
    (!expressions.is_empty()).then_some(expressions)
}

impl Alerts {
    /// Those of expressions; `None` when none of them can be about a job.
    pub(super) fn of(expressions: &[&str]) -> Option<Self> {
        let selectors = expressions.iter().flat_map(|text| selectors(text));
        let selectors: Vec<_> = selectors.filter(Selector::may_be_about_jobs).collect();
        (!selectors.is_empty()).then_some(Self { selectors })
    }

    /// How it watches a job, if it does.
    pub(super) fn watch(&self, job: &Resource) -> Option<Watch> {
        let about = || self.selectors.iter().filter(|selector| selector.is_about(job));
        if about().any(|selector| selector.metric == LAST_SUCCESS) {
            return Some(Watch::Heartbeat);
        }
        about().next().map(|_| Watch::Mention)
    }
}

/// Labels that hold the name of a job.
const NAMES: [&str; 5] = ["cronjob", "exported_job", "job", "job_name", "name"];

impl Selector {
    /// About all jobs, or about somebody by name.
    fn may_be_about_jobs(&self) -> bool {
        let named = |matcher: &Matcher| NAMES.contains(&matcher.label.as_str()) && !matcher.negated;
        self.metric.starts_with("kube_cronjob_") || self.matchers.iter().any(named)
    }

    /// Every matcher that speaks of names or namespaces fits, and one of them speaks of this job if the metric
    /// is not that of scheduled jobs alone.
    fn is_about(&self, job: &Resource) -> bool {
        let scheduled = self.metric.starts_with("kube_cronjob_");
        let namespace = |m: &&Matcher| matches!(m.label.as_str(), "namespace" | "exported_namespace");
        let name = |m: &&Matcher| if scheduled { m.label == "cronjob" } else { NAMES.contains(&m.label.as_str()) };
        let here = self.matchers.iter().filter(namespace).all(|m| job.namespace.as_deref().is_none_or(|ns| m.fits(ns)));
        let mut names = self.matchers.iter().filter(name);
        here && if scheduled { names.all(|m| m.fits(&job.name)) } else { names.any(|m| m.names(&job.name)) }
    }
}

impl Matcher {
    fn fits(&self, text: &str) -> bool {
        let matches = match &self.value {
            Value::Text(value) => value == text,
            Value::Pattern(pattern) => pattern.as_ref().is_none_or(|pattern| pattern.is_match(text)),
        };
        matches != self.negated
    }

    /// It names a job and not just everything: a job's own name begins with that of its schedule.
    fn names(&self, job: &str) -> bool {
        match &self.value {
            Value::Text(value) => !self.negated && value == job,
            Value::Pattern(Some(pattern)) => {
                !self.negated && pattern.as_str().contains(job) && pattern.is_match(&format!("{job}-29000000"))
            }
            Value::Pattern(None) => false,
        }
    }
}

/// The selectors of an expression: a name, and what stands in the braces after it.
fn selectors(expression: &str) -> Vec<Selector> {
    let mut found = Vec::new();
    let mut rest = expression;
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':');
    while let Some(start) = rest.find(|c: char| c.is_ascii_alphabetic() || c == '_') {
        let from = rest.get(start..).unwrap_or_default();
        let (metric, after) = from.split_at(from.find(|c| !is_name(c)).unwrap_or(from.len()));
        let (inside, after) = braces(after);
        if inside.is_some() || metric.starts_with("kube_") {
            let matchers = inside.map(matchers).unwrap_or_default();
            found.push(Selector { metric: metric.to_owned(), matchers });
        }
        rest = after;
    }
    found
}

/// What stands in the braces that follow, and what comes after them. Quoted text may hold braces.
fn braces(text: &str) -> (Option<&str>, &str) {
    let Some(inside) = text.trim_start().strip_prefix('{') else { return (None, text) };
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in inside.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '}' if !quoted => return (inside.get(..at), inside.get(at + 1..).unwrap_or_default()),
            _ => {}
        }
    }
    (Some(inside), "")
}

fn matchers(inside: &str) -> Vec<Matcher> {
    let mut found = Vec::new();
    let mut rest = inside;
    while let Some((label, after)) = rest.split_once(['=', '!']) {
        let (operator, after) = after.split_once('"').unwrap_or((after, ""));
        let end = after.find('"').unwrap_or(after.len());
        let (value, after) = after.split_at(end);
        let operator = format!("{}{operator}", rest.get(label.len()..=label.len()).unwrap_or_default());
        let value = if operator.contains('~') {
            Value::Pattern(Regex::new(&format!("^(?:{})$", value.replace("\\\\", "\\"))).ok())
        } else {
            Value::Text(value.to_owned())
        };
        let label = label.trim_matches(|c: char| c.is_whitespace() || c == ',').to_owned();
        found.push(Matcher { label, negated: operator.contains('!'), value });
        rest = after.strip_prefix('"').unwrap_or_default();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::{Document, objects};
    use crate::parse::yaml::{self, Limits};
    use crate::source::SourceId;

    fn object(text: &str) -> Resource {
        let document = yaml::parse(SourceId(0), text, &Limits::default()).documents.pop().unwrap();
        let Document::Kubernetes(found) = objects(document) else { panic!("{text}") };
        found.resources.into_iter().next().unwrap()
    }

    fn watch(expression: &str) -> Option<Watch> {
        let rule = format!(
            "{{apiVersion: monitoring.coreos.com/v1, kind: PrometheusRule, metadata: {{name: r}}, spec: {{groups: \
             [{{rules: [{{alert: A, expr: '{expression}'}}]}}]}}}}"
        );
        let job = "{apiVersion: batch/v1, kind: CronJob, metadata: {name: report, namespace: shop}}";
        Alerts::of(&written(&object(&rule))?).and_then(|alerts| alerts.watch(&object(job)))
    }

    #[test]
    fn a_heartbeat_is_about_a_job_by_name_pattern_or_all() {
        let on =
            |matchers: &str| watch(&format!("time() - kube_cronjob_status_last_successful_time{matchers} > 90000"));
        assert_eq!(on(""), Some(Watch::Heartbeat));
        assert_eq!(on("{cronjob=\"report\"}"), Some(Watch::Heartbeat));
        assert_eq!(on("{namespace=\"shop\", cronjob=~\"report|other\"}"), Some(Watch::Heartbeat));
        assert_eq!(on("{cronjob=\"other\"}"), None);
        assert_eq!(on("{cronjob!~\"rep.*\"}"), None);
        assert_eq!(on("{namespace=\"elsewhere\"}"), None);
    }

    #[test]
    fn other_alerts_only_mention_it() {
        assert_eq!(watch("kube_job_status_failed{job_name=~\"report-.*\"} > 0"), Some(Watch::Mention));
        assert_eq!(watch("absent(last_run{job=\"report\"})"), Some(Watch::Mention));
        assert_eq!(watch("up{job=\"node\"} == 0"), None);
        assert_eq!(watch("kube_job_status_failed{job=\"kube-state-metrics\"} > 0"), None);
        // Whatever is written, it is read to its end.
        assert_eq!(watch("{{{ \"} x{a=\"b"), None);
    }
}
