//! `changegate init`: the first files of a repository.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use changegate::finding::Diagnostic;
use changegate::git::Repository;
use changegate::kubernetes::render::Tool;
use changegate::onboarding::{self, Forge, Setting, Survey, Written};
use clap::Args;

use super::{Answer, environment};

#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// Where `changegate.yaml` goes [default: the root of the repository]
    #[arg(value_name = "DIR")]
    directory: Option<PathBuf>,
    /// Where pull requests live: github, gitlab or none [default: as the remote and the files say]
    #[arg(long, value_name = "FORGE")]
    forge: Option<Forge>,
    /// IANA time zone of the freeze calendar [default: that of this machine]
    #[arg(long, value_name = "ZONE", value_parser = zone)]
    timezone: Option<String>,
    /// Say what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// The instant that the files are dated with, RFC 3339 [default: the clock]
    #[arg(long, value_name = "INSTANT", value_parser = super::instant)]
    now: Option<jiff::Timestamp>,
}

fn zone(name: &str) -> Result<String, String> {
    let known = jiff::tz::TimeZone::get(name);
    known.map(|_| name.to_owned()).map_err(|_| "a time zone has an IANA name, for example Europe/Berlin".into())
}

/// Looks, writes what is missing, and says what comes next.
pub(super) fn run(args: &InitArgs) -> Answer {
    match write(args) {
        Ok(answer) => answer,
        Err(fault) => super::audit::fault(&fault),
    }
}

fn write(args: &InitArgs) -> Result<Answer, Diagnostic> {
    let root = root(args)?;
    let programs = environment::programs().outside(&root);
    let setting = Setting {
        forge: args.forge,
        timezone: args.timezone.clone().unwrap_or_else(environment::timezone),
        now: environment::clock(args.now).now,
        has_helm: programs.has(Tool::Helm),
        has_kustomize: programs.has(Tool::Kustomize),
    };
    let survey = onboarding::look(&root)?;
    let mut lines = String::new();
    let _ = writeln!(lines, "found    {}", found(&survey));
    let (mut kept, mut failed) = (Vec::new(), false);
    for proposal in onboarding::propose(&survey, &setting) {
        let word = match result(args, &root, &proposal) {
            Ok(Written::New) if args.dry_run => "would be",
            Ok(Written::New) => "wrote",
            Ok(Written::Kept) => {
                kept.push(proposal.path);
                "kept"
            }
            Err(error) => {
                failed = true;
                let _ = writeln!(lines, "failed   {}: {error}", proposal.path);
                continue;
            }
        };
        let _ = writeln!(lines, "{word:<8} {:<33} {}", proposal.path, proposal.purpose);
    }
    for path in &survey.calendars {
        let _ = writeln!(lines, "kept     {path:<33} when changes must not happen");
    }
    lines.push_str("\nnext\n");
    for (n, step) in onboarding::advice(&survey, &setting, &kept).iter().enumerate() {
        let _ = writeln!(lines, "  {}. {step}", n + 1);
    }
    Ok(Answer { stdout: lines.into_bytes(), code: if failed { 2 } else { 0 }, ..Answer::default() })
}

fn result(args: &InitArgs, root: &Path, proposal: &onboarding::Proposal) -> std::io::Result<Written> {
    if args.dry_run {
        let exists = root.join(proposal.path).symlink_metadata().is_ok();
        return Ok(if exists { Written::Kept } else { Written::New });
    }
    onboarding::write(root, proposal)
}

/// The folder that was named, else the root of the repository, else this one.
fn root(args: &InitArgs) -> Result<PathBuf, Diagnostic> {
    let start = args.directory.clone().unwrap_or_else(|| ".".into());
    let full = start.canonicalize().map_err(|error| {
        Diagnostic::error("init::not-found", format!("cannot find {}: {error}", start.display()))
            .help("name a folder that exists, or leave it out for the root of the repository")
    })?;
    if !full.is_dir() {
        return Err(Diagnostic::error("init::not-a-folder", format!("{} is not a folder", start.display()))
            .help("name the folder that changegate.yaml goes into"));
    }
    if args.directory.is_some() {
        return Ok(full);
    }
    let repository = Repository::discover(&full)?;
    Ok(repository.and_then(|r| r.root().canonicalize().ok()).unwrap_or(full))
}

/// What was found, in one line.
fn found(survey: &Survey) -> String {
    let count = |n: usize, one: &str, many: &str| match n {
        0 => None,
        1 => Some(format!("1 {one}")),
        n => Some(format!("{n} {many}")),
    };
    let parts = [
        count(survey.terraform.len(), "Terraform root module", "Terraform root modules"),
        count(survey.objects, "Kubernetes object", "Kubernetes objects"),
        count(survey.kustomizations.len(), "kustomization", "kustomizations"),
        count(survey.charts.len(), "chart", "charts"),
        count(survey.deployers, "Argo CD or Flux deployment", "Argo CD or Flux deployments"),
        count(survey.catalogs.len(), "Backstage catalogue", "Backstage catalogues"),
        survey.owners.as_ref().map(|_| "CODEOWNERS".to_owned()),
        survey.forge.map(|forge| forge.name().to_owned()),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { "nothing that the gate judges".into() } else { parts.join(", ") }
}
