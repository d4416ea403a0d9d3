//! What is left to people: the next steps after the first files, in the order in which they matter.

use super::{DOCS, Forge, Setting, Survey};

/// The next steps; `kept` are the files that existed already.
pub fn advice(survey: &Survey, setting: &Setting, kept: &[&str]) -> Vec<String> {
    let mut steps =
        vec!["`changegate check` judges what is here; `changegate freeze status` asks the calendar".to_owned()];
    steps.extend(judged(survey, setting));
    steps.extend(known(survey));
    steps.extend(running(survey, setting, kept));
    steps.push(format!(
        "Commit the files on {}: a pull request is judged with what its base holds, not with what it brings",
        survey.branch
    ));
    steps
}

/// What keeps files from being judged.
fn judged(survey: &Survey, setting: &Setting) -> Vec<String> {
    let mut steps = Vec::new();
    if !survey.charts.is_empty() && !setting.has_helm {
        steps.push(
            "Install helm: without it the charts are not judged, and a check that needs them ends with exit code 2 \
             (or `kubernetes: {render: off}` in changegate.yaml leaves them out)"
                .into(),
        );
    }
    if !survey.kustomizations.is_empty() && !setting.has_kustomize {
        steps.push(
            "Install kustomize or kubectl: without it the kustomizations are not judged, and a check that needs them ends \
             with exit code 2"
                .into(),
        );
    }
    steps
}

/// What only people know.
fn known(survey: &Survey) -> Vec<String> {
    let mut steps = Vec::new();
    if !survey.has_environments && !survey.folders.is_empty() {
        steps.push("Say in changegate.yaml what is production: nothing here is named after an environment".into());
    }
    match survey.catalogs.as_slice() {
        [] if survey.has_services => {}
        [] => steps.push(
            format!("Describe the services (owner, tier, runbook) in .changegate/services.yaml: most policies ask for the tier \
             ({DOCS}/context.md)"),
        ),
        catalogs if catalogs.iter().any(|catalog| catalog.lacks_tier) => steps.push(
            format!("Give each component of the catalogue `changegate/tier` and `changegate/runbook` annotations: most policies \
             ask for the tier ({DOCS}/context.md)"),
        ),
        _ => {}
    }
    if let Some((path, false)) = &survey.owners {
        steps
            .push(format!("Add owners of /changegate.yaml and /.changegate/ to {path}: nobody has to review them now"));
    }
    steps
}

/// What does not run yet.
fn running(survey: &Survey, setting: &Setting, kept: &[&str]) -> Vec<String> {
    let mut steps = Vec::new();
    if !survey.is_repository_root {
        return vec!["Run `changegate init` at the root of the repository for the pipeline and the hook".into()];
    }
    let runs = |marker: &str| survey.running.iter().any(|path| path.starts_with(marker));
    match setting.forge.or(survey.forge) {
        Some(Forge::GitHub) if !runs(".github/") => steps.push(format!(
            "Pin the action: put the commit of a release in the place of the zeros in \
             .github/workflows/changegate.yml, and make its job a required check ({DOCS}/github.md)"
        )),
        Some(Forge::GitLab) if !runs(".gitlab-ci.yml") => {
            if survey.has_gitlab_pipeline {
                steps.push("Add `include: [{local: .gitlab/changegate.yml}]` to .gitlab-ci.yml".into());
            }
            steps.push(
                "Set CHANGEGATE_RELEASE_URL, CHANGEGATE_RELEASE_SHA256 and CHANGEGATE_TOKEN in the project's CI variables".into(),
            );
        }
        Some(_) => {}
        None => steps
            .push("No forge was recognised: `changegate init --forge github` (or gitlab) writes the pipeline".into()),
    }
    if kept.contains(&".pre-commit-config.yaml") {
        steps.push(
            "Add the hook to .pre-commit-config.yaml: `- {repo: https://github.com/changegate/changegate, rev: v"
                .to_owned()
                + env!("CARGO_PKG_VERSION")
                + ", hooks: [{id: changegate}]}`",
        );
    }
    steps
}
