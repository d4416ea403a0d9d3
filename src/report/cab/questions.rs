//! What the board should ask: what a machine can see is missing, and only people can answer.

use super::Case;
use super::change::Request;
use crate::facts::Action;
use crate::finding::{Answer, Status};
use crate::outcome::Outcome;

pub(super) fn of(outcome: &Outcome, case: Option<&Case>) -> Vec<String> {
    let mut questions = Vec::new();
    for finding in outcome.findings.iter().filter(|f| f.answer == Answer::Unknown && f.status == Status::Open).take(5) {
        questions.push(format!("{} could not be judged: {}. Who knows?", finding.policy, finding.message));
    }
    let waived = outcome.findings.iter().filter(|f| f.status == Status::Waived).count();
    if waived > 0 {
        questions.push(format!("{waived} findings are waived. Do the reasons still hold?"));
    }
    let Some(case) = case else { return questions };
    let request = Request::of(&case.world);
    let destroyed = |action| matches!(action, Action::Delete | Action::Replace | Action::Forget);
    let lost: Vec<&str> =
        case.changed.iter().filter(|r| r.stateful && destroyed(r.action)).map(|r| &*r.id).take(3).collect();
    if !lost.is_empty() {
        questions.push(format!("Data lives in {}. Who has seen the backup being restored?", lost.join(", ")));
    }
    let reversible = request.text("/rollback/dataReversibility");
    if !matches!(reversible.as_str(), "" | "reversible") {
        questions
            .push(format!("The data is {reversible}. From which step on is there no way back, and who decides it?"));
    }
    if request.text("/rollback/testedAt").is_empty() && case.world.change.is_some() {
        questions.push("The rollback was never tested. What makes us believe in it?".into());
    }
    if request.text("/preChecks/monitoring/onCall").is_empty() && case.world.change.is_some() {
        questions.push("Who is on call during the window, and do they know?".into());
    }
    if case.changed.len() > 20 {
        questions.push(format!("{} resources change at once. Could it come in parts?", case.changed.len()));
    }
    questions
}
