//! What decides: the configuration, the policies and the context documents, read from the trusted state.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use globset::GlobSet;
use sha2::{Digest, Sha256};

use crate::audit::Digested;
use crate::change::code_owners::{self, CodeOwners};
use crate::change::documents::{ContextFile, Documents, Kind, MaxAges};
use crate::config::{self, Config};
use crate::discover;
use crate::finding::{Diagnostic, Level};
use crate::kubernetes;
use crate::memory::Memory;
use crate::outcome::Input;
use crate::parse::{self, de, yaml};
use crate::policy::bundle::{DataFile, LOCK_FILE};
use crate::policy::conftest::{self, Bundle};
use crate::policy::library::{self, Library, Policy, Selection};
use crate::resolve::{self, Resolver};
use crate::source::{Revision, Source, SourceId};
use crate::sshsig::AllowedSigners;
use crate::waiver::baseline::Baseline;

use super::change::Judged;
use super::sources::{self, Origin};
use super::trial::Modules;
use super::workspace::{File, Prefix, Workspace};
use super::{Request, Session, foreign};

/// Everything that decides.
pub(super) struct Inputs {
    /// `changegate.yaml`, or the defaults.
    pub config: Config,
    /// All policies.
    pub library: Library,
    /// Policies that were written for Conftest.
    pub foreign: Option<Bundle>,
    /// Both, as waivers name them.
    pub known: Vec<Policy>,
    /// All their modules.
    pub modules: Digested,
    /// Which of them apply.
    pub selection: Selection,
    /// Calendar, catalogue, matrix, identities and the rest.
    pub documents: Documents,
    /// Who may sign approvals.
    pub signers: AllowedSigners,
    /// Who owns which file; empty unless the matrix asks for code owners.
    pub code_owners: CodeOwners,
    /// How old context documents may be.
    pub max_ages: MaxAges,
    /// Findings that the team has accepted.
    pub baseline: Baseline,
    /// Where answers are looked up and kept.
    pub memory: Option<Arc<Memory>>,
    /// What was read, for the outcome and the audit record.
    pub read: Vec<Input>,
    /// Shown paths (folders and files) of the gate's own documents.
    own: Own,
}

/// Where the gate's own documents lie, as shown paths.
struct Own {
    config: String,
    context: String,
    documents: Vec<String>,
    signers: String,
    policies: Vec<String>,
    lock: String,
    baseline: Option<String>,
    changes: GlobSet,
    prefix: Prefix,
}

impl Inputs {
    /// Reads all of it. What cannot be read stops the gate.
    pub(super) fn read(request: &Request, workspace: &Workspace, session: &mut Session) -> Result<Self, Diagnostic> {
        let mut read = Vec::new();
        let mut config = config(workspace, session, &mut read)?;
        if let Some(trial) = &request.policies.trial {
            trial.tune(&mut config);
        }
        let context = context_folder(request, workspace, &config);
        let origins = sources::origins(request, workspace, &config)?;
        let (library, foreign, modules) = policies_of(request, workspace, &config, &origins, session)?;
        let documents =
            context_documents(workspace, &context, &config.context, &config.context.required, session, &mut read)?;
        let signers = signers(workspace, &config, session, &mut read)?;
        let code_owners = code_owners(workspace, &documents, session, &mut read)?;
        let max_ages = MaxAges::read(&config.context.max_age).map_err(|faults| first(faults, session))?;
        let selection = Selection { disabled: config.policies.disabled.clone(), ..request.policies.selection.clone() };
        let baseline = baseline(request, workspace, session, &mut read)?;
        let own = Own {
            config: workspace.shown(&workspace.under_root(discover::CONFIG_FILE)),
            context: workspace.shown(&context),
            documents: config.context.files.iter().map(|f| workspace.shown(&workspace.under_root(f))).collect(),
            signers: workspace.shown(&workspace.under_root(&config.approvals.allowed_signers)),
            policies: origins.iter().filter_map(|origin| origin.path()).map(|path| workspace.shown(path)).collect(),
            lock: workspace.shown(&workspace.under_root(LOCK_FILE)),
            baseline: request.baseline.as_ref().map(|path| workspace.shown(&workspace.absolute(path))),
            changes: resolve::globs(&config.changes.paths, "changes.paths")?,
            prefix: workspace.prefix(),
        };
        let of_conftest = foreign.iter().flat_map(Bundle::policies);
        let known = library.policies.iter().chain(of_conftest).cloned().collect();
        let mut inputs = Self {
            config,
            library,
            foreign,
            known,
            modules,
            selection,
            documents,
            signers,
            code_owners,
            max_ages,
            baseline,
            memory: request.memory.clone(),
            read,
            own,
        };
        inputs.check(request, session)?;
        let wanted = &inputs.selection;
        inputs.foreign.iter_mut().for_each(|bundle| bundle.retain(|id| wanted.has(id)));
        Ok(inputs)
    }

