use super::*;

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn patched(text: &str, thresholds: &Value) -> String {
    patch("changegate.yaml", text, &object(thresholds)).unwrap()
}

#[test]
fn a_patch_keeps_comments_and_order() {
    let text = "# ours\naudit: {required: true}\npolicies:\n  # numbers\n  thresholds:\n    HA-001: {replicas: {\"1\": 3}} # three\n\
                services: {}\n";
    let diff = patched(text, &json!({"HA-001": {"replicas": {"1": 4, "2": 3}}, "CHG-008": {"bake_minutes": 90}}));
    insta::assert_snapshot!(diff, @r#"
    --- a/changegate.yaml
    +++ b/changegate.yaml
    @@ -3,5 +3,6 @@
     policies:
       # numbers
       thresholds:
    -    HA-001: {replicas: {"1": 3}} # three
    +    CHG-008: {bake_minutes: 90}
    +    HA-001: {replicas: {"1": 4, "2": 3}} # three
     services: {}
    "#);
}

#[test]
fn a_patch_begins_what_is_not_there() {
    insta::assert_snapshot!(patched("", &json!({"risk": {"R-HISTORY": {"prior": 140}}})), @"
    --- /dev/null
    +++ b/changegate.yaml
    @@ -0,0 +1,1 @@
    +policies: {thresholds: {risk: {R-HISTORY: {prior: 140}}}}
    ");
    insta::assert_snapshot!(patched("policies:\n  builtin: true\n", &json!({"risk": {"levels": {"high": 45}}})), @"
    --- a/changegate.yaml
    +++ b/changegate.yaml
    @@ -1,2 +1,3 @@
     policies:
    +  thresholds: {risk: {levels: {high: 45}}}
       builtin: true
    ");
    assert_eq!(patched("policies: {thresholds: {A: {b: 1}}}\n", &json!({"A": {"b": 1}})), "");
    assert_eq!(patched("services: {}\n", &json!({})), "", "nothing is proposed");
}

#[test]
fn what_is_better_edited_by_hand_is_left_alone() {
    let edit = |text| patch("changegate.yaml", text, &object(&json!({"A": {"b": 1}}))).map_err(|fault| fault.code);
    for text in
        ["policies: &p\n  thresholds: 3\n", "policies: [1]\n", "a: 1\n---\nb: 2\n", "policies: {thresholds: {A: 3}}\n"]
    {
        assert_eq!(edit(text).unwrap_err(), "proposal::edit", "{text}");
    }
}

#[test]
fn thresholds_are_a_mapping_of_mappings() {
    assert_eq!(read("t.yaml", "HA-001: {replicas: 3}\n").unwrap(), object(&json!({"HA-001": {"replicas": 3}})));
    for text in ["3\n", "HA-001: 3\n", "a: {b: 1}\n---\nc: {d: 1}\n", "a: {\n"] {
        assert!(read("t.yaml", text).is_err(), "{text}");
    }
}

#[test]
fn a_proposal_that_a_later_review_takes_back_is_superseded() {
    let one = |high: u64, state| Proposal {
        policy: "risk".into(),
        thresholds: object(&json!({"levels": {"high": high}})),
        because: String::new(),
        state,
    };
    let open = [one(45, State::Superseded), one(50, State::Open)];
    assert_eq!(thresholds(&open), object(&json!({"risk": {"levels": {"high": 50}}})));
    assert!(holds(&json!({"levels": {"high": 50, "medium": 20}}), &one(50, State::Open).thresholds));
    assert!(!holds(&json!({"levels": {"medium": 20}}), &one(50, State::Open).thresholds));
}
