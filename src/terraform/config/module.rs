//! One module: what the files of a directory declare together.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::sync::Arc;

use super::{blocks, fault, merge};
use crate::finding::Diagnostic;
use crate::parse::hcl::{Attribute, Block, Body};
use crate::source::Span;
use crate::terraform::source::{File, is_override};

/// How a resource comes to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// `resource`: Terraform manages it.
    Managed,
    /// `data`: Terraform reads it.
    Data,
    /// `ephemeral`: lives during a run.
    Ephemeral,
}

impl Mode {
    fn of(kind: &str) -> Option<Self> {
        match kind {
            "resource" => Some(Self::Managed),
            "data" => Some(Self::Data),
            "ephemeral" => Some(Self::Ephemeral),
            _ => None,
        }
    }

    /// What Terraform calls the block.
    pub fn block(self) -> &'static str {
        match self {
            Self::Managed => "resource",
            Self::Data => "data",
            Self::Ephemeral => "ephemeral",
        }
    }
}

/// What identifies a resource inside its module.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Managed, data or ephemeral.
    pub mode: Mode,
    /// `aws_db_instance`
    pub kind: Arc<str>,
    /// `main`
    pub name: Arc<str>,
}

/// The address inside the module: `aws_vpc.main`, `data.aws_ami.base`.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = match self.mode {
            Mode::Managed => "",
            Mode::Data => "data.",
            Mode::Ephemeral => "ephemeral.",
        };
        write!(f, "{prefix}{}.{}", self.kind, self.name)
    }
}

/// What the files of one directory declare, override files laid over the others.
#[derive(Clone, Debug, Default)]
pub struct Module {
    /// Relative to the repository, without a slash at the end; empty for its root.
    pub directory: Arc<str>,
    /// `variable` blocks by name.
    pub variables: BTreeMap<Arc<str>, Block>,
    /// Local values by name.
    pub locals: BTreeMap<Arc<str>, Attribute>,
    /// `output` blocks by name.
    pub outputs: BTreeMap<Arc<str>, Block>,
    /// `resource`, `data` and `ephemeral` blocks.
    pub resources: BTreeMap<Key, Block>,
    /// Data sources that stand in a check block, with the name of the check.
    pub scoped_data: BTreeMap<Key, Arc<str>>,
    /// `module` blocks by name.
    pub calls: BTreeMap<Arc<str>, Block>,
    /// `provider` blocks by `name` or `name.alias`.
    pub providers: BTreeMap<Arc<str>, Block>,
    /// Local name of a provider → source address, from `required_providers`.
    pub required_providers: BTreeMap<Arc<str>, Arc<str>>,
    /// `check` blocks by name.
    pub checks: BTreeMap<Arc<str>, Block>,
    /// `moved` blocks.
    pub moved: Vec<Block>,
    /// `removed` blocks.
    pub removed: Vec<Block>,
    /// `import` blocks.
    pub imports: Vec<Block>,
    /// `backend` or `cloud`: where the state is kept.
    pub backend: Option<Block>,
    /// What is wrong with the blocks themselves.
    pub diagnostics: Vec<Diagnostic>,
}

impl Module {
    /// Puts the files of one directory together; `files` are those that count, sorted by name.
    ///
    /// Diagnostics are Terraform's own: duplicates, unknown arguments and blocks, wrong labels, overrides of
    /// nothing.
    pub fn of(directory: Arc<str>, files: Vec<File>) -> Self {
        let mut module = Self { directory, ..Self::default() };
        let (overrides, base): (Vec<File>, Vec<File>) = files.into_iter().partition(|f| is_override(&f.path));
        for file in base {
            let body = unescaped(file.body);
            blocks::check_file(&body, false, &mut module.diagnostics);
            body.blocks.into_iter().filter(blocks::has_labels).for_each(|b| module.declare(b));
        }
        for file in overrides {
            let body = unescaped(file.body);
            blocks::check_file(&body, true, &mut module.diagnostics);
            body.blocks.into_iter().filter(blocks::has_labels).for_each(|b| module.lay_over(b));
        }
        module.finish();
        module
    }

    /// Whether the directory declares anything.
    pub fn is_empty(&self) -> bool {
        let blocks = self.resources.len() + self.calls.len() + self.outputs.len() + self.variables.len();
        blocks + self.locals.len() + self.providers.len() + self.checks.len() + self.moved.len() == 0
            && self.backend.is_none()
            && self.required_providers.is_empty()
    }

