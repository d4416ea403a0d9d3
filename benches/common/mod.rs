//! What several benches begin with.

use std::path::PathBuf;

use changegate::facts::{Actor, Stage};
use changegate::gate::{AuditRequest, Clock, PolicyRequest, Request, Run};

/// A check of a folder as it stands, without an audit record.
pub(crate) fn request(directory: PathBuf) -> Request {
    Request {
        directory,
        paths: Vec::new(),
        base: None,
        head: None,
        plans: Vec::new(),
        changes: Vec::new(),
        pull_request: None,
        context: None,
        reviews: None,
        approvals: None,
        baseline: None,
        terraform: Default::default(),
        programs: changegate::kubernetes::render::Programs::default(),
        stage: Stage::PullRequest,
        clock: Clock { now: "2030-02-25T09:00:00Z".parse().unwrap(), given: true },
        policies: PolicyRequest { builtin: true, ..PolicyRequest::default() },
        actor: Actor::default(),
        run: Run::default(),
        audit: AuditRequest::Off,
        audit_level: None,
        audit_password: None,
        attestation: Default::default(),
        memory: None,
        past: None,
        record_id: uuid::Uuid::nil(),
    }
}
