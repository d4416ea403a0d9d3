//! `changegate freeze`: what the calendars say, without a change.

mod ahead;
mod check;
mod now;
mod show;

use std::path::PathBuf;

use changegate::change::Elapsed;
use changegate::change::calendar::{Subject, Target};
use changegate::gate::{self, Calendars, Request};
use clap::{Args, Subcommand, ValueEnum};

use super::check::bare;
use super::{Answer, When, environment, instant};

/// Ask the freeze calendars.
#[derive(Debug, Subcommand)]
pub(super) enum FreezeCommand {
    /// Whether changes may happen now: exit code 0 when they may, 1 when they may not
    Status(StatusArgs),
    /// The next open slots that are long enough: exit code 1 when there is none within 400 days
    Next(NextArgs),
    /// All windows with their next occurrences
    List(ListArgs),
    /// What in the calendars is wrong, or seldom meant: exit code 1 for warnings, 2 for errors
    Lint(LintArgs),
}

/// Whose calendars, and when.
#[derive(Debug, Args)]
pub(super) struct CommonArgs {
    /// Directory of context documents [default: .changegate]
    #[arg(long, value_name = "DIR")]
    context: Option<PathBuf>,
    /// The instant to ask about, RFC 3339 [default: the clock]
    #[arg(long, visible_alias = "now", value_name = "INSTANT", value_parser = instant)]
    at: Option<jiff::Timestamp>,
    /// Output on standard output
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Shape::Pretty)]
    format: Shape,
}

/// What would be touched; what is not said may be anything, and every freeze may apply to it.
#[derive(Debug, Args)]
pub(super) struct SubjectArgs {
    /// Service, as in the catalogue
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
    /// Environment, in any of its spellings
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    /// Tier [default: the service's, from the catalogue]
    #[arg(long, value_name = "0-3", value_parser = clap::value_parser!(u8).range(0..=3))]
    tier: Option<u8>,
    /// Cloud region
    #[arg(long, value_name = "NAME")]
    region: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    #[command(flatten)]
    common: CommonArgs,
    #[command(flatten)]
    subject: SubjectArgs,
}

#[derive(Debug, Args)]
pub(super) struct NextArgs {
    #[command(flatten)]
    common: CommonArgs,
    #[command(flatten)]
    subject: SubjectArgs,
    /// How long the change takes
    #[arg(long = "for", value_name = "DURATION", default_value = "1h", value_parser = elapsed)]
    length: Elapsed,
    /// How long a rollback takes after that
    #[arg(long, value_name = "DURATION", default_value = "0m", value_parser = elapsed)]
    rollback: Elapsed,
    /// How many slots
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=1000))]
    count: u16,
}

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    #[command(flatten)]
    common: CommonArgs,
    #[command(flatten)]
    subject: SubjectArgs,
    /// How many occurrences of each window
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=1000))]
    count: u16,
}

#[derive(Debug, Args)]
pub(super) struct LintArgs {
    #[command(flatten)]
    common: CommonArgs,
    /// Also say where the system that a window was written for would decide otherwise
    #[arg(long)]
    compare: bool,
}

/// How to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Shape {
    /// For people
    Pretty,
    /// For programs
    Json,
}

pub(super) fn run(command: &FreezeCommand) -> Answer {
    match command {
        FreezeCommand::Status(args) => with(&args.common, |asked| now::status(asked, &args.subject)),
        FreezeCommand::Next(args) => with(&args.common, |asked| ahead::next(asked, args)),
        FreezeCommand::List(args) => with(&args.common, |asked| ahead::list(asked, args)),
        FreezeCommand::Lint(args) => check::lint(&ask(&args.common), args.compare),
    }
}

/// The calendars, and when and how to answer.
struct Asked {
    calendars: Calendars,
    at: jiff::Timestamp,
    format: Shape,
}

impl Asked {
    fn subject(&self, args: &SubjectArgs) -> Subject<'_> {
        self.calendars.subject(Target {
            environment: args.environment.clone(),
            service: args.service.clone(),
            tier: args.tier,
            region: args.region.clone(),
            namespace: None,
        })
    }
}

fn ask(args: &CommonArgs) -> Asked {
    let clock = environment::clock(args.at);
    let request = Request { context: args.context.clone(), clock, ..bare() };
    Asked { calendars: gate::calendars(&request), at: clock.now, format: args.format }
}

/// Answers from calendars that could all be read; a freeze that is missing would make the answer wrong.
fn with(args: &CommonArgs, answer: impl Fn(&Asked) -> Answer) -> Answer {
    let asked = ask(args);
    let style = environment::style(When::Auto, false);
    let calendars = &asked.calendars;
    let errors: Vec<_> =
        calendars.diagnostics.iter().filter(|d| d.level == changegate::finding::Level::Error).cloned().collect();
    if !errors.is_empty() {
        let text = changegate::output::diagnostics(&errors, &calendars.sources, &style);
        return Answer { stderr: text.into_bytes(), code: 2, ..Answer::default() };
    }
    if calendars.documents.calendars.is_empty() {
        let text = "changegate: there is no freeze calendar; write one into .changegate/, or name its directory with --context\n";
        return Answer { stderr: text.into(), code: 2, ..Answer::default() };
    }
    answer(&asked)
}

fn elapsed(text: &str) -> Result<Elapsed, String> {
    Elapsed::parse(text)
}
