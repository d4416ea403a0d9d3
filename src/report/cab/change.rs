//! One change: who wants what, what the gate says, and how risky it is.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::page::{Change, Delivery, Fact, Factor, Risk, Service, Word};
use super::{Case, Item, approvals, blast, evidence, policies, questions, schedule};
use crate::facts::{RiskFacts, World};
use crate::outcome::{Outcome, Verdict};
use crate::report::chart::{Step, waterfall};
use crate::report::text;

/// A request as JSON, for looking into by pointer.
pub(super) struct Request(Value);

impl Request {
    pub(super) fn of(world: &World) -> Self {
        let document = world.change.as_ref().map(|change| serde_json::to_value(&change.document).unwrap_or_default());
        Self(document.unwrap_or_default())
    }

    /// The value at a pointer below `spec`; null where there is none.
    pub(super) fn at(&self, pointer: &str) -> &Value {
        self.0.pointer(&format!("/spec{pointer}")).unwrap_or(&Value::Null)
    }

    /// The text at a pointer below `spec`, empty where there is none.
    pub(super) fn text(&self, pointer: &str) -> String {
        match self.at(pointer) {
            Value::Null => String::new(),
            value => text::value(value),
        }
    }

    /// The entries at a pointer below `spec`.
    pub(super) fn list(&self, pointer: &str) -> &[Value] {
        self.at(pointer).as_array().map_or(&[], Vec::as_slice)
    }

    fn metadata(&self, key: &str) -> String {
        self.0.pointer(&format!("/metadata/{key}")).map(text::value).unwrap_or_default()
    }
}

pub(super) fn page(item: &Item<'_>, zone: &TimeZone, now: Timestamp) -> Change {
    let outcome = item.outcome;
    let mut change = Change {
        decision: verdict(outcome.decision),
        sentence: sentence(outcome),
        recommendation: recommendation(outcome),
        findings: policies::findings(outcome),
        exceptions: policies::exceptions(outcome),
        controls: policies::controls(outcome),
        diagnostics: policies::diagnostics(outcome),
        inputs: policies::inputs(outcome),
        record: item.record.clone(),
        ..Change::default()
    };
    if let Some(case) = item.case {
        about(&mut change, case, outcome, zone, now);
    }
    change.questions = questions::of(outcome, item.case);
    change
}

fn about(change: &mut Change, case: &Case, outcome: &Outcome, zone: &TimeZone, now: Timestamp) {
    let world = &case.world;
    let request = Request::of(world);
    change.id = request.metadata("id");
    change.title = request.metadata("title");
    change.justification = request.text("/justification");
    change.facts = vec![
        Fact::new("Type", request.text("/type")),
        Fact::new("Class", request.text("/changeClass")),
        Fact::new("Team", request.text("/team")),
        Fact::new("Requester", request.text("/requester/id")),
        Fact::new("Implementer", request.text("/implementer/id")),
        Fact::new("Customer impact", request.text("/customerImpact")),
        Fact::new("Stage", outcome.stage.as_str()),
    ];
    change.facts.retain(|fact| !fact.value.is_empty());
    change.digest = world.change.as_ref().map(|c| c.digest.clone()).unwrap_or_default();
    change.why = why(outcome, &world.risk);
    change.risk = risk(&world.risk);
    change.resources = blast::resources(&case.changed, outcome);
    change.services = services(world);
    change.schedule = schedule::of(world, zone, now);
    change.evidence = evidence::checks(&request, world, now);
    change.delivery = delivery(&request);
    change.rollback = evidence::rollback(&request, world, now);
    change.rollback_steps = request.list("/rollback/steps").iter().map(step).collect();
    change.reliability = evidence::reliability(world);
    change.incidents = evidence::incidents(world, zone, now);
    change.seats = approvals::seats(world);
    change.approvals = approvals::table(world, zone);
}

pub(super) fn verdict(verdict: Verdict) -> Word {
    let tone = match verdict {
        Verdict::Allowed => "good",
        Verdict::Pending => "warn",
        Verdict::Denied | Verdict::Undecided => "bad",
    };
    Word::new(verdict.as_str(), tone)
}

fn sentence(outcome: &Outcome) -> String {
    let blocking = outcome.findings.iter().filter(|f| f.blocks(outcome.stage == crate::facts::Stage::Apply)).count();
    let (findings, stand) = if blocking == 1 { ("finding", "stands") } else { ("findings", "stand") };
    match outcome.decision {
        Verdict::Allowed => "Nothing stands in the way.".into(),
        Verdict::Pending => format!("{blocking} {findings} {stand} open: approvals or evidence can still arrive."),
        Verdict::Denied => format!("{blocking} {findings} {stand} in the way."),
        Verdict::Undecided => "The gate could not judge: see what could not be read.".into(),
    }
}

/// What the gate would have the board do. It recommends; the board decides.
fn recommendation(outcome: &Outcome) -> String {
    match outcome.decision {
        Verdict::Allowed => "Approve, with the window as planned.",
        Verdict::Pending => "Approve on condition that what is missing arrives before the window.",
        Verdict::Denied => "Return to the requester with the findings below.",
        Verdict::Undecided => "Do not decide: have the gate judge again first.",
    }
    .into()
}

