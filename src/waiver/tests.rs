//! Comments, annotations and documents against a small tree.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::{Circumstances, Form, Waiver, read_inline, settle};
use crate::change::identity::Identities;
use crate::config;
use crate::evaluate::Raised;
use crate::facts::{Action, ApprovalFacts, Iac, Resource};
use crate::finding::{Answer, Enforcement, Finding, Severity, Status};
use crate::kubernetes::{Document, objects};
use crate::parse::yaml;
use crate::policy::library::{self, Library};
use crate::source::{Revision, Source, Sources, Span};

const NOW: &str = "2026-06-09T09:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

/// Objects of a manifest.
fn manifest(sources: &mut Sources, revision: Revision, text: &str) -> Vec<Resource> {
    let id = sources.add(Source::new("k8s/app.yaml", revision, text));
    let documents = yaml::parse(id, text, &yaml::Limits::default()).documents;
    let read = |document| match objects(document) {
        Document::Kubernetes(found) => found.resources,
        Document::Other(_) => Vec::new(),
    };
    documents.into_iter().flat_map(read).collect()
}

/// Blocks of a configuration: id and the text of the block.
fn configuration(sources: &mut Sources, text: &str, blocks: &[(&str, &str)]) -> Vec<Resource> {
    let id = sources.add(Source::new("main.tf", Revision::Head, text));
    let block = |(name, body): &(&str, &str)| {
        let start = text.find(body).expect("the block is there");
        let span = Span::new(id, start, start + body.len());
        Resource { id: (*name).into(), iac: Some(Iac::Terraform), span, header: span, ..Resource::default() }
    };
    blocks.iter().map(block).collect()
}

fn policies(waivers: &[Waiver]) -> Vec<Option<&str>> {
    waivers.iter().map(|w| w.policy.as_deref()).collect()
}

const DEPLOYMENT: &str = "\
# changegate:ignore HA-001 until=2026-07-01 ticket=OPS-1 reason=\"above\"
apiVersion: apps/v1
kind: Deployment
metadata:
  name: orders
  annotations:
    changegate/ignore: |
      HA-004 until=2026-07-01 ticket=OPS-2 reason=\"rendered\"
      HA-005 until=2026-07-01 ticket=OPS-2 reason=\"rendered\"
    note: |
      # changegate:ignore HA-009 this is text
spec:
  replicas: 1 # changegate:ignore HA-003 until=2026-07-01 ticket=OPS-1 reason=\"beside\"
  paused: \"# changegate:ignore HA-008\"
---
apiVersion: v1
kind: Service
metadata:
  name: orders
";

#[test]
fn comments_and_annotations_of_a_manifest() {
    let mut sources = Sources::default();
    let resources = manifest(&mut sources, Revision::Head, DEPLOYMENT);
    let found = read_inline(&resources, &sources, false);
    assert_eq!(policies(&found), [Some("HA-001"), Some("HA-004"), Some("HA-005"), Some("HA-003")]);
    assert!(found.iter().all(|w| w.at == [0] && !w.malformed && !w.added), "{found:#?}");
    assert_eq!(found.iter().filter(|w| w.form == Form::Annotation).count(), 2);
}

#[test]
fn comments_of_a_configuration() {
    let block = "resource \"aws_db_instance\" \"a\" {\n  # changegate:ignore HA-009 until=2026-07-01\n  x = \"# changegate:ignore HA-010\"\n}";
    let text = format!(
        "// changegate:ignore DR-004 until=2026-07-01\n/* changegate:ignore DR-005 until=2026-07-01 */\n{block}\n\n# changegate:ignore HA-008\n"
    );
    let mut sources = Sources::default();
    let resources = configuration(&mut sources, &text, &[("a[0]", block), ("a[1]", block)]);
    let found = read_inline(&resources, &sources, false);
    assert_eq!(policies(&found), [Some("DR-004"), Some("DR-005"), Some("HA-009"), Some("HA-008")]);
    let carried: Vec<usize> = found.iter().map(|w| w.at.len()).collect();
    assert_eq!(carried, [2, 2, 2, 0], "all instances of the block, and nothing below the last comment");
    assert!(found[1].expires_at.is_some());
}

