//! Sample outcomes for the tests of every reader: one that has everything, and two quiet ones.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::AuditLevel;
use crate::facts::{
    ApprovalFacts, Assessment, Instant, Mode, RiskFactor, RiskFacts, RiskFloor, RiskHistory, RiskMitigation, Stage,
    WaiverFacts,
};
use crate::finding::{Answer, Diagnostic, Enforcement, Evidence, Finding, IntroducedBy, Severity, Status};
use crate::outcome::{
    AuditReceipt, ChangeRef, Input, Outcome, PolicyInfo, Summary, Verdict, sort_diagnostics, sort_findings,
};
use crate::source::{Revision, Source, SourceId, Sources, Span};

const REQUEST: &str = "\
apiVersion: changegate/v1
kind: ChangeRequest
metadata:
  id: CHG-2041
spec:
  title: Größeres Datenbankvolumen für 注文 👍🏽
  schedule:
    start: 2026-12-23T10:00:00Z
    end: 2026-12-23T12:00:00Z
  approvals: []";

const CALENDAR: &str = "\
apiVersion: changegate/v1
kind: FreezeCalendar
spec:
  timezone: Europe/Berlin
  windows:
    - id: holiday-peak
      kind: deny
      start: 2026-12-15
      end: 2027-01-03
";

const DEPLOYMENT: &str = "apiVersion: apps/v1\r
kind: Deployment\r
metadata:\r
  name: orders # \u{202e}sredro\r
spec:\r
  replicas: 1\r
  strategy: {type: Recreate}\r
";

/// A finding about `text` in `source`.
pub(crate) struct Builder {
    sources: Sources,
    findings: Vec<Finding>,
}

impl Builder {
    fn span(&self, source: SourceId, text: &str) -> Span {
        let start = self.sources.get(source).and_then(|s| s.text.find(text)).expect("the text is there");
        Span::new(source, start, start + text.len())
    }

    fn add(&mut self, policy: &str, at: Option<Span>, change: impl FnOnce(&mut Finding)) {
        let (title, severity, enforcement) = policy_of(policy);
        let mut finding = Finding {
            policy: policy.into(),
            title: title.into(),
            severity,
            enforcement,
            answer: Answer::Fail,
            status: Status::Open,
            pending: false,
            message: String::new(),
            remediation: String::new(),
            resource: None,
            span: at,
            because: Vec::new(),
            evidence: Vec::new(),
            liftable: None,
            lifted_by: None,
            fingerprint: format!("{:064x}", self.findings.len() + 1),
            introduced_by: Vec::new(),
            owners: Vec::new(),
        };
        change(&mut finding);
        self.findings.push(finding);
    }
}

fn policy_of(id: &str) -> (&'static str, Severity, Enforcement) {
    match id {
        "CHG-001" => ("Change lands inside a freeze window", Severity::Critical, Enforcement::Hard),
        "CAB-002" => ("Approvals are missing", Severity::Critical, Enforcement::Hard),
        "HA-001" => ("Too few replicas", Severity::High, Enforcement::Soft),
        "HA-014" => ("Storage is too small", Severity::Medium, Enforcement::Soft),
        "CAN-001" => ("Change is not delivered in steps", Severity::High, Enforcement::Hard),
        _ => ("Service has no runbook", Severity::Low, Enforcement::Advisory),
    }
}

fn evidence(pointer: &str, observed: &str, expected: &str) -> Evidence {
    Evidence { pointer: pointer.into(), observed: observed.into(), expected: expected.into() }
}

/// An outcome with every kind of finding, diagnostic and approval, with hostile and with foreign text.
pub(crate) fn everything() -> Outcome {
    let mut sources = Sources::default();
    let request = sources.add(Source::new("changes/CHG-2041.yaml", Revision::Head, REQUEST));
    let calendar = sources.add(Source::new(".changegate/freeze.yaml", Revision::Base, CALENDAR));
    let deployment = sources.add(Source::new("k8s/orders api.yaml", Revision::Head, DEPLOYMENT));
    let terraform = sources.add(Source::new("infra/main.tf", Revision::Head, terraform()));
    let mut b = Builder { sources, findings: Vec::new() };
    freeze(&mut b, request, calendar);
    replicas(&mut b, deployment);
    storage(&mut b, terraform);
    approvals_missing(&mut b, request);
    unknown(&mut b, terraform);
    advice(&mut b, deployment, request);
    lifted(&mut b, deployment, terraform);
    let diagnostics = diagnostics(&b, deployment);
    outcome(b, diagnostics)
}

