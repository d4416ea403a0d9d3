//! Which roles have to approve, who did, and why somebody does not count.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;

use super::page::{Approval, Seat, Word};
use crate::facts::{ApprovalFacts, World};
use crate::report::text;

/// The row of the matrix for the strictest tier and the level that counts.
pub(super) fn seats(world: &World) -> Vec<Seat> {
    let tier = world.change.iter().flat_map(|change| &change.services).filter_map(|s| s.entry.tier).min();
    let row = world
        .matrix
        .as_ref()
        .zip(tier)
        .zip(world.risk.level.as_ref())
        .and_then(|((matrix, tier), level)| matrix.tiers.get(&tier.to_string())?.get(level));
    row.into_iter().flatten().map(|(role, needed)| seat(world, role, *needed)).collect()
}

fn seat(world: &World, role: &str, needed: u32) -> Seat {
    let holders: BTreeSet<&str> =
        world.approvals.iter().filter(|a| a.valid && a.roles.iter().any(|held| held == role)).map(who).collect();
    let met = holders.len() >= usize::try_from(needed).unwrap_or(usize::MAX);
    Seat {
        role: role.to_owned(),
        needed,
        filled: holders.into_iter().collect::<Vec<_>>().join(", "),
        met: if met { Word::new("met", "good") } else { Word::new("missing", "warn") },
    }
}

fn who(approval: &ApprovalFacts) -> &str {
    approval.by.as_deref().unwrap_or(&approval.login)
}

pub(super) fn table(world: &World, zone: &TimeZone) -> Vec<Approval> {
    let when = |approval: &ApprovalFacts| match &approval.at {
        Some(at) => at.parse().map_or_else(|_| at.clone(), |at| text::instant(at, zone)),
        None => String::new(),
    };
    world
        .approvals
        .iter()
        .map(|approval| Approval {
            who: who(approval).to_owned(),
            roles: approval.roles.join(", "),
            decision: approval.decision.replace('-', " "),
            method: format!("{} ({})", approval.method, approval.assurance),
            at: when(approval),
            counts: if approval.valid { Word::new("counts", "good") } else { Word::new("does not count", "bad") },
            why_not: approval.why_not.join(", "),
        })
        .collect()
}
