//! What was typed, and how it becomes a request. Nobody imports this module.
//!
//! The clock, the environment and the actor enter here and nowhere else.

mod approve;
mod attest;
mod audit;
mod cache;
mod check;
mod draft;
mod environment;
mod facts;
mod fetch;
mod freeze;
mod init;
mod isolated;
mod manual;
mod merge;
mod policy;
mod progress;
mod recheck;
mod replay;
mod report;
mod schema;
mod test;
mod watch;

use std::path::PathBuf;

use changegate::config::AuditLevel;
use changegate::facts::Stage;
use changegate::gate::{ForeignRequest, PolicyRequest, Request};
use changegate::memory::Part;
use changegate::output::Format;
use changegate::parse::conftest;
use changegate::policy::library::Selection;
use clap::{Args, Parser, Subcommand, ValueEnum};

/// Decides whether a change may go ahead: judges Terraform, Kubernetes and change requests with Rego policies.
#[derive(Debug, Parser)]
#[command(name = "changegate", version, about, max_term_width = 100, arg_required_else_help = true, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 allowed (warnings may exist), 1 denied, 2 could not decide, 3 pending: only an approval or \
                          evidence that can still arrive is missing.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Judge a change (default: the working tree)
    Check(Box<CheckArgs>),
    /// Judge a change with what `check --shard` evaluated on several machines
    Merge(Box<merge::MergeArgs>),
    /// Sign an approval of a change request
    Approve(Box<approve::ApproveArgs>),
    /// Run the unit tests of policies
    Test(test::TestArgs),
    /// Print what a policy sees, as JSON
    Facts(Box<FactsArgs>),
    /// Read, check and govern the audit trail
    Audit(Box<audit::AuditArgs>),
    /// Ask the freeze calendars: open or frozen, the next open slots, what is wrong with them
    #[command(subcommand)]
    Freeze(freeze::FreezeCommand),
    /// Write the first files: configuration, calendar, pipeline, hook; with --change the draft of a change request
    Init(Box<init::InitArgs>),
    /// Print the JSON Schema of a document kind, of the configuration or of the JSON output
    Schema(SchemaArgs),
    /// List, explain, check, begin, fetch and document policies
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
    /// Write pages that people read in a meeting
    #[command(subcommand)]
    Report(report::ReportCommand),
    /// Judge the past again with other policies or thresholds: what would have been decided otherwise
    Replay(Box<replay::ReplayArgs>),
    /// Evaluate policies for `check --isolate`, which starts this
    #[command(name = changegate::policy::isolate::COMMAND, hide = true)]
    Isolated,
    /// Print the script that completes commands in a shell
    Completions(manual::CompletionsArgs),
    /// Print the manual page
    Man(manual::ManArgs),
}

/// What is judged.
#[derive(Debug, Args)]
struct InputArgs {
    /// Files and directories to judge
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Judge only what differs from this commit; policies, configuration and context are read at the merge base
    #[arg(long, value_name = "REF")]
    base: Option<String>,
    /// The commit to judge [default: the working tree]
    #[arg(long, value_name = "REF", requires = "base")]
    head: Option<String>,
    /// Plan JSON of `terraform show -json` or `tofu show -json` (repeatable)
    #[arg(long, value_name = "FILE")]
    plan: Vec<PathBuf>,
    /// Change request (repeatable) [default: those that the change adds or edits, or that a commit trailer, the pull
    /// request or a label names]
    #[arg(long, value_name = "FILE")]
    change: Vec<PathBuf>,
    /// The pull request: the JSON of the GitHub or GitLab API, untouched
    #[arg(long, value_name = "FILE")]
    pull_request: Option<PathBuf>,
    /// Directory of context documents: calendar, catalogue, matrix, identities, … [default: .changegate]
    #[arg(long, value_name = "DIR")]
    context: Option<PathBuf>,
    /// Forge reviews: the JSON of the GitHub or GitLab API, untouched
    #[arg(long, value_name = "FILE")]
    reviews: Option<PathBuf>,
    /// Approvals of ServiceNow or Jira Service Management: the JSON of their API, untouched
    #[arg(long, value_name = "FILE")]
    approvals: Option<PathBuf>,
    /// Where in the life of the change the gate stands
    #[arg(long, value_name = "STAGE", default_value = "pull-request", value_parser = stage)]
    stage: Stage,
    /// The instant to judge at, RFC 3339 [default: the clock]
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    now: Option<jiff::Timestamp>,
    /// Threads [default: the number of processors]
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
}