/// Nothing was found.
pub(crate) fn allowed() -> Outcome {
    let b = Builder { sources: Sources::default(), findings: Vec::new() };
    let mut outcome = outcome(b, Vec::new());
    outcome.mode = Mode::Present;
    outcome.approvals.clear();
    outcome.policies.clear();
    outcome.audit = None;
    outcome.changes.clear();
    outcome.risk = RiskFacts::default();
    outcome.valid_until = None;
    outcome.partial = false;
    outcome
}

/// Only an approval is missing.
pub(crate) fn pending() -> Outcome {
    let mut sources = Sources::default();
    let request = sources.add(Source::new("changes/CHG-2041.yaml", Revision::Head, REQUEST));
    let mut b = Builder { sources, findings: Vec::new() };
    approvals_missing(&mut b, request);
    let mut outcome = outcome(b, Vec::new());
    outcome.partial = false;
    outcome
}

/// Tabs in front, five volumes, and a line of 6,000 characters.
fn terraform() -> String {
    let mut text = String::new();
    for i in 0..8 {
        text.push_str(&format!("resource \"aws_ebs_volume\" \"v{i}\" {{\n\tsize\t= {i}0 # GiB\n}}\n"));
    }
    let (left, right) = ("x".repeat(3000), "y".repeat(3000));
    text.push_str(&format!("locals {{ a = \"{left}\", needle = 1, b = \"{right}\" }}\n"));
    text
}

fn freeze(b: &mut Builder, request: SourceId, calendar: SourceId) {
    let at = b.span(request, "2026-12-23T10:00:00Z");
    let because = vec![b.span(calendar, "holiday-peak"), b.span(calendar, "Europe/Berlin")];
    b.add("CHG-001", Some(at), |f| {
        f.message =
            "The planned window 2026-12-23T10:00Z to 12:00Z lies in the freeze \"holiday-peak\", which ends at \
                     2027-01-02T23:00:00Z."
                .into();
        f.remediation =
            "Move the change to the next open slot, 2027-01-04T09:00:00Z, or file a freeze override.".into();
        f.because = because;
        f.evidence = vec![evidence("schedule.start", "2026-12-23T10:00:00Z", "2027-01-02T23:00:00Z or later")];
    });
}

fn replicas(b: &mut Builder, deployment: SourceId) {
    let at = b.span(deployment, "replicas: 1");
    b.add("HA-001", Some(at), |f| {
        f.message = "orders runs 1 replica; tier 1 in prod needs 2".into();
        f.remediation = "Set spec.replicas to 2 or more.".into();
        f.resource = Some("apps/Deployment/shop/orders".into());
        f.evidence = vec![evidence("spec.replicas", "1", "2"), evidence("tier", "1", "")];
        f.introduced_by = vec![IntroducedBy {
            commit: "8f14e45fceea167a5a36dedd4bea2543a1b2c3d4".into(),
            author: "Älice Arnold <alice@acme.example>".into(),
            committer: "GitHub <noreply@github.com>".into(),
            signer: Some("SHA256:abc".into()),
        }];
        f.owners = vec!["group:default/retail".into(), "sre".into()];
    });
    // Whatever a policy or a file name says must not reach the terminal or the runner as a command.
    let at = b.span(deployment, "strategy: {type: Recreate}");
    b.add("HA-001", Some(at), |f| {
        f.message = "\x1b[2J\x1b]0;owned\x07a\u{202e}b\r\n::error::injected\n##[error]injected 100%".into();
        f.resource = Some("apps/Deployment/shop/\x1b[31mevil".into());
    });
}

fn storage(b: &mut Builder, terraform: SourceId) {
    for i in 0..6 {
        let at = b.span(terraform, &format!("size\t= {i}0"));
        b.add("HA-014", Some(at), |f| {
            f.message = "the volume is smaller than 100 GiB".into();
            f.remediation = "Make it larger.".into();
            f.resource = Some(format!("aws_ebs_volume.v{i}").into());
            f.evidence = vec![evidence("size", &format!("{i}0"), "at least 100")];
        });
    }
    let needle = b.span(terraform, "needle = 1");
    b.add("CHG-001", Some(needle), |f| {
        f.message = "a very long line is shown around its mark".into();
        f.evidence = vec![evidence("locals.needle", "1", "2")];
    });
}

