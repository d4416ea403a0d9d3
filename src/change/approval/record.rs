//! Approvals that an ITSM system keeps, as its API hands them out: ServiceNow's `sysapproval_approver` with the journal
//! entries of the change, Jira Service Management's approvals of a request with its comments.
//!
//! Neither says which content was approved. So an approval counts when the approver's own words quote the change digest:
//! in the approval's comments, or in a work note or comment by the same person.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::review::{Binding, Decision, Method, Review};
use crate::finding::Diagnostic;
use crate::parse::de::header;
use crate::parse::tree::{Node, Value};
use crate::source::Span;

const HELP: &str = "hand over the answer of `table/sysapproval_approver` (ServiceNow) or of \
                    `servicedeskapi/request/{key}/approval` (Jira Service Management) untouched, and beside it that of \
                    `table/sys_journal_field` or of `request/{key}/comment`";

/// Where ServiceNow says who approves, the most telling first.
const APPROVER: [&str; 3] = ["approver.email", "approver.user_name", "approver"];

/// What an ITSM system has about a change.
#[derive(Clone, Debug, Default)]
pub struct Records {
    approvals: Vec<Approval>,
    notes: Vec<Note>,
}

#[derive(Clone, Debug)]
struct Approval {
    method: Method,
    id: Option<String>,
    /// Number or key of the change there.
    change: Option<String>,
    /// Names of one person, the most telling first.
    names: Vec<String>,
    decision: Decision,
    at: Option<Timestamp>,
    words: String,
    span: Span,
}

/// What somebody wrote beside it.
#[derive(Clone, Debug)]
struct Note {
    names: Vec<String>,
    words: String,
}

impl Records {
    /// Reads the values of a file. Pages may be concatenated, wrapped in a list, or as the API wraps them.
    ///
    /// # Errors
    ///
    /// One `approvals::*` diagnostic for each object that is neither system's.
    pub fn read(values: &[Node]) -> Result<Self, Vec<Diagnostic>> {
        let (mut records, mut told) = (Self::default(), Vec::new());
        let mut open: Vec<&Node> = values.iter().rev().collect();
        while let Some(node) = open.pop() {
            let inside = ["result", "values"].iter().find_map(|key| node.get(key)).filter(|n| n.as_seq().is_some());
            match (&inside.unwrap_or(node).value, inside) {
                (Value::Seq(items), _) => open.extend(items.iter().rev()),
                (Value::Map(_), None) => told.extend(records.take(node).err()),
                _ => told.push(not_an_approval(node)),
            }
        }
        if told.is_empty() { Ok(records) } else { Err(told) }
    }

    /// The approvals as reviews: of a change that is one of `ids`, bound to the digest that the approver quotes.
    pub fn reviews(&self, ids: &BTreeSet<&str>, digest: &str) -> Vec<Review> {
        self.approvals.iter().map(|approval| self.review(approval, ids, digest)).collect()
    }

    fn review(&self, approval: &Approval, ids: &BTreeSet<&str>, digest: &str) -> Review {
        let own = |note: &&Note| note.names.iter().any(|name| approval.names.contains(name));
        let notes = self.notes.iter().filter(own).map(|note| note.words.as_str());
        let quoted: Vec<&str> = notes.chain([approval.words.as_str()]).flat_map(digests).collect();
        let bound = quoted.iter().find(|quoted| **quoted == digest).or(quoted.last());
        let other = approval.change.as_deref().is_some_and(|change| !ids.contains(change));
        Review {
            method: approval.method,
            id: approval.id.clone(),
            login: approval.names.first().cloned(),
            bot: false,
            decision: approval.decision,
            at: approval.at,
            binding: Binding::Digest(bound.map(|&digest| digest.to_owned())),
            flaws: other.then_some("other-change").into_iter().collect(),
            key: None,
            proof: None,
            span: approval.span,
        }
    }

    fn take(&mut self, node: &Node) -> Result<(), Diagnostic> {
        if APPROVER.iter().any(|key| node.get(key).is_some()) && node.get("state").is_some() {
            self.approvals.push(of_servicenow(node)?);
        } else if let Some(approvers) = node.get("approvers").and_then(Node::as_seq) {
            let given = approvers.iter().map(|approver| of_jira(node, approver));
            self.approvals.extend(given.collect::<Result<Vec<_>, _>>()?);
        } else if let Some(words) = shown(node.get("value")).filter(|_| node.get("sys_created_by").is_some()) {
            self.notes.push(Note { names: shown(node.get("sys_created_by")).into_iter().collect(), words });
        } else if let Some(author) = node.get("author").filter(|_| node.get("body").is_some()) {
            self.notes.push(Note { names: names_in_jira(author), words: shown(node.get("body")).unwrap_or_default() });
        } else {
            return Err(not_an_approval(node));
        }
        Ok(())
    }
}

