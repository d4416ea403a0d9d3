//! The shape of a `FreezeCalendar` document, before its windows are checked.

use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};

use super::{DefaultState, Kind, OverrideProtocol};
use crate::change::request::{ChangeClass, ChangeType};
use crate::change::{Elapsed, Free, Id};
use crate::parse::de::Spanned;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct CalendarShape {
    pub(super) timezone: Option<Spanned<String>>,
    pub(super) default_state: Option<Spanned<DefaultState>>,
    pub(super) windows: Vec<Spanned<WindowShape>>,
    /// Launches, holidays, peaks: for reports.
    #[serde(rename = "events")]
    _events: Vec<Free>,
    pub(super) imports: Vec<Spanned<ImportShape>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct WindowShape {
    pub(super) id: Spanned<Id>,
    pub(super) kind: Kind,
    pub(super) name: Option<String>,
    pub(super) start: Option<Spanned<String>>,
    pub(super) end: Option<Spanned<String>>,
    pub(super) schedule: Option<Spanned<String>>,
    pub(super) duration: Option<Spanned<Elapsed>>,
    pub(super) until: Option<Spanned<String>>,
    pub(super) end_schedule: Option<Spanned<String>>,
    pub(super) rrule: Option<Spanned<String>>,
    pub(super) timezone: Option<Spanned<String>>,
    pub(super) scope: Option<Spanned<ScopeShape>>,
    #[serde(default)]
    pub(super) exemptions: Vec<Spanned<ExemptionShape>>,
    pub(super) owner: Option<String>,
    pub(super) reason: Option<String>,
    #[serde(default, rename = "override")]
    pub(super) protocol: OverrideProtocol,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ImportShape {
    pub(super) format: Spanned<String>,
    /// Relative to the calendar's own folder, or to one above it.
    pub(super) path: Spanned<String>,
    /// What the events of an iCalendar are that does not say so itself.
    pub(super) kind: Option<Spanned<Kind>>,
    /// What all windows of it apply to; `all` when absent.
    pub(super) scope: Option<Spanned<ScopeShape>>,
}

/// `all`, or lists of which an empty one matches everything.
#[derive(Debug)]
pub(super) enum ScopeShape {
    All,
    Lists(Box<ScopeLists>),
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct ScopeLists {
    pub(super) environments: Vec<Spanned<String>>,
    pub(super) services: Vec<Spanned<String>>,
    pub(super) tiers: Vec<Spanned<u8>>,
    pub(super) regions: Vec<Spanned<String>>,
    pub(super) teams: Vec<Spanned<String>>,
    pub(super) change_types: Vec<ChangeType>,
    pub(super) paths: Vec<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct ExemptionShape {
    pub(super) change_class: Option<ChangeClass>,
    pub(super) change_types: Vec<ChangeType>,
    pub(super) services: Vec<String>,
    pub(super) requires: Vec<String>,
}

impl<'de> Deserialize<'de> for ScopeShape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = ScopeShape;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`all` or a mapping of lists")
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<ScopeShape, E> {
                match word {
                    "all" => Ok(ScopeShape::All),
                    _ => Err(E::unknown_variant(word, &["all"])),
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ScopeShape, A::Error> {
                ScopeLists::deserialize(MapAccessDeserializer::new(map)).map(|lists| ScopeShape::Lists(Box::new(lists)))
            }
        }
        deserializer.deserialize_any(Either)
    }
}
