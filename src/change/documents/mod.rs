//! Context documents: the state of the world, each file read by what it says it is.
//!
//! What cannot be read, or says it is something unknown, is an error: a freeze, an incident or a role that was
//! overlooked would open the gate.

mod context;
mod envelope;
mod kind;
mod waiver;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;

pub use self::context::{MaxAges, context};
pub(crate) use self::envelope::Envelope;
pub use self::envelope::Header;
pub use self::kind::Kind;
pub use self::waiver::Waiver;

use super::Any;
use super::calendar::{Calendar, Neighbours, imported_paths, name_apart};
use super::catalog::{Catalog, NativeService, read_backstage};
use super::identity::{Identities, PersonShape};
use super::matrix::{Matrix, MatrixShape};
use super::request::API_VERSION;
use crate::finding::Diagnostic;
use crate::parse::de::{Spanned, closest, from_node, header};
use crate::parse::tree::Node;
use crate::source::{SourceId, Span};

/// One file of the context, read into trees.
#[derive(Clone, Copy, Debug)]
pub struct ContextFile<'a> {
    /// Path as shown.
    pub path: &'a str,
    /// Its documents; none for an iCalendar file.
    pub documents: &'a [Node],
    /// The text of an iCalendar file.
    pub text: Option<(SourceId, &'a str)>,
}

impl<'a> ContextFile<'a> {
    /// A file that was read into trees.
    pub fn new(path: &'a str, documents: &'a [Node]) -> Self {
        Self { path, documents, text: None }
    }

    /// An iCalendar file.
    pub fn ics(path: &'a str, source: SourceId, text: &'a str) -> Self {
        Self { path, documents: &[], text: Some((source, text)) }
    }
}

/// The state of the world, as far as it was given.
#[derive(Clone, Debug, Default)]
pub struct Documents {
    /// Freezes and open slots.
    pub calendars: Vec<Calendar>,
    /// Services, from Backstage entities and service catalogues.
    pub catalog: Catalog,
    /// How many of which role a change needs.
    pub matrix: Option<Matrix>,
    /// Who is who.
    pub identities: Identities,
    /// Exceptions from policies.
    pub waivers: Vec<Spanned<Waiver>>,
    given: BTreeMap<Kind, Vec<Given>>,
    /// Change requests that lie outside of the repositories which they change, with their paths.
    requests: Vec<(Arc<str>, Node)>,
}

/// One document that was read.
#[derive(Clone, Debug)]
pub struct Given {
    /// Path of its file, as shown.
    pub path: Arc<str>,
    /// Its `metadata`.
    pub header: Header,
    /// Its first key.
    pub span: Span,
    /// Entries as written, of kinds that are lists.
    pub entries: Vec<Node>,
}

