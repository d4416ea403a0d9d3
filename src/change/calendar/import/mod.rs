//! Windows that other systems keep, read as their owners mean them.
//!
//! An import lies beside its calendar in the context directory and is trusted like it. Its lines are the windows'
//! places. What a system says that a window cannot hold is told, or, where it would open the gate, an error.

pub(super) mod argo;
mod cloud_deploy;
mod gitlab;
mod harness;
#[cfg(test)]
mod tests;

use jiff::tz::TimeZone;
use serde::Deserialize;

use super::ics::{self, Reading};
use super::read::{Checked, fault, scope_of};
use super::shape::ImportShape;
use super::{Calendar, Kind, Neighbours, Origin, OverrideProtocol, Scope, Timing, Window};
use crate::change::documents::{ContextFile, Envelope};
use crate::finding::Diagnostic;
use crate::parse::de::{Spanned, closest, from_node};
use crate::parse::tree::Node;
use crate::source::Span;

/// What an import holds.
pub(super) enum Imported {
    /// Windows of the importing calendar.
    Windows(Vec<Window>),
    /// A calendar that says on its own when it is open.
    Calendar(Calendar),
}

/// A system whose windows can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    ICalendar,
    Argo,
    GitLab,
    CloudDeploy,
    Harness,
}

/// Names in `format`; the first of each is the one that is documented.
const FORMATS: [(&str, Format); 12] = [
    ("ical", Format::ICalendar),
    ("ics", Format::ICalendar),
    ("icalendar", Format::ICalendar),
    ("aws-change-calendar", Format::ICalendar),
    ("argocd-syncwindows", Format::Argo),
    ("argocd-sync-windows", Format::Argo),
    ("gitlab-freeze-periods", Format::GitLab),
    ("gitlab-freeze_periods", Format::GitLab),
    ("google-cloud-deploy", Format::CloudDeploy),
    ("cloud-deploy-policy", Format::CloudDeploy),
    ("harness-freeze", Format::Harness),
    ("harness", Format::Harness),
];

/// What every reader gets.
struct Import<'a> {
    file: &'a ContextFile<'a>,
    /// What all windows of the import apply to.
    scope: Scope,
}

/// Reads one import of a calendar whose zone is `inherited`.
pub(super) fn read(
    import: Spanned<ImportShape>,
    inherited: Option<&TimeZone>,
    neighbours: &Neighbours<'_>,
    told: &mut Vec<Diagnostic>,
) -> Checked<Imported> {
    let ImportShape { format, path, kind, scope } = import.value;
    let format = format_of(&format)?;
    let file = neighbours.find(&path).ok_or_else(|| missing(&path, neighbours))?;
    let scope = scope.map(|scope| scope_of(scope.value)).transpose()?.unwrap_or_default();
    if let (Some(kind), true) = (kind, format != Format::ICalendar) {
        return Err(fault("calendar::import", "`kind` is for iCalendar files only", kind.span)
            .label("the imported document says itself what its windows are")
            .help("leave it out"));
    }
    let import = Import { file, scope };
    match format {
        Format::ICalendar => icalendar(import, inherited, kind, told),
        Format::Argo => argo::calendar(&import, told).map(Imported::Calendar),
        Format::GitLab => gitlab::windows(&import).map(Imported::Windows),
        Format::CloudDeploy => cloud_deploy::windows(&import, told).map(Imported::Windows),
        Format::Harness => harness::windows(&import, told).map(Imported::Windows),
    }
}

fn icalendar(
    import: Import<'_>,
    inherited: Option<&TimeZone>,
    kind: Option<Spanned<Kind>>,
    told: &mut Vec<Diagnostic>,
) -> Checked<Imported> {
    let Import { file, scope } = import;
    let calendar = ics::calendar(file, &Reading { zone: inherited.cloned(), kind, scope }, told);
    let calendar = calendar.unwrap_or_else(|| Calendar::empty(file.path));
    Ok(match ics::says_its_state(file) {
        true => Imported::Calendar(calendar),
        false => Imported::Windows(calendar.windows),
    })
}

/// Paths of the files that a document imports; nothing else reads those files.
pub fn imported_paths<'a>(document: &Node, neighbours: &Neighbours<'a>) -> Vec<&'a str> {
    #[derive(Deserialize)]
    struct Paths {
        #[serde(default)]
        imports: Vec<Path>,
    }
    #[derive(Deserialize)]
    struct Path {
        path: Option<String>,
    }
    let envelope = from_node::<Envelope<Paths>>(document).ok();
    let paths = envelope.into_iter().flat_map(|envelope| envelope.spec.imports).filter_map(|import| import.path);
    paths.filter_map(|path| Some(neighbours.find(&path)?.path)).collect()
}

impl<'a> Neighbours<'a> {
    /// The file of a path that is relative to the importing file's folder, or to one above it. Only files of the
    /// context are known here, so that no path leads out of it.
    fn find(&self, path: &str) -> Option<&'a ContextFile<'a>> {
        let path = path.strip_prefix("./").unwrap_or(path);
        let folders = self.from.match_indices('/').map(|(end, _)| self.from.get(..=end).unwrap_or_default()).rev();
        folders.chain(std::iter::once("")).find_map(|folder| self.files.get(format!("{folder}{path}").as_str()))
    }
}

/// The single document of an import.
fn document<'a>(file: &ContextFile<'a>) -> Checked<&'a Node> {
    match file.documents {
        [document] => Ok(document),
        documents => {
            Err(Diagnostic::error("calendar::import", format!("{} documents instead of one", documents.len()))
                .in_file(file.path)
                .help("an import is one document"))
        }
    }
}

fn format_of(name: &Spanned<String>) -> Checked<Format> {
    FORMATS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, format)| *format).ok_or_else(|| {
        let near = closest(name, FORMATS.iter().map(|(known, _)| *known));
        let near = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
        fault("calendar::import", format!("unknown format `{}`", name.value), name.span)
            .label("its windows would be missing")
            .help(format!(
                "{near}formats: ical, aws-change-calendar, argocd-syncwindows, gitlab-freeze-periods, \
                 google-cloud-deploy, harness-freeze"
            ))
    })
}

fn missing(path: &Spanned<String>, neighbours: &Neighbours<'_>) -> Diagnostic {
    fault("calendar::import", format!("there is no file `{}`", path.value), path.span)
        .label("its windows would be missing")
        .help(format!("an import lies in the context directory; the path hangs from the folder of {}", neighbours.from))
}

/// A window of an import, with no more than its time and scope.
fn window(id: String, kind: Kind, timing: Timing, scope: Scope, span: Span) -> Window {
    let (protocol, origin) = (OverrideProtocol::default(), Origin::default());
    Window {
        id,
        kind,
        name: None,
        timing,
        scope,
        exemptions: Vec::new(),
        protocol,
        owner: None,
        reason: None,
        origin,
        span,
    }
}
