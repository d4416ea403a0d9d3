//! Deployments as the GitHub REST API gives them: an array, each with its `statuses` put in.

use serde::Deserialize;
use serde_json::Value;

use super::super::quality::Problem;
use super::super::record::{Deployment, DeploymentResult, Records};
use super::{asserted, instant, place};
use crate::audit::tally::Production;
use crate::change::request::bare_name;
use crate::finding::Diagnostic;

#[derive(Deserialize)]
struct Given {
    id: u64,
    sha: Option<String>,
    environment: Option<String>,
    #[serde(default)]
    payload: Value,
    created_at: Option<String>,
    creator: Option<Creator>,
    #[serde(default)]
    statuses: Vec<Status>,
}

#[derive(Deserialize)]
struct Creator {
    login: Option<String>,
}

#[derive(Deserialize)]
struct Status {
    state: String,
    created_at: Option<String>,
}

/// Adds the deployments of a file. Which service they are of stands in `payload.service`; else all are of `service`.
///
/// # Errors
///
/// `metrics::github` when it is not such an array.
pub fn read(
    path: &str,
    text: &str,
    service: Option<&str>,
    production: &Production,
    records: &mut Records,
) -> Result<(), Diagnostic> {
    let all: Vec<Given> = serde_json::from_str(text).map_err(|e| {
        Diagnostic::error("metrics::github", format!("these are not deployments of the GitHub API: {e}"))
            .in_file(path.to_owned())
            .help("hand over the JSON array of `GET /repos/{owner}/{repo}/deployments`, untouched but for `statuses`")
    })?;
    for (index, given) in (0..).zip(all) {
        add(path, index, &given, service, production, records);
    }
    Ok(())
}

fn add(path: &str, index: u64, given: &Given, of: Option<&str>, production: &Production, records: &mut Records) {
    let shown = || format!("{} (deployment {})", place(path, index), given.id);
    let quality = &mut records.quality;
    match &given.environment {
        None => return quality.note(Problem::DeploymentWithoutEnvironment, shown),
        Some(environment) if !production.has(environment) => return,
        Some(_) => {}
    }
    // The API keeps a payload as it was sent: an object, or its text.
    let inner = given.payload.as_str().and_then(|text| serde_json::from_str(text).ok());
    let payload: &Value = inner.as_ref().unwrap_or(&given.payload);
    let said = |key: &str| payload.get(key).and_then(Value::as_str);
    let Some(service) = said("service").or(of) else {
        return quality.note(Problem::DeploymentWithoutService, shown);
    };
    let Some((result, status)) = ended(&given.statuses) else {
        // Still on its way; only a last word that nobody knows is a problem.
        if given.statuses.is_empty() {
            quality.note(Problem::UnknownResult, shown);
        }
        return;
    };
    let Some(finished) = instant(status.created_at.as_deref(), quality, shown) else { return };
    let started = instant(given.created_at.as_deref(), quality, shown);
    let names = &mut records.names;
    let deployment = Deployment {
        id: Some(names.of(&format!("github:{}", given.id))),
        change: said("change").map(|change| names.of(change)),
        digest: said("changeDigest").map(|digest| names.of(digest)),
        commit: given.sha.as_deref().map(|sha| names.of(sha)),
        service: names.of(bare_name(service)),
        started,
        finished,
        committed: None,
        result,
        rollback_of: said("rollbackOf").map(|id| names.of(id)),
        unplanned: payload.get("unplanned") == Some(&Value::Bool(true)),
        actor: given.creator.as_ref().and_then(|c| c.login.as_deref()).map(|login| names.of(login)),
        provenance: asserted(&names.of(path), index),
    };
    records.deployments.push(deployment);
}

/// How it ended, and the status that says so: the first success or failure. A later `inactive` only means that another
/// one followed.
fn ended(statuses: &[Status]) -> Option<(DeploymentResult, &Status)> {
    let mut all: Vec<&Status> = statuses.iter().collect();
    all.sort_by(|a, b| a.created_at.cmp(&b.created_at));
    all.into_iter().find_map(|status| match status.state.as_str() {
        "success" => Some((DeploymentResult::Success, status)),
        "failure" | "error" => Some((DeploymentResult::Failed, status)),
        _ => None,
    })
}
