//! Entries of the logs that policies read as they are written: what the fields are called, for editors.
//!
//! Only their schema is used. The reader takes any other field, too; here it is refused, because a misspelt one would
//! be overlooked. What is the author's own begins with `x-`.
#![expect(dead_code, reason = "only the schemas of these types are used")]

use schemars::JsonSchema;

use crate::change::{Any, Elapsed, Free, Id, Moment};

/// Declares the entry of a log: every field is optional.
macro_rules! entry {
    ($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(JsonSchema)]
        #[schemars(deny_unknown_fields, rename_all = "camelCase")]
        pub(super) struct $name { $($(#[$about])* $field: Option<$type>,)* }
    };
}

entry! {
    /// One incident.
    Incident {
        /// `INC-2026-118`.
        id: Id,
        /// One line.
        title: String,
        /// `SEV1` (worst) to `SEV5`.
        severity: Id,
        /// Where it stands.
        status: IncidentStatus,
        /// Services that it touches, `component:default/orders-api`.
        services: Vec<String>,
        /// The team that deals with it.
        team: String,
        /// First effect on users.
        started_at: Moment,
        /// When somebody noticed.
        detected_at: Moment,
        /// When somebody took it.
        acknowledged_at: Moment,
        /// When users were well again.
        mitigated_at: Moment,
        /// When the cause was gone.
        resolved_at: Moment,
        /// When the next word is due.
        next_update_at: Moment,
        /// What noticed it: `{source, alertId}`.
        detection: Any,
        /// Id of the change behind it, `none` or `unknown`.
        caused_by_change: Id,
        /// Words for the cause.
        cause_tags: Vec<String>,
        /// The incident that came back.
        recurrence_of: Id,
        /// Who does what.
        roles: IncidentRoles,
        /// What was said to whom: `[{at, audience, text}]`.
        updates: Vec<Any>,
        /// What happened when: `[{at, source, ref, text}]`.
        timeline: Vec<Any>,
        /// `{users, requests, errorBudgetPct, revenue}`.
        impact: Any,
        /// What was kept.
        evidence: Vec<Any>,
        /// What was disclosed to whom.
        disclosure: Any,
        /// The post-mortem.
        postmortem_ref: String,
        /// Whether other changes wait for it.
        change_lock: Any,
    }
}

/// Where an incident stands.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum IncidentStatus {
    Triggered,
    Acknowledged,
    Investigating,
    Identified,
    Monitoring,
    Mitigated,
    Resolved,
}

entry! {
    /// Who does what in an incident.
    IncidentRoles {
        /// Decides.
        commander: Id,
        /// Tells others.
        communications: Id,
        /// Works on it.
        tech: Id,
        /// Writes it down.
        scribe: Id,
    }
}

entry! {
    /// One deployment.
    Deploy {
        /// Its id.
        id: Id,
        /// Id of the change request.
        change: Id,
        /// The service.
        service: String,
        /// `prod`, `staging`.
        environment: String,
        /// `eu-west-1`.
        region: String,
        /// What was deployed.
        artifact_digest: String,
        /// Its version.
        version: Id,
        /// When it began.
        started_at: Moment,
        /// When it ended.
        finished_at: Moment,
        /// How it ended.
        result: DeployResult,
        /// `canary`, `blue-green`, `rolling`.
        strategy: String,
        /// Who deployed.
        actor: Id,
        /// First commit in it.
        commit_at: Moment,
        /// From the first commit to production.
        lead_time: Elapsed,
        /// The deployment that it takes back.
        rollback_of: Id,
        /// `{maxWeight, abortedAt, reason}`.
        canary: Any,
        /// Outside of any plan.
        unplanned: bool,
        /// Where this is known from.
        source: String,
    }
}

/// How a deployment ended.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum DeployResult {
    Success,
    Failed,
    RolledBack,
    AbortedCanary,
    Cancelled,
}

entry! {
    /// The state of one service level objective.
    Slo {
        /// Its name.
        slo: Id,
        /// The service.
        service: String,
        /// `30d`.
        window: String,
        /// 0.999.
        target: f64,
        /// What was attained in the window.
        attained: f64,
        /// Share of the error budget that is left; below 0 when it is overdrawn.
        budget_remaining: f64,
        /// Burn rate by window: `{1h, 6h, 3d}`.
        burn_rate: Any,
        /// Good and valid events, or incidents that spent the budget.
        events: Any,
        /// The instant of the figures.
        as_of: Moment,
        /// `firing`, `ok`.
        alert_state: String,
    }
}

entry! {
    /// One drill.
    Drill {
        /// Its id.
        id: Id,
        /// What was practised.
        kind: DrillKind,
        /// Services that took part.
        services: Vec<String>,
        /// When.
        at: Moment,
        /// Where.
        environment: String,
        /// `pass`, `fail`.
        result: String,
        /// Time to recovery.
        measured_rto: Elapsed,
        /// Data lost.
        measured_rpo: Elapsed,
        /// Share of the data that was restored.
        data_fraction: f64,
        /// What was checked afterwards.
        post_validation: Vec<Any>,
        /// What was followed.
        runbook: String,
        /// What came of it.
        actions: Vec<Any>,
    }
}

/// What is practised in a drill.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum DrillKind {
    Failover,
    RestoreTest,
    AlertResponse,
    GameDay,
    Tabletop,
}

