//! The audit trail of a run: where it is, what it knows, and what a decision that is written to it rests on.

use std::path::Path;

use crate::audit::{self, Access, Delivery, Granted, Grants};
use crate::change::freeze_override::is_use;
use crate::config::Config;
use crate::evaluate::Raised;
use crate::facts::{OverrideUse, Stage, World};
use crate::finding::{Diagnostic, Status};
use crate::outcome::{Outcome, Verdict};
use crate::parse::tree::Node;
use crate::source;

use super::cases::Case;
use super::{AuditRequest, Request};

/// The way to the store that this run writes to; `None` when it writes nowhere.
pub(super) fn delivery(request: &Request, root: &Path, config: &Config) -> Option<Result<Delivery, Diagnostic>> {
    let (destination, from) = match &request.audit {
        AuditRequest::Off => return None,
        AuditRequest::Configured => (config.audit.destination.as_str(), root),
        AuditRequest::To(destination) => (destination.as_str(), request.directory.as_path()),
    };
    let access = Access {
        level: request.audit_level.unwrap_or(config.audit.level),
        on_failure: config.audit.on_failure,
        password: request.audit_password.clone(),
    };
    Some(Delivery::to(destination, from, audit::spool(root), access))
}

/// Overrides that were applied before; `None` when the run keeps no trail.
pub(super) fn uses(request: &Request, root: &Path, config: &Config) -> Result<Option<Vec<OverrideUse>>, Diagnostic> {
    let known = request.past.as_ref().and_then(|past| past.uses.as_ref());
    let mut uses = if let Some(known) = known {
        known.to_vec()
    } else {
        let Some(delivery) = delivery(request, root, config) else { return Ok(None) };
        // Whoever gives a decision again changes nothing, not even by integrating.
        delivery?.uses(request.stage == Stage::Apply && request.past.is_none())?
    };
    if let Some(past) = &request.past {
        uses.retain(|one| match one.index {
            Some(index) => index < past.index,
            None => one.at.is_some_and(|at| at.0 < past.at),
        });
    }
    Ok(Some(uses))
}

/// The override that lifted one of the findings.
pub(super) fn granted(findings: &[Raised], world: &World) -> Option<Granted> {
    findings.iter().find(|raised| raised.finding.status == Status::Overridden)?;
    let (asked, change) = (world.freeze_override.as_ref()?, world.change.as_ref()?);
    let text = |name: &str| {
        let node = change.document.at(&["spec", "freezeOverride", name])?;
        node.as_str().map(str::to_owned)
    };
    let counting = asked.approvals.iter().filter(|a| a.approval.valid);
    let approvals: Vec<_> = counting
        .map(|a| {
            serde_json::json!({
                "key": a.audit_key, "roles": a.approval.roles, "at": a.approval.at, "method": a.approval.method,
                "assurance": a.approval.assurance,
            })
        })
        .collect();
    let detail = serde_json::json!({
        "change": change.document.at(&["metadata", "id"]).and_then(Node::as_str),
        "bound_digest": change.digest,
        "freeze": text("freezeRef"),
        "category": text("category"),
        "incident": text("incidentRef"),
        "teams": asked.teams,
        "granted_at": text("grantedAt"),
        "expires_at": text("expiresAt"),
        "approvals": approvals,
    });
    match detail {
        serde_json::Value::Object(detail) => Some(Granted { id: asked.id.clone(), detail }),
        _ => None,
    }
}

/// Two runs may ask the trail at the same moment. Once the record has its place, whoever comes second is told: `record`
/// is the record of this run.
///
/// # Errors
///
/// `override::reused`, and whatever keeps the trail from being read.
pub(super) fn first_use(
    outcome: &Outcome,
    grants: &Grants,
    cases: &[Case],
    record: &str,
    delivery: &Delivery,
) -> Result<(), Diagnostic> {
    let applied = outcome.stage == Stage::Apply && outcome.decision == Verdict::Allowed;
    let Some(lifted) = grants.lifted.as_ref().filter(|_| applied) else { return Ok(()) };
    let worlds = || cases.iter().map(|case| &case.world);
    let asked = worlds().filter_map(|world| world.freeze_override.as_ref()).find(|asked| asked.id == lifted.id);
    let Some(asked) = asked else { return Ok(()) };
    let head = worlds().find_map(|world| world.git.as_ref()?.head.as_deref());
    let uses = delivery.uses(true)?;
    let same = |one: &&OverrideUse| is_use(one, &asked.id, &asked.approvals);
    let before = uses.iter().take_while(|one| one.record != record);
    match before.filter(same).find(|one| one.head.is_none() || one.head.as_deref() != head) {
        None => Ok(()),
        Some(other) => Err(Diagnostic::error(
            "override::reused",
            format!(
                "the override {} was applied to commit {} at the same time",
                asked.id,
                other.head.as_deref().unwrap_or("(none)")
            ),
        )
        .help("an override is used once: run the gate again, which then says what is missing")),
    }
}

/// The path of a store on this machine as it is shown; other addresses stay as they are.
pub(super) fn shown(destination: String, directory: &Path) -> String {
    let path = Path::new(&destination);
    if path.is_absolute() { source::display_path(directory, path) } else { destination }
}
