//! What an expression sees: the names it may use, the files it may read, and how much it may do.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::fault::{Fault, Faults};
use super::value::Value;
use crate::source::Span;

/// The names, files and limits of the module that an expression stands in.
pub trait Scope {
    /// The value that a reference starts from. Called once per evaluated reference.
    ///
    /// The scope says how many steps of [`Reference::steps`] the value stands for: `var.a.b` is answered
    /// with the value of `var.a` and [`Resolved::consumed`] 1, `data.x.y.id` with that of `data.x.y` and 2.
    /// A value that cannot be known is [`Value::unknown`], not a fault.
    ///
    /// # Errors
    ///
    /// [`Fault::reference`] where nothing of that name is declared; the faults of the expression that
    /// defines it, where those stand in the way.
    fn resolve(&self, reference: &Reference) -> Result<Resolved, Faults>;

    /// Whether a reference may be made at all. Called for every reference of an expression before it is
    /// evaluated, also for those in branches that are not taken, as Terraform does.
    ///
    /// # Errors
    ///
    /// [`Fault::reference`].
    fn check(&self, reference: &Reference) -> Result<(), Faults> {
        let _ = reference;
        Ok(())
    }

    /// The source address of a provider that the module declares by this local name
    /// (`required_providers`), for `provider::NAME::function`; `None` when it does not.
    fn provider(&self, name: &str) -> Option<Arc<str>> {
        let _ = name;
        None
    }

    /// The source text of a span. Asked for `<<-` heredocs alone, whose indentation the parser has already
    /// taken off by rules of its own; without it, that is what is used.
    fn text(&self, span: Span) -> Option<&str> {
        let _ = span;
        None
    }

    /// The files that `file`, `templatefile`, `fileset` and the like may read.
    fn files(&self) -> &dyn Files;

    /// What is left to spend; shared by all expressions of a run or a root module.
    fn budget(&self) -> &Budget;
}

/// The leading part of a traversal that is written out: `var.a.b[0]` in `var.a.b[0][local.x].c`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// `var`, `local`, `data`, `aws_vpc`, …
    pub root: Arc<str>,
    /// The steps behind it, up to the first that must be evaluated or is a splat.
    pub steps: Vec<Step>,
    /// From the root to the end of the whole traversal.
    pub span: Span,
}

/// One written step of a reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// `.name`
    Attribute(Arc<str>),
    /// `["key"]`
    Key(Arc<str>),
    /// `[0]` or `.0`
    Index(u64),
}

impl Reference {
    /// The name at a position, when that step is written `.name`.
    pub fn name(&self, position: usize) -> Option<&Arc<str>> {
        match self.steps.get(position) {
            Some(Step::Attribute(name)) => Some(name),
            _ => None,
        }
    }

    /// The root and the first `count` steps as they are written: `var.a`.
    pub fn text(&self, count: usize) -> String {
        let mut text = self.root.to_string();
        for step in self.steps.iter().take(count) {
            match step {
                Step::Attribute(name) => text.extend([".", name]),
                Step::Key(key) => text.push_str(&format!("[{key:?}]")),
                Step::Index(index) => text.push_str(&format!("[{index}]")),
            }
        }
        text
    }
}

/// What a scope answers to a reference.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The value.
    pub value: Value,
    /// How many of the reference's steps it stands for.
    pub consumed: usize,
}

/// The file system as configurations see it. Relative paths count from the root module's directory, where
/// Terraform runs.
///
/// The implementation keeps to the repository: a path that leaves it, by `..` or by a link, is
/// [`FileFault::Outside`].
pub trait Files {
    /// The bytes of a file.
    ///
    /// # Errors
    ///
    /// See [`FileFault`].
    fn read(&self, path: &str) -> Result<Vec<u8>, FileFault>;

    /// The regular files below a directory, at any depth, as paths relative to it with `/`.
    ///
    /// # Errors
    ///
    /// See [`FileFault`]; a directory that does not exist has no files.
    fn list(&self, directory: &str) -> Result<Vec<String>, FileFault>;

    /// The absolute path where Terraform runs; `None` when nobody knows yet, and `abspath` is unknown.
    fn working_directory(&self) -> Option<&str> {
        None
    }

    /// The home directory of whoever runs Terraform; `None` makes `pathexpand("~")` unknown.
    fn home_directory(&self) -> Option<&str> {
        None
    }
}

/// Why a file could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileFault {
    /// There is no such file.
    Missing,
    /// It is a directory.
    Directory,
    /// It lies outside the repository.
    Outside,
    /// It is larger than the limit of the run.
    TooLarge,
    /// Anything else, in the words of the system.
    Unreadable(String),
}

/// No files at all.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _: &str) -> Result<Vec<u8>, FileFault> {
        Err(FileFault::Missing)
    }

    fn list(&self, _: &str) -> Result<Vec<String>, FileFault> {
        Ok(Vec::new())
    }
}

/// How much work and memory is left. When it is spent, evaluation stops with a fault.
#[derive(Debug)]
pub struct Budget {
    steps: AtomicU64,
    bytes: AtomicU64,
}

/// Expressions, elements and arguments that one run may touch: some seconds of work.
const STEPS: u64 = 50_000_000;

/// Bytes of text that one run may build.
const BYTES: u64 = 512 * 1024 * 1024;

impl Default for Budget {
    fn default() -> Self {
        Self::new(STEPS, BYTES)
    }
}

impl Budget {
    /// A budget of evaluation steps and of bytes of text.
    pub fn new(steps: u64, bytes: u64) -> Self {
        Self { steps: AtomicU64::new(steps), bytes: AtomicU64::new(bytes) }
    }

    /// Spends steps.
    ///
    /// # Errors
    ///
    /// A [`Fault::refused`] when there are not enough left.
    pub fn spend(&self, steps: usize) -> Result<(), Fault> {
        take(&self.steps, steps)
            .ok_or_else(|| Fault::refused("Evaluation takes too long", "the limit of work is used up"))
    }

    /// Spends bytes of text.
    ///
    /// # Errors
    ///
    /// A [`Fault::refused`] when there are not enough left.
    pub fn grow(&self, bytes: usize) -> Result<(), Fault> {
        take(&self.bytes, bytes)
            .ok_or_else(|| Fault::refused("Evaluation takes too much memory", "the limit of text is used up"))
    }
}

fn take(from: &AtomicU64, amount: usize) -> Option<()> {
    let amount = amount as u64;
    from.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(amount)).ok().map(drop)
}
