//! Files that decide whether the gate runs at all: workflows, hooks, the forge's settings.

use schemars::JsonSchema;
use serde::Serialize;

use crate::parse::tree::Node;

/// A file of the repository that may run the gate, or make the forge ask for it.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct PipelineFacts {
    /// Path at the head (at the base, when deleted).
    pub path: String,
    /// Path at the base of a renamed file.
    pub previous_path: Option<String>,
    /// What reads it.
    pub kind: PipelineKind,
    /// `added`, `modified`, `deleted`, `renamed`, `unchanged`.
    pub status: &'static str,
    /// The document at the base; null where there is none, or it cannot be read.
    #[schemars(with = "Option<serde_json::Value>")]
    pub before: Option<Node>,
    /// The document at the head; null where there is none, or it cannot be read.
    #[schemars(with = "Option<serde_json::Value>")]
    pub after: Option<Node>,
    /// `before`, `after`: sides that are there and cannot be read.
    pub unreadable: Vec<&'static str>,
}

/// What reads a pipeline file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PipelineKind {
    /// A workflow of GitHub, Gitea or Forgejo.
    #[default]
    GithubWorkflow,
    /// A composite action of the repository.
    GithubAction,
    /// A GitLab pipeline or a part of one.
    GitlabCi,
    /// Hooks of pre-commit.
    PreCommit,
    /// Branch protection as the Settings app reads it.
    ForgeSettings,
    /// Who must review what; its text is not read.
    Owners,
}

impl PipelineKind {
    /// The kind of a path relative to the repository's root; `None` for any other file.
    pub fn of(path: &str) -> Option<Self> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let yaml = name.ends_with(".yml") || name.ends_with(".yaml");
        Some(match (folder, name) {
            (".github/workflows" | ".gitea/workflows" | ".forgejo/workflows", _) if yaml => Self::GithubWorkflow,
            (_, "action.yml" | "action.yaml") if folder.starts_with(".github/") => Self::GithubAction,
            ("", ".gitlab-ci.yml" | ".gitlab-ci.yaml") => Self::GitlabCi,
            (_, _) if yaml && (name.ends_with(".gitlab-ci.yml") || path.starts_with(".gitlab/")) => Self::GitlabCi,
            ("", ".pre-commit-config.yaml" | ".pre-commit-config.yml") => Self::PreCommit,
            (".github", "settings.yml" | "settings.yaml") => Self::ForgeSettings,
            ("" | ".github" | ".gitlab" | "docs", "CODEOWNERS") => Self::Owners,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::PipelineKind as Kind;

    #[test]
    fn a_path_says_what_reads_the_file() {
        let rows = [
            (".github/workflows/gate.yml", Some(Kind::GithubWorkflow)),
            (".forgejo/workflows/gate.yaml", Some(Kind::GithubWorkflow)),
            (".github/workflows/old/gate.yml", None),
            ("app/.github/workflows/gate.yml", None),
            (".github/actions/gate/action.yml", Some(Kind::GithubAction)),
            (".gitlab-ci.yml", Some(Kind::GitlabCi)),
            ("ci/gate.gitlab-ci.yml", Some(Kind::GitlabCi)),
            (".gitlab/ci/gate.yml", Some(Kind::GitlabCi)),
            (".pre-commit-config.yaml", Some(Kind::PreCommit)),
            (".github/settings.yml", Some(Kind::ForgeSettings)),
            ("docs/CODEOWNERS", Some(Kind::Owners)),
            ("CODEOWNERS", Some(Kind::Owners)),
            ("src/CODEOWNERS", None),
            ("k8s/deployment.yaml", None),
        ];
        rows.iter().for_each(|(path, kind)| assert_eq!(Kind::of(path), *kind, "{path}"));
    }
}