/// Which policies apply.
#[derive(Debug, Args)]
struct PolicyArgs {
    /// More policies: a directory, a module, an OPA bundle (`.tar.gz`), or `git::URL//FOLDER?ref=REF` as `changegate.lock` pins
    /// it (repeatable)
    #[arg(long = "policy", value_name = "SOURCE")]
    dirs: Vec<PathBuf>,
    /// Public key in PEM that bundles are signed with
    #[arg(long, value_name = "FILE")]
    verification_key: Option<PathBuf>,
    /// Where `changegate policy fetch` keeps policies [default: the user's cache]
    #[arg(long, value_name = "DIR")]
    policy_cache: Option<PathBuf>,
    /// Leave the built-in policies out
    #[arg(long)]
    no_builtin: bool,
    #[command(flatten)]
    foreign: ForeignArgs,
    /// Only these policies; the outcome is then partial
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    only: Vec<String>,
    /// Not these policies; the outcome is then partial
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    skip: Vec<String>,
}

impl PolicyArgs {
    /// What was typed, as a request.
    fn request(&self) -> PolicyRequest {
        PolicyRequest {
            dirs: self.dirs.clone(),
            builtin: !self.no_builtin,
            selection: Selection { only: self.only.clone(), skip: self.skip.clone(), disabled: Vec::new() },
            isolate: None,
            foreign: self.foreign.request(),
            verification_key: self.verification_key.clone(),
            cache: self.policy_cache.clone().or_else(environment::cache),
            trial: None,
        }
    }
}

/// Where policies that are tested or linted may come from, besides directories.
#[derive(Debug, Args)]
struct OriginArgs {
    /// Public key in PEM that bundles are signed with
    #[arg(long, value_name = "FILE")]
    verification_key: Option<PathBuf>,
    /// Where `changegate policy fetch` keeps policies [default: the user's cache]
    #[arg(long, value_name = "DIR")]
    policy_cache: Option<PathBuf>,
}

impl OriginArgs {
    /// A request that judges nothing.
    fn request(&self) -> Request {
        let policies = PolicyRequest {
            verification_key: self.verification_key.clone(),
            cache: self.policy_cache.clone().or_else(environment::cache),
            ..PolicyRequest::default()
        };
        Request { policies, ..check::bare() }
    }
}

/// How policies that were written for Conftest are asked.
#[derive(Debug, Args)]
#[command(next_help_heading = "Policies written for Conftest")]
struct ForeignArgs {
    /// Packages that are asked, `*` for any characters (repeatable) [default: main]
    #[arg(long, value_name = "NAME", value_delimiter = ',', conflicts_with = "all_namespaces")]
    namespace: Vec<String>,
    /// Ask every package
    #[arg(long)]
    all_namespaces: bool,
    /// File or folder with data (repeatable)
    #[arg(long, value_name = "PATH")]
    data: Vec<PathBuf>,
    /// Judge all documents as one
    #[arg(long)]
    combine: bool,
    /// How every file is read, for example yaml, json or hcl2 [default: by its name]
    #[arg(long, value_name = "NAME", value_parser = conftest::Parser::named)]
    parser: Option<conftest::Parser>,
}

impl ForeignArgs {
    fn request(&self) -> ForeignRequest {
        ForeignRequest {
            namespaces: self.namespace.clone(),
            all_namespaces: self.all_namespaces,
            data: self.data.clone(),
            combine: self.combine,
            parser: self.parser,
        }
    }
}

