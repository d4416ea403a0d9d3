//! How records are attested: the key that signs them, the token that vouches for who made them, salted fields.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use changegate::audit::note::{SigningKey, VerifierKey};
use changegate::audit::{Attestation, TokenSource, oidc};
use changegate::finding::Diagnostic;
use clap::{Args, ValueEnum};

use super::environment;

/// What attests the records of a run.
#[derive(Debug, Default, Args)]
pub(super) struct AttestArgs {
    /// Sign audit records with this Ed25519 key (`changegate audit keygen`)
    #[arg(long, value_name = "FILE", env = "CHANGEGATE_AUDIT_KEY", hide_env_values = true)]
    audit_key: Option<PathBuf>,
    /// Shell command that prints an OpenID Connect token whose audience is $AUDIENCE
    #[arg(
        long,
        value_name = "COMMAND",
        env = "CHANGEGATE_AUDIT_TOKEN",
        hide_env_values = true,
        requires = "audit_jwks"
    )]
    audit_token: Option<String>,
    /// Key set of the token's provider, as its jwks_uri gives it; it becomes a part of the record
    #[arg(long, value_name = "FILE", env = "CHANGEGATE_AUDIT_JWKS")]
    audit_jwks: Option<PathBuf>,
    /// Where names and addresses of people are written: in the record, or beside it so that they can be erased
    #[arg(long, value_name = "WHERE", value_enum, default_value_t = Personal::Clear)]
    audit_personal: Personal,
}

/// Where personal fields go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Personal {
    #[default]
    Clear,
    Beside,
}

impl AttestArgs {
    /// Reads key and key set; nothing is read when no record will be written.
    pub(super) fn read(&self, off: bool) -> Result<Attestation, Diagnostic> {
        if off {
            return Ok(Attestation::default());
        }
        let key = self.audit_key.as_deref().map(signing_key).transpose()?;
        let salt = match self.audit_personal {
            Personal::Clear => None,
            Personal::Beside => Some(environment::random().ok_or_else(no_randomness)?),
        };
        let token = match (&self.audit_token, &self.audit_jwks) {
            (Some(command), Some(jwks)) => Some(token(command, jwks)?),
            _ => None,
        };
        Ok(Attestation { key: key.map(Arc::new), token, salt, binary_sha256: environment::program_sha256() })
    }
}

/// Reads a private key.
pub(super) fn signing_key(path: &Path) -> Result<SigningKey, Diagnostic> {
    let text = read(path)?;
    SigningKey::parse(&text).ok_or_else(|| {
        Diagnostic::error("audit::key", "this is not a private key for audit records")
            .in_file(path.display().to_string())
            .help("make one with `changegate audit keygen NAME --out FILE`")
    })
}

/// Reads a public key, given as text or as a file.
pub(super) fn verifier_key(given: &str) -> Result<VerifierKey, Diagnostic> {
    if let Some(key) = VerifierKey::parse(given) {
        return Ok(key);
    }
    let text = read(Path::new(given))?;
    let key = VerifierKey::parse(&text).or_else(|| SigningKey::parse(&text).map(|key| key.verifier().clone()));
    key.ok_or_else(|| {
        Diagnostic::error("audit::key", "this is not a key for audit records")
            .in_file(given.to_owned())
            .help("give the public key, `NAME+ID+BASE64`, or the file it is in")
    })
}

pub(super) fn read(path: &Path) -> Result<String, Diagnostic> {
    std::fs::read_to_string(path).map_err(|e| {
        Diagnostic::error("audit::unreadable", format!("the file cannot be read: {e}"))
            .in_file(path.display().to_string())
            .help("check the path")
    })
}

pub(super) fn no_randomness() -> Diagnostic {
    Diagnostic::error("audit::randomness", "the system gives no random bytes").help("try again on another machine")
}

fn token(command: &str, jwks: &Path) -> Result<Arc<dyn TokenSource + Send + Sync>, Diagnostic> {
    Ok(Arc::new(ShellToken { command: command.to_owned(), jwks: read(jwks)?.into_bytes() }))
}

/// A token that a shell command prints: every provider has its own way of asking for one.
struct ShellToken {
    command: String,
    jwks: Vec<u8>,
}

impl TokenSource for ShellToken {
    fn token(&self, audience: &str) -> Result<String, Diagnostic> {
        let output = Command::new("sh").arg("-c").arg(&self.command).env("AUDIENCE", audience).output();
        let output = output.map_err(|e| no_token(&format!("the command cannot be started: {e}")))?;
        let token = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        if !output.status.success() {
            return Err(no_token("the command failed"));
        }
        let now = environment::clock(None).now;
        match oidc::check(&token, &self.jwks, audience, now) {
            Ok(_) => Ok(token),
            Err(oidc::Fault::Bad(why) | oidc::Fault::Unknown(why)) => Err(no_token(&why)),
        }
    }

    fn jwks(&self) -> &[u8] {
        &self.jwks
    }
}

fn no_token(why: &str) -> Diagnostic {
    Diagnostic::error("audit::token", format!("there is no token that vouches for the record: {why}"))
        .help("see that the command prints a token whose audience is $AUDIENCE, signed by a key of --audit-jwks")
}
