//! The pull request as the forge describes it: who opened it, what it says, which change it names.
//!
//! The forge vouches for the author, the labels and the two ends. Title and body are the author's own words: they may
//! name a change request, and nothing else in them counts.

use crate::facts::PullRequestFacts;
use crate::finding::Diagnostic;
use crate::parse::de::header;
use crate::parse::tree::{Node, Value};
use crate::source::{Sources, Span};

/// A GitHub pull request or a GitLab merge request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PullRequest {
    /// `github` or `gitlab`.
    pub forge: &'static str,
    /// Its number in the repository.
    pub number: Option<String>,
    /// Login of whoever opened it; `None` for a deleted account.
    pub author: Option<String>,
    /// Whether the forge says that the author is a machine.
    pub bot: bool,
    /// One line by the author.
    pub title: String,
    /// The description, by the author.
    pub body: String,
    /// Names of labels.
    pub labels: Vec<String>,
    /// Not ready for a review.
    pub draft: bool,
    /// Commit id of its branch.
    pub head: Option<String>,
    /// Branch that it goes to.
    pub target: Option<String>,
    /// Whether the branch lies in another repository.
    pub fork: bool,
    /// Whether it was merged.
    pub merged: bool,
    /// The forge's word on whether it can be merged, `clean`, `blocked`, `ci_still_running`.
    pub merge_state: Option<String>,
    /// Its place in the file.
    pub span: Span,
}

impl PullRequest {
    /// Reads the object of `GET /repos/{owner}/{repo}/pulls/{number}` or of `GET /projects/{id}/merge_requests/{iid}`;
    /// a webhook's event that holds a `pull_request` will do.
    ///
    /// # Errors
    ///
    /// `pull-request::shape` for anything else.
    pub fn read(node: &Node) -> Result<Self, Diagnostic> {
        let node = node.get("pull_request").unwrap_or(node);
        match (node.get("user"), node.get("author")) {
            (Some(user), _) if node.get("head").is_some() => Ok(Self::github(node, user)),
            (_, Some(author)) if node.get("iid").is_some() => Ok(Self::gitlab(node, author)),
            _ => Err(Diagnostic::error(
                "pull-request::shape",
                "neither a GitHub pull request nor a GitLab merge request",
            )
            .at(header(node))
            .label("expected `user` and `head`, or `author` and `iid`")
            .help("hand over the answer of `pulls/{number}` (GitHub) or `merge_requests/{iid}` (GitLab) untouched")),
        }
    }

    fn github(node: &Node, user: &Node) -> Self {
        let repository = |end: &str| text(node.at(&[end, "repo", "full_name"]));
        Self {
            forge: "github",
            number: node.get("number").and_then(number),
            author: text(user.get("login")).filter(|login| !login.eq_ignore_ascii_case("ghost")),
            bot: user.get("type").and_then(Node::as_str) == Some("Bot"),
            body: text(node.get("body")).unwrap_or_default(),
            draft: flag(node, &["draft"]),
            head: text(node.at(&["head", "sha"])),
            target: text(node.at(&["base", "ref"])),
            // A head without a repository belongs to a fork that was deleted.
            fork: repository("head").is_none() || repository("head") != repository("base"),
            merged: flag(node, &["merged"]),
            merge_state: text(node.get("mergeable_state")),
            ..Self::shared(node)
        }
    }

    fn gitlab(node: &Node, author: &Node) -> Self {
        let project = |key: &str| node.get(key).and_then(number);
        Self {
            forge: "gitlab",
            number: node.get("iid").and_then(number),
            author: text(author.get("username")).filter(|login| !login.eq_ignore_ascii_case("ghost")),
            bot: flag(author, &["bot"]),
            body: text(node.get("description")).unwrap_or_default(),
            draft: flag(node, &["draft", "work_in_progress"]),
            head: text(node.get("sha")),
            target: text(node.get("target_branch")),
            fork: project("source_project_id") != project("target_project_id"),
            merged: node.get("state").and_then(Node::as_str) == Some("merged"),
            merge_state: text(node.get("detailed_merge_status")).or_else(|| text(node.get("merge_status"))),
            ..Self::shared(node)
        }
    }

    fn shared(node: &Node) -> Self {
        let labels = node.get("labels").and_then(Node::as_seq).unwrap_or_default();
        let name =
            |label: &Node| text(Some(label)).or_else(|| text(label.get("name"))).or_else(|| text(label.get("title")));
        Self {
            title: text(node.get("title")).unwrap_or_default(),
            labels: labels.iter().filter_map(name).collect(),
            span: header(node),
            ..Self::default()
        }
    }

    /// Change requests that its body names in lines `Change-Request: CHG-1`, and its labels as `Change-Request: CHG-1`
    /// or `change-request/CHG-1`; in order, each once.
    pub fn named(&self, trailer: &str) -> Vec<&str> {
        let labels = self.labels.iter().filter_map(|label| after(label, trailer, &[':', '/', '=']));
        let lines = self.body.lines().map(|line| line.trim_start_matches(['>', '-', '*', ' ', '\t']));
        let body = lines.filter_map(|line| after(line, trailer, &[':']));
        let mut named: Vec<&str> = Vec::new();
        for name in body.chain(labels).flat_map(names) {
            if !named.contains(&name) {
                named.push(name);
            }
        }
        named
    }

