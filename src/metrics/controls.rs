//! What the gate did for each control: which policies serve it, how often they judged, and where nothing proves it.
//!
//! Supporting evidence, not a certification: the mapping stands in the policies' METADATA and may be replaced there.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::statistics::{FEWEST, Proportion};
use super::summary::Share;
use crate::audit::tally::{PolicyTally, Tally};
use crate::change::documents::{Documents, Kind};

/// More than this share of overrides says that the policy does not fit, or is not obeyed.
const OVERRIDDEN: f64 = 0.10;

/// Frameworks with the version that the mapping was made from.
pub const FRAMEWORKS: [(&str, &str); 8] = [
    ("SOC2", "SOC 2 Trust Services Criteria (2017, revised 2022)"),
    ("ISO27001", "ISO/IEC 27001:2022, Annex A"),
    ("NIST80053", "NIST SP 800-53, revision 5"),
    ("HIPAA", "HIPAA Security Rule (45 CFR 164)"),
    ("PCIDSS", "PCI DSS 4.0.1"),
    ("GDPR", "GDPR, Regulation (EU) 2016/679"),
    ("DORA", "DORA, Regulation (EU) 2022/2554"),
    ("DORARTS", "DORA RTS, Regulation (EU) 2024/1774"),
];

/// A policy and the controls that it says it serves, by framework.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Serving {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Framework → controls.
    pub controls: BTreeMap<String, Vec<String>>,
}

/// What a policy, or all policies of a control, did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evidence {
    /// Decisions in which it applied. Of several policies it is not known in how many they applied together: at least
    /// in so many as the one that applied most often.
    pub decisions: u64,
    /// Decisions in which it applied, at most; of one policy the same.
    pub decisions_at_most: u64,
    /// Answers: one of each policy in each decision to which it applied. What follows counts them.
    pub answers: u64,
    /// Resources and changes that were looked at.
    pub evaluations: u64,
    /// Passed. With an interval only where each answer is of another decision: several policies answer about the same
    /// change, and what they say is not independent.
    pub passed: Share,
    /// Failed.
    pub failed: u64,
    /// Could not tell.
    pub unknown: u64,
    /// Silenced by a waiver.
    pub waived: u64,
    /// Lifted by an override.
    pub overridden: u64,
    /// Index of the last record that proves it.
    pub last_record: Option<u64>,
}

/// A policy with its evidence.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PolicyEvidence {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What it did.
    #[serde(flatten)]
    pub evidence: Evidence,
    /// What the evidence does not show, in words.
    pub gaps: Vec<&'static str>,
}

/// A control with its evidence.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Control {
    /// Its number: `CC8.1`.
    pub control: String,
    /// Policies that serve it, by id.
    pub policies: Vec<String>,
    /// What they did together.
    #[serde(flatten)]
    pub evidence: Evidence,
    /// When it was last assessed and what the assessment says, as documents have it.
    pub assessed: Option<String>,
    /// What the evidence does not show, in words.
    pub gaps: Vec<&'static str>,
}

/// A framework with its controls.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Framework {
    /// `SOC2`.
    pub id: String,
    /// Name and version.
    pub name: String,
    /// In the order of their numbers.
    pub controls: Vec<Control>,
}

/// The compliance matrix.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Matrix {
    /// Frozen; keys are only ever added.
    pub schema: &'static str,
    /// The instant of the report.
    pub now: Timestamp,
    /// First decision that was asked for.
    pub since: Option<Timestamp>,
    /// Where the records are.
    pub trail: String,
    /// Decisions that were summed up, in production and elsewhere.
    pub decisions: u64,
    /// Records whose bodies were pruned: they prove nothing more than that they were.
    pub pruned: u64,
    /// Frameworks, in the order of [`FRAMEWORKS`], then others.
    pub frameworks: Vec<Framework>,
    /// Policies, by id.
    pub policies: Vec<PolicyEvidence>,
}

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Scope {
    /// The instant of the report.
    pub now: Timestamp,
    /// First decision.
    pub since: Option<Timestamp>,
    /// Where the records are.
    pub trail: String,
}

/// Sets the policies' work beside the controls that they serve.
pub fn matrix(serving: &[Serving], tally: &Tally, documents: &Documents, scope: Scope) -> Matrix {
    let assessed = assessments(documents);
    let known = FRAMEWORKS.map(|(id, _)| id);
    let mut ids: Vec<&str> = known.to_vec();
    let others: BTreeSet<&str> = serving.iter().flat_map(|s| s.controls.keys().map(String::as_str)).collect();
    ids.extend(others.into_iter().filter(|id| !known.contains(id)));
    let frameworks = ids.into_iter().map(|id| framework(id, serving, tally, &assessed));
    let policy = |one: &Serving| {
        let evidence = Evidence::of(&[one], tally);
        let gaps = evidence.gaps();
        PolicyEvidence { id: one.id.clone(), title: one.title.clone(), evidence, gaps }
    };
    Matrix {
        schema: "changegate/controls/v1",
        now: scope.now,
        since: scope.since,
        trail: scope.trail,
        decisions: counted(tally),
        pruned: tally.pruned,
        frameworks: frameworks.filter(|framework| !framework.controls.is_empty()).collect(),
        policies: serving.iter().map(policy).collect(),
    }
}