    /// Zero policies judge nothing, an unknown id judges something else than was meant, and a hard policy must not be
    /// left out when it counts.
    fn check(&self, request: &Request, session: &mut Session) -> Result<(), Diagnostic> {
        session.diagnostics.extend(self.library.diagnostics.iter().cloned());
        let known = |id: &String| self.known.iter().any(|p| p.id().eq_ignore_ascii_case(id));
        let asked = self.selection.only.iter().chain(&self.selection.skip).chain(&self.selection.disabled);
        if let Some(id) = asked.clone().find(|id| !known(id)) {
            let near = de::closest(&id.to_uppercase(), self.known.iter().map(|p| p.id()));
            let near = near.map_or_else(String::new, |near| format!("did you mean {near}? "));
            return Err(Diagnostic::error("policy::unknown-id", format!("there is no policy `{id}`"))
                .help(format!("{near}`changegate policy list` shows all")));
        }
        let asked = |p: &Policy| p.metadata.custom.applies(request.stage) && self.selection.has(p.id());
        if !session.has_error() && !self.known.iter().any(asked) {
            return Err(Diagnostic::error("policy::none", format!("no policy applies at stage {}", request.stage.as_str()))
                .help("zero policies are not a pass: load some with `--policy DIR`, or leave `--no-builtin`, `--only` and `--skip` out"));
        }
        let left_out = self.known.iter().find(|p| {
            let custom = &p.metadata.custom;
            let hard = custom.enforcement_at(request.stage) == crate::finding::Enforcement::Hard;
            let asked = Selection { disabled: Vec::new(), ..self.selection.clone() };
            custom.applies(request.stage) && hard && !asked.has(p.id())
        });
        match left_out.filter(|_| request.stage == crate::facts::Stage::Apply) {
            Some(policy) => Err(Diagnostic::error(
                "policy::hard-skipped",
                format!("{} is hard and was left out at stage apply", policy.id()),
            )
            .help("at stage apply every hard policy judges: leave `--only` and `--skip` out")),
            None => Ok(()),
        }
    }

    /// Rules that were written for Conftest, as policies.
    pub(super) fn foreign_policies(&self) -> impl Iterator<Item = &Policy> {
        self.foreign.iter().flat_map(Bundle::policies)
    }

