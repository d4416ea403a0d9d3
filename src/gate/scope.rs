//! What a change touches, as a calendar asks: from the difference, and from what the request declares.

use std::collections::BTreeSet;

use crate::change::calendar::{Subject, Target};
use crate::change::request::{Request as ChangeRequest, bare_name};
use crate::facts::Resource;

use super::inputs::Inputs;
use super::subjects::Subjects;

/// The subject of freezes, for the resources that count as the request's. What the request declares is added to what differs and takes nothing away: whoever
/// writes the scope must not choose what it is judged as.
pub(super) fn subject<'a>(
    request: Option<&'a ChangeRequest>,
    subjects: &Subjects,
    changed: &[usize],
    inputs: &Inputs,
    paths: Option<Vec<String>>,
) -> Subject<'a> {
    let mut targets: BTreeSet<Target> =
        changed.iter().filter_map(|index| subjects.resources.get(*index)).map(touched).collect();
    targets.extend(request.into_iter().flat_map(|r| declared(r, inputs)));
    let mut teams: BTreeSet<String> = request.and_then(|r| r.spec().team.clone()).into_iter().collect();
    let owners =
        targets.iter().filter_map(|t| inputs.documents.catalog.find(t.service.as_deref()?)?.entry.owner.clone());
    teams.extend(owners.collect::<Vec<_>>());
    Subject {
        targets: targets.into_iter().collect(),
        teams: teams.into_iter().collect(),
        paths,
        environment_names: inputs.spellings(),
        request,
    }
}

fn touched(resource: &Resource) -> Target {
    let text = |value: &Option<std::sync::Arc<str>>| value.as_deref().map(str::to_owned);
    Target {
        environment: text(&resource.environment),
        service: text(&resource.service),
        tier: resource.tier,
        region: text(&resource.region),
        namespace: text(&resource.namespace),
    }
}

/// Every combination that the scope names; what it leaves out is unknown.
fn declared(request: &ChangeRequest, inputs: &Inputs) -> Vec<Target> {
    let Some(scope) = &request.spec().scope else { return Vec::new() };
    let or_unknown = |names: Vec<String>| -> Vec<Option<String>> {
        if names.is_empty() { vec![None] } else { names.into_iter().map(Some).collect() }
    };
    let environments = or_unknown(scope.environments.iter().map(|name| inputs.environment(name)).collect());
    let services =
        or_unknown(scope.services.iter().filter_map(|s| Some(bare_name(s.r#ref.as_deref()?).to_owned())).collect());
    let regions = or_unknown(scope.regions.clone());
    let mut targets = Vec::new();
    for environment in &environments {
        for service in &services {
            let tier = service.as_deref().and_then(|name| inputs.documents.catalog.find(name)?.entry.tier);
            targets.extend(regions.iter().map(|region| Target {
                environment: environment.clone(),
                service: service.clone(),
                tier,
                region: region.clone(),
                namespace: None,
            }));
        }
    }
    targets
}