fn framework(id: &str, serving: &[Serving], tally: &Tally, assessed: &BTreeMap<String, String>) -> Framework {
    let mut served: BTreeMap<Numbered<'_>, Vec<&Serving>> = BTreeMap::new();
    for one in serving {
        for control in one.controls.get(id).into_iter().flatten() {
            served.entry(Numbered(control)).or_default().push(one);
        }
    }
    let name = FRAMEWORKS.iter().find(|(known, _)| *known == id).map_or(id, |(_, name)| name);
    let control = |(number, policies): (Numbered<'_>, Vec<&Serving>)| {
        let evidence = Evidence::of(&policies, tally);
        let found =
            [format!("{id}{}", number.0), number.0.to_owned()].iter().find_map(|w| assessed.get(&word(w))).cloned();
        let mut gaps = evidence.gaps();
        gaps.extend(found.is_none().then_some("never assessed"));
        let policies = policies.iter().map(|p| p.id.clone()).collect();
        Control { control: number.0.to_owned(), policies, evidence, assessed: found, gaps }
    };
    Framework { id: id.to_owned(), name: name.to_owned(), controls: served.into_iter().map(control).collect() }
}

/// Decisions that were summed up.
fn counted(tally: &Tally) -> u64 {
    tally.decisions + tally.elsewhere
}

impl Evidence {
    fn of(policies: &[&Serving], tally: &Tally) -> Self {
        let tallies = || policies.iter().filter_map(|policy| tally.policies.get(policy.id.as_str()));
        let sum = tallies().fold(PolicyTally::default(), |sum, one| PolicyTally {
            decisions: sum.decisions + one.decisions,
            evaluations: sum.evaluations + one.evaluations,
            passed: sum.passed + one.passed,
            failed: sum.failed + one.failed,
            unknown: sum.unknown + one.unknown,
            waived: sum.waived + one.waived,
            overridden: sum.overridden + one.overridden,
            last: sum.last.max(one.last),
        });
        let decisions = tallies().map(|one| one.decisions).max().unwrap_or_default();
        let passed = Share::of(Proportion { k: sum.passed, n: sum.decisions });
        let is_independent = decisions == sum.decisions;
        Self {
            decisions,
            decisions_at_most: sum.decisions.min(counted(tally)).max(decisions),
            answers: sum.decisions,
            evaluations: sum.evaluations,
            passed: Share { interval: passed.interval.filter(|_| is_independent), ..passed },
            failed: sum.failed,
            unknown: sum.unknown,
            waived: sum.waived,
            overridden: sum.overridden,
            last_record: sum.last,
        }
    }

    /// Green because nothing ever triggered it is not green.
    fn gaps(&self) -> Vec<&'static str> {
        let share = |k: u64| k as f64 / self.answers.max(1) as f64;
        let gaps = [
            (self.decisions == 0, "never evaluated: nothing proves it"),
            (self.decisions > 0 && self.passed.counts.k == 0, "never passed"),
            (self.failed > 0 && self.waived >= self.failed, "every failure was waived"),
            (
                self.decisions >= FEWEST && share(self.overridden) > OVERRIDDEN,
                "overridden more often than one time in ten",
            ),
            (
                self.decisions >= FEWEST && self.unknown * 2 > self.answers,
                "could not tell more often than every other time",
            ),
        ];
        gaps.into_iter().filter(|(is, _)| *is).map(|(_, words)| words).collect()
    }
}

/// Control → its last assessment in words.
fn assessments(documents: &Documents) -> BTreeMap<String, String> {
    let mut last: BTreeMap<String, (String, String)> = BTreeMap::new();
    for entry in documents.given(Kind::ControlAssessment).iter().flat_map(|given| &given.entries) {
        let entry = serde_json::to_value(entry).unwrap_or_default();
        let text = |key: &str| entry.get(key).and_then(Value::as_str).map(str::to_owned);
        let (Some(control), Some(at)) = (text("control"), text("at")) else { continue };
        let result = text("result").unwrap_or_else(|| "no result".into());
        let known = last.entry(word(&control)).or_default();
        if known.0 < at {
            *known = (at, result);
        }
    }
    last.into_iter().map(|(control, (at, result))| (control, format!("{at}: {result}"))).collect()
}

/// A control as it is compared: letters and digits alone.
fn word(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric() || *c == '.').collect::<String>().to_lowercase()
}

/// A number of a control, in the order that people read: 8.9 before 8.13.
#[derive(PartialEq, Eq)]
struct Numbered<'a>(&'a str);

impl Numbered<'_> {
    fn parts(&self) -> Vec<(u64, &str)> {
        let pieces = self.0.split(|c: char| !c.is_alphanumeric());
        pieces
            .map(|piece| (piece.trim_start_matches(|c: char| c.is_alphabetic()).parse().unwrap_or(0), piece))
            .collect()
    }
}

