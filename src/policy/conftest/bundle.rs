//! A bundle: modules, data and the rules that judge.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::judge::Evaluator;
use super::names::{Kind, Namespaces, exception_name};
use super::trace::{self, Trace};
use crate::finding::Diagnostic;
use crate::policy::bundle::DataFile;
use crate::policy::engine::{Engine, Input, Mode};
use crate::policy::isolate::Isolation;
use crate::policy::library::{self, Policy};
use crate::policy::metadata::Metadata;
use crate::policy::rego::{self, Module};
use crate::source::{Revision, SourceId, Sources, Span};

/// A rule that judges, with all its definitions.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    /// `data.main.deny`.
    pub(super) path: String,
    /// Its first definition.
    pub(super) span: Span,
    /// `data.main.exception`, where the package declares it.
    pub(super) exception: Option<String>,
    /// What an exception calls it.
    pub(super) exception_name: String,
    /// The copies that tell where its messages came from.
    pub(super) traces: Vec<String>,
    /// As which policy it stands in the outcome.
    pub(super) policy: Policy,
}

/// Policies that were written for Conftest, ready to judge.
pub struct Bundle {
    /// Loaded modules and data.
    pub(super) engine: Engine,
    /// How the rules are evaluated when they are not trusted and to be kept apart.
    isolation: Option<Isolation>,
    pub(super) rules: Vec<Rule>,
    /// Somebody reads `data.conftest`.
    pub(super) reads_file: bool,
}

impl Bundle {
    /// Loads modules that are among the sources.
    ///
    /// # Errors
    /// Every fault: a module that does not load, a namespace that does not exist, a package or a bundle without a rule that
    /// judges, data that contradicts itself.
    pub fn load(
        sources: &Sources,
        modules: &[SourceId],
        data: &[DataFile],
        namespaces: &Namespaces,
    ) -> Result<Self, Vec<Diagnostic>> {
        let ids: Vec<SourceId> = modules.iter().copied().filter(|id| super::counts(sources, *id)).collect();
        let parsed = parse(sources, &ids)?;
        let asked = asked(&parsed, namespaces)?;
        let (engine, traces) = install(sources, &parsed)?;
        let digest = digest(sources, &ids);
        let rules = rules(&parsed, &asked, &traces, &digest)?;
        let reads_file = ids.iter().any(|id| sources.get(*id).is_some_and(|s| s.text.contains("conftest")));
        let mut bundle = Self { engine, isolation: None, rules, reads_file };
        bundle.add_data(data).map_err(|fault| vec![fault])?;
        Ok(bundle)
    }

    /// The rules as policies, sorted by id.
    pub fn policies(&self) -> impl Iterator<Item = &Policy> {
        self.rules.iter().map(|rule| &rule.policy)
    }

    /// Leaves the rules out that nobody asked for.
    pub fn retain(&mut self, wanted: impl Fn(&str) -> bool) {
        self.rules.retain(|rule| wanted(rule.policy.id()));
    }

    /// Keeps the rules apart when a module comes from outside of the trusted base: they are evaluated by `program`. All
    /// modules are evaluated together, so one of them is enough.
    pub fn isolate(&mut self, program: PathBuf, sources: &Sources, modules: &[SourceId], data: &[DataFile]) {
        let ids: Vec<SourceId> = modules.iter().copied().filter(|id| super::counts(sources, *id)).collect();
        let outside = |id: &SourceId| sources.get(*id).is_some_and(|source| source.revision == Revision::Head);
        if ids.iter().any(outside) {
            self.isolation = Some(Isolation::of_conftest(program, sources, &ids, data));
        }
    }

