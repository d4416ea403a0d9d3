//! Argo CD's `syncWindows` of an AppProject, as one calendar: closed for those changes that an allow window is meant
//! for, open for the others, and a deny window beats an allow window.
//!
//! `manualSync` and `syncOverrun` let a person, or a sync that has begun, through. The gate judges before either, so
//! they lift nothing here; [`engine`] knows them, for the comparison.

pub(crate) mod engine;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::{Import, document, window};
use crate::change::Elapsed;
use crate::change::calendar::read::{Checked, fault, recurring_length, zone};
use crate::change::calendar::{
    Calendar, Cron, DefaultState, Exceptions, Kind, Origin, Recurrence, RecurringEnd, Scope, Selector, Starts, Timing,
    Window,
};
use crate::finding::Diagnostic;
use crate::parse::de::{Spanned, from_node, header};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Project {
    kind: Spanned<String>,
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    spec: Spec,
}

#[derive(Debug, Default, Deserialize)]
struct Metadata {
    name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    #[serde(default)]
    sync_windows: Vec<Spanned<SyncWindow>>,
}

/// One window, with the fields of Argo CD 3.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct SyncWindow {
    kind: Spanned<Kind>,
    schedule: Spanned<String>,
    duration: Spanned<String>,
    #[serde(default)]
    applications: Vec<Spanned<String>>,
    #[serde(default)]
    namespaces: Vec<Spanned<String>>,
    #[serde(default)]
    clusters: Vec<Spanned<String>>,
    #[serde(default)]
    manual_sync: bool,
    time_zone: Option<Spanned<String>>,
    #[serde(default)]
    and_operator: bool,
    description: Option<String>,
    #[serde(default)]
    sync_overrun: bool,
}

/// The calendar of a project.
pub(super) fn calendar(import: &Import<'_>, told: &mut Vec<Diagnostic>) -> Checked<Calendar> {
    let node = document(import.file)?;
    let project: Project = from_node(node)?;
    if project.kind.value != "AppProject" {
        return Err(fault(
            "calendar::import",
            format!("a `{}` has no sync windows", project.kind.value),
            project.kind.span,
        )
        .label("expected `AppProject`")
        .help("import the project's manifest, as `kubectl get appproject NAME -o yaml` prints it"));
    }
    let name = project.metadata.name.unwrap_or_else(|| "argocd".to_owned());
    let windows = project.spec.sync_windows.into_iter().enumerate();
    let read = windows.filter_map(|(index, sync)| {
        let id = format!("{name}-{index}");
        sync_window(id, sync, &import.scope, told).map_err(|fault| told.push(fault)).ok()
    });
    let windows = read.collect();
    let name = format!("argocd-{name}");
    Ok(Calendar {
        name,
        default_state: DefaultState::ClosedWhereAllowed,
        state_span: header(node),
        windows,
        events: Vec::new(),
    })
}

fn sync_window(id: String, sync: Spanned<SyncWindow>, scope: &Scope, told: &mut Vec<Diagnostic>) -> Checked<Window> {
    let Spanned { span, value: sync } = sync;
    let clock = sync.time_zone.as_ref().filter(|name| !name.is_empty()).map(zone).transpose()?;
    let recurrence = Recurrence {
        starts: Starts::Cron(cron(&sync.schedule)?),
        end: RecurringEnd::After(duration(&sync.duration)?),
        zone: clock.unwrap_or(TimeZone::UTC),
        exceptions: Exceptions::default(),
    };
    let selector = Selector {
        applications: globs(&sync.applications)?,
        namespaces: globs(&sync.namespaces)?,
        clusters: globs(&sync.clusters)?,
        all: sync.and_operator,
    };
    told.extend(matches_nothing(&selector, sync.schedule.span));
    told.extend(unknown_cluster(&sync));
    let scope = Scope { selector: Some(selector), ..scope.clone() };
    let timing = Timing::Recurring(Box::new(recurrence));
    let origin = Origin::Argo { manual_sync: sync.manual_sync, overrun: sync.sync_overrun };
    Ok(Window { name: sync.description, origin, ..window(id, sync.kind.value, timing, scope, span) })
}

/// A schedule as Argo CD reads it: five plain fields.
fn cron(schedule: &Spanned<String>) -> Checked<Cron> {
    engine::schedule(schedule).map_err(|why| {
        fault("calendar::cron", why, schedule.span)
            .label("Argo CD refuses this schedule, and then denies every sync")
            .help("five fields: minute, hour, day of month, month, day of week (0 to 6)")
    })
}

fn duration(text: &Spanned<String>) -> Checked<Elapsed> {
    let length = engine::duration(text).map_err(|why| {
        fault("calendar::window", why, text.span)
            .label("Argo CD refuses this duration, and then denies every sync")
            .help("hours, minutes and seconds, such as `2h` or `1h30m`")
    })?;
    recurring_length(&Spanned { span: text.span, value: length })
}

fn globs(patterns: &[Spanned<String>]) -> Checked<Option<GlobSet>> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let glob = GlobBuilder::new(pattern).build();
        set.add(glob.map_err(|why| fault("calendar::scope", format!("not a glob: {why}"), pattern.span))?);
    }
    let place = patterns.first().map(|pattern| pattern.span).unwrap_or_default();
    let built = (!patterns.is_empty()).then(|| set.build());
    built.transpose().map_err(|why| fault("calendar::scope", format!("not globs: {why}"), place))
}

fn matches_nothing(selector: &Selector, span: crate::source::Span) -> Option<Diagnostic> {
    let nothing = selector.applications.is_none() && selector.namespaces.is_none() && selector.clusters.is_none();
    nothing.then(|| {
        Diagnostic::warning("calendar::scope", "a sync window that matches nothing")
            .at(span)
            .help("name applications, namespaces or clusters; `*` matches all of them")
    })
}

fn unknown_cluster(sync: &SyncWindow) -> Option<Diagnostic> {
    let named = sync.clusters.first().filter(|_| !sync.clusters.iter().any(|cluster| cluster.value == "*"))?;
    let effect = match sync.kind.value {
        Kind::Deny => "this freeze applies to every cluster",
        Kind::Allow => "this window opens no change by its clusters",
    };
    Some(
        Diagnostic::warning("calendar::scope", format!("a change does not say its cluster: {effect}"))
            .at(named.span)
            .help("name applications or namespaces, or give the import a `scope` of environments"),
    )
}
