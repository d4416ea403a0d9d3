//! What a candidate would have changed: as text, Markdown and JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::template::cell;

/// Decisions that are listed on a page; JSON has them all.
const LISTED: usize = 50;
/// Findings of a decision that are listed on a page.
const FINDINGS: usize = 5;

/// What was tried, and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Where the candidate's policies are.
    pub policies: Vec<String>,
    /// The candidate's thresholds.
    pub thresholds: Map<String, Value>,
    /// Decisions that were given again.
    pub judged: u64,
    /// Records that are given otherwise even without the candidate: the program or a file outside of the repository is
    /// another one.
    pub unfaithful: Vec<u64>,
    /// Decisions that could not be given again.
    pub left_out: Vec<LeftOut>,
    /// Decisions with another verdict or other findings, in the order of the log.
    pub differing: Vec<Differing>,
}

/// Decisions that could not be given again, for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// The reason.
    pub why: &'static str,
    /// How many.
    pub count: u64,
    /// The first ones.
    pub examples: Vec<String>,
}

/// An answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Given {
    /// What the policies say.
    pub verdict: &'static str,
    /// After waivers and overrides.
    pub decision: &'static str,
}

/// A finding that one of the two answers has alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Changed {
    /// Id of the policy.
    pub policy: String,
    /// The resource; `None` for the change.
    pub resource: Option<String>,
    /// What it says.
    pub message: String,
    /// Whether it stands in the way.
    pub blocks: bool,
}

/// A decision as it was given again, with the candidate and without.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Differing {
    /// Index of the record.
    pub record: u64,
    /// Its id.
    pub id: String,
    /// Id of the change.
    pub change: Option<String>,
    /// Stage of the run.
    pub stage: &'static str,
    /// When it was judged.
    pub judged_at: Timestamp,
    /// Verdict and decision of the record.
    pub recorded: [String; 2],
    /// Without the candidate.
    pub without: Given,
    /// With it.
    pub with: Given,
    /// Findings that only the candidate has.
    pub appeared: Vec<Changed>,
    /// Findings that the candidate has no more.
    pub gone: Vec<Changed>,
}

impl Differing {
    /// Whether verdict or decision is another one.
    pub fn has_other_verdict(&self) -> bool {
        self.without != self.with
    }

    /// Whether it has other findings.
    pub fn has_other_findings(&self) -> bool {
        !self.appeared.is_empty() || !self.gone.is_empty()
    }

    fn change(&self) -> &str {
        self.change.as_deref().unwrap_or("no change request")
    }
}

impl Report {
    /// Decisions whose verdict or decision is another one with the candidate.
    pub fn other_verdicts(&self) -> impl Iterator<Item = &Differing> {
        self.differing.iter().filter(|d| d.has_other_verdict())
    }

    /// `with this change, 4 of 212 past verdicts differ`.
    pub fn headline(&self) -> String {
        let verdicts = self.other_verdicts().count();
        let others = self.differing.len() - verdicts;
        let more = match others {
            0 => String::new(),
            n => format!("; {n} more would have other findings"),
        };
        format!("with this change, {verdicts} of {} past verdicts differ{more}", self.judged)
    }

    /// Policy → findings that appear and that go, over all decisions.
    fn by_policy(&self) -> BTreeMap<&str, [u64; 2]> {
        let mut sums: BTreeMap<&str, [u64; 2]> = BTreeMap::new();
        for one in &self.differing {
            for (place, list) in [&one.appeared, &one.gone].into_iter().enumerate() {
                for finding in list {
                    if let Some(sum) = sums.entry(&finding.policy).or_default().get_mut(place) {
                        *sum += 1;
                    }
                }
            }
        }
        sums
    }

    /// What has to be known to believe it.
    fn caveats(&self) -> Vec<String> {
        let left_out =
            self.left_out.iter().map(|l| format!("{} {} and are left out ({})", l.count, l.why, l.examples.join("; ")));
        let first: Vec<String> = self.unfaithful.iter().take(FINDINGS).map(u64::to_string).collect();
        let unfaithful = (!first.is_empty()).then(|| {
            format!(
                "{} are given otherwise even without it, by this program or for files outside of the repository: they are \
                 compared with what is given now (records {})",
                self.unfaithful.len(),
                first.join(", ")
            )
        });
        left_out.chain(unfaithful).collect()
    }
}

/// For a terminal.
pub fn text(report: &Report) -> String {
    let mut out = format!("{}\n", report.headline());
    for caveat in report.caveats() {
        let _ = writeln!(out, "  {caveat}");
    }
    for one in report.differing.iter().take(LISTED) {
        let answers = match one.has_other_verdict() {
            true => format!("{} → {}", given(one.without), given(one.with)),
            false => given(one.with),
        };
        let (record, change, stage, at) = (one.record, one.change(), one.stage, one.judged_at);
        let _ = writeln!(out, "\nrecord {record} · {change} · {stage} · {at}\n  {answers}");
        for (sign, list) in [('+', &one.appeared), ('-', &one.gone)] {
            for finding in list.iter().take(FINDINGS) {
                let _ = writeln!(out, "  {sign} {}", line(finding));
            }
            more(list.len(), FINDINGS, &mut |n| {
                let _ = writeln!(out, "  {sign} {n} more");
            });
        }
    }
    more(report.differing.len(), LISTED, &mut |n| {
        let _ = writeln!(out, "\n{n} more decisions: `--format json` has them all");
    });
    let policies = report.by_policy();
    if !policies.is_empty() {
        out.push_str("\nfindings by policy\n");
        for (id, [appeared, gone]) in policies {
            let _ = writeln!(out, "  {id:<9} {appeared:>5} appear {gone:>5} go");
        }
    }
    out
}

