//! `changegate test`: the unit tests of policies.

use std::path::PathBuf;

use changegate::gate::suite::{self, Suite};
use changegate::output::{self, SuiteFormat};
use changegate::policy::test::{self, Report, Verdict};
use clap::Args;

use super::{Answer, OriginArgs, When, environment, watch};

#[derive(Debug, Args)]
pub(super) struct TestArgs {
    /// Directories with policies and their tests, OPA bundles (`.tar.gz`), or `git::URL//FOLDER?ref=REF` as `changegate.lock`
    /// pins it [default: the built-in library]
    #[arg(value_name = "SOURCE")]
    dirs: Vec<PathBuf>,
    #[command(flatten)]
    origin: OriginArgs,
    /// Only tests whose path (`package.test_name`) matches this regular expression
    #[arg(long, short, value_name = "REGEX", value_parser = expression)]
    run: Option<regex::Regex>,
    /// Data document, or directory of them, below `data` (repeatable)
    #[arg(long, short, value_name = "PATH")]
    data: Vec<PathBuf>,
    /// Print every test, not only those that fail
    #[arg(long, short)]
    verbose: bool,
    /// Show which lines of the policies no test evaluates
    #[arg(long)]
    coverage: bool,
    /// Fail when less than this share of the lines is covered, in per cent
    #[arg(long, visible_alias = "threshold", value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    min_coverage: Option<u8>,
    /// Output on standard output: pretty, json or junit
    #[arg(long, value_name = "FORMAT", default_value = "pretty", value_parser = format)]
    format: SuiteFormat,
    /// Output in this format, instead on standard output or also in a file (repeatable)
    #[arg(long, short, value_name = "FORMAT[=FILE]", value_parser = target)]
    output: Vec<(SuiteFormat, Option<PathBuf>)>,
    /// Run again whenever a file changes, until interrupted
    #[arg(long, short)]
    watch: bool,
    /// Threads [default: the number of processors]
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
}

fn expression(text: &str) -> Result<regex::Regex, String> {
    regex::Regex::new(text).map_err(|e| e.to_string())
}

fn format(text: &str) -> Result<SuiteFormat, String> {
    text.parse()
}

fn target(text: &str) -> Result<(SuiteFormat, Option<PathBuf>), String> {
    match text.split_once('=') {
        Some((name, file)) => Ok((format(name)?, Some(file.into()))),
        None => Ok((format(text)?, None)),
    }
}

/// Exit code 0: all declared tests pass; 1: some fail, or too little is covered; 2: a policy does not load, or no test was
/// run.
pub(super) fn run(args: &TestArgs) -> Answer {
    if args.watch {
        let watched: Vec<PathBuf> = args.dirs.iter().chain(&args.data).cloned().collect();
        return watch::run(&watched, &mut || once(args));
    }
    once(args)
}

fn once(args: &TestArgs) -> Answer {
    let suite = suite::load(&args.dirs, &args.data, &args.origin.request());
    let style = environment::style(When::Auto, false);
    if !suite.library.diagnostics.is_empty() {
        return fault(output::diagnostics(&suite.library.diagnostics, &suite.sources, &style));
    }
    let wanted = test::Suite {
        library: &suite.library,
        sources: &suite.sources,
        modules: &suite.modules,
        data: &suite.data,
        filter: args.run.as_ref(),
        coverage: args.coverage || args.min_coverage.is_some(),
    };
    match changegate::gate::in_pool(environment::jobs(args.jobs), || wanted.run()) {
        Err(error) => fault(format!("data: {error}\n")),
        Ok(report) if report.results.iter().all(|r| r.verdict == Verdict::Skipped) => fault(nothing(&suite, &report)),
        Ok(report) => answer(args, &report, &suite),
    }
}

fn fault(text: String) -> Answer {
    Answer { stderr: text.into_bytes(), code: 2, ..Answer::default() }
}

fn nothing(suite: &Suite, report: &Report<'_>) -> String {
    match (suite.library.tests.len(), report.results.len()) {
        (0, _) => {
            "no test was declared: a test is a rule `test_…` in a file `*_test.rego` beside the policy\n".to_owned()
        }
        (declared, 0) => format!("no test matches: {declared} are declared, `--run` asks for others\n"),
        (_, to_do) => format!("no test was run: there are {to_do} to be written (`todo_test_…`)\n"),
    }
}

fn answer(args: &TestArgs, report: &Report<'_>, suite: &Suite) -> Answer {
    let style = environment::style(When::Auto, false);
    let plain = output::Style::default();
    let render = |format, style| output::suite(format, report, &suite.sources, style, args.verbose);
    let on_screen =
        args.output.iter().rev().find(|(_, file)| file.is_none()).map_or(args.format, |(format, _)| *format);
    let mut answer = Answer {
        stdout: render(on_screen, &style).into_bytes(),
        code: u8::from(report.failed() > 0),
        ..Answer::default()
    };
    let share =
        report.coverage.as_ref().map(output::totals).map(|(covered, missed)| output::percentage(covered, missed));
    if let (Some(least), Some(share)) = (args.min_coverage, share)
        && share < f64::from(least)
    {
        answer.stderr.extend(format!("{share:.2} % of the lines are covered, less than {least} %\n").bytes());
        answer.code = answer.code.max(1);
    }
    for (format, file) in args.output.iter().filter_map(|(format, file)| Some((*format, file.as_ref()?))) {
        if let Err(error) = std::fs::write(file, render(format, &plain)) {
            answer.stderr.extend(format!("{} cannot be written: {error}\n", file.display()).bytes());
            answer.code = 2;
        }
    }
    answer
}
