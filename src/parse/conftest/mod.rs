//! Configuration files in the shapes that Conftest's parsers give them, with spans.
//!
//! A policy written for Conftest reads `input` as its parser made it: `resource.aws_s3_bucket.logs[0]` of HCL, a list of commands of a
//! Dockerfile. So the shapes are Conftest's (<https://github.com/open-policy-agent/conftest>, `parser/`), and only the
//! places are ours. Formats that no well-kept reader exists for are refused by name.

mod dockerfile;
mod dotenv;
mod hcl2;
mod ignore_file;
mod ini;
mod lines;
mod properties;
mod toml_file;
mod xml;

use super::tree::{Node, Value};
use super::{Documents, json, yaml};
use crate::finding::Diagnostic;
use crate::source::SourceId;

/// A parser, by Conftest's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Parser {
    Dockerfile,
    Dotenv,
    Hcl2,
    Ignore,
    Ini,
    Json,
    Properties,
    Toml,
    Xml,
    Yaml,
}

/// The parsers that there are, by Conftest's names.
const PARSERS: [(&str, Parser); 10] = [
    ("dockerfile", Parser::Dockerfile),
    ("dotenv", Parser::Dotenv),
    ("hcl2", Parser::Hcl2),
    ("ignore", Parser::Ignore),
    ("ini", Parser::Ini),
    ("json", Parser::Json),
    ("properties", Parser::Properties),
    ("toml", Parser::Toml),
    ("xml", Parser::Xml),
    ("yaml", Parser::Yaml),
];

/// Parsers of Conftest that this program does not have.
const MISSING: [&str; 12] =
    ["cue", "cyclonedx", "edn", "groovy", "hcl1", "hocon", "jsonc", "jsonnet", "nginx", "spdx", "textproto", "vcl"];

impl Parser {
    /// The parser of a name that `--parser` was given.
    ///
    /// # Errors
    /// What is wrong with the name, for people.
    pub fn named(name: &str) -> Result<Self, String> {
        if let Some((_, parser)) = PARSERS.iter().find(|(known, _)| *known == name) {
            return Ok(*parser);
        }
        let known = PARSERS.map(|(name, _)| name).join(", ");
        match MISSING.contains(&name) {
            true => Err(format!("Conftest's parser `{name}` is not part of this program; it has {known}")),
            false => Err(format!("there is no parser `{name}`; there are {known}")),
        }
    }

    /// Conftest's name of it.
    pub fn name(self) -> &'static str {
        PARSERS.iter().find(|(_, parser)| *parser == self).map_or("", |(name, _)| name)
    }

    /// The parser that Conftest picks for a path (`parser.NewFromPath`); `None` for what it, or we, cannot read.
    pub fn of_path(path: &str) -> Option<Self> {
        let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
        let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
        if name == "dockerfile" || name.starts_with("dockerfile.") || ending == "dockerfile" {
            return Some(Self::Dockerfile);
        }
        if name == ".env" || name.starts_with(".env.") || ending == "env" {
            return Some(Self::Dotenv);
        }
        match ending {
            "yml" | "yaml" => Some(Self::Yaml),
            "hcl" | "tf" | "tfvars" => Some(Self::Hcl2),
            "gitignore" | "dockerignore" => Some(Self::Ignore),
            other => Self::named(other).ok(),
        }
    }
}

/// Reads one file: each document is one `input`.
///
/// As in Conftest, a file whose only value is a list is judged item by item.
pub fn read(parser: Parser, source: SourceId, text: &str) -> Documents {
    let mut found = match parser {
        Parser::Yaml => yaml::parse(source, text, &yaml::Limits::default()),
        Parser::Json => one(json::parse(source, text)),
        Parser::Hcl2 => hcl2::read(source, text),
        Parser::Toml => one(toml_file::read(source, text)),
        Parser::Ini => one(ini::read(source, text)),
        Parser::Dotenv => one(dotenv::read(source, text)),
        Parser::Properties => one(properties::read(source, text)),
        Parser::Dockerfile => one(dockerfile::read(source, text)),
        Parser::Ignore => one(Ok(ignore_file::read(source, text))),
        Parser::Xml => one(xml::read(source, text)),
    };
    let is_list = |parser: Parser| !matches!(parser, Parser::Dockerfile | Parser::Ignore);
    if is_list(parser)
        && let [Node { value: Value::Seq(items), .. }] = found.documents.as_mut_slice()
    {
        found.documents = std::mem::take(items);
    }
    found
}

fn one(read: Result<Node, Diagnostic>) -> Documents {
    match read {
        Ok(node) => Documents { documents: vec![node], diagnostics: Vec::new() },
        Err(fault) => Documents { documents: Vec::new(), diagnostics: vec![fault] },
    }
}

#[cfg(test)]
pub(super) fn json_of(parser: Parser, text: &str) -> serde_json::Value {
    let read = read(parser, SourceId(0), text);
    assert!(read.diagnostics.is_empty(), "{:?}", read.diagnostics);
    assert_eq!(read.documents.len(), 1);
    serde_json::to_value(&read.documents[0]).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_choose_the_parser_as_in_conftest() {
        let cases = [
            ("a/Dockerfile", Some(Parser::Dockerfile)),
            ("Dockerfile.dev", Some(Parser::Dockerfile)),
            ("dev.dockerfile", Some(Parser::Dockerfile)),
            (".env.prod", Some(Parser::Dotenv)),
            ("prod.env", Some(Parser::Dotenv)),
            ("a.tfvars", Some(Parser::Hcl2)),
            ("a.tf", Some(Parser::Hcl2)),
            (".dockerignore", Some(Parser::Ignore)),
            ("a.xml", Some(Parser::Xml)),
            ("A.YAML", Some(Parser::Yaml)),
            ("nginx.conf", None),
            ("README.md", None),
            ("yaml", None),
        ];
        cases.iter().for_each(|(path, parser)| assert_eq!(Parser::of_path(path), *parser, "{path}"));
        assert!(Parser::named("cue").unwrap_err().contains("not part"));
        assert!(Parser::named("yml").unwrap_err().contains("there is no"));
        assert!(PARSERS.iter().all(|(name, parser)| parser.name() == *name));
    }

    #[test]
    fn a_list_is_judged_item_by_item() {
        let read = |parser, text| read(parser, SourceId(0), text).documents.len();
        assert_eq!(read(Parser::Json, "[{\"a\": 1}, {\"a\": 2}]"), 2);
        assert_eq!(read(Parser::Yaml, "- a\n- b\n"), 2);
        assert_eq!(read(Parser::Yaml, "a: 1\n---\nb: 1\n"), 2);
        assert_eq!(read(Parser::Dockerfile, "FROM a\nRUN b\n"), 1);
    }
}
