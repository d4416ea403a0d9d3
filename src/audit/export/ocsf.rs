//! OCSF 1.3 compliance findings (class 2003) with the profile `security_control`: one for each policy that was judged.

use serde_json::{Value, json};

use super::{allowed, at};
use crate::audit::reading::Reading;

pub(super) fn findings(reading: &Reading) -> Vec<Value> {
    reading
        .list("/why")
        .iter()
        .filter(|policy| policy["verdict"] != "not_applicable")
        .map(|p| finding(reading, p))
        .collect()
}

fn finding(reading: &Reading, policy: &Value) -> Value {
    let (status, status_id) = match policy["verdict"].as_str() {
        Some("pass") => ("Pass", 1),
        Some("unknown") => ("Warning", 2),
        _ => ("Fail", 3),
    };
    let (action, action_id) = if allowed(reading) { ("Allowed", 1) } else { ("Denied", 2) };
    let (disposition, disposition_id) = if allowed(reading) { ("Allowed", 1) } else { ("Blocked", 2) };
    let (severity, severity_id) = if status_id == 3 { ("Medium", 3) } else { ("Informational", 1) };
    let resources = policy["findings"].as_array().into_iter().flatten().filter_map(|f| f["resource"].as_str());
    let mut finding = json!({
        "class_uid": 2003, "class_name": "Compliance Finding", "category_uid": 2, "category_name": "Findings",
        "activity_id": 1, "activity_name": "Create", "type_uid": 200_301,
        "time": reading.at_instant().map(jiff::Timestamp::as_millisecond),
        "severity": severity, "severity_id": severity_id,
        "action": action, "action_id": action_id, "disposition": disposition, "disposition_id": disposition_id,
        "metadata": {
            "version": "1.3.0", "uid": format!("{}/{}", reading.id(), policy["id"].as_str().unwrap_or_default()),
            "profiles": ["security_control"],
            "product": {"name": "changegate", "vendor_name": "changegate", "version": at(reading, "/tool/version")},
        },
        "finding_info": {"uid": reading.id(), "title": policy["id"], "created_time": reading.at_instant().map(jiff::Timestamp::as_millisecond)},
        "compliance": {"control": policy["id"], "standards": ["changegate"], "status": status, "status_id": status_id},
        "policy": {"uid": policy["id"], "version": policy["digest"]},
        "resources": resources.map(|id| json!({"uid": id})).collect::<Vec<_>>(),
        "actor": {"user": {"name": at(reading, "/who/login"), "email_addr": at(reading, "/who/email"), "uid": at(reading, "/who/id")}},
        "unmapped": {
            "stage": at(reading, "/stage"), "verdict": at(reading, "/verdict"), "decision": at(reading, "/decision"),
            "change": at(reading, "/what/change"), "where": at(reading, "/where"), "index": reading.index,
        },
    });
    without_nulls(&mut finding);
    finding
}

/// The schema knows members that are absent, and none that are null.
fn without_nulls(value: &mut Value) {
    if let Value::Object(members) = value {
        members.retain(|_, member| !member.is_null());
        members.values_mut().for_each(without_nulls);
    }
}
