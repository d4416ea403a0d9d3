//! What is loaded and from where. A policy exists in one place, its folder; nothing here lists policies.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use include_dir::{Dir, include_dir};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::admitted::{Admitted, mode_of};
use super::engine::{Engine, Mode};
use super::isolate::Isolation;
use super::metadata::{Metadata, Scope};
use super::modules::{self, Modules};
use super::outline::Outline;
use super::reads::Reads;
use super::test::{self, TestRule};
use crate::facts::Stage;
use crate::finding::Diagnostic;
use crate::outcome::PolicyInfo;
use crate::parse::tree::Step;
use crate::source::{Revision, Source, SourceId, Sources, Span};

/// The product's own policies, compiled in.
static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/policies");

/// Where the pages of `changegate policy docs` are read.
const PAGES: &str = "https://github.com/changegate/changegate/blob/main/docs/policies";

/// Package of the risk model, which is no policy and is evaluated before them.
pub const RISK_MODEL: &str = "data.policies.lib.risk.model";

/// Packages that the risk is weighed with, which cannot read what they give.
pub(super) const OF_RISK: &str = "policies.lib.risk.";

/// One policy: a package with METADATA and a `deny` rule.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Its METADATA.
    pub metadata: Arc<Metadata>,
    /// Static path of `deny`.
    pub deny: String,
    /// Static path of `unknown`, when declared.
    pub unknown: Option<String>,
    /// Static path of `valid_until`, when declared.
    pub valid_until: Option<String>,
    /// Static path of `lifts`, when declared: what findings of other policies it lifts.
    pub lifts: Option<String>,
    /// Reads `input.resources`, which is only built when somebody does.
    pub reads_resources: bool,
    /// Reads `effective`, which is only filled in when somebody does.
    pub reads_effective: bool,
    /// Reads what only the change at hand has: its request, its commits, its approvals, what it touches. What such a
    /// policy finds is never older than the change.
    pub reads_change: bool,
    /// Names `input.waivers`: it is asked once all other policies have answered.
    pub reads_waivers: bool,
    /// Paths into `input.resource.attrs` that its text mentions, deepest first: the place of a finding that is
    /// only a string.
    pub mentions: Vec<Vec<Step>>,
    /// What an error of a built-in function means in it.
    pub mode: Mode,
    /// It is evaluated in a process of its own.
    pub isolated: bool,
    /// Its file.
    pub source: SourceId,
    /// `sha256:` of its text.
    pub digest: String,
}

impl Policy {
    /// `CHG-001`.
    pub fn id(&self) -> &str {
        &self.metadata.custom.id
    }

    /// A rule that was written for another tool, and is evaluated there.
    pub(super) fn foreign(metadata: Arc<Metadata>, source: SourceId, digest: &str) -> Self {
        Self {
            deny: format!("data.{}", metadata.custom.id),
            metadata,
            unknown: None,
            valid_until: None,
            lifts: None,
            reads_resources: false,
            reads_effective: false,
            reads_change: false,
            reads_waivers: false,
            mentions: Vec::new(),
            mode: Mode::Lenient,
            isolated: false,
            source,
            digest: digest.to_owned(),
        }
    }

    /// The page about it, of the product's own policies.
    fn page(&self, sources: &Sources) -> Option<String> {
        let own = sources.get(self.source).is_some_and(|s| s.revision == Revision::Embedded);
        own.then(|| format!("{PAGES}/{}.md", self.id()))
    }

    /// What the outcome says about it.
    pub fn info(&self, stage: Stage, sources: &Sources, evaluations: usize) -> PolicyInfo {
        let custom = &self.metadata.custom;
        let links = self.metadata.related_resources.iter().map(|r| r.link().to_owned());
        PolicyInfo {
            id: custom.id.as_str().into(),
            title: self.metadata.title.as_str().into(),
            description: self.metadata.description.as_str().into(),
            severity: custom.severity,
            enforcement: custom.enforcement_at(stage),
            remediation: custom.remediation.as_str().into(),
            controls: custom.controls.clone(),
            links: self.page(sources).into_iter().chain(links).collect(),
            digest: self.digest.clone(),
            path: sources.get(self.source).map_or_else(|| "".into(), |s| s.path.clone()),
            per_resource: is_per_resource(self),
            evaluations,
        }
    }
}