    /// Resolves environment and service of resources.
    pub(super) fn resolver(&self, judged: &[Judged]) -> Result<Resolver<'_>, Diagnostic> {
        let requested: Vec<String> = judged.iter().flat_map(Judged::environments).collect();
        Resolver::new(&self.config, &self.documents.catalog, &requested)
    }

    /// The name of an environment after synonyms; as written when nobody declared it.
    pub(super) fn environment(&self, spelling: &str) -> String {
        self.spellings().get(&spelling.to_lowercase()).cloned().unwrap_or_else(|| spelling.to_owned())
    }

    /// Lower-case spelling of an environment → its name.
    pub(super) fn spellings(&self) -> BTreeMap<String, String> {
        resolve::spellings(&self.config).into_iter().map(|(k, v)| (k, v.to_string())).collect()
    }

    /// The kind of the first document of ours in a context file.
    pub(super) fn kind_of(&self, shown: &str) -> Option<&'static str> {
        self.documents.all().find(|(_, given)| &*given.path == shown).map(|(kind, _)| Kind::name(kind))
    }

    /// Whether a shown path is a document of the gate, which is not judged as a manifest.
    pub(super) fn is_own(&self, shown: &str) -> bool {
        self.gate_part(shown).is_some() || self.is_request(shown)
    }

    /// Whether a shown path is where change requests live.
    pub(super) fn is_request(&self, shown: &str) -> bool {
        self.own.prefix.strip(shown).is_some_and(|path| self.own.changes.is_match(path))
    }

    /// Whether a shown path is the allowed_signers file.
    pub(super) fn is_signers(&self, shown: &str) -> bool {
        shown == self.own.signers
    }

    /// Which part of the gate a shown path is: `configuration`, `policy`, `context`.
    pub(super) fn gate_part(&self, shown: &str) -> Option<&'static str> {
        let below = |folder: &String| {
            shown.strip_prefix(folder.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let name = shown.rsplit('/').next().unwrap_or(shown);
        if shown == self.own.config || name == discover::CONFIG_FILE {
            Some("configuration")
        } else if self.own.baseline.as_deref() == Some(shown) {
            Some("baseline")
        } else if shown == self.own.lock || self.own.policies.iter().any(below) {
            Some("policy")
        } else if below(&self.own.context) || shown == self.own.signers || self.own.documents.iter().any(|d| d == shown)
        {
            Some("context")
        } else {
            None
        }
    }
}

/// Configuration and context documents alone, for questions that no policy is asked.
pub(super) fn context(
    request: &Request,
    workspace: &Workspace,
    session: &mut Session,
) -> Result<(Config, Documents), Diagnostic> {
    let mut read = Vec::new();
    let config = config(workspace, session, &mut read)?;
    let folder = context_folder(request, workspace, &config);
    let documents = context_documents(workspace, &folder, &config.context, &[], session, &mut read)?;
    Ok((config, documents))
}

/// The first of several faults; the others are kept for the outcome.
pub(super) fn first(faults: Vec<Diagnostic>, session: &mut Session) -> Diagnostic {
    let mut faults = faults.into_iter();
    let first = faults.next();
    session.diagnostics.extend(faults);
    first.unwrap_or_else(|| Diagnostic::error("gate::input", "something that decides cannot be read"))
}

/// `sha256:` and the digest of bytes.
pub(super) fn sha256(bytes: &[u8]) -> String {
    format!("sha256:{}", library::hex(&Sha256::digest(bytes)))
}

pub(super) fn revision(workspace: &Workspace, path: &Path) -> Revision {
    if workspace.is_trusted_at_base(path) { Revision::Base } else { Revision::Head }
}

/// The configuration alone.
pub(super) fn configuration(workspace: &Workspace) -> Result<Config, Diagnostic> {
    config(workspace, &mut Session::default(), &mut Vec::new())
}

fn config(workspace: &Workspace, session: &mut Session, read: &mut Vec<Input>) -> Result<Config, Diagnostic> {
    let path = workspace.under_root(discover::CONFIG_FILE);
    let Some(file) = workspace.read_trusted(&path)? else { return Ok(Config::default()) };
    read.push(Input { path: file.path.as_str().into(), sha256: sha256(&file.bytes), as_of: None });
    let (id, text) = add(file, revision(workspace, &path), session)?;
    let mut parsed = yaml::parse(id, &text, &yaml::Limits::default()).without_repeated_keys();
    if let Some(fault) = parsed.diagnostics.into_iter().find(|d| d.level == Level::Error) {
        return Err(fault);
    }
    match parsed.documents.len() {
        0 => Ok(Config::default()),
        1 => parsed.documents.pop().map_or_else(|| Ok(Config::default()), |node| de::from_node(&node)),
        n => Err(Diagnostic::error("config::documents", format!("the configuration holds {n} YAML documents"))
            .at(crate::source::Span::new(id, 0, 0))
            .help("keep one")),
    }
}

