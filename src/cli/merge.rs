//! `check --shard` and `changegate merge`: one run on several machines.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use changegate::gate;
use changegate::memory::{Memory, Part, Secret, Shard, Shards};
use clap::Args;

use super::{Answer, CheckArgs, check, environment};

/// Exit code of a part: nothing is decided, and what is missing can still arrive.
const INCOMPLETE: u8 = 3;

#[derive(Debug, Args)]
#[command(mut_arg("paths", |paths| paths.last(true)))]
pub(super) struct MergeArgs {
    /// What `check --shard I/N --shard-output FILE` wrote, every part once
    #[arg(value_name = "SHARD", required = true)]
    shards: Vec<PathBuf>,
    #[command(flatten)]
    check: CheckArgs,
}

/// Judges with the answers of all parts; what one of them should have is evaluated by nobody else.
pub(super) fn run(args: &MergeArgs) -> Answer {
    if args.check.shard.is_some() || args.check.cache.is_some() || args.check.replay.is_some() {
        return fault("`merge` takes neither `--shard`, `--cache` nor `--replay`: its answers are those of the shards");
    }
    if args.check.input.now.is_none() {
        return fault("`merge` needs `--now`: the instant that the shards judged at");
    }
    match read(&args.shards) {
        Ok(shards) => check::judge(&args.check, Some(Arc::new(Memory::shards(shards)))),
        Err(message) => fault(&message),
    }
}

/// Evaluates a part, and writes its answers.
pub(super) fn part(args: &CheckArgs, part: Part, file: &Path) -> Answer {
    let memory = Arc::new(Memory::part(part));
    let request = match check::request_of(args, Some(memory.clone())) {
        Ok(request) => request,
        Err(answer) => return *answer,
    };
    let evaluated = check::with_progress(args.quiet, |progress| {
        gate::in_pool(environment::jobs(args.input.jobs), || gate::shard(&request, progress))
    });
    if let Err(outcome) = evaluated {
        return Answer { code: 2, ..check::printed(args, &outcome) };
    }
    let Some(bytes) = memory.shard(&secret()) else { return fault("the shard cannot be written as a file") };
    if let Err(error) = std::fs::write(file, bytes) {
        return fault(&format!("{} cannot be written: {error}", file.display()));
    }
    let stdout = match args.quiet {
        true => Vec::new(),
        false => format!(
            "shard {part}: {} answers in {}. Nothing is decided before `changegate merge` has every shard.\n",
            memory.kept(),
            file.display()
        )
        .into_bytes(),
    };
    Answer { stdout, code: INCOMPLETE, ..Answer::default() }
}

fn read(files: &[PathBuf]) -> Result<Shards, String> {
    let secret = secret();
    let shard = |file: &PathBuf| {
        let name = file.display().to_string();
        let bytes = std::fs::read(file).map_err(|error| format!("the shard `{name}` cannot be read: {error}"))?;
        Shard::read(&name, bytes, &secret).map_err(|fault| format!("the shard `{name}` is not used: {fault}"))
    };
    let shards: Vec<Shard> = files.iter().map(shard).collect::<Result<_, String>>()?;
    Shards::new(shards).map_err(|misfit| format!("these are not the shards of one run: {misfit}"))
}

/// The secret of the environment; without one, the seal finds damage only.
fn secret() -> Secret {
    environment::cache_key().map_or_else(Secret::open, |text| Secret::of(text.as_bytes()))
}

fn fault(message: &str) -> Answer {
    Answer { stderr: format!("changegate: {message}\n").into_bytes(), code: 2, ..Answer::default() }
}
