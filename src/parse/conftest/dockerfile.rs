//! A Dockerfile as Conftest shows what BuildKit's parser read: one command after the other, with comments
//! (<https://github.com/moby/buildkit>, `frontend/dockerfile/parser`).

use std::collections::BTreeMap;

use super::lines::{Line, lines};
use crate::finding::Diagnostic;
use crate::parse::tree::{Entry, Map, Node, Number, Value};
use crate::source::{SourceId, Span};

/// How a command's words are read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// A JSON list, else one text.
    JsonOrText,
    /// A JSON list, else words.
    JsonOrWords,
    /// Words.
    Words,
    /// Words that quotes may hold together.
    QuotedWords,
    /// One text.
    Text,
    /// Names with values, in threes: name, value, `=`.
    Pairs,
    /// A word, then a JSON list or one text.
    Health,
    /// Another command.
    Command,
}

fn form_of(command: &str) -> Option<Form> {
    Some(match command {
        "add" | "copy" | "volume" => Form::JsonOrWords,
        "cmd" | "entrypoint" | "run" | "shell" => Form::JsonOrText,
        "expose" | "from" => Form::Words,
        "arg" => Form::QuotedWords,
        "maintainer" | "stopsignal" | "user" | "workdir" => Form::Text,
        "env" | "label" => Form::Pairs,
        "healthcheck" => Form::Health,
        "onbuild" => Form::Command,
        _ => return None,
    })
}

/// Reads a file. A command that BuildKit does not know is refused.
pub(super) fn read(source: SourceId, text: &str) -> Result<Node, Diagnostic> {
    let mut reader = Reader { source, escape: '\\', stage: None, commands: Vec::new() };
    let mut comments: Vec<Line<'_>> = Vec::new();
    let mut lines = lines(text).peekable();
    let mut directives = true;
    while let Some(line) = lines.next() {
        let line =
            Line { text: line.text.trim_start(), start: line.start + line.text.len() - line.text.trim_start().len() };
        if line.text.starts_with('#') {
            directives = directives && reader.directive(line);
            let comment = line.from(1).trimmed();
            if comment.text.is_empty() {
                comments.clear();
            } else {
                comments.push(comment);
            }
            continue;
        }
        directives = false;
        let mut logical = String::new();
        let mut last = line;
        let mut goes_on = reader.append(&mut logical, line.text);
        if logical.is_empty() && !goes_on {
            continue;
        }
        while goes_on {
            let Some(next) = lines.next() else { break };
            last = next;
            if !next.text.trim_start().starts_with('#') && !next.text.trim().is_empty() {
                goes_on = reader.append(&mut logical, next.text);
            }
        }
        let span = Span::new(source, line.start, last.trimmed().end());
        for delimiter in heredocs(&logical) {
            let ends = |line: &Line<'_>| line.text.trim_start_matches('\t') == delimiter;
            lines.by_ref().find(ends);
        }
        reader.command(&logical, span, &std::mem::take(&mut comments))?;
    }
    if reader.commands.is_empty() {
        let empty = Diagnostic::error("dockerfile::empty", "this file has no instructions");
        return Err(empty.at(Span::new(source, 0, 0)).help("a Dockerfile begins with `FROM`"));
    }
    Ok(Node::new(reader.commands, Span::new(source, 0, text.len())))
}

struct Reader {
    source: SourceId,
    escape: char,
    /// Which `FROM` was the last.
    stage: Option<i64>,
    commands: Vec<Node>,
}

/// The words of a command.
#[derive(Default)]
struct Words {
    sub: String,
    json: bool,
    flags: Vec<String>,
    words: Vec<String>,
}

impl Reader {
    /// Whether the line may be a directive; `escape` is one that counts.
    fn directive(&mut self, line: Line<'_>) -> bool {
        let Some((name, value)) = line.from(1).text.split_once('=') else { return false };
        match name.trim().to_ascii_lowercase().as_str() {
            "escape" if value.trim() == "`" => self.escape = '`',
            "escape" | "syntax" | "check" => {}
            _ => return false,
        }
        true
    }

