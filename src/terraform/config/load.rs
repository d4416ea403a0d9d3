//! From files to modules: every directory with configuration files is one, and so is every directory that a
//! module call leads to.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use super::module::Module;
use super::snapshot::{Snapshot, Unread, join};
use crate::finding::Diagnostic;
use crate::parse::hcl::Block;
use crate::parse::json;
use crate::source::{Source, Sources, Span};
use crate::terraform::source::{self, File};

/// All modules of a repository, by directory.
#[derive(Clone, Debug, Default)]
pub struct Configuration {
    /// Directory, relative to the repository → module.
    pub modules: BTreeMap<Arc<str>, Arc<Module>>,
    /// What could not be read.
    pub diagnostics: Vec<Diagnostic>,
    /// Root directory → key of a call as Terraform names it (`a.b`) → directory that `terraform init` put it in.
    installed: BTreeMap<Arc<str>, BTreeMap<Arc<str>, Arc<str>>>,
    /// Directories that were looked at, with or without a module in them.
    visited: BTreeSet<Arc<str>>,
}

/// Where a module call leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A directory of the repository.
    Directory(Arc<str>),
    /// A registry or git address that was not installed.
    NotAvailable(Arc<str>),
    /// A local path that leads out of the repository.
    Outside,
}

/// More modules than this are not read.
const MAX_MODULES: usize = 20_000;

/// Loads the module of one directory and everything that it calls.
pub fn load(directory: &str, files: &dyn Snapshot, sources: &mut Sources) -> Configuration {
    let mut configuration = Configuration::default();
    configuration.read_directory(directory, files, sources);
    configuration.follow(files, sources);
    configuration
}

/// Puts parsed files together, and reads what their module calls lead to beyond them.
pub fn assemble(parsed: Vec<File>, files: &dyn Snapshot, sources: &mut Sources) -> Configuration {
    let mut directories: BTreeMap<Arc<str>, Vec<File>> = BTreeMap::new();
    for file in parsed {
        directories.entry(source::directory(&file.path).into()).or_default().push(file);
    }
    let mut configuration = Configuration::default();
    for (directory, files) in directories {
        configuration.insert(&directory, files);
    }
    configuration.follow(files, sources);
    configuration
}

impl Configuration {
    /// The module of a directory.
    pub fn module(&self, directory: &str) -> Option<&Arc<Module>> {
        self.modules.get(directory)
    }

    /// Where a call leads that stands in the module of `directory`; `key` names the call from the root on, as
    /// `terraform init` does: `a.b`.
    pub fn target(&self, root: &str, key: &str, directory: &str, call: &Block) -> Option<Target> {
        let source = call.body.attribute("source")?.value.as_str()?;
        if is_local(source) {
            return Some(join(directory, source).map_or(Target::Outside, |d| Target::Directory(d.into())));
        }
        let installed = self.installed.get(root).and_then(|calls| calls.get(key));
        Some(installed.map_or_else(|| Target::NotAvailable(source.into()), |d| Target::Directory(d.clone())))
    }

    /// Directories that a local module call leads to, from another directory.
    pub(super) fn called(&self) -> BTreeSet<Arc<str>> {
        let mut called = BTreeSet::new();
        for module in self.modules.values() {
            let targets = local_targets(module).into_iter().filter(|d| *d != module.directory);
            called.extend(targets);
        }
        called
    }

    /// Whether `terraform init` put the module of a directory there.
    pub(super) fn is_installed(&self, directory: &str) -> bool {
        directory.split('/').any(|part| part == ".terraform")
    }

    /// Reads the modules that calls lead to until there are no more.
    fn follow(&mut self, files: &dyn Snapshot, sources: &mut Sources) {
        let mut waiting: VecDeque<Arc<str>> = self.modules.keys().cloned().collect();
        while let Some(directory) = waiting.pop_front() {
            if self.modules.len() > MAX_MODULES {
                return self.diagnostics.push(too_many());
            }
            let Some(module) = self.modules.get(&directory).cloned() else { continue };
            let mut targets = local_targets(&module);
            if !self.is_installed(&directory) && !module.calls.is_empty() {
                targets.extend(self.read_manifest(&directory, files, sources));
            }
            for target in targets {
                if self.read_directory(&target, files, sources) {
                    waiting.push_back(target);
                }
            }
        }
    }