entry! {
    /// Post-implementation review of a change.
    Review {
        /// Id of the change request.
        change: Id,
        /// `successful`, `successful-with-issues`, `rolled-back`, `failed`, ….
        outcome: String,
        /// `{start, end}`.
        actual: Any,
        /// Whether it did what it was to do.
        objectives_met: Any,
        /// How the risk had been seen.
        risk_accuracy: Any,
        /// What the canary saw.
        canary_outcome: Any,
        /// Whether it was taken back.
        rollback_used: Any,
        /// How long that took.
        rollback_duration: Elapsed,
        /// Incidents that it caused.
        incidents: Vec<Any>,
        /// Where it left the plan.
        deviations: Vec<Any>,
        /// What was learnt.
        lessons: Vec<Any>,
        /// `[{policy, change, pr}]`.
        control_updates: Vec<Any>,
        /// Why the controls stay as they are.
        no_control_change: String,
        /// What it says about the next change.
        risk_profile_update: Any,
        /// What is to be done.
        action_items: Vec<ActionItem>,
        /// Who reviewed.
        reviewed_by: Any,
        /// When.
        at: Moment,
    }
}

entry! {
    /// Post-mortem of an incident.
    Postmortem {
        /// Its id.
        id: Id,
        /// One line.
        title: String,
        /// Of the incident.
        date: Any,
        /// The incident.
        incident: Id,
        /// Services that were hit.
        services: Vec<String>,
        /// Who wrote it.
        authors: Vec<Id>,
        /// `draft`, `final`.
        status: String,
        /// A few sentences.
        summary: String,
        /// What users felt.
        impact: Any,
        /// Why it happened.
        root_causes: Any,
        /// What helped it along.
        contributing_factors: Any,
        /// What set it off.
        trigger: Any,
        /// What ended it.
        resolution: Any,
        /// How it was noticed.
        detection: Any,
        /// What is to be done.
        action_items: Vec<ActionItem>,
        /// `{whatWentWell, whatWentWrong, whereWeGotLucky}`.
        lessons: Any,
        /// What happened when.
        timeline: Vec<Any>,
        /// Who took part.
        participants: Vec<Any>,
        /// Who read it.
        leadership_reviewer: Id,
    }
}

entry! {
    /// Something that is to be done.
    ActionItem {
        /// Its id.
        id: Id,
        /// One line.
        title: String,
        /// `prevent`, `mitigate`, `detect`, `process`.
        r#type: String,
        /// `P1` to `P4`.
        priority: Id,
        /// Who does it.
        owner: Id,
        /// By when, a day or an instant.
        due_date: String,
        /// Its ticket.
        tracker: String,
        /// `open`, `done`.
        status: String,
        /// What proves it.
        evidence: Any,
    }
}

entry! {
    /// A pre-approved kind of change.
    Template {
        /// Its id.
        id: Id,
        /// `active`, `suspended`.
        status: String,
        /// When it was last looked at.
        reviewed_at: Moment,
        /// `{paths, kinds, attributePaths, actions}`.
        allow: Any,
        /// Highest level of risk.
        max_risk: String,
        /// As in a change request.
        rollback: Any,
        /// As in a change request.
        progressive_delivery: Any,
        /// What changes of it came to.
        stats: Any,
    }
}

entry! {
    /// Expected load of a service.
    Forecast {
        /// The service.
        service: String,
        /// How it was made.
        method: String,
        /// The instant that it starts from.
        as_of: Moment,
        /// Growth.
        growth: Any,
        /// Seasons.
        seasonality: Any,
        /// What is coming.
        launches: Vec<Any>,
        /// `{rps, at, p95, p99}`.
        peak: Any,
        /// What one replica carries.
        per_replica: Any,
    }
}

entry! {
    /// A third party.
    Vendor {
        /// Its name.
        name: String,
        /// Names of its hosts.
        hosts: Vec<String>,
        /// What it promises.
        sla: Any,
        /// `{period, uptime, url, at}`.
        last_uptime_report: Any,
        /// What went wrong.
        incidents: Vec<Any>,
        /// How one leaves.
        exit_plan: Any,
        /// Data processing agreement.
        dpa: Any,
    }
}

entry! {
    /// Assessment of a control.
    Assessment {
        /// `SOC2/CC8.1`.
        control: Id,
        /// When.
        at: String,
        /// Who assessed.
        assessor: Id,
        /// `effective`, `ineffective`.
        result: String,
        /// What was seen.
        evidence: Any,
        /// When it is due again.
        next: String,
    }
}

entry! {
    /// How long a class of records is kept.
    Retention {
        /// The class.
        class: String,
        /// At least.
        min: Any,
        /// At most.
        max: Any,
        /// Why.
        basis: Any,
    }
}

entry! {
    /// What a service's history says about risk.
    Profile {
        /// The service.
        service: String,
        /// Counters of outcomes.
        history: Any,
        /// What was learnt.
        adjustments: Any,
        /// When it was last looked at.
        reviewed_at: Moment,
    }
}

entry! {
    /// An open change of another repository.
    OpenChange {
        /// Id of the change request.
        id: Id,
        /// `new` … `closed`.
        state: String,
        /// `standard`, `normal`, `emergency`.
        r#type: String,
        /// Level of risk.
        risk: Any,
        /// The team.
        team: String,
        /// Services that it touches.
        services: Vec<String>,
        /// Regions that it touches.
        regions: Vec<String>,
        /// First instant.
        start: Moment,
        /// End, exclusive.
        end: Moment,
        /// `start` and `end` as in a change request, in the place of the two above.
        schedule: Any,
        /// As in a change request.
        coordination: Vec<Any>,
        /// As in a change request.
        freeze_override: Any,
        /// The template that it follows.
        template: Any,
        /// When it was over.
        closed_at: Moment,
        /// What came of it.
        outcome: String,
    }
}

entry! {
    /// An alert that is defined elsewhere.
    Alert {
        /// Its name.
        alert: String,
        /// The service that it watches.
        service: String,
        /// What it looks at.
        expr: String,
        /// Its labels.
        labels: Free,
        /// Whom it reaches.
        receiver: String,
        /// Whether it is on.
        enabled: bool,
    }
}