fn approvals_missing(b: &mut Builder, request: SourceId) {
    let end = Span::new(request, REQUEST.len(), REQUEST.len());
    b.add("CAB-002", Some(end), |f| {
        f.message = "1 of 2 approvals is missing: service-owner".into();
        f.remediation = "Ask group:default/retail for a review.".into();
        f.pending = true;
    });
}

fn unknown(b: &mut Builder, terraform: SourceId) {
    for i in 0..7 {
        let at = b.span(terraform, &format!("resource \"aws_ebs_volume\" \"v{i}\""));
        b.add("CAN-001", Some(at), |f| {
            f.answer = Answer::Unknown;
            f.message = "the environment is not known".into();
            f.remediation = "Map the path to an environment in changegate.yaml.".into();
            f.resource = Some(format!("aws_ebs_volume.v{i}").into());
        });
    }
}

fn advice(b: &mut Builder, deployment: SourceId, request: SourceId) {
    let at = b.span(deployment, "name: orders");
    b.add("MON-009", Some(at), |f| f.message = "orders has no runbook".into());
    let at = b.span(request, "Größeres Datenbankvolumen für 注文 👍🏽");
    b.add("MON-009", Some(at), |f| f.message = "注文 has no runbook".into());
    b.add("MON-010", None, |f| f.message = "nobody is on call".into());
}

fn lifted(b: &mut Builder, deployment: SourceId, terraform: SourceId) {
    let at = b.span(deployment, "kind: Deployment");
    b.add("HA-001", Some(at), |f| {
        (f.status, f.message) = (Status::Waived, "runs once by design".into());
        f.lifted_by = Some("WVR-0007".into());
    });
    b.add("CHG-001", None, |f| {
        (f.status, f.message) = (Status::Overridden, "inside a freeze".into());
        f.lifted_by = Some("OVR-0003".into());
    });
    for i in 6..8 {
        let at = b.span(terraform, &format!("size\t= {i}0"));
        b.add("HA-014", Some(at), |f| (f.status, f.message) = (Status::Preexisting, "too small".into()));
    }
}

fn diagnostics(b: &Builder, deployment: SourceId) -> Vec<Diagnostic> {
    vec![
        Diagnostic::error("yaml::syntax", "a flow mapping is not closed")
            .at(b.span(deployment, "{type: Recreate}"))
            .label("opened here")
            .help("close it with `}`"),
        Diagnostic::warning("context::missing", "there is no IncidentLog").in_file(".changegate"),
        Diagnostic {
            aside: true,
            ..Diagnostic::warning("yaml::template", "this is a template").in_file("charts/shop/templates/web.yaml")
        },
        Diagnostic::note("discover::skipped", "2 binary files were not read"),
    ]
}

fn outcome(b: Builder, mut diagnostics: Vec<Diagnostic>) -> Outcome {
    let Builder { sources, mut findings } = b;
    let fixed: Vec<Finding> = findings.iter().filter(|f| &*f.policy == "HA-014").take(1).cloned().collect();
    sort_findings(&mut findings, &sources);
    sort_diagnostics(&mut diagnostics, &sources);
    let stage = Stage::PullRequest;
    let mut summary = Summary {
        documents: 12,
        resources: 34,
        changed_resources: 9,
        judged_resources: 9,
        policies: 41,
        evaluations: 118,
        ..Summary::default()
    };
    summary.count(&findings);
    Outcome {
        judged_at: "2026-12-20T09:30:00Z".parse().expect("an instant"),
        stage,
        mode: Mode::Difference,
        valid_until: "2026-12-23T10:00:00Z".parse().ok(),
        partial: true,
        changes: vec![ChangeRef {
            id: Some("CHG-2041".into()),
            digest: Some(format!("sha256:{}", "ab".repeat(32))),
            path: "changes/CHG-2041.yaml".into(),
            origin: None,
        }],
        verdict: Verdict::of(&findings, &diagnostics, stage, true),
        decision: Verdict::of(&findings, &diagnostics, stage, false),
        risk: risk(),
        findings,
        summary,
        inputs: vec![Input {
            path: ".changegate/freeze.yaml".into(),
            sha256: format!("sha256:{}", "cd".repeat(32)),
            as_of: Some("2026-12-20T00:00:00Z".into()),
        }],
        diagnostics,
        policies: policies(),
        fixed,
        waivers: vec![waiver()],
        approvals: approvals(),
        web: Some(format!("https://github.com/acme/shop/blob/{}", "0f".repeat(20))),
        audit: Some(AuditReceipt {
            id: "019b3c5e-0000-7000-8000-000000000000".into(),
            index: Some(41),
            root: Some("ef".repeat(32)),
            level: AuditLevel::Integrated,
            destination: ".changegate/audit".into(),
        }),
        sources: Arc::new(sources),
    }
}

