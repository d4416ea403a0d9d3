//! Gives a recorded decision again: `changegate check --replay`, and whoever judges the past with other policies.

use std::path::{Path, PathBuf};

use crate::audit::{self, Asked, AskedOfConftest, Difference, Grade, Recorded};
use crate::finding::Diagnostic;
use crate::outcome::Outcome;
use crate::parse::conftest::Parser;
use crate::policy::bundle::GitSource;
use crate::policy::library::Selection;
use crate::terraform::config::Options;

use super::workspace::Workspace;
use super::{Clock, ForeignRequest, Past, PolicyRequest, Progress, Request, Session, decide, judge};

/// A decision that was given again.
pub struct Replay {
    /// The outcome of now. It is written nowhere.
    pub outcome: Outcome,
    /// In what it differs from the record.
    pub differences: Vec<Difference>,
}

impl Replay {
    /// Whether answer and basis are as they were recorded; the program may be another one.
    pub fn is_same(&self) -> bool {
        self.differences.iter().all(|difference| difference.grade == Grade::Tool)
    }
}

/// Judges again what a record says was judged, and compares.
///
/// # Errors
///
/// Whatever keeps it from being judged again: a commit or a file that is not there any more.
pub fn replay(recorded: &Recorded, here: &Request, progress: &dyn Progress) -> Result<Replay, Diagnostic> {
    answer(recorded, &again(recorded, here)?, progress)
}

/// The answer to a request that a record answers, too.
pub(super) fn answer(recorded: &Recorded, request: &Request, progress: &dyn Progress) -> Result<Replay, Diagnostic> {
    let mut session = Session::default();
    let judgement = judge(request, &mut session, progress)?;
    let decided = decide::decide(request, session, judgement);
    let statement = audit::restate(&decided.outcome, &decided.context, &decided.grants)?;
    Ok(Replay { differences: audit::differences(&recorded.statement, &statement), outcome: decided.outcome })
}

/// The request that a record answers, for a repository that lies `here`. Files that are named here stand in for those that
/// lay outside of the repository.
///
/// # Errors
///
/// `replay::files` when other files are named than the record has; what keeps the repository from being read.
pub fn again(recorded: &Recorded, here: &Request) -> Result<Request, Diagnostic> {
    let bare = Request { paths: Vec::new(), base: None, head: None, ..here.clone() };
    let root = Workspace::open(&bare)?.shown_root().to_path_buf();
    let asked = &recorded.basis.asked;
    let from = Places { here, root: &root };
    Ok(Request {
        directory: root.join(&asked.directory),
        paths: from.all(&asked.paths),
        base: asked.base.clone(),
        head: recorded.head.clone(),
        plans: from.instead("plans", &here.plans, &asked.plans)?,
        changes: from.instead("change requests", &here.changes, &asked.changes)?,
        pull_request: from.one(here.pull_request.as_ref(), asked.pull_request.as_ref()),
        context: from.one(here.context.as_ref(), asked.context.as_ref()),
        reviews: from.one(here.reviews.as_ref(), asked.reviews.as_ref()),
        approvals: from.one(here.approvals.as_ref(), asked.approvals.as_ref()),
        baseline: from.one(here.baseline.as_ref(), asked.baseline.as_ref()),
        terraform: Options { workspace: asked.workspace.clone(), ..here.terraform.clone() },
        stage: recorded.stage,
        clock: Clock { now: recorded.judged_at, given: recorded.clock_given },
        policies: PolicyRequest {
            dirs: from.instead("directories of policies", &here.policies.dirs, &asked.policies)?,
            builtin: asked.builtin,
            selection: Selection { only: asked.only.clone(), skip: asked.skip.clone(), disabled: Vec::new() },
            isolate: here.policies.isolate.clone(),
            foreign: ForeignRequest {
                namespaces: asked.conftest.namespaces.clone(),
                all_namespaces: asked.conftest.all_namespaces,
                data: from.instead("paths of data", &here.policies.foreign.data, &asked.conftest.data)?,
                combine: asked.conftest.combine,
                parser: asked.conftest.parser.as_deref().and_then(|name| Parser::named(name).ok()),
            },
            verification_key: from.one(here.policies.verification_key.as_ref(), asked.verification_key.as_ref()),
            cache: here.policies.cache.clone(),
            trial: here.policies.trial.clone(),
        },
        actor: recorded.actor.clone(),
        past: Some(Past { index: recorded.index, at: recorded.judged_at, uses: None }),
        ..here.clone()
    })
}

