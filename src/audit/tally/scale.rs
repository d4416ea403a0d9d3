//! Writes a large trail to measure with: a million decisions as a file store keeps them, 100,000 incidents, a catalogue.
//!
//! ```text
//! cargo test --lib writes_a_million_decisions -- --ignored
//! changegate report teams --context $TMPDIR/changegate-scale/context --audit file:$TMPDIR/changegate-scale/log --now 2030-06-30T00:00:00Z
//! ```
//!
//! `tests/metrics/million.sh` does both, and the same from PostgreSQL.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write as _};

use jiff::{SignedDuration, Timestamp};

use crate::audit::frame::Frame;
use crate::audit::tree::Frontier;

const DECISIONS: u32 = 1_000_000;
const INCIDENTS: u32 = 100_000;
const SERVICES: u32 = 400;
const TEAMS: u32 = 40;
/// Decisions of one change: two on the pull request, one at apply.
const OF_ONE: u32 = 3;

#[test]
#[ignore = "writes 2.5 GB below the temporary directory"]
fn writes_a_million_decisions() {
    let place = std::env::temp_dir().join("changegate-scale");
    let (log, context) = (place.join("log"), place.join("context"));
    std::fs::create_dir_all(&log).unwrap();
    std::fs::create_dir_all(&context).unwrap();
    let mut file = BufWriter::with_capacity(1 << 20, File::create(log.join("log")).unwrap());
    let mut tree = Frontier::default();
    for n in 0..DECISIONS {
        let frame = Frame::next(&mut tree, decision(n).as_bytes());
        file.write_all(&frame.encode().unwrap()).unwrap();
    }
    file.flush().unwrap();
    std::fs::write(context.join("incidents.json"), incidents()).unwrap();
    std::fs::write(context.join("services.json"), services()).unwrap();
}

fn at(minutes: u32) -> Timestamp {
    let start: Timestamp = "2028-06-30T00:00:00Z".parse().unwrap();
    start + SignedDuration::from_mins(i64::from(minutes))
}

fn decision(n: u32) -> String {
    let change = n / OF_ONE;
    let stage = if n % OF_ONE == 2 { "apply" } else { "pull-request" };
    let mut why = String::new();
    for policy in 1..=8 {
        let comma = if policy > 1 { "," } else { "" };
        let digest = "0123456789abcdef".repeat(4);
        let _ = write!(
            why,
            r#"{comma}{{"id":"CHG-{policy:03}","digest":"sha256:{digest}","verdict":"pass","evaluations":1,"findings":[]}}"#
        );
    }
    format!(
        r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"name":"acme/shop","digest":{{"gitCommit":"{n:040x}"}}}}],"predicateType":"https://changegate.dev/gate-decision/v1","predicate":{{"id":"019b3c5e-0000-7000-8000-{n:012}","kind":"decision","idempotency_key":"sha256:{n:064x}","stage":"{stage}","mode":"difference","partial":false,"verdict":"allowed","decision":"allowed","valid_until":null,"who":{{"id":null,"login":"bob","email":"bob@acme.example","on_behalf_of":null,"assurance":"A1","method":"github-actions"}},"what":{{"change":"CHG-{change}","change_digest":"sha256:{change:064x}","risk":"low","resources":[{{"id":"apps/Deployment/shop/s{service}","action":"update","service":"s{service}","environment":"prod","file":"k8s/prod/s{service}.yaml","introduced_by":[]}}]}},"when":{{"judged_at":"{at}","clock_source":"system","tzdata":"2030a"}},"where":{{"repository":"acme/shop","branch":"main","pull_request":"{change}","run":"{n}"}},"why":[{why}],"used":{{"approvals":[{{"by":"ann","login":"ann","roles":["peer"],"at":"{approved}","method":"github-review","assurance":"A2","bound_digest":null,"commit":null,"decision":"approved","valid":true,"why_not":[]}}]}},"inputs":[],"diagnostics":[],"tool":{{"name":"changegate","version":"0.1.0","binary_sha256":null}},"retention":"soc2-400d"}}}}"#,
        service = change % SERVICES,
        at = at(n),
        approved = at(n.saturating_sub(90)),
    )
}

fn incidents() -> String {
    let entry = |n: u32| {
        // Each is caused by a change that was applied: three of ten changes.
        let change = n * 3;
        let started = change * OF_ONE + 10;
        let service = change % SERVICES;
        let resolved = at(started + 15 + n % 120);
        format!(
            r#"{{"id":"INC-{n}","title":"Errors after a deployment","severity":"SEV3","status":"resolved","services":["s{service}"],"startedAt":"{}","mitigatedAt":"{resolved}","causedByChange":"CHG-{change}","causeTags":["t{}"]}}"#,
            at(started),
            n % 997
        )
    };
    document("IncidentLog", (0..INCIDENTS).map(entry))
}

fn services() -> String {
    let entry =
        |n: u32| format!(r#"{{"name":"s{n}","tier":2,"rto":"PT1H","owner":"group:default/team-{}"}}"#, n % TEAMS);
    document("ServiceCatalog", (0..SERVICES).map(entry))
}

fn document(kind: &str, entries: impl Iterator<Item = String>) -> String {
    let entries = entries.collect::<Vec<_>>().join(",\n");
    format!(
        r#"{{"apiVersion":"changegate/v1","kind":"{kind}","metadata":{{"name":"scale","asOf":"2030-06-30T00:00:00Z"}},"spec":{{"entries":[{entries}]}}}}"#
    )
}
