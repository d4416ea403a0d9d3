//! The clock, the terminal and the actor: the only place that asks the machine for them.

#![expect(clippy::disallowed_methods, reason = "this is where the clock and the environment enter")]

use std::io::IsTerminal;

use changegate::audit::Secret;
use changegate::facts::Actor;
use changegate::gate::{Clock, Run};
use changegate::kubernetes::render::Programs;
use changegate::output::Style;
use changegate::terraform::config::Options;

use super::When;

/// A set, non-empty environment variable.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The folder for what is fetched: `CHANGEGATE_CACHE`, else below the user's cache.
pub(super) fn cache() -> Option<std::path::PathBuf> {
    let own = variable("CHANGEGATE_CACHE").map(std::path::PathBuf::from);
    let users = || variable("XDG_CACHE_HOME").or_else(|| variable("LOCALAPPDATA")).map(std::path::PathBuf::from);
    let home = || variable("HOME").map(|home| std::path::PathBuf::from(home).join(".cache"));
    own.or_else(|| users().or_else(home).map(|folder| folder.join("changegate")))
}

/// The folder of this user for what is no document: `XDG_STATE_HOME/changegate`, or what stands for it.
pub(super) fn state() -> Option<std::path::PathBuf> {
    let users = || variable("XDG_STATE_HOME").or_else(|| variable("LOCALAPPDATA")).map(std::path::PathBuf::from);
    let home = || variable("HOME").map(|home| std::path::PathBuf::from(home).join(".local").join("state"));
    users().or_else(home).map(|folder| folder.join("changegate"))
}

/// The secret that remembered answers are sealed with: `CHANGEGATE_CACHE_KEY`.
pub(super) fn cache_key() -> Option<String> {
    variable("CHANGEGATE_CACHE_KEY")
}

/// The instant to judge at, and where it came from.
pub(super) fn clock(given: Option<jiff::Timestamp>) -> Clock {
    Clock { now: given.unwrap_or_else(jiff::Timestamp::now), given: given.is_some() }
}

/// The IANA name of this machine's time zone, else UTC.
pub(super) fn timezone() -> String {
    let zone = jiff::tz::TimeZone::try_system().ok();
    zone.as_ref().and_then(|zone| zone.iana_name()).unwrap_or("UTC").to_owned()
}

/// How many threads: as asked, else one per processor.
pub(super) fn jobs(asked: Option<usize>) -> usize {
    asked.filter(|n| *n > 0).unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
}

/// Whether standard error is a terminal that a person watches.
pub(super) fn is_interactive() -> bool {
    std::io::stderr().is_terminal() && variable("CI").is_none() && variable("TERM").as_deref() != Some("dumb")
}

/// How to print: colour as asked, `NO_COLOR` and `CLICOLOR_FORCE` honoured, Unicode unless the locale says otherwise.
pub(super) fn style(color: When, quiet: bool) -> Style {
    let terminal = std::io::stdout().is_terminal();
    let auto = match (variable("NO_COLOR"), variable("CLICOLOR_FORCE")) {
        (Some(_), _) => false,
        (None, Some(force)) => force != "0",
        (None, None) => terminal && variable("TERM").as_deref() != Some("dumb"),
    };
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(variable).unwrap_or_default().to_lowercase();
    let width = variable("COLUMNS").and_then(|w| w.parse().ok()).or_else(terminal_width).unwrap_or(100);
    Style {
        color: match color {
            When::Auto => auto,
            When::Always => true,
            When::Never => false,
        },
        // A locale that names no other character set is taken to be UTF-8; nothing at all is what containers have.
        unicode: cfg!(windows) || !matches!(locale.as_str(), "c" | "posix") && speaks_unicode(&locale),
        width: usize::clamp(width, 40, 160),
        hyperlinks: color != When::Never && variable("NO_COLOR").is_none() && has_hyperlinks(terminal),
        quiet,
        ..Style::default()
    }
}

