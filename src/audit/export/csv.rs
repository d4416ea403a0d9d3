//! RFC 4180, for spreadsheets. Every cell is quoted, and none is taken for a formula.

use crate::audit::reading::Reading;

const COLUMNS: [&str; 16] = [
    "index",
    "id",
    "kind",
    "judged_at",
    "stage",
    "verdict",
    "decision",
    "actor",
    "assurance",
    "repository",
    "branch",
    "pull_request",
    "change",
    "head",
    "services",
    "failed_policies",
];

pub(super) fn head() -> String {
    format!("{}\r\n", COLUMNS.join(","))
}

pub(super) fn line(reading: &Reading) -> String {
    let text = |pointer: &str| reading.text(pointer).unwrap_or_default().to_owned();
    let actor = ["/who/login", "/who/email", "/who/id"].into_iter().find_map(|p| reading.text(p)).unwrap_or_default();
    let cells = [
        reading.index.to_string(),
        text("/id"),
        reading.kind().to_owned(),
        reading.text("/when/judged_at").or_else(|| reading.text("/when/recorded_at")).unwrap_or_default().to_owned(),
        text("/stage"),
        text("/verdict"),
        text("/decision"),
        actor.to_owned(),
        text("/who/assurance"),
        text("/where/repository"),
        text("/where/branch"),
        text("/where/pull_request"),
        text("/what/change"),
        reading.head().unwrap_or_default().to_owned(),
        services(reading),
        failed(reading),
    ];
    let mut line = String::new();
    row(cells.iter().map(String::as_str), &mut line);
    line
}

fn services(reading: &Reading) -> String {
    let mut services: Vec<&str> =
        reading.list("/what/resources").iter().filter_map(|r| r["service"].as_str()).collect();
    services.sort_unstable();
    services.dedup();
    services.join(" ")
}

fn failed(reading: &Reading) -> String {
    let failed = reading.list("/why").iter().filter(|p| p["verdict"] == "fail").filter_map(|p| p["id"].as_str());
    failed.collect::<Vec<_>>().join(" ")
}

/// Adds a row. A spreadsheet runs what begins with one of these signs; behind an apostrophe it is text (OWASP, CSV
/// injection).
pub(crate) fn row<'a>(cells: impl IntoIterator<Item = &'a str>, out: &mut String) {
    for (n, cell) in cells.into_iter().enumerate() {
        out.push_str(if n > 0 { ",\"" } else { "\"" });
        if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
            out.push('\'');
        }
        for (n, part) in cell.split('"').enumerate() {
            out.push_str(if n > 0 { "\"\"" } else { "" });
            out.push_str(part);
        }
        out.push('"');
    }
    out.push_str("\r\n");
}
