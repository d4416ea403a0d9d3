//! `changegate policy docs`: a page for each policy, and an index.

use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path, PathBuf};

use changegate::report::policies;
use clap::Args;

use super::super::{Answer, PolicyArgs};

#[derive(Debug, Args)]
pub(in crate::cli) struct DocsArgs {
    /// Directory of the pages; those of policies that are gone are removed
    #[arg(long, value_name = "DIR", default_value = "docs/policies")]
    out: PathBuf,
    #[command(flatten)]
    policy: PolicyArgs,
}

/// Exit code 0: written; 2: a policy does not load, or the pages cannot be written.
pub(super) fn run(args: &DocsArgs) -> Answer {
    super::with(&args.policy, |loaded| {
        let pages = policies::pages(&loaded.library, &loaded.sources, &to_root(&args.out));
        let unwritten = |error: io::Error| fault(format!("{} cannot be written: {error}\n", args.out.display()));
        match write(&args.out, &pages) {
            Ok(None) => {
                let text = format!("{} pages in {}\n", pages.len(), args.out.display());
                Answer { stdout: text.into_bytes(), ..Answer::default() }
            }
            Ok(Some(taken)) => fault(format!(
                "{} is not a page that this command wrote: name another directory with `--out`\n",
                taken.display()
            )),
            Err(error) => unwritten(error),
        }
    })
}

/// Writes the pages, and removes what earlier runs wrote for policies that are gone; or nothing at all, when a file of somebody
/// else stands where a page belongs.
fn write(out: &Path, pages: &BTreeMap<String, String>) -> io::Result<Option<PathBuf>> {
    std::fs::create_dir_all(out)?;
    let mut gone = Vec::new();
    for entry in std::fs::read_dir(out)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_page = path.is_file() && std::fs::read_to_string(&path).is_ok_and(|text| policies::is_page(&text));
        match (pages.contains_key(&name), is_page) {
            (true, false) => return Ok(Some(path)),
            (false, true) if name.ends_with(".md") => gone.push(path),
            _ => {}
        }
    }
    gone.iter().try_for_each(std::fs::remove_file)?;
    pages.iter().try_for_each(|(name, text)| std::fs::write(out.join(name), text))?;
    Ok(None)
}

/// From the directory of the pages to this one.
fn to_root(out: &Path) -> String {
    let folders = out.components().filter(|part| matches!(part, Component::Normal(_)));
    "../".repeat(folders.count())
}

fn fault(text: String) -> Answer {
    Answer { stderr: text.into_bytes(), code: 2, ..Answer::default() }
}
