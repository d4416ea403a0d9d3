//! The path from a request to an outcome. Everything on it is a type; nothing after this module writes to an
//! [`Outcome`].

mod approvals;
mod approve;
mod asides;
mod backtest;
mod calendars;
mod cases;
mod change;
mod decide;
mod fetching;
mod foreign;
mod inputs;
mod phases;
pub mod policies;
mod replay;
mod requests;
mod scope;
mod shard;
mod sources;
mod subjects;
pub mod suite;
mod surroundings;
mod trail;
mod trial;
mod workspace;

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

use crate::audit::{Attestation, Secret};
use crate::config::AuditLevel;
use crate::evaluate;
use crate::facts::{Actor, OverrideUse, Resource, Stage};
use crate::finding::{Diagnostic, Level};
use crate::kubernetes::render::Programs;
use crate::memory::Memory;
use crate::outcome::Outcome;
use crate::parse::conftest::Parser;
use crate::policy::conftest::Namespaces;
use crate::policy::engine::Input;
use crate::policy::library::Selection;
use crate::report;
use crate::source::Sources;
use crate::terraform::config::Options;
use crate::waiver::Waiver;

pub use approve::{Ballot, Cast, Vote, ballot};
pub use backtest::{Bench, Questions, backtest};
pub use calendars::{Calendars, calendars};
pub use fetching::{Fetch, FetchRequest, fetch};
pub use replay::{Replay, again, replay};
pub use shard::shard;
pub use surroundings::{Surroundings, surroundings};
pub use trial::Trial;

use cases::Case;
use inputs::Inputs;
use phases::Verdicts;
pub use subjects::RootFacts;
use subjects::Subjects;
use workspace::Workspace;

/// What is to be judged, against what, when and by whom.
#[derive(Clone, Debug)]
pub struct Request {
    /// Relative paths hang from here.
    pub directory: PathBuf,
    /// What is judged; empty for the directory.
    pub paths: Vec<PathBuf>,
    /// The commit to compare with, and to trust.
    pub base: Option<String>,
    /// The commit to judge; the working tree when absent.
    pub head: Option<String>,
    /// Plan JSON files.
    pub plans: Vec<PathBuf>,
    /// Change requests; found when empty.
    pub changes: Vec<PathBuf>,
    /// The pull request as the forge's API gives it.
    pub pull_request: Option<PathBuf>,
    /// Directory of context documents; from the configuration when absent.
    pub context: Option<PathBuf>,
    /// Reviews as the forge's API gives them.
    pub reviews: Option<PathBuf>,
    /// Approvals as the ITSM system's API gives them.
    pub approvals: Option<PathBuf>,
    /// Findings that the team has accepted as they are.
    pub baseline: Option<PathBuf>,
    /// Variables and workspace of Terraform root modules, besides what their own files say.
    pub terraform: Options,
    /// Where the programs are that render charts and kustomizations.
    pub programs: Programs,
    /// Where in the life of the change the gate stands.
    pub stage: Stage,
    /// The instant to judge at.
    pub clock: Clock,
    /// Which policies.
    pub policies: PolicyRequest,
    /// Who runs the gate.
    pub actor: Actor,
    /// Which run of which pipeline this is.
    pub run: Run,
    /// Where the record goes.
    pub audit: AuditRequest,
    /// How far the record must come; as the configuration says when absent.
    pub audit_level: Option<AuditLevel>,
    /// Password of the database that keeps the records.
    pub audit_password: Option<Secret>,
    /// Id of the record, UUIDv7.
    pub record_id: uuid::Uuid,
    /// How the record is attested.
    pub attestation: Attestation,
    /// Where answers are looked up and kept.
    pub memory: Option<Arc<Memory>>,
    /// The record that this run gives again: nothing is written.
    pub past: Option<Past>,
}

/// Up to where the audit trail counts for a run that gives a decision again.
#[derive(Clone, Debug)]
pub struct Past {
    /// Index of the decision's record.
    pub index: u64,
    /// When it was judged, for what has no index.
    pub at: Timestamp,
    /// Overrides that the trail knows, when it was read already.
    pub uses: Option<Arc<[OverrideUse]>>,
}

/// The instant to judge at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// The instant.
    pub now: Timestamp,
    /// Given on the command line, not read from the system.
    pub given: bool,
}

/// Which policies apply.
#[derive(Clone, Debug, Default)]
pub struct PolicyRequest {
    /// More directories.
    pub dirs: Vec<PathBuf>,
    /// Whether the embedded library applies.
    pub builtin: bool,
    /// `--only` and `--skip`.
    pub selection: Selection,
    /// The program that evaluates policies from outside of the trusted base; they are evaluated here when it is absent.
    pub isolate: Option<PathBuf>,
    /// How policies that were written for Conftest are asked.
    pub foreign: ForeignRequest,
    /// Public key that bundles are checked with.
    pub verification_key: Option<PathBuf>,
    /// Where fetched policies are kept.
    pub cache: Option<PathBuf>,
    /// What is tried out in the place of what would decide.
    pub trial: Option<Arc<Trial>>,
}

