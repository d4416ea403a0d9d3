//! `changegate check --replay`: gives a recorded decision again and says whether it is the same.

use std::fmt::Write;

use changegate::audit::{Attestation, Difference, Grade, Recorded};
use changegate::finding::Diagnostic;
use changegate::gate::{self, AuditRequest, PolicyRequest, Replay, Request};
use changegate::output::Format;
use serde_json::json;

use super::audit::Place;
use super::{Answer, CheckArgs, check, environment};

/// Judges again what the record says. Exit code 0: the same; 1: something differs; 2: it cannot be judged again.
pub(super) fn run(args: &CheckArgs, record: &str) -> Answer {
    match again(args, record) {
        Ok(answer) => answer,
        Err(fault) => super::audit::fault(&fault),
    }
}

fn again(args: &CheckArgs, record: &str) -> Result<Answer, Diagnostic> {
    if !matches!(args.format, Format::Pretty | Format::Json) {
        return Err(Diagnostic::error("replay::format", "a replay is not told in this format")
            .help("`--format pretty` or `--format json`"));
    }
    let place = Place::open(args.audit.as_deref())?;
    let recorded = Recorded::find(&*place.store, record)?;
    let policies = PolicyRequest {
        builtin: true,
        selection: changegate::policy::library::Selection::default(),
        ..args.policy.request()
    };
    let audit = args.audit.clone().map_or(AuditRequest::Configured, AuditRequest::To);
    let attestation = Attestation { binary_sha256: environment::program_sha256(), ..Attestation::default() };
    let baseline = args.baseline.clone();
    let here = Request { attestation, baseline, ..check::request(&args.input, policies, audit) };
    let replay = check::with_progress(args.quiet, |progress| {
        gate::in_pool(environment::jobs(args.input.jobs), || gate::replay(&recorded, &here, progress))
    })?;
    let same = replay.is_same();
    let text = match args.format {
        Format::Json => in_json(&recorded, &replay),
        _ => page(&recorded, &replay, args.quiet),
    };
    Ok(Answer { stdout: text.into_bytes(), code: u8::from(!same), ..Answer::default() })
}

fn in_json(recorded: &Recorded, replay: &Replay) -> String {
    let difference = |d: &Difference| json!({"about": d.grade.as_str(), "what": d.what, "then": d.then, "now": d.now});
    let answer = json!({
        "record": {"id": recorded.id, "index": recorded.index, "judged_at": recorded.judged_at.to_string()},
        "same": replay.is_same(),
        "then": {"verdict": recorded.verdict, "decision": recorded.decision},
        "now": {"verdict": replay.outcome.verdict.as_str(), "decision": replay.outcome.decision.as_str()},
        "findings": recorded.basis.findings,
        "erased": recorded.erased,
        "differences": replay.differences.iter().map(difference).collect::<Vec<_>>(),
    });
    format!("{answer:#}\n")
}

fn page(recorded: &Recorded, replay: &Replay, quiet: bool) -> String {
    let mut out = String::new();
    let basis = &recorded.basis;
    let said = if replay.is_same() { "the same" } else { "not the same" };
    if quiet {
        return format!("{said}\n");
    }
    let head = recorded.head.as_deref().unwrap_or("what stands in the folder");
    let (stage, at) = (recorded.stage.as_str(), recorded.judged_at);
    let _ = writeln!(out, "record {} · {} · {stage} · {at}\n", recorded.index, recorded.id);
    let _ = writeln!(out, "judged again: {head}");
    let _ = writeln!(out, "then  verdict {}, decision {}", recorded.verdict, recorded.decision);
    let (verdict, decision) = (replay.outcome.verdict.as_str(), replay.outcome.decision.as_str());
    let _ = writeln!(out, "now   verdict {verdict}, decision {decision}");
    let policies = replay.outcome.policies.len();
    let _ = writeln!(
        out,
        "{policies} policies, {} inputs, {} files, {} findings: {said}",
        replay.outcome.inputs.len(),
        basis.read.count,
        basis.findings.count
    );
    if recorded.erased {
        out.push_str("names of people were erased from the record: they are taken to be the same\n");
    }
    for (grade, heading) in [
        (Grade::Answer, "the answer"),
        (Grade::Basis, "what it rests on"),
        (Grade::Tool, "the program (no other answer by itself)"),
    ] {
        let of_grade: Vec<&Difference> = replay.differences.iter().filter(|d| d.grade == grade).collect();
        if !of_grade.is_empty() {
            let _ = writeln!(out, "\ndiffers: {heading}");
        }
        for difference in of_grade {
            let Difference { what, then, now, .. } = difference;
            let [what, then, now] = [what, then, now].map(|text| super::audit::shown(text));
            let _ = writeln!(out, "  {what}\n    then {then}\n    now  {now}");
        }
    }
    if let (Some(commit), false) = (&basis.asked.on_commit, replay.is_same()) {
        let _ = writeln!(
            out,
            "\nno commit was judged, but files on top of {commit}: check that commit out, with the same changes"
        );
    }
    out
}
