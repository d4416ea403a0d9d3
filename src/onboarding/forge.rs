//! The pipeline that runs the gate on pull requests, and the hook that runs it on commits.

use std::path::Path;
use std::str::FromStr;

use super::{Proposal, Setting, Survey, quoted};

/// Where pull requests live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forge {
    /// github.com, or GitHub Enterprise.
    GitHub,
    /// gitlab.com, or a GitLab of one's own.
    GitLab,
    /// Neither: no pipeline is written.
    None,
}

impl FromStr for Forge {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "github" => Ok(Self::GitHub),
            "gitlab" => Ok(Self::GitLab),
            "none" => Ok(Self::None),
            _ => Err("the forges are github, gitlab and none".into()),
        }
    }
}

impl Forge {
    /// By the host in the URL of the remote.
    pub(super) fn of_remote(url: &str) -> Option<Self> {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let host = rest.split_once('@').map_or(rest, |(_, host)| host).split(['/', ':']).next()?;
        match () {
            () if host.contains("github") => Some(Self::GitHub),
            () if host.contains("gitlab") => Some(Self::GitLab),
            () => None,
        }
    }

    /// By the files of its pipelines.
    pub(super) fn of_folder(root: &Path) -> Option<Self> {
        match () {
            () if root.join(".github").is_dir() => Some(Self::GitHub),
            () if root.join(".gitlab-ci.yml").is_file() => Some(Self::GitLab),
            () => None,
        }
    }

    /// Its name as people know it.
    pub fn name(self) -> &'static str {
        match self {
            Self::GitHub => "GitHub",
            Self::GitLab => "GitLab",
            Self::None => "no forge",
        }
    }
}

/// Pipeline and hook, unless some file runs the gate already.
pub(super) fn files(survey: &Survey, setting: &Setting) -> Vec<Proposal> {
    let runs = |marker: &str| survey.running.iter().any(|path| path.starts_with(marker));
    let mut files = Vec::new();
    match setting.forge.or(survey.forge) {
        Some(Forge::GitHub) if !runs(".github/") => files.push(workflow(survey)),
        Some(Forge::GitLab) if !runs(".gitlab-ci.yml") => files.extend(pipeline(survey)),
        _ => {}
    }
    if !runs(".pre-commit-config.yaml") {
        files.push(hook());
    }
    files
}

fn workflow(survey: &Survey) -> Proposal {
    Proposal {
        path: ".github/workflows/changegate.yml",
        purpose: "judges every pull request",
        text: include_str!("templates/github.yml").replace("BRANCH", &quoted(&survey.branch)),
    }
}

/// The job in a file of its own, and the pipeline that includes it where there is none yet.
fn pipeline(survey: &Survey) -> Vec<Proposal> {
    let mut files = vec![Proposal {
        path: ".gitlab/changegate.yml",
        purpose: "judges every merge request",
        text: include_str!("../../docs/workflows/gitlab-ci.yml").into(),
    }];
    if !survey.has_gitlab_pipeline {
        files.push(Proposal {
            path: ".gitlab-ci.yml",
            purpose: "runs it",
            text: "include:\n  - local: .gitlab/changegate.yml\n".into(),
        });
    }
    files
}

fn hook() -> Proposal {
    Proposal {
        path: ".pre-commit-config.yaml",
        purpose: "judges what is staged, before each commit",
        text: include_str!("templates/pre-commit.yaml").replace("VERSION", env!("CARGO_PKG_VERSION")),
    }
}

#[cfg(test)]
mod tests {
    use super::Forge;

    #[test]
    fn the_host_of_the_remote_says_the_forge() {
        for (url, forge) in [
            ("git@github.com:acme/shop.git", Some(Forge::GitHub)),
            ("https://github.acme.example/acme/shop", Some(Forge::GitHub)),
            ("ssh://git@gitlab.com:22/acme/shop.git", Some(Forge::GitLab)),
            ("https://token@gitlab.acme.example/acme/shop.git", Some(Forge::GitLab)),
            ("https://git.acme.example/github/shop.git", None),
            ("/srv/git/gitlab/shop.git", None),
        ] {
            assert_eq!(Forge::of_remote(url), forge, "{url}");
        }
    }
}