/// How policies that were written for Conftest are asked.
#[derive(Clone, Debug, Default)]
pub struct ForeignRequest {
    /// Packages that are asked; as the configuration says when empty.
    pub namespaces: Vec<String>,
    /// Every package is asked.
    pub all_namespaces: bool,
    /// Files and folders with data.
    pub data: Vec<PathBuf>,
    /// All documents are judged as one.
    pub combine: bool,
    /// How every file is read; by its name when absent.
    pub parser: Option<Parser>,
}

impl ForeignRequest {
    /// The packages that are asked; `configured` where none was named.
    fn asked(&self, configured: impl Fn() -> Vec<String>) -> Namespaces {
        match (self.all_namespaces, self.namespaces.as_slice()) {
            (true, _) => Namespaces::All,
            (false, []) => Namespaces::Named(configured()),
            (false, named) => Namespaces::Named(named.to_vec()),
        }
    }
}

/// Which run of which pipeline this is.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// Id of the run.
    pub id: Option<String>,
    /// `owner/name`.
    pub repository: Option<String>,
    /// What stands in front of a commit id where people read its files: `https://github.com/acme/shop/blob/`.
    pub files_url: Option<String>,
    /// Branch of the head.
    pub branch: Option<String>,
    /// Number of the pull request.
    pub pull_request: Option<String>,
    /// For whom: who started the run again, where that is somebody else.
    pub on_behalf_of: Option<String>,
}

/// Where the audit record goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditRequest {
    /// Where the configuration says.
    Configured,
    /// Here.
    To(String),
    /// Nowhere.
    Off,
}

