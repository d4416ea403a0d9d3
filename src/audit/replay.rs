//! Holds a decision that was given again against its record.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::record::disclosure::DIGEST;

/// What a difference is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// The answer: verdict, decision, findings.
    Answer,
    /// What the answer rests on: the text of a policy, an input, a file.
    Basis,
    /// The program that gave it. That alone makes no other answer.
    Tool,
}

impl Grade {
    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Basis => "basis",
            Self::Tool => "tool",
        }
    }
}

/// Something that is not as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What it is about.
    pub grade: Grade,
    /// What differs: `verdict`, `policy CHG-001`, `input .changegate/freezes.yaml`.
    pub what: String,
    /// As recorded; `-` for nothing.
    pub then: String,
    /// As it is now.
    pub now: String,
}

/// Single values: name, place in the predicate.
const VALUES: [(Grade, &str, &str); 14] = [
    (Grade::Answer, "verdict", "/verdict"),
    (Grade::Answer, "decision", "/decision"),
    (Grade::Answer, "end of its validity", "/valid_until"),
    (Grade::Answer, "mode", "/mode"),
    (Grade::Answer, "partial", "/partial"),
    (Grade::Answer, "risk", "/what/risk"),
    (Grade::Answer, "override", "/used/override/id"),
    (Grade::Basis, "change digest", "/what/change_digest"),
    (Grade::Basis, "files that were read", "/basis/read"),
    (Grade::Basis, "modules of policies", "/basis/modules"),
    (Grade::Basis, "names of Terraform variables", "/basis/asked/variables"),
    (Grade::Tool, "version of the program", "/tool/version"),
    (Grade::Tool, "digest of the program", "/tool/binary_sha256"),
    (Grade::Tool, "version of tzdata", "/when/tzdata"),
];

/// Everything in which two statements of one decision differ, the answer first. Personal fields that were erased are
/// equal to anything; ids and indexes of records are not compared.
pub fn differences(then: &Value, now: &Value) -> Vec<Difference> {
    let (then, now) = (member(then, "predicate"), member(now, "predicate"));
    let mut found = Found::default();
    for (grade, what, pointer) in VALUES {
        found.compare(grade, what, then.pointer(pointer), now.pointer(pointer));
    }
    found.policies(then, now);
    found.lists(then, now);
    let digest = |predicate: &Value| predicate.pointer("/basis/findings").cloned();
    if digest(then) != digest(now) && !found.0.iter().any(|d| d.grade == Grade::Answer) {
        found.compare(Grade::Answer, "messages or places of findings", digest(then).as_ref(), digest(now).as_ref());
    }
    found.0.sort_by_key(|difference| difference.grade);
    found.0
}

#[derive(Default)]
struct Found(Vec<Difference>);

impl Found {
    fn compare(&mut self, grade: Grade, what: &str, then: Option<&Value>, now: Option<&Value>) {
        let (then, now) = (then.unwrap_or(&Value::Null), now.unwrap_or(&Value::Null));
        if !same(then, now) {
            let (then, now) = narrowed(then, now);
            self.0.push(Difference { grade, what: what.to_owned(), then, now });
        }
    }

    /// The text of each policy, what it said, and each of its findings.
    fn policies(&mut self, then: &Value, now: &Value) {
        for (id, then, now) in pairs(list(then, "/why"), list(now, "/why"), &|policy| key(policy, "id")) {
            let of = |name: &str| (member(then, name), member(now, name));
            let (text, now_text) = of("digest");
            self.compare(Grade::Basis, &format!("text of policy {id}"), Some(text), Some(now_text));
            for name in ["verdict", "evaluations"] {
                let (was, is) = of(name);
                self.compare(Grade::Answer, &format!("{name} of policy {id}"), Some(was), Some(is));
            }
            let findings = |policy| list(policy, "/findings");
            for (print, then, now) in pairs(findings(then), findings(now), &|f| key(f, "fingerprint")) {
                let resource = [then, now].iter().find_map(|f| f["resource"].as_str()).unwrap_or("the change");
                let what = format!("finding {print} of policy {id} about {resource}");
                self.compare(Grade::Answer, &what, Some(then), Some(now));
            }
        }
    }

    fn lists(&mut self, then: &Value, now: &Value) {
        for (grade, what, pointer, name) in [
            (Grade::Basis, "input", "/inputs", "path"),
            (Grade::Answer, "resource", "/what/resources", "id"),
            (Grade::Answer, "waiver", "/used/waivers", "id"),
        ] {
            let items = |predicate| list(predicate, pointer).iter().map(without_records).collect::<Vec<_>>();
            let (then, now) = (items(then), items(now));
            for (id, then, now) in pairs(&then, &now, &|item| key(item, name)) {
                self.compare(grade, &format!("{what} {id}"), Some(then), Some(now));
            }
        }
        for (what, pointer) in [("approval", "/used/approvals"), ("diagnostic", "/diagnostics")] {
            let items = |predicate| list(predicate, pointer).iter().map(without_records).collect::<Vec<_>>();
            let (then, now) = (items(then), items(now));
            for n in 0..then.len().max(now.len()) {
                self.compare(Grade::Answer, &format!("{what} {}", n + 1), then.get(n), now.get(n));
            }
        }
    }
}