    /// As the policies see it. `person` is the author's canonical id.
    pub fn facts(&self, person: Option<String>, sources: &Sources) -> PullRequestFacts {
        PullRequestFacts {
            forge: self.forge,
            number: self.number.clone(),
            author: self.author.clone(),
            author_id: person,
            bot: self.bot,
            title: self.title.clone(),
            labels: self.labels.clone(),
            draft: self.draft,
            head: self.head.clone(),
            target: self.target.clone(),
            fork: self.fork,
            merged: self.merged,
            merge_state: self.merge_state.clone(),
            source: sources.locate(self.span).map(|place| place.to_string()).unwrap_or_default(),
        }
    }
}

/// Ids and paths of one line: `CHG-1, CHG-2 (the database)`.
pub fn names(value: &str) -> impl Iterator<Item = &str> {
    let first = |part: &'_ str| part.split_whitespace().next().map(str::len);
    let parts = value.split(',').map(str::trim).filter_map(move |part| part.get(..first(part)?));
    parts.map(|name| name.trim_matches(['`', '"', '\'', '<', '>', '.', ';'])).filter(|name| !name.is_empty())
}

/// What follows `key` and one of the separators.
fn after<'a>(text: &'a str, key: &str, separators: &[char]) -> Option<&'a str> {
    let (start, rest) = text.trim().split_at_checked(key.len())?;
    let rest = rest.trim_start().strip_prefix(separators)?.trim();
    (start.eq_ignore_ascii_case(key) && !rest.is_empty()).then_some(rest)
}

fn text(node: Option<&Node>) -> Option<String> {
    node.and_then(Node::as_str).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn flag(node: &Node, keys: &[&str]) -> bool {
    keys.iter().any(|key| node.get(key).and_then(Node::as_bool) == Some(true))
}

fn number(node: &Node) -> Option<String> {
    match &node.value {
        Value::Number(number) => Some(number.to_string()),
        _ => text(Some(node)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::json;
    use crate::source::SourceId;

    const GITHUB: &str = include_str!("../../tests/data/change/pull-request.github.json");
    const GITLAB: &str = include_str!("../../tests/data/change/pull-request.gitlab.json");

    fn read(text: &str) -> Result<PullRequest, Diagnostic> {
        PullRequest::read(&json::parse(SourceId(0), text).expect("JSON"))
    }

    #[test]
    fn github_as_the_api_answers() {
        let pull = read(GITHUB).unwrap();
        assert_eq!(
            (pull.forge, pull.number.as_deref(), pull.author.as_deref()),
            ("github", Some("812"), Some("alice-acme"))
        );
        assert!(!pull.fork && !pull.bot && !pull.draft && !pull.merged);
        assert_eq!(pull.named("Change-Request"), ["CHG-2026-00417", "CHG-2026-00420", "CHG-2026-00421"]);
        assert_eq!(pull.merge_state.as_deref(), Some("blocked"));
        let event = format!("{{\"action\": \"opened\", \"pull_request\": {GITHUB}}}");
        assert_eq!(read(&event).unwrap().number, pull.number);
    }

    #[test]
    fn gitlab_as_the_api_answers() {
        let pull = read(GITLAB).unwrap();
        assert_eq!(
            (pull.forge, pull.number.as_deref(), pull.author.as_deref()),
            ("gitlab", Some("17"), Some("alice-acme"))
        );
        assert!(pull.fork && pull.draft);
        assert_eq!(pull.named("change-request"), ["CHG-2026-00417"]);
        assert_eq!(pull.merge_state.as_deref(), Some("discussions_not_resolved"));
    }

    #[test]
    fn a_deleted_account_is_nobody_and_a_deleted_fork_a_fork() {
        let pull = read("{\"number\": 1, \"user\": {\"login\": \"ghost\"}, \"head\": {\"sha\": \"a\", \"repo\": null}, \"base\": {}}").unwrap();
        assert_eq!((pull.author, pull.fork), (None, true));
        assert_eq!(read("{\"user\": {}}").unwrap_err().code, "pull-request::shape");
        assert_eq!(read("[]").unwrap_err().code, "pull-request::shape");
    }

    #[test]
    fn one_line_may_name_several() {
        assert_eq!(names("CHG-1, `CHG-2` (the database).").collect::<Vec<_>>(), ["CHG-1", "CHG-2"]);
        assert_eq!(names(" changes/CHG-1.yaml.").collect::<Vec<_>>(), ["changes/CHG-1.yaml"]);
        assert_eq!(names(" , ").count(), 0);
    }

    #[test]
    fn words_around_the_key_name_nothing() {
        let pull = PullRequest {
            body: "No change-request: needed\nChange-Requests: CHG-1\nChange-Request:\n".into(),
            ..PullRequest::default()
        };
        assert!(pull.named("Change-Request").is_empty());
        let short = PullRequest { body: "Ch\né\n".into(), labels: vec!["ü".into()], ..PullRequest::default() };
        assert!(short.named("Change-Request").is_empty());
    }
}