/// Every module of a run, and the policies among them.
pub struct Library {
    /// Sorted by id.
    pub policies: Vec<Policy>,
    /// What its engines are made of.
    modules: Modules,
    /// How policies are evaluated that are not trusted, when they are to be kept apart.
    pub isolation: Option<Isolation>,
    /// What an error of a built-in function means in the tests: ours are strict, when nobody else's are loaded.
    pub mode: Mode,
    /// Documents of `data` that came with the modules.
    pub data: Vec<serde_json::Value>,
    /// Whether the risk model is among the modules.
    pub has_risk_model: bool,
    /// Whether a module that is no policy reads `effective`: then any policy may.
    pub reads_effective: bool,
    /// Modules that can read the risk.
    of_risk: BTreeSet<SourceId>,
    /// Test rules by package, when tests were loaded.
    pub tests: Vec<TestRule>,
    /// Faults in single modules.
    pub diagnostics: Vec<Diagnostic>,
}

/// Adds the embedded modules to the sources; paths start with `policies/`.
pub fn embedded(sources: &mut Sources, with_tests: bool) -> Vec<SourceId> {
    let mut files: Vec<_> =
        rego_files(&EMBEDDED).into_iter().filter(|(path, _)| with_tests || !is_test(path)).collect();
    files.sort_unstable();
    let add = |(path, text): (String, &'static str)| {
        sources.add(Source::new(format!("policies/{path}"), Revision::Embedded, text))
    };
    files.into_iter().map(add).collect()
}

fn rego_files(dir: &'static Dir<'static>) -> Vec<(String, &'static str)> {
    let own = dir.files().filter(|f| f.path().extension().is_some_and(|e| e == "rego"));
    let own = own.filter_map(|f| Some((f.path().to_string_lossy().replace('\\', "/"), f.contents_utf8()?)));
    own.chain(dir.dirs().flat_map(rego_files)).collect()
}

/// Whether a module holds tests: its name ends with `_test.rego`.
pub fn is_test(path: &str) -> bool {
    path.ends_with("_test.rego")
}

/// The package of a module's text.
pub fn package(text: &str) -> String {
    Outline::scan(text).package()
}

/// Loads modules that are already among the sources. Those that come with this program are looked over; others are
/// read and checked.
pub fn load(sources: &Sources, ids: &[SourceId]) -> Library {
    load_beside(sources, ids, &BTreeSet::new())
}

/// [`load`] where some modules were written for Conftest: those may be Rego v0, and need no METADATA. Their tests are among the tests; what
/// they judge is asked elsewhere.
pub fn load_beside(sources: &Sources, ids: &[SourceId], of_conftest: &BTreeSet<SourceId>) -> Library {
    let foreign = ids.iter().filter_map(|id| sources.get(*id)).any(|source| mode_of(source) == Mode::Lenient);
    let mut library = Library {
        policies: Vec::new(),
        modules: Modules::new(sources, of_conftest),
        isolation: None,
        mode: if foreign { Mode::Lenient } else { Mode::Strict },
        data: Vec::new(),
        has_risk_model: false,
        reads_effective: false,
        of_risk: BTreeSet::new(),
        tests: Vec::new(),
        diagnostics: Vec::new(),
    };
    let (outlines, gone) = library.read(sources, ids);
    let judges = |(id, outline): &(SourceId, Outline)| {
        let source = sources.get(*id).filter(|source| !of_conftest.contains(id) && !is_test(&source.path))?;
        Some(Admitted::of(*id, source, outline))
    };
    let admitted: Vec<Admitted> = outlines.par_iter().filter_map(judges).collect();
    admitted.into_iter().for_each(|one| library.admit(one));
    library.modules.extend(outlines, gone);
    library.check_modules();
    library.policies.sort_by(|a, b| a.id().cmp(b.id()));
    library.check_ids(sources);
    library
}

impl Library {
    /// Controls that its policies serve, by framework.
    pub fn controls(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut controls: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (framework, served) in self.policies.iter().flat_map(|policy| &policy.metadata.custom.controls) {
            controls.entry(framework.clone()).or_default().extend(served.iter().cloned());
        }
        controls
    }

    /// Whether a module was written for Conftest.
    pub fn is_of_conftest(&self, id: SourceId) -> bool {
        self.modules.is_of_conftest(id)
    }

    /// Whether a module is loaded: it and what it needs are free of faults.
    pub fn is_loaded(&self, id: SourceId) -> bool {
        self.modules.has(id)
    }

