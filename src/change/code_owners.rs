//! CODEOWNERS: who owns which file, and who owns what a change touches.
//!
//! The last rule that matches a file counts, as at the forges. A line that a forge would not understand is skipped and told,
//! and so is the heading of a GitLab section: the rules of all sections are read as one list.

use std::collections::BTreeSet;

use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};

use super::identity::{Identities, Person};
use crate::finding::Diagnostic;
use crate::source::{SourceId, Span};

/// The role of whoever owns what a change touches; nobody needs to be given it.
pub const ROLE: &str = "code-owner";

/// Where forges look for the file, relative to the repository's root, in their order.
pub const PLACES: &[&str] = &[".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"];

/// The rules of a CODEOWNERS file.
#[derive(Clone, Debug, Default)]
pub struct CodeOwners {
    patterns: GlobSet,
    /// Owners of each pattern, by its index; a rule may have several patterns.
    owners: Vec<Vec<String>>,
}

/// Who owns what one change touches.
#[derive(Clone, Debug, Default)]
pub struct Ownership {
    /// Paths that somebody owns, with the owners as written.
    owned: Vec<(String, Vec<String>)>,
}

struct Rule {
    globs: Vec<Glob>,
    owners: Vec<String>,
}

impl CodeOwners {
    /// Reads the file; each line that counts for nothing is a warning at its place.
    pub fn parse(text: &str, source: SourceId) -> (Self, Vec<Diagnostic>) {
        let (mut set, mut owners, mut told) = (GlobSetBuilder::new(), Vec::new(), Vec::new());
        let mut offset = 0;
        for raw in text.split_inclusive('\n') {
            let start = offset;
            offset += raw.len();
            match Rule::parse(raw) {
                Ok(None) => {}
                Ok(Some(rule)) => {
                    owners.resize(owners.len() + rule.globs.len(), rule.owners);
                    for glob in rule.globs {
                        set.add(glob);
                    }
                }
                Err(why) => told.push(
                    Diagnostic::warning("codeowners::line", format!("a line of CODEOWNERS is skipped: {why}"))
                        .at(Span::new(source, start, start + raw.trim_end().len()))
                        .label("PATTERN OWNER…")
                        .help("a rule is a path pattern and owners: @login, @organisation/team or an e-mail address"),
                ),
            }
        }
        match set.build() {
            Ok(patterns) => (Self { patterns, owners }, told),
            Err(fault) => {
                let message = format!("CODEOWNERS has too many or too large patterns: {fault}");
                told.push(Diagnostic::error("codeowners::size", message).at(Span::new(source, 0, 0)));
                (Self::default(), told)
            }
        }
    }

    /// Owners of a path relative to the repository's root, by the last rule that matches; empty for nobody.
    pub fn of(&self, path: &str) -> &[String] {
        let last = self.patterns.matches(path).into_iter().max();
        last.and_then(|index| self.owners.get(index)).map(Vec::as_slice).unwrap_or_default()
    }

    /// Who owns what of these paths; those of nobody are left out.
    pub fn ownership<'a>(&self, paths: impl IntoIterator<Item = &'a str>) -> Ownership {
        let owned = paths.into_iter().map(|path| (path.to_owned(), self.of(path).to_vec()));
        Ownership { owned: owned.filter(|(_, owners)| !owners.is_empty()).collect() }
    }
}

impl Ownership {
    /// Whether a person owns anything of the change.
    pub fn includes(&self, person: &Person, identities: &Identities) -> bool {
        self.owned.iter().flat_map(|(_, owners)| owners).any(|owner| is(owner, person, identities))
    }

    /// Paths that none of these people owns, with the owners as written.
    pub fn without<'a>(
        &'a self,
        people: &'a BTreeSet<String>,
        identities: &'a Identities,
    ) -> impl Iterator<Item = &'a (String, Vec<String>)> {
        let people: Vec<&Person> = people.iter().filter_map(|id| identities.person(id)).collect();
        self.owned.iter().filter(move |(_, owners)| {
            !owners.iter().any(|owner| people.iter().any(|person| is(owner, person, identities)))
        })
    }

    /// Whether nobody owns any of it.
    pub fn is_empty(&self) -> bool {
        self.owned.is_empty()
    }
}

/// Whether an owner as written is this person, or their team.
fn is(owner: &str, person: &Person, identities: &Identities) -> bool {
    match owner.strip_prefix('@').map(|name| name.rsplit_once('/')) {
        Some(Some((_, team))) => person.team.as_deref().is_some_and(|own| bare(own).eq_ignore_ascii_case(team)),
        _ => identities.person(owner.trim_start_matches('@')).is_some_and(|known| known.id == person.id),
    }
}

/// `orders` of `group:default/orders`.
fn bare(team: &str) -> &str {
    team.rsplit(['/', ':']).next().unwrap_or(team)
}

