//! Rendering a chart, and which template each object came from.

use std::ffi::OsString;

use super::closure::Closure;
use super::program::{self, Failure, Limits, Programs, Tool};
use super::release::Deployment;
use super::scratch::Scratch;

/// What starts each object that Helm prints.
const SOURCE: &str = "# Source: ";

/// What Helm printed for one object: the template as Helm names it, and the text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Printed {
    pub(super) template: String,
    pub(super) text: String,
}

/// The objects of a chart as it is deployed. Tests are left out: nobody deploys them.
pub(super) fn render(
    closure: &Closure,
    deployment: &Deployment,
    programs: &Programs,
    limits: &Limits,
) -> Result<Vec<Printed>, Failure> {
    let missing = || Failure::Start(std::io::ErrorKind::NotFound.into());
    let (program, first) = programs.find(Tool::Helm).ok_or_else(missing)?;
    let scratch = Scratch::new(&closure.files).map_err(Failure::Start)?;
    let mut arguments: Vec<OsString> = first.iter().map(Into::into).collect();
    let chart = if deployment.chart.is_empty() { "." } else { &deployment.chart };
    // `./` keeps Helm from taking the folder for the name of a repository, and a leading dash for an option.
    arguments.extend([OsString::from(release_name(deployment)), format!("./{chart}").into()]);
    arguments.extend(["--include-crds".into(), "--skip-tests".into()]);
    if let Some(namespace) = &deployment.namespace {
        arguments.push(format!("--namespace={namespace}").into());
    }
    for file in &deployment.values {
        arguments.push(format!("--values=./{}", file.path).into());
    }
    for (index, node) in deployment.inline.iter().enumerate() {
        let path = format!(".changegate-values/{index}.json");
        scratch.write(&path, &serde_json::to_vec(&**node).unwrap_or_default()).map_err(Failure::Start)?;
        arguments.push(format!("--values=./{path}").into());
    }
    for (name, value, text) in &deployment.parameters {
        let option = if *text { "--set-string" } else { "--set" };
        arguments.push(format!("{option}={name}={}", escape(value)).into());
    }
    let printed = program::run(&program, &arguments, &scratch, limits).map_err(|failure| match failure {
        Failure::Ended(status, said) => Failure::Ended(status, scratch.told(&said)),
        other => other,
    })?;
    Ok(split(&String::from_utf8_lossy(&printed)))
}

/// A name that Helm takes: lower case, at most 53 characters, no leading dash.
fn release_name(deployment: &Deployment) -> String {
    let name: String = deployment.release.to_lowercase().chars().map(|c| if is_name(c) { c } else { '-' }).collect();
    let name = name.trim_matches(['-', '.']).chars().take(53).collect::<String>();
    if name.is_empty() { "release".into() } else { name.trim_end_matches(['-', '.']).into() }
}

fn is_name(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.')
}

/// Commas end a value of `--set`.
fn escape(value: &str) -> String {
    value.replace("\\,", ",").replace(',', "\\,")
}

/// Cuts what Helm printed at its separators.
fn split(printed: &str) -> Vec<Printed> {
    let mut found: Vec<Printed> = Vec::new();
    let mut lines = printed.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        let starts = line.trim_end() == "---";
        match lines.peek().and_then(|next| next.strip_prefix(SOURCE)).filter(|_| starts) {
            Some(template) => found.push(Printed { template: template.trim_end().to_owned(), text: String::new() }),
            None => {
                if let Some(last) = found.last_mut() {
                    last.text.push_str(line);
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_cut_at_its_sources() {
        let text = "WARNING\n---\n# Source: a/templates/x.yaml\nkind: A\n---\n# Source: a/crds/y.yaml\nkind: B\n---\nkind: C\n";
        let found = split(text);
        let shown: Vec<_> = found.iter().map(|p| (p.template.as_str(), p.text.as_str())).collect();
        assert_eq!(
            shown,
            [
                ("a/templates/x.yaml", "# Source: a/templates/x.yaml\nkind: A\n"),
                ("a/crds/y.yaml", "# Source: a/crds/y.yaml\nkind: B\n---\nkind: C\n")
            ]
        );
    }

    #[test]
    fn names_are_made_to_fit() {
        let name = |release: &str| release_name(&Deployment { release: release.into(), ..Deployment::default() });
        assert_eq!(name("Orders_API"), "orders-api");
        assert_eq!(name("--evil"), "evil");
        assert_eq!(name(""), "release");
        assert_eq!(name(&"a".repeat(80)).len(), 53);
        assert_eq!(escape("a,b\\,c"), "a\\,b\\,c");
    }
}
