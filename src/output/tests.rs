//! One sample in every format, compared with what is kept in `tests/data/output`; and what must hold for any input.

use std::sync::Arc;

use proptest::prelude::*;

use super::{Format, Show, Style, render, sample};
use crate::finding::Diagnostic;
use crate::outcome::Outcome;
use crate::source::{Revision, Source, Sources, Span};

const ASCII: Style =
    Style { color: false, unicode: false, width: 64, hyperlinks: false, quiet: false, show: Show::Introduced };
const COLOUR: Style =
    Style { color: true, unicode: true, width: 100, hyperlinks: true, quiet: false, show: Show::Introduced };

fn compare(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/output"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let text = text.replace(concat!("ersion\": \"", env!("CARGO_PKG_VERSION")), "ersion\": \"[version]");
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn every_format_shows_the_sample() {
    let outcome = sample::everything();
    for format in Format::ALL {
        compare(format.as_str(), &render(format, &outcome, &Style::default()));
    }
    compare("pretty-ascii-64", &render(Format::Pretty, &outcome, &ASCII));
}

#[test]
fn quiet_outcomes_are_short() {
    compare("pretty-pending", &render(Format::Pretty, &sample::pending(), &Style::default()));
    compare("pretty-allowed", &render(Format::Pretty, &sample::allowed(), &Style::default()));
    compare("github-allowed", &render(Format::Github, &sample::allowed(), &Style::default()));
    let quiet = Style { quiet: true, ..Style::default() };
    let text = render(Format::Pretty, &sample::everything(), &quiet);
    assert_eq!(text, "? UNDECIDED  1 error in the input, 10 findings stand in the way, 1 thing can still arrive\n");
}

/// An object that several overlays take over stands in one line of one file; programs get all of them.
#[test]
fn what_reads_the_same_is_shown_once() {
    let once = sample::everything();
    let mut thrice = sample::everything();
    thrice.findings = once.findings.iter().flat_map(|f| [f.clone(), f.clone(), f.clone()]).collect();
    for format in [Format::Github, Format::Markdown] {
        let (once, thrice) = (render(format, &once, &COLOUR), render(format, &thrice, &COLOUR));
        let told = |text: &str| text.lines().filter(|line| line.starts_with("::") || line.starts_with("| ")).count();
        assert_eq!(told(&once), told(&thrice), "{}", format.as_str());
        assert!(thrice.contains(" × 3"), "{}", format.as_str());
    }
    let pretty = render(Format::Pretty, &thrice, &ASCII);
    assert!(pretty.contains(" x 3") && !pretty.contains('×'));
    let json: serde_json::Value = serde_json::from_str(&render(Format::Json, &thrice, &COLOUR)).expect("JSON");
    assert_eq!(json["findings"].as_array().map(Vec::len), Some(thrice.findings.len()));
}

/// What only warns does not stand for what blocks, though both say the same.
#[test]
fn what_weighs_otherwise_is_shown_by_itself() {
    use crate::finding::Enforcement;
    let mut outcome = sample::everything();
    let blocking = outcome.findings.iter().find(|f| &*f.policy == "HA-014").expect("in the sample").clone();
    let advice = crate::finding::Finding { enforcement: Enforcement::Advisory, ..blocking.clone() };
    outcome.findings = vec![advice, blocking];
    let text = render(Format::Github, &outcome, &Style::default());
    let told = |level: &str| text.lines().filter(|l| l.starts_with(level) && l.contains("HA-014")).count();
    assert_eq!((told("::error "), told("::warning ") + told("::notice ")), (1, 1), "{text}");
}

/// Colour adds sequences of ours and nothing else, so the text without them is the plain text.
#[test]
fn colour_says_nothing_that_words_do_not() {
    let outcome = sample::everything();
    let coloured = render(Format::Pretty, &outcome, &COLOUR);
    let sequences = regex::Regex::new("\x1b\\[[0-9;]*m|\x1b\\]8;;[^\x1b]*\x1b\\\\").expect("a pattern");
    assert_eq!(sequences.replace_all(&coloured, ""), render(Format::Pretty, &outcome, &Style::default()));
}

#[test]
fn ascii_output_draws_with_ascii() {
    let plain = render(Format::Pretty, &sample::pending(), &ASCII);
    let foreign: String = plain.lines().filter(|line| !line.contains("Datenbank") && !line.is_ascii()).collect();
    assert_eq!(foreign, "");
}

/// No control character but the line break reaches a terminal or the runner, and each line of the runner is one
/// command of ours or the summary.
#[test]
fn hostile_text_commands_nobody() {
    let outcome = sample::everything();
    for format in [Format::Pretty, Format::Github, Format::Markdown, Format::Junit] {
        let text = render(format, &outcome, &Style::default()).replace('\u{2060}', "");
        let commands: Vec<char> = text.chars().filter(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}').collect();
        assert!(commands.is_empty(), "{}: {commands:?}", format.as_str());
    }
    let text = render(Format::Github, &outcome, &Style::default());
    let lines = text.lines().count();
    let older = outcome.findings.iter().filter(|f| f.status == crate::finding::Status::Preexisting).count();
    assert_eq!(lines, outcome.findings.len() - older + outcome.diagnostics.len() + 1);
    let starts = ["::error ", "::warning ", "::notice ", "not shown: ", "changegate: "];
    assert!(text.lines().all(|line| starts.iter().any(|start| line.starts_with(start))));
    assert!(text.lines().filter(|line| !line.starts_with("::")).all(|line| !line.contains("##[")));
}