/// Adds a file to the sources.
pub(super) fn add(
    file: File,
    revision: Revision,
    session: &mut Session,
) -> Result<(SourceId, std::sync::Arc<str>), Diagnostic> {
    let text: std::sync::Arc<str> = discover::decode(file.bytes, &file.path)?.into();
    Ok((session.sources.add(Source::new(file.path, revision, text.clone())), text))
}

fn context_folder(request: &Request, workspace: &Workspace, config: &Config) -> PathBuf {
    match &request.context {
        Some(given) => workspace.absolute(given),
        None => workspace.under_root(&config.context.path),
    }
}

fn policies_of(
    request: &Request,
    workspace: &Workspace,
    config: &Config,
    origins: &[Origin],
    session: &mut Session,
) -> Result<(Library, Option<Bundle>, Digested), Diagnostic> {
    let (mut modules, mut of_conftest) = (Vec::new(), Vec::new());
    if request.policies.builtin && config.policies.builtin {
        modules.extend(library::embedded(&mut session.sources, false));
    }
    let (mut data, mut data_of_conftest) = (Vec::new(), Vec::new());
    for origin in origins {
        let found = sources::load(origin, request, workspace, session)?;
        if found.modules.is_empty() {
            continue;
        }
        if conftest::is_foreign(&session.sources, &found.modules) {
            of_conftest.extend(found.modules);
            data_of_conftest.extend(found.data);
        } else {
            modules.extend(found.modules);
            data.extend(found.data);
        }
    }
    if let Some(trial) = &request.policies.trial {
        let loaded = Modules { ours: &mut modules, of_conftest: &mut of_conftest };
        trial.replace(loaded, workspace, session)?;
    }
    let foreign = foreign::bundle(request, workspace, config, &of_conftest, data_of_conftest, session)?;
    let texts =
        modules.iter().chain(&of_conftest).filter_map(|id| session.sources.get(*id)).map(|source| &*source.text);
    let digest = Digested::of(texts);
    let mut library = library::load(&session.sources, &modules);
    library.data = data.iter().map(DataFile::nested).collect();
    if let Some(program) = &request.policies.isolate {
        library.isolate(program.clone(), &session.sources, &modules);
    }
    Ok((library, foreign, digest))
}

/// The allowed_signers file; nobody may sign without one.
fn signers(
    workspace: &Workspace,
    config: &Config,
    session: &mut Session,
    read: &mut Vec<Input>,
) -> Result<AllowedSigners, Diagnostic> {
    let path = workspace.under_root(&config.approvals.allowed_signers);
    let Some(file) = workspace.read_trusted(&path)? else { return Ok(AllowedSigners::default()) };
    read.push(Input { path: file.path.as_str().into(), sha256: sha256(&file.bytes), as_of: None });
    let (id, text) = add(file, revision(workspace, &path), session)?;
    let (signers, told) = AllowedSigners::parse(&text, id);
    session.diagnostics.extend(told);
    Ok(signers)
}

/// CODEOWNERS, when the matrix asks for code owners.
fn code_owners(
    workspace: &Workspace,
    documents: &Documents,
    session: &mut Session,
    read: &mut Vec<Input>,
) -> Result<CodeOwners, Diagnostic> {
    if !documents.matrix.as_ref().is_some_and(|matrix| matrix.asks_for(code_owners::ROLE)) {
        return Ok(CodeOwners::default());
    }
    for place in code_owners::PLACES {
        let path = workspace.shown_root().join(place);
        let Some(file) = workspace.read_trusted(&path)? else { continue };
        read.push(Input { path: file.path.as_str().into(), sha256: sha256(&file.bytes), as_of: None });
        let (id, text) = add(file, revision(workspace, &path), session)?;
        let (owners, told) = CodeOwners::parse(&text, id);
        session.diagnostics.extend(told);
        return Ok(owners);
    }
    Ok(CodeOwners::default())
}

