//! `changegate audit`: reads, checks and governs the audit trail.

mod deliver;
mod export;
mod govern;
mod key;
mod log;
mod place;
mod prove;
mod verify;

use std::path::PathBuf;

use changegate::audit::export::Format as ExportFormat;
use changegate::audit::query::Filter;
use changegate::finding::Diagnostic;
use clap::{Args, Subcommand, ValueEnum};

use super::attest::AttestArgs;
use super::{Answer, When, environment};
pub(super) use place::Place;

const EXIT_CODES: &str =
    "Exit codes of verify, check-proof and coverage: 0 ok, 1 tampered, 2 incomplete, 3 cannot verify.";

/// `changegate audit …`.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct AuditArgs {
    /// Where the records are, as `check --audit` takes it [default: as configured]
    #[arg(long, value_name = "DEST", global = true)]
    audit: Option<String>,
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Create the log in a PostgreSQL database; other stores need nothing
    Init {
        /// Role of the database that may append and read (repeatable)
        #[arg(long = "writer", value_name = "ROLE")]
        writers: Vec<String>,
    },
    /// List records
    Log(LogArgs),
    /// Show one record
    Show {
        /// Id or index of the record
        id: String,
        /// pretty or json
        #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Pretty)]
        format: Format,
    },
    /// Check the whole log, offline
    Verify(VerifyArgs),
    /// Write a proof that a record is in the log, for somebody who has nothing but the key
    Prove(ProveArgs),
    /// Check such a proof; needs nothing but the file and the key
    CheckProof {
        /// The proof, a C2SP tlog-proof
        file: PathBuf,
        /// Public key of the log, as text or as a file (repeatable)
        #[arg(long, value_name = "KEY", required = true)]
        key: Vec<String>,
        /// pretty or json
        #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Pretty)]
        format: Format,
    },
    /// Find commits that came in without a decision
    Coverage(CoverageArgs),
    /// Write records in another shape, or the log as tiles
    Export(ExportArgs),
    /// Sign how large the log is and what its root is
    Checkpoint {
        /// Write it to this file
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
        /// The log's private key
        #[arg(long, value_name = "FILE", env = "CHANGEGATE_AUDIT_KEY", hide_env_values = true)]
        key: PathBuf,
    },
    /// Make a key pair that signs records and checkpoints
    Keygen {
        /// Name of the log, for example acme.example/audit
        name: String,
        /// File for the private key; it must not exist
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Drop the bodies of records whose retention is over; their hashes stay
    Prune {
        /// Only say what would be dropped
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        attest: AttestArgs,
    },
    /// Forbid to prune
    Hold {
        /// Why, for example the name of the case
        #[arg(long)]
        reason: String,
        /// Only the records of this change
        #[arg(long, value_name = "ID")]
        change: Option<String>,
        #[command(flatten)]
        attest: AttestArgs,
    },
    /// End a hold
    Release {
        /// Id of the hold's record
        hold: String,
        /// Why
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        attest: AttestArgs,
    },
    /// Erase personal fields of a record that lie beside it
    Redact {
        /// Id or index of the record
        id: String,
        /// Why, for example the number of the request
        #[arg(long)]
        reason: String,
        /// Only this field: login, email, id, on_behalf_of, author, committer or by
        #[arg(long, value_name = "NAME")]
        field: Option<String>,
        #[command(flatten)]
        attest: AttestArgs,
    },
    /// Bring records that wait on this machine to the log, each once, and integrate what waits there
    Push {
        #[command(flatten)]
        attest: AttestArgs,
    },
}

/// How an answer is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Pretty,
    Json,
}

/// Which records.
#[derive(Debug, Args)]
struct FilterArgs {
    /// Records in which this policy failed or could not judge
    #[arg(long, value_name = "ID")]
    policy: Option<String>,
    /// Records of changes to this service
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
    /// Records of this person: login, address or canonical name
    #[arg(long, value_name = "NAME")]
    actor: Option<String>,
    /// Records with this verdict or decision
    #[arg(long, value_name = "VERDICT")]
    verdict: Option<String>,
    /// Records of this kind: decision, approval, override, waiver, redaction, retention, hold, recovery or import
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// Records of this change
    #[arg(long, value_name = "ID")]
    change: Option<String>,
    /// First instant or day (UTC)
    #[arg(long, value_name = "INSTANT", value_parser = instant_or_day)]
    since: Option<jiff::Timestamp>,
    /// First instant or day after the last
    #[arg(long, value_name = "INSTANT", value_parser = instant_or_day)]
    until: Option<jiff::Timestamp>,
}

impl FilterArgs {
    fn filter(&self) -> Filter {
        Filter {
            policy: self.policy.clone(),
            service: self.service.clone(),
            actor: self.actor.clone(),
            verdict: self.verdict.clone(),
            kind: self.kind.clone(),
            change: self.change.clone(),
            since: self.since,
            until: self.until,
        }
    }
}

#[derive(Debug, Args)]
struct LogArgs {
    #[command(flatten)]
    filter: FilterArgs,
    /// At most this many, the latest
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// pretty or json (one record a line)
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Pretty)]
    format: Format,
}

#[derive(Debug, Args)]
struct VerifyArgs {
    /// Public key whose signatures are believed, as text or as a file (repeatable)
    #[arg(long, value_name = "KEY")]
    key: Vec<String>,
    /// A head that the log must have had (repeatable)
    #[arg(long, value_name = "SIZE:ROOT", value_parser = pin)]
    pin: Vec<changegate::audit::Pin>,
    /// File in which the largest head is remembered [default: .changegate/audit.pins]
    #[arg(long, value_name = "FILE")]
    pins: Option<PathBuf>,
    /// Remember nothing
    #[arg(long)]
    no_remember: bool,
    /// A signed checkpoint that the log must contain (repeatable)
    #[arg(long, value_name = "FILE")]
    checkpoint: Vec<PathBuf>,
    /// Also find commits of this branch without a decision
    #[arg(long, value_name = "NAME")]
    branch: Option<String>,
    /// First day of those commits
    #[arg(long, value_name = "INSTANT", requires = "branch")]
    since: Option<String>,
    /// pretty or json
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Pretty)]
    format: Format,
}

