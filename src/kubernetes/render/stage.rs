//! The two steps of a render: what a root reads is found out one after the other, then all roots are rendered in parallel.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::closure::{Closure, Files};
use super::helm::{self, Printed};
use super::kustomize;
use super::locate::{Overlays, Templates};
use super::program::{Failure, Limits, Programs, Tool};
use super::release::Asked;
use super::roots::{Root, Roots};
use super::tree::Tree;
use super::{chart, kustomization};
use crate::facts::Resource;
use crate::finding::{Diagnostic, Level};
use crate::kubernetes::{Document, objects};
use crate::parse::tree::{Node, Path};
use crate::parse::yaml;
use crate::source::{Revision, SourceId, Sources, Span};

/// The renders of one state of the repository.
pub struct Session<'a> {
    /// Its files.
    pub tree: &'a dyn Tree,
    /// Which state it is.
    pub revision: Revision,
    /// Files of it that are sources already, by path.
    pub ids: BTreeMap<String, SourceId>,
    /// Bytes that were read, by path.
    pub read: BTreeMap<String, Option<Arc<[u8]>>>,
}

/// What came of one root.
#[derive(Clone, Debug, Default)]
pub struct Rendered {
    /// Objects with places in the repository's files; their `root` and `place` are filled in.
    pub resources: Vec<Resource>,
    /// How many documents were rendered.
    pub documents: usize,
    /// What went wrong. An error means that the root could not be rendered, or that an object would be refused.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether the root could be rendered.
    pub complete: bool,
}

/// The roots among the judged directories, each with what it reads.
pub fn prepare(roots: &Roots, asked: &Asked, session: &mut Session<'_>, sources: &mut Sources) -> Vec<(Root, Closure)> {
    let (ids, read) = (&mut session.ids, &mut session.read);
    let mut files = Files { tree: session.tree, revision: session.revision, sources, ids, read };
    let settled = roots.settle(asked, &mut files);
    settled.into_iter().map(|root| (root.clone(), closure(&root, &mut files))).collect()
}

fn closure(root: &Root, files: &mut Files<'_>) -> Closure {
    let mut closure = Closure::default();
    match root.tool {
        Tool::Kustomize => kustomization::collect(&root.directory, &mut closure, files),
        Tool::Helm => {
            chart::collect(&root.directory, &mut closure, files);
            root.deployment.faults.iter().for_each(|fault| closure.refuse(fault.clone()));
            for values in &root.deployment.values {
                match closure.take(&values.path, files, values.span) {
                    Some(_) => drop(closure.consumed.insert(values.path.clone())),
                    None => closure.refuse(missing_values(&values.path, values.span)),
                }
            }
        }
    }
    closure
}

fn missing_values(path: &str, span: Option<Span>) -> Diagnostic {
    let fault = Diagnostic::error("kubernetes::missing", format!("the values file `{path}` is not in the repository"));
    let fault = fault.help("correct the path, or commit the file");
    match span {
        Some(span) => fault.at(span).label("named here"),
        None => fault.in_file(crate::discover::CONFIG_FILE),
    }
}

/// Renders the roots in parallel; the answers stand in their order.
pub fn render(
    roots: &[(Root, Closure)],
    programs: &Programs,
    limits: &Limits,
    sources: &Sources,
    tick: &(dyn Fn() + Sync),
) -> Vec<Rendered> {
    let one = |(root, closure): &(Root, Closure)| {
        let rendered = one(root, closure, programs, limits, sources);
        tick();
        rendered
    };
    roots.par_iter().map(one).collect()
}

fn one(root: &Root, closure: &Closure, programs: &Programs, limits: &Limits, sources: &Sources) -> Rendered {
    let (errors, others): (Vec<_>, Vec<_>) = closure.faults.iter().cloned().partition(|d| d.level == Level::Error);
    if !errors.is_empty() {
        return Rendered { diagnostics: errors, ..Rendered::default() };
    }
    let placed = match root.tool {
        Tool::Kustomize => kustomize::render(closure, programs, limits).map(|documents| {
            let overlays = Overlays::read(closure, sources);
            let place = |(mut document, origin): (Node, kustomize::Origin)| {
                let origins = overlays.place(&mut document, &origin);
                (document, origins)
            };
            (documents.into_par_iter().map(place).collect(), Vec::new())
        }),
        Tool::Helm => helm::render(closure, &root.deployment, programs, limits)
            .map(|printed| read_printed(root, closure, &printed, sources)),
    };
    match placed {
        Err(failure) => Rendered { diagnostics: vec![explain(root, &failure, limits)], ..Rendered::default() },
        Ok((documents, faults)) => collect(root, documents, others.into_iter().chain(faults).collect()),
    }
}

/// A document with its places, and where its values came from beyond that.
type Placed = (Node, Vec<(Path, Vec<Span>)>);

