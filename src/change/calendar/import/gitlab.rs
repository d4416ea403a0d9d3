//! GitLab's freeze periods, as the API lists them: two cron expressions, from the last start to the next end.
//!
//! GitLab's end is inclusive; ours is not. The last start's period covers those of earlier ones, so that their union
//! is what GitLab freezes.

use jiff::tz::TimeZone;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Import, document, window};
use crate::change::Id;
use crate::change::calendar::read::{Checked, fault, zone};
use crate::change::calendar::{Cron, Exceptions, Kind, Origin, Recurrence, RecurringEnd, Starts, Timing, Window};
use crate::parse::de::{Spanned, from_node};

/// One period, with the fields of `GET /projects/:id/freeze_periods`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Period {
    id: Option<Id>,
    freeze_start: Spanned<String>,
    freeze_end: Spanned<String>,
    cron_timezone: Option<Spanned<String>>,
    #[serde(default, rename = "created_at")]
    _created_at: IgnoredAny,
    #[serde(default, rename = "updated_at")]
    _updated_at: IgnoredAny,
}

pub(super) fn windows(import: &Import<'_>) -> Checked<Vec<Window>> {
    let periods: Vec<Spanned<Period>> = from_node(document(import.file)?)?;
    periods.into_iter().enumerate().map(|(index, period)| freeze(index, period, import)).collect()
}

fn freeze(index: usize, period: Spanned<Period>, import: &Import<'_>) -> Checked<Window> {
    let Spanned { span, value: period } = period;
    let clock = period.cron_timezone.as_ref().map(|name| {
        zone(name).map_err(|fault| fault.help("write the IANA name; GitLab's own names come from Ruby on Rails"))
    });
    let recurrence = Recurrence {
        starts: Starts::Cron(cron(&period.freeze_start)?),
        end: RecurringEnd::At(cron(&period.freeze_end)?),
        zone: clock.transpose()?.unwrap_or(TimeZone::UTC),
        exceptions: Exceptions::default(),
    };
    let number = period.id.map_or_else(|| (index + 1).to_string(), |id| id.0);
    let timing = Timing::Recurring(Box::new(recurrence));
    let window = window(format!("gitlab-{number}"), Kind::Deny, timing, import.scope.clone(), span);
    Ok(Window { origin: Origin::GitLab, ..window })
}

fn cron(text: &Spanned<String>) -> Checked<Cron> {
    Cron::parse_strict_stars(text).map_err(|why| {
        fault("calendar::cron", why, text.span).label("not a schedule that can happen").help("five fields of cron")
    })
}
