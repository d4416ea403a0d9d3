//! `changegate policy new`: the folder of a policy, to be filled.

use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};

use changegate::policy::metadata::{self, Scope};
use changegate::policy::scaffold::{File, Scaffold, is_keyword};
use clap::{Args, ValueEnum};

use super::super::Answer;

#[derive(Debug, Args)]
pub(in crate::cli) struct NewArgs {
    /// Id of the policy: a family in capitals and a number, for example ACME-001
    #[arg(value_parser = id)]
    id: String,
    /// States the fault; the folder is named after it
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// Folder and package of its kind [default: the id's family in lower case]
    #[arg(long, value_name = "NAME", value_parser = family)]
    family: Option<String>,
    /// What it judges: each resource by itself, or the change
    #[arg(long, value_name = "SCOPE", value_enum, default_value_t = Judged::Resource)]
    scope: Judged,
    /// Directory of the policies
    #[arg(long, value_name = "DIR", default_value = "policies")]
    dir: PathBuf,
    /// Directory of the fixtures, one folder for each id [default: fixtures/policies where it exists, else beside the policy]
    #[arg(long, value_name = "DIR")]
    fixtures: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Judged {
    Resource,
    Change,
}

fn id(text: &str) -> Result<String, String> {
    if metadata::is_id(text) {
        Ok(text.to_owned())
    } else {
        Err("an id is a family in capitals, `-` and a number: ACME-001".into())
    }
}

/// One part of a package's path: a word that Rego keeps for itself is none.
fn family(text: &str) -> Result<String, String> {
    let starts = text.starts_with(|c: char| c.is_ascii_lowercase());
    if starts && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') && !is_keyword(text) {
        Ok(text.to_owned())
    } else {
        Err("a family is one word of a package: lower case, digits and `_`, no keyword of Rego".into())
    }
}

/// Exit code 0: written; 2: a file is there already, or cannot be written.
pub(super) fn run(args: &NewArgs) -> Answer {
    let family = args.family.clone().or_else(|| Some(args.id.split_once('-')?.0.to_lowercase())).unwrap_or_default();
    let (scope, title) = match args.scope {
        Judged::Resource => (Scope::Resource, "Missing owner annotation"),
        Judged::Change => (Scope::Change, "Missing notice"),
    };
    let scaffold = Scaffold { id: &args.id, title: args.title.as_deref().unwrap_or(title), family: &family, scope };
    if scaffold.slug().is_empty() {
        return fault("the title holds no word that a folder could be named after\n".into());
    }
    let folder = args.dir.join(&family).join(scaffold.slug());
    let common = Path::new("fixtures/policies");
    let beside = || if common.is_dir() { common.join(&args.id) } else { folder.clone() };
    let fixtures = args.fixtures.as_ref().map_or_else(beside, |dir| dir.join(&args.id));
    let files: Vec<(PathBuf, String)> =
        placed(&folder, scaffold.policy()).chain(placed(&fixtures, scaffold.fixtures())).collect();
    if let Some((taken, _)) = files.iter().find(|(path, _)| path.exists()) {
        return fault(format!("{} is there already: choose another title\n", taken.display()));
    }
    match files.iter().try_for_each(|(path, text)| write(path, text)) {
        Ok(()) => Answer { stdout: written(&files, &args.dir, &args.id).into_bytes(), ..Answer::default() },
        Err(error) => fault(format!("{} cannot be written: {error}\n", folder.display())),
    }
}

fn placed(folder: &Path, files: Vec<File>) -> impl Iterator<Item = (PathBuf, String)> {
    files.into_iter().map(move |(name, text)| (folder.join(name), text))
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
    std::fs::write(path, text)
}

fn written(files: &[(PathBuf, String)], dir: &Path, id: &str) -> String {
    let mut out = String::new();
    for (path, _) in files {
        let _ = writeln!(out, "{}", path.display());
    }
    let dir = dir.display();
    let _ = writeln!(out, "\nnext: write the rule, then\n  changegate test {dir}\n  changegate policy lint {dir}");
    let _ = writeln!(out, "  changegate policy show {id} --policy {dir}");
    out
}

fn fault(text: String) -> Answer {
    Answer { stderr: text.into_bytes(), code: 2, ..Answer::default() }
}
