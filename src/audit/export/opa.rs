//! The shape of OPA's decision log: <https://www.openpolicyagent.org/docs/management-decision-logs>. The input is named
//! by digest: it is not kept.

use serde_json::{Map, Value, json};

use super::at;
use crate::audit::reading::Reading;

pub(super) fn entry(reading: &Reading) -> Value {
    let bundles: Map<String, Value> = reading
        .list("/why")
        .iter()
        .filter_map(|p| Some((p["id"].as_str()?.to_owned(), json!({"revision": p["digest"]}))))
        .collect();
    json!({
        "labels": {"id": at(reading, "/where/run"), "app": "changegate", "version": at(reading, "/tool/version")},
        "decision_id": reading.id(),
        "bundles": bundles,
        "path": format!("changegate/{}", reading.text("/stage").unwrap_or_default()),
        "input": {"subject": reading.statement.get("subject"), "inputs": at(reading, "/inputs")},
        "result": {"verdict": at(reading, "/verdict"), "decision": at(reading, "/decision"), "why": at(reading, "/why")},
        "requested_by": at(reading, "/who/login"),
        "timestamp": at(reading, "/when/judged_at"),
    })
}
