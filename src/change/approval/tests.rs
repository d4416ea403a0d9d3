use super::*;
use crate::change::fixture;
use crate::parse;
use crate::source::{Revision, Source};

const HEAD: &str = "1111111111111111111111111111111111111111";
const OLD: &str = "2222222222222222222222222222222222222222";
const REBASED: &str = "3333333333333333333333333333333333333333";
const DIGEST: &str = "sha256:1b9685256ad7f2b3858a01f3d7a90f7bfa09102757c38763ab757e1b73846ad1";
const OTHER_DIGEST: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

const PEOPLE: &str = "
apiVersion: changegate/v1
kind: Identities
metadata: {}
spec:
  entries:
    - {person: alice@x, aliases: [alice]}
    - {person: dave@x, aliases: [dave], roles: [{role: peer, from: '2025-01-01T00:00:00Z', to: '2026-06-08T18:30:00Z'}]}
    - {person: frank@x, aliases: [frank, frank-oss], roles: [{role: service-owner}, {role: peer}]}
    - {person: erin@x, aliases: [erin]}
    - {person: robot@x, aliases: [robot], bot: true, roles: [{role: peer}]}
";

struct World {
    now: &'static str,
    head: Option<&'static str>,
    minimum: Assurance,
    contributors: &'static [&'static str],
    request: &'static str,
}

const WORLD: World = World {
    now: "2026-06-09T09:00:00Z",
    head: Some(HEAD),
    minimum: Assurance::A2,
    contributors: &["alice@x"],
    request: "{}",
};

impl World {
    fn judge(&self, reviews: &str) -> Vec<ApprovalFacts> {
        let mut sources = Sources::default();
        let source = sources.add(Source::new("reviews.json", Revision::Head, reviews));
        let reviews = Review::read(&parse::json::parse_all(source, reviews).documents).expect("reviews");
        let people = fixture::yaml(PEOPLE).1;
        let file = crate::change::documents::ContextFile::new("identities.yaml", &people);
        let identities = crate::change::documents::Documents::read([file]).0.identities;
        let request = format!(
            "apiVersion: changegate/v1\nkind: ChangeRequest\nmetadata: {{id: CHG-1}}\nspec: {}\n",
            self.request
        );
        let request = Request::read("c.yaml", &fixture::yaml(&request).1[0]).expect("a request");
        let contributors = contributors(self.contributors.iter().copied(), Some(&request), &identities);
        judge(
            &reviews,
            Some(&request),
            &Circumstances {
                now: self.now.parse().expect("an instant"),
                head: self.head,
                same_content: &|commit| commit == REBASED,
                change: "CHG-1",
                digest: DIGEST,
                signers: &AllowedSigners::default(),
                contributors: &contributors,
                identities: &identities,
                ownership: &Ownership::default(),
                bots: &["jenkins".into()],
                minimum: self.minimum,
                sources: &sources,
            },
        )
    }

    /// Codes of the approvals, in order.
    fn codes(&self, reviews: &str) -> Vec<Vec<&'static str>> {
        self.judge(reviews).into_iter().map(|approval| approval.why_not).collect()
    }
}

fn review(id: u32, login: &str, state: &str, at: &str, commit: &str) -> String {
    format!(
        r#"{{"id": {id}, "user": {{"login": "{login}", "type": "User"}}, "state": "{state}", "submitted_at": "{at}", "commit_id": "{commit}"}}"#
    )
}

fn list(reviews: &[String]) -> String {
    format!("[{}]", reviews.join(", "))
}

const EVENING: &str = "2026-06-08T18:00:00Z";