/// Where in a log something stands is no part of it.
fn without_records(item: &Value) -> Value {
    let Value::Object(members) = item else { return item.clone() };
    let kept = members.iter().filter(|(name, _)| !matches!(name.as_str(), "record" | "index"));
    Value::Object(kept.map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>())
}

/// The items of both lists with the same key, sorted by it; null where one list has none.
fn pairs<'a>(
    then: &'a [Value],
    now: &'a [Value],
    key: &dyn Fn(&Value) -> String,
) -> Vec<(String, &'a Value, &'a Value)> {
    let by_key = |items: &'a [Value]| items.iter().map(|item| (key(item), item)).collect::<BTreeMap<_, _>>();
    let (then, now) = (by_key(then), by_key(now));
    let keys: BTreeSet<&String> = then.keys().chain(now.keys()).collect();
    let of = |items: &BTreeMap<String, &'a Value>, key: &String| items.get(key).copied().unwrap_or(&Value::Null);
    keys.into_iter().map(|key| (key.clone(), of(&then, key), of(&now, key))).collect()
}

fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn member<'a>(value: &'a Value, name: &str) -> &'a Value {
    value.get(name).unwrap_or(&Value::Null)
}

fn key(item: &Value, name: &str) -> String {
    item[name].as_str().unwrap_or_default().to_owned()
}

/// Equal, where a field that was erased is equal to any.
fn same(then: &Value, now: &Value) -> bool {
    match (then, now) {
        (Value::Object(then), _) if then.contains_key(DIGEST) => true,
        (Value::Object(then), Value::Object(now)) => {
            let names: BTreeSet<&String> = then.keys().chain(now.keys()).collect();
            let of = |members: &Map<String, Value>, name| members.get(name).cloned().unwrap_or_default();
            names.into_iter().all(|name| same(&of(then, name), &of(now, name)))
        }
        (Value::Array(then), Value::Array(now)) => {
            then.len() == now.len() && then.iter().zip(now).all(|(then, now)| same(then, now))
        }
        _ => then == now,
    }
}

/// Both values in words; of objects only the members that differ.
fn narrowed(then: &Value, now: &Value) -> (String, String) {
    let (Value::Object(one), Value::Object(other)) = (then, now) else { return (word(then), word(now)) };
    let of = |members: &Map<String, Value>, name: &String| members.get(name).cloned().unwrap_or_default();
    let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    let differ: Vec<&String> = names.into_iter().filter(|name| !same(&of(one, name), &of(other, name))).collect();
    let tell = |members| differ.iter().map(|name| format!("{name} {}", word(&of(members, name)))).collect::<Vec<_>>();
    (tell(one).join(", "), tell(other).join(", "))
}

fn word(value: &Value) -> String {
    match value {
        Value::Null => "-".into(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn statement() -> Value {
        json!({"predicate": {
            "verdict": "denied", "decision": "denied", "tool": {"version": "0.1.0"},
            "why": [{"id": "CHG-001", "digest": "sha256:aa", "verdict": "fail", "evaluations": 1, "findings": [
                {"fingerprint": "f1", "status": "open", "resource": "a"}]}],
            "inputs": [{"path": "a.yaml", "sha256": "sha256:bb"}],
            "used": {"approvals": [{"login": {"_sd": "00"}, "record": "x", "index": 3}], "waivers": []},
            "basis": {"findings": {"count": 1, "sha256": "cc"}},
        }})
    }

    /// What differs once the value at a place is another one.
    fn with(pointer: &str, value: Value) -> Vec<(Grade, String)> {
        let mut now = statement();
        *now.pointer_mut(pointer).expect("a place") = value;
        differences(&statement(), &now).into_iter().map(|d| (d.grade, d.what)).collect()
    }

    #[test]
    fn each_difference_is_named() {
        assert_eq!(with("/predicate/verdict", json!("denied")), []);
        let (answer, basis) = (Grade::Answer, Grade::Basis);
        for (pointer, value, grade, what) in [
            ("/predicate/decision", json!("allowed"), answer, "decision"),
            ("/predicate/tool/version", json!("0.2.0"), Grade::Tool, "version of the program"),
            ("/predicate/why/0/digest", json!("sha256:ab"), basis, "text of policy CHG-001"),
            ("/predicate/why/0/findings", json!([]), answer, "finding f1 of policy CHG-001 about a"),
            ("/predicate/inputs/0/sha256", json!("sha256:bc"), basis, "input a.yaml"),
            ("/predicate/basis/findings/sha256", json!("cd"), answer, "messages or places of findings"),
        ] {
            assert_eq!(with(pointer, value), [(grade, what.to_owned())]);
        }
    }

    #[test]
    fn places_in_the_log_and_erased_names_are_no_difference() {
        assert_eq!(with("/predicate/used/approvals/0", json!({"login": "bob"})), []);
        assert_eq!(with("/predicate/used/approvals", json!([])).len(), 1);
    }
}