/// What the record says was asked for.
pub(super) fn asked(request: &Request, workspace: &Workspace) -> Asked {
    let shown = |path: &PathBuf| workspace.shown(&workspace.absolute(path));
    let all = |paths: &[PathBuf]| paths.iter().map(shown).collect();
    let one = |path: &Option<PathBuf>| path.as_ref().map(shown);
    let (policies, difference) = (&request.policies, workspace.difference.as_ref());
    let tip = || {
        let repository = workspace.repository.as_ref()?;
        repository.resolve("HEAD").ok().map(|commit| commit.to_string())
    };
    let judges_commit = difference.is_some_and(|d| d.range.head.is_some());
    let is_base_given = request.base.is_some();
    Asked {
        directory: workspace.shown(&workspace.absolute(Path::new("."))),
        paths: all(&request.paths),
        base: difference.filter(|_| is_base_given).map(|d| d.base.to_string()),
        on_commit: if judges_commit { None } else { tip() },
        plans: all(&request.plans),
        changes: all(&request.changes),
        pull_request: one(&request.pull_request),
        context: one(&request.context),
        reviews: one(&request.reviews),
        approvals: one(&request.approvals),
        baseline: one(&request.baseline),
        policies: policies.dirs.iter().map(|path| named(path).unwrap_or_else(|| shown(path))).collect(),
        verification_key: one(&policies.verification_key),
        builtin: policies.builtin,
        conftest: AskedOfConftest {
            namespaces: policies.foreign.namespaces.clone(),
            all_namespaces: policies.foreign.all_namespaces,
            data: all(&policies.foreign.data),
            combine: policies.foreign.combine,
            parser: policies.foreign.parser.map(|parser| parser.name().to_owned()),
        },
        only: policies.selection.only.clone(),
        skip: policies.selection.skip.clone(),
        workspace: request.terraform.workspace.clone(),
        variables: request.terraform.environment.keys().cloned().collect(),
        assurance: request.actor.assurance.clone(),
        method: request.actor.method.clone(),
    }
}

/// A repository is no path.
fn named(path: &Path) -> Option<String> {
    path.to_str().filter(|text| GitSource::is(text)).map(str::to_owned)
}

/// Where the files of a record are now.
struct Places<'a> {
    here: &'a Request,
    root: &'a Path,
}

impl Places<'_> {
    fn all(&self, paths: &[String]) -> Vec<PathBuf> {
        let place = |path: &String| if GitSource::is(path) { PathBuf::from(path) } else { self.root.join(path) };
        paths.iter().map(place).collect()
    }

    fn one(&self, here: Option<&PathBuf>, asked: Option<&String>) -> Option<PathBuf> {
        let asked = asked?;
        Some(here.map_or_else(|| self.root.join(asked), |here| self.here.directory.join(here)))
    }

    fn instead(&self, what: &str, here: &[PathBuf], asked: &[String]) -> Result<Vec<PathBuf>, Diagnostic> {
        match here.len() {
            0 => Ok(self.all(asked)),
            n if n == asked.len() => Ok(here.iter().map(|path| self.here.directory.join(path)).collect()),
            n => {
                let message = format!("{n} {what} are named, and the decision was made with {}", asked.len());
                let names =
                    if asked.is_empty() { "leave them out".into() } else { format!("it had {}", asked.join(", ")) };
                Err(Diagnostic::error("replay::files", message).help(names))
            }
        }
    }
}