    /// Reads the module of a directory that was not read yet; whether there is one.
    fn read_directory(&mut self, directory: &str, files: &dyn Snapshot, sources: &mut Sources) -> bool {
        if !self.visited.insert(directory.into()) {
            return false;
        }
        let names = files.list(directory).unwrap_or_default();
        let names = names.into_iter().filter(|e| !e.is_directory && source::syntax(&e.name).is_some());
        let mut parsed = Vec::new();
        for entry in names {
            let path = if directory.is_empty() { entry.name } else { format!("{directory}/{}", entry.name) };
            let Some(text) = self.text(&path, files) else { continue };
            let id = sources.add(Source::new(path.as_str(), files.revision(), text.as_str()));
            let (file, diagnostics) = source::read(id, &path, &text);
            self.diagnostics.extend(diagnostics);
            parsed.push(file);
        }
        if parsed.is_empty() {
            return false;
        }
        self.insert(directory, parsed);
        true
    }

    fn insert(&mut self, directory: &str, files: Vec<File>) {
        let directory: Arc<str> = directory.into();
        let module = Module::of(directory.clone(), source::effective(files));
        self.visited.insert(directory.clone());
        self.modules.insert(directory, Arc::new(module));
    }

    fn text(&mut self, path: &str, files: &dyn Snapshot) -> Option<String> {
        let bytes = match files.read(path) {
            Ok(bytes) => bytes,
            Err(Unread::Missing) => return None,
            Err(why) => {
                self.diagnostics.push(unread(path, &why));
                return None;
            }
        };
        match std::str::from_utf8(&bytes) {
            Ok(text) => Some(text.trim_start_matches('\u{feff}').to_owned()),
            Err(_) => {
                self.diagnostics.push(
                    Diagnostic::error("terraform::not_utf8", "this file is not UTF-8 text")
                        .in_file(path)
                        .help("save it as UTF-8"),
                );
                None
            }
        }
    }

    /// Reads what `terraform init` installed for a root; the directories.
    fn read_manifest(&mut self, root: &Arc<str>, files: &dyn Snapshot, sources: &mut Sources) -> Vec<Arc<str>> {
        let Some(path) = join(root, ".terraform/modules/modules.json") else { return Vec::new() };
        let Ok(bytes) = files.read(&path) else { return Vec::new() };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let id = sources.add(Source::new(path, files.revision(), text.as_str()));
        let node = match json::parse(id, &text) {
            Ok(node) => node,
            Err(fault) => {
                self.diagnostics.push(fault);
                return Vec::new();
            }
        };
        let modules = node.get("Modules").and_then(|m| m.as_seq()).unwrap_or_default();
        let text = |node: &crate::parse::tree::Node, key: &str| node.get(key).and_then(|n| n.as_str()).map(Arc::from);
        let calls: BTreeMap<Arc<str>, Arc<str>> = modules
            .iter()
            .filter_map(|m| {
                let (key, directory): (Arc<str>, Arc<str>) = (text(m, "Key")?, text(m, "Dir")?);
                (!key.is_empty()).then_some((key, join(root, &directory)?.into()))
            })
            .collect();
        let directories = calls.values().cloned().collect();
        self.installed.insert(root.clone(), calls);
        directories
    }
}

/// A local path begins with `./` or `../`.
fn is_local(source: &str) -> bool {
    source.starts_with("./") || source.starts_with("../") || source == "." || source == ".."
}

fn local_targets(module: &Module) -> Vec<Arc<str>> {
    let sources = module.calls.values().filter_map(|c| c.body.attribute("source")?.value.as_str());
    sources.filter(|s| is_local(s)).filter_map(|s| join(&module.directory, s)).map(Arc::from).collect()
}

fn unread(path: &str, why: &Unread) -> Diagnostic {
    let message = match why {
        Unread::Missing => "this file is not there".to_owned(),
        Unread::Outside => "this file lies outside the repository and was not read".to_owned(),
        Unread::TooLarge => "this file is too large to read".to_owned(),
        Unread::Failed(words) => format!("this file cannot be read: {words}"),
    };
    Diagnostic::error("terraform::unreadable", message).in_file(path).help("a link must stay inside the repository")
}

fn too_many() -> Diagnostic {
    Diagnostic::error("terraform::too_many_modules", format!("more than {MAX_MODULES} modules; the rest was not read"))
        .help("judge a smaller part of the repository")
}

/// The place of a call's source, for a fault about it.
pub(super) fn source_span(call: &Block) -> Span {
    call.body.attribute("source").map_or(call.header, |a| a.value.span)
}
