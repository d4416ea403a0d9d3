//! `changegate completions` and `changegate man`: made from the definition of the command line.

use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Answer, Cli};

#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// bash, elvish, fish, powershell or zsh
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// Write the pages of all commands into this directory, in the place of the first one on standard output
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// The script that a shell loads.
pub(super) fn completions(args: &CompletionsArgs) -> Answer {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "changegate", &mut script);
    Answer { stdout: script, ..Answer::default() }
}

/// The manual pages, as roff.
pub(super) fn man(args: &ManArgs) -> Answer {
    let (place, written) = match &args.out {
        None => {
            let mut page = Vec::new();
            let rendered = clap_mangen::Man::new(Cli::command()).render(&mut page);
            ("standard output".to_owned(), rendered.map(|()| page))
        }
        Some(directory) => (directory.display().to_string(), pages(directory)),
    };
    match written {
        Ok(stdout) => Answer { stdout, ..Answer::default() },
        Err(error) => {
            let text = format!("changegate: {place} cannot be written: {error}\n");
            Answer { stderr: text.into_bytes(), code: 2, ..Answer::default() }
        }
    }
}

fn pages(directory: &Path) -> std::io::Result<Vec<u8>> {
    std::fs::create_dir_all(directory)?;
    clap_mangen::generate_to(Cli::command(), directory)?;
    Ok(format!("{}\n", directory.join("changegate.1").display()).into_bytes())
}
