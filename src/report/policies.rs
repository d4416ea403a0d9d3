//! The pages about policies: what each demands, why, what to do, an example of either kind; an index by family and by control.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::finding::Enforcement;
use crate::policy::example::{self, Example};
use crate::policy::library::{Library, Policy, is_per_resource};
use crate::source::Sources;

/// First line of every page.
const GENERATED: &str = "<!-- Written by `changegate policy docs`. -->\n\n";

/// Whether a text is a page that was written here: nothing else is replaced or removed.
pub fn is_page(text: &str) -> bool {
    text.starts_with(GENERATED.trim_end())
}

/// Pages by file name: one for each policy, and `README.md`. `to_root` leads from their directory to where the paths of the
/// policies start: `../../`.
pub fn pages(library: &Library, sources: &Sources, to_root: &str) -> BTreeMap<String, String> {
    let page = |policy: &Policy| (format!("{}.md", policy.id()), page(policy, sources, to_root));
    let mut pages: BTreeMap<String, String> = library.policies.iter().map(page).collect();
    pages.insert("README.md".into(), index(library, sources));
    pages
}

fn page(policy: &Policy, sources: &Sources, to_root: &str) -> String {
    let (metadata, custom) = (&policy.metadata, &policy.metadata.custom);
    let mut out = format!("{GENERATED}# {} {}\n\n{}\n\n", custom.id, metadata.title, one_line(&metadata.description));
    let judges = if is_per_resource(policy) {
        custom.targets.iter().map(|t| format!("`{t}`")).collect::<Vec<_>>().join(", ")
    } else {
        "the change as a whole".to_owned()
    };
    let controls = custom.controls.iter().map(|(framework, controls)| format!("{framework} {}", controls.join(", ")));
    let _ = writeln!(out, "| | |\n|---|---|");
    for (name, value) in [
        ("severity", custom.severity.as_str().to_owned()),
        ("enforcement", enforcement(policy)),
        ("judges", judges),
        ("stages", custom.stages.join(", ")),
        ("controls", controls.collect::<Vec<_>>().join(" · ")),
        ("since", custom.since.clone()),
    ] {
        let _ = writeln!(out, "| {name} | {} |", value.replace('|', "\\|"));
    }
    let _ = writeln!(out, "\n## What to do\n\n{}", one_line(&custom.remediation));
    let files = example::of(policy, sources);
    for (word, title) in [("fail", "Denied"), ("pass", "Not denied")] {
        if let Some(example) = Example::find(&files, word) {
            let _ = write!(out, "\n## {title}\n\n{}", shown(&example));
        }
    }
    let _ = writeln!(out, "\n## Read more\n");
    for link in &metadata.related_resources {
        let _ = writeln!(out, "- <{}>", link.link());
    }
    let path = sources.get(policy.source).map_or("", |s| &s.path);
    let _ = writeln!(out, "- [the policy]({})", link(path, to_root));
    out
}

/// Where a module is found from its page.
fn link(path: &str, to_root: &str) -> String {
    if path.starts_with('/') || path.contains("://") { path.to_owned() } else { format!("{to_root}{path}") }
}

fn enforcement(policy: &Policy) -> String {
    let custom = &policy.metadata.custom;
    let meaning = match custom.enforcement {
        Enforcement::Hard => "hard: no waiver lifts it",
        Enforcement::Soft => "soft: blocks unless a valid waiver exists",
        Enforcement::Advisory => "advisory: reported",
    };
    let at = custom.stage_enforcement.iter().map(|(stage, other)| format!("; {} at {stage}", other.as_str()));
    at.fold(meaning.to_owned(), |text, at| text + &at)
}

/// An example in Markdown.
fn shown(example: &Example) -> String {
    let mut out = String::new();
    let words: Vec<String> =
        example.why.iter().cloned().chain(example.at.iter().map(|at| format!("Judged {at}."))).collect();
    if !words.is_empty() {
        let _ = writeln!(out, "{}", words.join(" "));
    }
    for part in &example.parts {
        let fence = if part.text.contains("```") { "````" } else { "```" };
        let space = if out.is_empty() { "" } else { "\n" };
        let name = if part.language == "diff" { format!("`{}`:\n\n", part.name) } else { String::new() };
        let _ = writeln!(out, "{space}{name}{fence}{}\n{}{fence}", part.language, part.text);
    }
    out
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn index(library: &Library, sources: &Sources) -> String {
    let mut out = format!("{GENERATED}# Policies\n\n{} policies, by family and by control.\n", library.policies.len());
    let mut families: BTreeMap<String, Vec<&Policy>> = BTreeMap::new();
    for policy in &library.policies {
        let path = sources.get(policy.source).map_or("", |s| &s.path);
        let family = path.rsplit('/').nth(2).unwrap_or_default().to_owned();
        families.entry(family).or_default().push(policy);
    }
    for (family, policies) in &families {
        let _ = writeln!(out, "\n## {family}\n\n| | | severity | enforcement |\n|---|---|---|---|");
        for policy in policies {
            let (id, custom) = (policy.id(), &policy.metadata.custom);
            let (severity, enforcement) = (custom.severity.as_str(), custom.enforcement.as_str());
            let _ = writeln!(out, "| [{id}]({id}.md) | {} | {severity} | {enforcement} |", policy.metadata.title);
        }
    }
    let mut controls: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for policy in &library.policies {
        for (framework, served) in &policy.metadata.custom.controls {
            served.iter().for_each(|c| controls.entry((framework, c)).or_default().push(policy.id()));
        }
    }
    let _ = writeln!(out, "\n## By control");
    let mut last = "";
    for ((framework, control), ids) in &controls {
        if *framework != last {
            let _ = writeln!(out, "\n| {framework} | |\n|---|---|");
            last = framework;
        }
        let links: Vec<String> = ids.iter().map(|id| format!("[{id}]({id}.md)")).collect();
        let _ = writeln!(out, "| {control} | {} |", links.join(", "));
    }
    out
}
