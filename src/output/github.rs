//! Workflow commands of GitHub Actions: each line becomes an annotation on the pull request.
//!
//! The runner takes every line that starts with `::` for a command, so whatever came from outside is escaped; see
//! <https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands>. It shows ten errors, ten
//! warnings and ten notices a step: what blocks comes first.

use std::fmt::Write;

use super::text::push_visible;
use crate::facts::Stage;
use crate::finding::{Answer, Diagnostic, Enforcement, Finding, Level, Status};
use crate::outcome::Outcome;
use crate::source::Location;

/// Writes diagnostics and findings as annotations, and the verdict as the last line.
pub(super) fn render(outcome: &Outcome) -> String {
    let mut annotations: Vec<Annotation> = Vec::new();
    annotations.extend(outcome.diagnostics.iter().map(|d| diagnostic(d, outcome)));
    annotations.extend(outcome.findings.iter().map(|f| finding(f, outcome)));
    annotations.sort_by_key(|a| a.command);
    let mut out: String = annotations.iter().map(Annotation::line).collect();
    out.push_str(&last_line(outcome));
    out
}

/// Ordered as they are shown.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Command {
    Error,
    Warning,
    Notice,
}

impl Command {
    fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }
}

struct Annotation {
    command: Command,
    file: Option<String>,
    place: Option<Location>,
    title: String,
    message: String,
}

impl Annotation {
    fn line(&self) -> String {
        let mut properties: Vec<String> = Vec::new();
        if let Some(file) = &self.file {
            properties.push(format!("file={}", property(file)));
        }
        if let Some(p) = &self.place {
            properties.push(format!("line={},endLine={}", p.line, p.end_line));
            // The runner refuses columns of an annotation that spans lines.
            if p.line == p.end_line {
                properties.push(format!("col={},endColumn={}", p.column, p.end_column));
            }
        }
        properties.push(format!("title={}", property(&self.title)));
        format!("::{} {}::{}\n", self.command.as_str(), properties.join(","), data(&self.message))
    }
}

fn finding(f: &Finding, outcome: &Outcome) -> Annotation {
    let place = f.span.and_then(|span| outcome.sources.locate(span));
    let mut message = match f.status {
        Status::Open => String::new(),
        Status::Waived => "(waived) ".into(),
        Status::Overridden => "(lifted by an emergency override) ".into(),
        Status::Preexisting => "(was there before this change) ".into(),
    };
    message.push_str(&f.message);
    append(&mut message, "Help", &f.remediation);
    for decided in f.because.iter().filter_map(|span| outcome.sources.locate(*span)) {
        append(&mut message, "Decided by", &decided.to_string());
    }
    Annotation {
        command: command(f, outcome.stage),
        file: place.as_ref().map(|p| p.path.to_string()),
        place,
        title: format!("{} {}", f.policy, f.title),
        message,
    }
}

fn command(f: &Finding, stage: Stage) -> Command {
    match (f.blocks(stage == Stage::Apply), f.status, f.answer, f.enforcement) {
        (true, ..) => Command::Error,
        (false, Status::Open, Answer::Fail, _) => Command::Warning,
        (false, Status::Open, Answer::Unknown, Enforcement::Hard | Enforcement::Soft) => Command::Warning,
        _ => Command::Notice,
    }
}

fn diagnostic(d: &Diagnostic, outcome: &Outcome) -> Annotation {
    let place = d.span.and_then(|span| outcome.sources.locate(span));
    let mut message = d.message.clone();
    append(&mut message, "Help", &d.help);
    Annotation {
        command: match d.level {
            Level::Error => Command::Error,
            Level::Warning => Command::Warning,
            Level::Note => Command::Notice,
        },
        file: place.as_ref().map(|p| p.path.clone()).or_else(|| d.path.clone()).map(|p| p.to_string()),
        place,
        title: d.code.into(),
        message,
    }
}

fn append(message: &mut String, word: &str, text: &str) {
    if !text.is_empty() {
        let _ = write!(message, "\n{word}: {text}");
    }
}

/// Only words of ours and numbers: this line is not escaped.
fn last_line(outcome: &Outcome) -> String {
    let blocking = outcome.findings.iter().filter(|f| f.blocks(outcome.stage == Stage::Apply)).count();
    let errors = outcome.diagnostics.iter().filter(|d| d.level == Level::Error).count();
    format!(
        "changegate: {} at stage {} (exit code {}): {} in the way, {} not judged, {}\n",
        outcome.decision.as_str(),
        outcome.stage.as_str(),
        outcome.exit_code(),
        super::count(blocking, "finding", "findings"),
        outcome.summary.unknown,
        super::count(errors, "error in the input", "errors in the input"),
    )
}

/// The text of a command. Line breaks survive as `%0A`; other control characters are spelled out.
fn data(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '%' => out.push_str("%25"),
            '\r' => out.push_str("%0D"),
            '\n' => out.push_str("%0A"),
            '\t' => out.push(' '),
            c => push_visible(&mut out, c),
        }
    }
    out
}

/// The value of a property: also what separates properties is escaped.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_ends_a_line_or_a_property() {
        assert_eq!(data("100%\r\n::error::x\x1b[2J"), r"100%25%0D%0A::error::x\u{1b}[2J");
        assert_eq!(property("a:b,c%\nd"), "a%3Ab%2Cc%25%0Ad");
    }
}