    fn declare(&mut self, block: Block) {
        match &*block.kind {
            "locals" => {
                for local in block.body.attributes {
                    self.declare_local(local);
                }
            }
            "terraform" => self.settings(block, false),
            "moved" => self.moved.push(block),
            "removed" => self.removed.push(block),
            "import" => self.imports.push(block),
            "check" => self.declare_check(block),
            "provider" => {
                let key = provider_key(&block);
                insert_new(&mut self.providers, key, block, &mut self.diagnostics);
            }
            "resource" | "data" | "ephemeral" => self.declare_resource(block),
            _ => {
                let Some(name) = block.label(0).cloned() else { return };
                let Some(map) = named(self, &block.kind) else { return };
                let mut said = Vec::new();
                insert_new(map, name, block, &mut said);
                self.diagnostics.extend(said);
            }
        }
    }

    fn declare_local(&mut self, local: Attribute) {
        match self.locals.entry(local.name.clone()) {
            Entry::Vacant(place) => drop(place.insert(local)),
            Entry::Occupied(earlier) if earlier.get().name_span == local.name_span => {}
            Entry::Occupied(_) => {
                let message = format!("a local value named \"{}\" was already declared in this module", local.name);
                self.diagnostics.push(duplicate("Duplicate local value definition", &message, local.name_span));
            }
        }
    }

    fn declare_resource(&mut self, block: Block) {
        let Some(key) = key(&block) else { return };
        match self.resources.entry(key) {
            Entry::Vacant(place) => drop(place.insert(block)),
            Entry::Occupied(earlier) => {
                let key = earlier.key();
                let (kind, word) = (&key.kind, if key.mode == Mode::Managed { "resource" } else { key.mode.block() });
                let message =
                    format!("{} named \"{}\" was already declared in this module", with_article(kind), key.name);
                let summary = format!("Duplicate {word} \"{kind}\" configuration");
                self.diagnostics.push(duplicate(&summary, &message, block.header));
            }
        }
    }

    fn declare_check(&mut self, block: Block) {
        let Some(name) = block.label(0).cloned() else { return };
        for data in block.body.blocks("data") {
            if let Some(key) = key(data) {
                self.scoped_data.insert(key, name.clone());
                self.declare_resource(data.clone());
            }
        }
        insert_new(&mut self.checks, name, block, &mut self.diagnostics);
    }

    /// The `terraform` block. Backends and required providers are the only settings that are used here.
    fn settings(&mut self, block: Block, is_override: bool) {
        for nested in block.body.blocks {
            match &*nested.kind {
                "required_providers" => {
                    for provider in &nested.body.attributes {
                        self.required_providers.insert(provider.name.clone(), provider_source(provider));
                    }
                }
                "backend" | "cloud" if self.backend.is_some() && !is_override => {
                    let message = "a module may have only one place for its state";
                    self.diagnostics.push(duplicate("Duplicate backend configuration", message, nested.header));
                }
                "backend" | "cloud" => self.backend = Some(nested),
                _ => {}
            }
        }
    }

    fn lay_over(&mut self, block: Block) {
        let base = match &*block.kind {
            "locals" => return self.lay_locals(block),
            "terraform" => return self.settings(block, true),
            "provider" => {
                let key = provider_key(&block);
                if block.body.attribute("alias").is_none() && !self.providers.contains_key(&key) {
                    self.providers.insert(key, block);
                    return;
                }
                self.providers.get_mut(&key)
            }
            "resource" | "data" | "ephemeral" => key(&block).and_then(|key| self.resources.get_mut(&key)),
            kind => match (named(self, kind), block.label(0)) {
                (Some(map), Some(name)) => map.get_mut(name),
                _ => {
                    let summary = format!("Cannot override '{kind}' blocks");
                    let message = "these blocks can appear only in normal files, not in override files";
                    self.diagnostics.push(fault("terraform::override", &summary, message, block.header).label("here"));
                    return;
                }
            },
        };
        match base {
            Some(base) => merge::lay_over(&mut base.body, &block.body),
            None => self.diagnostics.push(without_base(&block)),
        }
    }

    fn lay_locals(&mut self, block: Block) {
        for local in block.body.attributes {
            match self.locals.get_mut(&local.name) {
                Some(base) => *base = local,
                None => {
                    let message = format!("there is no local value named \"{}\" to override", local.name);
                    let summary = "Missing base local value definition to override";
                    self.diagnostics.push(
                        fault("terraform::override_without_base", summary, &message, local.name_span)
                            .label("nothing to override")
                            .help("declare it in a file that is not named `*_override.tf`"),
                    );
                }
            }
        }
    }

    /// What can only be said once everything is merged.
    fn finish(&mut self) {
        for block in self.resources.values().chain(self.calls.values()) {
            if let (Some(_), Some(each)) = (block.body.attribute("count"), block.body.attribute("for_each")) {
                let message = "the \"count\" and \"for_each\" meta-arguments are mutually exclusive";
                let summary = "Invalid combination of \"count\" and \"for_each\"";
                self.diagnostics.push(
                    fault("terraform::repetition", summary, message, each.name_span)
                        .label("only one of them says how many instances there are"),
                );
            }
        }
        for (name, block) in &self.variables {
            if RESERVED.contains(&&**name) {
                let message = format!("the name \"{name}\" has a special meaning inside module blocks");
                self.diagnostics
                    .push(fault("terraform::name", "Invalid variable name", &message, block.header).label("reserved"));
            }
        }
    }
}

