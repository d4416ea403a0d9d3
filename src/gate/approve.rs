//! What an approver is asked to sign, and the request with the signature in it: `changegate approve`.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::change::approval::{self, Entry, Place, Statement};
use crate::change::request::Request as ChangeRequest;
use crate::finding::{Diagnostic, Level};
use crate::parse::tree::Node;
use crate::parse::yaml;
use crate::source::{SourceId, Sources};
use crate::sshsig::{AllowedSigners, Refusal, Signature};

use super::inputs::Inputs;
use super::workspace::{Workspace, read_disk};
use super::{Request, Session, requests};

/// What somebody wants to say about a change.
#[derive(Clone, Debug)]
pub struct Vote {
    /// Who: an address or a login.
    pub by: String,
    /// In which role; any when absent.
    pub role: Option<String>,
    /// `approved` or `changes-requested`.
    pub decision: String,
    /// Of the change, or of its emergency override.
    pub place: Place,
}

/// A vote that waits for its signature.
pub struct Ballot {
    /// What is said.
    pub vote: Vote,
    /// `metadata.id`.
    pub change: String,
    /// The change digest.
    pub digest: String,
    /// The request's file on disk.
    pub path: PathBuf,
    /// Its path as shown.
    pub shown: String,
    /// Roles that the person holds now, sorted; empty for somebody unknown.
    pub roles: Vec<String>,
    /// The bytes to sign, in [`approval::NAMESPACE`].
    pub statement: Vec<u8>,
    /// Whether there is a base: without one the digest covers no file.
    pub compared: bool,
    at: Timestamp,
    text: String,
    principals: Vec<String>,
    signers: AllowedSigners,
    contributor: bool,
}

/// The request with the signed vote in it.
pub struct Cast {
    /// The new text of the request; `None` when the entry has to be written in by hand.
    pub text: Option<String>,
    /// The entry alone.
    pub entry: String,
    /// `SHA256:…` of the key.
    pub key: String,
    /// Why it will not count as things stand, in words.
    pub warnings: Vec<String>,
}

/// Reads the change request at `file` and states what has to be signed.
///
/// # Errors
///
/// Whatever keeps the request, or what decides about it, from being read; `approve::override` when it asks for none.
pub fn ballot(request: &Request, file: &Path, vote: Vote) -> Result<Ballot, Diagnostic> {
    let mut session = Session::default();
    let request = Request { changes: vec![file.to_owned()], ..request.clone() };
    let workspace = Workspace::open(&request)?;
    let inputs = Inputs::read(&request, &workspace, &mut session)?;
    let found = requests::find(&request, &workspace, &inputs, &mut session)?;
    let judged = found.into_iter().next().ok_or_else(|| missing(file))?;
    let (change, digest) = (judged.request.as_ref().ok_or_else(|| missing(file))?, judged.digest.clone());
    let digest = digest.unwrap_or_default();
    let terms = terms(change, vote.place)?;
    let at = Timestamp::from_second(request.clock.now.as_second()).unwrap_or(request.clock.now);
    let statement = Statement {
        at: at.to_string(),
        by: &vote.by,
        change: change.id(),
        decision: &vote.decision,
        digest: &digest,
        terms: terms.as_deref(),
        role: vote.role.as_deref(),
    }
    .bytes();
    let path = workspace.absolute(file);
    let shown = workspace.shown(&path);
    let bytes = read_disk(&path, &shown)?.ok_or_else(|| missing(file))?;
    let identities = &inputs.documents.identities;
    let person = identities.person(&vote.by);
    let git = judged.git(&workspace, &inputs, &session);
    let contributors = git.map_or_else(|| judged.participants(&inputs), |git| git.contributors.into_iter().collect());
    Ok(Ballot {
        change: change.id().to_owned(),
        roles: person.map(|person| person.roles_at(at)).unwrap_or_default(),
        contributor: contributors.contains(&identities.canonical(&vote.by)),
        principals: std::iter::once(vote.by.clone()).chain(person.map(|person| person.id.clone())).collect(),
        compared: workspace.difference.is_some(),
        text: crate::discover::decode(bytes, &shown)?,
        signers: inputs.signers,
        vote,
        digest,
        path,
        shown,
        statement,
        at,
    })
}