fn of_servicenow(node: &Node) -> Result<Approval, Diagnostic> {
    let state = shown(node.get("state")).unwrap_or_default();
    let decision = match state.to_ascii_lowercase().replace(' ', "_").as_str() {
        "approved" => Decision::Approved,
        "rejected" => Decision::ChangesRequested,
        "requested" | "not_requested" | "not_required" | "duplicate" => Decision::Commented,
        "cancelled" => Decision::Dismissed,
        _ => return Err(unknown_state(node, &state)),
    };
    let names = APPROVER.iter().filter_map(|key| shown(node.get(key)));
    let change = ["sysapproval.number", "document_id.number"].iter().find_map(|key| shown(node.get(key)));
    let change = change.or_else(|| text(node.get("sysapproval")?.get("display_value")));
    Ok(Approval {
        method: Method::ServiceNow,
        id: raw(node.get("sys_id")),
        change,
        names: names.collect(),
        decision,
        // The value is UTC; what is displayed is somebody's local time.
        at: raw(node.get("sys_updated_on")).and_then(|at| utc(&at)),
        words: shown(node.get("comments")).unwrap_or_default(),
        span: header(node),
    })
}

fn of_jira(node: &Node, approver: &Node) -> Result<Approval, Diagnostic> {
    let state = text(approver.get("approverDecision")).unwrap_or_default();
    let decision = match state.as_str() {
        "approved" => Decision::Approved,
        "declined" => Decision::ChangesRequested,
        "pending" => Decision::Commented,
        _ => return Err(unknown_state(node, &state)),
    };
    let link = text(node.at(&["_links", "self"]));
    let key = link.as_deref().and_then(|link| link.split_once("/request/")?.1.split('/').next());
    Ok(Approval {
        method: Method::JiraServiceManagement,
        id: number(node.get("id")),
        change: key.map(str::to_owned),
        names: approver.get("approver").map(names_in_jira).unwrap_or_default(),
        decision,
        at: node
            .at(&["completedDate", "epochMillis"])
            .and_then(Node::as_i64)
            .and_then(|ms| Timestamp::from_millisecond(ms).ok()),
        words: String::new(),
        span: header(node),
    })
}

fn names_in_jira(user: &Node) -> Vec<String> {
    ["emailAddress", "name", "key", "accountId"].iter().filter_map(|key| text(user.get(key))).collect()
}

