//! How a fault is explained to somebody who writes manifests.

use granit_parser::ErrorKind;

use crate::finding::Diagnostic;
use crate::source::Span;

/// Code of [`skipped`].
pub(crate) const SKIPPED: &str = "yaml::skipped";

/// A text that the grammar refuses. `line` is the one it stands on.
pub(super) fn syntax(kind: &ErrorKind, line: &str, at: Span) -> Diagnostic {
    match kind {
        ErrorKind::RecursionLimitExceeded => nesting(at),
        ErrorKind::InvalidQuotedScalarIndent | ErrorKind::InvalidFlowScalarIndent => {
            dialect(message(kind), at, "indent the lines of a quoted text deeper than its key")
        }
        ErrorKind::MissingDocumentEndBeforeDirective => {
            dialect(message(kind), at, "quote a text that begins with `%`; kubectl skips the rest of the document")
        }
        ErrorKind::UnknownAnchor | ErrorKind::SimpleKeyExpected if is_alias_key(line) => {
            dialect("an alias as a key needs a blank before the colon", at, "write `*name : value`")
        }
        _ => Diagnostic::error("yaml::syntax", message(kind)).at(at).label("here").help(help(kind)),
    }
}

/// What kubectl reads and we refuse, because a reviewer, or the next tool, may read something else.
fn dialect(message: impl Into<String>, at: Span, help: &str) -> Diagnostic {
    Diagnostic::error("yaml::dialect", message).at(at).label("here").help(help)
}

/// `*name: value`.
fn is_alias_key(line: &str) -> bool {
    let word = line.trim_start_matches([' ', '-', '?']).split_ascii_whitespace().next().unwrap_or_default();
    word.starts_with('*') && word.ends_with(':')
}

/// A value that the grammar takes and kubectl refuses.
pub(super) fn value(message: impl Into<String>, at: Span, help: &str) -> Diagnostic {
    Diagnostic::error("yaml::value", message).at(at).label("here").help(help)
}

/// Too deep.
pub(super) fn nesting(at: Span) -> Diagnostic {
    Diagnostic::error("yaml::limit", "the document is nested too deeply")
        .at(at)
        .label("the limit is passed here")
        .help("a manifest needs a few dozen levels; flatten the document or split it")
}

/// Aliases that multiply (the billion-laughs attack).
pub(super) fn aliases(limit: usize, at: Span) -> Diagnostic {
    Diagnostic::error("yaml::limit", format!("aliases and merge keys expand to more than {limit} values"))
        .at(at)
        .label("the limit is passed here")
        .help("write the values out, or split the document: aliases inside anchors multiply")
}

/// A repeated key.
pub(super) fn duplicate(key: &str, at: Span) -> Diagnostic {
    Diagnostic::warning("yaml::duplicate-key", format!("the key `{key}` stands twice in this mapping"))
        .at(at)
        .label("this one wins")
        .help("remove one of the two: kubectl keeps the last one, other tools refuse the file")
}

/// A separator that carries content.
pub(super) fn separator(at: Span) -> Diagnostic {
    Diagnostic::error("yaml::separator", "content on the line of a document separator")
        .at(at)
        .label("only a comment may follow `---`")
        .help("put the content on the next line; kubectl refuses this file")
}

/// A text that is a template and was not rendered.
pub(super) fn template(at: Span) -> Diagnostic {
    Diagnostic::warning("yaml::template", "this is a template, not a manifest: it was not judged")
        .at(at)
        .label("template action")
        .help("render it first (`helm template`, `kustomize build`) and judge the result")
}

/// A character that breaks lines for kubectl (YAML 1.1) and for nobody who looks at the file.
pub(super) fn line_break(at: Span) -> Diagnostic {
    let message = "a line break that is not shown as one (U+0085, U+2028 or U+2029)";
    dialect(message, at, "remove the character, or write it as \\u2028 in double quotes")
        .label("kubectl starts a new line here")
}