/// Why it is before the board at all.
fn why(outcome: &Outcome, risk: &RiskFacts) -> Vec<String> {
    let board = outcome.findings.iter().filter(|f| &*f.policy == "CAB-001").map(|f| f.message.clone());
    let mut why: Vec<String> = board.collect();
    match risk.level.as_deref() {
        Some(level @ ("high" | "very-high")) => why.push(format!("The risk is {}.", level.replace('-', " "))),
        Some(level) if why.is_empty() => {
            why.push(format!("No policy asks for the board at {level} risk; it is on the agenda by choice."));
        }
        _ => {}
    }
    why
}

fn risk(facts: &RiskFacts) -> Risk {
    let level = facts.level.clone().unwrap_or_else(|| "unknown".into());
    let tone = match level.as_str() {
        "low" => "good",
        "medium" => "warn",
        _ => "bad",
    };
    let mut risk = Risk {
        level: Word::new(level, tone),
        declared: facts.declared.clone().unwrap_or_else(|| "not declared".into()),
        ..Risk::default()
    };
    assess(&mut risk, facts);
    risk
}

fn services(world: &World) -> Vec<Service> {
    let scoped = world.change.iter().flat_map(|change| &change.services);
    let word = |text: &Option<String>| text.clone().unwrap_or_else(|| "–".into());
    scoped
        .map(|service| Service {
            name: service.name.clone(),
            tier: service.entry.tier.map_or_else(|| "unknown".into(), |tier| tier.to_string()),
            owner: word(&service.entry.owner),
            rto: word(&service.entry.rto),
            rpo: word(&service.entry.rpo),
            slo: word(&service.entry.slo),
            runbook: word(&service.entry.runbook),
            regulatory: service.entry.regulatory.join(", "),
        })
        .collect()
}

fn delivery(request: &Request) -> Delivery {
    let steps = request.list("/progressiveDelivery/steps").iter().chain(request.list("/progressiveDelivery/waves"));
    Delivery {
        method: request.text("/progressiveDelivery/method"),
        steps: steps.map(rung).collect(),
        metrics: request.list("/progressiveDelivery/metrics").iter().map(metric).collect(),
    }
}

fn rung(step: &Value) -> String {
    let bake = step["bake"].as_str().map(|bake| format!(" for {bake}")).unwrap_or_default();
    match &step["weight"] {
        Value::Null => text::value(step),
        weight => format!("{weight} %{bake}"),
    }
}

fn metric(metric: &Value) -> String {
    let abort = metric["abortIf"].as_str().map(|abort| format!(", abort if {abort}")).unwrap_or_default();
    match metric["name"].as_str() {
        Some(name) => text::cut(&format!("{name}{abort}")),
        None => text::value(metric),
    }
}

fn step(step: &Value) -> String {
    let owner = step["owner"].as_str().map(|owner| format!(" ({owner})")).unwrap_or_default();
    match step["action"].as_str() {
        Some(action) => text::cut(&format!("{action}{owner}")),
        None => text::value(step),
    }
}

/// The parts of the computed score, where there is one.
fn assess(risk: &mut Risk, facts: &RiskFacts) {
    let assessment = &facts.assessment;
    risk.computed = assessment.computed.clone().unwrap_or_default();
    risk.score = assessment.score;
    let minus = assessment.mitigations.iter().map(|m| Factor {
        id: m.id.clone(),
        group: "mitigation".into(),
        points: format!("−{}", m.points),
        evidence: m.evidence.clone(),
        source: String::new(),
    });
    let plus = assessment.factors.iter().map(|f| Factor {
        id: f.id.clone(),
        group: f.group.clone(),
        points: format!("+{}", f.points),
        evidence: f.evidence.clone(),
        source: f.source.clone().unwrap_or_default(),
    });
    risk.factors = plus.chain(minus).collect();
    risk.floors = assessment.floors.iter().map(|f| format!("at least {}: {}", f.level, f.evidence)).collect();
    risk.history = assessment.history.iter().map(history).collect();
    let Some(score) = assessment.score else { return };
    let plus = assessment.factors.iter().map(|f| Step { name: f.id.clone(), points: i64::from(f.points) });
    let minus = assessment.mitigations.iter().map(|m| Step { name: m.id.clone(), points: -i64::from(m.points) });
    risk.chart = Some(waterfall("risk", &plus.chain(minus).collect::<Vec<_>>(), i64::from(score)));
}

fn history(history: &crate::facts::RiskHistory) -> String {
    let interval = match (&history.low, &history.high) {
        (Some(low), Some(high)) => format!(", 95 % interval {low} to {high} %"),
        _ => String::new(),
    };
    format!(
        "{}: {} of {} changes failed{interval}; rate {} % after shrinking, {} stopped by their canary",
        history.service, history.k, history.n, history.q, history.caught
    )
}