impl Documents {
    /// Reads every document of the context by its kind. With an error among the diagnostics, the gate cannot decide.
    pub fn read<'a>(files: impl IntoIterator<Item = ContextFile<'a>>) -> (Self, Vec<Diagnostic>) {
        let mut read = Self::default();
        let mut told = Vec::new();
        let files: BTreeMap<&str, ContextFile<'a>> = files.into_iter().map(|file| (file.path, file)).collect();
        // A calendar reads what it imports; nobody else does.
        let imports = |file: &ContextFile<'a>| {
            let neighbours = Neighbours { from: file.path, files: &files };
            file.documents.iter().flat_map(|node| imported_paths(node, &neighbours)).collect::<Vec<_>>()
        };
        let imported: BTreeSet<&str> = files.values().flat_map(imports).collect();
        for file in files.values().filter(|file| !imported.contains(file.path)) {
            if file.text.is_some() {
                read.add_ics(file, &mut told);
            }
            for document in file.documents {
                read.add(&Neighbours { from: file.path, files: &files }, document, &mut told);
            }
        }
        name_apart(&mut read.calendars);
        (read, told)
    }

    /// Documents of a kind, in the order they were read.
    pub fn given(&self, kind: Kind) -> &[Given] {
        self.given.get(&kind).map(Vec::as_slice).unwrap_or_default()
    }

    /// All documents of ours with their kinds, for the list of inputs.
    pub fn all(&self) -> impl Iterator<Item = (Kind, &Given)> {
        self.given.iter().flat_map(|(kind, given)| given.iter().map(move |document| (*kind, document)))
    }

    /// An error for each kind that the configuration requires and nobody gave, or that does not exist.
    pub fn missing(&self, required: &[String]) -> Vec<Diagnostic> {
        required.iter().filter_map(|name| self.missing_one(name)).collect()
    }

    /// The change request of an id among the documents.
    pub fn request(&self, id: &str) -> Option<(&Arc<str>, &Node)> {
        let named = |node: &Node| node.at(&["metadata", "id"]).and_then(Node::as_str) == Some(id);
        self.requests.iter().find(|(_, node)| named(node)).map(|(path, node)| (path, node))
    }

    fn missing_one(&self, name: &str) -> Option<Diagnostic> {
        let Some(kind) = Kind::named(name) else {
            let message = format!("`context.required` names `{name}`, which is no kind of document");
            return Some(Diagnostic::error("context::kind", message).help(kinds_like(name)));
        };
        let services = kind == Kind::ServiceCatalog && !self.catalog.services().is_empty();
        (self.given(kind).is_empty() && !services).then(|| {
            Diagnostic::error("context::missing", format!("no {name} was given, and the configuration requires one"))
                .help("put it into the context directory, or name the directory with --context")
        })
    }

    fn add_ics(&mut self, file: &ContextFile<'_>, told: &mut Vec<Diagnostic>) {
        let (calendar, faults) = Calendar::read_ics(file);
        told.extend(faults);
        let Some(calendar) = calendar else { return };
        let header = Header::named(&calendar.name);
        let given = Given { path: file.path.into(), header, span: calendar.state_span, entries: Vec::new() };
        self.given.entry(Kind::FreezeCalendar).or_default().push(given);
        self.calendars.push(calendar);
    }

    fn add(&mut self, neighbours: &Neighbours<'_>, document: &Node, told: &mut Vec<Diagnostic>) {
        let path: Arc<str> = neighbours.from.into();
        let text = |key| document.get(key).and_then(Node::as_str);
        let (version, kind) = (text("apiVersion").unwrap_or_default(), text("kind").unwrap_or_default());
        match Kind::named(kind) {
            _ if document.as_map().is_none() => told.push(no_document(document)),
            // It is read when something names it: requests may lie outside of the repositories which they change.
            Some(Kind::ChangeRequest) if version == API_VERSION => self.requests.push((path, document.clone())),
            Some(kind) if version == API_VERSION => {
                let given = self.read_kind(kind, document, neighbours, told);
                self.given.entry(kind).or_default().extend(given.map(|given| Given { path: path.clone(), ..given }));
            }
            None if version == API_VERSION => told.push(unknown_kind(document, kind)),
            None if version.starts_with("backstage.io/") => {
                let (service, faults) = read_backstage(document);
                told.extend(faults);
                told.extend(service.and_then(|service| self.catalog.add(service)));
            }
            None if !version.starts_with("changegate") => told.push(foreign(document)),
            _ => told.push(wrong_version(document, version)),
        }
    }

    /// Reads a document of a known kind into its place; `None` when it could not be read.
    fn read_kind(
        &mut self,
        kind: Kind,
        document: &Node,
        neighbours: &Neighbours<'_>,
        told: &mut Vec<Diagnostic>,
    ) -> Option<Given> {
        let before = told.len();
        match kind {
            Kind::FreezeCalendar => {
                let (calendars, faults) = Calendar::read(document, neighbours);
                self.calendars.extend(calendars);
                told.extend(faults);
            }
            Kind::ApprovalMatrix => self.read_matrix(document, told),
            Kind::Identities => {
                let people = list::<PersonShape>(document, told);
                told.extend(self.identities.add(people));
            }
            Kind::ServiceCatalog => {
                for service in list::<NativeService>(document, told) {
                    let added = service.service().map(|service| self.catalog.add(service));
                    told.extend(added.unwrap_or_else(Some));
                }
            }
            Kind::Waivers => self.waivers.extend(list::<Spanned<Waiver>>(document, told)),
            _ => {}
        }
        // What a typed reading did not complain about is read once more for its envelope and entries.
        let envelope = from_node::<Envelope<Any>>(document);
        let entries = if kind == Kind::FreezeCalendar { Ok(Vec::new()) } else { entries(kind, document) };
        match (envelope, entries) {
            (Ok(envelope), Ok(entries)) => {
                Some(Given { path: "".into(), header: envelope.metadata, span: header(document), entries })
            }
            (Err(fault), _) | (_, Err(fault)) => {
                told.extend((told.len() == before).then_some(fault));
                None
            }
        }
    }

    fn read_matrix(&mut self, document: &Node, told: &mut Vec<Diagnostic>) {
        let span = header(document);
        let matrix = from_node::<Envelope<MatrixShape>>(document).and_then(|e| Matrix::new(e.spec, span));
        match matrix {
            Ok(_) if self.matrix.is_some() => told.push(
                Diagnostic::error("context::duplicate", "a second ApprovalMatrix")
                    .at(span)
                    .label("which of them counts?")
                    .help("keep one; a matrix covers all tiers"),
            ),
            Ok(matrix) => self.matrix = Some(matrix),
            Err(fault) => told.push(fault),
        }
    }
}

