//! Workflow commands of GitHub Actions: each line becomes an annotation on the pull request.
//!
//! The runner takes every line that starts with `::` for a command, so whatever came from outside is escaped; see
//! <https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands>. It shows ten errors, ten
//! warnings and ten notices a step and drops the rest: the most important ones come first, and what would be dropped is
//! written to the log as plain lines, as is what is said about files that the change leaves alone. What is older than
//! the change is only counted.

use std::fmt::Write;

use super::alike::{by, said_again, seen};
use super::text::{push_visible, visible};
use super::words;
use crate::facts::Stage;
use crate::finding::{Answer, Diagnostic, Enforcement, Finding, Level, Severity, Status};
use crate::outcome::Outcome;
use crate::source::{Location, Sources};

/// Annotations of one level that the runner shows for a step.
const SHOWN: usize = 10;

/// Writes diagnostics and findings as annotations, and the verdict as the last line.
pub(super) fn render(outcome: &Outcome) -> String {
    let mut annotations: Vec<Annotation> = Vec::new();
    let (asides, said): (Vec<&Diagnostic>, Vec<&Diagnostic>) = outcome.diagnostics.iter().partition(|d| d.aside);
    annotations.extend(said.into_iter().map(|d| diagnostic(d, &outcome.sources)));
    let introduced = outcome.findings.iter().filter(|f| f.status != Status::Preexisting);
    // The runner shows few: what reads the same is worth one.
    let alike = by(&introduced.collect::<Vec<_>>(), |f| seen(f));
    annotations.extend(alike.iter().filter_map(|alike| Some(finding(alike.first()?, alike.len(), outcome))));
    let (mut out, mut left) = lines(annotations);
    left.extend(asides.into_iter().map(|d| diagnostic(d, &outcome.sources).plain()));
    out.push_str(&left);
    out.push_str(&last_line(outcome, left.lines().count()));
    out
}

/// Diagnostics alone, for commands that have no outcome.
pub(super) fn diagnostics(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let (shown, left) = lines(diagnostics.iter().map(|d| diagnostic(d, sources)).collect());
    shown + &left
}

/// The annotations that the runner shows, and the lines of those that it would drop.
fn lines(mut annotations: Vec<Annotation>) -> (String, String) {
    annotations.sort_by_key(|a| (a.command, a.rank));
    let (mut out, mut left) = (String::new(), String::new());
    for level in annotations.chunk_by(|a, b| a.command == b.command) {
        let (shown, rest) = level.split_at(level.len().min(SHOWN));
        out.extend(shown.iter().map(Annotation::line));
        left.extend(rest.iter().map(Annotation::plain));
    }
    (out, left)
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

/// What matters more comes first: an input that cannot be read, what has to be mended, what is awaited, by severity.
type Rank = (u8, Option<Severity>);

struct Annotation {
    command: Command,
    rank: Rank,
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

    /// For the log, as words that command nothing: the runner finds `##[` anywhere in a line.
    fn plain(&self) -> String {
        let place = self.place.as_ref().map(ToString::to_string).or_else(|| self.file.clone());
        let place = place.map(|place| format!(" at {place}")).unwrap_or_default();
        let text = format!("not shown: {}{place}: {}: {}", self.command.as_str(), self.title, self.message);
        format!("{}\n", visible(&text).replace("##[", "# #["))
    }
}

fn finding(f: &Finding, times: usize, outcome: &Outcome) -> Annotation {
    let place = f.span.and_then(|span| outcome.sources.locate(span));
    let mut message = format!("{}{}", f.message, said_again("×", times));
    append(&mut message, "Status", &words::lifted(f, outcome).unwrap_or_default());
    append(&mut message, "Help", &f.remediation);
    for decided in f.because.iter().filter_map(|span| outcome.sources.locate(*span)) {
        append(&mut message, "Decided by", &decided.to_string());
    }
    Annotation {
        command: command(f, outcome.stage),
        rank: (if f.pending { 2 } else { 1 }, Some(f.severity)),
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

fn diagnostic(d: &Diagnostic, sources: &Sources) -> Annotation {
    let place = d.span.and_then(|span| sources.locate(span));
    let mut message = d.message.clone();
    append(&mut message, "Help", &d.help);
    Annotation {
        command: match d.level {
            Level::Error => Command::Error,
            Level::Warning => Command::Warning,
            Level::Note => Command::Notice,
        },
        rank: (0, None),
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
fn last_line(outcome: &Outcome, left: usize) -> String {
    let blocking = outcome.findings.iter().filter(|f| f.blocks(outcome.stage == Stage::Apply)).count();
    let errors = outcome.diagnostics.iter().filter(|d| d.level == Level::Error).count();
    let left = if left > 0 { format!(", {left} not shown as annotations") } else { String::new() };
    let older = match outcome.summary.preexisting {
        0 => String::new(),
        n => format!(", {n} older than this change"),
    };
    format!(
        "changegate: {} at stage {} (exit code {}): {} in the way, {} not judged, {}{older}{left}\n",
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
