//! What a window applies to, and what is exempt from it.

use globset::{GlobBuilder, GlobSetBuilder};

use super::{Checked, fault};
use crate::change::calendar::shape::{ExemptionShape, ScopeLists, ScopeShape};
use crate::change::calendar::{Exemption, Scope};
use crate::change::request::bare_name;
use crate::parse::de::Spanned;

pub(super) fn says_nothing(scope: &ScopeShape) -> bool {
    let ScopeShape::Lists(lists) = scope else { return false };
    let ScopeLists { environments, services, tiers, regions, teams, change_types, paths } = &**lists;
    [environments, services, regions, teams, paths].iter().all(|list| list.is_empty())
        && tiers.is_empty()
        && change_types.is_empty()
}

pub(in crate::change::calendar) fn scope_of(shape: ScopeShape) -> Checked<Scope> {
    let ScopeShape::Lists(lists) = shape else { return Ok(Scope::default()) };
    let bare = |list| names(list).map(|list| list.iter().map(|name| bare_name(name).to_owned()).collect());
    Ok(Scope {
        environments: names(lists.environments)?,
        services: bare(lists.services)?,
        tiers: lists.tiers.into_iter().map(tier).collect::<Checked<_>>()?,
        regions: names(lists.regions)?,
        teams: bare(lists.teams)?,
        change_types: lists.change_types,
        paths: paths(lists.paths)?,
        selector: None,
    })
}

fn names(list: Vec<Spanned<String>>) -> Checked<Vec<String>> {
    let name = |name: Spanned<String>| match name.value.contains(['*', '?', '[', '{']) || name.trim().is_empty() {
        false => Ok(name.value),
        true => Err(fault("calendar::scope", format!("`{}` is not a name", name.value), name.span)
            .label("it would match nothing")
            .help("only `paths` takes globs; an empty list matches everything")),
    };
    list.into_iter().map(name).collect()
}

fn tier(tier: Spanned<u8>) -> Checked<u8> {
    match tier.value {
        0..=3 => Ok(tier.value),
        other => Err(fault("calendar::scope", format!("there is no tier {other}"), tier.span)
            .label("it would match nothing")
            .help("tiers are 0 to 3")),
    }
}

fn paths(globs: Vec<Spanned<String>>) -> Checked<Option<globset::GlobSet>> {
    if globs.is_empty() {
        return Ok(None);
    }
    let mut set = GlobSetBuilder::new();
    let place = globs.first().map(|glob| glob.span).unwrap_or_default();
    for glob in globs {
        let compiled = GlobBuilder::new(&glob).literal_separator(true).build();
        set.add(compiled.map_err(|why| fault("calendar::scope", format!("not a glob: {why}"), glob.span))?);
    }
    set.build().map(Some).map_err(|why| fault("calendar::scope", format!("not globs: {why}"), place))
}

pub(super) fn exemption_of(exemption: Spanned<ExemptionShape>) -> Checked<Exemption> {
    let ExemptionShape { change_class, change_types, services, requires } = exemption.value;
    if change_class.is_none() && change_types.is_empty() && services.is_empty() {
        return Err(fault("calendar::exemption", "an exemption that exempts everything", exemption.span)
            .label("names neither `changeClass`, `changeTypes` nor `services`")
            .help("say which changes are exempt, or remove the window"));
    }
    let services = services.iter().map(|name| bare_name(name).to_owned()).collect();
    Ok(Exemption { change_class, change_types, services, requires })
}
