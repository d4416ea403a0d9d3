//! One part of a run: it evaluates, and decides nothing.

use super::inputs::Inputs;
use super::workspace::Workspace;
use super::{Progress, Request, Session, decide, gather, phases};
use crate::finding::Diagnostic;
use crate::outcome::Outcome;

/// Evaluates the part of a run that the request's memory asks for; the answers are then in the memory.
///
/// # Errors
/// The outcome of a run that could not judge.
pub fn shard(request: &Request, progress: &dyn Progress) -> Result<(), Box<Outcome>> {
    let mut session = Session::default();
    evaluated(request, &mut session, progress).map_err(|fault| {
        session.diagnostics.push(fault);
        Box::new(decide::undecided(request, session))
    })
}

fn evaluated(request: &Request, session: &mut Session, progress: &dyn Progress) -> Result<(), Diagnostic> {
    let workspace = Workspace::open(request)?;
    let inputs = Inputs::read(request, &workspace, session)?;
    let facts = gather(request, &workspace, &inputs, session, progress)?;
    phases::part(&inputs, &facts, session, progress)
}