/// For a pull request.
pub fn markdown(report: &Report) -> String {
    let mut out = format!("## Back-test: {}\n\n", report.headline());
    for caveat in report.caveats() {
        let _ = writeln!(out, "- {}", cell(caveat));
    }
    if report.differing.is_empty() {
        return out.trim_end().to_owned() + "\n";
    }
    out.push_str("\n| Record | Change | Stage | Then | With this change | Findings |\n|---|---|---|---|---|---|\n");
    for one in report.differing.iter().take(LISTED) {
        let signed =
            |sign, list: &[Changed]| list.iter().map(move |f| format!("{sign} {}", line(f))).collect::<Vec<_>>();
        let mut findings = signed('+', &one.appeared);
        findings.extend(signed('-', &one.gone));
        let total = findings.len();
        findings.truncate(FINDINGS);
        more(total, FINDINGS, &mut |n| findings.push(format!("{n} more")));
        let findings: Vec<String> = findings.into_iter().map(cell).collect();
        let (change, stage) = (cell(one.change().to_owned()), one.stage);
        let (then, now) = (given(one.without), given(one.with));
        let _ = writeln!(out, "| {} | {change} | {stage} | {then} | {now} | {} |", one.record, findings.join("<br>"));
    }
    more(report.differing.len(), LISTED, &mut |n| {
        let _ = writeln!(out, "\n{n} more decisions.");
    });
    out
}

/// For programs; keys are only ever added.
pub fn json(report: &Report) -> Value {
    let policies: Vec<Value> = report
        .by_policy()
        .into_iter()
        .map(|(id, [appeared, gone])| json!({"policy": id, "appeared": appeared, "gone": gone}))
        .collect();
    json!({
        "schema": "changegate/backtest/v1",
        "candidate": {"policies": report.policies, "thresholds": report.thresholds},
        "judged": report.judged,
        "other_verdicts": report.other_verdicts().count(),
        "other_findings": report.differing.len(),
        "unfaithful": report.unfaithful,
        "left_out": report.left_out,
        "policies": policies,
        "differing": report.differing,
    })
}

fn given(given: Given) -> String {
    match given.verdict == given.decision {
        true => given.verdict.to_owned(),
        false => format!("{} by override or waiver (verdict {})", given.decision, given.verdict),
    }
}

fn line(finding: &Changed) -> String {
    let about = finding.resource.as_ref().map_or_else(String::new, |resource| format!("{resource}: "));
    let weight = if finding.blocks { "" } else { " (does not block)" };
    format!("{} {about}{}{weight}", finding.policy, finding.message)
}

fn more(total: usize, shown: usize, write: &mut dyn FnMut(usize)) {
    if total > shown {
        write(total - shown);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differing(record: u64, with: &'static str) -> Differing {
        let finding = Changed {
            policy: "HA-001".into(),
            resource: Some("apps/Deployment/shop/a|b".into()),
            message: "2 replicas, expected 3".into(),
            blocks: with == "denied",
        };
        Differing {
            record,
            id: "x".into(),
            change: Some("CHG-1".into()),
            stage: "apply",
            judged_at: "2030-01-01T00:00:00Z".parse().unwrap(),
            recorded: ["allowed".into(), "allowed".into()],
            without: Given { verdict: "allowed", decision: "allowed" },
            with: Given { verdict: with, decision: with },
            appeared: vec![finding],
            gone: Vec::new(),
        }
    }

    fn report() -> Report {
        let left_out =
            LeftOut { why: "judged files that no commit holds", count: 2, examples: vec!["record 3: no head".into()] };
        Report {
            policies: vec!["candidate".into()],
            thresholds: Map::new(),
            judged: 212,
            unfaithful: vec![9],
            left_out: vec![left_out],
            differing: vec![differing(17, "denied"), differing(18, "allowed")],
        }
    }

    #[test]
    fn a_page_says_what_differs_and_what_could_not_be_told() {
        insta::assert_snapshot!(text(&report()), @"
        with this change, 1 of 212 past verdicts differ; 1 more would have other findings
          2 judged files that no commit holds and are left out (record 3: no head)
          1 are given otherwise even without it, by this program or for files outside of the repository: they are compared with what is given now (records 9)

        record 17 · CHG-1 · apply · 2030-01-01T00:00:00Z
          allowed → denied
          + HA-001 apps/Deployment/shop/a|b: 2 replicas, expected 3

        record 18 · CHG-1 · apply · 2030-01-01T00:00:00Z
          allowed
          + HA-001 apps/Deployment/shop/a|b: 2 replicas, expected 3 (does not block)

        findings by policy
          HA-001        2 appear     0 go
        ");
        let page = markdown(&report());
        assert!(page.starts_with("## Back-test: with this change, 1 of 212 past verdicts differ"), "{page}");
        assert!(
            page.contains("| 17 | CHG-1 | apply | allowed | denied | + HA-001 apps/Deployment/shop/a\\|b: "),
            "{page}"
        );
    }

    #[test]
    fn programs_get_the_same_counts() {
        let told = json(&report());
        assert_eq!(
            (&told["judged"], &told["other_verdicts"], &told["other_findings"]),
            (&json!(212), &json!(1), &json!(2))
        );
        assert_eq!(told["policies"][0], json!({"policy": "HA-001", "appeared": 2, "gone": 0}));
    }
}
