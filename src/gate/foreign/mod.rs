//! Policies that were written for Conftest, in the gate: which files they judge, and their findings among the others.

mod files;
mod load;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use rayon::prelude::*;

use crate::discover;
use crate::evaluate::Raised;
use crate::finding::Diagnostic;
use crate::parse::conftest::{self, Parser};
use crate::parse::tree::Node;
use crate::policy::conftest::{Bundle, Document, Judged};
use crate::source::{Revision, Source, SourceId, Sources};

use super::inputs::Inputs;
use super::workspace::Workspace;
use super::{Progress, Request, Session};

pub(super) use load::bundle;

/// What came of them.
#[derive(Default)]
pub(super) struct Verdicts {
    pub(super) findings: Vec<Raised>,
    /// How many documents were judged.
    pub(super) documents: usize,
    /// On how many documents each rule was evaluated, by its policy id.
    pub(super) counts: BTreeMap<Arc<str>, usize>,
}

/// Judges every document that counts: all of them, or those of changed files when there is a base.
pub(super) fn judge(
    request: &Request,
    workspace: &Workspace,
    inputs: &Inputs,
    session: &mut Session,
    progress: &dyn Progress,
) -> Result<Verdicts, Diagnostic> {
    let Some(bundle) = &inputs.foreign else { return Ok(Verdicts::default()) };
    let files = files::find(request, workspace, inputs, session)?;
    let texts = read(workspace, &files, session)?;
    let documents = parse(&texts, session);
    if documents.is_empty() && workspace.difference.is_none() && !session.has_error() {
        return Err(nothing());
    }
    let documents: Vec<Document<'_>> =
        documents.iter().map(|(path, node)| Document { path: path.as_ref(), node }).collect();
    let combine = request.policies.foreign.combine;
    let answers = evaluate(bundle, &documents, combine, &session.sources, progress);
    let evaluations = answers.len();
    let mut verdicts = Verdicts { documents: documents.len(), ..Verdicts::default() };
    for policy in bundle.policies() {
        verdicts.counts.insert(policy.id().into(), evaluations);
    }
    for judged in answers {
        session.diagnostics.extend(judged.diagnostics);
        let raised = judged.messages.into_iter().map(|m| Raised { finding: m.finding, resource: None, path: m.path });
        verdicts.findings.extend(raised);
    }
    Ok(verdicts)
}

/// Takes back that files are of no kind that is judged: these policies judge more kinds, or say more about what they cannot read.
fn told_otherwise(session: &mut Session, is_told: impl Fn(&str) -> bool) {
    session.diagnostics.retain(|known| known.code != discover::FORMAT || !known.path.as_deref().is_some_and(&is_told));
}

fn nothing() -> Diagnostic {
    Diagnostic::error(
        "conftest::nothing",
        "the policies for Conftest have nothing to judge: no file is of a kind that is read",
    )
    .help("name the files, and with `--parser` how they are read; docs/conftest.md lists the kinds")
}

/// One text with its parser.
struct Text {
    path: Arc<str>,
    id: SourceId,
    parser: Parser,
}

/// Reads files of the judged state; one that was read before is not read again.
fn read(workspace: &Workspace, files: &[files::File], session: &mut Session) -> Result<Vec<Text>, Diagnostic> {
    let known = session.sources.iter().filter(|(_, source)| source.revision == Revision::Head);
    let known: HashMap<Arc<str>, SourceId> = known.map(|(id, source)| (source.path.clone(), id)).collect();
    let mut texts = Vec::with_capacity(files.len());
    for file in files {
        if let Some(id) = known.get(file.shown.as_str()) {
            texts.push(Text { path: file.shown.as_str().into(), id: *id, parser: file.parser });
            continue;
        }
        let Some(found) = workspace.read_head(&file.full)? else { continue };
        let text = crate::discover::decode(found.bytes, &found.path)?;
        let id = session.sources.add(Source::new(found.path.as_str(), Revision::Head, text));
        texts.push(Text { path: found.path.into(), id, parser: file.parser });
    }
    Ok(texts)
}

/// The documents of all texts, in their order.
fn parse(texts: &[Text], session: &mut Session) -> Vec<(Arc<str>, Node)> {
    let sources = &session.sources;
    let one = |text: &Text| {
        let source = sources.get(text.id)?;
        Some((text.path.clone(), conftest::read(text.parser, text.id, &source.text)))
    };
    let parsed: Vec<_> = texts.par_iter().filter_map(one).collect();
    let mut documents = Vec::new();
    for (path, read) in parsed {
        // The manifest's reader may have said the same.
        for fault in read.diagnostics {
            if !session.diagnostics.contains(&fault) {
                session.diagnostics.push(fault);
            }
        }
        documents.extend(read.documents.into_iter().map(|node| (path.clone(), node)));
    }
    documents
}

fn evaluate(
    bundle: &Bundle,
    documents: &[Document<'_>],
    combine: bool,
    sources: &Sources,
    progress: &dyn Progress,
) -> Vec<Judged> {
    let mut by = bundle.evaluator();
    if combine {
        progress.step("judging", 1);
        return match documents {
            [] => Vec::new(),
            documents => vec![bundle.judge(&mut by, documents, true, sources)],
        };
    }
    progress.step("judging", documents.len());
    let one = |by: &mut _, document: &Document<'_>| {
        let judged = bundle.judge(by, &[*document], false, sources);
        progress.tick();
        judged
    };
    documents.par_iter().map_init(|| by.clone(), one).collect()
}