#[test]
fn a_waiver_that_the_base_does_not_have_is_added() {
    let mut sources = Sources::default();
    let old = manifest(&mut sources, Revision::Base, &DEPLOYMENT.replace("reason=\"beside\"", "reason=\"other\""));
    let mut new = manifest(&mut sources, Revision::Head, DEPLOYMENT);
    for (now, then) in new.iter_mut().zip(old) {
        (now.action, now.base) = (Action::NoOp, Some(Arc::new(then)));
    }
    let added = |resources: &[Resource], compared| -> Vec<bool> {
        read_inline(resources, &sources, compared).iter().map(|w| w.added).collect()
    };
    assert_eq!(added(&new, true), [false, false, false, true]);
    assert_eq!(added(&new, false), [false; 4], "without a base nothing is new");
    new[0].base = None;
    assert_eq!(added(&new, true), [false; 4], "a file that did not change");
    new[0].action = Action::Create;
    assert_eq!(added(&new, true), [true; 4]);
}

/// A gate that judged one database with one soft, one hard and one advisory policy.
struct Gate {
    library: Library,
    sources: Sources,
    resources: Vec<Resource>,
    contributors: BTreeSet<String>,
    approvals: Vec<ApprovalFacts>,
    approvers: Vec<String>,
}

impl Gate {
    fn new() -> Self {
        let mut sources = Sources::default();
        let module = |(id, enforcement): (&str, &str)| {
            format!(
                "# METADATA\n# title: t\n# custom:\n#   id: {id}\n#   scope: resource\n#   targets: [aws_db_instance]\n#   severity: high\n#   \
                 enforcement: {enforcement}\n#   stages: [commit, pull-request, apply]\npackage p.{}\n\ndeny contains \"x\" if false\n",
                id.to_lowercase().replace('-', "_")
            )
        };
        let all = [("HA-009", "soft"), ("PRE-005", "hard"), ("MON-001", "advisory")];
        let modules: Vec<_> = all
            .into_iter()
            .map(|p| sources.add(Source::new(format!("{}.rego", p.0), Revision::Embedded, module(p))))
            .collect();
        let library = library::load(&sources, &modules);
        assert!(library.diagnostics.is_empty(), "{:?}", library.diagnostics);
        let resource = Resource {
            id: "aws_db_instance.orders".into(),
            kind: "aws_db_instance".into(),
            service: Some("orders".into()),
            ..Resource::default()
        };
        let other = Resource { id: "aws_db_instance.users".into(), ..resource.clone() };
        let contributors = BTreeSet::from(["alice@acme.example".to_owned()]);
        Self { library, sources, resources: vec![resource, other], contributors, approvals: vec![], approvers: vec![] }
    }

    fn settle(&self, waivers: &[Waiver], findings: &mut [Raised]) -> super::Settled {
        let asked: Vec<_> = self.library.policies.iter().collect();
        let circumstances = Circumstances {
            now: at(NOW),
            policies: &self.library.policies,
            asked: &asked,
            resources: &self.resources,
            judged: &[0],
            whole: true,
            change: Some("CHG-1"),
            contributors: self.contributors.clone(),
            identities: &Identities::default(),
            approvals: &self.approvals,
            approvers: &self.approvers,
            limits: config::Waivers::default(),
            sources: &self.sources,
        };
        settle(waivers, findings, &circumstances)
    }

    /// Status of a finding of `policy` on the database, and the codes of the waiver.
    fn try_one(&self, policy: &str, waiver: Waiver) -> (Status, Vec<&'static str>) {
        let mut findings = [raised(policy)];
        let settled = self.settle(&[waiver], &mut findings);
        (findings[0].finding.status, settled.facts[0].why_not.clone())
    }
}