/// Whether the terminal makes links of OSC 8 sequences: those that say who they are and are known to; others print
/// the sequences as text. Multiplexers pass them on only in their newest versions.
fn has_hyperlinks(terminal: bool) -> bool {
    if let Some(force) = variable("FORCE_HYPERLINK") {
        return force != "0";
    }
    let known = ["iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "rio", "Tabby"];
    let program = variable("TERM_PROGRAM").is_some_and(|name| known.contains(&name.as_str()));
    let vte = variable("VTE_VERSION").and_then(|v| v.parse::<u32>().ok()).is_some_and(|version| version >= 5000);
    let term = variable("TERM").unwrap_or_default();
    let terms = ["xterm-kitty", "alacritty", "foot", "xterm-ghostty"].iter().any(|name| term.starts_with(name));
    let multiplexed = variable("TMUX").is_some() || term.starts_with("screen");
    terminal
        && !multiplexed
        && (program || vte || terms || variable("WT_SESSION").is_some() || variable("KONSOLE_VERSION").is_some())
}

/// Whether the character set of a locale (`de_DE.ISO-8859-1`) is UTF-8.
fn speaks_unicode(locale: &str) -> bool {
    let charset = locale.split('@').next().and_then(|name| name.split_once('.')).map(|(_, charset)| charset);
    charset.is_none_or(|charset| matches!(charset, "utf-8" | "utf8"))
}

fn terminal_width() -> Option<usize> {
    console::Term::stdout().size_checked().map(|(_, columns)| columns.into())
}

/// Who runs the gate, from the CI system's own variables, else from what git is configured with.
pub(super) fn actor() -> Actor {
    let ci = [
        ("GITHUB_ACTIONS", "GITHUB_ACTOR", "github-actions"),
        ("GITLAB_CI", "GITLAB_USER_LOGIN", "gitlab-ci"),
        ("BUILDKITE", "BUILDKITE_BUILD_CREATOR", "buildkite"),
        ("JENKINS_URL", "BUILD_USER_ID", "jenkins"),
    ];
    let found = ci.into_iter().find(|(marker, _, _)| variable(marker).is_some());
    match found {
        Some((_, login, method)) => Actor {
            id: None,
            login: variable(login),
            email: variable("GITLAB_USER_EMAIL").or_else(|| variable("BUILDKITE_BUILD_CREATOR_EMAIL")),
            assurance: "A1".into(),
            method: method.into(),
        },
        None => Actor {
            id: None,
            login: variable("USER").or_else(|| variable("USERNAME")).or_else(|| git_setting("user.name")),
            email: git_setting("user.email"),
            assurance: "A0".into(),
            method: "git-config".into(),
        },
    }
}

/// What git is configured with here; `None` without git.
fn git_setting(key: &str) -> Option<String> {
    let output = std::process::Command::new("git").args(["config", "--get", key]).output().ok()?;
    let value = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !value.is_empty()).then_some(value)
}

/// Hexadecimal SHA-256 of the running program; `None` where the system does not say which file that is.
pub(super) fn program_sha256() -> Option<String> {
    let mut program = std::fs::File::open(std::env::current_exe().ok()?).ok()?;
    changegate::audit::sha256_of(&mut program).ok().map(|hash| hash.to_string())
}

/// Where renderers are looked for.
pub(super) fn programs() -> Programs {
    Programs::new(std::env::var_os("PATH").as_deref())
}

/// 32 random bytes.
pub(super) fn random() -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).ok().map(|()| bytes)
}

/// Which run of which pipeline this is, from the CI system's own variables.
pub(super) fn run() -> Run {
    let first = |names: &[&str]| names.iter().find_map(|name| variable(name));
    let pull_request =
        variable("GITHUB_REF").and_then(|r| Some(r.strip_prefix("refs/pull/")?.split('/').next()?.to_owned()));
    // What stands in front of a commit id where the forge shows files.
    let of = |server: &str, name: &str, between: &str| {
        Some(format!("{}/{}/{between}/", variable(server)?.trim_end_matches('/'), variable(name)?))
    };
    let gitlab = || variable("CI_PROJECT_URL").map(|url| format!("{url}/-/blob/"));
    Run {
        files_url: of("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "blob").or_else(gitlab),
        id: first(&["GITHUB_RUN_ID", "CI_PIPELINE_ID", "BUILDKITE_BUILD_ID", "BUILD_TAG"]),
        repository: first(&["GITHUB_REPOSITORY", "CI_PROJECT_PATH", "BUILDKITE_REPO", "GIT_URL"])
            .map(|url| changegate::audit::without_credentials(&url)),
        branch: first(&["GITHUB_HEAD_REF", "GITHUB_REF_NAME", "CI_COMMIT_REF_NAME", "BUILDKITE_BRANCH", "BRANCH_NAME"]),
        on_behalf_of: first(&["GITHUB_TRIGGERING_ACTOR", "BUILDKITE_UNBLOCKER"])
            .filter(|who| first(&["GITHUB_ACTOR", "BUILDKITE_BUILD_CREATOR"]).as_ref() != Some(who)),
        pull_request: pull_request.or_else(|| first(&["CI_MERGE_REQUEST_IID", "BUILDKITE_PULL_REQUEST", "CHANGE_ID"])),
    }
}

/// The password of the database that keeps the audit records, as the tools of PostgreSQL find it.
pub(super) fn database_password() -> Option<Secret> {
    variable("PGPASSWORD").map(Secret)
}

/// What the environment says about Terraform: `TF_VAR_…` and `TF_WORKSPACE`, as terraform itself reads them.
pub(super) fn terraform() -> Options {
    let variables = std::env::vars_os().filter_map(|(key, value)| {
        let name = key.to_str()?.strip_prefix("TF_VAR_")?.to_owned();
        Some((name, value.into_string().ok()?))
    });
    Options { environment: variables.collect(), workspace: variable("TF_WORKSPACE"), ..Options::default() }
}

/// A fresh UUIDv7 for an audit record.
pub(super) fn record_id() -> uuid::Uuid {
    uuid::Uuid::now_v7()
}