fn read_printed(
    root: &Root,
    closure: &Closure,
    printed: &[Printed],
    sources: &Sources,
) -> (Vec<Placed>, Vec<Diagnostic>) {
    let templates = Templates::read(closure, &root.deployment, printed.iter().map(|p| &*p.template), sources);
    let read = |printed: &Printed| {
        let parsed = yaml::parse(SourceId(u32::MAX), &printed.text, &yaml::Limits::default());
        let faults: Vec<Diagnostic> = parsed
            .diagnostics
            .into_iter()
            .filter(|d| d.level == Level::Error)
            .map(|d| unread(root, printed, &d))
            .collect();
        let place = |mut document: Node| {
            let origins = templates.place(&mut document, &printed.template);
            (document, origins)
        };
        (parsed.documents.into_iter().map(place).collect::<Vec<_>>(), faults)
    };
    let all: Vec<_> = printed.par_iter().map(read).collect();
    let (documents, faults): (Vec<_>, Vec<_>) = all.into_iter().unzip();
    (documents.concat(), faults.concat())
}

/// A rendered text that is no YAML: Helm itself does not look, the cluster would.
fn unread(root: &Root, printed: &Printed, fault: &Diagnostic) -> Diagnostic {
    let message = format!("what {} renders to is not YAML: {}", printed.template, fault.message);
    Diagnostic::error("kubernetes::render", message).in_file(root.marker()).help(fault.help.clone())
}

fn collect(root: &Root, documents: Vec<Placed>, diagnostics: Vec<Diagnostic>) -> Rendered {
    let mut rendered = Rendered { documents: documents.len(), diagnostics, complete: true, ..Rendered::default() };
    let (id, place) = (root.id(), root.place());
    for (document, origins) in documents {
        let Document::Kubernetes(found) = objects(document) else { continue };
        rendered.diagnostics.extend(found.diagnostics);
        let single = found.resources.len() == 1;
        rendered.resources.extend(found.resources.into_iter().map(|resource| Resource {
            root: Some(id.as_str().into()),
            place: Some(place.as_str().into()),
            origins: if single { origins.clone() } else { Vec::new() },
            ..resource
        }));
    }
    rendered
}

/// Why a root could not be rendered.
fn explain(root: &Root, failure: &Failure, limits: &Limits) -> Diagnostic {
    let (tool, what) = (root.tool.as_str(), root.id());
    let (message, help) = match failure {
        Failure::Start(e) if e.kind() == std::io::ErrorKind::NotFound => {
            return missing(root.tool).in_file(root.marker());
        }
        Failure::Start(e) => (
            format!("{tool} could not be run for {what}: {e}"),
            "check the program, and that there is room for temporary files".to_owned(),
        ),
        Failure::Time => (
            format!("{tool} took longer than {} s for {what} and was ended", limits.time.as_secs_f64()),
            "look for a loop in the templates; `kubernetes: {timeout: 2m}` in changegate.yaml allows more time"
                .to_owned(),
        ),
        Failure::Output => (
            format!("{tool} printed more than {} MiB for {what} and was ended", limits.output >> 20),
            "look for a loop in the templates, or split the deployment".to_owned(),
        ),
        Failure::Ended(status, said) => (
            format!("{tool} cannot render {what}: {}", shorten(said, *status)),
            format!("run it yourself: `{}`", root.command()),
        ),
    };
    Diagnostic::error("kubernetes::render", message).in_file(root.marker()).help(help)
}

/// The first lines of what a program said.
fn shorten(said: &str, status: std::process::ExitStatus) -> String {
    let lines = said.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let text: Vec<&str> = lines.take(4).collect();
    let text = text.join(" ");
    if text.is_empty() {
        return format!("it ended with {status} and said nothing");
    }
    let text = text.strip_prefix("Error: ").or(text.strip_prefix("error: ")).unwrap_or(&text);
    // kubectl logs some of its faults.
    let text = text.split_once("\"command failed\" err=\"").map_or(text, |(_, fault)| fault.trim_end_matches('"'));
    let cut: String = text.chars().take(600).collect();
    if cut.len() < text.len() { cut + "…" } else { cut }
}

/// A renderer that is not installed.
pub(super) fn missing(tool: Tool) -> Diagnostic {
    let (message, help) = match tool {
        Tool::Kustomize => (
            "the repository has kustomizations, and neither kustomize nor kubectl is installed",
            "install one (`brew install kustomize`, https://kubectl.docs.kubernetes.io/installation/kustomize), or set \
             `kubernetes: {render: off}` in changegate.yaml to judge files as they are",
        ),
        Tool::Helm => (
            "the repository has charts, and helm is not installed",
            "install it (`brew install helm`, https://helm.sh/docs/intro/install), or set `kubernetes: {render: off}` in \
             changegate.yaml to leave charts out",
        ),
    };
    Diagnostic::error("kubernetes::renderer-missing", message).help(help)
}
