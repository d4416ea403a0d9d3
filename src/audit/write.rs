//! Writes a decision: first what it rests on, each once, then the decision that names them.

use serde_json::{Map, Value, json};

use super::record::seal::Seal;
use super::record::{Event, Grant, Kind, RecordContext, derived_id, event, part, record, stated};
use super::store::{Part, Record};
use crate::facts::{Actor, ApprovalFacts};
use crate::finding::Diagnostic;
use crate::outcome::{AuditReceipt, Outcome};

/// Something that is granted once and used by decisions.
#[derive(Clone, Debug, PartialEq)]
pub struct Granted {
    /// Its own id.
    pub id: String,
    /// What it says: for an override `change`, `bound_digest`, `granted_at`, `expires_at`; for a waiver `policy`,
    /// `resource`, `expires_at`.
    pub detail: Map<String, Value>,
}

/// What a decision rests on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Grants {
    /// The emergency override that lifted a denial.
    pub lifted: Option<Granted>,
    /// Waivers that silenced a finding.
    pub waivers: Vec<Granted>,
}

/// Makes a record durable. One whose id is known is not written again.
pub(super) type Deliver<'a> = dyn FnMut(&Record) -> Result<AuditReceipt, Diagnostic> + 'a;

/// Writes the decision of `outcome`.
///
/// # Errors
///
/// As [`Store::append`](super::Store::append) and [`record`].
pub fn write(
    outcome: &Outcome,
    context: &RecordContext,
    grants: &Grants,
    seal: Seal<'_>,
    deliver: &mut Deliver<'_>,
) -> Result<AuditReceipt, Diagnostic> {
    let mut full = context.clone();
    let mut writer = Writer { outcome, context, seal, deliver };
    for (place, approval) in outcome.approvals.iter().enumerate().filter(|(_, a)| a.valid) {
        let (detail, parts) = approval_detail(approval, outcome);
        let grant = writer.once(Kind::Approval, &approval.login, detail, parts)?;
        full.approvals.insert(place, grant);
    }
    if let Some(granted) = &grants.lifted {
        full.lifted = Some(writer.grant(Kind::Override, granted)?);
    }
    for granted in &grants.waivers {
        full.waivers.push(writer.grant(Kind::Waiver, granted)?);
    }
    deliver(&record(outcome, &full, seal)?)
}

/// States the decision of `outcome` without writing anything: what it rests on is named, but has no record.
///
/// # Errors
///
/// As [`record`].
pub fn restate(outcome: &Outcome, context: &RecordContext, grants: &Grants) -> Result<Value, Diagnostic> {
    let named = |granted: &Granted| Grant { id: granted.id.clone(), record: String::new(), index: None };
    let full = RecordContext {
        lifted: grants.lifted.as_ref().map(named),
        waivers: grants.waivers.iter().map(named).collect(),
        ..context.clone()
    };
    stated(outcome, &full, "", "")
}

struct Writer<'a, 'd> {
    outcome: &'a Outcome,
    context: &'a RecordContext,
    seal: Seal<'a>,
    deliver: &'a mut Deliver<'d>,
}

impl Writer<'_, '_> {
    fn grant(&mut self, kind: Kind, granted: &Granted) -> Result<Grant, Diagnostic> {
        let mut detail = granted.detail.clone();
        detail.insert("id".into(), granted.id.clone().into());
        self.once(kind, &granted.id, detail, Vec::new())
    }

    /// Writes an event whose id follows from what it states, so that every decision that uses it names the same record.
    fn once(
        &mut self,
        kind: Kind,
        id: &str,
        detail: Map<String, Value>,
        parts: Vec<Part>,
    ) -> Result<Grant, Diagnostic> {
        let text = Value::Object(detail.clone()).to_string();
        let record = derived_id(&[kind.as_str().as_bytes(), b"\n", text.as_bytes()]);
        // The proof of who it was stands with the decision that follows; without it a claim is worth less.
        let seal = Seal { token: None, ..self.seal };
        let (at, retention) = (self.outcome.judged_at, self.context.retention.as_str());
        let proved = matches!(self.context.actor.assurance.as_str(), "A3" | "A4");
        let claimed = Actor { assurance: "A1".into(), ..self.context.actor.clone() };
        let actor = if proved { &claimed } else { &self.context.actor };
        let mut stated = event(Event { kind, id: record.clone(), at, actor, retention, detail }, seal)?;
        stated.parts.extend(parts);
        let receipt = (self.deliver)(&stated)?;
        Ok(Grant { id: id.to_owned(), record, index: receipt.index })
    }
}

/// What an approval states, and beside it what its signature can be checked with again.
fn approval_detail(a: &ApprovalFacts, outcome: &Outcome) -> (Map<String, Value>, Vec<Part>) {
    let change = outcome.change();
    let detail = json!({
        "by": a.by, "login": a.login, "roles": a.roles, "at": a.at, "method": a.method, "assurance": a.assurance,
        "bound_digest": a.bound_digest, "commit": a.commit, "decision": a.decision,
        "change": change.and_then(|c| c.id.as_deref()),
        "change_digest": change.and_then(|c| c.digest.as_deref()),
    });
    let mut detail = match detail {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    let Some(proof) = &a.proof else { return (detail, Vec::new()) };
    let parts = [&proof.payload, &proof.signature].map(|bytes| part(bytes));
    let [payload, signature] = &parts;
    let evidence = json!({
        "signer": a.key, "namespace": proof.namespace, "payload": payload.sha256, "signature": signature.sha256,
    });
    detail.insert("evidence".into(), evidence);
    (detail, parts.into())
}