/// The baseline, as the merge base has it when it lies in the repository of a change: what a change adds to it accepts
/// nothing of that change.
fn baseline(
    request: &Request,
    workspace: &Workspace,
    session: &mut Session,
    read: &mut Vec<Input>,
) -> Result<Baseline, Diagnostic> {
    let Some(path) = request.baseline.as_ref().map(|path| workspace.absolute(path)) else {
        return Ok(Baseline::default());
    };
    let shown = workspace.shown(&path);
    let Some(file) = workspace.read_trusted(&path)? else {
        if workspace.is_trusted_at_base(&path) && path.exists() {
            let message = format!("`{shown}` is new: it accepts nothing before it is merged");
            session.diagnostics.push(Diagnostic::warning("baseline::new", message).in_file(shown));
            return Ok(Baseline::default());
        }
        return Err(Diagnostic::error("baseline::missing", format!("there is no baseline `{shown}`"))
            .in_file(shown)
            .help("write one with `changegate check --write-baseline FILE`"));
    };
    read.push(Input { path: file.path.as_str().into(), sha256: sha256(&file.bytes), as_of: None });
    let (id, text) = add(file, revision(workspace, &path), session)?;
    Baseline::read(id, &text)
}

/// The documents of the context folder, and those that the configuration names one by one.
fn context_files(workspace: &Workspace, folder: &Path, named: &[String]) -> Result<Vec<(File, Revision)>, Diagnostic> {
    let wanted = |path: &str| {
        let lower = path.to_ascii_lowercase();
        [".yaml", ".yml", ".json", ".ics"].iter().any(|ending| lower.ends_with(ending)) && !path.contains("/audit/")
    };
    let in_folder = workspace.read_trusted_folder(folder, &wanted)?;
    let mut files: Vec<_> = in_folder.into_iter().map(|file| (file, revision(workspace, folder))).collect();
    for name in named {
        let path = workspace.under_root(name);
        let file = workspace.read_trusted(&path)?.ok_or_else(|| {
            Diagnostic::error("context::missing", format!("there is no context document `{name}`"))
                .in_file(workspace.shown(&workspace.under_root(discover::CONFIG_FILE)))
                .help("`context.files` names documents relative to this file; correct the path, or take it out")
        })?;
        if files.iter().all(|(other, _)| other.path != file.path) {
            files.push((file, revision(workspace, &path)));
        }
    }
    Ok(files)
}

fn context_documents(
    workspace: &Workspace,
    folder: &Path,
    config: &config::Context,
    required: &[String],
    session: &mut Session,
    read: &mut Vec<Input>,
) -> Result<Documents, Diagnostic> {
    let mut files = Vec::new();
    for (file, revision) in context_files(workspace, folder, &config.files)? {
        read.push(Input { path: file.path.as_str().into(), sha256: sha256(&file.bytes), as_of: None });
        let path = file.path.clone();
        let (id, text) = add(file, revision, session)?;
        let is_ics = path.to_ascii_lowercase().ends_with(".ics");
        let parsed = match is_ics {
            true => parse::Documents::default(),
            false => kubernetes::read(id, &text, &yaml::Limits::default()).without_repeated_keys(),
        };
        session.diagnostics.extend(parsed.diagnostics);
        files.push((path, parsed.documents, is_ics.then_some((id, text))));
    }
    let context = files.iter().map(|(path, documents, ics)| match ics {
        Some((source, text)) => ContextFile::ics(path, *source, text),
        None => ContextFile::new(path, documents),
    });
    let (documents, diagnostics) = Documents::read(context);
    session.diagnostics.extend(diagnostics);
    session.diagnostics.extend(documents.missing(required));
    let at: BTreeMap<&str, String> =
        documents.all().filter_map(|(_, given)| Some((&*given.path, given.header.as_of?.0.to_string()))).collect();
    for input in read.iter_mut() {
        input.as_of = at.get(&*input.path).cloned();
    }
    Ok(documents)
}
