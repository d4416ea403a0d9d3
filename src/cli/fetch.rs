//! `changegate policy fetch`: the only command that fetches policies.

use std::fmt::Write;
use std::path::PathBuf;

use changegate::gate::{self, FetchRequest};
use clap::Args;

use super::{Answer, When, check, environment};

/// What is fetched, and where to.
#[derive(Debug, Args)]
pub(super) struct FetchArgs {
    /// `git::URL//FOLDER?ref=REF`, besides those of the configuration
    #[arg(value_name = "SOURCE")]
    sources: Vec<String>,
    /// Pin anew what the reference names now
    #[arg(long)]
    update: bool,
    /// Where fetched policies are kept [default: the user's cache]
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
}

/// Exit code 0, or 2 when something could not be fetched or is not what is pinned.
pub(super) fn run(args: &FetchArgs) -> Answer {
    let Some(cache) = args.cache.clone().or_else(environment::cache) else {
        let text = "there is no folder for a cache: name one with `--cache DIR`\n";
        return Answer { stderr: text.into(), code: 2, ..Answer::default() };
    };
    let wanted = FetchRequest { sources: args.sources.clone(), update: args.update, cache };
    match gate::fetch(&check::bare(), &wanted) {
        Ok(done) => {
            let mut out = String::new();
            for fetch in &done {
                let (pin, what) = (&fetch.pin, if fetch.is_new { "pinned" } else { "as pinned" });
                let short = pin.commit.get(..12).unwrap_or(&pin.commit);
                let _ = writeln!(out, "{what:<9}  {short}  {:>4} files  {}", fetch.files, pin.source);
            }
            if done.iter().any(|fetch| fetch.is_new) {
                let _ = writeln!(out, "\nchangegate.lock was written: commit it");
            }
            Answer { stdout: out.into_bytes(), ..Answer::default() }
        }
        Err(fault) => {
            let style = environment::style(When::Auto, false);
            let text = changegate::output::diagnostics(&[fault], &Default::default(), &style);
            Answer { stderr: text.into_bytes(), code: 2, ..Answer::default() }
        }
    }
}