fn risk() -> RiskFacts {
    let factor = |id: &str, group: &str, points, evidence: &str, source: Option<&str>| RiskFactor {
        id: id.into(),
        group: group.into(),
        points,
        evidence: evidence.into(),
        source: source.map(Into::into),
    };
    let mitigation =
        |id: &str, points, evidence: &str| RiskMitigation { id: id.into(), points, evidence: evidence.into() };
    let assessment = Assessment {
        model: Some("v1".into()),
        score: Some(33),
        computed: Some("high".into()),
        factors: vec![
            factor("R-TIER", "impact", 18, "checkout has tier 1", None),
            factor("R-ACTION", "impact", 20, "replace of aws_db_instance.main, which holds data", Some("main.tf:3:1")),
        ],
        mitigations: vec![mitigation("rollback", 5, "the rollback was tested at 2026-12-01T09:00:00Z")],
        floors: vec![RiskFloor {
            level: "high".into(),
            evidence: "replace of the stateful aws_db_instance.main of tier 0 or 1".into(),
            source: Some("main.tf:3:1".into()),
        }],
        history: vec![RiskHistory {
            service: "checkout".into(),
            k: "1".into(),
            n: 4,
            caught: 0,
            q: "12.5".into(),
            low: Some("4.5".into()),
            high: Some("70.0".into()),
        }],
        instants: Vec::new(),
    };
    RiskFacts::new(Some("medium".into()), assessment)
}

fn policies() -> Vec<PolicyInfo> {
    ["CAB-002", "CAN-001", "CHG-001", "HA-001", "HA-014", "SLO-001"]
        .map(|id| {
            let (title, severity, enforcement) = policy_of(id);
            PolicyInfo {
                id: id.into(),
                title: title.into(),
                description: "Why this matters.".into(),
                severity,
                enforcement,
                remediation: "What to do about it.".into(),
                controls: BTreeMap::from([
                    ("ISO27001".into(), vec!["8.32".into()]),
                    ("SOC2".into(), vec!["CC8.1".into(), "CC8.1".into()]),
                ]),
                links: vec!["not a link".into(), format!("https://changegate.dev/policies/{id}")],
                digest: format!("sha256:{}", "12".repeat(32)),
                path: "policies/change/freeze_window/freeze_window.rego".into(),
                per_resource: !id.starts_with('C'),
                evaluations: usize::from(id != "SLO-001"),
            }
        })
        .into()
}

fn waiver() -> WaiverFacts {
    let text = |text: &str| Some(text.to_owned());
    WaiverFacts {
        id: "WVR-0007".into(),
        form: "document",
        policy: text("HA-001"),
        resource: text("apps/Deployment/shop/orders"),
        reason: text("one worker until the queue is sharded | see `#12` @acme/sre"),
        ticket: text("OPS-1204"),
        owner: text("group:default/orders"),
        approver: text("paula@acme.example"),
        expires_at: "2027-01-10T00:00:00Z".parse().ok().map(Instant),
        limit_days: 90,
        valid: true,
        judged: true,
        needed: true,
        used: true,
        source: ".changegate/waivers.yaml:9:7".into(),
        ..WaiverFacts::default()
    }
}

fn approvals() -> Vec<ApprovalFacts> {
    let approval = |login: &str, roles: &[&str], method, why_not: Vec<&'static str>| ApprovalFacts {
        by: login.contains('@').then(|| login.to_owned()),
        login: login.into(),
        roles: roles.iter().map(ToString::to_string).collect(),
        at: Some("2026-12-19T08:00:00Z".into()),
        method,
        assurance: if method == "asserted" { "A0" } else { "A2" },
        decision: "approved",
        valid: why_not.is_empty(),
        why_not,
        ..ApprovalFacts::default()
    };
    vec![
        approval("carol@acme.example", &["peer", "sre"], "github-review", vec![]),
        approval("dave@acme.example", &["service-owner"], "github-review", vec!["stale-commit"]),
        approval("mallory\x1b[31m", &[], "asserted", vec!["no-role", "self-asserted", "unknown-person"]),
    ]
}
