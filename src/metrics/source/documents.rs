//! DeployHistory, IncidentLog, PIR, Postmortem and ChangeIndex documents: what somebody asserts.

use jiff::civil::Date;

use super::{asserted, instant, place};
use crate::audit::tally::Production;
use crate::change::documents::{Documents, Given, Kind};
use crate::change::request::bare_name;
use crate::metrics::quality::Problem;
use crate::metrics::record::{
    ActionItem, Announced, Cause, Deployment, DeploymentResult, Incident, Name, Records, Review,
};
use crate::parse::tree::{Node, Number, Value};

/// Words for an action that is done.
const DONE: [&str; 6] = ["done", "closed", "completed", "complete", "resolved", "cancelled"];

/// Adds what the documents of the context say.
pub fn read(documents: &Documents, production: &Production, records: &mut Records) {
    for (kind, given) in documents.all() {
        let mut reader = Reader { source: records.names.of(&given.path), production, records };
        match kind {
            Kind::DeployHistory => reader.each(given, Reader::deployment),
            Kind::IncidentLog => reader.each(given, Reader::incident),
            Kind::Pir => reader.each(given, Reader::review),
            Kind::Postmortem => reader.each(given, Reader::postmortem),
            Kind::ChangeIndex => reader.each(given, Reader::announced),
            _ => {}
        }
    }
}

struct Reader<'a> {
    source: Name,
    production: &'a Production,
    records: &'a mut Records,
}

impl Reader<'_> {
    fn each(&mut self, given: &Given, read: fn(&mut Self, u64, &Node)) {
        for (index, entry) in (0..).zip(&given.entries) {
            read(self, index, entry);
        }
    }

    fn deployment(&mut self, index: u64, entry: &Node) {
        let id = self.name(entry, "id");
        let shown = || format!("{} ({})", place(&self.source, index), id.as_deref().unwrap_or("no id"));
        let quality = &mut self.records.quality;
        match text(entry, "environment") {
            None => return quality.note(Problem::DeploymentWithoutEnvironment, shown),
            Some(environment) if !self.production.has(&environment) => return,
            Some(_) => {}
        }
        let Some(service) = text(entry, "service") else {
            return quality.note(Problem::DeploymentWithoutService, shown);
        };
        let at = |key: &str, quality: &mut _| instant(text(entry, key).as_deref(), quality, shown);
        let (started, finished) = (at("startedAt", quality), at("finishedAt", quality));
        let committed = at("commitAt", quality);
        // In progress: not a deployment yet.
        let Some(finished) = finished else { return };
        let Some(result) = text(entry, "result").and_then(|word| DeploymentResult::parse(&word)) else {
            return quality.note(Problem::UnknownResult, shown);
        };
        let deployment = Deployment {
            change: self.name(entry, "change"),
            digest: self.name(entry, "changeDigest"),
            commit: self.name(entry, "commit"),
            service: self.records.names.of(bare_name(&service)),
            started,
            finished,
            committed,
            result,
            rollback_of: self.name(entry, "rollbackOf"),
            unplanned: entry.get("unplanned").and_then(Node::as_bool) == Some(true),
            actor: self.name(entry, "actor"),
            provenance: asserted(&self.source, index),
            id,
        };
        self.records.deployments.push(deployment);
    }

    fn incident(&mut self, index: u64, entry: &Node) {
        let id = self.name(entry, "id");
        let shown = || format!("{} ({})", place(&self.source, index), id.as_deref().unwrap_or("no id"));
        let quality = &mut self.records.quality;
        let at = |key: &str, quality: &mut _| instant(text(entry, key).as_deref(), quality, shown);
        let started = at("startedAt", quality).or_else(|| at("detectedAt", quality));
        let recovered = at("mitigatedAt", quality).or_else(|| at("resolvedAt", quality));
        let (Some(id), Some(started)) = (id.clone(), started) else {
            return quality.note(Problem::Unreadable, || format!("{}: no id, or no start", shown()));
        };
        let resolved = text(entry, "status").is_some_and(|status| status == "resolved");
        if resolved && recovered.is_none() {
            return quality.note(Problem::Unreadable, || format!("{}: resolved, and nobody says when", shown()));
        }
        let cause = match text(entry, "causedByChange") {
            None => Cause::Unknown,
            Some(word) if word.eq_ignore_ascii_case("none") => Cause::None,
            Some(word) if word.eq_ignore_ascii_case("unknown") => Cause::Unknown,
            Some(change) => Cause::Change(self.records.names.of(&change)),
        };
        let incident = Incident {
            services: self.list(entry, "services"),
            tags: self.list(entry, "causeTags"),
            recurrence_of: self.name(entry, "recurrenceOf"),
            id,
            started,
            recovered,
            cause,
            provenance: asserted(&self.source, index),
        };
        self.records.incidents.push(incident);
    }

    fn review(&mut self, index: u64, entry: &Node) {
        let Some(change) = self.name(entry, "change") else {
            let shown = || format!("{}: a review without a change", place(&self.source, index));
            return self.records.quality.note(Problem::Unreadable, shown);
        };
        let outcome = self.name(entry, "outcome");
        self.actions(index, entry, Some(&change));
        let provenance = asserted(&self.source, index);
        self.records.reviews.push(Review { change, outcome, provenance });
    }

    fn postmortem(&mut self, index: u64, entry: &Node) {
        let incident = self.name(entry, "incident").or_else(|| self.name(entry, "id"));
        self.actions(index, entry, incident.as_ref());
    }

    fn actions(&mut self, index: u64, entry: &Node, follows: Option<&Name>) {
        for item in entry.get("actionItems").and_then(Node::as_seq).unwrap_or_default() {
            let due = text(item, "dueDate").or_else(|| text(item, "due"));
            // The day of an instant is its first ten characters.
            let due = due.and_then(|due| due.get(..10).and_then(|day| day.parse::<Date>().ok()));
            let owner = self.name(item, "owner").map(|owner| self.records.names.of(bare_name(&owner)));
            let done = text(item, "status").is_some_and(|status| DONE.contains(&status.to_lowercase().as_str()));
            let provenance = asserted(&self.source, index);
            self.records.actions.push(ActionItem { follows: follows.cloned(), owner, due, done, provenance });
        }
    }

    fn announced(&mut self, _: u64, entry: &Node) {
        let Some(change) = self.name(entry, "id") else { return };
        let team = text(entry, "team").map(|team| self.records.names.of(bare_name(&team)));
        let emergency = text(entry, "type").is_some_and(|kind| kind == "emergency");
        self.records.announced.push(Announced { change, emergency, team });
    }

    fn name(&mut self, entry: &Node, key: &str) -> Option<Name> {
        let text = text(entry, key)?;
        Some(self.records.names.of(&text))
    }

    /// Bare names of a list.
    fn list(&mut self, entry: &Node, key: &str) -> Vec<Name> {
        let items = entry.get(key).and_then(Node::as_seq).unwrap_or_default();
        items.iter().filter_map(Node::as_str).map(|item| self.records.names.of(bare_name(item))).collect()
    }
}

/// Text that is there; numbers are ids, too.
fn text(entry: &Node, key: &str) -> Option<String> {
    match &entry.get(key)?.value {
        Value::String(text) if !text.trim().is_empty() => Some(text.to_string()),
        Value::Number(Number::Int(number)) => Some(number.to_string()),
        Value::Number(Number::Uint(number)) => Some(number.to_string()),
        _ => None,
    }
}