fn raised(policy: &str) -> Raised {
    let finding = Finding {
        policy: policy.into(),
        title: "t".into(),
        severity: Severity::High,
        enforcement: if policy == "PRE-005" { Enforcement::Hard } else { Enforcement::Soft },
        answer: Answer::Fail,
        status: Status::Open,
        pending: false,
        message: "m".into(),
        remediation: String::new(),
        resource: Some("aws_db_instance.orders".into()),
        span: None,
        because: Vec::new(),
        evidence: Vec::new(),
        fingerprint: "f0f0".into(),
        liftable: None,
        lifted_by: None,
        introduced_by: Vec::new(),
        owners: Vec::new(),
    };
    Raised { finding, resource: Some(0), path: Vec::new() }
}

fn waiver() -> Waiver {
    let text = |text: &str| Some(text.to_owned());
    Waiver {
        id: text("WVR-1"),
        policy: text("HA-009"),
        resource: text("aws_db_instance.orders"),
        reason: text("until the replica is gone"),
        ticket: text("OPS-1"),
        owner: text("group:default/orders"),
        approver: text("paula@acme.example"),
        compensating_control: text("hourly snapshots"),
        created_at: Some(at("2026-05-20T09:00:00Z")),
        expires_at: Some(at("2026-06-10T00:00:00Z")),
        ..Waiver::default()
    }
}

#[test]
fn a_valid_waiver_silences_one_finding_and_ends() {
    let gate = Gate::new();
    let mut findings = [raised("HA-009"), raised("MON-001"), Raised { resource: Some(1), ..raised("HA-009") }];
    findings[2].finding.resource = Some("aws_db_instance.users".into());
    let settled = gate.settle(&[waiver()], &mut findings);
    let statuses: Vec<Status> = findings.iter().map(|r| r.finding.status).collect();
    assert_eq!(statuses, [Status::Waived, Status::Open, Status::Open]);
    assert_eq!(findings[0].finding.lifted_by.as_deref(), Some("WVR-1"));
    assert_eq!(settled.valid_until, Some(at("2026-06-10T00:00:00Z")));
    assert_eq!(settled.grants.len(), 1);
    assert!(settled.facts[0].used && settled.facts[0].needed);
}

/// What each fault makes of the waiver; none of them silences anything.
#[test]
fn a_waiver_with_a_fault_does_not_count() {
    let text = |text: &str| Some(text.to_owned());
    let cases: Vec<(&str, Waiver)> = vec![
        ("expired", Waiver { expires_at: Some(at(NOW)), ..waiver() }),
        ("in-the-future", Waiver { created_at: Some(at("2026-06-09T09:00:01Z")), ..waiver() }),
        ("too-long", Waiver { expires_at: Some(at("2026-08-18T09:00:01Z")), ..waiver() }),
        ("too-broad", Waiver { resource: text("*"), ..waiver() }),
        ("too-broad", Waiver { resource: text("aws_db_instance.*"), ..waiver() }),
        ("too-broad", Waiver { resource: text("orders"), ..waiver() }),
        ("too-broad", Waiver { resource: text("aws_db_instance"), ..waiver() }),
        ("missing-field", Waiver { ticket: None, ..waiver() }),
        ("missing-field", Waiver { reason: text("  "), ..waiver() }),
        ("missing-field", Waiver { expires_at: None, ..waiver() }),
        ("missing-field", Waiver { approver: None, ..waiver() }),
        ("missing-field", Waiver { resource: None, ..waiver() }),
        ("self-approved", Waiver { approver: text("Alice@acme.example"), ..waiver() }),
        ("self-approved", Waiver { owner: text("paula@acme.example"), ..waiver() }),
        ("malformed", Waiver { malformed: true, ..waiver() }),
    ];
    let gate = Gate::new();
    for (code, case) in cases {
        let shown = format!("{code}: {case:?}");
        let (status, why) = gate.try_one("HA-009", case);
        assert_eq!(status, Status::Open, "{shown}");
        assert_eq!(why, [code], "{shown}");
    }
}