/// Every `sha256:` with its 64 digits.
fn digests(words: &str) -> impl Iterator<Item = &str> {
    const PREFIX: usize = "sha256:".len();
    let found = words.match_indices("sha256:").filter_map(|(at, _)| words.get(at..at + PREFIX + 64));
    found.filter(|digest| digest.bytes().skip(PREFIX).all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
}

/// `2026-06-09 08:00:00`, in UTC.
fn utc(text: &str) -> Option<Timestamp> {
    let at: DateTime = text.replacen(' ', "T", 1).parse().ok()?;
    TimeZone::UTC.to_timestamp(at).ok()
}

/// A field of ServiceNow as people see it: text, `{value, link}` or `{display_value, value}`.
fn shown(node: Option<&Node>) -> Option<String> {
    let node = node?;
    text(Some(node)).or_else(|| text(node.get("display_value"))).or_else(|| text(node.get("value")))
}

/// The same as it is kept.
fn raw(node: Option<&Node>) -> Option<String> {
    let node = node?;
    text(Some(node)).or_else(|| text(node.get("value")))
}

fn text(node: Option<&Node>) -> Option<String> {
    node?.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn number(node: Option<&Node>) -> Option<String> {
    text(node).or_else(|| node?.as_i64().map(|n| n.to_string()))
}

fn unknown_state(node: &Node, state: &str) -> Diagnostic {
    Diagnostic::error("approvals::state", format!("an approval in the unknown state `{state}`"))
        .at(header(node))
        .label("neither approved nor rejected nor waiting")
        .help(HELP)
}

fn not_an_approval(node: &Node) -> Diagnostic {
    Diagnostic::error("approvals::shape", "neither an approval of an ITSM system nor a note beside one")
        .at(header(node))
        .label("expected `approver` and `state`, `approvers`, `sys_created_by` and `value`, or `author` and `body`")
        .help(HELP)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;
    use crate::source::SourceId;

    const DIGEST: &str = "sha256:1b9685256ad7f2b3858a01f3d7a90f7bfa09102757c38763ab757e1b73846ad1";

    fn reviews(json: &str) -> Vec<Review> {
        let json = json.replace("DIGEST", DIGEST);
        let records = Records::read(&parse::json::parse_all(SourceId(0), &json).documents).expect("records");
        records.reviews(&["CHG-1", "CHG0031234", "ITSM-12"].into(), DIGEST)
    }

    fn said(review: &Review) -> (Option<&str>, Decision, bool, &[&'static str]) {
        let bound = review.binding == Binding::Digest(Some(DIGEST.into()));
        (review.login.as_deref(), review.decision, bound, &review.flaws)
    }

    #[test]
    fn servicenow_in_each_of_its_forms() {
        let found = reviews(
            r#"{"result": [
            {"sys_id": "a", "state": "approved", "approver.email": "dave@x", "sysapproval.number": "CHG0031234",
             "comments": "ok, DIGEST.", "sys_updated_on": "2026-06-09 08:00:00"},
            {"sys_id": {"display_value": "b", "value": "b"}, "state": {"display_value": "Rejected", "value": "rejected"},
             "approver": {"display_value": "frank", "value": "6816f79cc0a8016401c5a33be04be441"},
             "sysapproval": {"display_value": "CHG0099999", "link": "https://x"},
             "sys_updated_on": {"display_value": "2026-06-09 10:00:00", "value": "2026-06-09 08:00:00"}},
            {"state": "not requested", "approver": "erin"}
        ]}
        {"result": [{"element": "work_notes", "sys_created_by": "frank", "value": "DIGEST"}]}"#,
        );
        assert_eq!(said(&found[0]), (Some("dave@x"), Decision::Approved, true, &[][..]));
        assert_eq!(found[0].at.map(|at| at.to_string()).as_deref(), Some("2026-06-09T08:00:00Z"));
        assert_eq!(said(&found[1]), (Some("frank"), Decision::ChangesRequested, true, &["other-change"][..]));
        assert_eq!(found[1].at, found[0].at);
        assert_eq!(said(&found[2]), (Some("erin"), Decision::Commented, false, &[][..]));
    }

    #[test]
    fn a_note_of_somebody_else_binds_nothing() {
        let found =
            reviews(r#"[{"state": "approved", "approver": "dave"}, {"sys_created_by": "alice", "value": "DIGEST"}]"#);
        assert_eq!(said(&found[0]), (Some("dave"), Decision::Approved, false, &[][..]));
    }

    #[test]
    fn jira_service_management() {
        let found = reviews(
            r#"{"values": [{"id": "1", "finalDecision": "approved", "_links": {"self": "https://x/rest/servicedeskapi/request/ITSM-12/approval/1"},
            "completedDate": {"iso8601": "2026-06-09T10:00:00+0200", "epochMillis": 1780992000000},
            "approvers": [{"approver": {"emailAddress": "dave@x", "name": "dave"}, "approverDecision": "approved"},
                          {"approver": {"name": "frank"}, "approverDecision": "declined"}]}]}
            {"values": [{"id": "9", "body": "I approve DIGEST", "author": {"name": "dave"}}]}"#,
        );
        assert_eq!(said(&found[0]), (Some("dave@x"), Decision::Approved, true, &[][..]));
        assert_eq!(found[0].at.map(|at| at.to_string()).as_deref(), Some("2026-06-09T08:00:00Z"));
        assert_eq!(said(&found[1]), (Some("frank"), Decision::ChangesRequested, false, &[][..]));
    }

    #[test]
    fn what_is_neither_is_told() {
        for json in ["3", r#"{"a": 1}"#, r#"{"state": "perhaps", "approver": "dave"}"#, r#"[["x"]]"#] {
            assert!(Records::read(&parse::json::parse_all(SourceId(0), json).documents).is_err(), "{json}");
        }
    }
}
