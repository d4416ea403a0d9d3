//! `audit prove`, `audit check-proof` and `audit checkpoint`.

use std::path::Path;

use changegate::audit::checkpoint::Checkpoint;
use changegate::audit::note::VerifierKey;
use changegate::audit::reading::Reading;
use changegate::audit::tlog_proof::{Fault, TlogProof};
use changegate::audit::tree::proof;
use changegate::audit::{Entry, Hash, Store, query};
use changegate::finding::Diagnostic;
use serde_json::json;

use super::{Answer, Format, Place, ProveArgs, shown, text, to};
use crate::cli::attest;

pub(super) fn prove(place: &Place, args: &ProveArgs) -> Result<Answer, Diagnostic> {
    let (index, entry) = query::one(&*place.store, &args.id)?;
    let Entry::Leaf(leaf) = entry else {
        return Err(fault("audit::not_found", format!("record {index} was pruned"), place)
            .help("a proof that was written before still holds"));
    };
    let hashes = hashes(&*place.store)?;
    let note = match (&args.checkpoint, &args.key) {
        (Some(path), _) => attest::read(path)?,
        (None, Some(path)) => {
            let key = attest::signing_key(path)?;
            head(&key.verifier().name, &hashes).sign(&key)
        }
        (None, None) => String::new(),
    };
    let size = size_in(&note).filter(|size| *size <= hashes.len()).ok_or_else(|| {
        fault("audit::checkpoint", "this is not a checkpoint of the log".into(), place).help("give one that it had")
    })?;
    let tree = hashes.get(..size).unwrap_or_default();
    let path = proof::inclusion(tree, index).ok_or_else(|| {
        fault("audit::checkpoint", format!("record {index} came after the checkpoint"), place).help("give a later one")
    })?;
    to(args.output.as_deref(), &TlogProof { leaf, index, path, checkpoint: note }.to_text())
}

/// The size in a note that is not checked here: whoever reads the proof checks it.
fn size_in(note: &str) -> Option<usize> {
    note.lines().nth(1)?.parse().ok()
}

pub(super) fn checkpoint(place: &Place, key: &Path, output: Option<&Path>) -> Result<Answer, Diagnostic> {
    let key = attest::signing_key(key)?;
    to(output, &head(&key.verifier().name, &hashes(&*place.store)?).sign(&key))
}

/// The head of the tree over `hashes`.
pub(super) fn head(origin: &str, hashes: &[Hash]) -> Checkpoint {
    Checkpoint { origin: origin.to_owned(), size: hashes.len() as u64, root: proof::root(hashes) }
}

/// All leaf hashes. Nothing is proved, or signed, of a log that is damaged.
pub(super) fn hashes(store: &dyn Store) -> Result<Vec<Hash>, Diagnostic> {
    let mut hashes = Vec::new();
    store.all_leaves(0..u64::MAX, &mut |_, entry| {
        hashes.push(entry.hash());
        Ok(())
    })?;
    Ok(hashes)
}

pub(super) fn check(file: &Path, keys: &[String], format: Format) -> Result<Answer, Diagnostic> {
    let keys = keys.iter().map(|key| attest::verifier_key(key)).collect::<Result<Vec<VerifierKey>, _>>()?;
    let proof = TlogProof::parse(&attest::read(file)?);
    let checked =
        proof.ok_or(Fault::Malformed).and_then(|proof| proof.check(&keys).map(|checkpoint| (proof, checkpoint)));
    let (code, out) = match checked {
        Ok((proof, checkpoint)) => (0, good(&proof, &checkpoint, format)),
        Err(fault) => {
            let code = if fault == Fault::Checkpoint(changegate::audit::note::Fault::UnknownKey) { 3 } else { 1 };
            (code, bad(code, fault, format))
        }
    };
    Ok(Answer { code, ..text(out) })
}

fn good(proof: &TlogProof, checkpoint: &Checkpoint, format: Format) -> String {
    let reading = Reading::of(proof.index, &proof.leaf);
    let statement = reading.as_ref().map(|reading| &reading.statement);
    if format == Format::Json {
        let value = json!({
            "result": "ok", "index": proof.index, "origin": checkpoint.origin, "size": checkpoint.size,
            "root": checkpoint.root.to_string(), "statement": statement,
        });
        return format!("{value:#}\n");
    }
    let (index, size, origin) = (proof.index, checkpoint.size, shown(&checkpoint.origin));
    let statement = statement.map_or_else(String::new, |s| format!("{s:#}\n"));
    format!("{statement}ok: this is record {index} of the {size} that {origin} had when it signed\n")
}

fn bad(code: u8, fault: Fault, format: Format) -> String {
    match format {
        Format::Json => {
            let result = if code == 3 { "cannot verify" } else { "tampered" };
            format!("{:#}\n", json!({"result": result, "what": fault.to_string()}))
        }
        Format::Pretty => format!("the proof does not hold: {fault}\n"),
    }
}

fn fault(code: &'static str, message: String, place: &Place) -> Diagnostic {
    Diagnostic::error(code, message).in_file(place.store.name())
}
