//! How risky a change is, as the model of `policies/lib/risk` says.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Levels of risk, from the lowest.
pub const RISK_LEVELS: [&str; 4] = ["low", "medium", "high", "very-high"];

/// How risky the change is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RiskFacts {
    /// `spec.risk.declared`.
    pub declared: Option<String>,
    /// What counts: the higher one of what is declared and what the model says.
    pub level: Option<String>,
    /// What the model says; `None` where it has nothing to weigh, or was not loaded.
    #[serde(flatten)]
    pub assessment: Assessment,
    /// First instant after now at which time alone gives another level.
    #[serde(skip)]
    pub changes_at_ns: Option<i64>,
}

/// What the model says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Assessment {
    /// Version of the model.
    pub model: Option<String>,
    /// 0 to 100.
    pub score: Option<u32>,
    /// The level of the score, or of the highest floor.
    #[serde(rename(serialize = "computed", deserialize = "level"))]
    pub computed: Option<String>,
    /// Every part that weighs anything.
    pub factors: Vec<RiskFactor>,
    /// What makes harm smaller.
    pub mitigations: Vec<RiskMitigation>,
    /// Levels below which no mitigation goes, the highest first.
    pub floors: Vec<RiskFloor>,
    /// What earlier changes of the services tell.
    pub history: Vec<RiskHistory>,
    /// Instants, in nanoseconds, at which a part can change by itself.
    #[serde(skip_serializing)]
    pub instants: Vec<i64>,
}

/// One part of the risk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RiskFactor {
    /// `R-TIER`.
    pub id: String,
    /// `impact`, `likelihood`, `timing` or `evidence`.
    pub group: String,
    /// How much it adds.
    pub points: u32,
    /// Why.
    pub evidence: String,
    /// Place that says so, `path:line:column`.
    pub source: Option<String>,
}

/// Something that makes harm smaller.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RiskMitigation {
    /// `canary`.
    pub id: String,
    /// How much it takes away; all together at most 25.
    pub points: u32,
    /// Why.
    pub evidence: String,
}

/// A level below which the risk does not go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RiskFloor {
    /// The level.
    pub level: String,
    /// Why.
    pub evidence: String,
    /// Place that says so.
    pub source: Option<String>,
}

/// The history of one service. Rates are per cent with one digit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RiskHistory {
    /// Name of the service.
    pub service: String,
    /// Failed changes in the window; one that only had issues counts a quarter.
    pub k: String,
    /// Changes in the window.
    pub n: u32,
    /// Changes that their canary stopped before anybody noticed.
    pub caught: u32,
    /// Rate of failed changes, shrunken towards the organisation's mean.
    pub q: String,
    /// Lower end of Wilson's interval of k of n at 95 %.
    pub low: Option<String>,
    /// Its upper end.
    pub high: Option<String>,
}

impl RiskFacts {
    /// The declared level and the model's answer; the higher level counts.
    pub fn new(declared: Option<String>, assessment: Assessment) -> Self {
        let rank = |level: &Option<String>| RISK_LEVELS.iter().position(|l| Some(*l) == level.as_deref());
        let level = [&declared, &assessment.computed].into_iter().max_by_key(|level| rank(level)).cloned().flatten();
        Self { declared, level, assessment, changes_at_ns: None }
    }

    /// Rank of the level that counts; `None` without one.
    pub fn rank(&self) -> Option<usize> {
        RISK_LEVELS.iter().position(|l| Some(*l) == self.level.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(declared: Option<&str>, computed: Option<&str>) -> Option<String> {
        let assessment = Assessment { computed: computed.map(Into::into), ..Assessment::default() };
        RiskFacts::new(declared.map(Into::into), assessment).level
    }

    #[test]
    fn the_higher_level_counts() {
        assert_eq!(level(Some("low"), Some("high")).as_deref(), Some("high"));
        assert_eq!(level(Some("very-high"), Some("medium")).as_deref(), Some("very-high"));
        assert_eq!(level(None, Some("low")).as_deref(), Some("low"));
        assert_eq!(level(Some("medium"), None).as_deref(), Some("medium"));
        assert_eq!(level(None, None), None);
    }
}