#[test]
fn a_review_of_the_head_by_somebody_with_a_role_counts() {
    let facts = WORLD.judge(&list(&[review(2231, "Dave", "APPROVED", EVENING, HEAD)]));
    assert_eq!(
        facts,
        [ApprovalFacts {
            by: Some("dave@x".into()),
            login: "Dave".into(),
            roles: vec!["peer".into()],
            at: Some(EVENING.into()),
            at_ns: Some(1_780_941_600_000_000_000),
            method: "github-review",
            assurance: "A2",
            bound_digest: None,
            commit: Some(HEAD.into()),
            key: None,
            proof: None,
            decision: "approved",
            valid: true,
            why_not: vec![],
            contributor: false,
            source: "reviews.json:1:3".into(),
        }]
    );
}

#[test]
fn each_reason_has_its_code() {
    let rows = [
        (review(1, "frank", "APPROVED", EVENING, OLD), vec!["stale-commit"]),
        (review(1, "frank", "APPROVED", EVENING, REBASED), vec![]),
        (review(1, "frank", "CHANGES_REQUESTED", EVENING, HEAD), vec!["not-approved"]),
        (review(1, "frank", "COMMENTED", EVENING, HEAD), vec!["not-approved"]),
        (review(1, "frank", "DISMISSED", EVENING, HEAD), vec!["dismissed"]),
        (review(1, "frank", "approved", EVENING, HEAD), vec![]),
        (review(1, "erin", "APPROVED", EVENING, HEAD), vec!["no-role"]),
        (review(1, "alice", "APPROVED", EVENING, HEAD), vec!["contributor", "no-role"]),
        (review(1, "mallory", "APPROVED", EVENING, HEAD), vec!["unknown-person"]),
        (review(1, "ghost", "APPROVED", EVENING, HEAD), vec!["unknown-person"]),
        (review(1, "robot", "APPROVED", EVENING, HEAD), vec!["bot"]),
        (review(1, "Jenkins", "APPROVED", EVENING, HEAD), vec!["bot"]),
        (review(1, "renovate[bot]", "APPROVED", EVENING, HEAD), vec!["bot"]),
        (review(1, "frank", "APPROVED", EVENING, HEAD).replace("User", "Bot"), vec!["bot"]),
        (review(1, "frank", "APPROVED", EVENING, HEAD).replace(r#""commit_id""#, r#""x""#), vec!["stale-commit"]),
        (review(1, "alice", "DISMISSED", EVENING, OLD), vec!["contributor", "dismissed", "no-role", "stale-commit"]),
    ];
    for (review, expected) in rows {
        assert_eq!(WORLD.codes(&list(std::slice::from_ref(&review))), [expected], "{review}");
    }
    assert_eq!(
        World { head: None, ..WORLD }.codes(&list(&[review(1, "frank", "APPROVED", EVENING, HEAD)])),
        [["stale-commit"]]
    );
    assert_eq!(
        World { minimum: Assurance::A3, ..WORLD }.codes(&list(&[review(1, "frank", "APPROVED", EVENING, HEAD)])),
        [["assurance"]]
    );
    let deleted =
        r#"[{"id": 1, "user": null, "state": "APPROVED", "submitted_at": "2026-06-08T18:00:00Z", "commit_id": "x"}]"#;
    assert_eq!(WORLD.codes(deleted), [["stale-commit", "unknown-person"]]);
    assert_eq!(WORLD.judge(deleted)[0].login, "ghost");
}

#[test]
fn times_are_half_open() {
    let at = |at: &str| WORLD.codes(&list(&[review(1, "frank", "APPROVED", at, HEAD)])).remove(0);
    assert!(at("2026-06-09T09:00:00Z").is_empty(), "now is not the future");
    assert_eq!(at("2026-06-09T09:00:00.000000001Z"), ["in-the-future"]);
    assert!(at("2026-05-26T09:00:00.000000001Z").is_empty());
    assert_eq!(at("2026-05-26T09:00:00Z"), ["too-old"], "after 14 days it is over");
    let role = |at: &str| WORLD.codes(&list(&[review(1, "dave", "APPROVED", at, HEAD)])).remove(0);
    assert!(role("2026-06-08T18:29:59Z").is_empty());
    assert_eq!(role("2026-06-08T18:30:00Z"), ["no-role"], "the role ended at this instant");
}

#[test]
fn the_latest_opinion_of_a_person_counts() {
    let later = "2026-06-08T19:00:00Z";
    let two = |first: &str, second: &str| {
        WORLD.codes(&list(&[review(1, "frank", first, EVENING, HEAD), review(2, "frank-oss", second, later, HEAD)]))
    };
    assert_eq!(two("APPROVED", "COMMENTED"), [vec![], vec!["not-approved"]]);
    assert_eq!(two("APPROVED", "DISMISSED"), [["superseded"], ["dismissed"]]);
    assert_eq!(two("APPROVED", "CHANGES_REQUESTED"), [["superseded"], ["not-approved"]]);
    assert_eq!(two("CHANGES_REQUESTED", "APPROVED"), [vec!["not-approved", "superseded"], vec![]]);
    assert_eq!(two("APPROVED", "APPROVED"), [vec!["superseded"], vec![]], "one human counts once");
    let strangers =
        list(&[review(1, "x", "APPROVED", EVENING, HEAD), review(2, "y", "CHANGES_REQUESTED", later, HEAD)]);
    assert_eq!(WORLD.codes(&strangers)[0], ["unknown-person"], "two strangers are two people");
}

#[test]
fn order_in_the_file_does_not_matter_and_pages_may_be_concatenated_or_wrapped() {
    let first = review(1, "frank", "APPROVED", EVENING, HEAD);
    let second = review(2, "frank", "CHANGES_REQUESTED", "2026-06-08T19:00:00Z", HEAD);
    for text in [format!("[{second}, {first}]"), format!("[{second}]\n[{first}]"), format!("[[{second}], [{first}]]")] {
        assert_eq!(WORLD.codes(&text), [["superseded"], ["not-approved"]], "{text}");
    }
    assert!(WORLD.judge("[]").is_empty() && WORLD.judge("").is_empty());
}

#[test]
fn requester_and_implementer_contribute_under_any_of_their_names() {
    let world =
        World { request: "{requester: {id: FRANK-OSS}, implementer: {id: dave@x}}", contributors: &[], ..WORLD };
    let reviews = list(&[review(1, "frank", "APPROVED", EVENING, HEAD), review(2, "dave", "APPROVED", EVENING, HEAD)]);
    assert!(world.judge(&reviews).iter().all(|a| a.contributor && a.why_not == ["contributor"]));
    let author = World { contributors: &["7+frank@users.noreply.github.com"], ..WORLD };
    assert_eq!(author.codes(&list(&[review(1, "frank", "APPROVED", EVENING, HEAD)])), [["contributor"]]);
    let stranger = World { contributors: &["Mallory"], ..WORLD };
    assert_eq!(
        stranger.codes(&list(&[review(1, "mallory", "APPROVED", EVENING, HEAD)])),
        [["contributor", "unknown-person"]]
    );
}

#[test]
fn a_claim_is_only_a_claim() {
    let claim = "{approvals: [{by: frank@x, role: service-owner, decision: approved, at: '2026-06-08T18:00:00Z', boundDigest: 'sha256:1b9685256ad7f2b3858a01f3d7a90f7bfa09102757c38763ab757e1b73846ad1'}]}";
    let facts = World { request: claim, ..WORLD }.judge("[]");
    assert_eq!((facts[0].method, facts[0].assurance, facts[0].valid), ("asserted", "A0", false));
    assert_eq!(facts[0].why_not, ["self-asserted"]);
    assert_eq!(facts[0].roles, ["peer", "service-owner"], "from the identities, not as claimed");
    let lenient = World { request: claim, minimum: Assurance::A0, ..WORLD };
    assert!(lenient.judge("[]")[0].valid);
    let unbound =
        World { request: "{approvals: [{by: frank@x, decision: approved}]}", minimum: Assurance::A0, ..WORLD };
    assert_eq!(unbound.codes("[]"), [["digest-mismatch"]]);
    let empty = World { request: "{approvals: [{}]}", ..WORLD };
    assert_eq!(empty.codes("[]"), [["digest-mismatch", "not-approved", "self-asserted", "unknown-person"]]);
}

#[test]
fn a_claim_that_names_its_review_is_that_review() {
    let claim = |by: &str, id: &str, digest: &str| -> &'static str {
        let text = format!(
            "{{approvals: [{{by: {by}, decision: approved, boundDigest: '{digest}', evidence: {{kind: github-review, id: {id}}}}}]}}"
        );
        Box::leak(text.into_boxed_str())
    };
    let review = |commit| list(&[review(2232, "frank", "APPROVED", EVENING, commit)]);
    let with = |request: &'static str| World { request, ..WORLD };
    let backed = with(claim("frank-oss", "2232", DIGEST)).judge(&review(HEAD));
    assert_eq!((backed.len(), backed[0].valid, backed[0].bound_digest.as_deref()), (1, true, Some(DIGEST)));
    assert_eq!(with(claim("frank@x", "'2232'", OTHER_DIGEST)).codes(&review(HEAD)), [["digest-mismatch"]]);
    assert_eq!(
        with(claim("frank@x", "2232", DIGEST)).codes(&review(OLD)),
        [["stale-commit"]],
        "a digest that fits makes no old review new"
    );
    let stolen = with(claim("dave@x", "2232", DIGEST)).judge(&review(HEAD));
    assert_eq!(stolen.iter().map(|a| a.method).collect::<Vec<_>>(), ["asserted", "github-review"]);
    assert_eq!(stolen[0].why_not, ["no-role", "self-asserted"], "without a time, the roles of now");
    assert!(stolen[1].valid);
    assert_eq!(with(claim("frank@x", "9999", DIGEST)).judge(&review(HEAD)).len(), 2);
}

#[test]
fn gitlab_approvals_count_for_the_commit_that_they_come_with() {
    let approvals = |sha: &str| {
        format!(
            r#"{{"iid": 5, {sha} "approved_by": [{{"user": {{"username": "frank"}}, "approved_at": "{EVENING}"}}, {{"user": {{"username": "erin"}}}}]}}"#
        )
    };
    let with_sha = WORLD.judge(&approvals(&format!(r#""sha": "{HEAD}","#)));
    assert_eq!(
        with_sha.iter().map(|a| (a.login.as_str(), a.valid)).collect::<Vec<_>>(),
        [("erin", false), ("frank", true)]
    );
    assert_eq!(with_sha[1].method, "gitlab-approval");
    assert!(WORLD.codes(&approvals("")).iter().all(|codes| codes.contains(&"stale-commit")));
    let state = format!(
        r#"{{"sha": "{HEAD}", "rules": [{{"approved_by": [{{"username": "frank"}}]}}, {{"approved_by": [{{"username": "frank"}}]}}, {{"approved_by": []}}]}}"#
    );
    assert_eq!(WORLD.codes(&state), [Vec::<&str>::new()]);
}

#[test]
fn what_is_no_review_is_an_error() {
    let rows = [
        (r#"[{"message": "Not Found"}]"#, "reviews::shape"),
        (r#"{"message": "Bad credentials"}"#, "reviews::shape"),
        (r#"["x"]"#, "reviews::shape"),
        (r#"[{"user": {"login": "a"}, "state": "MERGED"}]"#, "reviews::state"),
        (r#"[{"user": {"login": "a"}, "state": 1}]"#, "reviews::state"),
        (r#"[{"user": {"login": "a"}, "state": "APPROVED"}]"#, "reviews::time"),
        (r#"[{"user": {"login": "a"}, "state": "APPROVED", "submitted_at": "yesterday"}]"#, "reviews::time"),
        (r#"{"approved_by": [{"user": {}}]}"#, "reviews::shape"),
    ];
    for (text, code) in rows {
        let node = fixture::json(text);
        let told = Review::read(std::slice::from_ref(&node)).expect_err(text);
        assert_eq!(told[0].code, code, "{text}");
    }
}
