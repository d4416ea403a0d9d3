//! One manifest file to documents: YAML or a stream of JSON, as kubectl guesses.

use crate::parse::yaml::{self, Limits};
use crate::parse::{Documents, json};
use crate::source::SourceId;

/// Reads a manifest, whatever its file name.
///
/// kubectl takes a text that begins with `{` for a stream of JSON values. What is no such stream may still
/// be YAML in flow style, or JSON values between `---` lines, which kubectl reads since 1.33: then the YAML
/// reading counts. A text that is neither gets the JSON reader's faults, which are the clearer ones.
pub fn read(source: SourceId, text: &str, limits: &Limits) -> Documents {
    if !text.trim_start_matches('\u{feff}').trim_start().starts_with('{') {
        return yaml::parse(source, text, limits);
    }
    let as_json = json::parse_all(source, text);
    if as_json.is_complete() {
        return as_json;
    }
    if !as_json.documents.is_empty() && text.lines().any(|line| line.starts_with("...")) {
        // After a JSON value kubectl knows no `...`.
        return as_json;
    }
    let as_yaml = yaml::parse(source, text, limits);
    let skipped = as_yaml.diagnostics.iter().any(|d| d.code == yaml::SKIPPED);
    if as_yaml.is_complete() && !skipped { as_yaml } else { as_json }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> (usize, Vec<&'static str>) {
        let found = read(SourceId(0), text, &Limits::default());
        (found.documents.len(), found.diagnostics.iter().map(|d| d.code).collect())
    }

    #[test]
    fn json_streams_and_flow_yaml() {
        assert_eq!(codes("{\"a\": 1}\n{\"b\": 2}"), (2, vec![]));
        assert_eq!(codes("{\"a\": 1}\n---\n{\"b\": 2}\n"), (2, vec![]));
        assert_eq!(codes("{a: 1}\n"), (1, vec![]));
        assert_eq!(codes("{a: 1}\n{b: 2}\n"), (0, vec!["json::syntax"]));
        assert_eq!(codes("{\"a\": 1} garbage"), (1, vec!["json::syntax"]));
    }
}
