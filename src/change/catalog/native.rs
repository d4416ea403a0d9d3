//! Services as a `ServiceCatalog` document lists them.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Service, is_dashboard, set_fact};
use crate::change::Id;
use crate::finding::Diagnostic;
use crate::parse::de::Spanned;

/// An entry of a `ServiceCatalog`: the facts of the annotations as fields, and what only reports read.
#[derive(Debug, Deserialize)]
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
    _title: Option<IgnoredAny>,
    #[serde(rename = "description")]
    _description: Option<IgnoredAny>,
    #[serde(rename = "type")]
    _type: Option<IgnoredAny>,
    #[serde(rename = "system")]
    _system: Option<IgnoredAny>,
    #[serde(rename = "lifecycle")]
    _lifecycle: Option<IgnoredAny>,
    #[serde(rename = "subcomponentOf")]
    _subcomponent_of: Option<IgnoredAny>,
    #[serde(rename = "drStrategy")]
    _dr_strategy: Option<IgnoredAny>,
    #[serde(rename = "peakHours")]
    _peak_hours: Option<IgnoredAny>,
    #[serde(rename = "tenancy")]
    _tenancy: Option<IgnoredAny>,
    #[serde(rename = "states")]
    _states: Option<IgnoredAny>,
    #[serde(rename = "journeys")]
    _journeys: Option<IgnoredAny>,
    #[serde(rename = "contract")]
    _contract: Option<IgnoredAny>,
    #[serde(rename = "regionLockedDependencies")]
    _region_locked_dependencies: Option<IgnoredAny>,
    #[serde(rename = "vendors")]
    _vendors: Option<IgnoredAny>,
    #[serde(rename = "statusPage")]
    _status_page: Option<IgnoredAny>,
    #[serde(rename = "approvers")]
    _approvers: Option<IgnoredAny>,
    #[serde(rename = "tags")]
    _tags: Option<IgnoredAny>,
}

/// A link of a catalogue entry, as Backstage writes them.
#[derive(Debug, Default, Deserialize)]
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
        for (fact, text) in [("rto", self.rto), ("rpo", self.rpo)] {
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
