//! `changegate policy …`: list, explain, check, begin and document policies.

mod docs;
mod foreign;
mod lint;
mod new;

use std::fmt::Write;

use changegate::evaluate;
use changegate::gate::Request;
use changegate::gate::policies::{self, Loaded};
use changegate::policy::example::{self, Example};
use changegate::policy::library::Policy;
use changegate::source::Sources;
use clap::Subcommand;

use super::{Answer, PolicyArgs, When, check, environment, fetch};

#[derive(Debug, Subcommand)]
pub(super) enum PolicyCommand {
    /// List the policies
    List {
        #[command(flatten)]
        policy: PolicyArgs,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Fetch policies of other repositories into the cache, as `changegate.lock` pins them
    Fetch(fetch::FetchArgs),
    /// Find what is wrong with policies although they load
    Lint(lint::LintArgs),
    /// Explain one policy: what it demands, why, what to do, an example of what is denied and of what is not; or `risk`
    Show {
        /// Policy id, for example HA-001
        id: String,
        #[command(flatten)]
        policy: PolicyArgs,
    },
    /// Write the folder of a new policy: a rule, tests and fixtures to begin with
    New(new::NewArgs),
    /// Write a page for each policy, and an index
    Docs(docs::DocsArgs),
}

pub(super) fn run(command: &PolicyCommand) -> Answer {
    match command {
        PolicyCommand::List { policy, json } => with(policy, if *json { list_json } else { list }),
        PolicyCommand::Fetch(args) => fetch::run(args),
        PolicyCommand::Lint(args) => lint::run(args),
        PolicyCommand::Show { id, policy } => with(policy, |loaded| show(loaded, id)),
        PolicyCommand::New(args) => new::run(args),
        PolicyCommand::Docs(args) => docs::run(args),
    }
}

fn with(args: &PolicyArgs, print: impl Fn(&Loaded) -> Answer) -> Answer {
    let loaded = load(args);
    if loaded.library.diagnostics.is_empty() {
        return print(&loaded);
    }
    let style = environment::style(When::Auto, false);
    let text = changegate::output::diagnostics(&loaded.library.diagnostics, &loaded.sources, &style);
    Answer { stderr: text.into_bytes(), code: 2, ..Answer::default() }
}

fn load(args: &PolicyArgs) -> Loaded {
    let request = Request { policies: args.request(), ..check::bare() };
    policies::load_named(!args.no_builtin, &args.dirs, &request)
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

fn list_json(loaded: &Loaded) -> Answer {
    let entry = |policy: &Policy| {
        let (metadata, custom) = (&policy.metadata, &policy.metadata.custom);
        serde_json::json!({
            "id": custom.id,
            "title": metadata.title,
            "severity": custom.severity.as_str(),
            "enforcement": custom.enforcement.as_str(),
            "stages": custom.stages,
            "targets": custom.targets,
            "controls": custom.controls,
            "path": loaded.sources.get(policy.source).map(|s| s.path.to_string()),
        })
    };
    let all: Vec<_> = loaded.library.policies.iter().map(entry).collect();
    let text = format!("{:#}\n", serde_json::Value::from(all));
    Answer { stdout: text.into_bytes(), ..Answer::default() }
}

fn show(loaded: &Loaded, id: &str) -> Answer {
    if id.eq_ignore_ascii_case("risk") {
        return risk(loaded);
    }
    match loaded.library.policies.iter().find(|p| p.id().eq_ignore_ascii_case(id)) {
        Some(policy) => Answer { stdout: page(policy, &loaded.sources).into_bytes(), ..Answer::default() },
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

fn shown(out: &mut String, title: &str, example: &Example) {
    let _ = writeln!(out, "\n{title}");
    for words in example.why.iter().cloned().chain(example.at.iter().map(|at| format!("Judged {at}."))) {
        let _ = writeln!(out, "  {words}");
    }
    for part in &example.parts {
        let _ = writeln!(out, "  {}", part.name);
        for line in part.text.lines() {
            let _ = writeln!(out, "{}", format!("    {line}").trim_end());
        }
    }
}

fn page(policy: &Policy, sources: &Sources) -> String {
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
    let files = example::of(policy, sources);
    for (word, title) in [("fail", "Denied, for example:"), ("pass", "Not denied, for example:")] {
        if let Some(example) = Example::find(&files, word) {
            shown(&mut out, title, &example);
        }
    }
    out.push('\n');
    for link in &metadata.related_resources {
        let _ = writeln!(out, "See {}", link.link());
    }
    out
}
