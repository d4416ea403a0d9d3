//! Services as a `ServiceCatalog` document lists them.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Service, is_dashboard, set_fact};
use crate::change::{Any, Id};
use crate::finding::Diagnostic;
use crate::parse::de::Spanned;

/// An entry of a `ServiceCatalog`: the facts of the annotations as fields, and what only reports read.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct NativeService {
    name: Spanned<String>,
    kind: Option<String>,
    r#ref: Option<String>,
    owner: Option<String>,
    kubernetes_id: Option<String>,
    tier: Option<Spanned<Id>>,
    rto: Option<Spanned<String>>,
    rpo: Option<Spanned<String>>,
    slo: Option<String>,
    runbook: Option<String>,
    peak_hours: Option<Spanned<String>>,
    #[serde(default)]
    regulatory: Vec<String>,
    #[serde(default)]
    core: bool,
    #[serde(default)]
    ephemeral: bool,
    #[serde(default)]
    singleton: bool,
    #[serde(default)]
    depends_on: Vec<String>,
    #[serde(default)]
    dependency_of: Vec<String>,
    #[serde(default)]
    provides_apis: Vec<String>,
    #[serde(default)]
    consumes_apis: Vec<String>,
    dr_pair: Option<String>,
    on_call: Option<String>,
    financial: Option<serde_json::Value>,
    #[serde(default)]
    links: Vec<Link>,
    // Known, and read by reports only.
    #[serde(rename = "title")]
    _title: Option<Any>,
    #[serde(rename = "description")]
    _description: Option<Any>,
    #[serde(rename = "type")]
    _type: Option<Any>,
    #[serde(rename = "system")]
    _system: Option<Any>,
    #[serde(rename = "lifecycle")]
    _lifecycle: Option<Any>,
    #[serde(rename = "subcomponentOf")]
    _subcomponent_of: Option<Any>,
    #[serde(rename = "drStrategy")]
    _dr_strategy: Option<Any>,
    #[serde(rename = "tenancy")]
    _tenancy: Option<Any>,
    #[serde(rename = "states")]
    _states: Option<Any>,
    #[serde(rename = "journeys")]
    _journeys: Option<Any>,
    #[serde(rename = "contract")]
    _contract: Option<Any>,
    #[serde(rename = "regionLockedDependencies")]
    _region_locked_dependencies: Option<Any>,
    #[serde(rename = "vendors")]
    _vendors: Option<Any>,
    #[serde(rename = "statusPage")]
    _status_page: Option<Any>,
    #[serde(rename = "approvers")]
    _approvers: Option<Any>,
    #[serde(rename = "tags")]
    _tags: Option<Any>,
}

/// A link of a catalogue entry, as Backstage writes them.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
struct Link {
    url: String,
    title: String,
    r#type: String,
}

impl NativeService {
    pub(crate) fn service(self) -> Result<Service, Diagnostic> {
        let kind = self.kind.unwrap_or_else(|| "Component".into());
        let reference = self.r#ref.unwrap_or_else(|| format!("{kind}:default/{}", self.name.value));
        let mut service = Service {
            name: self.name.value,
            reference: reference.to_lowercase(),
            kubernetes_id: self.kubernetes_id,
            span: self.name.span,
            ..Service::default()
        };
        let entry = &mut service.entry;
        if let Some(Spanned { span, value: Id(tier) }) = self.tier {
            set_fact(entry, "tier", &tier, span)?;
        }
        for (fact, text) in [("rto", self.rto), ("rpo", self.rpo), ("peak-hours", self.peak_hours)] {
            text.map_or(Ok(()), |text| set_fact(entry, fact, &text.value, text.span))?;
        }
        (entry.slo, entry.runbook, entry.owner) = (self.slo, self.runbook, self.owner);
        (entry.core, entry.ephemeral, entry.singleton) = (self.core, self.ephemeral, self.singleton);
        entry.regulatory = self.regulatory;
        (entry.depends_on, entry.dependency_of) = (self.depends_on, self.dependency_of);
        (entry.provides_apis, entry.consumes_apis) = (self.provides_apis, self.consumes_apis);
        (entry.dr_pair, entry.on_call, entry.financial) = (self.dr_pair, self.on_call, self.financial);
        let links = self.links.into_iter();
        entry.dashboards = links.filter(|l| is_dashboard(&l.r#type, &l.title, &l.url)).map(|l| l.url).collect();
        entry.kind = Some(kind);
        Ok(service)
    }
}
