//! Examples of what a policy denies and of what it lets pass: the fixtures that its tests run.

use std::path::Path;

use include_dir::{Dir, include_dir};
use serde_json::Value;

use super::library::Policy;
use crate::source::{Revision, Sources};

/// Fixtures of the product's own policies, by id.
static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/fixtures/policies");

/// Lines of a file that are shown.
const MOST_LINES: usize = 60;

/// Files with their names, relative to the folder of the policy.
pub type Files = Vec<(String, String)>;

/// What is judged, as far as it is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Example {
    /// The story, when the example has one.
    pub why: Option<String>,
    /// When and at which stage it is judged, when that matters.
    pub at: Option<String>,
    /// Its parts.
    pub parts: Vec<Part>,
}

/// A file, or what is edited in one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its name.
    pub name: String,
    /// `yaml`, `hcl`, `json`, `diff`.
    pub language: &'static str,
    /// Its text, cut when it is long.
    pub text: String,
}

/// The fixtures of one of the product's own policies; empty for another.
pub fn embedded(id: &str) -> Files {
    EMBEDDED.get_dir(id).map(|dir| files(dir, id)).unwrap_or_default()
}

/// The fixtures of a policy: compiled in for our own, else beside it or in `fixtures/policies`.
pub fn of(policy: &Policy, sources: &Sources) -> Files {
    let Some(source) = sources.get(policy.source) else { return Files::new() };
    if source.revision == Revision::Embedded {
        return embedded(policy.id());
    }
    let beside = Path::new(&*source.path).parent().map(Path::to_path_buf);
    let folders = beside.into_iter().chain([Path::new("fixtures/policies").join(policy.id())]);
    let mut found = Files::new();
    for entry in folders.filter_map(|folder| std::fs::read_dir(folder).ok()).flat_map(|entries| entries.flatten()) {
        if let Ok(text) = std::fs::read_to_string(entry.path()) {
            found.push((entry.file_name().to_string_lossy().into_owned(), text));
        }
    }
    found.sort();
    found
}

fn files(dir: &'static Dir<'static>, root: &str) -> Files {
    let name = |path: &std::path::Path| {
        let shown = path.strip_prefix(root).unwrap_or(path).to_string_lossy();
        shown.replace('\\', "/")
    };
    let own = dir.files().filter_map(|f| Some((name(f.path()), f.contents_utf8()?.to_owned())));
    let mut found: Files = own.chain(dir.dirs().flat_map(|d| files(d, root))).collect();
    found.sort();
    found
}

impl Example {
    /// The example whose files begin with a word, `fail` or `pass`: a file of its own, or a folder that tells a change.
    pub fn find(files: &Files, word: &str) -> Option<Self> {
        let single = ["tf", "yaml", "plan.json", "json", "input.json"].iter().find_map(|ending| {
            let name = format!("{word}.{ending}");
            files.iter().find(|(other, _)| *other == name)
        });
        if let Some((name, text)) = single {
            return Some(Self { parts: vec![part(name, text)], ..Self::default() });
        }
        let folder = files.iter().filter_map(|(name, _)| name.split_once('/')).map(|(folder, _)| folder);
        let folder = folder.filter(|folder| folder.starts_with(word)).min()?;
        let inside = |(name, text): &(String, String)| {
            Some((name.strip_prefix(folder)?.strip_prefix('/')?.to_owned(), text.clone()))
        };
        Some(story(&files.iter().filter_map(inside).collect()))
    }
}

fn part(name: &str, text: &str) -> Part {
    let language = match name.rsplit('.').next().unwrap_or_default() {
        "tf" => "hcl",
        "json" => "json",
        "yaml" | "yml" => "yaml",
        _ => "text",
    };
    Part { name: name.to_owned(), language, text: cut(text) }
}

fn cut(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut shown = lines.iter().take(MOST_LINES).copied().collect::<Vec<_>>().join("\n");
    shown.push('\n');
    if lines.len() > MOST_LINES {
        shown.push_str(&format!("… ({} more lines)\n", lines.len() - MOST_LINES));
    }
    shown
}

/// A change to a repository: `case.json` with its edits, and whole files.
fn story(files: &Files) -> Example {
    let case = files.iter().find(|(name, _)| name == "case.json");
    let case: Value = case.and_then(|(_, text)| serde_json::from_str(text).ok()).unwrap_or_default();
    let text = |key: &str| case.get(key).and_then(Value::as_str);
    let stage = text("stage").map(|stage| format!("at stage {stage}"));
    let now = text("now").map(|now| format!("on {now}"));
    let at: Vec<String> = stage.into_iter().chain(now).collect();
    let edits = ["base_edits", "edits"].into_iter().filter_map(|key| case.get(key)?.as_object());
    let edits =
        edits.flatten().map(|(name, edits)| Part { name: name.clone(), language: "diff", text: cut(&diff(edits)) });
    let whole = files.iter().filter_map(|(name, text)| {
        let name = name.strip_prefix("tree/").or_else(|| name.strip_prefix("base/"))?;
        Some(part(name, text))
    });
    Example {
        why: text("why").map(str::to_owned),
        at: (!at.is_empty()).then(|| at.join(", ")),
        parts: edits.chain(whole).collect(),
    }
}

/// `[[from, to]]` as a diff without line numbers.
fn diff(edits: &Value) -> String {
    let mut out = String::new();
    for edit in edits.as_array().into_iter().flatten() {
        let side = |at: usize| edit.get(at).and_then(Value::as_str).unwrap_or_default();
        let (from, to) = (side(0), side(1));
        let (mut before, mut after): (Vec<&str>, Vec<&str>) = (from.lines().collect(), to.lines().collect());
        let same = before.iter().zip(&after).take_while(|(a, b)| a == b).count();
        for line in before.drain(..same) {
            out.push_str(&format!(" {line}\n"));
        }
        after.drain(..same);
        before.iter().for_each(|line| out.push_str(&format!("-{line}\n")));
        after.iter().for_each(|line| out.push_str(&format!("+{line}\n")));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_wins_and_a_folder_tells_a_story() {
        let files: Files = [
            ("fail.input.json", "{}"),
            ("fail.yaml", "a: 1"),
            (
                "pass/case.json",
                r#"{"why": "It is late.", "stage": "apply", "edits": {"a.yaml": [["x: 1\ny: 2\n", "x: 1\ny: 3\n"]]}}"#,
            ),
        ]
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .to_vec();
        assert_eq!(
            Example::find(&files, "fail").unwrap().parts,
            [Part { name: "fail.yaml".into(), language: "yaml", text: "a: 1\n".into() }]
        );
        let story = Example::find(&files, "pass").unwrap();
        assert_eq!((story.why.as_deref(), story.at.as_deref()), (Some("It is late."), Some("at stage apply")));
        assert_eq!(story.parts[0].text, " x: 1\n-y: 2\n+y: 3\n");
        assert_eq!(Example::find(&files, "unknown"), None);
    }

    #[test]
    fn every_own_policy_has_both() {
        assert!(EMBEDDED.dirs().count() > 60);
        for dir in EMBEDDED.dirs() {
            let id = dir.path().to_string_lossy();
            for word in ["fail", "pass"] {
                let example = Example::find(&embedded(&id), word);
                assert!(example.is_some_and(|e| !e.parts.is_empty() || e.why.is_some()), "{id} {word}");
            }
        }
    }
}
