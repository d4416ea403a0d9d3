//! `changegate policy docs`: a page for each policy, and an index.

use std::path::PathBuf;

use changegate::gate::policies;
use changegate::report;
use clap::Args;

use super::super::Answer;

#[derive(Debug, Args)]
pub(in crate::cli) struct DocsArgs {
    /// Directory of the pages; those of policies that are gone are removed
    #[arg(long, value_name = "DIR", default_value = "docs/policies")]
    out: PathBuf,
}

pub(super) fn run(args: &DocsArgs) -> Answer {
    let loaded = policies::load_from_disk(true, &[]);
    let pages = report::policies::pages(&loaded.library, &loaded.sources);
    let write = || -> std::io::Result<()> {
        std::fs::create_dir_all(&args.out)?;
        for entry in std::fs::read_dir(&args.out)?.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.ends_with(".md") && !pages.contains_key(&name) {
                std::fs::remove_file(entry.path())?;
            }
        }
        pages.iter().try_for_each(|(name, text)| std::fs::write(args.out.join(name), text))
    };
    match write() {
        Ok(()) => Answer {
            stdout: format!("{} pages in {}\n", pages.len(), args.out.display()).into_bytes(),
            ..Answer::default()
        },
        Err(error) => Answer {
            stderr: format!("{} cannot be written: {error}\n", args.out.display()).into_bytes(),
            code: 2,
            ..Answer::default()
        },
    }
}
