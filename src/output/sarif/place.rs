//! Places as SARIF writes them: relative, percent-encoded URIs and regions.

use super::BASE;
use super::log::{ArtifactLocation, Location, LogicalLocation, PhysicalLocation, Region};
use crate::finding::Finding;
use crate::source::{Sources, Span};

/// The file that governs the gate: where a finding about the change as a whole is shown. Code scanning refuses a log
/// in which one result has no file.
const WHOLE_CHANGE: &str = "changegate.yaml";

/// The place of a span.
pub(super) fn of(span: Option<Span>, sources: &Sources) -> Option<Location> {
    let place = sources.locate(span?)?;
    let region = Region {
        start_line: place.line,
        start_column: place.column,
        end_line: place.end_line,
        end_column: place.end_column,
    };
    Some(location(&place.path, Some(region)))
}

/// A whole file.
pub(super) fn of_file(path: &str) -> Location {
    location(path, None)
}

/// The place of a finding, with the resource it is about.
pub(super) fn of_finding(f: &Finding, sources: &Sources) -> Location {
    let place = of(f.span, sources).unwrap_or_else(|| of_file(WHOLE_CHANGE));
    let resource = f.resource.as_deref();
    let logical = resource.map(|id| LogicalLocation { fully_qualified_name: id.into(), kind: "resource" });
    Location { logical_locations: logical.into_iter().collect(), ..place }
}

fn location(path: &str, region: Option<Region>) -> Location {
    let absolute = path.starts_with('/') || path.get(1..3) == Some(":/");
    let uri = crate::output::encode(path);
    let artifact_location = match absolute {
        true => ArtifactLocation { uri: format!("file:///{}", uri.trim_start_matches('/')), uri_base_id: None },
        false => ArtifactLocation { uri, uri_base_id: Some(BASE) },
    };
    Location {
        id: None,
        message: None,
        physical_location: PhysicalLocation { artifact_location, region },
        logical_locations: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_uris() {
        let uri = |path: &str| of_file(path).physical_location.artifact_location.uri;
        assert_eq!(uri("k8s/orders api/ü:1.yaml"), "k8s/orders%20api/%C3%BC%3A1.yaml");
        assert_eq!(uri("/etc/a.yaml"), "file:///etc/a.yaml");
        assert_eq!(uri("C:/x.yaml"), "file:///C%3A/x.yaml");
    }
}
