//! What is wrong with the data, counted and shown: a figure is as good as what it was made from.

use std::collections::BTreeMap;

use serde::Serialize;

/// Places that are shown of each problem.
const EXAMPLES: usize = 5;

/// Something that makes a record worth less, or worth nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Problem {
    /// A record lies in the future of the report, or ends before it begins.
    ClockSkew,
    /// The deployment is older than its commit.
    NegativeLeadTime,
    /// The same record twice; one counts.
    Duplicate,
    /// The same id with different contents; the first counts.
    Conflict,
    /// An incident that names no service.
    IncidentWithoutService,
    /// An incident whose cause is a change that nobody knows.
    IncidentOfUnknownChange,
    /// A deployment that names no change.
    DeploymentWithoutChange,
    /// A rollback of what is no known deployment of the service.
    RollbackOfUnknownDeployment,
    /// A deployment that names no service.
    DeploymentWithoutService,
    /// A deployment to nowhere known.
    DeploymentWithoutEnvironment,
    /// A deployment whose result is no known word.
    UnknownResult,
    /// A deployment of a change that the gate never judged.
    DeploymentWithoutDecision,
    /// The gate let it through, and no deployment is recorded.
    DecisionWithoutDeployment,
    /// A decision about nothing that belongs to a service.
    DecisionWithoutService,
    /// A failed deployment, and nobody says when it was mended.
    UnknownRecovery,
    /// A review of a change that nobody knows.
    ReviewOfUnknownChange,
    /// A service that the catalogue gives no owner.
    ServiceWithoutTeam,
    /// A service that was seen for fewer than 28 days.
    ShortHistory,
    /// An instant, or a record, that cannot be read.
    Unreadable,
    /// A record of the audit trail whose body was pruned.
    Pruned,
}

impl Problem {
    /// In words, with what becomes of such a record.
    pub fn words(self) -> &'static str {
        match self {
            Self::ClockSkew => "in the future, or over before it began: not counted",
            Self::NegativeLeadTime => "deployed before it was committed: the lead time is not counted",
            Self::Duplicate => "the same record twice: counted once",
            Self::Conflict => "one id, different contents: the first counts",
            Self::IncidentWithoutService => "incident without a service: counted for the organisation alone",
            Self::IncidentOfUnknownChange => "incident of a change that nobody knows: linked to no deployment",
            Self::DeploymentWithoutChange => "deployment without a change: counted, linked to nothing",
            Self::RollbackOfUnknownDeployment => "rollback of a deployment that nobody knows: nothing is taken back",
            Self::DeploymentWithoutService => "deployment without a service: not counted",
            Self::DeploymentWithoutEnvironment => "deployment without an environment: not counted",
            Self::UnknownResult => "deployment with an unknown result: not counted",
            Self::DeploymentWithoutDecision => "deployment of a change that the gate never judged: counted",
            Self::DecisionWithoutDeployment => "let through, and no deployment is recorded: not counted as one",
            Self::DecisionWithoutService => "decision about no service: counted for the organisation alone",
            Self::UnknownRecovery => "failed, and nobody says when it was mended: no recovery time",
            Self::ReviewOfUnknownChange => "review of a change that nobody knows: linked to nothing",
            Self::ServiceWithoutTeam => "service without an owner in the catalogue: no team has it",
            Self::ShortHistory => "service seen for fewer than 28 days: too short to say anything",
            Self::Unreadable => "cannot be read: not counted",
            Self::Pruned => "record whose body was pruned: not counted",
        }
    }
}

/// How often, and where first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// How many records.
    pub count: u64,
    /// The first places, as text.
    pub examples: Vec<String>,
}

/// What was wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Quality(BTreeMap<Problem, Seen>);

impl Quality {
    /// Notes a problem; `place` is only asked for while examples are wanted.
    pub fn note(&mut self, problem: Problem, place: impl FnOnce() -> String) {
        let seen = self.0.entry(problem).or_default();
        seen.count += 1;
        if seen.examples.len() < EXAMPLES {
            seen.examples.push(place());
        }
    }

    /// Notes a problem that was counted elsewhere.
    pub fn note_many(&mut self, problem: Problem, count: u64, place: impl FnOnce() -> String) {
        if count > 0 {
            self.note(problem, place);
            if let Some(seen) = self.0.get_mut(&problem) {
                seen.count += count - 1;
            }
        }
    }

    /// How often a problem was seen.
    pub fn count(&self, problem: Problem) -> u64 {
        self.0.get(&problem).map_or(0, |seen| seen.count)
    }

    /// Takes over what another part has noted.
    pub fn merge(&mut self, other: Self) {
        for (problem, more) in other.0 {
            let seen = self.0.entry(problem).or_default();
            seen.count += more.count;
            seen.examples.extend(more.examples);
            seen.examples.truncate(EXAMPLES);
        }
    }

    /// Every problem that was seen.
    pub fn iter(&self) -> impl Iterator<Item = (Problem, &Seen)> {
        self.0.iter().map(|(problem, seen)| (*problem, seen))
    }
}