#[test]
fn a_broad_policy_and_an_unknown_one_cover_nothing() {
    let gate = Gate::new();
    for (policy, codes) in [("*", vec!["too-broad", "unknown-policy"]), ("HA-099", vec!["unknown-policy"])] {
        let mut findings = [raised("HA-009")];
        let settled = gate.settle(&[Waiver { policy: Some(policy.into()), ..waiver() }], &mut findings);
        assert_eq!(settled.facts[0].why_not, codes);
        assert_eq!(settled.facts[0].needed, policy == "*", "{policy}");
    }
}

#[test]
fn hard_policies_know_no_waiver_and_advice_needs_less() {
    let gate = Gate::new();
    let hard = Waiver { policy: Some("PRE-005".into()), ..waiver() };
    assert_eq!(gate.try_one("PRE-005", hard), (Status::Open, vec!["hard-policy"]));
    let advice = Waiver {
        policy: Some("mon-001".into()),
        resource: waiver().resource,
        reason: waiver().reason,
        expires_at: waiver().expires_at,
        ..Waiver::default()
    };
    assert_eq!(gate.try_one("MON-001", advice), (Status::Waived, vec![]));
    let mut hardened = [raised("HA-009")];
    hardened[0].finding.enforcement = Enforcement::Hard;
    let settled = gate.settle(&[waiver()], &mut hardened);
    assert_eq!((hardened[0].finding.status, settled.facts[0].used), (Status::Open, false));
}

#[test]
fn the_last_day_counts_until_its_limit() {
    let gate = Gate::new();
    let exactly = Waiver { expires_at: Some(at("2026-08-18T09:00:00Z")), ..waiver() };
    assert_eq!(gate.try_one("HA-009", exactly), (Status::Waived, vec![]));
}

#[test]
fn of_two_the_longer_one_is_used_and_the_other_is_no_fault() {
    let gate = Gate::new();
    let longer = Waiver { id: Some("WVR-2".into()), expires_at: Some(at("2026-07-01T00:00:00Z")), ..waiver() };
    let mut findings = [raised("HA-009")];
    let settled = gate.settle(&[waiver(), longer], &mut findings);
    assert_eq!(findings[0].finding.lifted_by.as_deref(), Some("WVR-2"));
    assert_eq!(settled.valid_until, Some(at("2026-07-01T00:00:00Z")));
    assert!(settled.facts.iter().all(|f| f.needed));
}

#[test]
fn a_fingerprint_names_one_finding_and_a_change_id_one_change() {
    let gate = Gate::new();
    let by_print = Waiver { resource: Some("f0f0".into()), ..waiver() };
    assert_eq!(gate.try_one("HA-009", by_print), (Status::Waived, vec![]));
    let mut about_change = [Raised { resource: None, ..raised("HA-009") }];
    about_change[0].finding.resource = None;
    gate.settle(&[Waiver { resource: Some("CHG-1".into()), ..waiver() }], &mut about_change);
    assert_eq!(about_change[0].finding.status, Status::Waived);
}

#[test]
fn use_is_known_only_where_the_policy_was_asked() {
    let gate = Gate::new();
    let judged = |resource: &str| {
        let w = Waiver { resource: Some(resource.into()), ..waiver() };
        gate.settle(&[w], &mut []).facts[0].judged
    };
    assert!(judged("aws_db_instance.orders"));
    assert!(!judged("aws_db_instance.users"), "not part of this change");
    assert!(judged("aws_db_instance.gone"), "not in the tree");
    assert!(!judged("CHG-1"), "the policy judges resources");
}

#[test]
fn an_added_one_needs_an_approval_by_somebody_entitled() {
    let inline = |added| Waiver { form: Form::Comment, at: vec![0], approver: None, added, ..waiver() };
    let mut gate = Gate::new();
    assert_eq!(gate.try_one("HA-009", inline(false)), (Status::Waived, vec![]));
    assert_eq!(gate.try_one("HA-009", inline(true)), (Status::Open, vec!["unapproved"]));
    gate.approvals = vec![ApprovalFacts {
        by: Some("paula@acme.example".into()),
        roles: vec!["platform".into()],
        valid: true,
        ..ApprovalFacts::default()
    }];
    assert_eq!(gate.try_one("HA-009", inline(true)), (Status::Open, vec!["unapproved"]), "nobody is entitled");
}
