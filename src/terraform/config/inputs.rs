//! The values that a root module is given: variables files, command line, environment, workspace.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::fault;
use super::snapshot::{Snapshot, Unread, join};
use crate::finding::Diagnostic;
use crate::parse::hcl::{self, Attribute, Block};
use crate::source::{Source, Sources};
use crate::terraform::json;

/// How a root module is planned.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `-var` and `-var-file`, in the order of the command line.
    pub given: Vec<Given>,
    /// The variables `TF_VAR_…` of the environment, by the name behind the prefix.
    pub environment: BTreeMap<String, String>,
    /// `terraform.workspace`; `default` when nothing is said.
    pub workspace: Option<String>,
    /// Refuse what Terraform refuses for want of a value (a required variable, a `count` that is not known).
    /// A gate has no such values: there it is a warning, and the value is unknown.
    pub strict: bool,
}

/// One value or file of the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// `-var NAME=TEXT`
    Variable(String, String),
    /// `-var-file PATH`, relative to the root module.
    File(String),
}

/// Variables of a root module by name: what was said last counts.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    pub(super) values: HashMap<Arc<str>, Input>,
    pub(super) workspace: Arc<str>,
    pub(super) strict: bool,
    /// `terraform::undeclared_variable` is not among them: that is only known with the module.
    pub diagnostics: Vec<Diagnostic>,
}

/// One given value.
#[derive(Clone, Debug)]
pub(super) enum Input {
    /// An argument of a variables file.
    Written(Attribute),
    /// Text of the command line or the environment: an expression where the variable's type is not a primitive one.
    Text { text: String, origin: TextOrigin },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextOrigin {
    CommandLine,
    Environment,
}

impl Inputs {
    /// Reads what a root module is given, in Terraform's order of precedence: environment, `terraform.tfvars`,
    /// `terraform.tfvars.json`, `*.auto.tfvars` by name, then the command line in its own order.
    pub fn read(root: &str, options: &Options, files: &dyn Snapshot, sources: &mut Sources) -> Self {
        let workspace = options.workspace.as_deref().unwrap_or("default").into();
        let mut inputs = Self { workspace, strict: options.strict, ..Self::default() };
        for (name, text) in &options.environment {
            inputs.say(name, text, TextOrigin::Environment);
        }
        for name in automatic(root, files) {
            inputs.file(root, &name, files, sources);
        }
        for given in &options.given {
            match given {
                Given::Variable(name, text) => inputs.say(name, text, TextOrigin::CommandLine),
                Given::File(path) => inputs.file(root, path, files, sources),
            }
        }
        inputs
    }

    fn say(&mut self, name: &str, text: &str, origin: TextOrigin) {
        self.values.insert(name.into(), Input::Text { text: text.to_owned(), origin });
    }

    fn file(&mut self, root: &str, name: &str, files: &dyn Snapshot, sources: &mut Sources) {
        let path = join(root, name);
        let bytes = path.as_deref().ok_or(Unread::Outside).and_then(|path| files.read(path));
        let path = path.unwrap_or_else(|| name.to_owned());
        let bytes = match bytes {
            Ok(bytes) => bytes,
            Err(why) => return self.diagnostics.push(unread(&path, &why)),
        };
        let Ok(text) = std::str::from_utf8(&bytes) else {
            return self.diagnostics.push(unread(&path, &Unread::Failed("it is not UTF-8 text".into())));
        };
        let text = text.trim_start_matches('\u{feff}');
        let id = sources.add(Source::new(path.as_str(), files.revision(), text));
        let (arguments, diagnostics) = if path.ends_with(".json") {
            json::read_arguments(id, text)
        } else {
            let parsed = hcl::parse(id, text);
            self.diagnostics.extend(parsed.body.blocks.iter().map(unexpected_block));
            (parsed.body.attributes, parsed.diagnostics)
        };
        self.diagnostics.extend(diagnostics);
        self.values.extend(arguments.into_iter().map(|a| (a.name.clone(), Input::Written(a))));
    }
}

/// The variables files that Terraform reads by itself, those that count less first.
fn automatic(root: &str, files: &dyn Snapshot) -> Vec<String> {
    let names: Vec<String> = files.list(root).unwrap_or_default().into_iter().map(|e| e.name).collect();
    let fixed = ["terraform.tfvars", "terraform.tfvars.json"];
    let first = fixed.iter().filter(|f| names.iter().any(|n| n == *f)).map(|f| (*f).to_owned());
    let auto = names.iter().filter(|n| n.ends_with(".auto.tfvars") || n.ends_with(".auto.tfvars.json")).cloned();
    first.chain(auto).collect()
}

fn unexpected_block(block: &Block) -> Diagnostic {
    let summary = format!("Unexpected {:?} block", block.kind);
    fault("terraform::variables_file", &summary, "blocks are not allowed here", block.header)
        .label("not a value")
        .help("a variables file holds `name = value` only; a map is written `name = { … }`")
}

fn unread(path: &str, why: &Unread) -> Diagnostic {
    let why = match why {
        Unread::Missing => "there is no such file".to_owned(),
        Unread::Outside => "it lies outside the repository".to_owned(),
        Unread::TooLarge => "it is too large".to_owned(),
        Unread::Failed(words) => words.clone(),
    };
    Diagnostic::error("terraform::variables_file", format!("Failed to read variables file: {why}"))
        .in_file(path)
        .help("paths of variables files count from the root module's directory")
}
