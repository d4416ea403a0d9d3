//! One text to resources, by its format.

use crate::discover::Format;
use crate::facts::Resource;
use crate::finding::{Diagnostic, Level};
use crate::kubernetes::{self, Document};
use crate::parse::yaml;
use crate::source::{Source, SourceId};
use crate::terraform;

/// One parsed file.
#[derive(Default)]
pub(super) struct Parsed {
    pub(super) resources: Vec<Resource>,
    pub(super) terraform: Option<terraform::source::File>,
    pub(super) documents: usize,
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// Reads one text.
pub(super) fn parse(id: SourceId, format: Format, source: &Source) -> Parsed {
    match format {
        Format::Terraform | Format::TerraformJson => {
            let (file, diagnostics) = terraform::source::read(id, &source.path, &source.text);
            Parsed { terraform: Some(file), documents: 1, diagnostics, ..Parsed::default() }
        }
        Format::Json if !may_be_an_object(&source.text) => Parsed::default(),
        Format::Json | Format::Yaml => {
            let read = kubernetes::read(id, &source.text, &yaml::Limits::default());
            let mut parsed = Parsed { documents: read.documents.len(), ..Parsed::default() };
            parsed.diagnostics = read.diagnostics.into_iter().map(|fault| soften(fault, &source.text)).collect();
            for document in read.documents {
                if let Document::Kubernetes(objects) = kubernetes::objects(document) {
                    parsed.resources.extend(objects.resources);
                    parsed.diagnostics.extend(objects.diagnostics);
                }
            }
            parsed
        }
    }
}

/// Whether a text could hold a Kubernetes object: it has the word, or an escape that could spell it (`\x61`, `\u0061`, or
/// a quoted word that goes on in the next line after `\`).
fn may_be_an_object(text: &str) -> bool {
    const QUOTED: &str = "\"apiVersion";
    let begun = |before: &str| (1..QUOTED.len()).any(|n| QUOTED.get(..n).is_some_and(|start| before.ends_with(start)));
    let spells = |at: usize| match text.as_bytes().get(at + 1) {
        Some(b'x' | b'u' | b'U') => true,
        Some(b'\n' | b'\r') => text.get(..at).is_some_and(begun),
        _ => false,
    };
    text.contains("apiVersion") || text.match_indices('\\').any(|(at, _)| spells(at))
}

/// A YAML file that no cluster would take, because the word `apiVersion` is nowhere in it, is not a manifest.
fn soften(mut fault: Diagnostic, text: &str) -> Diagnostic {
    if fault.level == Level::Error && !may_be_an_object(text) {
        fault.level = Level::Warning;
    }
    fault
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_cannot_hide_its_words() {
        for text in [
            "apiVersion: v1",
            "{\"\\u0061piVersion\": \"v1\"}",
            "\"\\x61piVersion\": v1",
            "\"api\\\n  Version\": v1",
            "\"\\\napiVersion\": v1",
        ] {
            assert!(may_be_an_object(text), "{text}");
        }
        for text in ["{\"name\": \"a package\"}", "run: |\n  docker run \\\n    \"x\"", "a: 'b\\n'"] {
            assert!(!may_be_an_object(text), "{text}");
        }
    }
}