#[derive(Debug, Args)]
struct CheckArgs {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    policy: PolicyArgs,
    /// Evaluate policies from outside of the trusted base in processes of their own, 2 GiB of memory each
    #[arg(long)]
    isolate: bool,
    /// Answers that were given before: a directory, or `user` for the one in the user's cache. They are sealed with
    /// CHANGEGATE_CACHE_KEY, else with a key of this user
    #[arg(long, value_name = "DIR", conflicts_with = "replay")]
    cache: Option<PathBuf>,
    /// Evaluate one of N parts only and decide nothing, for `changegate merge`. Exit code 3, or 2 when it could not
    #[arg(
        long,
        value_name = "I/N",
        requires_all = ["shard_output", "now"],
        conflicts_with_all = ["replay", "cache", "output", "write_baseline"]
    )]
    shard: Option<Part>,
    /// Where the part's answers are written
    #[arg(long, value_name = "FILE", requires = "shard")]
    shard_output: Option<PathBuf>,
    /// Output on standard output: pretty, json, sarif, junit, github, gitlab or markdown
    #[arg(long, value_name = "FORMAT", default_value = "pretty", value_parser = format)]
    format: Format,
    /// Also write this format to this file (repeatable)
    #[arg(long, value_name = "FORMAT=FILE", value_parser = output)]
    output: Vec<(Format, PathBuf)>,
    /// Where the audit record goes: a directory, `file:DIR`, `git:REMOTE#BRANCH` or `postgres://USER@HOST/DATABASE`
    /// (password in PGPASSWORD) [default: .changegate/audit]
    #[arg(long, value_name = "DEST", conflicts_with = "no_audit")]
    audit: Option<String>,
    /// How far the record must come before anything is called allowed: spooled (durable on this machine), accepted (in
    /// the keeping of the repository) or integrated (in the log) [default: integrated]
    #[arg(long, value_name = "LEVEL", conflicts_with = "no_audit")]
    audit_level: Option<AuditLevel>,
    /// Give a recorded decision again, by the id or the index of its record, and compare. Exit code 0: the same, 1: it
    /// differs, 2: it cannot be given again
    #[arg(
        long,
        value_name = "RECORD",
        conflicts_with_all = ["no_audit", "audit_level", "paths", "base", "head", "now", "stage", "no_builtin", "only", "skip", "output", "write_baseline"]
    )]
    replay: Option<String>,
    /// Write no audit record
    #[arg(long)]
    no_audit: bool,
    #[command(flatten)]
    attest: attest::AttestArgs,
    /// Findings that are accepted as they are; inside the repository it is read at the merge base
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Accept every finding about a resource as it is: write a baseline
    #[arg(long, value_name = "FILE")]
    write_baseline: Option<PathBuf>,
    /// Show also what is older than the change, and what it fixed
    #[arg(long, value_name = "WHAT", value_enum)]
    show: Option<Shown>,
    /// Print the verdict only; the exit code stays the same
    #[arg(long, short)]
    quiet: bool,
    /// Colour
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = When::Auto)]
    color: When,
}

#[derive(Debug, Args)]
struct FactsArgs {
    #[command(flatten)]
    input: InputArgs,
    /// Value of a variable of the Terraform root modules (repeatable)
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable)]
    var: Vec<(String, String)>,
    /// Variables file, relative to each root module (repeatable)
    #[arg(long, value_name = "FILE")]
    var_file: Vec<String>,
    /// `terraform.workspace` [default: TF_WORKSPACE, else as configured]
    #[arg(long, value_name = "NAME")]
    workspace: Option<String>,
    /// Print the diagnostics and counts only
    #[arg(long, short)]
    quiet: bool,
}

#[derive(Debug, Args)]
struct SchemaArgs {
    /// A kind of document (ChangeRequest, FreezeCalendar, …), `config` or `outcome` [default: list them]
    #[arg(value_name = "KIND")]
    kind: Option<String>,
}

/// What is shown besides what the change introduced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Shown {
    Preexisting,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum When {
    Auto,
    Always,
    Never,
}

/// What a command wants printed, and how the process should end.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// For standard output.
    pub(crate) stdout: Vec<u8>,
    /// For standard error.
    pub(crate) stderr: Vec<u8>,
    /// Exit code.
    pub(crate) code: u8,
}

/// Runs a command.
pub(crate) fn run(cli: &Cli) -> Answer {
    match &cli.command {
        Command::Check(args) => check::run(args),
        Command::Merge(args) => merge::run(args),
        Command::Approve(args) => approve::run(args),
        Command::Test(args) => test::run(args),
        Command::Facts(args) => facts::run(args),
        Command::Audit(args) => audit::run(args),
        Command::Freeze(command) => freeze::run(command),
        Command::Policy(command) => policy::run(command),
        Command::Report(command) => report::run(command),
        Command::Replay(args) => replay::run(args),
        Command::Isolated => isolated::run(),
        Command::Init(args) => init::run(args),
        Command::Schema(args) => schema::run(args),
        Command::Completions(args) => manual::completions(args),
        Command::Man(args) => manual::man(args),
    }
}

fn variable(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE, for example region=eu-west-1")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn stage(text: &str) -> Result<Stage, String> {
    Stage::ALL
        .into_iter()
        .find(|s| s.as_str() == text)
        .ok_or_else(|| "the stages are commit, pull-request and apply".into())
}

fn instant(text: &str) -> Result<jiff::Timestamp, String> {
    text.parse().map_err(|_| "an instant is RFC 3339 with an offset, for example 2026-06-11T20:00:00+01:00".into())
}

fn format(text: &str) -> Result<Format, String> {
    text.parse()
}

fn output(text: &str) -> Result<(Format, PathBuf), String> {
    let (name, path) = text.split_once('=').ok_or("write FORMAT=FILE, for example sarif=changegate.sarif")?;
    Ok((format(name)?, path.into()))
}
