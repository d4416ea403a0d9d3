//! What is known besides a change: configuration and context, for reports about many changes.

use std::path::PathBuf;
use std::sync::Arc;

use crate::audit::tally::Production;
use crate::change::documents::Documents;
use crate::config::Config;
use crate::finding::{Diagnostic, Level};
use crate::git::Repository;
use crate::resolve;
use crate::source::Sources;

use super::workspace::Workspace;
use super::{Request, Session, inputs};

/// The name of the environment whose changes are counted, after synonyms.
const PRODUCTION: &str = "prod";

/// Configuration and context of a run.
pub struct Surroundings {
    /// Root of the run.
    pub root: PathBuf,
    /// `changegate.yaml`, or the defaults.
    pub config: Config,
    /// Context documents.
    pub documents: Documents,
    /// The repository, when there is one.
    pub repository: Option<Repository>,
    /// All texts.
    pub sources: Arc<Sources>,
}

/// Reads configuration and context as [`super::check`] would.
///
/// # Errors
///
/// The first fault, with the texts that it points into: a figure made from half of the documents would be wrong.
pub fn surroundings(request: &Request) -> Result<Surroundings, (Diagnostic, Arc<Sources>)> {
    let mut session = Session::default();
    let read = Workspace::open(request).and_then(|workspace| {
        let (config, documents) = inputs::context(request, &workspace, &mut session)?;
        let Workspace { root, repository, .. } = workspace;
        Ok((root, repository, config, documents))
    });
    let fault = session.diagnostics.iter().find(|d| d.level == Level::Error).cloned();
    let sources = Arc::new(session.sources);
    match (read, fault) {
        (Ok((root, repository, config, documents)), None) => {
            Ok(Surroundings { root, config, documents, repository, sources })
        }
        (Err(fault), _) | (Ok(_), Some(fault)) => Err((fault, sources)),
    }
}

impl Surroundings {
    /// The environments of production, in every spelling that the configuration knows.
    pub fn production(&self) -> Production {
        let spellings = resolve::spellings(&self.config).into_iter();
        Production(spellings.filter(|(_, name)| &**name == PRODUCTION).map(|(spelling, _)| spelling).collect())
    }
}
