//! Exceptions that other tools understand. They are listed so that somebody can decide about each; they are never obeyed.

use std::sync::LazyLock;

use regex::Regex;

/// One exception for another tool.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Suppression {
    /// Where in the text what is silenced stands, in bytes.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
    /// The tool that obeys it.
    pub tool: &'static str,
    /// What it silences, as written; empty for everything.
    pub rule: String,
}

/// Tools and how they are told; the first group is what is silenced.
const FORMS: [(&str, &str); 12] = [
    ("tfsec", r"tfsec:ignore:([\w*-]+)"),
    ("trivy", r"trivy:ignore:([\w*-]+)"),
    ("checkov", r"(?:checkov|bridgecrew):skip=([\w*,-]+)"),
    ("checkov", r"checkov\.io/skip\d+\s*:\s*[\x22']?([\w*-]+)"),
    ("kics", r"kics-scan\s+(ignore[\w-]*(?:=[\w,-]+)?|disable=[\w,-]+)"),
    ("terrascan", r"(?:ts:skip=|runterrascan\.io/skip\s*:\s*)([\w.,-]*)"),
    ("tflint", r"tflint-ignore(?:-file)?:\s*([\w, *-]+)"),
    ("semgrep", r"nosem(?:grep)?\b(?::\s*([\w.,-]+))?"),
    ("kube-linter", r"ignore-check\.kube-linter\.io/([\w-]+)"),
    ("kube-linter", r"(kube-linter\.io/ignore-all)"),
    ("kube-score", r"kube-score/(?:ignore|skip)\s*:\s*[\x22']?([\w, *-]*)"),
    ("polaris", r"polaris\.fairwinds\.com/([\w-]*exempt)"),
];

static PATTERNS: LazyLock<Vec<(&str, Regex)>> = LazyLock::new(|| {
    FORMS.iter().filter_map(|(tool, form)| Some((*tool, Regex::new(&format!(r"(?:^|[^\w.-]){form}")).ok()?))).collect()
});

/// Every exception in a text, by place.
pub fn find(text: &str) -> Vec<Suppression> {
    let mut found = Vec::new();
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        for (tool, pattern) in PATTERNS.iter() {
            for written in pattern.captures_iter(line.trim_end()) {
                let Some(place) = written.get(1).or_else(|| written.get(0)) else { continue };
                let rule = written.get(1).map_or("", |m| m.as_str()).trim().to_owned();
                found.push(Suppression { start: offset + place.start(), end: offset + place.end(), tool, rule });
            }
        }
        offset += line.len();
    }
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tool_is_recognised() {
        assert_eq!(PATTERNS.len(), FORMS.len());
        let cases = [
            ("  #tfsec:ignore:aws-s3-enable-versioning", "tfsec", "aws-s3-enable-versioning"),
            ("# trivy:ignore:AVD-AWS-0086", "trivy", "AVD-AWS-0086"),
            ("  #checkov:skip=CKV_AWS_20:The bucket is public", "checkov", "CKV_AWS_20"),
            ("    checkov.io/skip1: CKV_K8S_20=why", "checkov", "CKV_K8S_20"),
            ("# kics-scan ignore-line", "kics", "ignore-line"),
            ("#ts:skip=AC_AWS_0207 why", "terrascan", "AC_AWS_0207"),
            ("# tflint-ignore: aws_instance_invalid_type", "tflint", "aws_instance_invalid_type"),
            ("    ignore-check.kube-linter.io/no-read-only-root-fs: \"why\"", "kube-linter", "no-read-only-root-fs"),
            ("    kube-score/ignore: container-image-tag", "kube-score", "container-image-tag"),
            ("    polaris.fairwinds.com/runAsRoot-exempt: \"true\"", "polaris", "runAsRoot-exempt"),
        ];
        for (line, tool, rule) in cases {
            let found = find(line);
            assert_eq!(found.len(), 1, "{line}: {found:?}");
            assert_eq!((found[0].tool, found[0].rule.as_str()), (tool, rule), "{line}");
        }
        let text = "é: 1\r\n# trivy:ignore:A\r\n";
        assert_eq!(find(text).iter().map(|s| &text[s.start..s.end]).collect::<Vec<_>>(), ["A"]);
    }

    #[test]
    fn ours_and_plain_text_are_not() {
        for line in ["# changegate:ignore HA-001 until=2026-01-01", "nosematic", "skip=1", ""] {
            assert_eq!(find(line), [], "{line}");
        }
    }
}
