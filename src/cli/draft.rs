//! `changegate init --change`: a change request drafted for a difference.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use changegate::draft::{self, Start};
use changegate::finding::Diagnostic;
use changegate::gate::{self, AuditRequest, PolicyRequest, Request, Silent};
use clap::Args;

use super::{Answer, environment};

/// What a request is drafted for.
#[derive(Debug, Args)]
pub(super) struct DraftArgs {
    /// The commit to compare with
    #[arg(long, value_name = "REF", default_value = "HEAD", requires = "change")]
    base: String,
    /// The commit to draft for [default: the working tree]
    #[arg(long, value_name = "REF", requires = "change")]
    head: Option<String>,
    /// Plan JSON of `terraform show -json` or `tofu show -json` (repeatable)
    #[arg(long, value_name = "FILE", requires = "change")]
    plan: Vec<PathBuf>,
    /// Directory of context documents [default: .changegate]
    #[arg(long, value_name = "DIR", requires = "change")]
    context: Option<PathBuf>,
    /// Id of the change [default: made of the instant]
    #[arg(long, value_name = "ID", requires = "change")]
    id: Option<String>,
}

/// Drafts a request into `file`, else where the configuration looks for requests. Exit code 0, or 2 when nothing was
/// written.
pub(super) fn run(args: &DraftArgs, file: Option<&Path>, now: Option<jiff::Timestamp>) -> Answer {
    change_request(args, file, now).unwrap_or_else(|fault| super::audit::fault(&fault))
}

fn change_request(args: &DraftArgs, file: Option<&Path>, now: Option<jiff::Timestamp>) -> Result<Answer, Diagnostic> {
    let request = Request {
        base: Some(args.base.clone()),
        head: args.head.clone(),
        plans: args.plan.clone(),
        context: args.context.clone(),
        clock: environment::clock(now),
        policies: PolicyRequest { builtin: true, ..PolicyRequest::default() },
        audit: AuditRequest::Off,
        ..super::check::bare()
    };
    let id = args.id.clone().unwrap_or_else(|| request.clock.now.strftime("CHG-%Y-%m%d%H%M").to_string());
    let path = match file {
        Some(file) => request.directory.join(file),
        None => gate::change_folder(&request)?.join(format!("{id}.yaml")),
    };
    if path.exists() {
        return Err(exists(&path));
    }
    let text = gate::in_pool(environment::jobs(None), || drafted(&request, &id, &args.base))?;
    create(&path, &text)?;
    let shown = path.strip_prefix(&request.directory).unwrap_or(&path).display();
    let message = format!("wrote {shown} with {} hints (`# !`): fill in what they ask for\n", draft::count(&text));
    Ok(Answer { stdout: message.into_bytes(), ..Answer::default() })
}

/// The draft, judged once for its hints.
fn drafted(request: &Request, id: &str, base: &str) -> Result<String, Diagnostic> {
    let (outcome, cases) = gate::dossier(request, &Silent);
    if let Some(change) = outcome.change() {
        return Err(Diagnostic::error("init::requested", format!("the change has a request already: {}", change.path))
            .help("edit that one, or name a file if there are to be two"));
    }
    let case = cases.first().ok_or_else(|| not_judged(&outcome))?;
    let text = draft::write(&Start { id, base, case }).map_err(|e| unwritten("the draft", &e))?;
    let folder = tempfile::tempdir().map_err(|e| unwritten("a temporary folder", &e))?;
    let file = folder.path().join(format!("{id}.yaml"));
    fs::write(&file, &text).map_err(|e| unwritten("the draft", &e))?;
    let judged = gate::check(&Request { changes: vec![file], ..request.clone() }, &Silent);
    Ok(draft::with_hints(&text, &judged))
}

fn not_judged(outcome: &changegate::outcome::Outcome) -> Diagnostic {
    let fault = outcome.diagnostics.iter().find(|d| d.level == changegate::finding::Level::Error).cloned();
    fault.unwrap_or_else(|| Diagnostic::error("init::unread", "the change could not be read"))
}

fn unwritten(what: &str, why: &dyn std::fmt::Display) -> Diagnostic {
    Diagnostic::error("init::unwritten", format!("{what} cannot be written: {why}"))
}

fn exists(path: &Path) -> Diagnostic {
    Diagnostic::error("init::exists", format!("`{}` exists and is left as it is", path.display()))
        .help("name another file, or give another `--id`")
}

/// Writes a new file; one that came into being meanwhile stays.
fn create(path: &Path, text: &str) -> Result<(), Diagnostic> {
    let shown = path.display().to_string();
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|e| unwritten(&folder.display().to_string(), &e))?;
    }
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = file.map_err(|e| match e.kind() {
        std::io::ErrorKind::AlreadyExists => exists(path),
        _ => unwritten(&shown, &e),
    })?;
    file.write_all(text.as_bytes()).map_err(|e| unwritten(&shown, &e))
}
