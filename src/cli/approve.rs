//! `changegate approve`: sign an approval of a change request with the user's own `ssh-keygen`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use changegate::change::approval::{NAMESPACE, Place};
use changegate::finding::Diagnostic;
use changegate::gate::{self, AuditRequest, Ballot, Cast, PolicyRequest, Request, Vote};
use clap::Args;

use super::{Answer, environment, instant};

/// What is signed, and with which key.
#[derive(Debug, Args)]
pub(super) struct ApproveArgs {
    /// The change request
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Private key, or a public key whose private half is in the SSH agent
    #[arg(long, value_name = "KEY")]
    key: PathBuf,
    /// The commit to compare with, as for `check`: the files that differ are part of what is approved
    #[arg(long, value_name = "REF")]
    base: Option<String>,
    /// The commit that is approved [default: the working tree]
    #[arg(long, value_name = "REF", requires = "base")]
    head: Option<String>,
    /// Who approves [default: the address that git is configured with]
    #[arg(long, value_name = "WHO")]
    by: Option<String>,
    /// In which role [default: any that you hold]
    #[arg(long, value_name = "ROLE")]
    role: Option<String>,
    /// What you say
    #[arg(long, value_name = "DECISION", default_value = "approved", value_parser = ["approved", "changes-requested"])]
    decision: String,
    /// Approve the emergency override of the request (spec.freezeOverride), not the change
    #[arg(long = "override", conflicts_with = "decision")]
    of_override: bool,
    /// Print the entry and leave the file as it is
    #[arg(long)]
    print: bool,
    /// Directory of context documents [default: .changegate]
    #[arg(long, value_name = "DIR")]
    context: Option<PathBuf>,
    /// The instant of the approval, RFC 3339 [default: the clock]
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    now: Option<jiff::Timestamp>,
}

/// Exit code 0, or 2 when nothing was signed.
pub(super) fn run(args: &ApproveArgs) -> Answer {
    approve(args).unwrap_or_else(|fault| super::audit::fault(&fault))
}

fn approve(args: &ApproveArgs) -> Result<Answer, Diagnostic> {
    let request = Request {
        base: args.base.clone(),
        head: args.head.clone(),
        context: args.context.clone(),
        clock: environment::clock(args.now),
        policies: PolicyRequest { builtin: true, ..PolicyRequest::default() },
        audit: AuditRequest::Off,
        ..super::check::bare()
    };
    let by = args.by.clone().or_else(|| environment::actor().email).ok_or_else(|| {
        Diagnostic::error("approve::who", "it is not known who approves")
            .help("give `--by ADDRESS`, or set `git config user.email`")
    })?;
    let place = if args.of_override { Place::Override } else { Place::Change };
    let vote = Vote { by, role: args.role.clone(), decision: args.decision.clone(), place };
    let ballot = gate::ballot(&request, &args.file, vote)?;
    // On the terminal before the key asks for a passphrase or a touch: nobody should sign what they have not seen.
    let _ = std::io::stderr().write_all(summary(&ballot).as_bytes());
    let signature = sign(&args.key, &ballot.statement)?;
    let cast = ballot.cast(&signature)?;
    let stdout = match (&cast.text, args.print) {
        (Some(text), false) => {
            write(&ballot.path, text)?;
            format!("wrote the approval into {}; commit it, nothing else with it\n", ballot.shown)
        }
        (_, true) => cast.entry.clone(),
        (None, false) => {
            let list = ballot.vote.place.path().join(".");
            return Err(Diagnostic::error(
                "approve::list",
                format!("`{list}` is written in a way that only its author should change"),
            )
            .in_file(ballot.shown)
            .help(format!("run again with `--print`, and add what it prints to `{list}`")));
        }
    };
    Ok(Answer { stdout: stdout.into_bytes(), stderr: told(&cast).into_bytes(), code: 0 })
}

fn summary(ballot: &Ballot) -> String {
    let what = match ballot.vote.place {
        Place::Change => ballot.vote.decision.as_str(),
        Place::Override => "approved, the override of a freeze",
    };
    let role = ballot.vote.role.clone().unwrap_or_else(|| match ballot.roles.as_slice() {
        [] => "none that is known".into(),
        roles => roles.join(", "),
    });
    format!(
        "change    {}\ndigest    {}\nby        {}\nrole      {role}\ndecision  {what}\n",
        ballot.change, ballot.digest, ballot.vote.by
    )
}

fn told(cast: &Cast) -> String {
    let mut text = format!("key       {}\n", cast.key);
    for warning in &cast.warnings {
        text.push_str(&format!("warning: it will not count as things stand: {warning}\n"));
    }
    text
}

/// Encrypted keys, agents and hardware tokens work, because the program that knows them is asked.
fn sign(key: &Path, statement: &[u8]) -> Result<String, Diagnostic> {
    let failed = |why: String| {
        Diagnostic::error("approve::sign", format!("nothing was signed: {why}"))
            .help("`ssh-keygen -Y sign` must be there and know the key; see docs/approvals.md")
    };
    let mut child = Command::new("ssh-keygen")
        .args(["-q", "-Y", "sign", "-n", NAMESPACE, "-f"])
        .arg(key)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| failed(format!("ssh-keygen cannot be started: {e}")))?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(statement).map_err(|e| failed(format!("ssh-keygen does not listen: {e}")))?;
    }
    let output = child.wait_with_output().map_err(|e| failed(e.to_string()))?;
    match output.status.success() {
        true => String::from_utf8(output.stdout).map_err(|_| failed("the signature is not text".into())),
        false => Err(failed("ssh-keygen failed".into())),
    }
}

fn write(path: &Path, text: &str) -> Result<(), Diagnostic> {
    std::fs::write(path, text).map_err(|e| {
        Diagnostic::error("approve::unwritable", format!("the request cannot be written: {e}"))
            .in_file(path.display().to_string())
            .help("run again with `--print`")
    })
}