impl Ord for Numbered<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let letters = |text: &str| text.chars().take_while(|c| c.is_alphabetic()).collect::<String>();
        (letters(self.0), self.parts(), self.0).cmp(&(letters(other.0), other.parts(), other.0))
    }
}

impl PartialOrd for Numbered<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// The controls of the policies of a library.
pub fn serving(library: &crate::policy::library::Library) -> Vec<Serving> {
    let of = |policy: &crate::policy::library::Policy| Serving {
        id: policy.id().to_owned(),
        title: policy.metadata.title.clone(),
        controls: policy.metadata.custom.controls.clone(),
    };
    let mut all: Vec<Serving> = library.policies.iter().map(of).collect();
    all.sort_by(|a, b| a.id.cmp(&b.id));
    all
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn one(id: &str, controls: &[&str]) -> Serving {
        let controls = controls.iter().map(|c| (*c).to_owned()).collect();
        Serving { id: id.into(), title: id.into(), controls: [("ISO27001".to_owned(), controls)].into() }
    }

    fn scope() -> Scope {
        Scope { now: "2030-06-30T00:00:00Z".parse().unwrap(), since: None, trail: "log".into() }
    }

    #[test]
    fn controls_have_the_evidence_of_their_policies() {
        let did = |decisions, passed, failed, waived, last| PolicyTally {
            decisions,
            evaluations: decisions,
            passed,
            failed,
            waived,
            last: Some(last),
            ..PolicyTally::default()
        };
        let policies: BTreeMap<Arc<str>, PolicyTally> =
            [("A-1".into(), did(30, 27, 3, 3, 7)), ("A-2".into(), did(10, 10, 0, 0, 9))].into();
        let tally = Tally { policies, decisions: 30, ..Tally::default() };
        let serving = [one("A-1", &["8.13", "8.9"]), one("A-2", &["8.9"]), one("A-3", &["5.3"])];
        let matrix = matrix(&serving, &tally, &Documents::default(), scope());
        let iso = &matrix.frameworks[0];
        assert_eq!(iso.name, "ISO/IEC 27001:2022, Annex A");
        let told: Vec<_> =
            iso.controls.iter().map(|c| (c.control.as_str(), c.evidence.decisions, c.evidence.last_record)).collect();
        assert_eq!(told, [("5.3", 0, None), ("8.9", 30, Some(9)), ("8.13", 30, Some(7))]);
        assert_eq!(iso.controls[0].gaps, ["never evaluated: nothing proves it", "never assessed"]);
        assert_eq!(iso.controls[2].gaps, ["every failure was waived", "never assessed"]);
        assert_eq!(iso.controls[1].evidence.passed.counts, Proportion { k: 37, n: 40 });
        assert_eq!(matrix.policies[2].gaps, ["never evaluated: nothing proves it"]);
    }

    /// Two policies that answer about one decision are one decision and two answers, and no sample of two.
    #[test]
    fn a_decision_is_counted_once_however_many_policies_answer() {
        let did = |decisions, passed| PolicyTally { decisions, passed, evaluations: 2 * decisions, ..<_>::default() };
        let of = |decisions: u64, tallies: &[PolicyTally]| {
            let ids: Vec<String> = (0..tallies.len()).map(|n| format!("A-{n}")).collect();
            let policies = ids.iter().map(|id| id.as_str().into()).zip(tallies.iter().cloned()).collect();
            let serving: Vec<_> = ids.iter().map(|id| one(id, &["8.9"])).collect();
            let tally = Tally { policies, decisions, ..Tally::default() };
            matrix(&serving, &tally, &Documents::default(), scope()).frameworks[0].controls[0].evidence.clone()
        };
        let counts = |e: &Evidence| (e.decisions, e.decisions_at_most, e.answers, e.evaluations);
        // All of them in the one decision that there is.
        let one = of(1, &vec![did(1, 1); 17]);
        assert_eq!(counts(&one), (1, 1, 17, 34));
        assert_eq!((one.passed.counts, one.passed.interval), (Proportion { k: 17, n: 17 }, None));
        // Of forty decisions, in the same twelve or in others.
        let some = of(40, &[did(12, 12), did(3, 0), did(0, 0)]);
        assert_eq!(counts(&some), (12, 15, 15, 30));
        assert_eq!(some.passed.interval, None);
        // Only one of them ever applied: its answers are decisions.
        let alone = of(40, &[did(12, 9), did(0, 0)]);
        assert_eq!(counts(&alone), (12, 12, 12, 24));
        assert_eq!(alone.passed.interval, Proportion { k: 9, n: 12 }.wilson());
    }

    #[test]
    fn numbers_are_in_the_order_of_people() {
        let mut all = ["CC7.2", "A1.2", "CC10.1", "CC6.1", "8.13", "8.9", "CM-3(2)", "CM-3", "CM-11"].map(Numbered);
        all.sort();
        let told: Vec<&str> = all.iter().map(|n| n.0).collect();
        assert_eq!(told, ["8.9", "8.13", "A1.2", "CC6.1", "CC7.2", "CC10.1", "CM-3", "CM-3(2)", "CM-11"]);
    }
}