    /// Keeps the policies apart that come from outside of the trusted base: they are evaluated by `program`.
    ///
    /// A module from there that adds to a package of a trusted one would be evaluated with it, and is a fault.
    pub fn isolate(&mut self, program: PathBuf, sources: &Sources, modules: &[SourceId]) {
        let trusted = |id: &SourceId| sources.get(*id).is_none_or(|source| source.revision != Revision::Head);
        let package = |id: &SourceId| sources.get(*id).map(|source| Outline::scan(&source.text).package());
        let packages: BTreeSet<String> = modules.iter().filter(|id| trusted(id)).filter_map(package).collect();
        for id in modules.iter().filter(|id| !trusted(id)) {
            if let Some(package) = package(id).filter(|package| packages.contains(package)) {
                let message = format!("the package `{package}` is one of the trusted policies'");
                let fault = Diagnostic::error("policy::shared-package", message).at(Span::new(*id, 0, 0));
                self.diagnostics
                    .push(fault.help("give it a package of its own: `--isolate` adds nothing to trusted ones"));
            }
        }
        self.policies.iter_mut().for_each(|policy| policy.isolated = !trusted(&policy.source));
        self.isolation = Some(Isolation::new(program, sources, modules, self.data.clone()));
    }

    /// An engine that can be asked these policies.
    ///
    /// # Errors
    /// A module that cannot be loaded.
    pub fn engine_for<'a>(&self, policies: impl IntoIterator<Item = &'a Policy>) -> Result<Engine, Diagnostic> {
        self.made(policies.into_iter().map(|policy| policy.source).collect())
    }

    /// An engine that can be asked for the risk of a change.
    ///
    /// # Errors
    /// A module that cannot be loaded.
    pub fn risk_engine(&self) -> Result<Engine, Diagnostic> {
        self.made(self.modules.of_package(RISK_MODEL.trim_start_matches("data.")))
    }

    /// An engine with every module.
    ///
    /// # Errors
    /// A module that cannot be loaded.
    pub fn engine(&self) -> Result<Engine, Diagnostic> {
        self.made(self.modules.all())
    }

    /// What identifies everything that its engines are made of: modules and data.
    pub fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        self.modules.digest(&mut hash);
        for document in &self.data {
            let text = document.to_string();
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        }
        hash.finalize().into()
    }

    /// What of the input policies can read, by themselves or through what they name; by their modules.
    pub fn reads<'a>(&self, policies: impl IntoIterator<Item = &'a Policy>) -> BTreeMap<SourceId, Reads> {
        self.modules.reads(&policies.into_iter().map(|policy| policy.source).collect())
    }

    fn made(&self, asked: BTreeSet<SourceId>) -> Result<Engine, Diagnostic> {
        let fault = |faults: modules::Faults| faults.into_iter().next().map(|(_, fault)| fault);
        let mut engine = self.modules.engine(asked).map_err(|faults| {
            fault(faults).unwrap_or_else(|| Diagnostic::error("policy::load", "the policies cannot be loaded"))
        })?;
        for document in &self.data {
            engine.add_data(document.clone()).map_err(|error| {
                Diagnostic::error("policy::data", format!("the data of a bundle cannot be loaded: {error}"))
                    .help("two bundles must not say different things at one place of `data`")
            })?;
        }
        Ok(engine)
    }

    /// What the modules are about, and what those would be about that cannot be read. The embedded policies declare no tests: those stand in modules of their own.
    fn read(&mut self, sources: &Sources, ids: &[SourceId]) -> (Vec<(SourceId, Outline)>, Vec<Outline>) {
        let read = |id: &SourceId| {
            let source = sources.get(*id)?;
            if modules::is_embedded(sources, *id) && !is_test(&source.path) {
                return Some((*id, Ok((Outline::scan(&source.text), Vec::new()))));
            }
            let about = |module| (Outline::of(&module, &source.text), test::declared(*id, &module));
            Some((*id, self.modules.parsed(*id)?.map(about)))
        };
        let (mut outlines, mut gone) = (Vec::new(), Vec::new());
        for (id, module) in ids.par_iter().filter_map(read).collect::<Vec<_>>() {
            match module {
                Ok((outline, tests)) => {
                    outlines.push((id, outline));
                    self.tests.extend(tests);
                }
                Err(fault) => {
                    gone.extend(sources.get(id).map(|source| Outline::scan(&source.text)));
                    self.diagnostics.push(fault.in_source(id));
                }
            }
        }
        (outlines, gone)
    }

    /// Keeps what is wrong, and neither a policy nor a test of a module that is not loaded.
    fn check_modules(&mut self) {
        let faults = self.modules.leave_out_faulty();
        self.policies.retain(|policy| faults.iter().all(|(id, _)| *id != policy.source));
        self.tests.retain(|test| faults.iter().all(|(id, _)| *id != test.source));
        self.diagnostics.extend(faults.into_iter().map(|(_, fault)| fault));
    }

    fn admit(&mut self, module: Admitted) {
        self.has_risk_model |= module.is_risk_model;
        self.reads_effective |= module.reads_effective;
        if module.reads_risk {
            self.of_risk.insert(module.id);
        }
        match module.policy {
            Ok(policy) => self.policies.extend(policy),
            Err(fault) => self.diagnostics.push(fault),
        }
    }

    /// Two policies with one id would be told apart by nobody.
    fn check_ids(&mut self, sources: &Sources) {
        let mut first: BTreeMap<&str, &Policy> = BTreeMap::new();
        for policy in &self.policies {
            if let Some(other) = first.insert(policy.id(), policy) {
                let place = sources.get(other.source).map_or("", |s| &s.path);
                self.diagnostics.push(
                    Diagnostic::error("policy::duplicate-id", format!("the id {} is taken by {place}", policy.id()))
                        .at(Span::new(policy.source, 0, 0))
                        .help("give one of them another id, or load only one of the directories"),
                );
            }
        }
    }

    /// Whether one of these policies can read the risk of the change, by itself or through what it names.
    pub fn asks_for_risk<'a>(&self, policies: impl IntoIterator<Item = &'a Policy>) -> bool {
        let asked = policies.into_iter().map(|policy| policy.source).collect();
        !self.modules.reached_from(asked).is_disjoint(&self.of_risk)
    }

    /// The policies that apply: at this stage, not disabled, among `only` when that is given, not in `skip`.
    pub fn select<'a>(&'a self, stage: Stage, wanted: &'a Selection) -> impl Iterator<Item = &'a Policy> {
        self.policies.iter().filter(move |p| p.metadata.custom.applies(stage) && wanted.has(p.id()))
    }
}

