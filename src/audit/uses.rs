//! Emergency overrides that were applied: what a single use is held against.

use std::collections::HashMap;
use std::ops::ControlFlow;

use serde_json::Value;

use super::reading::Reading;
use super::store::{Entry, Spool, Store};
use crate::facts::{Instant, OverrideUse};
use crate::finding::Diagnostic;

/// Every override that an allowed decision at stage apply rests on, oldest first: in the log, then on this machine.
///
/// # Errors
///
/// `audit::unreadable`; `audit::tampered` when the log or a record that waits is damaged.
pub fn uses(store: &dyn Store, spool: &Spool) -> Result<Vec<OverrideUse>, Diagnostic> {
    let mut uses = Uses::default();
    let problem = store.leaves(0..u64::MAX, &mut |index, entry| {
        if let Entry::Leaf(leaf) = entry {
            uses.read(Some(index), &leaf);
        }
        ControlFlow::Continue(())
    })?;
    if let Some(problem) = problem {
        return Err(problem
            .fault(store.name())
            .help("whether the override was used before cannot be told; run `changegate audit verify`"));
    }
    for record in spool.records()? {
        uses.read(None, &record.leaf);
    }
    Ok(uses.found)
}

#[derive(Default)]
struct Uses {
    /// What the record of an override states, by the record's id.
    granted: HashMap<String, Value>,
    found: Vec<OverrideUse>,
}

impl Uses {
    fn read(&mut self, index: Option<u64>, leaf: &[u8]) {
        // A plain statement that names no override is not worth parsing. In an envelope it cannot be seen.
        if leaf.starts_with(b"{\"_type\"") && !contains(leaf, b"\"override\"") {
            return;
        }
        let Some(reading) = Reading::of(index.unwrap_or_default(), leaf) else { return };
        match reading.kind() {
            "override" => {
                let stated = reading.at("/override").cloned().unwrap_or_default();
                self.granted.insert(reading.id().to_owned(), stated);
            }
            "decision" if is_use(&reading) => {
                self.found.extend(self.of_decision(index, &reading));
            }
            _ => {}
        }
    }

    fn of_decision(&self, index: Option<u64>, reading: &Reading) -> Option<OverrideUse> {
        let cited = reading.at("/used/override")?;
        let granted = cited["record"].as_str().and_then(|record| self.granted.get(record));
        let text = |name: &str| granted.and_then(|g| g[name].as_str()).map(str::to_owned);
        let list = |name: &str| granted.and_then(|g| g[name].as_array()).map_or(&[][..], Vec::as_slice);
        let at = reading.at_instant().map(Instant);
        Some(OverrideUse {
            id: cited["id"].as_str().unwrap_or_default().to_owned(),
            change: text("change").or_else(|| reading.text("/what/change").map(str::to_owned)).unwrap_or_default(),
            freeze: text("freeze"),
            teams: list("teams").iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            approvals: list("approvals").iter().filter_map(|a| a["key"].as_str()).map(str::to_owned).collect(),
            head: reading.head().map(str::to_owned),
            at,
            at_ns: at.map(Instant::ns),
            record: reading.id().to_owned(),
            index,
        })
    }
}

/// What was denied all the same was not applied.
fn is_use(reading: &Reading) -> bool {
    reading.text("/stage") == Some("apply") && reading.text("/decision") == Some("allowed")
}

fn contains(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|window| window == word)
}