/// `spec` of a document that is a list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct List<T> {
    entries: Vec<T>,
}

/// The typed entries of a document; none, and a diagnostic, when they cannot be read.
fn list<T: DeserializeOwned>(document: &Node, told: &mut Vec<Diagnostic>) -> Vec<T> {
    match from_node::<Envelope<List<T>>>(document) {
        Ok(envelope) => envelope.spec.entries,
        Err(fault) => {
            told.push(fault);
            Vec::new()
        }
    }
}

/// Entries as written: `spec.entries`, or `spec` itself as the only one where the kind allows it.
fn entries(kind: Kind, document: &Node) -> Result<Vec<Node>, Diagnostic> {
    let Some(spec) = document.get("spec") else { return Ok(Vec::new()) };
    let misspelt = spec
        .as_map()
        .into_iter()
        .flatten()
        .find(|entry| &*entry.key != "entries" && closest(&entry.key, ["entries"]).is_some());
    if kind.is_list() || spec.get("entries").is_some() || misspelt.is_some() {
        return from_node::<Envelope<List<Mapping>>>(document)
            .map(|_| spec.get("entries").and_then(Node::as_seq).unwrap_or_default().to_vec());
    }
    Ok(vec![spec.clone()])
}

/// Some mapping, whatever its keys.
#[derive(Debug, Deserialize, JsonSchema)]
struct Mapping {}

fn no_document(document: &Node) -> Diagnostic {
    Diagnostic::error("document::type", format!("expected a document, found {}", document.kind()))
        .at(document.span)
        .label("no `apiVersion` and no `kind`")
        .help("a context document is a mapping with `apiVersion`, `kind`, `metadata` and `spec`")
}

fn unknown_kind(document: &Node, kind: &str) -> Diagnostic {
    let (message, place) = match document.get("kind") {
        Some(node) => (format!("unknown kind `{kind}` of {API_VERSION}"), node.span),
        None => (format!("a document of {API_VERSION} without `kind`"), header(document)),
    };
    Diagnostic::error("document::kind", message).at(place).label("cannot be read").help(kinds_like(kind))
}

fn kinds_like(word: &str) -> String {
    let hint = closest(word, Kind::names()).map(|name| format!("did you mean `{name}`? ")).unwrap_or_default();
    let mut names: Vec<_> = Kind::names().collect();
    names.sort_unstable();
    format!("{hint}kinds: {}", names.join(", "))
}

fn wrong_version(document: &Node, version: &str) -> Diagnostic {
    let (message, place) = match document.get("apiVersion") {
        Some(node) => (format!("`apiVersion` is `{version}`"), node.span),
        None => ("a document of ours without `apiVersion`".to_owned(), header(document)),
    };
    Diagnostic::error("document::api-version", message)
        .at(place)
        .label(format!("expected `{API_VERSION}`"))
        .help(format!("write `apiVersion: {API_VERSION}`"))
}

fn foreign(document: &Node) -> Diagnostic {
    Diagnostic::warning("context::foreign", "a document that says nothing about the state of the world")
        .at(header(document))
        .label("not read")
        .help(format!("context documents are of {API_VERSION} or backstage.io"))
}

#[cfg(test)]
mod tests;