/// Hears how far a run is.
pub trait Progress: Sync {
    /// A step of `total` pieces begins.
    fn step(&self, what: &'static str, total: usize);
    /// One piece is done.
    fn tick(&self);
}

/// Nobody listens.
pub struct Silent;

impl Progress for Silent {
    fn step(&self, _: &'static str, _: usize) {}
    fn tick(&self) {}
}

/// What a run has read and what was wrong with it.
#[derive(Default)]
struct Session {
    sources: Sources,
    diagnostics: Vec<Diagnostic>,
}

impl Session {
    fn has_error(&self) -> bool {
        self.diagnostics.iter().any(|d| d.level == Level::Error)
    }
}

/// Stack of an evaluation thread: 800 chained functions overflow the usual 2 MB.
const STACK: usize = 64 << 20;

/// Runs `work` on a pool of `jobs` threads.
///
/// The result does not depend on `jobs`. When no pool can be made, the work is done on the calling thread.
pub fn in_pool<T: Send>(jobs: usize, work: impl FnOnce() -> T + Send) -> T {
    match rayon::ThreadPoolBuilder::new().num_threads(jobs.max(1)).stack_size(STACK).build() {
        Ok(pool) => pool.install(work),
        Err(_) => work(),
    }
}

/// Judges a change. Whatever stops the gate is in the outcome's diagnostics, and the decision is then undecided.
pub fn check(request: &Request, progress: &dyn Progress) -> Outcome {
    present(request, progress, |_| ()).0
}

/// Judges a change, and hands out what was known about each request of it: for a report.
pub fn dossier(request: &Request, progress: &dyn Progress) -> (Outcome, Vec<report::cab::Case>) {
    let (outcome, cases) = present(request, progress, Facts::dossier);
    (outcome, cases.unwrap_or_default())
}

fn present<T>(request: &Request, progress: &dyn Progress, keep: impl Fn(&Facts) -> T) -> (Outcome, Option<T>) {
    let mut session = Session::default();
    match judge(request, &mut session, progress) {
        Ok(judgement) => {
            let kept = keep(&judgement.facts);
            (decide::decide(request, session, judgement).recorded(request), Some(kept))
        }
        Err(fault) => {
            session.diagnostics.push(fault);
            (decide::undecided(request, session), None)
        }
    }
}

/// Everything between reading and deciding.
struct Judgement {
    workspace: Workspace,
    inputs: Inputs,
    facts: Facts,
    foreign: foreign::Verdicts,
    verdicts: Verdicts,
}

/// Facts of a run: the whole input of the policies.
struct Facts {
    /// One for each change request; one without a request when there is none. The first stands for what they share.
    cases: Vec<Case>,
    subjects: Subjects,
    /// Every waiver that was given.
    waivers: Vec<Waiver>,
}

fn judge(request: &Request, session: &mut Session, progress: &dyn Progress) -> Result<Judgement, Diagnostic> {
    let workspace = Workspace::open(request)?;
    let inputs = Inputs::read(request, &workspace, session)?;
    let facts = gather(request, &workspace, &inputs, session, progress)?;
    let foreign = foreign::judge(request, &workspace, &inputs, session, progress)?;
    let verdicts = phases::judge(&workspace, &inputs, &facts, &foreign, session, progress)?;
    Ok(Judgement { workspace, inputs, facts, foreign, verdicts })
}

fn gather(
    request: &Request,
    workspace: &Workspace,
    inputs: &Inputs,
    session: &mut Session,
    progress: &dyn Progress,
) -> Result<Facts, Diagnostic> {
    let judged = requests::find(request, workspace, inputs, session)?;
    let before = session.diagnostics.len();
    let subjects = Subjects::read(request, workspace, inputs, &judged, session, progress)?;
    if let (Some(difference), Some(said)) = (&workspace.difference, session.diagnostics.get_mut(before..)) {
        asides::mark(said, difference, &workspace.prefix(), &session.sources);
    }
    let shares = cases::shares(&judged, &subjects, inputs);
    let cases = judged.into_iter().zip(shares).map(|(mut judged, changed)| {
        let world = judged.world(request, workspace, inputs, &subjects, &changed, session)?;
        let subjects = cases::subjects_of(&changed, &subjects);
        Ok(Case { judged, world, changed, subjects })
    });
    let mut cases = cases.collect::<Result<Vec<_>, Diagnostic>>()?;
    // A commit is no change yet: nothing is promised about it, and most of what is weighed is still to come.
    let selected = inputs.library.select(request.stage, &inputs.selection);
    let weighed = request.stage != Stage::Commit || inputs.library.asks_for_risk(selected);
    for case in cases.iter_mut().filter(|_| weighed) {
        // Before every policy: the level is part of their input.
        case.world.risk = evaluate::risk(&case.task(inputs, &subjects, &session.sources, Vec::new(), &|| {}))?;
    }
    let waivers = phases::waivers(workspace, inputs, &subjects.resources, &session.sources);
    let mut facts = Facts { cases, subjects, waivers };
    phases::introduce_waivers(workspace, inputs, &mut facts, &session.sources);
    Ok(facts)
}

/// The root of a run, and where the configuration there says that its records are kept.
///
/// # Errors
///
/// What keeps the configuration from being read.
pub fn audit_place(request: &Request) -> Result<(PathBuf, crate::config::Audit), Diagnostic> {
    let workspace = Workspace::open(request)?;
    let config = inputs::configuration(&workspace)?;
    Ok((workspace.root, config.audit))
}

/// The folder that the configuration looks for new change requests in.
///
/// # Errors
///
/// What keeps the configuration from being read.
pub fn change_folder(request: &Request) -> Result<PathBuf, Diagnostic> {
    let workspace = Workspace::open(request)?;
    let config = inputs::configuration(&workspace)?;
    let pattern = config.changes.paths.first().map_or("changes/", String::as_str);
    let fixed = pattern.split(['*', '?', '[', '{']).next().unwrap_or_default();
    Ok(workspace.root.join(fixed.rsplit_once('/').map_or("", |(folder, _)| folder)))
}

/// What a policy sees, with what was wrong with the input.
pub struct FactsAnswer {
    /// The input document; `None` when it could not be built.
    pub input: Option<Input>,
    /// Every resource.
    pub resources: Vec<Resource>,
    /// Root modules of Terraform configurations with their outputs.
    pub roots: Vec<RootFacts>,
    /// Sorted by place.
    pub diagnostics: Vec<Diagnostic>,
    /// All texts.
    pub sources: Arc<Sources>,
}

/// Reads everything and evaluates nothing: `changegate facts`.
pub fn facts(request: &Request, progress: &dyn Progress) -> FactsAnswer {
    let mut session = Session::default();
    let gathered = Workspace::open(request).and_then(|workspace| {
        let inputs = Inputs::read(request, &workspace, &mut session)?;
        gather(request, &workspace, &inputs, &mut session, progress)
    });
    let (input, resources, roots) = match gathered {
        Ok(facts) => {
            only_the_first(&facts.cases, &mut session);
            let input = facts.cases.first().map(|case| {
                evaluate::whole_input(&case.world, &facts.subjects.resources, &case.changed, &session.sources)
            });
            (input.and_then(Result::ok), facts.subjects.resources, facts.subjects.roots)
        }
        Err(fault) => {
            session.diagnostics.push(fault);
            (None, Vec::new(), Vec::new())
        }
    };
    crate::outcome::sort_diagnostics(&mut session.diagnostics, &session.sources);
    FactsAnswer { input, resources, roots, diagnostics: session.diagnostics, sources: Arc::new(session.sources) }
}

/// Facts are one input; what a policy sees of another request is asked for by its file.
fn only_the_first(cases: &[Case], session: &mut Session) {
    if let [one, _, ..] = cases {
        let message = format!(
            "there are {} change requests, and these are the facts of {}",
            cases.len(),
            one.judged.id().unwrap_or_default()
        );
        session
            .diagnostics
            .push(Diagnostic::note("change::several", message).help("name another one with `--change FILE`"));
    }
}