#[test]
fn lines_fit_the_width() {
    for width in [40, 64, 100] {
        let style = Style { width, ..Style::default() };
        let text = render(Format::Pretty, &sample::everything(), &style);
        let long: Vec<&str> = text.lines().filter(|line| super::text::width(line) > width).collect();
        // Titles and places are never cut: they are what a person searches for.
        let may =
            |line: &&str| ["[k8s", "[infra", "[.change", "[changes", ".tf:", ".yaml:"].iter().any(|w| line.contains(w));
        let titles = ["Change ", "Too few", "Storage ", "Approvals ", "Service "];
        let long: Vec<&str> = long.into_iter().filter(|l| !may(l) && !titles.iter().any(|t| l.contains(t))).collect();
        assert!(long.is_empty(), "{width}: {long:#?}");
    }
}

/// GitHub shows ten annotations of a level: the worst come first, and nothing gets lost.
#[test]
fn annotations_are_ten_a_level_and_the_rest_is_in_the_log() {
    let mut outcome = sample::everything();
    let one = outcome.findings.iter().find(|f| &*f.policy == "HA-014").expect("in the sample").clone();
    let many = (0..30).map(|i| crate::finding::Finding { message: format!("{} {i}", one.message), ..one.clone() });
    outcome.findings.splice(0..0, many);
    let text = render(Format::Github, &outcome, &Style::default());
    let errors: Vec<&str> = text.lines().filter(|line| line.starts_with("::error ")).collect();
    assert_eq!(errors.len(), 10);
    assert!(errors[0].contains("yaml%3A%3Asyntax") && errors[1].contains("CHG-001"), "{errors:#?}");
    assert!(text.lines().filter(|line| line.starts_with("not shown: error")).count() >= 28);
    assert!(text.lines().last().is_some_and(|line| line.contains("not shown as annotations")));
}

/// Whatever a message says, Markdown gets one line for a row, and no line begins with it.
#[test]
fn markdown_rows_stay_rows() {
    let text = render(Format::Markdown, &sample::everything(), &Style::default());
    let starts = ["## ", "### ", "| ", "|---", "<details>", "</details>", "… and "];
    let known = |line: &&str| line.is_empty() || starts.iter().any(|s| line.starts_with(s)) || line.ends_with('.');
    let odd: Vec<&str> = text.lines().filter(|l| !known(l) && !l.starts_with("Judged ")).collect();
    assert_eq!(odd, Vec::<&str>::new());
    for row in text.lines().filter(|line| line.starts_with("| ")) {
        assert!(row.ends_with(" |") && !row.contains("\u{1b}"), "{row}");
    }
}

#[test]
fn a_comment_holds_the_markdown_of_any_outcome() {
    let mut outcome = sample::everything();
    for f in &mut outcome.findings {
        f.message = "<&`|@".repeat(5_000);
    }
    let many: Vec<_> = std::iter::repeat_n(outcome.findings.clone(), 200).flatten().collect();
    outcome.findings = many;
    let text = render(Format::Markdown, &outcome, &Style::default());
    assert!(text.chars().count() < 65_536, "{}", text.len());
    assert!(text.contains("more; `--format json`") && text.trim_end().ends_with("</details>"));
}

#[test]
fn what_is_older_is_shown_to_those_who_ask() {
    let outcome = sample::everything();
    let text = render(Format::Pretty, &outcome, &Style::default());
    assert!(text.contains("2 findings are older than this change (--show preexisting)"), "{text}");
    let style = Style { show: Show::Everything, ..Style::default() };
    let text = render(Format::Pretty, &outcome, &style);
    assert!(text.contains("too small") && text.contains("fixed HA-014"), "{text}");
}

/// A long list is shown as its first few entries and a hint.
#[test]
fn long_lists_stay_short() {
    let mut outcome = sample::everything();
    let one = outcome.findings.iter().find(|f| &*f.policy == "HA-014").expect("in the sample").clone();
    outcome.findings.extend(std::iter::repeat_n(one, 5000));
    let text = render(Format::Pretty, &outcome, &Style::default());
    assert!(text.lines().count() < 300, "{} lines", text.lines().count());
    assert!(text.contains("--format json"));
}

fn any_outcome() -> impl Strategy<Value = Outcome> {
    let text = prop_oneof![".{0,80}", "[a\t\r\nü日\u{200d}\u{1b}👍]{0,60}", "x{0,400}"];
    let spans = prop::collection::vec((0u32..3, 0u32..500, 0u32..500), 1..6);
    let width = any::<String>();
    (text.clone(), text, spans, width).prop_map(|(one, two, spans, words)| {
        let mut sources = Sources::default();
        sources.add(Source::new(&*words, Revision::Head, one));
        sources.add(Source::new("b", Revision::Base, two));
        let span = |&(id, start, end): &(u32, u32, u32)| Span { source: crate::source::SourceId(id), start, end };
        let mut outcome = sample::everything();
        outcome.findings.truncate(1);
        let first = spans.first().map(span);
        for f in &mut outcome.findings {
            (f.span, f.because) = (first, spans.iter().map(span).collect());
            f.message.clone_from(&words);
            f.evidence.truncate(1);
        }
        outcome.diagnostics =
            spans.iter().map(|s| Diagnostic::error("a::b", &*words).at(span(s)).label(&*words)).collect();
        outcome.sources = Arc::new(sources);
        outcome
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics_for_any_span_and_nothing_gets_through(outcome in any_outcome(), width in 0usize..200) {
        for style in [Style { width, ..Style::default() }, Style { width, ..ASCII }] {
            for format in Format::ALL {
                let text = render(format, &outcome, &style);
                prop_assert!(text.ends_with('\n'));
                if matches!(format, Format::Pretty | Format::Github | Format::Markdown | Format::Junit) {
                    prop_assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
                }
            }
        }
    }
}
