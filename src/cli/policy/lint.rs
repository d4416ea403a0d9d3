//! `changegate policy lint`: what is wrong with policies although they load.

use std::path::PathBuf;

use changegate::evaluate;
use changegate::gate::suite;
use changegate::output::{self, LintFormat, Linted};
use changegate::policy::{lint, test};
use clap::Args;

use super::super::{Answer, OriginArgs, When, environment};
use super::foreign;

#[derive(Debug, Args)]
pub(in crate::cli) struct LintArgs {
    /// Directories with policies and their tests, OPA bundles (`.tar.gz`), or `git::URL//FOLDER?ref=REF` as `changegate.lock`
    /// pins it [default: the built-in library]; with --foreign-suppressions files, too
    #[arg(value_name = "SOURCE")]
    pub(super) paths: Vec<PathBuf>,
    #[command(flatten)]
    origin: OriginArgs,
    /// Data document, or directory of them, that the tests need (repeatable)
    #[arg(long, short, value_name = "PATH")]
    data: Vec<PathBuf>,
    /// Output on standard output: pretty, json, sarif or github
    #[arg(long, value_name = "FORMAT", default_value = "pretty", value_parser = format)]
    format: LintFormat,
    /// Also write this format to this file (repeatable)
    #[arg(long, short, value_name = "FORMAT=FILE", value_parser = target)]
    output: Vec<(LintFormat, PathBuf)>,
    /// List instead what suppresses findings of other tools: tfsec, trivy, checkov, kube-linter, …
    #[arg(long)]
    foreign_suppressions: bool,
}

fn format(text: &str) -> Result<LintFormat, String> {
    text.parse()
}

fn target(text: &str) -> Result<(LintFormat, PathBuf), String> {
    let (name, path) = text.split_once('=').ok_or("write FORMAT=FILE, for example sarif=lint.sarif")?;
    Ok((format(name)?, path.into()))
}

/// Exit code 0: nothing is wrong; 1: something is; 2: nothing to lint, or it cannot be read.
pub(super) fn run(args: &LintArgs) -> Answer {
    if args.foreign_suppressions {
        return foreign::run(args);
    }
    let suite = suite::load(&args.paths, &args.data, &args.origin.request());
    let unreadable = suite.library.diagnostics.iter().any(|d| is_unreadable(d.code));
    let mut faults = suite.library.diagnostics.clone();
    let mut answer = Answer::default();
    if suite.own_files > 0 {
        let tested = test::Suite {
            library: &suite.library,
            sources: &suite.sources,
            modules: &suite.modules,
            data: &suite.data,
            filter: None,
            coverage: false,
        };
        let found = changegate::gate::in_pool(environment::jobs(None), || lint::lint(&tested, evaluate::input_shape()));
        match found {
            Ok(found) => faults.extend(found),
            Err(error) => (answer.stderr, answer.code) = (format!("data: {error}\n").into_bytes(), 2),
        }
    }
    let linted = Linted { faults: &faults, files: suite.own_files, rules: &lint::RULES };
    let style = environment::style(When::Auto, false);
    let render = |format| output::lint(format, &linted, &suite.sources, &style);
    let code = if unreadable || suite.modules.is_empty() { 2 } else { u8::from(!faults.is_empty()) };
    answer.code = answer.code.max(code);
    written(args, answer, render)
}

/// Whether a fault says that something could not be read, and not what is wrong with a policy.
fn is_unreadable(code: &str) -> bool {
    matches!(code, "policy::unreadable" | "policy::data" | "policy::none" | "policy::source")
        || ["bundle::", "lock::"].iter().any(|family| code.starts_with(family))
}

/// The answer with what was asked for on standard output and in files.
pub(super) fn written(args: &LintArgs, mut answer: Answer, render: impl Fn(LintFormat) -> String) -> Answer {
    answer.stdout = render(args.format).into_bytes();
    for (format, file) in &args.output {
        if let Err(error) = std::fs::write(file, render(*format)) {
            answer.stderr.extend(format!("{} cannot be written: {error}\n", file.display()).bytes());
            answer.code = 2;
        }
    }
    answer
}
