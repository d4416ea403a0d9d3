//! The kinds of documents that `apiVersion: changegate/v1` knows.

/// What a document says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Freezes and open slots.
    FreezeCalendar,
    /// How many of which role a change needs.
    ApprovalMatrix,
    /// Who is who.
    Identities,
    /// Services.
    ServiceCatalog,
    /// Exceptions from policies.
    Waivers,
    /// Incidents.
    IncidentLog,
    /// Deployments.
    DeployHistory,
    /// Service level objectives and their budgets.
    SloStatus,
    /// Drills of failover and restore.
    DrillLog,
    /// Post-implementation reviews.
    Pir,
    /// Post-mortems of incidents.
    Postmortem,
    /// Pre-approved kinds of change.
    ChangeTemplate,
    /// Expected load.
    CapacityForecast,
    /// Third parties.
    VendorRegister,
    /// Assessments of controls.
    ControlAssessment,
    /// How long records are kept.
    RetentionSchedule,
    /// What a service's history says about risk.
    RiskProfile,
    /// Open changes of other repositories.
    ChangeIndex,
    /// Alerts that are defined elsewhere.
    AlertInventory,
    /// A change request; no context.
    ChangeRequest,
}

impl Kind {
    /// Every kind with its name in `kind` and its key in `input.context`.
    const TABLE: [(Self, &'static str, &'static str); 20] = [
        (Self::FreezeCalendar, "FreezeCalendar", "freeze_calendars"),
        (Self::ApprovalMatrix, "ApprovalMatrix", "approval_matrices"),
        (Self::Identities, "Identities", "identities"),
        (Self::ServiceCatalog, "ServiceCatalog", "services"),
        (Self::Waivers, "Waivers", "waivers"),
        (Self::IncidentLog, "IncidentLog", "incidents"),
        (Self::DeployHistory, "DeployHistory", "deploys"),
        (Self::SloStatus, "SLOStatus", "slo"),
        (Self::DrillLog, "DrillLog", "drills"),
        (Self::Pir, "PIR", "pirs"),
        (Self::Postmortem, "Postmortem", "postmortems"),
        (Self::ChangeTemplate, "ChangeTemplate", "change_templates"),
        (Self::CapacityForecast, "CapacityForecast", "capacity_forecasts"),
        (Self::VendorRegister, "VendorRegister", "vendor_registers"),
        (Self::ControlAssessment, "ControlAssessment", "control_assessments"),
        (Self::RetentionSchedule, "RetentionSchedule", "retention_schedules"),
        (Self::RiskProfile, "RiskProfile", "risk_profiles"),
        (Self::ChangeIndex, "ChangeIndex", "change_indexes"),
        (Self::AlertInventory, "AlertInventory", "alert_inventories"),
        (Self::ChangeRequest, "ChangeRequest", "change_requests"),
    ];

    /// The kind of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::TABLE.iter().find(|(_, known, _)| *known == name).map(|(kind, ..)| *kind)
    }

    /// The name in `kind`.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// The key in `input.context`.
    pub fn key(self) -> &'static str {
        self.row().2
    }

    /// Names of all kinds.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Self::TABLE.iter().map(|(_, name, _)| *name)
    }

    /// Kinds that stand below `input.context`: neither calendar nor matrix, which have their own places.
    pub fn of_context() -> impl Iterator<Item = Self> {
        let elsewhere = [Self::FreezeCalendar, Self::ApprovalMatrix, Self::ChangeRequest];
        Self::TABLE.iter().map(|(kind, ..)| *kind).filter(move |kind| !elsewhere.contains(kind))
    }

    /// Whether `spec.entries` must be there; the others may also be one entry, written as `spec` itself.
    pub(crate) fn is_list(self) -> bool {
        matches!(self, Self::IncidentLog | Self::DeployHistory | Self::SloStatus | Self::DrillLog)
    }

    fn row(self) -> (Self, &'static str, &'static str) {
        let row = Self::TABLE.iter().find(|(kind, ..)| *kind == self);
        row.copied().unwrap_or((self, "", ""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_row() {
        for name in Kind::names() {
            let kind = Kind::named(name).expect("a kind");
            assert_eq!(kind.name(), name);
            assert!(!kind.key().is_empty());
        }
        assert_eq!(Kind::named("freezecalendar"), None);
        assert_eq!(Kind::of_context().count(), 17);
    }
}
