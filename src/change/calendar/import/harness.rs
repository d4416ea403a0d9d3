//! Harness' deployment freezes: YAML windows with a duration or an end, which may come again.
//!
//! Services and environments that a rule lists become the scope. What a window cannot hold (all but some, projects,
//! pipelines) is left out, which makes the freeze wider, and told.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::{Import, document, window};
use crate::change::Elapsed;
use crate::change::calendar::clock;
use crate::change::calendar::read::{Checked, between, fault, recurring_length, rrule, zone};
use crate::change::calendar::rrule::Anchor;
use crate::change::calendar::{Exceptions, Kind, Origin, Recurrence, RecurringEnd, Scope, Starts, Timing, Window};
use crate::change::request::bare_name;
use crate::finding::Diagnostic;
use crate::parse::de::{Spanned, from_node, header};
use crate::source::Span;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    freeze: Freeze,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Freeze {
    name: Option<String>,
    identifier: Option<String>,
    #[serde(default)]
    entity_configs: Vec<Spanned<EntityConfig>>,
    status: Option<Spanned<String>>,
    description: Option<String>,
    #[serde(default)]
    windows: Vec<Spanned<FreezeWindow>>,
}

#[derive(Debug, Deserialize)]
struct EntityConfig {
    #[serde(default)]
    entities: Vec<Spanned<Entity>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entity {
    r#type: String,
    filter_type: Option<String>,
    #[serde(default)]
    entity_refs: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FreezeWindow {
    time_zone: Spanned<String>,
    start_time: Spanned<String>,
    duration: Option<Spanned<String>>,
    end_time: Option<Spanned<String>>,
    recurrence: Option<Spanned<Recurs>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Recurs {
    r#type: Spanned<String>,
    #[serde(default)]
    spec: RecursSpec,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RecursSpec {
    until: Option<Spanned<String>>,
    /// Every so many months.
    value: Option<Spanned<u32>>,
}

pub(super) fn windows(import: &Import<'_>, told: &mut Vec<Diagnostic>) -> Checked<Vec<Window>> {
    let node = document(import.file)?;
    let freeze = from_node::<Document>(node)?.freeze;
    if let Some(status) = freeze.status.as_ref().filter(|status| status.eq_ignore_ascii_case("Disabled")) {
        told.push(Diagnostic::warning("calendar::import", "a disabled freeze freezes nothing").at(status.span));
        return Ok(Vec::new());
    }
    let id = freeze.identifier.clone().or(freeze.name.clone()).unwrap_or_else(|| "harness".to_owned());
    let scopes = scopes(&freeze, &import.scope, told);
    let mut windows = Vec::new();
    for (index, given) in freeze.windows.iter().enumerate() {
        let timing = timing(given)?;
        for (rule, scope) in scopes.iter().enumerate() {
            let id = match (index, rule) {
                (0, 0) => id.clone(),
                (index, 0) => format!("{id}-{}", index + 1),
                (index, rule) => format!("{id}-{}-{}", index + 1, rule + 1),
            };
            let window = window(id, Kind::Deny, timing.clone(), scope.clone(), given.span);
            let (name, reason) = (freeze.name.clone(), freeze.description.clone());
            windows.push(Window { name, reason, origin: Origin::Harness, ..window });
        }
    }
    if windows.is_empty() {
        told.push(Diagnostic::warning("calendar::import", "a freeze without windows").at(header(node)));
    }
    Ok(windows)
}

/// One scope for each rule; a change that fits any of them is frozen.
fn scopes(freeze: &Freeze, scope: &Scope, told: &mut Vec<Diagnostic>) -> Vec<Scope> {
    if freeze.entity_configs.is_empty() {
        return vec![scope.clone()];
    }
    let of = |config: &Spanned<EntityConfig>| {
        let mut scope = scope.clone();
        for entity in &config.entities {
            let names = entity.entity_refs.iter().map(|name| bare_name(name).to_owned());
            match (entity.r#type.as_str(), entity.filter_type.as_deref()) {
                (_, Some("All") | None) => {}
                ("Service", Some("Equals")) => scope.services.extend(names),
                ("Environment", Some("Equals")) => scope.environments.extend(names),
                _ => told.push(wider(entity.span, &entity.r#type)),
            }
        }
        scope
    };
    freeze.entity_configs.iter().map(of).collect()
}

fn timing(given: &Spanned<FreezeWindow>) -> Checked<Timing> {
    let clock = zone(&given.time_zone)?;
    let local = time(&given.start_time)?;
    let outside = |span| fault("calendar::window", "a time outside the calendar", span);
    let start = clock::start(local, &clock).ok_or_else(|| outside(given.start_time.span))?;
    let (end, span) = match (&given.duration, &given.end_time) {
        (Some(length), None) => {
            let length = Spanned { span: length.span, value: duration(length)? };
            (start.checked_add(length.value.signed()).map_err(|_| outside(length.span))?, length.span)
        }
        (None, Some(end)) => (clock::end(time(end)?, &clock).ok_or_else(|| outside(end.span))?, end.span),
        _ => {
            return Err(fault("calendar::window", "a freeze window needs `duration` or `endTime`", given.span)
                .label("when does it end?"));
        }
    };
    let first = between(start, end, span)?;
    let Some(recurs) = &given.recurrence else { return Ok(Timing::Once(first)) };
    let ns = i64::try_from(first.start.duration_until(first.end).as_nanos()).unwrap_or(i64::MAX);
    let length = recurring_length(&Spanned { span, value: Elapsed { ns } })?;
    recurring(recurs, local, length, clock).map(|recurrence| Timing::Recurring(Box::new(recurrence)))
}

fn recurring(recurs: &Spanned<Recurs>, start: DateTime, length: Elapsed, clock: TimeZone) -> Checked<Recurrence> {
    let mut rule = match recurs.r#type.as_str() {
        kind @ ("Daily" | "Weekly" | "Monthly" | "Yearly") => format!("FREQ={}", kind.to_ascii_uppercase()),
        other => {
            return Err(fault("calendar::window", format!("unknown recurrence `{other}`"), recurs.r#type.span)
                .label("expected Daily, Weekly, Monthly or Yearly"));
        }
    };
    if let Some(every) = &recurs.spec.value {
        rule.push_str(&format!(";INTERVAL={}", every.value));
    }
    if let Some(until) = &recurs.spec.until {
        rule.push_str(&time(until)?.strftime(";UNTIL=%Y%m%dT%H%M%S").to_string());
    }
    let anchor = Anchor { start: Some(start), zone: &clock };
    let starts = Starts::Rule(Box::new(rrule(&rule, recurs.r#type.span, anchor)?));
    Ok(Recurrence { starts, end: RecurringEnd::After(length), zone: clock, exceptions: Exceptions::default() })
}

/// `2026-12-23 04:16 PM`.
fn time(text: &Spanned<String>) -> Checked<DateTime> {
    DateTime::strptime("%Y-%m-%d %I:%M %p", text.trim()).map_err(|_| {
        fault("calendar::window", format!("`{}` is not a time", text.value), text.span)
            .label("expected `2026-12-23 04:16 PM`")
    })
}

/// `30m`, `1h 30m`, `2d`.
fn duration(text: &Spanned<String>) -> Checked<Elapsed> {
    Elapsed::parse(&text.replace(' ', "")).map_err(|why| fault("calendar::window", why, text.span))
}

fn wider(span: Span, kind: &str) -> Diagnostic {
    Diagnostic::warning("calendar::import", format!("a filter of `{kind}` is not read: the freeze is wider here"))
        .at(span)
        .help("give the import a `scope` of environments or services")
}