    /// Who evaluates the rules; each thread works with a clone. An engine was evaluated once: its clones share what that
    /// prepared.
    pub fn evaluator(&self) -> Evaluator {
        if let Some(isolation) = &self.isolation {
            return Evaluator::apart(isolation.clone());
        }
        let mut engine = self.engine.clone();
        engine.set_input(Input::object(Vec::new()));
        if let Some(rule) = self.rules.first() {
            let _ = engine.set(&rule.path);
        }
        let (_, _) = (engine.swallowed(), engine.prints());
        Evaluator::here(engine)
    }

    fn add_data(&mut self, data: &[DataFile]) -> Result<(), Diagnostic> {
        for file in data {
            self.engine.add_data(file.nested()).map_err(|error| {
                Diagnostic::error("conftest::data", format!("`--data` cannot be loaded: {error}")).help(
                    "two documents must not say different things at one place of `data`, and none may stand on a rule",
                )
            })?;
        }
        Ok(())
    }
}

fn parse(sources: &Sources, ids: &[SourceId]) -> Result<Vec<(SourceId, Module)>, Vec<Diagnostic>> {
    let read = |id: &SourceId| {
        let text = &sources.get(*id)?.text;
        Some(rego::parse_any(text).map(|module| (*id, module)).map_err(|fault| fault.in_source(*id)))
    };
    let (mut parsed, mut faults) = (Vec::new(), Vec::new());
    for module in ids.par_iter().filter_map(read).collect::<Vec<_>>() {
        match module {
            Ok(module) => parsed.push(module),
            Err(fault) => faults.push(fault),
        }
    }
    if faults.is_empty() { Ok(parsed) } else { Err(faults) }
}

/// The packages that are asked. Each that was named must exist.
fn asked(modules: &[(SourceId, Module)], namespaces: &Namespaces) -> Result<BTreeSet<String>, Vec<Diagnostic>> {
    let packages: BTreeSet<String> = modules.iter().map(|(_, module)| module.package.join(".")).collect();
    let names: Vec<&str> = packages.iter().map(String::as_str).collect();
    match namespaces.select(&names) {
        Ok(asked) => Ok(asked.into_iter().map(str::to_owned).collect()),
        Err(message) => {
            let there = names.join(", ");
            let fault = Diagnostic::error("conftest::namespace", message);
            let help = format!(
                "the packages are {there}: name one with `--namespace`, or take `--all-namespaces`; a policy of this program's own has \
                 METADATA with `custom.id`"
            );
            Err(vec![fault.help(help)])
        }
    }
}

/// An engine with modules for Conftest, their copies among them.
///
/// # Errors
/// Every fault of a module.
pub fn engine(sources: &Sources, modules: &[SourceId]) -> Result<Engine, Vec<Diagnostic>> {
    Ok(install(sources, &parse(sources, modules)?)?.0)
}

/// Loads the modules with the copies that tell places; without, when the copies are what cannot be loaded.
fn install(sources: &Sources, modules: &[(SourceId, Module)]) -> Result<(Engine, Vec<Trace>), Vec<Diagnostic>> {
    let mut traced = modules.to_vec();
    let traces = trace::add(&mut traced);
    if let Ok(engine) = compiled(sources, traced) {
        return Ok((engine, traces));
    }
    Ok((compiled(sources, modules.to_vec())?, Vec::new()))
}

fn compiled(sources: &Sources, modules: Vec<(SourceId, Module)>) -> Result<Engine, Vec<Diagnostic>> {
    let compiled = rego::compile(modules)
        .map_err(|faults| faults.into_iter().map(|(id, fault)| fault.in_source(id)).collect::<Vec<_>>())?;
    let mut engine = Engine::with_mode(Mode::Lenient);
    let faults = engine.install(sources, compiled);
    if faults.is_empty() { Ok(engine) } else { Err(faults.into_iter().map(|(_, fault)| fault).collect()) }
}