/// `{?key: value}`.
pub(super) fn question_mark(at: Span) -> Diagnostic {
    dialect("a plain text in brackets cannot begin with `?`", at, "quote it: kubectl drops the question mark")
}

/// `[:text]`.
pub(super) fn leading_colon(at: Span) -> Diagnostic {
    dialect("a plain text in brackets cannot begin with `:`", at, "quote it: kubectl refuses it")
}

/// A tab where a token could begin.
pub(super) fn tab(at: Span) -> Diagnostic {
    dialect("a tab where spaces must indent", at, "indent with spaces: kubectl refuses the tab")
}

/// `&a.b`.
pub(super) fn anchor_name(at: Span) -> Diagnostic {
    dialect(
        "the name of an anchor has other characters than letters, digits, `_` and `-`",
        at,
        "rename it: kubectl refuses it",
    )
}

/// `"\/"`.
pub(super) fn escaped_slash(at: Span) -> Diagnostic {
    dialect("`\\/` is an escape of JSON alone", at, "write the slash by itself: kubectl refuses the escape")
}

/// `...` with no document before it.
pub(super) fn lone_end(at: Span) -> Diagnostic {
    dialect("`...` ends a document, and there is none", at, "remove the line: kubectl refuses it")
}

/// `{key:}`, `{key:[1]}`.
pub(super) fn glued_colon(at: Span) -> Diagnostic {
    dialect(
        "in brackets, a colon needs a blank after it",
        at,
        "write `key: value`: kubectl makes the colon part of the key",
    )
}

/// What stands after the end of a document without a separator, which kubectl skips.
pub(super) fn skipped(at: Span) -> Diagnostic {
    Diagnostic::warning(SKIPPED, "text after the end of the document is not read")
        .at(at)
        .label("kubectl reads nothing from here to the next `---`")
        .help("separate documents with a line `---`")
}

fn message(kind: &ErrorKind) -> String {
    match kind {
        ErrorKind::UnknownAnchor => "an alias names an anchor that is not defined before it".into(),
        ErrorKind::UnclosedQuotedScalar => "a quote is opened and never closed".into(),
        ErrorKind::UnclosedFlowCollection { open } => format!("`{open}` is opened and never closed"),
        ErrorKind::SimpleKeyExpected => "a key needs a colon after it".into(),
        ErrorKind::MappingValueNotAllowed => "a second `: ` on one line".into(),
        ErrorKind::TabInBlockIndentation | ErrorKind::TabInIndentation | ErrorKind::TabNotAllowed => {
            "a tab where spaces must indent".into()
        }
        ErrorKind::ExpectedBlockMappingKey => "the indentation fits no mapping around this line".into(),
        other => other.to_string(),
    }
}

fn help(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::UnknownAnchor => {
            "define it with `&name` further up in the same document; `*.example.com` needs quotes"
        }
        ErrorKind::UnclosedQuotedScalar => "close the quote; in single quotes, write '' for an apostrophe",
        ErrorKind::UnclosedFlowCollection { .. } => "close the bracket, or quote the value if it is text",
        ErrorKind::SimpleKeyExpected => "write `key: value`, or indent the line if it continues the value above",
        ErrorKind::MappingValueNotAllowed => "quote the value: a text that holds `: ` needs quotes",
        ErrorKind::TabInBlockIndentation | ErrorKind::TabInIndentation | ErrorKind::TabNotAllowed => {
            "indent with spaces"
        }
        ErrorKind::UnexpectedCharacter { .. } => "quote the value: a plain one cannot begin with this character",
        ErrorKind::MissingAnchorOrAliasName => "quote the value: a plain one cannot begin with `*` or `&`",
        ErrorKind::ExpectedBlockMappingKey | ErrorKind::InvalidIndentation => {
            "align the line with its siblings; quote a value that begins with a quote and goes on after it"
        }
        _ => "correct the YAML; `kubectl apply --dry-run=client -f FILE` says more",
    }
}
