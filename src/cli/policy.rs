//! `changegate policy list` and `changegate policy show`.

use std::fmt::Write;

use changegate::evaluate;
use changegate::gate::policies::{self, Loaded};
use changegate::policy::library::Policy;

use super::{Answer, PolicyArgs, PolicyCommand, When, environment};

pub(super) fn run(command: &PolicyCommand) -> Answer {
    match command {
        PolicyCommand::List { policy } => with(policy, list),
        PolicyCommand::Fetch(args) => super::fetch::run(args),
        PolicyCommand::Lint { paths, .. } => super::foreign::run(paths),
        PolicyCommand::Show { id, policy } => with(policy, |loaded| show(loaded, id)),
    }
}

fn with(args: &PolicyArgs, print: impl Fn(&Loaded) -> Answer) -> Answer {
    let loaded = policies::load_from_disk(!args.no_builtin, &args.dirs);
    if loaded.library.diagnostics.is_empty() {
        return print(&loaded);
    }
    let style = environment::style(When::Auto, false);
    let text = changegate::output::diagnostics(&loaded.library.diagnostics, &loaded.sources, &style);
    Answer { stderr: text.into_bytes(), code: 2, ..Answer::default() }
}

fn list(loaded: &Loaded) -> Answer {
    let mut out = String::new();
    for policy in &loaded.library.policies {
        let custom = &policy.metadata.custom;
        let (severity, enforcement) = (custom.severity.as_str(), custom.enforcement.as_str());
        let _ = writeln!(out, "{:<8}  {severity:<8}  {enforcement:<8}  {}", custom.id, policy.metadata.title);
    }
    Answer { stdout: out.into_bytes(), ..Answer::default() }
}

fn show(loaded: &Loaded, id: &str) -> Answer {
    if id.eq_ignore_ascii_case("risk") {
        return risk(loaded);
    }
    match loaded.library.policies.iter().find(|p| p.id().eq_ignore_ascii_case(id)) {
        Some(policy) => Answer { stdout: page(policy).into_bytes(), ..Answer::default() },
        None => Answer { stderr: unknown(loaded, id).into_bytes(), code: 2, ..Answer::default() },
    }
}

/// The risk model, which is no policy: every factor with its weights.
fn risk(loaded: &Loaded) -> Answer {
    let factors = match evaluate::risk_explanation(&loaded.library) {
        Ok(Some(factors)) => factors,
        Ok(None) => return Answer { stderr: b"the risk model is not loaded\n".to_vec(), code: 2, ..Answer::default() },
        Err(error) => return Answer { stderr: format!("{error}\n").into_bytes(), code: 2, ..Answer::default() },
    };
    let mut out = String::from(RISK);
    let mut group = String::new();
    for factor in factors.as_array().into_iter().flatten() {
        let text = |key: &str| factor.get(key).and_then(|v| v.as_str()).unwrap_or_default();
        if text("group") != group {
            text("group").clone_into(&mut group);
            let _ = writeln!(out, "\n{group}");
        }
        let weights = factor.get("weights").and_then(|w| w.as_object());
        let weights = weights.into_iter().flatten().map(|(name, weight)| format!("{name} {weight}"));
        let _ = writeln!(out, "  {:<12} {}", text("id"), text("title"));
        let _ = writeln!(out, "  {:<12} {}", "", weights.collect::<Vec<_>>().join(", "));
        let _ = writeln!(out, "  {:<12} lower it: {}", "", text("lower"));
    }
    Answer { stdout: out.into_bytes(), ..Answer::default() }
}

const RISK: &str = "\
The risk of a change
points are added, at most 25 are taken away for what makes harm smaller, and the sum is kept to 0 to 100
0 low · 20 medium · 40 high · 65 very high; floors and history: docs/risk.md
policies.thresholds.risk of the configuration replaces single weights
";

fn unknown(loaded: &Loaded, id: &str) -> String {
    let near = loaded.library.policies.iter().map(|p| p.id()).max_by_key(|known| similarity(known, id));
    format!(
        "there is no policy `{id}`; did you mean {}? `changegate policy list` shows all\n",
        near.unwrap_or("another")
    )
}

/// Similarity in thousandths, so that it can be ordered.
fn similarity(a: &str, b: &str) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "jaro_winkler lies in 0..=1")]
    let thousandths = (strsim::jaro_winkler(&a.to_lowercase(), &b.to_lowercase()) * 1000.0) as u64;
    thousandths
}

fn page(policy: &Policy) -> String {
    let (metadata, custom) = (&policy.metadata, &policy.metadata.custom);
    let mut out = format!("{} · {}\n", custom.id, metadata.title);
    let stages = custom.stages.join(", ");
    let _ = writeln!(out, "{} · {} · stages {stages}\n", custom.severity.as_str(), custom.enforcement.as_str());
    let _ = writeln!(out, "{}", metadata.description.trim());
    if !custom.remediation.is_empty() {
        let _ = writeln!(out, "\nWhat to do: {}", custom.remediation.trim());
    }
    if !custom.targets.is_empty() {
        let _ = writeln!(out, "\nJudges: {}", custom.targets.join(", "));
    }
    for (framework, controls) in &custom.controls {
        let _ = writeln!(out, "{framework}: {}", controls.join(", "));
    }
    for link in &metadata.related_resources {
        let _ = writeln!(out, "See {}", link.link());
    }
    out
}