impl Ballot {
    /// Takes the signature in.
    ///
    /// # Errors
    ///
    /// `approve::signature` when it is none of the statement.
    pub fn cast(&self, armored: &str) -> Result<Cast, Diagnostic> {
        let signature = Signature::parse(armored)
            .and_then(|s| s.verify(&self.statement, approval::NAMESPACE).map(|()| s))
            .map_err(|_| {
                Diagnostic::error("approve::signature", "the signature is not one that can be checked")
                    .help("sign with an Ed25519, ECDSA P-256 or P-384, RSA or FIDO key")
            })?;
        let at = self.at.to_string();
        let Vote { by, role, decision, place } = &self.vote;
        let entry = Entry { by, role: role.as_deref(), decision, at: &at, digest: &self.digest, signature: armored };
        Ok(Cast {
            text: self.with(&entry),
            entry: entry.lines(*place, 0),
            key: signature.key().fingerprint(),
            warnings: self.warnings(&signature),
        })
    }

    /// The text with the entry, when it reads back as the same request with one approval more.
    fn with(&self, entry: &Entry<'_>) -> Option<String> {
        let place = self.vote.place;
        let new = entry.insert(place, &self.text, &document(&self.text)?)?;
        let count = |document: &Node| document.at(place.path()).and_then(Node::as_seq).map_or(0, <[Node]>::len);
        let read = document(&new)?;
        let more = count(&read) == count(&document(&self.text)?) + 1;
        let same = approval::without_approvals(&new) == approval::without_approvals(&self.text);
        let valid = ChangeRequest::read(self.shown.as_str(), &read).is_ok();
        (more && same && valid).then_some(new)
    }

    fn warnings(&self, signature: &Signature) -> Vec<String> {
        let by = &self.vote.by;
        let mut warnings = Vec::new();
        if self.roles.is_empty() {
            warnings.push(format!("{by} holds no role in Identities"));
        } else if let Some(role) = self.vote.role.as_ref().filter(|role| !self.roles.contains(role)) {
            warnings.push(format!("{by} does not hold the role {role}"));
        }
        if self.contributor {
            warnings.push(format!("{by} contributed to the change"));
        }
        if !self.compared {
            warnings.push("without --base the digest covers the request and no file".to_owned());
        }
        let allow = |principal: &String| {
            self.signers.allow(principal, signature.key(), approval::NAMESPACE, self.at).map_err(in_words)
        };
        let refused: Vec<String> = self.principals.iter().filter_map(|principal| allow(principal).err()).collect();
        if refused.len() == self.principals.len() {
            warnings.extend(refused.into_iter().next().map(|why| format!("allowed_signers: {why}")));
        }
        warnings
    }
}

fn terms(change: &ChangeRequest, place: Place) -> Result<Option<String>, Diagnostic> {
    match (place, change.node.at(&["spec", "freezeOverride"]).filter(|asked| asked.as_map().is_some())) {
        (Place::Change, _) => Ok(None),
        (Place::Override, Some(asked)) => Ok(Some(approval::terms(asked))),
        (Place::Override, None) => {
            Err(Diagnostic::error("approve::override", "the request asks for no override of a freeze")
                .in_file(change.file.clone())
                .help("fill in `spec.freezeOverride` first, or leave `--override` out"))
        }
    }
}

fn document(text: &str) -> Option<Node> {
    let mut sources = Sources::default();
    let id: SourceId = sources.add(crate::source::Source::new("request", crate::source::Revision::Head, text));
    let mut parsed = yaml::parse(id, text, &yaml::Limits::default()).without_repeated_keys();
    let broken = parsed.diagnostics.iter().any(|d| d.level == Level::Error);
    parsed.documents.pop().filter(|_| !broken && parsed.documents.is_empty())
}

fn in_words(refusal: Refusal) -> String {
    match refusal {
        Refusal::NotListed => "the key is not listed for this person".into(),
        Refusal::Certificate(why) => why.into(),
        Refusal::Namespace => format!("the key may not sign in the namespace {}", approval::NAMESPACE),
        Refusal::NotYet => "the key is not valid yet".into(),
        Refusal::Expired => "the key has expired".into(),
    }
}

fn missing(file: &Path) -> Diagnostic {
    Diagnostic::error("approve::missing", format!("there is no change request `{}`", file.display()))
        .in_file(file.display().to_string())
        .help("name the file of the request, for example changes/CHG-2026-00417.yaml")
}