    /// Adds a line without the sign that joins the next one to it; whether there is one.
    fn append(&self, logical: &mut String, line: &str) -> bool {
        let cut = line.trim_end_matches([' ', '\t']).strip_suffix(self.escape);
        logical.push_str(cut.unwrap_or(line));
        cut.is_some()
    }

    fn command(&mut self, logical: &str, span: Span, comments: &[Line<'_>]) -> Result<(), Diagnostic> {
        let (name, words) = self.words(logical, span)?;
        if name == "from" {
            self.stage = Some(self.stage.map_or(0, |stage| stage + 1));
        }
        for comment in comments {
            let span = Span::new(self.source, comment.start, comment.end());
            let words = Words { words: vec![comment.text.to_owned()], ..Words::default() };
            self.push("comment", words, true, span);
        }
        self.push(&name, words, false, span);
        Ok(())
    }

    fn words(&self, logical: &str, span: Span) -> Result<(String, Words), Diagnostic> {
        let logical = logical.trim();
        let (name, rest) = logical.split_once(char::is_whitespace).unwrap_or((logical, ""));
        let name = name.to_lowercase();
        let (flags, rest) = flags(rest);
        let form = form_of(&name).ok_or_else(|| {
            Diagnostic::error("dockerfile::instruction", format!("there is no instruction `{}`", name.to_uppercase()))
                .at(span)
                .help("a line goes on in the next one only after a `\\`")
        })?;
        let mut words = Words { flags, ..Words::default() };
        match form {
            Form::Text => words.words.extend(non_empty(rest)),
            Form::Words => words.words = split(rest),
            Form::QuotedWords => words.words = quoted(rest, self.escape),
            Form::Pairs => words.words = pairs(rest, self.escape),
            Form::JsonOrText | Form::JsonOrWords => match json(rest) {
                Some(list) => (words.json, words.words) = (true, list),
                None if form == Form::JsonOrText => words.words.extend(non_empty(rest)),
                None => words.words = split(rest),
            },
            Form::Health => {
                let (kind, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
                words.words.extend(non_empty(kind));
                match json(rest) {
                    Some(list) => {
                        words.json = true;
                        words.words.extend(list);
                    }
                    None => words.words.extend(non_empty(rest.trim_start())),
                }
            }
            Form::Command => {
                let (sub, inner) = self.words(rest, span)?;
                words = Words { sub, flags: words.flags, ..inner };
            }
        }
        Ok((name, words))
    }

    fn push(&mut self, name: &str, words: Words, is_comment: bool, span: Span) {
        let list = |words: Vec<String>| Value::Seq(words.into_iter().map(|word| Node::new(word, span)).collect());
        let value = if words.words.is_empty() { Value::Null } else { list(words.words) };
        let flags = if is_comment { Value::Null } else { list(words.flags) };
        let stage = Value::Number(Number::Int(self.stage.unwrap_or(0)));
        let fields: BTreeMap<&str, Value> = [
            ("Cmd", Value::from(name)),
            ("SubCmd", Value::from(words.sub)),
            ("JSON", Value::from(words.json)),
            ("Flags", flags),
            ("Value", value),
            ("Stage", stage),
        ]
        .into();
        let entry =
            |(key, value): (&str, Value)| Entry { key: key.into(), key_span: span, node: Node::new(value, span) };
        self.commands.push(Node::new(fields.into_iter().map(entry).collect::<Map>(), span));
    }
}

fn non_empty(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn split(text: &str) -> Vec<String> {
    text.split([' ', '\t', '\r']).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// `--from=build` and others that stand before the arguments.
fn flags(mut rest: &str) -> (Vec<String>, &str) {
    let mut flags = Vec::new();
    rest = rest.trim_start();
    while rest.starts_with("--") {
        let (flag, after) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        rest = after.trim_start();
        if flag == "--" {
            break;
        }
        flags.push(flag.to_owned());
    }
    (flags, rest)
}

/// A JSON list of texts.
fn json(text: &str) -> Option<Vec<String>> {
    text.trim_start().starts_with('[').then(|| serde_json::from_str(text).ok()).flatten()
}

/// `NAME=value …`, or `NAME value` as it was written once.
fn pairs(text: &str, escape: char) -> Vec<String> {
    let words = quoted(text, escape);
    if words.first().is_some_and(|word| !word.contains('=')) {
        let (name, value) = text.split_once([' ', '\t']).unwrap_or((text, ""));
        return vec![name.to_owned(), value.trim_start().to_owned(), String::new()];
    }
    let pair = |word: String| {
        let (name, value) = word.split_once('=').unwrap_or((&word, ""));
        [name.to_owned(), value.to_owned(), "=".to_owned()]
    };
    words.into_iter().flat_map(pair).collect()
}

/// Words, of which quotes hold some together; quotes and escapes stay.
fn quoted(text: &str, escape: char) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match quote {
            None if c.is_whitespace() => {
                words.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
                continue;
            }
            None if matches!(c, '"' | '\'') => quote = Some(c),
            Some(q) if c == q => quote = None,
            _ => {}
        }
        word.push(c);
        if c == escape && quote != Some('\'') {
            word.extend(chars.next());
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

/// Delimiters of the heredocs that a command begins: `<<EOF`, `<<-"EOF"`.
fn heredocs(logical: &str) -> Vec<String> {
    let command = logical.split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
    if !matches!(command.as_str(), "run" | "copy" | "add") {
        return Vec::new();
    }
    let delimiter = |word: &str| {
        let at = word.find("<<")?;
        let name = word.get(at + 2..)?.trim_start_matches('-').trim_matches(['"', '\'']);
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        (is_name && word.get(..at)?.bytes().all(|b| b.is_ascii_digit())).then(|| name.to_owned())
    };
    logical.split_whitespace().filter_map(delimiter).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::super::{Parser, json_of};

    fn commands(text: &str) -> Vec<Json> {
        let all = json_of(Parser::Dockerfile, text);
        let short = |c: &Json| json!([c["Cmd"], c["Value"], c["Stage"]]);
        all.as_array().unwrap().iter().map(short).collect()
    }

    #[test]
    fn commands_have_words_and_stages() {
        let text = "# syntax=docker/dockerfile:1\nFROM golang:1.13 as base\nCOPY --from=x a b /\n# why\nRUN apk add \\\n  # not this\n  x && y\n\nFROM base\nENV A=1 \
                    B=\"c d\"\nENV OLD a b\nCMD [\"a\", \"b\"]\n";
        assert_eq!(
            commands(text),
            [
                json!(["comment", ["syntax=docker/dockerfile:1"], 0]),
                json!(["from", ["golang:1.13", "as", "base"], 0]),
                json!(["copy", ["a", "b", "/"], 0]),
                json!(["comment", ["why"], 0]),
                json!(["run", ["apk add   x && y"], 0]),
                json!(["from", ["base"], 1]),
                json!(["env", ["A", "1", "=", "B", "\"c d\"", "="], 1]),
                json!(["env", ["OLD", "a b", ""], 1]),
                json!(["cmd", ["a", "b"], 1]),
            ]
        );
        let all =
            json_of(Parser::Dockerfile, "FROM a\nCOPY --link --from=x a b\nONBUILD RUN x\nHEALTHCHECK CMD [\"y\"]\n");
        assert_eq!((&all[1]["Flags"], &all[1]["JSON"]), (&json!(["--link", "--from=x"]), &json!(false)));
        assert_eq!((&all[2]["SubCmd"], &all[2]["Value"]), (&json!("run"), &json!(["x"])));
        assert_eq!((&all[3]["Value"], &all[3]["JSON"]), (&json!(["CMD", "y"]), &json!(true)));
    }

    #[test]
    fn the_text_of_a_heredoc_is_no_command() {
        assert_eq!(commands("FROM a\nRUN <<EOF\nnot a command\nEOF\nUSER me\n").len(), 3);
        assert!(super::read(crate::source::SourceId(0), "FROM a\nNOPE b\n").is_err());
        assert!(super::read(crate::source::SourceId(0), "# only\n").is_err());
    }
}
