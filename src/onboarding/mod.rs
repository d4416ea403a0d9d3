//! The first files of a repository: what a look at it finds, and what is proposed from that.
//!
//! Everything proposed is true of the repository at hand or says that it is an example; what only people know (what is
//! production where no name says so, how important a service is, who approves) is left to them and told as a next
//! step. Nothing that exists is overwritten.

mod advice;
mod calendar;
mod configuration;
mod forge;
mod naming;
mod owners;
mod request;
mod survey;
mod variables;

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;

use jiff::Timestamp;

pub use advice::advice;
pub use forge::Forge;
pub use survey::{Catalog, Chart, Survey, look};

/// Where the guides are.
const DOCS: &str = "https://github.com/changegate/changegate/blob/main/docs";

/// What the repository does not say.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Where pull requests live; as found when absent.
    pub forge: Option<Forge>,
    /// IANA zone of the calendar.
    pub timezone: String,
    /// When this is.
    pub now: Timestamp,
    /// Whether a chart could be rendered on this machine.
    pub has_helm: bool,
    /// Whether a kustomization could be.
    pub has_kustomize: bool,
}

/// A file that does not exist yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Relative to the root of the run, with `/`.
    pub path: &'static str,
    /// What it is for, in a few words.
    pub purpose: &'static str,
    /// Its content.
    pub text: String,
}

/// What became of a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It is there now.
    New,
    /// Something was there already, and stays as it is.
    Kept,
}

/// The files that this repository lacks, in the order in which a person reads them.
pub fn propose(survey: &Survey, setting: &Setting) -> Vec<Proposal> {
    let mut files = vec![Proposal {
        path: crate::discover::CONFIG_FILE,
        purpose: "what the gate knows about this repository",
        text: configuration::text(survey),
    }];
    if survey.calendars.is_empty() {
        files.push(Proposal {
            path: ".changegate/freeze.yaml",
            purpose: "when changes must not happen",
            text: calendar::text(survey, setting),
        });
    }
    files.push(Proposal {
        path: ".changegate/.gitignore",
        purpose: "keeps the records of this machine out of commits",
        text: "/audit/\n".into(),
    });
    files.push(Proposal {
        path: "changes/template.yaml.example",
        purpose: "a change request to copy",
        text: request::text(setting),
    });
    if survey.is_repository_root {
        files.extend(forge::files(survey, setting));
    }
    files
}

/// Writes a file, unless something of that name exists.
///
/// # Errors
/// When the system refuses.
pub fn write(root: &Path, proposal: &Proposal) -> std::io::Result<Written> {
    let path = root.join(proposal.path);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    match OpenOptions::new().write(true).create_new(true).open(&path) {
        Ok(mut file) => file.write_all(proposal.text.as_bytes()).map(|()| Written::New),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(Written::Kept),
        Err(error) => Err(error),
    }
}

/// A text as YAML reads it back, whatever it holds: plain where it is a simple word, else in JSON's quotes.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/' | '.');
    let simple = text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(plain);
    let word = matches!(
        text.to_ascii_lowercase().as_str(),
        "true" | "false" | "yes" | "no" | "on" | "off" | "null" | "y" | "n"
    );
    if simple && !word { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

/// A list of texts in YAML's flow style.
fn list<T: AsRef<str>>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| quoted(item.as_ref())).collect();
    format!("[{}]", items.join(", "))
}
