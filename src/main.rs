//! The command: parse, run, print, exit.

mod cli;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

/// Trees and policy values are many small allocations: a quarter of a run with the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let answer = cli::run(&cli::Cli::parse());
    let mut stdout = std::io::stdout().lock();
    let printed = stdout.write_all(&answer.stdout).and_then(|()| stdout.flush());
    let _ = std::io::stderr().lock().write_all(&answer.stderr);
    match printed {
        // A reader that closed the pipe (`| head`) has seen what it wanted; the verdict stands.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => ExitCode::from(2),
        _ => ExitCode::from(answer.code),
    }
}