/// The blocks with the content of `_` blocks in them: those escape arguments of a provider or module that have
/// the name of one of Terraform's own.
fn unescaped(mut body: Body) -> Body {
    for block in &mut body.blocks {
        let (escaped, blocks) = std::mem::take(&mut block.body.blocks).into_iter().partition(|b| &*b.kind == "_");
        block.body.blocks = blocks;
        for inner in Vec::<Block>::into_iter(escaped) {
            let is_ours = |name: &str| ESCAPED.contains(&name);
            block.body.attributes.extend(inner.body.attributes.into_iter().filter(|a| !is_ours(&a.name)));
            block.body.blocks.extend(inner.body.blocks.into_iter().filter(|b| !is_ours(&b.kind)));
        }
    }
    body
}

/// What has no place beside Terraform's own argument of that name.
const ESCAPED: [&str; 12] = [
    "alias",
    "connection",
    "count",
    "depends_on",
    "for_each",
    "lifecycle",
    "provider",
    "providers",
    "provisioner",
    "source",
    "version",
    "locals",
];

/// Names that arguments of every module block have.
const RESERVED: [&str; 8] =
    ["source", "version", "providers", "count", "for_each", "lifecycle", "depends_on", "locals"];

/// The blocks of a kind that has one label, its name.
fn named<'a>(module: &'a mut Module, kind: &str) -> Option<&'a mut BTreeMap<Arc<str>, Block>> {
    match kind {
        "variable" => Some(&mut module.variables),
        "output" => Some(&mut module.outputs),
        "module" => Some(&mut module.calls),
        _ => None,
    }
}

fn insert_new(map: &mut BTreeMap<Arc<str>, Block>, name: Arc<str>, block: Block, said: &mut Vec<Diagnostic>) {
    match map.entry(name) {
        Entry::Vacant(place) => drop(place.insert(block)),
        Entry::Occupied(earlier) => {
            let (what, summary) = match &*block.kind {
                "variable" => ("variable", "Duplicate variable declaration".to_owned()),
                "output" => ("output", "Duplicate output definition".to_owned()),
                "module" => ("module call", "Duplicate module call".to_owned()),
                "provider" => ("provider configuration", "Duplicate provider configuration".to_owned()),
                kind => ("check", format!("Duplicate {kind} \"{}\" configuration", earlier.key())),
            };
            let message = format!("a {what} named \"{}\" was already declared in this module", earlier.key());
            said.push(duplicate(&summary, &message, block.header));
        }
    }
}

/// The key of a resource block; `None` without both labels.
pub(super) fn key(block: &Block) -> Option<Key> {
    Some(Key { mode: Mode::of(&block.kind)?, kind: block.label(0)?.clone(), name: block.label(1)?.clone() })
}

fn provider_key(block: &Block) -> Arc<str> {
    let name = block.label(0).cloned().unwrap_or_default();
    match block.body.attribute("alias").and_then(Attribute::reference) {
        Some(alias) => format!("{name}.{alias}").into(),
        None => name,
    }
}

/// The source address in an entry of `required_providers`; the local name stands for one of HashiCorp's own.
fn provider_source(provider: &Attribute) -> Arc<str> {
    let given = provider.value.get("source").and_then(|n| n.as_str());
    given.map_or_else(|| format!("hashicorp/{}", provider.name).into(), Arc::from)
}

fn with_article(kind: &str) -> String {
    format!("{} {kind} resource", if kind.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" })
}

fn duplicate(summary: &str, message: &str, span: Span) -> Diagnostic {
    fault("terraform::duplicate", summary, message, span)
        .label("declared again")
        .help("rename or remove one of them; only a file named `*_override.tf` may change what another file declares")
}

fn without_base(block: &Block) -> Diagnostic {
    let labels: Vec<String> = block.labels.iter().map(|l| format!("{:?}", &*l.text)).collect();
    let labels = labels.join(" ");
    let (what, summary) = match &*block.kind {
        "variable" => ("variable declaration", "Missing base variable declaration to override".to_owned()),
        "output" => ("output definition", "Missing base output definition to override".to_owned()),
        "module" => ("module call", "Missing module call to override".to_owned()),
        "provider" => ("provider configuration", "Missing base provider configuration for override".to_owned()),
        kind => ("block", format!("Missing {kind} to override")),
    };
    let message =
        format!("there is no {what} {labels}; an override file can only override what a normal file declares");
    fault("terraform::override_without_base", &summary, &message, block.header)
        .label("nothing to override")
        .help("declare it in a file that is not named `*_override.tf`")
}