fn rules(
    modules: &[(SourceId, Module)],
    asked: &BTreeSet<String>,
    traces: &[Trace],
    digest: &str,
) -> Result<Vec<Rule>, Vec<Diagnostic>> {
    let mut found: BTreeMap<(String, String), Rule> = BTreeMap::new();
    let in_asked = modules.iter().filter(|(_, module)| asked.contains(&module.package.join(".")));
    let mut faults: Vec<Diagnostic> = in_asked.flat_map(|(id, module)| without_message(*id, module)).collect();
    let excepting: BTreeSet<String> =
        modules.iter().filter(|(_, m)| m.declares("exception")).map(|(_, m)| m.package.join(".")).collect();
    for (id, module) in modules {
        let package = module.package.join(".");
        for rule in module.rules.iter().filter(|_| asked.contains(&package)) {
            let name = rule.head.name();
            let Some(kind) = Kind::of(name) else { continue };
            let span = place(*id, rule);
            let key = (package.clone(), name.to_owned());
            found.entry(key).or_insert_with(|| Rule {
                path: format!("data.{package}.{name}"),
                span,
                exception: excepting.contains(&package).then(|| format!("data.{package}.exception")),
                exception_name: exception_name(name).to_owned(),
                traces: traces_of(traces, &format!("data.{package}.{name}")),
                policy: policy(&package, name, kind, span, digest),
            });
        }
    }
    if found.is_empty() {
        let packages = asked.iter().cloned().collect::<Vec<_>>().join(", ");
        let message = format!("there is no rule `deny`, `violation` or `warn` in {packages}");
        let help =
            "zero rules are not a pass: name the package that has them with `--namespace`, or take `--all-namespaces`";
        faults.push(Diagnostic::error("conftest::no-rule", message).help(help));
    }
    if faults.is_empty() { Ok(found.into_values().collect()) } else { Err(faults) }
}

fn traces_of(traces: &[Trace], path: &str) -> Vec<String> {
    traces.iter().filter(|trace| trace.of == path).map(|trace| trace.path.clone()).collect()
}

fn place(id: SourceId, rule: &rego::ast::Rule) -> Span {
    Span { source: id, start: rule.range.start, end: rule.head.range.end }
}

/// The rules of a module that judge and have no message to give.
pub fn without_message(id: SourceId, module: &Module) -> Vec<Diagnostic> {
    let silent = |rule: &&rego::ast::Rule| Kind::of(rule.head.name()).is_some() && says_nothing(rule);
    module.rules.iter().filter(silent).map(|rule| no_message(rule.head.name(), place(id, rule))).collect()
}

/// Whether a rule can only be true: in v1, `deny if { … }` says no message.
fn says_nothing(rule: &rego::ast::Rule) -> bool {
    use rego::ast::TermKind;
    let head = &rule.head;
    let is_bool = |kind: &TermKind| matches!(kind, TermKind::Bool(_));
    head.key.is_none() && head.path.len() == 1 && !rule.default && head.value.as_ref().is_none_or(|v| is_bool(&v.kind))
}

fn no_message(name: &str, span: Span) -> Diagnostic {
    Diagnostic::error("conftest::no-message", format!("`{name}` is true or not, and says no message"))
        .at(span)
        .label("no message")
        .help(format!("write `{name} contains msg if {{ … }}`; Conftest refuses this as well, or passes over it"))
}

/// The rule as a policy of the outcome: `main.deny_run_as_root`.
fn policy(package: &str, name: &str, kind: Kind, span: Span, digest: &str) -> Policy {
    Policy::foreign(
        Arc::new(Metadata::foreign(package, name, kind.severity(), kind.enforcement())),
        span.source,
        digest,
    )
}

/// `sha256:` of all texts with their paths.
fn digest(sources: &Sources, ids: &[SourceId]) -> String {
    let mut hash = Sha256::new();
    for source in ids.iter().filter_map(|id| sources.get(*id)) {
        hash.update(format!("{}\n{}\n", source.path, source.text.len()));
        hash.update(source.text.as_bytes());
    }
    format!("sha256:{}", library::hex(&hash.finalize()))
}
