//! Which repository keeps the log, and how it lets us in.

use std::path::Path;

use super::program::{self, Failure, Setting};

/// A repository with a branch that holds the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    /// URL, or absolute path.
    pub(super) url: String,
    /// Name of the branch, without `refs/heads/`.
    pub(super) branch: String,
    /// The URL without its password, and the branch.
    pub(super) name: String,
    /// How to authenticate.
    pub(super) settings: Vec<Setting>,
}

/// The branch unless another is named.
const BRANCH: &str = "changegate-audit";

impl Remote {
    /// Reads `REMOTE#BRANCH`: a URL, a path or the name of a remote of the repository at `directory`; by default
    /// `origin#changegate-audit`. `Err` says what is wrong with it.
    pub fn find(text: &str, directory: &Path) -> Result<Self, String> {
        let (remote, branch) = text.split_once('#').unwrap_or((text, BRANCH));
        let (remote, branch) = (if remote.is_empty() { "origin" } else { remote }, branch);
        if !is_branch(branch) {
            return Err(format!("`{branch}` is not the name of a branch"));
        }
        let url = if remote.contains("://") || is_scp(remote) {
            remote.to_owned()
        } else if remote.contains(['/', '\\']) || remote == "." || directory.join(remote).join("HEAD").is_file() {
            directory.join(remote).display().to_string()
        } else {
            url_of(remote, directory)?
        };
        if url.contains(['\n', '\r', '\0']) {
            return Err("its address has a line break".into());
        }
        let name = format!("{}#{branch}", redacted(&url));
        Ok(Self { url, branch: branch.into(), name, settings: settings(directory) })
    }

    /// `text` with the URL replaced by one without a password.
    pub(super) fn redact(&self, text: &str) -> String {
        let text = text.replace(&self.url, redacted(&self.url).as_str());
        secret(&self.url).map_or(text.clone(), |secret| text.replace(secret, "…"))
    }
}

/// `user@host:path`, and not a drive.
fn is_scp(remote: &str) -> bool {
    remote.split_once(':').is_some_and(|(host, _)| host.len() > 1 && !host.contains(['/', '\\']))
}

/// A conservative part of what `git check-ref-format` lets through.
fn is_branch(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    let part = |part: &str| !part.is_empty() && !part.starts_with(['.', '-']) && !part.ends_with(['.', '/']);
    name.chars().all(plain) && name.split('/').all(|p| part(p) && !p.ends_with(".lock")) && !name.contains("..")
}

fn url_of(remote: &str, directory: &Path) -> Result<String, String> {
    if remote.starts_with('-') {
        return Err(format!("`{remote}` is not the name of a remote"));
    }
    match program::ask(directory, &["remote", "get-url", "--push", remote]) {
        Ok(url) => {
            let url = String::from_utf8_lossy(&url).trim().to_owned();
            let path = !url.contains("://") && !is_scp(&url);
            Ok(if path { directory.join(url).display().to_string() } else { url })
        }
        Err(Failure::Io(e)) => Err(format!("`git` cannot be run: {e}")),
        Err(_) => Err(format!("the repository has no remote `{remote}`")),
    }
}

/// How this machine's git authenticates. From the user and the system everything that has to do with it; from the
/// judged repository only headers (what a CI checkout leaves there), which cannot start a program.
fn settings(directory: &Path) -> Vec<Setting> {
    const WANTED: &str = r"^(http\..*|credential\..*|core\.sshcommand|ssh\.variant)$";
    let asked = program::ask(directory, &["config", "--null", "--show-scope", "--get-regexp", WANTED]);
    let text = asked.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let mut fields = text.split('\0');
    let mut settings = Vec::new();
    while let (Some(scope), Some(pair)) = (fields.next(), fields.next()) {
        let (key, value) = pair.split_once('\n').unwrap_or((pair, "true"));
        let own = matches!(scope, "system" | "global");
        if own || (key.starts_with("http.") && key.ends_with(".extraheader")) {
            settings.push((key.to_owned(), value.to_owned()));
        }
    }
    settings
}

/// The password of `scheme://user:password@host`, or the only word of `scheme://token@host` over HTTP.
fn secret(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    let (credentials, _) = rest.split('/').next()?.rsplit_once('@')?;
    let secret = match credentials.split_once(':') {
        Some((_, password)) => password,
        None if scheme.starts_with("http") => credentials,
        None => "",
    };
    Some(secret).filter(|secret| !secret.is_empty())
}

fn redacted(url: &str) -> String {
    secret(url).map_or_else(|| url.to_owned(), |secret| url.replacen(secret, "…", 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_shown() {
        assert_eq!(redacted("https://bot:hunter2@forge.example/a.git"), "https://bot:…@forge.example/a.git");
        assert_eq!(redacted("https://ghp_x@forge.example/a.git"), "https://…@forge.example/a.git");
        assert_eq!(redacted("ssh://git@forge.example/a.git"), "ssh://git@forge.example/a.git");
        assert_eq!(redacted("git@forge.example:a.git"), "git@forge.example:a.git");
    }

    #[test]
    fn branches_cannot_be_options_or_walk_away() {
        for good in ["changegate-audit", "audit/eu", "a.b"] {
            assert!(is_branch(good), "{good}");
        }
        for bad in ["", "-f", "a..b", "a/", "/a", "a b", "a:b", ".a", "a/.b", "a.lock", "a*"] {
            assert!(!is_branch(bad), "{bad}");
        }
    }
}