impl Rule {
    /// A line; `None` for one that says nothing.
    fn parse(line: &str) -> Result<Option<Self>, &'static str> {
        let mut words = words(line).into_iter();
        let Some(pattern) = words.next() else { return Ok(None) };
        match pattern.chars().next() {
            Some('!') => return Err("a pattern cannot be negated"),
            Some('[' | '^') => return Err("sections are read as one list"),
            _ if pattern.contains('[') => return Err("a pattern has no character ranges"),
            _ => {}
        }
        let owners: Vec<String> = words.collect();
        if owners.iter().any(|owner| !owner.contains('@') || owner == "@") {
            return Err("an owner is neither a login, nor a team, nor an e-mail address");
        }
        let globs: Option<Vec<Glob>> = patterns(&pattern).iter().map(|glob| literal(glob)).collect();
        Ok(Some(Self { globs: globs.ok_or("its pattern cannot be read")?, owners }))
    }
}

/// Words up to a comment; a backslash keeps a space in its word.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut escaped) = (Vec::new(), String::new(), false);
    for letter in line.chars() {
        match letter {
            '#' if word.is_empty() => break,
            letter if letter.is_whitespace() && !escaped => words.extend(take(&mut word)),
            letter => word.push(letter),
        }
        escaped = letter == '\\' && !escaped;
    }
    words.extend(take(&mut word));
    words
}

fn take(word: &mut String) -> Option<String> {
    Some(std::mem::take(word)).filter(|word| !word.is_empty())
}

/// The globs of a pattern, which are those of gitignore but for `folder/*`, that means the files of one folder only.
fn patterns(pattern: &str) -> Vec<String> {
    let inside = pattern.trim_end_matches('/');
    let anchored = inside.contains('/');
    let path = if anchored { inside.trim_start_matches('/').to_owned() } else { format!("**/{inside}") };
    match (pattern.ends_with('/'), path.trim_start_matches('/')) {
        (true, "" | "**/") => vec!["**".to_owned()],
        (true, folder) => vec![format!("{folder}/**")],
        (false, file) if file.ends_with("/*") && anchored => vec![file.to_owned()],
        (false, path) => vec![path.to_owned(), format!("{path}/**")],
    }
}

/// Braces are letters here.
fn literal(glob: &str) -> Option<Glob> {
    let glob = glob.replace('{', "[{]").replace('}', "[}]");
    GlobBuilder::new(&glob).literal_separator(true).backslash_escape(true).build().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owners(text: &str) -> CodeOwners {
        let (owners, told) = CodeOwners::parse(text, SourceId(0));
        assert!(told.is_empty(), "{told:?}");
        owners
    }

    #[test]
    fn the_last_rule_that_matches_counts() {
        let owners = owners(
            "# who owns what\n* @all\n*.js @js # scripts\n/build/logs/ @logs\ndocs/* docs@acme.example\napps/ @apps\n/docs/ @docs\n/scripts @a @acme/b\n**/logs2 @deep\n/apps/github\nmy\\ file.txt @space\na{b} @brace\n",
        );
        let rows = [
            ("README.md", &["@all"][..]),
            ("src/deep/x.js", &["@js"]),
            ("build/logs/a/b.txt", &["@logs"]),
            ("old/build/logs/a.txt", &["@all"]),
            ("x/apps/y", &["@apps"]),
            ("docs/a.md", &["@docs"]),
            ("docs/a/b.md", &["@docs"]),
            ("x/docs/a.md", &["@all"]),
            ("scripts/run.sh", &["@a", "@acme/b"]),
            ("one/logs2/two/x", &["@deep"]),
            ("apps/github/x", &[]),
            ("my file.txt", &["@space"]),
            ("ab", &["@all"]),
            ("a{b}", &["@brace"]),
        ];
        rows.iter().for_each(|(path, wanted)| assert_eq!(owners.of(path), *wanted, "{path}"));
    }

    #[test]
    fn a_star_at_the_end_stays_in_its_folder() {
        let owners = owners("docs/* @docs\n");
        assert_eq!(owners.of("docs/a.md"), ["@docs"]);
        assert!(owners.of("docs/a/b.md").is_empty());
    }

    #[test]
    fn lines_that_count_for_nothing_are_told() {
        let text = "!src @a\n[Section][2] @b\nsrc/[ab].rs @a\n*.rs somebody\n\n*.go @go\n";
        let (owners, told) = CodeOwners::parse(text, SourceId(0));
        assert_eq!(told.iter().map(|d| d.code).collect::<Vec<_>>(), ["codeowners::line"; 4]);
        assert!(owners.of("x.rs").is_empty() && owners.of("src/x").is_empty());
        assert_eq!(owners.of("x.go"), ["@go"]);
    }
}