#[derive(Debug, Args)]
struct ProveArgs {
    /// Id or index of the record
    id: String,
    /// Write the proof to this file
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The log's private key, to sign a checkpoint of now
    #[arg(
        long,
        value_name = "FILE",
        env = "CHANGEGATE_AUDIT_KEY",
        hide_env_values = true,
        required_unless_present = "checkpoint"
    )]
    key: Option<PathBuf>,
    /// A checkpoint that was signed before
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct CoverageArgs {
    /// The branch
    #[arg(long, value_name = "NAME")]
    branch: String,
    /// First instant or day
    #[arg(long, value_name = "INSTANT")]
    since: Option<String>,
    /// Last instant or day
    #[arg(long, value_name = "INSTANT")]
    until: Option<String>,
    /// pretty or json
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Pretty)]
    format: Format,
}

#[derive(Debug, Args)]
struct ExportArgs {
    /// jsonl, csv, vsa, ocsf or opa
    #[arg(long, value_name = "FORMAT", default_value = "jsonl")]
    format: ExportFormat,
    /// Write the log as C2SP tlog-tiles into this directory instead
    #[arg(long, value_name = "DIR")]
    tiles: Option<PathBuf>,
    /// Private key: signs verification summaries, and the checkpoint of the tiles
    #[arg(long, value_name = "FILE", env = "CHANGEGATE_AUDIT_KEY", hide_env_values = true)]
    key: Option<PathBuf>,
    #[command(flatten)]
    filter: FilterArgs,
}

/// Runs a command. What stops one is printed and ends it with 3 where the code says whether a log could be checked,
/// with 2 elsewhere.
pub(super) fn run(args: &AuditArgs) -> Answer {
    let answer = match &args.command {
        AuditCommand::CheckProof { file, key, format } => prove::check(file, key, *format),
        AuditCommand::Keygen { name, out } => key::generate(name, out),
        command => Place::open(args.audit.as_deref()).and_then(|place| in_place(command, &place)),
    };
    answer.unwrap_or_else(|fault| {
        let checks = matches!(
            args.command,
            AuditCommand::Verify(_) | AuditCommand::CheckProof { .. } | AuditCommand::Coverage(_)
        );
        Answer { code: if checks { 3 } else { 2 }, ..self::fault(&fault) }
    })
}

fn in_place(command: &AuditCommand, place: &Place) -> Result<Answer, Diagnostic> {
    match command {
        AuditCommand::Log(args) => log::list(place, args),
        AuditCommand::Show { id, format } => log::show(place, id, *format),
        AuditCommand::Verify(args) => verify::run(place, args),
        AuditCommand::Prove(args) => prove::prove(place, args),
        AuditCommand::Coverage(args) => verify::coverage(place, args),
        AuditCommand::Export(args) => export::run(place, args),
        AuditCommand::Checkpoint { output, key } => prove::checkpoint(place, key, output.as_deref()),
        AuditCommand::Prune { dry_run, attest } => govern::prune(place, *dry_run, attest),
        AuditCommand::Hold { reason, change, attest } => govern::hold(place, reason, change.as_deref(), attest),
        AuditCommand::Release { hold, reason, attest } => govern::release(place, hold, reason, attest),
        AuditCommand::Redact { id, reason, field, attest } => {
            govern::redact(place, id, field.as_deref(), reason, attest)
        }
        AuditCommand::Init { writers } => deliver::init(place, writers),
        AuditCommand::Push { attest } => deliver::push(place, attest),
        AuditCommand::CheckProof { .. } | AuditCommand::Keygen { .. } => Ok(Answer::default()),
    }
}

/// What is said when a command cannot do its work.
pub(super) fn fault(fault: &Diagnostic) -> Answer {
    let style = environment::style(When::Auto, false);
    let text = changegate::output::diagnostics(std::slice::from_ref(fault), &Default::default(), &style);
    Answer { stderr: text.into_bytes(), code: 2, ..Answer::default() }
}

fn text(stdout: impl Into<Vec<u8>>) -> Answer {
    Answer { stdout: stdout.into(), ..Answer::default() }
}

/// Writes to a file, or answers with the text.
fn to(output: Option<&std::path::Path>, contents: &str) -> Result<Answer, Diagnostic> {
    let Some(path) = output else { return Ok(text(contents)) };
    std::fs::write(path, contents).map_err(|e| unwritable(path, &e))?;
    Ok(text(format!("wrote {}\n", path.display())))
}

fn unwritable(path: &std::path::Path, e: &std::io::Error) -> Diagnostic {
    Diagnostic::error("audit::unwritable", format!("the file cannot be written: {e}"))
        .in_file(path.display().to_string())
        .help("choose another place")
}

/// A record may hold what somebody else wrote: nothing in it may steer the terminal.
pub(super) fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn instant_or_day(text: &str) -> Result<jiff::Timestamp, String> {
    let day = format!("{text}T00:00:00Z");
    text.parse()
        .or_else(|_| day.parse())
        .map_err(|_| "write a day, 2026-06-11, or an instant with an offset, 2026-06-11T20:00:00+01:00".to_owned())
}

fn pin(text: &str) -> Result<changegate::audit::Pin, String> {
    changegate::audit::Pin::parse(text).ok_or_else(|| "write SIZE:ROOT, the root as 64 hexadecimal digits".into())
}
