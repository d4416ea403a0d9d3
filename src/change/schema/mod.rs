//! JSON Schemas of the documents, generated from the types that read them.

mod entries;

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use entries::{
    Alert, Assessment, Deploy, Drill, Forecast, Incident, OpenChange, Postmortem, Profile, Retention, Review, Slo,
    Template, Vendor,
};

use super::calendar::CalendarShape;
use super::catalog::NativeService;
use super::documents::{Envelope, Kind, Waiver};
use super::identity::PersonShape;
use super::matrix::MatrixShape;
use super::request::ChangeRequest;
use super::{Any, ChangeId, Day, Elapsed, Id, Moment, Percent, Sha256, ZoneName};
use crate::parse::de::Spanned;

/// The schema of a kind of document.
pub fn of(kind: Kind, generator: &mut SchemaGenerator) -> Schema {
    let mut schema = root(kind, generator);
    schema.insert("title".into(), kind.name().into());
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.insert("apiVersion".into(), json!({"const": super::request::API_VERSION}));
        properties.insert("kind".into(), json!({"const": kind.name()}));
    }
    schema
}

fn root(kind: Kind, generator: &mut SchemaGenerator) -> Schema {
    match kind {
        Kind::ChangeRequest => generator.root_schema_for::<ChangeRequest>(),
        Kind::FreezeCalendar => generator.root_schema_for::<Envelope<CalendarShape>>(),
        Kind::ApprovalMatrix => generator.root_schema_for::<Envelope<MatrixShape>>(),
        Kind::Identities => generator.root_schema_for::<Envelope<Entries<PersonShape>>>(),
        Kind::ServiceCatalog => generator.root_schema_for::<Envelope<Entries<NativeService>>>(),
        Kind::Waivers => generator.root_schema_for::<Envelope<Entries<Waiver>>>(),
        Kind::IncidentLog => log::<Incident>(generator),
        Kind::DeployHistory => log::<Deploy>(generator),
        Kind::SloStatus => log::<Slo>(generator),
        Kind::DrillLog => log::<Drill>(generator),
        Kind::Pir => one_or_many::<Review>(generator),
        Kind::Postmortem => one_or_many::<Postmortem>(generator),
        Kind::ChangeTemplate => one_or_many::<Template>(generator),
        Kind::CapacityForecast => one_or_many::<Forecast>(generator),
        Kind::VendorRegister => one_or_many::<Vendor>(generator),
        Kind::ControlAssessment => one_or_many::<Assessment>(generator),
        Kind::RetentionSchedule => one_or_many::<Retention>(generator),
        Kind::RiskProfile => one_or_many::<Profile>(generator),
        Kind::ChangeIndex => one_or_many::<OpenChange>(generator),
        Kind::AlertInventory => one_or_many::<Alert>(generator),
    }
}

fn log<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    with_own_fields(generator.root_schema_for::<Envelope<Entries<T>>>(), &T::schema_name())
}

fn one_or_many<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    with_own_fields(generator.root_schema_for::<Envelope<OneOrMany<T>>>(), &T::schema_name())
}

/// An entry may hold fields of the author's own, whose names begin with `x-`.
fn with_own_fields(mut schema: Schema, entry: &str) -> Schema {
    let definition = schema.get_mut("$defs").and_then(|definitions| definitions.get_mut(entry));
    if let Some(fields) = definition.and_then(Value::as_object_mut) {
        fields.insert("patternProperties".into(), json!({"^x-": true}));
    }
    schema
}

/// `spec` of a document that is a list.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Entries<T> {
    #[expect(dead_code, reason = "only its schema is used")]
    entries: Vec<T>,
}

/// `spec` of a document that is a list, or one entry.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum OneOrMany<T> {
    #[expect(dead_code, reason = "only its schema is used")]
    Many(Entries<T>),
    #[expect(dead_code, reason = "only its schema is used")]
    One(T),
}

/// Implements `JsonSchema` for a value that is written as a scalar.
macro_rules! scalar {
    ($($type:ty, $name:literal, $schema:tt;)*) => {$(
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )*};
}

scalar! {
    Moment, "Instant", {
        "type": "string",
        "description": "RFC 3339 with seconds and an offset",
        "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$",
        "examples": ["2026-11-24T21:00:00+01:00"],
    };
    Day, "Day", {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$", "examples": ["2027-02-01"]};
    Id, "Id", {"type": ["string", "integer"]};
    Sha256, "Sha256", {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"};
    Percent, "Percent", {"type": "integer", "minimum": 0, "maximum": 100};
    ChangeId, "ChangeId", {
        "type": "string", "pattern": "^([A-Z][A-Z0-9_]*-[0-9A-Za-z-]+|[A-Z]+[0-9]+)$", "examples": ["CHG-2026-00417"],
    };
    ZoneName, "ZoneName", {
        "type": "string", "description": "IANA name of a time zone", "examples": ["Europe/Berlin", "UTC"],
    };
    Elapsed, "Duration", {
        "type": "string",
        "description": "ISO 8601 without years and months, or hours and minutes",
        "examples": ["PT20M", "P1DT2H", "2h40m"],
    };
    Any, "Any", true;
}

/// A value with its place is written as the value.
impl<T: JsonSchema> JsonSchema for Spanned<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}