/// Which policies were asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Only these; empty for all.
    pub only: Vec<String>,
    /// Not these.
    pub skip: Vec<String>,
    /// Not these, as the configuration says.
    pub disabled: Vec<String>,
}

impl Selection {
    /// Whether a policy id was asked for.
    pub fn has(&self, id: &str) -> bool {
        let named = |list: &[String]| list.iter().any(|s| s.eq_ignore_ascii_case(id));
        (self.only.is_empty() || named(&self.only)) && !named(&self.skip) && !named(&self.disabled)
    }
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Whether a policy judges single resources.
pub fn is_per_resource(policy: &Policy) -> bool {
    policy.metadata.custom.scope == Scope::Resource
}

#[cfg(test)]
mod tests {
    use super::super::rego::{self, Dialect};
    use super::*;

    /// What is compiled in is not checked again at every start.
    #[test]
    fn the_embedded_policies_pass_every_check() {
        let mut sources = Sources::default();
        let ids = embedded(&mut sources, true);
        let parse = |id: SourceId| (id, rego::parse(&sources.get(id).unwrap().text, Dialect::V1).unwrap());
        let faults = rego::compile(ids.into_iter().map(parse).collect()).err().unwrap_or_default();
        let shown = |(id, fault): (SourceId, rego::Fault)| (sources.get(id).unwrap().path.clone(), fault);
        assert_eq!(faults.into_iter().map(shown).collect::<Vec<_>>(), []);
    }

    /// Short names are a third of the speed: nothing in our own policies may stand in their way.
    #[test]
    fn the_embedded_policies_get_short_names() {
        let mut sources = Sources::default();
        let ids = embedded(&mut sources, false);
        let parse = |id: SourceId| (id, rego::parse(&sources.get(id).unwrap().text, Dialect::V1).unwrap());
        let compiled = rego::compile(ids.into_iter().map(parse).collect()).unwrap();
        assert_eq!(compiled.generated, "");
        assert!(compiled.asked.contains_key("data.policies.availability.too_few_replicas.deny"));
    }

    /// What is compiled in is looked over, not parsed.
    #[test]
    fn the_embedded_policies_are_what_their_text_tells() {
        let mut sources = Sources::default();
        for id in embedded(&mut sources, true) {
            let source = sources.get(id).unwrap();
            let module = rego::parse(&source.text, Dialect::V1).unwrap();
            assert_eq!(Outline::scan(&source.text), Outline::of(&module, &source.text), "{}", source.path);
        }
    }
}
